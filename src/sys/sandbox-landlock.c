/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

/*
 * linux/landlock.h of the kernel that runs, not of the headers we are built with: a kernel that
 * knows fewer members takes the part it knows, so that all are named here. Bits by version as
 * landlock(7) lists them.
 */
struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* version 4 */
	uint64_t scoped;      /* version 6 */
};

enum { CREATE_RULESET_VERSION = 1 };
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 };

/* Execute up to make_sym, then refer (2), truncate (3), ioctl on devices (5). */
static uint64_t
all_file_rights(long abi)
{
	unsigned bits = 13;

	if (abi >= 2)
		bits++;
	if (abi >= 3)
		bits++;
	if (abi >= 5)
		bits++;
	return (UINT64_C(1) << bits) - 1;
}

static size_t
everything(long abi, struct ruleset *ret_rules)
{
	*ret_rules = (struct ruleset){.handled_fs = all_file_rights(abi)};
	if (abi >= 4)
		ret_rules->handled_net = BIND_TCP | CONNECT_TCP;
	if (abi >= 6)
		ret_rules->scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	if (abi >= 6)
		return sizeof(*ret_rules);
	return abi >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, handled_net);
}

enum ward_rc
ward_sandbox_isolate(int *ret_abi)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset rules;
	size_t size;

	if (abi <= 0) {
		*ret_abi = 0;
		return WARD_OK;
	}
	size = everything(abi, &rules);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return ward_errno_rc(errno);
	/* No rule is added: what is handled and not allowed is refused. */
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		return ward_errno_rc(errno);
	*ret_abi = (int)abi;
	return WARD_OK;
}

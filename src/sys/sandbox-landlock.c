/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

static long
version(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return abi > 0 ? abi : 0;
}

static enum ward_rc
new_ruleset(const struct ruleset *rules, size_t size, int *ret_fd)
{
	long fd = syscall(SYS_landlock_create_ruleset, rules, size, 0);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = (int)fd;
	return WARD_OK;
}

static enum ward_rc
restrict_self(int fd)
{
	return syscall(SYS_landlock_restrict_self, fd, 0) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_sandbox_isolate(int *ret_abi)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	long abi = version();
	struct ruleset rules;
	size_t size = everything(abi, &rules);
	enum ward_rc rc = abi ? new_ruleset(&rules, size, &fd) : WARD_OK;

	/* No rule is added: what is handled and not allowed is refused. */
	if (rc == WARD_OK && abi)
		rc = restrict_self(fd);
	if (rc == WARD_OK)
		*ret_abi = (int)abi;
	return rc;
}

/* --- with places --- */

struct beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

enum { RULE_PATH_BENEATH = 1 };
/* Of linux/landlock.h. */
enum {
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_REG = 1 << 8,
	FS_TRUNCATE = 1 << 14, /* version 3 */
};

static uint64_t
rights_of(const struct ward_sandbox_place *place, bool directory, long abi)
{
	uint64_t rights = FS_READ_FILE;

	if (directory)
		rights |= FS_READ_DIR;
	if (place->write)
		rights |= FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE;
	return rights & all_file_rights(abi);
}

static enum ward_rc
allow_place(int ruleset, const struct ward_sandbox_place *place, long abi)
{
	WARD_AUTO(ward_fd_close) int fd = open(place->path, O_PATH | O_CLOEXEC);
	struct beneath rule = {.parent = fd};
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? WARD_OK : ward_errno_rc(errno);
	if (fstat(fd, &st) != 0)
		return ward_errno_rc(errno);
	rule.allowed = rights_of(place, S_ISDIR(st.st_mode), abi);
	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0
		       ? WARD_OK
		       : ward_errno_rc(errno);
}

enum ward_rc
ward_sandbox_confine(const struct ward_sandbox_place *places, size_t count, int *ret_abi)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	long abi = version();
	struct ruleset rules;
	size_t size = everything(abi, &rules);
	enum ward_rc rc;

	rules.handled_net &= BIND_TCP;
	rc = abi ? new_ruleset(&rules, size, &fd) : WARD_OK;
	for (size_t i = 0; abi && i < count && rc == WARD_OK; i++)
		rc = allow_place(fd, &places[i], abi);
	if (rc == WARD_OK && abi)
		rc = restrict_self(fd);
	if (rc == WARD_OK)
		*ret_abi = (int)abi;
	return rc;
}

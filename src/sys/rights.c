/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/errno.h"

struct ward_rights_before {
	int uid, gid;
	int group_count;
	gid_t groups[];
};

/* glibc's setgroups changes all threads; the system call changes this one. */
static bool
set_groups(size_t count, const void *groups)
{
	return syscall(SYS_setgroups, count, groups) == 0;
}

/* Neither call says whether it worked but by what the next one returns. */
static bool
set_ids(uint32_t uid, uint32_t gid)
{
	(void)setfsgid(gid);
	if ((uint32_t)setfsgid((gid_t)-1) != gid)
		return false;
	(void)setfsuid(uid);
	return (uint32_t)setfsuid((uid_t)-1) == uid;
}

void
ward_rights_back(struct ward_rights_before **before)
{
	struct ward_rights_before *b = *before;

	*before = NULL;
	if (!b)
		return;
	/* The user first: root's capabilities come back with it. */
	(void)setfsuid((uid_t)b->uid);
	if (!set_ids((uint32_t)b->uid, (uint32_t)b->gid) ||
	    !set_groups((size_t)b->group_count, b->groups))
		abort();
	free(b);
}

static enum ward_rc
remember(struct ward_rights_before **ret_before)
{
	int count = getgroups(0, NULL);
	struct ward_rights_before *b;

	if (count < 0)
		return ward_errno_rc(errno);
	b = calloc(1, sizeof(*b) + sizeof(gid_t) * (size_t)(count + 1));
	if (!b)
		return WARD_E_NOMEM;
	b->group_count = getgroups(count, b->groups);
	if (b->group_count < 0) {
		free(b);
		return WARD_E_IO;
	}
	b->uid = setfsuid((uid_t)-1);
	b->gid = setfsgid((gid_t)-1);
	*ret_before = b;
	return WARD_OK;
}

enum ward_rc
ward_rights_take(const struct ward_rights *rights, struct ward_rights_before **ret_before)
{
	WARD_AUTO(ward_rights_back) struct ward_rights_before *b = NULL;
	enum ward_rc rc;

	if (!rights) {
		*ret_before = NULL;
		return WARD_OK;
	}
	if (geteuid() != 0)
		return WARD_E_PERM;
	if (rights->group_count > WARD_RIGHTS_GROUPS_MAX)
		return WARD_E_LIMIT;
	rc = remember(&b);
	if (rc)
		return rc;
	if (!set_groups(rights->group_count, rights->groups) || !set_ids(rights->uid, rights->gid))
		return WARD_E_PERM;
	*ret_before = b;
	b = NULL;
	return WARD_OK;
}

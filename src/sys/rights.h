/* SPDX-License-Identifier: Apache-2.0 */
/* Touching files with somebody else's rights for a moment: the calling thread's alone, and only when
 * it is looking at files (setfsuid(2)); signals, ptrace and the rest of the process stay as they are. */
#ifndef WARD_SYS_RIGHTS_H
#define WARD_SYS_RIGHTS_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_RIGHTS_GROUPS_MAX = 1024 };

struct ward_rights {
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary, borrowed */
	size_t group_count;
};

/*
 * From here on this thread opens, creates and links as that user, without root's capabilities to
 * pass by permissions. *ret_before is to be handed to _back, which must be called even if the work
 * between failed. NULL rights: nothing changes. WARD_E_PERM: we are not root.
 */
struct ward_rights_before;
enum ward_rc ward_rights_take(const struct ward_rights *rights,
			      struct ward_rights_before **ret_before) WARD_MUST_CHECK;
/* Back to what it was; ends the process should the kernel refuse, for nothing after it would be
 * right. Sets *before to NULL; usable with WARD_AUTO. */
void ward_rights_back(struct ward_rights_before **before);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which unknown files are held for the cloud, by the policy's section hold. */
#ifndef WARD_GUARD_ASK_SCOPE_H
#define WARD_GUARD_ASK_SCOPE_H

#include "formats/type.h"
#include "policy/policy.h"
#include "proto/place.h"

/* What is known of where a file came from. */
struct ward_scope_origin {
	bool network; /* a browser or mail program says so (user.xdg.origin.url) */
	bool written; /* changed lately */
	Ward__V1__PathClass place;
};

/* The same of an open file; what has changed after `since` (wall clock, µs) was written. */
void ward_scope_origin_of(int fd, int64_t ctime_ns, uint64_t since,
			  struct ward_scope_origin *ret_origin);
/* Pure. */
bool ward_scope_holds(const struct ward_policy *policy, enum ward_type type,
		      const struct ward_scope_origin *origin);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force. One thread changes it, any thread reads it; who reads keeps what he has while
 * it changes. The lock is held for a count only, so the thread that decides may use it. */
#ifndef WARD_GUARD_POLICY_HELD_H
#define WARD_GUARD_POLICY_HELD_H

#include "policy/merge.h"

struct ward_held;

/* One that is read. */
struct ward_held_ref {
	const struct ward_policy_effective *effective;
};

/* Takes the first policy. NULL without memory, and then the caller still owns it. */
struct ward_held *ward_held_new(struct ward_policy_effective *take_first) WARD_MUST_CHECK;
/* Nobody reads any more. NULL is fine. */
struct ward_held *ward_held_free(struct ward_held *h);

/* Takes the policy. WARD_E_NOMEM: nothing changed, and the caller still owns it. */
enum ward_rc ward_held_set(struct ward_held *h,
			   struct ward_policy_effective *take_next) WARD_MUST_CHECK;

/* Never NULL; hand it back soon. */
struct ward_held_ref *ward_held_take(struct ward_held *h) WARD_MUST_CHECK;
void ward_held_give(struct ward_held *h, struct ward_held_ref *ref);

#endif

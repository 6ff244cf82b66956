/* SPDX-License-Identifier: Apache-2.0 */
/* Where the policy comes from. Waits for the disk: not for the thread that decides. */
#ifndef WARD_GUARD_POLICY_SOURCE_H
#define WARD_GUARD_POLICY_SOURCE_H

#include "policy/merge.h"

#define WARD_POLICY_STANDARD "/etc/ward/policy.json"

struct ward_policy_places {
	const char *local; /* NULL: WARD_POLICY_STANDARD, which need not be there */
	const char *
		enrolment; /* directory with "policy.keys" and "policy.envelope" (client/state.h) */
	const char *kept;  /* the guard's own directory, for what was taken over of these */
};

/* The two documents and what they add up to. Mistakes go to `why` as NAME:LINE:COLUMN lines, and then
 * there is no result. */
enum ward_rc ward_policy_source_read(const struct ward_policy_places *places, struct ward_buf *why,
				     struct ward_policy_effective **ret) WARD_MUST_CHECK;

/* The machine's own document alone; the empty one when it need not be there. */
enum ward_rc ward_policy_source_local(const struct ward_policy_places *places, struct ward_buf *why,
				      struct ward_policy_document **ret) WARD_MUST_CHECK;

#endif

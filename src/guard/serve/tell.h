/* SPDX-License-Identifier: Apache-2.0 */
/* What the cloud is told of the guard itself: how it is, and who reached for it. The main thread's. */
#ifndef WARD_GUARD_SERVE_TELL_H
#define WARD_GUARD_SERVE_TELL_H

#include "guard/serve/status.h"
#include "policy/merge.h"

struct ward_tell;

/* `asker` NULL: nobody is told. NULL without memory. */
struct ward_tell *ward_tell_new(struct ward_asker *asker) WARD_MUST_CHECK;
struct ward_tell *ward_tell_free(struct ward_tell *t);

/* Looks, now and then, how the guard is; tells it when this machine begins to be enrolled, when something
 * goes wrong or is mended (not more than once a minute), and every hour. To be called each second or so. */
void ward_tell_health(struct ward_tell *t, const struct ward_status_sources *sources);
/* Somebody reached for the protection; `deed` and `setting` as of ward.proto's Tamper, or "". Any thread. */
void ward_tell_tampering(struct ward_asker *asker, Ward__V1__TamperKind kind, const char *deed,
			 const char *setting);
/* Settings of the machine's own policy that would weaken the organisation's: told when they change.
 * `history` gets the same, and may be NULL. */
void ward_tell_refusals(struct ward_tell *t, const struct ward_policy_effective *policy,
			struct ward_history *history);

#endif

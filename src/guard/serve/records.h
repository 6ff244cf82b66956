/* SPDX-License-Identifier: Apache-2.0 */
/* Signed update records (guard/intake) among the guard's other parts: what they say of a content, what changes
 * when they come, and where it is told. */
#ifndef WARD_GUARD_SERVE_RECORDS_H
#define WARD_GUARD_SERVE_RECORDS_H

#include "guard/ask/ask.h"
#include "guard/history/history.h"
#include "guard/serve/options.h"
#include "guard/serve/rulebook.h"
#include "guard/updates/updates.h"
#include "proto/guard.h"

struct ward_records;

/* What is stored is in force at once. The history is borrowed and may be NULL. NULL: it cannot be read or there is
 * no memory, which is said; everything else goes on. */
struct ward_records *ward_records_new(const struct ward_guard_options *options,
				      struct ward_kin *kin, struct ward_history *history);
/* After _stop. NULL is fine, as everywhere below. */
struct ward_records *ward_records_free(struct ward_records *r);
/* All are borrowed until _stop; `updates` swaps the scanners when there are other rules, and may be NULL. */
enum ward_rc ward_records_start(struct ward_records *r, struct ward_asker *asker,
				struct ward_decide *decide,
				struct ward_updates *updates) WARD_MUST_CHECK;
/* No more is taken; what is in force stays so. */
void ward_records_stop(struct ward_records *r);

/* NULL of NULL. */
struct ward_intake *ward_records_intake(const struct ward_records *r);
struct ward_rulebook *ward_records_rulebook(const struct ward_records *r);
/* As ward_decide_ops says. A digest of NULL: nothing. */
enum ward_ruling ward_records_rule(struct ward_intake *intake,
				   const uint8_t sha256[WARD_SHA256_LEN],
				   struct ward_ruled *ret_ruled);

/* What `ward status` says of them; texts live in the arena. */
void ward_records_status(const struct ward_records *r, struct ward_arena *arena,
			 struct ward_guard_reply *reply);

#endif

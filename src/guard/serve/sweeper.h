/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of the machine (guard/sweep) with the guard's scanners, decisions and log. */
#ifndef WARD_GUARD_SERVE_SWEEPER_H
#define WARD_GUARD_SERVE_SWEEPER_H

#include "guard/ask/ask.h"
#include "guard/manage/allowed.h"
#include "guard/serve/journal.h"
#include "guard/serve/options.h"
#include "guard/sweep/sweep.h"
#include "guard/updates/updates.h"

/* All borrowed. */
struct ward_sweeper_sources {
	const struct ward_guard_options *options;
	struct ward_held *policy;
	struct ward_allowed *allowed;
	struct ward_kin *kin;
	struct ward_decide *decide;
	struct ward_journal *journal;
	struct ward_history *history; /* NULL: there is none */
	struct ward_updates *updates; /* the same */
	struct ward_asker *asker;     /* the same */
	struct ward_records *records; /* the same */
};

struct ward_sweeper;

enum ward_rc ward_sweeper_new(const struct ward_sweeper_sources *sources,
			      struct ward_sweeper **ret_sweeper) WARD_MUST_CHECK;
/* NULL is fine. */
struct ward_sweeper *ward_sweeper_free(struct ward_sweeper *s);
struct ward_sweep *ward_sweeper_sweep(const struct ward_sweeper *s);

#endif

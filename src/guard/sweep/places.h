/* SPDX-License-Identifier: Apache-2.0 */
/* Where scans of the machine look. The table of a quick scan's places stands in places.c. */
#ifndef WARD_GUARD_SWEEP_PLACES_H
#define WARD_GUARD_SWEEP_PLACES_H

#include "base/arena.h"
#include "guard/sweep/sweep.h"
#include "policy/policy.h"

struct ward_place {
	const char *
		path; /* absolute, links resolved, to be walked guarded (sys/walk.h); WARD_PLACE_RUNNING */
	uint64_t files; /* about how many there are; 0: not known */
};

/* Stands for what processes run and have mapped as code (sys/running.h). */
#define WARD_PLACE_RUNNING "running"

struct ward_places {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_place *items;
	size_t count, room;
	uint64_t *left_out; /* devices of file systems that are not entered */
	size_t left_out_count, left_out_room;
};

/*
 * Those of a quick scan, in the table's order, all file systems by the order of their places (full), or only
 * what runs. `root`: everything is looked for below this directory only, as if it were the machine's root, and nothing
 * that runs; NULL: the machine. The same machine gives the same list. WARD_E_NOMEM, WARD_E_NOENT (root).
 */
enum ward_rc ward_places_find(struct ward_places *ret_places, enum ward_sweep_kind kind,
			      const char *root, const struct ward_policy *policy) WARD_MUST_CHECK;
void ward_places_done(struct ward_places *places);

/* Whether files of this device may be opened: its file system is one of those that are entered. */
bool ward_places_may_open(const struct ward_places *places, uint64_t device);

#endif

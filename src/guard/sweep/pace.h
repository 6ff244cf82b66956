/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a scan goes: what share of the CPUs it may use, and whether the machine has something better to
 * do. Plain values; times are µs. */
#ifndef WARD_GUARD_SWEEP_PACE_H
#define WARD_GUARD_SWEEP_PACE_H

#include "base/rc.h"
#include "base/span.h"

/* --- the share --- */

/* On average over some seconds; a single file is not cut in pieces, it is waited for afterwards. */
struct ward_pace {
	uint64_t permille; /* of one CPU; 0: no limit */
	uint64_t debt;	   /* ns of CPU time */
	uint64_t at;	   /* when it was that */
};

/* `percent` of each of `cpus`; 100: no limit. */
void ward_pace_begin(struct ward_pace *p, unsigned percent, unsigned cpus, uint64_t now);
void ward_pace_used(struct ward_pace *p, uint64_t cpu_usec);
/* How long to do nothing now. */
uint64_t ward_pace_wait(struct ward_pace *p, uint64_t now);

/* --- whether it is idle --- */

/* Of the CPUs' time since the start, in ticks. */
struct ward_load {
	uint64_t busy, all;
};

/* The first line of /proc/stat (proc(5)). Programs at low priority, ours among them, do not count as busy.
 * WARD_E_FORMAT. */
enum ward_rc ward_load_read(struct ward_span stat, struct ward_load *ret_load) WARD_MUST_CHECK;

/* Above this share of the CPUs others are at work. */
enum { WARD_LOAD_BUSY_PERCENT = 25 };
/* Between two looks; true when too little time is between them to tell. */
bool ward_load_idle(const struct ward_load *before, const struct ward_load *now);

#endif

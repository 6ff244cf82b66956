/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a scheduled scan is to begin, as a function of the policy and of what was. Times are seconds since
 * 1970; days and clocks are those of the process' time zone (TZ), with its changes: a clock that a day has
 * not (in spring) is the same time after the change, one that it has twice (in autumn) is its first.
 */
#ifndef WARD_GUARD_SWEEP_WHEN_H
#define WARD_GUARD_SWEEP_WHEN_H

#include "base/rc.h"
#include "policy/policy.h"

struct ward_when {
	enum ward_policy_every every;
	enum ward_policy_weekday day; /* when not every day */
	unsigned at;		      /* minutes after midnight */
	uint64_t spread;	      /* seconds: each start is up to this much later */
	uint64_t seed;		      /* of this machine: says how much */
};

/* The same plan, for the same machine. */
bool ward_when_equal(const struct ward_when *a, const struct ward_when *b);

struct ward_when_start {
	uint64_t planned; /* by the clock */
	uint64_t at;	  /* with its share of the spread */
};

/* The first start that is planned after this moment. False: never. */
bool ward_when_next(const struct ward_when *w, uint64_t after,
		    struct ward_when_start *ret_start) WARD_MUST_CHECK;

#endif

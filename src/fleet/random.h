/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance that can be drawn again: a number is a function of seed, stream, who, and how many he has drawn, so
 * that it does not matter in which order a run asks. For simulation only.
 */
#ifndef WARD_FLEET_RANDOM_H
#define WARD_FLEET_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

/* Of 64 bits, evenly: SplitMix64's finaliser (Steele, Lea, Flood 2014) over each of the four in turn. */
uint64_t fleet_random(uint64_t seed, uint64_t stream, uint64_t who, uint64_t index);
/* Of such a number: more than 0, at most 1. */
double fleet_random_unit(uint64_t number);
/* Of such a number: the time to the next event of a Poisson process; at least 1. */
uint64_t fleet_random_gap(uint64_t number, double mean);
/* Of such a number: 0 to below `count` (not 0). */
uint32_t fleet_random_below(uint64_t number, uint32_t count);

/* Ranks from 0, rank k with probability proportional to 1 / (k + 1)^exponent. */
struct fleet_zipf {
	double *up_to; /* cumulative */
	uint32_t count;
};

/* WARD_E_NOMEM, WARD_E_INVAL: no ranks. */
enum ward_rc fleet_zipf_init(struct fleet_zipf *z, uint32_t count, double exponent) WARD_MUST_CHECK;
void fleet_zipf_done(struct fleet_zipf *z);
uint32_t fleet_zipf_pick(const struct fleet_zipf *z, uint64_t number);

#endif

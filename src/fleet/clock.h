/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated time. It runs as fast as real time while something real is under way (a question, a sample, an
 * update on its way to the devices), so that what the service takes is counted second for second; when
 * nothing is, it stands, and the simulation moves it to whatever comes next.
 */
#ifndef WARD_FLEET_CLOCK_H
#define WARD_FLEET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct fleet_clock {
	uint64_t simulated; /* µs; when it began to run, or stands */
	uint64_t real;	    /* µs, monotonic: when it began to run */
	bool runs;
};

/* Now, when real time is `real`. */
static inline uint64_t
fleet_clock_at(const struct fleet_clock *c, uint64_t real)
{
	return c->runs && real > c->real ? c->simulated + (real - c->real) : c->simulated;
}

/* Lets it run or stand from now on. */
static inline void
fleet_clock_run(struct fleet_clock *c, bool runs, uint64_t real)
{
	c->simulated = fleet_clock_at(c, real);
	c->real = real;
	c->runs = runs;
}

/* Forward to `simulated`, if it is not there already. */
static inline void
fleet_clock_jump(struct fleet_clock *c, uint64_t simulated, uint64_t real)
{
	fleet_clock_run(c, c->runs, real);
	if (c->simulated < simulated)
		c->simulated = simulated;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An outbreak in the fleet, once for each way of protection, all with the same scenario (scenario.h).
 *
 * Real: connections, the devices' certificates, look-ups, samples, their analysis, what is recorded and
 * published, and its way to each device. Simulated: files, who opens what, the family's spread, absences,
 * time (clock.h), and what a record for a whole family would stop: the service publishes hashes by itself,
 * which no other copy has, so in the run "family-push" the verdict on one more copy, sent `family_after`
 * seconds behind the first conviction, stands for such a record: its way is real, its effect supposed.
 * Definitions that are polled hold it from the same moment on.
 */
#ifndef WARD_FLEET_OUTBREAK_H
#define WARD_FLEET_OUTBREAK_H

#include "fleet/crowd.h"
#include "fleet/scenario.h"
#include "fleet/tally.h"
#include "proto/wire.h"

struct fleet_outbreak_options {
	struct fleet_plan plan;
	unsigned modes; /* bit for each */
	Ward__V1__Level level;
	unsigned hold_ms;
	uint32_t family_after; /* seconds */
};

/*
 * Runs the modes one after the other; target, devices (as many as the plan has) and resume of the crowd are
 * set, and its threads are started and ended here. ret_tallies has FLEET_MODES; those of modes that ran are
 * filled, also after a failure, and have to be freed. WARD_E_STOPPED: the service could not be reached or
 * left questions without an answer.
 */
enum ward_rc fleet_outbreak(struct fleet_crowd *crowd, unsigned threads,
			    const struct fleet_outbreak_options *options,
			    struct fleet_tally *ret_tallies) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that believes nothing of updates but what is signed (docs/updates.md), as the guard does: it fetches
 * the metadata that is missing, takes batches that are pushed and fetches those it missed. It does nothing with
 * the records. One thread: the device's loop, but for the counts.
 */
#ifndef WARD_FLEET_BELIEVE_H
#define WARD_FLEET_BELIEVE_H

#include "fleet/link.h"
#include "proto/wire.h"

struct fleet_belief;

/* Of all devices that share it. */
struct fleet_belief_counts {
	_Atomic uint64_t records, batches, refused;
	_Atomic uint64_t usec; /* CPU time spent on checking batches */
};

/* Starts from the root that came with the enrolment; WARD_E_PERM: it is none. The counts are borrowed. */
enum ward_rc fleet_belief_new(struct ward_span root, struct fleet_belief_counts *counts,
			      struct fleet_belief **ret) WARD_MUST_CHECK;
struct fleet_belief *fleet_belief_free(struct fleet_belief *belief);

/* The connection stands: fetches what is missing. */
void fleet_belief_up(struct fleet_belief *belief, struct fleet_link *link);
/* A batch was pushed, on this connection. */
void fleet_belief_take(struct fleet_belief *belief, const Ward__V1__Updates *updates);
/* How many records it has taken. */
uint64_t fleet_belief_number(const struct fleet_belief *belief);

#endif

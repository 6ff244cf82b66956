/* SPDX-License-Identifier: Apache-2.0 */
/* What outbreak.c (a run's life, what is real) and spread.c (what happens in it) share. */
#ifndef WARD_FLEET_OUTBREAK_PRIV_H
#define WARD_FLEET_OUTBREAK_PRIV_H

#include "fleet/agenda.h"
#include "fleet/ask.h"
#include "fleet/clock.h"
#include "fleet/outbreak.h"

enum outbreak_kind { ARRIVAL, INTRODUCTION, ATTACK, STAY, HOLD_OVER, POLL, FAMILY };

/* What a device's loop heard; µs, monotonic, 0: not yet. */
struct ear {
	_Atomic uint64_t conviction, family;
	_Atomic uint64_t updates;
};

/* A device as it is in the simulation. */
struct body {
	bool online;
	bool leaving, returning; /* not closed yet; connected again, and nothing heard yet */
	bool infected, covered;
	bool was_away[2]; /* when the conviction, the family's record came */
	bool reached[2];
	uint32_t arrivals, attacks, stays, busy;
	uint64_t *known; /* bits: good files it has asked about */
};

struct outbreak {
	const struct fleet_outbreak_options *o;
	struct fleet_crowd *crowd;
	struct fleet_scenario scenario;
	struct fleet_answers answers;
	struct fleet_desk *desks;
	struct ear *ears;
	_Atomic uint64_t family_word; /* digest of the copy that stands for the family's record */
	struct body *bodies;
	uint64_t *known; /* of all bodies */
	struct fleet_question **pool;
	size_t pool_count, pool_room;
	struct fleet_question *unused;
	bool out_of_memory;
	/* of the run */
	struct fleet_tally *tally;
	struct fleet_clock clock;
	struct fleet_agenda agenda;
	uint64_t now;			/* simulated: of what is being done */
	uint64_t copies;		/* made so far */
	uint32_t introductions, moving; /* moving: devices that leave or return */
	size_t asking;			/* questions under way */
	uint64_t watch_until;		/* µs, monotonic: a record is on its way */
	uint64_t watched;		/* when it was last looked who has it */
};

/* --- spread.c; on the simulation's thread --- */

/* The first events of all. */
void outbreak_prepare(struct outbreak *b);
/* It is b->now. */
void outbreak_do(struct outbreak *b, const struct fleet_event *event);
/* The question came back; b->now is when. */
void outbreak_take(struct outbreak *b, struct fleet_question *question);

/* --- outbreak.c --- */

/* Asks for the device, about a file that is held or not. */
void outbreak_ask(struct outbreak *b, uint32_t device, const struct fleet_file *file, bool held);
/* Puts it on the agenda, `in` µs from now. */
void outbreak_plan(struct outbreak *b, struct fleet_event event, uint64_t in);
/* It was published then; from now on it counts who has it. 0: the conviction, 1: the family's record. */
void outbreak_watch(struct outbreak *b, unsigned record, uint64_t since);
/* What simulated time it was at that moment (µs, monotonic); the clock has run since then. */
uint64_t outbreak_when(const struct outbreak *b, uint64_t real);
/* The device connects, or is cut off. */
void outbreak_connect(struct outbreak *b, uint32_t device, bool online);

#endif

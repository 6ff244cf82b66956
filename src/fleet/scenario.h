/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is simulated: who meets which file when, who is away, whom the outbreak reaches, what files hold. All
 * of it follows from the seed alone; nothing here talks to anybody.
 *
 * Files arrive at each device as a Poisson process. Which one: a rank of the catalogue by a Zipf
 * distribution. A part of the catalogue has a new release at some moment of the run, which replaces the
 * old one from then on: new good files, popular ones too.
 *
 * The outbreak: copies come from outside to random devices, as a Poisson process, from minute `begin` on; an
 * infected device sends a copy to a random other device, as a Poisson process of `spread` per minute,
 * counted from its infection. So without protection dI/dt = introductions + spread * I * (1 - I / N). Each
 * copy is opened at once, and no two are the same.
 */
#ifndef WARD_FLEET_SCENARIO_H
#define WARD_FLEET_SCENARIO_H

#include <stdbool.h>

#include "fleet/random.h"

enum { FLEET_MINUTE = 60 * 1000 * 1000, FLEET_FILE_MAX = 64 * 1024, FLEET_MARKER = 128 };

struct fleet_plan {
	uint64_t seed;
	uint32_t devices, minutes;
	uint32_t catalogue;
	double exponent;      /* of the Zipf distribution */
	double arrivals;      /* files for each device and hour */
	uint32_t new_percent; /* of the catalogue: those with a new release during the run */
	uint32_t offline_percent,
		offline_minutes;      /* share of the time; mean length of one absence */
	double introductions, spread; /* per minute; see above */
	uint32_t begin;		      /* minute of the first introduction, at the earliest */
	uint32_t copy_size;	      /* bytes of a copy of the family */
	const char *marker;	      /* what the service knows the family by; one line */
};

struct fleet_scenario {
	struct fleet_plan plan;
	struct fleet_zipf zipf;
};

/* Copies the plan; the marker stays the caller's. WARD_E_INVAL: it makes no sense; WARD_E_NOMEM. */
enum ward_rc fleet_scenario_init(struct fleet_scenario *s,
				 const struct fleet_plan *plan) WARD_MUST_CHECK;
void fleet_scenario_done(struct fleet_scenario *s);

/* --- files --- */

struct fleet_file {
	bool bad;
	uint32_t run;	 /* files of different runs differ */
	uint64_t number; /* good: twice the rank, one more for the new release; bad: of the copy */
};

/* Its bytes: a shell script that does nothing. How many. */
size_t fleet_file_write(const struct fleet_scenario *s, const struct fleet_file *file,
			uint8_t into[FLEET_FILE_MAX]);

/* --- what happens when; times in µs of simulated time --- */

/* From the device's file before `index` to that one. */
uint64_t fleet_arrival_gap(const struct fleet_scenario *s, uint32_t device, uint32_t index);
/* Which good file (fleet_file.number) it is. */
uint64_t fleet_arrival_file(const struct fleet_scenario *s, uint32_t device, uint32_t index,
			    uint64_t now);
/* From the introduction before `index` (from the beginning of all) to that one, and whom it reaches. */
uint64_t fleet_introduction_gap(const struct fleet_scenario *s, uint32_t index,
				uint32_t *ret_target);
/* From the device's attack before `index` (from its infection) to that one, and whom it reaches. */
uint64_t fleet_attack_gap(const struct fleet_scenario *s, uint32_t device, uint32_t index,
			  uint32_t *ret_target);
bool fleet_starts_online(const struct fleet_scenario *s, uint32_t device);
/* How long the device's stay or absence `index` lasts. UINT64_MAX: for ever. */
uint64_t fleet_stay(const struct fleet_scenario *s, uint32_t device, uint32_t index, bool online);
/* Where in the period the device polls. */
uint64_t fleet_poll_phase(const struct fleet_scenario *s, uint32_t device, uint64_t period);
/* The version of its client; static. */
const char *fleet_version(const struct fleet_scenario *s, uint32_t device);

#endif

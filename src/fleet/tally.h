/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of the outbreak came to. */
#ifndef WARD_FLEET_TALLY_H
#define WARD_FLEET_TALLY_H

#include <stdbool.h>

#include "fleet/figures.h"

/* How devices are protected. */
enum fleet_mode {
	FLEET_HOLD, /* block at first sight: an unknown file is held until the service has said */
	FLEET_HASH_PUSH,   /* it opens at once; convictions are pushed, as hashes */
	FLEET_FAMILY_PUSH, /* the same, and a record for the family is pushed */
	FLEET_POLL_1H,	   /* the same record, in definitions that devices fetch every hour */
	FLEET_POLL_8H,	   /* every eight hours */
	FLEET_MODES,
};

/* "hold", "hash-push"…; static. */
const char *fleet_mode_name(enum fleet_mode mode);
/* For people; static. */
const char *fleet_mode_title(enum fleet_mode mode);
/* Between polls, µs; 0: it does not poll. */
uint64_t fleet_mode_period(enum fleet_mode mode);

/* A record on its way to the devices. */
struct fleet_reach {
	uint64_t
		since; /* simulated µs: the sample that led to it was asked about; 0: there was none */
	uint32_t online; /* devices that were connected then, and stayed until they had it */
	struct fleet_series there; /* µs later, of the devices that were connected when it began */
	struct fleet_series back;  /* µs later, of those that were away and came back */
};

/* Times in µs; simulated unless it says otherwise. */
struct fleet_tally {
	enum fleet_mode mode;
	/* copies of the family that reached a device: */
	uint64_t copies;  /* connected and not infected yet */
	uint64_t missed;  /* it was away */
	uint64_t again;	  /* it was infected already */
	uint64_t denied;  /* held, and refused because of the answer */
	uint64_t covered; /* refused by the family's record, which was there */
	uint64_t let_go;  /* held, and the answer did not say malicious */
	uint64_t late;	  /* held, and there was no answer in time */
	uint64_t failed;  /* held, and there was no answer at all */
	struct fleet_series infections;
	uint64_t before_conviction; /* of them, those before the first conviction */
	uint64_t first_sight, first_conviction;
	uint64_t convictions;
	struct fleet_reach conviction, family;
	/* good files */
	uint64_t arrivals, remembered, asked;
	uint64_t alarms; /* the first answer was suspicious, before the sample was looked at */
	uint64_t false_positives;
	/* all files */
	uint64_t samples, unanswered;
	struct fleet_series held_good, held_bad; /* how long, µs */
	uint64_t updates;			 /* that devices decoded */
	uint64_t bytes_in, bytes_out;		 /* of all devices */
	struct fleet_series device_bytes;	 /* of each, both ways */
	/* of the devices that check what is signed: how many there are; records and batches taken, batches
	 * refused, CPU time for that (µs) */
	uint64_t believers, believed, batches, refused, checking;
	uint64_t real; /* µs of real time that it took */
	uint64_t reconnects;
	bool whole; /* nothing was left unanswered at the end */
};

void fleet_tally_done(struct fleet_tally *tally);

#endif

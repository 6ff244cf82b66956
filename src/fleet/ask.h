/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device asks the service about a file, as ward-uplink does (src/uplink/ask.c): a look-up, the sample
 * when it is wanted, and again while the sample is being looked at. Questions come from the simulation's
 * thread, are put on the device's loop, and come back answered.
 */
#ifndef WARD_FLEET_ASK_H
#define WARD_FLEET_ASK_H

#include <pthread.h>

#include "base/verdict.h"
#include "fleet/crowd.h"
#include "fleet/scenario.h"
#include "proto/wire.h"

struct fleet_desk;

/* Its asker frees it; the bytes are freed when it is answered. */
struct fleet_question {
	struct fleet_question *next;
	/* set by who asks */
	struct fleet_device *device;
	struct fleet_file file;
	Ward__V1__Level level;
	unsigned wait_ms; /* the answer is good for something this long; at most 60,000 */
	/* the asker's to use: the file is held meanwhile, and was let go; how often it was used */
	bool held, late;
	uint32_t generation;
	/* the answer */
	enum ward_verdict verdict;
	bool answered;	       /* else: no connection, or no verdict in time */
	bool sampled;	       /* the sample was sent */
	bool alarmed;	       /* the first answer was suspicious or worse */
	uint64_t began, ended; /* µs, monotonic */
	/* inside */
	struct fleet_desk *desk;
	uint8_t sha256[32];
	uint8_t *bytes;
	size_t size;
	uint64_t due; /* µs, monotonic; of its next step, while it rests */
	unsigned rests;
	Ward__V1__SampleWish wish;
	bool heard; /* the call under way brought an answer */
};

/* Questions that were answered, for one thread that waits for them. */
struct fleet_answers {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct fleet_question *first;
};

/* One for each loop; its loop alone touches `resting`. */
struct fleet_desk {
	const struct fleet_scenario *scenario;
	struct fleet_answers *answers;
	pthread_mutex_t lock;
	struct fleet_question *asked; /* not begun */
	struct fleet_question *resting;
};

void fleet_answers_init(struct fleet_answers *answers);
void fleet_answers_done(struct fleet_answers *answers);
/* All there are, the last one first; waits for one until `until` (µs, monotonic). NULL: none came. */
struct fleet_question *fleet_answers_wait(struct fleet_answers *answers, uint64_t until);

void fleet_desk_init(struct fleet_desk *desk, const struct fleet_scenario *scenario,
		     struct fleet_answers *answers);
/* Its loop has ended. */
void fleet_desk_done(struct fleet_desk *desk);
/* The question is the desk's until it is answered; its device belongs to the desk's loop, which is woken.
 * When loops end, what they had is never answered. */
void fleet_desk_ask(struct fleet_desk *desk, struct fleet_question *question);
/* A round of its loop. */
void fleet_desk_turn(struct fleet_desk *desk);
#endif

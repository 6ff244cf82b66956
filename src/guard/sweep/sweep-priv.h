/* SPDX-License-Identifier: Apache-2.0 */
/* Between sweep.c (when, who, and what is told) and round.c (one scan from its beginning to its end). */
#ifndef WARD_GUARD_SWEEP_SWEEP_PRIV_H
#define WARD_GUARD_SWEEP_SWEEP_PRIV_H

#include <pthread.h>

#include "guard/sweep/sweep.h"
#include "guard/sweep/when.h"

/* What the thread has to do. Texts are owned. */
struct order {
	enum ward_sweep_kind kind;
	bool by_command;
	struct ward_run run; /* its numbers so far; its texts lie in what follows */
	char source[16], program[512], intelligence[WARD_SWEEP_INTEL];
	char place[WARD_HISTORY_TEXT_MAX + 1], after[WARD_HISTORY_TEXT_MAX + 1];
};

/* The schedule of one kind. */
struct schedule {
	struct ward_when when;
	uint64_t since; /* s: when it became so; starts planned before are none */
	uint64_t begun; /* s: when its last scan by schedule began */
	bool catch_up;
};

struct ward_sweep {
	struct ward_sweep_options o;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	bool stop;	     /* the guard ends */
	bool cancel, paused; /* the scan that is under way */
	bool busy;	     /* one is, or is about to be */
	bool ordered;	     /* it is: */
	struct order order;
	struct ward_sweep_state state;
	struct schedule schedules[WARD_SWEEP_KINDS];
	bool news;	  /* other intelligence, and nobody has looked with it */
	bool planned;	  /* the schedules have been read once */
	uint64_t started; /* s */
	uint64_t base;	  /* s: no start planned before this is missing */
	uint64_t seed;
};

/* Waits so long, or until something is said. The lock is taken for it. */
void sweep_nap(struct ward_sweep *s, unsigned ms);
/* Whether the scan is to go on: WARD_OK; WARD_E_TIMEOUT: not now; WARD_E_STOPPED: no more (cancel);
 * WARD_E_GONE: the guard ends. */
enum ward_rc sweep_may_go_on(struct ward_sweep *s) WARD_MUST_CHECK;
/* Shows how far it is. */
void sweep_show(struct ward_sweep *s, const struct ward_run *run, enum ward_sweep_doing doing,
		unsigned percent);

/* round.c: the whole of it. Sets outcome and numbers; WARD_RUN_GOING: the guard ends, and it is to go on. */
void round_run(struct ward_sweep *s, struct order *order);

#endif

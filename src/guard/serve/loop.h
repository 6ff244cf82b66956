/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that decides, its two readers, and the one that watches it. The first takes events of the
 * ground's filesystems from the kernel, brings them to the decisions, and turns the scanners; it neither
 * logs nor opens anything. The readers take events of overlays and of written files: reading those makes
 * the kernel open files below, and these opens wait for the first. The watchdog answers what is due, and
 * should the first be stuck, takes and answers its events by the fail mode.
 */
#ifndef WARD_GUARD_SERVE_LOOP_H
#define WARD_GUARD_SERVE_LOOP_H

#include "guard/decide/decide.h"
#include "guard/origin/origins.h"
#include "guard/serve/scanners.h"

struct ward_loop;

struct ward_loop_options {
	struct ward_decide *decide;
	struct ward_scanners *scanners;
	struct ward_origins *origins; /* told of written files */
	int gate, upper, news;	      /* guard/watch/watch.h; -1: none */
};

struct ward_loop_stats {
	uint64_t overflows;   /* written files of which the kernel could not tell */
	uint64_t by_watchdog; /* opens that were answered because the loop was stuck */
	uint64_t stuck;	      /* times that it was */
	bool broken;	      /* the kernel speaks an interface we do not know */
};

/* Starts both threads. Everything is borrowed. */
enum ward_rc ward_loop_start(const struct ward_loop_options *options,
			     struct ward_loop **ret_loop) WARD_MUST_CHECK;
/* Lets the loop look at the scanners that were offered. */
void ward_loop_wake(struct ward_loop *l);
/* Answers what is in the queues, for at most so long; then by the fail mode. Nothing new is to be
 * expected: the marks are gone. */
void ward_loop_drain(struct ward_loop *l, unsigned ms);
struct ward_loop *ward_loop_stop(struct ward_loop *l);
void ward_loop_stats(const struct ward_loop *l, struct ward_loop_stats *ret_stats);
/* µs since the loop last came round. */
uint64_t ward_loop_age(const struct ward_loop *l);

#endif

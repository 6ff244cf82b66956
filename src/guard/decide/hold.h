/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens that wait for their answer, each with its deadline. Whatever happens to those who decide,
 * ward_holds_expire answers what is due by the fail mode: it takes no lock, allocates nothing and
 * waits for nobody. Each open is answered exactly once.
 *
 * One thread at a time adds, answers and releases; another may call ward_holds_expire at any time.
 */
#ifndef WARD_GUARD_DECIDE_HOLD_H
#define WARD_GUARD_DECIDE_HOLD_H

#include "base/rc.h"
#include "base/span.h"

struct ward_holds;

enum { WARD_HOLDS_MAX = 1 << 16 };

/* `max` opens at once, at most WARD_HOLDS_MAX. NULL without memory. */
struct ward_holds *ward_holds_new(size_t max) WARD_MUST_CHECK;
/* Answers nothing; the gate is closed before, or everything has been answered. */
struct ward_holds *ward_holds_free(struct ward_holds *h);

/* How long an open waits, in µs, and what it gets then. At any time, any thread. */
void ward_holds_set(struct ward_holds *h, uint64_t wait, bool allow_open, bool allow_exec);
uint64_t ward_holds_wait(const struct ward_holds *h);
bool ward_holds_allow(const struct ward_holds *h, bool exec);

/* Takes an event's descriptor; `gate` is where its answer goes (sys/fan.h), borrowed; the deadline is of ward_clock_monotonic and not 0. False: as many
 * wait as may. */
bool ward_holds_add(struct ward_holds *h, int gate, int fd, bool exec, uint64_t deadline,
		    uint32_t *ret_slot) WARD_MUST_CHECK;
int ward_holds_fd(const struct ward_holds *h, uint32_t slot);
/* False: it had its answer already, it was too late. */
bool ward_holds_answer(struct ward_holds *h, uint32_t slot, bool allow);
/* Lets it wait until then, if it still waits and that is later; but never longer than `most` behind its
 * first deadline, however often. */
void ward_holds_extend(struct ward_holds *h, uint32_t slot, uint64_t deadline, uint64_t most);
/* Frees the place of one that has been answered; closes its descriptor if `close_fd`. */
void ward_holds_release(struct ward_holds *h, uint32_t slot, bool close_fd);

/* Answers all whose deadline is not after `now`. The earliest deadline that is left, or
 * UINT64_MAX. */
uint64_t ward_holds_expire(struct ward_holds *h, uint64_t now);

/* Any thread. */
uint64_t ward_holds_expired(const struct ward_holds *h); /* so far */
size_t ward_holds_count(const struct ward_holds *h);	 /* places taken now */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner pool as the layer that the decisions ask first. One thread (the loop) asks and turns;
 * another may start pools and hand them over.
 */
#ifndef WARD_GUARD_SERVE_SCANNERS_H
#define WARD_GUARD_SERVE_SCANNERS_H

#include "guard/decide/decide.h"
#include "guard/intake/intake.h"
#include "pool/pool.h"

struct ward_scanners;

/* Findings of rules and signatures that records disable do not count: what is left is concluded from, as if
 * they had never been there. An intake of NULL: all count. */
void ward_scanners_drop(struct ward_intake *intake, struct ward_result *result);
/* What a scanner said, as the decisions take it; borrows from the result. */
void ward_scanners_answer(const struct ward_result *result, struct ward_answer *ret_answer);

/* No pool yet. Borrows both. NULL without memory. */
struct ward_scanners *ward_scanners_new(void) WARD_MUST_CHECK;
/* Ends all scanners. */
struct ward_scanners *ward_scanners_free(struct ward_scanners *s);

/* Told from the loop's thread when a scanner ended on a file: a number for it and its content. Before there
 * is a pool. */
void ward_scanners_listen(struct ward_scanners *s, void (*crashed)(void *ctx, uint64_t file),
			  void *ctx);

/* Whose records count for findings; borrowed. Before there is a pool. */
void ward_scanners_heed(struct ward_scanners *s, struct ward_intake *intake);

/* --- from the keeper's thread --- */

/* Hands over a pool (takes it) that the loop uses from its next turn on; what the former one works on
 * it finishes. */
void ward_scanners_offer(struct ward_scanners *s, struct ward_pool *take_pool);
/* The pool has given up: a new one is needed. */
bool ward_scanners_broken(const struct ward_scanners *s);
void ward_scanners_stats(struct ward_scanners *s, struct ward_pool_stats *ret_stats);

/* --- from the loop --- */

/* As ward_ask says; `ctx` is the scanners. */
enum ward_rc ward_scanners_ask(void *ctx, const struct ward_question *question) WARD_MUST_CHECK;
/* Takes the pool that was offered; true when there was one. The former one answers what it has, to `d`;
 * one that still does so is ended, and its questions are put to the next. */
bool ward_scanners_adopt(struct ward_scanners *s, struct ward_decide *d);
/* Hands all answers that have come to `d`. */
void ward_scanners_turn(struct ward_scanners *s, struct ward_decide *d);
/* What may become readable: at most two, -1 for none. */
void ward_scanners_fds(const struct ward_scanners *s, int ret_fds[2]);

#endif

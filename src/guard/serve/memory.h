/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy's realtime.memfd says is done: the kernel told to refuse programs from memory, and
 * those that run reported. For the main thread: it logs. */
#ifndef WARD_GUARD_SERVE_MEMORY_H
#define WARD_GUARD_SERVE_MEMORY_H

#include "guard/memexec/memexec.h"
#include "policy/policy.h"

struct ward_memory;

/* Nothing is wanted yet. NULL without memory. */
struct ward_memory *ward_memory_new(void) WARD_MUST_CHECK;
struct ward_memory *ward_memory_free(struct ward_memory *m);
/* What the policy wants, from now on. Tells the log what the kernel does. What was closed stays. */
void ward_memory_want(struct ward_memory *m, enum ward_policy_memfd wanted);
/* Looks, at most once a second, and tells the log what is new; at most 16 lines a turn, then how many
 * more there were. */
void ward_memory_turn(struct ward_memory *m);
void ward_memory_stats(const struct ward_memory *m, struct ward_memexec_stats *ret_stats);

#endif

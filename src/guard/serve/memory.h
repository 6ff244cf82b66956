/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy's realtime.memfd says is done: the kernel told to refuse programs from memory, and
 * those that run reported. For the main thread: it logs. */
#ifndef WARD_GUARD_SERVE_MEMORY_H
#define WARD_GUARD_SERVE_MEMORY_H

#include "guard/memexec/memexec.h"
#include "policy/policy.h"

struct ward_memory;

/* Tells the log what the kernel does. WARD_E_NOMEM. */
enum ward_rc ward_memory_new(enum ward_policy_memfd wanted,
			     struct ward_memory **ret_memory) WARD_MUST_CHECK;
struct ward_memory *ward_memory_free(struct ward_memory *m);
/* Looks, at most once a second, and tells the log what is new; at most 16 lines a turn, then how many
 * more there were. */
void ward_memory_turn(struct ward_memory *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy's realtime.memfd says is done: the kernel told to refuse programs from memory, and
 * those that run, or would have, reported. For the main thread: it logs. */
#ifndef WARD_GUARD_SERVE_MEMORY_H
#define WARD_GUARD_SERVE_MEMORY_H

#include "guard/history/history.h"
#include "guard/memexec/memexec.h"
#include "policy/policy.h"

struct ward_memory;
struct ward_witness;

/* Nothing is wanted yet. Loads the eBPF program unless it is not to: that takes rights which are given up
 * soon. NULL without memory. */
struct ward_memory *ward_memory_new(bool ebpf) WARD_MUST_CHECK;
struct ward_memory *ward_memory_free(struct ward_memory *m);
/* What the policy wants, from now on; it is borrowed until the next call. Tells the log what the kernel does.
 * What was closed stays. */
void ward_memory_want(struct ward_memory *m, const struct ward_policy *policy);
/* Readable when there is something for a turn before its time; -1: never. */
int ward_memory_fd(const struct ward_memory *m);
/* Tells the log and the history what is new: what the kernel told of, and, once a second, what /proc shows;
 * at most 16 lines a second, then how many more there were. History may be NULL; it gets 256 an hour. */
void ward_memory_turn(struct ward_memory *m, struct ward_history *history);
void ward_memory_stats(const struct ward_memory *m, struct ward_memexec_stats *ret_stats);
const struct ward_witness *ward_memory_witness(const struct ward_memory *m);

#endif

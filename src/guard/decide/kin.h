/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own processes: what they open is never questioned, for the answer may depend on them. A number
 * is ours from before its process runs until before the process is reaped, so that it cannot be a
 * stranger's. Any thread, no locks.
 */
#ifndef WARD_GUARD_DECIDE_KIN_H
#define WARD_GUARD_DECIDE_KIN_H

#include "base/rc.h"
#include "base/span.h"

struct ward_kin;

/* The calling process is in it. NULL without memory. */
struct ward_kin *ward_kin_new(void) WARD_MUST_CHECK;
struct ward_kin *ward_kin_free(struct ward_kin *kin);
/* False: too many. */
bool ward_kin_add(struct ward_kin *kin, int pid);
void ward_kin_remove(struct ward_kin *kin, int pid);
/* Both of them as a call-back of those who start processes (sys/process.h, pool/pool.h): `kin` is a ward_kin. */
void ward_kin_process(void *kin, int pid, bool alive);
bool ward_kin_has(const struct ward_kin *kin, int pid);

#endif

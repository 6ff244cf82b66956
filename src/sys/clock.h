/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks in microseconds. None of them can fail. */
#ifndef WARD_SYS_CLOCK_H
#define WARD_SYS_CLOCK_H

#include <stdint.h>

/* Since some moment in the past; never goes back; stands still while the machine sleeps. */
uint64_t ward_clock_monotonic(void);
/* CPU time of the calling thread. */
uint64_t ward_clock_thread_cpu(void);
/* Since 1970-01-01 UTC. */
uint64_t ward_clock_wall(void);

#endif

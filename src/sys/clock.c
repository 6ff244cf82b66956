/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <time.h>

static uint64_t
read_clock(clockid_t id)
{
	struct timespec ts = {0};

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t
ward_clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t
ward_clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t
ward_clock_thread_cpu(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/pins.h"

#include <time.h>

enum { NAP_NS = 50 * 1000 };

unsigned
ward_pins_enter(struct ward_pins *pins)
{
	uint64_t self = (uint64_t)pthread_self() * UINT64_C(0x9e3779b97f4a7c15);
	unsigned lane = (unsigned)(self >> 58), phase = atomic_load(&pins->phase) & 1;

	/* Whoever waits either sees this or published before what is loaded after it. */
	atomic_fetch_add(&pins->lanes[lane].inside[phase], 1);
	return lane * 2 + phase;
}

void
ward_pins_leave(struct ward_pins *pins, unsigned ticket)
{
	atomic_fetch_sub_explicit(&pins->lanes[ticket / 2].inside[ticket & 1], 1,
				  memory_order_release);
}

void
ward_pins_wait(struct ward_pins *pins)
{
	const struct timespec nap = {0, NAP_NS};

	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned old = atomic_fetch_add(&pins->phase, 1) & 1;

		for (unsigned i = 0; i < WARD_PIN_LANES; i++)
			while (atomic_load(&pins->lanes[i].inside[old]) != 0)
				nanosleep(&nap, NULL);
	}
}

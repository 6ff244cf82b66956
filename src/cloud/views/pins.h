/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers that never wait. A reader enters, loads what is current, uses it and leaves; whoever
 * replaces what is current waits until all that entered before have left, then frees the old one.
 * (Sleepable RCU in small: P. McKenney, "Sleepable RCU", LWN, 2006: two phases, so that readers who
 * come later do not hold up the one who waits.)
 */
#ifndef WARD_CLOUD_VIEWS_PINS_H
#define WARD_CLOUD_VIEWS_PINS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { WARD_PIN_LANES = 64 };

struct ward_pins {
	struct ward_pin_lane {
		_Alignas(64) _Atomic uint64_t inside[2];
	} lanes[WARD_PIN_LANES]; /* threads share them, but seldom */
	_Atomic unsigned phase;
};

/* Any thread; what it loads from now on (sequentially consistent) lives until it leaves with the
 * ticket returned. Entering again before leaving is fine. */
unsigned ward_pins_enter(struct ward_pins *pins);
void ward_pins_leave(struct ward_pins *pins, unsigned ticket);
/* Returns when every reader that was inside has left. One thread at a time; not from inside. */
void ward_pins_wait(struct ward_pins *pins);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is to happen in simulated time, the earliest first; of the same moment what was added first. */
#ifndef WARD_FLEET_AGENDA_H
#define WARD_FLEET_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct fleet_event {
	uint64_t at; /* µs of simulated time */
	uint64_t turn;
	unsigned kind; /* the user's */
	uint32_t who;
	void *what;
};

struct fleet_agenda {
	struct fleet_event *heap;
	size_t count, room;
	uint64_t turn;
};

/* Sets the turn. WARD_E_NOMEM. */
enum ward_rc fleet_agenda_add(struct fleet_agenda *a, struct fleet_event event) WARD_MUST_CHECK;
/* NULL: nothing is left; borrowed until the next change. */
const struct fleet_event *fleet_agenda_next(const struct fleet_agenda *a);
/* Takes the next one out; there is one. */
struct fleet_event fleet_agenda_take(struct fleet_agenda *a);
void fleet_agenda_done(struct fleet_agenda *a);

#endif

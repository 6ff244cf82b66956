/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, for the history and the log. */
#ifndef WARD_GUARD_UPDATES_NOTE_H
#define WARD_GUARD_UPDATES_NOTE_H

#include "guard/updates/updates.h"

struct ward_update_note {
	const char *
		action; /* "taken", "refused", "rolled-back", "fell-back", "frozen", "unfrozen", "mended" */
	const struct ward_shelf_pack *from, *to;
	const char *how, *why;
	const struct ward_updates_author *author;
};

/* The history may be NULL. Any thread. */
void ward_update_note(struct ward_history *history, const struct ward_update_note *note);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* When the guard began and ended, in the history: an end that nobody asked for shows at the next
 * beginning. Waits for the disk. */
#ifndef WARD_GUARD_SERVE_LIFE_H
#define WARD_GUARD_SERVE_LIFE_H

#include "guard/history/history.h"

/* Notes that it begins, and that the last one was killed (true) when nothing says how it ended. */
bool ward_life_begin(struct ward_history *h);
/* Notes that it ends because it was told to. */
void ward_life_end(struct ward_history *h);

/* Notes something else that happened to the guard; `kind` as of history.h. */
void ward_life_note(struct ward_history *h, const char *kind, const char *text);

#endif

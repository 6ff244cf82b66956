/* SPDX-License-Identifier: Apache-2.0 */
/* The history's allowances as the thread that decides asks for them: in memory. Any thread. */
#ifndef WARD_GUARD_MANAGE_ALLOWED_H
#define WARD_GUARD_MANAGE_ALLOWED_H

#include "guard/history/history.h"

enum { WARD_ALLOWED_MAX = 10 * 1000 };

struct ward_allowed;

/* Empty. NULL without memory. */
struct ward_allowed *ward_allowed_new(void) WARD_MUST_CHECK;
struct ward_allowed *ward_allowed_free(struct ward_allowed *a);

/* Reads all of them anew; waits for the disk. A failure leaves what was. */
enum ward_rc ward_allowed_load(struct ward_allowed *a, struct ward_history *h) WARD_MUST_CHECK;

/* Whether a content (32 bytes; NULL: not known) or a threat's name ("" is none) is allowed now. Waits
 * for nobody but another caller. */
bool ward_allowed_has(struct ward_allowed *a, const uint8_t *sha256, const char *threat,
		      uint64_t now_ms);

#endif

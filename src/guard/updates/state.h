/* SPDX-License-Identifier: Apache-2.0 */
/* The shelf's state as text (guard/updates/shelf.h). */
#ifndef WARD_GUARD_UPDATES_STATE_H
#define WARD_GUARD_UPDATES_STATE_H

#include "guard/updates/shelf.h"

enum { WARD_STATE_MAX = 8192 };

enum ward_rc ward_state_write(const struct ward_shelf_state *state,
			      struct ward_buf *out) WARD_MUST_CHECK;
/* WARD_E_FORMAT: it is not what was written. */
enum ward_rc ward_state_read(struct ward_span text,
			     struct ward_shelf_state *ret_state) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Between those who bring another pack (guard/updates, on threads of their own) and the main thread,
 * which alone starts scanners: it is asked to, and they wait. */
#ifndef WARD_GUARD_SERVE_RENEW_H
#define WARD_GUARD_SERVE_RENEW_H

#include "guard/decide/kin.h"
#include "guard/policy/held.h"
#include "guard/serve/options.h"
#include "guard/updates/updates.h"
#include "proto/guard.h"

struct ward_renew;

/* Everything is borrowed until _free; the history may be NULL. */
enum ward_rc ward_renew_new(const struct ward_guard_options *options, struct ward_held *policy,
			    struct ward_kin *kin, struct ward_history *history,
			    struct ward_renew **ret_renew) WARD_MUST_CHECK;
/* NULL is fine. */
struct ward_renew *ward_renew_free(struct ward_renew *r);
/* Nobody waits any more, nor from now on: WARD_E_STOPPED. NULL is fine. */
void ward_renew_close(struct ward_renew *r);

/* NULL of NULL. */
struct ward_updates *ward_renew_updates(struct ward_renew *r);

/* As ward_scanners_listen wants it; `updates` is a ward_updates. */
void ward_renew_crashed(void *updates, uint64_t file);

/* Starts scanners with what ward_updates_open says; `why` gets lines for people. */
typedef enum ward_rc (*ward_renew_swap)(void *ctx, struct ward_buf *why);

/* The main thread's: readable when there is something to do. -1 of NULL. */
int ward_renew_fd(const struct ward_renew *r);
/* Does what is asked for, and goes back to the last good pack when scanners crash. NULL is fine. */
void ward_renew_turn(struct ward_renew *r, bool broken, ward_renew_swap swap, void *ctx);
/* Starts the first scanners. A pack that cannot be loaded, and without which others can, is left. */
enum ward_rc ward_renew_start(struct ward_renew *r, ward_renew_swap swap, void *ctx,
			      struct ward_buf *why) WARD_MUST_CHECK;

/* What `ward status` says of it; texts live in the arena. NULL: there is no shelf. */
void ward_renew_status(struct ward_renew *r, struct ward_arena *arena,
		       struct ward_guard_reply *reply);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door for other programs of the machine (proto/guard.h): a socket that anybody may connect to. The
 * kernel says who is there: root and members of the group ward-admin may change things, everybody may
 * ask. Clients are few, have little time and send one message after the other; whoever breaks the
 * protocol is closed. One thread; nothing here waits for a client.
 */
#ifndef WARD_GUARD_SERVE_CONTROL_H
#define WARD_GUARD_SERVE_CONTROL_H

#include "proto/guard.h"

struct ward_control;

/* Fills the reply; its texts live in the arena (or are static). Only what the peer may ask for gets
 * here. */
typedef void (*ward_control_answer)(void *ctx, enum ward_guard_operation operation,
				    struct ward_arena *arena, struct ward_guard_reply *reply);

/* Makes the socket's directory if it is not there. WARD_E_PERM: another guard answers at `path`. */
enum ward_rc ward_control_new(const char *path, ward_control_answer answer, void *ctx,
			      struct ward_control **ret_control) WARD_MUST_CHECK;
/* Removes the socket. NULL is fine. */
struct ward_control *ward_control_free(struct ward_control *c);
/* Readable when ward_control_turn has something to do. */
int ward_control_fd(const struct ward_control *c);
/* Takes clients, answers what they ask, lets go of those who take too long. */
void ward_control_turn(struct ward_control *c);

#endif

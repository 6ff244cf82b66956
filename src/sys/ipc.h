/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between our own processes: SOCK_SEQPACKET pairs, whole messages, descriptors along
 * with them (unix(7), SCM_RIGHTS). */
#ifndef WARD_SYS_IPC_H
#define WARD_SYS_IPC_H

#include "base/rc.h"
#include "base/span.h"

/* Largest message; larger ones are refused on both sides. */
enum { WARD_IPC_MESSAGE_MAX = 64 * 1024, WARD_IPC_FDS_MAX = 64 };

/* Both ends close-on-exec and blocking. */
enum ward_rc ward_ipc_pair(int ret_ends[2]) WARD_MUST_CHECK;

/*
 * Sends one message; the descriptors stay the sender's. `wait` false: WARD_E_LIMIT when the
 * receiver's queue is full. WARD_E_GONE when nobody is there any more (never SIGPIPE).
 */
enum ward_rc ward_ipc_send(int sock, struct ward_span message, const int *fds, size_t fd_count,
			   bool wait) WARD_MUST_CHECK;

struct ward_ipc_message {
	size_t len;
	int fds[WARD_IPC_FDS_MAX]; /* the receiver's, close-on-exec */
	size_t fd_count;
};

/*
 * Receives one message into `into` (WARD_IPC_MESSAGE_MAX bytes of room). `wait` false: WARD_E_LIMIT
 * when there is none. WARD_E_GONE at the end of the channel, WARD_E_PROTO for a message or a set of
 * descriptors that is too large (none of them is left open).
 */
enum ward_rc ward_ipc_recv(int sock, uint8_t *into, struct ward_ipc_message *ret_message,
			   bool wait) WARD_MUST_CHECK;
/* Closes the descriptors nobody took (those not set to -1). */
void ward_ipc_message_close(struct ward_ipc_message *m);

#endif

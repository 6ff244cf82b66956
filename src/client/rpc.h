/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at one gRPC call (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) on a
 * channel: headers and framed messages out, messages and trailers in.
 */
#ifndef WARD_CLIENT_RPC_H
#define WARD_CLIENT_RPC_H

#include "base/buf.h"
#include "client/channel.h"
#include "client/fault.h"

struct ward_rpc;

struct ward_rpc_spec {
	const char *path;      /* "/ward.v1.Protection/Lookup", static */
	struct ward_span body; /* framed messages to send first; borrowed until the end */
	/*
	 * What is sent after `body`, piece by piece: fills `into` with up to `room` bytes of framed
	 * messages, *ret_len 0 at the end. A failure ends the attempt with WARD_FAULT_LOCAL. NULL: nothing.
	 */
	enum ward_rc (*more)(void *context, uint8_t *into, size_t room, size_t *ret_len);
	/* Each message of the answer (borrowed). False: it is garbage, the attempt ends. */
	bool (*message)(void *context, struct ward_span message);
	/* The end, always exactly once, from ward_channel_work or _free; the rpc is gone with it. */
	void (*done)(void *context, const struct ward_call_end *end);
	void *context;
	size_t message_max;    /* bytes of one message of the answer */
	unsigned messages_max; /* of the answer; 0: any number */
	uint64_t deadline;     /* monotonic µs; UINT64_MAX: none */
};

/* Starts it at the next ward_channel_work. The spec is copied. */
enum ward_rc ward_rpc_start(struct ward_channel *channel, const struct ward_rpc_spec *spec,
			    struct ward_rpc **ret) WARD_MUST_CHECK;
/* Ends it soon, with `done` and WARD_FAULT_CANCELLED. Also from callbacks. */
void ward_rpc_cancel(struct ward_rpc *rpc);

#endif

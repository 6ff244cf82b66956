/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client with a certificate may send once TLS is done: bytes of HTTP/2 in pieces, answers taken
 * out in between, time that passes. The first byte says how: 1 the preface and SETTINGS are put before
 * it, 2 time passes between the pieces, 4 the certificate is none of ours; the rest of it is the size
 * of a piece. However it ends, no memory of the loop may be left charged and no call unclosed.
 */
#include <stdlib.h>

#include "cloud/edge/edge-priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int open_calls;
static unsigned left; /* messages of the one who subscribed last */

static void
opened(struct ward_call *call)
{
	if (ward_call_state(call))
		return;
	ward_call_set_state(call, &open_calls);
	open_calls++;
}

static void
on_closed(struct ward_call *call)
{
	open_calls -= ward_call_state(call) != NULL;
}

/* Answers with what came. */
static void
on_unary(struct ward_call *call, struct ward_span message)
{
	opened(call);
	ward_call_answer(call, message);
}

/* Held now and then: the harness lets go. */
static void
on_stream(struct ward_call *call, struct ward_span message)
{
	opened(call);
	if (message.len > 0 && message.data[0] & 1)
		ward_call_hold(call, true);
}

static void
on_stream_end(struct ward_call *call)
{
	ward_call_answer(call, ward_span_str("end"));
}

static void
on_subscribe(struct ward_call *call, struct ward_span message)
{
	opened(call);
	left = 3 + (unsigned)message.len;
	ward_call_wake(call);
}

static struct ward_message *
on_next(struct ward_call *call)
{
	struct ward_message *message = NULL;
	uint8_t *body;

	(void)call;
	if (left > 0 && (message = ward_message_new(left, &body)))
		memset(body, 0, left--);
	return message;
}

static const struct ward_method methods[] = {
	{.path = "/u",
	 .kind = WARD_CALL_UNARY,
	 .message_max = 65536,
	 .message = on_unary,
	 .closed = on_closed},
	{.path = "/c",
	 .kind = WARD_CALL_CLIENT_STREAM,
	 .message_max = 1024,
	 .stream_max = 4096,
	 .message = on_stream,
	 .half_close = on_stream_end,
	 .closed = on_closed},
	{.path = "/s",
	 .kind = WARD_CALL_SERVER_STREAM,
	 .open = true,
	 .message_max = 1024,
	 .message = on_subscribe,
	 .next = on_next,
	 .closed = on_closed},
};

static struct ward_edge edge = {
	.o = {.method_count = sizeof(methods) / sizeof(methods[0]),
	      .connections_max = 10,
	      .streams_max = 16,
	      .address_max = 10,
	      .idle_ms = 5000,
	      .handshake_ms = 1000,
	      .stall_ms = 1000,
	      .loop_memory = 16 << 20},
	.methods = (struct ward_method *)(uintptr_t)methods,
	.loop_count = 1,
};

static void
feed(struct edge_conn *c, struct ward_span in)
{
	if (!c->dead && nghttp2_session_mem_recv(c->session, in.data, in.len) != (ssize_t)in.len)
		edge_conn_kill(c);
}

/* What waits goes out, and who was held goes on. */
static void
turn(struct edge_conn *c, bool time_passes)
{
	struct ward_call *next;
	const uint8_t *out;

	for (unsigned i = 0; i < 1000 && nghttp2_session_mem_send(c->session, &out) > 0; i++)
		;
	for (struct ward_call *call = c->calls; call; call = next) {
		next = call->next;
		if (call->held)
			ward_call_hold(call, false);
	}
	if (time_passes)
		c->loop->now += 300 * 1000;
	edge_conn_sweep(c, c->loop->now);
}

static void
live(struct edge_loop *loop, struct ward_span in, uint8_t how)
{
	static const char begin[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
	struct edge_conn *c = calloc(1, sizeof(*c));
	size_t piece = 1 + (size_t)(how >> 3) * 64;

	if (!c)
		abort();
	*c = (struct edge_conn){.loop = loop, .fd = -1, .shaken = true, .begun = loop->now};
	c->memory = (struct ward_budget){.cap = loop->memory.cap, .parent = &loop->memory};
	c->peer.certified = !(how & 4);
	c->peer.not_after_ms = UINT64_MAX;
	loop->conns = c;
	if (!edge_address_take(loop, "") || edge_conn_session(c))
		abort();
	if (how & 1)
		feed(c, ward_span_of((const uint8_t *)begin, sizeof(begin)));
	for (size_t at = 0; at < in.len && !c->dead; at += piece) {
		feed(c, ward_span_cut(in, at, piece));
		turn(c, how & 2);
	}
	turn(c, false);
	edge_conn_free(c);
	if (loop->conns || loop->dirty || loop->memory.used || open_calls)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct edge_loop loop = {.edge = &edge, .poller = -1, .wakeup = -1, .listener = -1};

	if (!loop.arena && edge_loop_init(&loop))
		abort();
	if (size > 0)
		live(&loop, ward_span_of(data + 1, size - 1), data[0]);
	return 0;
}

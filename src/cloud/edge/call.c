/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: HTTP/2 streams with gRPC's rules. */
#include <stdlib.h>

#include "cloud/edge/edge-priv.h"

#define MS UINT64_C(1000)

#define NV(n, v)                                                                                   \
	{                                                                                          \
		(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1,               \
			sizeof(v) - 1,                                                             \
			NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE               \
	}

static const nghttp2_nv head[] = {
	NV(":status", "200"),
	NV("content-type", "application/grpc"),
};

/* --- ending --- */

/* grpc-status and grpc-message behind `nv`; returns how many. */
static size_t
trailers(const struct ward_call *call, nghttp2_nv nv[2], char status[4], char message[512])
{
	size_t n = 0, len;

	status[0] = (char)('0' + call->status / 10);
	status[1] = (char)('0' + call->status % 10);
	nv[n++] = (nghttp2_nv){(uint8_t *)(uintptr_t) "grpc-status",
			       (uint8_t *)(call->status >= 10 ? status : status + 1), 11,
			       call->status >= 10 ? 2 : 1, NGHTTP2_NV_FLAG_NO_COPY_NAME};
	if (call->text[0]) {
		len = ward_grpc_message_encode(call->text, message, 512);
		nv[n++] = (nghttp2_nv){(uint8_t *)(uintptr_t) "grpc-message", (uint8_t *)message,
				       12, len, NGHTTP2_NV_FLAG_NO_COPY_NAME};
	}
	return n;
}

static void
submit_trailers(struct ward_call *call)
{
	char status[4], message[512];
	nghttp2_nv nv[2];
	size_t n = trailers(call, nv, status, message);

	if (nghttp2_submit_trailer(call->conn->session, call->stream, nv, n) != 0)
		edge_conn_kill(call->conn);
}

/* A unary answer: the call's own, or a shared message, which is let go of when all of it is sent. */
static size_t
give_answer(struct ward_call *call, uint8_t *into, size_t room)
{
	const uint8_t *bytes = call->sending ? call->sending->bytes : call->out.data;
	size_t len = call->sending ? call->sending->len : call->out.len;
	size_t left = len - call->out_sent, n = left < room ? left : room;

	if (n > 0)
		memcpy(into, bytes + call->out_sent, n);
	call->out_sent += n;
	if (call->sending && call->out_sent == len) {
		ward_message_done(call->sending);
		call->sending = NULL;
		call->out_sent = 0;
	}
	return n;
}

/* As many messages as there is room for; the last one may be cut. */
static size_t
give_messages(struct ward_call *call, uint8_t *into, size_t room)
{
	size_t given = 0;

	while (given < room) {
		size_t n;

		if (!call->sending) {
			call->sending = call->finished ? NULL : call->method->next(call);
			call->out_sent = 0;
		}
		if (!call->sending)
			break;
		n = call->sending->len - call->out_sent;
		n = n < room - given ? n : room - given;
		memcpy(into + given, call->sending->bytes + call->out_sent, n);
		given += n;
		call->out_sent += n;
		if (call->out_sent == call->sending->len) {
			ward_message_done(call->sending);
			call->sending = NULL;
		}
	}
	return given;
}

static ssize_t
give_data(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
	  nghttp2_data_source *source, void *context)
{
	struct ward_call *call = source->ptr;
	bool streams = call->started && call->method->kind == WARD_CALL_SERVER_STREAM;
	size_t n = streams ? give_messages(call, into, room) : give_answer(call, into, room);

	(void)session;
	(void)stream;
	(void)context;
	call->last_out = call->conn->last_write;
	if (call->finished && !call->sending && (streams || call->out_sent == call->out.len)) {
		*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		submit_trailers(call);
	} else if (n == 0) {
		call->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

/* Headers and whatever data there is; later data resumes. */
static void
begin_answer(struct ward_call *call)
{
	nghttp2_data_provider provider = {.source.ptr = call, .read_callback = give_data};

	if (call->answered) {
		if (call->deferred) {
			call->deferred = false;
			(void)nghttp2_session_resume_data(call->conn->session, call->stream);
		}
	} else if (nghttp2_submit_response(call->conn->session, call->stream, head, 2, &provider) !=
		   0) {
		edge_conn_kill(call->conn);
	}
	call->answered = true;
	edge_conn_dirty(call->conn);
}

/* Only a status, no message before it. */
static void
status_only(struct ward_call *call)
{
	char status[4], message[512];
	nghttp2_nv nv[4] = {head[0], head[1]};
	size_t n = 2 + trailers(call, nv + 2, status, message);

	call->answered = true;
	if (nghttp2_submit_headers(call->conn->session, NGHTTP2_FLAG_END_STREAM, call->stream, NULL,
				   nv, n, NULL) < 0)
		edge_conn_kill(call->conn);
	edge_conn_dirty(call->conn);
}

void
ward_call_finish(struct ward_call *call, enum ward_grpc_status status, const char *text)
{
	if (call->finished)
		return;
	call->finished = true;
	call->status = status;
	call->last_out = call->conn->loop->now;
	if (text)
		memcpy(call->text, text, strnlen(text, sizeof(call->text) - 1));
	if (call->answered || call->out.len > 0 || call->sending)
		begin_answer(call);
	else
		status_only(call);
}

void
ward_call_wake(struct ward_call *call)
{
	if (call->finished || (call->answered && !call->deferred))
		return;
	call->last_out = call->conn->loop->now;
	begin_answer(call);
}

void
ward_call_answer(struct ward_call *call, struct ward_span message)
{
	uint8_t prefix[WARD_GRPC_PREFIX];

	if (call->finished)
		return;
	ward_grpc_prefix(prefix, (uint32_t)message.len);
	if (ward_buf_append(&call->out, prefix, sizeof(prefix)) ||
	    ward_buf_append(&call->out, message.data, message.len)) {
		ward_buf_clear(&call->out);
		ward_call_finish(call, WARD_GRPC_INTERNAL, "the answer is too large");
	} else {
		ward_call_finish(call, WARD_GRPC_OK, NULL);
	}
}

void
ward_call_answer_shared(struct ward_call *call, struct ward_message *message)
{
	if (call->finished) {
		ward_message_done(message);
		return;
	}
	call->sending = message;
	ward_call_finish(call, WARD_GRPC_OK, NULL);
}

/* --- life --- */

static struct ward_call *
call_new(struct edge_conn *c, int32_t stream)
{
	struct ward_call *call = calloc(1, sizeof(*call));

	if (!call || edge_slot_take(c->loop, call)) {
		free(call);
		return NULL;
	}
	call->conn = c;
	call->stream = stream;
	call->begun = call->last_in = call->last_out = c->loop->now;
	call->deadline = UINT64_MAX;
	call->next = c->calls;
	if (call->next)
		call->next->prev = call;
	c->calls = call;
	c->call_count++;
	atomic_fetch_add_explicit(&c->loop->figures.calls, 1, memory_order_relaxed);
	return call;
}

void
edge_call_free(struct ward_call *call, bool tell)
{
	struct edge_conn *c = call->conn;
	struct ward_edge *edge = c->loop->edge;
	uint64_t now = c->loop->now;

	if (tell && call->started) {
		if (call->method->closed)
			call->method->closed(call);
		if (edge->o.hooks.done)
			edge->o.hooks.done(edge->o.hooks.context, call->method,
					   call->finished ? call->status : WARD_GRPC_CANCELLED,
					   now - call->begun, c->loop->index);
	}
	if (c->session)
		(void)nghttp2_session_set_stream_user_data(c->session, call->stream, NULL);
	if (call->next)
		call->next->prev = call->prev;
	*(call->prev ? &call->prev->next : &c->calls) = call->next;
	c->call_count--;
	c->last_call = now;
	edge_slot_give(c->loop, call);
	ward_grpc_deframer_done(&call->deframer);
	ward_message_done(call->sending);
	ward_buf_done(&call->out);
	ward_buf_done(&call->held_in);
	atomic_fetch_sub_explicit(&c->loop->figures.calls, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->loop->figures.done, 1, memory_order_relaxed);
	free(call);
}

void
edge_call_sweep(struct ward_call *call, uint64_t now)
{
	const struct ward_edge_options *o = &call->conn->loop->edge->o;
	bool expects = !call->half_closed && !call->held && !call->finished;
	bool begun = call->method && call->method->kind == WARD_CALL_CLIENT_STREAM &&
		     ward_grpc_deframer_idle(&call->deframer);
	uint64_t patience = (begun ? o->idle_ms : o->stall_ms) * MS;
	/* besides, a message comes with 4 KiB a second in the mean */
	uint64_t whole = (o->stall_ms + call->deframer.pending.len / 4) * MS;

	if (now >= call->deadline)
		ward_call_finish(call, WARD_GRPC_DEADLINE_EXCEEDED, NULL);
	else if (expects && (now - call->last_in > patience ||
			     (call->message_begun && now - call->message_begun > whole)))
		ward_call_finish(call, WARD_GRPC_DEADLINE_EXCEEDED, "the request stalled");
	else if (call->answered && !call->deferred && now - call->last_out > o->stall_ms * MS)
		(void)nghttp2_submit_rst_stream(call->conn->session, NGHTTP2_FLAG_NONE,
						call->stream, NGHTTP2_CANCEL);
	else
		return;
	edge_conn_dirty(call->conn);
}

/* --- headers --- */

static const struct ward_method *
find_method(const struct ward_edge *edge, struct ward_span path)
{
	for (size_t i = 0; i < edge->o.method_count; i++)
		if (ward_span_eq(path, ward_span_str(edge->methods[i].path)))
			return &edge->methods[i];
	return NULL;
}

static void
take_timeout(struct ward_call *call, struct ward_span value)
{
	uint64_t usec;

	if (!ward_grpc_timeout_parse(value, &usec))
		call->deadline = call->begun + usec;
}

static void
take_header(struct ward_call *call, struct ward_span name, struct ward_span value)
{
	if (ward_span_eq(name, ward_span_str(":path")))
		call->method = find_method(call->conn->loop->edge, value);
	else if (ward_span_eq(name, ward_span_str(":method")))
		call->is_post = ward_span_eq(value, ward_span_str("POST"));
	else if (ward_span_eq(name, ward_span_str("content-type")))
		call->is_grpc = ward_span_eq(value, ward_span_str("application/grpc")) ||
				ward_span_eq(value, ward_span_str("application/grpc+proto"));
	else if (ward_span_eq(name, ward_span_str("grpc-timeout")))
		take_timeout(call, value);
	else if (ward_span_eq(name, ward_span_str("grpc-encoding")))
		call->bad_encoding = !ward_span_eq(value, ward_span_str("identity"));
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct ward_call *call;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	call = call_new(context, frame->hd.stream_id);
	if (!call)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	(void)nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *context)
{
	struct ward_call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags;
	(void)context;
	if (!call || call->started)
		return 0;
	call->header_bytes += name_len + value_len + 32; /* RFC 9113 §6.5.2 */
	if (++call->headers > EDGE_HEADERS_MAX || call->header_bytes > EDGE_HEADER_BYTES)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	take_header(call, ward_span_of(name, name_len), ward_span_of(value, value_len));
	return 0;
}

/* WARD_GRPC_OK, or why the call is refused before anybody hears of it. */
static enum ward_grpc_status
admit(struct ward_call *call)
{
	const struct ward_edge *edge = call->conn->loop->edge;
	const struct ward_peer *peer = &call->conn->peer;

	if (!call->is_post || !call->is_grpc || call->bad_encoding || !call->method)
		return WARD_GRPC_UNIMPLEMENTED;
	if (peer->certified && peer->not_after_ms <= call->conn->loop->wall_ms)
		return WARD_GRPC_UNAUTHENTICATED;
	if (!call->method->open && !peer->certified)
		return WARD_GRPC_UNAUTHENTICATED;
	if (peer->certified && edge->o.hooks.admit)
		return edge->o.hooks.admit(edge->o.hooks.context, peer, call->method);
	return WARD_GRPC_OK;
}

static void
start(struct ward_call *call)
{
	struct ward_budget *memory = &call->conn->memory;
	enum ward_grpc_status status = admit(call);

	if (status) {
		ward_call_finish(call, status, NULL);
		return;
	}
	ward_grpc_deframer_init(&call->deframer, call->method->message_max, memory);
	ward_buf_init(&call->out, (size_t)64 << 20, memory);
	ward_buf_init(&call->held_in, (size_t)2 * EDGE_WINDOW, memory);
	call->started = true;
}

/* --- messages --- */

static void
hand_over(struct ward_call *call, struct ward_span message)
{
	struct edge_loop *loop = call->conn->loop;

	call->messages++;
	if (call->method->kind != WARD_CALL_CLIENT_STREAM && call->messages > 1) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, "one message expected");
		return;
	}
	call->bytes_in += message.len;
	if (call->method->stream_max && call->bytes_in > call->method->stream_max) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "too much in one call");
		return;
	}
	call->method->message(call, message);
	ward_arena_restore(loop->arena, loop->empty);
}

static enum ward_grpc_status
status_of(enum ward_rc rc)
{
	if (rc == WARD_E_LIMIT)
		return WARD_GRPC_RESOURCE_EXHAUSTED;
	return rc == WARD_E_UNSUPPORTED ? WARD_GRPC_UNIMPLEMENTED : WARD_GRPC_INTERNAL;
}

/* Part of a message is here, and the clock for the rest runs. */
static void
note_begun(struct ward_call *call)
{
	if (ward_grpc_deframer_idle(&call->deframer))
		call->message_begun = 0;
	else if (!call->message_begun)
		call->message_begun = call->conn->loop->now;
}

static void
take_bytes(struct ward_call *call, struct ward_span in)
{
	while (!call->finished) {
		struct ward_span message;
		enum ward_rc rc;

		if (call->held) {
			if (in.len > 0 && ward_buf_append(&call->held_in, in.data, in.len))
				ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, NULL);
			return;
		}
		rc = ward_grpc_deframe(&call->deframer, &in, &message);
		if (rc == WARD_E_NOENT) {
			note_begun(call);
			return;
		}
		call->message_begun = 0;
		if (rc)
			ward_call_finish(call, status_of(rc), "message refused");
		else
			hand_over(call, message);
	}
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len,
	void *context)
{
	struct ward_call *call = nghttp2_session_get_stream_user_data(session, stream);

	(void)flags;
	(void)context;
	(void)nghttp2_session_consume_connection(session, len);
	if (!call)
		return 0;
	call->last_in = call->conn->loop->now;
	if (call->started && !call->finished)
		take_bytes(call, ward_span_of(data, len));
	if (call->held)
		call->unconsumed += len;
	else
		(void)nghttp2_session_consume_stream(session, stream, len);
	return 0;
}

/* The client has said everything. */
static void
half_close(struct ward_call *call)
{
	struct edge_loop *loop = call->conn->loop;

	if (!call->started || call->finished || call->held || call->ended)
		return;
	call->ended = true;
	if (!ward_grpc_deframer_idle(&call->deframer)) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, "the stream ends in a message");
	} else if (call->method->kind != WARD_CALL_CLIENT_STREAM && call->messages != 1) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, "one message expected");
	} else if (call->method->half_close) {
		call->method->half_close(call);
		ward_arena_restore(loop->arena, loop->empty);
	}
}

void
ward_call_hold(struct ward_call *call, bool hold)
{
	struct ward_buf waiting = call->held_in;

	if (call->held == hold)
		return;
	call->held = hold;
	if (hold)
		return;
	call->last_in = call->conn->loop->now;
	call->message_begun = 0;
	ward_buf_init(&call->held_in, waiting.max, waiting.budget);
	take_bytes(call, ward_buf_span(&waiting));
	ward_buf_done(&waiting);
	if (call->held)
		return;
	(void)nghttp2_session_consume_stream(call->conn->session, call->stream, call->unconsumed);
	call->unconsumed = 0;
	if (call->half_closed)
		half_close(call);
	edge_conn_dirty(call->conn);
}

/* --- frames --- */

static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *context)
{
	struct edge_conn *c = context;
	bool counts = hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_CONTINUATION ||
		      (hd->type == NGHTTP2_DATA &&
		       nghttp2_session_get_stream_user_data(session, hd->stream_id));

	edge_conn_begun(c, hd);
	/* a header block is over with its last CONTINUATION; what is ignored has no end that we see */
	if (counts && !c->mid_frame)
		c->mid_frame = c->loop->now;
	return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct edge_conn *c = context;
	struct ward_call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	c->mid_frame = 0;
	edge_conn_received(c, frame);
	if (!call || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && !call->started && !call->finished)
		start(call);
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		call->half_closed = true;
		half_close(call);
	}
	return 0;
}

/* An answer before the end of the request: the rest is not wanted (RFC 9113 §8.1). */
static int
on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct ward_call *call;

	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		edge_conn_reset(context);
	if (frame->hd.type == NGHTTP2_RST_STREAM || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (call && !call->half_closed)
		(void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
						NGHTTP2_NO_ERROR);
	return 0;
}

static int
on_invalid(nghttp2_session *session, const nghttp2_frame *frame, int error, void *context)
{
	struct edge_conn *c = context;

	(void)session;
	(void)frame;
	(void)error;
	c->mid_frame = 0;
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *context)
{
	struct ward_call *call = nghttp2_session_get_stream_user_data(session, stream);

	(void)error;
	(void)context;
	if (call)
		edge_call_free(call, true);
	return 0;
}

void
edge_call_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
}

/* --- what methods ask --- */

void *
ward_call_context(const struct ward_call *call)
{
	return call->method->context;
}

void *
ward_call_state(const struct ward_call *call)
{
	return call->state;
}

void
ward_call_set_state(struct ward_call *call, void *state)
{
	call->state = state;
}

const struct ward_peer *
ward_call_peer(const struct ward_call *call)
{
	return &call->conn->peer;
}

uint64_t
ward_call_deadline(const struct ward_call *call)
{
	return call->deadline;
}

struct ward_arena *
ward_call_arena(struct ward_call *call)
{
	return call->conn->loop->arena;
}

unsigned
ward_call_loop(const struct ward_call *call)
{
	return call->conn->loop->index;
}

struct ward_call_ref
ward_call_ref(const struct ward_call *call)
{
	struct edge_loop *loop = call->conn->loop;

	return (struct ward_call_ref){loop->edge, loop->index, call->slot, call->serial};
}

struct ward_call_ref
ward_call_loop_ref(const struct ward_call *call)
{
	struct edge_loop *loop = call->conn->loop;

	return (struct ward_call_ref){loop->edge, loop->index, UINT32_MAX, 0};
}

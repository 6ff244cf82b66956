/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 (RFC 9113) by nghttp2, as gRPC uses it. Its callbacks only note things: what callers are to
 * know they learn from ward_channel_work. */
#include <stdio.h>

#include "client/channel-priv.h"
#include "sys/clock.h"

enum { HEADER_BYTES = 16 * 1024, ACKS = 100 };

static struct ward_rpc *
rpc_of(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

/* --- in --- */

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *context)
{
	struct ward_rpc *rpc = rpc_of(session, frame->hd.stream_id);

	(void)flags;
	(void)context;
	if (rpc)
		rpc_header(rpc, ward_span_of(name, name_len), ward_span_of(value, value_len));
	return 0;
}

static int
on_chunk(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len,
	 void *context)
{
	struct ward_rpc *rpc = rpc_of(session, stream);

	(void)flags;
	(void)context;
	if (rpc)
		rpc_body(rpc, ward_span_of(data, len));
	return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct client_conn *c = context;

	(void)session;
	if (frame->hd.type == NGHTTP2_SETTINGS)
		c->spoke = true;
	else if (frame->hd.type == NGHTTP2_GOAWAY)
		c->draining = true;
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *context)
{
	struct ward_rpc *rpc = rpc_of(session, stream);

	(void)context;
	if (rpc)
		rpc_closed(rpc, error);
	return 0;
}

/* --- out --- */

static ssize_t
give_data(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
	  nghttp2_data_source *source, void *context)
{
	struct ward_rpc *rpc = rpc_of(session, stream);
	size_t n = 0;
	bool end = false;

	(void)source;
	(void)context;
	if (!rpc || rpc_give(rpc, into, room, &n, &end))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (end)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
			    strlen(value), NGHTTP2_NV_FLAG_NONE};
}

void
h2_begin(struct ward_rpc *rpc)
{
	const struct ward_channel *ch = rpc->channel;
	nghttp2_data_provider provider = {.read_callback = give_data};
	uint64_t now = ward_clock_monotonic();
	char timeout[16];
	nghttp2_nv nv[8] = {
		field(":method", "POST"),	field(":scheme", "https"),
		field(":path", rpc->spec.path), field(":authority", ch->server),
		field("te", "trailers"),	field("content-type", "application/grpc"),
		field("user-agent", ch->agent),
	};
	size_t n = 7;

	if (rpc->spec.deadline != UINT64_MAX) {
		ward_grpc_timeout_text(rpc->spec.deadline > now ? rpc->spec.deadline - now : 1,
				       timeout);
		nv[n++] = field("grpc-timeout", timeout);
	}
	rpc->stream = nghttp2_submit_request(rpc->conn->session, NULL, nv, n, &provider, rpc);
	if (rpc->stream < 0) {
		rpc->stream = 0;
		rpc->conn->draining = true; /* no stream ids left, or going away */
		rpc_over(rpc, WARD_FAULT_LOST, "the connection takes no more calls");
	}
}

/* --- the session --- */

static void
set_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
}

enum ward_rc
h2_new(struct client_conn *c)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, RPC_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_BYTES},
	};
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	bool good =
		nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0;

	if (good) {
		set_callbacks(callbacks);
		nghttp2_option_set_max_outbound_ack(option, ACKS);
		good = nghttp2_session_client_new2(&c->session, callbacks, c, option) == 0 &&
		       nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 3) == 0 &&
		       nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0,
							     4 * RPC_WINDOW) == 0;
	}
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	return good ? WARD_OK : WARD_E_NOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/utf.h"
#include "client/channel-priv.h"

/* --- lists --- */

static void
unlink_rpc(struct ward_rpc *rpc)
{
	*rpc->place = rpc->next;
	if (rpc->next)
		rpc->next->place = rpc->place;
}

static void
link_rpc(struct ward_rpc *rpc, struct ward_rpc **list)
{
	rpc->next = *list;
	rpc->place = list;
	if (rpc->next)
		rpc->next->place = &rpc->next;
	*list = rpc;
}

/* --- the end --- */

static void
say(struct ward_call_end *end, enum ward_fault fault, const char *text)
{
	struct ward_span in = ward_span_str(text);
	size_t n = 0, len;

	end->fault = fault;
	/* strangers wrote some of it: printable, whole characters */
	while (in.len > 0 && n < sizeof(end->text) - 5) {
		len = ward_utf_valid_at(in);
		if (len == 0 || in.data[0] < 0x20 || in.data[0] == 0x7f) {
			end->text[n++] = '?';
			len = 1;
		} else {
			memcpy(end->text + n, in.data, len);
			n += len;
		}
		in = ward_span_cut(in, len, in.len);
	}
	end->text[n] = 0;
}

void
rpc_over(struct ward_rpc *rpc, enum ward_fault fault, const char *text)
{
	struct client_conn *c = rpc->conn;

	if (rpc->over)
		return;
	rpc->over = true;
	say(&rpc->end, fault, text);
	ward_timer_clear(&rpc->timer);
	if (c && rpc->stream > 0 && !c->dead) { /* its frames say nothing to us any more */
		(void)nghttp2_session_set_stream_user_data(c->session, rpc->stream, NULL);
		(void)nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, rpc->stream,
						NGHTTP2_CANCEL);
	}
	if (c)
		c->rpcs--;
	unlink_rpc(rpc);
	link_rpc(rpc, &rpc->channel->ended);
	channel_hurry(rpc->channel);
}

/* doc/http-grpc-status-mapping.md of grpc/grpc: an answer by something on the way. */
static bool
is_temporary(int http)
{
	return http == 429 || (http >= 502 && http <= 504);
}

/* The stream ended; is what came an answer? */
static void
conclude(struct ward_rpc *rpc)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "HTTP status %d%s", rpc->http,
		       rpc->grpc ? "" : ", no gRPC");
	if (rpc->http != 200 && is_temporary(rpc->http)) {
		rpc->end.status = WARD_GRPC_UNAVAILABLE;
		rpc_over(rpc, WARD_FAULT_STATUS, text);
	} else if (rpc->http != 200 || !rpc->grpc) {
		rpc_over(rpc, WARD_FAULT_HTTP, text);
	} else if (rpc->status < 0) {
		rpc_over(rpc, WARD_FAULT_GARBAGE, "it ends without a status");
	} else if (rpc->status > 0) {
		rpc->end.status = (enum ward_grpc_status)rpc->status;
		rpc_over(rpc, WARD_FAULT_STATUS, rpc->message_text);
	} else if (!ward_grpc_deframer_idle(&rpc->deframer)) {
		rpc_over(rpc, WARD_FAULT_GARBAGE, "it ends within a message");
	} else if (rpc->spec.messages_max == 1 && rpc->messages == 0) {
		rpc_over(rpc, WARD_FAULT_GARBAGE, "there is no message in it");
	} else {
		rpc_over(rpc, WARD_FAULT_NONE, "");
	}
}

void
rpc_closed(struct ward_rpc *rpc, uint32_t error)
{
	rpc->stream = 0; /* nghttp2 has no such stream any more */
	/* a status counts even if the rest of our request was refused with a reset (gRPC: an answer
	 * may come before the end of the question) */
	if (rpc->status >= 0 || error == NGHTTP2_NO_ERROR)
		conclude(rpc);
	else
		rpc_over(rpc, WARD_FAULT_LOST, nghttp2_http2_strerror(error));
}

void
rpc_tell(struct ward_channel *ch)
{
	while (ch->ended) {
		struct ward_rpc *rpc = ch->ended;
		struct ward_call_end end = rpc->end;

		unlink_rpc(rpc);
		ward_grpc_deframer_done(&rpc->deframer);
		end.attempts = 1;
		rpc->spec.done(rpc->spec.context, &end);
		free(rpc);
	}
}

/* --- in --- */

static bool
take_message(struct ward_rpc *rpc, struct ward_span message)
{
	if (rpc->spec.messages_max && ++rpc->messages > rpc->spec.messages_max) {
		rpc_over(rpc, WARD_FAULT_GARBAGE, "there are more messages than one");
		return false;
	}
	if (!rpc->spec.message(rpc->spec.context, message))
		rpc_over(rpc, WARD_FAULT_GARBAGE, "");
	return !rpc->over;
}

void
rpc_body(struct ward_rpc *rpc, struct ward_span in)
{
	struct ward_span message;
	enum ward_rc rc;

	if (rpc->over)
		return;
	if (!rpc->grpc) {
		conclude(rpc);
		return;
	}
	while ((rc = ward_grpc_deframe(&rpc->deframer, &in, &message)) == WARD_OK)
		if (!take_message(rpc, message))
			return;
	if (rc != WARD_E_NOENT)
		rpc_over(rpc, WARD_FAULT_GARBAGE,
			 rc == WARD_E_LIMIT	    ? "a message is too large"
			 : rc == WARD_E_UNSUPPORTED ? "a message is compressed"
						    : "no gRPC message");
}

void
rpc_header(struct ward_rpc *rpc, struct ward_span name, struct ward_span value)
{
	uint64_t number = 0;

	if (ward_text_eq_nocase(name, ":status"))
		rpc->http = ward_text_u64(value, &number) && number < 1000 ? (int)number : 0;
	else if (ward_text_eq_nocase(name, "content-type"))
		rpc->grpc = ward_text_starts_nocase(value, "application/grpc");
	else if (ward_text_eq_nocase(name, "grpc-status"))
		rpc->status = ward_text_u64(value, &number) && number < WARD_GRPC_STATUSES
				      ? (int)number
				      : WARD_GRPC_UNKNOWN;
	else if (ward_text_eq_nocase(name, "grpc-message"))
		(void)ward_grpc_message_decode(value, rpc->message_text, sizeof(rpc->message_text));
}

/* --- out --- */

enum ward_rc
rpc_give(struct ward_rpc *rpc, uint8_t *into, size_t room, size_t *ret_len, bool *ret_end)
{
	size_t left = rpc->spec.body.len - rpc->sent, n = left < room ? left : room;
	enum ward_rc rc = WARD_OK;

	if (n > 0)
		memcpy(into, rpc->spec.body.data + rpc->sent, n);
	rpc->sent += n;
	*ret_end = !rpc->spec.more && n == left;
	if (n == 0 && rpc->spec.more) {
		rc = rpc->spec.more(rpc->spec.context, into, room, &n);
		*ret_end = n == 0;
	}
	if (rc)
		rpc_over(rpc, WARD_FAULT_LOCAL,
			 rc == WARD_E_STOPPED ? "the file changed" : "the file cannot be read");
	*ret_len = n;
	return rc;
}

/* --- beginning --- */

static void
too_late(void *context)
{
	struct ward_rpc *rpc = context;
	const struct client_conn *c = rpc->conn;

	rpc_over(rpc, WARD_FAULT_TIMEOUT,
		 !c || c->stage == CONN_CONNECTING ? "while connecting (TCP)"
		 : c->stage == CONN_SHAKING	   ? "in the TLS handshake"
						   : "waiting for the answer");
}

enum ward_rc
ward_rpc_start(struct ward_channel *channel, const struct ward_rpc_spec *spec,
	       struct ward_rpc **ret)
{
	struct ward_rpc *rpc = channel->ending ? NULL : calloc(1, sizeof(*rpc));

	if (!rpc)
		return channel->ending ? WARD_E_STOPPED : WARD_E_NOMEM;
	rpc->channel = channel;
	rpc->spec = *spec;
	rpc->status = -1;
	ward_grpc_deframer_init(&rpc->deframer, spec->message_max, NULL);
	link_rpc(rpc, &channel->rpcs);
	if (spec->deadline != UINT64_MAX)
		ward_timer_set(channel, &rpc->timer, spec->deadline, too_late, rpc);
	channel_hurry(channel);
	*ret = rpc;
	return WARD_OK;
}

void
ward_rpc_cancel(struct ward_rpc *rpc)
{
	rpc_over(rpc, WARD_FAULT_CANCELLED, "");
}

static void
begin(struct ward_rpc *rpc)
{
	if (!rpc->conn) {
		rpc->conn = conn_for_call(rpc->channel);
		if (!rpc->conn) {
			rpc_over(rpc, WARD_FAULT_LOCAL, "no memory");
			return;
		}
		rpc->conn->rpcs++;
	}
	if (rpc->conn->stage == CONN_UP && !rpc->conn->dead)
		h2_begin(rpc);
}

void
rpc_begin_waiting(struct ward_channel *ch)
{
	struct ward_rpc *next;

	for (struct ward_rpc *rpc = ch->rpcs; rpc; rpc = next) {
		next = rpc->next;
		if (rpc->stream == 0)
			begin(rpc);
	}
}

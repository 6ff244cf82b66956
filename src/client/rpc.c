/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/utf.h"
#include "client/channel-priv.h"
#include "sys/clock.h"

enum { URL = CHANNEL_HOST + 128, SEND_BUFFER = 256 * 1024 };

/* --- what goes out --- */

static size_t
give(char *into, size_t size, size_t count, void *context)
{
	struct ward_rpc *rpc = context;
	size_t room = size * count, left = rpc->spec.body.len - rpc->sent, n = 0;

	if (left > 0) {
		n = left < room ? left : room;
		memcpy(into, rpc->spec.body.data + rpc->sent, n);
		rpc->sent += n;
		return n;
	}
	if (rpc->spec.more && rpc->spec.more(rpc->spec.context, (uint8_t *)into, room, &n)) {
		rpc->fault = WARD_FAULT_LOCAL;
		(void)snprintf(rpc->why, sizeof(rpc->why), "what was to be sent cannot be read");
		return CURL_READFUNC_ABORT;
	}
	return n;
}

/* A kept connection that turns out to be dead: libcurl begins again, as long as only `body` went. */
static int
rewind_body(void *context, curl_off_t offset, int origin)
{
	struct ward_rpc *rpc = context;

	if (origin != SEEK_SET || offset != 0 || (rpc->spec.more && rpc->sent > 0))
		return CURL_SEEKFUNC_CANTSEEK;
	rpc->sent = 0;
	return CURL_SEEKFUNC_OK;
}

/* --- what comes back --- */

static bool
spoil(struct ward_rpc *rpc, enum ward_fault fault, const char *why)
{
	if (rpc->fault == WARD_FAULT_NONE) {
		rpc->fault = fault;
		(void)snprintf(rpc->why, sizeof(rpc->why), "%s", why);
	}
	return false;
}

static bool
take_message(struct ward_rpc *rpc, struct ward_span message)
{
	if (rpc->spec.messages_max && ++rpc->messages > rpc->spec.messages_max)
		return spoil(rpc, WARD_FAULT_GARBAGE, "more messages than one");
	if (!rpc->spec.message(rpc->spec.context, message))
		return spoil(rpc, WARD_FAULT_GARBAGE, "");
	return true;
}

static bool
take_bytes(struct ward_rpc *rpc, struct ward_span in)
{
	struct ward_span message;
	enum ward_rc rc;

	if (!rpc->grpc)
		return spoil(rpc, WARD_FAULT_HTTP, "the answer is no gRPC");
	while ((rc = ward_grpc_deframe(&rpc->deframer, &in, &message)) == WARD_OK)
		if (!take_message(rpc, message))
			return false;
	if (rc == WARD_E_NOENT)
		return true;
	return spoil(rpc, WARD_FAULT_GARBAGE,
		     rc == WARD_E_LIMIT		? "a message is too large"
		     : rc == WARD_E_UNSUPPORTED ? "a message is compressed"
						: "no gRPC message");
}

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
	struct ward_rpc *rpc = context;
	size_t n = size * count;

	if (rpc->cancelled || rpc->fault != WARD_FAULT_NONE)
		return 0;
	return take_bytes(rpc, ward_span_of(data, n)) ? n : 0;
}

static void
take_field(struct ward_rpc *rpc, struct ward_span name, struct ward_span value)
{
	uint64_t status = 0;

	if (ward_text_eq_nocase(name, "content-type"))
		rpc->grpc = ward_text_starts_nocase(value, "application/grpc");
	else if (ward_text_eq_nocase(name, "grpc-status"))
		rpc->status = ward_text_u64(value, &status) && status < WARD_GRPC_STATUSES
				      ? (int)status
				      : WARD_GRPC_UNKNOWN;
	else if (ward_text_eq_nocase(name, "grpc-message"))
		(void)ward_grpc_message_decode(value, rpc->message_text, sizeof(rpc->message_text));
}

/* Headers and trailers, a line each. */
static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
	struct ward_span line = ward_span_of(data, size * count), name;
	struct ward_span rest = line;

	if (ward_text_split(&rest, ':', &name) && name.len < line.len)
		take_field(context, ward_text_trim(name), ward_text_trim(rest));
	return line.len;
}

/* --- beginning --- */

static bool
add_header(struct ward_rpc *rpc, const char *text)
{
	struct curl_slist *more = curl_slist_append(rpc->headers, text);

	if (more)
		rpc->headers = more;
	return more != NULL;
}

static bool
set_headers(struct ward_rpc *rpc)
{
	char timeout[16], line[40];

	if (!add_header(rpc, "content-type: application/grpc") ||
	    !add_header(rpc, "te: trailers") || !add_header(rpc, "Expect:") ||
	    !add_header(rpc, "Accept:"))
		return false;
	if (rpc->spec.deadline != UINT64_MAX) {
		uint64_t now = ward_clock_monotonic();

		ward_grpc_timeout_text(rpc->spec.deadline > now ? rpc->spec.deadline - now : 1,
				       timeout);
		(void)snprintf(line, sizeof(line), "grpc-timeout: %s", timeout);
		if (!add_header(rpc, line))
			return false;
	}
	return !curl_easy_setopt(rpc->easy, CURLOPT_HTTPHEADER, rpc->headers);
}

static bool
set_request(struct ward_rpc *rpc)
{
	char url[URL];
	CURL *e = rpc->easy;

	(void)snprintf(url, sizeof(url), "https://%s%s", rpc->channel->server, rpc->spec.path);
	return !curl_easy_setopt(e, CURLOPT_URL, url) && !curl_easy_setopt(e, CURLOPT_POST, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1) &&
	       !curl_easy_setopt(e, CURLOPT_READFUNCTION, give) &&
	       !curl_easy_setopt(e, CURLOPT_READDATA, rpc) &&
	       !curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, rewind_body) &&
	       !curl_easy_setopt(e, CURLOPT_SEEKDATA, rpc) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEDATA, rpc) &&
	       !curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) &&
	       !curl_easy_setopt(e, CURLOPT_HEADERDATA, rpc) &&
	       !curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER) &&
	       !curl_easy_setopt(e, CURLOPT_USERAGENT, rpc->channel->agent);
}

/* A connection stands, new or kept. */
static int
on_connected(void *context, char *to, char *from, int to_port, int from_port)
{
	struct ward_rpc *rpc = context;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	rpc->stage = RPC_TALKING;
	return CURL_PREREQFUNC_OK;
}

static bool
set_connection(struct ward_rpc *rpc)
{
	CURL *e = rpc->easy;
	long left = 0;

	if (rpc->spec.deadline != UINT64_MAX) {
		uint64_t now = ward_clock_monotonic();

		left = rpc->spec.deadline > now ? (long)((rpc->spec.deadline - now) / 1000) : 0;
		left = left > 0 ? left : 1;
	}
	return !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") &&
	       !curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) &&
	       !curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)rpc->channel->connect_ms) &&
	       !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left) &&
	       !curl_easy_setopt(e, CURLOPT_PROXY, rpc->channel->proxy) &&
	       !curl_easy_setopt(e, CURLOPT_NOPROXY, "") &&
	       !curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_connected) &&
	       !curl_easy_setopt(e, CURLOPT_PREREQDATA, rpc) &&
	       !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, rpc->error) &&
	       !curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)rpc);
}

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

void
rpc_begin(struct ward_rpc *rpc)
{
	unlink_rpc(rpc);
	link_rpc(rpc, &rpc->channel->rpcs);
	rpc->easy = curl_easy_init();
	if (rpc->cancelled) {
		rpc_end(rpc, CURLE_ABORTED_BY_CALLBACK);
	} else if (!rpc->easy || !set_request(rpc) || !set_connection(rpc) || !set_headers(rpc) ||
		   !rpc_set_tls(rpc) || curl_multi_add_handle(rpc->channel->multi, rpc->easy)) {
		(void)spoil(rpc, WARD_FAULT_LOCAL, "no memory");
		rpc_end(rpc, CURLE_OUT_OF_MEMORY);
	}
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
	link_rpc(rpc, &channel->fresh);
	channel_wake(channel);
	*ret = rpc;
	return WARD_OK;
}

void
ward_rpc_cancel(struct ward_rpc *rpc)
{
	rpc->cancelled = true;
	rpc->channel->curl_due = 1; /* soon */
	channel_wake(rpc->channel);
}

/* --- the end --- */

/* How far it came, for a time-out's words. */
static const char *
stage_of(const struct ward_rpc *rpc)
{
	static const char *const words[] = {
		[RPC_CONNECTING] = "while connecting (TCP)",
		[RPC_SHAKING] = "in the TLS handshake",
		[RPC_TALKING] = "waiting for the answer",
	};

	return words[rpc->stage];
}

static enum ward_fault
fault_of_code(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return WARD_FAULT_RESOLVE;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return WARD_FAULT_PROXY;
	case CURLE_COULDNT_CONNECT:
		return WARD_FAULT_CONNECT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
		return WARD_FAULT_TLS;
	case CURLE_OPERATION_TIMEDOUT:
		return WARD_FAULT_TIMEOUT;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_HTTP_RETURNED_ERROR:
		return WARD_FAULT_HTTP;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_SSL_ENGINE_NOTFOUND:
		return WARD_FAULT_LOCAL;
	default:
		return WARD_FAULT_LOST;
	}
}

/* Finer than libcurl's code: what the proxy said, what TLS's alerts say after the handshake (RFC 8446
 * §6.2: in TLS 1.3 a client learns only then that its certificate is not taken). */
static enum ward_fault
fault_of(const struct ward_rpc *rpc, CURLcode code)
{
	enum ward_fault fault = fault_of_code(code);
	long connect_code = 0;

	(void)curl_easy_getinfo(rpc->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
	if (fault == WARD_FAULT_LOST && connect_code != 0 && connect_code / 100 != 2)
		return WARD_FAULT_PROXY;
	if ((fault == WARD_FAULT_LOST || fault == WARD_FAULT_TLS) && strstr(rpc->error, "alert"))
		return strstr(rpc->error, "certificate") || strstr(rpc->error, "unknown ca")
			       ? WARD_FAULT_REFUSED
			       : WARD_FAULT_TLS;
	return fault;
}

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

static void
end_of_transport(struct ward_rpc *rpc, CURLcode code, struct ward_call_end *end)
{
	enum ward_fault fault = fault_of(rpc, code);
	const char *text = rpc->error[0] ? rpc->error : curl_easy_strerror(code);

	say(end, fault, fault == WARD_FAULT_TIMEOUT ? stage_of(rpc) : text);
}

/* doc/http-grpc-status-mapping.md of grpc/grpc: an answer by something on the way. */
static enum ward_grpc_status
status_of_http(long code)
{
	if (code == 401)
		return WARD_GRPC_UNAUTHENTICATED;
	if (code == 403)
		return WARD_GRPC_PERMISSION_DENIED;
	if (code == 429 || (code >= 502 && code <= 504))
		return WARD_GRPC_UNAVAILABLE;
	return WARD_GRPC_UNKNOWN;
}

/* The stream ended in order; is it an answer? */
static void
end_of_stream(struct ward_rpc *rpc, struct ward_call_end *end)
{
	long version = 0, code = 0;
	char text[64];

	(void)curl_easy_getinfo(rpc->easy, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(rpc->easy, CURLINFO_RESPONSE_CODE, &code);
	if (version != CURL_HTTP_VERSION_2_0) {
		say(end, WARD_FAULT_HTTP, "it speaks no HTTP/2");
	} else if (code != 200 && status_of_http(code) == WARD_GRPC_UNAVAILABLE) {
		end->status = WARD_GRPC_UNAVAILABLE;
		(void)snprintf(text, sizeof(text), "HTTP status %ld", code);
		say(end, WARD_FAULT_STATUS, text);
	} else if (code != 200 || !rpc->grpc) {
		(void)snprintf(text, sizeof(text), "HTTP status %ld%s", code,
			       rpc->grpc ? "" : ", no gRPC");
		say(end, WARD_FAULT_HTTP, text);
	} else if (rpc->status < 0) {
		say(end, WARD_FAULT_GARBAGE, "it ends without a status");
	} else if (rpc->status > 0) {
		end->status = (enum ward_grpc_status)rpc->status;
		say(end, WARD_FAULT_STATUS, rpc->message_text);
	} else if (!ward_grpc_deframer_idle(&rpc->deframer)) {
		say(end, WARD_FAULT_GARBAGE, "it ends within a message");
	} else if (rpc->spec.messages_max == 1 && rpc->messages == 0) {
		say(end, WARD_FAULT_GARBAGE, "there is no message in it");
	}
}

static void
describe_end(struct ward_rpc *rpc, CURLcode code, struct ward_call_end *end)
{
	if (rpc->cancelled)
		say(end, WARD_FAULT_CANCELLED, "");
	else if (rpc->fault != WARD_FAULT_NONE)
		say(end, rpc->fault, rpc->why);
	else if (code == CURLE_OK ||
		 rpc->status >= 0) /* the status came, then the stream was reset */
		end_of_stream(rpc, end);
	else
		end_of_transport(rpc, code, end);
}

void
rpc_end(struct ward_rpc *rpc, CURLcode code)
{
	struct ward_call_end end = {.attempts = 1};

	if (rpc->easy)
		describe_end(rpc, code, &end);
	else
		say(&end, rpc->cancelled ? WARD_FAULT_CANCELLED : WARD_FAULT_LOCAL, "");
	unlink_rpc(rpc);
	if (rpc->easy)
		(void)curl_multi_remove_handle(rpc->channel->multi, rpc->easy);
	curl_easy_cleanup(rpc->easy);
	curl_slist_free_all(rpc->headers);
	ward_grpc_deframer_done(&rpc->deframer);
	rpc->spec.done(rpc->spec.context, &end);
	free(rpc);
}

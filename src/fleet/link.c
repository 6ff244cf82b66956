/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/link.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "sys/fd.h"
#include "sys/net.h"

enum { IN = 32 * 1024, OUT = 64 * 1024, FRAME = 16393 };

struct fleet_call {
	struct fleet_call *next, **place; /* of the link's */
	const struct fleet_call_face *face;
	void *context;
	struct ward_grpc_deframer deframer;
	enum ward_grpc_status status;
	size_t sent, len;
	uint8_t body[];
};

/* --- the target --- */

static int
note_session(SSL *ssl, SSL_SESSION *session)
{
	struct fleet_link *l = SSL_get_app_data(ssl);

	if (!l || !l->resume)
		return 0;
	SSL_SESSION_free(l->session);
	l->session = session;
	return 1;
}

/* Only the CA given, and the address must be in the certificate. */
static bool
set_trust(SSL_CTX *tls, const char *host, const char *ca_file)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls);

	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	return SSL_CTX_load_verify_locations(tls, ca_file, NULL) == 1 &&
	       X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
}

static enum ward_rc
new_context(struct fleet_target *t, const char *host, const char *ca_file)
{
	t->tls = SSL_CTX_new(TLS_client_method());
	if (!t->tls)
		return WARD_E_NOMEM;
	SSL_CTX_set_min_proto_version(t->tls, TLS1_3_VERSION);
	SSL_CTX_set_mode(t->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					 SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_cache_mode(t->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(t->tls, note_session);
	if (SSL_CTX_set_alpn_protos(t->tls, (const uint8_t *)"\x02h2", 3) != 0)
		return WARD_E_NOMEM;
	return set_trust(t->tls, host, ca_file) ? WARD_OK : WARD_E_FORMAT;
}

enum ward_rc
fleet_target_init(struct fleet_target *t, const char *server, const char *ca_file)
{
	const char *colon = strrchr(server, ':');
	char host[sizeof(t->server)];
	size_t len = colon ? (size_t)(colon - server) : 0;
	bool bracketed = len > 2 && server[0] == '[' && server[len - 1] == ']';

	*t = (struct fleet_target){0};
	if (len == 0 || strlen(server) >= sizeof(t->server))
		return WARD_E_INVAL;
	memcpy(t->server, server, strlen(server));
	len -= bracketed ? 2 : 0;
	memcpy(host, server + (bracketed ? 1 : 0), len);
	host[len] = 0;
	return new_context(t, host, ca_file);
}

void
fleet_target_done(struct fleet_target *t)
{
	SSL_CTX_free(t->tls);
	t->tls = NULL;
}

/* --- calls --- */

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *context)
{
	struct fleet_call *call =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	unsigned status = 0;

	(void)flags;
	(void)context;
	if (!call || !ward_span_eq(ward_span_of(name, name_len), ward_span_str("grpc-status")))
		return 0;
	for (size_t i = 0; i < value_len && i < 2; i++)
		status = 10 * status + (unsigned)(value[i] - '0');
	call->status =
		status < WARD_GRPC_STATUSES ? (enum ward_grpc_status)status : WARD_GRPC_UNKNOWN;
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len,
	void *context)
{
	struct fleet_call *call = nghttp2_session_get_stream_user_data(session, stream);
	struct ward_span in = ward_span_of(data, len), message;
	enum ward_rc rc;

	(void)flags;
	(void)context;
	if (!call)
		return 0;
	while (!(rc = ward_grpc_deframe(&call->deframer, &in, &message)))
		call->face->message(call->context, message);
	return rc == WARD_E_NOENT ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void
call_free(struct fleet_call *call)
{
	if (call->next)
		call->next->place = call->place;
	*call->place = call->next;
	ward_grpc_deframer_done(&call->deframer);
	free(call);
}

static int
on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *context)
{
	struct fleet_call *call = nghttp2_session_get_stream_user_data(session, stream);

	(void)error;
	(void)context;
	if (!call)
		return 0;
	if (call->face->ended)
		call->face->ended(call->context, call->status);
	call_free(call);
	return 0;
}

static ssize_t
give_body(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
	  nghttp2_data_source *source, void *context)
{
	struct fleet_call *call = source->ptr;
	size_t n = call->len - call->sent;

	(void)session;
	(void)stream;
	(void)context;
	n = n < room ? n : room;
	memcpy(into, call->body + call->sent, n);
	call->sent += n;
	if (call->sent == call->len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv
header(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
			    strlen(value),
			    NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static void flush(struct fleet_link *l);

enum ward_rc
fleet_call_start(struct fleet_link *l, const struct fleet_call_face *face, struct ward_span body,
		 void *context)
{
	struct fleet_call *call = calloc(1, sizeof(*call) + body.len);
	nghttp2_nv nv[] = {header(":method", "POST"),
			   header(":scheme", "https"),
			   header(":path", face->path),
			   header(":authority", l->target->server),
			   header("content-type", "application/grpc"),
			   header("te", "trailers")};
	nghttp2_data_provider provider = {.source.ptr = call, .read_callback = give_body};

	if (!call)
		return WARD_E_NOMEM;
	call->face = face;
	call->context = context;
	call->status = WARD_GRPC_UNAVAILABLE;
	call->len = body.len;
	memcpy(call->body, body.data, body.len);
	ward_grpc_deframer_init(&call->deframer, face->answer_max, NULL);
	if (nghttp2_submit_request(l->http, NULL, nv, 6, &provider, call) < 0) {
		free(call);
		return WARD_E_NOMEM;
	}
	call->next = l->calls;
	call->place = &l->calls;
	if (call->next)
		call->next->place = &call->next;
	l->calls = call;
	if (!l->working)
		flush(l);
	return WARD_OK;
}

/* --- HTTP/2 --- */

static bool
new_session(struct fleet_link *l)
{
	nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
	nghttp2_session_callbacks *callbacks;
	bool good;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return false;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	good = nghttp2_session_client_new(&l->http, callbacks, l) == 0 &&
	       nghttp2_submit_settings(l->http, 0, settings, 1) == 0;
	nghttp2_session_callbacks_del(callbacks);
	return good;
}

/* --- bytes --- */

/* False: the socket takes no more, or the link is broken. */
static bool
write_some(struct fleet_link *l, const uint8_t *bytes, size_t len, size_t *sent)
{
	while (*sent < len) {
		int n = SSL_write(l->ssl, bytes + *sent, (int)(len - *sent));

		if (n <= 0) {
			int error = SSL_get_error(l->ssl, n);

			l->broken |= error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ;
			return false;
		}
		*sent += (size_t)n;
	}
	return true;
}

static bool
write_rest(struct fleet_link *l)
{
	if (!l->rest)
		return true;
	if (!write_some(l, l->rest, l->rest_len, &l->rest_sent))
		return false;
	free(l->rest);
	l->rest = NULL;
	return true;
}

static void
keep_rest(struct fleet_link *l, const uint8_t *bytes, size_t len)
{
	l->rest = malloc(len);
	if (!l->rest) {
		l->broken = true;
		return;
	}
	memcpy(l->rest, bytes, len);
	l->rest_len = len;
	l->rest_sent = 0;
}

static void
flush(struct fleet_link *l)
{
	static _Thread_local uint8_t out[OUT];
	const uint8_t *data;
	size_t len, sent;
	ssize_t n;

	while (!l->broken && write_rest(l)) {
		for (len = 0;
		     len + FRAME <= OUT && (n = nghttp2_session_mem_send(l->http, &data)) > 0;
		     len += (size_t)n)
			memcpy(out + len, data, (size_t)n);
		sent = 0;
		if (len == 0)
			return;
		if (!write_some(l, out, len, &sent) && !l->broken)
			keep_rest(l, out + sent, len - sent);
	}
}

static void
read_all(struct fleet_link *l)
{
	static _Thread_local uint8_t in[IN];
	int n, error;

	while ((n = SSL_read(l->ssl, in, IN)) > 0) {
		if (nghttp2_session_mem_recv(l->http, in, (size_t)n) != n) {
			l->broken = true;
			return;
		}
	}
	error = SSL_get_error(l->ssl, n);
	l->broken |= error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
	l->broken |= !nghttp2_session_want_read(l->http) && !nghttp2_session_want_write(l->http);
}

/* --- life --- */

static void
shake(struct fleet_link *l)
{
	int n = SSL_do_handshake(l->ssl), error;

	if (n != 1) {
		error = SSL_get_error(l->ssl, n);
		l->broken = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
		return;
	}
	l->resumed = SSL_session_reused(l->ssl) == 1;
	l->broken = !new_session(l);
	if (l->broken)
		return;
	l->state = FLEET_UP;
	l->up(l);
}

static void
count_bytes(struct fleet_link *l)
{
	if (!l->ssl)
		return;
	atomic_store_explicit(&l->bytes_in, l->before_in + BIO_number_read(SSL_get_rbio(l->ssl)),
			      memory_order_relaxed);
	atomic_store_explicit(&l->bytes_out,
			      l->before_out + BIO_number_written(SSL_get_wbio(l->ssl)),
			      memory_order_relaxed);
}

static void
end_calls(struct fleet_link *l)
{
	for (struct fleet_call *call = l->calls; call; call = call->next)
		if (call->face->ended)
			call->face->ended(call->context, WARD_GRPC_UNAVAILABLE);
}

void
fleet_link_ready(struct fleet_link *l, unsigned events)
{
	ERR_clear_error();
	l->working = true;
	if (l->state == FLEET_CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		l->state = FLEET_SHAKING;
		l->broken = ward_net_connected(l->fd) != WARD_OK;
	}
	if (l->state == FLEET_SHAKING && !l->broken)
		shake(l);
	if (l->state == FLEET_UP && !l->broken) {
		read_all(l);
		flush(l);
	}
	l->working = false;
	count_bytes(l);
	if (l->broken) {
		end_calls(l);
		fleet_link_close(l);
		l->down(l);
	}
}

static bool
new_tls(struct fleet_link *l)
{
	l->ssl = SSL_new(l->target->tls);
	if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1)
		return false;
	(void)SSL_set_app_data(l->ssl, l);
	SSL_set_connect_state(l->ssl);
	if (l->resume && l->session && SSL_set_session(l->ssl, l->session) != 1)
		return false;
	return !l->key || (SSL_use_certificate(l->ssl, l->certificate) == 1 &&
			   SSL_use_PrivateKey(l->ssl, l->key) == 1);
}

enum ward_rc
fleet_link_open(struct fleet_link *l)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = l};
	enum ward_rc rc = ward_net_connect(l->target->server, &l->fd);

	if (rc)
		return rc;
	l->broken = false;
	l->state = FLEET_CONNECTING;
	if (!new_tls(l) || epoll_ctl(l->poller, EPOLL_CTL_ADD, l->fd, &event) != 0) {
		fleet_link_close(l);
		return WARD_E_NOMEM;
	}
	return WARD_OK;
}

void
fleet_link_close(struct fleet_link *l)
{
	for (struct fleet_call *call = l->calls, *next; call; call = next) {
		next = call->next;
		call_free(call);
	}
	count_bytes(l);
	l->before_in = atomic_load_explicit(&l->bytes_in, memory_order_relaxed);
	l->before_out = atomic_load_explicit(&l->bytes_out, memory_order_relaxed);
	nghttp2_session_del(l->http);
	SSL_free(l->ssl);
	ERR_clear_error();
	ward_fd_close(&l->fd);
	free(l->rest);
	l->rest = NULL;
	l->http = NULL;
	l->ssl = NULL;
	l->state = FLEET_CLOSED;
}

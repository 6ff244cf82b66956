/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: libcurl resolves, goes through the proxy and shakes hands (CURLOPT_CONNECT_ONLY), then
 * it only carries bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "client/channel-priv.h"
#include "sys/clock.h"

enum { READ_MAX = 1024 * 1024, IDLE_USEC = 10 * 1000 * 1000, PING_USEC = 5 * 1000 * 1000 };

/* --- faults --- */

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
		return WARD_FAULT_HTTP;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return WARD_FAULT_LOCAL;
	default:
		return WARD_FAULT_LOST;
	}
}

/* TLS's alerts, by their names in OpenSSL (RFC 8446 §6): in TLS 1.3 a client learns only after the
 * handshake that its certificate is not taken. */
static enum ward_fault
fault_of_alert(const char *text)
{
	if (strstr(text, "no application protocol"))
		return WARD_FAULT_HTTP;
	if (strstr(text, "certificate") || strstr(text, "unknown ca") ||
	    strstr(text, "access denied"))
		return WARD_FAULT_REFUSED;
	return WARD_FAULT_TLS;
}

static enum ward_fault
fault_of(const struct client_conn *c, CURLcode code)
{
	enum ward_fault fault = fault_of_code(code);
	long connect_code = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
	if (connect_code != 0 && connect_code / 100 != 2)
		return WARD_FAULT_PROXY;
	if ((fault == WARD_FAULT_LOST || fault == WARD_FAULT_TLS) && strstr(c->error, "alert"))
		return fault_of_alert(c->error);
	/* a proxy that cannot be reached */
	if (fault == WARD_FAULT_CONNECT && c->channel->proxy[0] && c->stage == CONN_CONNECTING)
		return WARD_FAULT_PROXY;
	return fault;
}

static const char *
stage_text(const struct client_conn *c)
{
	static const char *const words[] = {
		[CONN_CONNECTING] = "while connecting (TCP)",
		[CONN_SHAKING] = "in the TLS handshake",
		[CONN_UP] = "waiting for the answer",
	};

	return words[c->stage];
}

static void
fail_by_code(struct client_conn *c, CURLcode code)
{
	enum ward_fault fault = fault_of(c, code);
	const char *text = c->error[0] ? c->error : curl_easy_strerror(code);

	conn_fail(c, fault, fault == WARD_FAULT_TIMEOUT ? stage_text(c) : text);
}

void
conn_fail(struct client_conn *c, enum ward_fault fault, const char *text)
{
	struct ward_rpc *next;

	if (c->dead)
		return;
	c->dead = true;
	if (c->channel->current == c)
		c->channel->current = NULL;
	for (struct ward_rpc *rpc = c->channel->rpcs; rpc; rpc = next) {
		next = rpc->next;
		if (rpc->conn == c)
			rpc_over(rpc, fault, text);
	}
	channel_hurry(c->channel);
}

/* --- life --- */

static bool
set_connection(struct client_conn *c)
{
	const struct ward_channel *ch = c->channel;
	char url[CHANNEL_HOST + 16];
	CURL *e = c->easy;

	(void)snprintf(url, sizeof(url), "https://%s/", ch->server);
	return !curl_easy_setopt(e, CURLOPT_URL, url) &&
	       !curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") &&
	       !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)ch->connect_ms) &&
	       !curl_easy_setopt(e, CURLOPT_USERAGENT, ch->agent) &&
	       !curl_easy_setopt(e, CURLOPT_PROXY, ch->proxy) &&
	       !curl_easy_setopt(e, CURLOPT_NOPROXY, "") &&
	       !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error) &&
	       !curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)c);
}

static struct client_conn *
conn_new(struct ward_channel *ch)
{
	struct client_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->channel = ch;
	c->fd = -1;
	c->next = ch->conns;
	c->place = &ch->conns;
	if (c->next)
		c->next->place = &c->next;
	ch->conns = c;
	c->easy = curl_easy_init();
	if (!c->easy || !set_connection(c) || !conn_set_tls(c) ||
	    curl_multi_add_handle(ch->multi, c->easy)) {
		conn_free(c);
		return NULL;
	}
	return c;
}

void
conn_free(struct client_conn *c)
{
	ward_timer_clear(&c->patience);
	if (c->channel->current == c)
		c->channel->current = NULL;
	*c->place = c->next;
	if (c->next)
		c->next->place = c->place;
	if (c->fd >= 0)
		(void)epoll_ctl(c->channel->poller, EPOLL_CTL_DEL, c->fd, NULL);
	nghttp2_session_del(c->session);
	if (c->easy)
		(void)curl_multi_remove_handle(c->channel->multi, c->easy);
	curl_easy_cleanup(c->easy); /* closes the connection, too: nobody else may use it */
	free(c);
}

/* A connection that was silent for long may be gone without a word: asks it. */
static void
no_answer(void *context)
{
	conn_fail(context, WARD_FAULT_LOST, "the connection is silent");
}

static void
check_alive(struct client_conn *c)
{
	uint64_t now = ward_clock_monotonic();

	if (c->stage != CONN_UP || c->patience.place || now - c->last_read < IDLE_USEC)
		return;
	(void)nghttp2_submit_ping(c->session, NGHTTP2_FLAG_NONE, NULL);
	ward_timer_set(c->channel, &c->patience, now + PING_USEC, no_answer, c);
}

struct client_conn *
conn_for_call(struct ward_channel *ch)
{
	if (ch->current && (ch->current->dead || ch->current->draining))
		ch->current = NULL;
	if (!ch->current)
		ch->current = conn_new(ch);
	else
		check_alive(ch->current);
	return ch->current;
}

/* --- connected --- */

static void
watch(struct client_conn *c)
{
	bool write = c->out_sent < c->out_len;
	struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.fd = c->fd};

	if (write == c->watched_write)
		return;
	c->watched_write = write;
	(void)epoll_ctl(c->channel->poller, EPOLL_CTL_MOD, c->fd, &event);
}

void
conn_connected(struct client_conn *c, CURLcode code)
{
	struct epoll_event event = {.events = EPOLLIN};
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (code == CURLE_OK)
		code = curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (code == CURLE_OK && fd == CURL_SOCKET_BAD)
		code = CURLE_RECV_ERROR;
	if (code != CURLE_OK) {
		fail_by_code(c, code);
		return;
	}
	if (!c->speaks_h2) {
		conn_fail(c, WARD_FAULT_HTTP, "it speaks no HTTP/2");
		return;
	}
	c->stage = CONN_UP;
	c->last_read = ward_clock_monotonic();
	event.data.fd = fd;
	if (h2_new(c) || epoll_ctl(c->channel->poller, EPOLL_CTL_ADD, fd, &event) != 0) {
		conn_fail(c, WARD_FAULT_LOCAL, "no memory");
		return;
	}
	c->fd = fd;
	channel_hurry(c->channel);
}

/* --- bytes --- */

static bool
fill_out(struct client_conn *c)
{
	const uint8_t *data;
	ssize_t n;

	c->out_len = c->out_sent = 0;
	/* the largest frame is 16 KiB and its header */
	while (c->out_len + 16393 <= CONN_OUT &&
	       (n = nghttp2_session_mem_send(c->session, &data)) > 0) {
		memcpy(c->out + c->out_len, data, (size_t)n);
		c->out_len += (size_t)n;
	}
	return c->out_len > 0;
}

static CURLcode
write_out(struct client_conn *c)
{
	CURLcode code = CURLE_OK;

	do {
		while (c->out_sent < c->out_len) {
			size_t n = 0;

			code = curl_easy_send(c->easy, c->out + c->out_sent,
					      c->out_len - c->out_sent, &n);
			if (code != CURLE_OK)
				return code;
			c->out_sent += n;
		}
	} while (fill_out(c));
	return code;
}

void
conn_flush(struct client_conn *c)
{
	CURLcode code;

	if (c->dead || c->stage != CONN_UP)
		return;
	code = write_out(c);
	if (code != CURLE_OK && code != CURLE_AGAIN) {
		/* why the other end closed it stands in what it sent last */
		conn_ready(c);
		fail_by_code(c, code);
		return;
	}
	watch(c);
	/* nghttp2 has given up on the other end, and told it */
	if (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))
		conn_fail(c, c->spoke ? WARD_FAULT_LOST : WARD_FAULT_HTTP,
			  c->spoke ? "the connection was ended" : "it speaks no HTTP/2");
}

static bool
take_bytes(struct client_conn *c, const uint8_t *bytes, size_t len)
{
	ssize_t n = nghttp2_session_mem_recv(c->session, bytes, len);

	c->last_read = ward_clock_monotonic();
	ward_timer_clear(&c->patience);
	if (n == (ssize_t)len)
		return true;
	if (!c->spoke)
		conn_fail(c, WARD_FAULT_HTTP, "it speaks no HTTP/2");
	else
		conn_fail(c, WARD_FAULT_GARBAGE, nghttp2_strerror((int)n));
	return false;
}

void
conn_ready(struct client_conn *c)
{
	uint8_t in[CONN_IN];
	size_t n = 0, total = 0;
	CURLcode code = CURLE_OK;

	while (!c->dead && total < READ_MAX) {
		code = curl_easy_recv(c->easy, in, sizeof(in), &n);
		if (code != CURLE_OK || n == 0)
			break;
		total += n;
		if (!take_bytes(c, in, n))
			return;
	}
	if (c->dead)
		return;
	if (code == CURLE_OK && n == 0)
		conn_fail(c, WARD_FAULT_LOST, "the server closed the connection");
	else if (code != CURLE_OK && code != CURLE_AGAIN)
		fail_by_code(c, code);
	else if (total >= READ_MAX)
		channel_hurry(c->channel);
}

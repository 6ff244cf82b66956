/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: handshake, bytes in, frames out, limits of its own. */
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cloud/edge/edge-priv.h"
#include "sys/fd.h"

enum { RESETS = 200, PINGS = 50, SETTINGS = 20, EMPTY = 200 }; /* a second */

#define MS UINT64_C(1000)

/* --- HTTP/2 --- */

static nghttp2_session *
new_session(struct edge_conn *c)
{
	const struct ward_edge_options *o = &c->loop->edge->o;
	nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->streams_max},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, EDGE_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, EDGE_HEADER_BYTES},
		/* RFC 9218 §2.1: no tree of priorities to build, to keep and to attack */
		{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_session *session = NULL;
	nghttp2_option *option = NULL;

	if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0) {
		edge_call_callbacks(callbacks);
		nghttp2_option_set_no_auto_window_update(option, 1);
		nghttp2_option_set_no_closed_streams(option, 1);
		nghttp2_option_set_max_outbound_ack(option, 100);
		nghttp2_option_set_peer_max_concurrent_streams(option, o->streams_max);
		if (nghttp2_session_server_new2(&session, callbacks, c, option) != 0)
			session = NULL;
	}
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (session &&
	    (nghttp2_submit_settings(session, 0, settings, 4) != 0 ||
	     nghttp2_session_set_local_window_size(session, 0, 0, 4 * EDGE_WINDOW) != 0)) {
		nghttp2_session_del(session);
		session = NULL;
	}
	return session;
}

/* --- life --- */

void
edge_conn_open(struct edge_loop *loop, int fd, const char *address)
{
	struct edge_conn *c = calloc(1, sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = c};

	if (c) {
		pthread_mutex_lock(&loop->edge->tls_lock);
		c->ssl = SSL_new(loop->edge->tls);
		pthread_mutex_unlock(&loop->edge->tls_lock);
	}
	if (!c || !c->ssl || SSL_set_fd(c->ssl, fd) != 1 ||
	    epoll_ctl(loop->poller, EPOLL_CTL_ADD, fd, &event) != 0) {
		if (c)
			SSL_free(c->ssl);
		free(c);
		edge_address_give(loop, address);
		(void)close(fd);
		return;
	}
	SSL_set_accept_state(c->ssl);
	c->loop = loop;
	c->fd = fd;
	c->begun = c->last_call = c->last_write = loop->now;
	memcpy(c->peer.address, address, strnlen(address, sizeof(c->peer.address) - 1));
	c->next = loop->conns;
	if (c->next)
		c->next->prev = c;
	loop->conns = c;
	atomic_fetch_add(&loop->figures.connections, 1);
	atomic_fetch_add(&loop->figures.accepted, 1);
	atomic_fetch_add(&loop->edge->connections, 1);
}

void
edge_conn_free(struct edge_conn *c)
{
	struct edge_loop *loop = c->loop;

	while (c->calls)
		edge_call_free(c->calls, true);
	if (c->next)
		c->next->prev = c->prev;
	*(c->prev ? &c->prev->next : &loop->conns) = c->next;
	nghttp2_session_del(c->session);
	SSL_free(c->ssl);
	ERR_clear_error();
	(void)close(c->fd);
	free(c->out);
	edge_address_give(loop, c->peer.address);
	atomic_fetch_sub(&loop->figures.connections, 1);
	atomic_fetch_sub(&loop->edge->connections, 1);
	free(c);
}

void
edge_conn_dirty(struct edge_conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = c->loop->dirty;
	c->loop->dirty = c;
}

void
edge_conn_kill(struct edge_conn *c)
{
	c->dead = true;
	edge_conn_dirty(c);
}

void
edge_conn_goaway(struct edge_conn *c, uint32_t error)
{
	if (!c->session || c->draining)
		return;
	c->draining = true;
	(void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
				    nghttp2_session_get_last_proc_stream_id(c->session), error,
				    NULL, 0);
	edge_conn_dirty(c);
}

/* --- writing --- */

/* Frames of many calls go out in one piece. */
static bool
fill_out(struct edge_conn *c)
{
	const uint8_t *data;
	ssize_t n;

	if (!c->out)
		c->out = malloc(EDGE_OUT);
	if (!c->out) {
		c->dead = true;
		return false;
	}
	c->out_len = c->out_sent = 0;
	/* the largest frame is 16 KiB and its header */
	while (c->out_len + 16393 <= EDGE_OUT &&
	       (n = nghttp2_session_mem_send(c->session, &data)) > 0) {
		memcpy(c->out + c->out_len, data, (size_t)n);
		c->out_len += (size_t)n;
	}
	return c->out_len > 0;
}

static void
write_out(struct edge_conn *c)
{
	do {
		while (c->out_sent < c->out_len) {
			int n = SSL_write(c->ssl, c->out + c->out_sent,
					  (int)(c->out_len - c->out_sent));

			if (n <= 0) {
				int error = SSL_get_error(c->ssl, n);

				c->want_out = error == SSL_ERROR_WANT_WRITE;
				c->dead |= !c->want_out && error != SSL_ERROR_WANT_READ;
				return;
			}
			c->out_sent += (size_t)n;
			c->last_write = c->loop->now;
			atomic_fetch_add_explicit(&c->loop->figures.bytes_out, (uint64_t)n,
						  memory_order_relaxed);
		}
		c->want_out = false;
	} while (fill_out(c));
	if (c->loop->figures.connections > 64) { /* ten thousand silent ones need no buffers */
		free(c->out);
		c->out = NULL;
		c->out_len = c->out_sent = 0;
	}
}

void
edge_conn_flush(struct edge_conn *c)
{
	edge_loop_tick(c->loop);
	if (!c->dead && c->session && !c->want_out)
		write_out(c);
	if (!c->dead && c->session && !c->want_out && !nghttp2_session_want_read(c->session) &&
	    !nghttp2_session_want_write(c->session))
		c->dead = true;
	if (c->dead)
		edge_conn_free(c);
}

/* --- reading --- */

static void
shake(struct edge_conn *c)
{
	int n = SSL_do_handshake(c->ssl), error;

	if (n == 1) {
		edge_tls_peer(c->ssl, c->loop->edge->organisation, &c->peer);
		c->session = new_session(c);
		c->shaken = true;
		c->last_call = c->loop->now;
		if (c->session)
			edge_conn_dirty(c);
		else
			edge_conn_kill(c);
		return;
	}
	error = SSL_get_error(c->ssl, n);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return;
	atomic_fetch_add(&c->loop->figures.handshakes_failed, 1);
	edge_event(c->loop->edge, "handshake", c->peer.address,
		   ERR_reason_error_string(ERR_peek_error()));
	edge_conn_kill(c);
}

static void
read_in(struct edge_conn *c)
{
	int n = 1;

	while (!c->dead) {
		n = SSL_read(c->ssl, c->loop->in, EDGE_IN);
		if (n <= 0)
			break;
		edge_loop_tick(c->loop);
		atomic_fetch_add_explicit(&c->loop->figures.bytes_in, (uint64_t)n,
					  memory_order_relaxed);
		if (nghttp2_session_mem_recv(c->session, c->loop->in, (size_t)n) != n)
			edge_conn_kill(c);
	}
	if (!c->dead && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ &&
	    SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_WRITE)
		edge_conn_kill(c);
	edge_conn_dirty(c);
}

void
edge_conn_ready(struct edge_conn *c, unsigned events)
{
	ERR_clear_error();
	if (events & EPOLLOUT)
		c->want_out = false;
	if (!c->shaken)
		shake(c);
	if (c->shaken && !c->dead)
		read_in(c);
	if (events & (EPOLLHUP | EPOLLERR))
		edge_conn_kill(c);
}

/* --- limits --- */

static struct edge_pace *
pace_of(struct edge_conn *c)
{
	uint64_t second = c->loop->now / 1000000;

	if (c->pace.second != second)
		c->pace = (struct edge_pace){.second = second};
	return &c->pace;
}

/* Frames that cost us more than their sender (CVE-2023-44487, CVE-2019-9511 to 9518). */
static bool
too_fast(struct edge_conn *c, const nghttp2_frame *frame)
{
	struct edge_pace *p;

	if (frame->hd.type == NGHTTP2_HEADERS)
		return false;
	p = pace_of(c);
	switch (frame->hd.type) {
	case NGHTTP2_RST_STREAM:
		return ++p->resets > RESETS;
	case NGHTTP2_PING:
		return ++p->pings > PINGS;
	case NGHTTP2_SETTINGS:
		return ++p->settings > SETTINGS;
	case NGHTTP2_DATA:
		return frame->hd.length == 0 && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
		       ++p->empty > EMPTY;
	case NGHTTP2_PRIORITY:
		return ++p->empty > EMPTY;
	default:
		return false;
	}
}

bool
edge_conn_frame(struct edge_conn *c, const nghttp2_frame *frame)
{
	if (!too_fast(c, frame))
		return true;
	atomic_fetch_add(&c->loop->figures.floods, 1);
	edge_event(c->loop->edge, "flood", c->peer.address, NULL);
	edge_conn_goaway(c, NGHTTP2_ENHANCE_YOUR_CALM);
	edge_conn_kill(c);
	return false;
}

void
edge_conn_sweep(struct edge_conn *c, uint64_t now)
{
	const struct ward_edge_options *o = &c->loop->edge->o;
	struct ward_call *next;

	if (!c->shaken) {
		if (now - c->begun > o->handshake_ms * MS)
			edge_conn_kill(c);
		return;
	}
	for (struct ward_call *call = c->calls; call; call = next) {
		next = call->next;
		edge_call_sweep(call, now);
	}
	if ((c->want_out && now - c->last_write > o->stall_ms * MS) ||
	    (c->mid_frame && now - c->mid_frame > o->stall_ms * MS))
		edge_conn_kill(c);
	else if (!c->calls && now - c->last_call > o->idle_ms * MS)
		edge_conn_goaway(c, NGHTTP2_NO_ERROR);
}

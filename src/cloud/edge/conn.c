/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: handshake, bytes in, frames out, limits of its own. */
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cloud/edge/edge-priv.h"
#include "sys/fd.h"

enum { RESETS = 200, PINGS = 50, SETTINGS = 20, EMPTY = 200, WINDOWS = 5000 }; /* a second */
enum { FAREWELL_MS = 1000 }; /* for the peer to read the end and close */

#define MS UINT64_C(1000)

/* --- HTTP/2 --- */

static void *
take_memory(size_t size, void *context)
{
	struct edge_loop *loop = context;

	if (loop->frame_wanted && size > 16384 && size <= EDGE_FRAME) {
		loop->frame_wanted = false;
		return loop->frame;
	}
	return malloc(size);
}

static void
give_memory(void *memory, void *context)
{
	const struct edge_loop *loop = context;

	if (memory != loop->frame)
		free(memory);
}

static void *
take_zeroes(size_t count, size_t size, void *context)
{
	(void)context;
	return calloc(count, size);
}

/* The frame's buffer has one size for ever; if another nghttp2 thinks otherwise its session ends. */
static void *
change_memory(void *memory, size_t size, void *context)
{
	const struct edge_loop *loop = context;

	if (!memory)
		return take_memory(size, context);
	return memory == loop->frame ? NULL : realloc(memory, size);
}

enum ward_rc
edge_sessions_init(struct edge_loop *loop)
{
	loop->allocator = (nghttp2_mem){loop, take_memory, give_memory, take_zeroes, change_memory};
	loop->frame = malloc(EDGE_FRAME);
	if (!loop->frame || nghttp2_session_callbacks_new(&loop->callbacks) != 0 ||
	    nghttp2_option_new(&loop->option) != 0)
		return WARD_E_NOMEM;
	edge_call_callbacks(loop->callbacks);
	nghttp2_option_set_no_auto_window_update(loop->option, 1);
	nghttp2_option_set_no_closed_streams(loop->option, 1);
	nghttp2_option_set_max_outbound_ack(loop->option, 100);
	nghttp2_option_set_peer_max_concurrent_streams(loop->option, loop->edge->o.streams_max);
	return WARD_OK;
}

void
edge_sessions_done(struct edge_loop *loop)
{
	nghttp2_session_callbacks_del(loop->callbacks);
	nghttp2_option_del(loop->option);
	free(loop->frame);
}

enum ward_rc
edge_conn_session(struct edge_conn *c)
{
	struct edge_loop *loop = c->loop;
	nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, loop->edge->o.streams_max},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, EDGE_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, EDGE_HEADER_BYTES},
		/* RFC 9218 §2.1: no tree of priorities to build, to keep and to attack */
		{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	nghttp2_session *session = NULL;

	loop->frame_wanted = true;
	if (nghttp2_session_server_new3(&session, loop->callbacks, c, loop->option,
					&loop->allocator) != 0)
		session = NULL;
	loop->frame_wanted = false;
	if (session &&
	    (nghttp2_submit_settings(session, 0, settings, 4) != 0 ||
	     nghttp2_session_set_local_window_size(session, 0, 0, 4 * EDGE_WINDOW) != 0)) {
		nghttp2_session_del(session);
		session = NULL;
	}
	c->session = session;
	return session ? WARD_OK : WARD_E_NOMEM;
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
	edge_tls_watch(c->ssl, &c->drained);
	c->loop = loop;
	c->memory =
		(struct ward_budget){.cap = loop->memory.cap / EDGE_SHARE, .parent = &loop->memory};
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

static void
forget_dirty(const struct edge_conn *c)
{
	struct edge_conn **at = &c->loop->dirty;

	if (!c->dirty)
		return;
	while (*at != c)
		at = &(*at)->next_dirty;
	*at = c->next_dirty;
}

void
edge_conn_free(struct edge_conn *c)
{
	struct edge_loop *loop = c->loop;

	while (c->calls)
		edge_call_free(c->calls, true);
	forget_dirty(c);
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
edge_conn_goaway(struct edge_conn *c)
{
	if (!c->session || c->draining)
		return;
	c->draining = true;
	c->drained_at = c->loop->now;
	(void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
				    nghttp2_session_get_last_proc_stream_id(c->session),
				    NGHTTP2_NO_ERROR, NULL, 0);
	edge_conn_dirty(c);
}

void
edge_conn_end(struct edge_conn *c, const char *text)
{
	for (struct ward_call *call = c->calls; call; call = call->next)
		if (call->started && call->method->kind != WARD_CALL_UNARY)
			ward_call_finish(call, WARD_GRPC_PERMISSION_DENIED, text);
	edge_conn_goaway(c);
}

/* --- writing --- */

/* Frames of many calls go out in one piece; how many bytes stand in the loop's buffer. */
static size_t
fill_out(struct edge_conn *c)
{
	const uint8_t *data;
	size_t len = 0;
	ssize_t n;

	/* the largest frame is 16 KiB and its header */
	while (len + 16393 <= EDGE_OUT && (n = nghttp2_session_mem_send(c->session, &data)) > 0) {
		memcpy(c->loop->out + len, data, (size_t)n);
		len += (size_t)n;
	}
	return len;
}

/* How much of it the socket took. */
static size_t
write_bytes(struct edge_conn *c, const uint8_t *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		int n = SSL_write(c->ssl, bytes + sent, (int)(len - sent));

		if (n <= 0) {
			int error = SSL_get_error(c->ssl, n);

			c->want_out = error == SSL_ERROR_WANT_WRITE;
			c->dead |= !c->want_out && error != SSL_ERROR_WANT_READ;
			break;
		}
		sent += (size_t)n;
		c->last_write = c->loop->now;
		atomic_fetch_add_explicit(&c->loop->figures.bytes_out, (uint64_t)n,
					  memory_order_relaxed);
	}
	return sent;
}

/* What the socket does not take now is the connection's to keep: ten thousand silent ones need no
 * buffers. */
static void
keep_rest(struct edge_conn *c, size_t len, size_t sent)
{
	c->out = malloc(len - sent);
	if (!c->out) {
		c->dead = true;
		return;
	}
	memcpy(c->out, c->loop->out + sent, len - sent);
	c->out_len = len - sent;
	c->out_sent = 0;
}

static bool
write_rest(struct edge_conn *c)
{
	c->out_sent += write_bytes(c, c->out + c->out_sent, c->out_len - c->out_sent);
	if (c->out_sent < c->out_len)
		return false;
	free(c->out);
	c->out = NULL;
	return true;
}

static void
write_out(struct edge_conn *c)
{
	size_t len, sent;

	c->want_out = false;
	if (c->out && !write_rest(c))
		return;
	while ((len = fill_out(c)) > 0) {
		sent = write_bytes(c, c->loop->out, len);
		if (sent < len) {
			if (!c->dead)
				keep_rest(c, len, sent);
			return;
		}
	}
}

void
edge_conn_flush(struct edge_conn *c)
{
	edge_loop_tick(c->loop);
	if (!c->dead && c->session && !c->want_out)
		write_out(c);
	if (!c->dead && c->session && !c->out && !nghttp2_session_want_read(c->session) &&
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
		c->shaken = true;
		c->last_call = c->loop->now;
		if (edge_conn_session(c))
			edge_conn_kill(c);
		else
			edge_conn_dirty(c);
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

/* `all`: until the socket says that there is nothing. Otherwise a read that got less than it could is
 * the last one, for what comes later is another event (epoll(7), "edge-triggered"). */
static void
read_in(struct edge_conn *c, bool all)
{
	int n = 1, error;

	while (!c->dead) {
		if (!all && c->drained && !SSL_has_pending(c->ssl))
			break;
		n = SSL_read(c->ssl, c->loop->in, EDGE_IN);
		if (n <= 0)
			break;
		edge_loop_tick(c->loop);
		atomic_fetch_add_explicit(&c->loop->figures.bytes_in, (uint64_t)n,
					  memory_order_relaxed);
		if (nghttp2_session_mem_recv(c->session, c->loop->in, (size_t)n) != n)
			edge_conn_kill(c);
	}
	error = c->dead || n > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, n);
	if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ &&
	    error != SSL_ERROR_WANT_WRITE)
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
	else if (events & EPOLLIN)
		c->drained = false;
	if (c->shaken && !c->dead)
		read_in(c, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
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
	case NGHTTP2_WINDOW_UPDATE:
		return ++p->windows > WINDOWS;
	default:
		return false;
	}
}

/* Says so and hears nothing more; the connection closes when that is written. */
static void
calm(struct edge_conn *c)
{
	if (c->calmed)
		return;
	c->calmed = true;
	atomic_fetch_add(&c->loop->figures.floods, 1);
	edge_event(c->loop->edge, "flood", c->peer.address, NULL);
	if (nghttp2_session_terminate_session(c->session, NGHTTP2_ENHANCE_YOUR_CALM) != 0)
		edge_conn_kill(c);
	edge_conn_dirty(c);
}

void
edge_conn_received(struct edge_conn *c, const nghttp2_frame *frame)
{
	c->settled = true;
	if (too_fast(c, frame))
		calm(c);
}

/* PRIORITY and unknown frames mean nothing here, and nghttp2 passes over them. */
void
edge_conn_begun(struct edge_conn *c, const nghttp2_frame_hd *hd)
{
	if ((hd->type == NGHTTP2_PRIORITY || hd->type > NGHTTP2_CONTINUATION) &&
	    ++pace_of(c)->empty > EMPTY)
		calm(c);
}

void
edge_conn_reset(struct edge_conn *c)
{
	if (++pace_of(c)->resets > RESETS)
		calm(c);
}

static bool
stalls(const struct edge_conn *c, uint64_t now)
{
	const struct ward_edge_options *o = &c->loop->edge->o;

	if (!c->settled) /* TLS, the preface and the first frame */
		return now - c->begun > o->handshake_ms * MS;
	return (c->want_out && now - c->last_write > o->stall_ms * MS) ||
	       (c->mid_frame && now - c->mid_frame > o->stall_ms * MS) ||
	       (c->draining && !c->calls && now - c->drained_at > FAREWELL_MS * MS);
}

void
edge_conn_sweep(struct edge_conn *c, uint64_t now)
{
	struct ward_call *next;

	for (struct ward_call *call = c->calls; call; call = next) {
		next = call->next;
		edge_call_sweep(call, now);
	}
	if (stalls(c, now))
		edge_conn_kill(c);
	else if (!c->calls && now - c->last_call > c->loop->edge->o.idle_ms * MS)
		edge_conn_goaway(c);
	else if (c->peer.certified && c->peer.not_after_ms <= c->loop->wall_ms)
		edge_conn_end(c, "the certificate has expired");
}

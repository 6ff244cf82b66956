/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever waits (libcurl's sockets and clock while connecting, connections, timers) waits in one epoll
 * descriptor that the caller watches. Callbacks of libcurl and nghttp2 only note things; callers are
 * told at the top of _work, where they may start and cancel what they like.
 */
#include "client/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client/channel-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { EVENTS = 16 };

/* --- the clock --- */

static uint64_t
next_due(const struct ward_channel *ch)
{
	uint64_t due = ch->curl_due;

	if (ch->timers && ch->timers->due < due)
		due = ch->timers->due;
	return ch->busy ? 0 : due;
}

static void
set_clock(struct ward_channel *ch)
{
	uint64_t due = next_due(ch);
	struct itimerspec at = {.it_value = {0, 0}};

	if (due != UINT64_MAX) {
		at.it_value.tv_sec = (time_t)(due / 1000000);
		at.it_value.tv_nsec = (long)(due % 1000000) * 1000;
		if (due == 0)
			at.it_value.tv_nsec = 1; /* zero would disarm it */
	}
	(void)timerfd_settime(ch->clock, TFD_TIMER_ABSTIME, &at, NULL);
}

void
channel_hurry(struct ward_channel *ch)
{
	ch->busy = true;
	set_clock(ch);
}

void
ward_timer_clear(struct ward_timer *t)
{
	if (!t->place)
		return;
	*t->place = t->next;
	if (t->next)
		t->next->place = t->place;
	t->place = NULL;
}

void
ward_timer_set(struct ward_channel *ch, struct ward_timer *t, uint64_t due, ward_timer_fn fn,
	       void *context)
{
	struct ward_timer **place = &ch->timers;

	ward_timer_clear(t);
	while (*place && (*place)->due <= due)
		place = &(*place)->next;
	*t = (struct ward_timer){*place, place, due, fn, context};
	if (t->next)
		t->next->place = &t->next;
	*place = t;
	set_clock(ch);
}

static void
run_timers(struct ward_channel *ch)
{
	uint64_t now = ward_clock_monotonic();

	while (ch->timers && ch->timers->due <= now) {
		struct ward_timer *t = ch->timers;

		ward_timer_clear(t);
		t->fn(t->context);
	}
}

/* --- libcurl's wishes --- */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct ward_channel *ch = context;
	struct epoll_event event = {.data.fd = fd};

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(ch->poller, EPOLL_CTL_DEL, fd, NULL);
		(void)curl_multi_assign(ch->multi, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(ch->poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
		(void)epoll_ctl(ch->poller, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
	(void)curl_multi_assign(ch->multi, fd, ch);
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *context)
{
	struct ward_channel *ch = context;

	(void)multi;
	ch->curl_due = ms < 0 ? UINT64_MAX : ward_clock_monotonic() + (uint64_t)ms * 1000;
	return 0;
}

/* --- life --- */

static uint8_t *
copy_of(struct ward_span s)
{
	uint8_t *copy = malloc(s.len + 1);

	if (copy) {
		if (s.len > 0)
			memcpy(copy, s.data, s.len);
		copy[s.len] = 0;
	}
	return copy;
}

static enum ward_rc
copy_options(struct ward_channel *ch, const struct ward_channel_options *o)
{
	bool proxy = o->proxy && *o->proxy;

	if (!o->server || !ward_address_valid(o->server) || strlen(o->server) >= CHANNEL_HOST ||
	    (proxy && !ward_proxy_valid(o->proxy)) || (!o->ca.len && !o->ca_sha256))
		return WARD_E_INVAL;
	(void)snprintf(ch->server, sizeof(ch->server), "%s", o->server);
	(void)snprintf(ch->proxy, sizeof(ch->proxy), "%s", proxy ? o->proxy : "");
	(void)snprintf(ch->agent, sizeof(ch->agent), "%s", o->agent ? o->agent : "ward");
	ch->connect_ms = o->connect_ms ? o->connect_ms : 5000;
	ch->pinned = o->ca_sha256 != NULL;
	if (ch->pinned)
		memcpy(ch->ca_sha256, o->ca_sha256, sizeof(ch->ca_sha256));
	ch->ca = copy_of(o->ca);
	ch->ca_len = o->ca.len;
	ch->identity = copy_of(o->identity);
	ch->identity_len = o->identity.len;
	return ch->ca && ch->identity ? WARD_OK : WARD_E_NOMEM;
}

static bool
set_up(struct ward_channel *ch)
{
	struct epoll_event event = {.events = EPOLLIN};

	ch->multi = curl_multi_init();
	ch->poller = epoll_create1(EPOLL_CLOEXEC);
	ch->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = ch->clock;
	return ch->multi && ch->poller >= 0 && ch->clock >= 0 &&
	       epoll_ctl(ch->poller, EPOLL_CTL_ADD, ch->clock, &event) == 0 &&
	       !curl_multi_setopt(ch->multi, CURLMOPT_SOCKETFUNCTION, on_socket) &&
	       !curl_multi_setopt(ch->multi, CURLMOPT_SOCKETDATA, ch) &&
	       !curl_multi_setopt(ch->multi, CURLMOPT_TIMERFUNCTION, on_timer) &&
	       !curl_multi_setopt(ch->multi, CURLMOPT_TIMERDATA, ch);
}

enum ward_rc
ward_channel_new(const struct ward_channel_options *options, struct ward_channel **ret)
{
	struct ward_channel *ch = calloc(1, sizeof(*ch));
	enum ward_rc rc;

	if (!ch)
		return WARD_E_NOMEM;
	ch->poller = ch->clock = -1;
	ch->curl_due = UINT64_MAX;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(ch);
		return WARD_E_NOMEM;
	}
	rc = copy_options(ch, options);
	if (!rc && !set_up(ch))
		rc = WARD_E_NOMEM;
	if (rc)
		ward_channel_free(ch);
	else
		*ret = ch;
	return rc;
}

struct ward_channel *
ward_channel_free(struct ward_channel *ch)
{
	if (!ch)
		return NULL;
	ch->ending = true;
	while (ch->rpcs)
		rpc_over(ch->rpcs, WARD_FAULT_CANCELLED, "");
	rpc_tell(ch);
	while (ch->conns)
		conn_free(ch->conns);
	while (ch->timers)
		ward_timer_clear(ch->timers);
	(void)curl_multi_cleanup(ch->multi);
	ward_fd_close(&ch->poller);
	ward_fd_close(&ch->clock);
	if (ch->identity)
		explicit_bzero(ch->identity, ch->identity_len);
	explicit_bzero(ch->proxy, sizeof(ch->proxy));
	free(ch->identity);
	free(ch->ca);
	free(ch);
	curl_global_cleanup();
	return NULL;
}

int
ward_channel_fd(const struct ward_channel *ch)
{
	return ch->poller;
}

/* --- work --- */

/* A connection of ours by its descriptor; NULL: libcurl's. */
static struct client_conn *
conn_of(const struct ward_channel *ch, int fd)
{
	struct client_conn *c = ch->conns;

	while (c && c->fd != fd)
		c = c->next;
	return c;
}

static void
take_event(struct ward_channel *ch, const struct epoll_event *event)
{
	int fd = event->data.fd, running;
	int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		   (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		   (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
	struct client_conn *c = fd == ch->clock ? NULL : conn_of(ch, fd);
	uint64_t ticks;

	if (fd == ch->clock)
		(void)!read(ch->clock, &ticks, sizeof(ticks));
	else if (c)
		conn_ready(c);
	else
		(void)curl_multi_socket_action(ch->multi, fd, what, &running);
}

static void
take_events(struct ward_channel *ch)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(ch->poller, events, EVENTS, 0), running;

	for (int i = 0; i < n; i++)
		take_event(ch, &events[i]);
	if (ch->curl_due <= ward_clock_monotonic()) {
		ch->curl_due = UINT64_MAX;
		(void)curl_multi_socket_action(ch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}

static void
take_connected(struct ward_channel *ch)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(ch->multi, &left))) {
		struct client_conn *c = NULL;
		CURLcode code = m->data.result;

		if (m->msg == CURLMSG_DONE &&
		    !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c) && c)
			conn_connected(c, code);
	}
}

/* Sends what there is; lets go of those that are dead, or told to go and without calls. */
static void
tend_conns(struct ward_channel *ch)
{
	struct client_conn *next;

	for (struct client_conn *c = ch->conns; c; c = next) {
		next = c->next;
		conn_flush(c);
		if (c->dead || (c->draining && c->rpcs == 0))
			conn_free(c);
	}
}

void
ward_channel_work(struct ward_channel *ch)
{
	ch->busy = false;
	take_events(ch);
	take_connected(ch);
	run_timers(ch);
	rpc_begin_waiting(ch);
	tend_conns(ch);
	rpc_tell(ch);
	set_clock(ch);
}

void
ward_channel_wait(struct ward_channel *ch, int ms)
{
	struct pollfd p = {.fd = ch->poller, .events = POLLIN};

	if (poll(&p, 1, ms) >= 0 || errno == EINTR)
		ward_channel_work(ch);
}

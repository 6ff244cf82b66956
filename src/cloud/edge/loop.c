/* SPDX-License-Identifier: Apache-2.0 */
/* One thread: waits, takes connections, runs what was posted, sweeps, flushes. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cloud/edge/edge-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/net.h"

enum { EVENTS = 256, ROUND_MS = 20, ADDRESSES = 65536, NO_SLOT = UINT32_MAX };

/* Connections of an address, counted in a table by its digest: a collision only shares a limit. */
struct edge_addresses {
	uint16_t count[ADDRESSES];
};

static uint16_t *
address_slot(struct edge_loop *loop, const char *address)
{
	uint32_t hash = 2166136261;

	for (; *address; address++)
		hash = (hash ^ (uint8_t)*address) * 16777619;
	return &loop->addresses->count[(hash ^ hash >> 16) % ADDRESSES];
}

bool
edge_address_take(struct edge_loop *loop, const char *address)
{
	uint16_t *count = address_slot(loop, address);
	unsigned max = loop->edge->o.address_max / loop->edge->loop_count + 1;

	if (*count >= max || *count == UINT16_MAX)
		return false;
	(*count)++;
	return true;
}

void
edge_address_give(struct edge_loop *loop, const char *address)
{
	(*address_slot(loop, address))--;
}

void
edge_event(struct ward_edge *edge, const char *what, const char *address, const char *detail)
{
	if (edge->o.hooks.event)
		edge->o.hooks.event(edge->o.hooks.context, what, address, detail ? detail : "");
}

/* --- slots: names of calls that outlive them --- */

static enum ward_rc
more_slots(struct edge_loop *loop)
{
	uint32_t count = loop->slot_count ? 2 * loop->slot_count : 256;
	struct edge_slot *slots = realloc(loop->slots, count * sizeof(*slots));

	if (!slots)
		return WARD_E_NOMEM;
	for (uint32_t i = loop->slot_count; i < count; i++)
		slots[i] = (struct edge_slot){NULL, 0, i + 1 < count ? i + 1 : NO_SLOT};
	loop->first_free = loop->slot_count;
	loop->slots = slots;
	loop->slot_count = count;
	return WARD_OK;
}

enum ward_rc
edge_slot_take(struct edge_loop *loop, struct ward_call *call)
{
	enum ward_rc rc = loop->first_free == NO_SLOT ? more_slots(loop) : WARD_OK;
	struct edge_slot *slot;

	if (rc)
		return rc;
	call->slot = loop->first_free;
	call->serial = ++loop->next_serial;
	slot = &loop->slots[call->slot];
	loop->first_free = slot->next_free;
	slot->call = call;
	slot->serial = call->serial;
	return WARD_OK;
}

void
edge_slot_give(struct edge_loop *loop, struct ward_call *call)
{
	struct edge_slot *slot = &loop->slots[call->slot];

	slot->call = NULL;
	slot->next_free = loop->first_free;
	loop->first_free = call->slot;
}

/* --- posts --- */

void
edge_loop_wake(struct edge_loop *loop)
{
	uint64_t one = 1;
	ssize_t n = write(loop->wakeup, &one, sizeof(one));

	(void)n; /* full means that it wakes anyway */
}

void
edge_loop_tick(struct edge_loop *loop)
{
	loop->now = ward_clock_monotonic();
	loop->wall_ms = ward_clock_wall() / 1000;
}

void
edge_post(struct edge_loop *loop, struct edge_post *post)
{
	bool first;

	pthread_mutex_lock(&loop->lock);
	first = loop->posts == NULL;
	if (loop->ended) {
		pthread_mutex_unlock(&loop->lock);
		if (post->fn)
			post->fn(NULL, post->arg);
		free(post);
		return;
	}
	*loop->last_post = post;
	loop->last_post = &post->next;
	pthread_mutex_unlock(&loop->lock);
	if (first)
		edge_loop_wake(loop);
}

static void
drop(struct edge_loop *loop, const struct edge_post *post)
{
	for (struct edge_conn *c = loop->conns; c; c = c->next)
		if (c->peer.certified && memcmp(c->peer.device, post->device, 16) == 0)
			edge_conn_end(c, "revoked");
}

static void
run_post(struct edge_loop *loop, struct edge_post *post, bool ending)
{
	const struct edge_slot *slot =
		post->ref.slot < loop->slot_count ? &loop->slots[post->ref.slot] : NULL;
	struct ward_call *call = !ending && slot && slot->call && slot->serial == post->ref.serial
					 ? slot->call
					 : NULL;

	if (!post->fn)
		drop(loop, post);
	else
		post->fn(call, post->arg);
	ward_arena_restore(loop->arena, loop->empty);
	free(post);
}

static void
run_posts(struct edge_loop *loop, bool ending)
{
	struct edge_post *posts;

	pthread_mutex_lock(&loop->lock);
	loop->ended = ending;
	posts = loop->posts;
	loop->posts = NULL;
	loop->last_post = &loop->posts;
	pthread_mutex_unlock(&loop->lock);
	while (posts) {
		struct edge_post *post = posts;

		posts = post->next;
		run_post(loop, post, ending);
	}
}

/* --- the round --- */

static void
take_connections(struct edge_loop *loop)
{
	struct ward_edge *edge = loop->edge;
	char address[WARD_NET_ADDRESS];
	int fd;

	for (unsigned i = 0; i < 64 && !ward_net_accept(loop->listener, &fd, address); i++) {
		if (atomic_load(&edge->connections) < edge->o.connections_max &&
		    edge_address_take(loop, address)) {
			edge_conn_open(loop, fd, address);
			continue;
		}
		atomic_fetch_add(&loop->figures.refused, 1);
		edge_event(edge, "refused", address, "too many connections");
		(void)close(fd);
	}
}

static void
flush_dirty(struct edge_loop *loop)
{
	while (loop->dirty) {
		struct edge_conn *c = loop->dirty;

		loop->dirty = c->next_dirty;
		c->dirty = false;
		edge_conn_flush(c);
	}
}

static void
sweep(struct edge_loop *loop)
{
	edge_loop_tick(loop);
	if (loop->now - loop->last_sweep < ROUND_MS * 1000)
		return;
	loop->last_sweep = loop->now;
	for (struct edge_conn *c = loop->conns; c; c = c->next)
		edge_conn_sweep(c, loop->now);
}

/* Who only listens would listen for ever: it comes back to the next service. */
static void
end_listening(struct edge_conn *c)
{
	for (struct ward_call *call = c->calls; call; call = call->next)
		if (call->started && call->method->kind == WARD_CALL_SERVER_STREAM)
			ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the service stops");
	edge_conn_goaway(c);
}

static void
begin_drain(struct edge_loop *loop)
{
	loop->drained = true;
	(void)epoll_ctl(loop->poller, EPOLL_CTL_DEL, loop->listener, NULL);
	ward_fd_close(&loop->listener);
	for (struct edge_conn *c = loop->conns; c; c = c->next) {
		if (c->session)
			end_listening(c);
		else
			edge_conn_kill(c);
	}
}

static void
handle(struct edge_loop *loop, const struct epoll_event *event)
{
	uint64_t count;

	if (event->data.ptr == &loop->listener)
		take_connections(loop);
	else if (event->data.ptr == &loop->wakeup)
		(void)!read(loop->wakeup, &count, sizeof(count));
	else
		edge_conn_ready(event->data.ptr, event->events);
}

static void *
run(void *context)
{
	struct edge_loop *loop = context;
	struct epoll_event events[EVENTS];

	while (!atomic_load(&loop->stop)) {
		int n = epoll_wait(loop->poller, events, EVENTS, loop->conns ? ROUND_MS : 1000);

		edge_loop_tick(loop);
		for (int i = 0; i < n; i++)
			handle(loop, &events[i]);
		run_posts(loop, false);
		if (atomic_load(&loop->drain) && !loop->drained)
			begin_drain(loop);
		sweep(loop);
		flush_dirty(loop);
	}
	loop->dirty = NULL;
	while (loop->conns)
		edge_conn_free(loop->conns);
	run_posts(loop, true);
	return NULL;
}

enum ward_rc
edge_loop_init(struct edge_loop *loop)
{
	loop->first_free = NO_SLOT;
	loop->last_post = &loop->posts;
	pthread_mutex_init(&loop->lock, NULL);
	loop->memory.cap = loop->edge->o.loop_memory;
	loop->scratch.cap = EDGE_ARENA;
	loop->arena = ward_arena_new(&loop->scratch);
	loop->in = malloc(EDGE_IN);
	loop->out = malloc(EDGE_OUT);
	loop->addresses = calloc(1, sizeof(*loop->addresses));
	edge_loop_tick(loop);
	loop->last_sweep = loop->now;
	/* one piece of memory serves most messages; only large ones ask for more */
	if (!loop->arena || !loop->in || !loop->out || !loop->addresses ||
	    ward_arena_keep(loop->arena, EDGE_ARENA_KEPT) || edge_sessions_init(loop))
		return WARD_E_NOMEM;
	loop->empty = ward_arena_save(loop->arena);
	return WARD_OK;
}

void
edge_loop_done(struct edge_loop *loop)
{
	ward_fd_close(&loop->listener);
	ward_fd_close(&loop->poller);
	ward_fd_close(&loop->wakeup);
	ward_arena_free(loop->arena);
	free(loop->in);
	free(loop->out);
	edge_sessions_done(loop);
	free(loop->addresses);
	free(loop->slots);
}

enum ward_rc
edge_loop_start(struct edge_loop *loop)
{
	struct epoll_event listening = {.events = EPOLLIN, .data.ptr = &loop->listener};
	struct epoll_event waking = {.events = EPOLLIN, .data.ptr = &loop->wakeup};
	enum ward_rc rc = edge_loop_init(loop);

	if (rc)
		return rc;
	loop->poller = epoll_create1(EPOLL_CLOEXEC);
	loop->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->poller < 0 || loop->wakeup < 0)
		return WARD_E_NOMEM;
	if (epoll_ctl(loop->poller, EPOLL_CTL_ADD, loop->listener, &listening) != 0 ||
	    epoll_ctl(loop->poller, EPOLL_CTL_ADD, loop->wakeup, &waking) != 0)
		return WARD_E_IO;
	if (pthread_create(&loop->thread, NULL, run, loop) != 0)
		return WARD_E_NOMEM;
	loop->running = true;
	return WARD_OK;
}

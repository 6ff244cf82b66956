/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates: who subscribed has a position and is sent what the feed (feed.h) has behind it, as fast as
 * his connection takes it; heartbeats in between. Subscribers belong to their loop, which alone
 * touches them; the feed wakes all loops when something is new, and now and then for the heartbeats.
 */
#include <stdlib.h>

#include "cloud/service/feed.h"
#include "cloud/service/ledger.h"
#include "cloud/service/service-priv.h"
#include "sys/clock.h"

enum { TICK_MS = 200, HEARTBEAT_MS = 30000 };

/* A subscriber may have heard of updates from another node that this one has not heard of yet. */
static const uint64_t ahead_max_us = UINT64_C(30) * 1000 * 1000;

struct subscriber {
	struct subscriber *next, **place;
	struct ward_call *call;
	uint64_t position;	    /* the last one sent */
	uint64_t heartbeat, beaten; /* µs; when it was last sent anything, 0: never */
	uint64_t ahead_since;	    /* of the log's end; 0: it is not */
};

/* Of one loop. */
struct followers {
	struct service_follower *all;
	struct subscriber *first; /* of the loop alone */
	pthread_mutex_t lock;	  /* of what follows */
	struct ward_call_ref loop;
	bool known, woken; /* `loop` is; a wake-up is on its way */
};

struct service_follower {
	struct ward_service *service;
	struct service_feed *feed;
	size_t count;
	struct followers loops[];
};

/* --- what is sent; on the subscriber's loop --- */

static bool
beat_due(const struct subscriber *s, uint64_t now)
{
	return s->beaten == 0 || now - s->beaten >= s->heartbeat;
}

/* This node has not heard of such a position for long: it is of another log. */
static bool
is_astray(struct subscriber *s, uint64_t end, uint64_t now)
{
	if (s->position <= end)
		s->ahead_since = 0;
	else if (s->ahead_since == 0)
		s->ahead_since = now;
	return s->ahead_since && now - s->ahead_since > ahead_max_us;
}

static struct ward_message *
plain(struct subscriber *s, struct service_ledger *ledger, Ward__V1__Update__WhatCase what)
{
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__V1__Heartbeat heartbeat = WARD__V1__HEARTBEAT__INIT;
	Ward__V1__Restart restart = WARD__V1__RESTART__INIT;
	uint8_t timestamp[WARD_WIRE_TIMESTAMP_MAX];

	update.position = s->position;
	update.time_ms = ward_clock_wall() / 1000;
	update.what_case = what;
	if (what == WARD__V1__UPDATE__WHAT_HEARTBEAT) {
		heartbeat.timestamp = (ProtobufCBinaryData){
			service_ledger_timestamp(ledger, timestamp), timestamp};
		update.heartbeat = &heartbeat;
	} else {
		update.restart = &restart;
	}
	return service_feed_message(&update);
}

struct ward_message *
service_subscribe_next(struct ward_call *call)
{
	struct ward_service *service = ward_call_context(call);
	struct service_feed *feed = service->follower->feed;
	struct subscriber *s = ward_call_state(call);
	struct ward_message *message = NULL;
	uint64_t now = ward_clock_monotonic(), to;
	enum service_feed_answer answer;

	if (!s)
		return NULL;
	answer = service_feed_next(feed, s->position, &message, &to);
	if (answer == SERVICE_FEED_NONE && is_astray(s, service_feed_end(feed), now)) {
		answer = SERVICE_FEED_LOST;
		to = service_feed_first(feed);
	}
	if (answer == SERVICE_FEED_MESSAGE || answer == SERVICE_FEED_LOST)
		s->position = to;
	if (answer == SERVICE_FEED_LOST)
		message = plain(s, service->ledger, WARD__V1__UPDATE__WHAT_RESTART);
	else if (!message && beat_due(s, now)) /* the first one says that the stream stands */
		message = plain(s, service->ledger, WARD__V1__UPDATE__WHAT_HEARTBEAT);
	if (message)
		s->beaten = now;
	return message;
}

/* --- waking --- */

static void
wake_loop(struct ward_call *call, void *arg)
{
	struct followers *l = arg;
	uint64_t now = ward_clock_monotonic(), end;

	(void)call;
	pthread_mutex_lock(&l->lock);
	l->woken = false;
	pthread_mutex_unlock(&l->lock);
	end = service_feed_end(l->all->feed);
	for (struct subscriber *s = l->first; s; s = s->next)
		if (s->position < end || beat_due(s, now) || is_astray(s, end, now))
			ward_call_wake(s->call);
}

static void
wake_all(void *context)
{
	struct service_follower *f = context;

	for (size_t i = 0; i < f->count; i++) {
		struct followers *l = &f->loops[i];
		bool post;

		pthread_mutex_lock(&l->lock);
		post = l->known && !l->woken;
		l->woken |= post;
		pthread_mutex_unlock(&l->lock);
		if (post)
			ward_edge_post(l->loop, wake_loop, l);
	}
}

void
service_follow_news(struct service_follower *f, uint64_t position)
{
	service_feed_news(f->feed, position);
}

/* --- calls --- */

static void
join(struct followers *l, struct subscriber *s)
{
	s->next = l->first;
	s->place = &l->first;
	if (s->next)
		s->next->place = &s->next;
	l->first = s;
	pthread_mutex_lock(&l->lock);
	l->loop = ward_call_loop_ref(s->call);
	l->known = true;
	pthread_mutex_unlock(&l->lock);
}

void
service_subscribe(struct ward_call *call, struct ward_span message)
{
	struct ward_service *service = ward_call_context(call);
	struct service_follower *f = service->follower;
	Ward__V1__SubscribeRequest *request;
	struct subscriber *s;
	const char *why = NULL;

	if (ward_wire_decode(&ward__v1__subscribe_request__descriptor, message,
			     ward_call_arena(call), &request, &why)) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, why);
		return;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, NULL);
		return;
	}
	s->call = call;
	s->position = request->position;
	s->heartbeat =
		UINT64_C(1000) * (request->heartbeat_ms ? request->heartbeat_ms : HEARTBEAT_MS);
	ward_call_set_state(call, s);
	join(&f->loops[ward_call_loop(call)], s);
	ward_call_wake(call);
}

void
service_subscribe_closed(struct ward_call *call)
{
	struct subscriber *s = ward_call_state(call);

	if (!s)
		return;
	*s->place = s->next;
	if (s->next)
		s->next->place = s->place;
	free(s);
}

/* --- life --- */

/* Each time the feed looks around, so do heartbeats. */
static uint64_t
applied(void *ledger)
{
	return service_ledger_refresh(ledger);
}

enum ward_rc
service_follow(struct ward_service *service, struct service_follower **ret)
{
	struct service_feed_source source = {NULL, applied, service_ledger_updates};
	size_t count = service->o.loops;
	struct service_follower *f = calloc(1, sizeof(*f) + count * sizeof(f->loops[0]));
	enum ward_rc rc;

	if (!f)
		return WARD_E_NOMEM;
	f->service = service;
	f->count = count;
	for (size_t i = 0; i < count; i++) {
		f->loops[i].all = f;
		pthread_mutex_init(&f->loops[i].lock, NULL);
	}
	source.context = service->ledger;
	rc = service_feed_new(service->o.log, &source, TICK_MS, wake_all, f, &f->feed);
	if (rc)
		service_follow_free(f);
	else
		*ret = f;
	return rc;
}

void
service_follow_end(struct service_follower *f)
{
	service_feed_stop(f->feed);
}

struct service_follower *
service_follow_free(struct service_follower *f)
{
	if (!f)
		return NULL;
	service_feed_free(f->feed);
	for (size_t i = 0; i < f->count; i++)
		pthread_mutex_destroy(&f->loops[i].lock);
	free(f);
	return NULL;
}

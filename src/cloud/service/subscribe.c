/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates: one thread follows the UPDATES channel for all who subscribed. Each of them has a position;
 * a round reads from the lowest one on and sends every one what it lacks, then heartbeats. Update
 * positions are offsets plus one, so that 0 means "from the beginning".
 *
 * The reader stays open between rounds: on Kafka a new one costs connections. The lock is not held
 * while it waits, for brokers may be away, and calls take the lock on their loops.
 */
#include <stdlib.h>
#include <time.h>

#include "cloud/service/service-priv.h"
#include "sys/clock.h"

enum { ROUND_MS = 200, HEARTBEAT_MS = 30000, BATCH = 1000, PATIENCE_MS = 500 };

/* A subscriber may have heard of updates from another node that this one has not heard of yet. */
static const uint64_t ahead_max_us = UINT64_C(30) * 1000 * 1000;

struct subscriber {
	struct subscriber *next;
	struct ward_call_ref call;
	uint64_t position; /* the last one sent */
	uint64_t heartbeat_ms, beaten;
	uint64_t ahead_since; /* of the log's end; 0: it is not */
	bool gone;	      /* the call is closed */
	_Atomic unsigned in_flight;
};

struct service_follower {
	struct ward_service *service;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool stop, news;
	struct subscriber *subscribers;
	/* of the thread alone */
	struct ward_log_reader *reader; /* NULL: none */
	uint64_t at;			/* the offset it reads next */
};

/* --- one message, handed to a call's loop --- */

struct parcel {
	struct subscriber *to;
	size_t len;
	uint8_t bytes[];
};

static void
deliver(struct ward_call *call, void *arg)
{
	struct parcel *p = arg;

	if (call && ward_call_send(call, ward_span_of(p->bytes, p->len)))
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED,
				 "the stream is read too slowly");
	atomic_fetch_sub(&p->to->in_flight, 1);
	free(p);
}

static void
send_update(struct subscriber *to, const Ward__V1__Update *update)
{
	size_t len = ward__v1__update__get_packed_size(update);
	struct parcel *p = malloc(sizeof(*p) + len);

	if (!p)
		return; /* it stays where it is and gets it in the next round */
	p->to = to;
	p->len = ward__v1__update__pack(update, p->bytes);
	to->position = update->position;
	to->beaten = ward_clock_monotonic();
	atomic_fetch_add(&to->in_flight, 1);
	ward_edge_post(to->call, deliver, p);
}

/* --- rounds; the lock is held --- */

static void
remove_gone(struct service_follower *f)
{
	struct subscriber **at = &f->subscribers;

	while (*at) {
		struct subscriber *s = *at;

		if (s->gone && atomic_load(&s->in_flight) == 0) {
			*at = s->next;
			free(s);
		} else {
			at = &s->next;
		}
	}
}

/* Its place is no longer in the log, or not in this log at all. */
static bool
is_lost(struct subscriber *s, uint64_t first, uint64_t next, uint64_t now)
{
	if (s->position <= next)
		s->ahead_since = 0;
	else if (s->ahead_since == 0)
		s->ahead_since = now;
	return s->position < first || (s->ahead_since && now - s->ahead_since > ahead_max_us);
}

static void
restart_lost(struct service_follower *f, uint64_t first, uint64_t next)
{
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__V1__Restart restart = WARD__V1__RESTART__INIT;

	update.what_case = WARD__V1__UPDATE__WHAT_RESTART;
	update.restart = &restart;
	update.time_ms = ward_clock_wall() / 1000;
	update.position = first;
	for (struct subscriber *s = f->subscribers; s; s = s->next)
		if (!s->gone && is_lost(s, first, next, ward_clock_monotonic()))
			send_update(s, &update);
}

/* Between `from` and the entry there are no others. */
static void
send_to_all(struct service_follower *f, const struct ward_log_entry *entry, uint64_t from,
	    struct ward_arena *arena)
{
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__Log__V1__Record *record;

	if (ward_wire_decode(&ward__log__v1__record__descriptor, entry->body, arena, &record,
			     NULL) ||
	    record->fact_case != WARD__LOG__V1__RECORD__FACT_CHANGE)
		return;
	update.position = entry->position.offset + 1;
	update.time_ms = record->time_ms;
	update.what_case = WARD__V1__UPDATE__WHAT_VERDICT;
	update.verdict = record->change;
	for (struct subscriber *s = f->subscribers; s; s = s->next)
		if (!s->gone && s->position >= from && s->position <= entry->position.offset &&
		    atomic_load(&s->in_flight) < BATCH)
			send_update(s, &update);
}

static uint64_t
lowest(const struct service_follower *f)
{
	uint64_t low = UINT64_MAX;

	for (const struct subscriber *s = f->subscribers; s; s = s->next)
		if (!s->gone && s->position < low)
			low = s->position;
	return low;
}

static bool
have_reader(struct service_follower *f, uint64_t from)
{
	struct ward_log_position start = {WARD_LOG_UPDATES, 0, from};

	if (f->reader && f->at == from)
		return true;
	f->reader = ward_log_reader_free(f->reader);
	f->at = from;
	return ward_log_reader_new(f->service->o.log, &start, 1, &f->reader) == WARD_OK;
}

/* One entry to all who wait for it. */
static bool
read_one(struct service_follower *f)
{
	struct ward_log_entry entry;
	enum ward_rc rc;

	pthread_mutex_unlock(&f->lock);
	rc = ward_log_reader_next(f->reader, PATIENCE_MS, &entry);
	pthread_mutex_lock(&f->lock);
	if (!rc) {
		struct ward_budget budget = {.cap = 65536 + 24 * entry.body.len};
		WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);

		if (arena)
			send_to_all(f, &entry, f->at, arena);
		f->at = entry.position.offset + 1;
	} else if (rc != WARD_E_TIMEOUT) {
		f->reader = ward_log_reader_free(f->reader);
	}
	return rc == WARD_OK;
}

static void
read_from(struct service_follower *f, uint64_t from, uint64_t next)
{
	if (have_reader(f, from))
		while (f->at < next && !f->stop && read_one(f))
			;
}

static void
beat(struct service_follower *f)
{
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__V1__Heartbeat heartbeat = WARD__V1__HEARTBEAT__INIT;
	uint64_t now = ward_clock_monotonic();

	update.what_case = WARD__V1__UPDATE__WHAT_HEARTBEAT;
	update.heartbeat = &heartbeat;
	update.time_ms = ward_clock_wall() / 1000;
	for (struct subscriber *s = f->subscribers; s; s = s->next)
		if (!s->gone && now - s->beaten >= s->heartbeat_ms * 1000) {
			update.position = s->position;
			send_update(s, &update);
		}
}

static void
round_of(struct service_follower *f)
{
	uint64_t first, next, low;

	remove_gone(f);
	if (ward_log_bounds(f->service->o.log, WARD_LOG_UPDATES, 0, &first, &next))
		return;
	restart_lost(f, first, next);
	low = lowest(f);
	if (low < next)
		read_from(f, low, next);
	beat(f);
}

static void *
follow(void *context)
{
	struct service_follower *f = context;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		struct timespec until;

		round_of(f);
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += ROUND_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		while (!f->stop && !f->news &&
		       (f->subscribers ? pthread_cond_timedwait(&f->wake, &f->lock, &until)
				       : pthread_cond_wait(&f->wake, &f->lock)) == 0)
			;
		f->news = false;
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* --- calls --- */

void
service_follow_wake(struct service_follower *f)
{
	pthread_mutex_lock(&f->lock);
	f->news = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
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
	s->call = ward_call_ref(call);
	s->position = request->position;
	s->heartbeat_ms = request->heartbeat_ms ? request->heartbeat_ms : HEARTBEAT_MS;
	/* the first heartbeat comes at once: it says that the stream stands */
	ward_call_set_state(call, s);
	pthread_mutex_lock(&f->lock);
	s->next = f->subscribers;
	f->subscribers = s;
	pthread_mutex_unlock(&f->lock);
	service_follow_wake(f);
}

void
service_subscribe_closed(struct ward_call *call)
{
	struct ward_service *service = ward_call_context(call);
	struct subscriber *s = ward_call_state(call);

	if (!s)
		return;
	pthread_mutex_lock(&service->follower->lock);
	s->gone = true;
	pthread_mutex_unlock(&service->follower->lock);
}

enum ward_rc
service_follow(struct ward_service *service, struct service_follower **ret)
{
	struct service_follower *f = calloc(1, sizeof(*f));
	pthread_condattr_t monotonic;

	if (!f)
		return WARD_E_NOMEM;
	f->service = service;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&f->thread, NULL, follow, f) != 0) {
		free(f);
		return WARD_E_NOMEM;
	}
	*ret = f;
	return WARD_OK;
}

void
service_follow_end(struct service_follower *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	f->reader = ward_log_reader_free(f->reader);
}

struct service_follower *
service_follow_free(struct service_follower *f)
{
	if (!f)
		return NULL;
	while (f->subscribers) {
		struct subscriber *next = f->subscribers->next;

		free(f->subscribers);
		f->subscribers = next;
	}
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

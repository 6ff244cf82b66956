/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/service/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sys/clock.h"

enum { PIECE = 256, PIECE_BYTES = 4 << 20, PIECES = 16, READERS = 2, PATIENCE_MS = 500 };

/* What stands at the offsets `first` to before `end`. */
struct piece {
	uint64_t first, end, used;
	size_t count, bytes;
	uint64_t position[PIECE];
	struct ward_message *message[PIECE];
};

/* Stays open: on Kafka a new one costs connections. One is at the end of the log, one elsewhere. */
struct place {
	struct ward_log_reader *reader; /* NULL: none */
	uint64_t at;			/* the offset it reads next */
};

struct service_feed {
	struct ward_log *log;
	struct service_feed_source source;
	unsigned tick_ms;
	void (*wake)(void *context);
	void *context;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows; not held while the log is read */
	pthread_cond_t news;
	bool stop;
	uint64_t first, next; /* what the log has */
	uint64_t wanted;      /* the lowest position that was asked for in vain; UINT64_MAX: none */
	uint64_t turn;
	struct piece *pieces[PIECES];
	/* of the thread alone */
	struct place places[READERS];
};

struct ward_message *
service_feed_message(const Ward__V1__Update *update)
{
	uint8_t *body;
	struct ward_message *m = ward_message_new(ward__v1__update__get_packed_size(update), &body);

	if (m)
		ward__v1__update__pack(update, body);
	return m;
}

/* --- pieces; the lock is held --- */

static bool
is_full(const struct piece *p)
{
	return p->count == PIECE || p->bytes >= PIECE_BYTES;
}

/* The one that has what stands at this offset, or that it will be added to. */
static struct piece *
find(struct service_feed *f, uint64_t offset)
{
	struct piece *found = NULL;

	for (size_t i = 0; i < PIECES; i++) {
		struct piece *p = f->pieces[i];

		if (!p || p->first > offset || offset > p->end || (offset == p->end && is_full(p)))
			continue;
		if (!found || p->end > found->end)
			found = p;
	}
	return found;
}

static void
piece_free(struct piece *p)
{
	for (size_t i = 0; p && i < p->count; i++)
		ward_message_done(p->message[i]);
	free(p);
}

/* An empty one for what stands from here on, in the place of the one that was not used for longest. */
static struct piece *
begin(struct service_feed *f, uint64_t first)
{
	struct piece *p = malloc(sizeof(*p)), **place = &f->pieces[0];

	if (!p)
		return NULL;
	p->first = p->end = first;
	p->count = p->bytes = 0;
	p->used = ++f->turn;
	for (size_t i = 1; i < PIECES && *place; i++)
		if (!f->pieces[i] || f->pieces[i]->used < (*place)->used)
			place = &f->pieces[i];
	piece_free(*place);
	*place = p;
	return p;
}

/* The first one behind this position, by bisection. */
static size_t
behind(const struct piece *p, uint64_t position)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->position[middle] <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum service_feed_answer
look(struct service_feed *f, uint64_t position, struct ward_message **ret_message,
     uint64_t *ret_position)
{
	uint64_t at = position;

	if (position < f->first) {
		*ret_position = f->first;
		return SERVICE_FEED_LOST;
	}
	while (at < f->next) {
		struct piece *p = find(f, at);
		size_t i = p ? behind(p, position) : 0;

		if (!p || (i == p->count && p->end <= at)) {
			f->wanted = at < f->wanted ? at : f->wanted;
			pthread_cond_signal(&f->news);
			return SERVICE_FEED_LATER;
		}
		p->used = ++f->turn;
		if (i < p->count) {
			*ret_message = ward_message_share(p->message[i]);
			*ret_position = p->position[i];
			return SERVICE_FEED_MESSAGE;
		}
		at = p->end; /* nothing more for endpoints in it */
	}
	return SERVICE_FEED_NONE;
}

enum service_feed_answer
service_feed_next(struct service_feed *f, uint64_t position, struct ward_message **ret_message,
		  uint64_t *ret_position)
{
	enum service_feed_answer answer;

	pthread_mutex_lock(&f->lock);
	answer = look(f, position, ret_message, ret_position);
	pthread_mutex_unlock(&f->lock);
	return answer;
}

uint64_t
service_feed_first(struct service_feed *f)
{
	uint64_t first;

	pthread_mutex_lock(&f->lock);
	first = f->first;
	pthread_mutex_unlock(&f->lock);
	return first;
}

uint64_t
service_feed_end(struct service_feed *f)
{
	uint64_t end;

	pthread_mutex_lock(&f->lock);
	end = f->next;
	pthread_mutex_unlock(&f->lock);
	return end;
}

void
service_feed_news(struct service_feed *f, uint64_t position)
{
	pthread_mutex_lock(&f->lock);
	if (position > f->next) {
		f->wanted = f->next < f->wanted ? f->next : f->wanted;
		f->next = position;
		pthread_cond_signal(&f->news);
	}
	pthread_mutex_unlock(&f->lock);
}

/* --- reading the log; the thread --- */

static enum ward_rc
encode_change(const Ward__Log__V1__Record *record, uint64_t position, struct ward_message **ret)
{
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;

	update.position = position;
	update.time_ms = record->time_ms;
	update.what_case = WARD__V1__UPDATE__WHAT_VERDICT;
	update.verdict = record->change;
	*ret = service_feed_message(&update);
	return *ret ? WARD_OK : WARD_E_NOMEM;
}

/* What an endpoint is told of a record; *ret NULL: nothing. */
static enum ward_rc
encode(const struct service_feed *f, const struct ward_log_entry *entry, struct ward_message **ret)
{
	struct ward_budget budget = {.cap = 65536 + 24 * entry->body.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	uint64_t position = entry->position.offset + 1;
	Ward__Log__V1__Record *record;

	*ret = NULL;
	if (!arena)
		return WARD_E_NOMEM;
	if (ward_wire_decode(&ward__log__v1__record__descriptor, entry->body, arena, &record, NULL))
		return WARD_OK;
	if (record->fact_case == WARD__LOG__V1__RECORD__FACT_CHANGE)
		return encode_change(record, position, ret);
	if (record->fact_case == WARD__LOG__V1__RECORD__FACT_TIMESTAMP && f->source.updates)
		return f->source.updates(f->source.context, record->timestamp, position,
					 record->time_ms, ret);
	return WARD_OK;
}

static struct place *
place_at(struct service_feed *f, uint64_t offset)
{
	struct ward_log_position from = {WARD_LOG_UPDATES, 0, offset};
	struct place *p = &f->places[0];

	for (size_t i = 0; i < READERS; i++)
		if (f->places[i].reader && f->places[i].at == offset)
			return &f->places[i];
	/* the one that is further on stays where new ones come */
	if (p->reader && (!f->places[1].reader || f->places[1].at < p->at))
		p = &f->places[1];
	p->reader = ward_log_reader_free(p->reader);
	p->at = offset;
	return ward_log_reader_new(f->log, &from, 1, &p->reader) ? NULL : p;
}

/* One record more; false: not now. */
static bool
add_one(struct service_feed *f, struct place *place, struct piece *p)
{
	struct ward_message *message = NULL;
	struct ward_log_entry entry;
	enum ward_rc rc = ward_log_reader_next(place->reader, PATIENCE_MS, &entry);

	if (!rc)
		rc = encode(f, &entry, &message);
	if (rc) {
		if (rc != WARD_E_TIMEOUT) /* begun anew the next time */
			place->reader = ward_log_reader_free(place->reader);
		return false;
	}
	place->at = entry.position.offset + 1;
	pthread_mutex_lock(&f->lock);
	p->end = place->at;
	if (message) {
		p->position[p->count] = place->at;
		p->message[p->count++] = message;
		p->bytes += ward_message_body(message).len;
	}
	pthread_mutex_unlock(&f->lock);
	return true;
}

/* What stands from this offset on, as far as it fits into one piece; false: nothing was read. */
static bool
load(struct service_feed *f, uint64_t offset)
{
	struct place *place;
	struct piece *p;
	bool more, some = false;

	pthread_mutex_lock(&f->lock);
	p = find(f, offset);
	if (!p)
		p = begin(f, offset);
	more = p && p->end < f->next;
	pthread_mutex_unlock(&f->lock);
	place = more ? place_at(f, p->end) : NULL;
	while (place && more && add_one(f, place, p)) {
		some = true;
		pthread_mutex_lock(&f->lock);
		more = !is_full(p) && p->end < f->next && !f->stop;
		pthread_mutex_unlock(&f->lock);
	}
	return some;
}

/* Until somebody wants something, at most a tick; with `idle` the whole tick. */
static void
rest(struct service_feed *f, bool idle)
{
	uint64_t due = ward_clock_monotonic() + f->tick_ms * UINT64_C(1000);
	struct timespec until = {(time_t)(due / 1000000), (long)(due % 1000000) * 1000};

	while (!f->stop && (idle || f->wanted == UINT64_MAX))
		if (pthread_cond_timedwait(&f->news, &f->lock, &until) != 0)
			break;
}

/* The applier tells of most; what it did not tell of is found here. Not further than it is applied:
 * before, nobody knows which timestamps count. */
static void
look_around(struct service_feed *f)
{
	uint64_t first, next, applied;

	if (ward_log_bounds(f->log, WARD_LOG_UPDATES, 0, &first, &next))
		return;
	applied = f->source.applied ? f->source.applied(f->source.context) : next;
	next = applied < next ? applied : next;
	pthread_mutex_lock(&f->lock);
	f->first = first;
	f->next = next > f->next ? next : f->next;
	pthread_mutex_unlock(&f->lock);
}

static void *
run(void *context)
{
	struct service_feed *f = context;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		uint64_t wanted = f->wanted;
		bool idle = false;

		f->wanted = UINT64_MAX;
		pthread_mutex_unlock(&f->lock);
		look_around(f);
		if (wanted != UINT64_MAX)
			idle = !load(f, wanted); /* the log does not give it now */
		f->wake(f->context);
		pthread_mutex_lock(&f->lock);
		rest(f, idle);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

enum ward_rc
service_feed_new(struct ward_log *log, const struct service_feed_source *source, unsigned tick_ms,
		 void (*wake)(void *context), void *context, struct service_feed **ret)
{
	struct service_feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t monotonic;

	if (!f)
		return WARD_E_NOMEM;
	f->log = log;
	if (source)
		f->source = *source;
	f->tick_ms = tick_ms;
	f->wake = wake;
	f->context = context;
	f->wanted = UINT64_MAX;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	look_around(f);
	if (pthread_create(&f->thread, NULL, run, f) != 0) {
		pthread_cond_destroy(&f->news);
		pthread_mutex_destroy(&f->lock);
		free(f);
		return WARD_E_NOMEM;
	}
	*ret = f;
	return WARD_OK;
}

void
service_feed_stop(struct service_feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	for (size_t i = 0; i < READERS; i++)
		f->places[i].reader = ward_log_reader_free(f->places[i].reader);
}

struct service_feed *
service_feed_free(struct service_feed *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < PIECES; i++)
		piece_free(f->pieces[i]);
	pthread_cond_destroy(&f->news);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

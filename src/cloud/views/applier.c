/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the log. Whoever waits for a record to be readable stands in a list, sorted by nothing: it
 * is short, for only enrolments and administrators wait. */
#include "cloud/views/applier.h"

#include <stdlib.h>
#include <time.h>

#include "cloud/views/views-priv.h"

enum { POSITIONS = WARD_LOG_CHANNELS * WARD_LOG_PARTITIONS_MAX, SWEEP = 2000 };

struct waiter {
	struct waiter *next;
	struct ward_log_position position;
	ward_applied_fn fn;
	void *context;
};

struct ward_applier {
	struct ward_log *log;
	struct ward_views *views;
	struct ward_applier_events events;
	struct ward_log_reader *reader;
	struct ward_apply *apply;
	struct ward_sweep sweep;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	bool stop, ended;
	struct waiter *waiters;
	struct ward_log_position next[POSITIONS]; /* applied and readable */
	size_t next_count;
};

/* --- positions --- */

enum ward_rc
ward_views_positions(struct ward_views *views, struct ward_log_position *ret, size_t max,
		     size_t *ret_count)
{
	size_t n = 0;

	for (int c = 0; c < WARD_LOG_CHANNELS; c++)
		for (uint32_t p = 0; p < WARD_LOG_PARTITIONS_MAX && n < max; p++) {
			uint8_t channel = (uint8_t)c;
			struct ward_key key =
				ward_key_of('P', ward_span_of(&channel, 1), ward_span_of(NULL, 0),
					    ward_span_of(NULL, 0));
			uint64_t offset;

			ward_key_u64(&key, p);
			offset = ward_store_get_u64(&views->store, ward_key_span(&key), UINT64_MAX);
			if (offset != UINT64_MAX)
				ret[n++] = (struct ward_log_position){(enum ward_log_channel)c, p,
								      offset};
		}
	*ret_count = n;
	return WARD_OK;
}

static uint64_t
applied(const struct ward_log_position *all, size_t count, enum ward_log_channel channel,
	uint32_t p)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].channel == channel && all[i].partition == p)
			return all[i].offset;
	return 0;
}

/* Where to go on in every partition the log has. */
static enum ward_rc
starts(struct ward_log *log, struct ward_views *views, struct ward_log_position *ret,
       size_t *ret_count)
{
	static _Thread_local struct ward_log_position have[POSITIONS];
	size_t count, n = 0;
	enum ward_rc rc = ward_views_positions(views, have, POSITIONS, &count);

	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++) {
		enum ward_log_channel channel = (enum ward_log_channel)c;

		for (uint32_t p = 0; p < ward_log_partitions(log, channel); p++)
			ret[n++] = (struct ward_log_position){channel, p,
							      applied(have, count, channel, p)};
	}
	*ret_count = n;
	return rc;
}

/* --- the loop --- */

static bool
reached(const struct ward_applier *a, const struct ward_log_position *p)
{
	return applied(a->next, a->next_count, p->channel, p->partition) > p->offset;
}

/* Takes those whose record is readable off the list. The lock is held. */
static struct waiter *
take_reached(struct ward_applier *a, bool all)
{
	struct waiter **at = &a->waiters, *taken = NULL;

	while (*at) {
		struct waiter *w = *at;

		if (all || reached(a, &w->position)) {
			*at = w->next;
			w->next = taken;
			taken = w;
		} else {
			at = &w->next;
		}
	}
	return taken;
}

static void
call(struct waiter *taken, enum ward_rc rc)
{
	while (taken) {
		struct waiter *w = taken;

		taken = w->next;
		w->fn(w->context, rc);
		free(w);
	}
}

static void
tell_news(struct ward_applier *a, const struct ward_apply_news *news)
{
	const struct ward_applier_events *e = &a->events;

	for (size_t i = 0; e->device && i < news->device_count; i++)
		e->device(e->context, news->devices[i].id, news->devices[i].state);
	for (size_t i = 0; e->update && i < news->update_count; i++)
		e->update(e->context, news->updates[i].position, news->updates[i].change,
			  news->updates[i].time_ms);
}

/* The lock is held. */
static void
move_on(struct ward_applier *a, const struct ward_log_position *to)
{
	for (size_t i = 0; i < a->next_count; i++)
		if (a->next[i].channel == to->channel && a->next[i].partition == to->partition)
			a->next[i].offset = to->offset;
}

static enum ward_rc
commit(struct ward_applier *a)
{
	static _Thread_local struct ward_log_position next[POSITIONS];
	const struct ward_apply_news *news;
	struct waiter *taken;
	size_t count;
	enum ward_rc rc;

	memcpy(next, ward_apply_next(a->apply, &count), sizeof(next));
	rc = ward_apply_commit(a->apply, &news);
	if (rc)
		return rc;
	tell_news(a, news);
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < count; i++)
		move_on(a, &next[i]);
	taken = take_reached(a, false);
	pthread_mutex_unlock(&a->lock);
	call(taken, WARD_OK);
	return WARD_OK;
}

/* Nothing more is to be read at the moment. */
static enum ward_rc
tidy(struct ward_applier *a)
{
	return ward_applier_lag(a) > 0
		       ? WARD_OK
		       : ward_views_sweep(a->views, &a->sweep, ward_apply_latest(a->apply), SWEEP);
}

/* One record, or a commit when there is none more at once. */
static enum ward_rc
step(struct ward_applier *a)
{
	struct ward_log_entry entry;
	bool full = false;
	int patience = ward_apply_pending(a->apply) > 0 ? 0 : 1000;
	enum ward_rc rc = ward_log_reader_next(a->reader, patience, &entry);

	if (rc == WARD_E_TIMEOUT) {
		rc = patience == 0 ? commit(a) : ward_views_build_idle(a->views);
		return rc ? rc : tidy(a);
	}
	if (!rc)
		rc = ward_apply_add(a->apply, &entry, &full);
	return !rc && full ? commit(a) : rc;
}

static bool
stopping(struct ward_applier *a)
{
	bool stop;

	pthread_mutex_lock(&a->lock);
	stop = a->stop;
	pthread_mutex_unlock(&a->lock);
	return stop;
}

static const char *
why_it_ends(enum ward_rc rc)
{
	if (rc == WARD_E_NOENT)
		return "the log was let go beyond what is applied here; the next start takes a "
		       "snapshot";
	if (rc == WARD_E_FORMAT)
		return "a record is damaged, or the log ends before what was applied";
	return "a record could not be applied";
}

static void *
follow(void *context)
{
	struct ward_applier *a = context;
	struct waiter *left;
	enum ward_rc rc = WARD_OK;

	while (!rc && !stopping(a)) {
		rc = step(a);
		if (rc == WARD_E_STOPPED)
			rc = WARD_OK;
	}
	if (!rc && ward_apply_pending(a->apply) > 0)
		rc = commit(a);
	if (rc && a->events.failed)
		a->events.failed(a->events.context, rc, why_it_ends(rc));
	pthread_mutex_lock(&a->lock);
	a->ended = true;
	left = take_reached(a, true);
	pthread_mutex_unlock(&a->lock);
	call(left, WARD_E_STOPPED);
	return NULL;
}

static void
release(struct ward_applier *a)
{
	ward_apply_free(a->apply);
	ward_log_reader_free(a->reader);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static enum ward_rc
prepare(struct ward_log *log, struct ward_views *views, struct ward_applier **ret)
{
	struct ward_applier *a = calloc(1, sizeof(*a));
	enum ward_rc rc;

	if (!a)
		return WARD_E_NOMEM;
	a->log = log;
	a->views = views;
	pthread_mutex_init(&a->lock, NULL);
	rc = starts(log, views, a->next, &a->next_count);
	if (!rc)
		rc = ward_log_reader_new(log, a->next, a->next_count, &a->reader);
	if (!rc)
		rc = ward_apply_new(views, &a->apply);
	if (rc)
		release(a);
	else
		*ret = a;
	return rc;
}

enum ward_rc
ward_applier_start(struct ward_log *log, struct ward_views *views,
		   const struct ward_applier_events *events, struct ward_applier **ret)
{
	struct ward_applier *a = NULL;
	enum ward_rc rc = prepare(log, views, &a);

	if (rc)
		return rc;
	if (events)
		a->events = *events;
	if (pthread_create(&a->thread, NULL, follow, a) != 0) {
		release(a);
		return WARD_E_NOMEM;
	}
	*ret = a;
	return WARD_OK;
}

struct ward_applier *
ward_applier_stop(struct ward_applier *a)
{
	if (!a)
		return NULL;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_mutex_unlock(&a->lock);
	ward_log_reader_wake(a->reader);
	pthread_join(a->thread, NULL);
	release(a);
	return NULL;
}

/* --- waiting --- */

enum ward_rc
ward_applier_when(struct ward_applier *a, const struct ward_log_position *position,
		  ward_applied_fn fn, void *context)
{
	struct waiter *w = malloc(sizeof(*w));
	bool now, ended;

	if (!w)
		return WARD_E_NOMEM;
	*w = (struct waiter){NULL, *position, fn, context};
	pthread_mutex_lock(&a->lock);
	now = reached(a, position);
	ended = a->ended;
	if (!now && !ended) {
		w->next = a->waiters;
		a->waiters = w;
	}
	pthread_mutex_unlock(&a->lock);
	if (now || ended)
		call(w, now ? WARD_OK : WARD_E_STOPPED);
	return WARD_OK;
}

/* Shared by the waiting thread and the call-back; the last one frees it. */
struct wait {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned users;
	bool done;
	enum ward_rc rc;
};

static void
wait_leave(struct wait *w)
{
	bool last = --w->users == 0;

	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void
wait_done(void *context, enum ward_rc rc)
{
	struct wait *w = context;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	w->rc = rc;
	pthread_cond_signal(&w->ended);
	wait_leave(w);
}

static enum ward_rc
wait_one(struct ward_applier *a, const struct ward_log_position *position,
	 const struct timespec *until)
{
	struct wait *w = calloc(1, sizeof(*w));
	enum ward_rc rc;

	if (!w)
		return WARD_E_NOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->ended, NULL);
	w->users = 2;
	rc = ward_applier_when(a, position, wait_done, w);
	pthread_mutex_lock(&w->lock);
	if (rc)
		w->users = 1;
	while (!rc && !w->done)
		if (pthread_cond_timedwait(&w->ended, &w->lock, until) != 0)
			rc = w->done ? WARD_OK : WARD_E_TIMEOUT;
	if (!rc)
		rc = w->rc;
	wait_leave(w);
	return rc;
}

enum ward_rc
ward_applier_wait(struct ward_applier *a, const struct ward_log_position *positions, size_t count,
		  int timeout_ms)
{
	struct timespec until;
	enum ward_rc rc = WARD_OK;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	for (size_t i = 0; i < count && !rc; i++)
		rc = wait_one(a, &positions[i], &until);
	return rc;
}

uint64_t
ward_applier_lag(struct ward_applier *a)
{
	static _Thread_local struct ward_log_position next[POSITIONS];
	uint64_t lag = 0;
	size_t count;

	pthread_mutex_lock(&a->lock);
	count = a->next_count;
	memcpy(next, a->next, count * sizeof(*next));
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < count; i++) {
		uint64_t first, end;

		if (!ward_log_bounds(a->log, next[i].channel, next[i].partition, &first, &end) &&
		    end > next[i].offset)
			lag += end - next[i].offset;
	}
	return lag;
}

/* --- once through --- */

enum { LOOK_EVERY = 1000 };

struct run {
	struct ward_applier *a;
	struct ward_log_position until[WARD_LOG_ENDS];
	size_t count, beyond; /* records seen that came too late */
};

/* True when nothing is left to apply; a partition that ends earlier (marks without records) is done
 * there. */
static bool
at_end(const struct run *r)
{
	const struct ward_applier *a = r->a;

	for (size_t i = 0; i < a->next_count; i++) {
		const struct ward_log_position *p = &a->next[i];
		uint64_t want = applied(r->until, r->count, p->channel, p->partition), first, end;

		if (!ward_log_bounds(a->log, p->channel, p->partition, &first, &end) && end < want)
			want = end;
		if (p->offset < want)
			return false;
	}
	return true;
}

static bool
is_beyond(struct run *r, const struct ward_log_position *p)
{
	if (p->offset < applied(r->until, r->count, p->channel, p->partition))
		return false;
	r->beyond++;
	return true;
}

/* One record; *ret_done: that was all. */
static enum ward_rc
run_step(struct run *r, uint64_t *records, bool *ret_done)
{
	struct ward_applier *a = r->a;
	struct ward_log_entry entry;
	bool full = false;
	enum ward_rc rc = ward_log_reader_next(a->reader, 200, &entry);

	if (rc && rc != WARD_E_TIMEOUT)
		return rc;
	if (rc || is_beyond(r, &entry.position)) {
		if (!rc && r->beyond % LOOK_EVERY != 1)
			return WARD_OK;
		rc = ward_apply_pending(a->apply) > 0 ? commit(a) : WARD_OK;
		*ret_done = !rc && at_end(r);
		return rc;
	}
	rc = ward_apply_add(a->apply, &entry, &full);
	*records += rc == WARD_OK;
	return !rc && full ? commit(a) : rc;
}

enum ward_rc
ward_applier_run(struct ward_log *log, struct ward_views *views,
		 const struct ward_log_position *until, size_t count, uint64_t *ret_records)
{
	static _Thread_local struct run r;
	bool done = false;
	enum ward_rc rc = WARD_OK;

	*ret_records = 0;
	r.beyond = 0;
	r.count = count;
	if (until)
		memcpy(r.until, until, count * sizeof(*until));
	else
		rc = ward_log_ends(log, r.until, &r.count);
	if (!rc)
		rc = prepare(log, views, &r.a);
	if (rc)
		return rc;
	while (!rc && !done)
		rc = run_step(&r, ret_records, &done);
	if (!rc)
		rc = ward_views_build_table(views, true);
	release(r.a);
	return rc;
}

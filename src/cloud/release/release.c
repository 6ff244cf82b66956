/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/release/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "cloud/release/release-priv.h"
#include "sys/clock.h"
#include "sys/log.h"

/* Long enough for those that come together, short beside a disk's sync. */
static const uint64_t gather_us = 2000, tick_us = 1000000, retry_us = 20000;
static const uint64_t refresh_us = UINT64_C(5) * 1000000, all_us = UINT64_C(3600) * 1000000;

/* --- orders --- */

static enum ward_rc
order_of(const struct ward_trust_record *record, const struct ward_release_author *author,
	 struct release_order **ret, struct ward_refusal *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_trust_record copy = *record;
	static const uint8_t none[WARD_RECORD_ID];
	struct release_order *o;
	uint8_t random[10];
	enum ward_rc rc;

	copy.number = INT64_MAX; /* so that it may name any earlier one */
	copy.time_ms = ward_clock_wall() / 1000;
	if (memcmp(copy.id, none, sizeof(none)) == 0) {
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return WARD_E_IO;
		ward_wire_uuid_make(copy.time_ms, random, copy.id);
	}
	copy.role = WARD_AUTHORITY_ROLE;
	ward_buf_init(&payload, ward_dsse_payload_max(WARD_DSSE_RECORD), NULL);
	rc = ward_trust_record_encode(&copy, &payload, why);
	if (rc)
		return rc;
	o = calloc(1, sizeof(*o) + payload.len);
	if (!o)
		return WARD_E_NOMEM;
	memcpy(o->bytes, payload.data, payload.len);
	o->payload = ward_span_of(o->bytes, payload.len);
	memcpy(o->id, copy.id, sizeof(o->id));
	(void)snprintf(o->actor, sizeof(o->actor), "%s", author->actor);
	if (author->forced && author->forced[0])
		o->forced = strdup(author->forced);
	*ret = o;
	return WARD_OK;
}

static enum ward_rc
push_order(struct ward_release *r, struct release_order *o)
{
	enum ward_rc rc = WARD_OK;

	pthread_mutex_lock(&r->lock);
	if (r->ended)
		rc = WARD_E_STOPPED;
	else if (r->order_count >= RELEASE_WAITING)
		rc = WARD_E_LIMIT;
	if (!rc) {
		*r->last_order = o;
		r->last_order = &o->next;
		r->order_count++;
		pthread_cond_signal(&r->news);
	}
	pthread_mutex_unlock(&r->lock);
	return rc;
}

enum ward_rc
ward_release_submit(struct ward_release *r, const struct ward_trust_record *record,
		    const struct ward_release_author *author, ward_released_fn fn, void *context,
		    struct ward_refusal *ret_why)
{
	bool forced = author->forced && author->forced[0];
	struct release_order *o = NULL;
	enum ward_rc rc = order_of(record, author, &o, ret_why);

	if (!rc && !forced)
		rc = release_gate(r, record, ward_clock_wall() / 1000, ret_why);
	if (!rc) {
		o->fn = fn;
		o->context = context;
		rc = push_order(r, o);
	}
	if (rc && o) {
		free(o->forced);
		free(o);
	}
	return rc;
}

/* As many as go into one round, off the list. */
static struct release_order *
take_orders(struct ward_release *r)
{
	struct release_order *first = r->orders, **at = &r->orders;
	size_t count = 0, bytes = 0;

	while (*at && count < RELEASE_BATCH && bytes < RELEASE_BATCH_BYTES) {
		count++;
		bytes += (*at)->payload.len;
		at = &(*at)->next;
	}
	if (count == 0)
		return NULL;
	r->orders = *at;
	*at = NULL;
	if (!r->orders)
		r->last_order = &r->orders;
	return first;
}

/* Back to the front. The lock is held. */
static void
give_back(struct ward_release *r, struct release_order *left)
{
	struct release_order **last = &left;

	while (*last)
		last = &(*last)->next;
	*last = r->orders;
	if (!r->orders && left)
		r->last_order = last;
	r->orders = left;
}

/* --- waiting for one --- */

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned users;
	bool done;
	enum ward_rc rc;
	uint64_t number;
	struct ward_refusal why;
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
wait_done(void *context, enum ward_rc rc, const struct ward_released *released)
{
	struct wait *w = context;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	w->rc = rc;
	w->number = released->number;
	w->why = *released->why;
	pthread_cond_signal(&w->ended);
	wait_leave(w);
}

static struct wait *
wait_new(void)
{
	struct wait *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->ended, NULL);
	w->users = 2;
	return w;
}

/* As of what a condition waits for by default. */
static struct timespec
wall_in(int timeout_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return until;
}

enum ward_rc
ward_release_wait(struct ward_release *r, const struct ward_trust_record *record,
		  const struct ward_release_author *author, int timeout_ms, uint64_t *ret_number,
		  struct ward_refusal *ret_why)
{
	struct timespec until = wall_in(timeout_ms);
	struct wait *w = wait_new();
	enum ward_rc rc;

	if (!w)
		return WARD_E_NOMEM;
	rc = ward_release_submit(r, record, author, wait_done, w, ret_why);
	pthread_mutex_lock(&w->lock);
	if (rc)
		w->users = 1;
	while (!rc && !w->done)
		if (pthread_cond_timedwait(&w->ended, &w->lock, &until) != 0 && !w->done)
			rc = WARD_E_TIMEOUT;
	if (!rc) {
		rc = w->rc;
		*ret_why = w->why;
		*ret_number = w->number;
	}
	wait_leave(w);
	return rc;
}

/* --- verdicts, and who waits for what comes of them --- */

void
ward_release_verdict(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN])
{
	struct release_verdict *v = malloc(sizeof(*v));

	if (v) {
		v->next = NULL;
		memcpy(v->sha256, sha256, WARD_HASH_LEN);
	}
	pthread_mutex_lock(&r->lock);
	if (!v || r->ended || r->verdict_count >= RELEASE_WAITING) {
		r->overflow = true; /* all are looked at, later */
		free(v);
	} else {
		*r->last_verdict = v;
		r->last_verdict = &v->next;
		r->verdict_count++;
		pthread_cond_signal(&r->news);
	}
	pthread_mutex_unlock(&r->lock);
}

/* False: nobody will ever be told again. */
static bool
push_waiter(struct ward_release *r, struct release_waiter *w)
{
	bool ended;

	pthread_mutex_lock(&r->lock);
	ended = r->ended;
	if (!ended) {
		w->next = r->waiters;
		r->waiters = w;
	}
	pthread_mutex_unlock(&r->lock);
	return !ended;
}

enum ward_rc
ward_release_when(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], unsigned timeout_ms,
		  ward_released_fn fn, void *context)
{
	struct release_waiter *w = malloc(sizeof(*w));

	if (!w)
		return WARD_E_NOMEM;
	*w = (struct release_waiter){
		.due = ward_clock_monotonic() + timeout_ms * UINT64_C(1000),
		.fn = fn,
		.context = context,
	};
	memcpy(w->sha256, sha256, WARD_HASH_LEN);
	if (!push_waiter(r, w)) {
		free(w);
		return WARD_E_STOPPED;
	}
	ward_release_verdict(r, sha256); /* it may have been looked at before */
	return WARD_OK;
}

/* Those of this file, or (NULL) those whose time is up; off the list. The lock is held. */
static struct release_waiter *
take_waiters(struct ward_release *r, const uint8_t *sha256, uint64_t now)
{
	struct release_waiter **at = &r->waiters, *taken = NULL;

	while (*at) {
		struct release_waiter *w = *at;

		if (sha256 ? memcmp(w->sha256, sha256, WARD_HASH_LEN) == 0 : w->due <= now) {
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
tell_all(struct release_waiter *taken, enum ward_rc rc, uint64_t number, struct ward_span envelope)
{
	struct ward_refusal none = {.code = WARD_REFUSED_NOT};
	struct ward_released released = {number, envelope, &none};

	while (taken) {
		struct release_waiter *w = taken;

		taken = w->next;
		w->fn(w->context, rc, &released);
		free(w);
	}
}

void
release_tell(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], uint64_t number,
	     struct ward_span envelope)
{
	struct release_waiter *taken;

	pthread_mutex_lock(&r->lock);
	taken = take_waiters(r, sha256, 0);
	pthread_mutex_unlock(&r->lock);
	tell_all(taken, WARD_OK, number, envelope);
}

void
release_hold(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], uint64_t now_ms,
	     const char *why)
{
	struct ward_release_status *s = &r->status;
	size_t i = 0;

	pthread_mutex_lock(&r->lock);
	while (i < s->held_count && memcmp(s->held[i].sha256, sha256, WARD_HASH_LEN) != 0)
		i++;
	if (i == s->held_count && s->held_count < WARD_RELEASE_HELD)
		s->held_count++;
	i = i < s->held_count ? i : s->held_count - 1;
	memmove(&s->held[1], &s->held[0], i * sizeof(s->held[0]));
	memcpy(s->held[0].sha256, sha256, WARD_HASH_LEN);
	s->held[0].time_ms = now_ms;
	(void)snprintf(s->held[0].why, sizeof(s->held[0].why), "%s", why);
	pthread_mutex_unlock(&r->lock);
	ward_say(WARD_WARNING, "release.held", "a gate holds a record", "reason", why, NULL);
}

void
ward_release_status(struct ward_release *r, struct ward_release_status *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = r->status;
	ret->waiting = r->order_count + r->verdict_count;
	pthread_mutex_unlock(&r->lock);
	ward_authority_log(r->o.authority, ret->log);
}

/* --- the thread --- */

/* Until there is something to do, at most a tick. The lock is held. */
static void
rest(struct ward_release *r, uint64_t us)
{
	uint64_t due = ward_clock_monotonic() + us;
	struct timespec until;

	for (struct release_waiter *w = r->waiters; w; w = w->next)
		due = w->due < due ? w->due : due;
	until = (struct timespec){(time_t)(due / 1000000), (long)(due % 1000000) * 1000};
	while (!r->stop && !r->orders && !r->verdicts)
		if (pthread_cond_timedwait(&r->news, &r->lock, &until) != 0)
			break;
}

static void
pause_for(uint64_t us)
{
	const struct timespec some = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

	(void)nanosleep(&some, NULL);
}

static void
consider_those(struct ward_release *r)
{
	struct release_verdict *all;

	pthread_mutex_lock(&r->lock);
	all = r->verdicts;
	r->verdicts = NULL;
	r->last_verdict = &r->verdicts;
	r->verdict_count = 0;
	pthread_mutex_unlock(&r->lock);
	while (all) {
		struct release_verdict *v = all;

		all = v->next;
		release_consider(r, v->sha256);
		free(v);
	}
}

/* All recent convictions, a page at a time: at the start, when some were passed over, and now and then. */
static void
catch_up(struct ward_release *r, uint64_t now)
{
	pthread_mutex_lock(&r->lock);
	if (!r->walking && (r->overflow || r->checked == 0 || now - r->checked > all_us)) {
		r->walking = true;
		r->walk = (struct ward_conviction_walk){0};
		r->overflow = false;
		r->checked = now;
	}
	pthread_mutex_unlock(&r->lock);
	if (r->walking && release_consider_some(r, &r->walk))
		r->walking = false;
}

/* New metadata, old timestamps, waiters whose time is up. */
static void
look_after(struct ward_release *r)
{
	struct ward_refusal why = {.code = WARD_REFUSED_NOT};
	uint64_t now = ward_clock_monotonic(), now_ms = ward_clock_wall() / 1000;
	struct release_waiter *late;
	bool changed = false;

	if (now - r->refreshed > refresh_us) {
		r->refreshed = now;
		if (!ward_authority_refresh(r->o.authority, now_ms, &changed, &why) && changed)
			r->renew = true;
	}
	if (now - r->looked > tick_us) {
		r->looked = now;
		r->renew |= release_due(r, now_ms);
		catch_up(r, now);
	}
	pthread_mutex_lock(&r->lock);
	late = take_waiters(r, NULL, now);
	pthread_mutex_unlock(&r->lock);
	tell_all(late, WARD_E_TIMEOUT, 0, ward_span_of(NULL, 0));
}

static void
publish_some(struct ward_release *r)
{
	struct release_order *orders, *left = NULL;
	bool renew;
	enum ward_rc rc;

	pthread_mutex_lock(&r->lock);
	orders = take_orders(r);
	pthread_mutex_unlock(&r->lock);
	if (!orders && !r->renew)
		return;
	renew = r->renew;
	r->renew = false; /* what fails is due again at the next look */
	rc = release_round(r, orders, renew, &left);
	pthread_mutex_lock(&r->lock);
	give_back(r, left);
	pthread_mutex_unlock(&r->lock);
	if (rc || left)
		pause_for(retry_us);
}

static void *
run(void *context)
{
	struct ward_release *r = context;
	bool stop = false;

	while (!stop) {
		bool some;

		look_after(r);
		consider_those(r);
		publish_some(r);
		pthread_mutex_lock(&r->lock);
		rest(r, r->walking || r->renew ? retry_us : tick_us);
		stop = r->stop;
		some = r->orders != NULL || r->verdicts != NULL;
		pthread_mutex_unlock(&r->lock);
		if (some && !stop)
			pause_for(gather_us);
	}
	return NULL;
}

/* --- life --- */

static void
register_metrics(struct ward_release *r)
{
	struct ward_metrics *m = r->o.metrics;

	r->published = ward_metrics_counter(m, "ward_records_published_total",
					    "Update records made public.", NULL);
	r->refused = ward_metrics_counter(m, "ward_records_refused_total",
					  "Update records that were not made public.", NULL);
	r->retried = ward_metrics_counter(m, "ward_records_retried_total",
					  "Update records signed again for a later number.", NULL);
	r->timestamps =
		ward_metrics_counter(m, "ward_timestamps_total", "Timestamps signed.", NULL);
}

enum ward_rc
ward_release_start(const struct ward_release_options *options, struct ward_release **ret)
{
	struct ward_release *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (!r)
		return WARD_E_NOMEM;
	r->o = *options;
	r->last_order = &r->orders;
	r->last_verdict = &r->verdicts;
	register_metrics(r);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&r->thread, NULL, run, r) != 0) {
		pthread_cond_destroy(&r->news);
		pthread_mutex_destroy(&r->lock);
		free(r);
		return WARD_E_NOMEM;
	}
	*ret = r;
	return WARD_OK;
}

static void
drop_all(struct ward_release *r)
{
	struct release_verdict *verdicts;
	struct release_waiter *waiters;
	struct release_order *orders;

	pthread_mutex_lock(&r->lock);
	r->ended = true;
	orders = r->orders;
	waiters = r->waiters;
	verdicts = r->verdicts;
	r->orders = NULL;
	r->waiters = NULL;
	r->verdicts = NULL;
	pthread_mutex_unlock(&r->lock);
	while (orders) {
		struct release_order *o = orders;

		orders = o->next;
		release_end(r, o, WARD_E_STOPPED, 0, ward_span_of(NULL, 0), NULL);
	}
	tell_all(waiters, WARD_E_STOPPED, 0, ward_span_of(NULL, 0));
	while (verdicts) {
		struct release_verdict *v = verdicts;

		verdicts = v->next;
		free(v);
	}
}

void
ward_release_stop(struct ward_release *r)
{
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	drop_all(r);
}

struct ward_release *
ward_release_free(struct ward_release *r)
{
	if (!r)
		return NULL;
	pthread_cond_destroy(&r->news);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/verdict/analysis.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "cloud/verdict/found.h"
#include "pool/pool.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { PACKS = 16, MEMORY = 16 * 1024 * 1024, VERSION = 65, ROUND_MS = 20 };

struct waiter {
	struct waiter *next;
	ward_analysed_fn fn;
	void *context;
};

struct sample {
	struct sample *next; /* of all that wait or run */
	uint8_t sha256[32];
	int fd; /* -1: the pool has it */
	bool running;
	struct waiter *waiters;
};

struct ward_analysis {
	struct ward_log *log;
	struct ward_pool *pool;
	char version[VERSION];
	size_t queue_max;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work;
	bool stop;
	struct sample *samples;
	struct ward_analysis_stats stats;
};

/* The verdict, what it changed for everybody, and what was inside, in one append. */
static enum ward_rc
record(struct ward_analysis *a, const struct ward_found *found, const Ward__Log__V1__Verdict *v,
       struct ward_arena *arena)
{
	struct ward_log_item *items = ward_arena_array(arena, WARD_FOUND_ITEMS_MAX, sizeof(*items));
	size_t count = 0;
	enum ward_rc rc = items ? ward_found_items(found, v, arena, items, &count) : WARD_E_NOMEM;

	return rc ? rc : ward_log_append_wait(a->log, items, count, NULL);
}

/* --- the list --- */

static struct sample *
find(struct ward_analysis *a, const uint8_t sha256[32])
{
	struct sample *s = a->samples;

	while (s && memcmp(s->sha256, sha256, 32) != 0)
		s = s->next;
	return s;
}

static void
unlink_sample(struct ward_analysis *a, struct sample *s)
{
	struct sample **at = &a->samples;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	a->stats.waiting--;
}

/* Takes it off the list and tells those who wait. */
static void
end(struct ward_analysis *a, struct sample *s, enum ward_rc rc, const Ward__Log__V1__Verdict *v)
{
	pthread_mutex_lock(&a->lock);
	unlink_sample(a, s);
	a->stats.analysed += rc == WARD_OK;
	a->stats.failed += rc != WARD_OK;
	a->stats.convicted += v && v->verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS;
	pthread_mutex_unlock(&a->lock);
	while (s->waiters) {
		struct waiter *w = s->waiters;

		s->waiters = w->next;
		w->fn(w->context, rc, v);
		free(w);
	}
	ward_fd_close(&s->fd);
	free(s);
}

static void
conclude(struct ward_analysis *a, struct sample *s, const struct ward_result *r)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	const struct ward_found found = {s->sha256, r, a->version, ward_clock_wall() / 1000};
	Ward__Log__V1__Verdict v;
	enum ward_rc rc = WARD_E_NOMEM;

	if (arena) {
		ward_found_verdict(&found, arena, &v);
		rc = record(a, &found, &v, arena);
	}
	end(a, s, rc, rc ? NULL : &v);
}

/* --- the thread --- */

static struct sample *
next_waiting(struct ward_analysis *a)
{
	struct sample *s;

	pthread_mutex_lock(&a->lock);
	s = a->samples;
	while (s && s->running)
		s = s->next;
	pthread_mutex_unlock(&a->lock);
	return s;
}

static void
submit_waiting(struct ward_analysis *a)
{
	struct sample *s;

	while ((s = next_waiting(a))) {
		struct ward_pool_request request = {
			.fd = s->fd,
			.path = "",
			.owner = "",
			.all_matches = true,
			.want_inners = true,
			.cookie = s,
		};
		enum ward_rc rc = ward_pool_submit(a->pool, &request);

		if (rc == WARD_E_LIMIT)
			return;
		if (rc) {
			end(a, s, rc, NULL);
			continue;
		}
		pthread_mutex_lock(&a->lock);
		s->fd = -1;
		s->running = true;
		pthread_mutex_unlock(&a->lock);
	}
}

static void
take_reply(struct ward_analysis *a, int timeout_ms)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;

	if (ward_pool_wait(a->pool, timeout_ms, &reply))
		return;
	conclude(a, reply->cookie, reply->result);
}

/* False: it is to stop. */
static bool
wait_for_work(struct ward_analysis *a)
{
	bool stop;

	pthread_mutex_lock(&a->lock);
	while (!a->stop && !a->samples)
		pthread_cond_wait(&a->work, &a->lock);
	stop = a->stop;
	pthread_mutex_unlock(&a->lock);
	return !stop;
}

static void *
analyse(void *context)
{
	struct ward_analysis *a = context;

	while (wait_for_work(a)) {
		submit_waiting(a);
		if (ward_pool_pending(a->pool) > 0)
			take_reply(a, ROUND_MS);
	}
	return NULL;
}

/* --- from others --- */

static enum ward_rc
add_waiter(struct sample *s, ward_analysed_fn fn, void *context)
{
	struct waiter *w;

	if (!fn)
		return WARD_OK;
	w = malloc(sizeof(*w));
	if (!w)
		return WARD_E_NOMEM;
	*w = (struct waiter){s->waiters, fn, context};
	s->waiters = w;
	return WARD_OK;
}

static enum ward_rc
add_sample(struct ward_analysis *a, const uint8_t sha256[32], int *fd, struct sample **ret)
{
	struct sample *s;

	if (a->stats.waiting >= a->queue_max)
		return WARD_E_LIMIT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return WARD_E_NOMEM;
	memcpy(s->sha256, sha256, 32);
	s->fd = *fd;
	*fd = -1;
	s->next = a->samples;
	a->samples = s;
	a->stats.waiting++;
	pthread_cond_signal(&a->work);
	*ret = s;
	return WARD_OK;
}

enum ward_rc
ward_analysis_submit(struct ward_analysis *a, const uint8_t sha256[32], int fd, ward_analysed_fn fn,
		     void *context)
{
	struct sample *s;
	enum ward_rc rc = WARD_OK;

	pthread_mutex_lock(&a->lock);
	s = find(a, sha256);
	if (a->stop)
		rc = WARD_E_STOPPED;
	else if (!s)
		rc = add_sample(a, sha256, &fd, &s);
	if (!rc)
		rc = add_waiter(s, fn, context);
	pthread_mutex_unlock(&a->lock);
	ward_fd_close(&fd);
	return rc;
}

bool
ward_analysis_pending(struct ward_analysis *a, const uint8_t sha256[32])
{
	bool pending;

	pthread_mutex_lock(&a->lock);
	pending = find(a, sha256) != NULL;
	pthread_mutex_unlock(&a->lock);
	return pending;
}

void
ward_analysis_stats(struct ward_analysis *a, struct ward_analysis_stats *ret_stats)
{
	pthread_mutex_lock(&a->lock);
	*ret_stats = a->stats;
	pthread_mutex_unlock(&a->lock);
}

/* --- life --- */

static enum ward_rc
open_packs(const char *const *paths, int fds[PACKS], size_t *ret_count, struct ward_buf *why)
{
	enum ward_rc rc = WARD_OK;

	for (; paths[*ret_count] && !rc; *ret_count += !rc) {
		if (*ret_count == PACKS)
			return WARD_E_LIMIT;
		fds[*ret_count] = -1;
		rc = ward_fd_open_regular(-1, paths[*ret_count], true, &fds[*ret_count], NULL);
		if (rc && ward_buf_printf(why, "%s: %s\n", paths[*ret_count], ward_rc_str(rc)))
			return rc;
	}
	return rc;
}

static enum ward_rc
start_pool(struct ward_analysis *a, const struct ward_analysis_options *o, struct ward_buf *why)
{
	struct ward_pool_options options;
	int fds[PACKS];
	size_t count = 0;
	enum ward_rc rc = open_packs(o->packs, fds, &count, why);

	ward_pool_options_default(&options);
	options.program = o->scanner;
	options.packs = fds;
	options.pack_count = count;
	options.jobs = o->jobs;
	options.timeout_ms = o->timeout_ms;
	if (!rc)
		rc = ward_pool_new(&options, &a->pool, why);
	for (size_t i = 0; i < count; i++)
		ward_fd_close(&fds[i]);
	return rc;
}

enum ward_rc
ward_analysis_new(const struct ward_analysis_options *options, struct ward_analysis **ret,
		  struct ward_buf *why)
{
	struct ward_analysis *a = calloc(1, sizeof(*a));
	enum ward_rc rc;

	if (!a)
		return WARD_E_NOMEM;
	a->log = options->log;
	a->queue_max = options->queue_max;
	(void)snprintf(a->version, sizeof(a->version), "%s", options->version);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	rc = start_pool(a, options, why);
	if (!rc && pthread_create(&a->thread, NULL, analyse, a) != 0) {
		ward_pool_free(a->pool);
		rc = WARD_E_NOMEM;
	}
	if (rc)
		free(a);
	else
		*ret = a;
	return rc;
}

struct ward_analysis *
ward_analysis_free(struct ward_analysis *a)
{
	if (!a)
		return NULL;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->work);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	while (a->samples)
		end(a, a->samples, WARD_E_STOPPED, NULL);
	ward_pool_free(a->pool);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

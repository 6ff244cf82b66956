/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "pool/pool-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	DEFAULT_TIMEOUT_MS = 120 * 1000,
	DEFAULT_START_TIMEOUT_MS = 60 * 1000,
	DEFAULT_QUEUE_PER_JOB = 8,
	DEFAULT_MEMORY_EXTRA = 512 << 20,
	EVENTS_AT_ONCE = 64,
};

void
ward_pool_options_default(struct ward_pool_options *ret_options)
{
	*ret_options = (struct ward_pool_options){0};
	ward_limits_default(&ret_options->limits);
}

static enum ward_rc
copy_packs(struct ward_pool *pool, const struct ward_pool_options *o)
{
	for (size_t i = 0; i < o->pack_count; i++) {
		pool->packs[i] = fcntl(o->packs[i], F_DUPFD_CLOEXEC, 3);
		if (pool->packs[i] < 0)
			return WARD_E_INVAL;
		pool->pack_count++;
	}
	return WARD_OK;
}

static void
apply_options(struct ward_pool *pool, const struct ward_pool_options *o)
{
	pool->jobs = o->jobs ? o->jobs : ward_process_cpus();
	if (pool->jobs > WARD_PROTO_SLOTS_MAX)
		pool->jobs = WARD_PROTO_SLOTS_MAX;
	pool->queue_max = o->queue_max ? o->queue_max : (size_t)pool->jobs * DEFAULT_QUEUE_PER_JOB;
	pool->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
	pool->line_max = o->line_max ? o->line_max : LINE_MAX_JOBS;
	pool->start_timeout_ms =
		o->start_timeout_ms ? o->start_timeout_ms : DEFAULT_START_TIMEOUT_MS;
	pool->limits = o->limits;
	pool->worker_memory = o->worker_memory
				      ? o->worker_memory
				      : (uint64_t)o->limits.max_memory + DEFAULT_MEMORY_EXTRA;
	pool->stats.jobs = pool->jobs;
	pool->on_process = o->on_process;
	pool->on_process_ctx = o->on_process_ctx;
}

static enum ward_rc
allocate(struct ward_pool *pool, const struct ward_pool_options *o)
{
	for (size_t i = 0; i < WARD_PROTO_SLOTS_MAX; i++) {
		pool->workers[i].sock = -1;
		pool->workers[i].pidfd = -1;
	}
	pool->zygote.pidfd = -1;
	pool->control = -1;
	pool->replies_end = &pool->replies;
	pool->budget.cap = WARD_PROTO_ARENA;
	apply_options(pool, o);
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	pool->program = strdup(o->program);
	pool->arena = ward_arena_new(&pool->budget);
	if (!pool->program || !pool->arena)
		return WARD_E_NOMEM;
	return pool->epoll < 0 ? WARD_E_LIMIT : copy_packs(pool, o);
}

enum ward_rc
ward_pool_new(const struct ward_pool_options *options, struct ward_pool **ret_pool,
	      struct ward_buf *why)
{
	WARD_AUTO(ward_pool_freep) struct ward_pool *pool = NULL;
	enum ward_rc rc;

	if (!options->program || options->pack_count > WARD_PROTO_PACKS_MAX ||
	    options->timeout_ms > WARD_PROTO_TIMEOUT_MAX)
		return WARD_E_INVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return WARD_E_NOMEM;
	pool->epoll = -1;
	rc = allocate(pool, options);
	if (rc == WARD_OK)
		rc = zygote_start(pool);
	if (rc == WARD_OK)
		rc = zygote_wait(pool, why);
	if (rc != WARD_OK)
		return rc;
	*ret_pool = pool;
	pool = NULL;
	return WARD_OK;
}

static void
free_replies(struct ward_pool *pool)
{
	while (pool->replies) {
		struct reply_node *node = pool->replies;

		pool->replies = node->next;
		(void)ward_pool_reply_free(&node->reply);
	}
}

struct ward_pool *
ward_pool_free(struct ward_pool *pool)
{
	struct job *job;

	if (!pool)
		return NULL;
	if (pool->control >= 0)
		zygote_stop(pool);
	while ((job = job_list_pop(&pool->queue)))
		job_free(job);
	free_replies(pool);
	for (size_t i = 0; i < pool->pack_count; i++)
		ward_fd_close(&pool->packs[i]);
	ward_fd_close(&pool->epoll);
	free(pool->program);
	(void)ward_arena_free(pool->arena);
	free(pool);
	return NULL;
}

void
ward_pool_freep(struct ward_pool **pool)
{
	*pool = ward_pool_free(*pool);
}

/* Nothing can be scanned any more: what is waiting is answered, not lost. */
static enum ward_rc
give_up(struct ward_pool *pool)
{
	pool->broken = true;
	while (pool->queue.head) {
		struct job *job = job_list_pop(&pool->queue);
		enum ward_rc rc = pool_answer_reason(pool, job, WARD_REASON_CRASHED);

		if (rc != WARD_OK) {
			job_list_push(&pool->queue, job);
			return rc;
		}
	}
	return WARD_OK;
}

static enum ward_rc
start_again(struct ward_pool *pool)
{
	enum ward_rc rc = zygote_start(pool);

	if (rc == WARD_OK && !pool->on_process) {
		rc = zygote_wait(pool, NULL);
		if (rc != WARD_OK)
			zygote_stop(pool);
	}
	return rc;
}

static enum ward_rc
restart(struct ward_pool *pool)
{
	zygote_stop(pool);
	while (pool->restarts < RESTARTS_MAX) {
		pool->restarts++;
		pool->stats.restarts++;
		pool->idle_deaths = 0;
		if (start_again(pool) == WARD_OK)
			return WARD_OK;
	}
	return give_up(pool);
}

static enum ward_rc
distribute_to(struct ward_pool *pool, size_t depth)
{
	for (unsigned i = 0; i < pool->jobs && pool->queue.head; i++) {
		enum ward_rc rc = WARD_OK;

		if (pool->workers[i].state == WORKER_NONE)
			rc = worker_start(pool, i);
		if (rc == WARD_OK)
			rc = worker_feed(pool, i, depth);
		if (rc != WARD_OK)
			return rc;
	}
	return WARD_OK;
}

/* Starts the workers there is work for and gives them what they can take: everybody something
   before anybody more. */
static enum ward_rc
distribute(struct ward_pool *pool)
{
	enum ward_rc rc = WARD_OK;

	for (size_t depth = 1; depth <= pool->line_max && pool->queue.head && rc == WARD_OK;
	     depth++)
		rc = distribute_to(pool, depth);
	return rc;
}

static enum ward_rc
drive(struct ward_pool *pool)
{
	enum ward_rc rc;

	if (pool->broken)
		return give_up(pool);
	if (pool->loading)
		rc = zygote_check_time(pool);
	else
		rc = pool->idle_deaths > IDLE_DEATHS_MAX ? WARD_E_GONE : distribute(pool);
	if (rc == WARD_OK || rc == WARD_E_NOMEM)
		return rc;
	rc = restart(pool);
	return rc == WARD_OK && !pool->broken && !pool->loading ? distribute(pool) : rc;
}

enum ward_rc
ward_pool_submit(struct ward_pool *pool, const struct ward_pool_request *request)
{
	const struct ward_proto_request message = {
		.id = pool->last_id + 1,
		.path = request->path,
		.owner = request->owner,
		.all_matches = request->all_matches,
		.want_facts = request->want_facts,
		.want_inners = request->want_inners,
		.want_row = request->want_row,
		.timeout_ms = request->timeout_ms ? request->timeout_ms : pool->timeout_ms,
		.limits = request->limits ? *request->limits : pool->limits,
	};
	struct job *job;
	enum ward_rc rc;

	if (pool->broken)
		return WARD_E_GONE;
	if (pool->pending >= pool->queue_max)
		return WARD_E_LIMIT;
	rc = job_new(request, &message, &job);
	if (rc != WARD_OK)
		return rc;
	pool->last_id++;
	pool->pending++;
	job->fd = request->fd;
	job_list_push(&pool->queue, job);
	/* Whatever goes wrong from here on is a matter of the pool; the file is taken. */
	(void)!drive(pool);
	return WARD_OK;
}

static enum ward_rc
handle_event(struct ward_pool *pool, uint32_t tag)
{
	if (tag != CONTROL_TAG)
		return worker_read(pool, tag);
	/* A restart on the way may have closed it. */
	return pool->control < 0 ? WARD_OK : zygote_read(pool);
}

static enum ward_rc
handle_events(struct ward_pool *pool, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++) {
		enum ward_rc rc = handle_event(pool, events[i].data.u32);

		if (rc == WARD_E_NOMEM)
			return rc;
		if (rc != WARD_OK)
			return restart(pool);
	}
	return WARD_OK;
}

/* Time-outs are looked at after everything that was said has been read: an answer that lay in the
   channel because the caller was busy counts as given in time. */
static uint64_t
check_times(struct ward_pool *pool)
{
	uint64_t now = ward_clock_monotonic();
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < pool->jobs; i++) {
		uint64_t left = worker_check_time(pool, i, now);

		if (left < next)
			next = left;
	}
	return next;
}

static int
milliseconds(uint64_t usec)
{
	return usec / 1000 >= 3600000 ? 3600000 : (int)(usec / 1000) + 1;
}

/* One round: wait at most so long, read, check, hand out. */
static enum ward_rc
turn(struct ward_pool *pool, int timeout_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int n = epoll_wait(pool->epoll, events, EVENTS_AT_ONCE, timeout_ms);
	enum ward_rc rc;

	if (n < 0)
		return errno == EINTR ? WARD_OK : WARD_E_IO;
	rc = handle_events(pool, events, n);
	if (rc == WARD_OK && n < EVENTS_AT_ONCE)
		(void)check_times(pool);
	return rc == WARD_OK ? drive(pool) : rc;
}

static struct ward_pool_reply *
next_reply(struct ward_pool *pool)
{
	struct reply_node *node = pool->replies;

	if (!node)
		return NULL;
	pool->replies = node->next;
	if (!pool->replies)
		pool->replies_end = &pool->replies;
	node->next = NULL;
	pool->pending--;
	return &node->reply;
}

/* How long the next round may sleep, 0 when the caller's time is up. */
static int
patience(uint64_t next_timeout, int timeout_ms, uint64_t start)
{
	uint64_t wait = next_timeout;
	uint64_t gone = ward_clock_monotonic() - start;
	uint64_t most = (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000;

	if (timeout_ms >= 0 && gone >= most)
		return 0;
	if (timeout_ms >= 0 && most - gone < wait)
		wait = most - gone;
	return milliseconds(wait);
}

enum ward_rc
ward_pool_wait(struct ward_pool *pool, int timeout_ms, struct ward_pool_reply **ret_reply)
{
	uint64_t start = ward_clock_monotonic();
	int wait = 0;

	if (pool->pending == 0)
		return WARD_E_NOENT;
	for (bool last = false;; last = wait == 0) {
		struct ward_pool_reply *reply;
		enum ward_rc rc = turn(pool, wait);

		if (rc != WARD_OK)
			return rc;
		reply = next_reply(pool);
		if (reply) {
			*ret_reply = reply;
			return WARD_OK;
		}
		if (last)
			return WARD_E_TIMEOUT;
		wait = patience(check_times(pool), timeout_ms, start);
	}
}

void
ward_pool_cancel(struct ward_pool *pool)
{
	if (pool->control >= 0)
		zygote_stop(pool);
	pool->broken = true;
}

size_t
ward_pool_pending(const struct ward_pool *pool)
{
	return pool->pending;
}

int
ward_pool_fd(const struct ward_pool *pool)
{
	return pool->epoll;
}

void
ward_pool_stats(const struct ward_pool *pool, struct ward_pool_stats *ret_stats)
{
	*ret_stats = pool->stats;
}

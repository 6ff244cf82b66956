/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/scanners.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/fd.h"

enum { CURRENT, FORMER, POOLS };
/* More than questions can be under way at once. */
enum { FILES = 1024 };

struct ward_scanners {
	struct ward_pool *pools[POOLS]; /* the loop's */
	_Atomic bool broken;
	void (*crashed)(void *ctx, uint64_t file);
	void *ctx;
	struct ward_intake *intake; /* NULL: no finding is disabled */
	struct {
		uint64_t question, file;
	} files[FILES];	      /* what the questions under way are about; the loop's */
	pthread_mutex_t lock; /* of what follows */
	struct ward_pool *offered;
	struct ward_pool_stats stats;
};

struct ward_scanners *
ward_scanners_new(void)
{
	struct ward_scanners *s = calloc(1, sizeof(*s));

	if (s)
		(void)pthread_mutex_init(&s->lock, NULL);
	return s;
}

struct ward_scanners *
ward_scanners_free(struct ward_scanners *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < POOLS; i++)
		(void)ward_pool_free(s->pools[i]);
	(void)ward_pool_free(s->offered);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

void
ward_scanners_listen(struct ward_scanners *s, void (*crashed)(void *ctx, uint64_t file), void *ctx)
{
	s->crashed = crashed;
	s->ctx = ctx;
}

void
ward_scanners_heed(struct ward_scanners *s, struct ward_intake *intake)
{
	s->intake = intake;
}

void
ward_scanners_offer(struct ward_scanners *s, struct ward_pool *take_pool)
{
	struct ward_pool *unused;

	(void)pthread_mutex_lock(&s->lock);
	unused = s->offered;
	s->offered = take_pool;
	(void)pthread_mutex_unlock(&s->lock);
	(void)ward_pool_free(unused);
}

bool
ward_scanners_broken(const struct ward_scanners *s)
{
	return atomic_load(&s->broken);
}

void
ward_scanners_stats(struct ward_scanners *s, struct ward_pool_stats *ret_stats)
{
	(void)pthread_mutex_lock(&s->lock);
	*ret_stats = s->stats;
	(void)pthread_mutex_unlock(&s->lock);
}

/* --- the loop's side --- */

/* A file with one content, as a number. */
static uint64_t
file_of(const struct ward_key *k)
{
	uint64_t file = k->device * 0x9e3779b97f4a7c15u;

	file = (file ^ k->inode) * 0x9e3779b97f4a7c15u;
	file = (file ^ (uint64_t)k->ctime) * 0x9e3779b97f4a7c15u;
	return file ^ k->size;
}

enum ward_rc
ward_scanners_ask(void *ctx, const struct ward_question *question)
{
	struct ward_scanners *s = ctx;
	char name[WARD_POOL_PATH_MAX];
	struct ward_pool_request request = {
		.fd = -1,
		.path = name,
		.owner = "",
		/* Comes back as it is, never followed. */
		.cookie = (void *)(uintptr_t)question->id,
	};
	enum ward_rc rc;

	if (!s->pools[CURRENT])
		return WARD_E_GONE;
	rc = ward_fd_copy(question->fd, &request.fd);
	if (rc != WARD_OK)
		return rc == WARD_E_LIMIT ? WARD_E_NOMEM : rc;
	ward_fd_name(question->fd, name, sizeof(name));
	rc = ward_pool_submit(s->pools[CURRENT], &request);
	if (rc != WARD_OK)
		ward_fd_close(&request.fd);
	s->files[question->id % FILES].question = question->id;
	s->files[question->id % FILES].file = file_of(question->key);
	if (rc == WARD_E_GONE)
		atomic_store(&s->broken, true);
	return rc;
}

static uint32_t
gaps_of(const struct ward_result *r)
{
	uint32_t gaps = 0;

	for (size_t i = 0; i < r->gap_count; i++)
		gaps |= 1u << r->gaps[i].reason;
	return gaps;
}

/* A rule by its name, a signature by its own or the threat's. */
static bool
is_disabled(struct ward_intake *intake, const struct ward_finding *f, uint64_t now_ms)
{
	struct ward_overlay *o = ward_intake_overlay(intake);

	if (f->layer == WARD_LAYER_YARA)
		return ward_overlay_disables(o, WARD_DISABLED_RULE, f->rule, now_ms);
	return ward_overlay_disables(o, WARD_DISABLED_SIGNATURE, f->rule, now_ms) ||
	       ward_overlay_disables(o, WARD_DISABLED_SIGNATURE, f->threat, now_ms);
}

void
ward_scanners_drop(struct ward_intake *intake, struct ward_result *r)
{
	uint64_t now_ms = ward_clock_wall() / 1000;
	size_t kept = 0;

	if (!intake || r->finding_count == 0)
		return;
	for (size_t i = 0; i < r->finding_count; i++)
		if (!is_disabled(intake, &r->findings[i], now_ms))
			r->findings[kept++] = r->findings[i];
	if (kept == r->finding_count)
		return;
	r->finding_count = kept;
	ward_result_conclude(r, true);
}

void
ward_scanners_answer(const struct ward_result *r, struct ward_answer *ret_answer)
{
	struct ward_answer answer = {
		.verdict = r->verdict,
		.type = r->type,
		.sha256 = r->objects > 0 ? r->sha256 : NULL,
		.threat = "",
		.rule = "",
		.layer = "",
	};

	answer.gaps = gaps_of(r);
	if (r->verdict == WARD_NOT_SCANNED && answer.gaps == 0)
		answer.reason = WARD_REASON_IO;
	for (size_t i = 0; i < r->finding_count; i++) {
		if (r->findings[i].verdict != r->verdict)
			continue;
		answer.threat = r->findings[i].threat;
		answer.rule = r->findings[i].rule;
		answer.layer = ward_layer_name(r->findings[i].layer);
		break;
	}
	*ret_answer = answer;
}

static void
tell(const struct ward_scanners *s, struct ward_decide *d, const struct ward_pool_reply *reply)
{
	struct ward_answer answer;

	ward_scanners_drop(s->intake, reply->result);
	ward_scanners_answer(reply->result, &answer);
	ward_decide_answer(d, (uint64_t)(uintptr_t)reply->cookie, &answer);
}

static void
look_for_crash(const struct ward_scanners *s, const struct ward_pool_reply *reply)
{
	const uint32_t ends = 1u << WARD_REASON_CRASHED | 1u << WARD_REASON_MEMORY;
	uint64_t question = (uint64_t)(uintptr_t)reply->cookie;

	if (s->crashed && reply->result->objects == 0 && (gaps_of(reply->result) & ends) &&
	    s->files[question % FILES].question == question)
		s->crashed(s->ctx, s->files[question % FILES].file);
}

static void
turn(const struct ward_scanners *s, struct ward_pool *pool, struct ward_decide *d)
{
	struct ward_pool_reply *reply;

	while (ward_pool_wait(pool, 0, &reply) == WARD_OK) {
		if (pool == s->pools[CURRENT])
			look_for_crash(s, reply);
		tell(s, d, reply);
		(void)ward_pool_reply_free(reply);
	}
}

/* Each of its questions gets an answer that is none, and is put to the next. */
static void
give_up(struct ward_scanners *s, struct ward_decide *d)
{
	ward_pool_cancel(s->pools[FORMER]);
	turn(s, s->pools[FORMER], d);
	s->pools[FORMER] = ward_pool_free(s->pools[FORMER]);
}

bool
ward_scanners_adopt(struct ward_scanners *s, struct ward_decide *d)
{
	struct ward_pool *fresh;

	(void)pthread_mutex_lock(&s->lock);
	fresh = s->offered;
	s->offered = NULL;
	(void)pthread_mutex_unlock(&s->lock);
	if (!fresh)
		return false;
	/* A second change before the first is through. */
	if (s->pools[FORMER])
		give_up(s, d);
	s->pools[FORMER] = s->pools[CURRENT];
	s->pools[CURRENT] = fresh;
	atomic_store(&s->broken, false);
	return true;
}

void
ward_scanners_turn(struct ward_scanners *s, struct ward_decide *d)
{
	if (s->pools[FORMER]) {
		turn(s, s->pools[FORMER], d);
		if (ward_pool_pending(s->pools[FORMER]) == 0)
			s->pools[FORMER] = ward_pool_free(s->pools[FORMER]);
	}
	if (!s->pools[CURRENT])
		return;
	turn(s, s->pools[CURRENT], d);
	(void)pthread_mutex_lock(&s->lock);
	ward_pool_stats(s->pools[CURRENT], &s->stats);
	(void)pthread_mutex_unlock(&s->lock);
}

void
ward_scanners_fds(const struct ward_scanners *s, int ret_fds[2])
{
	for (size_t i = 0; i < POOLS; i++)
		ret_fds[i] = s->pools[i] ? ward_pool_fd(s->pools[i]) : -1;
}

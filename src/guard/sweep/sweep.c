/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/sweep/sweep-priv.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/process.h"

enum {
	TURN_MS = 1000,
	OVERDUE_S = 24 * 3600,
	LATE_MAX_S = 600, /* a missed scan begins within this time after the guard's start */
	RESUME_S = 7 * 24 * 3600, /* what was cut off longer ago is not gone on with */
};

static const char *const KINDS[WARD_SWEEP_KINDS] = {"quick", "full", "running"};

const char *
ward_sweep_kind_name(enum ward_sweep_kind kind)
{
	return KINDS[kind];
}

bool
ward_sweep_kind_of(const char *name, enum ward_sweep_kind *ret_kind)
{
	for (enum ward_sweep_kind k = 0; k < WARD_SWEEP_KINDS; k++) {
		if (strcmp(name, KINDS[k]) == 0) {
			*ret_kind = k;
			return true;
		}
	}
	return false;
}

const char *
ward_sweep_doing_name(enum ward_sweep_doing doing)
{
	static const char *const names[] = {"idle", "beginning", "scanning", "paused", "waiting"};

	return names[doing];
}

/* --- with round.c --- */

static uint64_t
now_s(void)
{
	return ward_clock_wall() / 1000000;
}

/* The lock is held. */
static void
wait_locked(struct ward_sweep *s, unsigned ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&s->more, &s->lock, &until);
}

void
sweep_nap(struct ward_sweep *s, unsigned ms)
{
	(void)pthread_mutex_lock(&s->lock);
	if (!s->stop && !s->cancel)
		wait_locked(s, ms);
	(void)pthread_mutex_unlock(&s->lock);
}

enum ward_rc
sweep_may_go_on(struct ward_sweep *s)
{
	enum ward_rc rc = WARD_OK;

	(void)pthread_mutex_lock(&s->lock);
	if (s->stop)
		rc = WARD_E_GONE;
	else if (s->cancel)
		rc = WARD_E_STOPPED;
	else if (s->paused)
		rc = WARD_E_TIMEOUT;
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

static void
copy_text(char *room, size_t size, struct ward_span text)
{
	size_t len = text.len < size - 1 ? text.len : size - 1;

	if (len > 0)
		memcpy(room, text.data, len);
	room[len] = 0;
}

static void
summarize(const struct ward_run *run, struct ward_sweep_last *ret)
{
	*ret = (struct ward_sweep_last){
		.id = run->id,
		.begin_ms = run->begin_ms,
		.end_ms = run->end_ms,
		.used_ms = run->used_ms,
		.outcome = run->outcome,
		.files = run->files,
		.bytes = run->bytes,
		.threats = run->threats,
		.not_scanned = run->not_scanned,
	};
	copy_text(ret->source, sizeof(ret->source), run->source);
	copy_text(ret->intelligence, sizeof(ret->intelligence), run->intelligence);
}

void
sweep_show(struct ward_sweep *s, const struct ward_run *run, enum ward_sweep_doing doing,
	   unsigned percent)
{
	(void)pthread_mutex_lock(&s->lock);
	s->state.doing = doing;
	s->state.percent = percent;
	summarize(run, &s->state.now);
	(void)pthread_mutex_unlock(&s->lock);
}

/* --- what the history knows --- */

struct memory {
	struct ward_sweep *s;
	enum ward_sweep_kind kind;
	bool any, scheduled, done;
	struct order *resume;
};

static bool
is_scheduled(const struct ward_run *run)
{
	return !ward_span_eq(run->source, ward_span_str("command"));
}

static enum ward_rc
recall(void *ctx, const struct ward_run *run)
{
	struct memory *m = ctx;
	struct ward_sweep *s = m->s;

	if (!m->any)
		summarize(run, &s->state.last[m->kind]);
	if (!m->scheduled && is_scheduled(run))
		s->schedules[m->kind].begun = run->begin_ms / 1000;
	if (!m->done && run->outcome == WARD_RUN_DONE)
		s->state.done_ms[m->kind] = run->begin_ms;
	m->any = true;
	m->scheduled |= is_scheduled(run);
	m->done |= run->outcome == WARD_RUN_DONE;
	return m->scheduled && m->done ? WARD_E_STOPPED : WARD_OK;
}

/* Makes the order's texts its own. */
static void
own_texts(struct order *o, const struct ward_run *run)
{
	o->run = *run;
	copy_text(o->source, sizeof(o->source), run->source);
	copy_text(o->program, sizeof(o->program), run->what);
	copy_text(o->intelligence, sizeof(o->intelligence), run->intelligence);
	copy_text(o->place, sizeof(o->place), run->place);
	copy_text(o->after, sizeof(o->after), run->after);
	o->run.kind = ward_span_str(KINDS[o->kind]);
	o->run.source = ward_span_str(o->source);
	o->run.what = ward_span_str(o->program);
	o->run.intelligence = ward_span_str(o->intelligence);
	o->run.place = ward_span_str(o->place);
	o->run.after = ward_span_str(o->after);
}

static enum ward_rc
cut_off(void *ctx, const struct ward_run *run)
{
	struct ward_sweep *s = ctx;
	char kind[16];

	copy_text(kind, sizeof(kind), run->kind);
	if (run->outcome != WARD_RUN_INTERRUPTED || !ward_sweep_kind_of(kind, &s->order.kind) ||
	    run->begin_ms / 1000 + RESUME_S < s->started)
		return WARD_OK;
	own_texts(&s->order, run);
	s->order.by_command = !is_scheduled(run);
	s->busy = s->ordered = true;
	return WARD_OK;
}

static bool
makes_up(const struct ward_sweep *s)
{
	struct ward_held_ref *policy = ward_held_take(s->o.policy);
	bool catch_up = policy->effective->policy.schedule.catch_up;

	ward_held_give(s->o.policy, policy);
	return catch_up;
}

/* Before the thread is there. What cannot be read is as if it had never been. */
static void
remember(struct ward_sweep *s)
{
	struct ward_history_totals totals;

	if (!s->o.history)
		return;
	if (ward_history_totals(s->o.history, &totals) == WARD_OK && totals.begun_ms > 0)
		s->base = totals.begun_ms / 1000;
	for (enum ward_sweep_kind k = 0; k < WARD_SWEEP_KINDS; k++) {
		struct memory m = {.s = s, .kind = k};

		(void)!ward_history_run_list(s->o.history, ward_span_str(KINDS[k]), 0, 0, recall,
					     &m);
	}
	if (s->o.by_itself && makes_up(s))
		(void)!ward_history_run_list(s->o.history, ward_span_of(NULL, 0), 0, 1, cut_off, s);
}

/* --- the schedule; the lock is held --- */

static void
read_schedules(struct ward_sweep *s)
{
	struct ward_held_ref *ref = ward_held_take(s->o.policy);
	const struct ward_policy *p = &ref->effective->policy;
	const struct ward_when whens[WARD_SWEEP_KINDS] = {
		{p->schedule.quick, p->schedule.quick_day, (unsigned)p->schedule.quick_at,
		 p->schedule.spread / 1000, s->seed},
		{p->schedule.full, p->schedule.full_day, (unsigned)p->schedule.full_at,
		 p->schedule.spread / 1000, s->seed + 1},
		{.every = WARD_POLICY_EVERY_NEVER}, /* by news alone */
	};

	for (enum ward_sweep_kind k = 0; k < WARD_SWEEP_KINDS; k++) {
		struct schedule *plan = &s->schedules[k];

		/* A start that the new plan has in the past was nobody's plan then. */
		if (s->planned && !ward_when_equal(&plan->when, &whens[k]))
			plan->since = now_s();
		plan->when = whens[k];
		plan->catch_up = p->schedule.catch_up;
	}
	s->planned = true;
	s->news = s->news && p->scan.after_update;
	ward_held_give(s->o.policy, ref);
}

static uint64_t
latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* When the next scan is to begin, the past included; false: never. *ret_missed: the guard was not there. */
static bool
next_of(const struct ward_sweep *s, enum ward_sweep_kind k, uint64_t now, uint64_t *ret_at,
	bool *ret_missed)
{
	const struct schedule *plan = &s->schedules[k];
	uint64_t base = latest(latest(s->base, plan->begun), plan->since);
	struct ward_when_start start;

	if (!plan->catch_up)
		base = latest(base, s->started);
	/* A clock that was set back is no reason to wait until it is there again. */
	if (!ward_when_next(&plan->when, base < now ? base : now, &start))
		return false;
	*ret_missed = start.at < s->started;
	*ret_at = start.at;
	if (*ret_missed) {
		uint64_t late = start.at - start.planned;

		*ret_at = s->started + (late < LATE_MAX_S ? late : LATE_MAX_S);
	}
	return true;
}

static void
look_for_overdue(struct ward_sweep *s, enum ward_sweep_kind k, uint64_t now)
{
	const struct schedule *plan = &s->schedules[k];
	uint64_t base = latest(latest(s->base, s->state.done_ms[k] / 1000), plan->since);
	struct ward_when_start start;

	s->state.overdue_ms[k] = 0;
	if (ward_when_next(&plan->when, base, &start) && start.at + OVERDUE_S < now)
		s->state.overdue_ms[k] = start.at * 1000;
}

/* The order's thread is the only one that begins what nobody asked for. */
static void
order_itself(struct ward_sweep *s, enum ward_sweep_kind kind, const char *source)
{
	s->order.kind = kind;
	s->order.by_command = false;
	own_texts(&s->order, &(struct ward_run){.source = ward_span_str(source)});
	s->busy = s->ordered = true;
}

static void
follow_schedule(struct ward_sweep *s)
{
	uint64_t now = now_s();

	read_schedules(s);
	for (enum ward_sweep_kind k = 0; k < WARD_SWEEP_KINDS; k++) {
		uint64_t at = 0;
		bool missed = false, any = next_of(s, k, now, &at, &missed);

		look_for_overdue(s, k, now);
		s->state.next_ms[k] = any ? at * 1000 : 0;
		if (!any || at > now || s->busy)
			continue;
		order_itself(s, k, missed ? "catch-up" : "schedule");
	}
	if (s->news && !s->busy) {
		s->news = false;
		order_itself(s, WARD_SWEEP_RUNNING, "update");
	}
}

/* --- the thread --- */

/* The history's entry: a new one, or that of the guard before, which goes on. */
static void
enter(struct ward_sweep *s, struct ward_run *run)
{
	if (run->begin_ms == 0)
		run->begin_ms = ward_clock_wall() / 1000;
	run->outcome = WARD_RUN_GOING;
	run->end_ms = 0;
	if (!s->o.history)
		return;
	if (run->id == 0)
		(void)!ward_history_run_begin(s->o.history, run, &run->id);
	else
		(void)!ward_history_run_save(s->o.history, run);
}

static void
conclude(struct ward_sweep *s, const struct order *o)
{
	(void)pthread_mutex_lock(&s->lock);
	summarize(&o->run, &s->state.last[o->kind]);
	if (o->run.outcome == WARD_RUN_DONE)
		s->state.done_ms[o->kind] = o->run.begin_ms;
	s->state.doing = WARD_SWEEP_NOTHING;
	s->busy = s->ordered = s->cancel = s->paused = false;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Without the lock; only this thread touches the order while `ordered`. */
static void
carry_out(struct ward_sweep *s)
{
	struct order *o = &s->order;

	enter(s, &o->run);
	(void)pthread_mutex_lock(&s->lock);
	if (!o->by_command)
		s->schedules[o->kind].begun = now_s();
	s->state.kind = o->kind;
	(void)pthread_mutex_unlock(&s->lock);
	sweep_show(s, &o->run, WARD_SWEEP_BEGINNING, 0);
	s->o.ops.tell(s->o.ops.ctx, &o->run);
	round_run(s, o);
	if (o->run.outcome != WARD_RUN_GOING) {
		o->run.end_ms = ward_clock_wall() / 1000;
		o->run.place = o->run.after = ward_span_of("", 0);
		if (s->o.history && o->run.id)
			(void)!ward_history_run_save(s->o.history, &o->run);
	}
	s->o.ops.tell(s->o.ops.ctx, &o->run);
	conclude(s, o);
}

static void *
work(void *ctx)
{
	struct ward_sweep *s = ctx;

	ward_process_background();
	(void)pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (s->o.by_itself)
			follow_schedule(s);
		if (s->ordered) {
			(void)pthread_mutex_unlock(&s->lock);
			carry_out(s);
			(void)pthread_mutex_lock(&s->lock);
		} else {
			wait_locked(s, TURN_MS);
		}
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

enum ward_rc
ward_sweep_new(const struct ward_sweep_options *options, struct ward_sweep **ret_sweep)
{
	struct ward_sweep *s = calloc(1, sizeof(*s));
	pthread_condattr_t clock;

	if (!s)
		return WARD_E_NOMEM;
	s->o = *options;
	s->started = s->base = now_s();
	/* Anything will do. */
	if (ward_crypto_random(&s->seed, sizeof(s->seed)) != WARD_OK)
		s->seed = ward_clock_wall();
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->more, &clock);
	(void)pthread_condattr_destroy(&clock);
	remember(s);
	if (pthread_create(&s->thread, NULL, work, s) != 0) {
		(void)pthread_cond_destroy(&s->more);
		(void)pthread_mutex_destroy(&s->lock);
		free(s);
		return WARD_E_LIMIT;
	}
	*ret_sweep = s;
	return WARD_OK;
}

struct ward_sweep *
ward_sweep_free(struct ward_sweep *s)
{
	if (!s)
		return NULL;
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
	(void)pthread_cond_destroy(&s->more);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

/* --- for administrators --- */

/* The number in the history is known before the scan begins: who asked can follow it. */
enum ward_rc
ward_sweep_start(struct ward_sweep *s, enum ward_sweep_kind kind, uint32_t uid, const char *program,
		 int64_t *ret_id)
{
	struct ward_run run = {
		.source = ward_span_str("command"),
		.what = ward_span_str(program),
		.uid = uid,
		.kind = ward_span_str(KINDS[kind]),
		.begin_ms = ward_clock_wall() / 1000,
	};

	(void)pthread_mutex_lock(&s->lock);
	if (s->busy || s->stop) {
		(void)pthread_mutex_unlock(&s->lock);
		return WARD_E_LIMIT;
	}
	s->busy = true;
	s->state.kind = kind;
	s->state.doing = WARD_SWEEP_BEGINNING;
	(void)pthread_mutex_unlock(&s->lock);
	if (s->o.history)
		(void)!ward_history_run_begin(s->o.history, &run, &run.id);
	(void)pthread_mutex_lock(&s->lock);
	s->order.kind = kind;
	s->order.by_command = true;
	own_texts(&s->order, &run);
	s->ordered = true;
	summarize(&s->order.run, &s->state.now);
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	*ret_id = run.id;
	return WARD_OK;
}

enum ward_rc
ward_sweep_stop(struct ward_sweep *s)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&s->lock);
	rc = s->busy ? WARD_OK : WARD_E_NOENT;
	s->cancel = s->busy;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

enum ward_rc
ward_sweep_pause(struct ward_sweep *s, bool pause)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&s->lock);
	rc = s->busy ? WARD_OK : WARD_E_NOENT;
	s->paused = s->busy && pause;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

void
ward_sweep_news(struct ward_sweep *s)
{
	if (!s)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->news = s->o.by_itself;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
}

void
ward_sweep_state(struct ward_sweep *s, struct ward_sweep_state *ret_state)
{
	(void)pthread_mutex_lock(&s->lock);
	*ret_state = s->state;
	if (s->paused)
		ret_state->doing = WARD_SWEEP_PAUSED;
	(void)pthread_mutex_unlock(&s->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/decide.h"

#include <stdlib.h>

#include "guard/decide/decide-priv.h"
#include "sys/clock.h"
#include "sys/fan.h"
#include "sys/fd.h"

enum {
	DEFAULT_OPENS = 16384,
	DEFAULT_BACKGROUND = 1024,
	DEFAULT_CACHE = 65536,
	DEFAULT_SETTLE_MS = 100,
	DEFAULT_MARK_S = 30,
};

/* --- life --- */

static size_t
or_default(size_t value, size_t fallback)
{
	return value ? value : fallback;
}

static bool
allocate(struct ward_decide *d, const struct ward_decide_options *o)
{
	size_t opens = or_default(o->max_opens, DEFAULT_OPENS);
	size_t buckets = 1024;

	opens = opens < WARD_HOLDS_MAX ? opens : WARD_HOLDS_MAX;
	d->question_count = (uint32_t)(opens + d->max_background);
	while (buckets < d->question_count)
		buckets *= 2;
	d->bucket_mask = (uint32_t)buckets - 1;
	d->holds = ward_holds_new(opens);
	d->waiters = calloc(opens, sizeof(*d->waiters));
	d->questions = calloc(d->question_count, sizeof(*d->questions));
	d->buckets = malloc(buckets * sizeof(*d->buckets));
	d->cache = ward_cache_new(or_default(o->cache_entries, DEFAULT_CACHE));
	if (!d->holds || !d->waiters || !d->questions || !d->buckets || !d->cache)
		return false;
	memset(d->buckets, 0xff, buckets * sizeof(*d->buckets));
	for (uint32_t i = 0; i < d->question_count; i++)
		d->questions[i].next = i + 1 < d->question_count ? i + 1 : NONE;
	for (size_t i = 0; i < WARD_URGENCIES; i++)
		for (size_t k = 0; k < LANES; k++)
			d->queues[i].lanes[k] = (struct queue){NONE, NONE};
	return true;
}

enum ward_rc
ward_decide_new(const struct ward_decide_options *options, struct ward_decide **ret_decide)
{
	struct ward_decide *d = calloc(1, sizeof(*d));

	if (!d)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&d->lock, NULL);
	d->ops = options->ops;
	d->kin = options->kin;
	d->real_time = options->real_time;
	d->max_background = or_default(options->max_background, DEFAULT_BACKGROUND);
	d->settle_usec = (uint64_t)or_default(options->settle_ms, DEFAULT_SETTLE_MS) * 1000;
	d->mark_s = (uint32_t)or_default(options->mark_s, DEFAULT_MARK_S);
	if (!allocate(d, options)) {
		(void)ward_decide_free(d);
		return WARD_E_NOMEM;
	}
	ward_decide_rules(d, &options->rules);
	*ret_decide = d;
	return WARD_OK;
}

struct ward_decide *
ward_decide_free(struct ward_decide *d)
{
	if (!d)
		return NULL;
	for (uint32_t i = 0; d->questions && i < d->question_count; i++) {
		if (d->questions[i].state != QUESTION_FREE)
			question_fail(d, &d->questions[i], WARD_REASON_CRASHED);
	}
	(void)ward_holds_free(d->holds);
	(void)ward_cache_free(d->cache);
	ward_names_done(&d->names);
	free(d->waiters);
	free(d->questions);
	free(d->buckets);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
	return NULL;
}

static bool
fails_open(const struct ward_decide_rules *rules, bool exec)
{
	return ward_decide_allows(rules, WARD_POLICY_ACTION_ALLOW, false, exec);
}

void
ward_decide_rules(struct ward_decide *d, const struct ward_decide_rules *rules)
{
	(void)pthread_mutex_lock(&d->lock);
	d->rules = *rules;
	ward_holds_set(d->holds, rules->wait, fails_open(rules, false), fails_open(rules, true));
	(void)pthread_mutex_unlock(&d->lock);
}

uint32_t
decide_second(void)
{
	return (uint32_t)(ward_clock_monotonic() / 1000000) + 1;
}

static void
unsettle_all(struct ward_decide *d)
{
	d->marks_until = 0;
	if (d->ops.unsettle_all)
		d->ops.unsettle_all(d->ops.ctx);
}

void
ward_decide_new_epoch(struct ward_decide *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->epoch++;
	unsettle_all(d);
	(void)pthread_mutex_unlock(&d->lock);
}

void
ward_decide_recheck(struct ward_decide *d)
{
	(void)pthread_mutex_lock(&d->lock);
	unsettle_all(d);
	(void)pthread_mutex_unlock(&d->lock);
}

struct ward_holds *
ward_decide_holds(struct ward_decide *d)
{
	return d->holds;
}

/* --- opens --- */

bool
ward_decide_hold(struct ward_decide *d, const struct ward_open *take_open, uint32_t *ret_slot)
{
	struct ward_open open = *take_open;
	uint64_t deadline;
	bool held;

	(void)pthread_mutex_lock(&d->lock);
	deadline = ward_clock_monotonic() + ward_holds_wait(d->holds);
	held = ward_holds_add(d->holds, open.gate, open.fd, open.exec, deadline, ret_slot);
	if (held) {
		d->waiters[*ret_slot] = (struct waiter){.next = NONE, .open = open};
	} else {
		d->stats.overloaded++;
		(void)!ward_fan_answer(open.gate, open.fd, fails_open(&d->rules, open.exec));
		ward_fd_close(&open.fd);
		ward_fd_close(&open.pidfd);
	}
	(void)pthread_mutex_unlock(&d->lock);
	return held;
}

static void
answer_now(struct ward_decide *d, uint32_t slot, bool allow)
{
	(void)ward_holds_answer(d->holds, slot, allow);
	ward_fd_close(&d->waiters[slot].open.pidfd);
	ward_holds_release(d->holds, slot, true);
}

static void
answer_known(struct ward_decide *d, uint32_t slot, const struct ward_key *key,
	     const struct ward_cache_verdict *known)
{
	const struct ward_open *open = &d->waiters[slot].open;
	const struct ward_answer answer = {
		.verdict = known->verdict,
		.reason = known->reason,
		.threat = ward_names_text(&d->names, known->threat),
		.rule = "",
		.layer = "cache",
		.from_cloud = known->from_cloud,
	};
	enum ward_policy_action action =
		known->allowed ? WARD_POLICY_ACTION_ALLOW
			       : ward_decide_action(&d->rules, known->verdict, known->reason,
						    known->from_cloud);
	const struct ward_incident incident = {
		.kind = action < WARD_POLICY_ACTION_BLOCK	  ? WARD_INCIDENT_SEEN
			: d->rules.mode == WARD_POLICY_MODE_BLOCK ? WARD_INCIDENT_BLOCKED
								  : WARD_INCIDENT_WOULD_BLOCK,
		.fd = open->fd,
		.key = key,
		.answer = &answer,
		.action = action,
		.pid = open->pid,
		.pidfd = open->pidfd,
		.exec = open->exec,
		.known = true,
	};
	bool allow = ward_decide_allows(&d->rules, action, true, open->exec);

	d->stats.cached++;
	d->stats.denied += !allow;
	d->stats.would_deny += allow && action >= WARD_POLICY_ACTION_BLOCK;
	d->stats.allowed += known->allowed;
	/* It had a mark that the kernel gave up. */
	if (action == WARD_POLICY_ACTION_ALLOW)
		(void)question_settle(d, open->fd, key, known->until);
	else if (action != WARD_POLICY_ACTION_ALLOW)
		d->ops.report(d->ops.ctx, &incident);
	answer_now(d, slot, allow);
}

static enum ward_urgency
urgency_of(const struct ward_decide *d, const struct ward_open *open)
{
	if (d->rules.mode != WARD_POLICY_MODE_BLOCK)
		return WARD_URGENT_OPEN;
	return open->exec ? WARD_URGENT_EXEC : WARD_URGENT_OPEN;
}

/* Nobody waits in audit mode: the open is answered and the question goes on with its file. */
static void
audit(struct ward_decide *d, uint32_t slot, const struct ward_key *key)
{
	struct ward_open open = d->waiters[slot].open;
	struct question *known = question_find(d, key);
	struct question *q = known ? known : question_new(d, key, open.fd);

	(void)ward_holds_answer(d->holds, slot, true);
	ward_holds_release(d->holds, slot, q == NULL || q == known);
	if (!q || q->audited) {
		ward_fd_close(&open.pidfd);
		return;
	}
	ward_fd_close(&q->pidfd);
	q->pid = open.pid;
	q->pidfd = open.pidfd;
	q->exec = open.exec;
	q->audited = true;
	d->stats.questions++;
	if (q == known && q->state == QUESTION_QUEUED)
		question_dequeue(d, q);
	else if (q == known)
		return;
	q->lane = question_lane(d, open.pid);
	question_enqueue(d, q, WARD_URGENT_OPEN);
}

/* A more urgent one pulls the question forward, and so does another user: he is not to wait until the
   first one's turn comes. One that is at work may have to be asked again. */
static void
pull(struct ward_decide *d, struct question *q, enum ward_urgency urgency, unsigned lane)
{
	bool queued = q->state == QUESTION_QUEUED;

	if (urgency > q->urgency || (urgency == q->urgency && lane == q->lane))
		return;
	if (queued)
		question_dequeue(d, q);
	if (!q->counted)
		q->lane = lane;
	q->urgency = urgency;
	if (queued)
		question_enqueue(d, q, urgency);
}

static void
join(struct ward_decide *d, struct question *q, uint32_t slot)
{
	struct ward_open *open = &d->waiters[slot].open;
	enum ward_urgency urgency = urgency_of(d, open);

	d->stats.joined++;
	/* So far it was about who wrote the file. */
	if (q->waiters == NONE) {
		ward_fd_close(&q->pidfd);
		q->pid = open->pid;
		q->pidfd = open->pidfd;
		open->pidfd = -1;
	}
	d->waiters[slot].next = q->waiters;
	q->waiters = slot;
	q->exec |= open->exec;
	if (q->hold_until)
		question_hold(d, q, slot);
	pull(d, q, urgency, question_lane(d, open->pid));
	ward_fd_close(&open->pidfd);
}

static void
begin(struct ward_decide *d, uint32_t slot, const struct ward_key *key)
{
	struct ward_open *open = &d->waiters[slot].open;
	struct question *q = question_new(d, key, open->fd);

	if (!q) {
		d->stats.overloaded++;
		answer_now(d, slot, fails_open(&d->rules, open->exec));
		return;
	}
	d->stats.questions++;
	q->waiters = slot;
	q->pid = open->pid;
	q->pidfd = open->pidfd;
	q->exec = open->exec;
	q->lane = question_lane(d, open->pid);
	open->pidfd = -1;
	question_enqueue(d, q, urgency_of(d, open));
}

enum ward_ruling
decide_ruling(const struct ward_decide *d, const uint8_t *sha256, struct ward_ruled *ret_ruled)
{
	if (!sha256 || !d->ops.ruled)
		return WARD_RULING_NONE;
	return d->ops.ruled(d->ops.ctx, sha256, ret_ruled);
}

/* Signed records say something else of it by now. */
static bool
is_overruled(const struct ward_decide *d, const struct ward_cache_verdict *known)
{
	enum ward_ruling ruling = decide_ruling(d, known->digested ? known->sha256 : NULL, NULL);

	if (ruling == WARD_RULING_BLOCK)
		return known->verdict != WARD_MALICIOUS;
	if (ruling == WARD_RULING_ALLOW)
		return known->verdict >= WARD_SUSPICIOUS && !known->allowed;
	return known->recorded;
}

/* An answer whose time is over is none. */
static bool
recall(struct ward_decide *d, const struct ward_key *key, struct ward_cache_verdict *ret_known)
{
	if (!ward_cache_find(d->cache, key, d->epoch, ret_known))
		return false;
	if (is_overruled(d, ret_known)) {
		ward_cache_drop(d->cache, key);
		d->stats.overruled++;
		return false;
	}
	if (ret_known->until == 0 || ret_known->until > decide_second())
		return true;
	ward_cache_drop(d->cache, key);
	d->stats.lapsed++;
	return false;
}

/* Answers what needs no question; false: this one does. */
static bool
answer_at_once(struct ward_decide *d, uint32_t slot, struct ward_key *ret_key)
{
	const struct ward_open *open = &d->waiters[slot].open;
	struct ward_cache_verdict known;
	enum ward_fd_kind kind;

	if (ward_kin_has(d->kin, open->pid)) {
		d->stats.own++;
		answer_now(d, slot, true);
	} else if (ward_key_of(open->fd, ret_key, &kind) != WARD_OK) {
		d->stats.failed++;
		answer_now(d, slot, fails_open(&d->rules, open->exec));
	} else if (kind != WARD_FD_REGULAR) {
		d->stats.special++;
		answer_now(d, slot, true);
	} else if (ret_key->size == 0) {
		/* Nothing to look at; not settled, for something will be written. */
		d->stats.empty++;
		answer_now(d, slot, true);
	} else if (recall(d, ret_key, &known)) {
		answer_known(d, slot, ret_key, &known);
	} else if (d->ops.excluded(d->ops.ctx, open->fd, open->pid)) {
		d->stats.excluded++;
		answer_now(d, slot, true);
	} else {
		return false;
	}
	return true;
}

void
ward_decide_open(struct ward_decide *d, uint32_t slot)
{
	struct question *q;
	struct ward_key key;

	(void)pthread_mutex_lock(&d->lock);
	d->stats.opens += !d->waiters[slot].open.exec;
	d->stats.execs += d->waiters[slot].open.exec;
	if (!answer_at_once(d, slot, &key)) {
		q = question_find(d, &key);
		if (d->rules.mode != WARD_POLICY_MODE_BLOCK)
			audit(d, slot, &key);
		else if (q)
			join(d, q, slot);
		else
			begin(d, slot, &key);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

/* --- written files --- */

static void
written(struct ward_decide *d, int take_fd, int pid, const struct ward_key *key)
{
	struct question *q = question_find_written(d, key);

	if (q) {
		/* Scanned once, a while after the last of its closes. */
		question_dequeue(d, q);
		question_set_key(d, q, key);
		ward_fd_close(&take_fd);
	} else if (d->queues[WARD_URGENT_NOT].count < d->max_background) {
		q = question_new(d, key, take_fd);
	}
	if (!q) {
		/* It has no verdict, so its next open asks. */
		d->stats.written_dropped++;
		ward_fd_close(&take_fd);
		return;
	}
	q->written = true;
	q->pid = pid;
	q->not_before = ward_clock_monotonic() + d->settle_usec;
	question_enqueue(d, q, WARD_URGENT_NOT);
}

void
ward_decide_written(struct ward_decide *d, int take_fd, int pid)
{
	struct ward_key key;
	enum ward_fd_kind kind;

	(void)pthread_mutex_lock(&d->lock);
	if (ward_key_of(take_fd, &key, &kind) != WARD_OK || kind != WARD_FD_REGULAR ||
	    ward_kin_has(d->kin, pid)) {
		ward_fd_close(&take_fd);
	} else {
		d->stats.written++;
		ward_cache_drop(d->cache, &key);
		if (d->real_time)
			d->ops.unsettle(d->ops.ctx, take_fd);
		if (key.size == 0 || d->ops.excluded(d->ops.ctx, take_fd, pid))
			ward_fd_close(&take_fd);
		else
			written(d, take_fd, pid, &key);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

/* --- asking and answering --- */

/* The file was written to again, or is open for it: its next close brings it back. Or it is gone. */
static bool
overtaken(const struct question *q)
{
	struct ward_fd_stat st;

	return q->written && q->waiters == NONE &&
	       (ward_fd_stat(q->fd, &st) != WARD_OK || st.links == 0 || st.ctime != q->key.ctime ||
		ward_fd_has_writer(q->fd));
}

/* WARD_E_LIMIT: nobody can be asked now. */
static enum ward_rc
ask(struct ward_decide *d, struct question *q)
{
	const struct ward_question question = {
		.id = question_id(d, q),
		.fd = q->fd,
		.key = &q->key,
		.urgency = q->urgency,
		.pid = q->pid,
	};
	bool too_large = q->key.size > d->rules.file_max;
	enum ward_rc rc = too_large ? WARD_OK : d->ops.scan(d->ops.ctx, &question);

	if (rc == WARD_E_LIMIT)
		return rc;
	question_dequeue(d, q);
	q->epoch = d->epoch;
	q->racy = ward_key_racy(&q->key, ward_clock_wall());
	if (too_large || rc != WARD_OK) {
		question_fail(d, q, too_large ? WARD_REASON_SIZE : WARD_REASON_CRASHED);
		return WARD_OK;
	}
	d->asked[0]++;
	question_count(d, q, true);
	return WARD_OK;
}

static bool
ask_urgent(struct ward_decide *d)
{
	struct question *q;

	for (enum ward_urgency u = WARD_URGENT_EXEC; u < WARD_URGENT_NOT; u++) {
		while ((q = question_next(d, u))) {
			if (ask(d, q) == WARD_E_LIMIT)
				return false;
		}
	}
	return true;
}

/* Only while nobody waits, and one at a time. */
static uint64_t
ask_background(struct ward_decide *d)
{
	uint64_t now = ward_clock_monotonic();
	struct question *q;

	while (d->asked[0] == 0 && (q = question_next(d, WARD_URGENT_NOT))) {
		if (q->not_before > now)
			return q->not_before - now;
		if (overtaken(q)) {
			question_dequeue(d, q);
			question_free(d, q);
		} else if (ask(d, q) == WARD_E_LIMIT) {
			break;
		}
	}
	return UINT64_MAX;
}

/* Marks that stand on an answer whose time is over go; µs until that is so. */
static uint64_t
end_marks(struct ward_decide *d)
{
	uint32_t now = decide_second();

	if (d->marks_until != 0 && d->marks_until <= now) {
		d->stats.unsettled++;
		unsettle_all(d);
	}
	return d->marks_until ? (uint64_t)(d->marks_until - now) * 1000000 : UINT64_MAX;
}

uint64_t
ward_decide_pump(struct ward_decide *d)
{
	uint64_t wait = UINT64_MAX, marks;

	(void)pthread_mutex_lock(&d->lock);
	marks = end_marks(d);
	if (ask_urgent(d))
		wait = ask_background(d);
	wait = marks < wait ? marks : wait;
	(void)pthread_mutex_unlock(&d->lock);
	return wait;
}

void
ward_decide_answer(struct ward_decide *d, uint64_t id, const struct ward_answer *answer)
{
	struct question *q;

	(void)pthread_mutex_lock(&d->lock);
	q = question_by_id(d, id);
	if (q)
		question_answer(d, q, answer);
	(void)pthread_mutex_unlock(&d->lock);
}

void
ward_decide_revise(struct ward_decide *d, int fd, const struct ward_key *key, int pid,
		   const struct ward_answer *answer)
{
	(void)pthread_mutex_lock(&d->lock);
	question_revise(d, fd, key, pid, answer);
	(void)pthread_mutex_unlock(&d->lock);
}

bool
ward_decide_found(struct ward_decide *d, int fd, const struct ward_key *key,
		  const struct ward_answer *answer)
{
	bool bad;

	(void)pthread_mutex_lock(&d->lock);
	bad = question_found(d, fd, key, answer);
	(void)pthread_mutex_unlock(&d->lock);
	return bad;
}

void
ward_decide_forget(struct ward_decide *d, int fd, const struct ward_key *key)
{
	(void)pthread_mutex_lock(&d->lock);
	ward_cache_drop(d->cache, key);
	d->ops.unsettle(d->ops.ctx, fd);
	(void)pthread_mutex_unlock(&d->lock);
}

void
ward_decide_give_up(struct ward_decide *d)
{
	(void)ward_holds_expire(d->holds, UINT64_MAX - 1);
}

void
ward_decide_stats(struct ward_decide *d, struct ward_decide_stats *ret_stats)
{
	(void)pthread_mutex_lock(&d->lock);
	*ret_stats = d->stats;
	ret_stats->expired = ward_holds_expired(d->holds);
	ret_stats->holding = ward_holds_count(d->holds);
	for (size_t i = 0; i < WARD_URGENCIES; i++)
		ret_stats->queued[i] = d->queues[i].count;
	memcpy(ret_stats->asked, d->asked, sizeof(d->asked));
	ret_stats->epoch = d->epoch;
	ward_cache_stats(d->cache, &ret_stats->cache);
	(void)pthread_mutex_unlock(&d->lock);
}

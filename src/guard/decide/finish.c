/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer does: it is remembered, those who wait go on or do not, and what is bad is told. */
#include "guard/decide/decide-priv.h"

#include <stdio.h>

#include "sys/clock.h"
#include "sys/fd.h"

/* The content is still the one that was asked about. */
static bool
current(const struct question *q, struct ward_key *ret_now)
{
	return ward_key_still(q->fd, &q->key, ret_now);
}

static bool
is_markable(const struct ward_decide *d, uint32_t until)
{
	bool in_real_time =
		d->rules.mode == WARD_POLICY_MODE_BLOCK || d->rules.mode == WARD_POLICY_MODE_AUDIT;

	return d->real_time && in_real_time && (until == 0 || until >= decide_second() + d->mark_s);
}

bool
question_settle(struct ward_decide *d, int fd, const struct ward_key *key, uint32_t until)
{
	bool mark = is_markable(d, until);
	struct ward_key now;
	bool same;

	if (!ward_fd_keep_writers_out(fd))
		return false;
	same = ward_key_still(fd, key, &now);
	if (same && mark)
		d->ops.settle(d->ops.ctx, fd);
	ward_fd_let_write(fd);
	d->stats.settled += same && mark;
	d->stats.changed += !same;
	if (same && mark && until && (d->marks_until == 0 || until < d->marks_until))
		d->marks_until = until;
	return same;
}

static void
add_digest(struct ward_cache_verdict *verdict, const struct ward_answer *answer)
{
	verdict->recorded = answer->recorded;
	verdict->digested = answer->sha256 != NULL;
	if (answer->sha256)
		memcpy(verdict->sha256, answer->sha256, sizeof(verdict->sha256));
}

/* Nothing is remembered while somebody has it open for writing, or mapped: such writes show nowhere. */
static void
remember(struct ward_decide *d, const struct question *q, const struct ward_answer *answer,
	 enum ward_policy_action action, bool allowed)
{
	struct ward_cache_verdict verdict = {
		.verdict = answer->verdict,
		.reason = answer->reason,
		.threat = ward_names_number(&d->names, answer->threat),
		.until = answer->until,
		.from_cloud = answer->from_cloud,
		.allowed = allowed,
	};
	struct ward_key now;
	bool same;

	if (!ward_decide_lasting(answer->verdict, answer->reason) || q->racy ||
	    q->epoch != d->epoch || (answer->until != 0 && answer->until <= decide_second()))
		return;
	add_digest(&verdict, answer);
	same = action == WARD_POLICY_ACTION_ALLOW
		       ? question_settle(d, q->fd, &q->key, answer->until)
		       : !ward_fd_has_writer(q->fd) && current(q, &now);
	if (same)
		ward_cache_put(d->cache, &q->key, d->epoch, &verdict);
}

/* True when somebody was told in time. */
static bool
release_all(struct ward_decide *d, struct question *q, enum ward_policy_action action, bool lasting)
{
	uint32_t next;
	bool in_time = false;

	for (uint32_t slot = q->waiters; slot != NONE; slot = next) {
		bool allow =
			ward_decide_allows(&d->rules, action, lasting, d->waiters[slot].open.exec);
		bool told = ward_holds_answer(d->holds, slot, allow);

		next = d->waiters[slot].next;
		in_time |= told;
		d->stats.denied += told && !allow;
		ward_holds_release(d->holds, slot, ward_holds_fd(d->holds, slot) != q->fd);
	}
	return in_time;
}

/* Files are taken away, and processes ended, in these modes only; in the others it is told. */
static bool
acts(const struct ward_decide *d)
{
	return d->rules.mode == WARD_POLICY_MODE_BLOCK ||
	       d->rules.mode == WARD_POLICY_MODE_ON_DEMAND;
}

static void
report(struct ward_decide *d, const struct question *q, const struct ward_answer *answer,
       enum ward_policy_action action, bool in_time)
{
	struct ward_incident incident = {
		.fd = q->fd,
		.key = &q->key,
		.answer = answer,
		.action = action,
		.pid = q->pid,
		.pidfd = q->pidfd,
		.exec = q->exec,
	};

	if (!ward_decide_lasting(answer->verdict, answer->reason))
		incident.kind = WARD_INCIDENT_FAILED;
	else if (action < WARD_POLICY_ACTION_BLOCK)
		incident.kind = WARD_INCIDENT_SEEN;
	else if (in_time)
		incident.kind = WARD_INCIDENT_BLOCKED;
	else if (q->audited || !acts(d))
		incident.kind = WARD_INCIDENT_WOULD_BLOCK;
	else
		incident.kind = q->waiters != NONE ? WARD_INCIDENT_LATE : WARD_INCIDENT_WRITTEN;
	d->stats.would_deny += incident.kind == WARD_INCIDENT_WOULD_BLOCK;
	d->ops.report(d->ops.ctx, &incident);
}

/* What is allowed for good is remembered like what is clean: taking it back begins a new epoch. */
static bool
is_allowed(const struct ward_decide *d, const struct ward_answer *answer, bool *ret_for_good)
{
	*ret_for_good = false;
	return answer->verdict >= WARD_SUSPICIOUS && !answer->blocked && d->ops.allowed &&
	       d->ops.allowed(d->ops.ctx, answer, ret_for_good);
}

static void
conclude(struct ward_decide *d, struct question *q, const struct ward_answer *answer)
{
	bool for_good, allowed = is_allowed(d, answer, &for_good);
	enum ward_policy_action action =
		allowed ? WARD_POLICY_ACTION_ALLOW
			: ward_decide_action(&d->rules, answer->verdict, answer->reason,
					     answer->from_cloud);
	bool lasting = ward_decide_lasting(answer->verdict, answer->reason);
	bool in_time;

	d->stats.failed += !lasting;
	d->stats.verdicts[answer->verdict]++;
	d->stats.allowed += allowed;
	if (!allowed || for_good)
		remember(d, q, answer, action, allowed);
	in_time = release_all(d, q, action, lasting);
	d->stats.late += !in_time && q->waiters != NONE;
	if (action != WARD_POLICY_ACTION_ALLOW)
		report(d, q, answer, action, in_time);
	question_free(d, q);
}

void
question_fail(struct ward_decide *d, struct question *q, enum ward_reason reason)
{
	const struct ward_answer answer = {
		.verdict = WARD_NOT_SCANNED,
		.reason = reason,
		.threat = "",
		.rule = "",
		.layer = "",
	};

	conclude(d, q, &answer);
}

/* What was said is about a content that is gone: asked anew, but not for ever. */
static bool
ask_again(struct ward_decide *d, struct question *q, const struct ward_key *now)
{
	if (++q->tries >= TRIES_MAX)
		return false;
	question_set_key(d, q, now);
	q->layer = 0;
	question_enqueue(d, q, q->urgency);
	return true;
}

static void
keep(struct question *q, const struct ward_answer *answer)
{
	struct kept_answer *k = &q->so_far;

	k->answer = *answer;
	(void)snprintf(k->threat, sizeof(k->threat), "%s", answer->threat);
	(void)snprintf(k->rule, sizeof(k->rule), "%s", answer->rule);
	k->answer.threat = k->threat;
	k->answer.rule = k->rule;
	if (answer->sha256)
		memcpy(k->sha256, answer->sha256, sizeof(k->sha256));
	k->answer.sha256 = answer->sha256 ? k->sha256 : NULL;
}

/* Nobody says more about an unknown file, though somebody should. */
static void
conclude_unanswered(struct ward_decide *d, struct question *q)
{
	struct ward_answer answer = q->so_far.answer;

	answer.verdict = WARD_NOT_SCANNED;
	answer.reason = WARD_REASON_TIMEOUT;
	answer.from_cloud = true;
	conclude(d, q, &answer);
}

/* The file may change while it is asked about, and be asked about anew: that is nobody's second hold. */
void
question_hold(struct ward_decide *d, const struct question *q, uint32_t slot)
{
	ward_holds_extend(d->holds, slot, q->hold_until, d->rules.hold + HOLD_GRACE);
}

/* True when the next layer was asked and will answer, or cannot when it should. */
static bool
pass_on(struct ward_decide *d, struct question *q, const struct ward_answer *answer)
{
	struct ward_question question = {
		.id = question_id(d, q),
		.fd = q->fd,
		.key = &q->key,
		.urgency = q->urgency,
		.pid = q->pid,
		.so_far = &q->so_far.answer,
	};
	enum ward_rc rc;

	if (!d->ops.cloud || q->layer > 0 ||
	    (answer->verdict != WARD_UNKNOWN && answer->verdict != WARD_SUSPICIOUS))
		return false;
	keep(q, answer);
	q->layer = 1;
	rc = d->ops.cloud(d->ops.ctx, &question);
	if (rc == WARD_E_LIMIT && answer->verdict == WARD_UNKNOWN) {
		conclude_unanswered(d, q);
		return true;
	}
	if (rc != WARD_OK)
		return false;
	d->asked[1]++;
	q->hold_until = ward_clock_monotonic() + d->rules.hold + HOLD_GRACE;
	for (uint32_t slot = q->waiters; slot != NONE; slot = d->waiters[slot].next)
		question_hold(d, q, slot);
	return true;
}

void
question_revise(struct ward_decide *d, int fd, const struct ward_key *key, int pid,
		const struct ward_answer *answer)
{
	struct ward_key now;
	enum ward_fd_kind kind;
	bool for_good, allowed = is_allowed(d, answer, &for_good);
	enum ward_policy_action action =
		ward_decide_action(&d->rules, answer->verdict, answer->reason, answer->from_cloud);
	const struct ward_incident incident = {
		.kind = action < WARD_POLICY_ACTION_BLOCK ? WARD_INCIDENT_SEEN
			: acts(d)			  ? WARD_INCIDENT_LATE
							  : WARD_INCIDENT_WOULD_BLOCK,
		.fd = fd,
		.key = key,
		.answer = answer,
		.action = action,
		.pid = pid,
		.pidfd = -1,
	};
	struct ward_cache_verdict verdict = {
		.verdict = answer->verdict,
		.reason = answer->reason,
		.threat = ward_names_number(&d->names, answer->threat),
		.until = answer->until,
		.from_cloud = answer->from_cloud,
	};

	add_digest(&verdict, answer);
	ward_cache_drop(d->cache, key);
	d->ops.unsettle(d->ops.ctx, fd);
	if (ward_key_of(fd, &now, &kind) != WARD_OK || !ward_key_equal(&now, key))
		return;
	if (allowed) {
		d->stats.allowed++;
		return;
	}
	if (!ward_fd_has_writer(fd))
		ward_cache_put(d->cache, key, d->epoch, &verdict);
	d->stats.late++;
	if (action != WARD_POLICY_ACTION_ALLOW)
		d->ops.report(d->ops.ctx, &incident);
}

/* What may be done about what a scan found: in these modes it is told, and no more. */
static enum ward_policy_action
within_mode(const struct ward_decide *d, enum ward_policy_action action)
{
	return acts(d) || action < WARD_POLICY_ACTION_AUDIT ? action : WARD_POLICY_ACTION_AUDIT;
}

/* As long as nobody has it open for writing, its opens know it too. */
static void
make_known(struct ward_decide *d, int fd, const struct ward_key *key,
	   const struct ward_answer *answer)
{
	struct ward_cache_verdict verdict = {
		.verdict = answer->verdict,
		.reason = answer->reason,
		.threat = ward_names_number(&d->names, answer->threat),
	};

	add_digest(&verdict, answer);
	ward_cache_drop(d->cache, key);
	if (d->real_time)
		d->ops.unsettle(d->ops.ctx, fd);
	if (ward_decide_lasting(answer->verdict, answer->reason) &&
	    !ward_key_racy(key, ward_clock_wall()) && !ward_fd_has_writer(fd))
		ward_cache_put(d->cache, key, d->epoch, &verdict);
}

bool
question_found(struct ward_decide *d, int fd, const struct ward_key *key,
	       const struct ward_answer *answer)
{
	enum ward_policy_action action;
	struct ward_answer weighed = *answer;
	enum ward_fd_kind kind;
	struct ward_key now;
	bool same = ward_key_of(fd, &now, &kind) == WARD_OK && ward_key_equal(&now, key);

	weighed.reason = ward_decide_reason(&d->rules, answer);
	action = ward_decide_action(&d->rules, weighed.verdict, weighed.reason, false);
	action = within_mode(d, action);
	const struct ward_incident incident = {
		.kind = !ward_decide_lasting(weighed.verdict, weighed.reason) ? WARD_INCIDENT_FAILED
									      : WARD_INCIDENT_FOUND,
		.fd = fd,
		.key = key,
		.answer = &weighed,
		.action = action,
		.pidfd = -1,
	};

	/* As with opens: a change does not save what was convicted. */
	if (!same && weighed.verdict != WARD_MALICIOUS)
		return weighed.verdict >= WARD_SUSPICIOUS;
	/* Scans have limits of their own: what they could not look at, an open perhaps can. */
	if (same && action != WARD_POLICY_ACTION_ALLOW && weighed.verdict >= WARD_SUSPICIOUS)
		make_known(d, fd, key, &weighed);
	if (action != WARD_POLICY_ACTION_ALLOW)
		d->ops.report(d->ops.ctx, &incident);
	return weighed.verdict >= WARD_SUSPICIOUS;
}

void
ward_decide_convict(struct ward_answer *answer)
{
	answer->verdict = WARD_MALICIOUS;
	answer->reason = WARD_REASON_NONE;
	answer->gaps = 0;
	answer->threat = "Policy.Blocked";
	answer->rule = "blocked.hashes";
	answer->layer = "policy";
	answer->blocked = true;
}

void
ward_decide_record(struct ward_answer *answer, const struct ward_ruled *ruled)
{
	answer->verdict = WARD_MALICIOUS;
	answer->reason = WARD_REASON_NONE;
	answer->gaps = 0;
	answer->threat = ruled->threat;
	answer->rule = ruled->rule;
	answer->layer = "record";
	answer->recorded = true;
}

/* What the policy makes of what a scanner says. */
static void
weigh(const struct ward_decide *d, const struct ward_answer *answer, struct ward_answer *ret)
{
	*ret = *answer;
	ret->reason = ward_decide_reason(&d->rules, answer);
	if (!answer->sha256 || !d->ops.blocked || !d->ops.blocked(d->ops.ctx, answer->sha256))
		return;
	ward_decide_convict(ret);
}

/* What signed records make of it; what was convicted anyway keeps its own words. A record may have come while
   the cloud was asked. */
static void
overrule(struct ward_decide *d, const struct ward_answer *answer, struct ward_answer *ret)
{
	*ret = *answer;
	if (answer->verdict != WARD_MALICIOUS &&
	    decide_ruling(d, answer->sha256, &d->ruled) == WARD_RULING_BLOCK)
		ward_decide_record(ret, &d->ruled);
}

/* The scanner was killed, which need not be the file's doing: a second one may look at it. */
static bool
lost(const struct ward_answer *answer)
{
	return answer->verdict == WARD_NOT_SCANNED &&
	       (answer->reason == WARD_REASON_CRASHED || answer->reason == WARD_REASON_MEMORY);
}

void
question_answer(struct ward_decide *d, struct question *q, const struct ward_answer *answer)
{
	struct ward_key now;
	struct ward_answer weighed, overruled;
	bool same = current(q, &now);

	d->asked[q->layer]--;
	question_count(d, q, false);
	q->hold_until = 0;
	if (q->layer == 0) {
		weigh(d, answer, &weighed);
		answer = &weighed;
	}
	/* The next layer knew nothing: what the one before said stands. */
	if (q->layer > 0 &&
	    (answer->verdict == WARD_UNKNOWN ||
	     (answer->verdict == WARD_NOT_SCANNED && (answer->reason != WARD_REASON_TIMEOUT ||
						      q->so_far.answer.verdict != WARD_UNKNOWN)))) {
		q->so_far.answer.until = answer->until;
		answer = &q->so_far.answer;
	}
	overrule(d, answer, &overruled);
	answer = &overruled;
	if (!same && answer->verdict != WARD_MALICIOUS) {
		d->stats.changed++;
		if (!ask_again(d, q, &now))
			question_fail(d, q, WARD_REASON_CHANGED);
		return;
	}
	if (same && lost(answer) && q->tries == 0) {
		d->stats.retried++;
		(void)ask_again(d, q, &now);
		return;
	}
	if (!same || !pass_on(d, q, answer))
		conclude(d, q, answer);
}

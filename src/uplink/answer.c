/* SPDX-License-Identifier: Apache-2.0 */
/* What the askers of a question hear: one answer each, in time; then at most one that comes late. */
#include "uplink/uplink-priv.h"

static void
send_answer(struct uplink *u, Ward__Uplink__V1__Answer *a)
{
	ward_uplink_reply r = WARD__UPLINK__V1__REPLY__INIT;

	r.what_case = WARD__UPLINK__V1__REPLY__WHAT_ANSWER;
	r.answer = a;
	u->count.unavailable += a->outcome == WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE;
	channel_send(u, &r);
}

static void
say(struct question *q, struct asker *asker, const Ward__V1__FileVerdict *verdict)
{
	Ward__Uplink__V1__Answer a = WARD__UPLINK__V1__ANSWER__INIT;
	Ward__V1__FileVerdict copy = *verdict;

	copy.query = 0;
	copy.sha256 = (ProtobufCBinaryData){0, NULL};
	a.id = asker->id;
	a.outcome = WARD__UPLINK__V1__OUTCOME__OUTCOME_VERDICT;
	a.late = asker->answered;
	a.sha256 = (ProtobufCBinaryData){sizeof(q->sha256), q->sha256};
	a.verdict = &copy;
	a.sample = q->happened;
	asker->answered = true;
	send_answer(q->u, &a);
}

/* To those who went on without an answer a verdict is told once: that it stays unknown, too, for they
   await it. */
static bool
is_news(const struct question *q, const struct asker *asker, const Ward__V1__FileVerdict *verdict)
{
	return !asker->answered || verdict->verdict != q->said;
}

void
answer_all(struct question *q, const Ward__V1__FileVerdict *verdict)
{
	for (struct asker *a = q->askers; a; a = a->next)
		if (is_news(q, a, verdict))
			say(q, a, verdict);
	q->said = verdict->verdict;
}

void
answer_error(struct question *q, struct asker *asker, Ward__Uplink__V1__Outcome outcome,
	     const char *why)
{
	Ward__Uplink__V1__Answer a = WARD__UPLINK__V1__ANSWER__INIT;

	if (asker->answered)
		return;
	asker->answered = true;
	a.id = asker->id;
	a.outcome = outcome;
	a.sha256 = (ProtobufCBinaryData){sizeof(q->sha256), q->sha256};
	a.sample = q->happened;
	a.why = (char *)(uintptr_t)why;
	send_answer(q->u, &a);
}

void
answer_refuse(struct uplink *u, const Ward__Uplink__V1__Ask *ask, Ward__Uplink__V1__Outcome outcome,
	      const char *why)
{
	Ward__Uplink__V1__Answer a = WARD__UPLINK__V1__ANSWER__INIT;

	a.id = ask->id;
	a.outcome = outcome;
	a.sha256 = ask->file->sha256;
	a.why = (char *)(uintptr_t)why;
	send_answer(u, &a);
}

bool
answer_awaited(const struct question *q)
{
	for (const struct asker *a = q->askers; a; a = a->next)
		if (!a->answered)
			return true;
	return false;
}

uint64_t
answer_deadline(const struct question *q)
{
	uint64_t latest = 0;

	for (const struct asker *a = q->askers; a; a = a->next)
		if (!a->answered && a->deadline > latest)
			latest = a->deadline;
	return latest;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about files: one for each SHA-256, however many ask. What comes within a millisecond goes
 * to the service in one look-up. An answer that wants the sample leads to sample.c; one that says that
 * the sample is being looked at is asked for again, until somebody says something or time is up. A
 * question outlives its askers' patience: what is found then is told late.
 */
#include <stdio.h>
#include <stdlib.h>

#include "client/answer.h"
#include "sys/clock.h"
#include "uplink/uplink-priv.h"

enum {
	BATCH_USEC = 1000,
	POLL_USEC = 250 * 1000,
	POLLS_QUICK = 40, /* as long as somebody may wait */
	POLL_MAX_USEC = 30 * 1000 * 1000,
	LIFE_USEC = 600 * 1000 * 1000,
	DEADLINE_MIN_MS = 1000,
	DEADLINE_LATE_MS = 10 * 1000, /* of a look-up nobody waits for */
	TTL_NOTHING = 60,
};

/* One look-up under way. */
struct batch {
	struct uplink *u;
	struct question *questions[WARD_WIRE_LOOKUP_MAX];
	size_t count;
};

/* --- the table --- */

static struct question **
bucket_of(struct uplink *u, const uint8_t sha256[32])
{
	uint16_t low;

	memcpy(&low, sha256, sizeof(low));
	return &u->asking.buckets[low % BUCKETS];
}

static struct question *
find(struct uplink *u, const uint8_t sha256[32])
{
	struct question *q = *bucket_of(u, sha256);

	while (q && memcmp(q->sha256, sha256, sizeof(q->sha256)) != 0)
		q = q->hash_next;
	return q;
}

void
ask_set_stage(struct question *q, enum stage stage)
{
	struct asking *a = &q->u->asking;

	a->queued -= q->stage == STAGE_QUEUED;
	a->queued += stage == STAGE_QUEUED;
	a->waiting -= q->stage == STAGE_WAITS;
	a->waiting += stage == STAGE_WAITS;
	q->stage = stage;
	if (stage == STAGE_QUEUED && a->flush_at == 0)
		a->flush_at = ward_clock_monotonic() + BATCH_USEC;
}

static void
check_by(struct uplink *u, uint64_t when)
{
	if (when < u->asking.next_check)
		u->asking.next_check = when;
}

static Ward__V1__FileQuery *
copy_file(const Ward__V1__FileQuery *file)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};

	ward_buf_init(&bytes, WARD_UPLINK_MESSAGE_MAX, NULL);
	if (ward_wire_encode(&file->base, &bytes) != WARD_OK)
		return NULL;
	return ward__v1__file_query__unpack(NULL, bytes.len, bytes.data);
}

static struct question *
new_question(struct uplink *u, const Ward__Uplink__V1__Ask *ask)
{
	struct question *q = u->asking.questions < QUESTIONS_MAX ? calloc(1, sizeof(*q)) : NULL;
	struct question **bucket = bucket_of(u, ask->file->sha256.data);

	if (!q)
		return NULL;
	q->file = copy_file(ask->file);
	if (!q->file) {
		free(q);
		return NULL;
	}
	q->u = u;
	q->type = (enum ward_type)ask->type;
	memcpy(q->sha256, ask->file->sha256.data, sizeof(q->sha256));
	q->sample.fd = -1;
	q->prefix = u->settings.policy.private_lookup ? WARD_WIRE_PREFIX_MIN : 0;
	q->until = u->now + LIFE_USEC;
	q->hash_next = *bucket;
	*bucket = q;
	q->next = u->asking.first;
	q->place = &u->asking.first;
	if (q->next)
		q->next->place = &q->next;
	u->asking.first = q;
	u->asking.questions++;
	u->asking.queued++; /* as STAGE_QUEUED, which is 0 */
	ask_set_stage(q, STAGE_QUEUED);
	return q;
}

static void
free_question(struct question *q)
{
	struct question **at = bucket_of(q->u, q->sha256);
	struct asker *next;

	while (*at != q)
		at = &(*at)->hash_next;
	*at = q->hash_next;
	*q->place = q->next;
	if (q->next)
		q->next->place = q->place;
	q->u->asking.questions--;
	q->u->asking.queued -= q->stage == STAGE_QUEUED;
	q->u->asking.waiting -= q->stage == STAGE_WAITS;
	for (struct asker *a = q->askers; a; a = next) {
		next = a->next;
		q->u->asking.askers--;
		free(a);
	}
	ward_fd_close(&q->sample.fd);
	ward__v1__file_query__free_unpacked(q->file, NULL);
	free(q);
}

/* --- asking --- */

static bool
add_asker(struct question *q, const Ward__Uplink__V1__Ask *ask)
{
	struct asker *a = q->u->asking.askers < ASKERS_MAX ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return false;
	a->id = ask->id;
	a->deadline = q->u->now + (uint64_t)ask->deadline_ms * 1000;
	a->next = q->askers;
	q->askers = a;
	q->u->asking.askers++;
	check_by(q->u, a->deadline);
	return true;
}

/* Takes the descriptor if there is none yet; the sample is what the file is now. */
static void
add_sample(struct question *q, int *fd)
{
	if (*fd < 0 || q->sample.fd >= 0 || ward_fd_stat(*fd, &q->sample.was) != WARD_OK)
		return;
	q->sample.fd = *fd;
	*fd = -1;
}

void
ask_take(struct uplink *u, const Ward__Uplink__V1__Ask *ask, int take_fd)
{
	const char *refusal = link_refusal(u);
	struct question *q;

	if (refusal) {
		answer_refuse(u, ask,
			      link_off(u) ? WARD__UPLINK__V1__OUTCOME__OUTCOME_OFF
					  : WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE,
			      refusal);
		ward_fd_close(&take_fd);
		return;
	}
	q = find(u, ask->file->sha256.data);
	if (!q)
		q = new_question(u, ask);
	if (q && add_asker(q, ask)) {
		add_sample(q, &take_fd);
		if (q->stage == STAGE_RESTS && q->due > u->now + POLL_USEC) {
			q->polls = 0; /* somebody waits again */
			ask_rest(q);
		}
	} else {
		answer_refuse(u, ask, WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE,
			      "too many questions at once");
		if (q && !q->askers)
			free_question(q);
	}
	ward_fd_close(&take_fd);
}

void
ask_cancel(struct uplink *u, uint64_t id)
{
	for (struct question *q = u->asking.first; q; q = q->next)
		for (struct asker *a = q->askers; a; a = a->next)
			if (a->id == id)
				a->answered = true;
}

/* --- look-ups --- */

static unsigned
deadline_ms(const struct batch *b)
{
	uint64_t latest = 0;

	for (size_t i = 0; i < b->count; i++) {
		uint64_t deadline = answer_deadline(b->questions[i]);

		if (deadline > latest)
			latest = deadline;
	}
	if (latest == 0)
		return DEADLINE_LATE_MS;
	if (latest < b->u->now + (uint64_t)DEADLINE_MIN_MS * 1000)
		return DEADLINE_MIN_MS;
	return (unsigned)((latest - b->u->now) / 1000);
}

static void
take_verdict(struct question *q, const Ward__V1__LookupReply *reply, uint32_t index)
{
	Ward__V1__FileVerdict nothing = WARD__V1__FILE_VERDICT__INIT;
	bool cut = false;
	const Ward__V1__FileVerdict *v = ward_answer_find(reply, index, q->sha256, &cut);

	if (!v && cut && q->prefix > 0 && q->prefix < WARD_WIRE_PREFIX_MAX) {
		q->prefix++;
		ask_set_stage(q, STAGE_QUEUED);
		return;
	}
	/* Nothing is known of it: it is unknown, for a while. */
	nothing.verdict = WARD__V1__VERDICT__VERDICT_UNKNOWN;
	nothing.tier = WARD__V1__TIER__TIER_REPUTATION;
	nothing.ttl_seconds = TTL_NOTHING;
	ask_judge(q, v ? v : &nothing);
}

static void
looked_up(void *context, const struct ward_call_end *end, const void *reply)
{
	struct batch *b = context;
	char why[256];

	(void)ward_fault_describe(end, why, sizeof(why));
	for (size_t i = 0; i < b->count; i++) {
		if (reply)
			take_verdict(b->questions[i], reply, (uint32_t)i);
		else
			ask_fail(b->questions[i], why);
	}
	free(b);
}

/* What is told of a file: all that the guard said, or the first bytes of its digest. */
static Ward__V1__FileQuery *
told_of(const struct question *q, Ward__V1__FileQuery *prefix)
{
	if (q->prefix == 0)
		return q->file;
	ward__v1__file_query__init(prefix);
	prefix->prefix = (ProtobufCBinaryData){q->prefix, (uint8_t *)(uintptr_t)q->sha256};
	return prefix;
}

static enum ward_rc
start_lookup(struct batch *b)
{
	struct uplink *u = b->u;
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	Ward__V1__FileQuery *files[WARD_WIRE_LOOKUP_MAX];
	Ward__V1__FileQuery *prefixes = calloc(b->count, sizeof(*prefixes));
	struct ward_ask_spec spec = {
		.kind = WARD_ASK_LOOKUP,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = deadline_ms(b),
		.done = looked_up,
		.context = b,
	};
	enum ward_rc rc = WARD_E_NOMEM;

	for (size_t i = 0; prefixes && i < b->count; i++)
		files[i] = told_of(b->questions[i], &prefixes[i]);
	request.n_files = b->count;
	request.files = files;
	request.level = u->settings.policy.level;
	request.engine_version = u->settings.engine_version;
	request.update_position = u->link.position;
	if (prefixes)
		rc = ward_ask_start(u->link.client, &spec, NULL);
	free(prefixes);
	u->count.lookups += b->count;
	return rc;
}

/* Goes on with what is left when a batch is full. */
static void
flush(struct uplink *u)
{
	struct batch *b = calloc(1, sizeof(*b));

	u->asking.flush_at = 0;
	if (!b) {
		u->asking.flush_at = u->now + BATCH_USEC;
		return;
	}
	b->u = u;
	for (struct question *q = u->asking.first; q && b->count < WARD_WIRE_LOOKUP_MAX;
	     q = q->next) {
		if (q->stage != STAGE_QUEUED)
			continue;
		b->questions[b->count++] = q;
		ask_set_stage(q, STAGE_LOOKING_UP);
	}
	if (u->asking.queued > 0)
		u->asking.flush_at = u->now;
	if (b->count == 0 || !u->link.client || start_lookup(b) != WARD_OK) {
		for (size_t i = 0; i < b->count; i++)
			ask_fail(b->questions[i], "the question cannot be put");
		free(b);
	}
}

/* --- what follows --- */

void
ask_rest(struct question *q)
{
	uint64_t wait = POLL_USEC;

	for (unsigned i = POLLS_QUICK; i < q->polls && wait < POLL_MAX_USEC; i++)
		wait *= 2;
	q->polls++;
	q->due = q->u->now + wait;
	ask_set_stage(q, STAGE_RESTS);
	check_by(q->u, q->due);
}

/* The service says for how long it is worth to wait; the guard's own deadline stays the limit. */
static void
shorten(struct question *q, uint32_t hold_ms)
{
	uint64_t end = q->u->now + (uint64_t)hold_ms * 1000;

	if (hold_ms == 0)
		return;
	for (struct asker *a = q->askers; a; a = a->next)
		if (!a->answered && a->deadline > end)
			a->deadline = end;
	check_by(q->u, end);
}

void
ask_judge(struct question *q, const Ward__V1__FileVerdict *v)
{
	bool decided = v->verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS ||
		       v->verdict == WARD__V1__VERDICT__VERDICT_CLEAN;
	bool wanted = v->sample == WARD__V1__SAMPLE_WISH__SAMPLE_WANTED && !q->sample_done;
	bool here = v->sample == WARD__V1__SAMPLE_WISH__SAMPLE_HERE;

	if (wanted && !sample_may(q)) {
		q->happened = WARD__UPLINK__V1__SAMPLE__SAMPLE_REFUSED;
		wanted = false;
	}
	if (decided || (!wanted && !here))
		answer_all(q, v);
	if (wanted) {
		ask_set_stage(q, STAGE_WAITS);
		if (!decided)
			shorten(q, v->hold_ms);
	} else if (here && !decided) {
		ask_rest(q);
	} else {
		free_question(q);
	}
}

void
ask_fail(struct question *q, const char *why)
{
	for (struct asker *a = q->askers; a; a = a->next)
		answer_error(q, a, WARD__UPLINK__V1__OUTCOME__OUTCOME_UNAVAILABLE, why);
	/* The sample is there and somebody works on it: worth another try when the service is back. */
	if (q->polls > 0 && q->u->now < q->until && q->u->link.client)
		ask_rest(q);
	else
		free_question(q);
}

/* --- time --- */

static void
expire(struct question *q, uint64_t *next)
{
	for (struct asker *a = q->askers; a; a = a->next) {
		if (a->answered)
			continue;
		if (a->deadline <= q->u->now)
			answer_error(q, a, WARD__UPLINK__V1__OUTCOME__OUTCOME_TIMEOUT, "");
		else if (a->deadline < *next)
			*next = a->deadline;
	}
}

/* What is under way with the service ends by itself. */
static void
check_question(struct question *q, uint64_t *next)
{
	uint64_t now = q->u->now;

	expire(q, next);
	if (q->stage != STAGE_RESTS)
		return;
	if (now >= q->until && !answer_awaited(q))
		free_question(q);
	else if (q->due <= now)
		ask_set_stage(q, STAGE_QUEUED);
	else if (q->due < *next)
		*next = q->due;
}

void
ask_work(struct uplink *u)
{
	struct question *following;

	if (u->now >= u->asking.next_check) {
		uint64_t next = UINT64_MAX;

		for (struct question *q = u->asking.first; q; q = following) {
			following = q->next;
			check_question(q, &next);
		}
		u->asking.next_check = next;
	}
	sample_work(u);
	while (u->asking.flush_at != 0 &&
	       (u->now >= u->asking.flush_at || u->asking.queued >= WARD_WIRE_LOOKUP_MAX))
		flush(u);
}

uint64_t
ask_next(const struct uplink *u)
{
	const struct asking *a = &u->asking;

	return a->flush_at != 0 && a->flush_at < a->next_check ? a->flush_at : a->next_check;
}

void
ask_give_up(struct uplink *u, Ward__Uplink__V1__Outcome outcome, const char *why)
{
	struct question *following;

	for (struct question *q = u->asking.first; q; q = following) {
		following = q->next;
		for (struct asker *a = q->askers; a; a = a->next)
			answer_error(q, a, outcome, why);
		if (q->stage == STAGE_QUEUED || q->stage == STAGE_WAITS || q->stage == STAGE_RESTS)
			free_question(q);
	}
}

void
ask_free_all(struct uplink *u)
{
	while (u->asking.first)
		free_question(u->asking.first);
}

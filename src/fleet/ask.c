/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/ask.h"

#include <stdlib.h>
#include <time.h>

#include "sys/clock.h"
#include "sys/digest.h"

enum { ANSWER = 1 << 20, BODY = FLEET_FILE_MAX + 4096, CHUNK = 64 * 1024 };
enum { REST_USEC = 100 * 1000, REST_MAX_USEC = 1000 * 1000 };

/* --- answers --- */

void
fleet_answers_init(struct fleet_answers *a)
{
	pthread_condattr_t attributes;

	*a = (struct fleet_answers){0};
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->news, &attributes);
	pthread_condattr_destroy(&attributes);
}

void
fleet_answers_done(struct fleet_answers *a)
{
	pthread_cond_destroy(&a->news);
	pthread_mutex_destroy(&a->lock);
}

struct fleet_question *
fleet_answers_wait(struct fleet_answers *a, uint64_t until)
{
	const struct timespec end = {.tv_sec = (time_t)(until / 1000000),
				     .tv_nsec = (long)(until % 1000000) * 1000};
	struct fleet_question *q;

	pthread_mutex_lock(&a->lock);
	if (!a->first)
		(void)pthread_cond_timedwait(&a->news, &a->lock, &end);
	q = a->first;
	a->first = NULL;
	pthread_mutex_unlock(&a->lock);
	return q;
}

/* --- a question; on its loop --- */

static void
finish(struct fleet_question *q, bool answered)
{
	struct fleet_answers *a = q->desk->answers;

	q->answered = answered;
	q->ended = ward_clock_monotonic();
	free(q->bytes);
	q->bytes = NULL;
	pthread_mutex_lock(&a->lock);
	q->next = a->first;
	a->first = q;
	pthread_cond_signal(&a->news);
	pthread_mutex_unlock(&a->lock);
}

/* Until it is worth asking again. */
static void
rest(struct fleet_question *q)
{
	struct fleet_desk *d = q->desk;
	uint64_t wait = (uint64_t)REST_USEC << (q->rests < 4 ? q->rests : 4);

	q->rests++;
	q->due = ward_clock_monotonic() + (wait < REST_MAX_USEC ? wait : REST_MAX_USEC);
	q->next = d->resting;
	d->resting = q;
}

static void
describe(const struct fleet_question *q, Ward__V1__FileQuery *file, Ward__V1__Features *features,
	 Ward__V1__Context *context)
{
	static char type[] = "shell";

	ward__v1__file_query__init(file);
	ward__v1__features__init(features);
	ward__v1__context__init(context);
	file->sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)q->sha256};
	file->size = q->size;
	file->type = type;
	features->signature = WARD__V1__SIGNATURE__SIGNATURE_NONE;
	file->features = features;
	context->path_class = WARD__V1__PATH_CLASS__PATH_CLASS_DOWNLOAD;
	context->downloaded = true;
	file->context = context;
}

static enum ward_rc
frame(const ProtobufCMessage *message, struct ward_buf *body)
{
	size_t at = body->len;
	uint8_t *prefix = ward_buf_reserve(body, WARD_GRPC_PREFIX);
	enum ward_rc rc;

	if (!prefix)
		return WARD_E_NOMEM;
	ward_buf_grown(body, WARD_GRPC_PREFIX);
	rc = ward_wire_encode(message, body);
	if (!rc)
		ward_grpc_prefix(body->data + at, (uint32_t)(body->len - at - WARD_GRPC_PREFIX));
	return rc;
}

static void
take_verdict(struct fleet_question *q, const Ward__V1__FileVerdict *v)
{
	q->heard = true;
	q->verdict = ward_wire_verdict_from(v->verdict);
	q->wish = v->sample;
}

static void decide(struct fleet_question *q);

static void
on_ended(void *context, enum ward_grpc_status status)
{
	struct fleet_question *q = context;

	if (status == WARD_GRPC_UNAVAILABLE)
		finish(q, false); /* perhaps the connection's end: nothing may be begun here */
	else if (status || !q->heard)
		rest(q);
	else
		decide(q);
}

/* --- look-ups --- */

static void
on_lookup(void *context, struct ward_span message)
{
	struct fleet_question *q = context;
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__LookupReply *reply;

	if (arena &&
	    !ward_wire_decode(&ward__v1__lookup_reply__descriptor, message, arena, &reply, NULL) &&
	    reply->n_files == 1)
		take_verdict(q, reply->files[0]);
}

static const struct fleet_call_face lookup_call = {
	.path = "/ward.v1.Protection/Lookup",
	.answer_max = ANSWER,
	.message = on_lookup,
	.ended = on_ended,
};

static enum ward_rc
look_up(struct fleet_question *q)
{
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	Ward__V1__FileQuery file, *files = &file;
	Ward__V1__Features features;
	Ward__V1__Context context;
	WARD_AUTO(ward_buf_done) struct ward_buf body = {0};
	enum ward_rc rc;

	describe(q, &file, &features, &context);
	request.files = &files;
	request.n_files = 1;
	request.level = q->level;
	request.engine_version =
		(char *)(uintptr_t)fleet_version(q->desk->scenario, q->device->number);
	request.update_position = atomic_load(&q->device->position);
	ward_buf_init(&body, BODY, NULL);
	q->heard = false;
	rc = frame(&request.base, &body);
	return rc ? rc : fleet_call_start(&q->device->link, &lookup_call, ward_buf_span(&body), q);
}

/* --- samples --- */

static void
on_sample(void *context, struct ward_span message)
{
	struct fleet_question *q = context;
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__SampleReply *reply;

	if (!arena ||
	    ward_wire_decode(&ward__v1__sample_reply__descriptor, message, arena, &reply, NULL))
		return;
	q->sampled |= reply->status == WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_STORED;
	if (reply->verdict)
		take_verdict(q, reply->verdict);
}

static const struct fleet_call_face submit_call = {
	.path = "/ward.v1.Protection/SubmitSample",
	.answer_max = ANSWER,
	.message = on_sample,
	.ended = on_ended,
};

static unsigned
time_left(const struct fleet_question *q)
{
	uint64_t gone = (ward_clock_monotonic() - q->began) / 1000;

	return gone < q->wait_ms ? q->wait_ms - (unsigned)gone : 0;
}

static enum ward_rc
frame_data(const struct fleet_question *q, struct ward_buf *body)
{
	Ward__V1__SampleChunk chunk = WARD__V1__SAMPLE_CHUNK__INIT;
	enum ward_rc rc = WARD_OK;

	chunk.part_case = WARD__V1__SAMPLE_CHUNK__PART_DATA;
	for (size_t at = 0, n; at < q->size && !rc; at += n) {
		n = q->size - at < CHUNK ? q->size - at : CHUNK;
		chunk.data = (ProtobufCBinaryData){n, q->bytes + at};
		rc = frame(&chunk.base, body);
	}
	return rc;
}

static enum ward_rc
submit(struct fleet_question *q)
{
	Ward__V1__SampleHeader header = WARD__V1__SAMPLE_HEADER__INIT;
	Ward__V1__SampleChunk chunk = WARD__V1__SAMPLE_CHUNK__INIT;
	Ward__V1__FileQuery file;
	Ward__V1__Features features;
	Ward__V1__Context context;
	WARD_AUTO(ward_buf_done) struct ward_buf body = {0};
	enum ward_rc rc;

	describe(q, &file, &features, &context);
	header.file = &file;
	header.wait_ms = time_left(q);
	header.level = q->level;
	chunk.part_case = WARD__V1__SAMPLE_CHUNK__PART_HEADER;
	chunk.header = &header;
	ward_buf_init(&body, BODY, NULL);
	q->heard = false;
	rc = frame(&chunk.base, &body);
	if (!rc)
		rc = frame_data(q, &body);
	return rc ? rc : fleet_call_start(&q->device->link, &submit_call, ward_buf_span(&body), q);
}

/* --- what follows --- */

static void
look_up_or_fail(struct fleet_question *q)
{
	if (q->device->link.state != FLEET_UP || look_up(q))
		finish(q, false);
}

static void
decide(struct fleet_question *q)
{
	bool decided = q->verdict == WARD_MALICIOUS || q->verdict == WARD_CLEAN;

	q->alarmed |= !q->sampled && q->rests == 0 && q->verdict >= WARD_SUSPICIOUS;
	if (!decided && !q->sampled && q->wish == WARD__V1__SAMPLE_WISH__SAMPLE_WANTED) {
		if (submit(q))
			finish(q, false);
	} else if (!decided && q->wish == WARD__V1__SAMPLE_WISH__SAMPLE_HERE) {
		rest(q);
	} else {
		finish(q, true);
	}
}

static bool
make_file(struct fleet_question *q)
{
	q->bytes = malloc(FLEET_FILE_MAX);
	if (!q->bytes)
		return false;
	q->size = fleet_file_write(q->desk->scenario, &q->file, q->bytes);
	return ward_digest(WARD_SHA256, ward_span_of(q->bytes, q->size), q->sha256) == WARD_OK;
}

/* --- the desk --- */

void
fleet_desk_init(struct fleet_desk *d, const struct fleet_scenario *scenario,
		struct fleet_answers *answers)
{
	*d = (struct fleet_desk){.scenario = scenario, .answers = answers};
	pthread_mutex_init(&d->lock, NULL);
}

void
fleet_desk_done(struct fleet_desk *d)
{
	pthread_mutex_destroy(&d->lock);
}

void
fleet_desk_ask(struct fleet_desk *d, struct fleet_question *q)
{
	q->desk = d;
	pthread_mutex_lock(&d->lock);
	q->next = d->asked;
	d->asked = q;
	pthread_mutex_unlock(&d->lock);
	fleet_crowd_wake(q->device->loop);
}

static void
begin(struct fleet_question *q)
{
	q->began = ward_clock_monotonic();
	if (make_file(q))
		look_up_or_fail(q);
	else
		finish(q, false);
}

/* Those whose rest is over; those whose time is over have no answer. */
static void
wake_rested(struct fleet_desk *d)
{
	struct fleet_question *all = d->resting, *next;
	uint64_t now = all ? ward_clock_monotonic() : 0;

	d->resting = NULL;
	for (; all; all = next) {
		next = all->next;
		if (now - all->began > (uint64_t)all->wait_ms * 1000) {
			finish(all, false);
		} else if (all->due <= now) {
			look_up_or_fail(all);
		} else {
			all->next = d->resting;
			d->resting = all;
		}
	}
}

void
fleet_desk_turn(struct fleet_desk *d)
{
	struct fleet_question *asked, *next;

	pthread_mutex_lock(&d->lock);
	asked = d->asked;
	d->asked = NULL;
	pthread_mutex_unlock(&d->lock);
	for (; asked; asked = next) {
		next = asked->next;
		begin(asked);
	}
	wake_rested(d);
}

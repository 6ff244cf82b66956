/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: a header, then chunks into a file of the spool, named by digest and device, where a later
 * call goes on if this one breaks off. Whole, it is stored (which checks its digest), recorded, and
 * analysed; the answer waits for the verdict as long as the endpoint wants. Files are touched by the
 * worker threads alone, the call is held meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud/service/service-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

/* The verdict waits this long for its signed record: publishing takes milliseconds. */
enum { NAME = 128, TYPE = 17, RECORD_MS = 500 };

/* One upload. Belongs to the call's loop, and to a worker while the call is held; `users` counts the
 * call and what is under way. */
struct upload {
	struct ward_service *service;
	struct ward_call_ref call;
	_Atomic unsigned users;
	uint8_t sha256[32], device[16];
	char type[TYPE], path[SERVICE_PATH + NAME];
	uint64_t size, received;
	uint32_t wait_ms;
	uint64_t whole_at; /* µs, monotonic: the last byte came */
	int fd;
	bool open, whole;
	/* the step a worker does */
	uint8_t *data;
	size_t len;
	enum ward_rc rc;
};

static void
upload_leave(struct upload *u)
{
	if (atomic_fetch_sub(&u->users, 1) != 1)
		return;
	ward_fd_close(&u->fd);
	free(u->data);
	free(u);
}

static void
path_of(const struct ward_service *s, const uint8_t device[16], const uint8_t sha256[32],
	char ret[SERVICE_PATH + NAME])
{
	char file[65], from[33];

	ward_text_hex(ward_span_of(sha256, 32), file);
	ward_text_hex(ward_span_of(device, 16), from);
	(void)snprintf(ret, SERVICE_PATH + NAME, "%s/%s-%s", s->spool, file, from);
}

uint64_t
service_spooled(struct ward_service *s, const uint8_t device[16], const uint8_t sha256[32])
{
	struct ward_fd_stat stat;
	char path[SERVICE_PATH + NAME];

	path_of(s, device, sha256, path);
	return ward_fd_stat_at(-1, path, false, &stat) ? 0 : stat.size;
}

/* --- answers --- */

static void
answer(struct ward_call *call, Ward__V1__SampleStatus status, uint64_t offset,
       Ward__V1__FileVerdict *verdict)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	Ward__V1__SampleReply reply = WARD__V1__SAMPLE_REPLY__INIT;

	ward_buf_init(&out, 1 << 20, NULL);
	reply.status = status;
	reply.offset = offset;
	reply.verdict = verdict;
	if (ward_wire_encode(&reply.base, &out))
		ward_call_finish(call, WARD_GRPC_INTERNAL, NULL);
	else
		ward_call_answer(call, ward_buf_span(&out));
}

/* --- the end: verdict or time-out, whichever is first --- */

struct ending {
	struct upload *upload;
	bool timed_out;
	enum ward_rc rc;
	struct ward_buf reply; /* the whole message, when there is a verdict */
};

static void
ending_done(struct ward_call *call, void *arg)
{
	struct ending *e = arg;
	Ward__V1__FileVerdict later = WARD__V1__FILE_VERDICT__INIT;

	later.verdict = WARD__V1__VERDICT__VERDICT_UNKNOWN;
	later.sample = WARD__V1__SAMPLE_WISH__SAMPLE_HERE;
	later.tier = WARD__V1__TIER__TIER_METADATA;
	if (call && e->reply.len > 0)
		ward_call_answer(call, ward_buf_span(&e->reply));
	else if (call && (e->timed_out || !e->rc))
		answer(call, WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_STORED, e->upload->size,
		       &later);
	else if (call)
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the sample could not be analysed");
	ward_buf_done(&e->reply);
	upload_leave(e->upload);
	free(e);
}

static struct ending *
ending_new(struct upload *u)
{
	struct ending *e = calloc(1, sizeof(*e));

	if (e) {
		atomic_fetch_add(&u->users, 1);
		e->upload = u;
	}
	return e;
}

static void
time_is_up(void *context)
{
	struct ending *e = context;

	e->timed_out = true;
	ward_edge_post(e->upload->call, ending_done, e);
}

/* The answer once more, with the record. */
static enum ward_rc
add_record(struct ending *e, struct ward_span envelope)
{
	struct ward_budget budget = {.cap = 24 * e->reply.len + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__SampleReply *reply;
	enum ward_rc rc = arena ? ward_wire_decode(&ward__v1__sample_reply__descriptor,
						   ward_buf_span(&e->reply), arena, &reply, NULL)
				: WARD_E_NOMEM;

	if (rc || !reply->verdict)
		return rc;
	reply->verdict->record =
		(ProtobufCBinaryData){envelope.len, (uint8_t *)(uintptr_t)envelope.data};
	ward_buf_clear(&e->reply);
	return ward_wire_encode(&reply->base, &e->reply);
}

/* What follows from the verdict for everybody is published, or held back, or takes too long. */
static void
published(void *context, enum ward_rc rc, const struct ward_released *released)
{
	struct ending *e = context;

	if (!rc && released->envelope.len > 0)
		e->rc = add_record(e, released->envelope);
	ward_edge_post(e->upload->call, ending_done, e);
}

static bool
awaits_record(struct ending *e, const Ward__Log__V1__Verdict *said)
{
	struct ward_release *release = e->upload->service->o.release;

	return release && said->verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS &&
	       ward_release_when(release, e->upload->sha256, RECORD_MS, published, e) == WARD_OK;
}

static void
analysed(void *context, enum ward_rc rc, const Ward__Log__V1__Verdict *said)
{
	struct ending *e = context;
	Ward__V1__SampleReply reply = WARD__V1__SAMPLE_REPLY__INIT;
	Ward__V1__FileVerdict verdict;

	e->rc = rc;
	ward_buf_init(&e->reply, 1 << 20, NULL);
	if (!rc) {
		service_verdict_of(said, &verdict);
		reply.status = WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_STORED;
		reply.offset = e->upload->size;
		reply.verdict = &verdict;
		e->rc = ward_wire_encode(&reply.base, &e->reply);
		service_took(e->upload->service, WARD__V1__TIER__TIER_SAMPLE, e->upload->whole_at);
	}
	if (!e->rc && awaits_record(e, said))
		return;
	ward_edge_post(e->upload->call, ending_done, e);
}

/* --- storing, on a worker --- */

static enum ward_rc
record_sample(struct upload *u)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Sample sample = WARD__LOG__V1__SAMPLE__INIT;

	sample.sha256 = (ProtobufCBinaryData){32, u->sha256};
	sample.size = u->size;
	sample.type = u->type;
	record.time_ms = ward_clock_wall() / 1000;
	record.device = (ProtobufCBinaryData){16, u->device};
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SAMPLE;
	record.sample = &sample;
	return ward_record_append_wait(u->service->o.log, &record, NULL);
}

static enum ward_rc
analyse(struct upload *u)
{
	struct ending *verdict = ending_new(u), *late = ending_new(u);
	enum ward_rc rc = verdict && late ? WARD_OK : WARD_E_NOMEM;
	int fd = -1;

	if (!rc)
		rc = ward_objects_get(u->service->o.objects, u->sha256, u->service->o.sample_max,
				      &fd);
	if (!rc)
		rc = ward_analysis_submit(u->service->o.analysis, u->sha256, fd, analysed, verdict);
	if (rc) {
		free(verdict);
		free(late);
		if (verdict)
			atomic_fetch_sub(&u->users, 1);
		if (late)
			atomic_fetch_sub(&u->users, 1);
		return rc;
	}
	if (service_after(u->service->workers, u->wait_ms, time_is_up, late)) {
		atomic_fetch_sub(&u->users, 1);
		free(late);
	}
	return WARD_OK;
}

/* Rids the spool of it: a wrong one must not be gone on with. */
static void
discard(struct upload *u)
{
	if (unlink(u->path) == 0)
		atomic_fetch_sub(&u->service->spooled, u->received);
}

static void
stored(struct ward_call *call, void *arg)
{
	struct upload *u = arg;

	if (call && u->rc == WARD_E_FORMAT)
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT,
				 "the sample's SHA-256 is another");
	else if (call && u->rc)
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED,
				 "the sample cannot be stored now");
	upload_leave(u);
}

static void
store(void *context)
{
	struct upload *u = context;

	u->rc = ward_objects_put(u->service->o.objects, u->sha256, u->fd);
	if (!u->rc || u->rc == WARD_E_FORMAT)
		discard(u);
	if (!u->rc)
		u->rc = record_sample(u);
	if (!u->rc) {
		ward_counter_add(u->service->samples, 1);
		u->rc = analyse(u);
	}
	ward_edge_post(u->call, stored, u);
}

/* Of the stored sample, not what the endpoint says. */
static enum ward_rc
learn_size(struct upload *u)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat stat = {0};
	enum ward_rc rc =
		ward_objects_get(u->service->o.objects, u->sha256, u->service->o.sample_max, &fd);

	if (!rc)
		rc = ward_fd_stat(fd, &stat);
	if (!rc)
		u->size = stat.size;
	return rc;
}

static bool
is_recorded(struct upload *u)
{
	struct ward_budget budget = {.cap = 256 * 1024};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_view_file file;

	return arena && !ward_views_file(u->service->o.views, u->sha256, arena, &file) &&
	       file.sample_here;
}

/* It is here, but the service was killed, or could not record, before it was judged. */
static void
catch_up(void *context)
{
	struct upload *u = context;

	u->rc = learn_size(u);
	if (!u->rc && !is_recorded(u))
		u->rc = record_sample(u);
	if (!u->rc)
		u->rc = analyse(u);
	ward_edge_post(u->call, stored, u);
}

/* --- chunks, on a worker --- */

static void
step_done(struct ward_call *call, void *arg)
{
	struct upload *u = arg;

	if (call && u->rc == WARD_E_PERM)
		ward_call_finish(call, WARD_GRPC_ABORTED, "the sample is being sent already");
	else if (call && u->rc == WARD_E_INVAL)
		answer(call, WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_RESUME, u->received, NULL);
	else if (call && u->rc)
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "the spool is full");
	else if (call)
		ward_call_hold(call, false);
	upload_leave(u);
}

static void
write_chunk(void *context)
{
	struct upload *u = context;
	ssize_t n = pwrite(u->fd, u->data, u->len, (off_t)u->received);

	if (n < 0 || (size_t)n != u->len) {
		u->rc = WARD_E_LIMIT;
	} else {
		u->received += u->len;
		atomic_fetch_add(&u->service->spooled, u->len);
	}
	free(u->data);
	u->data = NULL;
	ward_edge_post(u->call, step_done, u);
}

/* Opens the spool file; its length must be where the endpoint goes on. */
static void
open_spool(void *context)
{
	struct upload *u = context;
	struct ward_fd_stat stat = {0};
	uint64_t offset = u->received;

	u->rc = ward_fd_lock(-1, u->path, &u->fd);
	if (!u->rc)
		u->rc = ward_fd_stat(u->fd, &stat);
	if (!u->rc) {
		u->received = stat.size;
		u->open = true;
		if (stat.size != offset)
			u->rc = WARD_E_INVAL;
	}
	ward_edge_post(u->call, step_done, u);
}

static void
step(struct ward_call *call, struct upload *u, service_work_fn fn)
{
	atomic_fetch_add(&u->users, 1);
	ward_call_hold(call, true);
	if (service_work(u->service->workers, fn, u)) {
		upload_leave(u);
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "too many samples at once");
	}
}

/* --- the call --- */

static bool
welcome(struct ward_call *call, struct ward_service *s, const Ward__V1__SampleHeader *h)
{
	Ward__V1__Policy policy;

	if (ward_views_policy(s->o.views, "default", &policy) ||
	    policy.samples == WARD__V1__SAMPLES__SAMPLES_NONE)
		ward_call_finish(call, WARD_GRPC_FAILED_PRECONDITION, "policy: no samples");
	else if (h->file->size == 0 || h->file->size > s->o.sample_max)
		ward_call_finish(call, WARD_GRPC_OUT_OF_RANGE, "the sample's size");
	else if (atomic_load(&s->spooled) + h->file->size > s->o.spool_max)
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "the spool is full");
	else
		return true;
	return false;
}

/* A sample that is here is not taken again; its verdict is what all know. */
static void
known(struct ward_call *call, struct ward_service *s, const Ward__V1__SampleHeader *h)
{
	Ward__V1__FileVerdict verdict;

	if (service_judge(s, ward_call_peer(call)->device, h->file, h->level, ward_call_arena(call),
			  &verdict))
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, NULL);
	else
		answer(call, WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_KNOWN, h->file->size, &verdict);
}

static bool
is_judged(struct ward_call *call, struct ward_service *s, const Ward__V1__SampleHeader *h)
{
	struct ward_view_verdict verdict;

	return ward_views_verdicts(s->o.views,
				   (const uint8_t(*)[32])(uintptr_t)h->file->sha256.data, 1,
				   ward_call_peer(call)->device, ward_clock_wall() / 1000,
				   &verdict) != WARD_OK ||
	       verdict.source != 0;
}

static void
start_upload(struct ward_call *call, const Ward__V1__SampleHeader *h, service_work_fn first)
{
	struct ward_service *s = ward_call_context(call);
	struct upload *u = calloc(1, sizeof(*u));

	if (!u) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, NULL);
		return;
	}
	*u = (struct upload){.service = s,
			     .call = ward_call_ref(call),
			     .users = 1,
			     .fd = -1,
			     .size = h->file->size,
			     .received = h->offset,
			     .wait_ms = h->wait_ms};
	memcpy(u->sha256, h->file->sha256.data, 32);
	memcpy(u->device, ward_call_peer(call)->device, 16);
	(void)snprintf(u->type, TYPE, "%s", h->file->type);
	path_of(s, u->device, u->sha256, u->path);
	ward_call_set_state(call, u);
	step(call, u, first);
}

static void
begin(struct ward_call *call, const Ward__V1__SampleHeader *h)
{
	struct ward_service *s = ward_call_context(call);

	if (ward_objects_has(s->o.objects, h->file->sha256.data)) {
		if (welcome(call, s, h))
			start_upload(call, h, open_spool);
	} else if (is_judged(call, s, h)) {
		known(call, s, h);
	} else {
		start_upload(call, h, catch_up);
	}
}

static void
chunk(struct ward_call *call, struct upload *u, ProtobufCBinaryData data)
{
	if (data.len > u->size - u->received) {
		ward_call_finish(call, WARD_GRPC_OUT_OF_RANGE, "more than the sample's size");
		return;
	}
	u->data = malloc(data.len);
	if (!u->data) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, NULL);
		return;
	}
	memcpy(u->data, data.data, data.len);
	u->len = data.len;
	step(call, u, write_chunk);
}

void
service_submit(struct ward_call *call, struct ward_span message)
{
	struct upload *u = ward_call_state(call);
	Ward__V1__SampleChunk *c;
	const char *why = NULL;

	if (ward_wire_decode(&ward__v1__sample_chunk__descriptor, message, ward_call_arena(call),
			     &c, &why))
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, why);
	else if (!u == (c->part_case != WARD__V1__SAMPLE_CHUNK__PART_HEADER))
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, "one header first, then data");
	else if (!u)
		begin(call, c->header);
	else
		chunk(call, u, c->data);
}

void
service_submit_end(struct ward_call *call)
{
	struct upload *u = ward_call_state(call);

	if (!u) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, "a header is needed");
	} else if (u->received < u->size) {
		answer(call, WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_RESUME, u->received, NULL);
	} else {
		u->whole_at = ward_clock_monotonic();
		step(call, u, store);
	}
}

void
service_submit_closed(struct ward_call *call)
{
	struct upload *u = ward_call_state(call);

	if (u)
		upload_leave(u);
}

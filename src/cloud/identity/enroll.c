/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job goes through threads: the call's loop takes the request and appends; the log's thread says
 * that it is durable; the applier's that it is applied, and there the certificate is issued; then
 * back to the loop. Each step hands the job on and touches it no more.
 */
#include "cloud/identity/enroll.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "cloud/identity/token.h"
#include "cloud/log/record.h"
#include "sys/clock.h"

enum {
	ADDRESSES = 4096,
	MESSAGE_MAX = 16 * 1024,
	MEMORY = 512 * 1024,
	ROOT_MAX = 80 * 1024,
	REPLY_MAX = 65536 + WARD_WIRE_DOCUMENT_MAX + ROOT_MAX,
};

/* Attempts, a minute long. */
struct bucket {
	uint64_t minute;
	uint64_t count;
};

struct ward_enroll {
	struct ward_enroll_options o;
	pthread_mutex_t lock;
	struct bucket all, addresses[ADDRESSES];
};

struct job {
	struct ward_enroll *enroll;
	struct ward_call_ref call;
	struct ward_budget budget;
	struct ward_arena *arena; /* of all below */
	struct ward_span csr;
	uint8_t device[16];
	uint8_t serial[16];
	Ward__V1__DeviceInfo *info;
	struct ward_buf certificate;
	struct ward_issued issued;
	enum ward_grpc_status status;
	const char *text;
	bool leaves;
};

static const char refused[] = "this token does not let this device in";

/* --- rates --- */

static bool
take(struct bucket *b, uint64_t minute, uint64_t rate)
{
	if (b->minute != minute)
		*b = (struct bucket){minute, 0};
	return b->count++ < rate;
}

static bool
within_rate(struct ward_enroll *e, const char *address)
{
	uint64_t minute = ward_clock_monotonic() / 60000000;
	uint32_t hash = 2166136261;
	bool good;

	for (; *address; address++)
		hash = (hash ^ (uint8_t)*address) * 16777619;
	pthread_mutex_lock(&e->lock);
	good = take(&e->addresses[(hash ^ hash >> 16) % ADDRESSES], minute, e->o.address_rate) &&
	       take(&e->all, minute, e->o.all_rate);
	pthread_mutex_unlock(&e->lock);
	return good;
}

/* --- jobs --- */

static struct job *
job_free(struct job *j)
{
	if (j) {
		ward_buf_done(&j->certificate);
		ward_arena_free(j->arena);
		free(j);
	}
	return NULL;
}

static struct job *
job_new(struct ward_call *call)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->enroll = ward_call_context(call);
	j->call = ward_call_ref(call);
	j->budget.cap = MEMORY;
	j->arena = ward_arena_new(&j->budget);
	ward_buf_init(&j->certificate, 16384, NULL);
	return j->arena ? j : job_free(j);
}

static ProtobufCBinaryData
binary(struct ward_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.data};
}

/* What a reply points to besides the job. */
struct answer_parts {
	Ward__V1__Policy policy;
	ProtobufCBinaryData authority, key;
	struct ward_buf root;
};

static Ward__V1__EnrollReply *
fill_reply(struct job *j, Ward__V1__EnrollReply *reply, struct answer_parts *parts)
{
	struct ward_span document;
	uint64_t life = j->issued.not_after_ms - j->issued.not_before_ms;

	ward__v1__enroll_reply__init(reply);
	if (ward_views_policy(j->enroll->o.views, "default", &parts->policy) ||
	    ward_views_policy_document(j->enroll->o.views, "default", j->arena, &document))
		return NULL;
	parts->policy.document = binary(document);
	parts->authority = binary(ward_ca_certificate(j->enroll->o.ca));
	parts->key = binary(ward_span_of(j->enroll->o.policy_key, 32));
	reply->device = (ProtobufCBinaryData){16, j->device};
	reply->certificate = (ProtobufCBinaryData){j->certificate.len, j->certificate.data};
	reply->authorities = &parts->authority;
	reply->n_authorities = 1;
	reply->renew_after_ms = j->issued.not_before_ms + life / 2;
	reply->policy = &parts->policy;
	reply->policy_keys = &parts->key;
	reply->n_policy_keys = 1;
	if (j->enroll->o.authority &&
	    ward_authority_envelope(j->enroll->o.authority, WARD_DSSE_ROOT, 0, &parts->root))
		return NULL;
	reply->root = (ProtobufCBinaryData){parts->root.len, parts->root.data};
	return reply;
}

static void
answer(struct ward_call *call, struct job *j)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	Ward__V1__EnrollReply reply;
	struct answer_parts parts;

	ward_buf_init(&out, REPLY_MAX, NULL);
	ward_buf_init(&parts.root, ROOT_MAX, NULL);
	if (!j->leaves && (!fill_reply(j, &reply, &parts) || ward_wire_encode(&reply.base, &out)))
		ward_call_finish(call, WARD_GRPC_INTERNAL, NULL);
	else
		ward_call_answer(call, ward_buf_span(&out));
	ward_buf_done(&parts.root);
}

/* On the call's loop again. */
static void
deliver(struct ward_call *call, void *arg)
{
	struct job *j = arg;

	if (call && j->status == WARD_GRPC_OK)
		answer(call, j);
	else if (call)
		ward_call_finish(call, j->status, j->text);
	job_free(j);
}

static void
end(struct job *j, enum ward_grpc_status status, const char *text)
{
	j->status = status;
	j->text = text;
	ward_edge_post(j->call, deliver, j);
}

static void
end_rc(struct job *j, enum ward_rc rc)
{
	end(j, rc == WARD_E_LIMIT ? WARD_GRPC_RESOURCE_EXHAUSTED : WARD_GRPC_UNAVAILABLE,
	    "the service cannot record this now");
}

static enum ward_rc
append(struct job *j, Ward__Log__V1__Record *record, ward_log_done done)
{
	struct ward_log_item item;
	enum ward_rc rc;

	record->time_ms = ward_clock_wall() / 1000;
	rc = ward_record_item(record, j->arena, &item);
	return rc ? rc : ward_log_append(j->enroll->o.log, &item, 1, done, j);
}

/* --- certificates --- */

static void
certificate_durable(void *context, enum ward_rc rc, const struct ward_log_position *positions,
		    size_t count)
{
	(void)positions;
	(void)count;
	if (rc)
		end_rc(context, rc);
	else
		end(context, WARD_GRPC_OK, NULL);
}

static void
issue(struct job *j)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Certificate certificate = WARD__LOG__V1__CERTIFICATE__INIT;
	enum ward_rc rc =
		ward_ca_issue(j->enroll->o.ca, j->csr, j->device, &j->certificate, &j->issued);

	if (rc) {
		end(j, WARD_GRPC_INVALID_ARGUMENT,
		    "csr: not a signed request for a P-256, P-384 or Ed25519 key");
		return;
	}
	memcpy(j->serial, j->issued.serial, sizeof(j->serial));
	certificate.device = (ProtobufCBinaryData){16, j->device};
	certificate.serial = (ProtobufCBinaryData){16, j->serial};
	certificate.not_after_ms = j->issued.not_after_ms;
	certificate.info = j->info;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_CERTIFICATE;
	record.certificate = &certificate;
	rc = append(j, &record, certificate_durable);
	if (rc)
		end_rc(j, rc);
}

/* --- Enroll --- */

/* On the applier's thread: the order of the log has decided. */
static void
enrollment_applied(void *context, enum ward_rc rc)
{
	struct job *j = context;

	if (rc)
		end_rc(j, rc);
	else if (ward_views_device_state(j->enroll->o.views, j->device) != WARD_DEVICE_ACTIVE)
		end(j, WARD_GRPC_PERMISSION_DENIED, refused);
	else
		issue(j);
}

static void
when_applied(struct job *j, enum ward_rc rc, const struct ward_log_position *position,
	     ward_applied_fn fn)
{
	if (!rc)
		rc = ward_applier_when(j->enroll->o.applier, position, fn, j);
	if (rc)
		end_rc(j, rc);
}

static void
enrollment_durable(void *context, enum ward_rc rc, const struct ward_log_position *positions,
		   size_t count)
{
	(void)count;
	when_applied(context, rc, positions, enrollment_applied);
}

/* What can be said without the log: a token nobody made, that proves nothing, or is over. */
static bool
may_try(struct ward_enroll *e, const struct ward_token *token, struct ward_arena *arena)
{
	struct ward_view_token known;
	uint64_t now = ward_clock_wall() / 1000;

	return !ward_views_token(e->o.views, token->id, arena, &known) &&
	       ward_token_proves(token, known.secret_sha256) && !known.revoked &&
	       (known.expires_ms == 0 || now < known.expires_ms) &&
	       (known.uses == 0 || known.used < known.uses);
}

/* A UUID of version 4 (RFC 9562 §5.4). */
static bool
new_device(uint8_t ret[16])
{
	if (RAND_bytes(ret, 16) != 1)
		return false;
	ret[6] = (ret[6] & 0x0f) | 0x40;
	ret[8] = (ret[8] & 0x3f) | 0x80;
	return true;
}

static void
ask_in(struct ward_call *call, struct job *j, const Ward__V1__EnrollRequest *request)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Enrollment enrollment = WARD__LOG__V1__ENROLLMENT__INIT;
	struct ward_token token;
	enum ward_rc rc;

	if (ward_token_parse(ward_span_str(request->token), &token) ||
	    !may_try(j->enroll, &token, j->arena) || !new_device(j->device)) {
		ward_call_finish(call, WARD_GRPC_PERMISSION_DENIED, refused);
		job_free(j);
		return;
	}
	j->csr = ward_span_of(request->csr.data, request->csr.len);
	j->info = request->device;
	enrollment.device = (ProtobufCBinaryData){16, j->device};
	enrollment.token = (ProtobufCBinaryData){WARD_TOKEN_ID, token.id};
	enrollment.info = request->device;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_ENROLLMENT;
	record.enrollment = &enrollment;
	rc = append(j, &record, enrollment_durable);
	if (rc)
		end_rc(j, rc);
}

static void
on_enroll(struct ward_call *call, struct ward_span message)
{
	struct job *j;
	Ward__V1__EnrollRequest *request;
	const char *why = NULL;

	if (!within_rate(ward_call_context(call), ward_call_peer(call)->address)) {
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, "too many attempts");
		return;
	}
	j = job_new(call);
	if (!j || ward_wire_decode(&ward__v1__enroll_request__descriptor, message, j->arena,
				   &request, &why)) {
		ward_call_finish(call, j ? WARD_GRPC_INVALID_ARGUMENT : WARD_GRPC_UNAVAILABLE, why);
		job_free(j);
		return;
	}
	ask_in(call, j, request);
}

/* --- Renew and Leave --- */

static void
on_renew(struct ward_call *call, struct ward_span message)
{
	struct job *j = job_new(call);
	Ward__V1__RenewRequest *request;
	const char *why = NULL;

	if (!j || ward_wire_decode(&ward__v1__renew_request__descriptor, message, j->arena,
				   &request, &why)) {
		ward_call_finish(call, j ? WARD_GRPC_INVALID_ARGUMENT : WARD_GRPC_UNAVAILABLE, why);
		job_free(j);
		return;
	}
	memcpy(j->device, ward_call_peer(call)->device, sizeof(j->device));
	j->csr = ward_span_of(request->csr.data, request->csr.len);
	j->info = request->device;
	issue(j);
}

static void
left(void *context, enum ward_rc rc)
{
	if (rc)
		end_rc(context, rc);
	else
		end(context, WARD_GRPC_OK, NULL);
}

static void
leave_durable(void *context, enum ward_rc rc, const struct ward_log_position *positions,
	      size_t count)
{
	(void)count;
	when_applied(context, rc, positions, left);
}

static void
on_leave(struct ward_call *call, struct ward_span message)
{
	static char reason[] = "it left";
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Revocation revocation = WARD__LOG__V1__REVOCATION__INIT;
	struct job *j = job_new(call);
	enum ward_rc rc;

	(void)message;
	if (!j) {
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, NULL);
		return;
	}
	j->leaves = true;
	memcpy(j->device, ward_call_peer(call)->device, sizeof(j->device));
	revocation.device = (ProtobufCBinaryData){16, j->device};
	revocation.reason = reason;
	record.device = revocation.device;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REVOCATION;
	record.revocation = &revocation;
	rc = append(j, &record, leave_durable);
	if (rc)
		end_rc(j, rc);
}

/* --- the service --- */

enum ward_rc
ward_enroll_new(const struct ward_enroll_options *options, struct ward_enroll **ret)
{
	struct ward_enroll *e = calloc(1, sizeof(*e));

	if (!e)
		return WARD_E_NOMEM;
	e->o = *options;
	pthread_mutex_init(&e->lock, NULL);
	*ret = e;
	return WARD_OK;
}

struct ward_enroll *
ward_enroll_free(struct ward_enroll *e)
{
	if (e) {
		pthread_mutex_destroy(&e->lock);
		free(e);
	}
	return NULL;
}

void
ward_enroll_methods(struct ward_enroll *e, struct ward_method ret[WARD_ENROLL_METHODS])
{
	ret[0] = (struct ward_method){.path = "/ward.v1.Enrollment/Enroll",
				      .open = true,
				      .message_max = MESSAGE_MAX,
				      .label = "enroll",
				      .message = on_enroll,
				      .context = e};
	ret[1] = (struct ward_method){.path = "/ward.v1.Enrollment/Renew",
				      .message_max = MESSAGE_MAX,
				      .label = "renew",
				      .message = on_renew,
				      .context = e};
	ret[2] = (struct ward_method){.path = "/ward.v1.Enrollment/Leave",
				      .message_max = MESSAGE_MAX,
				      .label = "leave",
				      .message = on_leave,
				      .context = e};
}

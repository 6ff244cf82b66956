/* SPDX-License-Identifier: Apache-2.0 */
/* ward.proto's limits. Each check names the field it does not like. */
#include "proto/wire-priv.h"

#include <math.h>

#include "uplink.pb-c.h"

#define REFUSE_UNLESS(condition, field)                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return field;                                                              \
	} while (0)
#define REFUSE_IF_TOLD(told)                                                                       \
	do {                                                                                       \
		const char *told_ = (told);                                                        \
		if (told_)                                                                         \
			return told_;                                                              \
	} while (0)

static const char *
check_features(const Ward__V1__Features *f)
{
	REFUSE_UNLESS(f->entropy_millibits <= 8000, "features.entropy_millibits");
	REFUSE_UNLESS((unsigned)f->signature <= WARD__V1__SIGNATURE__SIGNATURE_PACKAGE,
		      "features.signature");
	REFUSE_UNLESS(ward_wire_is_text(f->signer, 128), "features.signer");
	REFUSE_UNLESS(f->n_vector <= 4096, "features.vector");
	for (size_t i = 0; i < f->n_vector; i++)
		REFUSE_UNLESS(isfinite(f->vector[i]), "features.vector");
	return NULL;
}

static const char *
check_context(const Ward__V1__Context *c)
{
	REFUSE_UNLESS((unsigned)c->path_class <= WARD__V1__PATH_CLASS__PATH_CLASS_OTHER,
		      "context.path_class");
	REFUSE_UNLESS(ward_wire_is_text(c->origin_host, 253), "context.origin_host");
	REFUSE_UNLESS(ward_wire_is_len_or_none(c->parent_sha256, 32), "context.parent_sha256");
	REFUSE_UNLESS(ward_wire_is_text(c->name, 255), "context.name");
	return NULL;
}

const char *
ward_wire_check_file(const Ward__V1__FileQuery *q)
{
	if (q->prefix.len > 0) {
		REFUSE_UNLESS(q->sha256.len == 0, "sha256");
		REFUSE_UNLESS(q->prefix.len >= WARD_WIRE_PREFIX_MIN &&
				      q->prefix.len <= WARD_WIRE_PREFIX_MAX,
			      "prefix");
	} else {
		REFUSE_UNLESS(ward_wire_is_len(q->sha256, 32), "sha256");
	}
	REFUSE_UNLESS(q->size <= INT64_MAX, "size");
	REFUSE_UNLESS(ward_wire_is_text(q->type, 16), "type");
	REFUSE_UNLESS(ward_wire_is_text(q->tlsh, 72), "tlsh");
	REFUSE_UNLESS(ward_wire_is_len_or_none(q->md5, 16), "md5");
	if (q->features)
		REFUSE_IF_TOLD(check_features(q->features));
	return q->context ? check_context(q->context) : NULL;
}

static const char *
check_whole_file(const Ward__V1__FileQuery *q)
{
	REFUSE_UNLESS(q && q->sha256.len == 32, "file.sha256");
	return ward_wire_check_file(q);
}

static const char *
check_level(Ward__V1__Level level)
{
	return (unsigned)level <= WARD__V1__LEVEL__LEVEL_ZERO_TOLERANCE ? NULL : "level";
}

static const char *
check_lookup(const void *message)
{
	const Ward__V1__LookupRequest *r = message;

	REFUSE_UNLESS(r->n_files >= 1 && r->n_files <= WARD_WIRE_LOOKUP_MAX, "files");
	REFUSE_IF_TOLD(check_level(r->level));
	REFUSE_UNLESS(ward_wire_is_text(r->engine_version, 64), "engine_version");
	for (size_t i = 0; i < r->n_files; i++)
		REFUSE_IF_TOLD(ward_wire_check_file(r->files[i]));
	return NULL;
}

static const char *
check_chunk(const void *message)
{
	const Ward__V1__SampleChunk *c = message;
	const Ward__V1__SampleHeader *h = c->header;

	if (c->part_case == WARD__V1__SAMPLE_CHUNK__PART_DATA) {
		REFUSE_UNLESS(c->data.len >= 1 && c->data.len <= WARD_WIRE_CHUNK_MAX, "data");
		return NULL;
	}
	REFUSE_UNLESS(c->part_case == WARD__V1__SAMPLE_CHUNK__PART_HEADER, "part");
	REFUSE_IF_TOLD(check_whole_file(h->file));
	REFUSE_UNLESS(h->offset <= h->file->size, "offset");
	REFUSE_UNLESS(h->wait_ms <= WARD_WIRE_HOLD_MAX_MS, "wait_ms");
	return check_level(h->level);
}

const char *
ward_wire_check_evidence(Ward__V1__Evidence *const *evidence, size_t count)
{
	REFUSE_UNLESS(count <= 16, "evidence");
	for (size_t i = 0; i < count; i++) {
		const Ward__V1__Evidence *e = evidence[i];

		REFUSE_UNLESS(ward_wire_is_text(e->kind, 32), "evidence.kind");
		REFUSE_UNLESS(ward_wire_is_text(e->name, 128), "evidence.name");
		REFUSE_UNLESS(ward_wire_is_text(e->detail, 256), "evidence.detail");
		REFUSE_UNLESS(ward_wire_is_text(e->path, 512), "evidence.path");
		REFUSE_UNLESS(ward_wire_is_text(e->version, 64), "evidence.version");
	}
	return NULL;
}

static const char *
check_detection(const Ward__V1__Detection *d)
{
	REFUSE_IF_TOLD(check_whole_file(d->file));
	REFUSE_UNLESS(d->verdict > 0 &&
			      (unsigned)d->verdict <= WARD__V1__VERDICT__VERDICT_MALICIOUS,
		      "detection.verdict");
	REFUSE_UNLESS(ward_wire_is_text(d->threat, 128), "detection.threat");
	REFUSE_UNLESS((unsigned)d->action <= WARD__V1__ACTION__ACTION_ALLOWED, "detection.action");
	return ward_wire_check_evidence(d->evidence, d->n_evidence);
}

static const char *
check_health(const Ward__V1__Health *h)
{
	REFUSE_UNLESS(ward_wire_is_text(h->engine_version, 64), "health.engine_version");
	REFUSE_UNLESS(ward_wire_is_text(h->intelligence_version, 64),
		      "health.intelligence_version");
	REFUSE_UNLESS(h->n_issues <= WARD_WIRE_ISSUES_MAX, "health.issues");
	for (size_t i = 0; i < h->n_issues; i++)
		REFUSE_UNLESS(h->issues[i][0] && ward_wire_is_text(h->issues[i], 32),
			      "health.issues");
	REFUSE_UNLESS(ward_wire_is_text(h->mode, 16), "health.mode");
	return NULL;
}

static const char *
check_tamper(const Ward__V1__Tamper *t)
{
	REFUSE_UNLESS(t->kind > 0 && (unsigned)t->kind <= WARD__V1__TAMPER_KIND__TAMPER_KILLED,
		      "tamper.kind");
	REFUSE_UNLESS(ward_wire_is_text(t->deed, 64), "tamper.deed");
	REFUSE_UNLESS(ward_wire_is_text(t->setting, 128), "tamper.setting");
	return NULL;
}

const char *
ward_wire_check_event(const Ward__V1__Event *e)
{
	uint64_t ms;

	REFUSE_UNLESS(ward_wire_is_len(e->id, WARD_WIRE_ID_LEN), "event.id");
	REFUSE_UNLESS(ward_wire_uuid_time(e->id.data, &ms), "event.id");
	REFUSE_UNLESS(ward_wire_is_len_or_none(e->device, WARD_WIRE_ID_LEN), "event.device");
	switch ((int)e->what_case) {
	case WARD__V1__EVENT__WHAT_SIGHTING:
		return check_whole_file(e->sighting->file);
	case WARD__V1__EVENT__WHAT_DETECTION:
		return check_detection(e->detection);
	case WARD__V1__EVENT__WHAT_HEALTH:
		return check_health(e->health);
	case WARD__V1__EVENT__WHAT_TAMPER:
		return check_tamper(e->tamper);
	default:
		return "event.what";
	}
}

static const char *
check_report(const void *message)
{
	const Ward__V1__ReportRequest *r = message;

	REFUSE_UNLESS(r->n_events >= 1 && r->n_events <= WARD_WIRE_EVENTS_MAX, "events");
	for (size_t i = 0; i < r->n_events; i++)
		REFUSE_IF_TOLD(ward_wire_check_event(r->events[i]));
	return NULL;
}

static const char *
check_subscribe(const void *message)
{
	const Ward__V1__SubscribeRequest *r = message;

	REFUSE_UNLESS(r->heartbeat_ms == 0 ||
			      (r->heartbeat_ms >= 1000 && r->heartbeat_ms <= 300 * 1000),
		      "heartbeat_ms");
	return NULL;
}

const char *
ward_wire_check_device(const Ward__V1__DeviceInfo *d)
{
	REFUSE_UNLESS(ward_wire_is_text(d->name, 253), "device.name");
	REFUSE_UNLESS(ward_wire_is_text(d->os, 64), "device.os");
	REFUSE_UNLESS(ward_wire_is_text(d->architecture, 16), "device.architecture");
	REFUSE_UNLESS(ward_wire_is_text(d->engine_version, 64), "device.engine_version");
	return NULL;
}

static const char *
check_csr(ProtobufCBinaryData csr, const Ward__V1__DeviceInfo *device)
{
	REFUSE_UNLESS(csr.len >= 1 && csr.len <= 8192, "csr");
	return device ? ward_wire_check_device(device) : NULL;
}

static const char *
check_enroll(const void *message)
{
	const Ward__V1__EnrollRequest *r = message;

	REFUSE_UNLESS(r->token[0] && ward_wire_is_text(r->token, 128), "token");
	return check_csr(r->csr, r->device);
}

static const char *
check_renew(const void *message)
{
	const Ward__V1__RenewRequest *r = message;

	return check_csr(r->csr, r->device);
}

const char *
ward_wire_check_policy(const Ward__V1__Policy *p)
{
	REFUSE_IF_TOLD(check_level(p->level));
	REFUSE_UNLESS((unsigned)p->samples <= WARD__V1__SAMPLES__SAMPLES_ASK, "policy.samples");
	REFUSE_UNLESS(p->hold_ms <= WARD_WIRE_HOLD_MAX_MS, "policy.hold_ms");
	REFUSE_UNLESS(p->document.len <= WARD_WIRE_DOCUMENT_MAX, "policy.document");
	return NULL;
}

const char *
ward_wire_check_change(const Ward__V1__VerdictChange *c)
{
	REFUSE_UNLESS(ward_wire_is_len(c->sha256, 32), "change.sha256");
	REFUSE_UNLESS((unsigned)c->verdict <= WARD__V1__VERDICT__VERDICT_MALICIOUS,
		      "change.verdict");
	REFUSE_UNLESS(ward_wire_is_text(c->threat, 128), "change.threat");
	return NULL;
}

/* --- answers, as the endpoint reads them --- */

const char *
ward_wire_check_verdict(const Ward__V1__FileVerdict *v)
{
	REFUSE_UNLESS(ward_wire_is_len_or_none(v->sha256, 32), "verdict.sha256");
	REFUSE_UNLESS(v->verdict > 0 &&
			      (unsigned)v->verdict <= WARD__V1__VERDICT__VERDICT_MALICIOUS,
		      "verdict.verdict");
	REFUSE_UNLESS(v->confidence <= 1000, "verdict.confidence");
	REFUSE_UNLESS(ward_wire_is_text(v->threat, 128), "verdict.threat");
	REFUSE_UNLESS((unsigned)v->tier <= WARD__V1__TIER__TIER_GRAPH, "verdict.tier");
	REFUSE_UNLESS((unsigned)v->sample <= WARD__V1__SAMPLE_WISH__SAMPLE_HERE, "verdict.sample");
	REFUSE_UNLESS(v->hold_ms <= WARD_WIRE_HOLD_MAX_MS, "verdict.hold_ms");
	REFUSE_UNLESS(v->record.len <= WARD_WIRE_RECORD_MAX, "verdict.record");
	return ward_wire_check_evidence(v->evidence, v->n_evidence);
}

static const char *
check_updates_request(const void *message)
{
	const Ward__V1__UpdatesRequest *r = message;

	REFUSE_UNLESS(r->limit <= WARD_WIRE_UPDATES_MAX, "limit");
	return NULL;
}

static const char *
check_updates(const void *message)
{
	const Ward__V1__Updates *u = message;

	REFUSE_UNLESS(u->n_records <= WARD_WIRE_UPDATES_MAX, "updates.records");
	for (size_t i = 0; i < u->n_records; i++)
		REFUSE_UNLESS(u->records[i].len > 0 && u->records[i].len <= WARD_WIRE_RECORD_MAX,
			      "updates.records");
	REFUSE_UNLESS(u->timestamp.len <= WARD_WIRE_TIMESTAMP_MAX, "updates.timestamp");
	REFUSE_UNLESS(u->proof.len <= WARD_WIRE_PROOF_MAX && u->proof.len % 32 == 0,
		      "updates.proof");
	return NULL;
}

static const char *
check_metadata_request(const void *message)
{
	const Ward__V1__MetadataRequest *r = message;

	REFUSE_UNLESS(r->role > 0 && (unsigned)r->role <= WARD__V1__ROLE__ROLE_TIMESTAMP, "role");
	return NULL;
}

static const char *
check_metadata_reply(const void *message)
{
	const Ward__V1__MetadataReply *r = message;

	REFUSE_UNLESS(r->envelope.len <= WARD_WIRE_METADATA_MAX, "envelope");
	return NULL;
}

static const char *
check_lookup_reply(const void *message)
{
	const Ward__V1__LookupReply *r = message;

	REFUSE_UNLESS(r->n_files <= (size_t)WARD_WIRE_LOOKUP_MAX * WARD_WIRE_PREFIX_ANSWERS,
		      "files");
	for (size_t i = 0; i < r->n_files; i++)
		REFUSE_IF_TOLD(ward_wire_check_verdict(r->files[i]));
	return NULL;
}

static const char *
check_sample_reply(const void *message)
{
	const Ward__V1__SampleReply *r = message;

	REFUSE_UNLESS(r->status > 0 &&
			      (unsigned)r->status <= WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_RESUME,
		      "status");
	return r->verdict ? ward_wire_check_verdict(r->verdict) : NULL;
}

static const char *
check_report_reply(const void *message)
{
	const Ward__V1__ReportReply *r = message;

	REFUSE_UNLESS(r->n_refused <= WARD_WIRE_STREAM_EVENTS_MAX, "refused");
	for (size_t i = 0; i < r->n_refused; i++) {
		REFUSE_UNLESS(ward_wire_is_len(r->refused[i]->id, WARD_WIRE_ID_LEN), "refused.id");
		REFUSE_UNLESS(ward_wire_is_text(r->refused[i]->reason, 64), "refused.reason");
	}
	return NULL;
}

static const char *
check_update(const void *message)
{
	const Ward__V1__Update *u = message;

	if (u->what_case == WARD__V1__UPDATE__WHAT_VERDICT)
		return ward_wire_check_change(u->verdict);
	if (u->what_case == WARD__V1__UPDATE__WHAT_UPDATES)
		return check_updates(u->updates);
	if (u->what_case == WARD__V1__UPDATE__WHAT_HEARTBEAT)
		REFUSE_UNLESS(u->heartbeat->timestamp.len <= WARD_WIRE_TIMESTAMP_MAX,
			      "heartbeat.timestamp");
	return NULL;
}

static const char *
check_enroll_reply(const void *message)
{
	const Ward__V1__EnrollReply *r = message;

	REFUSE_UNLESS(ward_wire_is_len(r->device, WARD_WIRE_ID_LEN), "device");
	REFUSE_UNLESS(r->certificate.len >= 1 && r->certificate.len <= 16384, "certificate");
	REFUSE_UNLESS(r->n_authorities >= 1 && r->n_authorities <= 8, "authorities");
	for (size_t i = 0; i < r->n_authorities; i++)
		REFUSE_UNLESS(r->authorities[i].len >= 1 && r->authorities[i].len <= 16384,
			      "authorities");
	REFUSE_UNLESS(r->n_policy_keys <= WARD_WIRE_POLICY_KEYS_MAX, "policy_keys");
	for (size_t i = 0; i < r->n_policy_keys; i++)
		REFUSE_UNLESS(r->policy_keys[i].len == 32, "policy_keys");
	REFUSE_UNLESS(r->root.len <= WARD_WIRE_METADATA_MAX, "root");
	return r->policy ? ward_wire_check_policy(r->policy) : NULL;
}

static const char *
check_empty(const void *message)
{
	(void)message;
	return NULL;
}

ward_wire_check_fn
ward_wire_check(const ProtobufCMessageDescriptor *type)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		ward_wire_check_fn check;
	} known[] = {
		{&ward__v1__lookup_request__descriptor, check_lookup},
		{&ward__v1__sample_chunk__descriptor, check_chunk},
		{&ward__v1__report_request__descriptor, check_report},
		{&ward__v1__subscribe_request__descriptor, check_subscribe},
		{&ward__v1__updates_request__descriptor, check_updates_request},
		{&ward__v1__updates__descriptor, check_updates},
		{&ward__v1__metadata_request__descriptor, check_metadata_request},
		{&ward__v1__metadata_reply__descriptor, check_metadata_reply},
		{&ward__v1__enroll_request__descriptor, check_enroll},
		{&ward__v1__renew_request__descriptor, check_renew},
		{&ward__v1__leave_request__descriptor, check_empty},
		{&ward__log__v1__record__descriptor, ward_wire_check_record},
		{&ward__v1__lookup_reply__descriptor, check_lookup_reply},
		{&ward__v1__sample_reply__descriptor, check_sample_reply},
		{&ward__v1__report_reply__descriptor, check_report_reply},
		{&ward__v1__update__descriptor, check_update},
		{&ward__v1__enroll_reply__descriptor, check_enroll_reply},
		{&ward__v1__leave_reply__descriptor, check_empty},
		{&ward__uplink__v1__request__descriptor, ward_wire_check_uplink_request},
		{&ward__uplink__v1__reply__descriptor, ward_wire_check_uplink_reply},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type)
			return known[i].check;
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* record.proto's limits: the log may be on somebody else's brokers. */
#include "proto/wire-priv.h"

#define REFUSE_UNLESS(condition, field)                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return field;                                                              \
	} while (0)

typedef Ward__Log__V1__Record Record;

static const char *
check_sample(const Ward__Log__V1__Sample *s)
{
	REFUSE_UNLESS(ward_wire_is_len(s->sha256, 32), "sample.sha256");
	REFUSE_UNLESS(ward_wire_is_len_or_none(s->md5, 16), "sample.md5");
	REFUSE_UNLESS(ward_wire_is_len_or_none(s->sha1, 20), "sample.sha1");
	REFUSE_UNLESS(ward_wire_is_len_or_none(s->parent, 32), "sample.parent");
	REFUSE_UNLESS(ward_wire_is_text(s->type, 16), "sample.type");
	return NULL;
}

static const char *
check_verdict(const Ward__Log__V1__Verdict *v)
{
	REFUSE_UNLESS(ward_wire_is_len(v->sha256, 32), "verdict.sha256");
	REFUSE_UNLESS(v->source > 0 && (unsigned)v->source <= WARD__LOG__V1__SOURCE__SOURCE_GRAPH,
		      "verdict.source");
	REFUSE_UNLESS((unsigned)v->verdict <= WARD__V1__VERDICT__VERDICT_MALICIOUS,
		      "verdict.verdict");
	REFUSE_UNLESS(v->confidence <= 1000, "verdict.confidence");
	REFUSE_UNLESS(ward_wire_is_text(v->threat, 128), "verdict.threat");
	REFUSE_UNLESS(ward_wire_is_text(v->reason, 1024), "verdict.reason");
	REFUSE_UNLESS(ward_wire_is_len_or_none(v->scope, WARD_WIRE_ID_LEN), "verdict.scope");
	REFUSE_UNLESS(ward_wire_is_text(v->version, 64), "verdict.version");
	return ward_wire_check_evidence(v->evidence, v->n_evidence);
}

static size_t
digest_len(Ward__Log__V1__Digest kind)
{
	switch ((int)kind) {
	case WARD__LOG__V1__DIGEST__DIGEST_SHA256:
		return 32;
	case WARD__LOG__V1__DIGEST__DIGEST_SHA1:
		return 20;
	case WARD__LOG__V1__DIGEST__DIGEST_MD5:
		return 16;
	default:
		return 0;
	}
}

static const char *
check_threats(const Ward__Log__V1__Reputation *r, size_t digests)
{
	REFUSE_UNLESS(r->n_threats <= digests, "reputation.threats");
	for (size_t i = 0; i < r->n_threats; i++)
		REFUSE_UNLESS(ward_wire_is_text(r->threats[i], 128), "reputation.threats");
	REFUSE_UNLESS(r->n_threat == 0 || r->n_threat == digests, "reputation.threat");
	for (size_t i = 0; i < r->n_threat; i++)
		REFUSE_UNLESS(r->threat[i] < r->n_threats, "reputation.threat");
	return NULL;
}

static const char *
check_reputation(const Ward__Log__V1__Reputation *r)
{
	size_t width = digest_len(r->kind), digests;

	REFUSE_UNLESS(r->list[0] && ward_wire_is_text(r->list, 128), "reputation.list");
	REFUSE_UNLESS(width > 0, "reputation.kind");
	REFUSE_UNLESS(r->verdict > 0 &&
			      (unsigned)r->verdict <= WARD__V1__VERDICT__VERDICT_MALICIOUS,
		      "reputation.verdict");
	REFUSE_UNLESS(r->confidence <= 1000, "reputation.confidence");
	digests = r->digests.len / width;
	REFUSE_UNLESS(digests >= 1 && digests <= WARD_WIRE_DIGESTS_MAX &&
			      r->digests.len % width == 0,
		      "reputation.digests");
	return check_threats(r, digests);
}

static const char *
check_token(const Ward__Log__V1__Token *t)
{
	REFUSE_UNLESS(ward_wire_is_len(t->id, 8), "token.id");
	REFUSE_UNLESS(ward_wire_is_len(t->secret_sha256, 32), "token.secret_sha256");
	REFUSE_UNLESS(ward_wire_is_text(t->name, 128), "token.name");
	return NULL;
}

static const char *
check_enrollment(const Ward__Log__V1__Enrollment *e)
{
	REFUSE_UNLESS(ward_wire_is_len(e->device, WARD_WIRE_ID_LEN), "enrollment.device");
	REFUSE_UNLESS(ward_wire_is_len(e->token, 8), "enrollment.token");
	return e->info ? ward_wire_check_device(e->info) : NULL;
}

static const char *
check_certificate(const Ward__Log__V1__Certificate *c)
{
	REFUSE_UNLESS(ward_wire_is_len(c->device, WARD_WIRE_ID_LEN), "certificate.device");
	REFUSE_UNLESS(c->serial.len >= 1 && c->serial.len <= 20, "certificate.serial");
	return c->info ? ward_wire_check_device(c->info) : NULL;
}

static const char *
check_revocation(const Ward__Log__V1__Revocation *r)
{
	REFUSE_UNLESS(ward_wire_is_len(r->device, WARD_WIRE_ID_LEN), "revocation.device");
	REFUSE_UNLESS(ward_wire_is_text(r->reason, 1024), "revocation.reason");
	return NULL;
}

static const char *
check_note(const Ward__Log__V1__Note *n)
{
	REFUSE_UNLESS(ward_wire_is_len(n->sha256, 32), "note.sha256");
	REFUSE_UNLESS(strlen(n->text) <= WARD_WIRE_NOTE_MAX, "note.text");
	return NULL;
}

static const char *
check_named_policy(const Ward__Log__V1__Policy *p)
{
	REFUSE_UNLESS(p->name[0] && ward_wire_is_text(p->name, 64), "policy.name");
	REFUSE_UNLESS(p->policy, "policy.policy");
	return ward_wire_check_policy(p->policy);
}

static const char *
check_seen(const Record *r)
{
	REFUSE_UNLESS(r->seen->file && r->seen->file->sha256.len == 32, "seen.file");
	REFUSE_UNLESS(r->device.len == WARD_WIRE_ID_LEN, "device");
	return ward_wire_check_file(r->seen->file);
}

static const char *
check_device_event(const Record *r)
{
	REFUSE_UNLESS(r->device.len == WARD_WIRE_ID_LEN, "device");
	return ward_wire_check_event(r->event);
}

static const char *
check_published(const Ward__Log__V1__Published *p)
{
	REFUSE_UNLESS(ward_wire_is_len(p->log, 16), "published.log");
	REFUSE_UNLESS(p->number > 0, "published.number");
	REFUSE_UNLESS(p->envelope.len > 0 && p->envelope.len <= WARD_WIRE_RECORD_MAX,
		      "published.envelope");
	REFUSE_UNLESS(ward_wire_is_text(p->forced, 1024), "published.forced");
	return NULL;
}

static const char *
check_timestamp(const Ward__Log__V1__Timestamp *t)
{
	REFUSE_UNLESS(ward_wire_is_len(t->log, 16), "timestamp.log");
	REFUSE_UNLESS(t->version > 0, "timestamp.version");
	REFUSE_UNLESS(t->envelope.len > 0 && t->envelope.len <= WARD_WIRE_TIMESTAMP_MAX,
		      "timestamp.envelope");
	return NULL;
}

static const char *
check_fact(const Record *r)
{
	switch ((int)r->fact_case) {
	case WARD__LOG__V1__RECORD__FACT_EVENT:
		return check_device_event(r);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE:
		return check_sample(r->sample);
	case WARD__LOG__V1__RECORD__FACT_VERDICT:
		return check_verdict(r->verdict);
	case WARD__LOG__V1__RECORD__FACT_REPUTATION:
		return check_reputation(r->reputation);
	case WARD__LOG__V1__RECORD__FACT_NOTE:
		return check_note(r->note);
	case WARD__LOG__V1__RECORD__FACT_TOKEN:
		return check_token(r->token);
	case WARD__LOG__V1__RECORD__FACT_ENROLLMENT:
		return check_enrollment(r->enrollment);
	case WARD__LOG__V1__RECORD__FACT_CERTIFICATE:
		return check_certificate(r->certificate);
	case WARD__LOG__V1__RECORD__FACT_REVOCATION:
		return check_revocation(r->revocation);
	case WARD__LOG__V1__RECORD__FACT_POLICY:
		return check_named_policy(r->policy);
	case WARD__LOG__V1__RECORD__FACT_CHANGE:
		return ward_wire_check_change(r->change);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE:
		return ward_wire_is_len(r->sample_gone->sha256, 32) ? NULL : "sample_gone.sha256";
	case WARD__LOG__V1__RECORD__FACT_SEEN:
		return check_seen(r);
	case WARD__LOG__V1__RECORD__FACT_PUBLISHED:
		return check_published(r->published);
	case WARD__LOG__V1__RECORD__FACT_TIMESTAMP:
		return check_timestamp(r->timestamp);
	default:
		return "fact";
	}
}

const char *
ward_wire_check_record(const void *record)
{
	const Record *r = record;

	REFUSE_UNLESS(ward_wire_is_len_or_none(r->device, WARD_WIRE_ID_LEN), "device");
	REFUSE_UNLESS(r->actor.len <= 128, "actor");
	return check_fact(r);
}

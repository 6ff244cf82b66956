/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/record.h"

#include "trust/record-priv.h"

#define BLOCK WARD__TRUST__V1__ACTION__ACTION_BLOCK
#define ALLOW WARD__TRUST__V1__ACTION__ACTION_ALLOW

static const char *const words[WARD_KIND_END] = {
	[WARD_KIND_BLOCK_FILE] = "block-file",
	[WARD_KIND_ALLOW_FILE] = "allow-file",
	[WARD_KIND_BLOCK_SIMILAR] = "block-similar",
	[WARD_KIND_BLOCK_SIGNER] = "block-signer",
	[WARD_KIND_ALLOW_SIGNER] = "allow-signer",
	[WARD_KIND_BLOCK_ORIGIN] = "block-origin",
	[WARD_KIND_ALLOW_ORIGIN] = "allow-origin",
	[WARD_KIND_RULE] = "rule",
	[WARD_KIND_SIGNATURE] = "signature",
	[WARD_KIND_MODEL] = "model",
	[WARD_KIND_DISABLE] = "disable",
	[WARD_KIND_BEHAVIOUR] = "behaviour",
	[WARD_KIND_POLICY] = "policy",
};

const char *
ward_trust_kind_word(enum ward_trust_kind kind)
{
	return (unsigned)kind < WARD_KIND_END && words[kind] ? words[kind] : "";
}

bool
ward_trust_kind_parse(const char *word, enum ward_trust_kind *ret)
{
	for (unsigned i = 1; i < WARD_KIND_END; i++)
		if (strcmp(words[i], word) == 0)
			return *ret = (enum ward_trust_kind)i, true;
	return false;
}

/* --- structure to message --- */

/* A message with room for every part that it may point to. */
struct parts {
	Ward__Trust__V1__Record record;
	Ward__Trust__V1__Scope scope;
	Ward__Trust__V1__Expiry expiry;
	Ward__Trust__V1__File file;
	Ward__Trust__V1__Similar similar;
	Ward__Trust__V1__Signer signer;
	Ward__Trust__V1__Origin origin;
	Ward__Trust__V1__Network network;
	Ward__Trust__V1__Rule rule;
	Ward__Trust__V1__Pattern signature;
	Ward__Trust__V1__Reference reference;
	Ward__Trust__V1__Model model;
	Ward__Trust__V1__Disable disable;
	Ward__Trust__V1__Behaviour behaviour;
	Ward__Trust__V1__Policy policy;
};

static ProtobufCBinaryData
from_span(struct ward_span s)
{
	return ward_trust_bytes(s.data, s.len);
}

static Ward__Trust__V1__Reference *
put_reference(struct parts *p, const struct ward_trust_reference *from)
{
	ward__trust__v1__reference__init(&p->reference);
	p->reference.sha256 = ward_trust_bytes(from->sha256, 32);
	p->reference.size = from->size;
	return &p->reference;
}

static void
put_file(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__file__init(&p->file);
	p->file.action = r->kind == WARD_KIND_ALLOW_FILE ? ALLOW : BLOCK;
	p->file.digest = from_span(r->of.file);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_FILE;
	p->record.file = &p->file;
}

static void
put_similar(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__similar__init(&p->similar);
	p->similar.tlsh = ward_trust_bytes(r->of.similar.tlsh, WARD_RECORD_TLSH);
	p->similar.distance = r->of.similar.distance;
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_SIMILAR;
	p->record.similar = &p->similar;
}

static void
put_signer(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__signer__init(&p->signer);
	p->signer.action = r->kind == WARD_KIND_ALLOW_SIGNER ? ALLOW : BLOCK;
	p->signer.name = ward_trust_text(r->of.signer.name);
	p->signer.certificate = from_span(r->of.signer.certificate);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_SIGNER;
	p->record.signer = &p->signer;
}

static void
put_origin(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__origin__init(&p->origin);
	p->origin.action = r->kind == WARD_KIND_ALLOW_ORIGIN ? ALLOW : BLOCK;
	if (r->of.origin.where == WARD_ORIGIN_URL) {
		p->origin.where_case = WARD__TRUST__V1__ORIGIN__WHERE_URL;
		p->origin.url = ward_trust_text(r->of.origin.text);
	} else if (r->of.origin.where == WARD_ORIGIN_DOMAIN) {
		p->origin.where_case = WARD__TRUST__V1__ORIGIN__WHERE_DOMAIN;
		p->origin.domain = ward_trust_text(r->of.origin.text);
	} else {
		ward__trust__v1__network__init(&p->network);
		p->network.address = from_span(r->of.origin.address);
		p->network.prefix = r->of.origin.prefix;
		p->origin.where_case = WARD__TRUST__V1__ORIGIN__WHERE_NETWORK;
		p->origin.network = &p->network;
	}
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_ORIGIN;
	p->record.origin = &p->origin;
}

static void
put_rule(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__rule__init(&p->rule);
	p->rule.name = ward_trust_text(r->of.rule.name);
	p->rule.source = from_span(r->of.rule.source);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_RULE;
	p->record.rule = &p->rule;
}

static void
put_signature(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__pattern__init(&p->signature);
	p->signature.format = ward_trust_text(r->of.signature.format);
	p->signature.line = ward_trust_text(r->of.signature.line);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_SIGNATURE;
	p->record.signature = &p->signature;
}

static void
put_model(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__model__init(&p->model);
	p->model.name = ward_trust_text(r->of.model.name);
	p->model.version = r->of.model.version;
	p->model.content = put_reference(p, &r->of.model.content);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_MODEL;
	p->record.model = &p->model;
}

static void
put_disable(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__disable__init(&p->disable);
	p->disable.kind = (Ward__Trust__V1__Disabled)r->of.disable.what;
	p->disable.name = ward_trust_text(r->of.disable.name);
	p->disable.record = r->of.disable.record;
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_DISABLE;
	p->record.disable = &p->disable;
}

static void
put_behaviour(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__behaviour__init(&p->behaviour);
	p->behaviour.name = ward_trust_text(r->of.behaviour.name);
	p->behaviour.format = r->of.behaviour.format;
	p->behaviour.source = from_span(r->of.behaviour.source);
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_BEHAVIOUR;
	p->record.behaviour = &p->behaviour;
}

static void
put_policy(struct parts *p, const struct ward_trust_record *r)
{
	ward__trust__v1__policy__init(&p->policy);
	if (r->of.policy.document.len > 0) {
		p->policy.content_case = WARD__TRUST__V1__POLICY__CONTENT_DOCUMENT;
		p->policy.document = from_span(r->of.policy.document);
	} else {
		p->policy.content_case = WARD__TRUST__V1__POLICY__CONTENT_REFERENCE;
		p->policy.reference = put_reference(p, &r->of.policy.reference);
	}
	p->record.what_case = WARD__TRUST__V1__RECORD__WHAT_POLICY;
	p->record.policy = &p->policy;
}

/* By ward_trust_kind. */
static void (*const put_kind[WARD_KIND_END])(struct parts *p, const struct ward_trust_record *r) = {
	[WARD_KIND_BLOCK_FILE] = put_file,	 [WARD_KIND_ALLOW_FILE] = put_file,
	[WARD_KIND_BLOCK_SIMILAR] = put_similar, [WARD_KIND_BLOCK_SIGNER] = put_signer,
	[WARD_KIND_ALLOW_SIGNER] = put_signer,	 [WARD_KIND_BLOCK_ORIGIN] = put_origin,
	[WARD_KIND_ALLOW_ORIGIN] = put_origin,	 [WARD_KIND_RULE] = put_rule,
	[WARD_KIND_SIGNATURE] = put_signature,	 [WARD_KIND_MODEL] = put_model,
	[WARD_KIND_DISABLE] = put_disable,	 [WARD_KIND_BEHAVIOUR] = put_behaviour,
	[WARD_KIND_POLICY] = put_policy,
};

static void
put_common(struct parts *p, const struct ward_trust_record *r)
{
	Ward__Trust__V1__Record *m = &p->record;

	ward__trust__v1__record__init(m);
	m->number = r->number;
	m->id = ward_trust_bytes(r->id, WARD_RECORD_ID);
	m->time_ms = r->time_ms;
	m->role = ward_trust_text(r->role);
	m->author = ward_trust_text(r->author);
	m->reason = ward_trust_text(r->reason);
	m->evidence = ward_trust_text(r->evidence);
	m->threat = ward_trust_text(r->threat);
	m->tier = r->tier;
	m->confidence = r->confidence;
	ward_trust_scope_put(&r->scope, &p->scope);
	m->scope = &p->scope;
	ward__trust__v1__expiry__init(&p->expiry);
	p->expiry.kind = (Ward__Trust__V1__ExpiryKind)r->expiry.kind;
	p->expiry.value = r->expiry.value;
	p->expiry.pack = ward_trust_text(r->expiry.pack);
	m->expiry = &p->expiry;
}

void
ward_trust_scope_put(const struct ward_trust_scope *s, Ward__Trust__V1__Scope *m)
{
	static const uint8_t none[16];

	ward__trust__v1__scope__init(m);
	m->kind = (Ward__Trust__V1__ScopeKind)s->kind;
	m->name = ward_trust_text(s->name);
	if (memcmp(s->device, none, sizeof(none)) != 0)
		m->device = ward_trust_bytes(s->device, sizeof(s->device));
}

enum ward_rc
ward_trust_record_encode(const struct ward_trust_record *r, struct ward_buf *out,
			 struct ward_refusal *ret_refusal)
{
	const char *wrong = ward_trust_record_wrong(r);
	struct parts p;

	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the record's %s", wrong);
	put_common(&p, r);
	put_kind[r->kind](&p, r);
	if (protobuf_c_message_get_packed_size(&p.record.base) >
	    ward_dsse_payload_max(WARD_DSSE_RECORD))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE, "the record is too large");
	return ward_trust_pack(&p.record.base, out);
}

/* --- message to structure --- */

/* Bytes of exactly this length, or none. */
static bool
take_bytes(ProtobufCBinaryData from, uint8_t *into, size_t len)
{
	if (from.len != len)
		return false;
	memcpy(into, from.data, len);
	return true;
}

static bool
take_reference(const Ward__Trust__V1__Reference *m, struct ward_trust_reference *ret)
{
	if (!m)
		return false;
	ret->size = m->size;
	return take_bytes(m->sha256, ret->sha256, 32);
}

/* 0 for what is no action, which is then no kind. */
static enum ward_trust_kind
by_action(Ward__Trust__V1__Action action, enum ward_trust_kind block, enum ward_trust_kind allow)
{
	return action == BLOCK ? block : action == ALLOW ? allow : (enum ward_trust_kind)0;
}

static bool
take_origin(const Ward__Trust__V1__Origin *m, struct ward_trust_record *r)
{
	r->kind = by_action(m->action, WARD_KIND_BLOCK_ORIGIN, WARD_KIND_ALLOW_ORIGIN);
	switch ((int)m->where_case) { /* generated enums have helper values */
	case WARD__TRUST__V1__ORIGIN__WHERE_URL:
		r->of.origin.where = WARD_ORIGIN_URL;
		r->of.origin.text = m->url;
		return true;
	case WARD__TRUST__V1__ORIGIN__WHERE_DOMAIN:
		r->of.origin.where = WARD_ORIGIN_DOMAIN;
		r->of.origin.text = m->domain;
		return true;
	case WARD__TRUST__V1__ORIGIN__WHERE_NETWORK:
		r->of.origin.where = WARD_ORIGIN_NETWORK;
		r->of.origin.text = "";
		r->of.origin.address = ward_trust_span(m->network->address);
		r->of.origin.prefix = m->network->prefix;
		return true;
	default:
		return false;
	}
}

static bool
take_policy(const Ward__Trust__V1__Policy *m, struct ward_trust_record *r)
{
	r->kind = WARD_KIND_POLICY;
	if (m->content_case == WARD__TRUST__V1__POLICY__CONTENT_REFERENCE)
		return take_reference(m->reference, &r->of.policy.reference);
	r->of.policy.document = ward_trust_span(m->document);
	return m->content_case == WARD__TRUST__V1__POLICY__CONTENT_DOCUMENT && m->document.len > 0;
}

static bool
take_model(const Ward__Trust__V1__Model *m, struct ward_trust_record *r)
{
	r->kind = WARD_KIND_MODEL;
	r->of.model.name = m->name;
	r->of.model.version = m->version;
	return take_reference(m->content, &r->of.model.content);
}

/* False: it is not even complete. Values are looked at afterwards. */
static bool
take_kind(const Ward__Trust__V1__Record *m, struct ward_trust_record *r)
{
	switch ((int)m->what_case) {
	case WARD__TRUST__V1__RECORD__WHAT_FILE:
		r->kind = by_action(m->file->action, WARD_KIND_BLOCK_FILE, WARD_KIND_ALLOW_FILE);
		r->of.file = ward_trust_span(m->file->digest);
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_SIMILAR:
		r->kind = WARD_KIND_BLOCK_SIMILAR;
		r->of.similar.distance = m->similar->distance;
		return take_bytes(m->similar->tlsh, r->of.similar.tlsh, WARD_RECORD_TLSH);
	case WARD__TRUST__V1__RECORD__WHAT_SIGNER:
		r->kind = by_action(m->signer->action, WARD_KIND_BLOCK_SIGNER,
				    WARD_KIND_ALLOW_SIGNER);
		r->of.signer.name = m->signer->name;
		r->of.signer.certificate = ward_trust_span(m->signer->certificate);
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_ORIGIN:
		return take_origin(m->origin, r);
	case WARD__TRUST__V1__RECORD__WHAT_RULE:
		r->kind = WARD_KIND_RULE;
		r->of.rule.name = m->rule->name;
		r->of.rule.source = ward_trust_span(m->rule->source);
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_SIGNATURE:
		r->kind = WARD_KIND_SIGNATURE;
		r->of.signature.format = m->signature->format;
		r->of.signature.line = m->signature->line;
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_MODEL:
		return take_model(m->model, r);
	case WARD__TRUST__V1__RECORD__WHAT_DISABLE:
		r->kind = WARD_KIND_DISABLE;
		r->of.disable.what = (enum ward_trust_disabled)m->disable->kind;
		r->of.disable.name = m->disable->name;
		r->of.disable.record = m->disable->record;
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_BEHAVIOUR:
		r->kind = WARD_KIND_BEHAVIOUR;
		r->of.behaviour.name = m->behaviour->name;
		r->of.behaviour.format = m->behaviour->format;
		r->of.behaviour.source = ward_trust_span(m->behaviour->source);
		return true;
	case WARD__TRUST__V1__RECORD__WHAT_POLICY:
		return take_policy(m->policy, r);
	default:
		return false;
	}
}

bool
ward_trust_scope_take(const Ward__Trust__V1__Scope *m, struct ward_trust_scope *ret)
{
	struct ward_trust_scope s = {.name = ""};

	if (!m || (m->device.len != 0 && !take_bytes(m->device, s.device, sizeof(s.device))))
		return false;
	if (m->device.len != 0 && memcmp(s.device, (const uint8_t[16]){0}, 16) == 0)
		return false; /* there is one way to write that there is none */
	s.kind = (enum ward_trust_scope_kind)m->kind;
	s.name = m->name;
	*ret = s;
	return true;
}

static bool
take_common(const Ward__Trust__V1__Record *m, struct ward_trust_record *r)
{
	if (!m->expiry || !ward_trust_scope_take(m->scope, &r->scope) ||
	    !take_bytes(m->id, r->id, WARD_RECORD_ID))
		return false;
	r->number = m->number;
	r->time_ms = m->time_ms;
	r->role = m->role;
	r->author = m->author;
	r->reason = m->reason;
	r->evidence = m->evidence;
	r->threat = m->threat;
	r->tier = m->tier;
	r->confidence = m->confidence;
	r->expiry.kind = (enum ward_trust_expiry_kind)m->expiry->kind;
	r->expiry.value = m->expiry->value;
	r->expiry.pack = m->expiry->pack;
	return true;
}

enum ward_rc
ward_trust_record_decode(struct ward_span payload, struct ward_arena *arena,
			 struct ward_trust_record *ret, struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Record *m = NULL;
	struct ward_trust_record r = {0};
	const char *wrong;
	enum ward_rc rc;

	if (payload.len > ward_dsse_payload_max(WARD_DSSE_RECORD))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE, "the record is too large");
	rc = ward_trust_unpack(&ward__trust__v1__record__descriptor, payload, arena, &m);
	if (rc == WARD_E_PROTO || (!rc && !(take_common(m, &r) && take_kind(m, &r))))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FORMAT,
				   "it is no update record, or one of a newer version of Ward");
	if (rc)
		return rc;
	wrong = ward_trust_record_wrong(&r);
	if (wrong)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FIELD, "the record's %s", wrong);
	*ret = r;
	return WARD_OK;
}

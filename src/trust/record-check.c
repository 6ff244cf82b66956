/* SPDX-License-Identifier: Apache-2.0 */
/* What a record may say. docs/updates.md repeats every line of it. */
#include "base/text.h"
#include "trust/record-priv.h"

/* Milliseconds since 1970 of the year 9999's end: later times are nonsense, and sums with them stay far
 * from the end of 64 bits. */
#define TIME_MAX_MS UINT64_C(253402300799999)

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= bytes[i];
	return sum == 0;
}

/* "http://" or "https://" and printable ASCII without spaces. */
static bool
is_url(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	struct ward_span s = ward_span_of(text, len);

	if (len > max || !(ward_span_starts(s, "https://", 8) || ward_span_starts(s, "http://", 7)))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] <= ' ' || (uint8_t)text[i] >= 0x7f)
			return false;
	return text[s.len - 1] != '/' || len > 8;
}

/* Labels of 1 to 63 a-z, 0-9, "-" and "_", with dots between them. */
static bool
is_domain(const char *text)
{
	size_t len = strnlen(text, WARD_RECORD_DOMAIN + 1), label = 0;

	for (size_t i = 0; i < len; i++) {
		bool dot = text[i] == '.';

		if (dot ? label == 0
			: !(ward_text_is_alnum((uint8_t)text[i]) || strchr("-_", text[i])) ||
				    (text[i] >= 'A' && text[i] <= 'Z'))
			return false;
		label = dot ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return len >= 1 && len <= WARD_RECORD_DOMAIN && label > 0;
}

/* No bit is set behind the prefix. */
static bool
is_network(struct ward_span address, unsigned prefix)
{
	if ((address.len != 4 && address.len != 16) || prefix > address.len * 8)
		return false;
	for (size_t bit = prefix; bit < address.len * 8; bit++)
		if (address.data[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static bool
is_source(struct ward_span source)
{
	return source.len >= 1 && source.len <= WARD_RECORD_RULE &&
	       !memchr(source.data, 0, source.len);
}

static bool
is_reference(const struct ward_trust_reference *r)
{
	return r->size >= 1 && r->size <= UINT64_C(1) << 40 && !is_zero(r->sha256, 32);
}

/* --- by kind --- */

static const char *
wrong_file(const struct ward_trust_record *r)
{
	size_t len = r->of.file.len;

	if (r->kind == WARD_KIND_ALLOW_FILE)
		return len == 32 ? NULL
				 : "file: what is allowed is named by its SHA-256, nothing else";
	return len == 32 || len == 20 || len == 16 ? NULL
						   : "file: a digest is SHA-256, SHA-1 or MD5";
}

static const char *
wrong_signer(const struct ward_trust_record *r)
{
	if (!ward_trust_is_text(or_empty(r->of.signer.name), 1, WARD_RECORD_NAME))
		return "signer: a name of 1 to 128 bytes";
	if (r->of.signer.certificate.len != 32 &&
	    (r->of.signer.certificate.len != 0 || r->kind == WARD_KIND_ALLOW_SIGNER))
		return "signer: the SHA-256 of the certificate; who is allowed has to have one";
	return NULL;
}

static const char *
wrong_origin(const struct ward_trust_record *r)
{
	switch (r->of.origin.where) {
	case WARD_ORIGIN_URL:
		return is_url(or_empty(r->of.origin.text), WARD_RECORD_URL)
			       ? NULL
			       : "origin: http:// or https:// and at most 2048 bytes in all";
	case WARD_ORIGIN_DOMAIN:
		return is_domain(or_empty(r->of.origin.text)) ? NULL
							      : "origin: a domain in lower case";
	case WARD_ORIGIN_NETWORK:
		return is_network(r->of.origin.address, r->of.origin.prefix)
			       ? NULL
			       : "origin: an address with zeros behind its prefix";
	}
	return "origin: a URL, a domain or a network";
}

static const char *
wrong_signature(const struct ward_trust_record *r)
{
	static const char *const formats[] = {"hdb", "hsb", "ldb", "ndb"};
	const char *line = or_empty(r->of.signature.line);
	size_t len = strnlen(line, WARD_RECORD_LINE + 1), i = 0;

	while (i < 4 && strcmp(formats[i], or_empty(r->of.signature.format)) != 0)
		i++;
	if (i == 4)
		return "signature: its format is hdb, hsb, ldb or ndb";
	for (i = 0; i < len; i++)
		if ((uint8_t)line[i] < ' ' || (uint8_t)line[i] >= 0x7f)
			return "signature: one line of printable ASCII";
	return len >= 1 && len <= WARD_RECORD_LINE ? NULL : "signature: 1 to 16384 bytes";
}

static const char *
wrong_model(const struct ward_trust_record *r)
{
	if (!ward_trust_is_name(or_empty(r->of.model.name)) || r->of.model.version == 0)
		return "model: a name and a version";
	return is_reference(&r->of.model.content) ? NULL : "model: SHA-256 and size of its content";
}

static const char *
wrong_disable(const struct ward_trust_record *r)
{
	const char *name = or_empty(r->of.disable.name);

	switch (r->of.disable.what) {
	case WARD_DISABLED_RECORD:
		return !name[0] && r->of.disable.record >= 1 && r->of.disable.record < r->number
			       ? NULL
			       : "disable: the number of an earlier record, and no name";
	case WARD_DISABLED_RULE:
	case WARD_DISABLED_SIGNATURE:
	case WARD_DISABLED_MODEL:
		return ward_trust_is_text(name, 1, WARD_RECORD_NAME) && r->of.disable.record == 0
			       ? NULL
			       : "disable: a name of 1 to 128 bytes, and no number";
	}
	return "disable: a rule, a signature, a model or a record";
}

static const char *
wrong_policy(const struct ward_trust_record *r)
{
	size_t len = r->of.policy.document.len;
	const struct ward_trust_reference *ref = &r->of.policy.reference;

	if (len == 0)
		return is_reference(ref) ? NULL : "policy: a document, or SHA-256 and size of one";
	return len <= WARD_RECORD_POLICY && ref->size == 0 && is_zero(ref->sha256, 32)
		       ? NULL
		       : "policy: a document of at most 65536 bytes, or a reference, not both";
}

static const char *
wrong_named_source(const struct ward_trust_record *r)
{
	bool rule = r->kind == WARD_KIND_RULE;
	const char *name = or_empty(rule ? r->of.rule.name : r->of.behaviour.name);

	if (!ward_trust_is_text(name, 1, WARD_RECORD_NAME))
		return rule ? "rule: a name of 1 to 128 bytes"
			    : "behaviour: a name of 1 to 128 bytes";
	if (!rule && r->of.behaviour.format == 0)
		return "behaviour: a format";
	return is_source(rule ? r->of.rule.source : r->of.behaviour.source)
		       ? NULL
		       : "a source of 1 to 65536 bytes without NUL";
}

static const char *
wrong_similar(const struct ward_trust_record *r)
{
	return r->of.similar.distance <= WARD_RECORD_DISTANCE
		       ? NULL
		       : "similar: a distance of at most 200";
}

/* By ward_trust_kind. */
static const char *(*const wrong_kind[WARD_KIND_END])(const struct ward_trust_record *r) = {
	[WARD_KIND_BLOCK_FILE] = wrong_file,	   [WARD_KIND_ALLOW_FILE] = wrong_file,
	[WARD_KIND_BLOCK_SIMILAR] = wrong_similar, [WARD_KIND_BLOCK_SIGNER] = wrong_signer,
	[WARD_KIND_ALLOW_SIGNER] = wrong_signer,   [WARD_KIND_BLOCK_ORIGIN] = wrong_origin,
	[WARD_KIND_ALLOW_ORIGIN] = wrong_origin,   [WARD_KIND_RULE] = wrong_named_source,
	[WARD_KIND_SIGNATURE] = wrong_signature,   [WARD_KIND_MODEL] = wrong_model,
	[WARD_KIND_DISABLE] = wrong_disable,	   [WARD_KIND_BEHAVIOUR] = wrong_named_source,
	[WARD_KIND_POLICY] = wrong_policy,
};

/* --- what all have --- */

const char *
ward_trust_scope_wrong(const struct ward_trust_scope *s, bool open)
{
	const char *name = or_empty(s->name);
	bool device = !is_zero(s->device, sizeof(s->device));

	switch (s->kind) {
	case WARD_SCOPE_ALL:
		return !name[0] && !device ? NULL : "scope: all devices have no name";
	case WARD_SCOPE_RING:
	case WARD_SCOPE_TAG:
		return !device && (ward_trust_is_name(name) || (open && !name[0]))
			       ? NULL
			       : "scope: a ring or tag has a name";
	case WARD_SCOPE_DEVICE:
		return !name[0] && (device || open) ? NULL : "scope: a device has an id";
	}
	return "scope: all, a ring, a tag or a device";
}

static const char *
wrong_expiry(const struct ward_trust_record *r)
{
	const char *pack = or_empty(r->expiry.pack);

	switch (r->expiry.kind) {
	case WARD_EXPIRY_NEVER:
		return r->expiry.value == 0 && !pack[0] ? NULL : "expiry: never has no value";
	case WARD_EXPIRY_UNTIL:
	case WARD_EXPIRY_DURATION:
		return r->expiry.value >= 1 && r->expiry.value <= TIME_MAX_MS && !pack[0]
			       ? NULL
			       : "expiry: a time in milliseconds";
	case WARD_EXPIRY_PACK:
		return r->expiry.value >= 1 && ward_trust_is_name(pack)
			       ? NULL
			       : "expiry: name and version of a pack";
	}
	return "expiry: never, a time, a duration or a pack";
}

static bool
blocks(enum ward_trust_kind kind)
{
	return kind == WARD_KIND_BLOCK_FILE || kind == WARD_KIND_BLOCK_SIMILAR ||
	       kind == WARD_KIND_BLOCK_SIGNER || kind == WARD_KIND_BLOCK_ORIGIN;
}

static const char *
wrong_text(const struct ward_trust_record *r)
{
	const char *evidence = or_empty(r->evidence);

	if (!ward_trust_is_name(or_empty(r->role)))
		return "role: the name of a delegation";
	if (!ward_trust_is_text(or_empty(r->author), 1, WARD_RECORD_AUTHOR))
		return "author: 1 to 128 bytes";
	if (!ward_trust_is_text(or_empty(r->reason), 1, WARD_RECORD_REASON))
		return "reason: 1 to 1024 bytes";
	if (evidence[0] && !is_url(evidence, WARD_RECORD_EVIDENCE))
		return "evidence: a link of at most 512 bytes";
	if (!ward_trust_is_text(or_empty(r->threat), blocks(r->kind), WARD_RECORD_THREAT))
		return "threat: a name of at most 128 bytes; what blocks has one";
	return NULL;
}

static const char *
wrong_number(const struct ward_trust_record *r)
{
	if (r->number == 0)
		return "number: from 1";
	if (is_zero(r->id, sizeof(r->id)))
		return "id: 16 bytes";
	if (r->time_ms == 0 || r->time_ms > TIME_MAX_MS)
		return "time: milliseconds since 1970";
	if (r->tier > WARD_RECORD_TIER)
		return "tier: at most 5";
	if (r->confidence > WARD_RECORD_CONFIDENCE)
		return "confidence: at most 100";
	return NULL;
}

const char *
ward_trust_record_wrong(const struct ward_trust_record *r)
{
	const char *wrong = wrong_number(r);

	if (!wrong && ((unsigned)r->kind >= WARD_KIND_END || !wrong_kind[r->kind]))
		wrong = "what: it has to do something";
	if (!wrong)
		wrong = wrong_text(r);
	if (!wrong)
		wrong = ward_trust_scope_wrong(&r->scope, false);
	if (!wrong)
		wrong = wrong_expiry(r);
	return wrong ? wrong : wrong_kind[r->kind](r);
}

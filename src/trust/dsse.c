/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/dsse.h"

#include <stdio.h>

#include "sys/digest.h"
#include "trust/codec-priv.h"

enum { KIB = 1024, PAE_AROUND = 128 };

static const struct {
	const char *word, *name;
	size_t max;
} types[WARD_DSSE_TYPES] = {
	[WARD_DSSE_ROOT] = {"root", "application/vnd.ward.root.v1", (size_t)64 * KIB},
	[WARD_DSSE_TARGETS] = {"targets", "application/vnd.ward.targets.v1", (size_t)512 * KIB},
	[WARD_DSSE_SNAPSHOT] = {"snapshot", "application/vnd.ward.snapshot.v1", (size_t)4 * KIB},
	[WARD_DSSE_TIMESTAMP] = {"timestamp", "application/vnd.ward.timestamp.v1", (size_t)4 * KIB},
	[WARD_DSSE_RECORD] = {"record", "application/vnd.ward.record.v1", (size_t)96 * KIB},
};

const char *
ward_dsse_type_text(enum ward_dsse_type type)
{
	return type == WARD_DSSE_TARGETS ? "list of targets" : types[type].word;
}

enum ward_rc
ward_trust_key_of(const uint8_t public_key[WARD_SIGN_PUBLIC], struct ward_trust_key *ret)
{
	struct ward_trust_key key;
	enum ward_rc rc =
		ward_digest(WARD_SHA256, ward_span_of(public_key, WARD_SIGN_PUBLIC), key.id);

	if (rc)
		return rc;
	memcpy(key.public_key, public_key, WARD_SIGN_PUBLIC);
	*ret = key;
	return WARD_OK;
}

const char *
ward_dsse_type_name(enum ward_dsse_type type)
{
	return types[type].name;
}

const char *
ward_dsse_type_word(enum ward_dsse_type type)
{
	return types[type].word;
}

size_t
ward_dsse_payload_max(enum ward_dsse_type type)
{
	return types[type].max;
}

/* --- taking apart --- */

static bool
type_of(const char *name, enum ward_dsse_type *ret)
{
	for (unsigned i = 0; i < WARD_DSSE_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return *ret = (enum ward_dsse_type)i, true;
	return false;
}

static bool
take_signatures(const Ward__Trust__V1__Envelope *e, struct ward_dsse *d)
{
	if (e->n_signatures > WARD_DSSE_SIGNATURES_MAX)
		return false;
	for (size_t i = 0; i < e->n_signatures; i++) {
		const Ward__Trust__V1__Signature *s = e->signatures[i];

		if (s->key_id.len != WARD_TRUST_KEY_ID || s->sig.len != WARD_SIGN_SIZE ||
		    (i > 0 &&
		     memcmp(d->signatures[i - 1].key_id, s->key_id.data, WARD_TRUST_KEY_ID) >= 0))
			return false;
		memcpy(d->signatures[i].key_id, s->key_id.data, WARD_TRUST_KEY_ID);
		memcpy(d->signatures[i].bytes, s->sig.data, WARD_SIGN_SIZE);
	}
	d->signature_count = e->n_signatures;
	return true;
}

enum ward_rc
ward_dsse_read_any(struct ward_span bytes, struct ward_arena *arena, struct ward_dsse *ret,
		   struct ward_refusal *ret_refusal)
{
	Ward__Trust__V1__Envelope *e = NULL;
	struct ward_dsse d = {0};
	enum ward_rc rc;

	if (bytes.len > types[WARD_DSSE_TARGETS].max + WARD_DSSE_AROUND)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
				   "it is larger than anything that is signed here (%zu bytes)",
				   bytes.len);
	rc = ward_trust_unpack(&ward__trust__v1__envelope__descriptor, bytes, arena, &e);
	if (rc == WARD_E_PROTO || (!rc && !take_signatures(e, &d)))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FORMAT, "it is no signed envelope");
	if (rc)
		return rc;
	if (!type_of(e->payload_type, &d.type))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_TYPE,
				   "it is signed as something this version does not know");
	if (e->payload.len > types[d.type].max)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
				   "the %s has %zu bytes; at most %zu are taken",
				   ward_dsse_type_text(d.type), e->payload.len, types[d.type].max);
	d.payload = ward_trust_span(e->payload);
	*ret = d;
	return WARD_OK;
}

enum ward_rc
ward_dsse_read(struct ward_span bytes, enum ward_dsse_type type, struct ward_arena *arena,
	       struct ward_dsse *ret, struct ward_refusal *ret_refusal)
{
	struct ward_dsse d;
	enum ward_rc rc;

	if (bytes.len > types[type].max + WARD_DSSE_AROUND)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
				   "the %s has %zu bytes; at most %zu are taken",
				   ward_dsse_type_text(type), bytes.len,
				   types[type].max + WARD_DSSE_AROUND);
	rc = ward_dsse_read_any(bytes, arena, &d, ret_refusal);
	if (rc)
		return rc;
	if (d.type != type)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_TYPE,
				   "it is signed as a %s, not as a %s", ward_dsse_type_text(d.type),
				   ward_dsse_type_text(type));
	*ret = d;
	return WARD_OK;
}

/* --- signatures --- */

/* What a signature is over. */
static enum ward_rc
encoding(const struct ward_dsse *d, struct ward_buf *out)
{
	const char *name = types[d->type].name;
	enum ward_rc rc;

	ward_buf_init(out, d->payload.len + PAE_AROUND, NULL);
	rc = ward_buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(name), name, d->payload.len);
	return rc ? rc : ward_buf_append(out, d->payload.data, d->payload.len);
}

static const struct ward_dsse_signature *
signature_of(const struct ward_dsse *d, const uint8_t id[WARD_TRUST_KEY_ID])
{
	for (size_t i = 0; i < d->signature_count; i++)
		if (memcmp(d->signatures[i].key_id, id, WARD_TRUST_KEY_ID) == 0)
			return &d->signatures[i];
	return NULL;
}

enum ward_rc
ward_dsse_count(const struct ward_dsse *d, const struct ward_trust_key *const *keys,
		size_t key_count, size_t *ret_good)
{
	WARD_AUTO(ward_buf_done) struct ward_buf message = {0};
	size_t good = 0;
	enum ward_rc rc = encoding(d, &message);

	for (size_t i = 0; i < key_count && !rc; i++) {
		const struct ward_dsse_signature *s = signature_of(d, keys[i]->id);

		if (!s)
			continue;
		rc = ward_sign_verify(keys[i]->public_key, ward_buf_span(&message), s->bytes);
		good += rc == WARD_OK;
		if (rc == WARD_E_FORMAT)
			rc = WARD_OK; /* somebody else's, or of another message: it does not count */
	}
	if (!rc)
		*ret_good = good;
	return rc;
}

enum ward_rc
ward_dsse_sign(struct ward_dsse *d, const uint8_t secret[WARD_SIGN_SECRET])
{
	WARD_AUTO(ward_buf_done) struct ward_buf message = {0};
	uint8_t public_key[WARD_SIGN_PUBLIC], signature[WARD_SIGN_SIZE];
	struct ward_trust_key key;
	size_t at = 0;
	enum ward_rc rc = ward_sign_public(secret, public_key);

	if (!rc)
		rc = ward_trust_key_of(public_key, &key);
	if (!rc)
		rc = encoding(d, &message);
	if (!rc)
		rc = ward_sign(secret, ward_buf_span(&message), signature);
	if (rc)
		return rc;
	while (at < d->signature_count &&
	       memcmp(d->signatures[at].key_id, key.id, WARD_TRUST_KEY_ID) < 0)
		at++;
	if (at == d->signature_count ||
	    memcmp(d->signatures[at].key_id, key.id, WARD_TRUST_KEY_ID) != 0) {
		if (d->signature_count == WARD_DSSE_SIGNATURES_MAX)
			return WARD_E_LIMIT;
		memmove(d->signatures + at + 1, d->signatures + at,
			(d->signature_count++ - at) * sizeof(d->signatures[0]));
	}
	memcpy(d->signatures[at].key_id, key.id, WARD_TRUST_KEY_ID);
	memcpy(d->signatures[at].bytes, signature, WARD_SIGN_SIZE);
	return WARD_OK;
}

/* --- putting together --- */

enum ward_rc
ward_dsse_write(const struct ward_dsse *d, struct ward_buf *out)
{
	Ward__Trust__V1__Envelope e = WARD__TRUST__V1__ENVELOPE__INIT;
	Ward__Trust__V1__Signature each[WARD_DSSE_SIGNATURES_MAX], *all[WARD_DSSE_SIGNATURES_MAX];

	for (size_t i = 0; i < d->signature_count; i++) {
		ward__trust__v1__signature__init(&each[i]);
		each[i].sig = ward_trust_bytes(d->signatures[i].bytes, WARD_SIGN_SIZE);
		each[i].key_id = ward_trust_bytes(d->signatures[i].key_id, WARD_TRUST_KEY_ID);
		all[i] = &each[i];
	}
	e.payload = ward_trust_bytes(d->payload.data, d->payload.len);
	e.payload_type = ward_trust_text(types[d->type].name);
	e.n_signatures = d->signature_count;
	e.signatures = all;
	return ward_trust_pack(&e.base, out);
}

enum ward_rc
ward_dsse_wrap(enum ward_dsse_type type, struct ward_span payload, struct ward_buf *out)
{
	return ward_dsse_seal(type, payload, NULL, 0, out);
}

enum ward_rc
ward_dsse_seal(enum ward_dsse_type type, struct ward_span payload,
	       const uint8_t (*secrets)[WARD_SIGN_SECRET], size_t count, struct ward_buf *out)
{
	struct ward_dsse d = {.type = type, .payload = payload};
	enum ward_rc rc = payload.len > types[type].max ? WARD_E_LIMIT : WARD_OK;

	for (size_t i = 0; i < count && !rc; i++)
		rc = ward_dsse_sign(&d, secrets[i]);
	return rc ? rc : ward_dsse_write(&d, out);
}

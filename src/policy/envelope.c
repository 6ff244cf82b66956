/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/envelope.h"

#include "base/cursor.h"
#include "policy/document.h"
#include "sys/digest.h"

static const char magic[8] = {'W', 'A', 'R', 'D', 'P', 'O', 'L', '1'};
static const char domain[] = "ward policy envelope 1"; /* with its NUL */

static enum ward_rc
put(struct ward_buf *out, uint64_t value, unsigned bytes)
{
	uint8_t le[8];

	for (unsigned i = 0; i < bytes; i++)
		le[i] = (uint8_t)(value >> 8 * i);
	return ward_buf_append(out, le, bytes);
}

enum ward_rc
ward_envelope_key_id(const uint8_t public_key[WARD_SIGN_PUBLIC],
		     uint8_t ret_id[WARD_ENVELOPE_KEY_ID])
{
	uint8_t digest[32];
	enum ward_rc rc =
		ward_digest(WARD_SHA256, ward_span_of(public_key, WARD_SIGN_PUBLIC), digest);

	if (rc == WARD_OK)
		memcpy(ret_id, digest, WARD_ENVELOPE_KEY_ID);
	return rc;
}

/* What is signed. */
static enum ward_rc
signed_bytes(struct ward_span envelope, struct ward_buf *out)
{
	enum ward_rc rc;

	ward_buf_init(out, sizeof(domain) + envelope.len, NULL);
	rc = ward_buf_append(out, domain, sizeof(domain));
	return rc ? rc : ward_buf_append(out, envelope.data, envelope.len);
}

static enum ward_rc
head(const uint8_t id[WARD_ENVELOPE_KEY_ID], uint64_t version, uint64_t issued_ms,
     struct ward_span document, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_append(out, magic, sizeof(magic));

	if (rc == WARD_OK)
		rc = ward_buf_append(out, id, WARD_ENVELOPE_KEY_ID);
	if (rc == WARD_OK)
		rc = put(out, version, 8);
	if (rc == WARD_OK)
		rc = put(out, issued_ms, 8);
	if (rc == WARD_OK)
		rc = put(out, document.len, 4);
	return rc ? rc : ward_buf_append(out, document.data, document.len);
}

enum ward_rc
ward_envelope_seal(const uint8_t secret[WARD_SIGN_SECRET], uint64_t version, uint64_t issued_ms,
		   struct ward_span document, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf whole = {0}, message = {0};
	uint8_t key[WARD_SIGN_PUBLIC], id[WARD_ENVELOPE_KEY_ID], signature[WARD_SIGN_SIZE];
	enum ward_rc rc = ward_sign_public(secret, key);

	if (document.len > WARD_POLICY_TEXT_MAX)
		return WARD_E_LIMIT;
	ward_buf_init(&whole, WARD_ENVELOPE_MAX, NULL);
	if (rc == WARD_OK)
		rc = ward_envelope_key_id(key, id);
	if (rc == WARD_OK)
		rc = head(id, version, issued_ms, document, &whole);
	if (rc == WARD_OK)
		rc = signed_bytes(ward_buf_span(&whole), &message);
	if (rc == WARD_OK)
		rc = ward_sign(secret, ward_buf_span(&message), signature);
	if (rc == WARD_OK)
		rc = ward_buf_append(&whole, signature, sizeof(signature));
	return rc ? rc : ward_buf_append(out, whole.data, whole.len);
}

enum ward_rc
ward_envelope_peek(struct ward_span bytes, struct ward_envelope *ret)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	struct ward_span start = ward_cursor_bytes(&c, sizeof(magic)), id;
	struct ward_envelope e;
	uint32_t len;
	enum ward_rc rc;

	if (!ward_span_eq(start, ward_span_of(magic, sizeof(magic))))
		return WARD_E_FORMAT;
	id = ward_cursor_bytes(&c, sizeof(e.key_id));
	e.version = ward_cursor_u64le(&c);
	e.issued_ms = ward_cursor_u64le(&c);
	len = ward_cursor_u32le(&c);
	e.document = ward_cursor_bytes(&c, len);
	ward_cursor_skip(&c, WARD_SIGN_SIZE);
	if (!ward_cursor_ok(&c) || ward_cursor_left(&c) || len > WARD_POLICY_TEXT_MAX)
		return WARD_E_FORMAT;
	memcpy(e.key_id, id.data, sizeof(e.key_id));
	rc = ward_digest(WARD_SHA256, e.document, e.sha256);
	if (rc == WARD_OK)
		*ret = e;
	return rc;
}

/* WARD_E_FORMAT when no such key is among them. */
static enum ward_rc
find_key(struct ward_span keys, const struct ward_envelope *e, struct ward_span *ret)
{
	uint8_t id[WARD_ENVELOPE_KEY_ID];

	for (size_t at = 0; ward_span_has(keys, at, WARD_SIGN_PUBLIC); at += WARD_SIGN_PUBLIC) {
		struct ward_span key = ward_span_cut(keys, at, WARD_SIGN_PUBLIC);
		enum ward_rc rc = ward_envelope_key_id(key.data, id);

		if (rc != WARD_OK)
			return rc;
		if (memcmp(id, e->key_id, sizeof(id)) == 0) {
			*ret = key;
			return WARD_OK;
		}
	}
	return WARD_E_FORMAT;
}

static enum ward_rc
prove(struct ward_span bytes, struct ward_span key)
{
	WARD_AUTO(ward_buf_done) struct ward_buf message = {0};
	struct ward_span body = ward_span_cut(bytes, 0, bytes.len - WARD_SIGN_SIZE);
	enum ward_rc rc = signed_bytes(body, &message);

	return rc ? rc : ward_sign_verify(key.data, ward_buf_span(&message), bytes.data + body.len);
}

enum ward_rc
ward_envelope_open(struct ward_span bytes, struct ward_span keys,
		   const struct ward_envelope_known *known, struct ward_envelope *ret,
		   const char **ret_why)
{
	struct ward_envelope e;
	struct ward_span key = {0};
	enum ward_rc rc;

	*ret_why = "it is no signed policy";
	rc = ward_envelope_peek(bytes, &e);
	if (rc != WARD_OK)
		return rc;
	*ret_why = "it is signed by a key this machine was not given";
	rc = find_key(keys, &e, &key);
	if (rc != WARD_OK)
		return rc;
	*ret_why = "its signature is wrong";
	rc = prove(bytes, key);
	if (rc != WARD_OK)
		return rc;
	*ret_why = "it is older than the one in use";
	if (e.version < known->version)
		return WARD_E_PERM;
	*ret_why = "it is another document with the version in use";
	if (e.version == known->version && known->version > 0 &&
	    memcmp(e.sha256, known->sha256, sizeof(e.sha256)) != 0)
		return WARD_E_PERM;
	*ret = e;
	return WARD_OK;
}

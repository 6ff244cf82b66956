/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base/text.h"
#include "sys/digest.h"

enum { REQUEST_MAX = 16 * 1024, DIGEST = 32 };

enum ward_rc
ward_s3_encode(struct ward_buf *out, struct ward_span text, bool path)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < text.len && !rc; i++) {
		uint8_t c = text.data[i];

		if (ward_text_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
		    (path && c == '/'))
			rc = ward_buf_byte(out, c);
		else
			rc = ward_buf_printf(out, "%%%02X", c);
	}
	return rc;
}

static bool
hmac(const uint8_t *key, size_t key_len, struct ward_span text, uint8_t ret[DIGEST])
{
	unsigned len = DIGEST;

	return HMAC(EVP_sha256(), key, (int)key_len, text.data, text.len, ret, &len) != NULL;
}

/* kSigning: each part keyed with what the one before gave. */
static bool
signing_key(const struct ward_s3_request *r, const char *secret, uint8_t ret[DIGEST])
{
	char first[300];
	int len = snprintf(first, sizeof(first), "AWS4%s", secret);
	bool good = len > 0 && (size_t)len < sizeof(first) &&
		    hmac((const uint8_t *)first, (size_t)len, ward_span_of(r->time, 8), ret) &&
		    hmac(ret, DIGEST, ward_span_str(r->region), ret) &&
		    hmac(ret, DIGEST, ward_span_str("s3"), ret) &&
		    hmac(ret, DIGEST, ward_span_str("aws4_request"), ret);

	OPENSSL_cleanse(first, sizeof(first));
	return good;
}

static enum ward_rc
put_names(const struct ward_s3_request *r, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < r->header_count && !rc; i++)
		rc = ward_buf_printf(out, "%s%s", i > 0 ? ";" : "", r->header[i].name);
	return rc;
}

static enum ward_rc
put_canonical(const struct ward_s3_request *r, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "%s\n%s\n%s\n", r->method, r->path, r->query);

	for (size_t i = 0; i < r->header_count && !rc; i++)
		rc = ward_buf_printf(out, "%s:%s\n", r->header[i].name, r->header[i].value);
	if (!rc)
		rc = ward_buf_byte(out, '\n');
	if (!rc)
		rc = put_names(r, out);
	return rc ? rc : ward_buf_printf(out, "\n%s", r->payload);
}

/* The string to sign. */
static enum ward_rc
put_string(const struct ward_s3_request *r, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf canonical = {0};
	uint8_t digest[DIGEST];
	char hex[2 * DIGEST + 1];
	enum ward_rc rc;

	ward_buf_init(&canonical, REQUEST_MAX, NULL);
	rc = put_canonical(r, &canonical);
	if (!rc)
		rc = ward_digest(WARD_SHA256, ward_buf_span(&canonical), digest);
	if (rc)
		return rc;
	ward_text_hex(ward_span_of(digest, DIGEST), hex);
	return ward_buf_printf(out, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/s3/aws4_request\n%s", r->time,
			       r->time, r->region, hex);
}

enum ward_rc
ward_s3_sign(const struct ward_s3_request *r, const struct ward_s3_credentials *credentials,
	     char ret_value[WARD_S3_AUTHORIZATION])
{
	WARD_AUTO(ward_buf_done) struct ward_buf string = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf names = {0};
	uint8_t key[DIGEST], signature[DIGEST];
	char hex[2 * DIGEST + 1];
	enum ward_rc rc;
	bool good;
	int len;

	ward_buf_init(&string, REQUEST_MAX, NULL);
	ward_buf_init(&names, REQUEST_MAX, NULL);
	rc = put_string(r, &string);
	if (!rc)
		rc = put_names(r, &names);
	if (rc)
		return rc;
	good = signing_key(r, credentials->secret, key) &&
	       hmac(key, DIGEST, ward_buf_span(&string), signature);
	OPENSSL_cleanse(key, sizeof(key));
	if (!good)
		return WARD_E_NOMEM;
	ward_text_hex(ward_span_of(signature, DIGEST), hex);
	len = snprintf(ret_value, WARD_S3_AUTHORIZATION,
		       "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/s3/aws4_request,SignedHeaders=%.*s,"
		       "Signature=%s",
		       credentials->key_id, r->time, r->region, (int)names.len,
		       names.data ? (const char *)names.data : "", hex);
	return len > 0 && len < WARD_S3_AUTHORIZATION ? WARD_OK : WARD_E_LIMIT;
}

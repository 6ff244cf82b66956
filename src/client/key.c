/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "proto/wire.h"

enum { AUTHORITIES = 8 };

/* --- PEM --- */

static enum ward_rc
take_bio(BIO *bio, struct ward_buf *out)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? ward_buf_append(out, data, (size_t)len) : WARD_E_NOMEM;
}

static BIO *
bio_of(struct ward_span pem)
{
	return pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
}

static EVP_PKEY *
key_of(struct ward_span pem)
{
	BIO *bio = bio_of(pem);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static X509 *
certificate_of(struct ward_span pem)
{
	BIO *bio = bio_of(pem);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return certificate;
}

static enum ward_rc
append_certificate(const X509 *certificate, struct ward_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	enum ward_rc rc = WARD_E_NOMEM;

	if (bio && PEM_write_bio_X509(bio, certificate) == 1)
		rc = take_bio(bio, out);
	BIO_free(bio);
	return rc;
}

void
ward_key_wipe(struct ward_buf *pem)
{
	if (pem->data)
		explicit_bzero(pem->data, pem->room);
	ward_buf_done(pem);
}

/* --- key and request --- */

enum ward_rc
ward_key_new(struct ward_buf *pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_secmem());
	enum ward_rc rc = WARD_E_NOMEM;

	if (key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		rc = take_bio(bio, pem);
	BIO_free(bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

enum ward_rc
ward_key_request(struct ward_span pem, struct ward_buf *der)
{
	EVP_PKEY *key = key_of(pem);
	X509_REQ *request = X509_REQ_new();
	unsigned char *data = NULL;
	int len = -1;
	enum ward_rc rc = key ? WARD_E_NOMEM : WARD_E_FORMAT;

	if (key && request && X509_REQ_set_pubkey(request, key) == 1 &&
	    X509_REQ_sign(request, key, EVP_sha256()) > 0)
		len = i2d_X509_REQ(request, &data);
	if (len > 0)
		rc = ward_buf_append(der, data, (size_t)len);
	OPENSSL_free(data);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

/* --- facts --- */

static uint64_t
time_of(const ASN1_TIME *at)
{
	struct tm t;
	time_t seconds;

	if (ASN1_TIME_to_tm(at, &t) != 1)
		return 0;
	seconds = timegm(&t);
	return seconds < 0 ? 0 : (uint64_t)seconds * 1000;
}

/* spiffe://ORGANISATION/device/UUID */
static bool
device_in(struct ward_span uri, struct ward_key_facts *ret)
{
	static const char scheme[] = "spiffe://", part[] = "/device/";
	const uint8_t *at = memmem(uri.data, uri.len, part, sizeof(part) - 1);
	size_t from = at ? (size_t)(at - uri.data) + sizeof(part) - 1 : 0, len;

	if (!at || !ward_span_starts(uri, scheme, sizeof(scheme) - 1) ||
	    ward_wire_uuid_parse(ward_span_cut(uri, from, uri.len), ret->device))
		return false;
	len = from - (sizeof(part) - 1) - (sizeof(scheme) - 1);
	(void)snprintf(ret->organisation, sizeof(ret->organisation), "%.*s", (int)len,
		       (const char *)uri.data + sizeof(scheme) - 1);
	return true;
}

/* Exactly one URI, and it is a device's. */
static bool
device_of(X509 *certificate, struct ward_key_facts *ret)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	unsigned uris = 0;
	bool good = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		const ASN1_IA5STRING *uri = n->d.uniformResourceIdentifier;

		if (n->type != GEN_URI)
			continue;
		uris++;
		good = device_in(
			ward_span_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)),
			ret);
	}
	GENERAL_NAMES_free(names);
	return good && uris == 1;
}

enum ward_rc
ward_key_facts(struct ward_span identity, struct ward_key_facts *ret)
{
	EVP_PKEY *key = key_of(identity);
	X509 *certificate = certificate_of(identity);
	struct ward_key_facts facts = {.not_after_ms = 0};
	enum ward_rc rc = WARD_E_FORMAT;

	if (key && certificate && X509_check_private_key(certificate, key) == 1 &&
	    device_of(certificate, &facts)) {
		facts.not_before_ms = time_of(X509_get0_notBefore(certificate));
		facts.not_after_ms = time_of(X509_get0_notAfter(certificate));
		(void)X509_NAME_oneline(X509_get_subject_name(certificate), facts.subject,
					sizeof(facts.subject));
		*ret = facts;
		rc = WARD_OK;
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

static bool
digest_of(const X509 *certificate, uint8_t ret[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 || len != 32)
		return false;
	memcpy(ret, digest, 32);
	return true;
}

enum ward_rc
ward_key_fingerprint(struct ward_span pem, uint8_t ret[32])
{
	X509 *certificate = certificate_of(pem);
	enum ward_rc rc = certificate && digest_of(certificate, ret) ? WARD_OK : WARD_E_FORMAT;

	X509_free(certificate);
	return rc;
}

/* --- what an enrolment brought --- */

static X509 *
der_certificate(struct ward_span der)
{
	const unsigned char *at = der.data;
	X509 *certificate = der.len <= INT32_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;

	ERR_clear_error();
	if (certificate && at != der.data + der.len) {
		X509_free(certificate);
		certificate = NULL;
	}
	return certificate;
}

/* The pinned authority among them; all go to `store` and `pem`. */
static const char *
take_authorities(const struct ward_key_issued *issued, const uint8_t pinned[32], X509_STORE *store,
		 struct ward_buf *pem)
{
	const char *why = "the CA that was pinned is not among the authorities";

	if (issued->authority_count > AUTHORITIES)
		return "too many authorities";
	for (size_t i = 0; i < issued->authority_count; i++) {
		X509 *ca = der_certificate(issued->authorities[i]);
		uint8_t digest[32];
		bool good = ca && digest_of(ca, digest) && X509_STORE_add_cert(store, ca) == 1 &&
			    append_certificate(ca, pem) == WARD_OK;

		if (good && CRYPTO_memcmp(digest, pinned, 32) == 0)
			why = NULL;
		X509_free(ca);
		if (!good)
			return "an authority is no certificate";
	}
	return why;
}

static const char *
check_certificate(X509 *certificate, EVP_PKEY *key, const uint8_t device[16], X509_STORE *store)
{
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	struct ward_key_facts named;
	const char *why = NULL;

	if (X509_check_private_key(certificate, key) != 1)
		why = "the certificate is for another key";
	else if (!device_of(certificate, &named) || memcmp(named.device, device, 16) != 0)
		why = "the certificate names another device";
	else if (!check || X509_STORE_CTX_init(check, store, certificate, NULL) != 1 ||
		 X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_CLIENT) != 1 ||
		 X509_verify_cert(check) != 1)
		why = "the certificate is not signed by the authorities";
	X509_STORE_CTX_free(check);
	ERR_clear_error();
	return why;
}

static enum ward_rc
write_identity(struct ward_span key_pem, const X509 *certificate, struct ward_buf *identity)
{
	enum ward_rc rc = ward_buf_append(identity, key_pem.data, key_pem.len);

	return rc ? rc : append_certificate(certificate, identity);
}

enum ward_rc
ward_key_accept(struct ward_span key_pem, const struct ward_key_issued *issued,
		struct ward_buf *identity, struct ward_buf *ca_pem, const char **ret_why)
{
	EVP_PKEY *key = key_of(key_pem);
	X509 *certificate = der_certificate(issued->certificate);
	X509_STORE *store = X509_STORE_new();
	uint8_t pinned[32] = {0};
	const char *why = NULL;
	enum ward_rc rc = WARD_E_FORMAT;

	if (issued->ca_sha256)
		memcpy(pinned, issued->ca_sha256, sizeof(pinned));
	if (!key || !certificate || !store)
		why = "there is no certificate";
	else if (!issued->ca_sha256 && ward_key_fingerprint(issued->ca, pinned))
		why = "there is no CA to compare with";
	if (!why)
		why = take_authorities(issued, pinned, store, ca_pem);
	if (!why)
		why = check_certificate(certificate, key, issued->device, store);
	if (!why)
		rc = write_identity(key_pem, certificate, identity);
	else
		*ret_why = why;
	X509_STORE_free(store);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/identity/ca.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "proto/wire.h"
#include "sys/digest.h"
#include "sys/fd.h"

enum { NAME = 64, PATH = 512, FILE_MAX = 65536, SERIAL = 16, BACKDATED = 300, DAY = 86400 };

struct ward_ca {
	char organisation[NAME];
	X509 *certificate;
	EVP_PKEY *key;
	uint8_t *der;
	size_t der_len;
};

bool
ward_ca_organisation_valid(const char *organisation)
{
	size_t len = strlen(organisation);

	for (size_t i = 0; i < len; i++)
		if (!ward_text_is_alnum((uint8_t)organisation[i]) && organisation[i] != '.' &&
		    organisation[i] != '-')
			return false;
	return len >= 1 && len < NAME;
}

/* --- certificates --- */

static bool
set_name(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool
set_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool good;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	good = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

/* Random, 127 bits, positive (RFC 5280 §4.1.2.2). */
static bool
set_serial(X509 *certificate, uint8_t ret_serial[SERIAL])
{
	BIGNUM *number;
	bool good;

	if (RAND_bytes(ret_serial, SERIAL) != 1)
		return false;
	ret_serial[0] = (ret_serial[0] & 0x7f) | 0x40;
	number = BN_bin2bn(ret_serial, SERIAL, NULL);
	good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return good;
}

static X509 *
new_certificate(EVP_PKEY *key, long days, struct ward_issued *ret)
{
	X509 *c = X509_new();
	time_t now = time(NULL);

	if (!c || X509_set_version(c, X509_VERSION_3) != 1 || !set_serial(c, ret->serial) ||
	    !ASN1_TIME_set(X509_getm_notBefore(c), now - BACKDATED) ||
	    !ASN1_TIME_set(X509_getm_notAfter(c), now + days * DAY) ||
	    X509_set_pubkey(c, key) != 1) {
		X509_free(c);
		return NULL;
	}
	ret->not_before_ms = (uint64_t)(now - BACKDATED) * 1000;
	ret->not_after_ms = (uint64_t)(now + days * DAY) * 1000;
	return c;
}

static X509 *
self_signed(const char *organisation, EVP_PKEY *key)
{
	struct ward_issued issued;
	X509 *c = new_certificate(key, 365L * WARD_CA_YEARS, &issued);
	char name[NAME + 16];

	(void)snprintf(name, sizeof(name), "Ward CA %s", organisation);
	if (c && set_name(X509_get_subject_name(c), name) &&
	    X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
	    set_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    set_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    set_extension(c, c, NID_subject_key_identifier, "hash") &&
	    X509_sign(c, key, EVP_sha256()) > 0)
		return c;
	X509_free(c);
	return NULL;
}

struct wanted {
	const char *common, *names; /* names: as openssl's subjectAltName */
	const char *use;	    /* "clientAuth" or "serverAuth" */
	long days;
};

static X509 *
signed_by(struct ward_ca *ca, EVP_PKEY *key, const struct wanted *w, struct ward_issued *ret)
{
	X509 *c = new_certificate(key, w->days, ret);

	if (c && set_name(X509_get_subject_name(c), w->common) &&
	    X509_set_issuer_name(c, X509_get_subject_name(ca->certificate)) == 1 &&
	    set_extension(c, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	    set_extension(c, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
	    set_extension(c, ca->certificate, NID_ext_key_usage, w->use) &&
	    set_extension(c, ca->certificate, NID_subject_alt_name, w->names) &&
	    set_extension(c, ca->certificate, NID_authority_key_identifier, "keyid") &&
	    X509_sign(c, ca->key, EVP_sha256()) > 0)
		return c;
	X509_free(c);
	return NULL;
}

/* --- files --- */

static enum ward_rc
write_pem(const char *directory, const char *name, const X509 *certificate, EVP_PKEY *key,
	  const X509 *chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char path[PATH], *data = NULL;
	long len = 0;
	bool good;
	enum ward_rc rc;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= PATH || !bio) {
		BIO_free(bio);
		return WARD_E_LIMIT;
	}
	good = (!certificate || PEM_write_bio_X509(bio, certificate) == 1) &&
	       (!chain || PEM_write_bio_X509(bio, chain) == 1) &&
	       (!key || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	if (good)
		len = BIO_get_mem_data(bio, &data);
	rc = good ? ward_fd_write_atomic(path, ward_span_of(data, (size_t)len), key ? 0600 : 0644)
		  : WARD_E_NOMEM;
	if (key && data)
		explicit_bzero(data, (size_t)len);
	BIO_free(bio);
	return rc;
}

static enum ward_rc
read_pem(const char *directory, const char *name, X509 **ret_certificate, EVP_PKEY **ret_key)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[PATH];
	BIO *bio;
	enum ward_rc rc;

	ward_buf_init(&text, FILE_MAX, NULL);
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= PATH)
		return WARD_E_LIMIT;
	rc = ward_fd_open_regular(-1, path, true, &fd, NULL);
	if (!rc)
		rc = ward_fd_read_all(fd, &text);
	if (rc)
		return rc;
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	if (ret_certificate)
		*ret_certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	else
		*ret_key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	explicit_bzero(text.data, text.len);
	ERR_clear_error();
	return (ret_certificate ? (void *)*ret_certificate : (void *)*ret_key) ? WARD_OK
									       : WARD_E_FORMAT;
}

static enum ward_rc
encode(struct ward_ca *ca)
{
	unsigned char *der = NULL;
	int len = i2d_X509(ca->certificate, &der);

	if (len <= 0)
		return WARD_E_NOMEM;
	ca->der = der;
	ca->der_len = (size_t)len;
	return WARD_OK;
}

enum ward_rc
ward_ca_open(const char *directory, const char *organisation, struct ward_ca **ret)
{
	struct ward_ca *ca;
	enum ward_rc rc;

	if (!ward_ca_organisation_valid(organisation))
		return WARD_E_INVAL;
	ca = calloc(1, sizeof(*ca));
	if (!ca)
		return WARD_E_NOMEM;
	(void)snprintf(ca->organisation, NAME, "%s", organisation);
	rc = read_pem(directory, "ca.pem", &ca->certificate, NULL);
	if (!rc)
		rc = read_pem(directory, "ca.key", NULL, &ca->key);
	if (!rc && X509_check_private_key(ca->certificate, ca->key) != 1)
		rc = WARD_E_FORMAT;
	if (!rc)
		rc = encode(ca);
	if (rc)
		ward_ca_free(ca);
	else
		*ret = ca;
	return rc;
}

struct ward_ca *
ward_ca_free(struct ward_ca *ca)
{
	if (ca) {
		X509_free(ca->certificate);
		EVP_PKEY_free(ca->key);
		OPENSSL_free(ca->der);
		free(ca);
	}
	return NULL;
}

/* --- making --- */

static bool
host_valid(const char *host)
{
	size_t len = strlen(host);

	for (size_t i = 0; i < len; i++)
		if (!ward_text_is_alnum((uint8_t)host[i]) && !strchr(".-:", host[i]))
			return false;
	return len >= 1 && len <= 253;
}

/* "DNS:a,IP:1.2.3.4" */
static enum ward_rc
alternative_names(const char *const *hosts, size_t count, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		struct in6_addr address;
		bool numeric = inet_pton(AF_INET, hosts[i], &address) == 1 ||
			       inet_pton(AF_INET6, hosts[i], &address) == 1;

		if (!host_valid(hosts[i]))
			return WARD_E_INVAL;
		rc = ward_buf_printf(out, "%s%s:%s", i ? "," : "", numeric ? "IP" : "DNS",
				     hosts[i]);
	}
	return rc ? rc : ward_buf_byte(out, 0);
}

static enum ward_rc
write_server(struct ward_ca *ca, const char *directory, const char *const *hosts, size_t count)
{
	WARD_AUTO(ward_buf_done) struct ward_buf names = {0};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct ward_issued issued;
	X509 *certificate = NULL;
	enum ward_rc rc;

	ward_buf_init(&names, 16384, NULL);
	rc = alternative_names(hosts, count, &names);
	if (!rc && key)
		certificate = signed_by(ca, key,
					&(struct wanted){hosts[0], (const char *)names.data,
							 "serverAuth", WARD_CA_SERVER_DAYS},
					&issued);
	if (!rc && !certificate)
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = write_pem(directory, "server.key", NULL, key, NULL);
	if (!rc)
		rc = write_pem(directory, "server.pem", certificate, NULL, ca->certificate);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}

enum ward_rc
ward_ca_create(const char *directory, const char *organisation, const char *const *hosts,
	       size_t host_count)
{
	struct ward_ca ca = {0};
	enum ward_rc rc = WARD_OK;

	if (!ward_ca_organisation_valid(organisation) || host_count == 0)
		return WARD_E_INVAL;
	if (mkdir(directory, 0700) != 0)
		return WARD_E_PERM;
	ca.key = EVP_EC_gen("P-256");
	ca.certificate = ca.key ? self_signed(organisation, ca.key) : NULL;
	if (!ca.certificate)
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = write_pem(directory, "ca.key", NULL, ca.key, NULL);
	if (!rc)
		rc = write_pem(directory, "ca.pem", ca.certificate, NULL, NULL);
	if (!rc)
		rc = write_server(&ca, directory, hosts, host_count);
	X509_free(ca.certificate);
	EVP_PKEY_free(ca.key);
	return rc;
}

/* --- issuing --- */

static bool
key_allowed(EVP_PKEY *key)
{
	char group[32] = "";

	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	if (!EVP_PKEY_is_a(key, "EC"))
		return false;
	(void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
	return strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0;
}

static enum ward_rc
key_of(struct ward_span request, EVP_PKEY **ret)
{
	const unsigned char *at = request.data;
	X509_REQ *r = request.len <= 8192 ? d2i_X509_REQ(NULL, &at, (long)request.len) : NULL;
	EVP_PKEY *key = r && at == request.data + request.len ? X509_REQ_get_pubkey(r) : NULL;
	enum ward_rc rc = WARD_OK;

	if (key && !key_allowed(key))
		rc = WARD_E_UNSUPPORTED;
	else if (!key || X509_REQ_verify(r, key) != 1)
		rc = WARD_E_FORMAT;
	X509_REQ_free(r);
	ERR_clear_error();
	if (rc)
		EVP_PKEY_free(key);
	else
		*ret = key;
	return rc;
}

enum ward_rc
ward_ca_issue(struct ward_ca *ca, struct ward_span request, const uint8_t device[16],
	      struct ward_buf *out, struct ward_issued *ret)
{
	char uuid[37], name[160];
	unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	X509 *certificate;
	int len;
	enum ward_rc rc = key_of(request, &key);

	if (rc)
		return rc;
	ward_wire_uuid_text(device, uuid);
	(void)snprintf(name, sizeof(name), "URI:spiffe://%s/device/%s", ca->organisation, uuid);
	certificate = signed_by(
		ca, key, &(struct wanted){uuid, name, "clientAuth", WARD_CA_DEVICE_DAYS}, ret);
	len = certificate ? i2d_X509(certificate, &der) : -1;
	rc = len > 0 ? ward_buf_append(out, der, (size_t)len) : WARD_E_NOMEM;
	OPENSSL_free(der);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}

struct ward_span
ward_ca_certificate(const struct ward_ca *ca)
{
	return ward_span_of(ca->der, ca->der_len);
}

enum ward_rc
ward_ca_fingerprint(const struct ward_ca *ca, uint8_t ret[32])
{
	return ward_digest(WARD_SHA256, ward_ca_certificate(ca), ret);
}

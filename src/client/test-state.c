/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory, and the key and certificate in it; a small CA of our own signs. */
#include "client/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/digest.h"
#include "sys/fd.h"

static const uint8_t device[16] = {0x01, 2, 3, 4, 5, 6, 0x40, 7, 0x80, 9, 10, 11, 12, 13, 14, 15};
static const char uri[] = "URI:spiffe://test.example/device/01020304-0506-4007-8009-0a0b0c0d0e0f";

struct ca {
	EVP_PKEY *key;
	X509 *certificate;
	uint8_t der[2048], digest[32];
	size_t len;
};

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static X509 *
certificate_for(EVP_PKEY *key, const char *name, const struct ca *by, const char *san)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);

	assert_int_equal(X509_set_version(x, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), by ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(x, by ? X509_get_subject_name(by->certificate) : subject);
	X509_set_pubkey(x, key);
	extend(x, NID_basic_constraints, by ? "CA:FALSE" : "critical,CA:TRUE");
	if (san)
		extend(x, NID_subject_alt_name, san);
	assert_true(X509_sign(x, by ? by->key : key, EVP_sha256()) > 0);
	return x;
}

static size_t
to_der(const X509 *x, uint8_t *room, size_t max)
{
	unsigned char *at = room;
	int len = i2d_X509(x, NULL);

	assert_true(len > 0 && (size_t)len <= max);
	(void)i2d_X509(x, &at);
	return (size_t)len;
}

static void
ca_make(struct ca *ca)
{
	ca->key = EVP_EC_gen("P-256");
	ca->certificate = certificate_for(ca->key, "CA", NULL, NULL);
	ca->len = to_der(ca->certificate, ca->der, sizeof(ca->der));
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_of(ca->der, ca->len), ca->digest),
			 WARD_OK);
}

static void
ca_done(struct ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->certificate);
}

/* The certificate for what a request asks for. */
static size_t
issue(const struct ca *ca, struct ward_span csr, const char *san, uint8_t *der, size_t max)
{
	const unsigned char *at = csr.data;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)csr.len);
	EVP_PKEY *key;
	X509 *x;
	size_t len;

	assert_non_null(request);
	key = X509_REQ_get_pubkey(request);
	assert_int_equal(X509_REQ_verify(request, key), 1);
	x = certificate_for(key, "device", ca, san);
	len = to_der(x, der, max);
	X509_free(x);
	EVP_PKEY_free(key);
	X509_REQ_free(request);
	return len;
}

struct fixture {
	char directory[64];
	struct ca ca, other;
	struct ward_buf key, csr;
	uint8_t der[2048];
	Ward__V1__EnrollReply reply;
	Ward__V1__Policy policy;
	ProtobufCBinaryData authority, policy_keys[2];
	struct ward_state state;
};

static void
answer_with(struct fixture *f, const struct ca *signer, const char *san)
{
	f->reply.certificate.len =
		issue(signer, ward_buf_span(&f->csr), san, f->der, sizeof(f->der));
	f->reply.certificate.data = f->der;
	f->authority = (ProtobufCBinaryData){f->ca.len, f->ca.der};
	f->reply.authorities = &f->authority;
	f->reply.n_authorities = 1;
}

static uint8_t policy_key[32] = {7, 7, 7};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)snprintf(f->directory, sizeof(f->directory), "/tmp/ward-state-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	ca_make(&f->ca);
	ca_make(&f->other);
	ward_buf_init(&f->key, 8192, NULL);
	ward_buf_init(&f->csr, 8192, NULL);
	assert_int_equal(ward_key_new(&f->key), WARD_OK);
	assert_int_equal(ward_key_request(ward_buf_span(&f->key), &f->csr), WARD_OK);
	ward__v1__enroll_reply__init(&f->reply);
	ward__v1__policy__init(&f->policy);
	f->reply.device = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)device};
	f->reply.renew_after_ms = 1000;
	f->policy.level = WARD__V1__LEVEL__LEVEL_HIGH;
	f->policy.samples = WARD__V1__SAMPLES__SAMPLES_ASK;
	f->policy.hold_ms = 12345;
	f->reply.policy = &f->policy;
	f->policy.document = (ProtobufCBinaryData){9, (uint8_t *)(uintptr_t) "WARDPOL1x"};
	f->policy_keys[0] = f->policy_keys[1] =
		(ProtobufCBinaryData){sizeof(policy_key), policy_key};
	f->reply.policy_keys = f->policy_keys;
	f->reply.n_policy_keys = 2;
	f->reply.root = (ProtobufCBinaryData){6, (uint8_t *)(uintptr_t) "a root"};
	answer_with(f, &f->ca, uri);
	ward_state_init(&f->state);
	(void)snprintf(f->state.server, sizeof(f->state.server), "localhost:7443");
	(void)snprintf(f->state.proxy, sizeof(f->state.proxy), "http://u:p@proxy:3128");
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char lock[96];

	assert_int_equal(ward_state_clear(f->directory), WARD_OK);
	(void)snprintf(lock, sizeof(lock), "%s/lock", f->directory);
	(void)unlink(lock);
	(void)snprintf(lock, sizeof(lock), "%s/policy.keys", f->directory);
	(void)unlink(lock);
	(void)snprintf(lock, sizeof(lock), "%s/updates.root", f->directory);
	(void)unlink(lock);
	assert_int_equal(rmdir(f->directory), 0);
	ca_done(&f->ca);
	ca_done(&f->other);
	ward_key_wipe(&f->key);
	ward_buf_done(&f->csr);
	ward_state_done(&f->state);
	free(f);
	return 0;
}

static enum ward_rc
take(struct fixture *f, const uint8_t *digest, const char **why)
{
	*why = NULL;
	return ward_state_take(&f->state, ward_buf_span(&f->key), &f->reply, digest,
			       ward_span_of(NULL, 0), why);
}

static void
write_mode(const struct fixture *f, const char *name, mode_t want)
{
	char path[96];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, want);
}

static void
holds(const struct fixture *f, const char *name, struct ward_span want)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_buf bytes;
	char path[96];

	ward_buf_init(&bytes, 4096, NULL);
	(void)snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	write_mode(f, name, 0600);
	assert_int_equal(ward_fd_open_regular(-1, path, false, &fd, NULL), WARD_OK);
	assert_int_equal(ward_fd_read_all(fd, &bytes), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&bytes), want));
	ward_buf_done(&bytes);
}

/* The next saving without a policy leaves what is there; the end leaves a word that it has ended. */
static void
test_signed_policy_until_the_end(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;

	assert_int_equal(take(f, f->ca.digest, &why), WARD_OK);
	assert_int_equal(ward_state_save(f->directory, &f->state), WARD_OK);
	f->reply.n_policy_keys = 0;
	f->reply.root.len = 0; /* a service that has none any more: what was believed stays */
	f->policy.document.len = 0;
	assert_int_equal(take(f, f->ca.digest, &why), WARD_OK);
	assert_int_equal(f->state.envelope.len, 0);
	assert_int_equal(ward_state_save(f->directory, &f->state), WARD_OK);
	holds(f, "policy.envelope", ward_span_str("WARDPOL1x"));
	holds(f, "updates.root", ward_span_str("a root"));
	assert_int_equal(ward_state_clear(f->directory), WARD_OK);
	holds(f, "policy.keys", ward_span_of("", 0));
	holds(f, "updates.root", ward_span_of("", 0));
}

static void
test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct ward_state loaded;
	struct ward_key_facts facts;
	const char *why = NULL;

	assert_int_equal(ward_state_load(f->directory, &loaded, &why), WARD_E_NOENT);
	assert_int_equal(take(f, f->ca.digest, &why), WARD_OK);
	assert_int_equal(ward_state_save(f->directory, &f->state), WARD_OK);
	write_mode(f, "device.pem", 0600);
	write_mode(f, "enrolment.json", 0600);
	assert_int_equal(f->state.policy_keys.len, 2 * sizeof(policy_key));
	holds(f, "policy.keys", ward_buf_span(&f->state.policy_keys));
	holds(f, "policy.envelope", ward_span_str("WARDPOL1x"));
	assert_int_equal(ward_state_load(f->directory, &loaded, &why), WARD_OK);
	assert_string_equal(loaded.server, "localhost:7443");
	assert_string_equal(loaded.proxy, "http://u:p@proxy:3128");
	assert_memory_equal(loaded.device, device, 16);
	assert_int_equal(loaded.policy.level, WARD__V1__LEVEL__LEVEL_HIGH);
	assert_int_equal(loaded.policy.samples, WARD__V1__SAMPLES__SAMPLES_ASK);
	assert_int_equal(loaded.policy.hold_ms, 12345);
	assert_true(
		ward_span_eq(ward_buf_span(&loaded.identity), ward_buf_span(&f->state.identity)));
	assert_int_equal(ward_key_facts(ward_buf_span(&loaded.identity), &facts), WARD_OK);
	assert_string_equal(facts.organisation, "test.example");
	assert_memory_equal(facts.device, device, 16);
	assert_true(facts.not_after_ms > facts.not_before_ms);
	assert_true(ward_state_renewal_due(&loaded, 1000));
	assert_false(ward_state_renewal_due(&loaded, 999));
	ward_state_done(&loaded);
}

static void
test_wrong_answers(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;

	assert_int_equal(take(f, f->other.digest, &why), WARD_E_FORMAT);
	assert_string_equal(why, "the CA that was pinned is not among the authorities");
	answer_with(f, &f->other, uri);
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	assert_string_equal(why, "the certificate is not signed by the authorities");
	answer_with(f, &f->ca,
		    "URI:spiffe://test.example/device/"
		    "ffffffff-0506-4007-8009-0a0b0c0d0e0f");
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	assert_string_equal(why, "the certificate names another device");
	answer_with(f, &f->ca, "DNS:localhost");
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	answer_with(f, &f->ca, uri);
	f->reply.certificate.len--;
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	f->reply.certificate.len++;
	f->authority.len--;
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	assert_string_equal(why, "an authority is no certificate");
	f->authority.len++;
	ward_key_wipe(&f->key);
	ward_buf_init(&f->key, 8192, NULL);
	assert_int_equal(ward_key_new(&f->key), WARD_OK);
	assert_int_equal(take(f, f->ca.digest, &why), WARD_E_FORMAT);
	assert_string_equal(why, "the certificate is for another key");
	assert_int_equal(f->state.identity.len, 0); /* as it was */
}

static void
spoil(const struct fixture *f, const char *name, const char *text)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str(text), 0600), WARD_OK);
}

static void
refused(const struct fixture *f, const char *wanted)
{
	struct ward_state loaded;
	const char *why = NULL;

	assert_int_equal(ward_state_load(f->directory, &loaded, &why), WARD_E_FORMAT);
	assert_non_null(why);
	assert_string_equal(why, wanted);
	ward_state_done(&loaded);
}

static void
test_damaged(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;

	assert_int_equal(take(f, f->ca.digest, &why), WARD_OK);
	assert_int_equal(ward_state_save(f->directory, &f->state), WARD_OK);
	assert_int_equal(chmod(f->directory, 0755), 0);
	refused(f, "the state directory must be this user's own, mode 0700");
	assert_int_equal(chmod(f->directory, 0700), 0);
	spoil(f, "device.pem", "nothing");
	refused(f, "device.pem is no key with its certificate");
	spoil(f, "enrolment.json", "[]");
	refused(f, "enrolment.json is no JSON object");
	spoil(f, "enrolment.json", "{");
	refused(f, "enrolment.json is no JSON object");
	spoil(f, "enrolment.json", "{\"version\":1}");
	refused(f, "enrolment.json lacks something");
	/* another device's key under this enrolment */
	f->state.device[0]++;
	assert_int_equal(ward_state_save(f->directory, &f->state), WARD_OK);
	refused(f, "device.pem is of another enrolment");
}

static void
test_lock(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;
	int first = -1, second = -1;

	assert_int_equal(ward_state_lock(f->directory, &first, &why), WARD_OK);
	assert_int_equal(ward_state_lock(f->directory, &second, &why), WARD_E_PERM);
	assert_string_equal(why, "another program is changing it just now");
	ward_fd_close(&first);
	assert_int_equal(ward_state_lock(f->directory, &second, &why), WARD_OK);
	ward_fd_close(&second);
	assert_int_not_equal(ward_state_lock("/nowhere/at/all", &second, &why), WARD_OK);
}

static void
test_fingerprint(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;
	uint8_t digest[32];

	assert_int_equal(take(f, f->ca.digest, &why), WARD_OK);
	assert_int_equal(ward_key_fingerprint(ward_buf_span(&f->state.ca), digest), WARD_OK);
	assert_memory_equal(digest, f->ca.digest, 32);
	assert_int_equal(ward_key_fingerprint(ward_span_str("no"), digest), WARD_E_FORMAT);
	/* and once more with the CA as a file instead of its digest: a renewal */
	assert_int_equal(ward_state_take(&f->state, ward_buf_span(&f->key), &f->reply, NULL,
					 ward_buf_span(&f->state.ca), &why),
			 WARD_OK);
	assert_int_equal(ward_key_request(ward_span_str("no key"), &f->csr), WARD_E_FORMAT);
}

static void
test_policy_words(void **state)
{
	(void)state;
	assert_string_equal(ward_policy_level_name(WARD__V1__LEVEL__LEVEL_ZERO_TOLERANCE),
			    "zero_tolerance");
	assert_string_equal(ward_policy_level_name((Ward__V1__Level)99), "unspecified");
	assert_string_equal(ward_policy_samples_name(WARD__V1__SAMPLES__SAMPLES_NONE), "none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),	  TEST(test_signed_policy_until_the_end),
		TEST(test_wrong_answers), TEST(test_damaged),
		TEST(test_lock),	  TEST(test_fingerprint),
		TEST(test_policy_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/identity/ca.h"
#include "cloud/identity/token.h"

static char root[] = "/tmp/ward-identity-XXXXXX";
static char pki[64];
static const uint8_t device[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80, 1};

static void
test_token_text(void **state)
{
	struct ward_token token, back;
	char text[WARD_TOKEN_TEXT];
	uint8_t digest[32];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(ward_token_new(&token), WARD_OK);
		ward_token_text(&token, text);
		assert_int_equal(strlen(text), WARD_TOKEN_TEXT - 1);
		assert_int_equal(ward_token_parse(ward_span_str(text), &back), WARD_OK);
		assert_memory_equal(&token, &back, sizeof(token));
		assert_int_equal(ward_token_digest(&token, digest), WARD_OK);
		assert_true(ward_token_proves(&back, digest));
		back.secret[15] ^= 1;
		assert_false(ward_token_proves(&back, digest));
	}
}

static void
test_token_mistakes(void **state)
{
	static const char *const bad[] = {
		"",
		"ward-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaa",
		"ward-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"ward-Aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"ward-aaaaaaaaaaaa1-aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"ward-aaaaaaaaaaaab-aaaaaaaaaaaaaaaaaaaaaaaaaa", /* a bit left over */
		"word-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"ward-aaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct ward_token token;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_token_parse(ward_span_str(bad[i]), &token), WARD_E_FORMAT);
	assert_int_equal(
		ward_token_parse(ward_span_str("ward-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa"),
				 &token),
		WARD_OK);
}

/* A request in DER for a key, whose subject and extensions ask for more than they get. */
static struct ward_span
request(EVP_PKEY *key, EVP_PKEY *signer, unsigned char **ret_der)
{
	X509_REQ *r = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	int len;

	X509_REQ_set_pubkey(r, key);
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(r), "CN", MBSTRING_ASC,
				   (const unsigned char *)"admin", -1, -1, 0);
	sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
							       "critical,CA:TRUE"));
	X509_REQ_add_extensions(r, extensions);
	X509_REQ_sign(r, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256());
	*ret_der = NULL;
	len = i2d_X509_REQ(r, ret_der);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(r);
	return ward_span_of(*ret_der, (size_t)len);
}

static enum ward_rc
issue(struct ward_ca *ca, EVP_PKEY *key, EVP_PKEY *signer, struct ward_buf *out)
{
	struct ward_issued issued;
	unsigned char *der;
	struct ward_span csr = request(key, signer, &der);
	enum ward_rc rc = ward_ca_issue(ca, csr, device, out, &issued);

	OPENSSL_free(der);
	return rc;
}

static struct ward_ca *
open_ca(void)
{
	struct ward_ca *ca = NULL;

	assert_int_equal(ward_ca_open(pki, "example.org", &ca), WARD_OK);
	return ca;
}

static void
test_create(void **state)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "::1"};
	static const char *const bad[] = {"a,DNS:b"};
	struct ward_ca *ca = NULL;
	struct stat st;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/bad", root);
	assert_int_equal(ward_ca_create(path, "a b", hosts, 3), WARD_E_INVAL);
	assert_int_equal(ward_ca_create(path, "ab", bad, 1), WARD_E_INVAL);
	assert_int_equal(ward_ca_create(pki, "example.org", hosts, 3), WARD_OK);
	assert_int_equal(ward_ca_create(pki, "example.org", hosts, 3), WARD_E_PERM);
	assert_int_equal(stat(pki, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	(void)snprintf(path, sizeof(path), "%s/ca.key", pki);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(ward_ca_open(root, "example.org", &ca), WARD_E_NOENT);
}

static void
test_issue(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_ca *ca = open_ca();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const unsigned char *at;
	GENERAL_NAMES *names;
	const GENERAL_NAME *name;
	X509 *certificate, *authority;
	struct ward_span der = ward_ca_certificate(ca);
	EVP_PKEY *authority_key;

	(void)state;
	ward_buf_init(&out, 16384, NULL);
	assert_int_equal(issue(ca, key, key, &out), WARD_OK);
	at = out.data;
	certificate = d2i_X509(NULL, &at, (long)out.len);
	at = der.data;
	authority = d2i_X509(NULL, &at, (long)der.len);
	assert_non_null(certificate);
	authority_key = X509_get0_pubkey(authority);
	assert_int_equal(X509_verify(certificate, authority_key), 1);
	assert_int_equal(X509_check_ca(certificate), 0);
	assert_int_equal(X509_get_extended_key_usage(certificate), XKU_SSL_CLIENT);
	names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	name = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(name->type, GEN_URI);
	assert_string_equal((const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
			    "spiffe://example.org/device/12345678-9abc-4def-8001-000000000000");
	GENERAL_NAMES_free(names);
	X509_free(certificate);
	X509_free(authority);
	EVP_PKEY_free(key);
	ward_ca_free(ca);
}

static void
test_requests_refused(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_ca *ca = open_ca();
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	EVP_PKEY *weak = EVP_EC_gen("P-224"), *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct ward_issued issued;
	unsigned char *der;
	struct ward_span csr = request(key, key, &der);

	(void)state;
	ward_buf_init(&out, 16384, NULL);
	assert_int_equal(issue(ca, key, other, &out), WARD_E_FORMAT);
	assert_int_equal(issue(ca, weak, weak, &out), WARD_E_UNSUPPORTED);
	assert_int_equal(issue(ca, rsa, rsa, &out), WARD_E_UNSUPPORTED);
	assert_int_equal(out.len, 0);
	for (size_t len = 0; len < csr.len; len++)
		assert_int_equal(
			ward_ca_issue(ca, ward_span_cut(csr, 0, len), device, &out, &issued),
			WARD_E_FORMAT);
	assert_int_equal(issue(ca, edwards, edwards, &out), WARD_OK);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(edwards);
	ward_ca_free(ca);
}

static int
clean_up(void **state)
{
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, root, NULL};
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_text),	 cmocka_unit_test(test_token_mistakes),
		cmocka_unit_test(test_create),		 cmocka_unit_test(test_issue),
		cmocka_unit_test(test_requests_refused),
	};

	if (!mkdtemp(root))
		return 1;
	(void)snprintf(pki, sizeof(pki), "%s/pki", root);
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sys/sign.h"
#include <cmocka.h>

static void
unhex(const char *hex, uint8_t *ret, size_t len)
{
	assert_true(ward_text_unhex(ward_span_str(hex), ret, len));
}

/* RFC 8032 §7.1, TEST 1, 2 and 3. */
static void
agrees_with_the_rfc(void **state)
{
	static const struct {
		const char *secret, *public_key, *message, *signature;
	} vectors[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc"
		 "61e"
		 "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e4"
		 "58f"
		 "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290a"
		 "e67"
		 "f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t secret[32], key[32], want[64], got[64], pub[32], message[2];
		size_t n = strlen(vectors[i].message) / 2;

		unhex(vectors[i].secret, secret, 32);
		unhex(vectors[i].public_key, key, 32);
		unhex(vectors[i].signature, want, 64);
		unhex(vectors[i].message, message, n);
		assert_int_equal(ward_sign_public(secret, pub), WARD_OK);
		assert_memory_equal(pub, key, 32);
		assert_int_equal(ward_sign(secret, ward_span_of(message, n), got), WARD_OK);
		assert_memory_equal(got, want, 64);
		assert_int_equal(ward_sign_verify(key, ward_span_of(message, n), want), WARD_OK);
	}
}

static void
refuses_what_was_changed(void **state)
{
	uint8_t secret[32], other[32], key[32], signature[64];
	char message[] = "a policy";

	(void)state;
	assert_int_equal(ward_sign_secret_new(secret), WARD_OK);
	assert_int_equal(ward_sign_secret_new(other), WARD_OK);
	assert_memory_not_equal(secret, other, 32);
	assert_int_equal(ward_sign_public(secret, key), WARD_OK);
	assert_int_equal(ward_sign(secret, ward_span_str(message), signature), WARD_OK);
	for (size_t i = 0; i < sizeof(signature); i++) {
		signature[i] ^= 1;
		assert_int_equal(ward_sign_verify(key, ward_span_str(message), signature),
				 WARD_E_FORMAT);
		signature[i] ^= 1;
	}
	message[0] = 'b';
	assert_int_equal(ward_sign_verify(key, ward_span_str(message), signature), WARD_E_FORMAT);
	message[0] = 'a';
	assert_int_equal(ward_sign_public(other, key), WARD_OK);
	assert_int_equal(ward_sign_verify(key, ward_span_str(message), signature), WARD_E_FORMAT);
	ward_sign_forget(secret);
	assert_memory_equal(secret, ((uint8_t[32]){0}), 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_rfc),
		cmocka_unit_test(refuses_what_was_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

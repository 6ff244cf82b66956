/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/digest.h"

static struct ward_span
hex(const char *text, uint8_t *room)
{
	size_t len = strlen(text) / 2;

	assert_true(ward_text_unhex(ward_span_str(text), room, len));
	return ward_span_of(room, len);
}

/* RFC 5869, appendix A.1 and A.3. */
static void
test_hkdf(void **state)
{
	uint8_t key[32], salt[32], info[32], want[42], got[42];
	struct ward_span k = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", key);

	(void)state;
	(void)hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
		  "5865",
		  want);
	assert_int_equal(ward_crypto_hkdf(k, hex("000102030405060708090a0b0c", salt),
					  hex("f0f1f2f3f4f5f6f7f8f9", info), got, sizeof(got)),
			 WARD_OK);
	assert_memory_equal(got, want, sizeof(want));
	(void)hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
		  "96c8",
		  want);
	assert_int_equal(
		ward_crypto_hkdf(k, ward_span_of(NULL, 0), ward_span_of(NULL, 0), got, sizeof(got)),
		WARD_OK);
	assert_memory_equal(got, want, sizeof(want));
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16. */
static void
test_aead(void **state)
{
	uint8_t key[32], nonce[12], aad[32], plain[64], want[80], got[80], back[64];
	WARD_AUTO(ward_aead_freep) struct ward_aead *aead = NULL;
	struct ward_span a, p;

	(void)state;
	(void)hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
	(void)hex("cafebabefacedbaddecaf888", nonce);
	a = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad);
	p = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		plain);
	(void)hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		  "76fc6ece0f4e1768cddf8853bb2d551b",
		  want);
	assert_int_equal(ward_aead_new(key, &aead), WARD_OK);
	assert_int_equal(ward_aead_seal(aead, nonce, a, p, got), WARD_OK);
	assert_memory_equal(got, want, p.len + WARD_AEAD_TAG);
	assert_int_equal(ward_aead_open(aead, nonce, a, ward_span_of(got, p.len + 16), back),
			 WARD_OK);
	assert_memory_equal(back, plain, p.len);
	got[3] ^= 1;
	assert_int_equal(ward_aead_open(aead, nonce, a, ward_span_of(got, p.len + 16), back),
			 WARD_E_FORMAT);
	got[3] ^= 1;
	aad[0] ^= 1;
	assert_int_equal(ward_aead_open(aead, nonce, a, ward_span_of(got, p.len + 16), back),
			 WARD_E_FORMAT);
	assert_int_equal(ward_aead_open(aead, nonce, a, ward_span_of(got, 15), back),
			 WARD_E_FORMAT);
}

static void
test_hashing_in_pieces(void **state)
{
	WARD_AUTO(ward_hasher_freep) struct ward_hasher *h = NULL;
	uint8_t whole[32], pieces[32];

	(void)state;
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_str("abcdef"), whole), WARD_OK);
	assert_int_equal(ward_hasher_new(&h), WARD_OK);
	assert_int_equal(ward_hasher_add(h, ward_span_str("abc")), WARD_OK);
	assert_int_equal(ward_hasher_add(h, ward_span_of(NULL, 0)), WARD_OK);
	assert_int_equal(ward_hasher_add(h, ward_span_str("def")), WARD_OK);
	assert_int_equal(ward_hasher_end(h, pieces), WARD_OK);
	assert_memory_equal(whole, pieces, 32);
}

static void
test_comparing_and_wiping(void **state)
{
	uint8_t a[16] = {1}, b[16] = {1};

	(void)state;
	assert_true(ward_crypto_equal(ward_span_of(a, 16), ward_span_of(b, 16)));
	b[15] = 1;
	assert_false(ward_crypto_equal(ward_span_of(a, 16), ward_span_of(b, 16)));
	assert_false(ward_crypto_equal(ward_span_of(a, 15), ward_span_of(a, 16)));
	assert_int_equal(ward_crypto_random(a, sizeof(a)), WARD_OK);
	assert_int_equal(ward_crypto_random(b, sizeof(b)), WARD_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	ward_crypto_wipe(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_equal(a[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_aead),
		cmocka_unit_test(test_hashing_in_pieces),
		cmocka_unit_test(test_comparing_and_wiping),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sys/sign-file.h"
#include <cmocka.h>

static const uint8_t secret[WARD_SIGN_SECRET] = {1, 2, 3, 4};

static struct ward_buf
written(const char *passphrase)
{
	struct ward_buf out;

	ward_buf_init(&out, WARD_SIGN_FILE_MAX, NULL);
	assert_int_equal(ward_sign_file_write(secret, ward_span_str(passphrase), &out), WARD_OK);
	return out;
}

/* RFC 8410 §10.3 and §10.1: the examples. */
static void
reads_the_rfc(void **state)
{
	static const char text[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
		"-----END PRIVATE KEY-----\n";
	static const char public_text[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
		"-----END PUBLIC KEY-----\n";
	uint8_t got[WARD_SIGN_SECRET], made[WARD_SIGN_PUBLIC], read[WARD_SIGN_PUBLIC];

	(void)state;
	assert_int_equal(ward_sign_file_read(ward_span_str(text), ward_span_str(""), got), WARD_OK);
	assert_int_equal(ward_sign_public(got, made), WARD_OK);
	assert_int_equal(ward_sign_file_read_public(ward_span_str(public_text), read), WARD_OK);
	assert_memory_equal(made, read, sizeof(made));
}

static void
a_passphrase_seals(void **state)
{
	struct ward_buf text = written("correct horse");
	uint8_t got[WARD_SIGN_SECRET] = {0};
	static const uint8_t zero[WARD_SIGN_SECRET];

	(void)state;
	assert_int_equal(ward_text_find(ward_buf_span(&text),
					ward_span_str("BEGIN ENCRYPTED PRIVATE KEY"), 0),
			 5);
	assert_int_equal(ward_sign_file_read(ward_buf_span(&text), ward_span_str(""), got),
			 WARD_E_ENCRYPTED);
	/* some wrong ones leave padding that looks right: the key inside does not */
	for (char wrong[] = "a"; wrong[0] <= 'h'; wrong[0]++)
		assert_true(ward_sign_file_read(ward_buf_span(&text), ward_span_str(wrong), got) <
			    0);
	assert_memory_equal(got, zero, sizeof(got));
	assert_int_equal(
		ward_sign_file_read(ward_buf_span(&text), ward_span_str("correct horse"), got),
		WARD_OK);
	assert_memory_equal(got, secret, sizeof(got));
	ward_buf_done(&text);
}

static void
without_a_passphrase_it_lies_open(void **state)
{
	struct ward_buf text = written("");
	uint8_t got[WARD_SIGN_SECRET];

	(void)state;
	assert_int_equal(ward_sign_file_read(ward_buf_span(&text), ward_span_str(""), got),
			 WARD_OK);
	assert_memory_equal(got, secret, sizeof(got));
	/* not looked at */
	assert_int_equal(ward_sign_file_read(ward_buf_span(&text), ward_span_str("x"), got),
			 WARD_OK);
	ward_buf_done(&text);
}

static void
public_keys_come_back(void **state)
{
	uint8_t made[WARD_SIGN_PUBLIC], got[WARD_SIGN_PUBLIC];
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, WARD_SIGN_FILE_MAX, NULL);
	assert_int_equal(ward_sign_public(secret, made), WARD_OK);
	assert_int_equal(ward_sign_file_write_public(made, &out), WARD_OK);
	assert_int_equal(ward_sign_file_read_public(ward_buf_span(&out), got), WARD_OK);
	assert_memory_equal(got, made, sizeof(made));
	/* a public key is no secret one, and the other way round */
	assert_int_equal(ward_sign_file_read(ward_buf_span(&out), ward_span_str(""), got),
			 WARD_E_FORMAT);
	ward_buf_done(&out);
	out = written("");
	assert_int_equal(ward_sign_file_read_public(ward_buf_span(&out), got), WARD_E_FORMAT);
	ward_buf_done(&out);
}

static void
other_things_are_refused(void **state)
{
	/* an X25519 key (RFC 8410), nothing, half a key */
	static const char *const texts[] = {
		("-----BEGIN PUBLIC KEY-----\n"
		 "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
		 "-----END PUBLIC KEY-----\n"),
		"",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK\n",
		("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK\n"
		 "-----END ENCRYPTED PRIVATE KEY-----\n"),
	};
	uint8_t got[WARD_SIGN_SECRET];
	struct ward_buf small;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			ward_sign_file_read(ward_span_str(texts[i]), ward_span_str("x"), got),
			WARD_E_FORMAT);
		assert_int_equal(ward_sign_file_read_public(ward_span_str(texts[i]), got),
				 WARD_E_FORMAT);
	}
	ward_buf_init(&small, 10, NULL);
	assert_int_equal(ward_sign_file_write(secret, ward_span_str(""), &small), WARD_E_LIMIT);
	ward_buf_done(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_rfc),
		cmocka_unit_test(a_passphrase_seals),
		cmocka_unit_test(without_a_passphrase_it_lies_open),
		cmocka_unit_test(public_keys_come_back),
		cmocka_unit_test(other_things_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/digest.h"

static void
check(enum ward_digest_kind kind, const char *text, const char *want)
{
	uint8_t digest[WARD_DIGEST_MAX];
	char hex[2 * WARD_DIGEST_MAX + 1];

	assert_int_equal(ward_digest(kind, ward_span_str(text), digest), WARD_OK);
	ward_text_hex(ward_span_of(digest, ward_digest_len(kind)), hex);
	assert_string_equal(hex, want);
}

/* RFC 1321 A.5 and FIPS 180-4's examples. */
static void
test_published_vectors(void **state)
{
	(void)state;
	check(WARD_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72");
	check(WARD_MD5, "", "d41d8cd98f00b204e9800998ecf8427e");
	check(WARD_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
	check(WARD_SHA256, "abc",
	      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
test_runs_equal_the_whole(void **state)
{
	const struct ward_span runs[] = {ward_span_str("ab"), {NULL, 0}, ward_span_str("c")};
	uint8_t whole[WARD_DIGEST_MAX], parts[WARD_DIGEST_MAX];

	(void)state;
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_str("abc"), whole), WARD_OK);
	assert_int_equal(ward_digest_runs(WARD_SHA256, runs, 3, parts), WARD_OK);
	assert_memory_equal(whole, parts, WARD_SHA256_LEN);
}

static void
test_lazy_set(void **state)
{
	struct ward_digests d = ward_digests_of(ward_span_str("abc"));
	const uint8_t *first = ward_digests_get(&d, WARD_MD5);

	(void)state;
	assert_non_null(first);
	assert_int_equal(d.have, 1u << WARD_MD5);
	assert_ptr_equal(first, ward_digests_get(&d, WARD_MD5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_runs_equal_the_whole),
		cmocka_unit_test(test_lazy_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

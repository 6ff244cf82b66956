/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
expect_time(const char *text, uint64_t ms)
{
	uint64_t got = 0;

	assert_true(ward_import_time(ward_span_str(text), &got));
	assert_int_equal(got, ms);
}

static void
test_times(void **state)
{
	static const char *const wrong[] = {"",
					    "x",
					    "2026",
					    "2026-13-01",
					    "2026-01-00",
					    "2026-01-01T",
					    "2026-01-01T24",
					    "1969-12-31",
					    "2026-01-01T00:00:00Zx",
					    "1970-01-01T00:00:00+01:00"};
	uint64_t ms;

	(void)state;
	expect_time("2026-01-01", 1767225600000);
	expect_time("2026-01-01T00:00:00Z", 1767225600000);
	expect_time("2026-01-01T01:00:00.123456+01:00", 1767225600000);
	expect_time("2025-12-31T22:30:00-0130", 1767225600000);
	expect_time(" 2020-02-29 12:34:56 ", 1582979696000);
	expect_time("1767225600", 1767225600000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(ward_import_time(ward_span_str(wrong[i]), &ms));
}

static void
test_words(void **state)
{
	enum ward_import_says says;
	enum ward_import_kind kind;
	struct ward_span hex;

	(void)state;
	assert_int_equal(ward_import_confidence(ward_span_str("85")), 850);
	assert_int_equal(ward_import_confidence(ward_span_str("85%")), 850);
	assert_int_equal(ward_import_confidence(ward_span_str("High")), 900);
	assert_int_equal(ward_import_confidence(ward_span_str("101")), -1);
	assert_int_equal(ward_import_confidence(ward_span_str("")), -1);
	assert_true(ward_import_verdict(ward_span_str("Known Good"), &says));
	assert_int_equal(says, WARD_SAYS_GOOD);
	assert_false(ward_import_verdict(ward_span_str("perhaps"), &says));
	assert_true(ward_import_hash_name(ward_span_str("SHA-256"), &kind));
	assert_int_equal(kind, WARD_IMPORT_SHA256);
	assert_false(ward_import_hash_name(ward_span_str("SHA3-256"), &kind));
	assert_true(
		ward_import_misp_type(ward_span_str("filename|md5"), ward_span_str("a|b|c"), &hex));
	assert_true(ward_span_eq(hex, ward_span_str("c")));
	assert_false(ward_import_misp_type(ward_span_str("imphash"), ward_span_str("c"), &hex));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

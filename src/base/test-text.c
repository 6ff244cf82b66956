/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static size_t
find(const char *hay, const char *needle, size_t from)
{
	return ward_text_find(ward_span_str(hay), ward_span_str(needle), from);
}

static void
test_find(void **state)
{
	(void)state;
	assert_int_equal(find("aaab", "ab", 0), 2);
	assert_int_equal(find("abcabc", "abc", 1), 3);
	assert_int_equal(find("abc", "", 3), 3);
	assert_true(find("abc", "abcd", 0) == SIZE_MAX);
	assert_true(find("abc", "a", 9) == SIZE_MAX);
	assert_int_equal(ward_text_find_nocase(ward_span_str("xABy"), ward_span_str("ab"), 0), 1);
	assert_true(ward_text_find_nocase(ward_span_str("x"), ward_span_str("y"), 0) == SIZE_MAX);
	assert_true(ward_text_eq_nocase(ward_span_str("AbC"), "aBc"));
	assert_true(ward_text_starts_nocase(ward_span_str("Content-Type: x"), "content-type:"));
	assert_false(ward_text_starts_nocase(ward_span_str("Con"), "content-type:"));
}

static void
test_hex(void **state)
{
	uint8_t bytes[3];
	char hex[7];

	(void)state;
	ward_text_hex(ward_span_of("\x00\xab\xff", 3), hex);
	assert_string_equal(hex, "00abff");
	assert_true(ward_text_unhex(ward_span_str("00ABff"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xab\xff", 3);
	assert_false(ward_text_unhex(ward_span_str("00ABf"), bytes, 3));
	assert_false(ward_text_unhex(ward_span_str("00ABfg"), bytes, 3));
	assert_false(ward_text_unhex(ward_span_str("00AB"), bytes, 3));
}

static void
test_numbers_and_trim(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(ward_text_u64(ward_span_str("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(ward_text_u64(ward_span_str("18446744073709551616"), &v));
	assert_false(ward_text_u64(ward_span_str(""), &v));
	assert_false(ward_text_u64(ward_span_str("1x"), &v));
	assert_true(
		ward_span_eq(ward_text_trim(ward_span_str(" \t a b\r\n")), ward_span_str("a b")));
	assert_int_equal(ward_text_trim(ward_span_str("  ")).len, 0);
}

static void
test_split(void **state)
{
	struct ward_span rest = ward_span_str("a::b"), part;

	(void)state;
	assert_true(ward_text_split(&rest, ':', &part));
	assert_true(ward_span_eq(part, ward_span_str("a")));
	assert_true(ward_text_split(&rest, ':', &part));
	assert_int_equal(part.len, 0);
	assert_true(ward_text_split(&rest, ':', &part));
	assert_true(ward_span_eq(part, ward_span_str("b")));
	assert_false(ward_text_split(&rest, ':', &part));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_numbers_and_trim),
		cmocka_unit_test(test_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

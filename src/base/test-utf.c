/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf.h"

static void
check(const struct ward_buf *b, const char *want)
{
	assert_int_equal(b->len, strlen(want));
	assert_memory_equal(b->data, want, b->len);
}

static void
test_utf16(void **state)
{
	struct ward_buf b;

	(void)state;
	ward_buf_init(&b, 1000, NULL);
	assert_int_equal(
		ward_utf_from_utf16(&b, ward_span_of("h\0\xe9\0\x3d\xd8\x00\xde", 8), false),
		WARD_OK);
	check(&b, "h\xc3\xa9\xf0\x9f\x98\x80");
	ward_buf_clear(&b);
	/* a lone surrogate, and an odd byte at the end that is left out */
	assert_int_equal(ward_utf_from_utf16(&b, ward_span_of("\xd8\x3d\0A\0", 5), true), WARD_OK);
	check(&b, "\xef\xbf\xbd"
		  "A");
	ward_buf_done(&b);
}

static void
test_clean_replaces_invalid(void **state)
{
	struct ward_buf b;

	(void)state;
	ward_buf_init(&b, 1000, NULL);
	/* overlong slash, surrogate, truncated sequence */
	assert_int_equal(ward_utf_clean(&b, ward_span_str("a\xc0\xaf"
							  "b")),
			 WARD_OK);
	check(&b, "a\xef\xbf\xbd\xef\xbf\xbd"
		  "b");
	assert_int_equal(ward_utf_valid_at(ward_span_str("\xed\xa0\x80")), 0);
	assert_int_equal(ward_utf_valid_at(ward_span_str("\xe0\x80\x80")), 0);
	assert_int_equal(ward_utf_valid_at(ward_span_str("\xf4\x90\x80\x80")), 0);
	assert_int_equal(ward_utf_valid_at(ward_span_str("\xe2\x82")), 0);
	assert_int_equal(ward_utf_valid_at(ward_span_str("\xe2\x82\xac")), 3);
	ward_buf_done(&b);
}

static void
test_escape_keeps_names_harmless(void **state)
{
	struct ward_buf b;

	(void)state;
	ward_buf_init(&b, 1000, NULL);
	assert_int_equal(
		ward_utf_escape(&b, ward_span_str("a\n\x1b[2J\\\xff\xc2\x85\xe2\x80\xae\xc3\xa9")),
		WARD_OK);
	check(&b, "a\\n\\x1b[2J\\\\\\xff\\x85\\u{202e}\xc3\xa9");
	ward_buf_done(&b);
}

static void
test_fit_ends_with_a_whole_character(void **state)
{
	(void)state;
	assert_int_equal(ward_utf_fit(ward_span_str("abc"), 2), 2);
	assert_int_equal(ward_utf_fit(ward_span_str("abc"), 9), 3);
	assert_int_equal(ward_utf_fit(ward_span_str("a\xc3\xa4"), 2), 1);
	assert_int_equal(ward_utf_fit(ward_span_str("a\xc3\xa4"), 3), 3);
	assert_int_equal(ward_utf_fit(ward_span_str("a\xff"
						    "b"),
				      9),
			 1);
	assert_int_equal(ward_utf_fit(ward_span_of(NULL, 0), 9), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_clean_replaces_invalid),
		cmocka_unit_test(test_escape_keeps_names_harmless),
		cmocka_unit_test(test_fit_ends_with_a_whole_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 'a', 'b', 0, 'c'};

static void
test_integers(void **state)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(bytes, sizeof(bytes)));

	(void)state;
	assert_int_equal(ward_cursor_u8(&c), 1);
	assert_int_equal(ward_cursor_u16le(&c), 0x0302);
	assert_int_equal(ward_cursor_u32le(&c), 0x07060504);
	ward_cursor_seek(&c, 0);
	assert_int_equal(ward_cursor_u16be(&c), 0x0102);
	assert_int_equal(ward_cursor_u32be(&c), 0x03040506);
	ward_cursor_seek(&c, 0);
	assert_true(ward_cursor_u64le(&c) == 0x0807060504030201ull);
	ward_cursor_seek(&c, 0);
	assert_true(ward_cursor_u64be(&c) == 0x0102030405060708ull);
	assert_true(ward_cursor_ok(&c));
}

static void
test_error_is_sticky(void **state)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(bytes, 3));

	(void)state;
	assert_int_equal(ward_cursor_u32le(&c), 0);
	assert_false(ward_cursor_ok(&c));
	assert_int_equal(ward_cursor_u8(&c), 0);
	assert_int_equal(ward_cursor_left(&c), 0);
	assert_int_equal(ward_cursor_rc(&c), WARD_E_TRUNCATED);
	ward_cursor_seek(&c, 0);
	assert_false(ward_cursor_ok(&c));
	assert_int_equal(ward_cursor_peek(&c), -1);
}

static void
test_lengths_cannot_overflow(void **state)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(bytes, sizeof(bytes)));
	struct ward_span s;

	(void)state;
	ward_cursor_skip(&c, 5);
	s = ward_cursor_bytes(&c, UINT64_MAX - 2);
	assert_int_equal(s.len, 0);
	assert_false(ward_cursor_ok(&c));
	c = ward_cursor_at(ward_span_of(bytes, sizeof(bytes)), UINT64_MAX);
	assert_false(ward_cursor_ok(&c));
	c = ward_cursor_at(ward_span_of(bytes, sizeof(bytes)), sizeof(bytes));
	assert_true(ward_cursor_ok(&c));
	assert_false(ward_span_has(ward_span_of(bytes, 5), 3, UINT64_MAX));
	assert_int_equal(ward_span_cut(ward_span_of(bytes, 5), 3, UINT64_MAX).len, 2);
}

static void
test_strings_and_lines(void **state)
{
	struct ward_cursor c = ward_cursor_at(ward_span_of(bytes, sizeof(bytes)), 9);
	struct ward_span s = ward_cursor_cstr(&c, 10);

	(void)state;
	assert_true(ward_span_eq(s, ward_span_str("ab")));
	assert_int_equal(ward_cursor_peek(&c), 'c');
	(void)ward_cursor_cstr(&c, 10);
	assert_false(ward_cursor_ok(&c));

	c = ward_cursor_of(ward_span_str("one\r\n\nlast"));
	assert_true(ward_cursor_line(&c, &s));
	assert_true(ward_span_eq(s, ward_span_str("one")));
	assert_true(ward_cursor_line(&c, &s));
	assert_int_equal(s.len, 0);
	assert_true(ward_cursor_line(&c, &s));
	assert_true(ward_span_eq(s, ward_span_str("last")));
	assert_false(ward_cursor_line(&c, &s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_error_is_sticky),
		cmocka_unit_test(test_lengths_cannot_overflow),
		cmocka_unit_test(test_strings_and_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void
test_append_and_maximum(void **state)
{
	struct ward_buf b;

	(void)state;
	ward_buf_init(&b, 10, NULL);
	assert_int_equal(ward_buf_str(&b, "12345678"), WARD_OK);
	assert_int_equal(ward_buf_append(&b, "abc", 3), WARD_E_LIMIT);
	assert_true(b.full);
	assert_int_equal(b.len, 8);
	assert_int_equal(ward_buf_byte(&b, '9'), WARD_OK);
	assert_memory_equal(b.data, "123456789", 9);
	ward_buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_false(b.full);
	ward_buf_done(&b);
	assert_null(b.data);
}

static void
test_budget_is_charged_and_returned(void **state)
{
	struct ward_budget budget = {.cap = 1000};
	struct ward_buf b;

	(void)state;
	ward_buf_init(&b, 100000, &budget);
	for (int i = 0; i < 500; i++)
		assert_int_equal(ward_buf_byte(&b, (uint8_t)i), WARD_OK);
	assert_int_equal(budget.used, b.room);
	assert_null(ward_buf_reserve(&b, 5000));
	assert_true(budget.hit);
	assert_int_equal(b.len, 500);
	ward_buf_done(&b);
	assert_int_equal(budget.used, 0);
}

static void
test_printf_and_reserve(void **state)
{
	struct ward_buf b;
	uint8_t *at;

	(void)state;
	ward_buf_init(&b, 100, NULL);
	assert_int_equal(ward_buf_printf(&b, "%05d|", 42), WARD_OK);
	at = ward_buf_reserve(&b, 3);
	assert_non_null(at);
	memcpy(at, "xyz", 3);
	ward_buf_grown(&b, 3);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.data, "00042|xyz", 9);
	assert_true(ward_span_eq(ward_buf_span(&b), ward_span_str("00042|xyz")));
	ward_buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_maximum),
		cmocka_unit_test(test_budget_is_charged_and_returned),
		cmocka_unit_test(test_printf_and_reserve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

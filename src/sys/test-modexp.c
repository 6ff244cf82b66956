/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/modexp.h"

static void
test_small_numbers(void **state)
{
	static const uint8_t base[] = {4}, exponent[] = {13}, modulus[] = {0x01, 0xf1};
	uint8_t out[4];

	(void)state;
	/* 4^13 mod 497 = 445 = 0x1bd */
	assert_int_equal(ward_modexp(ward_span_of(base, 1), ward_span_of(exponent, 1),
				     ward_span_of(modulus, 2), out, sizeof(out)),
			 WARD_OK);
	assert_memory_equal(out, "\x00\x00\x01\xbd", 4);
	assert_int_equal(ward_modexp(ward_span_of(base, 1), ward_span_of(exponent, 1),
				     ward_span_of(modulus, 2), out, 1),
			 WARD_E_INVAL);
}

static void
test_what_makes_no_sense(void **state)
{
	static const uint8_t big[] = {200}, even[] = {100}, odd[] = {101}, one[] = {1};
	uint8_t out[4];

	(void)state;
	assert_int_equal(ward_modexp(ward_span_of(one, 1), ward_span_of(one, 1),
				     ward_span_of(even, 1), out, 4),
			 WARD_E_INVAL);
	assert_int_equal(ward_modexp(ward_span_of(big, 1), ward_span_of(one, 1),
				     ward_span_of(odd, 1), out, 4),
			 WARD_E_INVAL);
	assert_int_equal(ward_modexp(ward_span_of(one, 1), ward_span_of(one, 1),
				     ward_span_of(one, 1), out, 4),
			 WARD_E_INVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_numbers),
		cmocka_unit_test(test_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/entropy.h"

static void
test_known_values(void **state)
{
	uint8_t all[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	assert_true(ward_entropy(ward_span_of(all, 256)) == 8.0);
	assert_true(ward_entropy(ward_span_of(all, 16)) == 4.0);
	assert_true(ward_entropy(ward_span_of(all, 2)) == 1.0);
	assert_true(ward_entropy(ward_span_of(all, 1)) == 0.0);
	assert_true(ward_entropy(ward_span_of(NULL, 0)) == 0.0);
	assert_true(ward_entropy(ward_span_str("aaaaaaa")) == 0.0);
	/* 1/3 and 2/3: log2(3) - 2/3 */
	assert_float_equal(ward_entropy(ward_span_str("aab")), 0.9182958340544896, 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_values)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

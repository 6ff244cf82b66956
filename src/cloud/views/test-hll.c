/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/hll.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_error(void **state)
{
	static uint8_t registers[WARD_HLL_REGISTERS];
	uint64_t next = 10;

	(void)state;
	memset(registers, 0, sizeof(registers));
	for (uint64_t i = 0; i < 1000000; i++) {
		uint8_t id[16] = {0};

		memcpy(id, &i, sizeof(i));
		ward_hll_add(registers, ward_hll_mix(id));
		ward_hll_add(registers, ward_hll_mix(id)); /* twice is once */
		if (i + 1 == next) {
			double error = fabs((double)ward_hll_count(registers) - (double)next);

			assert_true(error <= 0.05 * (double)next + 1); /* 3 standard errors */
			next *= 10;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_error)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RFC 3720 §B.4, and the usual check value. */
static void
test_vectors(void **state)
{
	uint8_t data[32] = {0};

	(void)state;
	assert_int_equal(ward_crc32c(0, ward_span_of(data, 32)), 0x8a9136aa);
	memset(data, 0xff, 32);
	assert_int_equal(ward_crc32c(0, ward_span_of(data, 32)), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		data[i] = i;
	assert_int_equal(ward_crc32c(0, ward_span_of(data, 32)), 0x46dd794e);
	assert_int_equal(ward_crc32c(0, ward_span_str("123456789")), 0xe3069283);
	assert_int_equal(ward_crc32c(0, ward_span_str("")), 0);
}

static void
test_both_agree_however_it_is_cut(void **state)
{
	uint8_t data[257];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		uint32_t whole = ward_crc32c_portable(0, ward_span_of(data, sizeof(data)));
		uint32_t first = ward_crc32c(0, ward_span_of(data, cut));

		assert_int_equal(ward_crc32c(first, ward_span_of(data + cut, sizeof(data) - cut)),
				 whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_both_agree_however_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "sys/inflate.h"

enum { PLAIN = 1000000 };

static uint8_t packed[4096];
static size_t packed_len;

static int
pack_zeros(void **state)
{
	uint8_t *plain = calloc(1, PLAIN);
	uLongf len = sizeof(packed);

	(void)state;
	assert_int_equal(compress2(packed, &len, plain, PLAIN, 9), Z_OK);
	packed_len = len;
	free(plain);
	return 0;
}

static enum ward_rc
refuse_after_100k(void *ctx, uint64_t produced)
{
	uint64_t *total = ctx;

	*total += produced;
	return *total > 100000 ? WARD_E_LIMIT : WARD_OK;
}

static void
test_whole_stream(void **state)
{
	struct ward_buf out;
	struct ward_span in = ward_span_of(packed, packed_len);

	(void)state;
	ward_buf_init(&out, PLAIN, NULL);
	assert_int_equal(ward_inflate(WARD_INFLATE_ZLIB, in, &out, NULL, NULL), WARD_OK);
	assert_int_equal(out.len, PLAIN);
	ward_buf_done(&out);
}

static void
test_limits_stop_it(void **state)
{
	struct ward_buf out;
	struct ward_span in = ward_span_of(packed, packed_len);
	uint64_t total = 0;

	(void)state;
	ward_buf_init(&out, 5000, NULL);
	assert_int_equal(ward_inflate(WARD_INFLATE_ZLIB, in, &out, NULL, NULL), WARD_E_LIMIT);
	assert_int_equal(out.len, 5000);
	ward_buf_done(&out);
	ward_buf_init(&out, PLAIN, NULL);
	assert_int_equal(ward_inflate(WARD_INFLATE_ZLIB, in, &out, refuse_after_100k, &total),
			 WARD_E_LIMIT);
	assert_true(out.len < 200000);
	ward_buf_done(&out);
}

static void
test_damage_keeps_what_was_before(void **state)
{
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, PLAIN, NULL);
	assert_int_equal(ward_inflate(WARD_INFLATE_ZLIB, ward_span_of(packed, packed_len / 2), &out,
				      NULL, NULL),
			 WARD_E_TRUNCATED);
	assert_true(out.len > 0);
	assert_int_equal(
		ward_inflate(WARD_INFLATE_RAW, ward_span_str("\xff\xff\xff"), &out, NULL, NULL),
		WARD_E_FORMAT);
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_stream),
		cmocka_unit_test(test_limits_stop_it),
		cmocka_unit_test(test_damage_keeps_what_was_before),
	};
	return cmocka_run_group_tests(tests, pack_zeros, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/sink.h"

static void
test_empty_sink_is_harmless(void **state)
{
	struct ward_sink sink = {0};

	(void)state;
	assert_int_equal(ward_sink_object(&sink, "x", ward_span_str("y")), WARD_OK);
	ward_sink_gap(&sink, NULL, WARD_REASON_CORRUPT);
	ward_sink_fact(&sink, "a.b", "%d", 1);
	ward_sink_trait(&sink, WARD_TRAIT_MACRO);
	ward_sink_layout(&sink, NULL);
	assert_int_equal(ward_sink_charge(&sink, 1, 1), WARD_OK);
	assert_int_equal(ward_sink_child_max(&sink, 10), 10);
}

static void
keep_fact(void *ctx, const char *key, const char *value)
{
	assert_string_equal(key, "a.b");
	assert_true(strlen(value) < 2000);
	*(size_t *)ctx = strlen(value);
}

static void
test_long_facts_are_cut(void **state)
{
	size_t len = 0;
	struct ward_sink sink = {.ctx = &len, .fact = keep_fact, .max_child = 5};

	(void)state;
	ward_sink_fact(&sink, "a.b", "%3000d", 1);
	assert_int_equal(len, 1023);
	assert_int_equal(ward_sink_child_max(&sink, 10), 5);
}

static void
test_every_type_and_reason_has_a_name(void **state)
{
	(void)state;
	for (int t = 0; t < WARD_TYPE_COUNT; t++) {
		assert_non_null(ward_type_name((enum ward_type)t));
		assert_non_null(ward_type_title((enum ward_type)t));
	}
	for (int r = 0; r < WARD_REASON_COUNT; r++)
		assert_non_null(ward_reason_name((enum ward_reason)r));
	assert_string_equal(ward_reason_name((enum ward_reason)999), "none");
	assert_true(ward_type_is_active(WARD_TYPE_ELF));
	assert_true(ward_type_is_active(WARD_TYPE_VBA));
	assert_false(ward_type_is_active(WARD_TYPE_IMAGE));
	assert_true(ward_type_is_archive(WARD_TYPE_GZIP));
	assert_false(ward_type_is_archive(WARD_TYPE_ELF));
	assert_true(ward_type_is_opaque(WARD_TYPE_ARJ));
	assert_true(ward_type_is_opaque(WARD_TYPE_ONENOTE));
	assert_false(ward_type_is_opaque(WARD_TYPE_ISHIELD));
	assert_false(ward_type_is_opaque(WARD_TYPE_ZIP));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_sink_is_harmless),
		cmocka_unit_test(test_long_facts_are_cut),
		cmocka_unit_test(test_every_type_and_reason_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/describe.h"
#include "formats/entropy.h"

static const char *
fact(const struct ward_result *r, const char *key)
{
	for (size_t i = 0; i < r->fact_count; i++)
		if (strcmp(r->facts[i].key, key) == 0)
			return r->facts[i].value;
	return "";
}

static void
test_entropy(void **state)
{
	uint8_t all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	assert_true(ward_entropy(ward_span_of(all, 256)) > 7.999999);
	assert_true(ward_entropy(ward_span_str("aaaa")) == 0);
	assert_true(ward_entropy(ward_span_str("abab")) == 1);
	assert_true(ward_entropy(ward_span_of(NULL, 0)) == 0);
}

static void
test_facts(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = ward_result_new();
	struct ward_digests digests = ward_digests_of(ward_span_str("abc"));

	(void)state;
	ward_describe(r, &digests);
	assert_string_equal(fact(r, "hash.md5"), "900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(fact(r, "hash.sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_string_equal(fact(r, "entropy"), "1.585");
	assert_string_equal(fact(r, "entropy.blocks"), "0.0,0.0,0.0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entropy),
		cmocka_unit_test(test_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/packages/index.h"

enum { SIZE = WARD_INDEX_HEADER + 2 * WARD_INDEX_ENTRY + 4 };

/* Two entries, two names. */
static void
make(uint8_t bytes[SIZE])
{
	memset(bytes, 0, SIZE);
	memcpy(bytes, "WARDPKG1", 8);
	bytes[8] = 2;
	bytes[12] = 4;
	bytes[WARD_INDEX_HEADER + WARD_INDEX_ENTRY] = 1;
	bytes[WARD_INDEX_HEADER + 2 * WARD_INDEX_ENTRY - 4] = 2;
	memcpy(bytes + SIZE - 4, "a\0b", 4);
}

static enum ward_rc
opened(const uint8_t *bytes, size_t len)
{
	struct ward_index index;

	return ward_index_open(ward_span_of(bytes, len), &index);
}

static void
test_a_good_one(void **state)
{
	struct ward_index index;
	uint8_t bytes[SIZE];
	size_t first;

	(void)state;
	make(bytes);
	assert_int_equal(ward_index_open(ward_span_of(bytes, SIZE), &index), WARD_OK);
	assert_string_equal(ward_index_entry(&index, 0).package, "a");
	assert_string_equal(ward_index_entry(&index, 1).package, "b");
	assert_int_equal(ward_index_find(&index, "/usr/bin/true", &first), 0);
}

static void
test_hostile_ones(void **state)
{
	uint8_t bytes[SIZE + 1] = {0};

	(void)state;
	make(bytes);
	for (size_t len = 0; len < SIZE; len++)
		assert_int_equal(opened(bytes, len), WARD_E_FORMAT);
	assert_int_equal(opened(bytes, SIZE + 1), WARD_E_FORMAT);
	bytes[0] = 'X';
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
	make(bytes);
	memset(bytes + 8, 0xff, 4); /* so many entries */
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
	make(bytes);
	memset(bytes + 12, 0xff, 4); /* so many names */
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
	make(bytes);
	bytes[WARD_INDEX_HEADER] = 2; /* out of order */
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
	make(bytes);
	bytes[WARD_INDEX_HEADER + WARD_INDEX_ENTRY - 4] = 4; /* a name behind the names */
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
	make(bytes);
	bytes[SIZE - 1] = 'c'; /* a name without end */
	assert_int_equal(opened(bytes, SIZE), WARD_E_FORMAT);
}

static void
test_paths(void **state)
{
	uint8_t a[WARD_INDEX_HASH], b[WARD_INDEX_HASH];

	(void)state;
	assert_true(ward_index_hash(ward_span_str("bin/sh"), 1, a));
	assert_true(ward_index_hash(ward_span_str("usr/bin/sh"), 1, b));
	assert_memory_equal(a, b, WARD_INDEX_HASH);
	assert_true(ward_index_hash(ward_span_str("bin/sh"), 0, a));
	assert_memory_not_equal(a, b, WARD_INDEX_HASH);
	/* only whole names, and only of directories */
	assert_true(ward_index_hash(ward_span_str("binary/sh"), 1, a));
	assert_true(ward_index_hash(ward_span_str("usr/binary/sh"), 1, b));
	assert_memory_not_equal(a, b, WARD_INDEX_HASH);
	assert_false(ward_index_hash(ward_span_str("../x"), 1, a));
	assert_false(ward_index_hash(ward_span_str("a//x"), 1, a));
	assert_false(ward_index_hash(ward_span_str(""), 1, a));
	/* What is a link on this machine is one of the known ones. */
	assert_true(ward_index_merged() < 1u << 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_one),
		cmocka_unit_test(test_hostile_ones),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

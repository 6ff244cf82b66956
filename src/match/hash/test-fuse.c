/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "match/hash/fuse.h"
#include "match/hash/sort.h"

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
check_size(uint64_t n)
{
	uint64_t *keys = malloc((n + 1) * sizeof(*keys));
	uint64_t state = n, wrong = 0;
	struct ward_fuse f;
	uint8_t *bytes;

	for (uint64_t i = 0; i < n; i++)
		keys[i] = next_random(&state);
	assert_int_equal(ward_fuse_build(keys, n, &f, &bytes), WARD_OK);
	for (uint64_t i = 0; i < n; i++)
		assert_true(ward_fuse_has(&f, keys[i]));
	for (unsigned i = 0; i < 200000; i++)
		wrong += ward_fuse_has(&f, next_random(&state));
	assert_true(wrong < 30); /* 200,000 / 65,536 = 3 are expected */
	if (n >= 100000)
		assert_true(f.prints.count * 16 < n * 21);
	free(bytes);
	free(keys);
}

static void
test_every_size(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 40; n++)
		check_size(n);
	check_size(1000);
	check_size(54321);
	check_size(400000);
}

static void
test_large_sets_cost_18_bits(void **state)
{
	struct ward_fuse f;
	uint64_t n = 2000000, *keys = malloc(n * sizeof(*keys)), seed = 7;
	uint8_t *bytes;

	(void)state;
	for (uint64_t i = 0; i < n; i++)
		keys[i] = next_random(&seed);
	assert_int_equal(ward_fuse_build(keys, n, &f, &bytes), WARD_OK);
	assert_true((double)f.prints.count * 16 / (double)n < 18.6);
	free(bytes);
	free(keys);
}

static void
test_same_keys_same_bytes(void **state)
{
	uint64_t keys[] = {5, 6, 7, 8, UINT64_MAX, 0};
	struct ward_fuse f, g;
	uint8_t *a, *b;

	(void)state;
	assert_int_equal(ward_fuse_build(keys, 6, &f, &a), WARD_OK);
	assert_int_equal(ward_fuse_build(keys, 6, &g, &b), WARD_OK);
	assert_int_equal(f.seed, g.seed);
	assert_memory_equal(a, b, f.prints.count * 2);
	free(a);
	free(b);
}

static void
test_equal_keys_end_in_an_error(void **state)
{
	uint64_t keys[64] = {0};
	struct ward_fuse f;
	uint8_t *bytes;

	(void)state;
	assert_int_equal(ward_fuse_build(keys, 64, &f, &bytes), WARD_E_FORMAT);
	assert_int_equal(ward_fuse_build(keys, 4, &f, &bytes), WARD_E_FORMAT);
	assert_int_equal(ward_fuse_build(keys, 0, &f, &bytes), WARD_E_INVAL);
}

static void
test_parameters_that_make_no_sense(void **state)
{
	struct ward_fuse f = {.seed = 1, .segment = 1 << 18, .segments = UINT32_MAX};

	(void)state;
	assert_int_equal(ward_fuse_slots(0, 1), 0);
	assert_int_equal(ward_fuse_slots(3, 1), 0);
	assert_int_equal(ward_fuse_slots(4, 0), 0);
	assert_int_equal(ward_fuse_slots(1 << 19, 1), 0);
	assert_int_equal(ward_fuse_slots(8, 2), 32);
	/* No fingerprints behind it: reads stay inside. */
	for (uint64_t key = 0; key < 1000; key++)
		(void)ward_fuse_has(&f, key);
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, 7);
}

static void
check_sort(size_t n, unsigned mask)
{
	uint8_t *rows = malloc(n * 7 + 1), *want = malloc(n * 7 + 1);
	uint64_t seed = n;

	for (size_t i = 0; i < n * 7; i++)
		rows[i] = (uint8_t)(next_random(&seed) & mask);
	memcpy(want, rows, n * 7);
	qsort(want, n, 7, compare_rows);
	ward_rows_sort(rows, n, 7);
	assert_memory_equal(rows, want, n * 7);
	free(rows);
	free(want);
}

static void
test_rows_are_sorted_like_qsort(void **state)
{
	(void)state;
	for (size_t n = 0; n < 60; n++)
		check_sort(n, 0xff);
	check_sort(20000, 0xff);
	check_sort(20000, 0x01);
	check_sort(20000, 0x00);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_large_sets_cost_18_bits),
		cmocka_unit_test(test_same_keys_same_bytes),
		cmocka_unit_test(test_equal_keys_end_in_an_error),
		cmocka_unit_test(test_parameters_that_make_no_sense),
		cmocka_unit_test(test_rows_are_sorted_like_qsort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

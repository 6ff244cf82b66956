/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_memory_is_zeroed_aligned_and_capped(void **state)
{
	struct ward_budget budget = {.cap = 200 * 1024};
	struct ward_arena *a = ward_arena_new(&budget);
	uint8_t *p = ward_arena_alloc(a, 100);

	(void)state;
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_null(ward_arena_alloc(a, 300 * 1024));
	assert_true(budget.hit);
	assert_null(ward_arena_array(a, SIZE_MAX / 2, 3));
	assert_null(ward_arena_alloc(a, SIZE_MAX));
	assert_null(ward_arena_free(a));
	assert_int_equal(budget.used, 0);
	assert_true(budget.peak > 0);
}

static void
test_restore_gives_memory_back(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_arena *a = ward_arena_new(&budget);
	char *kept = ward_arena_strdup(a, ward_span_str("kept"));
	struct ward_arena_mark mark = ward_arena_save(a);
	size_t used = budget.used;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_non_null(ward_arena_alloc(a, 100 * 1024));
	assert_true(budget.used > used);
	ward_arena_restore(a, mark);
	assert_int_equal(budget.used, used);
	assert_string_equal(kept, "kept");
	ward_arena_freep(&a);
	assert_null(a);
}

static void
test_what_is_kept_stays(void **state)
{
	struct ward_budget budget = {.cap = 300 * 1024};
	struct ward_arena *a = ward_arena_new(&budget);
	struct ward_arena_mark mark;
	void *first;

	(void)state;
	assert_int_equal(ward_arena_keep(a, 400 * 1024), WARD_E_LIMIT);
	assert_int_equal(ward_arena_keep(a, 200 * 1024), WARD_OK);
	mark = ward_arena_save(a);
	first = ward_arena_alloc(a, 150 * 1024);
	assert_non_null(first);
	assert_null(ward_arena_alloc(a, 120 * 1024));
	ward_arena_restore(a, mark);
	assert_int_equal(budget.used, 200 * 1024);
	assert_ptr_equal(ward_arena_alloc(a, 150 * 1024), first);
	ward_arena_free(a);
	assert_int_equal(budget.used, 0);
}

static void
test_parent_pays_too(void **state)
{
	struct ward_budget all = {.cap = 100}, one = {.cap = 80, .parent = &all},
			   other = {.cap = 80, .parent = &all};

	(void)state;
	assert_true(ward_budget_take(&one, 70));
	assert_false(ward_budget_take(&one, 20));
	assert_false(ward_budget_take(&other, 40));
	assert_true(other.hit);
	assert_int_equal(other.used, 0);
	assert_int_equal(all.used, 70);
	assert_true(ward_budget_take(&other, 30));
	ward_budget_give(&one, 70);
	ward_budget_give(&other, 30);
	assert_int_equal(all.used, 0);
}

static void
test_restore_to_empty(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_arena *a = ward_arena_new(&budget);
	struct ward_arena_mark mark = ward_arena_save(a);

	(void)state;
	assert_non_null(ward_arena_alloc(a, 10));
	ward_arena_restore(a, mark);
	assert_int_equal(budget.used, 0);
	ward_arena_freep(&a);
}

static void
test_printf(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_arena *a = ward_arena_new(&budget);

	(void)state;
	assert_string_equal(ward_arena_printf(a, "%s-%d", "x", 42), "x-42");
	ward_arena_freep(&a);
}

static void
test_small_cap_still_serves_small_needs(void **state)
{
	struct ward_budget budget = {.cap = 100};
	struct ward_arena *a = ward_arena_new(&budget);

	(void)state;
	assert_non_null(ward_arena_alloc(a, 50));
	assert_null(ward_arena_alloc(a, 50));
	ward_arena_freep(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_aligned_and_capped),
		cmocka_unit_test(test_restore_gives_memory_back),
		cmocka_unit_test(test_restore_to_empty),
		cmocka_unit_test(test_what_is_kept_stays),
		cmocka_unit_test(test_parent_pays_too),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_small_cap_still_serves_small_needs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

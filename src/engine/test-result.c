/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/result.h"

static enum ward_verdict
conclude(struct ward_result *r, bool informed)
{
	ward_result_conclude(r, informed);
	return r->verdict;
}

static void
test_a_gap_is_never_clean(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = ward_result_new();

	(void)state;
	assert_int_equal(conclude(r, true), WARD_CLEAN);
	assert_int_equal(conclude(r, false), WARD_UNKNOWN);
	r->active = true;
	assert_int_equal(conclude(r, true), WARD_UNKNOWN);
	r->known_good = true;
	assert_int_equal(conclude(r, true), WARD_CLEAN);
	for (int reason = 1; reason < WARD_REASON_COUNT; reason++) {
		struct ward_result *one = ward_result_new();

		ward_result_add_gap(one, (enum ward_reason)reason, "x");
		assert_int_equal(conclude(one, true), WARD_NOT_SCANNED);
		(void)ward_result_free(one);
	}
}

static void
test_findings_outweigh_gaps(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = ward_result_new();
	struct ward_match_hit hit = {.verdict = WARD_SUSPICIOUS, .threat = "T", .rule = "r"};

	(void)state;
	ward_result_add_gap(r, WARD_REASON_DEPTH, "a");
	ward_result_add_gap(r, WARD_REASON_DEPTH, "b");
	assert_int_equal(r->gap_count, 1);
	assert_int_equal(r->gaps[0].count, 2);
	assert_string_equal(r->gaps[0].path, "a");
	ward_result_add_hit(r, &hit, "p");
	ward_result_add_hit(r, &hit, "p");
	assert_int_equal(r->finding_count, 1);
	assert_int_equal(conclude(r, true), WARD_SUSPICIOUS);
	hit.verdict = WARD_MALICIOUS;
	ward_result_add_hit(r, &hit, "q");
	assert_int_equal(conclude(r, true), WARD_MALICIOUS);
	assert_string_equal(r->findings[1].detail, "");
}

static void
test_more_than_fits_is_counted(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = ward_result_new();
	struct ward_match_hit hit = {.verdict = WARD_MALICIOUS, .threat = "T"};
	char path[16];

	(void)state;
	for (int i = 0; i < WARD_FINDINGS_MAX + 5; i++) {
		(void)snprintf(path, sizeof(path), "%d", i);
		ward_result_add_hit(r, &hit, path);
	}
	assert_int_equal(r->finding_count, WARD_FINDINGS_MAX);
	assert_int_equal(r->findings_dropped, 5);
	for (int i = 0; i < WARD_FACTS_MAX + 3; i++)
		ward_result_add_fact(r, "", "k", "v");
	assert_int_equal(r->facts_dropped, 3);
}

/* Of too many objects inside the bad ones are kept; the same one counts once. */
static void
test_the_worst_inside_are_kept(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = ward_result_new();
	struct ward_inner inner = {.verdict = WARD_CLEAN, .threat = "", .path = "x"};

	(void)state;
	for (unsigned i = 0; i < 2 * WARD_INNERS_MAX; i++) {
		inner.sha256[0] = (uint8_t)i;
		inner.sha256[1] = (uint8_t)(i >> 8);
		inner.verdict = i >= 2 * WARD_INNERS_MAX - 3 ? WARD_MALICIOUS : WARD_CLEAN;
		ward_result_add_inner(r, &inner);
		ward_result_add_inner(r, &inner);
	}
	assert_int_equal(r->inner_count, WARD_INNERS_MAX);
	assert_true(r->inners_dropped >= WARD_INNERS_MAX);
	for (size_t i = 0; i < WARD_INNERS_MAX; i++)
		inner.size += r->inners[i].verdict == WARD_MALICIOUS;
	assert_int_equal(inner.size, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_gap_is_never_clean),
		cmocka_unit_test(test_findings_outweigh_gaps),
		cmocka_unit_test(test_more_than_fits_is_counted),
		cmocka_unit_test(test_the_worst_inside_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation beside a walker that goes node by node, and what is made of margins. Beside XGBoost itself:
   ml/xgboost/test-agree.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ml/trees/testing.h"

enum { FEATURES = 7, TREES = 29, ROWS = 500, GROUPS_MAX = 3 };

static struct testing_tree made[TREES];
static struct ward_trees_source sources[TREES];

struct model {
	struct ward_buf file;
	struct ward_trees trees;
};

static struct model
model_of(uint64_t seed, uint32_t groups, size_t count)
{
	const struct ward_trees_about about = {
		.schema = "test",
		.features = FEATURES,
		.objective = groups > 1 ? WARD_TREES_MULTI : WARD_TREES_BINARY,
		.groups = groups,
		.base = -0.25f,
	};
	struct model m;

	for (size_t i = 0; i < count; i++) {
		testing_tree(&seed, FEATURES, (unsigned)(i % 8), &made[i]);
		sources[i] = made[i].tree;
		sources[i].group = (uint32_t)(i % groups);
	}
	ward_buf_init(&m.file, WARD_TREES_FILE_MAX, NULL);
	assert_int_equal(ward_trees_write(&about, sources, count, &m.file), WARD_OK);
	assert_int_equal(ward_trees_open(ward_buf_span(&m.file), &m.trees), WARD_OK);
	return m;
}

/* Single rows and batches of every length around a block. */
static void
compare(const struct model *m, size_t count, uint64_t seed)
{
	static float rows[ROWS * FEATURES], margins[ROWS * GROUPS_MAX];
	const uint32_t groups = m->trees.groups;
	uint32_t *scratch = calloc(ward_trees_scratch(&m->trees, ROWS), sizeof(*scratch));

	assert_non_null(scratch);
	for (size_t i = 0; i < ROWS * FEATURES; i++)
		rows[i] = testing_value(&seed);
	for (size_t n = 1; n <= ROWS; n += n < 40 ? 1 : 115) {
		memset(margins, 0xff, sizeof(margins));
		ward_trees_batch(&m->trees, rows, n, scratch, margins);
		for (size_t i = 0; i < n; i++) {
			float mine[GROUPS_MAX] = {-0.25f, -0.25f, -0.25f}, one[GROUPS_MAX];

			for (size_t k = 0; k < count; k++)
				mine[k % groups] += testing_walk(&sources[k], rows + i * FEATURES);
			ward_trees_margins(&m->trees, rows + i * FEATURES, scratch, one);
			assert_memory_equal(one, mine, groups * sizeof(float));
			assert_memory_equal(margins + i * groups, mine, groups * sizeof(float));
		}
	}
	free(scratch);
}

static void
test_walk(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		for (size_t count = 0; count <= TREES; count += 1 + seed % 7) {
			struct model m = model_of(seed, 1, count);

			compare(&m, count, seed);
			ward_buf_done(&m.file);
		}
}

static void
test_groups(void **state)
{
	struct model m = model_of(5, GROUPS_MAX, TREES);
	float margins[GROUPS_MAX] = {1, 2, 3};

	(void)state;
	compare(&m, TREES, 6);
	ward_trees_predict(&m.trees, margins);
	assert_true(fabsf(margins[0] - 0.09003057f) < 1e-6f);
	assert_true(fabsf(margins[0] + margins[1] + margins[2] - 1) < 1e-6f);
	ward_buf_done(&m.file);
}

/* Equal trees, equal bytes. */
static void
test_reproducible(void **state)
{
	struct model a = model_of(9, 1, TREES), b = model_of(9, 1, TREES);

	(void)state;
	assert_true(ward_span_eq(ward_buf_span(&a.file), ward_buf_span(&b.file)));
	ward_buf_done(&a.file);
	ward_buf_done(&b.file);
}

static void
near(float x, double y)
{
	assert_true(fabs((double)x - y) < 1e-6);
}

static void
test_calibration(void **state)
{
	const struct ward_trees_point points[] = {{-2, 0.01f}, {0, 0.2f}, {1, 0.2f}, {4, 0.9f}};
	struct ward_trees t = {.objective = WARD_TREES_BINARY};

	(void)state;
	near(ward_trees_calibrate(&t, 0), 0.5);
	near(ward_trees_calibrate(&t, 2), 1 / (1 + exp(-2)));
	assert_true(ward_trees_calibrate(&t, -1000) > 0);
	t.points = points;
	t.point_count = 4;
	near(ward_trees_calibrate(&t, -INFINITY), 0.01);
	near(ward_trees_calibrate(&t, -2), 0.01);
	near(ward_trees_calibrate(&t, -1), 0.105);
	near(ward_trees_calibrate(&t, 0.5f), 0.2);
	near(ward_trees_calibrate(&t, 1), 0.2);
	near(ward_trees_calibrate(&t, 2.5f), 0.55);
	near(ward_trees_calibrate(&t, 4), 0.9);
	near(ward_trees_calibrate(&t, INFINITY), 0.9);
}

static void
test_levels(void **state)
{
	const struct ward_trees_level levels[] = {
		{.name = "high_plus", .margin = 1.5f, .benign = 1000, .flagged = 10},
		{.name = "normal", .margin = 6.25f, .benign = 1000, .flagged = 0},
	};
	const struct ward_trees t = {.levels = levels, .level_count = 2};

	(void)state;
	assert_ptr_equal(ward_trees_level(&t, "normal"), &levels[1]);
	assert_ptr_equal(ward_trees_level(&t, "high_plus"), &levels[0]);
	assert_null(ward_trees_level(&t, "high"));
	assert_null(ward_trees_level(&t, ""));
	assert_null(ward_trees_level(&t, "a-name-that-is-longer-than-any-level"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),	     cmocka_unit_test(test_groups),
		cmocka_unit_test(test_reproducible), cmocka_unit_test(test_calibration),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

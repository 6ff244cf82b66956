/* SPDX-License-Identifier: Apache-2.0 */
/* The weights beside Shapley's formula itself, over all subsets of features. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ml/trees/explain.h"
#include "ml/trees/testing.h"

enum { FEATURES = 6, TREES = 5, STEPS = 256, SCRATCH = 64 };

static struct testing_tree made[TREES];
static struct ward_trees_source sources[TREES];

/* What the tree says when only the features in `known` are: elsewhere both ways, by the covers. */
static double
expect(const struct ward_trees_source *t, int32_t node, const float *row, unsigned known)
{
	const struct ward_trees_source_node *n = &t->nodes[node];
	float x;

	if (n->left < 0)
		return (double)n->value;
	x = row[n->feature];
	if (known & (1u << n->feature))
		return expect(t, (isnan(x) ? n->missing_left : x < n->value) ? n->left : n->right,
			      row, known);
	return (expect(t, n->left, row, known) * (double)t->nodes[n->left].cover +
		expect(t, n->right, row, known) * (double)t->nodes[n->right].cover) /
	       (double)n->cover;
}

static double
factorial(unsigned n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

static double
shapley(const float *row, unsigned feature)
{
	double sum = 0;

	for (unsigned set = 0; set < 1u << FEATURES; set++) {
		unsigned size = (unsigned)__builtin_popcount(set);

		if (set & (1u << feature))
			continue;
		for (size_t i = 0; i < TREES; i++)
			sum += factorial(size) * factorial(FEATURES - size - 1) /
			       factorial(FEATURES) *
			       (expect(&sources[i], 0, row, set | (1u << feature)) -
				expect(&sources[i], 0, row, set));
	}
	return sum;
}

static void
check(const struct ward_trees *t, const float *row)
{
	struct ward_trees_step steps[STEPS];
	float weights[FEATURES + 1], margin;
	uint32_t scratch[SCRATCH];
	double sum = 0;

	ward_trees_margins(t, row, scratch, &margin);
	ward_trees_explain(t, row, 0, scratch, steps, weights);
	for (unsigned i = 0; i < FEATURES; i++) {
		double exact = shapley(row, i);

		if (!(fabs((double)weights[i] - exact) <= 1e-5 + 1e-4 * fabs(exact)))
			fail_msg("feature %u: %g is not %g", i, (double)weights[i], exact);
	}
	for (unsigned i = 0; i <= FEATURES; i++)
		sum += (double)weights[i];
	assert_true(fabs(sum - (double)margin) < 1e-4);
}

static void
test_shapley(void **state)
{
	const struct ward_trees_about about = {.schema = "test",
					       .features = FEATURES,
					       .objective = WARD_TREES_BINARY,
					       .groups = 1,
					       .base = 0.5f};

	(void)state;
	for (uint64_t seed = 100; seed < 115; seed++) {
		uint64_t random = seed;
		struct ward_buf file;
		struct ward_trees t;
		float row[FEATURES];

		for (size_t i = 0; i < TREES; i++) {
			testing_tree(&random, FEATURES, (unsigned)i + 2, &made[i]);
			for (size_t k = 0; k < TESTING_NODES; k++) /* leaves of one size */
				if (made[i].nodes[k].left < 0)
					made[i].nodes[k].value =
						(float)(testing_random(&random) % 200) / 100 - 1;
			sources[i] = made[i].tree;
		}
		ward_buf_init(&file, WARD_TREES_FILE_MAX, NULL);
		assert_int_equal(ward_trees_write(&about, sources, TREES, &file), WARD_OK);
		assert_int_equal(ward_trees_open(ward_buf_span(&file), &t), WARD_OK);
		assert_true(ward_trees_explain_steps(&t) <= STEPS);
		assert_true(ward_trees_explain_scratch(&t) <= SCRATCH);
		for (int i = 0; i < 4; i++) {
			for (size_t k = 0; k < FEATURES; k++)
				row[k] = testing_value(&random);
			check(&t, row);
		}
		ward_buf_done(&file);
	}
}

static void
test_reasons(void **state)
{
	const float weights[] = {0.5f, 0, -2, NAN, 0.25f, 2, 99};
	const struct ward_trees t = {.features = 6};
	struct ward_trees_reason r[6];

	(void)state;
	assert_int_equal(ward_trees_reasons(&t, weights, 6, r), 4);
	assert_int_equal(r[0].feature, 2); /* of equal ones the first */
	assert_int_equal(r[1].feature, 5);
	assert_int_equal(r[2].feature, 0);
	assert_int_equal(r[3].feature, 4);
	assert_true(r[0].weight == -2);
	assert_int_equal(ward_trees_reasons(&t, weights, 2, r), 2);
	assert_int_equal(r[0].feature, 2);
	assert_int_equal(r[1].feature, 5);
	assert_int_equal(ward_trees_reasons(&t, weights, 0, r), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapley),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ours beside XGBoost itself: each bit of each margin, one row at a time and in batches, on models of every
 * shape and on rows chosen to hit their thresholds; and its pred_contribs. With WARD_SHARED (or ../shared)
 * also on every row of the data sets there.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "ml/trees/explain.h"
#include "ml/xgboost/import.h"
#include "ml/xgboost/testing.h"

enum { ROWS = 20000, EXPLAINED = 200 };

struct model {
	void *booster;
	struct ward_buf file;
	struct ward_trees trees;
};

static struct model
model_of(const struct rows *r, const char *const *params, int rounds)
{
	const struct ward_trees_about about = {.schema = "test", .schema_version = 1};
	struct ward_budget budget = {.cap = (size_t)4 << 30};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_json_error error;
	struct model m = {.booster = ward_testing_train(r, params, rounds)};
	struct ward_buf json = ward_testing_json(m.booster);

	assert_non_null(arena);
	ward_buf_init(&m.file, WARD_TREES_FILE_MAX, NULL);
	if (ward_xgboost_import(ward_buf_span(&json), &about, arena, &m.file, &error) != WARD_OK)
		fail_msg("%s at %zu", error.text ? error.text : "full", error.offset);
	ward_buf_done(&json);
	ward_arena_free(arena);
	assert_int_equal(ward_trees_open(ward_buf_span(&m.file), &m.trees), WARD_OK);
	return m;
}

static void
model_done(struct model *m)
{
	ward_testing_booster_free(m->booster);
	ward_buf_done(&m->file);
}

static void *
floats(size_t n)
{
	void *p = calloc(n, sizeof(float));

	assert_non_null(p);
	return p;
}

static uint32_t
bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static void
same(const char *what, const float *ours, const float *theirs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bits_of(ours[i]) != bits_of(theirs[i]))
			fail_msg("%s %zu: %.9g is not %.9g", what, i, (double)ours[i],
				 (double)theirs[i]);
}

/* All margins and values of the rows. */
static void
agree(const struct model *m, const struct rows *r)
{
	const struct ward_trees *t = &m->trees;
	size_t n = r->count * t->groups, count;
	float *theirs = ward_testing_predict(m->booster, r, WARD_TESTING_MARGIN, &count);
	float *ours = floats(n);
	uint32_t *scratch = floats(ward_trees_scratch(t, r->count));

	assert_int_equal(count, n);
	for (size_t i = 0; i < r->count; i++)
		ward_trees_margins(t, r->values + i * r->features, scratch, ours + i * t->groups);
	same("margin", ours, theirs, n);
	memset(ours, 0, n * sizeof(float));
	ward_trees_batch(t, r->values, r->count, scratch, ours);
	same("margin of a batch", ours, theirs, n);
	free(theirs);
	theirs = ward_testing_predict(m->booster, r, WARD_TESTING_VALUE, &count);
	for (size_t i = 0; i < r->count; i++)
		ward_trees_predict(t, ours + i * t->groups);
	assert_int_equal(count, n);
	same("value", ours, theirs, n);
	free(theirs);
	free(ours);
	free(scratch);
}

/* To a ten-thousandth of the value; what is nothing beside the row's largest is compared with that. */
static void
close_to(const float *ours, const float *theirs, size_t n, size_t *same_bits)
{
	float most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(theirs[i]));
	for (size_t i = 0; i < n; i++) {
		*same_bits += bits_of(ours[i]) == bits_of(theirs[i]);
		if (!(fabsf(ours[i] - theirs[i]) <= 1e-4f * fabsf(theirs[i]) + 1e-6f * most))
			fail_msg("weight %zu: %.9g is not %.9g", i, (double)ours[i],
				 (double)theirs[i]);
	}
}

static void
explained(const struct model *m, const struct rows *all)
{
	const struct ward_trees *t = &m->trees;
	struct rows r = *all;
	size_t width = t->features + 1, count, bits = 0;
	struct ward_trees_step *steps = calloc(ward_trees_explain_steps(t), sizeof(*steps));
	uint32_t *scratch = floats(ward_trees_explain_scratch(t));
	float *ours = floats(width), *theirs;

	assert_non_null(steps);
	r.count = r.count < EXPLAINED ? r.count : EXPLAINED;
	theirs = ward_testing_predict(m->booster, &r, WARD_TESTING_WEIGHTS, &count);
	assert_int_equal(count, r.count * t->groups * width);
	for (size_t i = 0; i < r.count; i++)
		for (uint32_t g = 0; g < t->groups; g++) {
			ward_trees_explain(t, r.values + i * t->features, g, scratch, steps, ours);
			close_to(ours, theirs + (i * t->groups + g) * width, width, &bits);
		}
	print_message("explained %zu weights, %zu the same in all bits\n", count, bits);
	free(theirs);
	free(ours);
	free(scratch);
	free(steps);
}

/* A model with these parameters, on rows that it was not trained on and that hit its thresholds. */
static void
try_model(uint32_t classes, const char *const *params, int rounds, bool explain)
{
	struct rows training = ward_testing_rows(1, 4000, 21, classes);
	struct rows rows = ward_testing_rows(2, ROWS, 21, classes);
	struct model m = model_of(&training, params, rounds);

	ward_testing_tie(&rows, &m.trees, 3);
	print_message("%u trees, %u nodes, depth %u\n", m.trees.tree_count, m.trees.node_count,
		      m.trees.depth);
	agree(&m, &training);
	agree(&m, &rows);
	if (explain)
		explained(&m, &rows);
	model_done(&m);
	ward_testing_rows_done(&rows);
	ward_testing_rows_done(&training);
}

static void
test_binary(void **state)
{
	static const char *const params[] = {
		"objective", "binary:logistic", "max_depth", "6", "tree_method", "hist", NULL};

	(void)state;
	try_model(2, params, 77, true);
}

static void
test_exact(void **state)
{
	static const char *const params[] = {
		"objective",  "binary:logistic", "max_depth", "4",   "tree_method", "exact",
		"base_score", "0.137",		 "subsample", "0.7", "gamma",	    "2",
		NULL};

	(void)state;
	try_model(2, params, 41, true);
}

static void
test_deep(void **state)
{
	static const char *const params[] = {"objective",
					     "binary:logistic",
					     "max_depth",
					     "30",
					     "tree_method",
					     "hist",
					     "grow_policy",
					     "lossguide",
					     "max_leaves",
					     "600",
					     "min_child_weight",
					     "0",
					     "lambda",
					     "0",
					     "eta",
					     "0.05",
					     NULL};

	(void)state;
	try_model(2, params, 12, true);
}

/* Trees that are one leaf each. */
static void
test_leaves(void **state)
{
	static const char *const params[] = {
		"objective", "binary:logistic", "gamma", "1e9", "base_score", "0.9", NULL};

	(void)state;
	try_model(2, params, 19, true);
}

static void
test_regression(void **state)
{
	static const char *const params[] = {
		"objective", "reg:squarederror", "max_depth", "5",	    "num_parallel_tree",
		"3",	     "subsample",	 "0.5",	      "base_score", "0.5",
		NULL};

	(void)state;
	try_model(0, params, 10, true);
}

static void
test_classes(void **state)
{
	static const char *const params[] = {
		"objective", "multi:softprob", "num_class", "5", "max_depth", "4", NULL};

	(void)state;
	try_model(5, params, 9, true);
}

/* All columns of a set that hold numbers alone, NaN where a cell is empty; no row when it is not there. */
enum { COLUMNS_MAX = 256, LINE = 1 << 16 };

static size_t
cells(char *line, float *ret)
{
	size_t n = 0;
	char *at = line, *end;

	line[strcspn(line, "\r\n")] = 0;
	while (n < COLUMNS_MAX) {
		ret[n] = strtof(at, &end);
		if (end == at || (*end && *end != ',') || isinf(ret[n]))
			ret[n] = NAN;
		n++;
		end = at + strcspn(at, ",");
		if (!*end)
			break;
		at = end + 1;
	}
	return n;
}

static struct rows
load(const char *name)
{
	const char *shared = getenv("WARD_SHARED");
	char path[4096];
	static char line[LINE];
	float values[COLUMNS_MAX];
	struct rows r = {0};
	gzFile file;
	uint64_t seed = 11;

	(void)snprintf(path, sizeof(path), "%s/data/%s", shared ? shared : "../shared", name);
	file = gzopen(path, "rb");
	if (!file) {
		print_message("skipped: no %s (WARD_SHARED names its folder)\n", name);
		return r;
	}
	(void)gzgets(file, line, sizeof(line));
	while (gzgets(file, line, sizeof(line))) {
		size_t n = cells(line, values);

		if (r.count == 0)
			r.features = (uint32_t)n;
		r.values = realloc(r.values, (r.count + 1) * r.features * sizeof(float));
		r.labels = realloc(r.labels, (r.count + 1) * sizeof(float));
		assert_true(r.values && r.labels);
		for (size_t i = 0; i < r.features; i++)
			r.values[r.count * r.features + i] = i < n ? values[i] : NAN;
		/* what is learned does not matter here; that there is something to learn does */
		r.labels[r.count] = (float)((values[n / 2] > values[n / 3]) ^
					    (ward_testing_random(&seed) % 8 == 0));
		r.count++;
	}
	(void)gzclose(file);
	return r;
}

static void
test_sets(void **state)
{
	static const char *const names[] = {
		"elf/ELF-Miner_test.csv.gz",   "elf/ELF-Miner_train.csv.gz",
		"elf/ariel_features_a.csv.gz", "elf/ariel_features_b.csv.gz",
		"elf/ariel_features_c.csv.gz", "elf/debian12_benign_a.csv.gz",
		"pe/clamp_raw.csv.gz",	       "pe/debian_benign_pe_headers.csv.gz",
		"pe/ramadhanbeno.csv.gz",      "pe/brazilian_malware_2013_2018.csv.gz",
	};
	static const char *const params[] = {
		"objective", "binary:logistic", "max_depth", "6", "tree_method", "hist", NULL};
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rows r = load(names[i]);

		if (r.count > 0) {
			struct model m = model_of(&r, params, 50);

			print_message("%s: %zu rows, %u nodes\n", names[i], r.count,
				      m.trees.node_count);
			agree(&m, &r);
			explained(&m, &r);
			model_done(&m);
			found++;
		}
		ward_testing_rows_done(&r);
	}
	if (found == 0)
		skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binary),	   cmocka_unit_test(test_exact),
		cmocka_unit_test(test_deep),	   cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_regression), cmocka_unit_test(test_classes),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

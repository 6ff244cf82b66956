/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trees TREES DEPTH FEATURES: trains such a model with XGBoost, imports it, and times by the process's own CPU
 * time what both take for a row: alone (for XGBoost the faster of its two ways, in place and from a matrix
 * made beforehand), in a batch, explained. Rounds of all of them follow each other; told is the middle one of
 * each. Results are compared bit by bit first. XGBoost remembers what it said of a matrix, so each round gets
 * new ones; making them is not timed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <xgboost/c_api.h>

#include "base/text.h"
#include "ml/trees/explain.h"
#include "ml/xgboost/import.h"
#include "ml/xgboost/testing.h"

enum { ROWS = 8192, SINGLE = 1000, EXPLAINED = 20, ROUNDS = 15 };

struct bench {
	struct rows rows;
	void *booster;
	struct ward_buf file;
	struct ward_trees trees;
	uint32_t *scratch;
	float *margins, *weights;
	struct ward_trees_step *steps;
	DMatrixHandle all, explained, one[SINGLE], proxy;
	float sum; /* of everything: so that nothing is left out */
};

static const char margin_config[] =
	"{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
	"\"strict_shape\":false,\"cache_id\":0,\"missing\":NaN}";
static const char weights_config[] =
	"{\"type\":2,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
	"\"strict_shape\":false}";

static double
cpu(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool good)
{
	if (good)
		return;
	(void)fprintf(stderr, "trees: %s\n", XGBGetLastError());
	exit(1);
}

static const float *
predict(struct bench *b, DMatrixHandle rows, const char *config)
{
	const bst_ulong *shape = NULL;
	bst_ulong dims = 0;
	const float *out = NULL;

	must(XGBoosterPredictFromDMatrix(b->booster, rows, config, &shape, &dims, &out) == 0);
	return out;
}

static void
ours_single(struct bench *b)
{
	for (size_t i = 0; i < ROWS; i++) {
		float margin;

		ward_trees_margins(&b->trees, b->rows.values + i * b->rows.features, b->scratch,
				   &margin);
		b->sum += margin;
	}
}

static void
ours_batch(struct bench *b)
{
	ward_trees_batch(&b->trees, b->rows.values, ROWS, b->scratch, b->margins);
	b->sum += b->margins[0];
}

static void
ours_explained(struct bench *b)
{
	for (size_t i = 0; i < EXPLAINED; i++) {
		ward_trees_explain(&b->trees, b->rows.values + i * b->rows.features, 0, b->scratch,
				   b->steps, b->weights);
		b->sum += b->weights[0];
	}
}

static void
theirs_matrix(struct bench *b)
{
	for (size_t i = 0; i < SINGLE; i++)
		b->sum += predict(b, b->one[i], margin_config)[0];
}

static void
theirs_in_place(struct bench *b)
{
	const bst_ulong *shape = NULL;
	bst_ulong dims = 0;
	const float *out = NULL;
	char row[256];

	for (size_t i = 0; i < SINGLE; i++) {
		(void)snprintf(row, sizeof(row),
			       "{\"data\":[%zu,true],\"shape\":[1,%u],\"typestr\":\"<f4\","
			       "\"version\":3}",
			       (size_t)(b->rows.values + i * b->rows.features), b->rows.features);
		must(XGBoosterPredictFromDense(b->booster, row, margin_config, b->proxy, &shape,
					       &dims, &out) == 0);
		b->sum += out[0];
	}
}

static void
theirs_batch(struct bench *b)
{
	b->sum += predict(b, b->all, margin_config)[0];
}

static void
theirs_explained(struct bench *b)
{
	b->sum += predict(b, b->explained, weights_config)[0];
}

/* For each round anew. */
static void
make_matrices(struct bench *b)
{
	const uint32_t features = b->rows.features;

	must(XGDMatrixCreateFromMat(b->rows.values, ROWS, features, NAN, &b->all) == 0);
	for (size_t i = 0; i < SINGLE; i++)
		must(XGDMatrixCreateFromMat(b->rows.values + i * features, 1, features, NAN,
					    &b->one[i]) == 0);
}

static void
free_matrices(struct bench *b)
{
	must(XGDMatrixFree(b->all) == 0);
	for (size_t i = 0; i < SINGLE; i++)
		must(XGDMatrixFree(b->one[i]) == 0);
}

static const struct way {
	const char *name;
	void (*run)(struct bench *b);
	size_t rows;
} ways[] = {
	{"ward, one row", ours_single, ROWS},
	{"XGBoost, one row, matrix made before", theirs_matrix, SINGLE},
	{"XGBoost, one row, in place", theirs_in_place, SINGLE},
	{"ward, batch", ours_batch, ROWS},
	{"XGBoost, batch", theirs_batch, ROWS},
	{"ward, explained", ours_explained, EXPLAINED},
	{"XGBoost, explained", theirs_explained, EXPLAINED},
};
enum { WAYS = sizeof(ways) / sizeof(*ways) };

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void *
must_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	must(p != NULL);
	return p;
}

static void
import(struct bench *b)
{
	const struct ward_trees_about about = {.schema = "bench"};
	struct ward_budget budget = {.cap = (size_t)8 << 30};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_buf json = ward_testing_json(b->booster);
	struct ward_json_error error;

	ward_buf_init(&b->file, WARD_TREES_FILE_MAX, NULL);
	must(arena &&
	     ward_xgboost_import(ward_buf_span(&json), &about, arena, &b->file, &error) == WARD_OK);
	must(ward_trees_open(ward_buf_span(&b->file), &b->trees) == WARD_OK);
	(void)printf("%u trees, %u nodes, depth %u, %u features: %zu bytes, %zu as JSON\n",
		     b->trees.tree_count, b->trees.node_count, b->trees.depth, b->trees.features,
		     b->file.len, json.len);
	ward_buf_done(&json);
	ward_arena_free(arena);
}

static void
prepare(struct bench *b, const char *depth, int trees, uint32_t features)
{
	const char *const params[] = {"objective",   "binary:logistic",
				      "tree_method", "hist",
				      "max_depth",   depth,
				      "eta",	     "0.05",
				      NULL};
	struct rows training = ward_testing_rows(1, 20000, features, 2);

	b->rows = ward_testing_rows(2, ROWS, features, 2);
	b->booster = ward_testing_train(&training, params, trees);
	ward_testing_rows_done(&training);
	import(b);
	b->scratch = must_alloc(ward_trees_scratch(&b->trees, ROWS) + features, sizeof(float));
	b->margins = must_alloc(ROWS, sizeof(float));
	b->weights = must_alloc(features + 1, sizeof(float));
	b->steps = must_alloc(ward_trees_explain_steps(&b->trees), sizeof(*b->steps));
	must(XGDMatrixCreateFromMat(b->rows.values, EXPLAINED, features, NAN, &b->explained) == 0 &&
	     XGProxyDMatrixCreate(&b->proxy) == 0);
}

static void
compare(struct bench *b)
{
	const float *theirs;

	make_matrices(b);
	theirs = predict(b, b->all, margin_config);
	ward_trees_batch(&b->trees, b->rows.values, ROWS, b->scratch, b->margins);
	if (memcmp(b->margins, theirs, ROWS * sizeof(float)) != 0) {
		(void)fprintf(stderr, "trees: not the same margins\n");
		exit(1);
	}
	free_matrices(b);
}

static double
opening(struct bench *b)
{
	double start = cpu();

	for (int i = 0; i < 20; i++)
		must(ward_trees_open(ward_buf_span(&b->file), &b->trees) == WARD_OK);
	return (cpu() - start) / 20 * 1e6;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static double times[WAYS][ROUNDS];
	uint64_t trees = 0, features = 0;
	double us[WAYS], single;

	if (argc != 4 || !ward_text_u64(ward_span_str(argv[1]), &trees) || trees > 100000 ||
	    !ward_text_u64(ward_span_str(argv[3]), &features) || features > 30000)
		return 2;
	prepare(&b, argv[2], (int)trees, (uint32_t)features);
	compare(&b);
	for (int round = 0; round < ROUNDS; round++) {
		make_matrices(&b);
		for (size_t i = 0; i < WAYS; i++) {
			double start = cpu();

			ways[i].run(&b);
			times[i][round] = (cpu() - start) / (double)ways[i].rows * 1e6;
		}
		free_matrices(&b);
	}
	for (size_t i = 0; i < WAYS; i++) {
		qsort(times[i], ROUNDS, sizeof(double), by_size);
		us[i] = times[i][ROUNDS / 2];
		(void)printf("%-38s %9.3f us a row (%.3f to %.3f)\n", ways[i].name, us[i],
			     times[i][0], times[i][ROUNDS - 1]);
	}
	single = us[1] < us[2] ? us[1] : us[2];
	(void)printf("opening, digest and checks: %.0f us\n", opening(&b));
	(void)printf("XGBoost / ward: one row %.1f, batch %.1f, explained %.1f\n", single / us[0],
		     us[4] / us[3], us[6] / us[5]);
	return b.sum == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/xgboost/testing.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <xgboost/c_api.h>

static void
must(int rc)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "XGBoost: %s\n", XGBGetLastError());
	abort();
}

static void *
must_alloc(size_t n)
{
	void *p = calloc(n ? n : 1, 1);

	if (!p)
		abort();
	return p;
}

uint64_t
ward_testing_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static float
unit(uint64_t *state)
{
	return (float)(ward_testing_random(state) >> 40) / 16777216.0f;
}

/* Columns differ in kind: continuous, few values, tiny, huge. */
static float
value(uint64_t *state, uint32_t column)
{
	static const float odd[] = {0.0f,	 -0.0f, FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MIN,
				    FLT_MIN / 2, 1e30f, -1e30f,	      1.0f,	     16777216.0f};
	uint64_t kind = ward_testing_random(state) % 16;

	if (kind == 0)
		return NAN;
	if (kind == 1)
		return odd[ward_testing_random(state) % (sizeof(odd) / sizeof(*odd))];
	switch (column % 4) {
	case 0:
		return unit(state) * 2 - 1;
	case 1:
		return (float)(ward_testing_random(state) % 7);
	case 2:
		return (float)(ward_testing_random(state) % 1000) * FLT_TRUE_MIN;
	default:
		return (unit(state) - 0.5f) * 1e10f;
	}
}

static float
signal(const float *row, uint32_t features)
{
	float sum = 0;

	for (uint32_t i = 0; i < features && i < 12; i++)
		if (!isnan(row[i]))
			sum += (row[i] > 0.3f ? 1.0f : -0.7f) * (float)(i % 3 + 1) +
			       (i > 0 && row[i] > row[i - 1] ? 0.9f : 0.0f);
	return sum;
}

struct rows
ward_testing_rows(uint64_t seed, size_t count, uint32_t features, uint32_t classes)
{
	struct rows r = {must_alloc(count * features * sizeof(float)),
			 must_alloc(count * sizeof(float)), count, features};

	for (size_t i = 0; i < count; i++) {
		float *row = r.values + i * features, sum;

		for (uint32_t k = 0; k < features; k++)
			row[k] = value(&seed, k);
		sum = signal(row, features) + unit(&seed) * 3;
		r.labels[i] = sum;
		if (classes > 0)
			r.labels[i] = (float)((uint32_t)(fabsf(sum) + (sum > 0 ? 1 : 0)) % classes);
	}
	return r;
}

void
ward_testing_tie(struct rows *r, const struct ward_trees *t, uint64_t seed)
{
	for (size_t i = 0; i < r->count * r->features && t->node_count > 0; i++) {
		const struct ward_trees_node *n =
			&t->nodes[ward_testing_random(&seed) % t->node_count];
		size_t row = i / r->features;
		uint64_t kind = ward_testing_random(&seed) % 3;
		float threshold = ward_trees_threshold(n);

		if (ward_testing_random(&seed) % 3 != 0 || n->right == 0)
			continue;
		r->values[row * r->features + n->slot % t->features] =
			kind == 0   ? threshold
			: kind == 1 ? nextafterf(threshold, -FLT_MAX)
				    : nextafterf(threshold, FLT_MAX);
	}
}

void
ward_testing_rows_done(struct rows *r)
{
	free(r->values);
	free(r->labels);
	*r = (struct rows){0};
}

static DMatrixHandle
matrix(const struct rows *r)
{
	DMatrixHandle m = NULL;

	must(XGDMatrixCreateFromMat(r->values, r->count, r->features, NAN, &m));
	return m;
}

void *
ward_testing_train(const struct rows *r, const char *const *params, int rounds)
{
	DMatrixHandle m = matrix(r);
	BoosterHandle b = NULL;

	must(XGDMatrixSetFloatInfo(m, "label", r->labels, r->count));
	must(XGBoosterCreate(&m, 1, &b));
	must(XGBoosterSetParam(b, "nthread", "1"));
	must(XGBoosterSetParam(b, "seed", "7"));
	must(XGBoosterSetParam(b, "verbosity", "0"));
	for (; *params; params += 2)
		must(XGBoosterSetParam(b, params[0], params[1]));
	for (int i = 0; i < rounds; i++)
		must(XGBoosterUpdateOneIter(b, i, m));
	must(XGDMatrixFree(m));
	return b;
}

struct ward_buf
ward_testing_json(void *booster)
{
	struct ward_buf out;
	const char *text = NULL;
	bst_ulong len = 0;

	ward_buf_init(&out, 512 << 20, NULL);
	must(XGBoosterSaveModelToBuffer(booster, "{\"format\":\"json\"}", &len, &text));
	if (ward_buf_append(&out, text, len) != WARD_OK)
		abort();
	return out;
}

void
ward_testing_booster_free(void *booster)
{
	must(XGBoosterFree(booster));
}

float *
ward_testing_predict(void *booster, const struct rows *r, enum ward_testing_kind kind,
		     size_t *ret_count)
{
	DMatrixHandle m = matrix(r);
	const bst_ulong *shape = NULL;
	bst_ulong dims = 0;
	const float *theirs = NULL;
	char config[160];
	size_t n = 1;
	float *out;

	(void)snprintf(config, sizeof(config),
		       "{\"type\":%d,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
		       "\"strict_shape\":false}",
		       (int)kind);
	must(XGBoosterPredictFromDMatrix(booster, m, config, &shape, &dims, &theirs));
	for (bst_ulong i = 0; i < dims; i++)
		n *= shape[i];
	out = must_alloc(n * sizeof(float));
	memcpy(out, theirs, n * sizeof(float));
	must(XGDMatrixFree(m));
	*ret_count = n;
	return out;
}

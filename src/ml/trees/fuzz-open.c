/* SPDX-License-Identifier: Apache-2.0 */
/* A model file with a right digest but nothing else to trust: what opens, evaluates inside its bounds, one
   row as in a batch, and explains itself. */
#include <math.h>
#include <stdlib.h>

#include "ml/trees/explain.h"
#include "ml/trees/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = WARD_TREES_BLOCK + 1 };

static void *
must_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

static void
explain(const struct ward_trees *t, const float *row)
{
	struct ward_trees_step *steps = must_alloc(ward_trees_explain_steps(t), sizeof(*steps));
	uint32_t *scratch = must_alloc(ward_trees_explain_scratch(t), sizeof(*scratch));
	float *weights = must_alloc(t->features + 1, sizeof(float));
	struct ward_trees_reason reasons[8];

	ward_trees_explain(t, row, t->groups - 1, scratch, steps, weights);
	if (ward_trees_reasons(t, weights, 8, reasons) > 8)
		abort();
	free(weights);
	free(scratch);
	free(steps);
}

static void
answer(const struct ward_trees *t, float *margins)
{
	float p = ward_trees_calibrate(t, margins[0]);

	if (!(p >= 0 && p <= 1))
		abort();
	ward_trees_predict(t, margins);
	if (t->level_count > 0 && ward_trees_level(t, t->levels[0].name) != &t->levels[0])
		abort();
}

static void
evaluate(const struct ward_trees *t, uint64_t seed)
{
	float *rows = must_alloc((size_t)ROWS * t->features, sizeof(float));
	uint32_t *scratch = must_alloc(ward_trees_scratch(t, ROWS), sizeof(*scratch));
	float *margins = must_alloc((size_t)ROWS * t->groups, sizeof(float));
	float one[WARD_TREES_GROUPS_MAX];

	for (size_t i = 0; i < (size_t)ROWS * t->features; i++)
		rows[i] = testing_value(&seed);
	ward_trees_batch(t, rows, ROWS, scratch, margins);
	for (size_t i = 0; i < ROWS; i++) {
		ward_trees_margins(t, rows + i * t->features, scratch, one);
		if (memcmp(one, margins + i * t->groups, t->groups * sizeof(float)) != 0)
			abort();
	}
	answer(t, one);
	explain(t, rows);
	free(margins);
	free(scratch);
	free(rows);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = must_alloc(size, 1);
	struct ward_trees t;

	if (size > 0)
		memcpy(file, data, size);
	testing_seal(file, size);
	if (ward_trees_open(ward_span_of(file, size), &t) == WARD_OK)
		evaluate(&t, size);
	free(file);
	return 0;
}

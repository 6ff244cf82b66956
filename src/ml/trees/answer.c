/* SPDX-License-Identifier: Apache-2.0 */
/* From margins to what people mean: probabilities and levels. */
#include "ml/trees/trees.h"

#include <math.h>

/* As XGBoost 1.7 computes it: no overflow, never exactly zero. */
static float
logistic(float margin)
{
	float x = -margin < 88.7f ? -margin : 88.7f;

	return 1.0f / (expf(x) + 1.0f);
}

static void
softmax(float *x, size_t n)
{
	float most = x[0];
	double sum = 0;

	for (size_t i = 1; i < n; i++)
		most = fmaxf(x[i], most);
	for (size_t i = 0; i < n; i++) {
		x[i] = expf(x[i] - most);
		sum += (double)x[i];
	}
	for (size_t i = 0; i < n; i++)
		x[i] /= (float)sum;
}

void
ward_trees_predict(const struct ward_trees *t, float *margins)
{
	if (t->objective == WARD_TREES_BINARY)
		margins[0] = logistic(margins[0]);
	else if (t->objective == WARD_TREES_MULTI)
		softmax(margins, t->groups);
}

float
ward_trees_calibrate(const struct ward_trees *t, float margin)
{
	const struct ward_trees_point *p = t->points;
	uint32_t low = 0, high = t->point_count;

	if (t->point_count == 0)
		return logistic(margin);
	while (low < high) { /* `low`: the first point above */
		uint32_t middle = low + (high - low) / 2;

		if (p[middle].margin <= margin)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return p[0].probability;
	if (low == t->point_count)
		return p[low - 1].probability;
	return (float)((double)p[low - 1].probability +
		       ((double)p[low].probability - (double)p[low - 1].probability) *
			       (((double)margin - (double)p[low - 1].margin) /
				((double)p[low].margin - (double)p[low - 1].margin)));
}

const struct ward_trees_level *
ward_trees_level(const struct ward_trees *t, const char *name)
{
	for (uint32_t i = 0; i < t->level_count; i++)
		if (strncmp(t->levels[i].name, name, sizeof(t->levels[i].name)) == 0)
			return &t->levels[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a row has its margin: exact Shapley values of its features by the path-dependent TreeSHAP (Lundberg,
 * Erion, Lee: "Consistent Individualized Feature Attribution for Tree Ensembles", 2018, algorithm 2), with
 * the covers of the training rows. Their sum and the base is the margin. Costs leaves x depth² per tree:
 * for what is reported, not for each file. No allocation.
 */
#ifndef WARD_ML_TREES_EXPLAIN_H
#define WARD_ML_TREES_EXPLAIN_H

#include "ml/trees/trees.h"

/* One feature of the path from the root: scratch of the computation. */
struct ward_trees_step {
	int32_t feature;
	float zero; /* share of training rows that would flow on without knowing it */
	float one;  /* 1: the row flows on, 0: not */
	float weight;
};

/* A feature that moved a margin. */
struct ward_trees_reason {
	uint32_t feature;
	float weight; /* in the margin; positive: towards malicious */
};

/* Scratch that ward_trees_explain needs: steps, and words. */
size_t ward_trees_explain_steps(const struct ward_trees *t);
size_t ward_trees_explain_scratch(const struct ward_trees *t);

/*
 * What each feature added to the margin of `group`; ret_weights[features] is the base: the margin of an
 * average row. `group` is below t->groups.
 */
void ward_trees_explain(const struct ward_trees *t, const float *row, uint32_t group,
			uint32_t *scratch, struct ward_trees_step *steps, float *ret_weights);

/* The at most `max` features that moved it most, by falling size, in `ret_reasons`; those that moved nothing
 * are left out. Returns how many. */
size_t ward_trees_reasons(const struct ward_trees *t, const float *weights, size_t max,
			  struct ward_trees_reason *ret_reasons);

#endif

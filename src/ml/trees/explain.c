/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names are the paper's. A path holds the different features between the root and a node; its weights
 * say, for each number of features known, which share of the orders of them leads here. A feature that is
 * split on again is taken out first (unwind) and put back with both splits together. Each level works on a
 * copy of its parent's path, which stands behind it in the scratch: depth + 1 elements at most each.
 * Computed in float in XGBoost's order, so that both give the same.
 */
#include "ml/trees/explain.h"

#include <math.h>

#include "ml/trees/layout-priv.h"

struct walk {
	const struct ward_trees *t;
	const struct ward_trees_node *nodes;
	const float *covers;
	const uint32_t *slots; /* the row, missing values in both ways */
	float *weights;	       /* so far, of this tree */
};

/* Where the recursion stands, and how it got there. */
struct branch {
	uint32_t node;
	uint32_t depth; /* features on the path before this one */
	float zero, one;
	int32_t feature;
};

size_t
ward_trees_explain_steps(const struct ward_trees *t)
{
	size_t depth = (size_t)t->depth + 2;

	return depth * (depth + 1) / 2;
}

size_t
ward_trees_explain_scratch(const struct ward_trees *t)
{
	return ward_trees_scratch(t, 1) + t->features;
}

static void
extend(struct ward_trees_step *path, uint32_t depth, const struct branch *b)
{
	path[depth] =
		(struct ward_trees_step){b->feature, b->zero, b->one, depth == 0 ? 1.0f : 0.0f};
	for (uint32_t i = depth; i-- > 0;) {
		path[i + 1].weight += b->one * path[i].weight * (float)(i + 1) / (float)(depth + 1);
		path[i].weight = b->zero * path[i].weight * (float)(depth - i) / (float)(depth + 1);
	}
}

static void
unwind(struct ward_trees_step *path, uint32_t depth, uint32_t at)
{
	const float one = path[at].one, zero = path[at].zero;
	float next = path[depth].weight;

	for (uint32_t i = depth; i-- > 0;) {
		if (one != 0) {
			const float before = path[i].weight;

			path[i].weight = next * (float)(depth + 1) / ((float)(i + 1) * one);
			next = before -
			       path[i].weight * zero * (float)(depth - i) / (float)(depth + 1);
		} else {
			path[i].weight =
				path[i].weight * (float)(depth + 1) / (zero * (float)(depth - i));
		}
	}
	for (uint32_t i = at; i < depth; i++) {
		path[i].feature = path[i + 1].feature;
		path[i].zero = path[i + 1].zero;
		path[i].one = path[i + 1].one;
	}
}

/* What the weights would add up to without the feature at `at`. */
static float
unwound_sum(const struct ward_trees_step *path, uint32_t depth, uint32_t at)
{
	const float one = path[at].one, zero = path[at].zero;
	float next = path[depth].weight, total = 0;

	for (uint32_t i = depth; i-- > 0;) {
		if (one != 0) {
			const float w = next * (float)(depth + 1) / ((float)(i + 1) * one);

			total += w;
			next = path[i].weight -
			       w * zero * ((float)(depth - i) / (float)(depth + 1));
		} else if (zero != 0) {
			total += path[i].weight / zero / ((float)(depth - i) / (float)(depth + 1));
		}
	}
	return total;
}

static void
leave(const struct walk *w, const struct ward_trees_step *path, uint32_t depth, float value)
{
	for (uint32_t i = 1; i <= depth; i++)
		w->weights[path[i].feature] +=
			unwound_sum(path, depth, i) * (path[i].one - path[i].zero) * value;
}

/* The feature's place on the path, or depth + 1. */
static uint32_t
find(const struct ward_trees_step *path, uint32_t depth, int32_t feature)
{
	uint32_t at = 0;

	while (at <= depth && path[at].feature != feature)
		at++;
	return at;
}

static void
go(const struct walk *w, const struct ward_trees_step *parent, struct ward_trees_step *path,
   const struct branch *b)
{
	const struct ward_trees_node *n = &w->nodes[b->node];
	uint32_t depth = b->depth, right = b->node + n->right, at, hot, cold;
	float zero = 1, one = 1;
	int32_t feature;

	if (depth > 0)
		memcpy(path, parent, depth * sizeof(*path));
	extend(path, depth, b);
	if (ward_trees_is_leaf(n)) {
		leave(w, path, depth, ward_trees_leaf(n));
		return;
	}
	feature = (int32_t)(n->slot < w->t->features ? n->slot : n->slot - w->t->features);
	hot = right + (w->slots[n->slot] < n->value);
	cold = hot == right ? right + 1 : right;
	at = find(path, depth, feature);
	if (at <= depth) {
		zero = path[at].zero;
		one = path[at].one;
		unwind(path, depth, at);
		depth--;
	}
	go(w, path, path + depth + 1,
	   &(struct branch){hot, depth + 1, w->covers[hot] / w->covers[b->node] * zero, one,
			    feature});
	go(w, path, path + depth + 1,
	   &(struct branch){cold, depth + 1, w->covers[cold] / w->covers[b->node] * zero, 0,
			    feature});
}

/* One tree's part, added to `ret_weights`; `weights` is scratch. */
static void
explain_tree(const struct ward_trees *t, const struct ward_trees_tree *tree, struct walk *w,
	     struct ward_trees_step *steps, float *ret_weights)
{
	w->nodes = t->nodes + tree->first;
	w->covers = t->covers + tree->first;
	memset(w->weights, 0, t->features * sizeof(float));
	go(w, NULL, steps, &(struct branch){0, 0, 1, 1, -1});
	for (uint32_t i = 0; i < t->features; i++)
		ret_weights[i] += w->weights[i];
	ret_weights[t->features] += tree->mean;
}

void
ward_trees_explain(const struct ward_trees *t, const float *row, uint32_t group, uint32_t *scratch,
		   struct ward_trees_step *steps, float *ret_weights)
{
	struct walk w = {
		.t = t, .slots = scratch, .weights = (void *)(scratch + ward_trees_scratch(t, 1))};

	ward_trees_spread(t, row, scratch);
	for (uint32_t i = 0; i <= t->features; i++)
		ret_weights[i] = 0;
	for (uint32_t i = 0; i < t->tree_count; i++)
		if (t->trees[i].group == group)
			explain_tree(t, &t->trees[i], &w, steps, ret_weights);
	ret_weights[t->features] += t->base;
}

size_t
ward_trees_reasons(const struct ward_trees *t, const float *weights, size_t max,
		   struct ward_trees_reason *ret_reasons)
{
	size_t count = 0;

	for (uint32_t i = 0; i < t->features; i++) {
		size_t at = count;

		if (!(fabsf(weights[i]) > 0))
			continue;
		for (; at > 0 && fabsf(ret_reasons[at - 1].weight) < fabsf(weights[i]); at--)
			if (at < max)
				ret_reasons[at] = ret_reasons[at - 1];
		if (at < max)
			ret_reasons[at] = (struct ward_trees_reason){i, weights[i]};
		count += count < max;
	}
	return count;
}

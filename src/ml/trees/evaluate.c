/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk down a tree waits for memory at every node, so eight trees are walked at once, without a
 * branch that depends on the row: each takes as many steps as the deepest of them has, and a leaf is
 * its own child. Floats are compared as whole numbers of the same order (ward_trees_key): a step is
 * then a few loads, a comparison and an addition with its carry. The right child stands before the left
 * one for that. A leaf's slot holds the highest number, which is below nothing: the step stays.
 * Missing values cost nothing either: the row's keys are there twice, once with the lowest number for
 * what is missing (it goes left), once with the highest (right), and the node's slot says which it reads.
 * The leaves' values are added in the order of the trees, in float, as XGBoost does.
 */
#include "ml/trees/trees.h"

#include <math.h>

#include "ml/trees/layout-priv.h"

enum { LANES = 8 };

typedef float floats __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));

static size_t
slots(const struct ward_trees *t)
{
	return 2 * (size_t)t->features + 1;
}

size_t
ward_trees_scratch(const struct ward_trees *t, size_t rows)
{
	return slots(t) * (rows < WARD_TREES_BLOCK ? rows : WARD_TREES_BLOCK);
}

/* Four keys, and all ones where a value is missing. */
static inline words
keys_of(const float *row, words *ret_missing)
{
	const words top = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
	const words inf = {0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000};
	words bits;
	floats x;

	memcpy(&x, row, sizeof(x));
	memcpy(&bits, row, sizeof(bits));
	*ret_missing = (bits & ~top) > inf;
	x += (floats){0, 0, 0, 0};
	memcpy(&bits, &x, sizeof(bits));
	return bits ^ ((bits < (words){0, 0, 0, 0}) | top);
}

void
ward_trees_spread(const struct ward_trees *t, const float *row, uint32_t *ret_slots)
{
	uint32_t *right = ret_slots + t->features;
	uint32_t i = 0;

	for (; i + 4 <= t->features; i += 4) {
		words missing, keys = keys_of(row + i, &missing), either;

		either = keys & ~missing; /* the lowest */
		memcpy(ret_slots + i, &either, sizeof(either));
		either = keys | missing; /* the highest */
		memcpy(right + i, &either, sizeof(either));
	}
	for (; i < t->features; i++) {
		ret_slots[i] = isnan(row[i]) ? 0 : ward_trees_key(row[i]);
		right[i] = isnan(row[i]) ? UINT32_MAX : ward_trees_key(row[i]);
	}
	ret_slots[2 * (size_t)t->features] = UINT32_MAX;
}

static inline size_t
step(const struct ward_trees_node *nodes, size_t at, const uint32_t *slots)
{
	const struct ward_trees_node *n = nodes + at;

	return at + n->right + (slots[n->slot] < n->value);
}

/* The leaves that a row reaches in LANES trees from `tree` on. */
static inline void
walk(const struct ward_trees *t, uint32_t tree, const uint32_t *s, float *ret)
{
	const struct ward_trees_tree *of = t->trees + tree;
	const struct ward_trees_node *nodes = t->nodes;
	size_t a = of[0].first, b = of[1].first, c = of[2].first, d = of[3].first, e = of[4].first,
	       f = of[5].first, g = of[6].first, h = of[7].first;
	uint16_t depth = 0;

	for (int i = 0; i < LANES; i++)
		depth = of[i].depth > depth ? of[i].depth : depth;
	for (; depth > 0; depth--) {
		a = step(nodes, a, s);
		b = step(nodes, b, s);
		c = step(nodes, c, s);
		d = step(nodes, d, s);
		e = step(nodes, e, s);
		f = step(nodes, f, s);
		g = step(nodes, g, s);
		h = step(nodes, h, s);
	}
	ret[0] = ward_trees_leaf(nodes + a);
	ret[1] = ward_trees_leaf(nodes + b);
	ret[2] = ward_trees_leaf(nodes + c);
	ret[3] = ward_trees_leaf(nodes + d);
	ret[4] = ward_trees_leaf(nodes + e);
	ret[5] = ward_trees_leaf(nodes + f);
	ret[6] = ward_trees_leaf(nodes + g);
	ret[7] = ward_trees_leaf(nodes + h);
}

static float
walk_one(const struct ward_trees *t, uint32_t tree, const uint32_t *s)
{
	size_t at = t->trees[tree].first;

	while (!ward_trees_is_leaf(t->nodes + at))
		at = step(t->nodes, at, s);
	return ward_trees_leaf(t->nodes + at);
}

/* Adds `count` trees' values to the margins of one row, in order. */
static void
add(const struct ward_trees *t, uint32_t tree, uint32_t count, const float *values, float *margins)
{
	if (t->groups == 1) {
		float sum = margins[0];

		for (uint32_t i = 0; i < count; i++)
			sum += values[i];
		margins[0] = sum;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		margins[t->trees[tree + i].group] += values[i];
}

static void
start(const struct ward_trees *t, size_t rows, float *margins)
{
	for (size_t i = 0; i < rows * t->groups; i++)
		margins[i] = t->base;
}

/* The trees that are left after the last eight. */
static void
finish(const struct ward_trees *t, uint32_t tree, const uint32_t *s, float *margins)
{
	for (; tree < t->tree_count; tree++) {
		float value = walk_one(t, tree, s);

		add(t, tree, 1, &value, margins);
	}
}

void
ward_trees_margins(const struct ward_trees *t, const float *row, uint32_t *scratch,
		   float *ret_margins)
{
	float values[LANES];
	uint32_t tree = 0;

	ward_trees_spread(t, row, scratch);
	start(t, 1, ret_margins);
	for (; t->tree_count - tree >= LANES; tree += LANES) {
		walk(t, tree, scratch, values);
		add(t, tree, LANES, values, ret_margins);
	}
	finish(t, tree, scratch, ret_margins);
}

/* Eight trees stay in the first cache while all rows of the block go down them. */
static void
block(const struct ward_trees *t, size_t rows, const uint32_t *scratch, float *margins)
{
	float values[LANES];
	uint32_t tree = 0;

	for (; t->tree_count - tree >= LANES; tree += LANES)
		for (size_t i = 0; i < rows; i++) {
			walk(t, tree, scratch + i * slots(t), values);
			add(t, tree, LANES, values, margins + i * t->groups);
		}
	for (size_t i = 0; i < rows; i++)
		finish(t, tree, scratch + i * slots(t), margins + i * t->groups);
}

void
ward_trees_batch(const struct ward_trees *t, const float *rows, size_t count, uint32_t *scratch,
		 float *ret_margins)
{
	start(t, count, ret_margins);
	for (size_t first = 0; first < count; first += WARD_TREES_BLOCK) {
		size_t n = count - first < WARD_TREES_BLOCK ? count - first : WARD_TREES_BLOCK;

		for (size_t i = 0; i < n; i++)
			ward_trees_spread(t, rows + (first + i) * t->features,
					  scratch + i * slots(t));
		block(t, n, scratch, ret_margins + first * t->groups);
	}
}

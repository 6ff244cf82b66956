/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/trees/testing.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "ml/trees/layout-priv.h"
#include "sys/digest.h"

uint64_t
testing_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

float
testing_value(uint64_t *state)
{
	static const float odd[] = {0.0f, -0.0f, FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MAX, -FLT_MAX};
	uint64_t x = testing_random(state);

	if (x % 8 == 0)
		return NAN;
	if (x % 8 == 1)
		return odd[x / 8 % (sizeof(odd) / sizeof(*odd))];
	return (float)(x / 8 % 16) / 4.0f - 2.0f;
}

static float
threshold(uint64_t *state)
{
	float x;

	do
		x = testing_value(state);
	while (isnan(x));
	return x;
}

static float
cover(uint64_t *state)
{
	return (float)(testing_random(state) % 100 + 1);
}

/* The next two places of the shuffled order become children; covers of children add up to the parent's. */
static void
split(uint64_t *state, struct testing_tree *t, const int32_t *order, size_t at)
{
	struct ward_trees_source_node *n = &t->nodes[order[at]];

	n->left = order[t->tree.count];
	n->right = order[t->tree.count + 1];
	n->value = threshold(state);
	n->missing_left = testing_random(state) % 2;
	for (size_t i = 0; i < 2; i++) {
		struct ward_trees_source_node *child = &t->nodes[order[t->tree.count++]];

		child->left = -1;
		child->value = threshold(state) / 1e30f;
		child->cover = n->cover * (i == 0 ? 0.25f : 0.75f);
	}
}

/* The root stays the first. */
static void
shuffle(uint64_t *state, int32_t *order)
{
	for (int32_t i = 0; i < TESTING_NODES; i++)
		order[i] = i;
	for (size_t i = TESTING_NODES - 1; i > 1; i--) {
		size_t k = 1 + testing_random(state) % i;
		int32_t other = order[k];

		order[k] = order[i];
		order[i] = other;
	}
}

void
testing_tree(uint64_t *state, uint32_t features, unsigned depth, struct testing_tree *ret)
{
	int32_t order[TESTING_NODES];
	size_t level = 1;

	*ret = (struct testing_tree){.tree = {.nodes = ret->nodes, .count = 1}};
	shuffle(state, order);
	for (size_t i = 0; i < TESTING_NODES; i++)
		ret->nodes[i].left = -1;
	ret->nodes[0].value = 0.5f;
	ret->nodes[0].cover = cover(state) * 16;
	for (size_t at = 0; depth > 0 && at < ret->tree.count; at++) {
		if (at == level) {
			level = ret->tree.count;
			depth--;
		}
		if (depth == 0 || testing_random(state) % 5 == 0)
			continue;
		ret->nodes[order[at]].feature = (uint32_t)(testing_random(state) % features);
		split(state, ret, order, at);
	}
	ret->tree.count = TESTING_NODES;
}

float
testing_walk(const struct ward_trees_source *tree, const float *row)
{
	const struct ward_trees_source_node *n = tree->nodes;

	while (n->left >= 0) {
		float x = row[n->feature];
		bool left = isnan(x) ? n->missing_left : x < n->value;

		n = &tree->nodes[left ? n->left : n->right];
	}
	return n->value;
}

void
testing_seal(uint8_t *file, size_t len)
{
	struct ward_span body = ward_span_cut(ward_span_of(file, len), WARD_TREES_HEADER_LEN, len);

	if (len < WARD_TREES_HEADER_LEN)
		return;
	memcpy(file, WARD_TREES_MAGIC, 8);
	for (unsigned i = 0; i < 8; i++)
		file[16 + i] = (uint8_t)((uint64_t)len >> (8 * i));
	if (ward_digest(WARD_SHA256, body, file + WARD_TREES_HASH_AT) != WARD_OK)
		abort();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random trees for tests, and a walker that is too simple to be wrong. */
#ifndef WARD_ML_TREES_TESTING_H
#define WARD_ML_TREES_TESTING_H

#include "ml/trees/write.h"

enum { TESTING_NODES = 255 };

struct testing_tree {
	struct ward_trees_source_node nodes[TESTING_NODES];
	struct ward_trees_source tree; /* of those */
};

/* The next number of a seeded sequence (splitmix64). */
uint64_t testing_random(uint64_t *state);
/* A value from a small set, so that rows hit thresholds; sometimes missing. */
float testing_value(uint64_t *state);
/* A tree of at most that depth (7 fills TESTING_NODES); its nodes stand in a random order. */
void testing_tree(uint64_t *state, uint32_t features, unsigned depth, struct testing_tree *ret);
/* What the tree says of the row, node by node. */
float testing_walk(const struct ward_trees_source *tree, const float *row);
/* Makes the header right again after something was changed in a file. */
void testing_seal(uint8_t *file, size_t len);

#endif

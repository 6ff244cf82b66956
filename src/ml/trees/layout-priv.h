/* SPDX-License-Identifier: Apache-2.0 */
/* Where things stand in a model file (docs/models.md): the header, then the description, then the
 * sections in the order of their counts, each starting at a multiple of 8, without gaps. */
#ifndef WARD_ML_TREES_LAYOUT_PRIV_H
#define WARD_ML_TREES_LAYOUT_PRIV_H

#include "ml/trees/trees.h"

#define WARD_TREES_MAGIC "WARDTREE"

enum {
	WARD_TREES_HEADER_LEN =
		64, /* magic 8, version 4, its length 4, file's length 8, 8 zeros, SHA-256 */
	WARD_TREES_HASH_AT = 32,
	WARD_TREES_ABOUT_LEN = 128, /* the description */
};

enum ward_trees_section {
	WARD_TREES_SECTION_TREES,
	WARD_TREES_SECTION_NODES,
	WARD_TREES_SECTION_COVERS,
	WARD_TREES_SECTION_POINTS,
	WARD_TREES_SECTION_LEVELS,
	WARD_TREES_SECTION_CARD,
	WARD_TREES_SECTIONS,
};

_Static_assert(sizeof(struct ward_trees_tree) == 16, "as in the file");
_Static_assert(sizeof(struct ward_trees_node) == 8, "as in the file");
_Static_assert(sizeof(struct ward_trees_point) == 8, "as in the file");
_Static_assert(sizeof(struct ward_trees_level) == 32, "as in the file");

/* Bytes of one entry of each section. */
static const uint8_t ward_trees_entry_len[WARD_TREES_SECTIONS] = {16, 8, 4, 8, 32, 1};

/* Not NaN, not infinite. */
static inline bool
ward_trees_finite(float x)
{
	return x - x == 0;
}

/* The slots of a row: both copies of it (evaluate.c), and the leaves' one. */
void ward_trees_spread(const struct ward_trees *t, const float *row, uint32_t *ret_slots);

static inline bool
ward_trees_is_leaf(const struct ward_trees_node *n)
{
	return n->right == 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of gradient-boosted trees, used as it lies in its file (docs/models.md). Opening checks every
 * byte once, in time proportional to the file; what runs afterwards needs no check, allocates nothing,
 * and may be called by any number of threads with their own scratch. A row is float[features], NaN is
 * missing; the schema says what its columns mean. Margins are those of XGBoost, bit for bit.
 */
#ifndef WARD_ML_TREES_TREES_H
#define WARD_ML_TREES_TREES_H

#include "base/rc.h"
#include "base/span.h"

enum {
	WARD_TREES_VERSION = 1,
	WARD_TREES_FEATURES_MAX = 32767, /* a slot is 16 bits, and each feature has two */
	WARD_TREES_TREES_MAX = 16384,
	WARD_TREES_GROUPS_MAX = 64,
	WARD_TREES_DEPTH_MAX = 64,
	WARD_TREES_POINTS_MAX = 4096,
	WARD_TREES_LEVELS_MAX = 16,
	WARD_TREES_CARD_MAX = 256,
	WARD_TREES_NAME_MAX = 15, /* of a schema or level: lower-case letters, digits, '_', '-' */
	WARD_TREES_FILE_MAX = 256 << 20,
	WARD_TREES_BLOCK = 16, /* rows that a batch has in work at once */
};

enum ward_trees_objective {
	WARD_TREES_REGRESSION = 0, /* the margin is the answer */
	WARD_TREES_BINARY = 1,	   /* its logistic is a probability */
	WARD_TREES_MULTI = 2,	   /* the softmax of the groups' margins are probabilities */
};

/* What stands in the file, read in place. */
struct ward_trees_tree {
	uint32_t first; /* node */
	uint32_t count;
	uint16_t depth; /* steps from the root to the deepest leaf */
	uint16_t group;
	float mean; /* what the tree says of an average row: the base of explanations */
};
struct ward_trees_node {
	uint32_t value; /* key of the threshold: go left when the row's key is below; of a leaf:
			   the bits of its value */
	uint16_t slot;	/* feature: missing goes left; features + feature: missing goes right;
			   2 * features: a leaf */
	uint16_t
		right; /* nodes from here to the right child, the left one follows it; of a leaf 0 */
};
struct ward_trees_point {
	float margin, probability;
};
struct ward_trees_level {
	char name[WARD_TREES_NAME_MAX + 1];
	float margin;	  /* at or above: this level's answer */
	uint32_t benign;  /* harmless rows it was measured on */
	uint32_t flagged; /* of them, so many were at or above: the false positive rate */
	uint32_t reserved;
};

/* An open model: a view into the file's bytes. Read only what this header says; nothing to free. */
struct ward_trees {
	const struct ward_trees_tree *trees;
	const struct ward_trees_node *nodes;
	const float *covers; /* of the nodes: weight of the training rows that came by */
	const struct ward_trees_point *points;
	const struct ward_trees_level *levels;
	uint32_t tree_count, node_count, point_count, level_count;
	uint32_t features, groups;
	uint16_t depth; /* of the deepest tree */
	float base;	/* margin before the first tree */
	enum ward_trees_objective objective;
	const char *schema; /* of the features, NUL-terminated in the file */
	uint32_t schema_version;
	const uint8_t *names;  /* SHA-256 of the features' names, each with a line feed */
	struct ward_span card; /* where the model card is: printable ASCII, may be empty */
};

/* A number whose order is that of the floats; both zeros have one. Of a missing value: none. */
static inline uint32_t
ward_trees_key(float x)
{
	uint32_t bits;

	x += 0.0f; /* of the zeros the positive one */
	memcpy(&bits, &x, sizeof(bits));
	return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

/* The threshold of an inner node, the value of a leaf. */
static inline float
ward_trees_threshold(const struct ward_trees_node *n)
{
	uint32_t bits = n->value ^ (n->value >> 31 ? 0x80000000u : 0xffffffffu);
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline float
ward_trees_leaf(const struct ward_trees_node *n)
{
	float x;

	memcpy(&x, &n->value, sizeof(x));
	return x;
}

/*
 * `file` is borrowed for as long as the model is used, and starts at a multiple of 8 (a mapping does).
 * WARD_E_FORMAT: damaged or hostile; WARD_E_UNSUPPORTED: another version, or a big-endian machine.
 */
enum ward_rc ward_trees_open(struct ward_span file, struct ward_trees *ret_trees) WARD_MUST_CHECK;

/* Words of scratch for `rows` rows at once; from WARD_TREES_BLOCK on it grows no more. */
size_t ward_trees_scratch(const struct ward_trees *t, size_t rows);

/* The margins (one for each group) of one row. `scratch`: ward_trees_scratch(t, 1). */
void ward_trees_margins(const struct ward_trees *t, const float *row, uint32_t *scratch,
			float *ret_margins);
/* The same for `count` rows one after the other; margins of a row stand together. `scratch`:
 * ward_trees_scratch(t, count). */
void ward_trees_batch(const struct ward_trees *t, const float *rows, size_t count,
		      uint32_t *scratch, float *ret_margins);

/* What XGBoost predicts from the margins of one row, in place: probabilities, or the margin itself.
 * Bit-equal where both use the same expf. */
void ward_trees_predict(const struct ward_trees *t, float *margins);

/* Calibrated probability of a margin (binary): by the table, linear between its points and flat outside;
 * without a table the logistic. */
float ward_trees_calibrate(const struct ward_trees *t, float margin);
/* The level of that name; NULL when none was measured. */
const struct ward_trees_level *ward_trees_level(const struct ward_trees *t, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a model file from trees in any order of their nodes: for importers and tests. */
#ifndef WARD_ML_TREES_WRITE_H
#define WARD_ML_TREES_WRITE_H

#include "base/buf.h"
#include "ml/trees/trees.h"

struct ward_trees_source_node {
	float value;	     /* threshold, or the leaf's value */
	float cover;	     /* weight of the training rows */
	uint32_t feature;    /* of an inner node */
	int32_t left, right; /* indices in the tree, the root is 0; a leaf has left < 0 */
	bool missing_left;
};
struct ward_trees_source {
	const struct ward_trees_source_node *nodes;
	size_t count; /* those that the root does not lead to are left out */
	uint32_t group;
};
/* All of it borrowed. */
struct ward_trees_about {
	const char *schema; /* of the features: id and version */
	uint32_t schema_version;
	uint32_t features;
	uint8_t names[32]; /* ward_trees_names_hash */
	enum ward_trees_objective objective;
	uint32_t groups; /* 1 unless WARD_TREES_MULTI */
	float base;	 /* margin */
	const struct ward_trees_point *points;
	size_t point_count;
	const struct ward_trees_level *levels; /* by rising margin */
	size_t level_count;
	const char *card; /* NULL: none */
};

/* SHA-256 of the names in their order, each followed by a line feed; WARD_E_FORMAT when one holds one. */
enum ward_rc ward_trees_names_hash(const char *const *names, size_t count,
				   uint8_t ret_hash[32]) WARD_MUST_CHECK;

/*
 * Appends the file to `out` (born with a maximum; empty before). Equal input, equal bytes. What is written
 * opens: WARD_E_FORMAT for what no model may say (a cycle, a feature that is not there, a level out of order),
 * WARD_E_LIMIT for too many or too deep trees, or a full buffer. On failure `out` is empty.
 */
enum ward_rc ward_trees_write(const struct ward_trees_about *about,
			      const struct ward_trees_source *trees, size_t count,
			      struct ward_buf *out) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing of a model is used before all of it was looked at. There are no offsets to lie about: the
 * sections follow each other by their counts. The nodes of a tree stand in the order of their levels,
 * so the children of its inner nodes, one after the other, must be exactly the nodes behind the root:
 * one pass shows that it is a tree, without cycle or sharing, and how deep it is.
 */
#include "ml/trees/trees.h"

#include "base/cursor.h"
#include "ml/trees/layout-priv.h"
#include "sys/digest.h"

static enum ward_rc
check_header(struct ward_span file)
{
	struct ward_cursor at = ward_cursor_of(file);
	struct ward_span magic = ward_cursor_bytes(&at, 8), body;
	uint32_t version = ward_cursor_u32le(&at), header = ward_cursor_u32le(&at);
	uint64_t length = ward_cursor_u64le(&at), zero = ward_cursor_u64le(&at);
	struct ward_span hash = ward_cursor_bytes(&at, WARD_SHA256_LEN);
	uint8_t mine[WARD_SHA256_LEN];
	enum ward_rc rc;

	if (!ward_cursor_ok(&at) || !ward_span_eq(magic, ward_span_str(WARD_TREES_MAGIC)))
		return WARD_E_FORMAT;
	if (version != WARD_TREES_VERSION || header != WARD_TREES_HEADER_LEN)
		return WARD_E_UNSUPPORTED;
	if (length != file.len || file.len > WARD_TREES_FILE_MAX || zero != 0)
		return WARD_E_FORMAT;
	body = ward_span_cut(file, WARD_TREES_HEADER_LEN, file.len);
	rc = ward_digest(WARD_SHA256, body, mine);
	if (rc != WARD_OK)
		return rc;
	return ward_span_eq(hash, ward_span_of(mine, sizeof(mine))) ? WARD_OK : WARD_E_FORMAT;
}

static float
read_float(struct ward_cursor *at)
{
	uint32_t bits = ward_cursor_u32le(at);
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* A name of 1 to WARD_TREES_NAME_MAX letters, zeros after it. */
static bool
is_name(const char *name)
{
	size_t len = 0, rest;

	while (len < WARD_TREES_NAME_MAX && name[len])
		len++;
	for (size_t i = 0; i < len; i++) {
		bool letter = (name[i] >= 'a' && name[i] <= 'z') ||
			      (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
			      name[i] == '-';
		if (!letter)
			return false;
	}
	for (rest = len; rest <= WARD_TREES_NAME_MAX && !name[rest];)
		rest++;
	return len > 0 && rest == WARD_TREES_NAME_MAX + 1;
}

/* The fixed part; where the sections stand goes to `sections`. */
static bool
read_about(struct ward_span file, struct ward_trees *t, struct ward_span *sections)
{
	struct ward_cursor at = ward_cursor_at(file, WARD_TREES_HEADER_LEN);
	uint32_t count[WARD_TREES_SECTIONS], objective, zero;
	uint64_t offset = WARD_TREES_HEADER_LEN + WARD_TREES_ABOUT_LEN;

	t->schema = (const char *)ward_cursor_bytes(&at, WARD_TREES_NAME_MAX + 1).data;
	t->schema_version = ward_cursor_u32le(&at);
	t->features = ward_cursor_u32le(&at);
	t->names = ward_cursor_bytes(&at, WARD_SHA256_LEN).data;
	objective = ward_cursor_u32le(&at);
	t->groups = ward_cursor_u32le(&at);
	t->base = read_float(&at);
	for (int i = 0; i < WARD_TREES_SECTIONS; i++) {
		uint64_t len =
			(uint64_t)(count[i] = ward_cursor_u32le(&at)) * ward_trees_entry_len[i];

		sections[i] = ward_span_cut(file, offset, len);
		if (!ward_span_has(file, offset, len))
			return false;
		offset += (len + 7) / 8 * 8;
	}
	zero = ward_cursor_u32le(&at);
	for (uint64_t left = WARD_TREES_HEADER_LEN + WARD_TREES_ABOUT_LEN - at.pos; left >= 4;
	     left -= 4)
		zero |= ward_cursor_u32le(&at);
	t->objective = (enum ward_trees_objective)objective;
	t->tree_count = count[WARD_TREES_SECTION_TREES];
	t->node_count = count[WARD_TREES_SECTION_NODES];
	t->point_count = count[WARD_TREES_SECTION_POINTS];
	t->level_count = count[WARD_TREES_SECTION_LEVELS];
	return ward_cursor_ok(&at) && offset == file.len && zero == 0 &&
	       objective <= WARD_TREES_MULTI && count[WARD_TREES_SECTION_COVERS] == t->node_count;
}

static bool
is_about_good(const struct ward_trees *t)
{
	return is_name(t->schema) && t->features >= 1 && t->features <= WARD_TREES_FEATURES_MAX &&
	       t->groups >= 1 && t->groups <= WARD_TREES_GROUPS_MAX &&
	       (t->objective == WARD_TREES_MULTI) == (t->groups > 1) &&
	       ward_trees_finite(t->base) && t->tree_count <= WARD_TREES_TREES_MAX &&
	       t->point_count <= WARD_TREES_POINTS_MAX && t->level_count <= WARD_TREES_LEVELS_MAX;
}

/* What fills up a section to a multiple of 8 is zero: a file says one thing in one way. */
static bool
is_padding_zero(struct ward_span file, const struct ward_span *sections)
{
	for (int i = 0; i < WARD_TREES_SECTIONS; i++) {
		struct ward_cursor at;

		if (!sections[i].data)
			continue;
		at = ward_cursor_at(file,
				    (uint64_t)(sections[i].data - file.data) + sections[i].len);
		while (at.pos % 8 != 0)
			if (ward_cursor_u8(&at) != 0)
				return false;
	}
	return true;
}

static bool
is_leaf_good(const struct ward_trees *t, const struct ward_trees_node *n, float cover)
{
	return n->slot == 2 * t->features && ward_trees_finite(ward_trees_leaf(n)) &&
	       ward_trees_finite(cover) && cover >= 0;
}

/* A threshold is finite, and zero has one key. */
static bool
is_split_good(const struct ward_trees *t, const struct ward_trees_node *n, float cover)
{
	float threshold = ward_trees_threshold(n);

	return n->slot < 2 * t->features && ward_trees_finite(threshold) &&
	       ward_trees_key(threshold) == n->value && ward_trees_finite(cover) && cover > 0;
}

/* The nodes of one tree, level by level; `next` is the node the next inner one must have as right child. */
static bool
is_tree_good(const struct ward_trees *t, const struct ward_trees_tree *tree)
{
	const struct ward_trees_node *nodes = t->nodes + tree->first;
	const float *covers = t->covers + tree->first;
	uint32_t next = 1, level_end = 1, depth = 0;

	for (uint32_t i = 0; i < tree->count; i++) {
		if (i == level_end) {
			level_end = next;
			depth++;
		}
		if (ward_trees_is_leaf(&nodes[i])) {
			if (!is_leaf_good(t, &nodes[i], covers[i]))
				return false;
			continue;
		}
		if (nodes[i].right != next - i || next + 1 >= tree->count ||
		    !is_split_good(t, &nodes[i], covers[i]))
			return false;
		next += 2;
	}
	return next == tree->count && depth == tree->depth && depth <= WARD_TREES_DEPTH_MAX;
}

static bool
are_trees_good(struct ward_trees *t)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < t->tree_count; i++) {
		const struct ward_trees_tree *tree = &t->trees[i];

		if (tree->first != first || tree->count == 0 ||
		    tree->count > t->node_count - first || tree->group >= t->groups ||
		    !ward_trees_finite(tree->mean) || !is_tree_good(t, tree))
			return false;
		first += tree->count;
		if (tree->depth > t->depth)
			t->depth = tree->depth;
	}
	return first == t->node_count;
}

static bool
are_points_good(const struct ward_trees *t)
{
	for (uint32_t i = 0; i < t->point_count; i++) {
		const struct ward_trees_point *p = &t->points[i];

		if (!ward_trees_finite(p->margin) || !(p->probability >= 0 && p->probability <= 1))
			return false;
		if (i > 0 && !(p[-1].margin < p->margin && p[-1].probability <= p->probability))
			return false;
	}
	return t->point_count == 0 || t->objective == WARD_TREES_BINARY;
}

/* From the loosest to the strictest: a higher margin cannot flag more. */
static bool
are_levels_good(const struct ward_trees *t)
{
	for (uint32_t i = 0; i < t->level_count; i++) {
		const struct ward_trees_level *l = &t->levels[i];

		if (!is_name(l->name) || !ward_trees_finite(l->margin) || l->benign == 0 ||
		    l->flagged > l->benign || l->reserved != 0 || ward_trees_level(t, l->name) != l)
			return false;
		if (i > 0 && l[-1].margin > l->margin)
			return false;
	}
	return t->level_count == 0 || t->objective == WARD_TREES_BINARY;
}

static bool
is_card_good(struct ward_span card)
{
	for (size_t i = 0; i < card.len; i++)
		if (card.data[i] < ' ' || card.data[i] > '~')
			return false;
	return card.len <= WARD_TREES_CARD_MAX;
}

enum ward_rc
ward_trees_open(struct ward_span file, struct ward_trees *ret_trees)
{
	struct ward_span sections[WARD_TREES_SECTIONS] = {{NULL, 0}};
	struct ward_trees t = {0};
	enum ward_rc rc = check_header(file);

	if (rc != WARD_OK)
		return rc;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return WARD_E_UNSUPPORTED;
	if ((uintptr_t)file.data % 8 != 0)
		return WARD_E_INVAL;
	if (!read_about(file, &t, sections) || !is_about_good(&t))
		return WARD_E_FORMAT;
	t.trees = (const void *)sections[WARD_TREES_SECTION_TREES].data;
	t.nodes = (const void *)sections[WARD_TREES_SECTION_NODES].data;
	t.covers = (const void *)sections[WARD_TREES_SECTION_COVERS].data;
	t.points = (const void *)sections[WARD_TREES_SECTION_POINTS].data;
	t.levels = (const void *)sections[WARD_TREES_SECTION_LEVELS].data;
	t.card = sections[WARD_TREES_SECTION_CARD];
	if (!is_padding_zero(file, sections) || !are_trees_good(&t) || !are_points_good(&t) ||
	    !are_levels_good(&t) || !is_card_good(t.card))
		return WARD_E_FORMAT;
	*ret_trees = t;
	return WARD_OK;
}

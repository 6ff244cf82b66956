/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/trees/write.h"

#include "ml/trees/layout-priv.h"
#include "sys/digest.h"

/* One place in the order of the levels: where the node came from, how deep it is. */
struct place {
	uint32_t source;
	uint32_t depth;
};

struct writer {
	const struct ward_trees_about *about;
	struct ward_buf trees, nodes, covers;
	struct ward_buf order; /* struct place, of the tree in work */
	struct ward_buf means; /* float, of the tree in work */
	uint32_t node_count;
};

static enum ward_rc
put_u32(struct ward_buf *out, uint32_t x)
{
	const uint8_t bytes[] = {(uint8_t)x, (uint8_t)(x >> 8), (uint8_t)(x >> 16),
				 (uint8_t)(x >> 24)};

	return ward_buf_append(out, bytes, sizeof(bytes));
}

static enum ward_rc
put_u16(struct ward_buf *out, unsigned x)
{
	const uint8_t bytes[] = {(uint8_t)x, (uint8_t)(x >> 8)};

	return ward_buf_append(out, bytes, sizeof(bytes));
}

static enum ward_rc
put_float(struct ward_buf *out, float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return put_u32(out, bits);
}

/* n bytes of `data`, then zeros up to `room`. */
static enum ward_rc
put_padded(struct ward_buf *out, const void *data, size_t n, size_t room)
{
	static const uint8_t zeros[64] = {0};
	enum ward_rc rc = ward_buf_append(out, data, n);

	for (; rc == WARD_OK && n < room; n++)
		rc = ward_buf_append(out, zeros, 1);
	return rc;
}

static enum ward_rc
queue(struct writer *w, int64_t source, uint32_t depth, size_t count)
{
	const struct place place = {(uint32_t)source, depth};

	if (source < 0 || (uint64_t)source >= count ||
	    w->order.len / sizeof(place) >= count) /* more than there are: a cycle */
		return WARD_E_FORMAT;
	if (depth > WARD_TREES_DEPTH_MAX)
		return WARD_E_LIMIT;
	return ward_buf_append(&w->order, &place, sizeof(place));
}

static enum ward_rc
put_value(struct ward_buf *out, const struct ward_trees_source_node *n)
{
	return n->left < 0 ? put_float(out, n->value) : put_u32(out, ward_trees_key(n->value));
}

/* One node at its place `i`; its children go to the end of the order. */
static enum ward_rc
put_node(struct writer *w, const struct ward_trees_source *tree, size_t i)
{
	const uint32_t features = w->about->features;
	const struct ward_trees_source_node *n;
	struct place at;
	size_t right = 0;
	enum ward_rc rc;

	memcpy(&at, w->order.data + i * sizeof(at), sizeof(at));
	n = &tree->nodes[at.source];
	rc = put_value(&w->nodes, n);
	if (rc == WARD_OK && n->left >= 0) {
		right = w->order.len / sizeof(at) - i;
		if (n->feature >= features)
			return WARD_E_FORMAT;
		if (right > UINT16_MAX)
			return WARD_E_LIMIT;
		rc = queue(w, n->right, at.depth + 1, tree->count);
		if (rc == WARD_OK)
			rc = queue(w, n->left, at.depth + 1, tree->count);
	}
	if (rc == WARD_OK)
		rc = put_u16(&w->nodes, n->left < 0	  ? 2 * features
					: n->missing_left ? n->feature
							  : features + n->feature);
	if (rc == WARD_OK)
		rc = put_u16(&w->nodes, (unsigned)right);
	return rc == WARD_OK ? put_float(&w->covers, n->cover) : rc;
}

static const struct ward_trees_source_node *
source_of(const struct writer *w, const struct ward_trees_source *tree, size_t i,
	  uint32_t *ret_depth)
{
	struct place at;

	memcpy(&at, w->order.data + i * sizeof(at), sizeof(at));
	*ret_depth = at.depth;
	return &tree->nodes[at.source];
}

/* From the last node to the root; children stand two by two in the order of their parents, the right
   one first. */
static enum ward_rc
mean_of(struct writer *w, const struct ward_trees_source *tree, float *ret_mean)
{
	size_t count = w->order.len / sizeof(struct place), child = count;
	float *mean;
	uint32_t depth;

	ward_buf_clear(&w->means);
	mean = (void *)ward_buf_reserve(&w->means, count * sizeof(float));
	if (!mean)
		return WARD_E_LIMIT;
	for (size_t i = count; i-- > 0;) {
		const struct ward_trees_source_node *n = source_of(w, tree, i, &depth);
		float sum;

		mean[i] = n->value;
		if (n->left < 0)
			continue;
		child -= 2;
		sum = mean[child + 1] * source_of(w, tree, child + 1, &depth)->cover;
		sum += mean[child] * source_of(w, tree, child, &depth)->cover;
		mean[i] = sum / n->cover;
	}
	*ret_mean = mean[0];
	return WARD_OK;
}

static enum ward_rc
put_tree(struct writer *w, const struct ward_trees_source *tree)
{
	uint32_t count, depth;
	float mean = 0;
	enum ward_rc rc;

	ward_buf_clear(&w->order);
	rc = queue(w, 0, 0, tree->count);
	for (size_t i = 0; rc == WARD_OK && i < w->order.len / sizeof(struct place); i++)
		rc = put_node(w, tree, i);
	if (rc == WARD_OK)
		rc = mean_of(w, tree, &mean);
	if (rc != WARD_OK)
		return rc;
	count = (uint32_t)(w->order.len / sizeof(struct place));
	(void)source_of(w, tree, count - 1, &depth);
	rc = put_u32(&w->trees, w->node_count);
	if (rc == WARD_OK)
		rc = put_u32(&w->trees, count);
	if (rc == WARD_OK)
		rc = put_u16(&w->trees, depth);
	if (rc == WARD_OK)
		rc = put_u16(&w->trees, tree->group & UINT16_MAX);
	w->node_count += count;
	return rc == WARD_OK ? put_float(&w->trees, mean) : rc;
}

static size_t
card_len(const struct ward_trees_about *about)
{
	return about->card ? strlen(about->card) : 0;
}

/* The description: 128 bytes. */
static enum ward_rc
put_about(const struct writer *w, struct ward_buf *out)
{
	const struct ward_trees_about *a = w->about;
	const uint32_t numbers[] = {
		(uint32_t)(w->trees.len / sizeof(struct ward_trees_tree)),
		w->node_count,
		w->node_count,
		(uint32_t)a->point_count,
		(uint32_t)a->level_count,
		(uint32_t)card_len(a),
	};
	size_t start = out->len;
	enum ward_rc rc = put_padded(out, a->schema, strlen(a->schema), WARD_TREES_NAME_MAX + 1);

	if (rc == WARD_OK)
		rc = put_u32(out, a->schema_version);
	if (rc == WARD_OK)
		rc = put_u32(out, a->features);
	if (rc == WARD_OK)
		rc = ward_buf_append(out, a->names, sizeof(a->names));
	if (rc == WARD_OK)
		rc = put_u32(out, (uint32_t)a->objective);
	if (rc == WARD_OK)
		rc = put_u32(out, a->groups);
	if (rc == WARD_OK)
		rc = put_float(out, a->base);
	for (size_t i = 0; rc == WARD_OK && i < sizeof(numbers) / sizeof(*numbers); i++)
		rc = put_u32(out, numbers[i]);
	return rc == WARD_OK ? put_padded(out, "", 0, WARD_TREES_ABOUT_LEN - (out->len - start))
			     : rc;
}

static enum ward_rc
put_points(const struct ward_trees_about *a, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < a->point_count; i++) {
		rc = put_float(out, a->points[i].margin);
		if (rc == WARD_OK)
			rc = put_float(out, a->points[i].probability);
	}
	return rc;
}

static enum ward_rc
put_levels(const struct ward_trees_about *a, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < a->level_count; i++) {
		const struct ward_trees_level *l = &a->levels[i];

		rc = put_padded(out, l->name, strnlen(l->name, sizeof(l->name)), sizeof(l->name));
		if (rc == WARD_OK)
			rc = put_float(out, l->margin);
		if (rc == WARD_OK)
			rc = put_u32(out, l->benign);
		if (rc == WARD_OK)
			rc = put_u32(out, l->flagged);
		if (rc == WARD_OK)
			rc = put_u32(out, l->reserved);
	}
	return rc;
}

static enum ward_rc
put_section(struct ward_buf *out, const void *data, size_t len)
{
	return put_padded(out, data ? data : "", len, (len + 7) / 8 * 8);
}

static enum ward_rc
put_body(const struct writer *w, struct ward_buf *out)
{
	enum ward_rc rc = put_about(w, out);

	if (rc == WARD_OK)
		rc = put_section(out, w->trees.data, w->trees.len);
	if (rc == WARD_OK)
		rc = put_section(out, w->nodes.data, w->nodes.len);
	if (rc == WARD_OK)
		rc = put_section(out, w->covers.data, w->covers.len);
	if (rc == WARD_OK)
		rc = put_points(w->about, out);
	if (rc == WARD_OK)
		rc = put_levels(w->about, out);
	return rc == WARD_OK ? put_section(out, w->about->card, card_len(w->about)) : rc;
}

static enum ward_rc
put_file(const struct writer *w, struct ward_buf *out)
{
	uint8_t *hash;
	enum ward_rc rc = put_padded(out, WARD_TREES_MAGIC, 8, WARD_TREES_HEADER_LEN);

	if (rc == WARD_OK)
		rc = put_body(w, out);
	if (rc != WARD_OK)
		return rc;
	out->data[8] = WARD_TREES_VERSION;
	out->data[12] = WARD_TREES_HEADER_LEN;
	for (unsigned i = 0; i < 8; i++)
		out->data[16 + i] = (uint8_t)((uint64_t)out->len >> (8 * i));
	hash = out->data + WARD_TREES_HASH_AT;
	return ward_digest(WARD_SHA256,
			   ward_span_cut(ward_buf_span(out), WARD_TREES_HEADER_LEN, out->len),
			   hash);
}

static enum ward_rc
write_all(struct writer *w, const struct ward_trees_source *trees, size_t count,
	  struct ward_buf *out)
{
	struct ward_trees opened;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < count; i++)
		rc = trees[i].group < w->about->groups ? put_tree(w, &trees[i]) : WARD_E_FORMAT;
	if (rc == WARD_OK)
		rc = put_file(w, out);
	return rc == WARD_OK ? ward_trees_open(ward_buf_span(out), &opened) : rc;
}

enum ward_rc
ward_trees_write(const struct ward_trees_about *about, const struct ward_trees_source *trees,
		 size_t count, struct ward_buf *out)
{
	struct writer w = {.about = about};
	enum ward_rc rc;

	if (count > WARD_TREES_TREES_MAX || about->point_count > WARD_TREES_POINTS_MAX ||
	    about->level_count > WARD_TREES_LEVELS_MAX || card_len(about) > WARD_TREES_CARD_MAX)
		return WARD_E_LIMIT;
	if (about->features == 0 || about->features > WARD_TREES_FEATURES_MAX ||
	    strlen(about->schema) > WARD_TREES_NAME_MAX)
		return WARD_E_FORMAT;
	ward_buf_init(&w.trees, WARD_TREES_FILE_MAX, NULL);
	ward_buf_init(&w.nodes, WARD_TREES_FILE_MAX, NULL);
	ward_buf_init(&w.covers, WARD_TREES_FILE_MAX, NULL);
	ward_buf_init(&w.order, WARD_TREES_FILE_MAX, NULL);
	ward_buf_init(&w.means, WARD_TREES_FILE_MAX, NULL);
	rc = write_all(&w, trees, count, out);
	if (rc != WARD_OK)
		ward_buf_clear(out);
	ward_buf_done(&w.trees);
	ward_buf_done(&w.nodes);
	ward_buf_done(&w.covers);
	ward_buf_done(&w.order);
	ward_buf_done(&w.means);
	return rc;
}

enum ward_rc
ward_trees_names_hash(const char *const *names, size_t count, uint8_t ret_hash[32])
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&text, 16 << 20, NULL);
	for (size_t i = 0; rc == WARD_OK && i < count; i++) {
		if (strchr(names[i], '\n'))
			return WARD_E_FORMAT;
		rc = ward_buf_str(&text, names[i]);
		if (rc == WARD_OK)
			rc = ward_buf_byte(&text, '\n');
	}
	return rc == WARD_OK ? ward_digest(WARD_SHA256, ward_buf_span(&text), ret_hash) : rc;
}

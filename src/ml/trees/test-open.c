/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile model is refused, whatever it lies about; each lie is sealed with a right digest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ml/trees/explain.h"
#include "ml/trees/layout-priv.h"
#include "ml/trees/testing.h"

enum { FEATURES = 3, ABOUT = WARD_TREES_HEADER_LEN, TREES_AT = ABOUT + WARD_TREES_ABOUT_LEN };

#define LEAF(v, c)                                                                                 \
	{                                                                                          \
		.value = (v), .cover = (c), .left = -1                                             \
	}
#define SPLIT(f, v, c, l)                                                                          \
	{                                                                                          \
		.feature = (f), .value = (v), .cover = (c), .left = (l), .right = (l) + 1          \
	}

static const struct ward_trees_source_node first[] = {
	SPLIT(2, 0.5f, 10, 1), SPLIT(0, -1.0f, 6, 3), LEAF(0.25f, 4), LEAF(-0.5f, 2), LEAF(1.0f, 4),
};
static const struct ward_trees_source_node second[] = {LEAF(0.125f, 10)};
static const struct ward_trees_source trees[] = {{first, 5, 0}, {second, 1, 0}};
static const struct ward_trees_point points[] = {{-1, 0.25f}, {1, 0.75f}};
static const struct ward_trees_level levels[] = {
	{.name = "high", .margin = 0.5f, .benign = 1000, .flagged = 1},
	{.name = "normal", .margin = 1.0f, .benign = 1000, .flagged = 0},
};
static const struct ward_trees_about about = {
	.schema = "elf",
	.schema_version = 3,
	.features = FEATURES,
	.objective = WARD_TREES_BINARY,
	.groups = 1,
	.base = -0.5f,
	.points = points,
	.point_count = 2,
	.levels = levels,
	.level_count = 2,
	.card = "elf-test.md",
};
enum {
	NODES_AT = TREES_AT + 2 * 16,
	COVERS_AT = NODES_AT + 6 * 8,
	POINTS_AT = COVERS_AT + 6 * 4,
	LEVELS_AT = POINTS_AT + 2 * 8,
	CARD_AT = LEVELS_AT + 2 * 32,
	FILE_LEN = CARD_AT + 16,
};

static void
make(struct ward_buf *file)
{
	ward_buf_init(file, WARD_TREES_FILE_MAX, NULL);
	assert_int_equal(ward_trees_write(&about, trees, 2, file), WARD_OK);
	assert_int_equal(file->len, FILE_LEN);
}

static void
test_good(void **state)
{
	struct ward_buf file;
	struct ward_trees t;
	float row[FEATURES] = {-2, 0, 0.25f}, margin;
	uint32_t scratch[2 * FEATURES + 1];

	(void)state;
	make(&file);
	assert_int_equal(ward_trees_open(ward_buf_span(&file), &t), WARD_OK);
	assert_string_equal(t.schema, "elf");
	assert_int_equal(t.schema_version, 3);
	assert_int_equal(t.features, FEATURES);
	assert_int_equal(t.depth, 2);
	assert_int_equal(t.tree_count, 2);
	assert_int_equal(t.node_count, 6);
	assert_true(ward_span_eq(t.card, ward_span_str("elf-test.md")));
	assert_true(ward_trees_level(&t, "normal")->margin == 1.0f);
	assert_int_equal(ward_trees_scratch(&t, 1), 2 * FEATURES + 1);
	ward_trees_margins(&t, row, scratch, &margin);
	assert_true(margin == -0.5f - 0.5f + 0.125f);
	row[2] = 0.5f; /* at the threshold: right */
	ward_trees_margins(&t, row, scratch, &margin);
	assert_true(margin == -0.5f + 0.25f + 0.125f);
	ward_buf_done(&file);
}

/* Opens a changed copy; what opens nevertheless is used, for the sanitizers to watch. */
static enum ward_rc
try_changed(uint8_t *file, size_t len, bool seal)
{
	static const float row[FEATURES] = {NAN, 1, -1};
	struct ward_trees t;
	enum ward_rc rc;

	if (seal)
		testing_seal(file, len);
	rc = ward_trees_open(ward_span_of(file, len), &t);
	if (rc == WARD_OK) {
		float margins[WARD_TREES_GROUPS_MAX], weights[64];
		uint32_t scratch[256];
		struct ward_trees_step steps[64];

		if (t.features != FEATURES)
			return rc;
		ward_trees_margins(&t, row, scratch, margins);
		assert_true(ward_trees_explain_scratch(&t) <= 256);
		assert_true(ward_trees_explain_steps(&t) <= 64);
		ward_trees_explain(&t, row, 0, scratch, steps, weights);
	}
	return rc;
}

struct change {
	size_t at;
	unsigned len;
	uint32_t value;
};

static enum ward_rc
change(const struct change *c)
{
	struct ward_buf file;
	enum ward_rc rc;

	make(&file);
	for (unsigned i = 0; i < c->len; i++)
		file.data[c->at + i] = (uint8_t)(c->value >> (8 * i));
	rc = try_changed(file.data, file.len, true);
	ward_buf_done(&file);
	return rc;
}

#define NAN_BITS       0x7fc00000u
#define INF_BITS       0x7f800000u
#define MINUS_ONE_BITS 0xbf800000u

static const struct change lies[] = {
	/* description */
	{ABOUT, 1, 'E'},	/* schema: no such letter */
	{ABOUT, 1, 0},		/* empty */
	{ABOUT + 15, 1, 'x'},	/* letters after its end */
	{ABOUT + 20, 4, 0},	/* features: none */
	{ABOUT + 20, 4, 2},	/* fewer than the nodes use */
	{ABOUT + 20, 4, 32768}, /* too many */
	{ABOUT + 20, 4, 0xffffffff},
	{ABOUT + 56, 4, 3}, /* objective */
	{ABOUT + 56, 4, 2}, /* classes with one group */
	{ABOUT + 56, 4, 0}, /* a regression with levels */
	{ABOUT + 60, 4, 0}, /* groups */
	{ABOUT + 60, 4, 2},
	{ABOUT + 64, 4, NAN_BITS}, /* base */
	{ABOUT + 68, 4, 1},	   /* counts: trees */
	{ABOUT + 68, 4, 3},
	{ABOUT + 68, 4, 0xffffffff},
	{ABOUT + 72, 4, 5},	     /* nodes */
	{ABOUT + 72, 4, 0x20000000}, /* times 8: 2^32 */
	{ABOUT + 76, 4, 5},	     /* covers */
	{ABOUT + 80, 4, 1},	     /* points */
	{ABOUT + 84, 4, 1},	     /* levels */
	{ABOUT + 88, 4, 17},	     /* card */
	{ABOUT + 92, 4, 1},	     /* what is zero */
	{ABOUT + 124, 4, 0x80000000},
	/* trees */
	{TREES_AT, 4, 1},     /* first */
	{TREES_AT + 4, 4, 0}, /* count */
	{TREES_AT + 4, 4, 4},
	{TREES_AT + 4, 4, 6},
	{TREES_AT + 4, 4, 0xffffffff},
	{TREES_AT + 8, 2, 1}, /* depth */
	{TREES_AT + 8, 2, 3},
	{TREES_AT + 8, 2, 0xffff},
	{TREES_AT + 10, 2, 1},	      /* group */
	{TREES_AT + 12, 4, INF_BITS}, /* mean */
	{TREES_AT + 16, 4, 4},	      /* the second one reaches into the first */
	{TREES_AT + 16, 4, 0xffffffff},
	/* nodes: 0 splits (1, 2), 2 splits (3, 4) */
	{NODES_AT, 4, NAN_BITS ^ 0x80000000u}, /* threshold: keys of what is not finite */
	{NODES_AT, 4, INF_BITS ^ 0x80000000u},
	{NODES_AT, 4, 0},
	{NODES_AT, 4, 0x7fffffff},	 /* minus zero, which has the key of zero */
	{NODES_AT + 4, 2, 2 * FEATURES}, /* a leaf's slot with children */
	{NODES_AT + 4, 2, 2 * FEATURES + 1},
	{NODES_AT + 4, 2, 0xffff},
	{NODES_AT + 6, 2, 0}, /* a leaf that has a feature */
	{NODES_AT + 6, 2, 2}, /* the children of another */
	{NODES_AT + 6, 2, 4}, /* outside of the tree */
	{NODES_AT + 6, 2, 0xffff},
	{NODES_AT + 16 + 6, 2, 0},
	{NODES_AT + 16 + 6, 2, 2},   /* reaches behind the tree's end */
	{NODES_AT + 8, 4, NAN_BITS}, /* a leaf's value */
	{NODES_AT + 8, 4, INF_BITS},
	{NODES_AT + 8 + 4, 2, 0},	/* reads a feature */
	{NODES_AT + 8 + 6, 2, 1},	/* shares the sibling */
	{NODES_AT + 32 + 6, 2, 1},	/* children of the next tree */
	{NODES_AT + 40 + 4, 2, 0xffff}, /* the tree that is a leaf */
	{NODES_AT + 40 + 6, 2, 1},
	/* covers */
	{COVERS_AT, 4, 0},
	{COVERS_AT, 4, NAN_BITS},
	{COVERS_AT + 8, 4, MINUS_ONE_BITS},
	{COVERS_AT + 20, 4, INF_BITS},
	/* points, levels, card */
	{POINTS_AT, 4, NAN_BITS},
	{POINTS_AT + 8, 4, 0xbf800000}, /* not rising */
	{POINTS_AT + 4, 4, MINUS_ONE_BITS},
	{POINTS_AT + 12, 4, 0x3e000000}, /* falling */
	{POINTS_AT + 12, 4, 0x40000000}, /* above 1 */
	{LEVELS_AT, 4, 0x20202020},	 /* name */
	{LEVELS_AT, 4, 0},
	{LEVELS_AT + 15, 1, 'x'},
	{LEVELS_AT + 16, 4, NAN_BITS},	 /* margin */
	{LEVELS_AT + 16, 4, 0x40000000}, /* falling */
	{LEVELS_AT + 20, 4, 0},		 /* measured on nothing */
	{LEVELS_AT + 24, 4, 1001},	 /* more flagged than measured */
	{LEVELS_AT + 28, 4, 1},
	{CARD_AT, 1, '\n'},
	{CARD_AT, 1, 0x80},
	{CARD_AT + 11, 1, 'x'}, /* filled up with something */
};

static void
test_lies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		if (change(&lies[i]) != WARD_E_FORMAT)
			fail_msg("lie %zu at %zu is believed", i, lies[i].at);
}

/* Any single wrong byte: refused by the digest; sealed, refused or harmless. */
static void
test_every_byte(void **state)
{
	struct ward_buf file;
	size_t believed = 0;

	(void)state;
	make(&file);
	for (size_t at = 0; at < file.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			uint8_t was = file.data[at], header[WARD_TREES_HEADER_LEN];

			memcpy(header, file.data, sizeof(header));
			file.data[at] ^= (uint8_t)(1u << bit);
			assert_int_not_equal(try_changed(file.data, file.len, false), WARD_OK);
			believed += try_changed(file.data, file.len, true) == WARD_OK;
			file.data[at] = was;
			memcpy(file.data, header, sizeof(header));
		}
	assert_true(believed > 0); /* thresholds and values may be anything finite */
	ward_buf_done(&file);
}

static void
test_length(void **state)
{
	struct ward_buf file;
	WARD_AUTO(ward_buf_done) struct ward_buf moved = {0};
	struct ward_trees t;
	uint8_t *at;

	(void)state;
	make(&file);
	for (size_t len = 0; len < file.len; len++) {
		struct ward_buf copy;

		ward_buf_init(&copy, file.len, NULL);
		assert_int_equal(ward_buf_append(&copy, file.data, len ? len : 1), WARD_OK);
		assert_int_not_equal(try_changed(copy.data, len, true), WARD_OK);
		ward_buf_done(&copy);
	}
	ward_buf_init(&moved, 2 * file.len, NULL);
	at = ward_buf_reserve(&moved, file.len + 8);
	assert_non_null(at);
	memset(at, 0, file.len + 8);
	memcpy(at, file.data, file.len);
	assert_int_equal(try_changed(at, file.len + 8, true), WARD_E_FORMAT); /* longer */
	memcpy(at + 4, file.data, file.len);
	assert_int_equal(ward_trees_open(ward_span_of(at + 4, file.len), &t), WARD_E_INVAL);
	file.data[8] = WARD_TREES_VERSION + 1;
	assert_int_equal(try_changed(file.data, file.len, true), WARD_E_UNSUPPORTED);
	ward_buf_done(&file);
}

static enum ward_rc
write_one(const struct ward_trees_source_node *nodes, size_t count)
{
	const struct ward_trees_source tree = {nodes, count, 0};
	struct ward_buf file;
	enum ward_rc rc;

	ward_buf_init(&file, WARD_TREES_FILE_MAX, NULL);
	rc = ward_trees_write(&about, &tree, 1, &file);
	if (rc != WARD_OK)
		assert_int_equal(file.len, 0);
	ward_buf_done(&file);
	return rc;
}

static void
test_write_refuses(void **state)
{
	const struct ward_trees_source_node cycle[] = {SPLIT(0, 1, 4, 1), SPLIT(0, 2, 2, 0),
						       LEAF(0, 2)};
	const struct ward_trees_source_node self[] = {{.cover = 1, .left = 0, .right = 0}};
	const struct ward_trees_source_node outside[] = {SPLIT(0, 1, 4, 1), LEAF(0, 2)};
	const struct ward_trees_source_node negative[] = {{.cover = 2, .left = 1, .right = -7},
							  LEAF(0, 1)};
	const struct ward_trees_source_node feature[] = {SPLIT(FEATURES, 1, 4, 1), LEAF(0, 2),
							 LEAF(0, 2)};
	const struct ward_trees_source_node nan_split[] = {SPLIT(0, NAN, 4, 1), LEAF(0, 2),
							   LEAF(0, 2)};
	const struct ward_trees_source_node infinite[] = {LEAF(INFINITY, 1)};
	struct ward_trees_source_node deep[2 * WARD_TREES_DEPTH_MAX + 3];
	size_t n = sizeof(deep) / sizeof(*deep);

	(void)state;
	assert_int_equal(write_one(cycle, 3), WARD_E_FORMAT);
	assert_int_equal(write_one(self, 1), WARD_E_FORMAT);
	assert_int_equal(write_one(outside, 2), WARD_E_FORMAT);
	assert_int_equal(write_one(negative, 2), WARD_E_FORMAT);
	assert_int_equal(write_one(feature, 3), WARD_E_FORMAT);
	assert_int_equal(write_one(nan_split, 3), WARD_E_FORMAT);
	assert_int_equal(write_one(infinite, 1), WARD_E_FORMAT);
	assert_int_equal(write_one(first, 0), WARD_E_FORMAT);
	for (size_t i = 0; i < n; i++) /* a chain: each left child is a leaf */
		deep[i] = (struct ward_trees_source_node){
			.cover = 1,
			.left = i % 2 == 0 && i + 2 < n ? (int32_t)i + 1 : -1,
			.right = i % 2 == 0 && i + 2 < n ? (int32_t)i + 2 : -1};
	assert_int_equal(write_one(deep, n), WARD_E_LIMIT);
	for (size_t i = n - 3; i < n; i++)
		deep[i].left = -1;
	assert_int_equal(write_one(deep, n), WARD_OK);
}

static void
test_names(void **state)
{
	static const char *const a[] = {"size", "entropy"}, *const b[] = {"size\nentropy"};
	uint8_t one[32], other[32];

	(void)state;
	assert_int_equal(ward_trees_names_hash(a, 2, one), WARD_OK);
	assert_int_equal(ward_trees_names_hash(a, 1, other), WARD_OK);
	assert_memory_not_equal(one, other, 32);
	assert_int_equal(ward_trees_names_hash(b, 1, other), WARD_E_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	      cmocka_unit_test(test_lies),
		cmocka_unit_test(test_every_byte),    cmocka_unit_test(test_length),
		cmocka_unit_test(test_write_refuses), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

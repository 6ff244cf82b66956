/* SPDX-License-Identifier: Apache-2.0 */
/* What XGBoost writes is read; what is evaluated in another way, or makes no sense, is refused with its place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "ml/xgboost/import.h"

/* As XGBoost 1.7.4 writes two small trees. */
static const char model[] =
	"{\"learner\":{\"attributes\":{},\"feature_names\":[],\"feature_types\":[],"
	"\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\","
	"\"num_trees\":\"2\",\"size_leaf_vector\":\"0\"},\"tree_info\":[0,0],\"trees\":["
	"{\"base_weights\":[1E-1,-2.5E-1,1.25E-1],\"categories\":[],\"categories_nodes\":[],"
	"\"categories_segments\":[],\"categories_sizes\":[],\"default_left\":[1,0,0],\"id\":0,"
	"\"left_children\":[1,-1,-1],\"loss_changes\":[1E0,0E0,0E0],\"parents\":[2147483647,0,0],"
	"\"right_children\":[2,-1,-1],\"split_conditions\":[5E-1,-2.5E-1,1.25E-1],"
	"\"split_indices\":[1,0,0],\"split_type\":[0,0,0],\"sum_hessian\":[4E0,1E0,3E0],"
	"\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"2\",\"num_nodes\":\"3\","
	"\"size_leaf_vector\":\"0\"}},"
	"{\"base_weights\":[5E-2],\"categories\":[],\"categories_nodes\":[],"
	"\"categories_segments\":[],\"categories_sizes\":[],\"default_left\":[0],\"id\":1,"
	"\"left_children\":[-1],\"loss_changes\":[0E0],\"parents\":[2147483647],"
	"\"right_children\":[-1],\"split_conditions\":[6.25E-2],\"split_indices\":[0],"
	"\"split_type\":[0],\"sum_hessian\":[4E0],\"tree_param\":{\"num_deleted\":\"0\","
	"\"num_feature\":\"2\",\"num_nodes\":\"1\",\"size_leaf_vector\":\"0\"}}]},"
	"\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"2.5E-1\","
	"\"boost_from_average\":\"1\",\"num_class\":\"0\",\"num_feature\":\"2\","
	"\"num_target\":\"1\"},\"objective\":{\"name\":\"binary:logistic\","
	"\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}}},\"version\":[1,7,4]}";

struct import {
	enum ward_rc rc;
	struct ward_buf file;
	struct ward_json_error error;
};

static struct import
import(struct ward_span json, size_t cap)
{
	static const char *const names[] = {"size", "entropy"};
	struct ward_trees_about about = {.schema = "elf", .schema_version = 2};
	struct ward_budget budget = {.cap = cap};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct import i;

	assert_non_null(arena);
	assert_int_equal(ward_trees_names_hash(names, 2, about.names), WARD_OK);
	ward_buf_init(&i.file, WARD_TREES_FILE_MAX, NULL);
	i.rc = ward_xgboost_import(json, &about, arena, &i.file, &i.error);
	ward_arena_free(arena);
	assert_int_equal(budget.used, 0);
	return i;
}

/* The model with the first `what` after `after` replaced. */
static struct import
changed(const char *after, const char *what, const char *with)
{
	struct ward_span text = ward_span_str(model);
	struct ward_buf json;
	struct import i;
	size_t at = ward_text_find(text, ward_span_str(after), 0);

	at = ward_text_find(text, ward_span_str(what), at);
	assert_true(at != SIZE_MAX);
	ward_buf_init(&json, 1 << 20, NULL);
	assert_int_equal(ward_buf_append(&json, model, at), WARD_OK);
	assert_int_equal(ward_buf_str(&json, with), WARD_OK);
	assert_int_equal(ward_buf_str(&json, model + at + strlen(what)), WARD_OK);
	i = import(ward_buf_span(&json), 1 << 20);
	ward_buf_done(&json);
	return i;
}

static void
test_good(void **state)
{
	struct import i = import(ward_span_str(model), 1 << 20);
	float row[] = {0, NAN}, margin;
	uint32_t scratch[5];
	struct ward_trees t;

	(void)state;
	if (i.rc != WARD_OK)
		fail_msg("%s at %zu", i.error.text, i.error.offset);
	assert_int_equal(ward_trees_open(ward_buf_span(&i.file), &t), WARD_OK);
	assert_int_equal(t.tree_count, 2);
	assert_int_equal(t.features, 2);
	assert_int_equal(t.objective, WARD_TREES_BINARY);
	assert_string_equal(t.schema, "elf");
	assert_true(t.base == -logf(1.0f / 0.25f - 1.0f));
	assert_true(t.trees[0].mean == (-0.25f * 1 + 0.125f * 3) / 4);
	ward_trees_margins(&t, row, scratch, &margin);
	assert_true(margin == t.base + -0.25f + 0.0625f);
	row[1] = 0.5f;
	ward_trees_margins(&t, row, scratch, &margin);
	assert_true(margin == t.base + 0.125f + 0.0625f);
	ward_buf_done(&i.file);
}

static const struct {
	const char *after, *what, *with;
	enum ward_rc rc;
} cases[] = {
	/* other forms of the same */
	{"default_left", "[1,0,0]", "[true,false,false]", WARD_OK},
	{"version", "[1,7,4]", "[2,1,0]", WARD_OK},
	{"", "binary:logistic", "reg:squarederror", WARD_OK},
	{"", "\"feature_names\":[]", "\"feature_names\":[\"size\",\"entropy\"]", WARD_OK},
	{"split_conditions", "5E-1", "0.5", WARD_OK},
	{"split_conditions", "5E-1", "1e-45", WARD_OK},
	/* evaluated in another way */
	{"version", "[1,7,4]", "[3,0,0]", WARD_E_UNSUPPORTED},
	{"", "\"gbtree\"", "\"dart\"", WARD_E_UNSUPPORTED},
	{"", "\"gbtree\"", "\"gblinear\"", WARD_E_UNSUPPORTED},
	{"", "binary:logistic", "rank:pairwise", WARD_E_UNSUPPORTED},
	{"split_type", "[0,0,0]", "[1,0,0]", WARD_E_UNSUPPORTED},
	{"", "\"categories_nodes\":[]", "\"categories_nodes\":[0]", WARD_E_UNSUPPORTED},
	{"right_children", "[2,-1,-1]", "[1,-1,-1]", WARD_E_UNSUPPORTED},
	{"left_children", "[1,-1,-1]", "[2,-1,-1]", WARD_E_UNSUPPORTED},
	/* other columns */
	{"", "\"feature_names\":[]", "\"feature_names\":[\"entropy\",\"size\"]", WARD_E_FORMAT},
	{"", "\"feature_names\":[]", "\"feature_names\":[\"size\"]", WARD_E_FORMAT},
	{"", "\"feature_names\":[]", "\"feature_names\":[1,2]", WARD_E_FORMAT},
	/* no trees */
	{"left_children", "[1,-1,-1]", "[0,-1,-1]", WARD_E_UNSUPPORTED},
	{"left_children\":[1", "[2,-1,-1]", "[2,-1,0]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[1,-1]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[1,-1,-1,-1]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[1.5,-1,-1]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[-2,-1,-1]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[1,\"-1\",null]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "[99999999999999999999,-1,-1]", WARD_E_FORMAT},
	{"left_children", "[1,-1,-1]", "{}", WARD_E_FORMAT},
	{"split_indices", "[1,0,0]", "[2,0,0]", WARD_E_FORMAT},
	{"split_indices", "[1,0,0]", "[4294967297,0,0]", WARD_E_FORMAT},
	{"split_conditions", "5E-1", "1E99", WARD_E_FORMAT},
	{"split_conditions", "5E-1", "\"0.5\"", WARD_E_FORMAT},
	{"split_conditions", "5E-1",
	 "0.50000000000000000000000000000000000000000000000000000000000000000", WARD_E_FORMAT},
	{"sum_hessian", "4E0", "0", WARD_E_FORMAT},
	{"sum_hessian", "4E0", "-4", WARD_E_FORMAT},
	{"", "[0,0],\"trees\"", "[0],\"trees\"", WARD_E_FORMAT},
	{"", "[0,0],\"trees\"", "[0,1],\"trees\"", WARD_E_FORMAT},
	{"", "[0,0],\"trees\"", "[0,-1],\"trees\"", WARD_E_FORMAT},
	{"", "\"trees\"", "\"forest\"", WARD_E_FORMAT},
	{"", "\"left_children\"", "\"right_children\"", WARD_E_FORMAT},
	{"base_score", "2.5E-1", "1", WARD_E_FORMAT},
	{"base_score", "2.5E-1", "0", WARD_E_FORMAT},
	{"base_score", "2.5E-1", "nan", WARD_E_FORMAT},
	{"base_score", "2.5E-1", "", WARD_E_FORMAT},
	{"base_score", "2.5E-1", "0.25 ", WARD_E_FORMAT},
	{"num_class", "\"0\"", "\"3\"", WARD_E_FORMAT},
	{"num_class", "\"0\"", "0", WARD_E_FORMAT},
	{"boost_from_average", "\"num_feature\":\"2\"", "\"num_feature\":\"0\"", WARD_E_LIMIT},
	{"boost_from_average", "\"num_feature\":\"2\"", "\"num_feature\":\"40000\"", WARD_E_LIMIT},
	{"", "{\"learner\"", "{\"teacher\"", WARD_E_FORMAT},
	{"", "{\"learner\"", "[{\"learner\"", WARD_E_FORMAT},
	{"version", "[1,7,4]", "[]", WARD_E_UNSUPPORTED},
	{"", "{\"learner\":{", "{\"learner\":{\"learner_model_param\":{},", WARD_E_FORMAT},
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
		struct import i = changed(cases[k].after, cases[k].what, cases[k].with);

		if (i.rc != cases[k].rc)
			fail_msg("%s -> %s: %s (%s)", cases[k].what, cases[k].with,
				 ward_rc_str(i.rc), i.error.text ? i.error.text : "-");
		if (i.rc != WARD_OK) {
			assert_non_null(i.error.text);
			assert_int_equal(i.file.len, 0);
		}
		ward_buf_done(&i.file);
	}
}

/* Cut anywhere, or without memory: refused, with nothing left behind. */
static void
test_cut(void **state)
{
	struct ward_span text = ward_span_str(model);

	(void)state;
	for (size_t len = 0; len < text.len; len++) {
		struct import i = import(ward_span_cut(text, 0, len), 1 << 20);

		assert_int_equal(i.rc, WARD_E_FORMAT);
		ward_buf_done(&i.file);
	}
	for (size_t cap = 1024; cap < 20000; cap += 512) {
		struct import i = import(text, cap);

		assert_true(i.rc == WARD_E_LIMIT || i.rc == WARD_OK);
		ward_buf_done(&i.file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

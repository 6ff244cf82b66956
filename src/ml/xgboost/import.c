/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/xgboost/import.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "sys/digest.h"

/* What is read, and what was wrong first. */
struct reader {
	struct ward_arena *arena;
	struct ward_json_error *error;
	enum ward_rc rc;
};

static void
fail(struct reader *r, const struct ward_json *at, enum ward_rc rc, const char *text)
{
	if (r->rc != WARD_OK)
		return;
	r->rc = rc;
	*r->error = (struct ward_json_error){at ? at->offset : 0, text};
}

/* The member of that name and kind; NULL after saying so. */
static const struct ward_json *
member(struct reader *r, const struct ward_json *object, const char *name, enum ward_json_kind kind)
{
	const struct ward_json *found = NULL;

	if (!object || object->kind != WARD_JSON_OBJECT)
		return NULL;
	for (const struct ward_json *m = object->first; m; m = m->next) {
		if (strcmp(m->name, name) != 0)
			continue;
		if (found)
			fail(r, m, WARD_E_FORMAT, "a name that stands twice");
		found = m;
	}
	if (found && found->kind == kind)
		return found;
	fail(r, found ? found : object, WARD_E_FORMAT,
	     found ? "another kind of value than XGBoost writes" : "something is missing here");
	return NULL;
}

static const struct ward_json *
object_in(struct reader *r, const struct ward_json *object, const char *name)
{
	return member(r, object, name, WARD_JSON_OBJECT);
}

static size_t
length(const struct ward_json *array)
{
	size_t n = 0;

	for (const struct ward_json *e = array ? array->first : NULL; e; e = e->next)
		n++;
	return n;
}

/* The nearest float, as XGBoost reads it; numbers only. */
static float
to_float(struct reader *r, const struct ward_json *at)
{
	char text[64], *end = text;
	float x = 0;

	if (at->text.len > 0 && at->text.len < sizeof(text)) {
		memcpy(text, at->text.data, at->text.len);
		text[at->text.len] = 0;
		x = strtof(text, &end);
	}
	if (end == text || (size_t)(end - text) != at->text.len || !isfinite(x))
		fail(r, at, WARD_E_FORMAT, "no number that fits");
	return x;
}

/* -1 is written for none. */
static int64_t
to_int(struct reader *r, const struct ward_json *at)
{
	uint64_t x = 0;

	if (at->kind == WARD_JSON_TRUE || at->kind == WARD_JSON_FALSE)
		return at->kind == WARD_JSON_TRUE;
	if (at->kind == WARD_JSON_NUMBER && ward_span_eq(at->text, ward_span_str("-1")))
		return -1;
	if ((at->kind != WARD_JSON_NUMBER && at->kind != WARD_JSON_STRING) ||
	    !ward_text_u64(at->text, &x) || x > INT32_MAX)
		fail(r, at, WARD_E_FORMAT, "no whole number that fits");
	return (int64_t)x;
}

/* A parameter: XGBoost writes them as texts. */
static int64_t
parameter(struct reader *r, const struct ward_json *object, const char *name)
{
	const struct ward_json *m = member(r, object, name, WARD_JSON_STRING);

	return m ? to_int(r, m) : 0;
}

/* An array of a tree's, one value a node. */
static const struct ward_json *
column(struct reader *r, const struct ward_json *tree, const char *name, size_t count)
{
	const struct ward_json *array = member(r, tree, name, WARD_JSON_ARRAY);

	if (array && length(array) != count)
		fail(r, array, WARD_E_FORMAT, "not one value for each node");
	return array ? array->first : NULL;
}

/* Splits by category are evaluated in another way. */
static void
refuse_categories(struct reader *r, const struct ward_json *tree)
{
	const struct ward_json *types = NULL, *nodes = NULL;

	for (const struct ward_json *m = tree->first; m; m = m->next) {
		if (strcmp(m->name, "split_type") == 0)
			types = m;
		if (strcmp(m->name, "categories_nodes") == 0)
			nodes = m;
	}
	for (const struct ward_json *e = types ? types->first : NULL; e; e = e->next)
		if (to_int(r, e) != 0)
			fail(r, e, WARD_E_UNSUPPORTED, "a split by categories");
	if (nodes && nodes->first)
		fail(r, nodes, WARD_E_UNSUPPORTED, "a split by categories");
}

/* XGBoost takes the node behind the left child for the right one, whatever is written. */
static void
read_node(struct reader *r, const struct ward_json *const *at, struct ward_trees_source_node *n)
{
	int64_t right;

	n->left = (int32_t)to_int(r, at[0]);
	right = to_int(r, at[1]);
	n->right = (int32_t)right;
	if (n->left >= 0 && right != (int64_t)n->left + 1)
		fail(r, at[1], WARD_E_UNSUPPORTED,
		     "a right child that does not follow the left one");
	if (n->left < 0 && right >= 0)
		fail(r, at[1], WARD_E_FORMAT, "a right child without a left one");
	n->feature = (uint32_t)(to_int(r, at[2]) & INT32_MAX);
	n->value = to_float(r, at[3]);
	n->missing_left = to_int(r, at[4]) == 1;
	n->cover = to_float(r, at[5]);
	for (int i = 3; i < 6; i += 2)
		if (at[i]->kind != WARD_JSON_NUMBER)
			fail(r, at[i], WARD_E_FORMAT, "no number");
}

static void
read_tree(struct reader *r, const struct ward_json *tree, struct ward_trees_source *ret)
{
	static const char *const names[] = {"left_children",	"right_children", "split_indices",
					    "split_conditions", "default_left",	  "sum_hessian"};
	enum { COLUMNS = sizeof(names) / sizeof(*names) };
	const struct ward_json *at[COLUMNS];
	size_t count = length(member(r, tree, names[0], WARD_JSON_ARRAY));
	struct ward_trees_source_node *nodes;

	if (r->rc == WARD_OK && count == 0)
		fail(r, tree, WARD_E_FORMAT, "a tree without nodes");
	for (int i = 0; i < COLUMNS; i++)
		at[i] = column(r, tree, names[i], count);
	nodes = r->rc == WARD_OK ? ward_arena_array(r->arena, count, sizeof(*nodes)) : NULL;
	if (!nodes) {
		fail(r, tree, WARD_E_LIMIT, NULL);
		return;
	}
	refuse_categories(r, tree);
	for (size_t i = 0; r->rc == WARD_OK && i < count; i++) {
		read_node(r, at, &nodes[i]);
		for (int k = 0; k < COLUMNS; k++)
			at[k] = at[k]->next;
	}
	*ret = (struct ward_trees_source){.nodes = nodes, .count = count};
}

static size_t
read_trees(struct reader *r, const struct ward_json *model, struct ward_trees_source **ret)
{
	const struct ward_json *trees = member(r, model, "trees", WARD_JSON_ARRAY);
	const struct ward_json *groups = member(r, model, "tree_info", WARD_JSON_ARRAY);
	const struct ward_json *tree, *group;
	size_t count = length(trees), i = 0;

	if (r->rc == WARD_OK && (length(groups) != count || count > WARD_TREES_TREES_MAX))
		fail(r, groups, count > WARD_TREES_TREES_MAX ? WARD_E_LIMIT : WARD_E_FORMAT,
		     "not one group for each tree, or too many trees");
	*ret = ward_arena_array(r->arena, count, sizeof(**ret));
	if (!*ret)
		fail(r, trees, WARD_E_LIMIT, NULL);
	if (r->rc != WARD_OK)
		return 0;
	for (tree = trees->first, group = groups->first; r->rc == WARD_OK && tree;
	     tree = tree->next, group = group->next, i++) {
		read_tree(r, tree, &(*ret)[i]);
		if (r->rc == WARD_OK)
			(*ret)[i].group = (uint32_t)(to_int(r, group) & INT32_MAX);
	}
	return count;
}

/* The objective, the number of groups, and the margin that base_score stands for. */
static void
read_objective(struct reader *r, const struct ward_json *learner, struct ward_trees_about *about)
{
	const struct ward_json *params = object_in(r, learner, "learner_model_param");
	const struct ward_json *base = member(r, params, "base_score", WARD_JSON_STRING);
	const struct ward_json *name =
		member(r, object_in(r, learner, "objective"), "name", WARD_JSON_STRING);
	int64_t classes = parameter(r, params, "num_class");

	about->features = (uint32_t)parameter(r, params, "num_feature");
	about->base = base ? to_float(r, base) : 0;
	about->groups = classes > 1 ? (uint32_t)classes : 1;
	if (r->rc != WARD_OK)
		return;
	if (ward_span_eq(name->text, ward_span_str("binary:logistic"))) {
		about->objective = WARD_TREES_BINARY;
		if (!(about->base > 0 && about->base < 1))
			fail(r, base, WARD_E_FORMAT, "no probability");
		about->base = -logf(1.0f / about->base - 1.0f);
	} else if (ward_span_starts(name->text, "multi:soft", 10) && classes > 1) {
		about->objective = WARD_TREES_MULTI;
	} else if (ward_span_eq(name->text, ward_span_str("reg:squarederror"))) {
		about->objective = WARD_TREES_REGRESSION;
	} else {
		fail(r, name, WARD_E_UNSUPPORTED, "an objective that is not evaluated here");
	}
	if ((about->objective == WARD_TREES_MULTI) != (classes > 1))
		fail(r, params, WARD_E_FORMAT, "classes that the objective does not have");
	if (about->features == 0 || about->features > WARD_TREES_FEATURES_MAX ||
	    about->groups > WARD_TREES_GROUPS_MAX)
		fail(r, params, WARD_E_LIMIT, "too many features or classes, or none");
}

static void
check_names(struct reader *r, const struct ward_json *learner, const struct ward_trees_about *about)
{
	const struct ward_json *array = NULL, *e;
	size_t i = 0, count;
	const char **names;
	uint8_t hash[WARD_SHA256_LEN] = {0};

	for (e = learner->first; e; e = e->next)
		if (strcmp(e->name, "feature_names") == 0)
			array = e;
	count = length(array);
	if (count == 0)
		return;
	names = ward_arena_array(r->arena, count, sizeof(*names));
	for (e = array->first; names && e; e = e->next) {
		if (e->kind != WARD_JSON_STRING)
			fail(r, e, WARD_E_FORMAT, "a name that is no text");
		names[i++] = e->kind == WARD_JSON_STRING ? (const char *)e->text.data : "";
	}
	if (!names || ward_trees_names_hash(names, count, hash) != WARD_OK)
		fail(r, array, WARD_E_LIMIT, NULL);
	else if (count != about->features || memcmp(hash, about->names, sizeof(hash)) != 0)
		fail(r, array, WARD_E_FORMAT, "other features than those of the schema");
}

static void
check_version(struct reader *r, const struct ward_json *root)
{
	const struct ward_json *version = member(r, root, "version", WARD_JSON_ARRAY);
	int64_t major = version && version->first ? to_int(r, version->first) : 0;

	if (version && major != 1 && major != 2)
		fail(r, version, WARD_E_UNSUPPORTED, "a version of XGBoost that is not known here");
}

static void
read_model(struct reader *r, const struct ward_json *root, struct ward_trees_about *about,
	   struct ward_buf *out)
{
	const struct ward_json *learner, *booster, *name, *model;
	struct ward_trees_source *trees = NULL;
	size_t count;
	enum ward_rc rc;

	if (root->kind != WARD_JSON_OBJECT)
		fail(r, root, WARD_E_FORMAT, "no object");
	check_version(r, root);
	learner = object_in(r, root, "learner");
	booster = object_in(r, learner, "gradient_booster");
	name = member(r, booster, "name", WARD_JSON_STRING);
	if (name && !ward_span_eq(name->text, ward_span_str("gbtree")))
		fail(r, name, WARD_E_UNSUPPORTED, "a booster that is not gbtree");
	read_objective(r, learner, about);
	model = object_in(r, booster, "model");
	if (r->rc == WARD_OK)
		check_names(r, learner, about);
	count = r->rc == WARD_OK ? read_trees(r, model, &trees) : 0;
	if (r->rc != WARD_OK)
		return;
	rc = ward_trees_write(about, trees, count, out);
	if (rc != WARD_OK)
		fail(r, model, rc, "trees that no model may have");
}

enum ward_rc
ward_xgboost_import(struct ward_span json, const struct ward_trees_about *about,
		    struct ward_arena *arena, struct ward_buf *out,
		    struct ward_json_error *ret_error)
{
	struct reader r = {.arena = arena, .error = ret_error};
	struct ward_trees_about mine = *about;
	struct ward_json *root = NULL;
	enum ward_rc rc;

	*ret_error = (struct ward_json_error){0, NULL};
	if (json.len > WARD_XGBOOST_TEXT_MAX) {
		ret_error->text = "too long";
		return WARD_E_LIMIT;
	}
	rc = ward_json_parse(json, arena, &root, ret_error);
	if (rc != WARD_OK)
		return rc;
	read_model(&r, root, &mine, out);
	return r.rc;
}

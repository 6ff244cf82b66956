/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XGBoost's own model (its JSON, as XGBoosterSaveModel writes it to *.json; 1.x from 1.3, 2.x) to the format of
 * ml/trees. Untrusted input. Read are gbtree boosters with numerical splits and one of the objectives
 * binary:logistic, reg:squarederror, multi:softprob, multi:softmax; whatever would be evaluated in another
 * way is refused, never guessed.
 * Source of the format: XGBoost's doc/model.schema and doc/tutorials/saving_model.rst.
 */
#ifndef WARD_ML_XGBOOST_IMPORT_H
#define WARD_ML_XGBOOST_IMPORT_H

#include "base/arena.h"
#include "ml/trees/write.h"
#include "policy/json/json.h"

enum { WARD_XGBOOST_TEXT_MAX = 512 << 20 };

/*
 * `about` gives what XGBoost does not know: schema, names, points, levels, card; its features, objective,
 * groups and base are taken from the model instead. Where the model names its features, their hash must be
 * about->names, or it was trained on other columns. `arena` pays for the tree of the JSON (about 100 bytes
 * for each number) and may be thrown away afterwards.
 * WARD_E_FORMAT: no such model; WARD_E_UNSUPPORTED: a kind nobody here evaluates; WARD_E_LIMIT: too large; then
 * *ret_error says what and where (its text is NULL when the arena is full) and `out` is empty.
 */
enum ward_rc ward_xgboost_import(struct ward_span json, const struct ward_trees_about *about,
				 struct ward_arena *arena, struct ward_buf *out,
				 struct ward_json_error *ret_error) WARD_MUST_CHECK;

#endif

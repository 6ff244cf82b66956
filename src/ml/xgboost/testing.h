/* SPDX-License-Identifier: Apache-2.0 */
/* XGBoost itself through its C API, for tests and benches: rows with everything that is awkward, small models, and
 * what the library predicts from them. Whatever fails ends the program. */
#ifndef WARD_ML_XGBOOST_TESTING_H
#define WARD_ML_XGBOOST_TESTING_H

#include "base/buf.h"
#include "ml/trees/trees.h"

struct rows {
	float *values; /* count x features, row by row */
	float *labels;
	size_t count;
	uint32_t features;
};

/* The next number of a seeded sequence (splitmix64). */
uint64_t ward_testing_random(uint64_t *state);
/* Labels follow some of the features; values have ties, missing ones, denormals, both zeros, huge ones; no
 * infinities, which XGBoost refuses. Classes: 0 for a regression. */
struct rows ward_testing_rows(uint64_t seed, size_t count, uint32_t features, uint32_t classes);
/* Puts thresholds of the model, and their neighbours, into a third of the values. */
void ward_testing_tie(struct rows *r, const struct ward_trees *t, uint64_t seed);
void ward_testing_rows_done(struct rows *r);

/* A trained booster (BoosterHandle) with NULL-ended pairs of parameters. */
void *ward_testing_train(const struct rows *r, const char *const *params, int rounds);
/* Its JSON, to be freed with ward_buf_done. */
struct ward_buf ward_testing_json(void *booster);
void ward_testing_booster_free(void *booster);

enum ward_testing_kind {
	WARD_TESTING_VALUE = 0,
	WARD_TESTING_MARGIN = 1,
	WARD_TESTING_WEIGHTS = 2
};
/* What XGBoost says of the rows; *ret_count floats, to be freed. */
float *ward_testing_predict(void *booster, const struct rows *r, enum ward_testing_kind kind,
			    size_t *ret_count);

#endif

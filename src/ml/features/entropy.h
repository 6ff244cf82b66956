/* SPDX-License-Identifier: Apache-2.0 */
/* What the extractors of executables share: entropies of parts that may overlap, and what is missing. */
#ifndef WARD_ML_FEATURES_ENTROPY_H
#define WARD_ML_FEATURES_ENTROPY_H

#include "base/span.h"

/* Bytes that may still be read: hostile files name the same bytes again and again. */
struct ward_feature_work {
	uint64_t left;
};

/* Entropy in bits per byte; NaN without bytes, or when the work is used up. */
float ward_feature_entropy(struct ward_feature_work *work, struct ward_span in);

struct ward_feature_moments {
	double min, max, sum, squares;
	size_t n;
};

/* NaN is not counted. */
void ward_moments_add(struct ward_feature_moments *m, double value);
/* Of all values, not of a sample; NaN without any. */
double ward_moments_mean(const struct ward_feature_moments *m);
double ward_moments_std(const struct ward_feature_moments *m);

/* Sets n columns to NaN. */
void ward_feature_missing(float *values, size_t n);
/* Shares of the 16 upper halves of bytes; NaN without bytes. */
void ward_feature_sixteenth(struct ward_span in, float ret_shares[16]);

#endif

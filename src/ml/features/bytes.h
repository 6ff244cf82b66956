/* SPDX-License-Identifier: Apache-2.0 */
/* Columns about the contents of a file as bytes and as strings. */
#ifndef WARD_ML_FEATURES_BYTES_H
#define WARD_ML_FEATURES_BYTES_H

#include "base/arena.h"
#include "ml/features/words.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_bytes_row {
#include "ml/features/bytes.def"
};
#undef WARD_FEATURES

/* Fills every column; `in` is cut to WARD_FEATURES_BYTES, but for the size. WARD_E_LIMIT: arena. */
enum ward_rc ward_bytes_row_make(struct ward_span in, struct ward_arena *arena,
				 struct ward_bytes_row *row) WARD_MUST_CHECK;

/* The columns about strings alone; all were zero before. */
void ward_strings_row_make(struct ward_span in, struct ward_bytes_row *row);

#endif

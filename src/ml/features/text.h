/* SPDX-License-Identifier: Apache-2.0 */
/* Columns about a text as source code, whatever its language: scripts, views of them, macros. */
#ifndef WARD_ML_FEATURES_TEXT_H
#define WARD_ML_FEATURES_TEXT_H

#include "ml/features/words.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_text_row {
#include "ml/features/text.def"
};
#undef WARD_FEATURES

/* Fills every column; linear in the text, no allocation. */
void ward_text_row_make(struct ward_span text, struct ward_text_row *row);

#endif

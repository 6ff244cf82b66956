/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a script. */
#ifndef WARD_ML_FEATURES_SCRIPT_ROW_H
#define WARD_ML_FEATURES_SCRIPT_ROW_H

#include "base/arena.h"
#include "formats/type.h"
#include "ml/features/bytes.h"
#include "ml/features/text.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_script_row {
	struct ward_bytes_row bytes;
	struct ward_text_row text;
	struct ward_text_row view;
#include "ml/features/script.def"
};
#undef WARD_FEATURES

/* True for the types that are scripts here. */
bool ward_script_row_takes(enum ward_type type);
/* Fills the row. WARD_E_LIMIT: arena. */
enum ward_rc ward_script_row_make(enum ward_type type, struct ward_span in,
				  struct ward_arena *arena,
				  struct ward_script_row *row) WARD_MUST_CHECK;

#endif

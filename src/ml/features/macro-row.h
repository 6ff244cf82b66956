/* SPDX-License-Identifier: Apache-2.0 */
/* The row of an Office document: what its macros look like, and what else it does. */
#ifndef WARD_ML_FEATURES_MACRO_ROW_H
#define WARD_ML_FEATURES_MACRO_ROW_H

#include "base/arena.h"
#include "formats/type.h"
#include "ml/features/text.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_macro_row {
	struct ward_text_row vba;
	struct ward_text_row view;
#include "ml/features/macro.def"
};
#undef WARD_FEATURES

/* Fills the row of a WARD_TYPE_OLE2 or WARD_TYPE_OOXML. WARD_E_LIMIT: arena. */
enum ward_rc ward_macro_row_make(enum ward_type type, struct ward_span in, struct ward_arena *arena,
				 struct ward_macro_row *row) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a PDF document. */
#ifndef WARD_ML_FEATURES_PDF_ROW_H
#define WARD_ML_FEATURES_PDF_ROW_H

#include "base/arena.h"
#include "ml/features/bytes.h"
#include "ml/features/text.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_pdf_row {
	struct ward_bytes_row bytes;
	struct ward_text_row js;
#include "ml/features/pdf.def"
};
#undef WARD_FEATURES

/* Fills the row. WARD_E_LIMIT: arena. */
enum ward_rc ward_pdf_row_make(struct ward_span in, struct ward_arena *arena,
			       struct ward_pdf_row *row) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a PE file. */
#ifndef WARD_ML_FEATURES_PE_ROW_H
#define WARD_ML_FEATURES_PE_ROW_H

#include "formats/pe/pe.h"
#include "ml/features/bytes.h"
#include "ml/features/entropy.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_pe_row {
	struct ward_bytes_row bytes;
#include "ml/features/pe.def"
};
#undef WARD_FEATURES

/* Fills the row. WARD_E_FORMAT: no PE file; WARD_E_LIMIT: arena. */
enum ward_rc ward_pe_row_make(struct ward_span in, struct ward_arena *arena,
			      struct ward_pe_row *row) WARD_MUST_CHECK;

/* Its parts: sections and the entry point; imports, exports and resources (WARD_E_LIMIT: arena). */
void ward_pe_row_sections(const struct ward_pe *pe, struct ward_feature_work *work,
			  struct ward_pe_row *row);
void ward_pe_row_entry(const struct ward_pe *pe, struct ward_feature_work *work,
		       struct ward_pe_row *row);
enum ward_rc ward_pe_row_tables(const struct ward_pe *pe, struct ward_arena *arena,
				struct ward_feature_work *work,
				struct ward_pe_row *row) WARD_MUST_CHECK;

#endif

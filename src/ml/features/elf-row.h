/* SPDX-License-Identifier: Apache-2.0 */
/* The row of an ELF file. */
#ifndef WARD_ML_FEATURES_ELF_ROW_H
#define WARD_ML_FEATURES_ELF_ROW_H

#include "formats/elf/elf.h"
#include "ml/features/bytes.h"
#include "ml/features/entropy.h"

#define WARD_FEATURES(name, count, unit, about, source) float name[count];
struct ward_elf_row {
	struct ward_bytes_row bytes;
#include "ml/features/elf.def"
};
#undef WARD_FEATURES

/* Fills the row. WARD_E_FORMAT: no ELF file; WARD_E_LIMIT: arena. */
enum ward_rc ward_elf_row_make(struct ward_span in, struct ward_arena *arena,
			       struct ward_elf_row *row) WARD_MUST_CHECK;

/* Its parts: sections; segments and the entry point; symbols and the loader's table. */
void ward_elf_row_sections(const struct ward_elf *elf, struct ward_feature_work *work,
			   struct ward_elf_row *row);
void ward_elf_row_segments(const struct ward_elf *elf, struct ward_feature_work *work,
			   struct ward_elf_row *row);
void ward_elf_row_symbols(const struct ward_elf *elf, struct ward_elf_row *row);

#endif

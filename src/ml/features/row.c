/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/row.h"

#include "ml/features/elf-row.h"
#include "ml/features/macro-row.h"
#include "ml/features/pdf-row.h"
#include "ml/features/pe-row.h"
#include "ml/features/script-row.h"

_Static_assert(sizeof(struct ward_elf_row) <= WARD_FEATURES_MAX * sizeof(float), "columns");
_Static_assert(sizeof(struct ward_script_row) <= WARD_FEATURES_MAX * sizeof(float), "columns");
_Static_assert(sizeof(struct ward_pe_row) <= WARD_FEATURES_MAX * sizeof(float), "columns");

static enum ward_rc
fill(enum ward_type type, struct ward_span in, struct ward_arena *arena, void *values)
{
	/* The structs are nothing but floats (the schema counts them). */
	if (type == WARD_TYPE_ELF)
		return ward_elf_row_make(in, arena, values);
	if (type == WARD_TYPE_PE)
		return ward_pe_row_make(in, arena, values);
	if (type == WARD_TYPE_PDF)
		return ward_pdf_row_make(in, arena, values);
	if (ward_script_row_takes(type))
		return ward_script_row_make(type, in, arena, values);
	return ward_macro_row_make(type, in, arena, values);
}

enum ward_rc
ward_row_make(enum ward_type type, struct ward_span in, struct ward_arena *arena,
	      struct ward_row *ret_row)
{
	struct ward_row row = {.schema = ward_schema_of_type(type)};
	struct ward_arena_mark mark;
	enum ward_rc rc;

	if (!row.schema)
		return WARD_E_UNSUPPORTED;
	row.values = ward_arena_array(arena, row.schema->columns, sizeof(float));
	if (!row.values)
		return WARD_E_LIMIT;
	rc = ward_schema_version(row.schema, &row.version);
	mark = ward_arena_save(arena);
	if (rc == WARD_OK)
		rc = fill(type, in, arena, row.values);
	ward_arena_restore(arena, mark);
	if (rc == WARD_OK)
		*ret_row = row;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says of which kind the rest is. */
#include <math.h>
#include <stdlib.h>

#include "ml/features/row.h"
#include "ml/features/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ward_type types[] = {
		WARD_TYPE_SHELL, WARD_TYPE_JAVASCRIPT, WARD_TYPE_POWERSHELL, WARD_TYPE_PHP,
		WARD_TYPE_PDF,	 WARD_TYPE_OLE2,       WARD_TYPE_OOXML,
	};
	struct ward_budget budget = {.cap = 64u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_row row;

	if (arena && size &&
	    ward_row_make(types[data[0] % (sizeof(types) / sizeof(types[0]))],
			  ward_span_of(data + 1, size - 1), arena, &row) == WARD_OK)
		for (size_t i = 0; i < row.schema->columns; i++)
			if (isinf(row.values[i]))
				abort();
	(void)ward_arena_free(arena);
	return 0;
}

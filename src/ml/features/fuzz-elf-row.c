/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "ml/features/elf-row.h"
#include "ml/features/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 64u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_row row;

	if (!arena)
		return 0;
	if (ward_row_make(WARD_TYPE_ELF, ward_span_of(data, size), arena, &row) == WARD_OK)
		for (size_t i = 0; i < row.schema->columns; i++)
			if (isinf(row.values[i]))
				abort();
	(void)ward_arena_free(arena);
	return 0;
}

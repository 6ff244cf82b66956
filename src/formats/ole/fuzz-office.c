/* SPDX-License-Identifier: Apache-2.0 */
/* The streams by themselves: a mutated container rarely leads to them. */
#include "base/cursor.h"
#include "formats/ole/office.h"
#include "formats/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 16 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = {.max_child = 1 << 20};
	struct ward_span in = ward_span_of(data, size);
	bool locked = false;

	if (!arena)
		return 0;
	(void)ward_office_word(in, &sink);
	(void)ward_office_excel(in, &sink);
	(void)!ward_office_powerpoint(in, arena, &sink, &locked);
	ward_office_link(in, &sink);
	(void)!ward_package_read(in, &sink);
	ward_arena_free(arena);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ishield/ishield.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 16 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = {.max_child = 1 << 20};

	if (!arena)
		return 0;
	(void)!ward_ishield_read(ward_span_of(data, size), arena, &sink);
	ward_arena_free(arena);
	return 0;
}

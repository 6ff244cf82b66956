/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/elf-stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_fact(void *ctx, const char *key, const char *value)
{
	*(size_t *)ctx += strlen(key) + strlen(value);
}

/* Every byte of a child must be readable. */
static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	size_t i;

	for (i = 0; i < child->bytes.len; i += 64)
		*(size_t *)ctx += child->bytes.data[i];
	return WARD_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 64u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	size_t sum = 0;
	const struct ward_sink sink = {.ctx = &sum, .fact = on_fact, .child = on_child};
	struct ward_elf_stats stats;
	struct ward_elf *elf;
	enum ward_rc rc;

	if (!arena)
		return 0;
	rc = ward_elf_read(ward_span_of(data, size), arena, &sink);
	if (rc == WARD_OK && ward_elf_parse(ward_span_of(data, size), arena, &elf) == WARD_OK) {
		ward_elf_stats_make(elf, &stats);
		sum += (size_t)(stats.num_symbols > 0);
	}
	ward_arena_free(arena);
	return rc == WARD_E_INVAL ? -1 : 0;
}

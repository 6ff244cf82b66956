/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "formats/zip/zip.h"

enum { CAP = 16 << 20, PRODUCED_MAX = 4 << 20 };

static uint64_t produced_total;

static enum ward_rc
count(void *ctx, uint64_t produced, uint64_t consumed)
{
	(void)ctx;
	(void)consumed;
	produced_total += produced + 64;
	return produced_total > PRODUCED_MAX ? WARD_E_LIMIT : WARD_OK;
}

/* Copies, so that the sanitizer sees a span that reaches too far. */
static enum ward_rc
touch(void *ctx, const struct ward_child *child)
{
	uint8_t *copy = malloc(child->bytes.len + strlen(child->name) + 1);

	(void)ctx;
	if (copy && child->bytes.len)
		memcpy(copy, child->bytes.data, child->bytes.len);
	free(copy);
	return WARD_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = CAP};
	struct ward_sink sink = {.child = touch, .charge = count, .max_child = 1 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);

	produced_total = 0;
	if (arena && ward_zip_read(ward_span_of(data, size), arena, &sink, NULL) == WARD_E_INVAL)
		abort();
	arena = ward_arena_free(arena);
	if (budget.used)
		abort();
	return 0;
}

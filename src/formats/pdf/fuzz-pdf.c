/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "formats/pdf/keywords.h"
#include "formats/pdf/pdf.h"

enum { CAP = 32 << 20, PRODUCED_MAX = 16 << 20 };

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

static void
take_fact(void *ctx, const char *key, const char *value)
{
	(void)ctx;
	if (strlen(key) + strlen(value) > 4096)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = CAP};
	struct ward_sink sink = {
		.child = touch, .charge = count, .fact = take_fact, .max_child = 4 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_pdf_keywords keywords;

	produced_total = 0;
	ward_pdf_keywords_count(ward_span_of(data, size), &keywords);
	if (arena && ward_pdf_read(ward_span_of(data, size), arena, &sink) == WARD_E_INVAL)
		abort();
	arena = ward_arena_free(arena);
	if (budget.used)
		abort();
	return 0;
}

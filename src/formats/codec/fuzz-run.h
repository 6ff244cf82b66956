/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers of this and its neighbour folders share: runs a reader with
 * a small budget and a sink that reads every byte it is given. */
#ifndef WARD_FORMATS_CODEC_FUZZ_RUN_H
#define WARD_FORMATS_CODEC_FUZZ_RUN_H

#include <stdlib.h>

#include "formats/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_run {
	uint64_t made;
	uint64_t sum;
};

static enum ward_rc
fuzz_child(void *ctx, const struct ward_child *child)
{
	struct fuzz_run *run = ctx;

	if (!child->name || !*child->name)
		abort();
	for (size_t i = 0; i < child->bytes.len; i++)
		run->sum += child->bytes.data[i];
	run->made += child->bytes.len;
	return run->made > (64u << 20) ? WARD_E_LIMIT : WARD_OK;
}

static void
fuzz_fact(void *ctx, const char *key, const char *value)
{
	((struct fuzz_run *)ctx)->sum += strlen(key) + strlen(value);
}

static void
fuzz_gap(void *ctx, const char *name, enum ward_reason why)
{
	((struct fuzz_run *)ctx)->sum += (name ? strlen(name) : 0) + strlen(ward_reason_name(why));
}

static enum ward_rc
fuzz_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	struct fuzz_run *run = ctx;

	(void)consumed;
	run->made += produced;
	return run->made > (64u << 20) ? WARD_E_LIMIT : WARD_OK;
}

static inline int
fuzz_reader(ward_reader reader, const uint8_t *data, size_t size)
{
	struct fuzz_run run = {0, 0};
	struct ward_budget budget = {.cap = 16u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = {.ctx = &run,
				 .child = fuzz_child,
				 .gap = fuzz_gap,
				 .fact = fuzz_fact,
				 .charge = fuzz_charge};

	if (!arena)
		return 0;
	(void)reader(ward_span_of(data, size), arena, &sink);
	ward_arena_free(arena);
	if (budget.used)
		abort();
	return 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a delta behind a header that is made right where it can be: the lengths. A fixed base. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

#include "intel/delta/delta-priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BASE = 4096, RESULT_MAX = 1 << 20 };

static enum ward_rc
count(void *ctx, struct ward_span bytes)
{
	uint64_t *sum = ctx;

	*sum += bytes.len;
	return WARD_OK;
}

static void
put(uint8_t *at, uint64_t value)
{
	for (size_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t base[BASE];
	struct ward_delta d;
	uint64_t written = 0;
	uint8_t *copy;

	for (size_t i = 0; i < BASE; i++)
		base[i] = (uint8_t)(i * 7 >> 3);
	(void)!ward_delta_read(ward_span_of(data, size), &d);
	if (size < WARD_DELTA_HEADER)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	memcpy(copy, WARD_DELTA_MAGIC "\1\0\0\0\0\0\0\0", 16);
	put(copy + 16, BASE);
	put(copy + 24,
	    ZSTD_getFrameContentSize(copy + WARD_DELTA_HEADER, size - WARD_DELTA_HEADER));
	if (ward_delta_read(ward_span_of(copy, size), &d) == WARD_OK)
		(void)!ward_delta_apply(&d, ward_span_of(base, BASE), RESULT_MAX, count, &written);
	if (written > RESULT_MAX)
		abort();
	free(copy);
	return 0;
}

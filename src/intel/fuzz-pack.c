/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a pack whose header and section table are made right (id, length), so that what is
 * behind them is reached. YARA sections stay guarded by their digests.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "intel/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	size_t *sum = ctx;

	*sum += strlen(hit->threat);
	return true;
}

/* A damaged table may ask for millions of steps; the clock ends them. */
static bool
expired(void *ctx)
{
	unsigned *asked = ctx;

	return ++*asked > 2;
}

static void
mend(uint8_t *pack, size_t size)
{
	size_t sections = pack[12] % (WARD_PACK_MAX_SECTIONS + 1);
	struct ward_span runs[2] = {ward_span_of(pack, 24)};

	memcpy(pack, "WARDPACK\1\0\0\0", 12);
	ward_table_put(pack + 12, sections, 4);
	ward_table_put(pack + 16, size, 8);
	ward_table_put(pack + 24, 0, 8);
	runs[1] = ward_span_cut(ward_span_of(pack, size), WARD_PACK_HEADER,
				sections * WARD_PACK_SECTION);
	if (ward_digest_runs(WARD_SHA256, runs, 2, pack + WARD_PACK_ID_AT) != WARD_OK)
		abort();
}

static void
use(const struct ward_pack *p, struct ward_span bytes)
{
	struct ward_digests digests = ward_digests_of(bytes);
	unsigned asked = 0;
	struct ward_match_object o = {.expired = expired,
				      .ctx = &asked,
				      .bytes = bytes,
				      .digests = &digests,
				      .type = WARD_TYPE_TEXT};
	struct ward_buf out;
	size_t count, sum = 0;
	struct ward_matcher *const *matchers = ward_pack_matchers(p, &count);

	for (size_t i = 0; i < count; i++)
		(void)!ward_matcher_scan(matchers[i], &o, on_hit, &sum);
	ward_buf_init(&out, 1 << 20, NULL);
	(void)!ward_pack_describe(p, &out);
	ward_buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_pack *p;
	uint8_t *copy;

	if (size < WARD_PACK_HEADER)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	mend(copy, size);
	(void)!ward_pack_verify(ward_span_of(copy, size));
	if (ward_pack_open(ward_span_of(copy, size), &p) == WARD_OK) {
		use(p, ward_span_of(data, size));
		ward_pack_free(p);
	}
	free(copy);
	return 0;
}

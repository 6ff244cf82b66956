/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged streams end in an error, and no stream makes more than the buffer's maximum. */
#include <stdlib.h>

#include "sys/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_OUT = 1 << 20 };

static enum ward_rc
charge(void *ctx, uint64_t produced)
{
	uint64_t *total = ctx;

	*total += produced;
	return *total > MAX_OUT / 2 ? WARD_E_LIMIT : WARD_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 4 * MAX_OUT};
	uint64_t total = 0;

	for (int wrap = WARD_INFLATE_RAW; wrap <= WARD_INFLATE_ZLIB; wrap++) {
		struct ward_buf out;
		enum ward_rc rc;

		ward_buf_init(&out, MAX_OUT, &budget);
		rc = ward_inflate((enum ward_inflate_wrap)wrap, ward_span_of(data, size), &out,
				  size & 1 ? charge : NULL, &total);
		if (out.len > MAX_OUT || (rc == WARD_OK && size == 0))
			abort();
		ward_buf_done(&out);
	}
	return 0;
}

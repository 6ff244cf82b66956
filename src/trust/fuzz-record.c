/* SPDX-License-Identifier: Apache-2.0 */
/* Records: whatever is taken is written again byte by byte. */
#include <stdlib.h>

#include "trust/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WARD_AUTO(ward_buf_done) struct ward_buf again = {0};
	struct ward_budget budget = {.cap = 128 * size + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_refusal refusal;
	struct ward_trust_record r;
	enum ward_rc rc;

	if (!arena)
		return 0;
	rc = ward_trust_record_decode(ward_span_of(data, size), arena, &r, &refusal);
	if (rc == WARD_E_LIMIT)
		abort(); /* the contract says what suffices */
	if (rc)
		return 0;
	ward_buf_init(&again, size, NULL);
	if (ward_trust_record_encode(&r, &again, &refusal) || again.len != size ||
	    memcmp(again.data, data, size) != 0)
		abort();
	return 0;
}

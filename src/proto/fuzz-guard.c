/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both messages; what was accepted must be accepted again after a round trip. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = (size_t)4 * WARD_GUARD_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	static struct ward_guard_reply once, twice;
	enum ward_guard_operation operation;
	struct ward_buf out;

	if (!arena)
		return 0;
	ward_buf_init(&out, 64 * 1024, NULL);
	if (ward_guard_reply_decode(ward_span_of(data, size), arena, &once) == WARD_OK &&
	    ward_guard_reply_encode(&once, arena, &out) == WARD_OK &&
	    ward_guard_reply_decode(ward_buf_span(&out), arena, &twice) != WARD_OK)
		__builtin_trap();
	ward_buf_clear(&out);
	if (ward_guard_ask_decode(ward_span_of(data, size), arena, &operation) == WARD_OK &&
	    (ward_guard_ask_encode(operation, &out) != WARD_OK ||
	     ward_guard_ask_decode(ward_buf_span(&out), arena, &operation) != WARD_OK))
		__builtin_trap();
	ward_buf_done(&out);
	(void)ward_arena_free(arena);
	return 0;
}

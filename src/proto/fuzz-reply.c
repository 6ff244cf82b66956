/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a client accepts from a scanner must hold together, and survive a round trip. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = WARD_PROTO_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_proto_reply once = {0}, twice = {0};
	struct ward_buf out;

	if (!arena)
		return 0;
	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	if (ward_proto_reply_decode(ward_span_of(data, size), arena, &once) == WARD_OK) {
		if (once.result->gap_count && once.result->verdict < WARD_NOT_SCANNED)
			__builtin_trap();
		if (ward_proto_reply_encode(&once, arena, &out) == WARD_OK &&
		    ward_proto_reply_decode(ward_buf_span(&out), arena, &twice) != WARD_OK)
			__builtin_trap();
	}
	(void)ward_result_free(once.result);
	(void)ward_result_free(twice.result);
	ward_buf_done(&out);
	(void)ward_arena_free(arena);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted must be accepted again after a round trip. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = WARD_PROTO_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_proto_request once, twice;
	struct ward_buf out;

	if (!arena)
		return 0;
	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	if (ward_proto_request_decode(ward_span_of(data, size), arena, &once) == WARD_OK &&
	    (ward_proto_request_encode(&once, &out) != WARD_OK ||
	     ward_proto_request_decode(ward_buf_span(&out), arena, &twice) != WARD_OK))
		__builtin_trap();
	ward_buf_done(&out);
	(void)ward_arena_free(arena);
	return 0;
}

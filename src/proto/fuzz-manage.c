/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/manage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both messages; what was accepted must be accepted again after a round trip. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = (size_t)4 * WARD_MANAGE_ARENA};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_manage_request request;
	struct ward_manage_reply reply;
	struct ward_buf out;

	if (!arena)
		return 0;
	ward_buf_init(&out, 64 * 1024, NULL);
	if (ward_manage_reply_decode(ward_span_of(data, size), arena, &reply) == WARD_OK &&
	    ward_manage_reply_encode(&reply, arena, &out) == WARD_OK &&
	    ward_manage_reply_decode(ward_buf_span(&out), arena, &reply) != WARD_OK)
		__builtin_trap();
	ward_buf_clear(&out);
	if (ward_manage_request_decode(ward_span_of(data, size), arena, &request) == WARD_OK &&
	    (ward_manage_request_encode(&request, &out) != WARD_OK ||
	     ward_manage_request_decode(ward_buf_span(&out), arena, &request) != WARD_OK))
		__builtin_trap();
	ward_buf_done(&out);
	(void)ward_arena_free(arena);
	return 0;
}

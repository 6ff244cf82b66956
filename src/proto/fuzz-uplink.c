/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says which way the message goes and how many descriptors came; what was accepted
 * must be encodable, and accepted again. */
#include "proto/uplink.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
request(struct ward_span in, size_t fds, struct ward_arena *arena, struct ward_buf *out)
{
	ward_uplink_request *r;

	if (ward_uplink_request_decode(in, fds, arena, &r, NULL))
		return;
	if (ward_uplink_request_encode(r, out) != WARD_OK ||
	    ward_uplink_request_decode(ward_buf_span(out), fds, arena, &r, NULL) != WARD_OK)
		abort();
}

static void
reply(struct ward_span in, size_t fds, struct ward_arena *arena, struct ward_buf *out)
{
	ward_uplink_reply *r;

	if (ward_uplink_reply_decode(in, fds, arena, &r, NULL))
		return;
	if (ward_uplink_reply_encode(r, out) != WARD_OK ||
	    ward_uplink_reply_decode(ward_buf_span(out), fds, arena, &r, NULL) != WARD_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 4 * (size_t)WARD_UPLINK_ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_span in;

	/* fields may grow a little: unknown ones and long forms of numbers are written anew */
	if (size == 0 || size > WARD_UPLINK_MESSAGE_MAX / 2 || !arena)
		return 0;
	ward_buf_init(&out, WARD_UPLINK_MESSAGE_MAX, NULL);
	in = ward_span_of(data + 1, size - 1);
	if (data[0] & 1)
		reply(in, data[0] >> 7, arena, &out);
	else
		request(in, data[0] >> 6, arena, &out);
	return 0;
}

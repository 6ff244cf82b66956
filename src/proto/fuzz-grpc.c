/* SPDX-License-Identifier: Apache-2.0 */
/* A stream in one piece and in pieces of the size of the first byte must give the same messages. */
#include "proto/grpc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
sum_of(struct ward_span stream, size_t piece)
{
	struct ward_grpc_deframer d;
	uint64_t sum = 0;
	enum ward_rc rc = WARD_E_NOENT;

	ward_grpc_deframer_init(&d, 4096, NULL);
	for (size_t at = 0; at < stream.len && rc == WARD_E_NOENT; at += piece) {
		struct ward_span in = ward_span_cut(stream, at, piece), message;

		while (!(rc = ward_grpc_deframe(&d, &in, &message)))
			for (size_t i = 0; i <= message.len; i++)
				sum = sum * 31 + (i < message.len ? message.data[i] : 257);
	}
	sum = sum * 31 + (uint64_t)-rc;
	ward_grpc_deframer_done(&d);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span all = ward_span_of(data, size);
	char text[64];
	uint64_t usec;

	if (size == 0)
		return 0;
	if (sum_of(ward_span_cut(all, 1, size), size) !=
	    sum_of(ward_span_cut(all, 1, size), 1 + data[0]))
		abort();
	ward_grpc_message_decode(all, text, sizeof(text));
	if (!ward_grpc_timeout_parse(all, &usec) && usec > UINT64_C(360000000000000000))
		abort();
	return 0;
}

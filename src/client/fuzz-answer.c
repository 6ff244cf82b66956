/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service may send in answer to a look-up of two files, in pieces: framing, decoding, and
 * whether it fits the question. Whatever is let through must be of the question.
 */
#include "client/answer.h"

#include <stdlib.h>

#include "proto/grpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t digest[32] = {0xaa, 0xbb, 0xcc, 0xdd};

static void
check(const Ward__V1__LookupRequest *request, struct ward_span message)
{
	struct ward_budget budget = {.cap = 24 * message.len + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__LookupReply *reply;
	const Ward__V1__FileVerdict *v;

	if (!arena ||
	    ward_wire_decode(&ward__v1__lookup_reply__descriptor, message, arena, &reply, NULL) ||
	    ward_answer_refuse(request, reply))
		return;
	v = ward_answer_find(reply, 0, digest, NULL);
	if (v && (v->query != 0 || v->verdict == 0))
		abort();
	v = ward_answer_find(reply, 1, digest, NULL);
	if (v && (v->query != 1 || memcmp(v->sha256.data, digest, 32) != 0))
		abort();
	if (ward_answer_find(reply, 2, digest, NULL))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	Ward__V1__FileQuery whole = WARD__V1__FILE_QUERY__INIT, prefix = WARD__V1__FILE_QUERY__INIT;
	Ward__V1__FileQuery *files[] = {&whole, &prefix};
	struct ward_grpc_deframer deframer;
	struct ward_span message, in = {data, size};

	whole.sha256 = (ProtobufCBinaryData){32, digest};
	prefix.prefix = (ProtobufCBinaryData){3, digest};
	request.files = files;
	request.n_files = 2;
	check(&request, in); /* as a message of its own, so that the framing hides nothing */
	ward_grpc_deframer_init(&deframer, 1 << 20, NULL);
	while (in.len > 0) {
		struct ward_span piece = ward_span_cut(in, 0, 1 + in.data[0] % 64);

		in = ward_span_cut(in, piece.len, in.len);
		while (ward_grpc_deframe(&deframer, &piece, &message) == WARD_OK)
			check(&request, message);
		if (piece.len > 0)
			break;
	}
	ward_grpc_deframer_done(&deframer);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the message; what was accepted must survive another round trip. */
#include "proto/wire.h"

#include <stdlib.h>

static const ProtobufCMessageDescriptor *const types[] = {
	&ward__v1__lookup_request__descriptor,	 &ward__v1__sample_chunk__descriptor,
	&ward__v1__report_request__descriptor,	 &ward__v1__subscribe_request__descriptor,
	&ward__v1__enroll_request__descriptor,	 &ward__v1__renew_request__descriptor,
	&ward__log__v1__record__descriptor,	 &ward__v1__lookup_reply__descriptor,
	&ward__v1__sample_reply__descriptor,	 &ward__v1__report_reply__descriptor,
	&ward__v1__update__descriptor,		 &ward__v1__enroll_reply__descriptor,
	&ward__v1__leave_request__descriptor,	 &ward__v1__leave_reply__descriptor,
	&ward__v1__updates_request__descriptor,	 &ward__v1__updates__descriptor,
	&ward__v1__metadata_request__descriptor, &ward__v1__metadata_reply__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 24 * size + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message, *again;
	struct ward_budget second = {.cap = 64 * size + 65536};
	WARD_AUTO(ward_arena_freep) struct ward_arena *other = ward_arena_new(&second);

	if (size == 0 || !arena || !other)
		return 0;
	type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	if (ward_wire_decode(type, ward_span_of(data + 1, size - 1), arena, &message, NULL))
		return 0;
	ward_buf_init(&out, 64 * size + 65536, NULL);
	if (ward_wire_encode(message, &out) ||
	    ward_wire_decode(type, ward_buf_span(&out), other, &again, NULL))
		abort();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec-priv.h"

#include "proto/scan.h"

static void *
arena_alloc(void *arena, size_t size)
{
	return ward_arena_alloc(arena, size);
}

/* The arena goes as a whole. */
static void
arena_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

void *
ward_codec_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
		  struct ward_arena *arena)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};

	if (in.len > WARD_PROTO_MESSAGE_MAX)
		return NULL;
	return protobuf_c_message_unpack(type, &allocator, in.len, in.data);
}

enum ward_rc
ward_codec_pack(const ProtobufCMessage *message, struct ward_buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *at;

	if (size > WARD_PROTO_MESSAGE_MAX)
		return WARD_E_LIMIT;
	at = ward_buf_reserve(out, size);
	if (!at)
		return out->full ? WARD_E_LIMIT : WARD_E_NOMEM;
	ward_buf_grown(out, protobuf_c_message_pack(message, at));
	return WARD_OK;
}

ProtobufCBinaryData
ward_codec_bytes(const void *bytes, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)bytes};
}

const char *
ward_codec_text(struct ward_arena *arena, ProtobufCBinaryData bytes, size_t max)
{
	if (bytes.len > max || (bytes.len > 0 && memchr(bytes.data, 0, bytes.len)))
		return NULL;
	return ward_arena_strdup(arena, ward_span_of(bytes.data, bytes.len));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Between the bytes and protobuf-c's structures. */
#ifndef WARD_PROTO_CODEC_PRIV_H
#define WARD_PROTO_CODEC_PRIV_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"

/* The message parsed into the arena, or NULL: no such message, too large, or not enough memory in
 * the arena (which a valid one never needs). */
void *ward_codec_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
			struct ward_arena *arena) WARD_MUST_CHECK;
enum ward_rc ward_codec_pack(const ProtobufCMessage *message, struct ward_buf *out) WARD_MUST_CHECK;

/* Borrows the text. */
ProtobufCBinaryData ward_codec_bytes(const void *bytes, size_t len);
/* A copy with a NUL; NULL when it is longer than `max` or holds a NUL itself. */
const char *ward_codec_text(struct ward_arena *arena, ProtobufCBinaryData bytes,
			    size_t max) WARD_MUST_CHECK;

#endif

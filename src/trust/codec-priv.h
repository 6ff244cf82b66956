/* SPDX-License-Identifier: Apache-2.0 */
/* Between bytes and protobuf-c's structures, in canonical encoding and nothing else. */
#ifndef WARD_TRUST_CODEC_PRIV_H
#define WARD_TRUST_CODEC_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "trust.pb-c.h"

#ifdef __clang__ /* the generated initialisers drop a const, in the eyes of clang where they are used */
#pragma clang diagnostic ignored "-Wcast-qual"
#endif

/*
 * The message, in the arena. WARD_E_PROTO: no such message, or not the canonical encoding of one;
 * WARD_E_LIMIT: the arena's budget does not suffice (128 times the input and 64 KiB always does).
 */
enum ward_rc ward_trust_unpack(const ProtobufCMessageDescriptor *type, struct ward_span in,
			       struct ward_arena *arena, void *ret_message) WARD_MUST_CHECK;
/* Appends the canonical encoding. WARD_E_LIMIT, WARD_E_NOMEM. */
enum ward_rc ward_trust_pack(const ProtobufCMessage *message, struct ward_buf *out) WARD_MUST_CHECK;

/* Borrowed bytes as protobuf-c has them, and back. */
static inline ProtobufCBinaryData
ward_trust_bytes(const void *data, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

static inline struct ward_span
ward_trust_span(ProtobufCBinaryData b)
{
	return ward_span_of(b.data, b.len);
}

/* protobuf-c has no const; nothing is written through it. */
static inline char *
ward_trust_text(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

/* Between `min` and `max` bytes of UTF-8 without control characters. */
bool ward_trust_is_text(const char *text, size_t min, size_t max);
/* 1 to 64 of a-z, 0-9, ".", "-" and "_", starting with a letter or digit: what roles, rings, tags and
 * packs are called. */
bool ward_trust_is_name(const char *text);

#endif

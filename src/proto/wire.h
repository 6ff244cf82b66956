/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of ward.proto and record.proto as protobuf-c's structures: bytes to structure with
 * every limit checked, structure to bytes. What was decoded here may be used without another look
 * at lengths, ranges or UTF-8. Everything decoded lives in the arena given.
 */
#ifndef WARD_PROTO_WIRE_H
#define WARD_PROTO_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/verdict.h"
#include "record.pb-c.h"
#include "ward.pb-c.h"

#ifdef __clang__ /* the generated initialisers drop a const, in the eyes of clang where they are used */
#pragma clang diagnostic ignored "-Wcast-qual"
#endif

/* Limits of one message, in entries and bytes. */
enum {
	WARD_WIRE_LOOKUP_MAX = 1000,
	WARD_WIRE_PREFIX_MIN = 3,
	WARD_WIRE_PREFIX_MAX = 16,
	WARD_WIRE_PREFIX_ANSWERS = 4096,
	WARD_WIRE_EVENTS_MAX = 1000,
	WARD_WIRE_ISSUES_MAX = 16, /* of Health */
	WARD_WIRE_STREAM_EVENTS_MAX = 100 * 1000,
	WARD_WIRE_CHUNK_MAX = 1024 * 1024,
	WARD_WIRE_MESSAGE_MAX = 4 * 1024 * 1024, /* any request message */
	WARD_WIRE_HOLD_MAX_MS = 60 * 1000,
	WARD_WIRE_DOCUMENT_MAX = 48 * 1024, /* a policy in its envelope */
	WARD_WIRE_POLICY_KEYS_MAX = 4,
	WARD_WIRE_DIGESTS_MAX = 4096,
	WARD_WIRE_NOTE_MAX = 4096, /* bytes of an analyst's note */
	/* envelopes (trust/dsse.h), the signatures counted */
	WARD_WIRE_RECORD_MAX = 100 * 1024,
	WARD_WIRE_TIMESTAMP_MAX = 8 * 1024,
	WARD_WIRE_METADATA_MAX = 520 * 1024,
	WARD_WIRE_UPDATES_MAX =
		10 * 1000, /* records of one batch, at most WARD_WIRE_MESSAGE_MAX bytes */
	WARD_WIRE_PROOF_MAX = 65 * 32,
	WARD_WIRE_ID_LEN = 16, /* devices, events */
};

/*
 * `in` as a message of `type`, checked; WARD_E_PROTO when it breaks a limit or is no such message,
 * and *ret_why (static, may be NULL) names the field. WARD_E_LIMIT when the arena's budget does not
 * suffice (24 times the input and 64 KiB always does). Fields that nobody knows are ignored.
 */
enum ward_rc ward_wire_decode(const ProtobufCMessageDescriptor *type, struct ward_span in,
			      struct ward_arena *arena, void *ret_message,
			      const char **ret_why) WARD_MUST_CHECK;
/* Appends the message; WARD_E_LIMIT, WARD_E_NOMEM. What breaks a limit of ward.proto is the
 * programmer's mistake and is not looked for. */
enum ward_rc ward_wire_encode(const ProtobufCMessage *message,
			      struct ward_buf *out) WARD_MUST_CHECK;

/* What may stand in a text: valid UTF-8 of at most `max` bytes without control characters. */
bool ward_wire_is_text(const char *text, size_t max);

/* Milliseconds since 1970 in a UUID of version 7 (RFC 9562 §5.7); false for other UUIDs. */
bool ward_wire_uuid_time(const uint8_t id[WARD_WIRE_ID_LEN], uint64_t *ret_ms);
/* A UUID of version 7 for this time; `random` are 10 unpredictable bytes, of which 74 bits stay. */
void ward_wire_uuid_make(uint64_t ms, const uint8_t random[10], uint8_t ret_id[WARD_WIRE_ID_LEN]);
/* Lower-case text of a UUID, 36 characters and NUL, and back (WARD_E_FORMAT). */
void ward_wire_uuid_text(const uint8_t id[WARD_WIRE_ID_LEN], char ret_text[37]);
enum ward_rc ward_wire_uuid_parse(struct ward_span text,
				  uint8_t ret_id[WARD_WIRE_ID_LEN]) WARD_MUST_CHECK;

/* Between the verdicts of base/verdict.h and those on the wire; unspecified and out of range come
 * back as unknown, never clean. */
Ward__V1__Verdict ward_wire_verdict(enum ward_verdict verdict);
enum ward_verdict ward_wire_verdict_from(Ward__V1__Verdict verdict);
/* "reputation", "metadata", "sample", "detonation", "graph"; "other" for anything else; static. */
const char *ward_wire_tier_name(Ward__V1__Tier tier);

#endif

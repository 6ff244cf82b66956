/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's own layer above HTTP/2: status codes, length-prefixed messages, the texts of grpc-timeout
 * and grpc-message. Source: grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/statuscodes.md.
 */
#ifndef WARD_PROTO_GRPC_H
#define WARD_PROTO_GRPC_H

#include "base/buf.h"

enum ward_grpc_status {
	WARD_GRPC_OK = 0,
	WARD_GRPC_CANCELLED = 1,
	WARD_GRPC_UNKNOWN = 2,
	WARD_GRPC_INVALID_ARGUMENT = 3,
	WARD_GRPC_DEADLINE_EXCEEDED = 4,
	WARD_GRPC_NOT_FOUND = 5,
	WARD_GRPC_ALREADY_EXISTS = 6,
	WARD_GRPC_PERMISSION_DENIED = 7,
	WARD_GRPC_RESOURCE_EXHAUSTED = 8,
	WARD_GRPC_FAILED_PRECONDITION = 9,
	WARD_GRPC_ABORTED = 10,
	WARD_GRPC_OUT_OF_RANGE = 11,
	WARD_GRPC_UNIMPLEMENTED = 12,
	WARD_GRPC_INTERNAL = 13,
	WARD_GRPC_UNAVAILABLE = 14,
	WARD_GRPC_DATA_LOSS = 15,
	WARD_GRPC_UNAUTHENTICATED = 16,
	WARD_GRPC_STATUSES,
};

/* "OK", "CANCELLED"…; static; "UNKNOWN" when out of range. */
const char *ward_grpc_status_name(enum ward_grpc_status status);

enum { WARD_GRPC_PREFIX = 5 };

/* Puts the 5-byte prefix (not compressed, length big-endian). */
void ward_grpc_prefix(uint8_t at[WARD_GRPC_PREFIX], uint32_t length);

/*
 * Takes messages out of a stream that comes in pieces. `pending` holds what began; messages that lie
 * whole in a piece are handed over without a copy.
 */
struct ward_grpc_deframer {
	struct ward_buf pending;
	size_t message_max;
	bool handed; /* `pending` is the message handed over last */
};

/* `budget` as for ward_buf_init. */
void ward_grpc_deframer_init(struct ward_grpc_deframer *d, size_t message_max,
			     struct ward_budget *budget);
void ward_grpc_deframer_done(struct ward_grpc_deframer *d);
/*
 * The next whole message of the stream, borrowed until the next call; *in loses what was used.
 * WARD_E_NOENT: more bytes are needed (all of *in was used). WARD_E_LIMIT: a message larger than
 * message_max (told from its prefix). WARD_E_UNSUPPORTED: compressed. WARD_E_PROTO: neither.
 */
enum ward_rc ward_grpc_deframe(struct ward_grpc_deframer *d, struct ward_span *in,
			       struct ward_span *ret_message) WARD_MUST_CHECK;
/* True between messages: the stream may end here. */
bool ward_grpc_deframer_idle(const struct ward_grpc_deframer *d);

/* "100m" and so on, in µs; WARD_E_FORMAT. At most 8 digits. */
enum ward_rc ward_grpc_timeout_parse(struct ward_span text, uint64_t *ret_usec) WARD_MUST_CHECK;
void ward_grpc_timeout_text(uint64_t usec, char ret_text[16]);

/* grpc-message's percent encoding; both cut what does not fit and end with NUL; return the length. */
size_t ward_grpc_message_encode(const char *text, char *ret, size_t room);
size_t ward_grpc_message_decode(struct ward_span text, char *ret, size_t room);

#endif

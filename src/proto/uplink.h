/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of uplink.proto, between the guard and ward-uplink. What was decoded here may be used
 * without another look at lengths, ranges, texts or the number of descriptors; what was encoded here
 * is never refused by the decoder. Both sides come from one build and trust each other no further
 * than this.
 */
#ifndef WARD_PROTO_UPLINK_H
#define WARD_PROTO_UPLINK_H

#include "proto/wire.h"
#include "uplink.pb-c.h"

enum {
	WARD_UPLINK_VERSION = 1,
	WARD_UPLINK_CHANNEL = 3,	     /* the uplink's descriptor of the channel */
	WARD_UPLINK_MESSAGE_MAX = 64 * 1024, /* sys/ipc.h's */
	WARD_UPLINK_EVENTS_MAX = 200,
	WARD_UPLINK_DEADLINE_MAX_MS = 60 * 1000,
	WARD_UPLINK_PIECE_MAX = 48 * 1024,
	/* Budget with which every valid message can be decoded. */
	WARD_UPLINK_ARENA = 24 * WARD_UPLINK_MESSAGE_MAX + 65536,
};

typedef Ward__Uplink__V1__Request ward_uplink_request;
typedef Ward__Uplink__V1__Reply ward_uplink_reply;

/*
 * WARD_E_PROTO: too large, no such message, a field out of its limits, descriptors that do not belong
 * to it; *ret_why (static, may be NULL) names what. Everything lives in the arena.
 */
enum ward_rc ward_uplink_request_decode(struct ward_span in, size_t fd_count,
					struct ward_arena *arena, ward_uplink_request **ret_request,
					const char **ret_why) WARD_MUST_CHECK;
enum ward_rc ward_uplink_reply_decode(struct ward_span in, size_t fd_count,
				      struct ward_arena *arena, ward_uplink_reply **ret_reply,
				      const char **ret_why) WARD_MUST_CHECK;

/* Appends the message. WARD_E_INVAL: the decoder would refuse it; WARD_E_LIMIT: larger than a message
 * may be. */
enum ward_rc ward_uplink_request_encode(const ward_uplink_request *request,
					struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_uplink_reply_encode(const ward_uplink_reply *reply,
				      struct ward_buf *out) WARD_MUST_CHECK;

#endif

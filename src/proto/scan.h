/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of scan.proto as plain structures. Encoders cannot make a message that the decoders
 * refuse; decoders trust nothing: WARD_E_PROTO for bytes that do not parse, numbers out of range,
 * texts that are too long or hold a NUL, wrong counts. What they return is complete and bounded.
 */
#ifndef WARD_PROTO_SCAN_H
#define WARD_PROTO_SCAN_H

#include "base/buf.h"
#include "engine/limits.h"
#include "engine/result.h"

enum {
	WARD_PROTO_MESSAGE_MAX = 64 * 1024,
	WARD_PROTO_PATH_MAX = 4096,
	WARD_PROTO_OWNER_MAX = 256,
	WARD_PROTO_STRING_MAX = 2048, /* any text of a reply; longer ones are cut and counted */
	WARD_PROTO_TIMEOUT_MAX = 24 * 3600 * 1000,
	WARD_PROTO_PACKS_MAX = 64,
	WARD_PROTO_SLOTS_MAX = 256,
	WARD_PROTO_ARENA = 4 << 20, /* budget with which every valid message can be decoded */
};

struct ward_proto_request {
	uint64_t id;	   /* not 0 */
	const char *path;  /* cut at its front to WARD_PROTO_PATH_MAX */
	const char *owner; /* cut to WARD_PROTO_OWNER_MAX */
	bool all_matches;
	bool want_facts;
	bool want_inners;
	bool want_row;
	uint32_t timeout_ms; /* 1 to WARD_PROTO_TIMEOUT_MAX */
	struct ward_limits limits;
};

/* Appends the message to `out`. WARD_E_INVAL for a number the decoder would refuse. */
enum ward_rc ward_proto_request_encode(const struct ward_proto_request *request,
				       struct ward_buf *out) WARD_MUST_CHECK;
/* Strings live in the arena. */
enum ward_rc ward_proto_request_decode(struct ward_span in, struct ward_arena *arena,
				       struct ward_proto_request *ret_request) WARD_MUST_CHECK;

struct ward_proto_reply {
	uint64_t id;
	uint64_t usec;
	uint64_t strings_cut;
	struct ward_result *result; /* the caller's after decoding; borrowed for encoding */
};

/*
 * Appends the message, at most WARD_PROTO_MESSAGE_MAX bytes: findings first, then gaps, the row, then as
 * many inner objects (the worst first) and facts as fit; the rest is counted in findings_dropped,
 * inners_dropped and facts_dropped, shortened texts in strings_cut (to which the caller's value is added). `arena` holds working memory only.
 */
enum ward_rc ward_proto_reply_encode(const struct ward_proto_reply *reply, struct ward_arena *arena,
				     struct ward_buf *out) WARD_MUST_CHECK;
/* `arena` holds working memory only; the result owns its strings. */
enum ward_rc ward_proto_reply_decode(struct ward_span in, struct ward_arena *arena,
				     struct ward_proto_reply *ret_reply) WARD_MUST_CHECK;

enum ward_proto_control_kind { WARD_PROTO_SETUP, WARD_PROTO_SPAWN };

struct ward_proto_control {
	enum ward_proto_control_kind kind;
	uint64_t worker_memory; /* setup */
	uint32_t pack_count;	/* setup; at most WARD_PROTO_PACKS_MAX */
	uint32_t slot;		/* spawn; below WARD_PROTO_SLOTS_MAX */
};

/* Encoding appends to `out` (WARD_E_LIMIT past its maximum); decoding checks every field and fails
 * with WARD_E_PROTO, strings then live in `arena`. */
enum ward_rc ward_proto_control_encode(const struct ward_proto_control *control,
				       struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_proto_control_decode(struct ward_span in, struct ward_arena *arena,
				       struct ward_proto_control *ret_control) WARD_MUST_CHECK;

enum ward_proto_event_kind {
	WARD_PROTO_READY,
	WARD_PROTO_FAILED,
	WARD_PROTO_SPAWNED,
	WARD_PROTO_EXITED,
};

struct ward_proto_event {
	enum ward_proto_event_kind kind;
	uint32_t landlock; /* ready */
	enum ward_rc rc;   /* failed; never WARD_OK */
	const char *text;  /* failed; cut to 4 WARD_PROTO_STRING_MAX; in the arena when decoded */
	uint32_t slot;	   /* spawned; below WARD_PROTO_SLOTS_MAX */
	uint32_t pid;	   /* spawned (0: failed), exited */
	int32_t code;	   /* exited */
	int32_t signal;	   /* exited; 0: by itself */
};

/* As for control messages. */
enum ward_rc ward_proto_event_encode(const struct ward_proto_event *event,
				     struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_proto_event_decode(struct ward_span in, struct ward_arena *arena,
				     struct ward_proto_event *ret_event) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of guard.proto as plain structures. Decoders trust nothing (WARD_E_PROTO): another
 * version, an unknown operation, a name of other letters, a text that is too long or holds a NUL, too many of
 * anything. What they return is complete and bounded.
 */
#ifndef WARD_PROTO_GUARD_H
#define WARD_PROTO_GUARD_H

#include "base/buf.h"

enum {
	WARD_GUARD_VERSION = 1,
	WARD_GUARD_ISSUES_MAX = 32,
	WARD_GUARD_TEXTS_MAX = 64,
	WARD_GUARD_FIGURES_MAX = 160,
	WARD_GUARD_NAME_MAX = 64,
	WARD_GUARD_TEXT_MAX = 1024,
	WARD_GUARD_ERROR_MAX = 8192,
	WARD_GUARD_ARENA = 1 << 20, /* budget with which every valid message can be decoded */
};

enum ward_guard_operation { WARD_GUARD_STATUS = 1, WARD_GUARD_RELOAD = 2 };

struct ward_guard_issue {
	const char *code, *text;
};

struct ward_guard_text {
	const char *name, *value;
};

struct ward_guard_figure {
	const char *name;
	uint64_t value;
};

struct ward_guard_reply {
	enum ward_rc rc;
	const char *error;
	bool healthy;
	struct ward_guard_issue issues[WARD_GUARD_ISSUES_MAX];
	size_t issue_count;
	struct ward_guard_text texts[WARD_GUARD_TEXTS_MAX];
	size_t text_count;
	struct ward_guard_figure figures[WARD_GUARD_FIGURES_MAX];
	size_t figure_count;
};

/* Encoding appends to `out`; decoded texts live in the arena and are never NULL. */
enum ward_rc ward_guard_ask_encode(enum ward_guard_operation operation,
				   struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_guard_ask_decode(struct ward_span in, struct ward_arena *arena,
				   enum ward_guard_operation *ret_operation) WARD_MUST_CHECK;
/* WARD_E_INVAL: the decoder would refuse it. */
enum ward_rc ward_guard_reply_encode(const struct ward_guard_reply *reply, struct ward_arena *arena,
				     struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_guard_reply_decode(struct ward_span in, struct ward_arena *arena,
				     struct ward_guard_reply *ret_reply) WARD_MUST_CHECK;

#endif

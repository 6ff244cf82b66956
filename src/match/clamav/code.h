/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled form of one body signature: a row of operations, little-endian,
 * that is read where it lies.
 *
 *   u8 operation, then
 *   LITERAL  u16 n, n bytes
 *   MASKED   u16 n, n values, n masks; a byte matches when (byte & mask) == value
 *   SKIP     u32 n: exactly n bytes of anything
 *   RANGE    u32 low, u32 high: between low and high bytes
 *   STAR     u32 low: at least low bytes
 *   EITHER   u8 negated, u16 n, u32 length of what follows; n times u16 length,
 *            values, masks; negated: none of them (all of one length)
 */
#ifndef WARD_MATCH_CLAMAV_CODE_H
#define WARD_MATCH_CLAMAV_CODE_H

#include "base/buf.h"
#include "base/cursor.h"

enum ward_body_op {
	WARD_BODY_LITERAL = 1,
	WARD_BODY_MASKED,
	WARD_BODY_SKIP,
	WARD_BODY_RANGE,
	WARD_BODY_STAR,
	WARD_BODY_EITHER,
};

/* Operations after which a match can go on at more than one place; bounds the
 * matcher's call depth. */
enum { WARD_BODY_MAX_BRANCHES = 64 };

struct ward_body_step {
	enum ward_body_op op;
	struct ward_span values, masks; /* LITERAL has no masks */
	uint32_t low, high;		/* SKIP: both n */
	bool negated;
	uint16_t count;		  /* of alternatives */
	struct ward_span choices; /* EITHER: what follows its header */
};

/* The next operation. False at the end, or when the code is damaged (the cursor
 * is then failed). */
bool ward_body_next(struct ward_cursor *code, struct ward_body_step *ret);

/* The next alternative of `choices`, a cursor over an EITHER's. False as above. */
bool ward_body_next_choice(struct ward_cursor *choices, struct ward_span *ret_values,
			   struct ward_span *ret_masks);

/* Shortest and longest alternative, bytes. */
void ward_body_choice_lengths(const struct ward_body_step *either, uint32_t *ret_shortest,
			      uint32_t *ret_longest);

/* Compiles ClamAV's hexadecimal signature text. NULL, or static text saying
 * what is wrong (*ret_rc is WARD_E_FORMAT), what is not supported
 * (WARD_E_UNSUPPORTED), or that memory is short. */
const char *ward_body_compile(struct ward_span hex, struct ward_buf *code, enum ward_rc *ret_rc);

/* Where in its signature the fixed bytes lie that a matcher looks for first. */
struct ward_body_anchor {
	unsigned width;	 /* 4, 3, 2; 0: none */
	uint32_t value;	 /* the bytes, little-endian */
	uint32_t before; /* least bytes from the signature's start to them */
	uint32_t slack;	 /* how many more there may be */
};

/* The rarest-looking fixed bytes before the first STAR. */
struct ward_body_anchor ward_body_choose_anchor(struct ward_span code);

#endif

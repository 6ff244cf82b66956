/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way untrusted bytes are read: a bounds-checked position with a
 * sticky error. A read past the end returns zero (or an empty span) and marks
 * the cursor failed; the caller reads a whole structure and checks
 * ward_cursor_ok() once. Not thread-safe; borrows the bytes.
 */
#ifndef WARD_BASE_CURSOR_H
#define WARD_BASE_CURSOR_H

#include "base/rc.h"
#include "base/span.h"

struct ward_cursor {
	struct ward_span in;
	size_t pos;
	bool failed;
};

static inline struct ward_cursor
ward_cursor_of(struct ward_span in)
{
	return (struct ward_cursor){in, 0, false};
}

/* A cursor standing at `offset` of `in`; failed from the start when that is
 * past the end. */
struct ward_cursor ward_cursor_at(struct ward_span in, uint64_t offset);

static inline bool
ward_cursor_ok(const struct ward_cursor *c)
{
	return !c->failed;
}

/* WARD_OK, or WARD_E_TRUNCATED when any read so far went past the end. */
enum ward_rc ward_cursor_rc(const struct ward_cursor *c) WARD_MUST_CHECK;

/* Bytes that are left; 0 once failed. */
size_t ward_cursor_left(const struct ward_cursor *c);

/* The next integer, or 0 once failed. */
uint8_t ward_cursor_u8(struct ward_cursor *c);
uint16_t ward_cursor_u16le(struct ward_cursor *c);
uint32_t ward_cursor_u32le(struct ward_cursor *c);
uint64_t ward_cursor_u64le(struct ward_cursor *c);
uint16_t ward_cursor_u16be(struct ward_cursor *c);
uint32_t ward_cursor_u32be(struct ward_cursor *c);
uint64_t ward_cursor_u64be(struct ward_cursor *c);

/* The next `n` bytes, borrowed; empty and failed when fewer are left. */
struct ward_span ward_cursor_bytes(struct ward_cursor *c, uint64_t n);
void ward_cursor_skip(struct ward_cursor *c, uint64_t n);
/* Absolute position; a position past the end fails. */
void ward_cursor_seek(struct ward_cursor *c, uint64_t offset);

/* The next byte without moving, or -1 at the end (never fails). */
int ward_cursor_peek(const struct ward_cursor *c);

/* Bytes up to a NUL (which is consumed, not returned). Fails when there is none
 * within `max`. */
struct ward_span ward_cursor_cstr(struct ward_cursor *c, size_t max);

/* The next line without its LF or CRLF; a last line without one is returned
 * too. False at the end. */
bool ward_cursor_line(struct ward_cursor *c, struct ward_span *ret_line);

#endif

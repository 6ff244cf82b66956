/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer born with a maximum; optionally drawing from a budget.
 * Not thread-safe. */
#ifndef WARD_BASE_BUF_H
#define WARD_BASE_BUF_H

#include <stdarg.h>

#include "base/arena.h"

struct ward_buf {
	uint8_t *data; /* NULL until the first byte; no NUL terminator is kept */
	size_t len;
	size_t room;
	size_t max;
	struct ward_budget *budget; /* borrowed, may be NULL */
	bool full;		    /* an append was refused; sticky until _clear */
};

/* `budget` may be NULL; otherwise it is borrowed and charged for `room`. */
void ward_buf_init(struct ward_buf *b, size_t max, struct ward_budget *budget);
/* Frees the bytes and gives the budget back; b is then as after _init with max
 * 0. NULL is fine. */
void ward_buf_done(struct ward_buf *b);
/* Empties, keeps the memory. */
void ward_buf_clear(struct ward_buf *b);

/* WARD_E_LIMIT past the maximum or budget (nothing is appended then),
 * WARD_E_NOMEM. */
enum ward_rc ward_buf_append(struct ward_buf *b, const void *data, size_t n) WARD_MUST_CHECK;
enum ward_rc ward_buf_byte(struct ward_buf *b, uint8_t byte) WARD_MUST_CHECK;
enum ward_rc ward_buf_str(struct ward_buf *b, const char *text) WARD_MUST_CHECK;
enum ward_rc ward_buf_printf(struct ward_buf *b, const char *fmt, ...)
	WARD_PRINTF(2, 3) WARD_MUST_CHECK;
/*
 * Room for n more bytes at the end, to be filled by the caller and counted by
 * _grown(); the pointer holds until the next call. NULL as for _append.
 */
uint8_t *ward_buf_reserve(struct ward_buf *b, size_t n) WARD_MUST_CHECK;
void ward_buf_grown(struct ward_buf *b, size_t n);

/* The bytes, borrowed until the next change. */
static inline struct ward_span
ward_buf_span(const struct ward_buf *b)
{
	return ward_span_of(b->data, b->len);
}

#endif

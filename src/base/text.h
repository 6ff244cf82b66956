/* SPDX-License-Identifier: Apache-2.0 */
/* Small text helpers on byte runs: ASCII only, no locale. */
#ifndef WARD_BASE_TEXT_H
#define WARD_BASE_TEXT_H

#include "base/buf.h"

static inline uint8_t
ward_text_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static inline bool
ward_text_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
ward_text_is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Value of a hex digit, or -1. */
int ward_text_hex_value(uint8_t c);

/* Offset of the first `needle` at or after `from`, or SIZE_MAX. An empty needle
 * is found at once. */
size_t ward_text_find(struct ward_span hay, struct ward_span needle, size_t from);
/* The same without regard to ASCII case. */
size_t ward_text_find_nocase(struct ward_span hay, struct ward_span needle, size_t from);
bool ward_text_eq_nocase(struct ward_span a, const char *b);
bool ward_text_starts_nocase(struct ward_span s, const char *prefix);

/* Without white space at both ends. */
struct ward_span ward_text_trim(struct ward_span s);

/* Lower-case hex of `in`; `ret_hex` must hold 2 * in.len + 1 bytes. */
void ward_text_hex(struct ward_span in, char *ret_hex);
/* Exactly 2 * len hex digits (any case) to bytes; false otherwise. */
bool ward_text_unhex(struct ward_span hex, uint8_t *ret_bytes, size_t len) WARD_MUST_CHECK;

/* Decimal digits only, the whole span, no overflow; false otherwise. */
bool ward_text_u64(struct ward_span s, uint64_t *ret_value) WARD_MUST_CHECK;

/*
 * Splits off the part before the next `sep` (or all that is left). False when
 * nothing is left; "a::b" gives "a", "", "b". Advances *rest.
 */
bool ward_text_split(struct ward_span *rest, uint8_t sep, struct ward_span *ret_part);

#endif

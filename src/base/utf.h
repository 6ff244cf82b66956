/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 and UTF-16 (RFC 3629, RFC 2781): conversion and safe display of
 * untrusted names. */
#ifndef WARD_BASE_UTF_H
#define WARD_BASE_UTF_H

#include "base/buf.h"

/* Appends the code point as UTF-8; surrogates and values past 0x10FFFF become
 * U+FFFD. */
enum ward_rc ward_utf_put(struct ward_buf *out, uint32_t code_point) WARD_MUST_CHECK;

/* Appends UTF-16 (little-endian unless `big`) as UTF-8; lone surrogates become
 * U+FFFD. */
enum ward_rc ward_utf_from_utf16(struct ward_buf *out, struct ward_span in,
				 bool big) WARD_MUST_CHECK;

/* Length in bytes of the valid UTF-8 sequence at `s` (no overlong, no
 * surrogate), or 0. */
size_t ward_utf_valid_at(struct ward_span s);
/* Length of the longest start of `s` that is valid, ends with a whole character and has at most
 * `max` bytes. */
size_t ward_utf_fit(struct ward_span s, size_t max);

/* Appends `in` as valid UTF-8: each byte that is not part of a valid sequence
 * becomes U+FFFD. */
enum ward_rc ward_utf_clean(struct ward_buf *out, struct ward_span in) WARD_MUST_CHECK;

/*
 * Appends `in` for a terminal or a log line: control characters (C0, DEL, C1),
 * backslash, bidi overrides and invalid bytes become \n \t \\ \xNN \u{N}; the
 * rest stays. Nothing a hostile name holds can move the cursor, start a line or
 * reorder text.
 */
enum ward_rc ward_utf_escape(struct ward_buf *out, struct ward_span in) WARD_MUST_CHECK;

#endif

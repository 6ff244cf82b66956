/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf.h"

#include "base/cursor.h"

enum { REPLACEMENT = 0xFFFD };

enum ward_rc
ward_utf_put(struct ward_buf *out, uint32_t c)
{
	uint8_t b[4];
	size_t n;

	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = REPLACEMENT;
	if (c < 0x80) {
		b[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xC0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 63));
		n = 2;
	} else if (c < 0x10000) {
		b[0] = (uint8_t)(0xE0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[2] = (uint8_t)(0x80 | (c & 63));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xF0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 63));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[3] = (uint8_t)(0x80 | (c & 63));
		n = 4;
	}
	return ward_buf_append(out, b, n);
}

static uint32_t
utf16_unit(struct ward_cursor *c, bool big)
{
	return big ? ward_cursor_u16be(c) : ward_cursor_u16le(c);
}

enum ward_rc
ward_utf_from_utf16(struct ward_buf *out, struct ward_span in, bool big)
{
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && ward_cursor_left(&c) >= 2) {
		uint32_t unit = utf16_unit(&c, big);

		if (unit >= 0xD800 && unit <= 0xDBFF && ward_cursor_left(&c) >= 2) {
			struct ward_cursor ahead = c;
			uint32_t low = utf16_unit(&ahead, big);

			if (low >= 0xDC00 && low <= 0xDFFF) {
				unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
				c = ahead;
			}
		}
		rc = ward_utf_put(out, unit);
	}
	return rc;
}

static size_t
sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if ((first & 0xF0) == 0xE0)
		return 3;
	if (first >= 0xF0 && first <= 0xF4)
		return 4;
	return 0;
}

size_t
ward_utf_valid_at(struct ward_span s)
{
	size_t n = s.len ? sequence_length(s.data[0]) : 0;

	if (n == 0 || n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s.data[i] & 0xC0) != 0x80)
			return 0;
	if (n == 3 &&
	    ((s.data[0] == 0xE0 && s.data[1] < 0xA0) || (s.data[0] == 0xED && s.data[1] > 0x9F)))
		return 0;
	if (n == 4 &&
	    ((s.data[0] == 0xF0 && s.data[1] < 0x90) || (s.data[0] == 0xF4 && s.data[1] > 0x8F)))
		return 0;
	return n;
}

size_t
ward_utf_fit(struct ward_span s, size_t max)
{
	size_t len = 0;

	while (len < s.len) {
		size_t n = ward_utf_valid_at(ward_span_cut(s, len, s.len));

		if (n == 0 || len + n > max)
			break;
		len += n;
	}
	return len;
}

enum ward_rc
ward_utf_clean(struct ward_buf *out, struct ward_span in)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && in.len) {
		size_t n = ward_utf_valid_at(in);

		rc = n ? ward_buf_append(out, in.data, n) : ward_utf_put(out, REPLACEMENT);
		in = ward_span_cut(in, n ? n : 1, in.len);
	}
	return rc;
}

static uint32_t
decode(struct ward_span s, size_t n)
{
	uint32_t c = s.data[0];

	if (n == 1)
		return c;
	c &= 0xFFu >> (n + 1);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s.data[i] & 63u);
	return c;
}

/* Controls, and the bidi and line-separator characters that change how a line
 * reads. */
static bool
is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x61C ||
	       c == 0xFEFF;
}

static enum ward_rc
escape_one(struct ward_buf *out, uint32_t c)
{
	switch (c) {
	case '\n':
		return ward_buf_str(out, "\\n");
	case '\r':
		return ward_buf_str(out, "\\r");
	case '\t':
		return ward_buf_str(out, "\\t");
	case '\\':
		return ward_buf_str(out, "\\\\");
	default:
		break;
	}
	if (c < 0x100)
		return ward_buf_printf(out, "\\x%02x", c);
	return ward_buf_printf(out, "\\u{%x}", c);
}

enum ward_rc
ward_utf_escape(struct ward_buf *out, struct ward_span in)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && in.len) {
		size_t n = ward_utf_valid_at(in);
		uint32_t c = n ? decode(in, n) : in.data[0];

		if (n && c != '\\' && !is_unsafe(c))
			rc = ward_buf_append(out, in.data, n);
		else
			rc = escape_one(out, c);
		in = ward_span_cut(in, n ? n : 1, in.len);
	}
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rtf/lex.h"

#include "base/text.h"

enum { DIGITS_MAX = 10 };

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The number after a word; 0 when there is none or it is negative. */
static uint64_t
number(struct ward_cursor *c)
{
	uint64_t value = 0;
	bool negative = ward_cursor_peek(c) == '-';

	if (negative)
		ward_cursor_skip(c, 1);
	for (int n = 0; n < DIGITS_MAX; n++) {
		int d = ward_cursor_peek(c);

		if (d < '0' || d > '9')
			break;
		value = value * 10 + (uint64_t)(d - '0');
		ward_cursor_skip(c, 1);
	}
	return negative ? 0 : value;
}

static struct ward_rtf_token
word(struct ward_cursor *c)
{
	struct ward_rtf_token t = {.kind = WARD_RTF_WORD};
	size_t from = c->pos;
	uint64_t n;

	while (is_letter(ward_cursor_peek(c)))
		ward_cursor_skip(c, 1);
	t.bytes = ward_span_cut(c->in, from, c->pos - from);
	n = number(c);
	if (ward_cursor_peek(c) == ' ')
		ward_cursor_skip(c, 1);
	if (!ward_span_eq(t.bytes, ward_span_str("bin")))
		return t;
	t.kind = WARD_RTF_BIN;
	t.bytes = n <= ward_cursor_left(c) ? ward_cursor_bytes(c, n) : ward_cursor_bytes(c, 0);
	return t;
}

static struct ward_rtf_token
escape(struct ward_cursor *c)
{
	struct ward_rtf_token t = {.kind = WARD_RTF_TEXT};
	int high, low;

	if (is_letter(ward_cursor_peek(c)))
		return word(c);
	t.bytes = ward_span_cut(c->in, c->pos, 1);
	if (t.bytes.len)
		ward_cursor_skip(c, 1);
	if (ward_span_eq(t.bytes, ward_span_str("*")))
		t.kind = WARD_RTF_STAR;
	if (!ward_span_eq(t.bytes, ward_span_str("'")) || ward_cursor_left(c) < 2)
		return t;
	high = ward_text_hex_value(ward_cursor_u8(c));
	low = ward_text_hex_value(ward_cursor_u8(c));
	t.kind = WARD_RTF_BYTE;
	t.byte = high < 0 || low < 0 ? 0 : (uint8_t)((unsigned)high << 4 | (unsigned)low);
	return t;
}

struct ward_rtf_token
ward_rtf_next(struct ward_cursor *c)
{
	struct ward_rtf_token t = {.kind = WARD_RTF_END};
	size_t from = c->pos;

	switch (ward_cursor_peek(c)) {
	case -1:
		return t;
	case '{':
		t.kind = WARD_RTF_OPEN;
		ward_cursor_skip(c, 1);
		return t;
	case '}':
		t.kind = WARD_RTF_CLOSE;
		ward_cursor_skip(c, 1);
		return t;
	case '\\':
		ward_cursor_skip(c, 1);
		return escape(c);
	default:
		break;
	}
	while (from < c->in.len && c->in.data[from] != '{' && c->in.data[from] != '}' &&
	       c->in.data[from] != '\\')
		from++;
	t.kind = WARD_RTF_TEXT;
	t.bytes = ward_cursor_bytes(c, from - c->pos);
	return t;
}

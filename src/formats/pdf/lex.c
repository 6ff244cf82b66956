/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/lex.h"

#include "base/text.h"

bool
ward_pdf_is_space(int byte)
{
	return byte == 0 || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r' ||
	       byte == ' ';
}

static bool
is_delimiter(int byte)
{
	switch (byte) {
	case '(':
	case ')':
	case '<':
	case '>':
	case '[':
	case ']':
	case '{':
	case '}':
	case '/':
	case '%':
		return true;
	default:
		return false;
	}
}

bool
ward_pdf_is_regular(int byte)
{
	return byte >= 0 && !ward_pdf_is_space(byte) && !is_delimiter(byte);
}

static void
skip_comment(struct ward_cursor *c)
{
	int byte = ward_cursor_peek(c);

	while (byte >= 0 && byte != '\n' && byte != '\r') {
		ward_cursor_skip(c, 1);
		byte = ward_cursor_peek(c);
	}
}

void
ward_pdf_skip_space(struct ward_cursor *c)
{
	for (;;) {
		int byte = ward_cursor_peek(c);

		if (byte == '%')
			skip_comment(c);
		else if (ward_pdf_is_space(byte))
			ward_cursor_skip(c, 1);
		else
			return;
	}
}

static struct ward_span
take_regular(struct ward_cursor *c)
{
	size_t start = c->pos;

	while (ward_pdf_is_regular(ward_cursor_peek(c)))
		ward_cursor_skip(c, 1);
	return ward_span_cut(c->in, start, c->pos - start);
}

/* ---- names: #xx ---- */

static int
hex_pair(struct ward_cursor *c)
{
	struct ward_cursor look = *c;
	int high = ward_text_hex_value(ward_cursor_u8(&look));
	int low = ward_text_hex_value(ward_cursor_u8(&look));

	if (!ward_cursor_ok(&look) || high < 0 || low < 0)
		return -1;
	*c = look;
	return high << 4 | low;
}

static enum ward_rc
lex_name(struct ward_cursor *c, struct ward_arena *arena, struct ward_pdf_token *t)
{
	struct ward_span raw = take_regular(c);
	struct ward_cursor in = ward_cursor_of(raw);
	size_t len = 0;
	char *out;

	t->kind = WARD_PDF_TOKEN_NAME;
	t->text = raw;
	if (!raw.len || !memchr(raw.data, '#', raw.len))
		return WARD_OK;
	out = ward_arena_alloc(arena, raw.len);
	if (!out)
		return WARD_E_LIMIT;
	while (ward_cursor_left(&in)) {
		int byte = ward_cursor_u8(&in);
		int pair = byte == '#' ? hex_pair(&in) : -1;

		out[len++] = (char)(pair >= 0 ? pair : byte);
	}
	t->text = ward_span_of(out, len);
	return WARD_OK;
}

/* ---- strings ---- */

/* Stands behind the opening parenthesis; leaves the cursor behind the closing one. */
static struct ward_span
literal_body(struct ward_cursor *c, bool *ret_plain)
{
	size_t start = c->pos;
	size_t end;
	unsigned depth = 1;

	*ret_plain = true;
	while (depth && ward_cursor_left(c)) {
		int byte = ward_cursor_u8(c);

		if (byte == '(')
			depth++;
		else if (byte == ')')
			depth--;
		if (byte == '\\' || byte == '\r')
			*ret_plain = false;
		if (byte == '\\' && ward_cursor_left(c))
			ward_cursor_skip(c, 1);
	}
	end = depth ? c->pos : c->pos - 1;
	return ward_span_cut(c->in, start, end - start);
}

/* An end of line is one LF however it is written (7.3.4.2). */
static void
eat_lf(struct ward_cursor *c)
{
	if (ward_cursor_peek(c) == '\n')
		ward_cursor_skip(c, 1);
}

static int
octal_byte(struct ward_cursor *c, int first)
{
	int value = first - '0';

	for (int i = 0; i < 2; i++) {
		int byte = ward_cursor_peek(c);

		if (byte < '0' || byte > '7')
			break;
		value = value * 8 + (byte - '0');
		ward_cursor_skip(c, 1);
	}
	return value & 0xff;
}

/* The byte an escape stands for, or -1 for none (a continued line). */
static int
escaped_byte(struct ward_cursor *c)
{
	int byte = ward_cursor_u8(c);

	switch (byte) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case '\r':
		eat_lf(c);
		return -1;
	case '\n':
		return -1;
	default:
		return byte >= '0' && byte <= '7' ? octal_byte(c, byte) : byte;
	}
}

static enum ward_rc
lex_literal(struct ward_cursor *c, struct ward_arena *arena, struct ward_pdf_token *t)
{
	bool plain;
	struct ward_span raw = literal_body(c, &plain);
	struct ward_cursor in = ward_cursor_of(raw);
	size_t len = 0;
	char *out;

	t->kind = WARD_PDF_TOKEN_STRING;
	t->text = raw;
	if (plain)
		return WARD_OK;
	out = ward_arena_alloc(arena, raw.len);
	if (!out)
		return WARD_E_LIMIT;
	while (ward_cursor_left(&in)) {
		int byte = ward_cursor_u8(&in);

		if (byte == '\\')
			byte = ward_cursor_left(&in) ? escaped_byte(&in) : -1;
		else if (byte == '\r') {
			eat_lf(&in);
			byte = '\n';
		}
		if (byte >= 0)
			out[len++] = (char)byte;
	}
	t->text = ward_span_of(out, len);
	return WARD_OK;
}

static enum ward_rc
lex_hex(struct ward_cursor *c, struct ward_arena *arena, struct ward_pdf_token *t)
{
	size_t start = c->pos;
	size_t len = 0;
	struct ward_cursor in;
	uint8_t *out;

	while (ward_cursor_left(c) && ward_cursor_peek(c) != '>')
		ward_cursor_skip(c, 1);
	in = ward_cursor_of(ward_span_cut(c->in, start, c->pos - start));
	if (ward_cursor_left(c))
		ward_cursor_skip(c, 1);
	out = ward_arena_alloc(arena, in.in.len / 2 + 1);
	if (!out)
		return WARD_E_LIMIT;
	while (ward_cursor_left(&in)) {
		int digit = ward_text_hex_value(ward_cursor_u8(&in));

		if (digit < 0)
			continue;
		/* A last odd digit counts as the high one. */
		out[len / 2] = (uint8_t)(len % 2 ? out[len / 2] | digit : digit << 4);
		len++;
	}
	t->kind = WARD_PDF_TOKEN_STRING;
	t->text = ward_span_of(out, (len + 1) / 2);
	return WARD_OK;
}

/* ---- numbers and words ---- */

static bool
is_integer(struct ward_span s, int64_t *ret_num)
{
	bool minus = s.len && s.data[0] == '-';
	bool sign = minus || (s.len && s.data[0] == '+');
	struct ward_cursor c = ward_cursor_at(s, sign ? 1 : 0);
	int64_t value = 0;

	if (!ward_cursor_left(&c))
		return false;
	while (ward_cursor_left(&c)) {
		int byte = ward_cursor_u8(&c);

		if (byte < '0' || byte > '9')
			return false;
		if (value < INT64_MAX / 10 - 9)
			value = value * 10 + (byte - '0');
	}
	*ret_num = minus ? -value : value;
	return true;
}

static bool
is_real(struct ward_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.data[i] < '0' || s.data[i] > '9') && !memchr("+-.", s.data[i], 3))
			return false;
	return s.len > 0;
}

static void
lex_word(struct ward_cursor *c, struct ward_pdf_token *t)
{
	t->text = take_regular(c);
	if (is_integer(t->text, &t->num))
		t->kind = WARD_PDF_TOKEN_INT;
	else
		t->kind = is_real(t->text) ? WARD_PDF_TOKEN_REAL : WARD_PDF_TOKEN_WORD;
}

/* `<<` or a hex string; `>>` or a stray `>`. */
static enum ward_rc
lex_angle(struct ward_cursor *c, struct ward_arena *arena, int byte, struct ward_pdf_token *t)
{
	if (ward_cursor_peek(c) == byte) {
		ward_cursor_skip(c, 1);
		t->kind = byte == '<' ? WARD_PDF_TOKEN_DICT_OPEN : WARD_PDF_TOKEN_DICT_CLOSE;
		return WARD_OK;
	}
	if (byte == '<')
		return lex_hex(c, arena, t);
	t->kind = WARD_PDF_TOKEN_OTHER;
	return WARD_OK;
}

enum ward_rc
ward_pdf_lex(struct ward_cursor *c, struct ward_arena *arena, struct ward_pdf_token *ret_token)
{
	int byte;

	*ret_token = (struct ward_pdf_token){.kind = WARD_PDF_TOKEN_END};
	ward_pdf_skip_space(c);
	byte = ward_cursor_peek(c);
	if (byte < 0)
		return WARD_OK;
	if (!is_delimiter(byte)) {
		lex_word(c, ret_token);
		return WARD_OK;
	}
	ward_cursor_skip(c, 1);
	switch (byte) {
	case '/':
		return lex_name(c, arena, ret_token);
	case '(':
		return lex_literal(c, arena, ret_token);
	case '<':
	case '>':
		return lex_angle(c, arena, byte, ret_token);
	case '[':
		ret_token->kind = WARD_PDF_TOKEN_ARRAY_OPEN;
		return WARD_OK;
	case ']':
		ret_token->kind = WARD_PDF_TOKEN_ARRAY_CLOSE;
		return WARD_OK;
	default:
		ret_token->kind = WARD_PDF_TOKEN_OTHER;
		return WARD_OK;
	}
}

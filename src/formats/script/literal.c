/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/script/script-priv.h"

static void
put(struct ward_script_run *r, int byte)
{
	ward_codec_put(r->out, (uint8_t)byte);
}

/* Up to `max` digits of `base` at `ahead`; returns how many there were. */
static size_t
digits(const struct ward_script_run *r, size_t ahead, size_t max, int base, uint32_t *ret_value)
{
	uint32_t value = 0;
	size_t n = 0;

	for (; n < max; n++) {
		int byte = ward_script_byte(r, ahead + n);
		int digit = byte < 0 ? -1 : ward_text_hex_value((uint8_t)byte);

		if (digit < 0 || digit >= base)
			break;
		value = value * (uint32_t)base + (uint32_t)digit;
	}
	*ret_value = value;
	return n;
}

/* \x41 \x{41} \u0041 \u{41} \U00000041: bytes of input used, 0 when it is none. */
static size_t
hex_escape(struct ward_script_run *r)
{
	int letter = ward_script_byte(r, 1);
	size_t max = letter == 'x' ? 2 : letter == 'u' ? 4 : 8, n;
	uint32_t value;

	if (ward_script_byte(r, 2) == '{') {
		n = digits(r, 3, 8, 16, &value);
		if (!n || ward_script_byte(r, 3 + n) != '}')
			return 0;
		ward_codec_put_utf8(r->out, value);
		return n + 4;
	}
	n = digits(r, 2, max, 16, &value);
	if (n == 0 || (letter != 'x' && n < max))
		return 0;
	if (letter == 'x')
		put(r, (int)value);
	else
		ward_codec_put_utf8(r->out, value);
	return n + 2;
}

/* \101, \0: three digits, or a zero alone. */
static size_t
octal_escape(struct ward_script_run *r)
{
	uint32_t value;
	size_t n = digits(r, 1, 3, 8, &value);

	/* Shells write \0101. */
	if (n == 3 && ward_script_byte(r, 1) == '0' && digits(r, 1, 4, 8, &value) == 4)
		n = 4;
	if (n < 3 && !(n == 1 && value == 0))
		return 0;
	put(r, (int)value);
	return n + 1;
}

/* An escape whose character stands for itself or a control byte; 0: keep both. */
static int
plain_escape(int byte, char escape)
{
	static const char from[] = "ntr\\\"'/`$", to[] = "\n\t\r\\\"'/`$";
	const char *at = byte > 0 ? strchr(from, byte) : NULL;

	if (at)
		return to[at - from];
	return escape == '`' && byte > 0 ? byte : 0;
}

/* The position is at the escape character. */
static void
read_escape(struct ward_script_run *r)
{
	int next = ward_script_byte(r, 1), plain;
	size_t used = 0;

	if (next == '\n' || next == '\r') {
		r->pos += next == '\r' && ward_script_byte(r, 2) == '\n' ? 3 : 2;
		return;
	}
	if (r->lang->escape == '\\' && (next == 'x' || next == 'u' || next == 'U'))
		used = hex_escape(r);
	else if (r->lang->escape == '\\' && next >= '0' && next <= '7')
		used = octal_escape(r);
	if (used) {
		r->decoded++;
		r->pos += used;
		return;
	}
	plain = plain_escape(next, r->lang->escape);
	if (!plain) {
		put(r, ward_script_byte(r, 0));
		r->pos++;
		return;
	}
	put(r, plain);
	r->decoded += r->lang->escape == '`' && ward_text_is_alnum((uint8_t)next) && plain == next;
	r->pos += 2;
}

/* unescape("%u0041"): Internet Explorer's and browsers' old escape(). */
static bool
read_percent_u(struct ward_script_run *r)
{
	uint32_t value;

	if (r->lang->type != WARD_TYPE_JAVASCRIPT || ward_script_byte(r, 1) != 'u' ||
	    digits(r, 2, 4, 16, &value) != 4)
		return false;
	ward_codec_put_utf8(r->out, value);
	r->decoded++;
	r->pos += 6;
	return true;
}

/* Whether backslashes mean anything after this quote. */
static bool
has_escapes(const struct ward_script_run *r, int quote)
{
	if (!r->lang->escape || (quote == '\'' && r->lang->features & WARD_SCRIPT_RAW_SINGLE))
		return false;
	return !(r->lang->type == WARD_TYPE_PYTHON && !r->space && !r->literal &&
		 (r->last | 32) == 'r');
}

/* Length of the quote at the position when it ends the literal, else 0. */
static size_t
closing(struct ward_script_run *r, int quote, bool triple)
{
	if (ward_script_byte(r, 0) != quote)
		return 0;
	if (!triple)
		return 1;
	return ward_script_byte(r, 1) == quote && ward_script_byte(r, 2) == quote ? 3 : 0;
}

static void
read_contents(struct ward_script_run *r, int quote, bool triple, bool escapes)
{
	bool lines = r->lang->features & WARD_SCRIPT_LINES && !triple && quote != '`';
	int byte;

	while ((byte = ward_script_byte(r, 0)) >= 0 && r->out->rc == WARD_OK) {
		size_t end;

		if (byte != quote && byte != r->lang->escape && byte != '%' && byte != '\n') {
			put(r, byte);
			r->pos++;
			continue;
		}
		end = closing(r, quote, triple);
		if (end == 1 && r->lang->features & WARD_SCRIPT_DOUBLED &&
		    ward_script_byte(r, 1) == quote) {
			put(r, quote);
			r->pos += 2;
			continue;
		}
		r->pos += end;
		if (end || (lines && byte == '\n'))
			return;
		if (escapes && byte == r->lang->escape) {
			read_escape(r);
			continue;
		}
		if (byte == '%' && read_percent_u(r))
			continue;
		put(r, byte);
		r->pos++;
	}
}

void
ward_script_literal(struct ward_script_run *r)
{
	int quote = ward_script_byte(r, 0);
	bool escapes = has_escapes(r, quote); /* before r->last changes */
	bool triple = r->lang->features & WARD_SCRIPT_TRIPLE && ward_script_byte(r, 1) == quote &&
		      ward_script_byte(r, 2) == quote;

	/* A word with an empty literal in its middle: wh''oami. */
	if (r->lang->features & WARD_SCRIPT_BARE && ward_script_byte(r, 1) == quote && !r->space &&
	    ward_text_is_alnum(r->last) && ward_script_byte(r, 2) > 0 &&
	    ward_text_is_alnum((uint8_t)ward_script_byte(r, 2)))
		r->decoded++;
	ward_script_literal_open(r);
	r->pos += triple ? 3 : 1;
	read_contents(r, quote, triple, escapes);
}

/* ---- character functions ---- */

static void
skip_blanks(struct ward_script_run *r)
{
	int byte;

	while ((byte = ward_script_byte(r, 0)) == ' ' || byte == '\t' || byte == '\n' ||
	       byte == '\r')
		r->pos++;
}

/* 65, 0x41, &H41. */
static bool
read_number(struct ward_script_run *r, uint32_t *ret_value)
{
	int second = ward_script_byte(r, 1) | 32;
	bool hex = (ward_script_byte(r, 0) == '0' && second == 'x') ||
		   (ward_script_byte(r, 0) == '&' && second == 'h');
	size_t n = digits(r, hex ? 2 : 0, 7, hex ? 16 : 10, ret_value);

	r->pos += n ? n + (hex ? 2 : 0) : 0;
	return n > 0;
}

/* A number, or sums, differences, products of numbers from left to right. */
static bool
read_sum(struct ward_script_run *r, uint32_t *ret_value)
{
	uint32_t value, other;

	skip_blanks(r);
	if (!read_number(r, &value))
		return false;
	for (;;) {
		int op;

		skip_blanks(r);
		op = ward_script_byte(r, 0);
		if (op != '+' && op != '-' && op != '*' && op != '^')
			break;
		r->pos++;
		skip_blanks(r);
		if (!read_number(r, &other))
			return false;
		value = op == '+'   ? value + other
			: op == '-' ? value - other
			: op == '*' ? value * other
				    : value ^ other;
	}
	*ret_value = value;
	return true;
}

/* The codes up to the closing parenthesis, checked first (`write` false), then
 * written. */
static bool
read_codes(struct ward_script_run *r, bool write)
{
	uint32_t value;

	for (;;) {
		if (!read_sum(r, &value))
			return false;
		if (write)
			ward_codec_put_utf8(r->out, value);
		if (ward_script_byte(r, 0) == ')') {
			r->pos++;
			return true;
		}
		if (ward_script_byte(r, 0) != ',')
			return false;
		r->pos++;
	}
}

static bool
read_call(struct ward_script_run *r, const char *name)
{
	bool cast = name[strlen(name) - 1] != '(';
	size_t start = r->pos, codes;
	uint32_t value;

	r->pos += strlen(name);
	codes = r->pos;
	if (cast ? !read_number(r, &value) : !read_codes(r, false)) {
		r->pos = start;
		return false;
	}
	ward_script_literal_open(r);
	if (cast) {
		ward_codec_put_utf8(r->out, value);
	} else {
		r->pos = codes;
		(void)read_codes(r, true);
	}
	r->decoded++;
	return true;
}

bool
ward_script_char_call(struct ward_script_run *r)
{
	for (size_t i = 0; i < 3 && r->lang->chars[i]; i++)
		if (ward_script_at(r, r->lang->chars[i]))
			return read_call(r, r->lang->chars[i]);
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/json/json.h"

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf.h"

struct reader {
	struct ward_cursor in;
	struct ward_arena *arena;
	struct ward_json_error error;
	unsigned depth;
	enum ward_rc rc;
};

/* The first thing that is wrong is what is told. False, for the callers' convenience. */
static bool
fail_at(struct reader *r, size_t offset, const char *why)
{
	if (r->rc == WARD_OK) {
		r->rc = WARD_E_FORMAT;
		r->error = (struct ward_json_error){offset, why};
	}
	return false;
}

static bool
fail(struct reader *r, const char *why)
{
	return fail_at(r, r->in.pos, why);
}

static bool
no_room(struct reader *r)
{
	if (r->rc == WARD_OK) {
		r->rc = WARD_E_LIMIT;
		r->error = (struct ward_json_error){r->in.pos, NULL};
	}
	return false;
}

static void
skip_space(struct reader *r)
{
	int c = ward_cursor_peek(&r->in);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		ward_cursor_skip(&r->in, 1);
		c = ward_cursor_peek(&r->in);
	}
}

static bool
take(struct reader *r, char c)
{
	if (ward_cursor_peek(&r->in) != (uint8_t)c)
		return false;
	ward_cursor_skip(&r->in, 1);
	return true;
}

/* --- strings --- */

static bool
read_hex(struct reader *r, uint32_t *ret)
{
	struct ward_span digits = ward_cursor_bytes(&r->in, 4);
	uint32_t value = 0;

	if (digits.len < 4)
		return fail(r, "a \\u escape has four hex digits");
	for (size_t i = 0; i < 4; i++) {
		int digit = ward_text_hex_value(digits.data[i]);

		if (digit < 0)
			return fail_at(r, r->in.pos - 4 + i, "a \\u escape has four hex digits");
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return true;
}

/* After "\u": one code point, perhaps from a pair of surrogates (RFC 8259 §7). */
static bool
read_code_point(struct reader *r, struct ward_buf *out)
{
	size_t start = r->in.pos - 2;
	uint32_t high = 0, low = 0;

	if (!read_hex(r, &high))
		return false;
	if (high == 0)
		return fail_at(r, start, "a text may not hold a NUL");
	if (high >= 0xd800 && high <= 0xdbff) {
		if (!take(r, '\\') || !take(r, 'u') || !read_hex(r, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return fail_at(r, start, "half of a surrogate pair");
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	} else if (high >= 0xdc00 && high <= 0xdfff) {
		return fail_at(r, start, "half of a surrogate pair");
	}
	return ward_utf_put(out, high) == WARD_OK || no_room(r);
}

static bool
read_escape(struct reader *r, struct ward_buf *out)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	int c = ward_cursor_peek(&r->in);
	const char *at = c > 0 ? strchr(names, c) : NULL;

	if (take(r, 'u'))
		return read_code_point(r, out);
	if (!at)
		return fail_at(r, r->in.pos - 1, "no such escape in a text");
	ward_cursor_skip(&r->in, 1);
	return ward_buf_byte(out, (uint8_t)bytes[at - names]) == WARD_OK || no_room(r);
}

static bool
read_character(struct reader *r, struct ward_buf *out)
{
	struct ward_span rest = ward_span_cut(r->in.in, r->in.pos, 4);
	size_t n = ward_utf_valid_at(rest);

	if (rest.len == 0)
		return fail(r, "the text has no closing quote");
	if (rest.data[0] < 0x20)
		return fail(r, rest.data[0] == '\n'
				       ? "the text has no closing quote on its line"
				       : "a control character in a text must be escaped");
	if (n == 0)
		return fail(r, "not UTF-8");
	ward_cursor_skip(&r->in, n);
	return ward_buf_append(out, rest.data, n) == WARD_OK || no_room(r);
}

static bool
read_string(struct reader *r, struct ward_span *ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	char *copy;

	ward_buf_init(&out, r->in.in.len, ward_arena_budget(r->arena));
	ward_cursor_skip(&r->in, 1);
	while (!take(r, '"'))
		if (take(r, '\\') ? !read_escape(r, &out) : !read_character(r, &out))
			return false;
	copy = ward_arena_strdup(r->arena, ward_buf_span(&out));
	if (!copy)
		return no_room(r);
	*ret = ward_span_of(copy, out.len);
	return true;
}

/* --- numbers and words --- */

static size_t
skip_digits(struct reader *r)
{
	size_t start = r->in.pos;

	while (ward_cursor_peek(&r->in) >= '0' && ward_cursor_peek(&r->in) <= '9')
		ward_cursor_skip(&r->in, 1);
	return r->in.pos - start;
}

/* RFC 8259 §6. */
static bool
read_number(struct reader *r, struct ward_json *v)
{
	static const char why[] = "not a number";

	(void)take(r, '-');
	if (!take(r, '0') && skip_digits(r) == 0)
		return fail_at(r, v->offset, why);
	if (take(r, '.') && skip_digits(r) == 0)
		return fail_at(r, v->offset, why);
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			(void)take(r, '-');
		if (skip_digits(r) == 0)
			return fail_at(r, v->offset, why);
	}
	v->kind = WARD_JSON_NUMBER;
	v->text = ward_span_cut(r->in.in, v->offset, r->in.pos - v->offset);
	return true;
}

static bool
read_word(struct reader *r, struct ward_json *v)
{
	static const struct {
		const char *word;
		enum ward_json_kind kind;
	} words[] = {
		{"true", WARD_JSON_TRUE}, {"false", WARD_JSON_FALSE}, {"null", WARD_JSON_NULL}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].word);

		if (ward_span_eq(ward_span_cut(r->in.in, r->in.pos, n),
				 ward_span_str(words[i].word))) {
			ward_cursor_skip(&r->in, n);
			v->kind = words[i].kind;
			return true;
		}
	}
	return fail(r, ward_cursor_left(&r->in) ? "expected a value" : "the document ends early");
}

/* --- arrays and objects --- */

static bool read_value(struct reader *r, struct ward_json *v);

static bool
read_name(struct reader *r, struct ward_json *v)
{
	struct ward_span name;

	v->name_offset = r->in.pos;
	if (ward_cursor_peek(&r->in) != '"')
		return fail(r, "expected a name in quotes");
	if (!read_string(r, &name))
		return false;
	v->name = (const char *)name.data;
	skip_space(r);
	if (!take(r, ':'))
		return fail(r, "expected a colon after the name");
	skip_space(r);
	return true;
}

static bool
read_item(struct reader *r, struct ward_json *parent, struct ward_json ***tail)
{
	struct ward_json *v = ward_arena_alloc(r->arena, sizeof(*v));

	if (!v)
		return no_room(r);
	skip_space(r);
	if (parent->kind == WARD_JSON_OBJECT && !read_name(r, v))
		return false;
	if (!read_value(r, v))
		return false;
	if (!v->name)
		v->name_offset = v->offset;
	**tail = v;
	*tail = &v->next;
	skip_space(r);
	return true;
}

static bool
read_items(struct reader *r, struct ward_json *v, char close)
{
	struct ward_json **tail = &v->first;

	ward_cursor_skip(&r->in, 1);
	skip_space(r);
	if (take(r, close))
		return true;
	do {
		if (!read_item(r, v, &tail))
			return false;
	} while (take(r, ','));
	return take(r, close) ||
	       fail(r, close == '}' ? "expected a comma or }" : "expected a comma or ]");
}

static bool
read_nest(struct reader *r, struct ward_json *v)
{
	bool good;

	if (r->depth == WARD_JSON_DEPTH) {
		(void)fail(r, "nested too deeply");
		r->rc = WARD_E_LIMIT;
		return false;
	}
	r->depth++;
	v->kind = ward_cursor_peek(&r->in) == '{' ? WARD_JSON_OBJECT : WARD_JSON_ARRAY;
	good = read_items(r, v, v->kind == WARD_JSON_OBJECT ? '}' : ']');
	r->depth--;
	return good;
}

static bool
read_value(struct reader *r, struct ward_json *v)
{
	int c = ward_cursor_peek(&r->in);

	v->offset = r->in.pos;
	if (c == '"') {
		v->kind = WARD_JSON_STRING;
		return read_string(r, &v->text);
	}
	if (c == '{' || c == '[')
		return read_nest(r, v);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(r, v);
	return read_word(r, v);
}

enum ward_rc
ward_json_parse(struct ward_span text, struct ward_arena *arena, struct ward_json **ret_root,
		struct ward_json_error *ret_error)
{
	struct reader r = {.in = ward_cursor_of(text), .arena = arena};
	struct ward_json *root = ward_arena_alloc(arena, sizeof(*root));

	if (!root) {
		*ret_error = (struct ward_json_error){0, NULL};
		return WARD_E_LIMIT;
	}
	skip_space(&r);
	if (read_value(&r, root)) {
		skip_space(&r);
		if (ward_cursor_left(&r.in) > 0)
			(void)fail(&r, "something follows the end of the document");
	}
	root->name_offset = root->offset;
	if (r.rc == WARD_OK)
		*ret_root = root;
	else
		*ret_error = r.error;
	return r.rc;
}

const char *
ward_json_kind_name(enum ward_json_kind kind)
{
	static const char *const names[] = {"null",   "false",	  "true",     "a number",
					    "a text", "an array", "an object"};

	return names[kind];
}

struct ward_json_place
ward_json_place(struct ward_span text, size_t offset)
{
	struct ward_json_place place = {1, 1};

	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.data[i] == '\n')
			place = (struct ward_json_place){place.line + 1, 1};
		else if ((text.data[i] & 0xc0) != 0x80) /* not the rest of a character */
			place.column++;
	}
	return place;
}

static enum ward_rc
quote_ascii(struct ward_buf *out, uint8_t c)
{
	if (c == '"' || c == '\\')
		return ward_buf_printf(out, "\\%c", c);
	if (c == '\n')
		return ward_buf_str(out, "\\n");
	if (c < 0x20 || c == 0x7f)
		return ward_buf_printf(out, "\\u%04x", c);
	return ward_buf_byte(out, c);
}

enum ward_rc
ward_json_quote(struct ward_buf *out, struct ward_span text)
{
	enum ward_rc rc = ward_buf_byte(out, '"');

	for (size_t i = 0; rc == WARD_OK && i < text.len;) {
		size_t n = ward_utf_valid_at(ward_span_cut(text, i, 4));

		if (n > 1)
			rc = ward_buf_append(out, text.data + i, n);
		else if (n == 1)
			rc = quote_ascii(out, text.data[i]);
		else
			rc = ward_utf_put(out, 0xfffd);
		i += n ? n : 1;
	}
	return rc ? rc : ward_buf_byte(out, '"');
}

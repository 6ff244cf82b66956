/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/script/script-priv.h"

bool
ward_script_at(const struct ward_script_run *r, const char *text)
{
	struct ward_span rest = ward_span_cut(r->in, r->pos, 32);

	return *text && ward_text_starts_nocase(rest, text);
}

static bool
is_word(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '_';
}

static void
write_space(struct ward_script_run *r)
{
	if (r->space && r->last)
		ward_codec_put(r->out, (uint8_t)r->space);
	r->space = 0;
}

/* Ends the open literal: what follows it is no join. */
static void
close_literal(struct ward_script_run *r)
{
	if (r->literal) {
		ward_codec_put(r->out, '"');
		r->last = '"';
		if (r->join)
			ward_codec_put(r->out, (uint8_t)r->join);
	}
	r->literal = false;
	r->join = 0;
	write_space(r);
}

void
ward_script_literal_open(struct ward_script_run *r)
{
	if (r->lang->features & WARD_SCRIPT_BARE) {
		write_space(r);
		r->last = '"';
		return;
	}
	if (r->literal && (r->join || r->lang->features & WARD_SCRIPT_ADJACENT)) {
		r->decoded++;
		r->join = 0;
		r->space = 0;
		return;
	}
	close_literal(r);
	ward_codec_put(r->out, '"');
	r->last = '"';
	r->literal = true;
}

static void
write_code(struct ward_script_run *r, uint8_t byte)
{
	if (r->literal || r->space)
		close_literal(r);
	ward_codec_put(r->out, byte);
	r->last = byte;
	r->pos++;
}

static bool
at_line_start(const struct ward_script_run *r)
{
	return r->last == 0 || r->space == '\n';
}

/* Whether a comment up to the line's end starts here. */
static bool
at_line_comment(const struct ward_script_run *r)
{
	const char *const *c = r->lang->line_comment;

	if (r->lang->features & WARD_SCRIPT_REM && at_line_start(r) &&
	    (ward_script_at(r, "rem ") || ward_script_at(r, "@rem ")))
		return true;
	for (size_t i = 0; i < 2 && c[i]; i++) {
		if (!ward_script_at(r, c[i]))
			continue;
		if (c[i][0] == '#' && !at_line_start(r) && !r->space && !strchr(";(){}", r->last))
			continue;
		if (c[i][0] == ':' && !at_line_start(r))
			continue;
		return true;
	}
	return false;
}

/* Pages end a comment with their code: "// x ?>". */
static void
skip_line(struct ward_script_run *r)
{
	bool page = r->lang->features & WARD_SCRIPT_PAGE;
	int byte;

	while ((byte = ward_script_byte(r, 0)) >= 0 && byte != '\n') {
		if (page && (byte == '?' || byte == '%') && ward_script_byte(r, 1) == '>')
			return;
		r->pos++;
	}
}

static bool
skip_comment(struct ward_script_run *r)
{
	if (r->lang->block_open && ward_script_at(r, r->lang->block_open)) {
		size_t end = ward_text_find(r->in, ward_span_str(r->lang->block_close), r->pos + 2);

		r->cleaned += !at_line_start(r);
		r->pos = end == SIZE_MAX ? r->in.len : end + strlen(r->lang->block_close);
		return true;
	}
	if (!at_line_comment(r))
		return false;
	skip_line(r);
	return true;
}

/* A regular expression where an operand is due: its quotes are no quotes. */
static bool
copy_regex(struct ward_script_run *r)
{
	bool set = false;
	size_t end = r->pos + 1;

	if (!(r->lang->features & WARD_SCRIPT_REGEX) || r->literal || r->pos < r->no_regex ||
	    (r->last && !strchr("(,=:[!&|?{};+~", r->last)))
		return false;
	for (; end < r->in.len; end++) {
		uint8_t byte = r->in.data[end];

		if (byte == '\n') {
			r->no_regex = end;
			return false;
		}
		if (byte == '\\')
			end++;
		else if (byte == '[' || byte == ']')
			set = byte == '[';
		else if (byte == '/' && !set)
			break;
	}
	while (r->pos < end && r->pos < r->in.len)
		write_code(r, r->in.data[r->pos]);
	return true;
}

/* The escape character outside literals: joins lines, hides in words. */
static bool
skip_escape(struct ward_script_run *r, int byte)
{
	int next = ward_script_byte(r, 1);

	if (byte != r->lang->escape && byte != r->lang->drop)
		return false;
	if (next == '\n' || (next == '\r' && ward_script_byte(r, 2) == '\n')) {
		r->pos += next == '\r' ? 3 : 2;
		return true;
	}
	if (byte != r->lang->drop || next < 0 || !is_word((uint8_t)next))
		return false;
	r->cleaned++;
	r->pos++;
	return true;
}

static bool
take_join(struct ward_script_run *r, int byte)
{
	int next = ward_script_byte(r, 1);

	if (!r->literal || r->join || !r->lang->joins || !strchr(r->lang->joins, byte) ||
	    next == '=' || (byte == '+' && next == '+'))
		return false;
	r->join = (char)byte;
	r->pos++;
	/* Lua writes two. */
	if (r->lang->type == WARD_TYPE_LUA && next == '.')
		r->pos++;
	return true;
}

static bool
is_space(int byte)
{
	return ward_text_is_space((uint8_t)byte);
}

/* VB goes on in the next line after " _". */
static bool
skip_vb_continuation(struct ward_script_run *r, int byte)
{
	int next = ward_script_byte(r, 1);

	if (byte != '_' || r->lang->escape || !r->space || (next != '\n' && next != '\r'))
		return false;
	r->pos += next == '\r' && ward_script_byte(r, 2) == '\n' ? 3 : 2;
	return true;
}

static void
read_token(struct ward_script_run *r)
{
	int byte = ward_script_byte(r, 0);

	/* Most of a script: bytes that mean themselves, and the inside of words. */
	if (!r->special[byte] ||
	    (is_word((uint8_t)byte) && is_word(r->last) && !r->space && !r->literal)) {
		write_code(r, (uint8_t)byte);
		return;
	}
	if (is_space(byte)) {
		r->space = byte == '\n' || r->space == '\n' ? '\n' : ' ';
		r->pos++;
		return;
	}
	if (byte == 0 || skip_comment(r)) {
		r->pos += byte == 0;
		return;
	}
	if (strchr(r->lang->quotes, byte)) {
		ward_script_literal(r);
		return;
	}
	if (skip_escape(r, byte) || take_join(r, byte) || skip_vb_continuation(r, byte))
		return;
	if ((!is_word(r->last) || r->literal || r->space) && ward_script_char_call(r))
		return;
	if (byte == '/' && copy_regex(r))
		return;
	write_code(r, (uint8_t)byte);
}

/* Text of a page up to where code opens; the opening tag is part of it. */
static void
copy_page(struct ward_script_run *r)
{
	while (r->pos < r->in.len) {
		uint8_t byte = r->in.data[r->pos];
		int next = ward_script_byte(r, 1);

		if (is_space(byte)) {
			r->space = byte == '\n' || r->space == '\n' ? '\n' : ' ';
			r->pos++;
			continue;
		}
		write_code(r, byte);
		if (byte == '<' && (next == '?' || next == '%')) {
			write_code(r, (uint8_t)next);
			return;
		}
	}
}

static bool
at_page_end(const struct ward_script_run *r)
{
	int byte = ward_script_byte(r, 0);

	return (byte == '?' || byte == '%') && ward_script_byte(r, 1) == '>';
}

static void
mark_first(struct ward_script_run *r, const char *text)
{
	if (!text || !*text)
		return;
	r->special[(uint8_t)*text] = true;
	if (*text >= 'a' && *text <= 'z')
		r->special[(uint8_t)(*text - 32)] = true;
}

/* Fills `special` from the language's table. */
static void
mark_special(struct ward_script_run *r)
{
	const struct ward_script_lang *l = r->lang;

	for (const char *at = "\t\n\v\f\r /_@"; *at; at++)
		mark_first(r, (const char[]){*at, 0});
	r->special[0] = true;
	for (size_t i = 0; i < 2; i++)
		mark_first(r, l->line_comment[i]);
	for (size_t i = 0; i < 3; i++)
		mark_first(r, l->chars[i]);
	for (const char *at = l->quotes; *at; at++)
		r->special[(uint8_t)*at] = true;
	for (const char *at = l->joins ? l->joins : ""; *at; at++)
		r->special[(uint8_t)*at] = true;
	mark_first(r, l->block_open);
	mark_first(r, l->features & WARD_SCRIPT_REM ? "r" : NULL);
	r->special[(uint8_t)l->escape] = true;
	r->special[(uint8_t)l->drop] = true;
}

void
ward_script_normalise(struct ward_script_run *r)
{
	bool page = r->lang->features & WARD_SCRIPT_PAGE;

	mark_special(r);
	if (page)
		copy_page(r);
	while (r->pos < r->in.len && r->out->rc == WARD_OK) {
		if (page && at_page_end(r))
			copy_page(r);
		else
			read_token(r);
	}
	r->space = 0;
	close_literal(r);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/inline.h"

#include "base/cursor.h"
#include "base/text.h"

#include "formats/codec/base64.h"
#include "formats/codec/binhex.h"
#include "formats/codec/uu.h"
#include "formats/codec/yenc.h"

enum kind { KIND_NONE, KIND_UU, KIND_BASE64, KIND_YENC, KIND_BINHEX };

struct job {
	struct ward_cursor c; /* after the line that opened the block */
	struct ward_arena *arena;
	const struct ward_sink *sink;
	struct ward_span name; /* as the opening line told it */
};

static enum kind
kind_of(struct ward_span line, struct ward_span *ret_name)
{
	bool base64 = false;

	if (line.len < 10)
		return KIND_NONE;
	if (line.data[0] == 'b' && ward_codec_uu_begin(line, ret_name, &base64))
		return base64 ? KIND_BASE64 : KIND_UU;
	if (line.data[0] == '=' && ward_codec_yenc_begin(line, ret_name))
		return KIND_YENC;
	if (line.data[0] == '(' && ward_codec_binhex_begin(line))
		return KIND_BINHEX;
	return KIND_NONE;
}

/* Moves to the next line that opens a block and past it. The first data line
 * must make sense, for "begin 644 times" may be prose. */
static enum kind
next_block(struct ward_cursor *c, struct ward_span *ret_name)
{
	struct ward_span line;

	while (ward_cursor_line(c, &line)) {
		enum kind kind = kind_of(line, ret_name);
		struct ward_cursor ahead = *c;

		if (kind == KIND_UU &&
		    !(ward_cursor_line(&ahead, &line) && ward_codec_uu_plausible(line)))
			continue;
		if (kind != KIND_NONE)
			return kind;
	}
	return KIND_NONE;
}

bool
ward_codec_inline_any(struct ward_span in)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span name;

	return next_block(&c, &name) != KIND_NONE;
}

/* Data of "begin-base64" ends at a line "====". */
static size_t
decode_base64(struct ward_span in, struct ward_codec_out *out)
{
	size_t end = ward_text_find(in, ward_span_str("===="), 0);

	if (end == SIZE_MAX)
		end = in.len;
	ward_codec_base64(ward_span_cut(in, 0, end), out);
	return end;
}

static const char *
child_name(struct job *j, struct ward_span name, const char *generic)
{
	char *text;

	name = ward_text_trim(ward_span_cut(name, 0, 255));
	if (name.len == 0)
		return generic;
	text = ward_arena_strdup(j->arena, name);
	for (size_t i = 0; text && i < name.len; i++)
		if (text[i] == '\0')
			text[i] = '_';
	return text;
}

static enum ward_rc
hand_forks(struct job *j, struct ward_codec_out *o)
{
	struct ward_codec_binhex file;
	struct ward_child child = {0};
	enum ward_rc rc = ward_codec_out_finish(o);

	if (rc != WARD_OK && (o->refused || rc != WARD_E_LIMIT))
		return rc;
	if (rc == WARD_E_LIMIT)
		ward_sink_gap(j->sink, "binhex", WARD_REASON_SIZE);
	if (ward_codec_binhex_parse(ward_buf_span(o->buf), &file) != WARD_OK) {
		ward_sink_gap(j->sink, "binhex", WARD_REASON_CORRUPT);
		return WARD_OK;
	}
	child.name = child_name(j, file.name, "binhex");
	if (!child.name)
		return WARD_E_LIMIT;
	rc = ward_sink_object(j->sink, child.name, file.data);
	if (rc != WARD_OK || file.resource.len == 0)
		return rc;
	child.name = ward_arena_printf(j->arena, "%s/rsrc", child.name);
	return child.name ? ward_sink_object(j->sink, child.name, file.resource) : WARD_E_LIMIT;
}

static enum ward_rc
hand_block(struct job *j, enum kind kind)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_span rest = ward_span_cut(j->c.in, j->c.pos, ward_cursor_left(&j->c));
	struct ward_child child = {.name = child_name(j, j->name, "inline")};
	struct ward_codec_out o;
	size_t used;

	if (!child.name)
		return WARD_E_LIMIT;
	ward_buf_init(&bytes, ward_sink_child_max(j->sink, rest.len), ward_arena_budget(j->arena));
	if (kind == KIND_BINHEX) /* runs can make more of less: at most 255 of 2 bytes */
		bytes.max = ward_sink_child_max(
			j->sink, rest.len > SIZE_MAX / 128 ? SIZE_MAX : rest.len * 128);
	ward_codec_out_init(&o, &bytes, j->sink);
	if (kind == KIND_UU)
		used = ward_codec_uu(rest, &o);
	else if (kind == KIND_BASE64)
		used = decode_base64(rest, &o);
	else if (kind == KIND_YENC)
		used = ward_codec_yenc(rest, &o);
	else
		used = ward_codec_binhex_unpack(rest, &o);
	ward_cursor_skip(&j->c, used);
	child.packed = used;
	return kind == KIND_BINHEX ? hand_forks(j, &o) : ward_codec_out_child(&o, &child);
}

enum ward_rc
ward_codec_inline(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct job j = {.c = ward_cursor_of(in), .arena = arena, .sink = sink};
	enum ward_rc rc = WARD_OK;
	enum kind kind;

	while (rc == WARD_OK && (kind = next_block(&j.c, &j.name)) != KIND_NONE) {
		struct ward_arena_mark mark = ward_arena_save(arena);

		rc = ward_sink_charge(sink, 0, 0);
		if (rc == WARD_OK)
			rc = hand_block(&j, kind);
		ward_arena_restore(arena, mark);
	}
	return rc;
}

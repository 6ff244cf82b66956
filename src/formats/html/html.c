/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/html/html.h"

#include "base/text.h"
#include "formats/codec/entity.h"
#include "formats/codec/wide.h"
#include "formats/html/html-priv.h"

void
ward_html_write(struct ward_html_page *p, struct ward_span text)
{
	if (!p->views)
		return;
	for (size_t i = 0; i < text.len; i++) {
		bool space = ward_text_is_space(text.data[i]);

		if (!space)
			ward_codec_put(&p->text, text.data[i]);
		else if (!p->space)
			ward_codec_put(&p->text, ' ');
		p->space = space;
	}
}

static void
write_lower(struct ward_html_page *p, struct ward_span text)
{
	if (!p->views)
		return;
	for (size_t i = 0; i < text.len; i++)
		ward_codec_put(&p->text, ward_text_lower(text.data[i]));
	p->space = false;
}

/* References decoded into p->value, whose bytes are returned; the input itself
 * when there are none. What does not fit is cut. */
static struct ward_span
decode_value(struct ward_html_page *p, struct ward_span raw)
{
	static const struct ward_sink nobody;
	struct ward_codec_out o;

	if (!raw.len || !memchr(raw.data, '&', raw.len))
		return raw;
	ward_buf_clear(&p->value);
	ward_codec_out_init(&o, &p->value, &nobody);
	ward_codec_entities(raw, &o);
	if (ward_codec_out_finish(&o) != WARD_OK)
		ward_sink_gap(p->sink, NULL, WARD_REASON_MEMORY);
	return ward_buf_span(&p->value);
}

/* The cursor's next `len` bytes, consumed. */
static struct ward_span
take(struct ward_html_page *p, size_t len)
{
	return ward_cursor_bytes(&p->cur, len);
}

static struct ward_span
rest_of(const struct ward_html_page *p)
{
	return ward_span_cut(p->cur.in, p->cur.pos, p->cur.in.len);
}

/* Bytes until one of the class, at most to the end. */
static size_t
run_until(struct ward_span s, const char *stops)
{
	size_t i = 0;

	while (i < s.len && !ward_text_is_space(s.data[i]) && s.data[i] != '>' &&
	       !(s.data[i] && strchr(stops, s.data[i])))
		i++;
	return i;
}

static void
skip_space(struct ward_html_page *p)
{
	int next;

	while ((next = ward_cursor_peek(&p->cur)) >= 0 && ward_text_is_space((uint8_t)next))
		ward_cursor_skip(&p->cur, 1);
}

static struct ward_span
quoted_value(struct ward_html_page *p, uint8_t quote)
{
	struct ward_span rest = ward_span_cut(p->cur.in, p->cur.pos + 1, p->cur.in.len);
	bool *none = &p->no_quote[quote == '\''];
	const uint8_t *end = *none || !rest.len ? NULL : memchr(rest.data, quote, rest.len);
	struct ward_span value;

	if (!end) {
		*none = true;
		return take(p, run_until(rest_of(p), ""));
	}
	ward_cursor_skip(&p->cur, 1);
	value = take(p, (size_t)(end - rest.data));
	ward_cursor_skip(&p->cur, 1);
	return value;
}

/* One attribute; the cursor stands at its name. */
static enum ward_rc
read_attribute(struct ward_html_page *p, struct ward_html_tag *tag)
{
	struct ward_span name = take(p, run_until(rest_of(p), "=/"));
	struct ward_span raw = {NULL, 0}, value;
	int next;

	if (!name.len) {
		/* A stray "=" or "/". */
		ward_cursor_skip(&p->cur, 1);
		return WARD_OK;
	}
	write_lower(p, ward_span_str(" "));
	write_lower(p, name);
	skip_space(p);
	if (ward_cursor_peek(&p->cur) != '=')
		return WARD_OK;
	ward_cursor_skip(&p->cur, 1);
	skip_space(p);
	next = ward_cursor_peek(&p->cur);
	if (next == '"' || next == '\'')
		raw = quoted_value(p, (uint8_t)next);
	else
		raw = take(p, run_until(rest_of(p), ""));
	value = decode_value(p, raw);
	ward_html_write(p, ward_span_str("=\""));
	ward_html_write(p, value);
	ward_html_write(p, ward_span_str("\""));
	if (ward_text_eq_nocase(name, "language") || ward_text_eq_nocase(name, "type"))
		tag->language = raw;
	return ward_html_attribute(p, tag, name, value);
}

/* A script's or style's body, up to its end tag or the end of the page. */
static struct ward_span
raw_text(struct ward_html_page *p, struct ward_span name)
{
	struct ward_span rest = rest_of(p);

	for (size_t at = 0;; at++) {
		struct ward_span tail;

		at = ward_text_find(rest, ward_span_str("</"), at);
		if (at == SIZE_MAX)
			return take(p, rest.len);
		tail = ward_span_cut(rest, at + 2, name.len);
		if (tail.len == name.len && ward_text_find_nocase(tail, name, 0) == 0)
			return take(p, at);
	}
}

static enum ward_rc
after_tag(struct ward_html_page *p, const struct ward_html_tag *tag)
{
	bool script = ward_text_eq_nocase(tag->name, "script");
	struct ward_span body;

	if (ward_text_eq_nocase(tag->name, "hta:application"))
		ward_sink_trait(p->sink, WARD_TRAIT_AUTOEXEC);
	if (tag->closing || (!script && !ward_text_eq_nocase(tag->name, "style")))
		return WARD_OK;
	body = raw_text(p, tag->name);
	ward_html_write(p, body);
	return script ? ward_html_script(p, tag->language, body) : WARD_OK;
}

/* The cursor stands after "<" or "</", before a letter. */
static enum ward_rc
read_tag(struct ward_html_page *p, bool closing)
{
	struct ward_html_tag tag = {.closing = closing};
	enum ward_rc rc = WARD_OK;
	int next;

	tag.name = take(p, run_until(rest_of(p), "/"));
	write_lower(p, ward_span_str(closing ? "</" : "<"));
	write_lower(p, tag.name);
	for (;;) {
		struct ward_arena_mark mark = ward_arena_save(p->arena);

		skip_space(p);
		next = ward_cursor_peek(&p->cur);
		if (next < 0 || next == '>' || rc != WARD_OK)
			break;
		rc = read_attribute(p, &tag);
		ward_arena_restore(p->arena, mark);
	}
	if (rc != WARD_OK)
		return rc;
	ward_cursor_skip(&p->cur, next == '>');
	write_lower(p, ward_span_str(">"));
	return after_tag(p, &tag);
}

/* The cursor stands at "<!" or "<?". */
static void
skip_markup(struct ward_html_page *p)
{
	struct ward_span rest = rest_of(p);
	size_t end;

	if (ward_span_starts(rest, "<!--", 4)) {
		end = p->no_comment_end ? SIZE_MAX : ward_text_find(rest, ward_span_str("-->"), 2);
		p->no_comment_end = end == SIZE_MAX;
		/* Without an end its contents are text, so that nothing hides there. */
		ward_cursor_skip(&p->cur, end == SIZE_MAX ? 4 : end + 3);
		return;
	}
	end = run_until(rest, "");
	ward_html_write(p, take(p, end ? end : 1));
}

static enum ward_rc
read_markup(struct ward_html_page *p)
{
	struct ward_span rest = ward_span_cut(p->cur.in, p->cur.pos, 3);
	bool closing = rest.len > 2 && rest.data[1] == '/';
	uint8_t letter = rest.len > 1 ? rest.data[closing ? 2 : 1] : 0;

	if (ward_text_lower(letter) >= 'a' && ward_text_lower(letter) <= 'z') {
		ward_cursor_skip(&p->cur, closing ? 2 : 1);
		return read_tag(p, closing);
	}
	if (letter == '!' || letter == '?') {
		skip_markup(p);
		return WARD_OK;
	}
	ward_html_write(p, take(p, 1));
	return WARD_OK;
}

static void
read_text(struct ward_html_page *p)
{
	struct ward_span rest = rest_of(p);
	const uint8_t *open = memchr(rest.data, '<', rest.len);
	struct ward_span text = take(p, open ? (size_t)(open - rest.data) : rest.len);

	if (p->views && text.len)
		ward_html_write(p, decode_value(p, text));
}

static enum ward_rc
read_page(struct ward_html_page *p)
{
	enum ward_rc rc = WARD_OK;
	size_t told = 0;

	while (rc == WARD_OK && ward_cursor_left(&p->cur)) {
		struct ward_arena_mark mark = ward_arena_save(p->arena);

		if (p->cur.pos - told > 64u * 1024) {
			told = p->cur.pos;
			rc = ward_sink_charge(p->sink, 0, 0);
		}
		if (rc == WARD_OK && ward_cursor_peek(&p->cur) == '<')
			rc = read_markup(p);
		else if (rc == WARD_OK)
			read_text(p);
		ward_arena_restore(p->arena, mark);
		if (p->text.refused)
			return p->text.rc;
	}
	return rc;
}

static enum ward_rc
hand_views(struct ward_html_page *p)
{
	struct ward_child code = {.name = "handlers", .type = WARD_TYPE_JAVASCRIPT};
	struct ward_child view = {.name = "normalised", .type = WARD_TYPE_HTML, .derived = true};
	enum ward_rc rc = ward_codec_out_child(&p->handlers, &code);

	if (p->code.len)
		ward_sink_trait(p->sink, WARD_TRAIT_SCRIPT);
	if (p->scripts)
		ward_sink_fact(p->sink, "html.scripts", "%u", p->scripts);
	return rc == WARD_OK && p->views ? ward_codec_out_child(&p->text, &view) : rc;
}

static enum ward_rc
read_bytes(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_html_page *p = ward_arena_alloc(arena, sizeof(*p));
	struct ward_budget *budget = ward_arena_budget(arena);
	enum ward_rc rc;

	if (!p)
		return WARD_E_LIMIT;
	p->cur = ward_cursor_of(in);
	p->arena = arena;
	p->sink = sink;
	p->views = !sink->skip_views;
	ward_buf_init(&p->view, ward_sink_child_max(sink, in.len + in.len / 2 + 4096), budget);
	ward_buf_init(&p->code, ward_sink_child_max(sink, in.len * 2 + 4096), budget);
	ward_buf_init(&p->value, in.len * 2 + 4096, budget);
	ward_codec_out_init(&p->text, &p->view, sink);
	ward_codec_out_init(&p->handlers, &p->code, sink);
	rc = read_page(p);
	if (rc == WARD_OK)
		rc = hand_views(p);
	ward_buf_done(&p->view);
	ward_buf_done(&p->code);
	ward_buf_done(&p->value);
	return rc;
}

enum ward_rc
ward_html_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf wide = {0};
	enum ward_rc rc;

	ward_buf_init(&wide, in.len * 2 + 16, ward_arena_budget(arena));
	rc = ward_codec_narrow(&in, &wide);
	return rc == WARD_OK ? read_bytes(in, arena, sink) : rc;
}

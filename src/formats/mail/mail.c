/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/mail/mail.h"

#include "base/text.h"
#include "formats/mail/header.h"
#include "formats/mail/mail-priv.h"

/* Where a body ended: at a delimiter line of boundary `level`, or at the end of
 * the input. */
struct stop {
	int level; /* -1: end of the input */
	bool closing;
};

/* Whether `line`, which starts with "--", is a delimiter of `boundary` (RFC 2046
 * section 5.1.1); white space may follow, after a closing one anything. */
static bool
is_delimiter(struct ward_span line, struct ward_span boundary, bool *ret_closing)
{
	struct ward_span rest = ward_span_cut(line, 2, line.len);

	if (!ward_span_starts(rest, boundary.data, boundary.len))
		return false;
	rest = ward_span_cut(rest, boundary.len, rest.len);
	*ret_closing = ward_span_starts(rest, "--", 2);
	return *ret_closing || ward_text_trim(rest).len == 0;
}

static struct stop
match_line(const struct ward_mail_walk *w, struct ward_span line)
{
	struct stop stop = {-1, false};

	for (size_t i = w->depth; i-- > 0;)
		if (is_delimiter(line, w->boundary[i], &stop.closing)) {
			stop.level = (int)i;
			return stop;
		}
	return stop;
}

/* The line break before a delimiter belongs to the delimiter. */
static struct ward_span
without_last_break(struct ward_span body)
{
	if (body.len && body.data[body.len - 1] == '\n')
		body.len--;
	if (body.len && body.data[body.len - 1] == '\r')
		body.len--;
	return body;
}

/* Offset of the next line starting "--" at or after the cursor, or SIZE_MAX. */
static size_t
next_dashes(const struct ward_cursor *c, bool line_start)
{
	struct ward_span here = ward_span_cut(c->in, c->pos, 2);
	size_t at;

	if (line_start && ward_span_starts(here, "--", 2))
		return c->pos;
	at = ward_text_find(c->in, ward_span_str("\n--"), c->pos);
	return at == SIZE_MAX ? SIZE_MAX : at + 1;
}

/* Reads up to and including the next delimiter line. */
static struct ward_span
read_body(struct ward_mail_walk *w, struct stop *ret_stop)
{
	size_t start = w->cur.pos, at;
	bool line_start = true;
	struct ward_span line;

	*ret_stop = (struct stop){-1, false};
	while (w->depth && (at = next_dashes(&w->cur, line_start)) != SIZE_MAX) {
		ward_cursor_seek(&w->cur, at);
		if (!ward_cursor_line(&w->cur, &line))
			break;
		*ret_stop = match_line(w, line);
		if (ret_stop->level >= 0)
			return without_last_break(ward_span_cut(w->cur.in, start, at - start));
		line_start = true;
	}
	ward_cursor_seek(&w->cur, w->cur.in.len);
	return ward_span_cut(w->cur.in, start, w->cur.in.len - start);
}

/* A multipart without a boundary parameter: clients take the first line that
 * looks like a delimiter. */
static struct ward_span
guess_boundary(const struct ward_mail_walk *w)
{
	struct ward_cursor c = w->cur;
	size_t at = next_dashes(&c, true);
	struct ward_span line;

	if (at == SIZE_MAX)
		return (struct ward_span){NULL, 0};
	ward_cursor_seek(&c, at + 2);
	if (!ward_cursor_line(&c, &line))
		return (struct ward_span){NULL, 0};
	return ward_text_trim(ward_span_cut(line, 0, 1024));
}

/* Opens a level. WARD_E_FORMAT: there is no boundary at all. */
static enum ward_rc
push_boundary(struct ward_mail_walk *w, const struct ward_mail_params *type)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	struct ward_span boundary;
	bool found;
	enum ward_rc rc;
	char *copy;

	ward_buf_init(&text, 4 * WARD_MAIL_VALUE_MAX, ward_arena_budget(w->arena));
	rc = ward_mail_params_get(type, "boundary", w->second, &text, &found, &w->ambiguous);
	if (rc != WARD_OK)
		return rc;
	boundary = ward_text_trim(ward_buf_span(&text));
	if (!found) {
		ward_sink_trait(w->sink, WARD_TRAIT_MALFORMED);
		boundary = guess_boundary(w);
		if (!boundary.data)
			return WARD_E_FORMAT;
	}
	copy = ward_arena_strdup(w->arena, boundary);
	if (!copy)
		return WARD_E_LIMIT;
	w->boundary[w->depth++] = ward_span_of(copy, boundary.len);
	return WARD_OK;
}

static enum ward_rc read_part(struct ward_mail_walk *w, bool top, struct stop *ret_stop);

/* Parts of the multipart just opened. What follows its closing delimiter is read
 * on: some clients do, and another delimiter opens another part. */
static enum ward_rc
read_parts(struct ward_mail_walk *w, struct stop *ret_stop)
{
	int level = (int)w->depth - 1;
	enum ward_rc rc = WARD_OK;

	(void)read_body(w, ret_stop);
	while (rc == WARD_OK && ret_stop->level == level) {
		if (ret_stop->closing)
			(void)read_body(w, ret_stop);
		else
			rc = read_part(w, false, ret_stop);
	}
	w->depth = (size_t)level;
	return rc;
}

static enum ward_rc
read_contents(struct ward_mail_walk *w, const struct ward_mail_part *part,
	      const struct ward_mail_params *type, struct stop *ret_stop)
{
	bool multipart = ward_text_starts_nocase(type->value, "multipart/");
	enum ward_rc rc;

	if (ward_text_starts_nocase(type->value, "multipart/encrypted")) {
		ward_sink_trait(w->sink, WARD_TRAIT_ENCRYPTED);
		ward_sink_gap(w->sink, NULL, WARD_REASON_ENCRYPTED);
	}
	if (multipart && w->depth == WARD_MAIL_DEPTH_MAX)
		ward_sink_gap(w->sink, NULL, WARD_REASON_DEPTH);
	if (multipart && w->depth < WARD_MAIL_DEPTH_MAX) {
		rc = push_boundary(w, type);
		if (rc == WARD_OK)
			return read_parts(w, ret_stop);
		if (rc != WARD_E_FORMAT)
			return rc;
	}
	return ward_mail_leaf(w, part, type, read_body(w, ret_stop));
}

static void
fact_words(struct ward_mail_walk *w, const char *key, struct ward_span text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf words = {0};

	if (!text.len)
		return;
	ward_buf_init(&words, 4 * WARD_MAIL_VALUE_MAX, ward_arena_budget(w->arena));
	if (ward_mail_words(text, &words) == WARD_OK && words.len)
		ward_sink_fact(w->sink, key, "%.*s", words.len < 500 ? (int)words.len : 500,
			       (const char *)words.data);
}

static enum ward_rc
read_part(struct ward_mail_walk *w, bool top, struct stop *ret_stop)
{
	struct ward_arena_mark mark = ward_arena_save(w->arena);
	struct ward_mail_params *type = ward_arena_alloc(w->arena, sizeof(*type));
	struct ward_mail_part part;
	enum ward_rc rc;

	if (!type)
		return WARD_E_LIMIT;
	rc = ward_sink_charge(w->sink, 0, 0);
	if (rc == WARD_OK)
		rc = ward_mail_part_read(w, &part);
	if (rc != WARD_OK)
		return rc;
	if (top && !part.any)
		return WARD_E_FORMAT;
	if (top && !w->second) {
		fact_words(w, "mail.subject", part.subject);
		fact_words(w, "mail.from", part.from);
	}
	ward_mail_params_parse(part.type, type);
	rc = read_contents(w, &part, type, ret_stop);
	ward_arena_restore(w->arena, mark);
	return rc;
}

static enum ward_rc
read_message(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink,
	     bool second, bool *ret_ambiguous)
{
	struct ward_mail_walk *w = ward_arena_alloc(arena, sizeof(*w));
	struct stop stop;
	enum ward_rc rc;

	if (!w)
		return WARD_E_LIMIT;
	w->cur = ward_cursor_of(in);
	w->arena = arena;
	w->sink = sink;
	w->second = second;
	ward_buf_init(&w->names, WARD_MAIL_LISTED_MAX, ward_arena_budget(arena));
	rc = read_part(w, true, &stop);
	if (w->listed)
		ward_sink_fact(sink, "mail.attachments", "%.*s", (int)w->names.len,
			       (const char *)w->names.data);
	ward_buf_done(&w->names);
	*ret_ambiguous = w->ambiguous;
	return rc;
}

enum ward_rc
ward_mail_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	bool ambiguous;
	enum ward_rc rc = read_message(in, arena, sink, false, &ambiguous);

	if (rc != WARD_OK || !ambiguous)
		return rc;
	ward_sink_trait(sink, WARD_TRAIT_MALFORMED);
	return read_message(in, arena, sink, true, &ambiguous);
}

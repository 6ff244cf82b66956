/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/mail/params.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/codec/percent.h"
#include "formats/mail/header.h"

static void
skip_blanks_and_comments(struct ward_cursor *c)
{
	unsigned depth = 0;

	for (;;) {
		int next = ward_cursor_peek(c);

		if (next < 0)
			return;
		if (next == '(')
			depth++;
		else if (depth == 0 && !ward_text_is_space((uint8_t)next))
			return;
		else if (next == ')')
			depth--;
		ward_cursor_skip(c, 1);
	}
}

/* Everything up to one of `stops`, trimmed. */
static struct ward_span
until(struct ward_cursor *c, const char *stops)
{
	size_t start = c->pos;
	int next;

	while ((next = ward_cursor_peek(c)) > 0 && !strchr(stops, next))
		ward_cursor_skip(c, 1);
	/* A NUL is no stop and no text: skip it, or the reader would stand still. */
	if (next == 0)
		ward_cursor_skip(c, 1);
	return ward_text_trim(ward_span_cut(c->in, start, c->pos - start));
}

static struct ward_span
quoted(struct ward_cursor *c)
{
	size_t start;
	int next;

	ward_cursor_skip(c, 1);
	start = c->pos;
	while ((next = ward_cursor_peek(c)) >= 0 && next != '"') {
		ward_cursor_skip(c, 1);
		if (next == '\\' && ward_cursor_peek(c) >= 0)
			ward_cursor_skip(c, 1);
	}
	if (next < 0)
		return ward_span_cut(c->in, start, c->pos - start);
	ward_cursor_skip(c, 1);
	return ward_span_cut(c->in, start, c->pos - start - 1);
}

/* Splits "name*3*" into its parts. */
static void
set_name(struct ward_mail_param *p, struct ward_span name)
{
	struct ward_span rest = name, number;
	uint64_t value;

	p->part = -1;
	p->extended = name.len > 1 && name.data[name.len - 1] == '*';
	if (p->extended)
		rest.len--;
	if (!ward_text_split(&rest, '*', &p->name))
		p->name = name;
	if (ward_text_split(&rest, '*', &number) && ward_text_u64(number, &value) && value < 1000)
		p->part = (int)value;
}

void
ward_mail_params_parse(struct ward_span text, struct ward_mail_params *ret_params)
{
	struct ward_cursor c = ward_cursor_of(text);

	skip_blanks_and_comments(&c);
	ret_params->value = until(&c, ";(");
	ret_params->count = 0;
	while (ward_cursor_left(&c) && ret_params->count < WARD_MAIL_PARAMS_MAX) {
		struct ward_mail_param *p = &ret_params->list[ret_params->count];
		struct ward_span name;

		skip_blanks_and_comments(&c);
		name = until(&c, "=;");
		if (ward_cursor_peek(&c) != '=') {
			ward_cursor_skip(&c, 1);
			continue;
		}
		ward_cursor_skip(&c, 1);
		skip_blanks_and_comments(&c);
		set_name(p, name);
		p->quoted = ward_cursor_peek(&c) == '"';
		p->value = p->quoted ? quoted(&c) : until(&c, ";");
		ret_params->count += name.len > 0;
	}
}

/* Only \" and \\ are escapes: Windows paths come unescaped. */
static enum ward_rc
unescape(const struct ward_mail_param *p, struct ward_buf *out)
{
	struct ward_span s = p->value;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < s.len && rc == WARD_OK; i++) {
		bool escape = p->quoted && s.data[i] == '\\' && i + 1 < s.len &&
			      (s.data[i + 1] == '"' || s.data[i + 1] == '\\');

		rc = ward_buf_byte(out, s.data[escape ? ++i : i]);
	}
	return rc;
}

static enum ward_rc
plain_value(const struct ward_mail_param *p, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;

	ward_buf_init(&text, WARD_MAIL_VALUE_MAX, out->budget);
	rc = unescape(p, &text);
	return rc == WARD_OK ? ward_mail_words(ward_buf_span(&text), out) : rc;
}

/* charset'language'percent-encoded; the first segment alone names the charset. */
static enum ward_rc
extended_value(struct ward_span s, struct ward_span *charset, bool first, struct ward_buf *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	static const struct ward_sink nobody;
	struct ward_span rest = s, part, language;
	struct ward_codec_out o;
	enum ward_rc rc;

	if (first && ward_text_split(&rest, '\'', &part) &&
	    ward_text_split(&rest, '\'', &language) && rest.data) {
		*charset = part;
		s = rest;
	}
	ward_buf_init(&bytes, WARD_MAIL_VALUE_MAX, out->budget);
	ward_codec_out_init(&o, &bytes, &nobody);
	ward_codec_percent(s, &o);
	rc = ward_codec_out_finish(&o);
	return rc == WARD_OK ? ward_mail_charset(*charset, ward_buf_span(&bytes), out) : rc;
}

static const struct ward_mail_param *
find_part(const struct ward_mail_params *params, const char *name, int part)
{
	for (size_t i = 0; i < params->count; i++)
		if (params->list[i].part == part && ward_text_eq_nocase(params->list[i].name, name))
			return &params->list[i];
	return NULL;
}

static const struct ward_mail_param *
find_plain(const struct ward_mail_params *params, const char *name, bool last, bool *ret_twice)
{
	const struct ward_mail_param *found = NULL;

	for (size_t i = 0; i < params->count; i++) {
		const struct ward_mail_param *p = &params->list[i];

		if (p->part >= 0 || !ward_text_eq_nocase(p->name, name))
			continue;
		if (found && !ward_span_eq(found->value, p->value) &&
		    found->extended == p->extended)
			*ret_twice = true;
		/* Of a plain and an extended value the extended one counts (RFC 6266). */
		if (!found || p->extended > found->extended ||
		    (last && p->extended == found->extended))
			found = p;
	}
	return found;
}

enum ward_rc
ward_mail_params_get(const struct ward_mail_params *params, const char *name, bool last,
		     struct ward_buf *out, bool *ret_found, bool *ret_twice)
{
	const struct ward_mail_param *p = find_plain(params, name, last, ret_twice);
	struct ward_span charset = {NULL, 0};
	enum ward_rc rc = WARD_OK;

	*ret_found = p != NULL;
	if (p)
		return p->extended ? extended_value(p->value, &charset, true, out)
				   : plain_value(p, out);
	for (int part = 0; rc == WARD_OK; part++) {
		p = find_part(params, name, part);
		if (!p)
			break;
		*ret_found = true;
		rc = p->extended ? extended_value(p->value, &charset, part == 0, out)
				 : unescape(p, out);
	}
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/mail/header.h"

#include "base/text.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Moves past the lines that continue a field. */
static void
skip_folds(struct ward_cursor *c, bool blank_folds)
{
	struct ward_span line;

	for (;;) {
		struct ward_cursor ahead = *c;
		int next = ward_cursor_peek(c);

		if (next != ' ' && next != '\t')
			return;
		if (!ward_cursor_line(&ahead, &line))
			return;
		if (!blank_folds && ward_text_trim(line).len == 0)
			return;
		*c = ahead;
	}
}

/* Offset of the colon when `line` starts like a field, else SIZE_MAX. */
static size_t
name_end(struct ward_span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] == ':')
			return i ? i : SIZE_MAX;
		if (line.data[i] < 33 && !is_blank(line.data[i]))
			return SIZE_MAX;
		/* Blanks may stand before the colon only. */
		if (is_blank(line.data[i]) && i + 1 < line.len && line.data[i + 1] != ':' &&
		    !is_blank(line.data[i + 1]))
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

enum ward_mail_next
ward_mail_field_next(struct ward_cursor *c, bool blank_folds, struct ward_mail_field *ret_field)
{
	struct ward_cursor start = *c;
	struct ward_span line;
	size_t colon;

	if (!ward_cursor_line(c, &line))
		return WARD_MAIL_END;
	if (ward_text_trim(line).len == 0)
		return WARD_MAIL_END;
	if (ward_span_starts(line, "--", 2)) {
		*c = start;
		return WARD_MAIL_END;
	}
	colon = name_end(line);
	if (colon == SIZE_MAX)
		return WARD_MAIL_GARBAGE;
	skip_folds(c, blank_folds);
	ret_field->name = ward_text_trim(ward_span_cut(line, 0, colon));
	ret_field->value =
		ward_span_cut(c->in, start.pos + colon + 1, c->pos - start.pos - colon - 1);
	return WARD_MAIL_FIELD;
}

enum ward_rc
ward_mail_unfold(struct ward_span value, struct ward_buf *out)
{
	value = ward_text_trim(ward_span_cut(value, 0, WARD_MAIL_VALUE_MAX));
	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = value.data[i];
		enum ward_rc rc;

		if (byte == '\r' || byte == '\n')
			continue;
		rc = ward_buf_byte(out, byte < 32 ? ' ' : byte);
		if (rc != WARD_OK)
			return rc;
	}
	return WARD_OK;
}

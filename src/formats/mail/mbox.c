/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "base/text.h"
#include "formats/mail/mail.h"

/* Offset of the next "From " line at or after `from` that follows a blank line
 * (the rule of mboxrd and mboxo), or the input's length. */
static size_t
next_from(struct ward_span in, size_t from)
{
	for (;;) {
		size_t at = ward_text_find(in, ward_span_str("\nFrom "), from);
		struct ward_span before;

		if (at == SIZE_MAX)
			return in.len;
		before = ward_span_cut(in, at >= 2 ? at - 2 : 0, at >= 2 ? 2 : at);
		if (before.len &&
		    (before.data[before.len - 1] == '\n' || ward_span_starts(before, "\n\r", 2)))
			return at + 1;
		from = at + 1;
	}
}

static enum ward_rc
hand_message(struct ward_arena *arena, const struct ward_sink *sink, unsigned number,
	     struct ward_span bytes)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	struct ward_child child = {.bytes = bytes, .type = WARD_TYPE_MAIL};
	enum ward_rc rc;

	child.name = ward_arena_printf(arena, "message-%u", number);
	if (!child.name)
		return WARD_E_LIMIT;
	rc = ward_sink_charge(sink, 0, 0);
	if (rc == WARD_OK)
		rc = ward_sink_child(sink, &child);
	ward_arena_restore(arena, mark);
	return rc;
}

enum ward_rc
ward_mbox_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc = WARD_OK;
	struct ward_span line;

	if (!ward_span_starts(in, "From ", 5))
		return WARD_E_FORMAT;
	for (unsigned number = 1; rc == WARD_OK && ward_cursor_left(&c); number++) {
		size_t end = next_from(in, c.pos);

		(void)ward_cursor_line(&c, &line);
		if (end > c.pos)
			rc = hand_message(arena, sink, number,
					  ward_span_cut(in, c.pos, end - c.pos));
		ward_cursor_seek(&c, end);
	}
	return rc;
}

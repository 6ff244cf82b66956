/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/mail/header.h"
#include "formats/mail/mail-priv.h"

/* Takes a field's value unless an earlier one counts. */
static enum ward_rc
take(struct ward_mail_walk *w, struct ward_span value, struct ward_span *ret_slot)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;
	char *copy;

	ward_buf_init(&text, WARD_MAIL_VALUE_MAX, ward_arena_budget(w->arena));
	rc = ward_mail_unfold(value, &text);
	if (rc != WARD_OK)
		return rc;
	if (ret_slot->data && !ward_span_eq(*ret_slot, ward_buf_span(&text)))
		w->ambiguous = true;
	if (ret_slot->data && !w->second)
		return WARD_OK;
	copy = ward_arena_strdup(w->arena, ward_buf_span(&text));
	if (!copy)
		return WARD_E_LIMIT;
	*ret_slot = ward_span_of(copy, text.len);
	return WARD_OK;
}

static struct ward_span *
slot_of(struct ward_mail_part *part, struct ward_span name)
{
	if (ward_text_eq_nocase(name, "content-type"))
		return &part->type;
	if (ward_text_eq_nocase(name, "content-transfer-encoding"))
		return &part->encoding;
	if (ward_text_eq_nocase(name, "content-disposition"))
		return &part->disposition;
	if (ward_text_eq_nocase(name, "subject"))
		return &part->subject;
	if (ward_text_eq_nocase(name, "from"))
		return &part->from;
	return NULL;
}

/* The header ended at a line of blanks, which some clients fold. */
static bool
ended_in_blanks(const struct ward_mail_walk *w)
{
	size_t end = w->cur.pos;
	struct ward_span tail = ward_span_cut(w->cur.in, end >= 3 ? end - 3 : 0, 3);

	for (size_t i = 0; i < tail.len; i++)
		if (tail.data[i] == ' ' || tail.data[i] == '\t')
			return tail.data[tail.len - 1] == '\n';
	return false;
}

enum ward_rc
ward_mail_part_read(struct ward_mail_walk *w, struct ward_mail_part *ret_part)
{
	struct ward_mail_field field;
	enum ward_rc rc = WARD_OK;

	*ret_part = (struct ward_mail_part){0};
	for (;;) {
		struct ward_cursor start = w->cur;
		enum ward_mail_next next = ward_mail_field_next(&w->cur, w->second, &field);
		struct ward_span *slot;

		if (next == WARD_MAIL_END)
			break;
		if (next == WARD_MAIL_GARBAGE) {
			/* An mbox or quoted "From " line stands before the header, and
			 * stray lines inside it are skipped by clients; but text
			 * without any field is a body. */
			struct ward_span line = ward_span_cut(start.in, start.pos, 6);

			if (ret_part->any || ward_span_starts(line, "From ", 5) ||
			    ward_span_starts(line, ">From ", 6))
				continue;
			w->cur = start;
			return WARD_OK;
		}
		ret_part->any = true;
		slot = slot_of(ret_part, field.name);
		rc = slot ? take(w, field.value, slot) : WARD_OK;
		if (rc != WARD_OK)
			return rc;
	}
	if (ret_part->any && ended_in_blanks(w))
		w->ambiguous = true;
	return WARD_OK;
}

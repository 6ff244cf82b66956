/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/edition.h"

#include "base/cursor.h"
#include "base/utf.h"
#include "match/hash/table.h"

enum { FIXED = 16 };

enum ward_rc
ward_edition_read(struct ward_span section, struct ward_edition *ret_edition)
{
	struct ward_cursor c = ward_cursor_of(section);
	struct ward_edition e = {.number = 0};

	if (section.len > 0) {
		e.number = ward_cursor_u64le(&c);
		e.made_s = ward_cursor_u64le(&c);
		e.notes = ward_span_cut(section, FIXED, section.len);
	}
	if (!ward_cursor_ok(&c) || e.notes.len > WARD_EDITION_NOTES ||
	    ward_utf_fit(e.notes, e.notes.len) != e.notes.len)
		return WARD_E_FORMAT;
	*ret_edition = e;
	return WARD_OK;
}

enum ward_rc
ward_edition_write(const struct ward_edition *edition, struct ward_buf *out)
{
	uint8_t fixed[FIXED];
	enum ward_rc rc;

	if (edition->notes.len > WARD_EDITION_NOTES)
		return WARD_E_LIMIT;
	if (ward_utf_fit(edition->notes, edition->notes.len) != edition->notes.len)
		return WARD_E_FORMAT;
	ward_table_put(fixed, edition->number, 8);
	ward_table_put(fixed + 8, edition->made_s, 8);
	rc = ward_buf_append(out, fixed, sizeof(fixed));
	return rc ? rc : ward_buf_append(out, edition->notes.data, edition->notes.len);
}

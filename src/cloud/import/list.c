/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "base/text.h"
#include "cloud/import/readers.h"

static bool
is_separator(uint8_t c)
{
	return ward_text_is_space(c) || c == ',' || c == ';';
}

/* The hex digits a line begins with, and what follows them. */
static struct ward_span
digits_of(struct ward_span line, struct ward_span *ret_rest)
{
	size_t len = 0;

	while (len < line.len && ward_text_hex_value(line.data[len]) >= 0)
		len++;
	*ret_rest = ward_span_cut(line, len, line.len);
	return ward_span_cut(line, 0, len);
}

/* The word after the separators. */
static struct ward_span
name_of(struct ward_span rest)
{
	size_t from = 0, to;

	while (from < rest.len && is_separator(rest.data[from]))
		from++;
	if (from == rest.len || rest.data[from] == '#')
		return ward_span_of(NULL, 0);
	for (to = from; to < rest.len && rest.data[to] > 0x20 && rest.data[to] != ',';)
		to++;
	return ward_span_cut(rest, from, to - from);
}

static enum ward_rc
take_line(struct ward_entries *into, struct ward_span line, uint64_t number, bool dpkg)
{
	struct ward_import_item item = {.says = dpkg ? WARD_SAYS_GOOD : WARD_SAYS_NOTHING,
					.confidence = -1};
	struct ward_span rest, hex;
	uint8_t digest[32];

	line = ward_text_trim(line);
	if (line.len == 0 || line.data[0] == '#')
		return WARD_OK;
	hex = digits_of(line, &rest);
	if ((rest.len > 0 && !is_separator(rest.data[0])) ||
	    !ward_import_digest(hex, &item.kind, digest) ||
	    (dpkg && (item.kind != WARD_IMPORT_MD5 || !ward_span_starts(rest, "  ", 2)))) {
		ward_entries_skip(into, dpkg ? "not an MD5 and a path" : "not a hash",
				  ward_import_line(number));
		return WARD_OK;
	}
	item.digest = digest;
	if (!dpkg)
		item.threat = name_of(rest);
	return ward_entries_add(into, &item, ward_import_line(number));
}

static enum ward_rc
take_lines(struct ward_span text, struct ward_entries *into, bool dpkg)
{
	struct ward_cursor c = ward_cursor_of(text);
	struct ward_span line;
	uint64_t number = 0;
	enum ward_rc rc = WARD_OK;

	while (!rc && ward_cursor_line(&c, &line))
		rc = take_line(into, line, ++number, dpkg);
	return rc;
}

enum ward_rc
ward_import_list(struct ward_span text, struct ward_entries *into)
{
	return take_lines(text, into, false);
}

enum ward_rc
ward_import_dpkg(struct ward_span text, struct ward_entries *into)
{
	return take_lines(text, into, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "base/text.h"
#include "cloud/import/readers.h"

/* Potentially unwanted applications: suspicious, as match/clamav has it. */
static bool
is_unwanted(struct ward_span name)
{
	return ward_text_starts_nocase(name, "PUA.");
}

static bool
is_size(struct ward_span s)
{
	uint64_t n;

	return ward_span_eq(s, ward_span_str("*")) || ward_text_u64(s, &n);
}

/* size:hash:name is of a section of a PE file, and no file has that hash. */
static const char *
wrong_line(struct ward_span first, struct ward_span second)
{
	enum ward_import_kind kind;
	uint8_t digest[32];

	return is_size(first) && ward_import_digest(second, &kind, digest)
		       ? "a hash of a PE section (.mdb, .msb), not of a file"
		       : "not hash:size:name";
}

static enum ward_rc
take_line(struct ward_entries *into, struct ward_span line, uint64_t number, bool good)
{
	struct ward_import_item item = {.confidence = -1};
	struct ward_span hex = {0}, size = {0}, rest = ward_text_trim(line);
	uint8_t digest[32];

	if (rest.len == 0 || rest.data[0] == '#')
		return WARD_OK;
	(void)ward_text_split(&rest, ':', &hex);
	(void)ward_text_split(&rest, ':', &size);
	if (!ward_text_split(&rest, ':', &item.threat) || item.threat.len == 0 || !is_size(size) ||
	    !ward_import_digest(hex, &item.kind, digest)) {
		ward_entries_skip(into, wrong_line(hex, size), ward_import_line(number));
		return WARD_OK;
	}
	item.digest = digest;
	if (good)
		item.says = WARD_SAYS_GOOD;
	else
		item.says = is_unwanted(item.threat) ? WARD_SAYS_SUSPICIOUS : WARD_SAYS_NOTHING;
	return ward_entries_add(into, &item, ward_import_line(number));
}

static enum ward_rc
take_lines(struct ward_span text, struct ward_entries *into, bool good)
{
	struct ward_cursor c = ward_cursor_of(text);
	struct ward_span line;
	uint64_t number = 0;
	enum ward_rc rc = WARD_OK;

	while (!rc && ward_cursor_line(&c, &line))
		rc = take_line(into, line, ++number, good);
	return rc;
}

enum ward_rc
ward_import_clamav(struct ward_span text, struct ward_entries *into)
{
	return take_lines(text, into, false);
}

enum ward_rc
ward_import_clamav_good(struct ward_span text, struct ward_entries *into)
{
	return take_lines(text, into, true);
}

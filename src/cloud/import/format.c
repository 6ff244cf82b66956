/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/format.h"

#include "base/cursor.h"
#include "base/text.h"
#include "cloud/import/json.h"
#include "cloud/import/readers.h"

enum { LINES = 100 };

enum format { LIST, CSV, CLAMAV, CLAMAV_GOOD, STIX, MISP, WARNINGLIST, DPKG, FORMATS };

static const struct {
	const char *name;
	enum ward_rc (*read)(struct ward_span text, struct ward_entries *into);
} formats[FORMATS] = {
	[LIST] = {"list", ward_import_list},
	[CSV] = {"csv", ward_import_csv},
	[CLAMAV] = {"clamav", ward_import_clamav},
	[CLAMAV_GOOD] = {"clamav-good", ward_import_clamav_good},
	[STIX] = {"stix", ward_import_stix},
	[MISP] = {"misp", ward_import_misp},
	[WARNINGLIST] = {"misp-warninglist", ward_import_warninglist},
	[DPKG] = {"dpkg", ward_import_dpkg},
};

const char *
ward_import_format(size_t which)
{
	return which < FORMATS ? formats[which].name : NULL;
}

static enum format
named(const char *name)
{
	int f = 0;

	while (f < FORMATS && strcmp(formats[f].name, name) != 0)
		f++;
	return (enum format)f;
}

bool
ward_import_is_format(const char *name)
{
	return named(name) < FORMATS;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len >= tail && ward_text_eq_nocase(ward_span_of(name + len - tail, tail), end);
}

/* --- JSON --- */

/* A feed's manifest: events by their UUID. */
static bool
is_manifest(const char *key, const json_t *value)
{
	return strlen(key) == 36 && json_object_get(value, "info") &&
	       json_object_get(value, "Orgc");
}

static enum ward_rc
look_at(void *context, const char *key, const json_t *value, uint64_t line)
{
	enum format *f = context;
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	(void)line;
	if (strcmp(key, "objects") == 0 ||
	    (strcmp(key, "type") == 0 && strcmp(text, "bundle") == 0) ||
	    (strcmp(key, "id") == 0 && strncmp(text, "bundle--", 8) == 0))
		*f = STIX;
	else if (strcmp(key, "Event") == 0 || json_object_get(value, "Event") ||
		 strcmp(key, "response") == 0 || is_manifest(key, value))
		*f = MISP;
	else if (strcmp(key, "matching_attributes") == 0)
		*f = WARNINGLIST;
	return *f < FORMATS ? WARD_E_STOPPED : WARD_OK;
}

static enum ward_rc
detect_json(struct ward_span text, struct ward_entries *into, enum format *ret)
{
	struct ward_json_error error = {.line = 0};
	enum ward_rc rc = ward_json_each(text, NULL, look_at, ret, &error);

	if (rc == WARD_E_FORMAT)
		ward_entries_skip(into, error.why, ward_import_line(error.line));
	else if (!rc)
		ward_entries_skip(into, "JSON of a kind that is not read", ward_import_line(1));
	return rc == WARD_E_STOPPED || rc == WARD_E_FORMAT ? WARD_OK : rc;
}

/* --- lines --- */

static struct ward_span
part(struct ward_span *rest)
{
	struct ward_span p = {NULL, 0};

	(void)ward_text_split(rest, ':', &p);
	return p;
}

static bool
is_digest(struct ward_span hex)
{
	enum ward_import_kind kind;
	uint8_t digest[32];

	return ward_import_digest(hex, &kind, digest);
}

/* hash:size:… or size:hash:… */
static bool
is_clamav(struct ward_span line)
{
	struct ward_span first = part(&line), second = part(&line);
	struct ward_span size = is_digest(first) ? second : first;
	uint64_t n;

	return (is_digest(first) || is_digest(second)) && line.len > 0 &&
	       (ward_text_u64(size, &n) || ward_span_eq(size, ward_span_str("*")));
}

static bool
is_listed(struct ward_span line)
{
	size_t n = 0;

	while (n < line.len && ward_text_hex_value(line.data[n]) >= 0)
		n++;
	return is_digest(ward_span_cut(line, 0, n));
}

static enum format
detect_lines(struct ward_span text, const char *name)
{
	struct ward_cursor c = ward_cursor_of(text);
	struct ward_span line;

	for (unsigned i = 0; i < LINES && ward_cursor_line(&c, &line);) {
		line = ward_text_trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		i++;
		if (is_clamav(line))
			return ends_with(name, ".fp") || ends_with(name, ".sfp") ? CLAMAV_GOOD
										 : CLAMAV;
		if (is_listed(line))
			return ends_with(name, ".md5sums") ? DPKG : LIST;
	}
	return FORMATS;
}

/* --- all --- */

static enum ward_rc
detect(struct ward_span text, const char *name, struct ward_entries *into, enum format *ret)
{
	struct ward_span start = ward_text_trim(ward_span_cut(text, 0, 4096));

	if (ward_span_starts(start, "\xef\xbb\xbf", 3))
		start = ward_text_trim(ward_span_cut(start, 3, start.len));
	if (start.len == 0) {
		*ret = LIST;
		return WARD_OK;
	}
	if (start.data[0] == '{' || start.data[0] == '[')
		return detect_json(text, into, ret);
	*ret = ward_import_is_csv(text) ? CSV : detect_lines(text, name);
	if (*ret == FORMATS)
		ward_entries_skip(into, "no format that is read here", ward_import_line(1));
	return WARD_OK;
}

enum ward_rc
ward_import_read(struct ward_span text, const char *name, const char *format,
		 struct ward_entries *into)
{
	enum format f = FORMATS;
	enum ward_rc rc = WARD_OK;

	ward_entries_start(into, "");
	if (format && format[0])
		f = named(format);
	else
		rc = detect(text, name, into, &f);
	if (rc || f == FORMATS)
		return rc;
	ward_entries_start(into, formats[f].name);
	return formats[f].read(text, into);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/manifest.h"

#include "base/utf.h"

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
static enum ward_rc
put_string(struct ward_buf *out, const char *text)
{
	struct ward_buf clean;
	enum ward_rc rc;

	ward_buf_init(&clean, 1 << 20, NULL);
	rc = ward_utf_clean(&clean, ward_span_str(text));
	if (rc == WARD_OK)
		rc = ward_buf_byte(out, '"');
	for (size_t i = 0; rc == WARD_OK && i < clean.len; i++) {
		uint8_t c = clean.data[i];

		if (c == '"' || c == '\\')
			rc = ward_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			rc = ward_buf_printf(out, "\\u%04x", c);
		else
			rc = ward_buf_byte(out, c);
	}
	ward_buf_done(&clean);
	return rc == WARD_OK ? ward_buf_byte(out, '"') : rc;
}

static enum ward_rc
put_key(struct ward_buf *out, const char *before, const char *key)
{
	enum ward_rc rc = ward_buf_str(out, before);

	if (rc == WARD_OK)
		rc = put_string(out, key);
	return rc == WARD_OK ? ward_buf_str(out, ": ") : rc;
}

static enum ward_rc
put_text(struct ward_buf *out, const char *before, const char *key, const char *value)
{
	enum ward_rc rc = put_key(out, before, key);

	return rc == WARD_OK ? put_string(out, value) : rc;
}

static enum ward_rc
put_number(struct ward_buf *out, const char *before, const char *key, uint64_t value)
{
	enum ward_rc rc = put_key(out, before, key);

	return rc == WARD_OK ? ward_buf_printf(out, "%llu", (unsigned long long)value) : rc;
}

static enum ward_rc
put_unsupported(struct ward_buf *out, const struct ward_load_report *report)
{
	enum ward_rc rc = put_key(out, ", ", "unsupported");

	if (rc == WARD_OK)
		rc = ward_buf_str(out, "{");
	for (size_t i = 0; rc == WARD_OK && i < report->unsupported_count; i++)
		rc = put_number(out, i ? ", " : "", report->unsupported[i].what,
				report->unsupported[i].count);
	return rc == WARD_OK ? ward_buf_str(out, "}") : rc;
}

enum ward_rc
ward_manifest_source(struct ward_buf *sources, const struct ward_load_report *report)
{
	enum ward_rc rc =
		put_text(sources, sources->len ? ",\n    {" : "\n    {", "file", report->file);

	if (rc == WARD_OK)
		rc = put_text(sources, ", ", "kind", report->kind);
	if (rc == WARD_OK)
		rc = put_number(sources, ", ", "loaded", report->loaded);
	if (rc == WARD_OK && report->note)
		rc = put_text(sources, ", ", "note", report->note);
	if (rc == WARD_OK && report->unsupported_count)
		rc = put_unsupported(sources, report);
	return rc == WARD_OK ? ward_buf_str(sources, "}") : rc;
}

static enum ward_rc
put_counts(struct ward_buf *out, const struct ward_pack_counts *counts)
{
	const char *before = "";
	enum ward_rc rc = put_key(out, ",\n  ", "counts");

	if (rc == WARD_OK)
		rc = ward_buf_str(out, "{");
	for (unsigned k = 0; rc == WARD_OK && k < WARD_HASH_KINDS; k++) {
		if (!counts->hashes[k])
			continue;
		rc = put_number(out, before, ward_hash_kind_name((enum ward_hash_kind)k),
				counts->hashes[k]);
		before = ", ";
	}
	if (rc == WARD_OK && counts->bodies) {
		rc = put_number(out, before, "body-signatures", counts->bodies);
		before = ", ";
	}
	if (rc == WARD_OK && counts->yara_rules)
		rc = put_number(out, before, "yara-rules", counts->yara_rules);
	return rc == WARD_OK ? ward_buf_str(out, "}") : rc;
}

enum ward_rc
ward_manifest_write(struct ward_buf *out, const char *created,
		    const struct ward_pack_counts *counts, struct ward_span sources)
{
	enum ward_rc rc = put_text(out, "{\n  ", "format", "ward-pack");

	if (rc == WARD_OK)
		rc = put_number(out, ",\n  ", "version", 1);
	if (rc == WARD_OK)
		rc = put_text(out, ",\n  ", "created", created);
	if (rc == WARD_OK)
		rc = put_counts(out, counts);
	if (rc == WARD_OK)
		rc = put_key(out, ",\n  ", "sources");
	if (rc == WARD_OK)
		rc = ward_buf_str(out, "[");
	if (rc == WARD_OK)
		rc = ward_buf_append(out, sources.data, sources.len);
	return rc == WARD_OK ? ward_buf_str(out, "\n  ]\n}\n") : rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/pdf.h"

#include "base/text.h"
#include "formats/pdf/pdf-priv.h"

enum { HEADER_WITHIN = 1024, VERSION_MAX = 8, TRAILERS_MAX = 4096, TRAILER_MAX = 64 * 1024 };

static void
tell_version(const struct ward_pdf_reading *r)
{
	struct ward_span head = ward_span_cut(r->doc.in, 0, HEADER_WITHIN);
	size_t at = ward_text_find(head, ward_span_str("%PDF-"), 0);
	struct ward_span version;
	int n = 0;

	if (at != 0)
		ward_sink_trait(r->sink, WARD_TRAIT_MALFORMED);
	if (at == SIZE_MAX)
		return;
	version = ward_span_cut(head, at + 5, VERSION_MAX);
	while ((size_t)n < version.len && ward_pdf_is_regular(version.data[n]) &&
	       version.data[n] > ' ' && version.data[n] < 0x7f)
		n++;
	if (n)
		ward_sink_fact(r->sink, "pdf.version", "%.*s", n, (const char *)version.data);
}

/* Every trailer, for an update adds one; the last is not always the one a viewer takes. */
static enum ward_rc
read_trailers(struct ward_pdf_reading *r)
{
	struct ward_span word = ward_span_str("trailer");
	size_t at = ward_text_find(r->doc.in, word, 0);
	uint64_t read = 0;
	enum ward_rc rc = WARD_OK;

	for (int i = 0; at != SIZE_MAX && i < TRAILERS_MAX; i++) {
		struct ward_arena_mark mark = ward_arena_save(r->doc.arena);
		struct ward_cursor c =
			ward_cursor_of(ward_span_cut(r->doc.in, at + word.len, TRAILER_MAX));
		struct ward_pdf_value *dict = NULL;

		rc = ward_pdf_value_parse(&c, r->doc.arena, &dict);
		if (rc == WARD_OK && ward_pdf_value_get(dict, "Encrypt"))
			r->doc.encrypted = true;
		ward_arena_restore(r->doc.arena, mark);
		if (rc == WARD_E_LIMIT)
			return rc;
		rc = ward_sink_charge(r->sink, 0, 0);
		if (rc != WARD_OK)
			return rc;
		/* A trailer inside another's text counts too, but not so many of them that
		 * everything is read over and over. */
		read += c.pos;
		at += word.len + (read > r->doc.in.len ? c.pos : 0);
		at = ward_text_find(r->doc.in, word, at);
	}
	return WARD_OK;
}

static void
tell_count(const struct ward_pdf_reading *r, const char *key, uint64_t n)
{
	if (n)
		ward_sink_fact(r->sink, key, "%llu", (unsigned long long)n);
}

static void
tell_facts(const struct ward_pdf_reading *r)
{
	tell_count(r, "pdf.objects", r->doc.count);
	tell_count(r, "pdf.streams", r->streams);
	tell_count(r, "pdf.javascript", r->scripts);
	tell_count(r, "pdf.actions", r->actions);
	tell_count(r, "pdf.launches", r->launches);
	tell_count(r, "pdf.embedded", r->embedded);
	tell_count(r, "pdf.urls", r->urls);
	tell_count(r, "pdf.richmedia", r->rich_media);
	tell_count(r, "pdf.jbig2", r->jbig2);
	tell_count(r, "pdf.xfa", r->xfa);
	if (r->doc.lengths_lie)
		ward_sink_trait(r->sink, WARD_TRAIT_MALFORMED);
}

enum ward_rc
ward_pdf_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_pdf_reading r = {.doc = {.in = in, .arena = arena, .sink = sink}, .sink = sink};
	enum ward_rc rc;

	tell_version(&r);
	rc = read_trailers(&r);
	if (rc == WARD_OK)
		rc = ward_pdf_doc_open(&r.doc);
	if (rc == WARD_OK)
		rc = ward_pdf_survey(&r);
	if (rc == WARD_OK && r.doc.encrypted) {
		ward_sink_trait(sink, WARD_TRAIT_ENCRYPTED);
		ward_sink_gap(sink, NULL, WARD_REASON_ENCRYPTED);
	}
	if (rc == WARD_OK)
		rc = ward_pdf_emit(&r);
	tell_facts(&r);
	return rc;
}

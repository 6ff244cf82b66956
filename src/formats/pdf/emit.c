/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf.h"
#include "formats/pdf/pdf-priv.h"

#include <stdio.h>

enum { SCRIPT_MAX = 64 << 20, LABEL_MAX = 48 };

enum ward_rc
ward_pdf_text(struct ward_span text, struct ward_buf *out)
{
	if (ward_span_starts(text, "\xfe\xff", 2))
		return ward_utf_from_utf16(out, ward_span_cut(text, 2, text.len), true);
	if (ward_span_starts(text, "\xff\xfe", 2))
		return ward_utf_from_utf16(out, ward_span_cut(text, 2, text.len), false);
	if (ward_span_starts(text, "\xef\xbb\xbf", 3))
		text = ward_span_cut(text, 3, text.len);
	return ward_buf_append(out, text.data, text.len);
}

enum ward_rc
ward_pdf_emit_script(struct ward_pdf_reading *r, struct ward_span text, uint64_t packed)
{
	struct ward_child child = {.packed = packed, .type = WARD_TYPE_JAVASCRIPT};
	char name[LABEL_MAX];
	struct ward_buf utf8;
	enum ward_rc rc;

	(void)snprintf(name, sizeof(name), "javascript:%u", ++r->scripts);
	child.name = name;
	if (text.len == 0)
		return WARD_OK;
	ward_buf_init(&utf8, ward_sink_child_max(r->sink, SCRIPT_MAX),
		      ward_arena_budget(r->doc.arena));
	rc = ward_pdf_text(text, &utf8);
	if (rc == WARD_E_LIMIT) {
		bool memory = ward_arena_budget(r->doc.arena)->hit;

		ward_sink_gap(r->sink, name, memory ? WARD_REASON_MEMORY : WARD_REASON_SIZE);
		rc = WARD_OK;
	}
	child.bytes = ward_buf_span(&utf8);
	if (rc == WARD_OK && utf8.len)
		rc = ward_sink_child(r->sink, &child);
	ward_buf_done(&utf8);
	return rc;
}

/* Begins as files do that somebody wants to be found inside a document. */
static bool
is_file_like(struct ward_span s)
{
	static const char *const heads[] = {
		"MZ",	 "\177ELF", "PK\3\4",	 "%PDF-", "\320\317\021\340",
		"Rar!",	 "7z\274",  "\037\213",	 "FWS",	  "CWS",
		"ZWS",	 "MSCF",    "{\\rtf",	 "<?xml", "<html",
		"<HTML", "<script", "<!DOCTYPE", "#!/",	  "\312\376\272\276",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (ward_span_starts(s, heads[i], strlen(heads[i])))
			return true;
	return false;
}

static void
note_trouble(struct ward_pdf_reading *r, const char *name, enum ward_rc rc,
	     const struct ward_pdf_decoded *d)
{
	bool full = d->bytes.len >= d->bytes.max;

	/* What is encrypted looks damaged to every filter, and has been told already. */
	if (rc == WARD_OK || (r->doc.encrypted && rc != WARD_E_LIMIT))
		return;
	if (rc == WARD_E_LIMIT)
		ward_sink_gap(r->sink, name, full ? WARD_REASON_SIZE : WARD_REASON_MEMORY);
	else if (rc == WARD_E_UNSUPPORTED)
		ward_sink_gap(r->sink, name, WARD_REASON_UNSUPPORTED);
	else if (rc == WARD_E_ENCRYPTED)
		ward_sink_gap(r->sink, name, WARD_REASON_ENCRYPTED);
	else
		ward_sink_gap(r->sink, name, WARD_REASON_CORRUPT);
}

static bool
is_type(const struct ward_pdf_object *o, const char *key, const char *name)
{
	return ward_pdf_value_is_name(ward_pdf_value_get(o->value, key), name);
}

static enum ward_rc
hand_on(struct ward_pdf_reading *r, const struct ward_pdf_entry *e, const struct ward_pdf_object *o,
	struct ward_span view, const char *name)
{
	struct ward_child child = {.name = name, .bytes = view, .packed = o->stream.len};

	if (e->role == WARD_PDF_ROLE_JAVASCRIPT)
		return ward_pdf_emit_script(r, view, o->stream.len);
	child.derived = e->role == WARD_PDF_ROLE_NONE && !is_file_like(view);
	if (view.len == 0 || (child.derived && r->sink->skip_views))
		return WARD_OK;
	return ward_sink_child(r->sink, &child);
}

/* Pictures and cross-reference tables are not worth a look, unless something calls them a file. */
static bool
is_dull(const struct ward_pdf_entry *e, const struct ward_pdf_object *o)
{
	return e->role == WARD_PDF_ROLE_NONE &&
	       (is_type(o, "Subtype", "Image") || is_type(o, "Type", "XRef"));
}

static enum ward_rc
emit_stream(struct ward_pdf_reading *r, const struct ward_pdf_entry *e,
	    const struct ward_pdf_object *o, struct ward_pdf_decoded *d)
{
	char label[LABEL_MAX];
	const char *name = e->name ? e->name : label;
	enum ward_rc rc;

	(void)snprintf(label, sizeof(label), "object-%u", e->number);
	rc = ward_pdf_doc_decode(&r->doc, o, d);
	if (d->refused || rc == WARD_E_NOMEM)
		return rc;
	note_trouble(r, name, rc, d);
	if (d->image && e->role == WARD_PDF_ROLE_NONE)
		return WARD_OK;
	return hand_on(r, e, o, d->view, name);
}

static enum ward_rc
emit_one(struct ward_pdf_reading *r, struct ward_pdf_entry *e, struct ward_pdf_decoded *d)
{
	struct ward_pdf_object o;
	enum ward_rc rc = ward_pdf_doc_load(&r->doc, e, &o);

	if (rc != WARD_OK)
		return rc == WARD_E_FORMAT ? WARD_OK : rc;
	/* /JS 5 0 R where object 5 is a string. */
	if (e->role == WARD_PDF_ROLE_JAVASCRIPT && o.value->kind == WARD_PDF_STRING)
		return ward_pdf_emit_script(r, o.value->text, 0);
	if (!o.is_stream)
		return WARD_OK;
	if (e->role == WARD_PDF_ROLE_NONE && is_type(&o, "Type", "EmbeddedFile"))
		e->role = WARD_PDF_ROLE_EMBEDDED;
	if (e->role == WARD_PDF_ROLE_EMBEDDED)
		r->embedded++;
	return is_dull(e, &o) ? WARD_OK : emit_stream(r, e, &o, d);
}

enum ward_rc
ward_pdf_emit(struct ward_pdf_reading *r)
{
	enum ward_rc rc = WARD_OK;
	struct ward_pdf_decoded d;

	ward_pdf_decoded_init(&d, &r->doc);
	for (size_t i = 0; rc == WARD_OK && i < r->doc.count; i++) {
		struct ward_arena_mark mark = ward_arena_save(r->doc.arena);

		rc = emit_one(r, &r->doc.entries[i], &d);
		ward_arena_restore(r->doc.arena, mark);
	}
	ward_pdf_decoded_done(&d);
	return rc;
}

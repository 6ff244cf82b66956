/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/pdf-priv.h"

enum { URLS_TOLD = 32, NAME_MAX_BYTES = 1024, SHOWN_MAX = 512, CHARGE_EVERY = 64 };

static enum ward_rc walk(struct ward_pdf_reading *r, const struct ward_pdf_value *value);

static bool
is_action(const struct ward_pdf_value *action, const char *kind)
{
	return ward_pdf_value_is_name(ward_pdf_value_get(action, "S"), kind);
}

static int
shown(struct ward_span s)
{
	return (int)(s.len < SHOWN_MAX ? s.len : SHOWN_MAX);
}

/* ---- what a reference makes of the object it names ---- */

static struct ward_pdf_entry *
give_role(struct ward_pdf_reading *r, const struct ward_pdf_value *ref, enum ward_pdf_role role)
{
	struct ward_pdf_entry *e;

	if (!ref || ref->kind != WARD_PDF_REF)
		return NULL;
	e = ward_pdf_doc_find(&r->doc, ref->num);
	if (e)
		e->role = role;
	return e;
}

static enum ward_rc
on_script(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	ward_sink_trait(r->sink, WARD_TRAIT_SCRIPT);
	if (value->kind == WARD_PDF_STRING)
		return ward_pdf_emit_script(r, value->text, 0);
	(void)give_role(r, value, WARD_PDF_ROLE_JAVASCRIPT);
	return WARD_OK;
}

static enum ward_rc
file_name(struct ward_pdf_reading *r, const struct ward_pdf_value *spec, const char **ret_name)
{
	const struct ward_pdf_value *name;
	struct ward_buf text;
	enum ward_rc rc;

	*ret_name = NULL;
	rc = ward_pdf_doc_resolve(&r->doc, ward_pdf_value_get(spec, "UF"), &name);
	if (rc == WARD_OK && !name)
		rc = ward_pdf_doc_resolve(&r->doc, ward_pdf_value_get(spec, "F"), &name);
	if (rc != WARD_OK || !name || name->kind != WARD_PDF_STRING || !name->text.len)
		return rc;
	ward_buf_init(&text, NAME_MAX_BYTES * 4, ward_arena_budget(r->doc.arena));
	rc = ward_pdf_text(ward_span_cut(name->text, 0, NAME_MAX_BYTES), &text);
	if (rc == WARD_OK)
		*ret_name = ward_arena_strdup(r->doc.arena, ward_buf_span(&text));
	ward_buf_done(&text);
	if (rc == WARD_OK && !*ret_name)
		return WARD_E_LIMIT;
	return rc;
}

/* /EF of a file specification (7.11.4): each member names the stream of one system's version. */
static enum ward_rc
on_file_spec(struct ward_pdf_reading *r, const struct ward_pdf_value *spec,
	     const struct ward_pdf_value *ef)
{
	const struct ward_pdf_value *files;
	const char *name;
	enum ward_rc rc = ward_pdf_doc_resolve(&r->doc, ef, &files);

	if (rc != WARD_OK || !files || files->kind != WARD_PDF_DICT)
		return rc;
	rc = file_name(r, spec, &name);
	if (rc != WARD_OK)
		return rc;
	for (const struct ward_pdf_value *f = files->first; f; f = f->next) {
		struct ward_pdf_entry *e = give_role(r, f, WARD_PDF_ROLE_EMBEDDED);

		if (e && name) {
			e->name = name;
			r->keep = true;
		}
	}
	return WARD_OK;
}

/* The form as XML: one stream, or an array of names and streams (12.7.8). */
static void
on_xfa(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	r->xfa++;
	(void)give_role(r, value, WARD_PDF_ROLE_XFA);
	if (value->kind == WARD_PDF_ARRAY)
		for (const struct ward_pdf_value *v = value->first; v; v = v->next)
			(void)give_role(r, v, WARD_PDF_ROLE_XFA);
}

/* ---- actions ---- */

static enum ward_rc
on_trigger(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	const struct ward_pdf_value *action;
	enum ward_rc rc = ward_pdf_doc_resolve(&r->doc, value, &action);

	/* Opening at a certain page is an action too, and harmless. */
	if (rc == WARD_OK && (is_action(action, "JavaScript") || is_action(action, "Launch")))
		ward_sink_trait(r->sink, WARD_TRAIT_AUTOEXEC);
	return rc;
}

static enum ward_rc
on_triggers(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	const struct ward_pdf_value *table;
	enum ward_rc rc = ward_pdf_doc_resolve(&r->doc, value, &table);

	if (rc != WARD_OK || !table || table->kind != WARD_PDF_DICT)
		return rc;
	for (const struct ward_pdf_value *v = table->first; v && rc == WARD_OK; v = v->next)
		rc = on_trigger(r, v);
	return rc;
}

static enum ward_rc
on_launch(struct ward_pdf_reading *r, const struct ward_pdf_value *action)
{
	const struct ward_pdf_value *win = ward_pdf_value_get(action, "Win");
	const struct ward_pdf_value *f = ward_pdf_value_get(win, "F");
	const struct ward_pdf_value *p = ward_pdf_value_get(win, "P");
	struct ward_span args = {NULL, 0};
	enum ward_rc rc;

	r->launches++;
	ward_sink_trait(r->sink, WARD_TRAIT_EXTERNAL);
	rc = ward_pdf_doc_resolve(&r->doc, f ? f : ward_pdf_value_get(action, "F"), &f);
	if (rc == WARD_OK && f && f->kind == WARD_PDF_DICT)
		rc = ward_pdf_doc_resolve(&r->doc, ward_pdf_value_get(f, "F"), &f);
	if (rc != WARD_OK || !f || f->kind != WARD_PDF_STRING)
		return rc;
	if (p && p->kind == WARD_PDF_STRING)
		args = p->text;
	ward_sink_fact(r->sink, "pdf.launch", "%.*s%s%.*s", shown(f->text),
		       (const char *)f->text.data, args.len ? " " : "", shown(args),
		       args.len ? (const char *)args.data : "");
	return WARD_OK;
}

static void
on_url(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	if (value->kind != WARD_PDF_STRING || !value->text.len)
		return;
	if (r->urls++ < URLS_TOLD)
		ward_sink_fact(r->sink, "pdf.url", "%.*s", shown(value->text),
			       (const char *)value->text.data);
}

/* /S of an action dictionary (12.6.4, table 198) that does more than move about in the document. */
static enum ward_rc
on_action(struct ward_pdf_reading *r, const struct ward_pdf_value *dict,
	  const struct ward_pdf_value *kind)
{
	static const char *const kinds[] = {
		"JavaScript", "Launch", "URI",	 "SubmitForm", "ImportData",
		"GoToR",      "GoToE",	"Movie", "Rendition",  "RichMediaExecute",
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ward_pdf_value_is_name(kind, kinds[i])) {
			r->actions++;
			break;
		}
	return ward_pdf_value_is_name(kind, "Launch") ? on_launch(r, dict) : WARD_OK;
}

/* ---- the walk ---- */

static bool
is_key(const struct ward_pdf_value *member, const char *key)
{
	return ward_span_eq(member->key, ward_span_str(key));
}

static enum ward_rc
on_member(struct ward_pdf_reading *r, const struct ward_pdf_value *dict,
	  const struct ward_pdf_value *member)
{
	if (is_key(member, "JS"))
		return on_script(r, member);
	if (is_key(member, "S"))
		return on_action(r, dict, member);
	if (is_key(member, "EF"))
		return on_file_spec(r, dict, member);
	if (is_key(member, "OpenAction"))
		return on_trigger(r, member);
	if (is_key(member, "AA"))
		return on_triggers(r, member);
	if (is_key(member, "URI"))
		on_url(r, member);
	else if (is_key(member, "XFA"))
		on_xfa(r, member);
	else if (is_key(member, "Encrypt") &&
		 ward_pdf_value_is_name(ward_pdf_value_get(dict, "Type"), "XRef"))
		r->doc.encrypted = true;
	return WARD_OK;
}

static enum ward_rc
walk_children(struct ward_pdf_reading *r, const struct ward_pdf_value *parent)
{
	enum ward_rc rc = WARD_OK;

	for (const struct ward_pdf_value *v = parent->first; v && rc == WARD_OK; v = v->next) {
		if (parent->kind == WARD_PDF_DICT)
			rc = on_member(r, parent, v);
		if (rc == WARD_OK)
			rc = walk(r, v);
	}
	return rc;
}

/* As deep as the parser lets values nest; references are not followed. */
static enum ward_rc
walk(struct ward_pdf_reading *r, const struct ward_pdf_value *value)
{
	switch (value->kind) {
	case WARD_PDF_NAME:
		if (ward_pdf_value_is_name(value, "RichMedia"))
			r->rich_media++;
		else if (ward_pdf_value_is_name(value, "JBIG2Decode"))
			r->jbig2++;
		return WARD_OK;
	case WARD_PDF_ARRAY:
	case WARD_PDF_DICT:
		return walk_children(r, value);
	case WARD_PDF_NULL:
	case WARD_PDF_BOOL:
	case WARD_PDF_INT:
	case WARD_PDF_REAL:
	case WARD_PDF_STRING:
	case WARD_PDF_REF:
	default:
		return WARD_OK;
	}
}

static enum ward_rc
survey_one(struct ward_pdf_reading *r, const struct ward_pdf_entry *entry)
{
	struct ward_arena_mark mark = ward_arena_save(r->doc.arena);
	struct ward_pdf_object o;
	enum ward_rc rc = ward_pdf_doc_load(&r->doc, entry, &o);

	r->keep = false;
	if (rc == WARD_OK) {
		r->streams += o.is_stream;
		rc = walk(r, o.value);
	}
	if (!r->keep)
		ward_arena_restore(r->doc.arena, mark);
	return rc == WARD_E_FORMAT ? WARD_OK : rc;
}

enum ward_rc
ward_pdf_survey(struct ward_pdf_reading *r)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < r->doc.count; i++) {
		rc = survey_one(r, &r->doc.entries[i]);
		if (rc == WARD_OK && i % CHARGE_EVERY == 0)
			rc = ward_sink_charge(r->sink, 0, 0);
	}
	return rc;
}

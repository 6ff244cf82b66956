/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/views.h"

#include "formats/archive/archive.h"
#include "formats/ole/ole.h"
#include "formats/ooxml/ooxml.h"
#include "formats/pdf/pdf.h"
#include "formats/script/script.h"

enum { DEPTH_MAX = 3 };

static const struct {
	enum ward_type type;
	ward_reader read;
} readers[] = {
	{WARD_TYPE_SHELL, ward_script_read_shell},
	{WARD_TYPE_PYTHON, ward_script_read_python},
	{WARD_TYPE_PERL, ward_script_read_perl},
	{WARD_TYPE_RUBY, ward_script_read_ruby},
	{WARD_TYPE_PHP, ward_script_read_php},
	{WARD_TYPE_JAVASCRIPT, ward_script_read_javascript},
	{WARD_TYPE_POWERSHELL, ward_script_read_powershell},
	{WARD_TYPE_BATCH, ward_script_read_batch},
	{WARD_TYPE_VBSCRIPT, ward_script_read_vb},
	{WARD_TYPE_VBA, ward_script_read_vb},
	{WARD_TYPE_JSP, ward_script_read_jsp},
	{WARD_TYPE_ASP, ward_script_read_asp},
	{WARD_TYPE_LUA, ward_script_read_lua},
	{WARD_TYPE_PDF, ward_pdf_read},
	{WARD_TYPE_OLE2, ward_ole_read},
	{WARD_TYPE_OOXML, ward_archive_read},
};

static ward_reader
reader_of(enum ward_type type)
{
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].type == type)
			return readers[i].read;
	return NULL;
}

void
ward_views_init(struct ward_views *v, struct ward_arena *arena)
{
	*v = (struct ward_views){.arena = arena};
	ward_buf_init(&v->source, WARD_VIEWS_TEXT, ward_arena_budget(arena));
	ward_buf_init(&v->view, WARD_VIEWS_TEXT, ward_arena_budget(arena));
}

void
ward_views_done(struct ward_views *v)
{
	ward_buf_done(&v->source);
	ward_buf_done(&v->view);
}

/* As much as there is room for; a line of its own. */
static void
add_text(struct ward_views *v, struct ward_buf *to, struct ward_span text)
{
	struct ward_span part = ward_span_cut(text, 0, to->max > to->len ? to->max - to->len : 0);

	enum ward_rc rc = ward_buf_append(to, part.data, part.len);

	if (rc == WARD_OK && part.len && part.data[part.len - 1] != '\n')
		rc = ward_buf_byte(to, '\n');
	v->cut = v->cut || rc != WARD_OK || part.len < text.len;
}

static bool
is_literal(const char *name)
{
	return name && (strncmp(name, "base64@", 7) == 0 || strncmp(name, "hex@", 4) == 0 ||
			strncmp(name, "zlib@", 5) == 0 || strncmp(name, "inflated@", 9) == 0);
}

static bool
is_program(struct ward_span bytes)
{
	return ward_span_starts(bytes, "MZ", 2) || ward_span_starts(bytes, "\177ELF", 4);
}

static enum ward_rc
read_inner(struct ward_views *v, enum ward_type type, struct ward_span bytes)
{
	struct ward_arena_mark mark = ward_arena_save(v->arena);
	enum ward_rc rc;

	if (v->depth >= DEPTH_MAX)
		return WARD_OK;
	rc = ward_views_read(v, type, bytes);
	ward_arena_restore(v->arena, mark);
	return rc;
}

static enum ward_rc
add_source(struct ward_views *v, const struct ward_child *child)
{
	enum ward_type type = child->type == WARD_TYPE_VBA ? WARD_TYPE_VBA : WARD_TYPE_JAVASCRIPT;

	v->sources++;
	add_text(v, &v->source, child->bytes);
	return read_inner(v, type, child->bytes);
}

static enum ward_rc
add_object(struct ward_views *v, const struct ward_child *child)
{
	if (is_literal(child->name)) {
		v->decoded++;
		v->decoded_bytes += child->bytes.len;
		/* what a script decodes is read as a text, too */
		if (!is_program(child->bytes))
			add_text(v, &v->view, child->bytes);
	} else {
		v->children++;
		v->child_bytes += child->bytes.len;
	}
	v->programs += is_program(child->bytes);
	if (ward_span_starts(child->bytes, "\xd0\xcf\x11\xe0", 4))
		return read_inner(v, WARD_TYPE_OLE2, child->bytes);
	return WARD_OK;
}

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	struct ward_views *v = ctx;
	bool script = child->name && strncmp(child->name, "javascript:", 11) == 0;

	if (v->children + v->sources + v->decoded >= WARD_VIEWS_CHILDREN) {
		v->cut = true;
		return WARD_E_STOPPED;
	}
	if (child->type == WARD_TYPE_VBA && !child->derived)
		return add_source(v, child);
	if (script)
		return add_source(v, child);
	if (!child->derived)
		return add_object(v, child);
	if (child->name && strcmp(child->name, "normalised") == 0)
		add_text(v, &v->view, child->bytes);
	return WARD_OK;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct ward_views *v = ctx;

	(void)name;
	v->gaps++;
	v->encrypted |= why == WARD_REASON_ENCRYPTED;
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct ward_views *v = ctx;

	if (v->fact)
		v->fact(v->ctx, key, value);
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	struct ward_views *v = ctx;

	v->traits |= (unsigned)trait;
}

static enum ward_rc
on_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	struct ward_views *v = ctx;

	(void)consumed;
	v->produced += produced;
	if (v->produced <= WARD_VIEWS_UNPACKED)
		return WARD_OK;
	v->cut = true;
	return WARD_E_LIMIT;
}

/* Of an OOXML document: what its parts' names mean. */
static enum ward_rc
on_part(void *ctx, const struct ward_child *child)
{
	struct ward_views *v = ctx;
	const struct ward_sink sink = {
		.ctx = v, .gap = on_gap, .fact = on_fact, .trait = on_trait, .charge = on_charge};
	enum ward_rc rc = ward_ooxml_part(child->name ? child->name : "", child->bytes, &sink);

	return rc == WARD_OK ? on_child(ctx, child) : rc;
}

enum ward_rc
ward_views_read(struct ward_views *v, enum ward_type type, struct ward_span in)
{
	const struct ward_sink sink = {
		.ctx = v,
		.child = type == WARD_TYPE_OOXML ? on_part : on_child,
		.gap = on_gap,
		.fact = on_fact,
		.trait = on_trait,
		.charge = on_charge,
		.max_child = WARD_VIEWS_UNPACKED,
	};
	ward_reader read = reader_of(type);
	enum ward_rc rc;

	if (!read)
		return WARD_E_UNSUPPORTED;
	v->depth++;
	ward_arena_budget(v->arena)->hit = false;
	rc = read(in, v->arena, &sink);
	v->depth--;
	if (rc == WARD_E_NOMEM || (rc == WARD_E_LIMIT && ward_arena_budget(v->arena)->hit))
		return WARD_E_LIMIT;
	v->encrypted |= rc == WARD_E_ENCRYPTED;
	v->gaps += rc != WARD_OK && rc != WARD_E_STOPPED;
	return v->cut && v->depth ? WARD_E_STOPPED : WARD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "base/utf.h"
#include "formats/entropy.h"
#include "formats/pe/pe-priv.h"

enum {
	CHILD_MIN = 16,	     /* bytes; less holds nothing */
	CHILDREN_MAX = 1024, /* resources handed on */
	ID_MAX = 200,	     /* bytes of one part of a resource's name shown */
	FEW_IMPORTS = 12,    /* a packer's stub loads the rest by itself */
	SAMPLE = 64 * 1024,  /* bytes of code whose entropy is measured */
	TYPE_RCDATA = 10,
	TYPE_HTML = 23,
};

static const double packed_entropy = 7.2;

static enum ward_rc
send_layout(const struct ward_pe *pe, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_layout_section *out;
	struct ward_layout layout = {.section_count = pe->section_count};
	size_t i;

	if (!sink->layout)
		return WARD_OK;
	out = ward_arena_array(arena, pe->section_count, sizeof(*out));
	if (!out)
		return WARD_E_LIMIT;
	for (i = 0; i < pe->section_count; i++) {
		const struct ward_pe_section *s = &pe->sections[i];

		out[i] = (struct ward_layout_section){
			.offset = ward_pe_section_offset(pe, s),
			.size = s->size_of_raw_data,
			.address = s->virtual_address,
			.memory_size = s->virtual_size,
		};
	}
	layout.sections = out;
	if (pe->optional.address_of_entry_point)
		layout.has_entry =
			ward_pe_offset(pe, pe->optional.address_of_entry_point, &layout.entry);
	ward_sink_layout(sink, &layout);
	return WARD_OK;
}

/* Sections that packers name after themselves. */
static bool
has_packer_name(const struct ward_pe_section *s)
{
	static const char *const names[] = {"UPX",     ".aspack", ".adata",  "MPRESS",	 ".petite",
					    ".nsp0",   ".nsp1",	  ".vmp",    ".themida", "PEC2",
					    ".packed", "FSG!",	  ".MaskPE", ".enigma",	 ".yP"};
	struct ward_span name = ward_span_str(s->name);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ward_text_starts_nocase(name, names[i]))
			return true;
	return false;
}

static bool
has_dense_code(const struct ward_pe *pe, const struct ward_pe_section *s)
{
	struct ward_span bytes = ward_pe_section_bytes(pe, s);

	if (!(s->characteristics & (WARD_PE_SCN_CODE | WARD_PE_SCN_EXECUTE)) || bytes.len < 1024)
		return false;
	return ward_entropy(ward_span_cut(bytes, 0, SAMPLE)) > packed_entropy;
}

static enum ward_rc
judge_packing(const struct ward_pe *pe, struct ward_arena *arena, bool *ret_packed)
{
	struct ward_pe_imports imports, delayed;
	bool dense = false;
	enum ward_rc rc;
	size_t i;

	*ret_packed = false;
	for (i = 0; i < pe->section_count; i++) {
		*ret_packed |= has_packer_name(&pe->sections[i]);
		dense = dense || has_dense_code(pe, &pe->sections[i]);
	}
	if (*ret_packed || !dense)
		return WARD_OK;
	rc = ward_pe_imports_read(pe, arena, &imports, &delayed);
	if (rc == WARD_OK)
		*ret_packed = imports.symbol_count <= FEW_IMPORTS &&
			      !pe->directories[WARD_PE_DIR_CLR].virtual_address;
	return rc;
}

static enum ward_rc
append_id(struct ward_buf *out, const struct ward_pe_resource_id *id, bool type)
{
	const char *known = type ? ward_pe_resource_type_name(id->number) : NULL;

	if (id->name.len)
		return ward_utf_from_utf16(out, ward_span_cut(id->name, 0, ID_MAX), false);
	if (known)
		return ward_buf_str(out, known);
	return ward_buf_printf(out, "%u", (unsigned)id->number);
}

const char *
ward_pe_resource_path(const struct ward_pe_resource *r, struct ward_arena *arena)
{
	WARD_AUTO(ward_buf_done) struct ward_buf path = {0};
	enum ward_rc rc;

	ward_buf_init(&path, 2048, ward_arena_budget(arena));
	rc = append_id(&path, &r->type, true);
	if (rc == WARD_OK)
		rc = ward_buf_byte(&path, '/');
	if (rc == WARD_OK)
		rc = append_id(&path, &r->name, false);
	if (rc == WARD_OK)
		rc = ward_buf_printf(&path, "/%u", (unsigned)r->lang.number);
	return rc ? NULL : ward_arena_strdup(arena, ward_buf_span(&path));
}

/* Containers and programs hide under any type. */
static bool
has_magic(struct ward_span s)
{
	return ward_span_starts(s, "MZ", 2) ||
	       ward_span_starts(s,
				"\x7f"
				"ELF",
				4) ||
	       ward_span_starts(s, "PK\3\4", 4) || ward_span_starts(s, "Rar!", 4) ||
	       ward_span_starts(s, "7z\xbc\xaf", 4) || ward_span_starts(s, "MSCF", 4) ||
	       ward_span_starts(s, "\xd0\xcf\x11\xe0", 4) || ward_span_starts(s, "%PDF", 4);
}

static bool
is_worth_a_look(const struct ward_pe_resource *r)
{
	if (r->bytes.len < CHILD_MIN)
		return false;
	if (r->type.name.len || r->type.number == TYPE_RCDATA || r->type.number == TYPE_HTML)
		return true;
	return !ward_pe_resource_type_name(r->type.number) || has_magic(r->bytes);
}

static enum ward_rc
send_resource(const struct ward_pe_resource *r, struct ward_arena *arena,
	      const struct ward_sink *sink)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	const char *path = ward_pe_resource_path(r, arena);
	const char *name = path ? ward_arena_printf(arena, "resource:%s", path) : NULL;
	enum ward_rc rc = name ? ward_sink_object(sink, name, r->bytes) : WARD_E_LIMIT;

	ward_arena_restore(arena, mark);
	return rc;
}

/* Honest resources do not overlap, so together they are no larger than the file; hostile trees
   name the same bytes again and again. */
static enum ward_rc
send_resources(const struct ward_pe *pe, const struct ward_pe_resources *resources,
	       struct ward_arena *arena, const struct ward_sink *sink)
{
	uint64_t bytes = 0;
	size_t i, sent = 0;

	for (i = 0; i < resources->count; i++) {
		const struct ward_pe_resource *r = &resources->items[i];
		enum ward_rc rc;

		if (!is_worth_a_look(r))
			continue;
		bytes += r->bytes.len;
		if (sent++ == CHILDREN_MAX || bytes > pe->in.len) {
			ward_sink_gap(sink, "resources",
				      bytes > pe->in.len ? WARD_REASON_BYTES : WARD_REASON_FILES);
			break;
		}
		rc = send_resource(r, arena, sink);
		if (rc)
			return rc;
	}
	return WARD_OK;
}

static bool
is_blank(struct ward_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.data[i])
			return false;
	return true;
}

static enum ward_rc
send_overlay(const char *name, struct ward_span bytes, const struct ward_sink *sink)
{
	if (bytes.len < CHILD_MIN || is_blank(bytes))
		return WARD_OK;
	ward_sink_trait(sink, WARD_TRAIT_OVERLAY);
	return ward_sink_object(sink, name, bytes);
}

static enum ward_rc
send_traits(const struct ward_pe *pe, const struct ward_pe_resources *resources,
	    struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	bool packed;
	enum ward_rc rc = judge_packing(pe, arena, &packed);

	ward_arena_restore(arena, mark);
	if (pe->malformed || resources->malformed)
		ward_sink_trait(sink, WARD_TRAIT_MALFORMED);
	if (rc == WARD_OK && packed)
		ward_sink_trait(sink, WARD_TRAIT_PACKED);
	return rc;
}

static enum ward_rc
send_children(const struct ward_pe *pe, const struct ward_pe_resources *resources,
	      struct ward_arena *arena, const struct ward_sink *sink)
{
	enum ward_rc rc = send_resources(pe, resources, arena, sink);

	if (rc == WARD_OK)
		rc = send_overlay("overlay", pe->overlay, sink);
	if (rc == WARD_OK)
		rc = send_overlay("overlay-after-signature", pe->overlay2, sink);
	return rc;
}

enum ward_rc
ward_pe_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_pe_resources resources = {.count = 0};
	struct ward_arena_mark mark;
	struct ward_pe *pe;
	enum ward_rc rc = ward_pe_parse(in, arena, &pe);

	if (rc == WARD_OK)
		rc = send_layout(pe, arena, sink);
	if (rc)
		return rc;
	rc = ward_pe_resources_read(pe, arena, &resources);
	if (rc && rc != WARD_E_NOENT)
		return rc;
	rc = send_traits(pe, &resources, arena, sink);
	mark = ward_arena_save(arena);
	if (rc == WARD_OK && sink->fact)
		rc = ward_pe_tell(pe, &resources, arena, sink);
	ward_arena_restore(arena, mark);
	return rc ? rc : send_children(pe, &resources, arena, sink);
}

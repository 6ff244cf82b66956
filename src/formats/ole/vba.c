/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/vba.h"

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf.h"
#include "formats/ole/ovba.h"

enum {
	DIR_MAX = 4 << 20,     /* decompressed `dir`: 60 bytes a module, so far beyond any */
	SOURCE_MAX = 64 << 20, /* one module's source */
	MODULES_MAX = 4096,
	NAMES_MAX = 900,
};

/* Records of the dir stream ([MS-OVBA] 2.3.4.2). */
enum {
	DIR_SYSKIND = 0x0001,
	DIR_CODEPAGE = 0x0003,
	DIR_PROJECT_NAME = 0x0004,
	DIR_VERSION = 0x0009,
	DIR_MODULE_NAME = 0x0019,
	DIR_STREAM_NAME = 0x001A,
	DIR_MODULE_END = 0x002B,
	DIR_MODULE_OFFSET = 0x0031,
	DIR_STREAM_UNICODE = 0x0032,
	DIR_MODULE_UNICODE = 0x0047,
	DIR_COMPAT = 0x004A,
};

/* One module as far as its records came. */
struct module {
	struct ward_span name;	 /* in the code page */
	struct ward_span stream; /* in the code page */
	struct ward_span stream_unicode;
	uint32_t offset;
	bool seen;
};

enum ward_rc
ward_vba_init(struct ward_vba *vba, struct ward_cfb *cfb, struct ward_arena *arena,
	      const struct ward_sink *sink)
{
	bool *done = ward_arena_array(arena, cfb->entries_len, sizeof(*done));

	if (!done)
		return WARD_E_LIMIT;
	*vba = (struct ward_vba){.cfb = cfb, .arena = arena, .sink = sink, .done = done};
	ward_buf_init(&vba->names, NAMES_MAX, ward_arena_budget(arena));
	return WARD_OK;
}

void
ward_vba_done(struct ward_vba *vba)
{
	ward_buf_done(&vba->names);
}

static void
note_name(struct ward_vba *vba, struct ward_span name)
{
	/* A full list is cut: the fact is for people, the modules went to the sink. */
	if (vba->names.len && ward_buf_str(&vba->names, ", ") != WARD_OK)
		return;
	if (ward_utf_clean(&vba->names, name) != WARD_OK)
		return;
	vba->modules++;
}

static enum ward_rc
give_source(struct ward_vba *vba, struct ward_span name, struct ward_span packed,
	    struct ward_span source)
{
	struct ward_span event = ward_vba_autoexec(source);
	struct ward_child child = {.bytes = source,
				   .packed = packed.len,
				   .type = WARD_TYPE_VBA,
				   .name = ward_arena_printf(vba->arena, "VBA/%.*s.vba",
							     (int)(name.len < 255 ? name.len : 255),
							     (const char *)name.data)};

	if (!child.name)
		return WARD_E_LIMIT;
	ward_sink_trait(vba->sink, WARD_TRAIT_MACRO);
	if (event.len) {
		ward_sink_trait(vba->sink, WARD_TRAIT_AUTOEXEC);
		ward_sink_fact(vba->sink, "ole.vba.autoexec", "%.*s",
			       (int)(event.len < 255 ? event.len : 255), (const char *)event.data);
	}
	note_name(vba, name);
	return ward_sink_child(vba->sink, &child);
}

/* Decompresses the container at `offset` and gives it away. WARD_E_FORMAT: there
 * was nothing to give. Source that ends in damage is given, and a gap noted. */
static enum ward_rc
give_container(struct ward_vba *vba, struct ward_span name, struct ward_span bytes, size_t offset)
{
	WARD_AUTO(ward_buf_done) struct ward_buf source = {.data = NULL};
	struct ward_span packed = ward_span_cut(bytes, offset, bytes.len);
	enum ward_rc rc, given;

	ward_buf_init(&source, ward_sink_child_max(vba->sink, SOURCE_MAX),
		      ward_arena_budget(vba->arena));
	rc = ward_ovba_decompress(packed, &source, vba->sink);
	if (rc == WARD_E_NOMEM || (rc == WARD_E_LIMIT && !source.full) || rc == WARD_E_STOPPED)
		return rc;
	if (!source.len)
		return WARD_E_FORMAT;
	given = give_source(vba, name, packed, ward_buf_span(&source));
	if (rc != WARD_OK)
		ward_sink_gap(vba->sink, "VBA",
			      rc == WARD_E_LIMIT ? WARD_REASON_SIZE : WARD_REASON_CORRUPT);
	return given;
}

/* Code-page bytes widened to UTF-16LE: exact for ASCII, and the Unicode record
 * is there for the rest. */
static struct ward_span
widen(struct ward_vba *vba, struct ward_span name)
{
	uint8_t *wide = ward_arena_array(vba->arena, name.len, 2);

	if (!wide)
		return (struct ward_span){NULL, 0};
	for (size_t i = 0; i < name.len; i++)
		wide[2 * i] = name.data[i];
	return ward_span_of(wide, 2 * name.len);
}

static uint32_t
module_stream(struct ward_vba *vba, const struct module *m, uint32_t parent)
{
	uint32_t index = WARD_CFB_NONE;

	if (m->stream_unicode.len)
		index = ward_cfb_find(vba->cfb, parent, m->stream_unicode);
	if (index == WARD_CFB_NONE && m->stream.len)
		index = ward_cfb_find(vba->cfb, parent, widen(vba, m->stream));
	if (index == WARD_CFB_NONE && m->name.len)
		index = ward_cfb_find(vba->cfb, parent, widen(vba, m->name));
	if (index != WARD_CFB_NONE && vba->cfb->entries[index].kind != WARD_CFB_STREAM)
		return WARD_CFB_NONE;
	return index;
}

static enum ward_rc
give_module(struct ward_vba *vba, const struct module *m, uint32_t parent)
{
	WARD_AUTO(ward_buf_done) struct ward_buf buf = {.data = NULL};
	uint32_t index = module_stream(vba, m, parent);
	struct ward_span bytes = {NULL, 0};
	enum ward_rc rc;

	if (index == WARD_CFB_NONE) {
		ward_sink_gap(vba->sink, "VBA", WARD_REASON_CORRUPT);
		return WARD_OK;
	}
	if (vba->done[index])
		return WARD_OK;
	ward_buf_init(&buf, SOURCE_MAX, ward_arena_budget(vba->arena));
	rc = ward_cfb_read(vba->cfb, index, &buf, &bytes);
	if (rc != WARD_OK && rc != WARD_E_FORMAT)
		return rc;
	rc = give_container(vba, m->name.len ? m->name : m->stream, bytes, m->offset);
	vba->done[index] = rc == WARD_OK;
	if (rc != WARD_E_FORMAT)
		return rc;
	/* The offset lies: the search over all streams looks into it again. */
	rc = ward_vba_search(vba, index, bytes, "module");
	if (rc == WARD_OK && !vba->done[index])
		ward_sink_gap(vba->sink, "VBA", WARD_REASON_CORRUPT);
	return rc;
}

static void
module_record(struct module *m, uint16_t id, struct ward_span data)
{
	struct ward_cursor c = ward_cursor_of(data);

	if (id == DIR_MODULE_NAME)
		*m = (struct module){.name = data, .seen = true};
	else if (id == DIR_STREAM_NAME)
		m->stream = data;
	else if (id == DIR_STREAM_UNICODE)
		m->stream_unicode = data;
	else if (id == DIR_MODULE_OFFSET)
		m->offset = ward_cursor_u32le(&c);
}

/* [MS-OVBA] 2.3.4.2: records of id, size, data, but for one whose size field is
 * reserved. WARD_E_FORMAT when the records end amid one. */
static enum ward_rc
read_records(struct ward_vba *vba, struct ward_span dir, uint32_t parent)
{
	struct ward_cursor c = ward_cursor_of(dir);
	struct module m = {.seen = false};
	unsigned modules = 0;
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && ward_cursor_left(&c) >= 6 && modules < MODULES_MAX) {
		uint16_t id = ward_cursor_u16le(&c);
		uint32_t size = ward_cursor_u32le(&c);
		struct ward_span data = ward_cursor_bytes(&c, id == DIR_VERSION ? 6 : size);

		if (!ward_cursor_ok(&c))
			return WARD_E_FORMAT;
		if (id == DIR_CODEPAGE && data.len == 2)
			ward_sink_fact(vba->sink, "ole.vba.codepage", "%u",
				       data.data[0] | (unsigned)data.data[1] << 8);
		module_record(&m, id, data);
		if (id != DIR_MODULE_END || !m.seen)
			continue;
		rc = give_module(vba, &m, parent);
		m.seen = false;
		modules++;
	}
	if (rc == WARD_OK && modules == MODULES_MAX)
		ward_sink_gap(vba->sink, "VBA", WARD_REASON_FILES);
	return rc;
}

static bool
is_project(struct ward_span dir)
{
	struct ward_cursor c = ward_cursor_of(dir);
	uint16_t id = ward_cursor_u16le(&c);

	return (id == DIR_SYSKIND || id == DIR_COMPAT || id == DIR_CODEPAGE) &&
	       ward_cursor_u32le(&c) <= 4 && ward_cursor_ok(&c);
}

static enum ward_rc
read_dir(struct ward_vba *vba, uint32_t index)
{
	WARD_AUTO(ward_buf_done) struct ward_buf raw = {.data = NULL};
	WARD_AUTO(ward_buf_done) struct ward_buf dir = {.data = NULL};
	struct ward_span bytes = {NULL, 0};
	enum ward_rc rc;

	ward_buf_init(&raw, DIR_MAX, ward_arena_budget(vba->arena));
	ward_buf_init(&dir, DIR_MAX, ward_arena_budget(vba->arena));
	rc = ward_cfb_read(vba->cfb, index, &raw, &bytes);
	if (rc != WARD_OK && rc != WARD_E_FORMAT)
		return rc;
	rc = ward_ovba_decompress(bytes, &dir, vba->sink);
	if (rc == WARD_E_NOMEM || rc == WARD_E_STOPPED || (rc == WARD_E_LIMIT && !dir.full))
		return rc;
	if (!is_project(ward_buf_span(&dir)))
		return WARD_OK;
	vba->done[index] = true;
	ward_sink_trait(vba->sink, WARD_TRAIT_MACRO);
	rc = read_records(vba, ward_buf_span(&dir), vba->cfb->entries[index].parent);
	if (rc != WARD_E_FORMAT)
		return rc;
	ward_sink_gap(vba->sink, "VBA/dir", WARD_REASON_CORRUPT);
	return WARD_OK;
}

enum ward_rc
ward_vba_projects(struct ward_vba *vba)
{
	enum ward_rc rc = WARD_OK;

	for (uint32_t i = 0; i < vba->cfb->entries_len && rc == WARD_OK; i++)
		if (vba->cfb->entries[i].kind == WARD_CFB_STREAM &&
		    ward_cfb_named(vba->cfb, i, "dir"))
			rc = read_dir(vba, i);
	return rc;
}

enum ward_rc
ward_vba_search(struct ward_vba *vba, uint32_t index, struct ward_span bytes, const char *name)
{
	size_t at = vba->done[index] ? SIZE_MAX : ward_ovba_find(bytes, 0);
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && at != SIZE_MAX) {
		rc = give_container(vba, ward_span_str(name), bytes, at);
		if (rc == WARD_OK)
			vba->done[index] = true;
		else if (rc == WARD_E_FORMAT)
			rc = WARD_OK;
		at = ward_ovba_find(bytes, at + 1);
	}
	return rc;
}

void
ward_vba_report(const struct ward_vba *vba)
{
	if (vba->names.len)
		ward_sink_fact(vba->sink, "ole.macros", "%.*s", (int)vba->names.len,
			       (const char *)vba->names.data);
}

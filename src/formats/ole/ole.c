/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/ole.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/ole/kind.h"
#include "formats/ole/name.h"
#include "formats/ole/office.h"
#include "formats/ole/vba.h"
#include "formats/package.h"

enum {
	STREAM_MAX = 1 << 30,
	NAMES_MAX = 900,
	/* Streams that do not share sectors add up to less than the file. Damage may
	   share some; beyond this many times the file it is an attack on time. */
	BLOWUP_MAX = 8,
};

struct reader {
	struct ward_cfb cfb;
	struct ward_vba vba;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	enum ward_ole_kind kind;
	uint64_t given; /* bytes of streams handed over */
};

/* Names for people: as many as fit. */
static void
list_streams(const struct reader *r)
{
	WARD_AUTO(ward_buf_done) struct ward_buf list = {.data = NULL};
	struct ward_arena_mark mark = ward_arena_save(r->arena);
	unsigned streams = 0, orphans = 0;
	bool room = true;

	ward_buf_init(&list, NAMES_MAX, ward_arena_budget(r->arena));
	for (uint32_t i = 1; i < r->cfb.entries_len; i++) {
		const struct ward_cfb_entry *e = &r->cfb.entries[i];
		const char *name;

		if (e->kind != WARD_CFB_STREAM)
			continue;
		streams++;
		orphans += e->parent == WARD_CFB_NONE;
		if (!room)
			continue;
		name = ward_ole_name(&r->cfb, i, r->kind == WARD_OLE_MSI, r->arena);
		room = name && (!list.len || ward_buf_str(&list, ", ") == WARD_OK) &&
		       ward_buf_str(&list, name) == WARD_OK;
	}
	ward_sink_fact(r->sink, "ole.streams", "%u: %.*s%s", streams, (int)list.len,
		       list.len ? (const char *)list.data : "", room ? "" : "…");
	if (orphans)
		ward_sink_fact(r->sink, "ole.orphans", "%u", orphans);
	ward_arena_restore(r->arena, mark);
}

static void
encrypted(const struct reader *r, const char *name)
{
	ward_sink_trait(r->sink, WARD_TRAIT_ENCRYPTED);
	ward_sink_gap(r->sink, name, WARD_REASON_ENCRYPTED);
}

/* The length, then either a package or the native data of some other server. */
static enum ward_rc
read_native(const struct reader *r, struct ward_span stream)
{
	struct ward_cursor c = ward_cursor_of(stream);
	uint32_t size = ward_cursor_u32le(&c);
	struct ward_span native = ward_span_cut(stream, 4, size);
	enum ward_rc rc = ward_package_read(native, r->sink);

	if (rc == WARD_E_FORMAT)
		rc = native.len ? ward_sink_object(r->sink, "native", native) : WARD_OK;
	return rc;
}

/* What a stream's name says about its contents. */
static enum ward_rc
read_special(const struct reader *r, uint32_t i, struct ward_span bytes, const char *name)
{
	const struct ward_cfb *cfb = &r->cfb;
	bool locked = false;
	enum ward_rc rc = WARD_OK;

	if (ward_cfb_named(cfb, i, "\x01Ole10Native"))
		rc = read_native(r, bytes);
	else if (ward_cfb_named(cfb, i, "WordDocument"))
		locked = ward_office_word(bytes, r->sink);
	else if (ward_cfb_named(cfb, i, "Workbook") || ward_cfb_named(cfb, i, "Book"))
		locked = ward_office_excel(bytes, r->sink);
	else if (ward_cfb_named(cfb, i, "PowerPoint Document"))
		rc = ward_office_powerpoint(bytes, r->arena, r->sink, &locked);
	else if (ward_cfb_named(cfb, i, "\x01Ole"))
		ward_office_link(bytes, r->sink);
	else if (ward_cfb_named(cfb, i, "EncryptedPackage"))
		locked = true;
	if (locked)
		encrypted(r, name);
	return rc;
}

static enum ward_rc
give_stream(struct reader *r, uint32_t i, struct ward_span bytes, const char *name)
{
	enum ward_rc rc = ward_sink_charge(r->sink, bytes.len, bytes.len);

	if (rc == WARD_OK)
		rc = ward_vba_search(&r->vba, i, bytes, name);
	if (rc == WARD_OK)
		rc = read_special(r, i, bytes, name);
	if (rc == WARD_OK && bytes.len)
		rc = ward_sink_object(r->sink, name, bytes);
	r->given += bytes.len;
	return rc;
}

static enum ward_rc
read_stream(struct reader *r, uint32_t i)
{
	WARD_AUTO(ward_buf_done) struct ward_buf buf = {.data = NULL};
	char *name = ward_ole_name(&r->cfb, i, r->kind == WARD_OLE_MSI, r->arena);
	struct ward_span bytes = {NULL, 0};
	enum ward_rc rc;

	if (!name)
		return WARD_E_LIMIT;
	ward_buf_init(&buf, STREAM_MAX, ward_arena_budget(r->arena));
	rc = ward_cfb_read(&r->cfb, i, &buf, &bytes);
	if (rc != WARD_OK && rc != WARD_E_FORMAT)
		return rc;
	if (rc == WARD_E_FORMAT)
		ward_sink_gap(r->sink, name, WARD_REASON_CORRUPT);
	if (bytes.len > ward_sink_child_max(r->sink, STREAM_MAX)) {
		ward_sink_gap(r->sink, name, WARD_REASON_SIZE);
		return WARD_OK;
	}
	return give_stream(r, i, bytes, name);
}

static enum ward_rc
read_streams(struct reader *r)
{
	uint64_t most = (uint64_t)r->cfb.in.len * BLOWUP_MAX;
	enum ward_rc rc = WARD_OK;

	for (uint32_t i = 1; i < r->cfb.entries_len && rc == WARD_OK; i++) {
		struct ward_arena_mark mark = ward_arena_save(r->arena);

		if (r->cfb.entries[i].kind != WARD_CFB_STREAM)
			continue;
		if (r->given > most) {
			ward_sink_gap(r->sink, NULL, WARD_REASON_RATIO);
			break;
		}
		rc = read_stream(r, i);
		ward_arena_restore(r->arena, mark);
	}
	return rc;
}

static void
report_structure(const struct reader *r)
{
	const struct ward_cfb *cfb = &r->cfb;

	if (cfb->damaged)
		ward_sink_gap(r->sink, NULL, WARD_REASON_CORRUPT);
	if (cfb->too_many)
		ward_sink_gap(r->sink, NULL, WARD_REASON_FILES);
	if (cfb->damaged || cfb->overlaps || cfb->malformed)
		ward_sink_trait(r->sink, WARD_TRAIT_MALFORMED);
}

enum ward_rc
ward_ole_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct reader r = {.arena = arena, .sink = sink};
	enum ward_rc rc = ward_cfb_open(in, arena, sink, &r.cfb);

	if (rc != WARD_OK)
		return rc;
	rc = ward_vba_init(&r.vba, &r.cfb, arena, sink);
	if (rc != WARD_OK)
		return rc;
	r.kind = ward_ole_kind_of(&r.cfb);
	ward_ole_kind_report(&r.cfb, r.kind, sink);
	list_streams(&r);
	rc = ward_vba_projects(&r.vba);
	if (rc == WARD_OK)
		rc = read_streams(&r);
	ward_vba_report(&r.vba);
	ward_vba_done(&r.vba);
	report_structure(&r);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "formats/zip/codec.h"
#include "formats/zip/zip-priv.h"
#include "sys/inflate.h"

enum { BUF_KEEP = 1 << 20, DESCRIPTOR_MAX = 24 };

/* APPNOTE 4.4.5. */
enum {
	STORED = 0,
	IMPLODE = 6,
	DEFLATE = 8,
	DEFLATE64 = 9,
	BZIP2 = 12,
	LZMA = 14,
	ZSTD_OLD = 20,
	ZSTD = 93,
	XZ = 95,
	PPMD = 98,
};

/* Tells a full buffer, which is this entry's matter, from a sink that wants no more. */
struct meter {
	const struct ward_sink *sink;
	bool refused;
};

static enum ward_rc
charge(void *ctx, uint64_t produced)
{
	struct meter *m = ctx;
	enum ward_rc rc = ward_sink_charge(m->sink, produced, 0);

	m->refused = rc != WARD_OK;
	return rc;
}

static void
empty_buf(struct ward_zip_walk *w)
{
	if (w->buf.room > BUF_KEEP) {
		size_t max = w->buf.max;

		ward_buf_done(&w->buf);
		ward_buf_init(&w->buf, max, ward_arena_budget(w->arena));
	}
	ward_buf_clear(&w->buf);
}

/* Where the data of an entry without sizes can end: at the latest where the file does. */
static struct ward_span
packed_bytes(const struct ward_zip_walk *w, const struct ward_zip_entry *e)
{
	return ward_span_cut(w->in, e->data, e->size_unknown ? w->in.len : e->packed);
}

static enum ward_rc
unpack(struct ward_zip_walk *w, const struct ward_zip_entry *e, struct ward_span packed,
       struct meter *m)
{
	struct ward_zip_implode how = {
		.size = e->size,
		.dict_8k = e->flags & WARD_ZIP_DICT_8K,
		.lit_tree = e->flags & WARD_ZIP_LIT_TREE,
	};

	switch (e->method) {
	case DEFLATE:
		return ward_inflate(WARD_INFLATE_RAW, packed, &w->buf, charge, m);
	case DEFLATE64:
		return ward_zip_inflate64(packed, &w->buf, charge, m);
	case IMPLODE:
		return ward_zip_explode(packed, &how, &w->buf, charge, m);
	default:
		return WARD_E_UNSUPPORTED;
	}
}

static enum ward_reason
reason_of(const struct ward_zip_walk *w, enum ward_rc rc)
{
	if (rc == WARD_E_UNSUPPORTED)
		return WARD_REASON_UNSUPPORTED;
	if (rc == WARD_E_NOMEM)
		return WARD_REASON_MEMORY;
	if (rc == WARD_E_LIMIT)
		return w->buf.len < w->buf.max ? WARD_REASON_MEMORY : WARD_REASON_SIZE;
	return WARD_REASON_CORRUPT;
}

static enum ward_rc
hand_on(const struct ward_zip_walk *w, const char *name, struct ward_span bytes, uint64_t packed)
{
	struct ward_child child = {.name = name, .bytes = bytes, .packed = packed};

	return bytes.len ? ward_sink_child(w->sink, &child) : WARD_OK;
}

static enum ward_rc
read_stored(struct ward_zip_walk *w, const struct ward_zip_entry *e, const char *name,
	    struct ward_span packed)
{
	struct ward_span fits = ward_span_cut(packed, 0, w->buf.max);
	enum ward_rc rc = ward_sink_charge(w->sink, fits.len, fits.len);

	if (rc != WARD_OK)
		return rc;
	if (fits.len < packed.len)
		ward_sink_gap(w->sink, name, WARD_REASON_SIZE);
	else if (!e->size_unknown && packed.len < e->packed)
		ward_sink_gap(w->sink, name, WARD_REASON_CORRUPT);
	return hand_on(w, name, fits, fits.len);
}

static enum ward_rc
read_packed(struct ward_zip_walk *w, const struct ward_zip_entry *e, const char *name,
	    struct ward_span packed)
{
	struct meter m = {.sink = w->sink};
	enum ward_rc rc;

	empty_buf(w);
	rc = unpack(w, e, packed, &m);
	if (m.refused)
		return rc;
	if (rc != WARD_OK)
		ward_sink_gap(w->sink, name, reason_of(w, rc));
	return hand_on(w, name, ward_buf_span(&w->buf), packed.len);
}

/* The caller's reader names its children and gaps itself. */
static enum ward_rc
read_other(struct ward_zip_walk *w, const struct ward_zip_entry *e, const char *name)
{
	uint64_t len = e->data - e->local + e->packed + DESCRIPTOR_MAX;
	enum ward_rc rc = WARD_E_UNSUPPORTED;

	if (w->other)
		rc = w->other(ward_span_cut(w->in, e->local, e->size_unknown ? w->in.len : len),
			      w->arena, w->sink);
	if (rc == WARD_E_STOPPED || rc == WARD_E_LIMIT)
		return rc;
	if (rc != WARD_OK)
		ward_sink_gap(w->sink, name, reason_of(w, rc));
	return WARD_OK;
}

static bool
is_other(uint16_t method)
{
	switch (method) {
	case BZIP2:
	case LZMA:
	case ZSTD_OLD:
	case ZSTD:
	case XZ:
	case PPMD:
		return true;
	default:
		return false;
	}
}

static enum ward_rc
read_named(struct ward_zip_walk *w, const struct ward_zip_entry *e, const char *name)
{
	if (e->flags & WARD_ZIP_ENCRYPTED) {
		ward_sink_trait(w->sink, WARD_TRAIT_ENCRYPTED);
		ward_sink_gap(w->sink, name, WARD_REASON_ENCRYPTED);
		return WARD_OK;
	}
	if (e->method == STORED)
		return read_stored(w, e, name, packed_bytes(w, e));
	if (!e->size_unknown && e->packed == 0)
		return WARD_OK;
	return is_other(e->method) ? read_other(w, e, name)
				   : read_packed(w, e, name, packed_bytes(w, e));
}

enum ward_rc
ward_zip_entry_read(struct ward_zip_walk *w, const struct ward_zip_entry *entry)
{
	struct ward_arena_mark mark = ward_arena_save(w->arena);
	char *name;
	enum ward_rc rc = ward_sink_charge(w->sink, 0, 0);

	w->entries++;
	if (rc != WARD_OK)
		return rc;
	name = entry->name.len && entry->name.data[0]
		       ? ward_arena_strdup(w->arena, entry->name)
		       : ward_arena_printf(w->arena, "entry-%llu", (unsigned long long)w->entries);
	rc = name ? read_named(w, entry, name) : WARD_E_LIMIT;
	ward_arena_restore(w->arena, mark);
	return rc;
}

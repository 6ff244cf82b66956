/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "formats/zip/zip-priv.h"

enum {
	LOCAL = 0x04034b50,
	CENTRAL = 0x02014b50,
	END = 0x06054b50,
	END64 = 0x06064b50,
	END64_LOCATOR = 0x07064b50,
	END_LEN = 22,
	COMMENT_MAX = 65535,
	LOCATOR_LEN = 20,
	VERSION_MAX = 99, /* highest "version needed" ever given is 63 */
	METHOD_MAX = 99,
	EXTRA_ZIP64 = 1,
};

struct end_record {
	uint64_t size;	 /* of the central directory */
	uint64_t offset; /* as the record says */
	uint64_t at;	 /* of the record that follows the directory */
};

/* zip64's end record, when the locator in front of the plain one leads to it (4.3.14, 4.3.15). */
static void
read_end64(struct ward_span in, uint64_t end, struct end_record *r)
{
	struct ward_cursor c = ward_cursor_at(in, end >= LOCATOR_LEN ? end - LOCATOR_LEN : 0);
	uint64_t at;

	if (ward_cursor_u32le(&c) != END64_LOCATOR)
		return;
	ward_cursor_skip(&c, 4);
	at = ward_cursor_u64le(&c);
	c = ward_cursor_at(in, at);
	if (ward_cursor_u32le(&c) != END64)
		return;
	ward_cursor_skip(&c, 36);
	r->size = ward_cursor_u64le(&c);
	r->offset = ward_cursor_u64le(&c);
	r->at = at;
}

static bool
read_end(struct ward_span in, uint64_t at, struct end_record *r)
{
	struct ward_cursor c = ward_cursor_at(in, at);

	if (ward_cursor_u32le(&c) != END)
		return false;
	ward_cursor_skip(&c, 8);
	r->size = ward_cursor_u32le(&c);
	r->offset = ward_cursor_u32le(&c);
	r->at = at;
	if (!ward_cursor_ok(&c))
		return false;
	if (r->size == UINT32_MAX || r->offset == UINT32_MAX)
		read_end64(in, at, r);
	return true;
}

static bool
is_central(struct ward_span in, uint64_t at)
{
	struct ward_cursor c = ward_cursor_at(in, at);

	return ward_cursor_u32le(&c) == CENTRAL;
}

/*
 * The directory ends where its end record starts. Where it really starts minus where the record
 * says is what was put in front (a self-extractor's program). When that leads nowhere the record is
 * taken at its word.
 */
static bool
place(struct ward_zip_walk *w, const struct end_record *r)
{
	uint64_t start = r->size <= r->at ? r->at - r->size : 0;

	if (r->size <= r->at && start >= r->offset && (r->size == 0 || is_central(w->in, start)))
		w->shift = start - r->offset;
	else if (r->offset < r->at && is_central(w->in, r->offset))
		start = r->offset;
	else
		return false;
	w->directory = ward_span_cut(w->in, start, r->at - start);
	return true;
}

bool
ward_zip_directory_find(struct ward_zip_walk *w)
{
	size_t look = END_LEN + COMMENT_MAX;
	size_t from = w->in.len > look ? w->in.len - look : 0;

	if (w->in.len < END_LEN)
		return false;
	for (size_t at = w->in.len - END_LEN + 1; at-- > from;) {
		struct end_record r;

		if (w->in.data[at] == 'P' && read_end(w->in, at, &r) && place(w, &r))
			return true;
	}
	return false;
}

/* Sizes and offset that do not fit in 32 bits stand in an extra field (4.5.3), in this order. */
static void
read_zip64(struct ward_span extra, struct ward_zip_entry *e)
{
	struct ward_cursor c = ward_cursor_of(extra);

	while (ward_cursor_left(&c) >= 4) {
		uint16_t id = ward_cursor_u16le(&c);
		uint16_t len = ward_cursor_u16le(&c);
		struct ward_cursor field = ward_cursor_of(ward_cursor_bytes(&c, len));

		if (id != EXTRA_ZIP64)
			continue;
		if (e->size == UINT32_MAX && ward_cursor_left(&field) >= 8)
			e->size = ward_cursor_u64le(&field);
		if (e->packed == UINT32_MAX && ward_cursor_left(&field) >= 8)
			e->packed = ward_cursor_u64le(&field);
		if (e->local == UINT32_MAX && ward_cursor_left(&field) >= 8)
			e->local = ward_cursor_u64le(&field);
		return;
	}
}

bool
ward_zip_directory_next(const struct ward_zip_walk *w, struct ward_cursor *c,
			struct ward_zip_entry *ret_entry)
{
	struct ward_zip_entry e = {0};
	struct ward_span extra;
	uint16_t name_len;
	uint16_t extra_len;
	uint16_t comment_len;

	if (ward_cursor_u32le(c) != CENTRAL)
		return false;
	ward_cursor_skip(c, 4);
	e.flags = ward_cursor_u16le(c);
	e.method = ward_cursor_u16le(c);
	ward_cursor_skip(c, 8);
	e.packed = ward_cursor_u32le(c);
	e.size = ward_cursor_u32le(c);
	name_len = ward_cursor_u16le(c);
	extra_len = ward_cursor_u16le(c);
	comment_len = ward_cursor_u16le(c);
	ward_cursor_skip(c, 8);
	e.local = ward_cursor_u32le(c);
	e.name = ward_cursor_bytes(c, name_len);
	extra = ward_cursor_bytes(c, extra_len);
	ward_cursor_skip(c, comment_len);
	if (!ward_cursor_ok(c))
		return false;
	read_zip64(extra, &e);
	e.local += w->shift;
	*ret_entry = e;
	return true;
}

bool
ward_zip_local_read(struct ward_span in, uint64_t offset, struct ward_zip_entry *ret_entry)
{
	struct ward_cursor c = ward_cursor_at(in, offset);
	struct ward_zip_entry e = {.local = offset};
	uint16_t version;
	uint16_t name_len;
	uint16_t extra_len;

	if (ward_cursor_u32le(&c) != LOCAL)
		return false;
	version = ward_cursor_u16le(&c);
	e.flags = ward_cursor_u16le(&c);
	e.method = ward_cursor_u16le(&c);
	ward_cursor_skip(&c, 8);
	e.packed = ward_cursor_u32le(&c);
	e.size = ward_cursor_u32le(&c);
	name_len = ward_cursor_u16le(&c);
	extra_len = ward_cursor_u16le(&c);
	e.name = ward_cursor_bytes(&c, name_len);
	read_zip64(ward_cursor_bytes(&c, extra_len), &e);
	if (!ward_cursor_ok(&c) || (version & 0xff) > VERSION_MAX || e.method > METHOD_MAX)
		return false;
	e.size_unknown = (e.flags & WARD_ZIP_DESCRIPTOR) && e.packed == 0;
	e.data = c.pos;
	*ret_entry = e;
	return true;
}

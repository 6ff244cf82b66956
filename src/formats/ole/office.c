/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/office.h"

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf.h"
#include "sys/inflate.h"

enum {
	CHARGE_EVERY = 4096, /* records between two looks at the clock */
	OBJECT_MAX = 256 << 20,
	/* [MS-DOC] 2.5.2 */
	FIB_IDENT = 0xA5EC,
	FIB_ENCRYPTED = 0x0100,
	/* [MS-XLS] 2.3 */
	XLS_NAME = 0x0018,
	XLS_FILEPASS = 0x002F,
	XLS_SHEET = 0x0085,
	XLS_BOF = 0x0809,
	XLS_SHEET_MACRO = 1,
	XLS_NAME_BUILTIN = 0x0020,
	/* [MS-PPT] 2.13.24 */
	PPT_OBJECT = 0x1011,
	PPT_CRYPT = 0x2F14,
	PPT_CONTAINER = 0xF,
};

/* A field's instruction begins with the byte or character 0x13. */
static bool
has_dde(struct ward_span stream, unsigned width)
{
	struct ward_span word = width == 1 ? ward_span_str("DDE") : ward_span_of("D\0D\0E", 6);
	size_t at = ward_text_find(stream, word, 0);

	while (at != SIZE_MAX) {
		size_t back = at;

		while (back >= width && stream.data[back - width] == ' ')
			back -= width;
		if (back >= width && stream.data[back - width] == 0x13)
			return true;
		at = ward_text_find(stream, word, at + 1);
	}
	return false;
}

bool
ward_office_word(struct ward_span stream, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(stream);
	uint16_t ident = ward_cursor_u16le(&c);
	uint16_t flags;

	ward_cursor_seek(&c, 10);
	flags = ward_cursor_u16le(&c);
	if (has_dde(stream, 1) || has_dde(stream, 2)) {
		ward_sink_trait(sink, WARD_TRAIT_EXTERNAL);
		ward_sink_fact(sink, "ole.link", "DDE field");
	}
	return ward_cursor_ok(&c) && ident == FIB_IDENT && (flags & FIB_ENCRYPTED);
}

/* BoundSheet8, or BIFF5's without the string's flag byte. */
static void
excel_sheet(struct ward_span data, bool biff8, const struct ward_sink *sink)
{
	static const char *const states[] = {"visible", "hidden", "very hidden", "?"};
	struct ward_cursor c = ward_cursor_at(data, 4);
	uint8_t state = ward_cursor_u8(&c);
	uint8_t kind = ward_cursor_u8(&c);
	uint8_t len = ward_cursor_u8(&c);
	bool wide = biff8 && (ward_cursor_u8(&c) & 1);
	struct ward_span name = ward_cursor_bytes(&c, wide ? 2u * len : len);
	WARD_AUTO(ward_buf_done) struct ward_buf text = {.data = NULL};
	enum ward_rc rc;

	if (!ward_cursor_ok(&c) || kind != XLS_SHEET_MACRO)
		return;
	ward_buf_init(&text, 1024, NULL);
	rc = wide ? ward_utf_from_utf16(&text, name, false) : ward_utf_clean(&text, name);
	ward_sink_trait(sink, WARD_TRAIT_MACRO);
	ward_sink_fact(sink, "ole.xlm", "%.*s (%s)", rc == WARD_OK ? (int)text.len : 0,
		       text.len ? (const char *)text.data : "", states[state & 3]);
}

/* A defined name ([MS-XLS] 2.4.150) that Excel runs: built-in 1, 2, 10, 11 or so
 * spelt. */
static void
excel_name(struct ward_span data, bool biff8, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(data);
	uint16_t flags = ward_cursor_u16le(&c);
	uint8_t len;
	bool wide;
	struct ward_span name;

	ward_cursor_skip(&c, 1);
	len = ward_cursor_u8(&c);
	ward_cursor_skip(&c, 2 + 2 + 2 + 4);
	wide = biff8 && (ward_cursor_u8(&c) & 1);
	name = ward_cursor_bytes(&c, wide ? 2u * len : len);
	if (!ward_cursor_ok(&c) || !name.len)
		return;
	if (flags & XLS_NAME_BUILTIN ? strchr("\x01\x02\x0a\x0b", name.data[0]) && name.data[0]
				     : ward_text_starts_nocase(name, "auto_"))
		ward_sink_trait(sink, WARD_TRAIT_AUTOEXEC);
}

bool
ward_office_excel(struct ward_span stream, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(stream);
	bool biff8 = true;
	unsigned n = 0;

	while (ward_cursor_left(&c) >= 4) {
		uint16_t id = ward_cursor_u16le(&c);
		struct ward_span data = ward_cursor_bytes(&c, ward_cursor_u16le(&c));

		if (id == XLS_FILEPASS)
			return true;
		if (id == XLS_BOF && data.len >= 2)
			biff8 = data.data[1] == 6;
		if (id == XLS_SHEET)
			excel_sheet(data, biff8, sink);
		if (id == XLS_NAME)
			excel_name(data, biff8, sink);
		if (++n % CHARGE_EVERY == 0 && ward_sink_charge(sink, 0, 0) != WARD_OK)
			break;
	}
	return false;
}

/* ExOleObjStg and VbaProjectStg ([MS-PPT] 2.10.34): a compound file, as it is or
 * behind its length in a zlib stream. */
static enum ward_rc
slide_object(struct ward_span data, bool packed, unsigned number, struct ward_arena *arena,
	     const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {.data = NULL};
	char *name = ward_arena_printf(arena, "ppt/object%u", number);
	struct ward_child child = {.name = name, .bytes = data, .packed = data.len};
	enum ward_rc rc;
	union {
		const struct ward_sink *in;
		void *out;
	} ctx = {.in = sink};

	if (!name)
		return WARD_E_LIMIT;
	if (!packed)
		return ward_sink_child(sink, &child);
	ward_buf_init(&out, ward_sink_child_max(sink, OBJECT_MAX), ward_arena_budget(arena));
	rc = ward_inflate(WARD_INFLATE_ZLIB, ward_span_cut(data, 4, data.len), &out,
			  ward_sink_inflate_charge, ctx.out);
	if (rc == WARD_E_NOMEM || rc == WARD_E_STOPPED || (rc == WARD_E_LIMIT && out.len < out.max))
		return rc;
	if (rc != WARD_OK)
		ward_sink_gap(sink, name,
			      rc == WARD_E_LIMIT ? WARD_REASON_SIZE : WARD_REASON_CORRUPT);
	child.bytes = ward_buf_span(&out);
	return out.len ? ward_sink_child(sink, &child) : WARD_OK;
}

enum ward_rc
ward_office_powerpoint(struct ward_span stream, struct ward_arena *arena,
		       const struct ward_sink *sink, bool *ret_encrypted)
{
	struct ward_cursor c = ward_cursor_of(stream);
	unsigned objects = 0, n = 0;
	enum ward_rc rc = WARD_OK;

	/* Containers are entered by not skipping them: no depth to limit. */
	while (rc == WARD_OK && ward_cursor_left(&c) >= 8) {
		uint16_t head = ward_cursor_u16le(&c);
		uint16_t id = ward_cursor_u16le(&c);
		uint32_t size = ward_cursor_u32le(&c);
		struct ward_span data = ward_span_cut(stream, c.pos, size);

		if (id == PPT_CRYPT)
			*ret_encrypted = true;
		if (id == PPT_OBJECT)
			rc = slide_object(data, head >> 4 == 1, ++objects, arena, sink);
		if ((head & 0xF) != PPT_CONTAINER)
			ward_cursor_skip(&c, data.len);
		if (rc == WARD_OK && ++n % CHARGE_EVERY == 0)
			rc = ward_sink_charge(sink, 0, 0);
	}
	return rc;
}

void
ward_office_link(struct ward_span stream, const struct ward_sink *sink)
{
	/* URL moniker {79EAC9E0-BAF9-11CE-8C82-00AA004BA90B}, then a length and the
	   address in UTF-16 ([MS-OSHARED] 2.3.7.6). */
	static const uint8_t moniker[16] = {0xE0, 0xC9, 0xEA, 0x79, 0xF9, 0xBA, 0xCE, 0x11,
					    0x8C, 0x82, 0x00, 0xAA, 0x00, 0x4B, 0xA9, 0x0B};
	size_t at = ward_text_find(stream, ward_span_of(moniker, sizeof(moniker)), 0);
	WARD_AUTO(ward_buf_done) struct ward_buf text = {.data = NULL};
	struct ward_cursor c;
	struct ward_span url;
	uint32_t len;
	enum ward_rc rc;

	if (at == SIZE_MAX)
		return;
	c = ward_cursor_at(stream, at + sizeof(moniker));
	len = ward_cursor_u32le(&c);
	url = ward_span_cut(stream, c.pos, len);
	ward_buf_init(&text, 900, NULL);
	/* A longer address is cut: the fact is for people. */
	rc = ward_utf_from_utf16(&text, url, false);
	ward_sink_trait(sink, WARD_TRAIT_EXTERNAL);
	if (text.len)
		ward_sink_fact(sink, "ole.link", "%.*s%s",
			       (int)strnlen((const char *)text.data, text.len),
			       (const char *)text.data, rc == WARD_OK ? "" : "…");
}

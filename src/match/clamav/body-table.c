/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/body.h"

#include "match/clamav/body-priv.h"

static bool
aligned_take(struct ward_span in, uint64_t offset, uint64_t count, unsigned width,
	     struct ward_table *ret)
{
	return offset % 8 == 0 && ward_table_take(in, offset, count, width, ret);
}

static bool
open_anchors(struct ward_span in, uint64_t offset, struct ward_body_anchors *a)
{
	struct ward_cursor c = ward_cursor_at(in, offset);
	uint32_t width = ward_cursor_u32le(&c), bits = ward_cursor_u32le(&c);
	uint64_t count = ward_cursor_u64le(&c), bytes;

	if (!ward_cursor_ok(&c) || offset % 8 || width < 2 || width > 4 ||
	    bits < WARD_BODY_MIN_BITS || bits > WARD_BODY_MAX_BITS || count > UINT32_MAX)
		return false;
	a->width = width;
	a->bits = bits;
	a->bucket_bits = bits - WARD_BODY_BUCKET_SHIFT;
	bytes = (uint64_t)1 << (bits - 3);
	a->bitmap = ward_cursor_bytes(&c, bytes);
	if (!ward_cursor_ok(&c) ||
	    !ward_table_take(in, c.pos, ((uint64_t)1 << a->bucket_bits) + 1, 4, &a->buckets))
		return false;
	ward_cursor_skip(&c, a->buckets.count * 4);
	return ward_table_take(in, c.pos, count * 4, 4, &a->entries);
}

static bool
open_records(struct ward_span in, struct ward_cursor *at, struct ward_body_table *t)
{
	uint64_t records = ward_cursor_u64le(at), code = ward_cursor_u64le(at);
	uint64_t names = ward_cursor_u64le(at), code_len = ward_cursor_u64le(at);
	uint64_t names_len = ward_cursor_u64le(at);

	t->gaps = ward_cursor_u64le(at);
	if (!ward_span_has(in, records, t->count * WARD_BODY_RECORD) ||
	    !ward_span_has(in, code, code_len) || !ward_span_has(in, names, names_len))
		return false;
	t->records = ward_span_cut(in, records, t->count * WARD_BODY_RECORD);
	t->code = ward_span_cut(in, code, code_len);
	t->names = ward_span_cut(in, names, names_len);
	return t->gaps <= code_len && names_len && t->names.data[names_len - 1] == 0;
}

enum ward_rc
ward_body_table_open(struct ward_span bytes, struct ward_body_table *ret)
{
	struct ward_cursor at = ward_cursor_of(bytes);
	struct ward_span magic = ward_cursor_bytes(&at, 8);
	uint32_t version = ward_cursor_u32le(&at);
	struct ward_body_table t = {.count = ward_cursor_u32le(&at)};
	uint64_t total = ward_cursor_u64le(&at), unanchored, count;

	if (!ward_span_starts(magic, "WARDBODY", 8))
		return WARD_E_FORMAT;
	if (version != WARD_BODY_VERSION)
		return WARD_E_UNSUPPORTED;
	if (total != bytes.len || !open_records(bytes, &at, &t))
		return WARD_E_FORMAT;
	unanchored = ward_cursor_u64le(&at);
	count = ward_cursor_u64le(&at);
	if (!aligned_take(bytes, unanchored, count, 4, &t.unanchored))
		return WARD_E_FORMAT;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t offset = ward_cursor_u64le(&at);

		if (offset && !open_anchors(bytes, offset, &t.anchors[t.anchor_sets++]))
			return WARD_E_FORMAT;
	}
	if (!ward_cursor_ok(&at))
		return WARD_E_FORMAT;
	*ret = t;
	return WARD_OK;
}

static bool
name_at(const struct ward_body_table *t, uint32_t offset, struct ward_span *ret)
{
	if (offset >= t->names.len)
		return false;
	*ret = ward_span_str((const char *)t->names.data + offset);
	return true;
}

enum ward_rc
ward_body_table_get(const struct ward_body_table *t, uint64_t i, struct ward_body_signature *ret,
		    uint64_t *ret_first_gap)
{
	struct ward_span record = ward_span_cut(t->records, i * WARD_BODY_RECORD, WARD_BODY_RECORD);
	struct ward_cursor c = ward_cursor_of(record);
	uint32_t name = ward_cursor_u32le(&c), source = ward_cursor_u32le(&c);
	uint32_t code = ward_cursor_u32le(&c), code_len = ward_cursor_u32le(&c);
	uint64_t gap = ward_cursor_u64le(&c);
	struct ward_body_signature s = {0};
	uint8_t verdict, place;

	if (i >= t->count)
		return WARD_E_NOENT;
	s.offset = (int64_t)ward_cursor_u64le(&c);
	s.section = ward_cursor_u32le(&c);
	s.shift = ward_cursor_u32le(&c);
	verdict = ward_cursor_u8(&c);
	s.target = ward_cursor_u8(&c);
	place = ward_cursor_u8(&c);
	if (!ward_span_has(t->code, code, code_len) || !name_at(t, name, &s.name) ||
	    !name_at(t, source, &s.source) || place >= WARD_BODY_PLACES ||
	    (verdict != WARD_MALICIOUS && verdict != WARD_SUSPICIOUS))
		return WARD_E_FORMAT;
	s.verdict = (enum ward_verdict)verdict;
	s.place = (enum ward_body_place)place;
	s.code = ward_span_cut(t->code, code, code_len);
	*ret = s;
	if (ret_first_gap)
		*ret_first_gap = gap;
	return WARD_OK;
}

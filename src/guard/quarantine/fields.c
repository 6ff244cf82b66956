/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/fields.h"

#include "base/cursor.h"

static void
put_le(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

enum ward_rc
ward_field_put(struct ward_buf *out, uint16_t tag, struct ward_span bytes)
{
	uint8_t head[6];
	enum ward_rc rc;

	if (bytes.len > UINT32_MAX)
		return WARD_E_LIMIT;
	put_le(head, tag, 2);
	put_le(head + 2, bytes.len, 4);
	rc = ward_buf_append(out, head, sizeof(head));
	return rc || bytes.len == 0 ? rc : ward_buf_append(out, bytes.data, bytes.len);
}

static enum ward_rc
put_one(struct ward_buf *out, const struct ward_field *f, const uint8_t *at)
{
	struct ward_span bytes = {0};
	uint8_t number[8];
	uint64_t u64;
	uint32_t u32;

	switch (f->kind) {
	case WARD_FIELD_U32:
		memcpy(&u32, at, sizeof(u32));
		put_le(number, u32, 4);
		return ward_field_put(out, f->tag, ward_span_of(number, 4));
	case WARD_FIELD_U64:
		memcpy(&u64, at, sizeof(u64));
		put_le(number, u64, 8);
		return ward_field_put(out, f->tag, ward_span_of(number, 8));
	case WARD_FIELD_BYTES:
		return ward_field_put(out, f->tag, ward_span_of(at, f->size));
	case WARD_FIELD_SPAN:
		memcpy(&bytes, at, sizeof(bytes));
		if (bytes.len > f->size)
			return WARD_E_LIMIT;
		return bytes.len ? ward_field_put(out, f->tag, bytes) : WARD_OK;
	}
	return WARD_E_INVAL;
}

enum ward_rc
ward_fields_put(struct ward_buf *out, const struct ward_field *table, size_t count,
		const void *from)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++)
		rc = put_one(out, &table[i], (const uint8_t *)from + table[i].offset);
	return rc;
}

static enum ward_rc
get_one(const struct ward_field *f, struct ward_span bytes, uint8_t *at)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	uint64_t u64;
	uint32_t u32;

	switch (f->kind) {
	case WARD_FIELD_U32:
		u32 = ward_cursor_u32le(&c);
		memcpy(at, &u32, sizeof(u32));
		return bytes.len == 4 ? WARD_OK : WARD_E_FORMAT;
	case WARD_FIELD_U64:
		u64 = ward_cursor_u64le(&c);
		memcpy(at, &u64, sizeof(u64));
		return bytes.len == 8 ? WARD_OK : WARD_E_FORMAT;
	case WARD_FIELD_BYTES:
		if (bytes.len != f->size)
			return WARD_E_FORMAT;
		memcpy(at, bytes.data, bytes.len);
		return WARD_OK;
	case WARD_FIELD_SPAN:
		if (bytes.len == 0 || bytes.len > f->size)
			return WARD_E_FORMAT;
		memcpy(at, &bytes, sizeof(bytes));
		return WARD_OK;
	}
	return WARD_E_INVAL;
}

static size_t
find(const struct ward_field *table, size_t count, uint16_t tag)
{
	size_t i = 0;

	while (i < count && table[i].tag != tag)
		i++;
	return i;
}

static enum ward_rc
get_other(ward_field_other other, void *ctx, uint16_t tag, struct ward_span bytes)
{
	enum ward_rc rc = other ? other(ctx, tag, bytes) : WARD_E_NOENT;

	if (rc != WARD_E_NOENT)
		return rc;
	return tag & WARD_FIELD_SKIPPABLE ? WARD_OK : WARD_E_UNSUPPORTED;
}

enum ward_rc
ward_fields_get(struct ward_span in, const struct ward_field *table, size_t count, void *into,
		ward_field_other other, void *ctx)
{
	struct ward_cursor c = ward_cursor_of(in);
	uint64_t seen = 0;

	while (ward_cursor_left(&c) > 0) {
		uint16_t tag = ward_cursor_u16le(&c);
		struct ward_span bytes = ward_cursor_bytes(&c, ward_cursor_u32le(&c));
		size_t i = find(table, count, tag);
		enum ward_rc rc;

		if (!ward_cursor_ok(&c) || (i < count && seen >> i & 1))
			return WARD_E_FORMAT;
		if (i == count) {
			rc = get_other(other, ctx, tag, bytes);
		} else {
			seen |= UINT64_C(1) << i;
			rc = get_one(&table[i], bytes, (uint8_t *)into + table[i].offset);
		}
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < count; i++) {
		if (table[i].kind != WARD_FIELD_SPAN && !(seen >> i & 1))
			return WARD_E_FORMAT;
	}
	return ward_cursor_ok(&c) ? WARD_OK : WARD_E_FORMAT;
}

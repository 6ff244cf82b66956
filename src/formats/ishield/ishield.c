/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ishield/ishield.h"

#include "base/cursor.h"
#include "base/text.h"
#include "sys/inflate.h"

enum {
	LOOK = 512,	 /* where the mark must lie */
	MARK_LEN = 14,	 /* "InstallShield" and its NUL */
	HEADER_LEN = 32, /* number of files, then reserved */
	NAME_LEN = 260,
	AFTER_SIZE_LEN = 36,
	FILES_MAX = 4096,
	FILE_MAX = 1 << 30,
	KEY_PERIOD = 1024, /* the veil begins anew after so many bytes */
};

static const uint8_t veil[4] = {0xEC, 0xCA, 0x79, 0xF8};

/* A cursor behind the mark, or a failed one. */
static struct ward_cursor
list_of(struct ward_span in)
{
	struct ward_span look = ward_span_cut(in, 0, LOOK);
	size_t at = ward_text_find(look, ward_span_of("InstallShield", MARK_LEN), 0);
	struct ward_cursor c = ward_cursor_at(in, at == SIZE_MAX ? 0 : at);

	if (at == SIZE_MAX || (at && !ward_span_starts(in, "NB10", 4)))
		c.failed = true;
	ward_cursor_skip(&c, MARK_LEN);
	return c;
}

bool
ward_ishield_is(struct ward_span in)
{
	struct ward_cursor c = list_of(in);
	uint32_t files = ward_cursor_u32le(&c);
	struct ward_span reserved = ward_cursor_bytes(&c, HEADER_LEN - 4);

	for (size_t i = 4; i < reserved.len; i++)
		if (reserved.data[i])
			return false;
	return ward_cursor_ok(&c) && files != 0;
}

/* Takes the veil off: nibbles swapped, then a key made of the name. */
static enum ward_rc
unveil(struct ward_span data, struct ward_span name, struct ward_buf *out,
       const struct ward_sink *sink)
{
	enum ward_rc rc = WARD_OK;

	for (size_t at = 0; at < data.len && rc == WARD_OK; at += KEY_PERIOD) {
		struct ward_span part = ward_span_cut(data, at, KEY_PERIOD);
		uint8_t *to = ward_buf_reserve(out, part.len);

		if (!to)
			return WARD_E_LIMIT;
		for (size_t i = 0; i < part.len; i++) {
			size_t k = i % name.len;
			uint8_t key = name.data[k] ^ veil[k & 3];

			to[i] = (uint8_t)(part.data[i] >> 4 | part.data[i] << 4) ^ key;
		}
		ward_buf_grown(out, part.len);
		rc = ward_sink_charge(sink, 0, 0);
	}
	return rc;
}

static enum ward_rc
give(struct ward_span data, struct ward_span name, struct ward_arena *arena,
     const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf packed = {.data = NULL};
	WARD_AUTO(ward_buf_done) struct ward_buf out = {.data = NULL};
	struct ward_child child = {.name = ward_arena_strdup(arena, name), .packed = data.len};
	union {
		const struct ward_sink *in;
		void *out;
	} ctx = {.in = sink};
	enum ward_rc rc;

	if (!child.name)
		return WARD_E_LIMIT;
	ward_buf_init(&packed, FILE_MAX, ward_arena_budget(arena));
	ward_buf_init(&out, ward_sink_child_max(sink, FILE_MAX), ward_arena_budget(arena));
	rc = unveil(data, name, &packed, sink);
	if (rc != WARD_OK)
		return rc;
	rc = ward_inflate(WARD_INFLATE_ZLIB, ward_buf_span(&packed), &out, ward_sink_inflate_charge,
			  ctx.out);
	if (rc == WARD_E_NOMEM || rc == WARD_E_STOPPED || (rc == WARD_E_LIMIT && out.len < out.max))
		return rc;
	if (rc != WARD_OK)
		ward_sink_gap(sink, child.name,
			      rc == WARD_E_LIMIT ? WARD_REASON_SIZE : WARD_REASON_CORRUPT);
	ward_buf_done(&packed);
	child.bytes = ward_buf_span(&out);
	return out.len ? ward_sink_child(sink, &child) : WARD_OK;
}

/* One file; WARD_E_TRUNCATED when the list ends amid it. */
static enum ward_rc
read_file(struct ward_cursor *c, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_span field = ward_cursor_bytes(c, NAME_LEN);
	struct ward_cursor n = ward_cursor_of(field);
	struct ward_span name = ward_cursor_cstr(&n, NAME_LEN);
	uint64_t size;
	struct ward_span data;
	enum ward_rc rc;

	ward_cursor_skip(c, 8);
	size = ward_cursor_u64le(c);
	ward_cursor_skip(c, AFTER_SIZE_LEN);
	data = ward_span_cut(c->in, c->pos, size);
	if (!ward_cursor_ok(c) || !name.len)
		return WARD_E_TRUNCATED;
	rc = data.len ? give(data, name, arena, sink) : WARD_OK;
	ward_cursor_skip(c, size);
	return rc == WARD_OK ? ward_cursor_rc(c) : rc;
}

enum ward_rc
ward_ishield_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_cursor c = list_of(in);
	uint32_t files = ward_cursor_u32le(&c);
	enum ward_rc rc = WARD_OK;

	if (!ward_ishield_is(in))
		return WARD_E_FORMAT;
	ward_cursor_skip(&c, HEADER_LEN - 4);
	for (uint32_t i = 0; i < files && rc == WARD_OK; i++) {
		struct ward_arena_mark mark = ward_arena_save(arena);

		if (i == FILES_MAX) {
			ward_sink_gap(sink, NULL, WARD_REASON_FILES);
			break;
		}
		rc = read_file(&c, arena, sink);
		ward_arena_restore(arena, mark);
	}
	return rc;
}

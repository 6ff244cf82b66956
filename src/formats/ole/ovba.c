/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/ovba.h"

#include "base/cursor.h"
#include "base/text.h"

enum {
	CHUNK_MAX = 4096, /* decompressed bytes of one chunk */
	CONTAINER_SIGNATURE = 1,
	CHUNK_SIGNATURE = 3,
};

struct chunk {
	uint8_t bytes[CHUNK_MAX];
	size_t len;
};

/* [MS-OVBA] 2.4.1.3.19.1: how many bits of a copy token are its offset grows
 * with the chunk. */
static unsigned
offset_bits(size_t len)
{
	unsigned bits = 4;

	while (len > 1u << bits)
		bits++;
	return bits;
}

static enum ward_rc
copy_token(struct chunk *out, uint16_t token)
{
	unsigned bits = offset_bits(out->len);
	size_t length = (token & (0xFFFFu >> bits)) + 3;
	size_t offset = ((size_t)token >> (16 - bits)) + 1;

	if (offset > out->len)
		return WARD_E_FORMAT;
	while (length-- && out->len < CHUNK_MAX) {
		out->bytes[out->len] = out->bytes[out->len - offset];
		out->len++;
	}
	return WARD_OK;
}

static enum ward_rc
token_sequence(struct ward_cursor *c, struct chunk *out)
{
	uint8_t flags = ward_cursor_u8(c);
	enum ward_rc rc = WARD_OK;

	for (int i = 0; i < 8 && rc == WARD_OK; i++, flags >>= 1) {
		if (!ward_cursor_left(c) || out->len >= CHUNK_MAX)
			break;
		if (!(flags & 1)) {
			out->bytes[out->len++] = ward_cursor_u8(c);
			continue;
		}
		uint16_t token = ward_cursor_u16le(c);

		rc = ward_cursor_rc(c);
		if (rc == WARD_OK)
			rc = copy_token(out, token);
	}
	return rc;
}

static enum ward_rc
chunk_read(struct ward_span data, bool compressed, struct chunk *out)
{
	struct ward_cursor c = ward_cursor_of(data);
	enum ward_rc rc = WARD_OK;

	out->len = 0;
	if (!compressed) {
		data = ward_span_cut(data, 0, CHUNK_MAX);
		if (data.len)
			memcpy(out->bytes, data.data, data.len);
		out->len = data.len;
		return WARD_OK;
	}
	while (rc == WARD_OK && ward_cursor_left(&c) && out->len < CHUNK_MAX)
		rc = token_sequence(&c, out);
	return rc;
}

enum ward_rc
ward_ovba_decompress(struct ward_span in, struct ward_buf *out, const struct ward_sink *sink)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct chunk chunk;
	enum ward_rc rc = WARD_OK;

	if (ward_cursor_u8(&c) != CONTAINER_SIGNATURE)
		return WARD_E_FORMAT;
	while (rc == WARD_OK && ward_cursor_left(&c) >= 2) {
		uint16_t header = ward_cursor_u16le(&c);
		size_t size = (header & 0xFFFu) + 1;
		struct ward_span data = ward_span_cut(in, c.pos, size);
		enum ward_rc stored;

		if ((header >> 12 & 7) != CHUNK_SIGNATURE)
			break;
		ward_cursor_skip(&c, data.len);
		rc = chunk_read(data, header >> 15, &chunk);
		stored = ward_buf_append(out, chunk.bytes, chunk.len);
		if (stored == WARD_OK)
			stored = ward_sink_charge(sink, chunk.len, data.len + 2);
		if (stored != WARD_OK)
			return stored;
		if (rc == WARD_OK && data.len < size)
			rc = WARD_E_TRUNCATED;
	}
	return rc;
}

size_t
ward_ovba_find(struct ward_span in, size_t from)
{
	/* Signature, chunk header, flag byte 0, then eight literals. */
	struct ward_span word = ward_span_str("Attribut");
	size_t at = ward_text_find(in, word, from + 4 > from ? from + 4 : from);

	while (at != SIZE_MAX) {
		struct ward_cursor c = ward_cursor_at(in, at - 4);
		bool is = ward_cursor_u8(&c) == CONTAINER_SIGNATURE &&
			  (ward_cursor_u16le(&c) >> 12 & 7) == CHUNK_SIGNATURE &&
			  ward_cursor_u8(&c) == 0 && ward_cursor_ok(&c);

		if (is)
			return at - 4;
		at = ward_text_find(in, word, at + 1);
	}
	return SIZE_MAX;
}

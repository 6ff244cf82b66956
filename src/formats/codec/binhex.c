/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/binhex.h"

#include "base/text.h"

/* RFC 1741 appendix A: the byte at position N stands for the value N. */
static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

enum { MARK = 0x90 };

struct runs {
	bool marked; /* the last byte was a run mark */
	bool any;
	uint8_t last;
};

bool
ward_codec_binhex_begin(struct ward_span line)
{
	return ward_text_starts_nocase(line, "(This file must be converted with BinHex");
}

/* The run-length layer: MARK N repeats the byte before it to N in all, MARK 0
 * is a literal MARK. */
static void
put(struct runs *r, uint8_t byte, struct ward_codec_out *out)
{
	if (!r->marked && byte == MARK) {
		r->marked = true;
		return;
	}
	if (r->marked && byte) {
		for (unsigned i = 1; i < byte && r->any; i++)
			ward_codec_put(out, r->last);
		r->marked = false;
		return;
	}
	r->last = r->marked ? MARK : byte;
	r->marked = false;
	r->any = true;
	ward_codec_put(out, r->last);
}

size_t
ward_codec_binhex_unpack(struct ward_span in, struct ward_codec_out *out)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct runs runs = {0};
	uint32_t bits = 0;
	unsigned have = 0;

	while (ward_text_is_space((uint8_t)ward_cursor_peek(&c)) && ward_cursor_left(&c))
		ward_cursor_skip(&c, 1);
	if (ward_cursor_peek(&c) == ':')
		ward_cursor_skip(&c, 1);
	while (ward_cursor_left(&c) && out->rc == WARD_OK) {
		uint8_t byte = ward_cursor_u8(&c);
		const char *at = byte ? strchr(alphabet, byte) : NULL;

		if (byte == ':')
			break;
		if (!at)
			continue;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		put(&runs, (uint8_t)(bits >> have), out);
	}
	return c.pos;
}

enum ward_rc
ward_codec_binhex_parse(struct ward_span unpacked, struct ward_codec_binhex *ret_file)
{
	struct ward_cursor c = ward_cursor_of(unpacked);
	struct ward_codec_binhex file = {0};
	uint8_t name_len = ward_cursor_u8(&c);
	uint32_t data_len, resource_len;

	if (name_len == 0 || name_len > 63)
		return WARD_E_FORMAT;
	file.name = ward_cursor_bytes(&c, name_len);
	ward_cursor_skip(&c, 1 + 4 + 4 + 2); /* version, type, creator, flags */
	data_len = ward_cursor_u32be(&c);
	resource_len = ward_cursor_u32be(&c);
	ward_cursor_skip(&c, 2); /* checksum */
	if (!ward_cursor_ok(&c))
		return WARD_E_TRUNCATED;
	file.data = ward_span_cut(unpacked, c.pos, data_len);
	file.resource = ward_span_cut(unpacked, (uint64_t)c.pos + data_len + 2, resource_len);
	*ret_file = file;
	return WARD_OK;
}

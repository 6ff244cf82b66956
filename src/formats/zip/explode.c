/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip/bits.h"

enum { LITERALS = 256, VALUES = 64, LENGTH_ESCAPE = 63 };

struct explode {
	struct ward_zip_bits b;
	struct ward_zip_window w;
	const struct ward_zip_implode *how;
	struct ward_zip_code literal;
	struct ward_zip_code length;
	struct ward_zip_code distance;
};

/*
 * A Shannon-Fano tree: one byte with the number of pairs less one, then the pairs: code length less
 * one (low half) and how many values have it, less one (high half). Its codes are a canonical code's
 * with every bit inverted (the longest code is all zeros).
 */
static enum ward_rc
read_tree(struct explode *z, struct ward_zip_code *code, unsigned values)
{
	uint8_t lengths[LITERALS] = {0};
	unsigned pairs = ward_cursor_u8(&z->b.c) + 1u;
	unsigned n = 0;

	for (unsigned i = 0; i < pairs; i++) {
		uint8_t pair = ward_cursor_u8(&z->b.c);
		unsigned repeat = (pair >> 4) + 1u;

		if (!ward_cursor_ok(&z->b.c))
			return WARD_E_TRUNCATED;
		if (repeat > values - n)
			return WARD_E_FORMAT;
		memset(lengths + n, (pair & 15) + 1, repeat);
		n += repeat;
	}
	return n == values && ward_zip_code_build(code, lengths, n) ? WARD_OK : WARD_E_FORMAT;
}

static enum ward_rc
read_trees(struct explode *z)
{
	enum ward_rc rc = WARD_OK;

	if (z->how->lit_tree)
		rc = read_tree(z, &z->literal, LITERALS);
	if (rc == WARD_OK)
		rc = read_tree(z, &z->length, VALUES);
	return rc == WARD_OK ? read_tree(z, &z->distance, VALUES) : rc;
}

static enum ward_rc
put_literal(struct explode *z)
{
	int byte = z->how->lit_tree ? ward_zip_code_take(&z->literal, &z->b, 1)
				    : (int)ward_zip_bits_take(&z->b, 8);

	if (!ward_cursor_ok(&z->b.c))
		return WARD_E_TRUNCATED;
	return byte < 0 ? WARD_E_FORMAT : ward_zip_window_put(&z->w, (uint8_t)byte);
}

static enum ward_rc
copy_match(struct explode *z)
{
	unsigned low_bits = z->how->dict_8k ? 7 : 6;
	uint32_t low = ward_zip_bits_take(&z->b, low_bits);
	int high = ward_zip_code_take(&z->distance, &z->b, 1);
	int code = ward_zip_code_take(&z->length, &z->b, 1);
	uint64_t left = z->how->size - z->w.out->len;
	size_t length;

	if (!ward_cursor_ok(&z->b.c))
		return WARD_E_TRUNCATED;
	if (high < 0 || code < 0)
		return WARD_E_FORMAT;
	length = (size_t)code + (z->how->lit_tree ? 3 : 2);
	if (code == LENGTH_ESCAPE)
		length += ward_zip_bits_take(&z->b, 8);
	if (!ward_cursor_ok(&z->b.c))
		return WARD_E_TRUNCATED;
	/* The last match may reach past the end. */
	length = length < left ? length : (size_t)left;
	return ward_zip_window_copy(&z->w, ((size_t)high << low_bits | low) + 1, length, true);
}

enum ward_rc
ward_zip_explode(struct ward_span in, const struct ward_zip_implode *how, struct ward_buf *out,
		 ward_zip_charge charge, void *ctx)
{
	struct explode z = {.b = {.c = ward_cursor_of(in)},
			    .w = {.out = out, .charge = charge, .ctx = ctx},
			    .how = how};
	enum ward_rc rc = read_trees(&z);
	enum ward_rc flushed;

	while (rc == WARD_OK && out->len < how->size)
		rc = ward_zip_bits_take(&z.b, 1) ? put_literal(&z) : copy_match(&z);
	flushed = ward_zip_window_flush(&z.w);
	return rc == WARD_OK ? flushed : rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip/bits.h"

enum { LITERALS = 288, DISTANCES = 32, LENGTH_CODES = 19, END_OF_BLOCK = 256 };

struct inflate64 {
	struct ward_zip_bits b;
	struct ward_zip_window w;
	struct ward_zip_code literal;
	struct ward_zip_code distance;
};

/* RFC 1951, 3.2.5; the last two distances and the last length as Deflate64 has them. */
static const uint16_t length_base[] = {3,  4,  5,  6,	7,   8,	  9,   10,  11, 13,
				       15, 17, 19, 23,	27,  31,  35,  43,  51, 59,
				       67, 83, 99, 115, 131, 163, 195, 227, 3};
static const uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
				       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16};
static const uint32_t distance_base[] = {1,    2,    3,	   4,	  5,	 7,	9,     13,
					 17,   25,   33,   49,	  65,	 97,	129,   193,
					 257,  385,  513,  769,	  1025,	 1537,	2049,  3073,
					 4097, 6145, 8193, 12289, 16385, 24577, 32769, 49153};

static enum ward_rc
truncated_or(const struct inflate64 *z, enum ward_rc rc)
{
	return ward_cursor_ok(&z->b.c) ? rc : WARD_E_TRUNCATED;
}

static enum ward_rc
copy_match(struct inflate64 *z, unsigned code)
{
	unsigned extra;
	size_t length;
	size_t distance;
	int d;

	if (code >= sizeof(length_extra))
		return WARD_E_FORMAT;
	length = length_base[code] + ward_zip_bits_take(&z->b, length_extra[code]);
	d = ward_zip_code_take(&z->distance, &z->b, 0);
	if (d < 0 || d >= DISTANCES)
		return truncated_or(z, WARD_E_FORMAT);
	extra = d < 4 ? 0 : (unsigned)d / 2 - 1;
	distance = distance_base[d] + ward_zip_bits_take(&z->b, extra);
	if (!ward_cursor_ok(&z->b.c))
		return WARD_E_TRUNCATED;
	return ward_zip_window_copy(&z->w, distance, length, false);
}

static enum ward_rc
read_codes(struct inflate64 *z)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK) {
		int symbol = ward_zip_code_take(&z->literal, &z->b, 0);

		if (symbol == END_OF_BLOCK)
			return WARD_OK;
		if (symbol < 0)
			return truncated_or(z, WARD_E_FORMAT);
		if (symbol < END_OF_BLOCK)
			rc = ward_zip_window_put(&z->w, (uint8_t)symbol);
		else
			rc = copy_match(z, (unsigned)symbol - END_OF_BLOCK - 1);
	}
	return rc;
}

static enum ward_rc
stored_block(struct inflate64 *z)
{
	enum ward_rc rc = WARD_OK;
	uint32_t len;
	uint32_t check;

	(void)ward_zip_bits_take(&z->b, z->b.have & 7);
	len = ward_zip_bits_take(&z->b, 16);
	check = ward_zip_bits_take(&z->b, 16);
	if (!ward_cursor_ok(&z->b.c) || len != (check ^ 0xffff))
		return truncated_or(z, WARD_E_FORMAT);
	while (rc == WARD_OK && len-- > 0) {
		uint8_t byte = (uint8_t)ward_zip_bits_take(&z->b, 8);

		if (!ward_cursor_ok(&z->b.c))
			return WARD_E_TRUNCATED;
		rc = ward_zip_window_put(&z->w, byte);
	}
	return rc;
}

static enum ward_rc
fixed_block(struct inflate64 *z)
{
	uint8_t lengths[LITERALS];

	for (int i = 0; i < LITERALS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	(void)ward_zip_code_build(&z->literal, lengths, LITERALS);
	memset(lengths, 5, DISTANCES);
	(void)ward_zip_code_build(&z->distance, lengths, DISTANCES);
	return read_codes(z);
}

/* RFC 1951, 3.2.7: the lengths of both codes, themselves coded, as one run. */
static enum ward_rc
read_lengths(struct inflate64 *z, uint8_t *lengths, unsigned n)
{
	unsigned i = 0;

	while (i < n) {
		int symbol = ward_zip_code_take(&z->literal, &z->b, 0);
		unsigned repeat;
		uint8_t value = 0;

		if (symbol < 0)
			return truncated_or(z, WARD_E_FORMAT);
		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		if (symbol == 16 && i == 0)
			return WARD_E_FORMAT;
		if (symbol == 16)
			value = lengths[i - 1];
		repeat = symbol == 16	? 3 + ward_zip_bits_take(&z->b, 2)
			 : symbol == 17 ? 3 + ward_zip_bits_take(&z->b, 3)
					: 11 + ward_zip_bits_take(&z->b, 7);
		if (repeat > n - i)
			return WARD_E_FORMAT;
		memset(lengths + i, value, repeat);
		i += repeat;
	}
	return WARD_OK;
}

static enum ward_rc
dynamic_block(struct inflate64 *z)
{
	static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
						    11, 4,  12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[LITERALS + DISTANCES] = {0};
	unsigned literals = ward_zip_bits_take(&z->b, 5) + 257;
	unsigned distances = ward_zip_bits_take(&z->b, 5) + 1;
	unsigned codes = ward_zip_bits_take(&z->b, 4) + 4;
	enum ward_rc rc;

	for (unsigned i = 0; i < codes; i++)
		lengths[order[i]] = (uint8_t)ward_zip_bits_take(&z->b, 3);
	if (literals > LITERALS || !ward_zip_code_build(&z->literal, lengths, LENGTH_CODES))
		return truncated_or(z, WARD_E_FORMAT);
	memset(lengths, 0, sizeof(lengths));
	rc = read_lengths(z, lengths, literals + distances);
	if (rc != WARD_OK)
		return rc;
	if (!ward_zip_code_build(&z->literal, lengths, literals) ||
	    !ward_zip_code_build(&z->distance, lengths + literals, distances))
		return WARD_E_FORMAT;
	return read_codes(z);
}

static enum ward_rc
read_block(struct inflate64 *z, bool *ret_last)
{
	*ret_last = ward_zip_bits_take(&z->b, 1) != 0;
	switch (ward_zip_bits_take(&z->b, 2)) {
	case 0:
		return stored_block(z);
	case 1:
		return fixed_block(z);
	case 2:
		return dynamic_block(z);
	default:
		return WARD_E_FORMAT;
	}
}

enum ward_rc
ward_zip_inflate64(struct ward_span in, struct ward_buf *out, ward_zip_charge charge, void *ctx)
{
	struct inflate64 z = {.b = {.c = ward_cursor_of(in)},
			      .w = {.out = out, .charge = charge, .ctx = ctx}};
	enum ward_rc rc = WARD_OK;
	enum ward_rc flushed;
	bool last = false;

	while (rc == WARD_OK && !last) {
		rc = read_block(&z, &last);
		if (rc == WARD_OK)
			rc = truncated_or(&z, WARD_OK);
	}
	flushed = ward_zip_window_flush(&z.w);
	return rc == WARD_OK ? flushed : rc;
}

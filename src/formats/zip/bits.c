/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip/bits.h"

enum { CHARGE_STEP = 32 * 1024 };

uint32_t
ward_zip_bits_take(struct ward_zip_bits *b, unsigned n)
{
	uint32_t value;

	while (b->have < n) {
		b->bits |= (uint32_t)ward_cursor_u8(&b->c) << b->have;
		b->have += 8;
	}
	value = b->bits & ((1u << n) - 1);
	b->bits >>= n;
	b->have -= n;
	return value;
}

bool
ward_zip_code_build(struct ward_zip_code *code, const uint8_t *lengths, unsigned n)
{
	uint16_t offset[WARD_ZIP_CODE_BITS + 2] = {0};
	int32_t left = 1;

	*code = (struct ward_zip_code){0};
	for (unsigned i = 0; i < n; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (unsigned len = 1; len <= WARD_ZIP_CODE_BITS; len++) {
		left = left * 2 - code->count[len];
		if (left < 0)
			return false;
		offset[len + 1] = (uint16_t)(offset[len] + code->count[len]);
	}
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			code->symbol[offset[lengths[i]]++] = (uint16_t)i;
	return true;
}

int
ward_zip_code_take(const struct ward_zip_code *code, struct ward_zip_bits *b, uint32_t flip)
{
	int32_t value = 0;
	int32_t first = 0;
	int32_t index = 0;

	for (unsigned len = 1; len <= WARD_ZIP_CODE_BITS; len++) {
		int32_t count = code->count[len];

		value |= (int32_t)(ward_zip_bits_take(b, 1) ^ flip);
		if (!ward_cursor_ok(&b->c))
			return -1;
		if (value - count < first)
			return code->symbol[index + (value - first)];
		index += count;
		first = (first + count) << 1;
		value <<= 1;
	}
	return -1;
}

enum ward_rc
ward_zip_window_flush(struct ward_zip_window *w)
{
	uint64_t n = w->uncharged;

	w->uncharged = 0;
	return n && w->charge ? w->charge(w->ctx, n) : WARD_OK;
}

enum ward_rc
ward_zip_window_put(struct ward_zip_window *w, uint8_t byte)
{
	enum ward_rc rc = ward_buf_byte(w->out, byte);

	if (rc != WARD_OK)
		return rc;
	return ++w->uncharged >= CHARGE_STEP ? ward_zip_window_flush(w) : WARD_OK;
}

enum ward_rc
ward_zip_window_copy(struct ward_zip_window *w, size_t distance, size_t length, bool zeros)
{
	enum ward_rc rc = WARD_OK;

	if (distance > w->out->len && !zeros)
		return WARD_E_FORMAT;
	while (rc == WARD_OK && length-- > 0) {
		bool before = distance > w->out->len;

		rc = ward_zip_window_put(w, before ? 0 : w->out->data[w->out->len - distance]);
	}
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Low-bit-first bit reading, prefix codes and dictionary copies, shared by the two codecs. */
#ifndef WARD_FORMATS_ZIP_BITS_H
#define WARD_FORMATS_ZIP_BITS_H

#include "base/cursor.h"
#include "formats/zip/codec.h"

enum { WARD_ZIP_CODE_BITS = 16, WARD_ZIP_SYMBOLS = 288 };

struct ward_zip_bits {
	struct ward_cursor c;
	uint32_t bits;
	unsigned have;
};

/* n (0..16) bits; past the end zeros come and the cursor fails. */
uint32_t ward_zip_bits_take(struct ward_zip_bits *b, unsigned n);

/* A canonical prefix code: how many codes of each length, and the symbols in code order. */
struct ward_zip_code {
	uint16_t count[WARD_ZIP_CODE_BITS + 1];
	uint16_t symbol[WARD_ZIP_SYMBOLS];
};

/* From code lengths (0: unused). False when more codes are claimed than there are. */
bool ward_zip_code_build(struct ward_zip_code *code, const uint8_t *lengths, unsigned n);
/* -1 for a code that does not exist or a failed cursor. `flip` is XORed to each bit read. */
int ward_zip_code_take(const struct ward_zip_code *code, struct ward_zip_bits *b, uint32_t flip);

/* What is written so far, and what of it the charge was not told. */
struct ward_zip_window {
	struct ward_buf *out;
	ward_zip_charge charge;
	void *ctx;
	uint64_t uncharged;
};

enum ward_rc ward_zip_window_put(struct ward_zip_window *w, uint8_t byte) WARD_MUST_CHECK;
/* Copies from `distance` back; bytes before the start are zeros when `zeros`, damage otherwise. */
enum ward_rc ward_zip_window_copy(struct ward_zip_window *w, size_t distance, size_t length,
				  bool zeros) WARD_MUST_CHECK;
enum ward_rc ward_zip_window_flush(struct ward_zip_window *w) WARD_MUST_CHECK;

#endif

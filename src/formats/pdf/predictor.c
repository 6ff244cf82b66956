/* SPDX-License-Identifier: Apache-2.0 */
/* Predictors: PNG's filter types 0..4 (RFC 2083, 6) and TIFF's horizontal differencing of 8-bit
 * components (TIFF 6.0, section 14). */
#include "formats/pdf/filter.h"

enum { PREDICTOR_TIFF = 2, PREDICTOR_PNG = 10, COLORS_MAX = 32, BITS_MAX = 32 };
enum { PNG_NONE, PNG_SUB, PNG_UP, PNG_AVERAGE, PNG_PAETH };

struct rows {
	struct ward_buf *bytes;
	size_t pixel; /* bytes from one pixel to the next, at least 1 */
	size_t row;   /* bytes of a row without its filter type */
};

static bool
measure(const struct ward_pdf_parms *parms, struct rows *r)
{
	uint64_t pixel_bits = (uint64_t)parms->colors * parms->bits;
	uint64_t row = (pixel_bits * parms->columns + 7) / 8;

	if (!parms->colors || parms->colors > COLORS_MAX || !parms->bits ||
	    parms->bits > BITS_MAX || row == 0 || row >= SIZE_MAX / 2)
		return false;
	r->pixel = (size_t)((pixel_bits + 7) / 8);
	r->row = (size_t)row;
	return true;
}

static uint8_t
paeth(int a, int b, int c)
{
	int p = a + b - c;
	int pa = p > a ? p - a : a - p;
	int pb = p > b ? p - b : b - p;
	int pc = p > c ? p - c : c - p;

	if (pa <= pb && pa <= pc)
		return (uint8_t)a;
	return (uint8_t)(pb <= pc ? b : c);
}

static uint8_t
png_guess(uint8_t type, int left, int up, int corner)
{
	switch (type) {
	case PNG_SUB:
		return (uint8_t)left;
	case PNG_UP:
		return (uint8_t)up;
	case PNG_AVERAGE:
		return (uint8_t)((left + up) / 2);
	case PNG_PAETH:
		return paeth(left, up, corner);
	default:
		return 0;
	}
}

/* Row by row to the front: what is written is always behind what is still to be read. */
static void
undo_png(const struct rows *r)
{
	uint8_t *d = r->bytes->data;
	size_t len = r->bytes->len;
	size_t in = 0;
	size_t out = 0;

	while (in + 1 < len) {
		uint8_t type = d[in++];
		size_t n = len - in < r->row ? len - in : r->row;

		for (size_t i = 0; i < n; i++) {
			int left = i >= r->pixel ? d[out + i - r->pixel] : 0;
			int up = out >= r->row ? d[out + i - r->row] : 0;
			bool both = i >= r->pixel && out >= r->row;
			int corner = both ? d[out + i - r->row - r->pixel] : 0;

			d[out + i] = (uint8_t)(d[in + i] + png_guess(type, left, up, corner));
		}
		in += n;
		out += n;
	}
	r->bytes->len = out;
}

static void
undo_tiff(const struct rows *r)
{
	uint8_t *d = r->bytes->data;

	for (size_t at = 0; at < r->bytes->len; at += r->row) {
		size_t left = r->bytes->len - at;
		size_t n = left < r->row ? left : r->row;

		for (size_t i = r->pixel; i < n; i++)
			d[at + i] = (uint8_t)(d[at + i] + d[at + i - r->pixel]);
	}
}

enum ward_rc
ward_pdf_predictor_undo(const struct ward_pdf_parms *parms, struct ward_buf *bytes)
{
	struct rows r = {.bytes = bytes};

	if (parms->predictor <= 1 || bytes->len == 0)
		return WARD_OK;
	if (!measure(parms, &r))
		return WARD_E_FORMAT;
	if (parms->predictor >= PREDICTOR_PNG) {
		undo_png(&r);
		return WARD_OK;
	}
	if (parms->predictor != PREDICTOR_TIFF || parms->bits != 8)
		return WARD_E_UNSUPPORTED;
	undo_tiff(&r);
	return WARD_OK;
}

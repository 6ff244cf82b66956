/* SPDX-License-Identifier: Apache-2.0 */
/* LZWDecode (ISO 32000-1, 7.4.4.2; TIFF 6.0, section 13): codes of 9 to 12 bits, high bit first. */
#include "base/cursor.h"
#include "formats/pdf/filter.h"

enum { CLEAR = 256, STOP = 257, FIRST = 258, CODES = 4096, BITS_MIN = 9, BITS_MAX = 12 };

struct lzw {
	struct ward_cursor c;
	uint32_t bits; /* not yet used, in the low `have` bits */
	unsigned have;
	unsigned width; /* of the next code */
	unsigned next;	/* code to be given to the next entry */
	int last;	/* code before, -1 after a clear */
	unsigned early;
	uint16_t prefix[CODES];
	uint16_t length[CODES];
	uint8_t suffix[CODES];
	uint8_t first[CODES];
};

static int
read_code(struct lzw *z)
{
	while (z->have < z->width) {
		if (!ward_cursor_left(&z->c))
			return -1;
		z->bits = z->bits << 8 | ward_cursor_u8(&z->c);
		z->have += 8;
	}
	z->have -= z->width;
	return (int)(z->bits >> z->have & ((1u << z->width) - 1));
}

static void
clear(struct lzw *z)
{
	z->width = BITS_MIN;
	z->next = FIRST;
	z->last = -1;
}

static void
start(struct lzw *z)
{
	for (unsigned i = 0; i < CLEAR; i++) {
		z->length[i] = 1;
		z->suffix[i] = (uint8_t)i;
		z->first[i] = (uint8_t)i;
	}
	clear(z);
}

static void
widen(struct lzw *z)
{
	if (z->width < BITS_MAX && z->next + z->early >= 1u << z->width)
		z->width++;
}

static void
add_entry(struct lzw *z, uint8_t byte)
{
	if (z->last < 0 || z->next >= CODES)
		return;
	z->prefix[z->next] = (uint16_t)z->last;
	z->length[z->next] = (uint16_t)(z->length[z->last] + 1);
	z->suffix[z->next] = byte;
	z->first[z->next] = z->first[z->last];
	z->next++;
	widen(z);
}

/* Writes the code's string from its end to its front. */
static enum ward_rc
put_string(struct lzw *z, unsigned code, struct ward_pdf_output *o)
{
	uint8_t bytes[CODES];
	size_t n = z->length[code];

	for (size_t i = n; i-- > 0;) {
		bytes[i] = z->suffix[code];
		code = z->prefix[code];
	}
	return ward_pdf_output_put(o, bytes, n);
}

static enum ward_rc
take_code(struct lzw *z, unsigned code, struct ward_pdf_output *o)
{
	if (code == CLEAR) {
		clear(z);
		return WARD_OK;
	}
	if (code >= FIRST && (z->last < 0 || code > z->next || code >= CODES))
		return WARD_E_FORMAT;
	/* A code that is just being made ends with the first byte of the one before. */
	add_entry(z, code == z->next ? z->first[z->last] : z->first[code]);
	if (code >= FIRST && code >= z->next)
		return WARD_E_FORMAT;
	z->last = (int)code;
	return put_string(z, code, o);
}

enum ward_rc
ward_pdf_lzw_decode(struct ward_span in, bool early_change, struct ward_pdf_output *o)
{
	struct lzw z = {.c = ward_cursor_of(in), .early = early_change ? 1 : 0};
	enum ward_rc rc = WARD_OK;

	start(&z);
	while (rc == WARD_OK) {
		int code = read_code(&z);

		if (code < 0 || code == STOP)
			break;
		rc = take_code(&z, (unsigned)code, o);
	}
	return rc;
}

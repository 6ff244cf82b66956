/* SPDX-License-Identifier: Apache-2.0 */
/* ASCIIHexDecode, ASCII85Decode, RunLengthDecode (ISO 32000-1, 7.4.2, 7.4.3, 7.4.5). Bytes that do
 * not belong there are passed over, as viewers do; the end mark may be missing. */
#include "base/cursor.h"
#include "base/text.h"
#include "formats/pdf/filter.h"

enum { GROUP = 5 };

enum ward_rc
ward_pdf_hex_decode(struct ward_span in, struct ward_pdf_output *o)
{
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc = WARD_OK;
	int high = -1;

	while (rc == WARD_OK && ward_cursor_left(&c)) {
		uint8_t byte = ward_cursor_u8(&c);
		int digit = ward_text_hex_value(byte);
		uint8_t both;

		if (byte == '>')
			break;
		if (digit < 0)
			continue;
		if (high < 0) {
			high = digit;
			continue;
		}
		both = (uint8_t)(high << 4 | digit);
		high = -1;
		rc = ward_pdf_output_put(o, &both, 1);
	}
	if (rc == WARD_OK && high >= 0)
		rc = ward_pdf_output_put(o, &(uint8_t){(uint8_t)(high << 4)}, 1);
	return rc;
}

/* A group of `n` digits (2..5) gives n - 1 bytes; the missing digits count as the highest. */
static enum ward_rc
put_group(struct ward_pdf_output *o, const uint8_t digits[GROUP], size_t n)
{
	uint8_t bytes[4];
	uint32_t value = 0;

	if (n < 2)
		return WARD_OK;
	/* Past 32 bits is damage; wrapping does no harm. */
	for (size_t i = 0; i < GROUP; i++)
		value = value * 85 + (i < n ? digits[i] : 84u);
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
	return ward_pdf_output_put(o, bytes, n - 1);
}

enum ward_rc
ward_pdf_ascii85_decode(struct ward_span in, struct ward_pdf_output *o)
{
	static const uint8_t zeros[4];
	struct ward_cursor c = ward_cursor_of(in);
	uint8_t digits[GROUP];
	enum ward_rc rc = WARD_OK;
	size_t n = 0;

	while (rc == WARD_OK && ward_cursor_left(&c)) {
		uint8_t byte = ward_cursor_u8(&c);

		if (byte == '~')
			break;
		if (byte == 'z' && n == 0)
			rc = ward_pdf_output_put(o, zeros, sizeof(zeros));
		if (byte < '!' || byte > 'u')
			continue;
		digits[n++] = (uint8_t)(byte - '!');
		if (n == GROUP) {
			rc = put_group(o, digits, GROUP);
			n = 0;
		}
	}
	if (rc == WARD_OK)
		rc = put_group(o, digits, n);
	return rc;
}

enum ward_rc
ward_pdf_run_length_decode(struct ward_span in, struct ward_pdf_output *o)
{
	struct ward_cursor c = ward_cursor_of(in);
	enum ward_rc rc = WARD_OK;
	uint8_t run[128];

	while (rc == WARD_OK && ward_cursor_left(&c)) {
		uint8_t code = ward_cursor_u8(&c);
		struct ward_span copy;

		if (code == 128)
			break;
		if (code > 128) {
			memset(run, ward_cursor_u8(&c), sizeof(run));
			rc = ward_cursor_ok(&c) ? ward_pdf_output_put(o, run, 257u - code)
						: WARD_E_TRUNCATED;
			continue;
		}
		copy = ward_cursor_bytes(&c, (uint64_t)code + 1);
		rc = ward_cursor_ok(&c) ? ward_pdf_output_put(o, copy.data, copy.len)
					: WARD_E_TRUNCATED;
	}
	return rc;
}

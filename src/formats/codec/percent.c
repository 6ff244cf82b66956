/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/percent.h"

#include "base/text.h"

/* Value of exactly `digits` hex digits at `at`, or -1. */
static int32_t
hex_at(struct ward_span s, size_t at, size_t digits)
{
	int32_t value = 0;

	if (!ward_span_has(s, at, digits))
		return -1;
	for (size_t i = at; i < at + digits; i++) {
		int digit = ward_text_hex_value(s.data[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

void
ward_codec_percent(struct ward_span in, struct ward_codec_out *out)
{
	for (size_t i = 0; i < in.len && out->rc == WARD_OK; i++) {
		int32_t value = in.data[i] == '%' ? hex_at(in, i + 1, 2) : -1;

		if (value >= 0) {
			ward_codec_put(out, (uint8_t)value);
			i += 2;
			continue;
		}
		if (in.data[i] == '%' && i + 1 < in.len && (in.data[i + 1] | 32) == 'u')
			value = hex_at(in, i + 2, 4);
		if (value >= 0) {
			ward_codec_put_utf8(out, (uint32_t)value);
			i += 5;
			continue;
		}
		ward_codec_put(out, in.data[i]);
	}
}

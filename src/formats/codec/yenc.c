/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/yenc.h"

#include "base/cursor.h"
#include "base/text.h"

bool
ward_codec_yenc_begin(struct ward_span line, struct ward_span *ret_name)
{
	size_t at;

	if (!ward_span_starts(line, "=ybegin ", 8))
		return false;
	at = ward_text_find(line, ward_span_str(" name="), 7);
	if (at == SIZE_MAX)
		return false;
	*ret_name = ward_text_trim(ward_span_cut(line, at + 6, line.len));
	return true;
}

static void
decode_line(struct ward_span line, struct ward_codec_out *out)
{
	bool escaped = false;

	for (size_t i = 0; i < line.len; i++) {
		if (!escaped && line.data[i] == '=') {
			escaped = true;
			continue;
		}
		ward_codec_put(out, (uint8_t)(line.data[i] - (escaped ? 106 : 42)));
		escaped = false;
	}
}

size_t
ward_codec_yenc(struct ward_span in, struct ward_codec_out *out)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span line;

	while (out->rc == WARD_OK && ward_cursor_line(&c, &line)) {
		if (ward_span_starts(line, "=yend", 5))
			break;
		if (ward_span_starts(line, "=ypart ", 7))
			continue;
		/* NNTP doubles a leading full stop. */
		if (ward_span_starts(line, "..", 2))
			line = ward_span_cut(line, 1, line.len);
		decode_line(line, out);
	}
	return c.pos;
}

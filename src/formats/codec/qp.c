/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/qp.h"

#include "base/cursor.h"
#include "base/text.h"

/* The byte of "=XX" at `s`, or -1. */
static int
escape_at(struct ward_span s)
{
	int high, low;

	if (s.len < 3 || s.data[0] != '=')
		return -1;
	high = ward_text_hex_value(s.data[1]);
	low = ward_text_hex_value(s.data[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static void
decode_run(struct ward_span s, bool word, struct ward_codec_out *out)
{
	for (size_t i = 0; i < s.len; i++) {
		int byte = s.data[i] == '=' ? escape_at(ward_span_cut(s, i, 3)) : -1;

		if (byte >= 0) {
			ward_codec_put(out, (uint8_t)byte);
			i += 2;
		} else {
			ward_codec_put(out, word && s.data[i] == '_' ? ' ' : s.data[i]);
		}
	}
}

static struct ward_span
without_trailing_blanks(struct ward_span s)
{
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

void
ward_codec_qp(struct ward_span in, struct ward_codec_out *out)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span line;

	while (out->rc == WARD_OK && ward_cursor_line(&c, &line)) {
		size_t ending = c.pos;
		bool soft, last = c.pos == in.len && in.data[in.len - 1] != '\n';

		line = without_trailing_blanks(line);
		soft = line.len && line.data[line.len - 1] == '=';
		if (soft)
			line.len--;
		decode_run(line, false, out);
		if (soft || last)
			continue;
		if (ending >= 2 && in.data[ending - 2] == '\r')
			ward_codec_put(out, '\r');
		ward_codec_put(out, '\n');
	}
}

void
ward_codec_q_word(struct ward_span in, struct ward_codec_out *out)
{
	decode_run(in, true, out);
}

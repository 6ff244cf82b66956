/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/uu.h"

#include "base/cursor.h"
#include "base/text.h"

#include "formats/codec/base64.h"

static bool
skip_text(struct ward_span *s, const char *text)
{
	struct ward_span prefix = ward_span_str(text);

	if (!ward_span_starts(*s, prefix.data, prefix.len))
		return false;
	*s = ward_span_cut(*s, prefix.len, s->len);
	return true;
}

bool
ward_codec_uu_begin(struct ward_span line, struct ward_span *ret_name, bool *ret_base64)
{
	size_t digits = 0;
	bool base64 = false;

	if (!skip_text(&line, "begin ")) {
		base64 = skip_text(&line, "begin-base64 ");
		if (!base64)
			return false;
	}
	while (digits < line.len && line.data[digits] >= '0' && line.data[digits] <= '7')
		digits++;
	if (digits < 3 || digits > 4 || digits >= line.len || line.data[digits] != ' ')
		return false;
	*ret_name = ward_text_trim(ward_span_cut(line, digits, line.len));
	*ret_base64 = base64;
	return true;
}

static struct ward_span
without_cr(struct ward_span line)
{
	while (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool
ward_codec_uu_plausible(struct ward_span line)
{
	size_t bytes, chars;

	line = without_cr(line);
	if (line.len == 0 || line.data[0] < ' ' || line.data[0] > '`')
		return false;
	bytes = (line.data[0] - 32u) & 63;
	chars = (bytes + 2) / 3 * 4;
	/* One check character may follow; blanks at the end may be lost. */
	if (line.len - 1 > chars + 2)
		return false;
	for (size_t i = 1; i < line.len; i++)
		if (line.data[i] < ' ' || line.data[i] > '`')
			return false;
	return true;
}

static uint32_t
sextet(struct ward_span line, size_t at)
{
	return at < line.len ? (line.data[at] - 32u) & 63 : 0;
}

static void
decode_line(struct ward_span line, struct ward_codec_out *out)
{
	size_t left = sextet(line, 0);

	for (size_t at = 1; left; at += 4) {
		uint32_t bits = sextet(line, at) << 18 | sextet(line, at + 1) << 12 |
				sextet(line, at + 2) << 6 | sextet(line, at + 3);

		for (unsigned shift = 16; left; shift -= 8) {
			ward_codec_put(out, (uint8_t)(bits >> shift));
			left--;
			if (shift == 0)
				break;
		}
	}
}

size_t
ward_codec_uu(struct ward_span in, struct ward_codec_out *out)
{
	struct ward_cursor c = ward_cursor_of(in);
	size_t consumed = 0;
	struct ward_span line;

	while (out->rc == WARD_OK && ward_cursor_line(&c, &line)) {
		line = without_cr(line);
		if (ward_text_eq_nocase(line, "end"))
			return c.pos;
		/* An empty line is one whose only blank, the zero length, was stripped. */
		if (line.len && !ward_codec_uu_plausible(line))
			return consumed;
		if (line.len)
			decode_line(line, out);
		consumed = c.pos;
	}
	return consumed;
}

void
ward_codec_uu_part(struct ward_span in, struct ward_codec_out *out)
{
	struct ward_cursor c = ward_cursor_of(in);
	struct ward_span line, name;
	bool base64 = false;

	while (ward_cursor_line(&c, &line)) {
		if (!ward_codec_uu_begin(line, &name, &base64))
			continue;
		in = ward_span_cut(in, c.pos, in.len);
		break;
	}
	if (base64)
		ward_codec_base64(in, out);
	else
		(void)ward_codec_uu(in, out);
}

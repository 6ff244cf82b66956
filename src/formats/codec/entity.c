/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/entity.h"

#include "base/text.h"

static const struct {
	const char *name; /* with its semicolon */
	uint8_t byte;
} names[] = {
	{"amp;", '&'},	  {"lt;", '<'},	   {"gt;", '>'},     {"quot;", '"'},	 {"apos;", '\''},
	{"nbsp;", ' '},	  {"colon;", ':'}, {"tab;", '\t'},   {"newline;", '\n'}, {"lpar;", '('},
	{"rpar;", ')'},	  {"sol;", '/'},   {"period;", '.'}, {"comma;", ','},	 {"semi;", ';'},
	{"equals;", '='}, {"plus;", '+'},  {"num;", '#'},    {"bsol;", '\\'},	 {"lbrace;", '{'},
	{"rbrace;", '}'}, {"lsqb;", '['},  {"rsqb;", ']'},
};

/* "&#65;" or "&#x41;" at `s`; its length, 0 when it is none. */
static size_t
numeric(struct ward_span s, uint32_t *ret_code)
{
	bool hex = s.len > 2 && ward_text_lower(s.data[2]) == 'x';
	size_t at = hex ? 3 : 2, digits = 0;
	uint32_t code = 0;

	for (; at < s.len && digits < 8; at++, digits++) {
		int value = ward_text_hex_value(s.data[at]);

		if (value < 0 || (!hex && value > 9))
			break;
		code = code * (hex ? 16 : 10) + (uint32_t)value;
	}
	if (digits == 0)
		return 0;
	*ret_code = code;
	return at + (at < s.len && s.data[at] == ';');
}

/* A reference at `s`, which starts with "&"; its length, 0 when it is none. */
static size_t
reference(struct ward_span s, uint32_t *ret_code)
{
	struct ward_span rest = ward_span_cut(s, 1, 10);

	if (rest.len && rest.data[0] == '#')
		return numeric(ward_span_cut(s, 0, 12), ret_code);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ward_text_starts_nocase(rest, names[i].name)) {
			*ret_code = names[i].byte;
			return 1 + strlen(names[i].name);
		}
	return 0;
}

void
ward_codec_entities(struct ward_span in, struct ward_codec_out *out)
{
	for (size_t i = 0; i < in.len && out->rc == WARD_OK;) {
		uint32_t code;
		size_t len = in.data[i] == '&' ? reference(ward_span_cut(in, i, in.len), &code) : 0;

		if (len)
			ward_codec_put_utf8(out, code);
		else
			ward_codec_put(out, in.data[i]);
		i += len ? len : 1;
	}
}

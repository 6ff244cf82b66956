/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "match/clamav/body.h"
#include "match/clamav/lines.h"

static bool
read_u32(struct ward_span text, uint32_t *ret)
{
	uint64_t value;

	if (!ward_text_u64(text, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* +n or -n, as the place allows. */
static const char *
read_signed(struct ward_span text, bool plus, bool minus, int64_t *ret)
{
	uint32_t value;

	if (text.len < 2 || !((plus && text.data[0] == '+') || (minus && text.data[0] == '-')) ||
	    !read_u32(ward_span_cut(text, 1, text.len), &value))
		return "an offset that is none of * n EOF-n EP+n EP-n Sx+n SL+n SEx";
	*ret = text.data[0] == '-' ? -(int64_t)value : (int64_t)value;
	return NULL;
}

/* Sx+n */
static const char *
read_section(struct ward_span text, struct ward_body_signature *s)
{
	size_t digits = 1;

	while (digits < text.len && ward_text_hex_value(text.data[digits]) >= 0 &&
	       text.data[digits] <= '9')
		digits++;
	s->place = WARD_BODY_FROM_SECTION;
	if (!read_u32(ward_span_cut(text, 1, digits - 1), &s->section))
		return "an offset that is none of * n EOF-n EP+n EP-n Sx+n SL+n SEx";
	return read_signed(ward_span_cut(text, digits, text.len), true, false, &s->offset);
}

static const char *
read_place(struct ward_span text, struct ward_body_signature *s)
{
	uint32_t at;

	if (ward_text_eq_nocase(text, "*"))
		return NULL;
	if (ward_span_starts(text, "EOF", 3)) {
		s->place = WARD_BODY_FROM_END;
		return read_signed(ward_span_cut(text, 3, text.len), false, true, &s->offset);
	}
	if (ward_span_starts(text, "EP", 2)) {
		s->place = WARD_BODY_FROM_ENTRY;
		return read_signed(ward_span_cut(text, 2, text.len), true, true, &s->offset);
	}
	if (ward_span_starts(text, "SL", 2)) {
		s->place = WARD_BODY_FROM_LAST;
		return read_signed(ward_span_cut(text, 2, text.len), true, false, &s->offset);
	}
	if (ward_span_starts(text, "SE", 2)) {
		s->place = WARD_BODY_IN_SECTION;
		return read_u32(ward_span_cut(text, 2, text.len), &s->section)
			       ? NULL
			       : "an SE offset without a section number";
	}
	if (ward_span_starts(text, "S", 1))
		return read_section(text, s);
	s->place = WARD_BODY_AT;
	if (!read_u32(text, &at))
		return "an offset that is none of * n EOF-n EP+n EP-n Sx+n SL+n SEx";
	s->offset = at;
	return NULL;
}

static const char *
read_offset(struct ward_span text, struct ward_body_signature *s, enum ward_rc *ret_rc)
{
	struct ward_span place = {0};
	const char *wrong;

	if (ward_span_starts(text, "VI", 2) || ward_span_starts(text, "$", 1)) {
		*ret_rc = WARD_E_UNSUPPORTED;
		return "body signatures with version information or macro offsets (VI, $)";
	}
	if (!ward_text_split(&text, ',', &place))
		return "no offset";
	wrong = read_place(place, s);
	if (!wrong && text.len && !read_u32(text, &s->shift))
		return "a maximum shift that is not a number";
	if (s->place == WARD_BODY_FROM_END)
		s->offset = -s->offset;
	return wrong;
}

static const char *
read_target(struct ward_span text, struct ward_body_signature *s, enum ward_rc *ret_rc)
{
	uint32_t target;

	if (!read_u32(text, &target))
		return "a target type that is not a number";
	if (target == 8 || target == 11 || target > 12) {
		*ret_rc = WARD_E_UNSUPPORTED;
		return "body signatures for Flash, internal or unknown targets (8, 11, 13 …)";
	}
	s->target = target;
	return NULL;
}

const char *
ward_body_parse(struct ward_span line, struct ward_buf *code, struct ward_body_signature *ret,
		enum ward_rc *ret_rc)
{
	struct ward_body_signature s = {.verdict = WARD_MALICIOUS};
	struct ward_span target = {0}, offset = {0}, hex = {0}, rest = line;
	const char *wrong;

	*ret_rc = WARD_E_FORMAT;
	if (!ward_text_split(&rest, ':', &s.name) || !ward_text_split(&rest, ':', &target) ||
	    !ward_text_split(&rest, ':', &offset) || !ward_text_split(&rest, ':', &hex))
		return "fewer than four fields";
	if (s.name.len == 0 || memchr(s.name.data, 0, s.name.len))
		return "no signature name";
	wrong = read_target(target, &s, ret_rc);
	if (!wrong)
		wrong = read_offset(offset, &s, ret_rc);
	if (wrong)
		return wrong;
	ward_buf_clear(code);
	wrong = ward_body_compile(hex, code, ret_rc);
	if (wrong)
		return wrong;
	s.code = ward_buf_span(code);
	*ret = s;
	return NULL;
}

const char *
ward_body_line(const struct ward_load *load, struct ward_load_report *report, struct ward_span line,
	       void *arg, enum ward_rc *ret_rc)
{
	const enum ward_verdict *verdict = arg;
	struct ward_body_signature s;
	struct ward_buf code;
	const char *wrong;

	ward_buf_init(&code, 1 << 24, NULL);
	wrong = ward_body_parse(line, &code, &s, ret_rc);
	if (!wrong) {
		s.verdict = ward_clamav_verdict(s.name, *verdict);
		s.source = ward_span_str(report->file);
		*ret_rc = ward_body_builder_add(load->bodies, &s);
		if (*ret_rc == WARD_E_UNSUPPORTED)
			wrong = "body signatures without two fixed bytes in a row";
		else if (*ret_rc != WARD_OK)
			wrong = "the signature cannot be stored";
	}
	ward_buf_done(&code);
	if (*ret_rc == WARD_E_UNSUPPORTED) {
		ward_load_unsupported(report, wrong, 1);
		*ret_rc = WARD_OK;
		return NULL;
	}
	report->loaded += !wrong;
	return wrong;
}

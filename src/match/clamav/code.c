/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/code.h"

#include "match/table.h"

enum { MAX_SLACK = 256 };

bool
ward_body_next(struct ward_cursor *code, struct ward_body_step *ret)
{
	struct ward_body_step s = {0};
	uint16_t n;

	if (ward_cursor_left(code) == 0)
		return false;
	s.op = (enum ward_body_op)ward_cursor_u8(code);
	switch (s.op) {
	case WARD_BODY_LITERAL:
	case WARD_BODY_MASKED:
		n = ward_cursor_u16le(code);
		s.values = ward_cursor_bytes(code, n);
		if (s.op == WARD_BODY_MASKED)
			s.masks = ward_cursor_bytes(code, n);
		break;
	case WARD_BODY_SKIP:
	case WARD_BODY_STAR:
		s.low = s.high = ward_cursor_u32le(code);
		break;
	case WARD_BODY_RANGE:
		s.low = ward_cursor_u32le(code);
		s.high = ward_cursor_u32le(code);
		break;
	case WARD_BODY_EITHER:
		s.negated = ward_cursor_u8(code);
		s.count = ward_cursor_u16le(code);
		s.choices = ward_cursor_bytes(code, ward_cursor_u32le(code));
		break;
	default:
		code->failed = true;
	}
	*ret = s;
	return ward_cursor_ok(code);
}

bool
ward_body_next_choice(struct ward_cursor *choices, struct ward_span *ret_values,
		      struct ward_span *ret_masks)
{
	uint16_t n;

	if (ward_cursor_left(choices) == 0)
		return false;
	n = ward_cursor_u16le(choices);
	*ret_values = ward_cursor_bytes(choices, n);
	*ret_masks = ward_cursor_bytes(choices, n);
	return ward_cursor_ok(choices);
}

void
ward_body_choice_lengths(const struct ward_body_step *either, uint32_t *ret_shortest,
			 uint32_t *ret_longest)
{
	struct ward_cursor choices = ward_cursor_of(either->choices);
	uint32_t shortest = UINT32_MAX, longest = 0;
	struct ward_span values, masks;

	while (ward_body_next_choice(&choices, &values, &masks)) {
		shortest = values.len < shortest ? (uint32_t)values.len : shortest;
		longest = values.len > longest ? (uint32_t)values.len : longest;
	}
	*ret_shortest = shortest <= longest ? shortest : 0;
	*ret_longest = longest;
}

/* How rare a byte looks in programs and text. */
static unsigned
rarity(uint8_t c)
{
	switch (c) {
	case 0x00:
	case 0xff:
	case 0x20:
	case 0x90:
	case 0xcc:
		return 0;
	case 0x01:
	case 0x0a:
	case 0x24:
	case 0x48:
	case 0x8b:
	case 'e':
	case 't':
		return 2;
	default:
		return c >= 'a' && c <= 'z' ? 3 : 4;
	}
}

static unsigned
score(struct ward_span window)
{
	unsigned sum = 0;

	for (size_t i = 0; i < window.len; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= window.data[k] == window.data[i];
		sum += seen ? 0 : rarity(window.data[i]) + 1;
	}
	return sum;
}

/* Looks at every window of a literal that starts `before` bytes into the signature. */
static void
consider(struct ward_span literal, uint32_t before, uint32_t slack, struct ward_body_anchor *best,
	 unsigned *best_score)
{
	unsigned width = literal.len < 4 ? (unsigned)literal.len : 4;

	if (width < 2)
		return;
	for (size_t i = 0; i + width <= literal.len; i++) {
		struct ward_span window = ward_span_cut(literal, i, width);
		struct ward_table bytes = {window.data, 1, width};
		unsigned points = 1 + width * 8 + score(window) * 2 + (slack == 0);

		if (points <= *best_score)
			continue;
		*best_score = points;
		*best = (struct ward_body_anchor){width, (uint32_t)ward_table_get(&bytes, 0),
						  before + (uint32_t)i, slack};
	}
}

struct ward_body_anchor
ward_body_choose_anchor(struct ward_span code)
{
	struct ward_cursor c = ward_cursor_of(code);
	struct ward_body_anchor best = {0};
	struct ward_body_step s;
	uint64_t before = 0, slack = 0;
	unsigned points = 0;

	while (ward_body_next(&c, &s) && s.op != WARD_BODY_STAR) {
		if (s.op == WARD_BODY_LITERAL)
			consider(s.values, (uint32_t)before, (uint32_t)slack, &best, &points);
		if (s.op == WARD_BODY_EITHER)
			ward_body_choice_lengths(&s, &s.low, &s.high);
		before += s.values.len + s.low;
		slack += s.high > s.low ? s.high - s.low : 0;
		if (slack > MAX_SLACK || before > UINT32_MAX / 2)
			break;
	}
	return best;
}

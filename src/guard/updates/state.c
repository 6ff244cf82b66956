/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/state.h"

#include "base/text.h"
#include "sys/crc32c.h"

#define FIRST "ward-intel 1\n"
#define SUM   "sum "

static enum ward_rc
put_pack(struct ward_buf *out, const char *name, const struct ward_shelf_pack *p)
{
	char hex[2 * WARD_SHELF_ID + 1];

	if (ward_shelf_is_none(p->id) && p->taken_ms == 0)
		return WARD_OK;
	ward_text_hex(ward_span_of(p->id, WARD_SHELF_ID), hex);
	return ward_buf_printf(out, "%s %s %llu %llu %llu\n", name, hex,
			       (unsigned long long)p->number, (unsigned long long)p->made_s,
			       (unsigned long long)p->taken_ms);
}

static enum ward_rc
put_bad(struct ward_buf *out, const struct ward_shelf_state *s)
{
	char hex[2 * WARD_SHELF_ID + 1];
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < s->bad_count && rc == WARD_OK; i++) {
		ward_text_hex(ward_span_of(s->bad[i], WARD_SHELF_ID), hex);
		rc = ward_buf_printf(out, "bad %s\n", hex);
	}
	return rc;
}

enum ward_rc
ward_state_write(const struct ward_shelf_state *s, struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_str(out, FIRST);

	if (rc == WARD_OK)
		rc = put_pack(out, "current", &s->current);
	if (rc == WARD_OK)
		rc = put_pack(out, "previous", &s->previous);
	if (rc == WARD_OK)
		rc = put_pack(out, "candidate", &s->candidate);
	if (rc == WARD_OK && s->trial_until_ms)
		rc = ward_buf_printf(out, "trial %llu\n", (unsigned long long)s->trial_until_ms);
	if (rc == WARD_OK && s->frozen)
		rc = ward_buf_str(out, "frozen\n");
	if (rc == WARD_OK && s->fell)
		rc = ward_buf_str(out, "fell\n");
	if (rc == WARD_OK)
		rc = put_bad(out, s);
	if (rc == WARD_OK)
		rc = ward_buf_printf(out, SUM "%08x\n", ward_crc32c(0, ward_buf_span(out)));
	return rc;
}

static bool
take_word(struct ward_span *rest, struct ward_span *ret)
{
	return ward_text_split(rest, ' ', ret);
}

static bool
take_number(struct ward_span *rest, uint64_t *ret)
{
	struct ward_span word;

	return take_word(rest, &word) && ward_text_u64(word, ret);
}

static bool
take_id(struct ward_span *rest, uint8_t ret[WARD_SHELF_ID])
{
	struct ward_span word;

	return take_word(rest, &word) && ward_text_unhex(word, ret, WARD_SHELF_ID);
}

static bool
take_pack(struct ward_span rest, struct ward_shelf_pack *p)
{
	return take_id(&rest, p->id) && take_number(&rest, &p->number) &&
	       take_number(&rest, &p->made_s) && take_number(&rest, &p->taken_ms);
}

static bool
take_line(struct ward_span line, struct ward_shelf_state *s)
{
	struct ward_span rest = line, word = {NULL, 0};

	if (!take_word(&rest, &word))
		return false;
	if (ward_span_eq(word, ward_span_str("current")))
		return take_pack(rest, &s->current);
	if (ward_span_eq(word, ward_span_str("previous")))
		return take_pack(rest, &s->previous);
	if (ward_span_eq(word, ward_span_str("candidate")))
		return take_pack(rest, &s->candidate);
	if (ward_span_eq(word, ward_span_str("trial")))
		return take_number(&rest, &s->trial_until_ms);
	if (ward_span_eq(word, ward_span_str("frozen")))
		return s->frozen = true;
	if (ward_span_eq(word, ward_span_str("fell")))
		return s->fell = true;
	if (!ward_span_eq(word, ward_span_str("bad")) || s->bad_count == WARD_SHELF_BAD)
		return false;
	return take_id(&rest, s->bad[s->bad_count++]);
}

/* The last line is right: where it begins. */
static bool
sum_is_right(struct ward_span text, size_t *ret_end)
{
	enum { LINE = sizeof(SUM) - 1 + 8 + 1 };
	char expected[LINE + 1];
	struct ward_buf out;
	bool right;

	if (text.len < LINE)
		return false;
	*ret_end = text.len - LINE;
	ward_buf_init(&out, sizeof(expected), NULL);
	right = ward_buf_printf(&out, SUM "%08x\n",
				ward_crc32c(0, ward_span_cut(text, 0, *ret_end))) == WARD_OK &&
		ward_span_eq(ward_buf_span(&out), ward_span_cut(text, *ret_end, LINE));
	ward_buf_done(&out);
	return right;
}

enum ward_rc
ward_state_read(struct ward_span text, struct ward_shelf_state *ret_state)
{
	struct ward_shelf_state s = {.frozen = false};
	struct ward_span rest, line = {NULL, 0};
	size_t end = 0;

	if (!ward_span_starts(text, FIRST, sizeof(FIRST) - 1) || !sum_is_right(text, &end) ||
	    end < sizeof(FIRST) - 1)
		return WARD_E_FORMAT;
	rest = ward_span_cut(text, sizeof(FIRST) - 1, end - (sizeof(FIRST) - 1));
	while (rest.len > 0) {
		if (!ward_text_split(&rest, '\n', &line) || !take_line(line, &s))
			return WARD_E_FORMAT;
	}
	*ret_state = s;
	return WARD_OK;
}

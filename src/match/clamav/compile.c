/* SPDX-License-Identifier: Apache-2.0 */
/* ClamAV's hexadecimal signature text to code. */
#include "base/text.h"
#include "match/clamav/code.h"
#include "match/table.h"

enum { MAX_RUN = 8192, MAX_GAP = 1 << 30, MAX_CHOICES = 1024 };

struct unit {
	uint8_t value, mask;
};

struct compiler {
	struct ward_cursor in;
	struct ward_buf *code;
	struct unit run[MAX_RUN]; /* bytes not yet written */
	size_t run_len;
	unsigned branches;
	enum ward_rc rc;
};

/* Notes the first failure of writing the code. */
static void
keep(struct compiler *c, enum ward_rc rc)
{
	if (c->rc == WARD_OK)
		c->rc = rc;
}

static void
put(struct compiler *c, uint64_t value, unsigned width)
{
	uint8_t bytes[8];

	ward_table_put(bytes, value, width);
	keep(c, ward_buf_append(c->code, bytes, width));
}

static void
put_values(struct compiler *c, const struct unit *run, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(c, run[i].value, 1);
}

static void
put_masks(struct compiler *c, const struct unit *run, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(c, run[i].mask, 1);
}

static enum ward_body_op
op_of(struct unit u)
{
	if (u.mask == 0xff)
		return WARD_BODY_LITERAL;
	return u.mask ? WARD_BODY_MASKED : WARD_BODY_SKIP;
}

/* Writes the bytes read so far as literals, masked bytes and skips. */
static void
flush(struct compiler *c)
{
	for (size_t i = 0, end; i < c->run_len; i = end) {
		enum ward_body_op op = op_of(c->run[i]);

		for (end = i; end < c->run_len && op_of(c->run[end]) == op; end++)
			;
		put(c, op, 1);
		put(c, end - i, op == WARD_BODY_SKIP ? 4 : 2);
		if (op != WARD_BODY_SKIP)
			put_values(c, c->run + i, end - i);
		if (op == WARD_BODY_MASKED)
			put_masks(c, c->run + i, end - i);
	}
	c->run_len = 0;
}

/* One nibble; -1: neither a hex digit nor ?. A ? has mask 0. */
static int
nibble(int c, uint8_t *mask)
{
	*mask = c == '?' ? 0 : 0xf;
	if (c == '?')
		return 0;
	return c < 0 ? -1 : ward_text_hex_value((uint8_t)c);
}

static const char *
read_byte(struct compiler *c, struct unit *ret)
{
	uint8_t high_mask, low_mask;
	int high = nibble(ward_cursor_u8(&c->in), &high_mask);
	int low = nibble(ward_cursor_peek(&c->in), &low_mask);

	if (high < 0 || low < 0)
		return "not a hex byte, a wildcard or a group";
	(void)ward_cursor_u8(&c->in);
	ret->value = (uint8_t)(high << 4 | low);
	ret->mask = (uint8_t)(high_mask << 4 | low_mask);
	return NULL;
}

static const char *
read_plain(struct compiler *c)
{
	const char *wrong;

	if (c->run_len == MAX_RUN)
		flush(c);
	wrong = read_byte(c, &c->run[c->run_len]);
	if (!wrong)
		c->run_len++;
	return wrong;
}

static bool
read_number(struct compiler *c, uint32_t *ret)
{
	uint64_t value = 0;
	unsigned digits = 0;
	int d;

	for (; (d = ward_cursor_peek(&c->in)) >= '0' && d <= '9' && digits < 10; digits++)
		value = value * 10 + (ward_cursor_u8(&c->in) - '0');
	*ret = (uint32_t)value;
	return digits > 0 && value <= MAX_GAP;
}

static void
put_gap(struct compiler *c, enum ward_body_op op, uint32_t low, uint32_t high)
{
	flush(c);
	put(c, op, 1);
	put(c, low, 4);
	if (op == WARD_BODY_RANGE)
		put(c, high, 4);
	c->branches += op != WARD_BODY_SKIP;
}

/* {n} {-n} {n-} {n-m}, and [n] [n-m] */
static const char *
read_gap(struct compiler *c, int close)
{
	uint32_t low = 0, high = 0;
	bool has_low = read_number(c, &low), dash = ward_cursor_peek(&c->in) == '-', has_high;

	if (dash)
		(void)ward_cursor_u8(&c->in);
	has_high = dash && read_number(c, &high);
	if (ward_cursor_peek(&c->in) != close || (!has_low && !has_high))
		return "a gap that is none of {n} {-n} {n-} {n-m} [n-m]";
	(void)ward_cursor_u8(&c->in);
	if (dash && !has_high)
		put_gap(c, WARD_BODY_STAR, low, 0);
	else if (!dash || low == high)
		put_gap(c, WARD_BODY_SKIP, low, 0);
	else if (low > high)
		return "a gap whose end is before its start";
	else
		put_gap(c, WARD_BODY_RANGE, low, high);
	return NULL;
}

/* One alternative, up to | or ). */
static const char *
read_choice(struct compiler *c)
{
	size_t from = c->run_len;
	int next;

	while ((next = ward_cursor_peek(&c->in)) != '|' && next != ')') {
		const char *wrong;

		if (next == '(' || next == '{' || next == '*' || next == '[')
			return "";
		if (c->run_len == MAX_RUN)
			return "a group that is too long";
		wrong = read_byte(c, &c->run[c->run_len]);
		if (wrong)
			return wrong;
		c->run_len++;
	}
	return c->run_len > from ? NULL : "an empty alternative";
}

struct group {
	size_t shortest, longest, count;
};

/* The alternatives' bytes go to c->run, their ends to ends[]. */
static const char *
read_choices(struct compiler *c, size_t *ends, struct group *g)
{
	int next;

	*g = (struct group){.shortest = SIZE_MAX};
	do {
		size_t from = c->run_len, n;
		const char *wrong = read_choice(c);

		if (wrong)
			return wrong;
		if (g->count == MAX_CHOICES)
			return "a group of too many alternatives";
		n = c->run_len - from;
		g->shortest = n < g->shortest ? n : g->shortest;
		g->longest = n > g->longest ? n : g->longest;
		ends[g->count++] = c->run_len;
		next = ward_cursor_u8(&c->in);
	} while (next == '|');
	return NULL;
}

static void
put_group(struct compiler *c, const size_t *ends, const struct group *g, bool negated)
{
	size_t from = 0;

	put(c, WARD_BODY_EITHER, 1);
	put(c, negated, 1);
	put(c, g->count, 2);
	put(c, g->count * 2 + c->run_len * 2, 4);
	for (size_t i = 0; i < g->count; from = ends[i++]) {
		put(c, ends[i] - from, 2);
		put_values(c, c->run + from, ends[i] - from);
		put_masks(c, c->run + from, ends[i] - from);
	}
	c->branches += g->shortest != g->longest;
	c->run_len = 0;
}

static bool
is_boundary(const struct compiler *c)
{
	struct ward_cursor at = c->in;
	uint8_t kind = ward_cursor_u8(&at);

	return (kind == 'B' || kind == 'L' || kind == 'W') && ward_cursor_u8(&at) == ')';
}

static const char *
read_group(struct compiler *c, bool negated)
{
	size_t ends[MAX_CHOICES];
	struct group g;
	const char *wrong;

	flush(c);
	if (is_boundary(c)) {
		c->rc = WARD_E_UNSUPPORTED;
		return "body signatures with boundary markers (B) (L) (W)";
	}
	wrong = read_choices(c, ends, &g);
	if (wrong && !*wrong) {
		c->rc = WARD_E_UNSUPPORTED;
		return "body signatures with groups or gaps inside groups";
	}
	if (wrong)
		return wrong;
	if (negated && g.shortest != g.longest)
		return "a negated group of different lengths";
	put_group(c, ends, &g, negated);
	return NULL;
}

static const char *
read_item(struct compiler *c)
{
	int next = ward_cursor_peek(&c->in);

	if (next == '*' || next == '{' || next == '[' || next == '(' || next == '!')
		(void)ward_cursor_u8(&c->in);
	switch (next) {
	case '*':
		put_gap(c, WARD_BODY_STAR, 0, 0);
		return NULL;
	case '{':
		return read_gap(c, '}');
	case '[':
		return read_gap(c, ']');
	case '!':
		if (ward_cursor_u8(&c->in) != '(')
			return "a ! without a group";
		return read_group(c, true);
	case '(':
		return read_group(c, false);
	default:
		return read_plain(c);
	}
}

const char *
ward_body_compile(struct ward_span hex, struct ward_buf *code, enum ward_rc *ret_rc)
{
	struct compiler c = {.in = ward_cursor_of(hex), .code = code};
	const char *wrong = hex.len ? NULL : "an empty signature";

	while (!wrong && ward_cursor_left(&c.in))
		wrong = read_item(&c);
	flush(&c);
	if (!wrong && c.branches > WARD_BODY_MAX_BRANCHES) {
		wrong = "body signatures with more than 64 variable gaps";
		c.rc = WARD_E_UNSUPPORTED;
	}
	if (!wrong && c.rc != WARD_OK)
		wrong = "out of memory";
	if (wrong && c.rc == WARD_OK)
		c.rc = WARD_E_FORMAT;
	*ret_rc = c.rc;
	return wrong;
}

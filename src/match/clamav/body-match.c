/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/body.h"

#include <stdio.h>
#include <stdlib.h>

/* The steps one object may cost: a floor, and so many per byte. An honest file needs less than
 * one step per byte; the cap ends what hostile input could make of backtracking. */
enum { STEPS_FLOOR = 8 << 20, STEPS_PER_BYTE = 16 };
enum { CHECK_EVERY = 1 << 20 }; /* bytes, or steps, between looks at the clock */

struct body_matcher {
	struct ward_matcher face;
	struct ward_body_table table;
};

struct scan {
	const struct ward_body_table *table;
	const struct ward_match_object *object;
	ward_match_report report;
	void *ctx;
	uint64_t *memo; /* per gap: from here on what follows it is known not to come; 0: not known,
			   else the offset + 1 */
	uint8_t *done;	/* bit per signature: found already */
	uint64_t steps, next_check;
	enum ward_rc rc; /* sticky: the scan ends */
};

struct state {
	struct ward_cursor code;
	uint64_t pos, gap;
	unsigned depth;
};

static bool match(struct scan *s, struct state at);

static bool
expired(const struct ward_match_object *o)
{
	return o->expired && o->expired(o->ctx);
}

/* Pays for `n` steps; false when the scan is to end. */
static bool
pay(struct scan *s, uint64_t n)
{
	if (s->rc != WARD_OK)
		return false;
	if (s->steps < n) {
		s->rc = WARD_E_LIMIT;
		return false;
	}
	s->steps -= n;
	if (s->steps < s->next_check) {
		s->next_check = s->steps > CHECK_EVERY ? s->steps - CHECK_EVERY : 0;
		if (expired(s->object))
			s->rc = WARD_E_TIMEOUT;
	}
	return s->rc == WARD_OK;
}

static bool
same_masked(struct ward_span bytes, struct ward_span values, struct ward_span masks)
{
	if (bytes.len != values.len || masks.len != values.len)
		return false;
	for (size_t i = 0; i < bytes.len; i++) {
		if ((bytes.data[i] & masks.data[i]) != values.data[i])
			return false;
	}
	return true;
}

static bool
match_range(struct scan *s, struct state at, const struct ward_body_step *step)
{
	for (uint64_t n = step->low; n <= step->high; n++) {
		struct state next = at;

		next.pos = at.pos + n;
		next.depth++;
		if (next.pos > s->object->bytes.len || !pay(s, 1))
			return false;
		if (match(s, next))
			return true;
	}
	return false;
}

/* Where the literal that comes next may start, at or after `pos`; UINT64_MAX: nowhere. */
static uint64_t
next_candidate(struct scan *s, struct ward_cursor code, uint64_t pos)
{
	struct ward_span left = ward_span_cut(s->object->bytes, pos, s->object->bytes.len);
	struct ward_body_step step;
	const uint8_t *found;

	if (!ward_body_next(&code, &step) || step.op != WARD_BODY_LITERAL || step.values.len == 0)
		return pos;
	found = left.len ? memchr(left.data, step.values.data[0], left.len) : NULL;
	if (!found)
		return UINT64_MAX;
	(void)pay(s, (uint64_t)(found - left.data) / 64);
	return pos + (uint64_t)(found - left.data);
}

/* Any number of bytes: each place of the file is tried at most once per gap and object. */
static bool
match_star(struct scan *s, struct state at)
{
	uint64_t from = at.pos, gap = at.gap, end = s->object->bytes.len + 1;
	struct state next = at;

	if (gap >= s->table->gaps) {
		s->rc = WARD_E_FORMAT;
		return false;
	}
	if (s->memo[gap])
		end = s->memo[gap] - 1;
	next.gap++;
	next.depth++;
	for (next.pos = from; next.pos < end; next.pos++) {
		next.pos = next_candidate(s, at.code, next.pos);
		if (next.pos >= end || !pay(s, 1))
			break;
		if (match(s, next))
			return true;
	}
	if (from < end)
		s->memo[gap] = from + 1;
	return false;
}

static bool
match_negated(struct scan *s, struct state *at, const struct ward_body_step *step)
{
	struct ward_cursor choices = ward_cursor_of(step->choices);
	struct ward_span values, masks, bytes = {0};
	size_t len = 0;

	while (ward_body_next_choice(&choices, &values, &masks)) {
		bytes = ward_span_cut(s->object->bytes, at->pos, values.len);
		if (!pay(s, 1) || bytes.len != values.len || same_masked(bytes, values, masks))
			return false;
		len = values.len;
	}
	at->pos += len;
	return true;
}

/* One of several: goes on in `at` when all are of one length, else tries each. */
static bool
match_either(struct scan *s, struct state *at, const struct ward_body_step *step, bool *ret_ended)
{
	struct ward_cursor choices = ward_cursor_of(step->choices);
	struct ward_span values, masks;
	uint32_t shortest, longest;

	ward_body_choice_lengths(step, &shortest, &longest);
	while (ward_body_next_choice(&choices, &values, &masks)) {
		struct ward_span bytes = ward_span_cut(s->object->bytes, at->pos, values.len);
		struct state next = *at;

		if (!pay(s, 1))
			return false;
		if (!same_masked(bytes, values, masks))
			continue;
		next.pos += values.len;
		if (shortest == longest) {
			*at = next;
			return true;
		}
		next.depth++;
		*ret_ended = match(s, next);
		if (*ret_ended)
			return true;
	}
	return false;
}

/* Moves `at` over a step without branches; false: no match. */
static bool
match_plain(struct scan *s, struct state *at, const struct ward_body_step *step)
{
	uint64_t len = step->op == WARD_BODY_SKIP ? step->low : step->values.len;
	struct ward_span bytes = ward_span_cut(s->object->bytes, at->pos, len);

	if (bytes.len != len)
		return false;
	if (step->op == WARD_BODY_LITERAL && !ward_span_eq(bytes, step->values))
		return false;
	if (step->op == WARD_BODY_MASKED && !same_masked(bytes, step->values, step->masks))
		return false;
	at->pos += len;
	return true;
}

/* Does the code from `at` on match? Depth is bounded: each branch lies further in the code. */
static bool
match(struct scan *s, struct state at)
{
	struct ward_body_step step;
	bool ended = false;

	if (at.depth > WARD_BODY_MAX_BRANCHES + 1) {
		s->rc = WARD_E_FORMAT;
		return false;
	}
	while (ward_body_next(&at.code, &step)) {
		bool ok;

		if (!pay(s, 1))
			return false;
		if (step.op == WARD_BODY_RANGE)
			return match_range(s, at, &step);
		if (step.op == WARD_BODY_STAR) {
			at.pos += step.low;
			return match_star(s, at);
		}
		if (step.op == WARD_BODY_EITHER && step.negated)
			ok = match_negated(s, &at, &step);
		else if (step.op == WARD_BODY_EITHER)
			ok = match_either(s, &at, &step, &ended);
		else
			ok = match_plain(s, &at, &step);
		if (!ok || ended)
			return ok;
	}
	if (!ward_cursor_ok(&at.code))
		s->rc = WARD_E_FORMAT;
	return s->rc == WARD_OK;
}

static bool
is_text(const struct ward_match_object *o)
{
	return o->type == WARD_TYPE_TEXT || o->type == WARD_TYPE_XML ||
	       ward_type_is_script(o->type);
}

/* ClamAV's target types, as its documentation numbers them. */
static bool
target_fits(unsigned target, const struct ward_match_object *o)
{
	switch (target) {
	case 0:
		return !o->derived;
	case 1:
		return o->type == WARD_TYPE_PE;
	case 2:
		return o->type == WARD_TYPE_OLE2 || o->type == WARD_TYPE_VBA;
	case 3:
		return o->type == WARD_TYPE_HTML;
	case 4:
		return o->type == WARD_TYPE_MAIL || o->type == WARD_TYPE_MBOX;
	case 5:
		return o->type == WARD_TYPE_IMAGE;
	case 6:
		return o->type == WARD_TYPE_ELF;
	case 7:
		return o->derived || is_text(o);
	case 9:
		return o->type == WARD_TYPE_MACHO;
	case 10:
		return o->type == WARD_TYPE_PDF;
	case 12:
		return o->type == WARD_TYPE_JAVA_CLASS;
	default:
		return false;
	}
}

struct range {
	uint64_t low, high; /* both included */
};

static bool
section_range(const struct ward_body_signature *sig, const struct ward_layout *l, struct range *ret)
{
	uint64_t number = sig->section;
	const struct ward_layout_section *section;

	if (!l || l->section_count == 0)
		return false;
	if (sig->place == WARD_BODY_FROM_LAST)
		number = l->section_count - 1;
	if (number >= l->section_count)
		return false;
	section = &l->sections[number];
	ret->low = section->offset;
	if (sig->place == WARD_BODY_IN_SECTION)
		return !__builtin_add_overflow(ret->low, section->size, &ret->high);
	if (__builtin_add_overflow(ret->low, (uint64_t)sig->offset, &ret->low))
		return false;
	ret->high = ret->low;
	return true;
}

static bool
around(uint64_t base, int64_t offset, struct range *ret)
{
	uint64_t back = offset < 0 ? 0 - (uint64_t)offset : 0;

	if (offset < 0 ? back > base : base > UINT64_MAX - (uint64_t)offset)
		return false;
	ret->low = ret->high = offset < 0 ? base - back : base + (uint64_t)offset;
	return true;
}

/* Where the signature may start in this object; false: nowhere. */
static bool
allowed(const struct ward_body_signature *sig, const struct ward_match_object *o, struct range *ret)
{
	bool ok = true;

	*ret = (struct range){0, o->bytes.len};
	switch (sig->place) {
	case WARD_BODY_ANYWHERE:
		return true;
	case WARD_BODY_AT:
		ok = around(0, sig->offset, ret);
		break;
	case WARD_BODY_FROM_END:
		ok = sig->offset >= 0 && around(o->bytes.len, -sig->offset, ret);
		break;
	case WARD_BODY_FROM_ENTRY:
		ok = o->layout && o->layout->has_entry &&
		     around(o->layout->entry, sig->offset, ret);
		break;
	case WARD_BODY_FROM_SECTION:
	case WARD_BODY_FROM_LAST:
	case WARD_BODY_IN_SECTION:
		ok = section_range(sig, o->layout, ret);
		break;
	case WARD_BODY_PLACES:
		return false;
	}
	if (ok && __builtin_add_overflow(ret->high, (uint64_t)sig->shift, &ret->high))
		ret->high = UINT64_MAX;
	return ok;
}

static void
found(struct scan *s, const struct ward_body_signature *sig, uint64_t number, uint64_t start)
{
	char detail[40];
	struct ward_match_hit hit = {.layer = WARD_LAYER_SIGNATURE,
				     .verdict = sig->verdict,
				     .threat = (const char *)sig->name.data,
				     .rule = (const char *)sig->name.data,
				     .source = sig->source.len ? (const char *)sig->source.data
							       : NULL,
				     .detail = detail};

	(void)snprintf(detail, sizeof(detail), "at 0x%llx", (unsigned long long)start);
	s->done[number / 8] |= (uint8_t)(1u << (number % 8));
	if (!s->report(s->ctx, &hit))
		s->rc = WARD_E_STOPPED;
}

/* Tries the signature at every start in `where`. */
static void
try_signature(struct scan *s, uint64_t number, struct range where)
{
	struct ward_body_signature sig;
	struct range may;
	uint64_t gap;

	if (number >= s->table->count ||
	    ward_body_table_get(s->table, number, &sig, &gap) != WARD_OK) {
		s->rc = WARD_E_FORMAT;
		return;
	}
	if (!target_fits(sig.target, s->object) || !allowed(&sig, s->object, &may))
		return;
	if (may.low > where.low)
		where.low = may.low;
	if (may.high < where.high)
		where.high = may.high;
	for (uint64_t start = where.low; start <= where.high && s->rc == WARD_OK; start++) {
		struct state at = {ward_cursor_of(sig.code), start, gap, 0};

		if (start > s->object->bytes.len || !pay(s, 1))
			return;
		if (match(s, at)) {
			found(s, &sig, number, start);
			return;
		}
	}
}

static bool
is_done(const struct scan *s, uint64_t number)
{
	return number < s->table->count && (s->done[number / 8] >> (number % 8) & 1);
}

/* The bitmap said yes at `pos`: looks whether an anchor is there, and tries its signatures. */
static void
look(struct scan *s, const struct ward_body_anchors *a, uint32_t value, uint64_t pos)
{
	uint32_t bucket = ward_body_anchor_hash(value, a->bucket_bits);
	uint32_t i = ward_table_get32(&a->buckets, bucket);
	uint32_t end = ward_table_get32(&a->buckets, (uint64_t)bucket + 1);

	if (end > a->entries.count / 4) {
		s->rc = WARD_E_FORMAT;
		return;
	}
	for (; i < end && s->rc == WARD_OK && pay(s, 1); i++) {
		uint64_t at = (uint64_t)i * 4;
		uint32_t number = ward_table_get32(&a->entries, at + 1);
		uint64_t before = ward_table_get32(&a->entries, at + 2);
		uint64_t slack = ward_table_get32(&a->entries, at + 3);

		if (ward_table_get32(&a->entries, at) != value || before > pos ||
		    is_done(s, number))
			continue;
		slack = slack > pos - before ? pos - before : slack;
		try_signature(s, number, (struct range){pos - before - slack, pos - before});
	}
}

static inline uint32_t
load(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

/* Four bytes at once, whatever the processor's order. */
static inline uint32_t
load4(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/* The hot loop: [from, to) of the object, 4 bytes readable at each place. */
static void
sweep(struct scan *s, const struct ward_body_anchors *a, size_t from, size_t to)
{
	const uint8_t *p = s->object->bytes.data, *map = a->bitmap.data;
	uint32_t mask = a->width == 4 ? UINT32_MAX : (1u << (8 * a->width)) - 1;
	unsigned shift = 32 - a->bits;

	for (size_t i = from; i < to; i++) {
		uint32_t value = load4(p + i) & mask;
		uint32_t h = (value * WARD_BODY_ANCHOR_MULTIPLIER) >> shift;

		if (__builtin_expect(map[h >> 3] >> (h & 7) & 1, 0)) {
			look(s, a, value, i);
			if (s->rc != WARD_OK)
				return;
		}
	}
}

static void
scan_anchors(struct scan *s, const struct ward_body_anchors *a)
{
	size_t len = s->object->bytes.len, wide = len >= 4 ? len - 3 : 0;

	for (size_t i = 0; i < wide && s->rc == WARD_OK; i += CHECK_EVERY) {
		sweep(s, a, i, wide - i < CHECK_EVERY ? wide : i + CHECK_EVERY);
		if (s->rc == WARD_OK && expired(s->object))
			s->rc = WARD_E_TIMEOUT;
	}
	for (size_t i = wide; i + a->width <= len && s->rc == WARD_OK; i++)
		look(s, a, load(s->object->bytes.data + i, a->width), i);
}

static void
scan_unanchored(struct scan *s)
{
	for (uint64_t i = 0; i < s->table->unanchored.count && s->rc == WARD_OK; i++)
		try_signature(s, ward_table_get32(&s->table->unanchored, i),
			      (struct range){0, s->object->bytes.len});
}

static enum ward_rc
scan(const struct ward_matcher *m, const struct ward_match_object *object, ward_match_report report,
     void *ctx)
{
	const struct ward_body_table *t = &((const struct body_matcher *)m)->table;
	struct scan s = {.table = t, .object = object, .report = report, .ctx = ctx};

	if (t->count == 0 || object->bytes.len == 0)
		return WARD_OK;
	s.steps = STEPS_FLOOR + (uint64_t)object->bytes.len * STEPS_PER_BYTE;
	s.next_check = s.steps - CHECK_EVERY;
	s.memo = calloc(t->gaps + 1, sizeof(*s.memo));
	s.done = calloc(t->count / 8 + 1, 1);
	if (!s.memo || !s.done)
		s.rc = WARD_E_NOMEM;
	for (size_t i = 0; i < t->anchor_sets && s.rc == WARD_OK; i++)
		scan_anchors(&s, &t->anchors[i]);
	if (s.rc == WARD_OK)
		scan_unanchored(&s);
	free(s.memo);
	free(s.done);
	return s.rc;
}

static void
free_matcher(struct ward_matcher *m)
{
	free((struct body_matcher *)m);
}

enum ward_rc
ward_body_matcher_new(struct ward_span table, struct ward_matcher **ret)
{
	struct body_matcher *b = calloc(1, sizeof(*b));
	enum ward_rc rc;

	if (!b)
		return WARD_E_NOMEM;
	b->face = (struct ward_matcher){
		.name = "clamav", .wants_bytes = true, .scan = scan, .free = free_matcher};
	rc = ward_body_table_open(table, &b->table);
	if (rc != WARD_OK) {
		free(b);
		return rc;
	}
	*ret = &b->face;
	return WARD_OK;
}

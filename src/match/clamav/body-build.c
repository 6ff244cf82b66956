/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/body.h"

#include <stdlib.h>

#include "match/clamav/body-priv.h"
#include "match/intern.h"

struct kept {
	uint32_t name, source; /* numbers in names */
	uint32_t code, code_len;
	enum ward_verdict verdict;
	enum ward_body_place place;
	int64_t offset;
	uint32_t section, shift, target, number;
	struct ward_body_anchor anchor;
	uint32_t gaps;
	bool drop;
};

struct ward_body_builder {
	struct ward_buf kept; /* struct kept */
	struct ward_buf code;
	struct ward_intern names, ignored;
	uint32_t count;
};

enum ward_rc
ward_body_builder_new(struct ward_body_builder **ret)
{
	struct ward_body_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return WARD_E_NOMEM;
	ward_buf_init(&b->kept, SIZE_MAX / 4, NULL);
	ward_buf_init(&b->code, UINT32_MAX, NULL);
	ward_intern_init(&b->names, true);
	ward_intern_init(&b->ignored, false);
	*ret = b;
	return WARD_OK;
}

struct ward_body_builder *
ward_body_builder_free(struct ward_body_builder *b)
{
	if (!b)
		return NULL;
	ward_buf_done(&b->kept);
	ward_buf_done(&b->code);
	ward_intern_done(&b->names);
	ward_intern_done(&b->ignored);
	free(b);
	return NULL;
}

static uint32_t
count_gaps(struct ward_span code)
{
	struct ward_cursor c = ward_cursor_of(code);
	struct ward_body_step s;
	uint32_t gaps = 0;

	while (ward_body_next(&c, &s))
		gaps += s.op == WARD_BODY_STAR;
	return gaps;
}

/* Can be tried without an anchor: it may start at one place or a few. */
static bool
has_few_places(const struct ward_body_signature *s)
{
	return s->place != WARD_BODY_ANYWHERE && s->place != WARD_BODY_IN_SECTION && s->shift <= 64;
}

enum ward_rc
ward_body_builder_add(struct ward_body_builder *b, const struct ward_body_signature *s)
{
	struct kept k = {.verdict = s->verdict,
			 .place = s->place,
			 .offset = s->offset,
			 .section = s->section,
			 .shift = s->shift,
			 .target = s->target,
			 .code = (uint32_t)b->code.len,
			 .code_len = (uint32_t)s->code.len,
			 .anchor = ward_body_choose_anchor(s->code),
			 .gaps = count_gaps(s->code)};
	enum ward_rc rc;

	if (k.anchor.width == 0 && !has_few_places(s))
		return WARD_E_UNSUPPORTED;
	if (b->count == UINT32_MAX)
		return WARD_E_LIMIT;
	rc = ward_intern_add(&b->names, s->name, &k.name);
	if (rc == WARD_OK)
		rc = ward_intern_add(&b->names, s->source, &k.source);
	if (rc == WARD_OK)
		rc = ward_buf_append(&b->code, s->code.data, s->code.len);
	if (rc == WARD_OK)
		rc = ward_buf_append(&b->kept, &k, sizeof(k));
	if (rc == WARD_OK)
		b->count++;
	return rc;
}

enum ward_rc
ward_body_builder_ignore(struct ward_body_builder *b, struct ward_span name)
{
	uint32_t number;

	return ward_intern_add(&b->ignored, name, &number);
}

static struct kept *
kept_at(const struct ward_body_builder *b, uint32_t i)
{
	return (struct kept *)(void *)b->kept.data + i;
}

struct writer {
	struct ward_buf *out;
	size_t start;
	enum ward_rc rc;
};

static void
put(struct writer *w, uint64_t value, unsigned width)
{
	uint8_t bytes[8];

	ward_table_put(bytes, value, width);
	if (w->rc == WARD_OK)
		w->rc = ward_buf_append(w->out, bytes, width);
}

static void
put_bytes(struct writer *w, const void *data, size_t n)
{
	if (w->rc == WARD_OK)
		w->rc = ward_buf_append(w->out, data, n);
}

/* Pads to 8; the offset from the table's start. */
static uint64_t
align(struct writer *w)
{
	while (w->rc == WARD_OK && (w->out->len - w->start) % 8)
		put(w, 0, 1);
	return w->out->len - w->start;
}

/* Numbers what is left after ignoring; how many. */
static uint32_t
number_kept(struct ward_body_builder *b, uint64_t *ret_gaps)
{
	uint32_t number = 0;

	*ret_gaps = 0;
	for (uint32_t i = 0; i < b->count; i++) {
		struct kept *k = kept_at(b, i);

		k->drop = ward_intern_find(&b->ignored, ward_intern_get(&b->names, k->name)) !=
			  UINT32_MAX;
		k->number = k->drop ? UINT32_MAX : number++;
		*ret_gaps += k->drop ? 0 : k->gaps;
	}
	return number;
}

struct item {
	uint32_t bucket, value, signature, before, slack;
};

static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->signature > y->signature) - (x->signature < y->signature);
}

static uint32_t
collect(const struct ward_body_builder *b, unsigned width, struct item *items)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		const struct kept *k = kept_at(b, i);

		if (k->drop || k->anchor.width != width)
			continue;
		items[n++] = (struct item){0, k->anchor.value, k->number, k->anchor.before,
					   k->anchor.slack};
	}
	return n;
}

static unsigned
choose_bits(uint32_t n)
{
	unsigned bits = WARD_BODY_MIN_BITS;

	while (bits < WARD_BODY_MAX_BITS && (uint64_t)n * 128 > (uint64_t)1 << bits)
		bits++;
	return bits;
}

static enum ward_rc
put_bitmap(struct writer *w, const struct item *items, uint32_t n, unsigned bits)
{
	size_t len = (size_t)1 << (bits - 3);
	uint8_t *map = calloc(len, 1);

	if (!map)
		return WARD_E_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t h = ward_body_anchor_hash(items[i].value, bits);

		map[h / 8] |= (uint8_t)(1u << (h % 8));
	}
	put_bytes(w, map, len);
	free(map);
	return WARD_OK;
}

static void
put_anchors(struct writer *w, struct item *items, uint32_t n, unsigned width)
{
	unsigned bits = choose_bits(n), bucket_bits = bits - WARD_BODY_BUCKET_SHIFT;
	uint32_t next = 0;

	for (uint32_t i = 0; i < n; i++)
		items[i].bucket = ward_body_anchor_hash(items[i].value, bucket_bits);
	qsort(items, n, sizeof(*items), compare_items);
	put(w, width, 4);
	put(w, bits, 4);
	put(w, n, 8);
	if (w->rc == WARD_OK)
		w->rc = put_bitmap(w, items, n, bits);
	for (uint32_t bucket = 0; bucket < 1u << bucket_bits; bucket++) {
		put(w, next, 4);
		while (next < n && items[next].bucket == bucket)
			next++;
	}
	put(w, n, 4);
	for (uint32_t i = 0; i < n; i++) {
		put(w, items[i].value, 4);
		put(w, items[i].signature, 4);
		put(w, items[i].before, 4);
		put(w, items[i].slack, 4);
	}
}

static void
put_record(struct writer *w, const struct ward_body_builder *b, const struct kept *k, uint64_t gap)
{
	put(w, ward_intern_offset(&b->names, k->name), 4);
	put(w, ward_intern_offset(&b->names, k->source), 4);
	put(w, k->code, 4);
	put(w, k->code_len, 4);
	put(w, gap, 8);
	put(w, (uint64_t)k->offset, 8);
	put(w, k->section, 4);
	put(w, k->shift, 4);
	put(w, k->verdict, 1);
	put(w, k->target, 1);
	put(w, k->place, 1);
	put(w, 0, 5);
}

struct places {
	uint64_t records, code, names, gaps, unanchored, unanchored_count, anchors[3];
};

static void
put_records(struct writer *w, const struct ward_body_builder *b, struct places *at)
{
	uint64_t gap = 0;

	at->records = align(w);
	for (uint32_t i = 0; i < b->count; i++) {
		const struct kept *k = kept_at(b, i);

		if (k->drop)
			continue;
		put_record(w, b, k, gap);
		gap += k->gaps;
	}
	at->code = align(w);
	put_bytes(w, b->code.data, b->code.len);
	at->names = align(w);
	put_bytes(w, b->names.blob.data, b->names.blob.len);
}

static void
put_unanchored(struct writer *w, const struct ward_body_builder *b, struct places *at)
{
	at->unanchored = align(w);
	for (uint32_t i = 0; i < b->count; i++) {
		const struct kept *k = kept_at(b, i);

		if (k->drop || k->anchor.width)
			continue;
		put(w, k->number, 4);
		at->unanchored_count++;
	}
}

static enum ward_rc
put_anchor_sets(struct writer *w, const struct ward_body_builder *b, struct places *at)
{
	struct item *items = malloc(((size_t)b->count + 1) * sizeof(*items));

	if (!items)
		return WARD_E_NOMEM;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t n = collect(b, 4 - i, items);

		if (n == 0)
			continue;
		at->anchors[i] = align(w);
		put_anchors(w, items, n, 4 - i);
	}
	free(items);
	return WARD_OK;
}

static void
fill_header(struct writer *w, const struct ward_body_builder *b, const struct places *at,
	    uint32_t count)
{
	const uint64_t rest[] = {w->out->len - w->start,
				 at->records,
				 at->code,
				 at->names,
				 b->code.len,
				 b->names.blob.len,
				 at->gaps,
				 at->unanchored,
				 at->unanchored_count,
				 at->anchors[0],
				 at->anchors[1],
				 at->anchors[2]};
	uint8_t *p = w->out->data + w->start;

	memcpy(p, "WARDBODY", 8);
	ward_table_put(p + 8, WARD_BODY_VERSION, 4);
	ward_table_put(p + 12, count, 4);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		ward_table_put(p + 16 + 8 * i, rest[i], 8);
}

enum ward_rc
ward_body_builder_finish(struct ward_body_builder *b, struct ward_buf *out)
{
	static const uint8_t zeros[WARD_BODY_HEADER];
	struct writer w = {.out = out, .start = out->len};
	struct places at = {0};
	uint32_t count = number_kept(b, &at.gaps), empty;

	w.rc = ward_intern_add(&b->names, ward_span_of(NULL, 0), &empty);
	put_bytes(&w, zeros, sizeof(zeros));
	put_records(&w, b, &at);
	put_unanchored(&w, b, &at);
	if (w.rc == WARD_OK)
		w.rc = put_anchor_sets(&w, b, &at);
	(void)align(&w);
	if (w.rc == WARD_OK)
		fill_header(&w, b, &at, count);
	else
		out->len = w.start;
	return w.rc;
}

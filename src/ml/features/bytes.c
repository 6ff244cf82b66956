/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/bytes.h"

#include <math.h>

#include "formats/entropy.h"
#include "ml/features/entropy.h"
#include "ml/features/row.h"

enum {
	SMALL = 256,  /* windows of entropy alone */
	LARGE = 2048, /* windows of EMBER's histogram */
	HEAD = 1024,
	PAIRS = 65536,
	/* n log2(n) in units of 2^-40: sums of whole numbers do not depend on their order. */
	FIXED_BITS = 40,
};

struct counter {
	int64_t nlogn[LARGE + 1];
	uint32_t counts[256];
	int64_t sum; /* of nlogn over counts */
};

static void
counter_init(struct counter *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 2; i <= LARGE; i++)
		c->nlogn[i] = llround((double)i * log2((double)i) * (double)(1ull << FIXED_BITS));
}

static void
counter_clear(struct counter *c)
{
	memset(c->counts, 0, sizeof(c->counts));
	c->sum = 0;
}

static inline void
counter_add(struct counter *c, uint8_t value)
{
	uint32_t n = c->counts[value]++;

	c->sum += c->nlogn[n + 1] - c->nlogn[n];
}

static inline void
counter_drop(struct counter *c, uint8_t value)
{
	uint32_t n = c->counts[value]--;

	c->sum += c->nlogn[n - 1] - c->nlogn[n];
}

/* Entropy of the n values counted: log2(n) - sum / n. */
static double
counter_entropy(const struct counter *c, size_t n)
{
	double h = (double)(c->nlogn[n] - c->sum) / (double)(1ull << FIXED_BITS) / (double)n;

	return h > 0 ? h : 0;
}

/* ---- one value at a time ---- */

static void
count_values(struct ward_span in, struct ward_bytes_row *row)
{
	uint64_t counts[256] = {0};
	size_t i, run = 0, longest = 0;

	for (i = 0; i < in.len; i++) {
		counts[in.data[i]]++;
		run = i && in.data[i] == in.data[i - 1] ? run + 1 : 1;
		longest = run > longest ? run : longest;
	}
	row->longest_repeat[0] = (float)longest;
	for (i = 0; in.len && i < 256; i++) {
		double share = (double)counts[i] / (double)in.len;

		row->byte_histogram[i] = (float)share;
		row->byte_sixteenth[i / 16] += (float)share;
		row->printable_share[0] += i >= 0x20 && i < 0x7f ? (float)share : 0;
		row->high_share[0] += i >= 0x80 ? (float)share : 0;
	}
	row->null_share[0] = row->byte_histogram[0];
	row->entropy[0] = (float)ward_entropy(in);
}

static void
measure_ends(struct ward_span in, struct ward_bytes_row *row)
{
	struct ward_span head = ward_span_cut(in, 0, HEAD);
	struct ward_span tail = ward_span_cut(in, in.len > HEAD ? in.len - HEAD : 0, HEAD);
	size_t i, nulls = 0;

	for (i = 0; i < head.len; i++)
		nulls += head.data[i] == 0;
	row->head_entropy[0] = (float)ward_entropy(head);
	row->head_null_share[0] = head.len ? (float)nulls / (float)head.len : 0;
	row->tail_entropy[0] = (float)ward_entropy(tail);
}

/* ---- windows ---- */

static void
set_window_entropy(const struct ward_feature_moments *m, struct ward_bytes_row *row)
{
	row->window_entropy_min[0] = (float)m->min;
	row->window_entropy_max[0] = (float)m->max;
	row->window_entropy_mean[0] = (float)ward_moments_mean(m);
	row->window_entropy_std[0] = (float)ward_moments_std(m);
}

static void
slide_small(struct counter *c, struct ward_span in, struct ward_bytes_row *row)
{
	struct ward_feature_moments m = {.n = 0};
	size_t i;

	counter_clear(c);
	for (i = 0; i < in.len; i++) {
		if (i >= SMALL)
			counter_drop(c, in.data[i - SMALL]);
		counter_add(c, in.data[i]);
		if (i + 1 >= SMALL && (i + 1) % (SMALL / 2) == 0)
			ward_moments_add(&m, counter_entropy(c, SMALL));
	}
	if (m.n == 0)
		ward_moments_add(&m, ward_entropy(in));
	set_window_entropy(&m, row);
}

static void
add_large(const struct counter *c, size_t n, uint64_t table[256])
{
	unsigned bin = (unsigned)(counter_entropy(c, n) * 4);
	size_t i;

	bin = bin > 15 ? 15 : bin;
	for (i = 0; i < 16; i++)
		table[bin * 16 + i] += c->counts[i];
}

static void
slide_large(struct counter *c, struct ward_span in, struct ward_bytes_row *row)
{
	uint64_t table[256] = {0}, total = 0;
	size_t i;

	counter_clear(c);
	for (i = 0; i < in.len; i++) {
		if (i >= LARGE)
			counter_drop(c, in.data[i - LARGE] >> 4);
		counter_add(c, in.data[i] >> 4);
		if (i + 1 >= LARGE && (i + 1) % (LARGE / 2) == 0)
			add_large(c, LARGE, table);
	}
	if (in.len && in.len < LARGE)
		add_large(c, in.len, table);
	for (i = 0; i < 256; i++)
		total += table[i];
	for (i = 0; total && i < 256; i++)
		row->byte_entropy[i] = (float)((double)table[i] / (double)total);
}

/* ---- pairs ---- */

static enum ward_rc
count_pairs(struct ward_span in, struct ward_arena *arena, struct ward_bytes_row *row)
{
	uint32_t *counts = ward_arena_array(arena, PAIRS, sizeof(*counts));
	double total = in.len > 1 ? (double)(in.len - 1) : 1, h = 0;
	uint32_t top = 0;
	size_t i, unique = 0;

	if (!counts)
		return WARD_E_LIMIT;
	for (i = 1; i < in.len; i++)
		counts[(size_t)in.data[i - 1] << 8 | in.data[i]]++;
	for (i = 0; i < PAIRS; i++) {
		double p = counts[i] / total;

		if (!counts[i])
			continue;
		h -= p * log2(p);
		unique++;
		top = counts[i] > top ? counts[i] : top;
	}
	row->pairs_unique[0] = (float)unique;
	row->pairs_entropy[0] = (float)(h > 0 ? h : 0);
	row->pairs_top_share[0] = (float)(top / total);
	return WARD_OK;
}

enum ward_rc
ward_bytes_row_make(struct ward_span in, struct ward_arena *arena, struct ward_bytes_row *row)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	struct counter *counter = ward_arena_alloc(arena, sizeof(*counter));
	enum ward_rc rc;

	if (!counter)
		return WARD_E_LIMIT;
	memset(row, 0, sizeof(*row));
	row->size[0] = (float)in.len;
	in = ward_span_cut(in, 0, WARD_FEATURES_BYTES);
	counter_init(counter);
	count_values(in, row);
	measure_ends(in, row);
	slide_small(counter, in, row);
	slide_large(counter, in, row);
	rc = count_pairs(in, arena, row);
	ward_arena_restore(arena, mark);
	ward_strings_row_make(in, row);
	return rc;
}

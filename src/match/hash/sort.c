/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/sort.h"

#include <string.h>

enum { FEW = 24 };

struct rows {
	uint8_t *data;
	size_t stride;
};

static inline uint8_t *
row(const struct rows *r, size_t i)
{
	return r->data + i * r->stride;
}

static void
insertion_sort(const struct rows *r, size_t low, size_t high, size_t depth)
{
	uint8_t held[WARD_ROW_MAX];

	for (size_t i = low + 1; i < high; i++) {
		size_t to = i;

		while (to > low &&
		       memcmp(row(r, to - 1) + depth, row(r, i) + depth, r->stride - depth) > 0)
			to--;
		if (to == i)
			continue;
		memcpy(held, row(r, i), r->stride);
		memmove(row(r, to + 1), row(r, to), (i - to) * r->stride);
		memcpy(row(r, to), held, r->stride);
	}
}

static void
swap(const struct rows *r, size_t a, size_t b)
{
	uint8_t held[WARD_ROW_MAX];

	memcpy(held, row(r, a), r->stride);
	memcpy(row(r, a), row(r, b), r->stride);
	memcpy(row(r, b), held, r->stride);
}

/* Moves each row of [low, high) to the part of its byte at `depth`; ends[] gets the parts' ends. */
static void
spread(const struct rows *r, size_t low, size_t high, size_t depth, size_t ends[256])
{
	size_t counts[256] = {0}, next[256], at = low;

	for (size_t i = low; i < high; i++)
		counts[row(r, i)[depth]]++;
	for (unsigned b = 0; b < 256; b++) {
		next[b] = at;
		at += counts[b];
		ends[b] = at;
	}
	for (unsigned b = 0; b < 256; b++) {
		while (next[b] < ends[b]) {
			unsigned home = row(r, next[b])[depth];

			if (home == b)
				next[b]++;
			else
				swap(r, next[b], next[home]++);
		}
	}
}

static void
sort_from(const struct rows *r, size_t low, size_t high, size_t depth)
{
	size_t ends[256], start = low;

	if (depth == r->stride || high - low < 2)
		return;
	if (high - low <= FEW) {
		insertion_sort(r, low, high, depth);
		return;
	}
	spread(r, low, high, depth, ends);
	for (unsigned b = 0; b < 256; b++) {
		sort_from(r, start, ends[b], depth + 1);
		start = ends[b];
	}
}

void
ward_rows_sort(uint8_t *rows, size_t count, size_t stride)
{
	struct rows r = {rows, stride};

	if (count && stride && stride <= WARD_ROW_MAX)
		sort_from(&r, 0, count, 0);
}

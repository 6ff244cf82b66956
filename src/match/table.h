/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays of little-endian numbers inside mapped, untrusted bytes: the place and
 * length are checked once when the array is taken, each index when it is read.
 * Borrows the bytes; any number of threads.
 */
#ifndef WARD_MATCH_TABLE_H
#define WARD_MATCH_TABLE_H

#include "base/rc.h"
#include "base/span.h"

struct ward_table {
	const uint8_t *data;
	uint64_t count;
	unsigned width; /* bytes of one number, 0 to 8; 0: all are zero */
};

/* False when [offset, offset + count * width) is not inside `in`. */
static inline bool
ward_table_take(struct ward_span in, uint64_t offset, uint64_t count, unsigned width,
		struct ward_table *ret)
{
	uint64_t bytes;

	if (width > 8 || __builtin_mul_overflow(count, (uint64_t)width, &bytes) ||
	    !ward_span_has(in, offset, bytes))
		return false;
	*ret = (struct ward_table){bytes ? in.data + offset : NULL, count, width};
	return true;
}

/* The i-th number; 0 past the end. */
static inline uint64_t
ward_table_get(const struct ward_table *t, uint64_t i)
{
	const uint8_t *at;
	uint64_t value = 0;

	if (i >= t->count || t->width == 0)
		return 0;
	at = t->data + i * t->width;
	for (unsigned k = t->width; k > 0; k--)
		value = value << 8 | at[k - 1];
	return value;
}

/* Narrow reads the compiler turns into one load; `t` must be of that width. */
static inline uint16_t
ward_table_get16(const struct ward_table *t, uint64_t i)
{
	const uint8_t *at;

	if (i >= t->count)
		return 0;
	at = t->data + i * 2;
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t
ward_table_get32(const struct ward_table *t, uint64_t i)
{
	const uint8_t *at;

	if (i >= t->count)
		return 0;
	at = t->data + i * 4;
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* Bytes a number up to `max` needs: 0 to 8. */
static inline unsigned
ward_table_width(uint64_t max)
{
	unsigned width = 0;

	for (; max; max >>= 8)
		width++;
	return width;
}

/* `width` little-endian bytes of `value` to `at`. */
static inline void
ward_table_put(uint8_t *at, uint64_t value, unsigned width)
{
	for (unsigned k = 0; k < width; k++)
		at[k] = (uint8_t)(value >> (8 * k));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of many short rows of bytes where they lie. */
#ifndef WARD_MATCH_HASH_SORT_H
#define WARD_MATCH_HASH_SORT_H

#include <stddef.h>
#include <stdint.h>

enum { WARD_ROW_MAX = 64 };

/*
 * Sorts `count` rows of `stride` bytes (1 to WARD_ROW_MAX) as memcmp orders
 * them: in place, most significant byte first (McIlroy, Bostic and McIlroy,
 * "Engineering Radix Sort", Computing Systems 6, 1993), so 10 million digests
 * need no second copy. Time is linear in the bytes, whatever they are; the call
 * depth is at most `stride`.
 */
void ward_rows_sort(uint8_t *rows, size_t count, size_t stride);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes. Whoever makes one says how long the bytes live. */
#ifndef WARD_BASE_SPAN_H
#define WARD_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ward_span {
	const uint8_t *data; /* may be NULL when len is 0 */
	size_t len;
};

static inline struct ward_span
ward_span_of(const void *data, size_t len)
{
	return (struct ward_span){data, len};
}

/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct ward_span
ward_span_str(const char *text)
{
	return (struct ward_span){(const uint8_t *)text, strlen(text)};
}

/* [offset, offset + len) of `s`, cut to what exists; empty when offset is past
 * the end. */
static inline struct ward_span
ward_span_cut(struct ward_span s, uint64_t offset, uint64_t len)
{
	size_t left;

	if (offset >= s.len)
		return (struct ward_span){NULL, 0};
	left = s.len - (size_t)offset;
	return (struct ward_span){s.data + offset, len < left ? (size_t)len : left};
}

/* True when [offset, offset + len) lies wholly inside `s`; safe against
 * overflow. */
static inline bool
ward_span_has(struct ward_span s, uint64_t offset, uint64_t len)
{
	return offset <= s.len && len <= s.len - offset;
}

static inline bool
ward_span_eq(struct ward_span a, struct ward_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
ward_span_starts(struct ward_span s, const void *prefix, size_t len)
{
	return s.len >= len && (len == 0 || memcmp(s.data, prefix, len) == 0);
}

#endif

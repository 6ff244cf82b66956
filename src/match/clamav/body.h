/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Body signatures (.ndb): byte patterns with wildcards, compiled into one run
 * of bytes that is used where it lies (mmap).
 *
 * Layout, version 1, little-endian, everything at multiples of 8:
 *
 *   header, 128 bytes  "WARDBODY", u32 version, u32 signatures, u64 total length,
 *                      u64 offsets of: records, code, names; u64 lengths of code
 *                      and names; u64 gaps; u64 offset and count of the
 *                      unanchored; 3 times (u64 offset of an anchor set, for
 *                      anchors of 4, 3 and 2 bytes; 0: none)
 *   anchor set         u32 width, u32 bits, u64 count; 2^bits bits, 2^(bits-5) + 1
 *                      u32 bucket starts, 16-byte
 *                      anchors: u32 bytes, u32 signature, u32 before, u32 slack
 *   unanchored         u32 signature numbers: too few fixed bytes to look for,
 *                      but a fixed place
 *   records            48 bytes each, see body-priv.h
 *   code, names        see code.h; NUL-terminated names, the last byte is NUL
 *
 * Matching: every 4 (3, 2) bytes of the object are hashed into the bitmap; only
 * where it says yes is a bucket looked at, and only where the anchor's bytes are
 * equal is its signature matched. Each unbounded gap remembers from where on
 * the rest is known not to follow, so that a file is searched at most once per
 * gap; what backtracking remains is counted in steps and capped.
 */
#ifndef WARD_MATCH_CLAMAV_BODY_H
#define WARD_MATCH_CLAMAV_BODY_H

#include "match/clamav/code.h"
#include "match/load.h"
#include "match/table.h"

/* Where a signature may start. */
enum ward_body_place {
	WARD_BODY_ANYWHERE = 0,
	WARD_BODY_AT,		/* offset bytes from the start */
	WARD_BODY_FROM_END,	/* offset bytes before the end */
	WARD_BODY_FROM_ENTRY,	/* offset (may be negative) from the entry point */
	WARD_BODY_FROM_SECTION, /* offset from the start of section `section` */
	WARD_BODY_FROM_LAST,	/* offset from the start of the last section */
	WARD_BODY_IN_SECTION,	/* anywhere in section `section` */
	WARD_BODY_PLACES,
};

enum { WARD_BODY_MAX_TARGET = 13 };

struct ward_body_signature {
	struct ward_span name, source; /* borrowed */
	enum ward_verdict verdict;     /* WARD_MALICIOUS or WARD_SUSPICIOUS */
	unsigned target;	       /* ClamAV's target type, 0 to 13 */
	enum ward_body_place place;
	int64_t offset;
	uint32_t section;
	uint32_t shift; /* the start may lie up to this many bytes later */
	struct ward_span code;
};

/* Reads one line of an .ndb. NULL, or what is wrong, as ward_body_compile.
 * `code` is cleared and gets the code, which `ret` borrows. */
const char *ward_body_parse(struct ward_span line, struct ward_buf *code,
			    struct ward_body_signature *ret, enum ward_rc *ret_rc);

/* A ward_load_line for .ndb (and .ndu when `arg`, a const enum ward_verdict *,
 * says suspicious). */
const char *ward_body_line(const struct ward_load *load, struct ward_load_report *report,
			   struct ward_span line, void *arg, enum ward_rc *ret_rc);

/* Compiling. Not thread-safe. */
struct ward_body_builder;
enum ward_rc ward_body_builder_new(struct ward_body_builder **ret) WARD_MUST_CHECK;
struct ward_body_builder *ward_body_builder_free(struct ward_body_builder *b);
/* Copies. WARD_E_UNSUPPORTED: neither fixed bytes to look for nor a fixed place.
 * WARD_E_LIMIT past 4 GiB of code or names. */
enum ward_rc ward_body_builder_add(struct ward_body_builder *b,
				   const struct ward_body_signature *s) WARD_MUST_CHECK;
/* Signatures of this name will be left out. */
enum ward_rc ward_body_builder_ignore(struct ward_body_builder *b,
				      struct ward_span name) WARD_MUST_CHECK;
/* Appends the finished table to `out`. */
enum ward_rc ward_body_builder_finish(struct ward_body_builder *b,
				      struct ward_buf *out) WARD_MUST_CHECK;

/* One set of anchors of the same width. */
struct ward_body_anchors {
	unsigned width, bits, bucket_bits;
	struct ward_span bitmap;
	struct ward_table buckets; /* u32 */
	struct ward_table entries; /* u32, 4 per anchor */
};

/* A view; borrows the bytes it was opened on. Immutable, any thread. */
struct ward_body_table {
	struct ward_span records, code, names;
	uint64_t count, gaps;
	struct ward_table unanchored;
	struct ward_body_anchors anchors[3];
	size_t anchor_sets;
};

/* As ward_hash_table_open. */
enum ward_rc ward_body_table_open(struct ward_span bytes,
				  struct ward_body_table *ret) WARD_MUST_CHECK;
/* The i-th signature; ret_first_gap (may be NULL): number of its first STAR.
 * WARD_E_NOENT past the end, WARD_E_FORMAT when damaged. */
enum ward_rc ward_body_table_get(const struct ward_body_table *t, uint64_t i,
				 struct ward_body_signature *ret,
				 uint64_t *ret_first_gap) WARD_MUST_CHECK;

#define WARD_BODY_ANCHOR_MULTIPLIER 0x9e3779b1u

/* Place of a value in an anchor set's bitmap. */
static inline uint32_t
ward_body_anchor_hash(uint32_t value, unsigned bits)
{
	return (value * WARD_BODY_ANCHOR_MULTIPLIER) >> (32 - bits);
}

/* `table` is borrowed and must outlive the matcher. The scan also returns
 * WARD_E_LIMIT when hostile input used up the steps, WARD_E_FORMAT when the
 * table turns out to be damaged. */
enum ward_rc ward_body_matcher_new(struct ward_span table,
				   struct ward_matcher **ret) WARD_MUST_CHECK;

#endif

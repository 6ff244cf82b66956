/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash verdicts as one run of bytes that is used where it lies (mmap), by any
 * number of processes at once.
 *
 * Layout, version 1, little-endian, everything at multiples of 8:
 *
 *   header, 64 bytes   "WARDHASH", u32 version, u32 kinds (6), u64 total length,
 *                      u64 records offset, u64 record count, u64 names offset,
 *                      u64 names length, u64 zero
 *   kinds, 6 * 96      u64 count, u64 offsets of: rests, refs, sizes, index,
 *                      filter; u64 filter seed; u32 segment, u32 segments; u64
 *                      offset and u64 count of the size set; u64 entries of any
 *                      size; u8 prefix, u8 width of refs, u8 width of sizes,
 *                      5 zero bytes
 *   filters            one binary fuse filter per kind (match/hash/fuse.h); its
 *                      key is the digest's first 8 bytes, big-endian
 *   size sets          the different sizes that entries of a kind name, sorted,
 *                      u64: whether a digest need be computed at all
 *   index              256^prefix + 1 numbers of u32: where in the sorted entries
 *                      the digests that start with these `prefix` bytes begin
 *   records            12 bytes: u32 threat name, u32 source (offsets into
 *                      names), u32 verdict (enum ward_verdict)
 *   names              NUL-terminated, each once; the last byte is NUL
 *   refs, sizes        per entry: number of its record; its size + 1, 0 for any
 *   rests              per entry: the digest without its first `prefix` bytes
 *
 * Digests are kept whole (the prefix is told by the bucket): a digest cut to 64
 * bits would, with 10 million entries and a fleet that shows 10^9 different
 * files, convict a harmless one with probability 1/2000, and anyone could search
 * for such a collision. The whole digest costs nothing in memory, because the
 * filter answers all but 1 in 65,536 look-ups of absent files without touching
 * that page.
 */
#ifndef WARD_MATCH_HASH_TABLE_H
#define WARD_MATCH_HASH_TABLE_H

#include "base/verdict.h"
#include "match/hash/fuse.h"
#include "sys/digest.h"

enum ward_hash_kind {
	WARD_HASH_SHA256 = 0, /* of whole objects */
	WARD_HASH_SHA1,
	WARD_HASH_MD5,
	WARD_HASH_SECTION_SHA256, /* of one PE section's bytes in the file */
	WARD_HASH_SECTION_SHA1,
	WARD_HASH_SECTION_MD5,
	WARD_HASH_KINDS,
};

enum { WARD_HASH_HEADER = 64, WARD_HASH_KIND_HEADER = 96, WARD_HASH_RECORD = 12 };
enum { WARD_HASH_MAX_PREFIX = 3 };

/* The digest an entry of this kind holds. */
enum ward_digest_kind ward_hash_digest_of(enum ward_hash_kind kind);
/* "sha256", "section-md5"…; static. */
const char *ward_hash_kind_name(enum ward_hash_kind kind);

struct ward_hash_column {
	struct ward_span rests;
	struct ward_table refs, sizes, index, size_set;
	struct ward_fuse filter;
	uint64_t count, any_size;
	unsigned prefix, rest; /* bytes of a digest told by the index, and stored */
};

/* A view; borrows the bytes it was opened on. Immutable, any thread. */
struct ward_hash_table {
	struct ward_hash_column column[WARD_HASH_KINDS];
	struct ward_table records; /* 3 numbers of 32 bits each */
	struct ward_span names;
};

struct ward_hash_found {
	enum ward_verdict verdict; /* WARD_MALICIOUS, WARD_SUSPICIOUS, WARD_CLEAN (allowed) */
	const char *name, *source; /* borrowed from the table */
};

/* One entry as it was put in. */
struct ward_hash_entry {
	enum ward_hash_kind kind;
	uint8_t digest[WARD_DIGEST_MAX];
	bool any_size;
	uint64_t size;
	enum ward_verdict verdict;
	struct ward_span name, source;
};

/*
 * Checks everything but the entries themselves, in constant time.
 * WARD_E_FORMAT when any offset, count or width does not fit the bytes,
 * WARD_E_UNSUPPORTED for another version.
 */
enum ward_rc ward_hash_table_open(struct ward_span bytes,
				  struct ward_hash_table *ret) WARD_MUST_CHECK;

uint64_t ward_hash_table_count(const struct ward_hash_table *t);

/* Could an object (or section) of this size have an entry of this kind? */
bool ward_hash_table_wants(const struct ward_hash_table *t, enum ward_hash_kind kind,
			   uint64_t size);

/*
 * The verdict on a digest of ward_digest_len bytes. Of several entries (one for
 * any size, one for this size) the one that allows wins, then the malicious.
 * WARD_E_NOENT: none. WARD_E_FORMAT: the table is damaged here.
 */
enum ward_rc ward_hash_table_find(const struct ward_hash_table *t, enum ward_hash_kind kind,
				  const uint8_t *digest, uint64_t size,
				  struct ward_hash_found *ret) WARD_MUST_CHECK;

/* The i-th entry of a kind, in digest order; WARD_E_NOENT past the end,
 * WARD_E_FORMAT when it is damaged. For merging tables. */
enum ward_rc ward_hash_table_entry(const struct ward_hash_table *t, enum ward_hash_kind kind,
				   uint64_t i, struct ward_hash_entry *ret) WARD_MUST_CHECK;

#endif

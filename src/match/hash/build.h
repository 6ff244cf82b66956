/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles hash verdicts into the table of match/hash/table.h. Holds 13 bytes
 * more than the digest for each entry, and the names once; the finished table
 * reuses that memory. Not thread-safe.
 */
#ifndef WARD_MATCH_HASH_BUILD_H
#define WARD_MATCH_HASH_BUILD_H

#include "match/hash/table.h"
#include "match/match.h"

struct ward_hash_builder;

enum { WARD_HASH_RUNS = 3 + 6 * WARD_HASH_KINDS + 1 };

/* The finished table as runs one after the other; owned by the builder. */
struct ward_hash_image {
	struct ward_span runs[2 * WARD_HASH_RUNS];
	size_t count;
	uint64_t length;
	uint64_t entries;
	uint64_t kinds[WARD_HASH_KINDS]; /* entries of each */
};

/* An empty builder, the caller's to free; WARD_E_NOMEM. */
enum ward_rc ward_hash_builder_new(struct ward_hash_builder **ret) WARD_MUST_CHECK;
struct ward_hash_builder *ward_hash_builder_free(struct ward_hash_builder *b);

/* WARD_E_LIMIT past 2^31 entries of a kind or 4 GiB of names, WARD_E_INVAL for
 * a name with a NUL in it or a verdict that is none of the three. */
enum ward_rc ward_hash_builder_add(struct ward_hash_builder *b,
				   const struct ward_hash_entry *entry) WARD_MUST_CHECK;

/* Entries with this threat name will be left out (not those that allow). */
enum ward_rc ward_hash_builder_ignore(struct ward_hash_builder *b,
				      struct ward_span name) WARD_MUST_CHECK;

uint64_t ward_hash_builder_count(const struct ward_hash_builder *b);

/*
 * Sorts, merges and lays out; the builder then only serves _free. Of entries
 * with the same digest and size one is kept: what allows before what is
 * malicious before what is suspicious, then the one added first; `notice` (may
 * be NULL) hears how many an allow entry beat, and the first few by name. The
 * result does not depend on anything but what was added and in which order.
 */
enum ward_rc ward_hash_builder_finish(struct ward_hash_builder *b, ward_match_notice notice,
				      void *ctx, struct ward_hash_image *ret) WARD_MUST_CHECK;

#endif

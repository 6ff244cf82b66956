/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 3-wise binary fuse filter with 16-bit fingerprints: says "certainly not in
 * the set" or "probably in it" (wrong once in 65,536) with three reads, at
 * about 18.03 bits per key for large sets.
 *
 * Source: Thomas Mueller Graf and Daniel Lemire, "Binary Fuse Filters: Fast and
 * Smaller Than Xor Filters", ACM Journal of Experimental Algorithmics 27, 2022
 * (arXiv:2201.01174): the layout (a window of three neighbouring segments), the
 * parameters (§4) and the construction by peeling.
 */
#ifndef WARD_MATCH_HASH_FUSE_H
#define WARD_MATCH_HASH_FUSE_H

#include "match/table.h"

struct ward_fuse {
	uint64_t seed;
	uint32_t segment;	  /* slots of one segment; power of two, at most 2^18 */
	uint32_t segments;	  /* where a key's first slot may lie; 2 more follow */
	struct ward_table prints; /* (segments + 2) * segment numbers of 16 bits */
};

/* Slots of a filter with these parameters; 0 when they make no sense. */
uint64_t ward_fuse_slots(uint32_t segment, uint32_t segments);

/*
 * Builds the filter of `count` different keys (1 to 2^31); equal keys make it
 * impossible. The seed is found by trying 1, 2, 3 … so the same keys always
 * give the same filter. `ret_bytes` (2 * slots bytes, little-endian
 * fingerprints) is the caller's to free(); `ret->prints` points into it.
 * WARD_E_INVAL for a count out of range, WARD_E_FORMAT when 100 seeds fail
 * (equal keys), WARD_E_NOMEM. Takes about 21 bytes per key while it works.
 */
enum ward_rc ward_fuse_build(const uint64_t *keys, uint64_t count, struct ward_fuse *ret,
			     uint8_t **ret_bytes) WARD_MUST_CHECK;

/* False: certainly not a key. Any `prints` is safe: each read is checked. */
bool ward_fuse_has(const struct ward_fuse *f, uint64_t key);

#endif

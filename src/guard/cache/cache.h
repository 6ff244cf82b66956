/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts that were reached, by the file and the content they are about. Fixed memory: a new entry
 * takes the place of the one of its set that was not used for the longest time. Each entry carries
 * the epoch of the intelligence that spoke; an older one is not an answer any more, so new
 * intelligence costs nothing until a file is opened.
 *
 * Not thread-safe.
 */
#ifndef WARD_GUARD_CACHE_CACHE_H
#define WARD_GUARD_CACHE_CACHE_H

#include "base/verdict.h"
#include "guard/cache/key.h"

/* What is remembered of a verdict. */
struct ward_cache_verdict {
	enum ward_verdict verdict;
	enum ward_reason reason; /* of WARD_NOT_SCANNED */
	uint16_t threat;	 /* whoever asks gives it a meaning */
	uint32_t until;		 /* likewise; 0: no end */
	bool from_cloud;
	bool allowed;  /* here, whatever was said of it */
	bool recorded; /* a signed record says so */
	bool digested; /* its digest follows */
	uint8_t sha256[32];
};

struct ward_cache_stats {
	uint64_t hits, misses, outdated; /* outdated: a miss because of its epoch */
	uint64_t replaced;		 /* entries that had to go for others */
	size_t entries, room;
};

struct ward_cache;

/* `entries` is rounded up to a power of two, at least 64; each costs 88 bytes. NULL without memory. */
struct ward_cache *ward_cache_new(size_t entries) WARD_MUST_CHECK;
struct ward_cache *ward_cache_free(struct ward_cache *c);

/* False: nobody knows. */
bool ward_cache_find(struct ward_cache *c, const struct ward_key *key, uint32_t epoch,
		     struct ward_cache_verdict *ret_verdict) WARD_MUST_CHECK;
/* Replaces what was known of this file. */
void ward_cache_put(struct ward_cache *c, const struct ward_key *key, uint32_t epoch,
		    const struct ward_cache_verdict *verdict);
/* Forgets this file, whatever content it had. */
void ward_cache_drop(struct ward_cache *c, const struct ward_key *key);
void ward_cache_stats(const struct ward_cache *c, struct ward_cache_stats *ret_stats);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers who wrote which file since the guard has started, in fixed memory, the oldest forgotten
 * first. A thread of its own looks at the writers; whoever takes the kernel's events only hands them
 * over. Thread-safe.
 */
#ifndef WARD_GUARD_ORIGIN_ORIGINS_H
#define WARD_GUARD_ORIGIN_ORIGINS_H

#include "guard/cache/key.h"
#include "guard/origin/origin.h"

struct ward_origins;

struct ward_origins_options {
	size_t files; /* remembered; 0: 16,384 */
	size_t queue; /* written files whose writers nobody has looked at yet; 0: 512 */
};

struct ward_origins_stats {
	uint64_t seen;	    /* writers that were looked at */
	uint64_t gone;	    /* of which nothing was known any more */
	uint64_t downloads; /* files that came from the network */
	uint64_t dropped;   /* not looked at: too many at once */
	size_t files;	    /* remembered now */
};

/* WARD_E_NOMEM, WARD_E_LIMIT (no thread). */
enum ward_rc ward_origins_new(const struct ward_origins_options *options,
			      struct ward_origins **ret_origins) WARD_MUST_CHECK;
/* Forgets what waits. NULL is fine. */
struct ward_origins *ward_origins_free(struct ward_origins *o);

/* A file was closed after writing. Copies `fd`, takes the pidfd (-1: none). Never blocks. */
void ward_origins_written(struct ward_origins *o, int fd, int pid, int take_pidfd);

/* All that is known of a file: what it says itself, and who wrote it. Not for the thread that
 * decides. A file whose writer was dropped, or is still to be looked at, counts as written too. */
void ward_origins_of(struct ward_origins *o, int fd, struct ward_origin *ret_origin);

/* Only who wrote it, out of memory: for the thread that decides. False: nobody is known to have. Of the
 * origin only what follows from the writer is set. */
bool ward_origins_recall(struct ward_origins *o, const struct ward_key *key,
			 struct ward_origin *ret_origin);
/* The kernel has lost news of written files: what the package manager wrote may be somebody else's now,
 * so that is forgotten. */
void ward_origins_lost(struct ward_origins *o);

/* Waits until everything that was handed over has been looked at; for tests. */
void ward_origins_settle(struct ward_origins *o);
void ward_origins_stats(struct ward_origins *o, struct ward_origins_stats *ret_stats);

#endif

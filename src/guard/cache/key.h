/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict is about: one file with one content. */
#ifndef WARD_GUARD_CACHE_KEY_H
#define WARD_GUARD_CACHE_KEY_H

#include "sys/fd.h"

struct ward_key {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t ctime; /* ns since 1970 */
	uint32_t generation;
};

/* Of an open file, without looking up any path. ret_kind: what it is; only regular files have a
 * content that verdicts are about. */
enum ward_rc ward_key_of(int fd, struct ward_key *ret_key,
			 enum ward_fd_kind *ret_kind) WARD_MUST_CHECK;
/* Whether the file behind this descriptor, which `key` is of, has that content still. A file that is open
 * keeps its generation, so that is not asked for again. */
bool ward_key_still(int fd, const struct ward_key *key, struct ward_key *ret_now) WARD_MUST_CHECK;
bool ward_key_equal(const struct ward_key *a, const struct ward_key *b);
/* The same file, whatever its content. */
bool ward_key_same_file(const struct ward_key *a, const struct ward_key *b);
/* Spreads files evenly. */
uint32_t ward_key_hash(const struct ward_key *key);

/*
 * A file that changed within the last WARD_KEY_RACY_NS before `now` (wall clock, µs), or in the
 * future, may change once more without its times telling: the kernel stamps them with the last tick
 * of its clock (at most 10 ms ago, at 100 Hz).
 */
#define WARD_KEY_RACY_NS 20000000
bool ward_key_racy(const struct ward_key *key, uint64_t now);

#endif

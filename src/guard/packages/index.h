/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What packages have installed, as bytes that are searched where they lie:
 *
 *   "WARDPKG1", le32 entries, le32 bytes of names, le32 merged (below), le32 0
 *   entries × (16 bytes of the SHA-256 of the path, 16 bytes MD5, le32 offset of the package's name)
 *   names, each ended by a NUL
 *
 * sorted by path. A path may stand there several times (a file that went from one package to another).
 * The bytes come from a process that read a database that may be hostile: they are checked whole, once.
 */
#ifndef WARD_GUARD_PACKAGES_INDEX_H
#define WARD_GUARD_PACKAGES_INDEX_H

#include "base/buf.h"

enum {
	WARD_INDEX_HASH = 16,
	WARD_INDEX_MD5 = 16,
	WARD_INDEX_HEADER = 24,
	WARD_INDEX_ENTRY = WARD_INDEX_HASH + WARD_INDEX_MD5 + 4,
	WARD_INDEX_ENTRIES_MAX = 2 * 1000 * 1000,
	WARD_INDEX_NAMES_MAX = 8 << 20,
	WARD_INDEX_PATH = 4096,
};
#define WARD_INDEX_MAX                                                                             \
	(WARD_INDEX_HEADER + (size_t)WARD_INDEX_ENTRIES_MAX * WARD_INDEX_ENTRY +                   \
	 WARD_INDEX_NAMES_MAX)

/* Borrows the bytes. */
struct ward_index {
	struct ward_span entries, names;
	uint32_t count;
	uint32_t merged;
};

struct ward_index_entry {
	const uint8_t *md5;
	const char *package;
};

/* WARD_E_FORMAT. */
enum ward_rc ward_index_open(struct ward_span bytes, struct ward_index *ret_index) WARD_MUST_CHECK;

/* The entries of a path (absolute), the first of which is *ret_first; 0: none. */
size_t ward_index_find(const struct ward_index *index, const char *path, size_t *ret_first);
/* `i` below count. */
struct ward_index_entry ward_index_entry(const struct ward_index *index, size_t i);

/*
 * Directories of the root that are links into /usr on this machine, by bit: bin, sbin, lib, lib32,
 * lib64, libx32. Packages name files either way; what the kernel says is always below /usr.
 */
uint32_t ward_index_merged(void);
/* SHA-256, cut, of the path without its first slash and below usr/ where the directory is a link.
 * False: too long, empty, or with a component that is "." or "..". */
bool ward_index_hash(struct ward_span path, uint32_t merged, uint8_t ret_hash[WARD_INDEX_HASH]);

#endif

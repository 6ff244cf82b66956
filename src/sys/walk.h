/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a directory tree and opens its regular files, without ever following a symbolic link inside
 * it, opening a FIFO, socket or device, or going round in a loop. Linux.
 */
#ifndef WARD_SYS_WALK_H
#define WARD_SYS_WALK_H

#include <sys/stat.h>

#include "base/rc.h"
#include "base/verdict.h"

struct ward_walk_options {
	bool recursive;		     /* directories are walked; otherwise they are a gap */
	bool cross_fs;		     /* enter other file systems mounted below */
	const char *const *excludes; /* patterns of fnmatch(3), see ward_walk_is_excluded */
	size_t exclude_count;
	bool no_open; /* only list: fd stays -1 (for a quick count) */
};

struct ward_walk_entry {
	const char *path; /* valid during the call */
	/* An open regular file (O_RDONLY, the callee takes it), or -1 when `why` says why not. */
	int fd;
	struct stat st; /* all zero when even that failed */
	enum ward_reason why;
	const char *detail; /* for people, static: "FIFO", "Permission denied"; NULL when fd >= 0 */
};

/* Called for every file and everything that could not be entered. False stops the walk. */
typedef bool (*ward_walk_visit)(void *ctx, const struct ward_walk_entry *entry);

/*
 * Walks one path given by the user; a symbolic link as the path itself is followed. Names are
 * visited in byte order. Memory is proportional to the longest path plus the names of the
 * directories on it. WARD_E_STOPPED when `visit` said so, WARD_E_NOMEM; anything wrong with single
 * files goes to `visit`.
 *
 * /proc, /sys and other kernel file systems hold no files worth reading: they are reported as one
 * "special" entry each, not entered, even when named by the user.
 */
enum ward_rc ward_walk(const char *path, const struct ward_walk_options *options,
		       ward_walk_visit visit, void *ctx) WARD_MUST_CHECK;

/*
 * A pattern with a slash is matched against the whole path ("*" also matches slashes), one without
 * against each entry's name. An excluded directory is not entered.
 */
bool ward_walk_is_excluded(const struct ward_walk_options *options, const char *path);

#endif

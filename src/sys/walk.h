/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a directory tree and opens its regular files, without ever following a symbolic link inside
 * it, opening a FIFO, socket or device, or going round in a loop. Linux.
 */
#ifndef WARD_SYS_WALK_H
#define WARD_SYS_WALK_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/rc.h"
#include "base/verdict.h"

struct ward_walk_options {
	bool recursive; /* directories are walked; otherwise they are a gap */
	bool cross_fs;	/* enter other file systems mounted below */
	/*
	 * For who walks where strangers may write, with rights that they have not: no link is followed, not
	 * even in the path itself (then it is not walked); only what is known to be a regular file is opened,
	 * by that knowledge and not by its name again; nothing mounted below is entered, asked or woken.
	 */
	bool guarded;
	/* Goes on behind this path, where a walk of the same path had got to before, whatever has come or gone
	 * meanwhile; NULL: from the beginning. */
	const char *after;
	/* True: this directory is not entered. NULL: all are. */
	bool (*skip)(void *ctx, const char *path);
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

/* About how many files the file system at this path holds (statfs(2)); 0: it does not tell. */
uint64_t ward_walk_files(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in directories, handled so that whoever may rename things there cannot lead us elsewhere:
 * directories are opened once, without symlinks, and everything else happens in them by descriptor.
 * A name is one component, never with a slash.
 */
#ifndef WARD_SYS_ENTRY_H
#define WARD_SYS_ENTRY_H

#include "base/buf.h"

enum { WARD_ENTRY_PATH_MAX = 4096, WARD_ENTRY_HANDLE_MAX = 128 };

/* The kernel's name of an open file (proc(5), /proc/self/fd) as this process sees the tree, without
 * a NUL. WARD_E_NOENT: it has none any more, or it is longer than WARD_ENTRY_PATH_MAX. */
enum ward_rc ward_entry_path_of(int fd, struct ward_buf *ret_path) WARD_MUST_CHECK;

/* Opens the directory `path` below `root` (-1: our own root). A symlink anywhere on the way is
 * WARD_E_UNSUPPORTED. The descriptor can be read. */
enum ward_rc ward_entry_open_directory(int root, const char *path, int *ret_fd) WARD_MUST_CHECK;
/* Opens a directory or regular file of that name for reading; a symlink is WARD_E_UNSUPPORTED. */
enum ward_rc ward_entry_open(int dir, const char *name, bool directory,
			     int *ret_fd) WARD_MUST_CHECK;

/* WARD_OK when the calling thread (with the rights it has now) may make names in the directory. */
enum ward_rc ward_entry_may_create(int dir) WARD_MUST_CHECK;

/* WARD_E_PERM also when the name is taken, everywhere below. */
/* `dir` -1: the name is a path of our own. */
enum ward_rc ward_entry_make_directory(int dir, const char *name, uint32_t mode) WARD_MUST_CHECK;
/* Moves within one file system and mount; never replaces anything, in one step. */
enum ward_rc ward_entry_move(int from_dir, const char *from, int to_dir,
			     const char *to) WARD_MUST_CHECK;
/* Moves and replaces what bears the name. `dir` -1: the names are paths of our own. */
enum ward_rc ward_entry_replace(int dir, const char *from, const char *to) WARD_MUST_CHECK;
enum ward_rc ward_entry_remove(int dir, const char *name, bool directory) WARD_MUST_CHECK;

/* A file without a name on the directory's file system, for writing; WARD_E_UNSUPPORTED where it
 * knows no such thing. Give it a name by _link. */
enum ward_rc ward_entry_nameless(int dir, int *ret_fd) WARD_MUST_CHECK;
enum ward_rc ward_entry_link(int fd, int dir, const char *name) WARD_MUST_CHECK;
/* Opens the same file again for writing. */
enum ward_rc ward_entry_reopen_writing(int fd, int *ret_fd) WARD_MUST_CHECK;

/* Makes a file's bytes, or a directory's names, durable. */
enum ward_rc ward_entry_sync(int fd) WARD_MUST_CHECK;

/* Called for each name but "." and ".."; anything but WARD_OK stops and is returned. */
typedef enum ward_rc (*ward_entry_visit)(void *ctx, const char *name);
enum ward_rc ward_entry_list(int dir, ward_entry_visit visit, void *ctx) WARD_MUST_CHECK;

/* What finds a directory again after it was moved (name_to_handle_at(2)). len 0: the file system
 * has no such thing. */
struct ward_entry_handle {
	uint32_t type;
	uint32_t len;
	uint8_t bytes[WARD_ENTRY_HANDLE_MAX];
};

void ward_entry_handle_of(int dir, struct ward_entry_handle *ret_handle);
/* `near` is any descriptor on the same file system. For root only. */
enum ward_rc ward_entry_open_handle(int near, const struct ward_entry_handle *handle,
				    int *ret_fd) WARD_MUST_CHECK;

#endif

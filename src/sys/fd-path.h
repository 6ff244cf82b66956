/* SPDX-License-Identifier: Apache-2.0 */
/* The name of an open file, for comparing it with names that people write. */
#ifndef WARD_SYS_FD_PATH_H
#define WARD_SYS_FD_PATH_H

#include <stdbool.h>

#include "base/rc.h"

enum { WARD_FD_PATH = 4096 };

/*
 * The path by which the file was opened, as the kernel has it now (/proc/self/fd): absolute, symbolic
 * links resolved, changed by renames. WARD_E_NOENT: it has none: deleted, never had one (memfd, pipe),
 * or cannot be reached from this process' root. WARD_E_LIMIT: longer than WARD_FD_PATH - 1.
 *
 * A file that was opened in another mount namespace is named as there. Before such a name counts for
 * anything, ward_fd_is_at must say that it means the same file here.
 */
enum ward_rc ward_fd_path(int fd, char ret_path[WARD_FD_PATH]) WARD_MUST_CHECK;

/* The same of whatever a path leads to, links followed; nothing is opened. WARD_E_NOENT: to nothing. */
enum ward_rc ward_fd_path_resolve(const char *path, char ret_path[WARD_FD_PATH]) WARD_MUST_CHECK;

/* Whether the path names this very file in this process' mount namespace. No file is opened, no
 * automount triggered; a last symbolic link is not followed. */
bool ward_fd_is_at(int fd, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fd-path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/errno.h"

/* The mark the kernel puts behind the name of what is gone; a real name may end so too. */
static bool
says_deleted(const char *path, size_t len)
{
	static const char mark[] = " (deleted)";
	const size_t n = sizeof(mark) - 1;

	return len >= n && memcmp(path + len - n, mark, n) == 0;
}

enum ward_rc
ward_fd_path(int fd, char ret_path[WARD_FD_PATH])
{
	char link[32], path[WARD_FD_PATH];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path));
	if (len < 0)
		return ward_errno_rc(errno);
	if ((size_t)len == sizeof(path))
		return WARD_E_LIMIT;
	path[len] = 0;
	if (path[0] != '/' || (says_deleted(path, (size_t)len) && !ward_fd_is_at(fd, path)))
		return WARD_E_NOENT;
	memcpy(ret_path, path, (size_t)len + 1);
	return WARD_OK;
}

bool
ward_fd_is_at(int fd, const char *path)
{
	struct statx file, there;
	const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &file) == 0 &&
	       statx(AT_FDCWD, path, flags, STATX_INO, &there) == 0 &&
	       file.stx_ino == there.stx_ino && file.stx_dev_major == there.stx_dev_major &&
	       file.stx_dev_minor == there.stx_dev_minor;
}

enum ward_rc
ward_fd_path_resolve(const char *path, char ret_path[WARD_FD_PATH])
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	enum ward_rc rc;

	if (fd < 0)
		return ward_errno_rc(errno);
	rc = ward_fd_path(fd, ret_path);
	(void)close(fd);
	return rc;
}

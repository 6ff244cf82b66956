/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

static enum ward_rc
rc_of(int result)
{
	if (result == 0)
		return WARD_OK;
	return errno == EEXIST ? WARD_E_PERM : ward_errno_rc(errno);
}

static void
proc_name(int fd, char ret[32])
{
	(void)snprintf(ret, 32, "/proc/self/fd/%d", fd);
}

enum ward_rc
ward_entry_path_of(int fd, struct ward_buf *ret_path)
{
	static const char gone[] = " (deleted)";
	char name[32], path[WARD_ENTRY_PATH_MAX + 1];
	struct stat st;
	ssize_t n;

	proc_name(fd, name);
	n = readlink(name, path, sizeof(path));
	if (n < 0)
		return errno == ENAMETOOLONG ? WARD_E_NOENT : ward_errno_rc(errno);
	if (n == 0 || (size_t)n == sizeof(path) || path[0] != '/')
		return WARD_E_NOENT;
	/* A file may be called so, but then this name of it leads to it. */
	if ((size_t)n >= sizeof(gone) - 1 &&
	    memcmp(path + n - sizeof(gone) + 1, gone, sizeof(gone) - 1) == 0) {
		struct stat there;

		path[n] = 0;
		if (fstat(fd, &st) != 0 || lstat(path, &there) != 0 || st.st_ino != there.st_ino ||
		    st.st_dev != there.st_dev)
			return WARD_E_NOENT;
	}
	return ward_buf_append(ret_path, path, (size_t)n);
}

static int
open2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

enum ward_rc
ward_entry_open_directory(int root, const char *path, int *ret_fd)
{
	uint64_t resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	int fd = open2(root < 0 ? AT_FDCWD : root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK,
		       root < 0 ? resolve : resolve | RESOLVE_IN_ROOT);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_entry_open(int dir, const char *name, bool directory, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct stat st;

	if (directory) {
		fd = open2(dir, name, O_RDONLY | O_DIRECTORY,
			   RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
		if (fd < 0)
			return ward_errno_rc(errno);
	} else {
		enum ward_rc rc = ward_fd_open_regular(dir, name, false, &fd, NULL);

		if (rc)
			return rc;
	}
	if (fstat(fd, &st) != 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	fd = -1;
	return WARD_OK;
}

enum ward_rc
ward_entry_may_create(int dir)
{
	return rc_of(faccessat(dir, ".", W_OK | X_OK, AT_EACCESS));
}

enum ward_rc
ward_entry_make_directory(int dir, const char *name, uint32_t mode)
{
	return rc_of(mkdirat(dir < 0 ? AT_FDCWD : dir, name, mode));
}

enum ward_rc
ward_entry_move(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return WARD_OK;
	if (errno != EINVAL)
		return rc_of(-1);
	/* A file system that cannot promise it: a second name can only be made where none is. */
	if (linkat(from_dir, from, to_dir, to, 0) != 0)
		return rc_of(-1);
	return rc_of(unlinkat(from_dir, from, 0));
}

enum ward_rc
ward_entry_replace(int dir, const char *from, const char *to)
{
	int at = dir < 0 ? AT_FDCWD : dir;

	return rc_of(renameat(at, from, at, to));
}

enum ward_rc
ward_entry_remove(int dir, const char *name, bool directory)
{
	return rc_of(unlinkat(dir, name, directory ? AT_REMOVEDIR : 0));
}

enum ward_rc
ward_entry_nameless(int dir, int *ret_fd)
{
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_entry_link(int fd, int dir, const char *name)
{
	char from[32];

	proc_name(fd, from);
	return rc_of(linkat(AT_FDCWD, from, dir, name, AT_SYMLINK_FOLLOW));
}

enum ward_rc
ward_entry_reopen_writing(int fd, int *ret_fd)
{
	char name[32];
	int again;

	proc_name(fd, name);
	again = open(name, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (again < 0)
		return ward_errno_rc(errno);
	*ret_fd = again;
	return WARD_OK;
}

enum ward_rc
ward_entry_sync(int fd)
{
	return fsync(fd) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_entry_list(int dir, ward_entry_visit visit, void *ctx)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);
	enum ward_rc rc = WARD_OK;

	if (!d) {
		rc = ward_errno_rc(errno);
		ward_fd_close(&own);
		return rc;
	}
	for (struct dirent *e; !rc && (errno = 0, e = readdir(d));) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = visit(ctx, e->d_name);
	}
	if (!rc && errno)
		rc = ward_errno_rc(errno);
	(void)closedir(d);
	return rc;
}

/* The kernel's structure with room behind it. */
struct handle_room {
	struct file_handle head;
	uint8_t bytes[WARD_ENTRY_HANDLE_MAX];
};

void
ward_entry_handle_of(int dir, struct ward_entry_handle *ret_handle)
{
	struct handle_room room = {.head = {.handle_bytes = WARD_ENTRY_HANDLE_MAX}};
	int mount_id;

	*ret_handle = (struct ward_entry_handle){0};
	if (name_to_handle_at(dir, "", &room.head, &mount_id, AT_EMPTY_PATH) != 0)
		return;
	ret_handle->type = (uint32_t)room.head.handle_type;
	ret_handle->len = room.head.handle_bytes;
	memcpy(ret_handle->bytes, room.bytes, ret_handle->len);
}

enum ward_rc
ward_entry_open_handle(int near, const struct ward_entry_handle *handle, int *ret_fd)
{
	struct handle_room room = {0};
	int fd;

	if (handle->len == 0 || handle->len > WARD_ENTRY_HANDLE_MAX)
		return WARD_E_UNSUPPORTED;
	room.head.handle_bytes = handle->len;
	room.head.handle_type = (int)handle->type;
	memcpy(room.bytes, handle->bytes, handle->len);
	fd = open_by_handle_at(near, &room.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/errno.h"

enum { READ_CHUNK = 64 * 1024 };

void
ward_fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static enum ward_fd_kind
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return WARD_FD_REGULAR;
	case S_IFDIR:
		return WARD_FD_DIRECTORY;
	case S_IFLNK:
		return WARD_FD_SYMLINK;
	case S_IFIFO:
		return WARD_FD_FIFO;
	case S_IFSOCK:
		return WARD_FD_SOCKET;
	case S_IFCHR:
	case S_IFBLK:
		return WARD_FD_DEVICE;
	default:
		return WARD_FD_OTHER;
	}
}

static int64_t
nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
convert(const struct stat *st, struct ward_fd_stat *ret_stat)
{
	*ret_stat = (struct ward_fd_stat){
		.kind = kind_of(st->st_mode),
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
		.links = st->st_nlink,
		.mtime = nanoseconds(st->st_mtim),
		.ctime = nanoseconds(st->st_ctim),
		.uid = st->st_uid,
		.mode = st->st_mode & 07777u,
	};
}

/* The system call itself: glibc's fstat is newfstatat, which a sandbox cannot allow without
   allowing paths as well. */
enum ward_rc
ward_fd_stat(int fd, struct ward_fd_stat *ret_stat)
{
	struct stat st;

	if (syscall(SYS_fstat, fd, &st) != 0)
		return ward_errno_rc(errno);
	convert(&st, ret_stat);
	return WARD_OK;
}

enum ward_rc
ward_fd_stat_at(int dir, const char *name, bool follow, struct ward_fd_stat *ret_stat)
{
	struct stat st;

	if (fstatat(dir < 0 ? AT_FDCWD : dir, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
		return ward_errno_rc(errno);
	convert(&st, ret_stat);
	return WARD_OK;
}

/* O_NOATIME is for the owner and root only: others get EPERM and read the ordinary way. */
static int
open_reading(int dir, const char *name, bool follow)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
	int fd = openat(dir, name, flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(dir, name, flags);
	return fd;
}

enum ward_rc
ward_fd_open_regular(int dir, const char *name, bool follow, int *ret_fd,
		     struct ward_fd_stat *ret_stat)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st = {0};
	enum ward_rc rc = ward_fd_stat_at(dir, name, follow, &st);

	if (rc != WARD_OK)
		return rc;
	if (st.kind != WARD_FD_REGULAR)
		return WARD_E_UNSUPPORTED;
	fd = open_reading(dir < 0 ? AT_FDCWD : dir, name, follow);
	if (fd < 0)
		return ward_errno_rc(errno);
	/* The name may have been given to something else in between. */
	rc = ward_fd_stat(fd, &st);
	if (rc != WARD_OK)
		return rc;
	if (st.kind != WARD_FD_REGULAR)
		return WARD_E_UNSUPPORTED;
	if (ret_stat)
		*ret_stat = st;
	*ret_fd = fd;
	fd = -1;
	return WARD_OK;
}

uint32_t
ward_fd_generation(int fd)
{
	long generation = 0; /* the kernel's name says long, it writes an int */

	return ioctl(fd, FS_IOC_GETVERSION, &generation) == 0 ? (uint32_t)generation : 0;
}

/* A read lease can only be had while nobody may write, and while it is held nobody comes to. */
bool
ward_fd_keep_writers_out(int fd)
{
	return fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

void
ward_fd_let_write(int fd)
{
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
}

bool
ward_fd_has_writer(int fd)
{
	if (!ward_fd_keep_writers_out(fd))
		return true;
	ward_fd_let_write(fd);
	return false;
}

void
ward_fd_name(int fd, char *ret_name, size_t room)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret_name, room - 1);
	ret_name[n > 0 ? n : 0] = 0;
}

enum ward_rc
ward_fd_copy(int fd, int *ret_fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		return ward_errno_rc(errno);
	*ret_fd = copy;
	return WARD_OK;
}

bool
ward_fd_mount(int fd, uint64_t *ret_mount)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) != 0 || !(st.stx_mask & STATX_MNT_ID))
		return false;
	*ret_mount = st.stx_mnt_id;
	return true;
}

bool
ward_fd_on_overlay(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) != 0 || st.f_type == OVERLAYFS_SUPER_MAGIC;
}

enum ward_rc
ward_fd_reread(int fd, struct ward_buf *into)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? ward_errno_rc(errno) : ward_fd_read_all(fd, into);
}

enum ward_rc
ward_fd_open_place(const char *path, int *ret_fd)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_pread(int fd, void *into, size_t len, uint64_t offset, size_t *ret_len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, (uint8_t *)into + have, len - have, (off_t)(offset + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ward_errno_rc(errno);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*ret_len = have;
	return WARD_OK;
}

void
ward_fd_read_ahead(int fd, uint64_t len)
{
	(void)posix_fadvise(fd, 0, (off_t)len, POSIX_FADV_WILLNEED);
}

enum ward_rc
ward_fd_read_all(int fd, struct ward_buf *into)
{
	for (;;) {
		uint8_t chunk[READ_CHUNK];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		enum ward_rc rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ward_errno_rc(errno);
		if (n == 0)
			return WARD_OK;
		rc = ward_buf_append(into, chunk, (size_t)n);
		if (rc != WARD_OK)
			return rc;
	}
}

enum ward_rc
ward_fd_write_all(int fd, struct ward_span bytes)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.data + done, bytes.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ward_errno_rc(errno);
		done += (size_t)n;
	}
	return WARD_OK;
}

enum ward_rc
ward_fd_pwrite_all(int fd, struct ward_span bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = pwrite(fd, bytes.data + done, bytes.len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ward_errno_rc(errno);
		done += (size_t)n;
	}
	return WARD_OK;
}

/* A rename is on the disk only once its directory is. */
static enum ward_rc
sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	WARD_AUTO(ward_fd_close) int fd = -1;
	char *dir;

	if (!slash)
		dir = strdup(".");
	else
		dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!dir)
		return WARD_E_NOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd < 0 || fsync(fd) != 0)
		return ward_errno_rc(errno);
	return WARD_OK;
}

static enum ward_rc
write_and_rename(int fd, const char *temporary, const char *path, struct ward_span bytes)
{
	enum ward_rc rc = ward_fd_write_all(fd, bytes);

	if (rc != WARD_OK)
		return rc;
	if (fsync(fd) != 0 || rename(temporary, path) != 0)
		return ward_errno_rc(errno);
	return sync_directory_of(path);
}

enum ward_rc
ward_fd_write_atomic(const char *path, struct ward_span bytes, uint32_t mode)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char *temporary = NULL;
	enum ward_rc rc;

	if (asprintf(&temporary, "%s.tmp-XXXXXX", path) < 0)
		return WARD_E_NOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		rc = ward_errno_rc(errno);
	} else {
		rc = fchmod(fd, mode) == 0 ? write_and_rename(fd, temporary, path, bytes)
					   : ward_errno_rc(errno);
		if (rc != WARD_OK)
			(void)unlink(temporary);
	}
	free(temporary);
	return rc;
}

enum ward_rc
ward_fd_open_directory(int dir, const char *name, int *ret_fd)
{
	int fd = openat(dir < 0 ? AT_FDCWD : dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_create(int dir, const char *name, uint32_t mode, int *ret_fd)
{
	int fd = openat(dir < 0 ? AT_FDCWD : dir, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return errno == EEXIST ? WARD_E_PERM : ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_open_once(int dir, const char *name, int *ret_fd)
{
	int fd = openat(dir < 0 ? AT_FDCWD : dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_open_update(int dir, const char *name, int *ret_fd)
{
	int fd = openat(dir < 0 ? AT_FDCWD : dir, name,
			O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return ward_errno_rc(errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return WARD_E_UNSUPPORTED;
	}
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_lock(int dir, const char *name, int *ret_fd)
{
	int fd = openat(dir < 0 ? AT_FDCWD : dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return ward_errno_rc(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return WARD_E_PERM;
	}
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_sync_directory(const char *path)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_directory(-1, path, &fd);

	if (rc)
		return rc;
	return fsync(fd) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_fd_temporary(const char *directory, int *ret_fd)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP ? ward_fd_memory("temporary", ret_fd)
					   : ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

/* MFD_NOEXEC_SEAL of linux/memfd.h (Linux 6.3), which the C library's headers may not know yet. With
   vm.memfd_noexec = 2 some kernels refuse whoever does not ask for it. */
enum { NOEXEC_SEAL = 0x8 };

enum ward_rc
ward_fd_memory(const char *name, int *ret_fd)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_fd = fd;
	return WARD_OK;
}

enum ward_rc
ward_fd_seal(int fd)
{
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	return fcntl(fd, F_ADD_SEALS, seals) == 0 ? WARD_OK : ward_errno_rc(errno);
}

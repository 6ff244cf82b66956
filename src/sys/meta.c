/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/errno.h"

enum { XATTR_MAX = 64 * 1024 };

static enum ward_fd_kind
kind_of(unsigned mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return WARD_FD_REGULAR;
	case S_IFDIR:
		return WARD_FD_DIRECTORY;
	case S_IFLNK:
		return WARD_FD_SYMLINK;
	default:
		return WARD_FD_OTHER;
	}
}

static int64_t
nanoseconds(struct statx_timestamp t)
{
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static enum ward_rc
get(int dir, const char *name, int flags, struct ward_meta *ret_meta)
{
	struct statx st;

	if (statx(dir, name, flags | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
		return ward_errno_rc(errno);
	*ret_meta = (struct ward_meta){
		.kind = kind_of(st.stx_mode),
		.device = makedev(st.stx_dev_major, st.stx_dev_minor),
		.inode = st.stx_ino,
		.size = st.stx_size,
		.links = st.stx_nlink,
		.uid = st.stx_uid,
		.gid = st.stx_gid,
		.mode = st.stx_mode & 07777u,
		.atime = nanoseconds(st.stx_atime),
		.mtime = nanoseconds(st.stx_mtime),
		.ctime = nanoseconds(st.stx_ctime),
		.btime = st.stx_mask & STATX_BTIME ? nanoseconds(st.stx_btime) : 0,
	};
	return WARD_OK;
}

enum ward_rc
ward_meta_get(int fd, struct ward_meta *ret_meta)
{
	struct ward_meta m = {0};
	enum ward_rc rc = get(fd, "", AT_EMPTY_PATH, &m);
	long value = 0;

	if (rc)
		return rc;
	/* The kernel writes an int, whatever the request's name says. */
	if (m.kind == WARD_FD_REGULAR && ioctl(fd, FS_IOC_GETVERSION, &value) == 0)
		m.generation = (uint32_t)value;
	value = 0;
	if (m.kind == WARD_FD_REGULAR && ioctl(fd, FS_IOC_GETFLAGS, &value) == 0)
		m.flags = (uint32_t)value;
	*ret_meta = m;
	return WARD_OK;
}

enum ward_rc
ward_meta_get_at(int dir, const char *name, struct ward_meta *ret_meta)
{
	return get(dir, name, AT_SYMLINK_NOFOLLOW, ret_meta);
}

bool
ward_meta_same(const struct ward_meta *a, const struct ward_meta *b)
{
	return a->device == b->device && a->inode == b->inode && a->kind == b->kind &&
	       (!a->generation || !b->generation || a->generation == b->generation);
}

/* --- extended attributes --- */

struct xattr_room {
	char names[XATTR_MAX + 1];
	char value[XATTR_MAX];
};

static enum ward_rc
visit_all(int fd, struct xattr_room *room, ward_meta_xattr visit, void *ctx)
{
	ssize_t all = flistxattr(fd, room->names, XATTR_MAX);

	if (all < 0)
		return errno == EOPNOTSUPP ? WARD_OK : ward_errno_rc(errno);
	room->names[all] = 0;
	for (char *name = room->names; name < room->names + all; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(fd, name, room->value, XATTR_MAX);
		enum ward_rc rc;

		if (n < 0 && errno == ENODATA)
			continue; /* removed meanwhile */
		if (n < 0)
			return ward_errno_rc(errno);
		rc = visit(ctx, name, ward_span_of(room->value, (size_t)n));
		if (rc)
			return rc;
	}
	return WARD_OK;
}

enum ward_rc
ward_meta_xattrs(int fd, ward_meta_xattr visit, void *ctx)
{
	struct xattr_room *room = malloc(sizeof(*room));
	enum ward_rc rc = room ? visit_all(fd, room, visit, ctx) : WARD_E_NOMEM;

	free(room);
	return rc;
}

enum ward_rc
ward_meta_xattr_set(int fd, const char *name, struct ward_span value)
{
	return fsetxattr(fd, name, value.data, value.len, 0) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_meta_xattr_remove(int fd, const char *name)
{
	if (fremovexattr(fd, name) == 0 || errno == ENODATA || errno == EOPNOTSUPP)
		return WARD_OK;
	return ward_errno_rc(errno);
}

/* --- putting back --- */

enum ward_rc
ward_meta_set_owner(int fd, uint32_t uid, uint32_t gid)
{
	return fchown(fd, uid, gid) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_meta_set_mode(int fd, uint32_t mode)
{
	return fchmod(fd, mode) == 0 ? WARD_OK : ward_errno_rc(errno);
}

/* Also before 1970, where seconds round down. */
static struct timespec
timespec_of(int64_t ns)
{
	int64_t rest = ns % 1000000000;

	if (rest < 0)
		rest += 1000000000;
	return (struct timespec){(ns - rest) / 1000000000, rest};
}

enum ward_rc
ward_meta_set_times(int fd, int64_t atime, int64_t mtime)
{
	struct timespec times[2] = {timespec_of(atime), timespec_of(mtime)};

	return futimens(fd, times) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_meta_set_flags(int fd, uint32_t flags)
{
	long value = (long)flags;

	return ioctl(fd, FS_IOC_SETFLAGS, &value) == 0 ? WARD_OK : ward_errno_rc(errno);
}

enum ward_rc
ward_meta_set_size(int fd, uint64_t size)
{
	return ftruncate(fd, (off_t)size) == 0 ? WARD_OK : ward_errno_rc(errno);
}

/* --- holes and space --- */

enum ward_rc
ward_meta_data(int fd, uint64_t from, uint64_t *ret_start, uint64_t *ret_end)
{
	off_t start = lseek(fd, (off_t)from, SEEK_DATA), end;

	if (start < 0 && errno == ENXIO)
		return WARD_E_NOENT;
	if (start < 0)
		return ward_errno_rc(errno);
	end = lseek(fd, start, SEEK_HOLE);
	if (end < 0)
		return ward_errno_rc(errno);
	*ret_start = (uint64_t)start;
	*ret_end = (uint64_t)end;
	return WARD_OK;
}

enum ward_rc
ward_meta_space(int fd, struct ward_meta_space *ret_space)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) != 0)
		return ward_errno_rc(errno);
	ret_space->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	ret_space->read_only = fs.f_flag & ST_RDONLY;
	return WARD_OK;
}

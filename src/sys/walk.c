/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { PATH_LIMIT = 1 << 20, DEPTH_LIMIT = 4096 };

/* One directory on the way down: its names, sorted, and how far we are. */
struct level {
	int fd;
	char **names;
	size_t count;
	size_t next;
	size_t path_len; /* of the directory's own path */
	dev_t dev;
};

struct walk {
	const struct ward_walk_options *options;
	ward_walk_visit visit;
	void *ctx;
	struct ward_buf path; /* NUL-terminated */
	struct level *levels;
	size_t depth;
	size_t room;
	bool stopped;
	bool behind; /* still on the way to where the walk goes on */
};

bool
ward_walk_is_excluded(const struct ward_walk_options *options, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash && slash[1] ? slash + 1 : path;

	for (size_t i = 0; i < options->exclude_count; i++) {
		const char *pattern = options->excludes[i];
		const char *subject = strchr(pattern, '/') ? path : name;

		if (fnmatch(pattern, subject, 0) == 0)
			return true;
	}
	return false;
}

static const char *
path_of(const struct walk *w)
{
	return (const char *)w->path.data;
}

/* ---- reporting ---- */

static void
tell(struct walk *w, int fd, const struct stat *st, enum ward_reason why, const char *detail)
{
	struct ward_walk_entry entry = {.path = path_of(w), .fd = fd, .why = why, .detail = detail};

	if (st)
		entry.st = *st;
	if (!w->visit(w->ctx, &entry))
		w->stopped = true;
}

static enum ward_reason
reason_of_errno(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return WARD_REASON_PERMISSION;
	case ENOENT:
	case ESTALE:
	case ENOTDIR:
		return WARD_REASON_VANISHED;
	case ENOMEM:
		return WARD_REASON_MEMORY;
	default:
		return WARD_REASON_IO;
	}
}

static void
tell_errno(struct walk *w, const struct stat *st, int err)
{
	/* strerrordesc_np: static text, no locale, no buffer. */
	const char *text = strerrordesc_np(err);

	tell(w, -1, st, reason_of_errno(err), text ? text : "unknown error");
}

static const char *
special_kind(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "FIFO";
	if (S_ISSOCK(mode))
		return "socket";
	if (S_ISCHR(mode))
		return "character device";
	if (S_ISBLK(mode))
		return "block device";
	return "special file";
}

static bool
is_kernel_fs(int fd)
{
	static const unsigned long magics[] = {
		PROC_SUPER_MAGIC,   SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC,	    TRACEFS_MAGIC, SECURITYFS_MAGIC,   BPF_FS_MAGIC,
		DEVPTS_SUPER_MAGIC, SELINUX_MAGIC, PSTOREFS_MAGIC,     EFIVARFS_MAGIC,
		BINFMTFS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((unsigned long)fs.f_type == magics[i])
			return true;
	return false;
}

/* ---- opening ---- */

/* O_NOATIME leaves no trace on the user's files, but only owners may use it. */
static int
open_entry(int dir, const char *name, int flags)
{
	int fd;

	flags |= O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	fd = openat(dir, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dir, name, flags);
	return fd;
}

/* Through the place that was looked at: what bears the name by now does not matter. -1 with errno. */
static int
open_guarded(int dir, const char *name)
{
	WARD_AUTO(ward_fd_close) int place = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[32];
	struct stat st;

	if (place < 0)
		return -1;
	if (fstat(place, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = ESTALE;
		return -1;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	return open_entry(AT_FDCWD, path, 0);
}

static void
visit_file(struct walk *w, int dir, const char *name, const struct stat *st, int flags)
{
	struct stat now;
	int fd;

	if (w->options->no_open) {
		tell(w, -1, st, WARD_REASON_NONE, NULL);
		return;
	}
	fd = w->options->guarded ? open_guarded(dir, name) : open_entry(dir, name, flags);
	if (fd < 0) {
		tell_errno(w, st, errno);
		return;
	}
	/* The name may have been replaced since it was looked at. */
	if (fstat(fd, &now) != 0 || !S_ISREG(now.st_mode)) {
		(void)close(fd);
		tell(w, -1, st, WARD_REASON_CHANGED, "replaced while it was opened");
		return;
	}
	if (is_kernel_fs(fd)) {
		(void)close(fd);
		tell(w, -1, st, WARD_REASON_SPECIAL, "kernel file system");
		return;
	}
	tell(w, fd, &now, WARD_REASON_NONE, NULL);
}

/* ---- levels ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
add_name(struct level *l, size_t *room, const char *name)
{
	if (l->count == *room) {
		size_t more = *room ? *room * 2 : 64;
		char **names = reallocarray(l->names, more, sizeof(*names));

		if (!names)
			return false;
		l->names = names;
		*room = more;
	}
	l->names[l->count] = strdup(name);
	return l->names[l->count] && ++l->count;
}

static bool
read_names(struct level *l)
{
	int copy = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	size_t room = 0;
	bool ok = true;

	if (!dir) {
		if (copy >= 0)
			(void)close(copy);
		return false;
	}
	while (ok && (errno = 0, entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			ok = add_name(l, &room, entry->d_name);
	ok = ok && errno == 0;
	(void)closedir(dir);
	if (l->count)
		qsort(l->names, l->count, sizeof(*l->names), compare_names);
	return ok;
}

static void
drop_level(struct level *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	(void)close(l->fd);
}

/* Where a directory's walk goes on: behind the name that `after` has there, or in it. */
static void
go_behind(struct walk *w, struct level *l)
{
	const char *after = w->options->after;
	size_t len = l->path_len;
	size_t end;
	int order = 1;

	w->behind = false;
	if (strncmp(after, path_of(w), len) != 0 || (after[len - 1] != '/' && after[len] != '/'))
		return;
	after += len + (after[len] == '/');
	end = strcspn(after, "/");
	for (; l->next < l->count; l->next++) {
		order = strncmp(l->names[l->next], after, end);
		if (order == 0 && l->names[l->next][end] != 0)
			order = 1;
		if (order >= 0)
			break;
	}
	if (l->next == l->count || order > 0)
		return;
	if (after[end] == 0)
		l->next++;
	else
		w->behind = true;
}

static enum ward_rc
push_level(struct walk *w, int fd, const struct stat *st)
{
	struct level l = {.fd = fd, .path_len = w->path.len - 1, .dev = st->st_dev};

	if (w->depth == w->room) {
		size_t more = w->room ? w->room * 2 : 32;
		struct level *levels = reallocarray(w->levels, more, sizeof(*levels));

		if (!levels) {
			(void)close(fd);
			return WARD_E_NOMEM;
		}
		w->levels = levels;
		w->room = more;
	}
	if (!read_names(&l))
		tell_errno(w, st, errno ? errno : EIO);
	if (w->behind)
		go_behind(w, &l);
	w->levels[w->depth++] = l;
	return WARD_OK;
}

static bool
may_cross(const struct walk *w, const struct stat *st)
{
	return w->options->cross_fs || w->depth == 0 || w->levels[w->depth - 1].dev == st->st_dev;
}

static enum ward_rc
enter_directory(struct walk *w, int dir, const char *name, const struct stat *st, int flags)
{
	int fd;

	if (!w->options->recursive) {
		tell(w, -1, st, WARD_REASON_SPECIAL, "directory, and not recursive");
		return WARD_OK;
	}
	if (!may_cross(w, st) || (w->options->skip && w->options->skip(w->ctx, path_of(w))))
		return WARD_OK;
	if (w->depth >= DEPTH_LIMIT) {
		tell(w, -1, st, WARD_REASON_DEPTH, "directories nested too deep");
		return WARD_OK;
	}
	fd = open_entry(dir, name, flags | O_DIRECTORY);
	if (fd < 0) {
		tell_errno(w, st, errno);
		return WARD_OK;
	}
	if (is_kernel_fs(fd)) {
		(void)close(fd);
		tell(w, -1, st, WARD_REASON_SPECIAL, "kernel file system");
		return WARD_OK;
	}
	return push_level(w, fd, st);
}

/* Without asking a file system that may not answer, nor mounting one. *ret_mounted: another one begins
 * there. */
static int
look_guarded(int dir, const char *name, struct stat *ret, bool *ret_mounted)
{
	struct statx x;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS, &x) != 0)
		return -1;
	*ret = (struct stat){
		.st_dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.st_ino = x.stx_ino,
		.st_mode = x.stx_mode,
		.st_nlink = x.stx_nlink,
		.st_uid = x.stx_uid,
		.st_gid = x.stx_gid,
		.st_size = (off_t)x.stx_size,
	};
	*ret_mounted = (x.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	return 0;
}

/* `follow`: the path was named by the user, so a link there means its target. */
static enum ward_rc
visit_name(struct walk *w, int dir, const char *name, bool follow)
{
	int flags = follow ? 0 : O_NOFOLLOW;
	bool mounted = false;
	struct stat st;
	int failed = w->options->guarded
			     ? look_guarded(dir, name, &st, &mounted)
			     : fstatat(dir, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW);

	if (failed) {
		tell_errno(w, NULL, errno);
		return WARD_OK;
	}
	if (mounted && w->depth > 0)
		return WARD_OK;
	if (S_ISLNK(st.st_mode))
		return WARD_OK;
	if (S_ISDIR(st.st_mode))
		return enter_directory(w, dir, name, &st, flags);
	if (S_ISREG(st.st_mode))
		visit_file(w, dir, name, &st, flags);
	else
		tell(w, -1, &st, WARD_REASON_SPECIAL, special_kind(st.st_mode));
	return WARD_OK;
}

static enum ward_rc
set_path(struct walk *w, size_t keep, const char *name)
{
	bool slash = keep > 0 && w->path.data[keep - 1] != '/';

	w->path.len = keep;
	if ((slash && ward_buf_byte(&w->path, '/') != WARD_OK) ||
	    ward_buf_append(&w->path, name, strlen(name) + 1) != WARD_OK)
		return WARD_E_LIMIT;
	return WARD_OK;
}

static enum ward_rc
step(struct walk *w)
{
	struct level *l = &w->levels[w->depth - 1];
	const char *name;

	if (l->next == l->count) {
		drop_level(l);
		w->depth--;
		return WARD_OK;
	}
	name = l->names[l->next++];
	if (set_path(w, l->path_len, name) != WARD_OK)
		return WARD_E_LIMIT;
	if (ward_walk_is_excluded(w->options, path_of(w)))
		return WARD_OK;
	return visit_name(w, l->fd, name, false);
}

/* The directory that the path's last name is in is opened without links. */
static enum ward_rc
begin_guarded(struct walk *w, const char *path)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	const char *slash = strrchr(path, '/');
	char parent[WARD_ENTRY_PATH_MAX];
	size_t len;
	enum ward_rc rc;

	if (!slash || strlen(path) >= sizeof(parent))
		return WARD_E_INVAL;
	if (slash[1] == 0)
		return visit_name(w, AT_FDCWD, path, false);
	len = slash > path ? (size_t)(slash - path) : 1;
	memcpy(parent, path, len);
	parent[len] = 0;
	rc = ward_entry_open_directory(-1, parent, &dir);
	if (rc == WARD_OK)
		return visit_name(w, dir, slash + 1, false);
	tell(w, -1, NULL, rc == WARD_E_PERM ? WARD_REASON_PERMISSION : WARD_REASON_VANISHED,
	     "its directory cannot be opened");
	return WARD_OK;
}

enum ward_rc
ward_walk(const char *path, const struct ward_walk_options *options, ward_walk_visit visit,
	  void *ctx)
{
	struct walk w = {.options = options, .visit = visit, .ctx = ctx};
	enum ward_rc rc;

	if (options->after && strcmp(options->after, path) == 0)
		return WARD_OK;
	w.behind = options->after != NULL;
	ward_buf_init(&w.path, PATH_LIMIT, NULL);
	rc = set_path(&w, 0, path);
	if (rc == WARD_OK)
		rc = options->guarded ? begin_guarded(&w, path)
				      : visit_name(&w, AT_FDCWD, path, true);
	while (rc == WARD_OK && !w.stopped && w.depth)
		rc = step(&w);
	while (w.depth)
		drop_level(&w.levels[--w.depth]);
	free(w.levels);
	ward_buf_done(&w.path);
	return rc == WARD_OK && w.stopped ? WARD_E_STOPPED : rc;
}

uint64_t
ward_walk_files(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) != 0 || fs.f_files <= fs.f_ffree)
		return 0;
	return (uint64_t)fs.f_files - (uint64_t)fs.f_ffree;
}

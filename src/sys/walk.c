/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"

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

static void
visit_file(struct walk *w, int dir, const char *name, const struct stat *st, int flags)
{
	struct stat now;
	int fd;

	if (w->options->no_open) {
		tell(w, -1, st, WARD_REASON_NONE, NULL);
		return;
	}
	fd = open_entry(dir, name, flags);
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
	if (!may_cross(w, st))
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

/* `follow`: the path was named by the user, so a link there means its target. */
static enum ward_rc
visit_name(struct walk *w, int dir, const char *name, bool follow)
{
	int flags = follow ? 0 : O_NOFOLLOW;
	struct stat st;

	if (fstatat(dir, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
		tell_errno(w, NULL, errno);
		return WARD_OK;
	}
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

enum ward_rc
ward_walk(const char *path, const struct ward_walk_options *options, ward_walk_visit visit,
	  void *ctx)
{
	struct walk w = {.options = options, .visit = visit, .ctx = ctx};
	enum ward_rc rc;

	ward_buf_init(&w.path, PATH_LIMIT, NULL);
	rc = set_path(&w, 0, path);
	if (rc == WARD_OK)
		rc = visit_name(&w, AT_FDCWD, path, true);
	while (rc == WARD_OK && !w.stopped && w.depth)
		rc = step(&w);
	while (w.depth)
		drop_level(&w.levels[--w.depth]);
	free(w.levels);
	ward_buf_done(&w.path);
	return rc == WARD_OK && w.stopped ? WARD_E_STOPPED : rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/node/node-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { POSITIONS = WARD_LOG_ENDS, KEEP = 2, LIST_MAX = 256, TRIES = 3, HALF = 24 };

/* --- directories --- */

/* Removes a directory of plain files (and of such directories, one level). */
static enum ward_rc
remove_tree(const char *path, unsigned depth)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	enum ward_rc rc = WARD_OK;

	if (!directory)
		return errno == ENOENT ? WARD_OK : WARD_E_IO;
	while (!rc && (entry = readdir(directory))) {
		ward_config_text below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(below))
			rc = WARD_E_LIMIT;
		else if (entry->d_type == DT_DIR && depth > 0)
			rc = remove_tree(below, depth - 1);
		else if (unlink(below) != 0)
			rc = WARD_E_IO;
	}
	(void)closedir(directory);
	if (!rc && rmdir(path) != 0)
		rc = WARD_E_IO;
	return rc;
}

static enum ward_rc
copy_file(int from_dir, int to_dir, const char *name)
{
	WARD_AUTO(ward_fd_close) int from = -1;
	WARD_AUTO(ward_fd_close) int to = -1;
	struct ward_fd_stat stat;
	off_t left;
	enum ward_rc rc = ward_fd_open_regular(from_dir, name, false, &from, &stat);

	if (rc)
		return rc;
	rc = ward_fd_create(to_dir, name, 0600, &to);
	left = (off_t)stat.size;
	while (!rc && left > 0) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);

		if (n <= 0)
			rc = WARD_E_IO;
		else
			left -= n;
	}
	if (!rc && fsync(to) != 0)
		rc = WARD_E_IO;
	return rc;
}

static enum ward_rc copy_directory(const char *from, const char *to, unsigned depth);

static enum ward_rc
copy_below(const char *from, const char *to, const char *name, unsigned depth)
{
	ward_config_text source, target;

	if (depth == 0 ||
	    snprintf(source, sizeof(source), "%s/%s", from, name) >= (int)sizeof(source) ||
	    snprintf(target, sizeof(target), "%s/%s", to, name) >= (int)sizeof(target))
		return WARD_E_LIMIT;
	return copy_directory(source, target, depth - 1);
}

/* Plain files, and directories of such. */
static enum ward_rc
copy_directory(const char *from, const char *to, unsigned depth)
{
	DIR *source = opendir(from);
	WARD_AUTO(ward_fd_close) int target = -1;
	struct dirent *entry;
	enum ward_rc rc = WARD_OK;

	if (!source)
		return WARD_E_IO;
	if (mkdir(to, 0700) != 0)
		rc = WARD_E_IO;
	if (!rc)
		rc = ward_fd_open_directory(-1, to, &target);
	while (!rc && (entry = readdir(source)))
		if (entry->d_type == DT_REG)
			rc = copy_file(dirfd(source), target, entry->d_name);
		else if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			rc = copy_below(from, to, entry->d_name, depth);
	if (!rc && fsync(target) != 0)
		rc = WARD_E_IO;
	(void)closedir(source);
	return rc;
}

/* --- which snapshots there are --- */

struct listing {
	char names[LIST_MAX][32]; /* sorted, oldest first: times of one length */
	size_t count;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum ward_rc
list_snapshots(const char *path, struct listing *ret)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	ret->count = 0;
	if (!directory)
		return errno == ENOENT ? WARD_OK : WARD_E_IO;
	while (ret->count < LIST_MAX && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) == 16)
			(void)snprintf(ret->names[ret->count++], 32, "%.16s", entry->d_name);
	(void)closedir(directory);
	qsort(ret->names, ret->count, sizeof(ret->names[0]), by_name);
	return WARD_OK;
}

uint64_t
ward_node_snapshot_time(const struct ward_config *config)
{
	struct listing list;
	ward_config_text path;

	if (!ward_config_path(config, config->log.snapshots, path) || list_snapshots(path, &list) ||
	    list.count == 0)
		return 0;
	return strtoull(list.names[list.count - 1], NULL, 10);
}

/* --- opening --- */

/* Can the log still bring these views up to date? WARD_E_FORMAT: it is shorter than what they say was
 * applied. */
static enum ward_rc
reachable(struct ward_log *log, struct ward_views *views, bool *ret_reachable)
{
	struct ward_log_position positions[POSITIONS];
	size_t count;
	enum ward_rc rc = ward_views_positions(views, positions, POSITIONS, &count);

	*ret_reachable = true;
	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++) {
		enum ward_log_channel channel = (enum ward_log_channel)c;

		for (uint32_t p = 0; p < ward_log_partitions(log, channel) && !rc; p++) {
			uint64_t first, next, at = 0;

			rc = ward_log_bounds(log, channel, p, &first, &next);
			for (size_t i = 0; i < count; i++)
				if (positions[i].channel == channel && positions[i].partition == p)
					at = positions[i].offset;
			if (!rc && at < first)
				*ret_reachable = false;
			else if (!rc && at > next)
				rc = WARD_E_FORMAT;
		}
	}
	return rc;
}

static enum ward_rc
open_views(const struct ward_config *c, const char *name, struct ward_views **ret,
	   struct ward_buf *why)
{
	ward_config_text path;
	char detail[512] = "";
	struct ward_views_options options = {
		.directory = path,
		.cache_bytes = c->views.cache_bytes,
		.overlay_max = c->views.overlay_max,
	};

	if (!ward_config_path(c, name, path))
		return WARD_E_LIMIT;
	return ward_node_why(why, ward_views_open(&options, ret, detail), path, detail);
}

enum ward_rc
ward_node_remove_views(const struct ward_config *config, const char *name, struct ward_buf *why)
{
	ward_config_text path;

	if (!ward_config_path(config, name, path))
		return WARD_E_LIMIT;
	return ward_node_why(why, remove_tree(path, 1), path, "");
}

enum ward_rc
ward_node_swap_views(const struct ward_config *config, const char *from, const char *to,
		     struct ward_buf *why)
{
	ward_config_text source, target;
	enum ward_rc rc = ward_node_remove_views(config, to, why);

	if (rc)
		return rc;
	if (!ward_config_path(config, from, source) || !ward_config_path(config, to, target))
		return WARD_E_LIMIT;
	rc = rename(source, target) == 0 ? ward_fd_sync_directory(config->service.directory)
					 : WARD_E_IO;
	return ward_node_why(why, rc, target, "");
}

/* A copy of the newest snapshot in views.half. Another node that shares the directory may remove it
 * under our hands, as the oldest of three: then there is a newer one. */
static enum ward_rc
copy_newest(const char *path, const char *half, struct ward_buf *why)
{
	ward_config_text from;
	struct listing list;
	enum ward_rc rc = WARD_OK;

	for (int i = 0; i < TRIES; i++) {
		rc = list_snapshots(path, &list);
		if (!rc && list.count == 0)
			return ward_node_why(
				why, WARD_E_NOENT, path,
				"the log begins after what is applied, and there is no snapshot");
		if (rc || snprintf(from, sizeof(from), "%s/%s", path, list.names[list.count - 1]) >=
				  (int)sizeof(from))
			return rc ? rc : WARD_E_LIMIT;
		rc = remove_tree(half, 1);
		if (!rc)
			rc = copy_directory(from, half, 1);
		if (!rc)
			return rc;
	}
	return ward_node_why(why, rc, from, "restoring");
}

/* Puts a copy of the newest snapshot in the views' place. */
static enum ward_rc
restore(const struct ward_config *c, const char *name, struct ward_buf *why)
{
	ward_config_text path, half;
	enum ward_rc rc;

	if (!ward_config_path(c, c->log.snapshots, path) ||
	    !ward_config_path(c, "views.half", half))
		return WARD_E_LIMIT;
	rc = copy_newest(path, half, why);
	return rc ? rc : ward_node_swap_views(c, "views.half", name, why);
}

enum ward_rc
ward_node_open_views(const struct ward_config *config, struct ward_log *log, const char *name,
		     struct ward_views **ret, struct ward_buf *why)
{
	struct ward_views *views = NULL;
	enum ward_rc rc = open_views(config, name, &views, why);
	bool good;

	if (rc)
		return rc;
	rc = ward_node_why(why, reachable(log, views, &good), name,
			   "the log ends before what was applied: it lost records (an unclean "
			   "leader election?), or the directory is another service's; wardcloud "
			   "replay builds the views from what the log has");
	if (!rc && !good) {
		views = ward_views_close(views);
		rc = restore(config, name, why);
		if (!rc)
			rc = open_views(config, name, &views, why);
	}
	if (rc)
		ward_views_close(views);
	else
		*ret = views;
	return rc;
}

/* --- making one --- */

/* On Kafka other nodes read the same log, and one that is behind must find the snapshot that covers
 * what was let go: in a directory that they share. */
static bool
may_let_go(const struct ward_config *c)
{
	return c->log.let_go &&
	       (strcmp(c->log.backend, "kafka") != 0 || c->log.snapshots[0] == '/');
}

/* `positions` were taken before the snapshot began, so it covers them. Updates stay: endpoints that
 * were away ask for them. */
static enum ward_rc
let_go(struct ward_log *log, const struct ward_log_position *positions, size_t count)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++)
		if (positions[i].channel != WARD_LOG_UPDATES)
			rc = ward_log_truncate(log, &positions[i]);
	return rc;
}

static enum ward_rc
remove_old(const char *path)
{
	struct listing list;
	enum ward_rc rc = list_snapshots(path, &list);

	for (size_t i = 0; i + KEEP < list.count && !rc; i++) {
		ward_config_text old;

		if (snprintf(old, sizeof(old), "%s/%s", path, list.names[i]) >= (int)sizeof(old))
			return WARD_E_LIMIT;
		rc = remove_tree(old, 1);
	}
	return rc;
}

static enum ward_rc
write_snapshot(struct ward_views *views, const char *half, const char *whole)
{
	enum ward_rc rc = remove_tree(half, 1);

	if (!rc)
		rc = ward_views_snapshot(views, half);
	if (!rc && rename(half, whole) != 0)
		rc = WARD_E_IO;
	return rc;
}

/* Of this node alone, and the same after a crash, which leaves half a snapshot to remove: FNV-1a
 * (64 bits) of host and directory. */
static void
half_name(const struct ward_config *c, char ret[HALF])
{
	char host[256] = "";
	uint64_t hash = UINT64_C(14695981039346656037);

	(void)gethostname(host, sizeof(host) - 1);
	for (const char *at = host; *at; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	for (const char *at = c->service.directory; *at; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	(void)snprintf(ret, HALF, ".half-%016llx", (unsigned long long)hash);
}

enum ward_rc
ward_node_snapshot(struct ward_node *node, struct ward_buf *why)
{
	struct ward_log_position covered[POSITIONS];
	ward_config_text path, half, whole;
	char name[HALF];
	size_t count;
	enum ward_rc rc;

	half_name(&node->config, name);
	if (!ward_config_path(&node->config, node->config.log.snapshots, path) ||
	    snprintf(half, sizeof(half), "%s/%s", path, name) >= (int)sizeof(half) ||
	    snprintf(whole, sizeof(whole), "%s/%016llu", path,
		     (unsigned long long)(ward_clock_wall() / 1000)) >= (int)sizeof(whole))
		return WARD_E_LIMIT;
	rc = ward_views_positions(node->views, covered, POSITIONS, &count);
	if (!rc)
		rc = write_snapshot(node->views, half, whole);
	if (!rc)
		rc = ward_fd_sync_directory(path);
	if (!rc && may_let_go(&node->config))
		rc = let_go(node->log, covered, count);
	if (!rc)
		rc = remove_old(path);
	return ward_node_why(why, rc, whole, "snapshot");
}

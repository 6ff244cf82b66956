/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/running.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/process.h"

static bool
kill_if_runs(uint64_t pid, const struct stat *file)
{
	WARD_AUTO(ward_fd_close) int pidfd = -1;
	struct stat exe;
	char path[64];

	if (pid == 0 || pid > INT32_MAX || (pid_t)pid == getpid() ||
	    ward_process_pidfd((pid_t)pid, &pidfd) != WARD_OK)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%llu/exe", (unsigned long long)pid);
	if (stat(path, &exe) != 0 || exe.st_dev != file->st_dev || exe.st_ino != file->st_ino)
		return false;
	ward_process_kill(pidfd);
	return true;
}

size_t
ward_running_kill(int fd)
{
	struct stat file;
	size_t killed = 0;
	uint64_t pid;
	DIR *proc;

	if (fstat(fd, &file) != 0)
		return 0;
	proc = opendir("/proc");
	for (struct dirent *e; proc && (e = readdir(proc));)
		if (ward_text_u64(ward_span_str(e->d_name), &pid))
			killed += kill_if_runs(pid, &file);
	if (proc)
		(void)closedir(proc);
	return killed;
}

/* --- what runs --- */

enum { MAPS_MAX = 16 << 20, SEEN_MAX = 1 << 20, SEEN_FIRST = 1 << 10 };

struct seen {
	uint64_t device, inode; /* inode 0: free */
};

struct gathering {
	const struct ward_running_visitor *v;
	struct seen *seen; /* open addressing; at most half full */
	size_t room, count;
	enum ward_rc rc;
};

static struct seen *
place_of(struct seen *table, size_t room, uint64_t device, uint64_t inode)
{
	size_t at = (size_t)((inode * 0x9e3779b97f4a7c15u ^ device) >> 7) & (room - 1);

	while (table[at].inode && (table[at].inode != inode || table[at].device != device))
		at = (at + 1) & (room - 1);
	return &table[at];
}

static bool
grow(struct gathering *g)
{
	size_t room = g->room ? g->room * 2 : SEEN_FIRST;
	struct seen *table = room <= SEEN_MAX ? calloc(room, sizeof(*table)) : NULL;

	if (!table)
		return false;
	for (size_t i = 0; i < g->room; i++)
		if (g->seen[i].inode)
			*place_of(table, room, g->seen[i].device, g->seen[i].inode) = g->seen[i];
	free(g->seen);
	g->seen = table;
	g->room = room;
	return true;
}

/* False: it has been there already. Without memory for more, files come more than once. */
static bool
is_new(struct gathering *g, uint64_t device, uint64_t inode)
{
	struct seen *place;

	if (g->count * 2 >= g->room && !grow(g) && g->count + 1 >= g->room)
		return true;
	place = place_of(g->seen, g->room, device, inode);
	if (place->inode)
		return false;
	*place = (struct seen){device, inode};
	g->count++;
	return true;
}

/* `link` is one of /proc's own: nobody can make it lead elsewhere. It may lead to anything, so what it is
 * comes first. */
static void
consider(struct gathering *g, const char *link)
{
	struct statx x;
	uint64_t device;
	int fd = -1;

	if (g->rc != WARD_OK ||
	    statx(AT_FDCWD, link, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &x) !=
		    0 ||
	    !S_ISREG(x.stx_mode) || x.stx_ino == 0)
		return;
	device = makedev(x.stx_dev_major, x.stx_dev_minor);
	if (!g->v->wanted(g->v->ctx, device) || !is_new(g, device, x.stx_ino) ||
	    ward_fd_open_regular(-1, link, true, &fd, NULL) != WARD_OK)
		return;
	if (!g->v->visit(g->v->ctx, fd))
		g->rc = WARD_E_STOPPED;
}

/* start-end perms offset major:minor inode … */
static bool
is_code(struct ward_span line, struct ward_span *ret_range)
{
	struct ward_span perms, part;
	uint64_t inode;

	if (!ward_text_split(&line, ' ', ret_range) || ret_range->len >= WARD_RUNNING_RANGE ||
	    !ward_text_split(&line, ' ', &perms) || perms.len < 3 || perms.data[2] != 'x' ||
	    !ward_text_split(&line, ' ', &part) || !ward_text_split(&line, ' ', &part) ||
	    !ward_text_split(&line, ' ', &part) || !ward_text_u64(part, &inode))
		return false;
	for (size_t i = 0; i < ret_range->len; i++)
		if (ward_text_hex_value(ret_range->data[i]) < 0 && ret_range->data[i] != '-')
			return false;
	return ret_range->len > 0 && inode != 0;
}

bool
ward_running_next(struct ward_span *rest, char ret_range[WARD_RUNNING_RANGE])
{
	struct ward_span line, range = {NULL, 0};

	while (ward_text_split(rest, '\n', &line)) {
		if (!is_code(line, &range))
			continue;
		memcpy(ret_range, range.data, range.len);
		ret_range[range.len] = 0;
		return true;
	}
	return false;
}

static void
consider_process(struct gathering *g, unsigned long long pid)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_buf_done) struct ward_buf maps = {0};
	char path[64 + WARD_RUNNING_RANGE], range[WARD_RUNNING_RANGE];
	struct ward_span rest;

	(void)snprintf(path, sizeof(path), "/proc/%llu/exe", pid);
	consider(g, path);
	(void)snprintf(path, sizeof(path), "/proc/%llu/maps", pid);
	ward_buf_init(&maps, MAPS_MAX, NULL);
	if (ward_fd_open_regular(-1, path, false, &fd, NULL) != WARD_OK)
		return;
	/* What came until a failure is as good. */
	(void)!ward_fd_read_all(fd, &maps);
	for (rest = ward_buf_span(&maps); ward_running_next(&rest, range);) {
		(void)snprintf(path, sizeof(path), "/proc/%llu/map_files/%s", pid, range);
		consider(g, path);
	}
}

enum ward_rc
ward_running_files(const struct ward_running_visitor *v)
{
	struct gathering g = {.v = v};
	DIR *proc = opendir("/proc");
	uint64_t pid;

	if (!proc)
		return WARD_E_PERM;
	if (!grow(&g))
		g.rc = WARD_E_NOMEM;
	for (struct dirent *e; g.rc == WARD_OK && (e = readdir(proc));)
		if (ward_text_u64(ward_span_str(e->d_name), &pid))
			consider_process(&g, pid);
	(void)closedir(proc);
	free(g.seen);
	return g.rc;
}

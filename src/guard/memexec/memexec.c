/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/memexec/memexec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "guard/origin/proc.h"
#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/fd.h"

/* Of /proc, for all architectures: USER_HZ (include/asm-generic/param.h). */
enum { TICKS = 100, NS = 1000 * 1000 * 1000 };
enum { REMEMBERED = 1024, PATH_ROOM = 4096, OTHERS_WRITE = 022 };

#define MEMFD	"/memfd:"
#define DELETED " (deleted)"

/* What was reported: a number and its start name a process for ever, its program by inode. */
struct reported {
	int32_t pid;
	uint64_t start, device, inode;
};

struct ward_memexec {
	struct ward_memexec_stats stats;
	struct reported reported[REMEMBERED]; /* a ring */
	size_t next;
	/* of a round */
	int proc;
	ward_memexec_visit visit;
	void *ctx;
};

struct ward_memexec *
ward_memexec_new(void)
{
	return calloc(1, sizeof(struct ward_memexec));
}

struct ward_memexec *
ward_memexec_free(struct ward_memexec *m)
{
	free(m);
	return NULL;
}

static bool
is_new(struct ward_memexec *m, const struct reported *r)
{
	for (size_t i = 0; i < REMEMBERED; i++) {
		const struct reported *old = &m->reported[i];

		if (old->pid == r->pid && old->start == r->start && old->inode == r->inode &&
		    old->device == r->device)
			return false;
	}
	m->reported[m->next++ % REMEMBERED] = *r;
	return true;
}

/* Cuts the kernel's note off; false: there is none, the program has a name. */
static bool
cut_deleted(char *name)
{
	size_t len = strlen(name), end = sizeof(DELETED) - 1;

	if (len <= end || strcmp(name + len - end, DELETED) != 0)
		return false;
	name[len - end] = 0;
	return true;
}

static bool
only_roots(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & OTHERS_WRITE);
}

/* Nobody but root can have put it there: file and directory are his. */
static bool
was_updated(const char *path)
{
	char directory[PATH_ROOM];
	struct stat st;
	char *slash;

	if (path[0] != '/' || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || !only_roots(&st))
		return false;
	(void)snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	slash[slash == directory] = 0;
	return lstat(directory, &st) == 0 && S_ISDIR(st.st_mode) && only_roots(&st);
}

static void
count(struct ward_memexec *m, const struct ward_memexec_found *found)
{
	m->stats.memory += found->kind == WARD_MEMEXEC_MEMORY;
	m->stats.deleted += found->kind == WARD_MEMEXEC_DELETED;
	m->stats.pseudo += found->kind == WARD_MEMEXEC_PSEUDO;
	m->stats.stopped += found->done != WARD_MEMEXEC_RUNS;
}

static void
report(struct ward_memexec *m, int pid, const struct stat *program, enum ward_memexec_kind kind,
       const char *name)
{
	struct ward_memexec_found found = {.kind = kind, .pid = pid};
	struct ward_proc_stat stat;
	struct reported r = {.pid = pid, .device = program->st_dev, .inode = program->st_ino};
	char number[16];
	struct stat st;

	(void)snprintf(number, sizeof(number), "%d", pid);
	if (ward_proc_stat(pid, &stat) != WARD_OK || fstatat(m->proc, number, &st, 0) != 0)
		return;
	r.start = found.start = stat.start;
	if (!is_new(m, &r))
		return;
	found.parent = stat.parent;
	found.uid = st.st_uid;
	(void)snprintf(found.name, sizeof(found.name), "%s", name);
	count(m, &found);
	m->visit(m->ctx, &found);
}

/*
 * The note alone does not tell: a name may end so. A file without links has been removed. A memfd has
 * a name that starts with a slash as if it lay in the root; what really lies there is no shmem without
 * links.
 */
static void
look_at(struct ward_memexec *m, int pid)
{
	char link[32], name[PATH_ROOM];
	struct stat program;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "%d/exe", pid);
	n = readlinkat(m->proc, link, name, sizeof(name) - 1);
	if (n <= 0)
		return;
	name[n] = 0;
	if (!cut_deleted(name) || fstatat(m->proc, link, &program, 0) != 0 || program.st_nlink > 0)
		return;
	if (strncmp(name, MEMFD, sizeof(MEMFD) - 1) == 0)
		report(m, pid, &program, WARD_MEMEXEC_MEMORY, name + sizeof(MEMFD) - 1);
	else if (was_updated(name))
		m->stats.replaced++;
	else
		report(m, pid, &program, WARD_MEMEXEC_DELETED, name);
}

static enum ward_rc
on_entry(void *ctx, const char *name)
{
	struct ward_memexec *m = ctx;
	uint64_t pid;

	if (!ward_text_u64(ward_span_str(name), &pid) || pid == 0 || pid > INT32_MAX)
		return WARD_OK;
	m->stats.processes++;
	look_at(m, (int)pid);
	return WARD_OK;
}

enum ward_rc
ward_memexec_look(struct ward_memexec *m, ward_memexec_visit visit, void *ctx)
{
	WARD_AUTO(ward_fd_close) int proc = -1;
	uint64_t began = ward_clock_monotonic();
	enum ward_rc rc = ward_fd_open_directory(-1, "/proc", &proc);

	if (rc != WARD_OK)
		return rc;
	m->proc = proc;
	m->visit = visit;
	m->ctx = ctx;
	m->stats.processes = 0;
	m->stats.replaced = 0;
	rc = ward_entry_list(proc, on_entry, m);
	m->stats.rounds++;
	m->stats.usec = ward_clock_monotonic() - began;
	return rc;
}

/* --- what the program in the kernel saw --- */

/* The whole path, while the process is there and runs that file. */
static void
name_whole(const struct reported *r, struct ward_memexec_found *found)
{
	char link[32], name[PATH_ROOM];
	struct stat program;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", r->pid);
	n = readlink(link, name, sizeof(name) - 1);
	if (n <= 0 || stat(link, &program) != 0 || program.st_ino != r->inode ||
	    program.st_dev != r->device)
		return;
	name[n] = 0;
	(void)cut_deleted(name);
	(void)snprintf(found->name, sizeof(found->name), "%.*s", WARD_MEMEXEC_NAME - 1, name);
}

static void
name_heard(const struct ward_bpf_record *record, const struct reported *r,
	   struct ward_memexec_found *found)
{
	const char *memfd = &MEMFD[1]; /* a name has no slash */
	size_t skip = strncmp(record->name, memfd, strlen(memfd)) == 0 ? strlen(memfd) : 0;

	(void)snprintf(found->name, sizeof(found->name), "%s", record->name + skip);
	if (record->kind != WARD_BPF_MEMORY)
		name_whole(r, found);
}

void
ward_memexec_hear(struct ward_memexec *m, const struct ward_bpf_record *record,
		  ward_memexec_visit visit, void *ctx)
{
	struct ward_memexec_found found = {
		.kind = record->kind == WARD_BPF_MEMORY	   ? WARD_MEMEXEC_MEMORY
			: record->kind == WARD_BPF_DELETED ? WARD_MEMEXEC_DELETED
							   : WARD_MEMEXEC_PSEUDO,
		.done = record->done == WARD_BPF_REFUSED  ? WARD_MEMEXEC_REFUSED
			: record->done == WARD_BPF_KILLED ? WARD_MEMEXEC_KILLED
							  : WARD_MEMEXEC_RUNS,
		.witnessed = true,
		.pid = record->pid,
		.parent = record->parent,
		.uid = record->uid,
		.start = record->start_ns / (NS / TICKS),
	};
	/* The kernel's own dev_t has 20 bits of minor (include/linux/kdev_t.h). */
	const struct reported r = {
		.pid = record->pid,
		.start = found.start,
		.device = makedev(record->device >> 20, record->device & 0xfffff),
		.inode = record->inode,
	};

	if (found.kind == WARD_MEMEXEC_DELETED && record->roots && record->done == WARD_BPF_SEEN)
		return;
	if (!is_new(m, &r))
		return;
	name_heard(record, &r, &found);
	(void)snprintf(found.comm, sizeof(found.comm), "%s", record->comm);
	(void)snprintf(found.type, sizeof(found.type), "%s", record->type);
	count(m, &found);
	visit(ctx, &found);
}

void
ward_memexec_stats(const struct ward_memexec *m, struct ward_memexec_stats *ret_stats)
{
	*ret_stats = m->stats;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/mapping.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/walk.h"

/* One file to compile: opened before privileges are dropped. */
struct source {
	char *path;
	int fd;
};

struct sources {
	const struct ward_compiler *job;
	struct source *items;
	size_t count;
	size_t room;
	bool only_known; /* inside a directory: files with other extensions are not meant */
	bool failed;
};

/* ---- finding and opening, with the caller's rights ---- */

static void
complain(const struct sources *s, const char *path, const char *what)
{
	if (s->job->complain)
		s->job->complain(s->job->ctx, path, what);
}

/* Takes the descriptor when it is true. */
static bool
keep(struct sources *s, const char *path, int fd)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct source *items = reallocarray(s->items, room, sizeof(*items));

		if (!items)
			return false;
		s->items = items;
		s->room = room;
	}
	s->items[s->count].path = strdup(path);
	s->items[s->count].fd = fd;
	return s->items[s->count].path && ++s->count;
}

static bool
is_known(const char *path)
{
	return ward_intel_kind_of(path, ward_span_of(NULL, 0)) != WARD_INTEL_UNKNOWN;
}

static bool
visit(void *ctx, const struct ward_walk_entry *entry)
{
	struct sources *s = ctx;

	if (entry->fd < 0) {
		complain(s, entry->path, entry->detail);
		s->failed = true;
		return true;
	}
	if ((s->only_known && !is_known(entry->path)) || !keep(s, entry->path, entry->fd))
		(void)close(entry->fd);
	return true;
}

static bool
is_directory(const char *path)
{
	struct ward_fd_stat st;

	return ward_fd_stat_at(-1, path, true, &st) == WARD_OK && st.kind == WARD_FD_DIRECTORY;
}

static bool
add_extra(struct sources *s)
{
	int fd = -1;

	if (!s->job->extra)
		return true;
	if (ward_fd_copy(s->job->extra_fd, &fd) != WARD_OK)
		return false;
	if (keep(s, s->job->extra, fd))
		return true;
	ward_fd_close(&fd);
	return false;
}

static bool
find_sources(struct sources *s)
{
	const struct ward_walk_options options = {.recursive = true};

	for (size_t i = 0; i < s->job->count; i++) {
		const char *path = s->job->paths[i];

		s->only_known = is_directory(path);
		if (ward_walk(path, &options, visit, s) != WARD_OK)
			return false;
	}
	return add_extra(s) && s->count > 0 && !s->failed;
}

static void
drop_sources(struct sources *s)
{
	while (s->count) {
		free(s->items[--s->count].path);
		ward_fd_close(&s->items[s->count].fd);
	}
	free(s->items);
}

/* ---- compiling, in the child ---- */

static enum ward_rc
read_source(void *ctx, const char *path, struct ward_span *ret)
{
	const struct sources *s = ctx;
	struct ward_mapping mapping;
	enum ward_rc rc;
	int fd = -1;

	for (size_t i = 0; i < s->count && fd < 0; i++)
		if (strcmp(s->items[i].path, path) == 0)
			fd = fcntl(s->items[i].fd, F_DUPFD_CLOEXEC, 3);
	rc = fd >= 0 ? WARD_OK : ward_fd_open_regular(-1, path, true, &fd, NULL);
	if (rc == WARD_OK) {
		rc = ward_mapping_open(fd, &mapping);
		ward_fd_close(&fd);
	}
	if (rc == WARD_OK)
		*ret = mapping.bytes;
	else
		complain(s, path, ward_rc_str(rc));
	return rc;
}

static void
release_source(void *ctx, struct ward_span bytes)
{
	struct ward_mapping mapping = {bytes};

	(void)ctx;
	ward_mapping_done(&mapping);
}

static enum ward_rc
write_pack(void *ctx, struct ward_span bytes)
{
	return ward_fd_write_all(*(const int *)ctx, bytes);
}

static enum ward_rc
compile_sources(struct sources *s, int out, struct ward_intel_result *result)
{
	const struct ward_compiler *c = s->job;
	const struct ward_intel_files files = {read_source, release_source, s};
	const char **paths = calloc(s->count, sizeof(*paths));
	struct ward_intel_job intel = {.paths = paths,
				       .count = s->count,
				       .files = &files,
				       .created = c->created,
				       .edition = c->edition,
				       .notice = c->notice,
				       .notice_ctx = c->ctx,
				       .lenient = c->lenient};
	char now[32] = "";
	time_t t = time(NULL);
	struct tm tm;
	enum ward_rc rc;

	if (!paths)
		return WARD_E_NOMEM;
	if (!c->created && gmtime_r(&t, &tm) && strftime(now, sizeof(now), "%FT%TZ", &tm))
		intel.created = now;
	for (size_t i = 0; i < s->count; i++)
		paths[i] = s->items[i].path;
	rc = ward_intel_compile(&intel, write_pack, &out, result);
	free(paths);
	return rc;
}

static void __attribute__((noreturn)) run_child(struct sources *s, int out, int channel)
{
	struct ward_intel_result result = {0};
	enum ward_rc rc = ward_sandbox_drop(NULL);

	if (rc == WARD_OK)
		rc = compile_sources(s, out, &result);
	if (rc == WARD_OK)
		rc = ward_ipc_send(channel, ward_span_of(&result, sizeof(result)), NULL, 0, true);
	(void)fflush(stdout);
	ward_process_quit(-(int)rc);
}

static enum ward_rc
wait_child(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return WARD_E_GONE;
	if (!WIFEXITED(status))
		return WARD_E_GONE;
	return (enum ward_rc) - WEXITSTATUS(status);
}

static enum ward_rc
take_result(int channel, struct ward_intel_result *ret)
{
	static uint8_t message[WARD_IPC_MESSAGE_MAX];
	struct ward_ipc_message m;
	enum ward_rc rc = ward_ipc_recv(channel, message, &m, false);

	if (rc != WARD_OK)
		return WARD_E_GONE;
	ward_ipc_message_close(&m);
	if (m.len != sizeof(*ret))
		return WARD_E_GONE;
	memcpy(ret, message, sizeof(*ret));
	return WARD_OK;
}

static enum ward_rc
compile(struct sources *s, int out, struct ward_intel_result *ret)
{
	int channel[2] = {-1, -1};
	pid_t child = -1;
	enum ward_rc rc = ward_ipc_pair(channel);

	if (rc == WARD_OK)
		rc = ward_process_fork(&child);
	if (rc == WARD_OK && child == 0)
		run_child(s, out, channel[1]);
	ward_fd_close(&channel[1]);
	if (rc == WARD_OK)
		rc = wait_child(child);
	if (rc == WARD_OK)
		rc = take_result(channel[0], ret);
	ward_fd_close(&channel[0]);
	return rc == WARD_OK ? ward_fd_seal(out) : rc;
}

enum ward_rc
ward_compiler_run(const struct ward_compiler *job, int *ret_fd,
		  struct ward_intel_result *ret_result)
{
	struct sources s = {.job = job};
	enum ward_rc rc = WARD_E_NOENT;
	int fd = -1;

	if (find_sources(&s)) {
		rc = ward_fd_memory("ward-pack", &fd);
		if (rc == WARD_OK)
			rc = compile(&s, fd, ret_result);
		/* Of a file that was included: it has been told. */
		if (rc == WARD_E_NOENT)
			rc = WARD_E_FORMAT;
	} else if (s.failed || s.count > 0) {
		rc = WARD_E_IO;
	}
	drop_sources(&s);
	if (rc == WARD_OK)
		*ret_fd = fd;
	else
		ward_fd_close(&fd);
	return rc;
}

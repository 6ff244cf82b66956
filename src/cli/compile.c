/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/human.h"
#include "intel/compile.h"
#include "sys/fd.h"
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
	struct source *items;
	size_t count;
	size_t room;
	bool only_known; /* inside a directory: files with other extensions are not meant */
	bool failed;
};

/* ---- finding and opening, with the caller's rights ---- */

static void
complain(const char *path, const char *what)
{
	(void)fputs("ward: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", what);
}

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
		complain(entry->path, entry->detail);
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
find_sources(struct sources *s, const struct ward_strings *paths)
{
	const struct ward_walk_options options = {.recursive = true};

	for (size_t i = 0; i < paths->count; i++) {
		s->only_known = is_directory(paths->items[i]);
		if (ward_walk(paths->items[i], &options, visit, s) != WARD_OK)
			return false;
	}
	if (s->count == 0 && !s->failed)
		(void)fputs("ward: no rules or signatures in what was named\n", stderr);
	return s->count > 0 && !s->failed;
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
		complain(path, ward_rc_str(rc));
	return rc;
}

static void
release_source(void *ctx, struct ward_span bytes)
{
	struct ward_mapping mapping = {bytes};

	(void)ctx;
	ward_mapping_done(&mapping);
}

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	const struct ward_compile *job = ctx;

	if (!bad && job->quiet)
		return;
	if (file)
		ward_human_print(stderr, ward_span_str(file));
	if (file && line)
		(void)fprintf(stderr, ":%u", line);
	(void)fputs(file ? ": " : "", stderr);
	(void)fputs(bad ? "error: " : "note: ", stderr);
	ward_human_print(stderr, ward_span_str(text));
	(void)fputc('\n', stderr);
}

static enum ward_rc
write_pack(void *ctx, struct ward_span bytes)
{
	return ward_fd_write_all(*(const int *)ctx, bytes);
}

static void
print_counts(const struct ward_intel_result *result)
{
	static const char *const names[WARD_HASH_KINDS] = {"SHA-256", "SHA-1", "MD5", "section MD5",
							   "section SHA-256"};
	char id[2 * WARD_PACK_ID_LEN + 1], count[WARD_HUMAN_MAX];

	for (size_t i = 0; i < WARD_HASH_KINDS; i++)
		if (result->counts.hashes[i])
			(void)printf("%12s %s hashes\n",
				     ward_human_count(result->counts.hashes[i], count), names[i]);
	if (result->counts.bodies)
		(void)printf("%12s body signatures\n",
			     ward_human_count(result->counts.bodies, count));
	if (result->counts.yara_rules)
		(void)printf("%12s YARA rules\n",
			     ward_human_count(result->counts.yara_rules, count));
	ward_text_hex(ward_span_of(result->id, WARD_PACK_ID_LEN), id);
	(void)printf("pack %s\n", id);
}

static enum ward_rc
compile_sources(const struct ward_compile *job, struct sources *s, int out)
{
	const struct ward_intel_files files = {read_source, release_source, s};
	const char **paths = calloc(s->count, sizeof(*paths));
	struct ward_intel_job intel = {.paths = paths,
				       .count = s->count,
				       .files = &files,
				       .created = job->created,
				       .notice = on_notice,
				       .notice_ctx = (void *)(uintptr_t)job,
				       .lenient = job->lenient};
	struct ward_intel_result result;
	char now[32] = "";
	time_t t = time(NULL);
	struct tm tm;
	enum ward_rc rc;

	if (!paths)
		return WARD_E_NOMEM;
	if (!job->created && gmtime_r(&t, &tm) && strftime(now, sizeof(now), "%FT%TZ", &tm))
		intel.created = now;
	for (size_t i = 0; i < s->count; i++)
		paths[i] = s->items[i].path;
	rc = ward_intel_compile(&intel, write_pack, &out, &result);
	if (rc == WARD_OK && !job->quiet)
		print_counts(&result);
	free(paths);
	return rc;
}

static void __attribute__((noreturn))
run_child(const struct ward_compile *job, struct sources *s, int out)
{
	enum ward_rc rc = ward_sandbox_drop(NULL);

	if (rc == WARD_OK)
		rc = compile_sources(job, s, out);
	if (fflush(stdout) != 0 && rc == WARD_OK)
		rc = WARD_E_IO;
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

enum ward_rc
ward_compile(const struct ward_compile *job, int *ret_fd)
{
	struct sources s = {.failed = false};
	enum ward_rc rc = WARD_E_NOENT;
	pid_t child = -1;
	int fd = -1;

	if (find_sources(&s, job->paths)) {
		(void)fflush(stdout);
		rc = ward_fd_memory("ward-pack", &fd);
		if (rc == WARD_OK)
			rc = ward_process_fork(&child);
		if (rc == WARD_OK && child == 0)
			run_child(job, &s, fd);
		if (rc == WARD_OK)
			rc = wait_child(child);
		if (rc == WARD_OK)
			rc = ward_fd_seal(fd);
		if (rc == WARD_E_GONE)
			(void)fputs("ward: the compiler crashed\n", stderr);
	}
	drop_sources(&s);
	if (rc == WARD_OK)
		*ret_fd = fd;
	else
		ward_fd_close(&fd);
	return rc;
}

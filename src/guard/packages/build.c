/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/packages/build.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/packages/child.h"
#include "guard/packages/index.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/process.h"

enum { PATIENCE_MS = 60 * 1000 };

static void
on_birth(void *ctx, pid_t pid)
{
	const struct ward_packages_options *o = ctx;

	if (o->on_process)
		o->on_process(o->ctx, pid, true);
}

static enum ward_rc
start(const struct ward_packages_options *o, int channel, struct ward_process *ret)
{
	char merged[16];
	const char *argv[] = {"wardd", WARD_PACKAGES_CHILD, o->database, merged, NULL};
	const char *envp[] = {NULL};
	const struct ward_process_fd fd = {.from = channel, .to = 3};
	const struct ward_process_options process = {
		.program = "/proc/self/exe",
		.argv = argv,
		.envp = envp,
		.fds = &fd,
		.fd_count = 1,
		.born = on_birth,
		.ctx = (void *)(uintptr_t)o,
	};

	(void)snprintf(merged, sizeof(merged), "%u", ward_index_merged());
	return ward_process_spawn(&process, ret);
}

/* The next message, appended. WARD_E_STOPPED: it was the last. */
static enum ward_rc
collect(int channel, uint8_t *room, int ms, struct ward_buf *into)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};
	struct ward_ipc_message m;
	enum ward_rc rc;

	if (ms <= 0 || poll(&p, 1, ms) <= 0)
		return WARD_E_TIMEOUT;
	rc = ward_ipc_recv(channel, room, &m, false);
	if (rc != WARD_OK)
		return rc == WARD_E_LIMIT ? WARD_OK : rc;
	ward_ipc_message_close(&m);
	if (ward_span_eq(ward_span_of(room, m.len), ward_span_str("end")))
		return WARD_E_STOPPED;
	return ward_buf_append(into, room, m.len);
}

static enum ward_rc
collect_all(int channel, struct ward_buf *into)
{
	uint64_t end = ward_clock_monotonic() + PATIENCE_MS * UINT64_C(1000);
	uint8_t *room = malloc(WARD_IPC_MESSAGE_MAX);
	enum ward_rc rc = room ? WARD_OK : WARD_E_NOMEM;

	while (rc == WARD_OK) {
		uint64_t now = ward_clock_monotonic();

		rc = collect(channel, room, now < end ? (int)((end - now) / 1000) : 0, into);
	}
	free(room);
	return rc == WARD_E_STOPPED ? WARD_OK : rc;
}

enum ward_rc
ward_packages_build(const struct ward_packages_options *options, struct ward_buf *ret_index)
{
	struct ward_process child = {.pid = -1, .pidfd = -1};
	int ends[2];
	enum ward_rc rc = ward_ipc_pair(ends);

	if (rc != WARD_OK)
		return rc;
	rc = start(options, ends[1], &child);
	ward_fd_close(&ends[1]);
	if (rc == WARD_OK)
		rc = collect_all(ends[0], ret_index);
	ward_fd_close(&ends[0]);
	/* Still ours until it is reaped. */
	if (child.pidfd >= 0 && options->on_process) {
		ward_process_kill(child.pidfd);
		options->on_process(options->ctx, child.pid, false);
	}
	ward_process_end(&child);
	return rc;
}

/* --- changes --- */

static uint64_t
mix(uint64_t stamp, const struct ward_fd_stat *st)
{
	stamp = (stamp ^ (uint64_t)st->ctime) * 0x9e3779b97f4a7c15u;
	return (stamp ^ st->inode) * 0x9e3779b97f4a7c15u;
}

/* dpkg makes new files and renames them, which shows in the directory. */
uint64_t
ward_packages_stamp(const char *database)
{
	static const char *const names[] = {"info", "diversions", "status"};
	WARD_AUTO(ward_fd_close) int dir = -1;
	struct ward_fd_stat st;
	uint64_t stamp = 0;

	if (ward_fd_open_directory(-1, database, &dir) != WARD_OK ||
	    ward_fd_stat_at(dir, "info", true, &st) != WARD_OK)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (ward_fd_stat_at(dir, names[i], true, &st) == WARD_OK)
			stamp = mix(stamp, &st);
	}
	return stamp ? stamp : 1;
}

bool
ward_packages_busy(const char *database)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/lock", database);
	return ward_fd_open_regular(-1, path, false, &fd, NULL) == WARD_OK &&
	       fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

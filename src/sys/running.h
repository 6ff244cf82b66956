/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by the file they run. */
#ifndef WARD_SYS_RUNNING_H
#define WARD_SYS_RUNNING_H

#include "base/rc.h"
#include "base/span.h"

/* Ends (SIGKILL) all processes but the caller whose program is the file behind `fd`, by device and inode;
 * each by its pidfd, taken before it was looked at, so that no number's later owner is hit. Returns how
 * many. Walks /proc: waits, not for a thread that must answer. */
size_t ward_running_kill(int fd);

struct ward_running_visitor {
	/* Whether files of this device (as stat(2) has it) are opened at all. */
	bool (*wanted)(void *ctx, uint64_t device);
	/* Takes the descriptor. False stops. */
	bool (*visit)(void *ctx, int take_fd);
	void *ctx;
};

/* Opens every file that some process runs or has mapped as code, each once, removed ones and those of other
 * mount name spaces too. Walks /proc; what belongs to processes that end meanwhile is left out. WARD_E_STOPPED,
 * WARD_E_NOMEM, WARD_E_PERM (no /proc). */
enum ward_rc ward_running_files(const struct ward_running_visitor *v) WARD_MUST_CHECK;

/* The next file that a process has mapped as code, out of /proc/PID/maps (proc(5)), read off *rest: its name in
 * /proc/PID/map_files. False: that was all. */
enum { WARD_RUNNING_RANGE = 40 };
bool ward_running_next(struct ward_span *rest, char ret_range[WARD_RUNNING_RANGE]);

#endif

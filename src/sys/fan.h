/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's file events, fanotify(7): opens that wait for an answer, and news of files that were
 * written. Raw facts only; what they mean is the guard's. Needs CAP_SYS_ADMIN.
 */
#ifndef WARD_SYS_FAN_H
#define WARD_SYS_FAN_H

#include "base/rc.h"
#include "base/span.h"

enum ward_fan_kind {
	/* Opens and executions wait for an answer. The kernel's queue has no limit: at a limit it
	   would allow without asking. Each event in it is a waiting process, so it is bounded by
	   those. */
	WARD_FAN_GATE,
	/* Files closed after writing; at most as many as the system allows
	   (/proc/sys/fs/fanotify/max_queued_events), then one event says that some were lost. */
	WARD_FAN_NEWS,
};

/* What a filesystem is watched for, and what an ignore mark silences. */
enum { WARD_FAN_OPEN = 1, WARD_FAN_EXEC = 2, WARD_FAN_WRITTEN = 4 };

/* Room for one read: some hundred events. */
enum { WARD_FAN_BUFFER = 8192 };

/*
 * A non-blocking group. `pidfds`: each event brings a descriptor of its process (Linux 5.15).
 * WARD_E_UNSUPPORTED: this kernel has no such groups (CONFIG_FANOTIFY_ACCESS_PERMISSIONS is off, or
 * it is too old); WARD_E_PERM.
 */
enum ward_rc ward_fan_new(enum ward_fan_kind kind, bool pidfds, int *ret_group) WARD_MUST_CHECK;

struct ward_fan_event {
	unsigned what; /* WARD_FAN_… */
	bool overflow; /* events were lost; nothing else is set */
	int fd;	       /* the file, opened for reading; the receiver's */
	int pidfd;     /* the receiver's; -1: none */
	int32_t pid;   /* thread group */
};

/* Reads what has come, never waits: WARD_E_LIMIT when nothing has. */
enum ward_rc ward_fan_read(int group, void *into, size_t room, size_t *ret_len) WARD_MUST_CHECK;
/*
 * The next event of what was read; *rest goes on behind it. WARD_E_NOENT: that was all.
 * WARD_E_PROTO: not what we know of this interface; the rest cannot be read, its descriptors leak.
 */
enum ward_rc ward_fan_next(struct ward_span *rest,
			   struct ward_fan_event *ret_event) WARD_MUST_CHECK;

/* Lets the waiting process go on, or makes its open fail with EPERM. The descriptor stays open.
 * WARD_E_NOENT: nobody waits any more. Any thread. */
enum ward_rc ward_fan_answer(int group, int event_fd, bool allow) WARD_MUST_CHECK;

/* Watches the whole filesystem that `fd` (O_PATH will do) lies on. WARD_E_UNSUPPORTED: it cannot be
 * watched. A second call for the same one is fine. */
enum ward_rc ward_fan_watch(int group, int fd, unsigned what) WARD_MUST_CHECK;
enum ward_rc ward_fan_unwatch(int group, int fd, unsigned what) WARD_MUST_CHECK;

/*
 * No more events of these kinds, which its filesystem is watched for, for this one file until it is
 * written to, however it is called, or the kernel needs the memory. Does nothing, and says WARD_OK, while
 * the file is open for writing.
 */
enum ward_rc ward_fan_ignore(int group, int fd, unsigned what) WARD_MUST_CHECK;
/* Takes that back. WARD_E_NOENT: there was no such mark. */
enum ward_rc ward_fan_heed(int group, int fd, unsigned what) WARD_MUST_CHECK;
/* Takes it back for all files. An open that meets it, of a file that was written since, may pass
 * unasked: the time is that of taking one mark off its list. */
enum ward_rc ward_fan_heed_all(int group) WARD_MUST_CHECK;

#endif

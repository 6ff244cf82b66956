/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which filesystems are watched. A mark lies on a whole filesystem, not on a mount: files are seen
 * under every name and in every mount namespace. Filesystems are found in the mount table of this
 * process, so one that is mounted in another namespace only, and was never mounted here, is not
 * watched.
 *
 * One thread calls; the groups' descriptors may be used by others.
 */
#ifndef WARD_GUARD_WATCH_WATCH_H
#define WARD_GUARD_WATCH_WATCH_H

#include "base/buf.h"

enum { WARD_WATCH_ONLY_MAX = 16 };

struct ward_watch_options {
	/* To begin with; see ward_watch_want. */
	bool gate;    /* opens wait for an answer */
	bool written; /* tell of files that were written */
	bool opens;   /* all opens; false: executions only */
	/* Whether filesystems of this type are watched. */
	bool (*wanted)(void *ctx, const char *type);
	void *ctx;
	/* Only filesystems mounted at or below these; none: all. Borrowed. */
	const char *only[WARD_WATCH_ONLY_MAX];
	size_t only_count;
};

/* Filesystems, as of the last ward_watch_refresh. */
struct ward_watch_figures {
	size_t watched;
	size_t left_out; /* their type is not wanted */
	size_t refused;	 /* the kernel cannot watch them, or they are overlays on overlays */
	bool pidfds;	 /* events tell their process by descriptor */
};

struct ward_watch;

/* Opens all groups that this kernel has; nothing is watched yet. One that it does not have is -1 below, and
 * whoever wanted it goes without. WARD_E_PERM: something is wanted, and we may not have it. The options'
 * texts must outlive it. */
enum ward_rc ward_watch_new(const struct ward_watch_options *options,
			    struct ward_watch **ret_watch) WARD_MUST_CHECK;
/* Closing the groups lets every process go on that waits for an answer. NULL is fine. */
struct ward_watch *ward_watch_free(struct ward_watch *w);

/* What is wanted from the next ward_watch_refresh on. */
void ward_watch_want(struct ward_watch *w, bool gate, bool written);

/* Descriptors, kept by `w`: the groups (-1: this kernel has no such thing), and one that poll(2) calls POLLPRI when the
 * mount table has changed. */
int ward_watch_gate(const struct ward_watch *w);
/*
 * Overlays have a gate of their own, to be read by a thread of its own: the kernel opens an event's file for
 * whoever reads the event, an overlay then opens the file below it, and that open waits at the other gate.
 * An overlay that lies on another overlay would wait for itself: those are refused.
 */
int ward_watch_upper_gate(const struct ward_watch *w);
int ward_watch_news(const struct ward_watch *w);
int ward_watch_table(const struct ward_watch *w);

/* Reads the mount table and watches what it holds, as far as it is wanted now; filesystems whose type is
 * not wanted any more are let go. */
enum ward_rc ward_watch_refresh(struct ward_watch *w) WARD_MUST_CHECK;
/* Watches nothing any more; events that have come are still in the groups. */
void ward_watch_stop(struct ward_watch *w);
struct ward_watch_figures ward_watch_figures(const struct ward_watch *w);
/* The devices of the watched file systems as the mount table has them: "8:1 0:45", each once. What has no
 * room in `ret` (`room` at least 4) is left out, and "…" says so. */
void ward_watch_devices(const struct ward_watch *w, char *ret, size_t room);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/watch/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard/watch/mounts.h"
#include "sys/fan.h"
#include "sys/fd.h"

/* A table of some ten thousand mounts. */
enum { TABLE_MAX = 8 << 20 };

struct ward_watch {
	struct ward_watch_options options;
	int gate, upper, news, table;
	struct ward_watch_figures figures;
	struct ward_buf text;
	struct ward_mount mount; /* the one that is looked at */
	struct ward_buf seen;	 /* uint64_t of each filesystem that has been looked at */
	struct ward_buf before;	 /* the same, of the last time */
	struct ward_buf watched; /* and of those that are watched */
};

/* With pidfds where the kernel has them. */
static enum ward_rc
open_group(enum ward_fan_kind kind, int *ret_group)
{
	enum ward_rc rc = ward_fan_new(kind, true, ret_group);

	return rc == WARD_E_UNSUPPORTED ? ward_fan_new(kind, false, ret_group) : rc;
}

static enum ward_rc
open_gate(struct ward_watch *w)
{
	enum ward_rc rc = ward_fan_new(WARD_FAN_GATE, true, &w->gate);

	w->figures.pidfds = rc == WARD_OK;
	if (rc == WARD_E_UNSUPPORTED)
		rc = ward_fan_new(WARD_FAN_GATE, false, &w->gate);
	return rc == WARD_OK ? ward_fan_new(WARD_FAN_GATE, w->figures.pidfds, &w->upper) : rc;
}

/* What this kernel does not have is gone without; so is what we may not have and do not want. */
static enum ward_rc
without(enum ward_rc rc, bool wanted)
{
	return rc == WARD_E_UNSUPPORTED || (rc == WARD_E_PERM && !wanted) ? WARD_OK : rc;
}

/* All, wanted or not: what is wanted may change. */
static enum ward_rc
open_all(struct ward_watch *w)
{
	enum ward_rc rc = ward_fd_open_regular(-1, "/proc/self/mountinfo", false, &w->table, NULL);

	if (rc == WARD_OK)
		rc = without(open_gate(w), w->options.gate);
	if (w->upper < 0)
		ward_fd_close(&w->gate);
	if (rc == WARD_OK)
		rc = without(open_group(WARD_FAN_NEWS, &w->news), w->options.written);
	return rc;
}

enum ward_rc
ward_watch_new(const struct ward_watch_options *options, struct ward_watch **ret_watch)
{
	struct ward_watch *w = calloc(1, sizeof(*w));
	enum ward_rc rc;

	if (!w)
		return WARD_E_NOMEM;
	w->options = *options;
	w->gate = w->upper = w->news = w->table = -1;
	ward_buf_init(&w->text, TABLE_MAX, NULL);
	ward_buf_init(&w->seen, TABLE_MAX, NULL);
	ward_buf_init(&w->before, TABLE_MAX, NULL);
	ward_buf_init(&w->watched, TABLE_MAX, NULL);
	rc = open_all(w);
	if (rc == WARD_OK)
		*ret_watch = w;
	else
		(void)ward_watch_free(w);
	return rc;
}

struct ward_watch *
ward_watch_free(struct ward_watch *w)
{
	if (!w)
		return NULL;
	ward_fd_close(&w->gate);
	ward_fd_close(&w->upper);
	ward_fd_close(&w->news);
	ward_fd_close(&w->table);
	ward_buf_done(&w->text);
	ward_buf_done(&w->seen);
	ward_buf_done(&w->before);
	ward_buf_done(&w->watched);
	free(w);
	return NULL;
}

void
ward_watch_want(struct ward_watch *w, bool gate, bool written)
{
	w->options.gate = gate;
	w->options.written = written;
}

int
ward_watch_gate(const struct ward_watch *w)
{
	return w->gate;
}

int
ward_watch_upper_gate(const struct ward_watch *w)
{
	return w->upper;
}

int
ward_watch_news(const struct ward_watch *w)
{
	return w->news;
}

int
ward_watch_table(const struct ward_watch *w)
{
	return w->table;
}

struct ward_watch_figures
ward_watch_figures(const struct ward_watch *w)
{
	return w->figures;
}

void
ward_watch_devices(const struct ward_watch *w, char *ret, size_t room)
{
	static const char more[] = "…";
	size_t used = 0;
	uint64_t id;

	*ret = 0;
	for (size_t at = 0; at < w->watched.len; at += sizeof(id)) {
		char text[32];
		int n;

		memcpy(&id, w->watched.data + at, sizeof(id));
		n = snprintf(text, sizeof(text), "%s%u:%u", at ? " " : "", (unsigned)(id >> 32),
			     (unsigned)(id & UINT32_MAX));
		if (used + (size_t)n + sizeof(more) > room) {
			(void)snprintf(ret + used, room - used, "%s", more);
			return;
		}
		memcpy(ret + used, text, (size_t)n + 1);
		used += (size_t)n;
	}
}

/* --- what the table holds --- */

static bool
below(const char *place, const char *top)
{
	size_t n = strlen(top);

	while (n > 1 && top[n - 1] == '/')
		n--;
	return n == 1 || (strncmp(place, top, n) == 0 && (place[n] == 0 || place[n] == '/'));
}

static bool
chosen(const struct ward_watch *w, const struct ward_mount *m)
{
	for (size_t i = 0; i < w->options.only_count; i++) {
		if (below(m->place, w->options.only[i]))
			return true;
	}
	return w->options.only_count == 0;
}

/* A filesystem may be mounted many times. */
static bool
is_in(const struct ward_buf *list, const struct ward_mount *m)
{
	const uint64_t id = (uint64_t)m->major << 32 | m->minor;

	for (size_t at = 0; at < list->len; at += sizeof(id)) {
		if (memcmp(list->data + at, &id, sizeof(id)) == 0)
			return true;
	}
	return false;
}

/* One that cannot be noted is looked at again, which does no harm. */
static void
note(struct ward_buf *list, const struct ward_mount *m)
{
	const uint64_t id = (uint64_t)m->major << 32 | m->minor;

	(void)!ward_buf_append(list, &id, sizeof(id));
}

static unsigned
kinds(const struct ward_watch *w)
{
	return WARD_FAN_EXEC | (w->options.opens ? WARD_FAN_OPEN : 0u);
}

/* All that it is made of lies on other filesystems than overlays. */
static bool
stands_on_the_ground(const struct ward_mount *m)
{
	struct ward_span rest = m->options;
	char place[WARD_MOUNT_PLACE];
	bool known = true, any = false;

	while (ward_mounts_layer(&rest, place, &known)) {
		WARD_AUTO(ward_fd_close) int fd = -1;

		any = true;
		if (ward_fd_open_place(place, &fd) != WARD_OK || ward_fd_on_overlay(fd))
			return false;
	}
	return any && known;
}

/* Taking back what is not there is fine. Marks of single files ask for events by themselves. */
static enum ward_rc
set(int group, int fd, unsigned what, bool on)
{
	if (group < 0)
		return WARD_OK;
	if (on)
		return ward_fan_watch(group, fd, what);
	if (ward_fan_unwatch(group, fd, what) == WARD_OK)
		(void)!ward_fan_heed_all(group);
	return WARD_OK;
}

static enum ward_rc
mark(const struct ward_watch *w, int fd, bool on)
{
	bool overlay = ward_fd_on_overlay(fd);
	enum ward_rc rc;

	if (overlay && on && !stands_on_the_ground(&w->mount))
		return WARD_E_UNSUPPORTED;
	rc = set(overlay ? w->upper : w->gate, fd, kinds(w), on && w->options.gate);
	if (rc == WARD_OK)
		rc = set(w->news, fd, WARD_FAN_WRITTEN, on && w->options.written);
	return rc;
}

/* There is a group that wants events. */
static bool
is_watching(const struct ward_watch *w)
{
	return (w->options.gate && w->gate >= 0) || (w->options.written && w->news >= 0);
}

/*
 * The descriptor must stand for the mount that the table names: between the two reads somebody may
 * have mounted over it, or, where a directory above is his, put a link in its place. What is on top
 * has a line of its own; what is not has nothing that could be opened by this name.
 */
static void
mark_mount(struct ward_watch *w, const struct ward_mount *m, bool on)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint64_t mount = 0;

	if (ward_fd_open_place(m->place, &fd) != WARD_OK || !ward_fd_mount(fd, &mount) ||
	    mount != m->id)
		return;
	if (on)
		note(&w->seen, m);
	if (mark(w, fd, on) != WARD_OK) {
		w->figures.refused += on;
	} else if (on && is_watching(w)) {
		w->figures.watched++;
		note(&w->watched, m);
	}
}

static enum ward_rc
each(struct ward_watch *w, bool on)
{
	const struct ward_mount *m = &w->mount;
	struct ward_buf last;
	struct ward_span rest;
	enum ward_rc rc;

	ward_buf_clear(&w->text);
	rc = ward_fd_reread(w->table, &w->text);
	if (rc != WARD_OK)
		return rc;
	last = w->before;
	w->before = w->seen;
	w->seen = last;
	ward_buf_clear(&w->seen);
	ward_buf_clear(&w->watched);
	rest = ward_buf_span(&w->text);
	while ((rc = ward_mounts_next(&rest, &w->mount)) != WARD_E_NOENT) {
		bool wanted;

		if (rc != WARD_OK || !chosen(w, m) || is_in(&w->seen, m))
			continue;
		wanted = w->options.wanted(w->options.ctx, m->type);
		if (wanted || is_in(&w->before, m))
			mark_mount(w, m, on && wanted);
		w->figures.left_out += on && !wanted;
	}
	return WARD_OK;
}

enum ward_rc
ward_watch_refresh(struct ward_watch *w)
{
	w->figures = (struct ward_watch_figures){.pidfds = w->figures.pidfds};
	return each(w, true);
}

void
ward_watch_stop(struct ward_watch *w)
{
	(void)!each(w, false);
}

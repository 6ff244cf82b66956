/* SPDX-License-Identifier: Apache-2.0 */
/* After an end in the middle of a removal: finds the private directory again, however things were
 * renamed meanwhile, and completes or takes back what was under way. */
#include <stdlib.h>

#include "guard/quarantine/quarantine-priv.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/entry.h"

enum { SCAN_MAX = 1 << 20 };

/* A journal whose directory stays unknown (a tmpfs that is gone) is given up after so long. */
#define WAIT_MS (UINT64_C(30) * 24 * 3600 * 1000)

static void
freep(char **p)
{
	free(*p);
}

static char *
text_of(struct ward_span s)
{
	return strndup((const char *)s.data, s.len);
}

static bool
is_parent(const struct ward_original *o, int fd)
{
	struct ward_meta meta = {0};

	return ward_meta_get(fd, &meta) == WARD_OK && meta.device == o->parent_device &&
	       meta.inode == o->parent_inode;
}

/* Any directory on the way to it that is on its file system, for the handle. */
static enum ward_rc
open_near(const struct ward_original *o, char *path, int *ret_fd)
{
	for (;;) {
		WARD_AUTO(ward_fd_close) int fd = -1;
		struct ward_meta meta = {0};
		char *slash;

		if (ward_entry_open_directory(-1, path, &fd) == WARD_OK &&
		    ward_meta_get(fd, &meta) == WARD_OK && meta.device == o->parent_device) {
			*ret_fd = fd;
			fd = -1;
			return WARD_OK;
		}
		slash = strrchr(path, '/');
		if (!slash || path[1] == 0)
			return WARD_E_TIMEOUT;
		slash[slash == path ? 1 : 0] = 0;
	}
}

/* WARD_E_NOENT: the directory is no more (so nothing is in it); WARD_E_TIMEOUT: not to be found now. */
static enum ward_rc
open_parent(const struct ward_original *o, int *ret_fd)
{
	WARD_AUTO(freep) char *path = text_of(o->parent);
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_fd_close) int near = -1;
	struct ward_entry_handle handle = {0};
	enum ward_rc rc;

	if (!path)
		return WARD_E_NOMEM;
	if (ward_entry_open_directory(-1, path, &fd) == WARD_OK && is_parent(o, fd)) {
		*ret_fd = fd;
		fd = -1;
		return WARD_OK;
	}
	if (o->handle.len == 0 || open_near(o, path, &near) != WARD_OK)
		return WARD_E_TIMEOUT;
	handle.len = (uint32_t)(o->handle.len - 4);
	memcpy(&handle.type, o->handle.data, 4);
	memcpy(handle.bytes, o->handle.data + 4, handle.len);
	rc = ward_entry_open_handle(near, &handle, ret_fd);
	return rc == WARD_OK || rc == WARD_E_NOENT ? rc : WARD_E_TIMEOUT;
}

/* --- finding the private directory --- */

struct search {
	struct ward_stash stash;
	char name[256];
	bool found;
	size_t looked;
};

static enum ward_rc
look(void *ctx, const char *name)
{
	struct search *s = ctx;
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_meta meta = {0};
	struct ward_stash candidate = s->stash;

	if (++s->looked > SCAN_MAX)
		return WARD_E_STOPPED;
	candidate.stash = name;
	if (ward_stash_open(&candidate, &fd) != WARD_OK ||
	    ward_meta_get_at(fd, s->stash.inner, &meta) != WARD_OK)
		return WARD_OK;
	memcpy(s->name, name, strnlen(name, sizeof(s->name) - 1));
	s->found = true;
	return WARD_E_STOPPED;
}

/* Under its name, or under any other: what lies in it bears the item's. */
static enum ward_rc
find_stash(struct search *s)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc;

	if (ward_stash_open(&s->stash, &fd) == WARD_OK) {
		s->found = true;
		return WARD_OK;
	}
	rc = ward_entry_list(s->stash.parent, look, s);
	if (s->found)
		s->stash.stash = s->name;
	return s->found || rc == WARD_E_STOPPED ? WARD_OK : rc;
}

/* --- completing --- */

static bool
is_complete(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID])
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_container_reader_freep) struct ward_container_reader *reader = NULL;

	return ward_quarantine_reader(q, id, &fd, &reader) == WARD_OK;
}

static enum ward_rc
clear_stash(struct ward_quarantine *q, const struct ward_stash *s, bool complete,
	    struct ward_quarantine_recovery *counts)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_meta meta = {0};
	enum ward_rc rc = ward_stash_open(s, &fd);

	if (rc)
		return rc;
	rc = ward_meta_get_at(fd, s->inner, &meta);
	if (rc == WARD_OK && complete && ward_original_is(s->original, &meta)) {
		ward_quarantine_step(q, "unlink");
		rc = ward_entry_remove(fd, s->inner, false);
		counts->finished++;
	} else if (rc == WARD_OK) {
		rc = ward_stash_put_back(q, s, fd);
		counts->put_back++;
	}
	if (rc && rc != WARD_E_NOENT)
		return rc;
	return ward_stash_end(q, s);
}

/* The name still leads to what the container holds: it was to be removed. */
static enum ward_rc
remove_again(struct ward_quarantine *q, const struct ward_stash *s,
	     struct ward_quarantine_recovery *counts)
{
	enum ward_stash_end end = WARD_STASH_FOREIGN;
	struct ward_meta meta = {0};
	enum ward_rc rc;

	if (ward_meta_get_at(s->parent, s->name, &meta) != WARD_OK ||
	    !ward_original_is(s->original, &meta))
		return WARD_OK;
	rc = ward_stash_take(q, s, &end);
	if (!rc && end == WARD_STASH_REMOVED)
		counts->finished++;
	return rc;
}

static enum ward_rc
complete(struct ward_quarantine *q, const struct ward_original *o,
	 struct ward_quarantine_recovery *counts)
{
	WARD_AUTO(freep) char *name = text_of(o->name);
	WARD_AUTO(ward_fd_close) int parent = -1;
	bool have = is_complete(q, o->id);
	struct search s = {.stash = {.name = name, .stash = (const char *)o->stash, .original = o}};
	enum ward_rc rc;

	if (!name)
		return WARD_E_NOMEM;
	rc = open_parent(o, &parent);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	s.stash.parent = parent;
	ward_quarantine_name(o->id, "", s.stash.inner);
	rc = find_stash(&s);
	if (!rc && s.found)
		rc = clear_stash(q, &s.stash, have, counts);
	s.stash.stash = (const char *)o->stash;
	return rc || !have ? rc : remove_again(q, &s.stash, counts);
}

static bool
is_old(const uint8_t id[WARD_ITEM_ID])
{
	uint64_t ms = 0;

	return ward_wire_uuid_time(id, &ms) && ward_clock_wall() / 1000 > ms + WAIT_MS;
}

enum ward_rc
ward_original_recover(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
		      struct ward_quarantine_recovery *counts, bool *ret_done)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_original o = {0};
	enum ward_rc rc;

	ward_buf_init(&bytes, 64 * 1024, NULL);
	rc = ward_journal_read(q, id, &bytes, &o);
	if (rc == WARD_E_NOENT) {
		*ret_done = true;
		return WARD_OK;
	}
	if (rc == WARD_OK)
		rc = complete(q, &o, counts);
	else if (rc == WARD_E_FORMAT || rc == WARD_E_UNSUPPORTED)
		rc = WARD_OK; /* damaged: it tells nothing any more */
	if (rc == WARD_E_NOMEM)
		return rc;
	if (rc && !is_old(id)) {
		counts->waiting++;
		*ret_done = false;
		return WARD_OK;
	}
	*ret_done = true;
	return ward_journal_end(q, id);
}

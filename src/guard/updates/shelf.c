/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/shelf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "guard/updates/state.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { NAME = 96 };

#define STATE "state"

struct ward_shelf {
	struct ward_shelf_options o;
	int dir, lock;
	char path[WARD_ENTRY_PATH_MAX]; /* of the state */
	struct ward_shelf_state state;
};

static const char *const slots[] = {"incoming-0", "incoming-1"};

bool
ward_shelf_is_none(const uint8_t id[WARD_SHELF_ID])
{
	static const uint8_t none[WARD_SHELF_ID];

	return memcmp(id, none, sizeof(none)) == 0;
}

static void
name_of(const uint8_t id[WARD_SHELF_ID], char ret[NAME])
{
	char hex[2 * WARD_SHELF_ID + 1];

	ward_text_hex(ward_span_of(id, WARD_SHELF_ID), hex);
	(void)snprintf(ret, NAME, "%s.wardpack", hex);
}

static enum ward_rc
step(const struct ward_shelf *s)
{
	return s->o.fault ? s->o.fault(s->o.ctx) : WARD_OK;
}

/* --- opening --- */

static bool
is_there(const struct ward_shelf *s, const struct ward_shelf_pack *p)
{
	struct ward_fd_stat st;
	char name[NAME];

	if (ward_shelf_is_none(p->id))
		return true;
	name_of(p->id, name);
	return ward_fd_stat_at(s->dir, name, false, &st) == WARD_OK && st.kind == WARD_FD_REGULAR &&
	       st.size > 0;
}

/* What does not hold is forgotten. */
static bool
mend(struct ward_shelf *s)
{
	static const struct ward_shelf_pack none;
	bool mended = false;

	if (!is_there(s, &s->state.previous)) {
		s->state.previous = none;
		mended = true;
	}
	if (!is_there(s, &s->state.current)) {
		s->state.current = s->state.previous;
		s->state.previous = none;
		s->state.trial_until_ms = 0;
		mended = true;
	}
	/* It was being proven when the guard ended. */
	if (s->state.candidate.taken_ms || !ward_shelf_is_none(s->state.candidate.id)) {
		s->state.candidate = none;
		mended = true;
	}
	return mended;
}

static enum ward_rc
read_state(struct ward_shelf *s, bool *ret_mended)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(s->dir, STATE, false, &fd, NULL);

	if (rc == WARD_E_NOENT)
		return WARD_OK;
	ward_buf_init(&text, WARD_STATE_MAX, NULL);
	if (rc != WARD_OK || ward_fd_read_all(fd, &text) != WARD_OK ||
	    ward_state_read(ward_buf_span(&text), &s->state) != WARD_OK)
		*ret_mended = true;
	*ret_mended |= mend(s);
	return WARD_OK;
}

static enum ward_rc
make_directory(const char *path)
{
	enum ward_rc rc = ward_entry_make_directory(-1, path, 0700);
	struct ward_fd_stat st;

	if (rc != WARD_OK && ward_fd_stat_at(-1, path, false, &st) == WARD_OK &&
	    st.kind == WARD_FD_DIRECTORY)
		return WARD_OK;
	return rc;
}

static enum ward_rc
open_directory(struct ward_shelf *s)
{
	const char *directory = s->o.directory;
	enum ward_rc rc = make_directory(directory);

	if (rc == WARD_OK &&
	    snprintf(s->path, sizeof(s->path), "%s/" STATE, directory) >= (int)sizeof(s->path))
		rc = WARD_E_LIMIT;
	if (rc == WARD_OK)
		rc = ward_fd_open_directory(-1, directory, &s->dir);
	return rc == WARD_OK ? ward_fd_lock(s->dir, "lock", &s->lock) : rc;
}

enum ward_rc
ward_shelf_open(const struct ward_shelf_options *options, struct ward_shelf **ret_shelf,
		bool *ret_mended)
{
	struct ward_shelf *s = calloc(1, sizeof(*s));
	enum ward_rc rc;

	if (!s)
		return WARD_E_NOMEM;
	s->o = *options;
	s->dir = -1;
	s->lock = -1;
	*ret_mended = false;
	rc = open_directory(s);
	if (rc == WARD_OK)
		rc = read_state(s, ret_mended);
	if (rc != WARD_OK) {
		ward_shelf_freep(&s);
		return rc;
	}
	ward_shelf_sweep(s);
	*ret_shelf = s;
	return WARD_OK;
}

void
ward_shelf_freep(struct ward_shelf **shelf)
{
	struct ward_shelf *s = *shelf;

	*shelf = NULL;
	if (!s)
		return;
	ward_fd_close(&s->dir);
	ward_fd_close(&s->lock);
	free(s);
}

/* --- state --- */

const struct ward_shelf_state *
ward_shelf_state(const struct ward_shelf *s)
{
	return &s->state;
}

enum ward_rc
ward_shelf_set(struct ward_shelf *s, const struct ward_shelf_state *state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;

	ward_buf_init(&text, WARD_STATE_MAX, NULL);
	rc = ward_state_write(state, &text);
	if (rc == WARD_OK)
		rc = step(s);
	if (rc == WARD_OK)
		rc = ward_fd_write_atomic(s->path, ward_buf_span(&text), 0600);
	if (rc == WARD_OK)
		s->state = *state;
	return rc;
}

/* --- files --- */

enum ward_rc
ward_shelf_new_file(struct ward_shelf *s, unsigned slot, int *ret_fd)
{
	enum ward_rc rc = ward_entry_remove(s->dir, slots[slot], false);

	if (rc == WARD_OK || rc == WARD_E_NOENT)
		rc = step(s);
	return rc == WARD_OK ? ward_fd_create(s->dir, slots[slot], 0644, ret_fd) : rc;
}

enum ward_rc
ward_shelf_keep(struct ward_shelf *s, unsigned slot, int fd, const uint8_t id[WARD_SHELF_ID])
{
	char name[NAME];
	enum ward_rc rc = step(s);

	name_of(id, name);
	if (rc == WARD_OK)
		rc = ward_entry_sync(fd);
	if (rc == WARD_OK)
		rc = step(s);
	if (rc == WARD_OK)
		rc = ward_entry_replace(s->dir, slots[slot], name);
	if (rc == WARD_OK)
		rc = step(s);
	return rc == WARD_OK ? ward_entry_sync(s->dir) : rc;
}

enum ward_rc
ward_shelf_open_pack(const struct ward_shelf *s, const uint8_t id[WARD_SHELF_ID], int *ret_fd)
{
	char name[NAME];

	name_of(id, name);
	return ward_fd_open_regular(s->dir, name, false, ret_fd, NULL);
}

static bool
is_named(const struct ward_shelf *s, const char *name)
{
	const struct ward_shelf_pack *packs[] = {&s->state.current, &s->state.previous,
						 &s->state.candidate};
	char wanted[NAME];

	if (strcmp(name, STATE) == 0 || strcmp(name, "lock") == 0)
		return true;
	for (size_t i = 0; i < 3; i++) {
		name_of(packs[i]->id, wanted);
		if (!ward_shelf_is_none(packs[i]->id) && strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static enum ward_rc
sweep_name(void *ctx, const char *name)
{
	const struct ward_shelf *s = ctx;

	if (!is_named(s, name) && step(s) == WARD_OK)
		(void)!ward_entry_remove(s->dir, name, false);
	return WARD_OK;
}

void
ward_shelf_sweep(struct ward_shelf *s)
{
	int dir = -1;

	/* A descriptor of its own: reading it moves its position. */
	if (ward_fd_open_directory(s->dir, ".", &dir) == WARD_OK)
		(void)!ward_entry_list(dir, sweep_name, s);
	ward_fd_close(&dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Removing the name by which an open file is reached. */
#include <stdio.h>
#include <stdlib.h>

#include "guard/quarantine/quarantine-priv.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum { ATTEMPTS = 16 };

/* Where the file is now. */
struct place {
	struct ward_buf path; /* the directory's, a NUL, the name, a NUL */
	const char *name;
	int parent;
	uint8_t handle[4 + WARD_ENTRY_HANDLE_MAX];
	struct ward_original original;
};

static void
place_done(struct place *p)
{
	ward_fd_close(&p->parent);
	ward_buf_done(&p->path);
}

/* Cuts the path in two at its last slash. */
static enum ward_rc
split(struct place *p)
{
	size_t slash = p->path.len;
	enum ward_rc rc = ward_buf_byte(&p->path, 0);

	if (rc)
		return rc;
	while (slash > 0 && p->path.data[slash - 1] != '/')
		slash--;
	if (slash == 0)
		return WARD_E_NOENT;
	p->name = (const char *)p->path.data + slash;
	p->original.name = ward_span_str(p->name);
	if (slash == 1) {
		p->original.parent = ward_span_str("/");
	} else {
		p->path.data[slash - 1] = 0;
		p->original.parent = ward_span_of(p->path.data, slash - 1);
	}
	return WARD_OK;
}

static void
note_parent(struct place *p, const struct ward_meta *parent)
{
	struct ward_entry_handle handle;

	p->original.parent_device = parent->device;
	p->original.parent_inode = parent->inode;
	ward_entry_handle_of(p->parent, &handle);
	if (handle.len == 0)
		return;
	memcpy(p->handle, &handle.type, 4);
	memcpy(p->handle + 4, handle.bytes, handle.len);
	p->original.handle = ward_span_of(p->handle, 4 + handle.len);
}

/* WARD_E_NOENT: no name leads there, as far as we can see. */
static enum ward_rc
locate(const struct ward_quarantine_request *request, struct place *p)
{
	struct ward_meta meta = {0};
	enum ward_rc rc;

	ward_fd_close(&p->parent);
	ward_buf_clear(&p->path);
	rc = ward_entry_path_of(request->fd, &p->path);
	if (!rc)
		rc = split(p);
	if (rc)
		return rc;
	rc = ward_entry_open_directory(
		request->root,
		p->original.parent.len == 1 ? "/" : (const char *)p->original.parent.data,
		&p->parent);
	if (rc)
		return WARD_E_NOENT;
	rc = ward_meta_get_at(p->parent, p->name, &meta);
	if (rc || !ward_original_is(&p->original, &meta))
		return WARD_E_NOENT;
	rc = ward_meta_get(p->parent, &meta);
	if (!rc)
		note_parent(p, &meta);
	return rc;
}

/* A name nobody can have prepared. */
static enum ward_rc
name_stash(struct ward_original *o)
{
	uint8_t random[8];
	enum ward_rc rc = ward_crypto_random(random, sizeof(random));
	char *at = (char *)o->stash;

	memset(o->stash, 0, sizeof(o->stash));
	(void)snprintf(at, sizeof(o->stash), ".ward-");
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(at + 6 + 2 * i, 3, "%02x", random[i]);
	return rc;
}

/* Why a move failed: the code alone does not say. */
static enum ward_quarantine_why
explain(const struct place *p, enum ward_rc rc)
{
	struct ward_meta_space space = {0};

	if (rc == WARD_E_NOENT)
		return WARD_WHY_MOVING;
	if (rc == WARD_E_LIMIT)
		return WARD_WHY_FULL;
	if (p->parent >= 0 && ward_meta_space(p->parent, &space) == WARD_OK && space.read_only)
		return WARD_WHY_READ_ONLY;
	if (rc == WARD_E_PERM)
		return WARD_WHY_IMMUTABLE;
	return rc == WARD_E_IO ? WARD_WHY_MOUNT : WARD_WHY_DISK;
}

/* Once: the journal says what is about to happen, then it does. */
static enum ward_rc
attempt(struct ward_quarantine *q, const struct ward_quarantine_request *request, struct place *p,
	struct ward_quarantine_outcome *outcome)
{
	struct ward_stash stash = {.parent = p->parent,
				   .name = p->name,
				   .stash = (const char *)p->original.stash,
				   .original = &p->original,
				   .any_content = request->settle_for_less};
	enum ward_stash_end end = WARD_STASH_FOREIGN;
	enum ward_rc rc = name_stash(&p->original);

	ward_quarantine_name(p->original.id, "", stash.inner);
	if (!rc)
		rc = ward_journal_write(q, &p->original);
	if (rc) {
		outcome->why = rc == WARD_E_LIMIT ? WARD_WHY_FULL : WARD_WHY_DISK;
		return rc;
	}
	rc = ward_stash_take(q, &stash, &end);
	if (rc) {
		outcome->why = explain(p, rc);
		return rc;
	}
	outcome->removed = end == WARD_STASH_REMOVED;
	if (end == WARD_STASH_REMOVED)
		return WARD_OK;
	outcome->why = end == WARD_STASH_CHANGED ? WARD_WHY_CHANGING : WARD_WHY_MOVING;
	return end == WARD_STASH_CHANGED ? WARD_E_STOPPED : WARD_E_NOENT;
}

static enum ward_rc
remove_name(struct ward_quarantine *q, const struct ward_quarantine_request *request,
	    struct place *p, struct ward_quarantine_outcome *outcome)
{
	enum ward_rc rc = WARD_E_NOENT;

	for (unsigned i = 0; i < ATTEMPTS && rc == WARD_E_NOENT; i++) {
		struct ward_meta meta = {0};

		rc = ward_meta_get(request->fd, &meta);
		if (rc || meta.links == 0)
			return rc; /* somebody else has removed it */
		rc = locate(request, p);
		if (rc)
			outcome->why = WARD_WHY_NO_NAME;
		else
			rc = attempt(q, request, p, outcome);
	}
	return rc;
}

/* chattr's flags keep even root from removing a file; whoever set them could not have been asked. */
static enum ward_rc
loosen(const struct ward_quarantine_request *request, const struct ward_meta *meta)
{
	const uint32_t firm = WARD_META_IMMUTABLE | WARD_META_APPEND;

	if (!(meta->flags & firm))
		return WARD_OK;
	if (request->keep_immutable)
		return WARD_E_PERM;
	return ward_meta_set_flags(request->fd, meta->flags & ~firm);
}

static enum ward_rc
empty(struct ward_quarantine *q, int fd, struct ward_quarantine_outcome *outcome)
{
	WARD_AUTO(ward_fd_close) int writing = -1;
	enum ward_rc rc = ward_entry_reopen_writing(fd, &writing);

	if (rc) {
		outcome->why = rc == WARD_E_IO ? WARD_WHY_RUNNING : WARD_WHY_READ_ONLY;
		return rc;
	}
	ward_quarantine_step(q, "empty");
	rc = ward_meta_set_size(writing, 0);
	if (!rc)
		rc = ward_entry_sync(writing);
	outcome->emptied = !rc;
	if (rc)
		outcome->why = WARD_WHY_DISK;
	return rc;
}

/* After the name is gone, or could not be removed: what about the file itself? */
static enum ward_rc
settle(struct ward_quarantine *q, const struct ward_quarantine_request *request, enum ward_rc rc,
       struct ward_quarantine_outcome *outcome)
{
	struct ward_meta meta = {0};

	if (rc == WARD_E_STOPPED)
		return rc;
	if (ward_meta_get(request->fd, &meta) != WARD_OK)
		return rc ? rc : WARD_E_IO;
	outcome->links_left = meta.links;
	if (meta.links > 0 && request->empty_leftovers) {
		enum ward_quarantine_why before = outcome->why;

		if (empty(q, request->fd, outcome) == WARD_OK)
			rc = WARD_OK;
		else if (rc)
			outcome->why = before;
	}
	if (!rc)
		outcome->why = meta.links > 0 ? WARD_WHY_OTHER_LINKS : WARD_WHY_NONE;
	return rc;
}

enum ward_rc
ward_original_remove(struct ward_quarantine *q, const struct ward_quarantine_request *request,
		     const uint8_t id[WARD_ITEM_ID], const struct ward_meta *expected,
		     struct ward_quarantine_outcome *outcome)
{
	WARD_AUTO(place_done)
	struct place p = {.parent = -1,
			  .original = {.device = expected->device,
				       .inode = expected->inode,
				       .size = expected->size,
				       .mtime = expected->mtime,
				       .generation = expected->generation}};
	enum ward_rc rc = loosen(request, expected);

	memcpy(p.original.id, id, WARD_ITEM_ID);
	ward_buf_init(&p.path, WARD_ENTRY_PATH_MAX + 2, NULL);
	if (rc)
		outcome->why = WARD_WHY_IMMUTABLE;
	else
		rc = remove_name(q, request, &p, outcome);
	rc = settle(q, request, rc, outcome);
	if (rc && expected->flags & (WARD_META_IMMUTABLE | WARD_META_APPEND))
		(void)!ward_meta_set_flags(request->fd, expected->flags);
	return rc;
}

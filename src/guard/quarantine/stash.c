/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a name only if it leads to a certain file. The kernel has no such call: between a look
 * and an unlink anybody with the right to write into the directory can put another file there. But
 * it can move a name, in one step, to a place where nobody else can touch it: a directory of mode
 * 0700, ours, made beside it (moving only works within one mount). There it is looked at in peace,
 * and removed if it is the one, else put back. A hostile owner of the directory can rename the
 * private one, or remove it while it is empty; then the move fails and nothing has happened.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "guard/quarantine/quarantine-priv.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum { NAMES_TRIED = 16, NAME_KEPT = 200 };

bool
ward_original_is(const struct ward_original *o, const struct ward_meta *meta)
{
	return meta->kind == WARD_FD_REGULAR && meta->device == o->device &&
	       meta->inode == o->inode &&
	       (!meta->generation || !o->generation || meta->generation == o->generation);
}

static bool
is_unchanged(const struct ward_original *o, const struct ward_meta *meta)
{
	return meta->size == o->size && meta->mtime == o->mtime;
}

enum ward_rc
ward_stash_open(const struct ward_stash *s, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_meta meta = {0};
	enum ward_rc rc = ward_entry_open(s->parent, s->stash, true, &fd);

	if (!rc)
		rc = ward_meta_get(fd, &meta);
	if (rc)
		return rc == WARD_E_UNSUPPORTED ? WARD_E_NOENT : rc;
	/* Somebody else's directory in its place is none. The set-group-id bit is inherited. */
	if (meta.uid != geteuid() || (meta.mode & 0777) != 0700)
		return WARD_E_NOENT;
	*ret_fd = fd;
	fd = -1;
	return WARD_OK;
}

enum ward_rc
ward_stash_put_back(struct ward_quarantine *q, const struct ward_stash *s, int stash)
{
	enum ward_rc rc;

	ward_quarantine_step(q, "put back");
	rc = ward_entry_move(stash, s->inner, s->parent, s->name);
	for (unsigned i = 0; rc && rc != WARD_E_NOENT && i < NAMES_TRIED; i++) {
		char name[NAME_KEPT + 32];
		uint32_t number = 0;

		rc = ward_crypto_random(&number, sizeof(number));
		if (rc)
			return rc;
		(void)snprintf(name, sizeof(name), "%.*s.ward-%08x", NAME_KEPT, s->name, number);
		rc = ward_entry_move(stash, s->inner, s->parent, name);
	}
	return rc;
}

enum ward_rc
ward_stash_end(struct ward_quarantine *q, const struct ward_stash *s)
{
	ward_quarantine_step(q, "remove stash");
	/* Somebody may have renamed or removed it: it is empty, so nothing of anybody's is in it. */
	(void)!ward_entry_remove(s->parent, s->stash, true);
	ward_quarantine_step(q, "sync parent");
	return ward_entry_sync(s->parent);
}

/* What was moved here is looked at; nobody else can reach it any more. */
static enum ward_rc
judge(struct ward_quarantine *q, const struct ward_stash *s, int stash,
      enum ward_stash_end *ret_end)
{
	struct ward_meta meta = {0};
	enum ward_rc rc = ward_meta_get_at(stash, s->inner, &meta);

	if (rc)
		return rc;
	if (!ward_original_is(s->original, &meta)) {
		*ret_end = WARD_STASH_FOREIGN;
		return ward_stash_put_back(q, s, stash);
	}
	if (!s->any_content && !is_unchanged(s->original, &meta)) {
		*ret_end = WARD_STASH_CHANGED;
		return ward_stash_put_back(q, s, stash);
	}
	ward_quarantine_step(q, "unlink");
	rc = ward_entry_remove(stash, s->inner, false);
	if (!rc)
		*ret_end = WARD_STASH_REMOVED;
	return rc;
}

enum ward_rc
ward_stash_take(struct ward_quarantine *q, const struct ward_stash *s, enum ward_stash_end *ret_end)
{
	WARD_AUTO(ward_fd_close) int stash = -1;
	enum ward_rc rc, end;

	ward_quarantine_step(q, "make stash");
	rc = ward_entry_make_directory(s->parent, s->stash, 0700);
	if (rc)
		return rc;
	rc = ward_stash_open(s, &stash);
	if (!rc) {
		ward_quarantine_step(q, "stash");
		rc = ward_entry_move(s->parent, s->name, stash, s->inner);
		if (!rc)
			rc = judge(q, s, stash, ret_end);
	}
	end = ward_stash_end(q, s);
	return rc ? rc : end;
}

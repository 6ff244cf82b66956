/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving a file back. It is made without a name (or under one nobody can guess, readable by root
 * alone, where the file system knows no nameless files), filled with content that is proven piece by
 * piece, given its attributes, made durable, and only then named, in one step that never replaces.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guard/quarantine/quarantine-priv.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum {
	SET_ID = 06000,
	/* chattr's S, i, a, d, A: what a user sets; the rest is the file system's own business. */
	USER_FLAGS = 0x8 | 0x10 | 0x20 | 0x40 | 0x80,
};

struct restoring {
	struct ward_quarantine *q;
	const struct ward_quarantine_restore_request *request;
	struct ward_quarantine_restore_outcome outcome;
	const struct ward_item *item;
	struct ward_container_reader *reader;
	int in, dir, out;
	char *path;	    /* of the directory */
	const char *name;   /* in it */
	char temporary[32]; /* empty: the file has no name */
};

static enum ward_rc
refuse(struct restoring *r, enum ward_quarantine_why why, enum ward_rc rc)
{
	r->outcome.why = why;
	return rc;
}

static enum ward_rc
their_disk(struct restoring *r, enum ward_rc rc)
{
	if (rc && r->outcome.why == WARD_WHY_NONE)
		r->outcome.why = rc == WARD_E_LIMIT ? WARD_WHY_FULL : WARD_WHY_DISK;
	return rc;
}

/* --- where to --- */

/* r->path becomes the directory, r->name the rest; r->path owns both. */
static enum ward_rc
split(struct restoring *r)
{
	struct ward_span path = r->request->path ? ward_span_str(r->request->path) : r->item->path;
	char *slash;

	if (path.len == 0 || path.data[0] != '/' || path.len > WARD_ITEM_PATH_MAX)
		return WARD_E_INVAL;
	/* "/dir/name" is kept as "/dir/." NUL "name": the root has a directory part too. */
	r->path = calloc(1, path.len + 3);
	if (!r->path)
		return WARD_E_NOMEM;
	memcpy(r->path, path.data, path.len);
	slash = strrchr(r->path, '/');
	memmove(slash + 3, slash + 1, strlen(slash + 1) + 1);
	slash[1] = '.';
	slash[2] = 0;
	r->name = slash + 3;
	if (r->name[0] == 0 || strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
		return WARD_E_INVAL;
	return WARD_OK;
}

/* With the rights of who asks, the directory is entered and proven to be his to write in. What is
 * done in it afterwards is done by descriptor. */
static enum ward_rc
open_destination(struct restoring *r)
{
	struct ward_rights_before *before = NULL;
	struct ward_meta_space space = {0};
	enum ward_rc rc = ward_rights_take(r->request->rights, &before);

	if (rc)
		return refuse(r, WARD_WHY_NOT_ALLOWED, rc);
	rc = ward_entry_open_directory(-1, r->path, &r->dir);
	if (!rc && ward_entry_may_create(r->dir) != WARD_OK)
		rc = WARD_E_PERM;
	ward_rights_back(&before);
	if (rc == WARD_E_UNSUPPORTED)
		return refuse(r, WARD_WHY_SYMLINK, rc);
	if (rc == WARD_E_NOENT)
		return refuse(r, WARD_WHY_NO_DIRECTORY, rc);
	if (rc && r->dir >= 0 && ward_meta_space(r->dir, &space) == WARD_OK && space.read_only)
		return refuse(r, WARD_WHY_READ_ONLY, rc);
	return rc ? refuse(r, WARD_WHY_NOT_ALLOWED, rc) : WARD_OK;
}

static enum ward_rc
make_file(struct restoring *r)
{
	uint64_t random = 0;
	enum ward_rc rc;

	ward_quarantine_step(r->q, "make file");
	rc = ward_entry_nameless(r->dir, &r->out);
	if (rc != WARD_E_UNSUPPORTED)
		return their_disk(r, rc);
	rc = ward_crypto_random(&random, sizeof(random));
	(void)snprintf(r->temporary, sizeof(r->temporary), ".ward-%016llx",
		       (unsigned long long)random);
	if (!rc)
		rc = ward_fd_create(r->dir, r->temporary, 0600, &r->out);
	if (rc)
		r->temporary[0] = 0;
	return their_disk(r, rc);
}

/* --- content --- */

/* Called with data only, at its place. */
typedef enum ward_rc (*place_fn)(void *ctx, uint64_t offset, struct ward_span bytes);

static enum ward_rc
write_piece(void *ctx, uint64_t offset, struct ward_span bytes)
{
	struct restoring *r = ctx;

	return their_disk(r, ward_fd_pwrite_all(r->out, bytes, offset));
}

/* Spreads the content over the extents. WARD_E_FORMAT: damaged. */
static enum ward_rc
spread(struct ward_container_reader *reader, place_fn place, void *ctx)
{
	const struct ward_item *item = ward_container_item(reader);
	uint64_t done = 0; /* of the current extent */
	size_t at = 0;

	for (;;) {
		struct ward_span bytes = {0};
		enum ward_rc rc = ward_container_read(reader, &bytes);

		if (rc)
			return rc == WARD_E_NOENT ? WARD_OK : rc;
		while (bytes.len > 0) {
			const struct ward_item_extent *e = &item->extents[at];
			struct ward_span part = ward_span_cut(bytes, 0, e->len - done);

			rc = place(ctx, e->offset + done, part);
			if (rc)
				return rc;
			bytes = ward_span_cut(bytes, part.len, bytes.len);
			done += part.len;
			if (done == e->len) {
				done = 0;
				at++;
			}
		}
	}
}

static enum ward_rc
fill(struct restoring *r)
{
	enum ward_rc rc = their_disk(r, ward_meta_set_size(r->out, r->item->size));

	if (!rc)
		rc = spread(r->reader, write_piece, r);
	if (rc == WARD_E_FORMAT)
		r->outcome.why = WARD_WHY_DAMAGED;
	return their_disk(r, rc);
}

/* --- attributes --- */

/* What would give the file rights of its own, or speaks to the kernel alone. */
static bool
is_privileged(const char *name)
{
	return strcmp(name, "security.capability") == 0 || strncmp(name, "trusted.", 8) == 0;
}

static enum ward_rc
set_xattrs(struct restoring *r, bool set_id)
{
	for (size_t i = 0; i < r->item->xattr_count; i++) {
		const struct ward_item_xattr *x = &r->item->xattrs[i];
		enum ward_rc rc;

		if (is_privileged(x->name) && !set_id) {
			r->outcome.left_out++;
			continue;
		}
		rc = ward_meta_xattr_set(r->out, x->name, x->value);
		if (rc == WARD_E_LIMIT)
			return refuse(r, WARD_WHY_FULL, rc);
		if (rc && !r->request->lenient)
			return refuse(r, WARD_WHY_ATTRIBUTE, rc);
		if (rc)
			r->outcome.left_out++;
	}
	return WARD_OK;
}

/* The owner first: changing it clears set-id bits and capabilities. The mode after the ACL, whose
 * mask it is. The times last. */
static enum ward_rc
dress(struct restoring *r)
{
	const struct ward_item *item = r->item;
	bool set_id = r->request->set_id && (!r->request->rights || r->request->rights->uid == 0);
	uint32_t mode = set_id ? item->mode : item->mode & ~(uint32_t)SET_ID;
	enum ward_rc rc = ward_meta_set_owner(r->out, item->uid, item->gid);

	if (mode != item->mode)
		r->outcome.left_out++;
	if (rc)
		return refuse(r, WARD_WHY_ATTRIBUTE, rc);
	/* What the directory's default ACL gave it is not its own. */
	rc = ward_meta_xattr_remove(r->out, "system.posix_acl_access");
	if (!rc)
		rc = set_xattrs(r, set_id);
	if (!rc)
		rc = ward_meta_set_mode(r->out, mode);
	if (!rc)
		rc = ward_meta_set_times(r->out, item->atime, item->mtime);
	if (rc && r->outcome.why == WARD_WHY_NONE)
		r->outcome.why = WARD_WHY_ATTRIBUTE;
	return rc;
}

/* chattr's, once it has its name: an immutable file cannot be given one. */
static enum ward_rc
set_flags(struct restoring *r)
{
	uint32_t wanted = r->item->flags & USER_FLAGS;
	struct ward_meta meta = {0};
	enum ward_rc rc;

	if (wanted == 0)
		return WARD_OK;
	rc = ward_meta_get(r->out, &meta);
	if (!rc)
		rc = ward_meta_set_flags(r->out, (meta.flags & ~(uint32_t)USER_FLAGS) | wanted);
	if (!rc)
		return WARD_OK;
	/* It stands there under its name: to fail now would be a lie. */
	r->outcome.left_out++;
	return WARD_OK;
}

/* --- the name --- */

static enum ward_rc
name_file(struct restoring *r)
{
	struct ward_meta there = {0};
	enum ward_rc rc;

	ward_quarantine_step(r->q, "name file");
	if (r->temporary[0])
		rc = ward_entry_move(r->dir, r->temporary, r->dir, r->name);
	else
		rc = ward_entry_link(r->out, r->dir, r->name);
	if (rc == WARD_OK) {
		r->temporary[0] = 0;
		return WARD_OK;
	}
	if (ward_meta_get_at(r->dir, r->name, &there) == WARD_OK)
		return refuse(r, WARD_WHY_EXISTS, rc);
	return their_disk(r, rc);
}

static enum ward_rc
put_down(struct restoring *r)
{
	enum ward_rc rc = fill(r);

	if (!rc)
		rc = dress(r);
	ward_quarantine_step(r->q, "sync file");
	if (!rc)
		rc = their_disk(r, ward_entry_sync(r->out));
	if (!rc)
		rc = name_file(r);
	if (!rc)
		rc = set_flags(r);
	ward_quarantine_step(r->q, "sync destination");
	if (!rc)
		rc = their_disk(r, ward_entry_sync(r->dir));
	if (r->temporary[0])
		(void)!ward_entry_remove(r->dir, r->temporary, false);
	return rc;
}

static enum ward_rc
restore(struct restoring *r, const uint8_t *id)
{
	enum ward_rc rc = ward_quarantine_reader(r->q, id, &r->in, &r->reader);

	if (rc)
		return refuse(r, rc == WARD_E_NOENT ? WARD_WHY_NO_ITEM : WARD_WHY_DAMAGED, rc);
	r->item = ward_container_item(r->reader);
	rc = split(r);
	if (rc)
		return refuse(r, WARD_WHY_NO_DIRECTORY, rc);
	rc = open_destination(r);
	if (!rc)
		rc = make_file(r);
	return rc ? rc : put_down(r);
}

enum ward_rc
ward_quarantine_restore(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
			const struct ward_quarantine_restore_request *request,
			struct ward_quarantine_restore_outcome *ret_outcome)
{
	struct restoring r = {.q = q, .request = request, .in = -1, .dir = -1, .out = -1};
	enum ward_rc rc = restore(&r, id);

	ward_container_reader_freep(&r.reader);
	ward_fd_close(&r.in);
	ward_fd_close(&r.out);
	ward_fd_close(&r.dir);
	free(r.path);
	*ret_outcome = r.outcome;
	return rc;
}

/* --- reading without restoring --- */

struct reading {
	ward_quarantine_sink sink;
	void *ctx;
	struct ward_hasher *hasher;
	uint64_t at;
};

static enum ward_rc
hand_out(struct reading *g, struct ward_span bytes)
{
	enum ward_rc rc = ward_hasher_add(g->hasher, bytes);

	g->at += bytes.len;
	return rc || !g->sink ? rc : g->sink(g->ctx, bytes);
}

static enum ward_rc
hand_out_zeros(struct reading *g, uint64_t until)
{
	static const uint8_t zeros[WARD_CONTAINER_CHUNK];
	enum ward_rc rc = WARD_OK;

	while (g->at < until && !rc)
		rc = hand_out(g,
			      ward_span_cut(ward_span_of(zeros, sizeof(zeros)), 0, until - g->at));
	return rc;
}

static enum ward_rc
hand_out_piece(void *ctx, uint64_t offset, struct ward_span bytes)
{
	enum ward_rc rc = hand_out_zeros(ctx, offset);

	return rc ? rc : hand_out(ctx, bytes);
}

enum ward_rc
ward_quarantine_read(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
		     ward_quarantine_sink sink, void *ctx)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_container_reader_freep) struct ward_container_reader *reader = NULL;
	WARD_AUTO(ward_hasher_freep) struct ward_hasher *hasher = NULL;
	struct reading g = {.sink = sink, .ctx = ctx};
	uint8_t digest[32];
	enum ward_rc rc = ward_quarantine_reader(q, id, &fd, &reader);

	if (!rc)
		rc = ward_hasher_new(&hasher);
	if (rc)
		return rc;
	g.hasher = hasher;
	rc = spread(reader, hand_out_piece, &g);
	if (!rc)
		rc = hand_out_zeros(&g, ward_container_item(reader)->size);
	if (!rc)
		rc = ward_hasher_end(hasher, digest);
	if (!rc && memcmp(digest, ward_container_item(reader)->sha256, sizeof(digest)) != 0)
		rc = WARD_E_FORMAT;
	return rc;
}

enum ward_rc
ward_quarantine_verify(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID])
{
	return ward_quarantine_read(q, id, NULL, NULL);
}

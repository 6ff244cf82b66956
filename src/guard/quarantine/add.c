/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a file in, in this order: its bytes into ID.tmp, durable; ID.tmp becomes ID.ward, durable;
 * the journal, durable; only then its name goes (original.c); the journal ends. Whenever this stops,
 * ward_quarantine_open finds the original in place, or the container whole, or both.
 */
#include <stdlib.h>

#include "guard/quarantine/quarantine-priv.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum { ROUNDS = 4, PIECE = 256 * 1024, MEMORY = WARD_ITEM_MEMORY };

struct adding {
	struct ward_quarantine *q;
	const struct ward_quarantine_request *request;
	struct ward_quarantine_outcome outcome;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_meta meta; /* when the copy was begun */
	struct ward_item item;
	struct ward_hasher *hasher;
	struct ward_container_writer *writer;
	int out;
	uint8_t *piece;
};

static enum ward_rc
refuse(struct adding *a, enum ward_quarantine_why why, enum ward_rc rc)
{
	a->outcome.why = why;
	return rc;
}

/* What a failed write to our own disk means. */
static enum ward_rc
our_disk(struct adding *a, enum ward_rc rc)
{
	if (rc && a->outcome.why == WARD_WHY_NONE)
		a->outcome.why = rc == WARD_E_LIMIT ? WARD_WHY_FULL : WARD_WHY_DISK;
	return rc;
}

/* --- what is known of it --- */

static enum ward_rc
take_xattr(void *ctx, const char *name, struct ward_span value)
{
	struct adding *a = ctx;
	struct ward_item *item = &a->item;
	struct ward_item_xattr *x;

	if (item->xattr_count == WARD_ITEM_XATTRS_MAX)
		return WARD_E_LIMIT;
	x = &item->xattrs[item->xattr_count];
	x->name = ward_arena_strdup(a->arena, ward_span_str(name));
	x->value = ward_span_of(ward_arena_strdup(a->arena, value), value.len);
	if (!x->name || !x->value.data)
		return WARD_E_LIMIT;
	item->xattr_count++;
	return WARD_OK;
}

/* Runs of data. Past the most that is recorded, holes are taken for zeros. */
static enum ward_rc
take_extents(struct adding *a)
{
	struct ward_item *item = &a->item;
	uint64_t at = 0;

	while (at < item->size) {
		struct ward_item_extent *e = &item->extents[item->extent_count];
		uint64_t start = at, end = item->size;
		enum ward_rc rc = WARD_OK;

		if (item->extent_count + 1 < WARD_ITEM_EXTENTS_MAX)
			rc = ward_meta_data(a->request->fd, at, &start, &end);
		if (rc == WARD_E_NOENT)
			break;
		if (rc == WARD_E_INVAL || rc == WARD_E_UNSUPPORTED)
			start = at; /* knows no holes */
		else if (rc)
			return rc;
		if (end > item->size)
			end = item->size;
		if (start >= end)
			break;
		*e = (struct ward_item_extent){start, end - start};
		item->stored += e->len;
		item->extent_count++;
		at = end;
	}
	return WARD_OK;
}

/* Up to a NUL or the most that is kept. */
static struct ward_span
clip(struct ward_span text, size_t max)
{
	const uint8_t *nul = text.len ? memchr(text.data, 0, text.len) : NULL;

	return ward_span_cut(
		text, 0, nul && (size_t)(nul - text.data) < max ? (size_t)(nul - text.data) : max);
}

static void
take_cause(struct adding *a)
{
	struct ward_item_cause *c = &a->item.cause;

	*c = *a->request->cause;
	c->threat = clip(c->threat, WARD_ITEM_TEXT_MAX);
	c->reason = clip(c->reason, WARD_ITEM_TEXT_MAX);
	c->origin = clip(c->origin, WARD_ITEM_TEXT_MAX);
	c->volume = clip(c->volume, WARD_ITEM_TEXT_MAX);
	c->program = clip(c->program, WARD_ITEM_PATH_MAX);
	/* Half of it would be no JSON; the history has all of it. */
	if (c->evidence.len > WARD_ITEM_EVIDENCE_MAX)
		c->evidence = ward_span_of(NULL, 0);
	c->evidence = clip(c->evidence, WARD_ITEM_EVIDENCE_MAX);
}

static void
take_meta(struct adding *a)
{
	const struct ward_meta *m = &a->meta;
	struct ward_item *item = &a->item;

	item->time_ms = ward_clock_wall() / 1000;
	item->size = m->size;
	item->uid = m->uid;
	item->gid = m->gid;
	item->mode = m->mode;
	item->links = m->links;
	item->device = m->device;
	item->inode = m->inode;
	item->generation = m->generation;
	item->flags = m->flags;
	item->atime = m->atime;
	item->mtime = m->mtime;
	item->ctime = m->ctime;
	item->btime = m->btime;
	take_cause(a);
}

static enum ward_rc
take_path(struct adding *a)
{
	WARD_AUTO(ward_buf_done) struct ward_buf path = {0};
	struct ward_span opened = clip(a->request->opened, WARD_ITEM_PATH_MAX);
	char *copy;

	a->item.opened = ward_span_of(NULL, 0);
	ward_buf_init(&path, WARD_ITEM_PATH_MAX, NULL);
	if (ward_entry_path_of(a->request->fd, &path) != WARD_OK) {
		a->item.path = opened;
		return WARD_OK;
	}
	copy = ward_arena_strdup(a->arena, ward_buf_span(&path));
	if (!copy)
		return WARD_E_LIMIT;
	a->item.path = ward_span_of(copy, path.len);
	if (!ward_span_eq(opened, a->item.path))
		a->item.opened = opened;
	return WARD_OK;
}

/* Everything but the bytes. */
static enum ward_rc
describe(struct adding *a)
{
	enum ward_rc rc = ward_meta_get(a->request->fd, &a->meta);

	if (rc)
		return refuse(a, WARD_WHY_DISK, rc);
	if (a->meta.kind != WARD_FD_REGULAR)
		return refuse(a, WARD_WHY_NOT_REGULAR, WARD_E_UNSUPPORTED);
	if (a->meta.size > a->q->options.item_max)
		return refuse(a, WARD_WHY_TOO_LARGE, WARD_E_LIMIT);
	ward_arena_free(a->arena);
	a->arena = ward_arena_new(&a->budget);
	if (!a->arena)
		return WARD_E_NOMEM;
	take_meta(a);
	a->item.stored = 0;
	a->item.extent_count = a->item.xattr_count = 0;
	a->item.xattrs = ward_arena_array(a->arena, WARD_ITEM_XATTRS_MAX, sizeof(*a->item.xattrs));
	a->item.extents =
		ward_arena_array(a->arena, WARD_ITEM_EXTENTS_MAX, sizeof(*a->item.extents));
	if (!a->item.xattrs || !a->item.extents)
		return WARD_E_LIMIT;
	rc = take_path(a);
	if (!rc)
		rc = ward_meta_xattrs(a->request->fd, take_xattr, a);
	if (!rc)
		rc = take_extents(a);
	return rc && a->outcome.why == WARD_WHY_NONE ? refuse(a, WARD_WHY_DISK, rc) : rc;
}

/* --- its bytes --- */

static enum ward_rc
hash_hole(struct adding *a, uint64_t len)
{
	enum ward_rc rc = WARD_OK;

	memset(a->piece, 0, PIECE);
	while (len > 0 && !rc) {
		size_t n = len < PIECE ? (size_t)len : PIECE;

		rc = ward_hasher_add(a->hasher, ward_span_of(a->piece, n));
		len -= n;
	}
	return rc;
}

/* WARD_E_STOPPED: it has become shorter. */
static enum ward_rc
copy_run(struct adding *a, struct ward_item_extent e)
{
	while (e.len > 0) {
		size_t want = e.len < PIECE ? (size_t)e.len : PIECE, n = 0;
		enum ward_rc rc = ward_fd_pread(a->request->fd, a->piece, want, e.offset, &n);

		if (rc)
			return refuse(a, WARD_WHY_DISK, rc);
		if (n < want)
			return WARD_E_STOPPED;
		rc = ward_hasher_add(a->hasher, ward_span_of(a->piece, n));
		if (!rc)
			rc = ward_container_write(a->writer, ward_span_of(a->piece, n));
		if (rc)
			return our_disk(a, rc);
		e.offset += n;
		e.len -= n;
	}
	return WARD_OK;
}

static enum ward_rc
copy_content(struct adding *a)
{
	uint64_t at = 0;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < a->item.extent_count && !rc; i++) {
		rc = hash_hole(a, a->item.extents[i].offset - at);
		if (!rc)
			rc = copy_run(a, a->item.extents[i]);
		at = a->item.extents[i].offset + a->item.extents[i].len;
	}
	if (!rc)
		rc = hash_hole(a, a->item.size - at);
	return rc ? rc : ward_hasher_end(a->hasher, a->item.sha256);
}

static bool
is_still(const struct adding *a)
{
	struct ward_meta now = {0};

	return ward_meta_get(a->request->fd, &now) == WARD_OK && now.size == a->meta.size &&
	       now.mtime == a->meta.mtime && now.ctime == a->meta.ctime;
}

static bool
has_room(struct adding *a)
{
	struct ward_quarantine_totals totals;
	struct ward_meta_space space = {0};
	uint64_t max = a->q->options.total_max;

	ward_quarantine_totals(a->q, &totals);
	if (max > 0 && (totals.bytes > max || a->item.stored > max - totals.bytes))
		return false;
	return ward_meta_space(a->q->dir, &space) == WARD_OK &&
	       space.free > a->q->options.reserve &&
	       space.free - a->q->options.reserve > a->item.stored;
}

static void
end_copy(struct adding *a)
{
	ward_container_writer_freep(&a->writer);
	ward_hasher_freep(&a->hasher);
	ward_fd_close(&a->out);
}

/* Into the open ID.tmp. WARD_E_STOPPED: it did not hold still. */
static enum ward_rc
copy_into(struct adding *a, bool any)
{
	enum ward_rc rc = ward_hasher_new(&a->hasher);

	if (!rc)
		rc = ward_container_writer_new(a->out, a->q->master, a->item.id, &a->writer);
	if (rc)
		return our_disk(a, rc);
	rc = copy_content(a);
	if (rc)
		return rc;
	a->item.unsettled = !is_still(a);
	if (a->item.unsettled && !any)
		return WARD_E_STOPPED;
	rc = ward_container_finish(a->writer, &a->item);
	ward_quarantine_step(a->q, "sync container");
	if (!rc)
		rc = ward_entry_sync(a->out);
	return our_disk(a, rc);
}

static enum ward_rc
copy(struct adding *a, const char *temporary, bool any)
{
	enum ward_rc rc = describe(a);

	if (rc)
		return rc;
	if (!has_room(a))
		return refuse(a, WARD_WHY_FULL, WARD_E_LIMIT);
	ward_quarantine_step(a->q, "create container");
	rc = ward_fd_create(a->q->dir, temporary, 0400, &a->out);
	if (rc)
		return our_disk(a, rc);
	rc = copy_into(a, any);
	end_copy(a);
	if (rc)
		(void)!ward_entry_remove(a->q->dir, temporary, false);
	return rc;
}

/* --- the whole --- */

/* Gives up: no container, and nothing of anybody's stays in a private directory. */
static void
take_back(struct adding *a, const char *name)
{
	struct ward_quarantine_recovery counts = {0};
	bool done = false;

	(void)!ward_quarantine_forget(a->q, name);
	(void)!ward_original_recover(a->q, a->item.id, &counts, &done);
}

static enum ward_rc
commit(struct adding *a, const char *temporary, const char *name, bool any)
{
	struct ward_quarantine_request request = *a->request;
	enum ward_rc rc;

	ward_quarantine_step(a->q, "name container");
	rc = ward_entry_move(a->q->dir, temporary, a->q->dir, name);
	ward_quarantine_step(a->q, "sync quarantine");
	if (!rc)
		rc = ward_entry_sync(a->q->dir);
	if (rc) {
		(void)!ward_entry_remove(a->q->dir, temporary, false);
		return our_disk(a, rc);
	}
	request.settle_for_less = any;
	rc = ward_original_remove(a->q, &request, a->item.id, &a->meta, &a->outcome);
	if (rc) {
		take_back(a, name);
		return rc;
	}
	return ward_journal_end(a->q, a->item.id);
}

static enum ward_rc
add_once(struct adding *a, bool any)
{
	char temporary[WARD_QUARANTINE_NAME], name[WARD_QUARANTINE_NAME];
	struct ward_meta meta = {0};
	enum ward_rc rc;

	ward_quarantine_name(a->item.id, ".tmp", temporary);
	ward_quarantine_name(a->item.id, ".ward", name);
	a->outcome.why = WARD_WHY_NONE;
	rc = copy(a, temporary, any);
	if (!rc)
		rc = commit(a, temporary, name, any);
	if (rc)
		return rc;
	memcpy(a->outcome.id, a->item.id, WARD_ITEM_ID);
	if (ward_meta_get_at(a->q->dir, name, &meta) == WARD_OK)
		ward_quarantine_count(a->q, 1, (int64_t)meta.size);
	return WARD_OK;
}

static enum ward_rc
new_id(struct adding *a)
{
	uint8_t random[10];
	enum ward_rc rc = ward_crypto_random(random, sizeof(random));

	ward_wire_uuid_make(ward_clock_wall() / 1000, random, a->item.id);
	return rc;
}

enum ward_rc
ward_quarantine_add(struct ward_quarantine *q, const struct ward_quarantine_request *request,
		    struct ward_quarantine_outcome *ret_outcome)
{
	struct adding a = {.q = q, .request = request, .budget = {.cap = MEMORY}, .out = -1};
	enum ward_rc rc = new_id(&a);

	a.piece = malloc(PIECE);
	if (!a.piece)
		rc = WARD_E_NOMEM;
	for (unsigned i = 0; i < ROUNDS && (i == 0 ? !rc : rc == WARD_E_STOPPED); i++)
		rc = add_once(&a, request->settle_for_less && i == ROUNDS - 1);
	if (rc == WARD_E_STOPPED)
		a.outcome.why = WARD_WHY_CHANGING;
	end_copy(&a);
	ward_arena_free(a.arena);
	free(a.piece);
	*ret_outcome = a.outcome;
	return rc;
}

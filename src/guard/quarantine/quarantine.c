/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/quarantine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guard/quarantine/quarantine-priv.h"
#include "proto/wire.h"
#include "sys/crypto.h"
#include "sys/entry.h"

enum { IDS_MAX = 64 << 20 };

const char *
ward_quarantine_why_text(enum ward_quarantine_why why)
{
	static const char *const texts[WARD_WHY_COUNT] = {
		[WARD_WHY_NONE] = "",
		[WARD_WHY_NOT_REGULAR] = "not a regular file",
		[WARD_WHY_TOO_LARGE] = "larger than quarantine takes",
		[WARD_WHY_FULL] = "no room for it",
		[WARD_WHY_CHANGING] = "it is being written",
		[WARD_WHY_NO_NAME] = "no name of it can be found",
		[WARD_WHY_MOVING] = "its name keeps changing",
		[WARD_WHY_READ_ONLY] = "the file system is read-only",
		[WARD_WHY_IMMUTABLE] = "the file or its directory is immutable",
		[WARD_WHY_MOUNT] = "something is mounted there",
		[WARD_WHY_OTHER_LINKS] = "other names of it are left",
		[WARD_WHY_RUNNING] = "it is being executed",
		[WARD_WHY_EXISTS] = "the name is taken",
		[WARD_WHY_SYMLINK] = "the way goes through a symbolic link",
		[WARD_WHY_NO_DIRECTORY] = "the directory does not exist",
		[WARD_WHY_NOT_ALLOWED] = "not permitted",
		[WARD_WHY_DAMAGED] = "the container is damaged",
		[WARD_WHY_NO_ITEM] = "no such item",
		[WARD_WHY_ATTRIBUTE] = "an attribute cannot be put back there",
		[WARD_WHY_DISK] = "input/output error",
	};

	return (unsigned)why < WARD_WHY_COUNT ? texts[why] : "";
}

void
ward_quarantine_step(struct ward_quarantine *q, const char *what)
{
	if (q->options.step)
		q->options.step(q->options.step_ctx, what);
}

/* --- names --- */

void
ward_quarantine_name(const uint8_t id[WARD_ITEM_ID], const char *suffix,
		     char ret[WARD_QUARANTINE_NAME])
{
	ward_wire_uuid_text(id, ret);
	(void)snprintf(ret + 36, WARD_QUARANTINE_NAME - 36, "%s", suffix);
}

bool
ward_quarantine_name_id(const char *name, const char *suffix, uint8_t ret_id[WARD_ITEM_ID])
{
	return strlen(name) > 36 && strcmp(name + 36, suffix) == 0 &&
	       ward_wire_uuid_parse(ward_span_of(name, 36), ret_id) == WARD_OK;
}

enum ward_rc
ward_quarantine_forget(struct ward_quarantine *q, const char *name)
{
	enum ward_rc rc = ward_entry_remove(q->dir, name, false);

	if (rc)
		return rc;
	ward_quarantine_step(q, "sync quarantine");
	return ward_entry_sync(q->dir);
}

struct gathering {
	const char *suffix;
	struct ward_buf ids;
};

static enum ward_rc
gather(void *ctx, const char *name)
{
	struct gathering *g = ctx;
	uint8_t id[WARD_ITEM_ID];

	if (!ward_quarantine_name_id(name, g->suffix, id))
		return WARD_OK;
	return ward_buf_append(&g->ids, id, sizeof(id));
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, WARD_ITEM_ID);
}

/* All ids with such a file, in order of time. */
static enum ward_rc
ids_of(struct ward_quarantine *q, const char *suffix, struct ward_buf *ret_ids)
{
	struct gathering g = {.suffix = suffix};
	enum ward_rc rc;

	ward_buf_init(&g.ids, IDS_MAX, NULL);
	rc = ward_entry_list(q->dir, gather, &g);
	if (rc) {
		ward_buf_done(&g.ids);
		return rc;
	}
	if (g.ids.len > 0)
		qsort(g.ids.data, g.ids.len / WARD_ITEM_ID, WARD_ITEM_ID, compare_ids);
	*ret_ids = g.ids;
	return WARD_OK;
}

/* From the memory, unless there were changes since it was read; who lists page by page would read the
 * whole directory for each otherwise. False: it has to be read. */
static bool
recall_ids(struct ward_quarantine *q, struct ward_buf *ret_ids, uint64_t *ret_changes)
{
	bool known;

	ward_buf_init(ret_ids, IDS_MAX, NULL);
	(void)pthread_mutex_lock(&q->counting);
	*ret_changes = q->changes;
	known = q->known_at == q->changes &&
		ward_buf_append(ret_ids, q->known.data, q->known.len) == WARD_OK;
	(void)pthread_mutex_unlock(&q->counting);
	return known;
}

static void
remember_ids(struct ward_quarantine *q, const struct ward_buf *ids, uint64_t changes)
{
	(void)pthread_mutex_lock(&q->counting);
	ward_buf_clear(&q->known);
	q->known_at = ward_buf_append(&q->known, ids->data, ids->len) == WARD_OK ? changes : 0;
	(void)pthread_mutex_unlock(&q->counting);
}

static enum ward_rc
items_of(struct ward_quarantine *q, struct ward_buf *ret_ids)
{
	uint64_t changes;
	enum ward_rc rc;

	if (recall_ids(q, ret_ids, &changes))
		return WARD_OK;
	ward_buf_done(ret_ids);
	rc = ids_of(q, ".ward", ret_ids);
	if (rc == WARD_OK)
		remember_ids(q, ret_ids, changes);
	return rc;
}

/* The first place behind this id, by bisection. */
static size_t
place_after(const struct ward_buf *ids, const uint8_t *after)
{
	size_t low = 0, high = ids->len / WARD_ITEM_ID;

	while (after && low < high) {
		size_t middle = (low + high) / 2;

		if (memcmp(ids->data + middle * WARD_ITEM_ID, after, WARD_ITEM_ID) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low * WARD_ITEM_ID;
}

/* --- opening --- */

static enum ward_rc
new_key(struct ward_quarantine *q)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_crypto_random(q->master, sizeof(q->master));

	(void)!ward_entry_remove(q->dir, "key.tmp", false);
	if (!rc)
		rc = ward_fd_create(q->dir, "key.tmp", 0400, &fd);
	if (!rc)
		rc = ward_fd_write_all(fd, ward_span_of(q->master, sizeof(q->master)));
	if (!rc)
		rc = ward_entry_sync(fd);
	if (!rc)
		rc = ward_entry_move(q->dir, "key.tmp", q->dir, "key");
	return rc ? rc : ward_entry_sync(q->dir);
}

static enum ward_rc
load_key(struct ward_quarantine *q)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st = {0};
	size_t n = 0;
	enum ward_rc rc = ward_fd_open_regular(q->dir, "key", false, &fd, &st);

	if (rc == WARD_E_NOENT)
		return new_key(q);
	if (rc)
		return rc;
	if (st.size != sizeof(q->master) || st.uid != geteuid() || st.mode & 077)
		return WARD_E_FORMAT;
	rc = ward_fd_pread(fd, q->master, sizeof(q->master), 0, &n);
	return rc || n == sizeof(q->master) ? rc : WARD_E_FORMAT;
}

static enum ward_rc
open_directory(struct ward_quarantine *q, const char *path)
{
	struct ward_meta meta = {0};
	enum ward_rc rc = ward_entry_open_directory(-1, path, &q->dir);

	if (rc == WARD_E_NOENT && ward_entry_make_directory(-1, path, 0700) == WARD_OK)
		rc = ward_entry_open_directory(-1, path, &q->dir);
	if (!rc)
		rc = ward_meta_get(q->dir, &meta);
	if (rc)
		return rc;
	if (meta.uid != geteuid() || meta.mode & 077)
		return WARD_E_PERM;
	return ward_fd_lock(q->dir, "lock", &q->lock);
}

static enum ward_rc
drop_all(struct ward_quarantine *q, const char *suffix, unsigned *count)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ids = {0};
	enum ward_rc rc = ids_of(q, suffix, &ids);

	for (size_t i = 0; i < ids.len && !rc; i += WARD_ITEM_ID) {
		char name[WARD_QUARANTINE_NAME];

		ward_quarantine_name(ids.data + i, suffix, name);
		rc = ward_quarantine_forget(q, name);
		(*count)++;
	}
	return rc;
}

static enum ward_rc
recover(struct ward_quarantine *q, struct ward_quarantine_recovery *counts)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ids = {0};
	unsigned ignored = 0;
	enum ward_rc rc = ids_of(q, ".journal", &ids);

	for (size_t i = 0; i < ids.len && !rc; i += WARD_ITEM_ID) {
		bool done = false;

		rc = ward_original_recover(q, ids.data + i, counts, &done);
	}
	if (!rc)
		rc = drop_all(q, ".tmp", &counts->unfinished);
	return rc ? rc : drop_all(q, ".jtmp", &ignored);
}

static uint64_t
size_of(struct ward_quarantine *q, const uint8_t *id)
{
	struct ward_meta meta = {0};
	char name[WARD_QUARANTINE_NAME];

	ward_quarantine_name(id, ".ward", name);
	return ward_meta_get_at(q->dir, name, &meta) == WARD_OK ? meta.size : 0;
}

static enum ward_rc
count_all(struct ward_quarantine *q)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ids = {0};
	enum ward_rc rc = ids_of(q, ".ward", &ids);

	for (size_t i = 0; i < ids.len; i += WARD_ITEM_ID)
		ward_quarantine_count(q, 1, (int64_t)size_of(q, ids.data + i));
	return rc;
}

enum ward_rc
ward_quarantine_open(const struct ward_quarantine_options *options,
		     struct ward_quarantine **ret_quarantine,
		     struct ward_quarantine_recovery *ret_recovery)
{
	WARD_AUTO(ward_quarantine_freep) struct ward_quarantine *q = calloc(1, sizeof(*q));
	struct ward_quarantine_recovery counts = {0};
	enum ward_rc rc;

	if (!q)
		return WARD_E_NOMEM;
	q->dir = q->lock = -1;
	q->options = *options;
	q->options.directory = NULL;
	if (q->options.item_max == 0)
		q->options.item_max = UINT64_C(4) << 30;
	(void)pthread_mutex_init(&q->counting, NULL);
	ward_buf_init(&q->known, IDS_MAX, NULL);
	q->changes = 1;
	rc = open_directory(q, options->directory);
	if (!rc)
		rc = load_key(q);
	if (!rc)
		rc = recover(q, &counts);
	if (!rc)
		rc = count_all(q);
	if (rc)
		return rc;
	if (ret_recovery)
		*ret_recovery = counts;
	*ret_quarantine = q;
	q = NULL;
	return WARD_OK;
}

void
ward_quarantine_freep(struct ward_quarantine **quarantine)
{
	struct ward_quarantine *q = *quarantine;

	*quarantine = NULL;
	if (!q)
		return;
	ward_fd_close(&q->dir);
	ward_fd_close(&q->lock);
	(void)pthread_mutex_destroy(&q->counting);
	ward_buf_done(&q->known);
	ward_crypto_wipe(q->master, sizeof(q->master));
	free(q);
}

/* --- looking --- */

void
ward_quarantine_count(struct ward_quarantine *q, int64_t items, int64_t bytes)
{
	(void)pthread_mutex_lock(&q->counting);
	q->changes += items != 0;
	q->totals.items += (uint64_t)items;
	q->totals.bytes += (uint64_t)bytes;
	(void)pthread_mutex_unlock(&q->counting);
}

void
ward_quarantine_totals(struct ward_quarantine *q, struct ward_quarantine_totals *ret_totals)
{
	(void)pthread_mutex_lock(&q->counting);
	*ret_totals = q->totals;
	(void)pthread_mutex_unlock(&q->counting);
}

enum ward_rc
ward_quarantine_reader(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID], int *ret_fd,
		       struct ward_container_reader **ret_reader)
{
	char name[WARD_QUARANTINE_NAME];
	enum ward_rc rc;

	ward_quarantine_name(id, ".ward", name);
	rc = ward_fd_open_regular(q->dir, name, false, ret_fd, NULL);
	if (!rc)
		rc = ward_container_reader_new(*ret_fd, q->master, ret_reader);
	if (!rc && memcmp(ward_container_item(*ret_reader)->id, id, WARD_ITEM_ID) != 0)
		rc = WARD_E_FORMAT;
	return rc == WARD_E_TRUNCATED ? WARD_E_FORMAT : rc;
}

enum ward_rc
ward_quarantine_show(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
		     ward_quarantine_visit visit, void *ctx)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_container_reader_freep) struct ward_container_reader *reader = NULL;
	enum ward_rc rc = ward_quarantine_reader(q, id, &fd, &reader);
	struct ward_item damaged = {0};

	if (rc == WARD_OK)
		return visit(ctx, ward_container_item(reader), WARD_WHY_NONE);
	if (rc == WARD_E_NOENT || rc == WARD_E_NOMEM)
		return rc;
	memcpy(damaged.id, id, WARD_ITEM_ID);
	return visit(ctx, &damaged, WARD_WHY_DAMAGED);
}

enum ward_rc
ward_quarantine_list(struct ward_quarantine *q, const uint8_t *after, ward_quarantine_visit visit,
		     void *ctx)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ids = {0};
	enum ward_rc rc = items_of(q, &ids);

	for (size_t i = place_after(&ids, after); i < ids.len && !rc; i += WARD_ITEM_ID) {
		rc = ward_quarantine_show(q, ids.data + i, visit, ctx);
		if (rc == WARD_E_NOENT)
			rc = WARD_OK; /* deleted meanwhile */
	}
	return rc;
}

/* --- removing --- */

enum ward_rc
ward_quarantine_delete(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID])
{
	uint64_t size = size_of(q, id);
	char name[WARD_QUARANTINE_NAME];
	enum ward_rc rc;

	ward_quarantine_name(id, ".ward", name);
	ward_quarantine_step(q, "delete");
	rc = ward_quarantine_forget(q, name);
	if (!rc)
		ward_quarantine_count(q, -1, -(int64_t)size);
	return rc;
}

enum ward_rc
ward_quarantine_purge(struct ward_quarantine *q, uint64_t before_ms, uint64_t bytes,
		      size_t *ret_removed)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ids = {0};
	enum ward_rc rc = ids_of(q, ".ward", &ids);
	size_t removed = 0;

	for (size_t i = 0; i < ids.len && !rc; i += WARD_ITEM_ID) {
		struct ward_quarantine_totals totals;
		uint64_t ms = 0;

		ward_quarantine_totals(q, &totals);
		if (!(ward_wire_uuid_time(ids.data + i, &ms) && ms < before_ms) &&
		    totals.bytes <= bytes)
			break;
		rc = ward_quarantine_delete(q, ids.data + i);
		if (!rc)
			removed++;
		else if (rc == WARD_E_NOENT)
			rc = WARD_OK;
	}
	*ret_removed = removed;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/publish/publish.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cloud/publish/index.h"
#include "intel/delta/delta.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/mapping.h"

struct ward_publish {
	char *directory;
	int lock;
	json_t *index;
};

typedef char place[WARD_ENTRY_PATH_MAX];

static bool
path_of(const struct ward_publish *p, const char *name, place ret)
{
	int n = snprintf(ret, sizeof(place), "%s/%s", p->directory, name);

	return n > 0 && n < (int)sizeof(place);
}

static bool
pack_path(const struct ward_publish *p, const char *id, place ret)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "packs/%s.wardpack", id);
	return path_of(p, name, ret);
}

static bool
delta_path(const struct ward_publish *p, const char *from, const char *to, place ret)
{
	char name[192];

	(void)snprintf(name, sizeof(name), "deltas/%s-%s.warddelta", from, to);
	return path_of(p, name, ret);
}

static enum ward_rc
fail(struct ward_buf *why, enum ward_rc rc, const char *path)
{
	(void)!ward_buf_printf(why, "%s: %s\n", path, ward_rc_str(rc));
	return rc;
}

/* --- opening --- */

static enum ward_rc
make_directory(const char *path)
{
	enum ward_rc rc = ward_entry_make_directory(-1, path, 0755);
	struct ward_fd_stat st;

	if (rc == WARD_OK || ward_fd_stat_at(-1, path, true, &st) != WARD_OK ||
	    st.kind != WARD_FD_DIRECTORY)
		return rc;
	return WARD_OK;
}

static enum ward_rc
prepare(struct ward_publish *p, struct ward_buf *why)
{
	static const char *const parts[] = {"packs", "deltas"};
	enum ward_rc rc = make_directory(p->directory);
	place path;

	for (size_t i = 0; i < 2 && rc == WARD_OK; i++)
		rc = path_of(p, parts[i], path) ? make_directory(path) : WARD_E_LIMIT;
	if (rc == WARD_OK)
		rc = path_of(p, "lock", path) ? ward_fd_lock(-1, path, &p->lock) : WARD_E_LIMIT;
	if (rc != WARD_OK)
		return fail(why, rc, p->directory);
	if (!path_of(p, "index.json", path))
		return fail(why, WARD_E_LIMIT, p->directory);
	p->index = ward_index_read(path);
	return p->index ? WARD_OK : fail(why, WARD_E_FORMAT, path);
}

enum ward_rc
ward_publish_open(const char *directory, struct ward_publish **ret_publish, struct ward_buf *why)
{
	struct ward_publish *p = calloc(1, sizeof(*p));
	enum ward_rc rc;

	if (!p)
		return WARD_E_NOMEM;
	p->lock = -1;
	p->directory = strdup(directory);
	rc = p->directory ? prepare(p, why) : WARD_E_NOMEM;
	if (rc != WARD_OK) {
		ward_publish_closep(&p);
		return rc;
	}
	*ret_publish = p;
	return WARD_OK;
}

void
ward_publish_closep(struct ward_publish **publish)
{
	struct ward_publish *p = *publish;

	*publish = NULL;
	if (!p)
		return;
	json_decref(p->index);
	ward_fd_close(&p->lock);
	free(p->directory);
	free(p);
}

uint64_t
ward_publish_number(const struct ward_publish *p)
{
	return ward_index_newest(p->index);
}

/* --- adding --- */

struct adding {
	struct ward_publish *p;
	const struct ward_publish_job *job;
	struct ward_span pack;
	char id[WARD_PUBLISH_HEX], sha256[WARD_PUBLISH_HEX];
	json_t *entry; /* of the new pack */
	struct ward_publish_figures figures;
};

static void
digest_text(struct ward_span bytes, char ret[WARD_PUBLISH_HEX])
{
	uint8_t digest[WARD_SHA256_LEN];

	ret[0] = 0;
	if (ward_digest(WARD_SHA256, bytes, digest) == WARD_OK)
		ward_text_hex(ward_span_of(digest, sizeof(digest)), ret);
}

static enum ward_rc
keep(void *ctx, struct ward_span bytes)
{
	return ward_buf_append(ctx, bytes.data, bytes.len);
}

static enum ward_rc
write_delta(struct adding *a, struct ward_span base, const char *from)
{
	WARD_AUTO(ward_buf_done) struct ward_buf delta = {0};
	uint8_t from_id[WARD_DELTA_ID];
	struct ward_delta_pair pair = {base, a->pack, from_id, a->job->result->id};
	char sha256[WARD_PUBLISH_HEX];
	enum ward_rc rc;
	place path;

	if (!ward_text_unhex(ward_span_str(from), from_id, sizeof(from_id)) ||
	    !delta_path(a->p, from, a->id, path))
		return WARD_E_INVAL;
	/* More than that is not worth its place. */
	ward_buf_init(&delta, a->pack.len / 4 * 3, NULL);
	rc = ward_delta_make(&pair, keep, &delta);
	if (rc == WARD_E_LIMIT)
		return WARD_OK;
	if (rc == WARD_OK)
		rc = ward_fd_write_atomic(path, ward_buf_span(&delta), 0644);
	if (rc != WARD_OK)
		return rc;
	digest_text(ward_buf_span(&delta), sha256);
	(void)json_array_append_new(json_object_get(a->entry, "deltas"),
				    json_pack("{s:s, s:s, s:I}", "from", from, "sha256", sha256,
					      "size", (json_int_t)delta.len));
	if (a->figures.deltas++ == 0)
		a->figures.delta_size = delta.len;
	return WARD_OK;
}

/* A pack that is not there any more, or is not what it was, gets no delta. */
static enum ward_rc
delta_from(struct adding *a, const json_t *earlier)
{
	const char *from = ward_index_hex(earlier, "id");
	WARD_AUTO(ward_mapping_done) struct ward_mapping map = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	char sha256[WARD_PUBLISH_HEX];
	place path;

	if (!*from || !pack_path(a->p, from, path) ||
	    ward_fd_open_regular(-1, path, false, &fd, NULL) != WARD_OK ||
	    ward_mapping_open(fd, &map) != WARD_OK)
		return WARD_OK;
	digest_text(map.bytes, sha256);
	if (strcmp(sha256, ward_index_hex(earlier, "sha256")) != 0)
		return WARD_OK;
	return write_delta(a, map.bytes, from);
}

static enum ward_rc
write_files(struct adding *a)
{
	const json_t *packs = ward_index_packs(a->p->index);
	enum ward_rc rc;
	place path;

	if (!pack_path(a->p, a->id, path))
		return WARD_E_LIMIT;
	rc = ward_fd_write_atomic(path, a->pack, 0644);
	for (size_t i = 0; rc == WARD_OK && i < a->job->deltas && i < json_array_size(packs); i++)
		rc = delta_from(a, json_array_get(packs, i));
	return rc;
}

/* The new one first; of the others as many as deltas start from. Takes the entry. */
static enum ward_rc
write_index(struct adding *a)
{
	json_t *packs = ward_index_packs(a->p->index);
	place path;

	if (json_array_insert(packs, 0, a->entry) != 0)
		return WARD_E_NOMEM;
	for (size_t i = 1; i < json_array_size(packs); i++)
		(void)json_object_set_new(json_array_get(packs, i), "deltas", json_array());
	while (json_array_size(packs) > a->job->deltas + 1)
		(void)json_array_remove(packs, json_array_size(packs) - 1);
	return path_of(a->p, "index.json", path) ? ward_index_write(path, a->p->index)
						 : WARD_E_LIMIT;
}

struct sweep {
	const struct adding *a;
	int dir;
	bool deltas;
};

/* Whether the index names it: a pack, or a delta to the newest. */
static bool
is_named(const struct sweep *s, const char *name)
{
	const json_t *packs = ward_index_packs(s->a->p->index), *entry;
	const json_t *deltas = json_object_get(json_array_get(packs, 0), "deltas");
	char wanted[192];
	size_t i;

	json_array_foreach(s->deltas ? deltas : packs, i, entry)
	{
		if (s->deltas)
			(void)snprintf(wanted, sizeof(wanted), "%s-%s.warddelta",
				       ward_index_hex(entry, "from"), s->a->id);
		else
			(void)snprintf(wanted, sizeof(wanted), "%s.wardpack",
				       ward_index_hex(entry, "id"));
		if (strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static enum ward_rc
sweep_name(void *ctx, const char *name)
{
	const struct sweep *s = ctx;

	if (!is_named(s, name))
		(void)!ward_entry_remove(s->dir, name, false);
	return WARD_OK;
}

static void
sweep(const struct adding *a, const char *part, bool deltas)
{
	struct sweep s = {a, -1, deltas};
	place path;

	if (path_of(a->p, part, path) && ward_fd_open_directory(-1, path, &s.dir) == WARD_OK)
		(void)!ward_entry_list(s.dir, sweep_name, &s);
	ward_fd_close(&s.dir);
}

static enum ward_rc
add(struct adding *a)
{
	enum ward_rc rc;

	digest_text(a->pack, a->sha256);
	ward_text_hex(ward_span_of(a->job->result->id, WARD_PACK_ID_LEN), a->id);
	a->entry = ward_index_pack(a->job, a->sha256, a->pack.len);
	if (!a->entry || !a->sha256[0])
		return WARD_E_NOMEM;
	rc = write_files(a);
	if (rc == WARD_OK)
		rc = write_index(a);
	if (rc != WARD_OK)
		return rc;
	sweep(a, "packs", false);
	sweep(a, "deltas", true);
	return WARD_OK;
}

enum ward_rc
ward_publish_add(struct ward_publish *p, const struct ward_publish_job *job,
		 struct ward_publish_figures *ret_figures, struct ward_buf *why)
{
	WARD_AUTO(ward_mapping_done) struct ward_mapping map = {0};
	struct adding a = {.p = p, .job = job};
	enum ward_rc rc;

	if (job->edition->number <= ward_publish_number(p) ||
	    job->deltas > WARD_PUBLISH_DELTAS_MAX) {
		(void)!ward_buf_printf(why, "the number has to be above %llu\n",
				       (unsigned long long)ward_publish_number(p));
		return WARD_E_INVAL;
	}
	rc = ward_mapping_open(job->pack, &map);
	a.pack = map.bytes;
	a.figures.size = map.bytes.len;
	if (rc == WARD_OK)
		rc = add(&a);
	json_decref(a.entry);
	if (rc != WARD_OK)
		return fail(why, rc, p->directory);
	*ret_figures = a.figures;
	return WARD_OK;
}

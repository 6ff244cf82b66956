/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/verdicts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/mapping.h"

enum { PATH = 512, OUT = 1 << 20, AHEAD = 16, INDEX_BITS_MAX = 24 };

static const char magic[8] = "WARDVRD1";

struct header {
	char magic[8];
	uint64_t count, index_at, names_at, names_len, names_count, entries_at, length;
	uint32_t bits, zero;
};

struct entry {
	uint8_t sha256[32];
	struct ward_verdict_value value;
};

struct table {
	struct ward_mapping map;
	const uint32_t *index;
	const struct entry *entries;
	uint64_t count;
	unsigned bits;
	uint32_t *names; /* numbers in this file to numbers of ward_names */
	uint32_t name_count;
};

struct overlay {
	struct entry *slots;
	uint8_t *used;
	size_t room, count; /* room: a power of two */
};

struct ward_verdicts {
	pthread_rwlock_t lock;
	char path[PATH];
	struct ward_names *names;
	struct table table;
	struct overlay now, frozen;
};

/* --- overlay --- */

static size_t
slot_of(const struct overlay *o, const uint8_t sha256[32])
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, sha256 + 8, sizeof(hash));
	for (at = hash & (o->room - 1); o->used[at]; at = (at + 1) & (o->room - 1))
		if (memcmp(o->slots[at].sha256, sha256, 32) == 0)
			break;
	return at;
}

static const struct ward_verdict_value *
overlay_find(const struct overlay *o, const uint8_t sha256[32])
{
	size_t at;

	if (o->count == 0)
		return NULL;
	at = slot_of(o, sha256);
	return o->used[at] ? &o->slots[at].value : NULL;
}

static void
overlay_done(struct overlay *o)
{
	free(o->slots);
	free(o->used);
	*o = (struct overlay){0};
}

static enum ward_rc
overlay_grow(struct overlay *o)
{
	struct overlay more = {.room = o->room ? 2 * o->room : 1024, .count = o->count};

	more.slots = malloc(more.room * sizeof(*more.slots));
	more.used = calloc(more.room, 1);
	if (!more.slots || !more.used) {
		overlay_done(&more);
		return WARD_E_NOMEM;
	}
	for (size_t i = 0; i < o->room; i++)
		if (o->used[i]) {
			size_t at = slot_of(&more, o->slots[i].sha256);

			more.used[at] = 1;
			more.slots[at] = o->slots[i];
		}
	overlay_done(o);
	*o = more;
	return WARD_OK;
}

static enum ward_rc
overlay_set(struct overlay *o, const uint8_t sha256[32], const struct ward_verdict_value *value)
{
	size_t at;
	enum ward_rc rc = o->count * 3 >= o->room * 2 ? overlay_grow(o) : WARD_OK;

	if (rc)
		return rc;
	at = slot_of(o, sha256);
	o->count += !o->used[at];
	o->used[at] = 1;
	memcpy(o->slots[at].sha256, sha256, 32);
	o->slots[at].value = *value;
	return WARD_OK;
}

/* --- table --- */

static uint32_t
bucket_of(const uint8_t sha256[32], unsigned bits)
{
	uint32_t top = (uint32_t)sha256[0] << 24 | (uint32_t)sha256[1] << 16 |
		       (uint32_t)sha256[2] << 8 | sha256[3];

	return bits ? top >> (32 - bits) : 0;
}

/* The first entry not less than the digest. */
static uint64_t
lower_bound(const struct table *t, const uint8_t sha256[32])
{
	uint32_t bucket = bucket_of(sha256, t->bits);
	uint64_t low = t->index[bucket], high = t->index[bucket + 1];

	if (high > t->count || low > high)
		return t->count; /* a damaged file has no entries */
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (memcmp(t->entries[middle].sha256, sha256, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
table_find(const struct table *t, const uint8_t sha256[32], struct ward_verdict_value *ret)
{
	uint64_t at;

	if (t->count == 0)
		return false;
	at = lower_bound(t, sha256);
	if (at >= t->count || memcmp(t->entries[at].sha256, sha256, 32) != 0)
		return false;
	*ret = t->entries[at].value;
	ret->threat = ret->threat < t->name_count ? t->names[ret->threat] : 0;
	ret->list = ret->list < t->name_count ? t->names[ret->list] : 0;
	return true;
}

static void
table_done(struct table *t)
{
	ward_mapping_done(&t->map);
	free(t->names);
	*t = (struct table){0};
}

static enum ward_rc
read_names(struct table *t, struct ward_span text, uint64_t count, struct ward_names *names)
{
	if (count > text.len || (text.len > 0 && text.data[text.len - 1] != 0))
		return WARD_E_FORMAT;
	t->names = calloc(count + 1, sizeof(*t->names));
	if (!t->names)
		return WARD_E_NOMEM;
	for (uint64_t i = 0; i < count; i++) {
		const char *one = (const char *)text.data;
		size_t len = text.len ? strlen(one) + 1 : 0;

		if (len == 0)
			return WARD_E_FORMAT;
		t->names[i] = ward_names_number(names, one);
		if (t->names[i] == UINT32_MAX)
			return WARD_E_NOMEM;
		text = ward_span_cut(text, len, text.len);
	}
	t->name_count = (uint32_t)count;
	return WARD_OK;
}

static enum ward_rc
table_check(struct table *t, struct ward_names *names)
{
	struct ward_span all = t->map.bytes;
	struct header h;
	uint64_t index_len;

	if (all.len < sizeof(h))
		return WARD_E_FORMAT;
	memcpy(&h, all.data, sizeof(h));
	index_len = h.bits <= INDEX_BITS_MAX ? ((UINT64_C(1) << h.bits) + 1) * sizeof(uint32_t) : 0;
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.length != all.len || index_len == 0 ||
	    h.count > UINT32_MAX || h.index_at % 8 || h.entries_at % 8 ||
	    !ward_span_has(all, h.index_at, index_len) ||
	    !ward_span_has(all, h.names_at, h.names_len) ||
	    !ward_span_has(all, h.entries_at, h.count * sizeof(struct entry)))
		return WARD_E_FORMAT;
	t->index = (const uint32_t *)(const void *)(all.data + h.index_at);
	t->entries = (const struct entry *)(const void *)(all.data + h.entries_at);
	t->count = h.count;
	t->bits = h.bits;
	return read_names(t, ward_span_cut(all, h.names_at, h.names_len), h.names_count, names);
}

static enum ward_rc
table_open(const char *path, struct ward_names *names, struct table *ret)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct table t = {0};
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, NULL);

	if (!rc)
		rc = ward_mapping_open(fd, &t.map);
	if (!rc)
		rc = table_check(&t, names);
	if (rc)
		table_done(&t);
	else
		*ret = t;
	return rc;
}

/* --- the whole --- */

enum ward_rc
ward_verdicts_new(const char *path, struct ward_names *names, struct ward_verdicts **ret,
		  bool *ret_missing)
{
	struct ward_verdicts *v = calloc(1, sizeof(*v));
	pthread_rwlockattr_t writers_first;
	enum ward_rc rc;

	if (!v)
		return WARD_E_NOMEM;
	if (snprintf(v->path, PATH, "%s", path) >= PATH) {
		free(v);
		return WARD_E_LIMIT;
	}
	v->names = names;
	pthread_rwlockattr_init(&writers_first);
	pthread_rwlockattr_setkind_np(&writers_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&v->lock, &writers_first);
	pthread_rwlockattr_destroy(&writers_first);
	rc = table_open(path, names, &v->table);
	*ret_missing = rc != WARD_OK;
	if (rc == WARD_E_NOMEM)
		v = ward_verdicts_free(v);
	else
		*ret = v;
	return v ? WARD_OK : rc;
}

struct ward_verdicts *
ward_verdicts_free(struct ward_verdicts *v)
{
	if (!v)
		return NULL;
	table_done(&v->table);
	overlay_done(&v->now);
	overlay_done(&v->frozen);
	pthread_rwlock_destroy(&v->lock);
	free(v);
	return NULL;
}

/* Has the memory of a look-up some steps ahead on its way. */
static void
prefetch(const struct table *t, const uint8_t (*sha256)[32], size_t count, size_t i)
{
	if (t->count == 0)
		return;
	if (i + 2 * AHEAD < count)
		__builtin_prefetch(&t->index[bucket_of(sha256[i + 2 * AHEAD], t->bits)]);
	if (i + AHEAD < count) {
		uint32_t bucket = bucket_of(sha256[i + AHEAD], t->bits);
		const uint8_t *at = (const uint8_t *)&t->entries[t->index[bucket]];

		__builtin_prefetch(at);
		__builtin_prefetch(at + 64);
		__builtin_prefetch(at + 128);
	}
}

static bool
find_one(const struct ward_verdicts *v, const uint8_t sha256[32], struct ward_verdict_value *ret)
{
	const struct ward_verdict_value *changed = overlay_find(&v->now, sha256);

	if (!changed)
		changed = overlay_find(&v->frozen, sha256);
	if (changed)
		*ret = *changed;
	return changed || table_find(&v->table, sha256, ret);
}

void
ward_verdicts_find(struct ward_verdicts *v, const uint8_t (*sha256)[32], size_t count,
		   struct ward_verdict_value *ret_values, bool *ret_found)
{
	pthread_rwlock_rdlock(&v->lock);
	for (size_t i = 0; i < count; i++) {
		if (count > AHEAD)
			prefetch(&v->table, sha256, count, i);
		ret_found[i] = find_one(v, sha256[i], &ret_values[i]);
	}
	pthread_rwlock_unlock(&v->lock);
}

enum ward_rc
ward_verdicts_set(struct ward_verdicts *v, const uint8_t sha256[32],
		  const struct ward_verdict_value *value)
{
	enum ward_rc rc;

	pthread_rwlock_wrlock(&v->lock);
	rc = overlay_set(&v->now, sha256, value);
	pthread_rwlock_unlock(&v->lock);
	return rc;
}

/* --- by prefix: the table's run and the changes, merged --- */

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static size_t
collect(const struct overlay *o, struct ward_span prefix, struct entry *into, size_t count,
	size_t max)
{
	for (size_t i = 0; i < o->room && count < max; i++)
		if (o->used[i] && memcmp(o->slots[i].sha256, prefix.data, prefix.len) == 0)
			into[count++] = o->slots[i];
	return count;
}

static size_t
collect_table(const struct ward_verdicts *v, struct ward_span prefix, struct entry *into,
	      size_t count, size_t max)
{
	uint8_t first[32] = {0};

	if (v->table.count == 0)
		return count;
	memcpy(first, prefix.data, prefix.len);
	/* an index bucket may end before the prefix's run does */
	for (uint64_t at = lower_bound(&v->table, first); at < v->table.count && count < max;
	     at++) {
		const struct entry *e = &v->table.entries[at];

		if (memcmp(e->sha256, prefix.data, prefix.len) != 0)
			break;
		if (overlay_find(&v->now, e->sha256) || overlay_find(&v->frozen, e->sha256))
			continue;
		memcpy(into[count].sha256, e->sha256, 32);
		(void)table_find(&v->table, e->sha256, &into[count].value);
		count++;
	}
	return count;
}

size_t
ward_verdicts_prefix(struct ward_verdicts *v, struct ward_span prefix, size_t max,
		     uint8_t (*ret_sha256)[32], struct ward_verdict_value *ret_values,
		     bool *ret_more)
{
	struct entry *all = calloc(max + 1, sizeof(*all));
	size_t count;

	*ret_more = false;
	if (!all)
		return 0;
	pthread_rwlock_rdlock(&v->lock);
	count = collect(&v->now, prefix, all, 0, max + 1);
	for (size_t i = 0; i < v->frozen.room && count <= max; i++)
		if (v->frozen.used[i] && !overlay_find(&v->now, v->frozen.slots[i].sha256) &&
		    memcmp(v->frozen.slots[i].sha256, prefix.data, prefix.len) == 0)
			all[count++] = v->frozen.slots[i];
	count = collect_table(v, prefix, all, count, max + 1);
	pthread_rwlock_unlock(&v->lock);
	qsort(all, count, sizeof(*all), by_digest);
	*ret_more = count > max;
	count = count > max ? max : count;
	for (size_t i = 0; i < count; i++) {
		memcpy(ret_sha256[i], all[i].sha256, 32);
		ret_values[i] = all[i].value;
	}
	free(all);
	return count;
}

uint64_t
ward_verdicts_changes(struct ward_verdicts *v)
{
	uint64_t count;

	pthread_rwlock_rdlock(&v->lock);
	count = v->now.count + v->frozen.count;
	pthread_rwlock_unlock(&v->lock);
	return count;
}

uint64_t
ward_verdicts_count(struct ward_verdicts *v)
{
	uint64_t count;

	pthread_rwlock_rdlock(&v->lock);
	count = v->table.count + v->now.count + v->frozen.count;
	pthread_rwlock_unlock(&v->lock);
	return count;
}

uint64_t
ward_verdicts_bytes(struct ward_verdicts *v)
{
	uint64_t bytes;

	pthread_rwlock_rdlock(&v->lock);
	bytes = v->table.map.bytes.len;
	pthread_rwlock_unlock(&v->lock);
	return bytes;
}

/* --- building --- */

bool
ward_verdicts_freeze(struct ward_verdicts *v)
{
	bool frozen = false;

	pthread_rwlock_wrlock(&v->lock);
	if (v->frozen.room == 0) {
		v->frozen = v->now;
		v->now = (struct overlay){0};
		frozen = true;
	}
	pthread_rwlock_unlock(&v->lock);
	return frozen;
}

struct writer {
	FILE *file;
	struct header header;
	uint32_t *index;
	bool failed;
};

static void
put(struct writer *w, const void *data, size_t len)
{
	if (len > 0 && fwrite(data, 1, len, w->file) != len)
		w->failed = true;
}

static void
pad(struct writer *w)
{
	static const uint8_t zeros[8];
	long at = ftell(w->file);

	if (at % 8)
		put(w, zeros, (size_t)(8 - at % 8));
}

static void
put_entry(struct writer *w, const struct entry *e)
{
	uint32_t bucket = bucket_of(e->sha256, w->header.bits);

	w->index[bucket + 1]++;
	w->header.count++;
	put(w, e, sizeof(*e));
}

/* Entries of the table and of the sorted changes, in order, a change in the place of its entry.
 * Nobody changes either meanwhile: the table only by the builder, the frozen by nobody. */
static void
merge(struct writer *w, const struct table *t, const struct entry *changes, size_t count)
{
	uint64_t at = 0;
	size_t i = 0;

	while ((at < t->count || i < count) && !w->failed) {
		int order = at == t->count ? 1
			    : i == count   ? -1
					   : memcmp(t->entries[at].sha256, changes[i].sha256, 32);

		if (order < 0) {
			struct entry e = t->entries[at];

			(void)table_find(t, e.sha256, &e.value);
			put_entry(w, &e);
		} else {
			put_entry(w, &changes[i++]);
		}
		at += order <= 0;
	}
}

static void
put_names(struct writer *w, struct ward_names *names)
{
	w->header.names_at = (uint64_t)ftell(w->file);
	w->header.names_count = ward_names_count(names);
	for (uint32_t i = 0; i < w->header.names_count; i++) {
		const char *text = ward_names_text(names, i);

		put(w, text, strlen(text) + 1);
	}
	w->header.names_len = (uint64_t)ftell(w->file) - w->header.names_at;
}

static unsigned
bits_for(uint64_t count)
{
	unsigned bits = 1;

	while (bits < INDEX_BITS_MAX && (UINT64_C(2) << bits) < count)
		bits++;
	return bits;
}

static enum ward_rc
write_table(struct writer *w, struct ward_verdicts *v, const struct entry *changes, size_t count)
{
	size_t buckets;

	memcpy(w->header.magic, magic, sizeof(magic));
	w->header.bits = bits_for(v->table.count + count);
	buckets = (size_t)1 << w->header.bits;
	w->index = calloc(buckets + 1, sizeof(*w->index));
	if (!w->index)
		return WARD_E_NOMEM;
	put(w, &w->header, sizeof(w->header));
	pad(w);
	w->header.entries_at = (uint64_t)ftell(w->file);
	merge(w, &v->table, changes, count);
	for (size_t i = 0; i < buckets; i++)
		w->index[i + 1] += w->index[i];
	w->header.index_at = (uint64_t)ftell(w->file);
	put(w, w->index, (buckets + 1) * sizeof(*w->index));
	put_names(w, v->names);
	w->header.length = (uint64_t)ftell(w->file);
	rewind(w->file);
	put(w, &w->header, sizeof(w->header));
	return w->failed ? WARD_E_IO : WARD_OK;
}

static struct entry *
sorted(const struct overlay *o)
{
	struct entry *all = malloc((o->count + 1) * sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; all && i < o->room; i++)
		if (o->used[i])
			all[n++] = o->slots[i];
	if (all)
		qsort(all, n, sizeof(*all), by_digest);
	return all;
}

static enum ward_rc
write_file(struct ward_verdicts *v, const char *path)
{
	struct entry *changes = sorted(&v->frozen);
	struct writer w = {0};
	int fd = -1;
	enum ward_rc rc = changes ? WARD_OK : WARD_E_NOMEM;

	(void)unlink(path);
	if (!rc)
		rc = ward_fd_create(-1, path, 0600, &fd);
	if (!rc) {
		w.file = fdopen(fd, "wb");
		rc = w.file ? WARD_OK : WARD_E_NOMEM;
	}
	if (w.file) {
		(void)setvbuf(w.file, NULL, _IOFBF, OUT);
		rc = write_table(&w, v, changes, v->frozen.count);
		if (!rc && (fflush(w.file) != 0 || fsync(fd) != 0))
			rc = WARD_E_IO;
		if (fclose(w.file) != 0 && !rc)
			rc = WARD_E_IO;
	} else {
		ward_fd_close(&fd);
	}
	free(w.index);
	free(changes);
	return rc;
}

static void
adopt(struct ward_verdicts *v, struct table *fresh)
{
	struct table old;

	pthread_rwlock_wrlock(&v->lock);
	old = v->table;
	v->table = *fresh;
	overlay_done(&v->frozen);
	pthread_rwlock_unlock(&v->lock);
	table_done(&old);
}

enum ward_rc
ward_verdicts_build(struct ward_verdicts *v)
{
	char path[PATH + 8];
	struct table fresh = {0};
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "%s.new", v->path);
	rc = write_file(v, path);
	if (!rc)
		rc = table_open(path, v->names, &fresh);
	if (!rc && rename(path, v->path) != 0) {
		table_done(&fresh);
		rc = WARD_E_IO;
	}
	if (!rc)
		adopt(v, &fresh);
	return rc;
}

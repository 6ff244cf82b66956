/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/verdicts.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/verdict.h"
#include "cloud/views/pins.h"
#include "sys/fd.h"
#include "sys/mapping.h"

enum { PATH = 512, OUT = 1 << 20, AHEAD = 16, INDEX_BITS_MAX = 24 };

static const char magic[8] = "WARDVRD1";

struct header {
	char magic[8];
	uint64_t count, index_at, names_at, names_len, names_count, entries_at, length;
	uint32_t bits, zero;
};

struct table {
	struct ward_mapping map;
	const uint32_t *index;
	const struct ward_verdict_entry *entries;
	uint64_t count;
	unsigned bits;
	uint32_t *names; /* numbers in this file to numbers of ward_names */
	uint32_t name_count;
};

/* What is current, in one piece. */
struct generation {
	struct generation *retired; /* the one before, until nobody uses it */
	struct table *table;	    /* never NULL */
	struct ward_overlay *now, *frozen;
};

struct ward_verdicts {
	struct ward_pins pins;
	_Atomic(struct generation *) current;
	char path[PATH];
	struct ward_names *names;
};

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

/* From the numbers of the file to those of the names; what no builder writes says nothing. */
static void
translate(const struct table *t, struct ward_verdict_value *value)
{
	value->threat = value->threat < t->name_count ? t->names[value->threat] : 0;
	value->list = value->list < t->name_count ? t->names[value->list] : 0;
	if (value->verdict > WARD_MALICIOUS) {
		value->verdict = WARD_UNKNOWN;
		value->source = 0;
	}
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
	translate(t, ret);
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
	    !ward_span_has(all, h.entries_at, h.count * sizeof(struct ward_verdict_entry)))
		return WARD_E_FORMAT;
	t->index = (const uint32_t *)(const void *)(all.data + h.index_at);
	t->entries = (const struct ward_verdict_entry *)(const void *)(all.data + h.entries_at);
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

static struct generation *
generation_new(struct table *table, struct ward_overlay *now, struct ward_overlay *frozen)
{
	struct generation *g = malloc(sizeof(*g));

	if (g)
		*g = (struct generation){NULL, table, now, frozen};
	return g;
}

static struct table *
table_free(struct table *t)
{
	if (t)
		table_done(t);
	free(t);
	return NULL;
}

enum ward_rc
ward_verdicts_new(const char *path, struct ward_names *names, struct ward_verdicts **ret,
		  bool *ret_missing)
{
	struct ward_verdicts *v = calloc(1, sizeof(*v));
	struct table *table = calloc(1, sizeof(*table));
	struct ward_overlay *now = ward_overlay_new();
	struct generation *g = generation_new(table, now, NULL);
	enum ward_rc rc = v && table && now && g ? WARD_OK : WARD_E_NOMEM;

	if (!rc && snprintf(v->path, PATH, "%s", path) >= PATH)
		rc = WARD_E_LIMIT;
	if (!rc) {
		rc = table_open(path, names, table);
		*ret_missing = rc != WARD_OK;
		rc = rc == WARD_E_NOMEM ? rc : WARD_OK;
	}
	if (rc) {
		ward_overlay_free(now);
		table_free(table);
		free(g);
		free(v);
		return rc;
	}
	v->names = names;
	atomic_init(&v->current, g);
	*ret = v;
	return WARD_OK;
}

struct ward_verdicts *
ward_verdicts_free(struct ward_verdicts *v)
{
	struct generation *g;

	if (!v)
		return NULL;
	g = atomic_load(&v->current);
	table_free(g->table);
	ward_overlay_free(g->now);
	ward_overlay_free(g->frozen);
	while (g) {
		struct generation *before = g->retired;

		free(g);
		g = before;
	}
	free(v);
	return NULL;
}

/* Has the memory of look-ups some steps ahead on its way. */
static void
prefetch(const struct generation *g, const uint8_t (*sha256)[32], size_t count, size_t i)
{
	const struct table *t = g->table;

	if (i + 2 * AHEAD < count) {
		ward_overlay_prefetch(g->now, sha256[i + 2 * AHEAD]);
		ward_overlay_prefetch(g->frozen, sha256[i + 2 * AHEAD]);
		if (t->count > 0)
			__builtin_prefetch(&t->index[bucket_of(sha256[i + 2 * AHEAD], t->bits)]);
	}
	if (i + AHEAD < count && t->count > 0) {
		uint32_t first = t->index[bucket_of(sha256[i + AHEAD], t->bits)];
		const uint8_t *at = (const uint8_t *)&t->entries[first < t->count ? first : 0];

		__builtin_prefetch(at);
		__builtin_prefetch(at + 64);
		__builtin_prefetch(at + 128);
	}
}

static bool
find_one(const struct generation *g, const uint8_t sha256[32], struct ward_verdict_value *ret)
{
	const struct ward_verdict_value *changed = ward_overlay_find(g->now, sha256);

	if (!changed)
		changed = ward_overlay_find(g->frozen, sha256);
	if (changed)
		*ret = *changed;
	return changed || table_find(g->table, sha256, ret);
}

void
ward_verdicts_find(struct ward_verdicts *v, const uint8_t (*sha256)[32], size_t count,
		   struct ward_verdict_value *ret_values, bool *ret_found)
{
	unsigned ticket = ward_pins_enter(&v->pins);
	const struct generation *g = atomic_load(&v->current);

	for (size_t i = 0; i < count; i++) {
		if (count > AHEAD)
			prefetch(g, sha256, count, i);
		ret_found[i] = find_one(g, sha256[i], &ret_values[i]);
	}
	ward_pins_leave(&v->pins, ticket);
}

/* Only the builder frees a `now`, and only one that the applier froze. */
enum ward_rc
ward_verdicts_set(struct ward_verdicts *v, const uint8_t sha256[32],
		  const struct ward_verdict_value *value)
{
	unsigned ticket = ward_pins_enter(&v->pins);
	enum ward_rc rc = ward_overlay_set(atomic_load(&v->current)->now, sha256, value);

	ward_pins_leave(&v->pins, ticket);
	return rc;
}

/* --- by prefix: the changes and the table's run, merged --- */

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

struct run {
	struct ward_verdict_entry *entries;
	size_t count, room;
	const struct ward_overlay *over, *over_too; /* what is here stands there already */
	bool full;
};

static bool
collect(void *context, const struct ward_verdict_entry *entry)
{
	struct run *r = context;

	if (ward_overlay_find(r->over, entry->sha256) ||
	    ward_overlay_find(r->over_too, entry->sha256))
		return true;
	r->full = r->count == r->room;
	if (!r->full)
		r->entries[r->count++] = *entry;
	return !r->full;
}

static void
collect_table(const struct table *t, struct ward_span prefix, struct run *run)
{
	uint8_t first[32] = {0};

	if (t->count == 0)
		return;
	if (prefix.len > 0)
		memcpy(first, prefix.data, prefix.len);
	for (uint64_t at = lower_bound(t, first); at < t->count; at++) {
		struct ward_verdict_entry e = t->entries[at];

		if (!ward_span_starts(ward_span_of(e.sha256, 32), prefix.data, prefix.len))
			break;
		translate(t, &e.value);
		if (!collect(run, &e))
			break;
	}
}

size_t
ward_verdicts_prefix(struct ward_verdicts *v, struct ward_span prefix, size_t max,
		     uint8_t (*ret_sha256)[32], struct ward_verdict_value *ret_values,
		     bool *ret_more)
{
	struct run run = {.entries = calloc(max + 1, sizeof(*run.entries)), .room = max};
	const struct generation *g;
	unsigned ticket;

	*ret_more = false;
	if (!run.entries)
		return 0;
	ticket = ward_pins_enter(&v->pins);
	g = atomic_load(&v->current);
	ward_overlay_each(g->now, prefix, collect, &run);
	run.over = g->now;
	if (!run.full)
		ward_overlay_each(g->frozen, prefix, collect, &run);
	run.over_too = g->frozen;
	if (!run.full)
		collect_table(g->table, prefix, &run);
	ward_pins_leave(&v->pins, ticket);
	qsort(run.entries, run.count, sizeof(*run.entries), by_digest);
	*ret_more = run.full;
	for (size_t i = 0; i < run.count; i++) {
		memcpy(ret_sha256[i], run.entries[i].sha256, 32);
		ret_values[i] = run.entries[i].value;
	}
	free(run.entries);
	return run.count;
}

/* --- figures --- */

struct figures {
	uint64_t changes, count, bytes;
};

static struct figures
figures(struct ward_verdicts *v)
{
	unsigned ticket = ward_pins_enter(&v->pins);
	const struct generation *g = atomic_load(&v->current);
	struct figures f = {
		.changes = ward_overlay_sets(g->now) + ward_overlay_sets(g->frozen),
		.count = g->table->count + ward_overlay_count(g->now) +
			 ward_overlay_count(g->frozen),
		.bytes = g->table->map.bytes.len,
	};

	ward_pins_leave(&v->pins, ticket);
	return f;
}

uint64_t
ward_verdicts_changes(struct ward_verdicts *v)
{
	return figures(v).changes;
}

uint64_t
ward_verdicts_count(struct ward_verdicts *v)
{
	return figures(v).count;
}

uint64_t
ward_verdicts_bytes(struct ward_verdicts *v)
{
	return figures(v).bytes;
}

/* --- building --- */

/* Takes the place of what is current, which is kept until somebody has waited for its readers. */
static void
publish(struct ward_verdicts *v, struct generation *g)
{
	g->retired = atomic_load(&v->current);
	atomic_store(&v->current, g);
}

bool
ward_verdicts_freeze(struct ward_verdicts *v)
{
	const struct generation *g = atomic_load(&v->current);
	struct ward_overlay *now;
	struct generation *next;

	if (g->frozen)
		return false;
	now = ward_overlay_new();
	next = now ? generation_new(g->table, now, g->now) : NULL;
	if (!next) {
		ward_overlay_free(now);
		return false;
	}
	publish(v, next);
	return true;
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
put_entry(struct writer *w, const struct ward_verdict_entry *e)
{
	uint32_t bucket = bucket_of(e->sha256, w->header.bits);

	w->index[bucket + 1]++;
	w->header.count++;
	put(w, e, sizeof(*e));
}

/* Entries of the table and of the sorted changes, in order, a change in the place of its entry.
 * Nobody changes either meanwhile: the table only by the builder, the frozen by nobody. */
static void
merge(struct writer *w, const struct table *t, const struct ward_verdict_entry *changes,
      size_t count)
{
	uint64_t at = 0;
	size_t i = 0;

	while ((at < t->count || i < count) && !w->failed) {
		int order = at == t->count ? 1
			    : i == count   ? -1
					   : memcmp(t->entries[at].sha256, changes[i].sha256, 32);

		if (order < 0) {
			struct ward_verdict_entry e = t->entries[at];

			translate(t, &e.value);
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
write_table(struct writer *w, const struct generation *g, struct ward_names *names,
	    const struct ward_verdict_entry *changes, size_t count)
{
	size_t buckets;

	memcpy(w->header.magic, magic, sizeof(magic));
	w->header.bits = bits_for(g->table->count + count);
	buckets = (size_t)1 << w->header.bits;
	w->index = calloc(buckets + 1, sizeof(*w->index));
	if (!w->index)
		return WARD_E_NOMEM;
	put(w, &w->header, sizeof(w->header));
	pad(w);
	w->header.entries_at = (uint64_t)ftell(w->file);
	merge(w, g->table, changes, count);
	for (size_t i = 0; i < buckets; i++)
		w->index[i + 1] += w->index[i];
	w->header.index_at = (uint64_t)ftell(w->file);
	put(w, w->index, (buckets + 1) * sizeof(*w->index));
	put_names(w, names);
	w->header.length = (uint64_t)ftell(w->file);
	rewind(w->file);
	put(w, &w->header, sizeof(w->header));
	return w->failed ? WARD_E_IO : WARD_OK;
}

static bool
take(void *context, const struct ward_verdict_entry *entry)
{
	struct run *r = context;

	r->entries[r->count++] = *entry;
	return true;
}

/* Nobody changes what is frozen. */
static struct run
sorted(const struct ward_overlay *o)
{
	struct run run = {.room = (size_t)ward_overlay_count(o)};

	run.entries = malloc((run.room + 1) * sizeof(*run.entries));
	if (!run.entries)
		return run;
	ward_overlay_each(o, ward_span_of(NULL, 0), take, &run);
	qsort(run.entries, run.count, sizeof(*run.entries), by_digest);
	return run;
}

static enum ward_rc
write_file(const struct generation *g, struct ward_names *names, const char *path)
{
	struct run changes = sorted(g->frozen);
	struct writer w = {0};
	int fd = -1;
	enum ward_rc rc = changes.entries ? WARD_OK : WARD_E_NOMEM;

	(void)unlink(path);
	if (!rc)
		rc = ward_fd_create(-1, path, 0600, &fd);
	if (!rc) {
		w.file = fdopen(fd, "wb");
		rc = w.file ? WARD_OK : WARD_E_NOMEM;
	}
	if (w.file) {
		(void)setvbuf(w.file, NULL, _IOFBF, OUT);
		rc = write_table(&w, g, names, changes.entries, changes.count);
		if (!rc && (fflush(w.file) != 0 || fsync(fd) != 0))
			rc = WARD_E_IO;
		if (fclose(w.file) != 0 && !rc)
			rc = WARD_E_IO;
	} else {
		ward_fd_close(&fd);
	}
	free(w.index);
	free(changes.entries);
	return rc;
}

/* The new table in the place of the old one and what was frozen; these go when no reader has them. */
static void
adopt(struct ward_verdicts *v, struct generation *next)
{
	struct generation *old = atomic_load(&v->current);
	struct ward_overlay *frozen = old->frozen;
	struct table *table = old->table;

	next->now = old->now;
	publish(v, next);
	ward_pins_wait(&v->pins);
	ward_overlay_free(frozen);
	table_free(table);
	while (old) {
		struct generation *before = old->retired;

		free(old);
		old = before;
	}
	next->retired = NULL;
}

enum ward_rc
ward_verdicts_build(struct ward_verdicts *v)
{
	char path[PATH + 8];
	const struct generation *g = atomic_load(&v->current);
	struct table *table = calloc(1, sizeof(*table));
	struct generation *next = generation_new(table, NULL, NULL);
	enum ward_rc rc = !table || !next ? WARD_E_NOMEM : g->frozen ? WARD_OK : WARD_E_INVAL;

	(void)snprintf(path, sizeof(path), "%s.new", v->path);
	if (!rc)
		rc = write_file(g, v->names, path);
	if (!rc)
		rc = table_open(path, v->names, table);
	if (!rc && rename(path, v->path) != 0)
		rc = WARD_E_IO;
	if (rc) {
		table_free(table);
		free(next);
		return rc;
	}
	adopt(v, next);
	return WARD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip/zip.h"

#include <stdlib.h>

#include "base/text.h"
#include "formats/zip/zip-priv.h"

enum { ENTRY_MAX = 1 << 30 };

/* Bytes that listed entries account for, to find those that nothing accounts for. */
struct cover {
	struct ward_zip_range *ranges;
	size_t count;
	size_t room;
};

static size_t
count_listed(const struct ward_zip_walk *w)
{
	struct ward_cursor c = ward_cursor_of(w->directory);
	struct ward_zip_entry e;
	size_t n = 0;

	while (ward_zip_directory_next(w, &c, &e))
		n++;
	return n;
}

static void
add_range(struct cover *cover, uint64_t start, uint64_t end)
{
	if (cover->count < cover->room)
		cover->ranges[cover->count++] = (struct ward_zip_range){start, end};
}

/* The same file to a reader of the directory and to a reader of the local headers? */
static bool
agree(const struct ward_zip_entry *listed, const struct ward_zip_entry *local)
{
	if (local->method != listed->method)
		return false;
	if ((local->flags ^ listed->flags) & WARD_ZIP_ENCRYPTED)
		return false;
	return local->size_unknown || local->packed == listed->packed;
}

static uint64_t
end_of(const struct ward_zip_walk *w, uint64_t start, uint64_t len)
{
	return len < w->in.len - start ? start + len : w->in.len;
}

static enum ward_rc
read_listed(struct ward_zip_walk *w, const struct ward_zip_entry *listed, struct cover *cover)
{
	struct ward_zip_entry local;
	struct ward_zip_entry e = *listed;
	enum ward_rc rc;

	if (!ward_zip_local_read(w->in, listed->local, &local)) {
		char *name = ward_arena_strdup(w->arena, listed->name);

		if (!name)
			return WARD_E_LIMIT;
		ward_sink_gap(w->sink, name, WARD_REASON_CORRUPT);
		return ward_sink_charge(w->sink, 0, 0);
	}
	e.data = local.data;
	add_range(cover, e.local, end_of(w, e.data, e.packed));
	rc = ward_zip_entry_read(w, &e);
	if (rc != WARD_OK || agree(listed, &local))
		return rc;
	ward_sink_trait(w->sink, WARD_TRAIT_MALFORMED);
	return ward_zip_entry_read(w, &local);
}

static enum ward_rc
read_directory(struct ward_zip_walk *w, struct cover *cover)
{
	struct ward_cursor c = ward_cursor_of(w->directory);
	struct ward_zip_entry e;
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && ward_zip_directory_next(w, &c, &e)) {
		struct ward_arena_mark mark = ward_arena_save(w->arena);

		rc = read_listed(w, &e, cover);
		ward_arena_restore(w->arena, mark);
	}
	/* Behind the last header there must be nothing else. */
	if (rc == WARD_OK && ward_cursor_left(&c))
		ward_sink_trait(w->sink, WARD_TRAIT_MALFORMED);
	return rc;
}

static int
compare_ranges(const void *a, const void *b)
{
	const struct ward_zip_range *x = a;
	const struct ward_zip_range *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A local header nothing lists: what makes a name and a method plausible is that somebody could
 * unpack it. */
static bool
is_plausible(const struct ward_zip_entry *e)
{
	return e->name.len > 0 && (e->size_unknown || e->packed > 0);
}

/* Entries between `from` and `to` by their local headers. */
static enum ward_rc
read_unlisted(struct ward_zip_walk *w, uint64_t from, uint64_t to)
{
	struct ward_span magic = ward_span_of("PK\3\4", 4);
	struct ward_span part = ward_span_cut(w->in, 0, to);
	size_t at = ward_text_find(part, magic, (size_t)from);
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && at != SIZE_MAX) {
		struct ward_zip_entry e;
		uint64_t next = at + magic.len;

		if (ward_zip_local_read(w->in, at, &e) && is_plausible(&e)) {
			rc = ward_zip_entry_read(w, &e);
			next = e.size_unknown ? e.data : end_of(w, e.data, e.packed);
		}
		at = next < to ? ward_text_find(part, magic, (size_t)next) : SIZE_MAX;
	}
	return rc;
}

static enum ward_rc
read_gaps(struct ward_zip_walk *w, struct cover *cover)
{
	uint64_t at = 0;
	enum ward_rc rc = WARD_OK;

	qsort(cover->ranges, cover->count, sizeof(*cover->ranges), compare_ranges);
	for (size_t i = 0; rc == WARD_OK && i < cover->count; i++) {
		const struct ward_zip_range *r = &cover->ranges[i];

		if (r->start > at)
			rc = read_unlisted(w, at, r->start);
		at = r->end > at ? r->end : at;
	}
	return rc == WARD_OK ? read_unlisted(w, at, w->in.len) : rc;
}

static enum ward_rc
walk(struct ward_zip_walk *w)
{
	bool found = ward_zip_directory_find(w);
	struct cover cover = {.room = found ? count_listed(w) : 0};
	uint64_t listed;
	enum ward_rc rc = WARD_OK;

	cover.ranges = ward_arena_array(w->arena, cover.room, sizeof(*cover.ranges));
	if (!cover.ranges)
		return WARD_E_LIMIT;
	if (found)
		rc = read_directory(w, &cover);
	listed = w->entries;
	if (rc == WARD_OK)
		rc = read_gaps(w, &cover);
	if (rc != WARD_OK)
		return rc;
	if (found && w->entries > listed)
		ward_sink_trait(w->sink, WARD_TRAIT_MALFORMED);
	/* Without its directory it is cut off, however much of it was read. */
	return found ? WARD_OK : w->entries ? WARD_E_TRUNCATED : WARD_E_FORMAT;
}

enum ward_rc
ward_zip_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink,
	      ward_zip_other other)
{
	struct ward_zip_walk w = {.in = in, .arena = arena, .sink = sink, .other = other};
	enum ward_rc rc;

	ward_buf_init(&w.buf, ward_sink_child_max(sink, ENTRY_MAX), ward_arena_budget(arena));
	rc = walk(&w);
	ward_buf_done(&w.buf);
	return rc;
}

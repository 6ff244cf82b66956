/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/doc.h"

#include <stdlib.h>

#include "base/text.h"

enum {
	BODY_SLACK = 256 * 1024, /* how far an object may reach past the next one's start */
	RESOLVE_MAX = 64 * 1024,
	OBJSTM_KEPT_MAX = 64 << 20, /* decoded object streams held at once */
	CHARGE_EVERY = 256,
	SPACE_MAX = 16, /* between a stream and its end mark */
};

/* ---- finding `N G obj` ---- */

static int
byte_at(struct ward_span s, size_t i)
{
	return i < s.len ? s.data[i] : -1;
}

/* Steps back over white space, at least one byte of it unless `optional`. */
static bool
back_space(struct ward_span in, size_t *at, bool optional)
{
	size_t start = *at;

	while (*at > 0 && ward_pdf_is_space(byte_at(in, *at - 1)))
		(*at)--;
	return optional || *at < start;
}

/* Steps back over digits; the number they write. */
static bool
back_number(struct ward_span in, size_t *at, uint32_t *ret_number)
{
	size_t end = *at;
	uint64_t value;

	while (*at > 0 && end - *at < 10 && byte_at(in, *at - 1) >= '0' &&
	       byte_at(in, *at - 1) <= '9')
		(*at)--;
	if (!ward_text_u64(ward_span_cut(in, *at, end - *at), &value) || value > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)value;
	return true;
}

/* Is the `obj` at `at` the end of an object's head? Then where that head starts. */
static bool
is_head(struct ward_span in, size_t at, uint32_t *ret_number, size_t *ret_start)
{
	uint32_t generation;

	if (!back_space(in, &at, true) || !back_number(in, &at, &generation) ||
	    !back_space(in, &at, false) || !back_number(in, &at, ret_number))
		return false;
	*ret_start = at;
	return true;
}

static enum ward_rc
grow(struct ward_pdf_doc *doc, size_t room)
{
	struct ward_pdf_entry *more = ward_arena_array(doc->arena, room, sizeof(*more));

	if (!more)
		return WARD_E_LIMIT;
	if (doc->count)
		memcpy(more, doc->entries, doc->count * sizeof(*more));
	doc->entries = more;
	doc->room = room;
	return WARD_OK;
}

static enum ward_rc
add_entry(struct ward_pdf_doc *doc, const struct ward_pdf_entry *entry)
{
	enum ward_rc rc = WARD_OK;

	if (doc->count == doc->room)
		rc = grow(doc, doc->room ? doc->room * 2 : 64);
	if (rc == WARD_OK)
		doc->entries[doc->count++] = *entry;
	return rc;
}

static void
set_body(struct ward_pdf_doc *doc, struct ward_pdf_entry *e, size_t next_start)
{
	size_t len = next_start > e->offset ? next_start - e->offset : 0;

	e->body = ward_span_cut(doc->in, e->offset, (uint64_t)len + BODY_SLACK);
}

static enum ward_rc
find_heads(struct ward_pdf_doc *doc)
{
	struct ward_span word = ward_span_str("obj");
	enum ward_rc rc = WARD_OK;
	size_t at = ward_text_find(doc->in, word, 0);

	for (; rc == WARD_OK && at != SIZE_MAX; at = ward_text_find(doc->in, word, at + 1)) {
		struct ward_pdf_entry e = {.offset = at + word.len};
		size_t start;

		if (!is_head(doc->in, at, &e.number, &start))
			continue;
		if (doc->count)
			set_body(doc, &doc->entries[doc->count - 1], start);
		rc = add_entry(doc, &e);
		if (rc == WARD_OK && doc->count % CHARGE_EVERY == 0)
			rc = ward_sink_charge(doc->sink, 0, 0);
	}
	if (doc->count)
		set_body(doc, &doc->entries[doc->count - 1], doc->in.len);
	return rc;
}

/* ---- the index ---- */

struct pair {
	uint32_t number;
	uint32_t entry;
};

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static enum ward_rc
build_index(struct ward_pdf_doc *doc)
{
	uint32_t *index = ward_arena_array(doc->arena, doc->count, sizeof(*index));
	struct ward_arena_mark mark = ward_arena_save(doc->arena);
	struct pair *pairs = ward_arena_array(doc->arena, doc->count, sizeof(*pairs));

	if (!index || !pairs || doc->count > UINT32_MAX)
		return WARD_E_LIMIT;
	for (size_t i = 0; i < doc->count; i++)
		pairs[i] = (struct pair){doc->entries[i].number, (uint32_t)i};
	qsort(pairs, doc->count, sizeof(*pairs), compare_pairs);
	for (size_t i = 0; i < doc->count; i++)
		index[i] = pairs[i].entry;
	ward_arena_restore(doc->arena, mark);
	doc->index = index;
	doc->indexed = doc->count;
	return WARD_OK;
}

struct ward_pdf_entry *
ward_pdf_doc_find(const struct ward_pdf_doc *doc, int64_t number)
{
	size_t low = 0;
	size_t high = doc->indexed;

	/* The first entry with a greater number; the one before it is the last definition. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (doc->entries[doc->index[mid]].number <= number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || doc->entries[doc->index[low - 1]].number != number)
		return NULL;
	return &doc->entries[doc->index[low - 1]];
}

enum ward_rc
ward_pdf_doc_resolve(const struct ward_pdf_doc *doc, const struct ward_pdf_value *value,
		     const struct ward_pdf_value **ret_value)
{
	for (int hop = 0; value && value->kind == WARD_PDF_REF; hop++) {
		const struct ward_pdf_entry *e = ward_pdf_doc_find(doc, value->num);
		struct ward_pdf_value *target = NULL;
		struct ward_cursor c;
		enum ward_rc rc;

		value = NULL;
		if (!e || hop == WARD_PDF_HOPS_MAX)
			break;
		c = ward_cursor_of(ward_span_cut(e->body, 0, RESOLVE_MAX));
		rc = ward_pdf_value_parse(&c, doc->arena, &target);
		if (rc == WARD_E_LIMIT)
			return rc;
		value = target;
	}
	*ret_value = value;
	return WARD_OK;
}

/* ---- streams ---- */

/* `stream` and its end of line (7.3.8.1); false when the object has none. */
static bool
enter_stream(struct ward_cursor *c)
{
	ward_pdf_skip_space(c);
	if (!ward_span_starts(ward_span_cut(c->in, c->pos, 6), "stream", 6))
		return false;
	ward_cursor_skip(c, 6);
	while (ward_cursor_peek(c) == ' ')
		ward_cursor_skip(c, 1);
	if (ward_cursor_peek(c) == '\r')
		ward_cursor_skip(c, 1);
	if (ward_cursor_peek(c) == '\n')
		ward_cursor_skip(c, 1);
	return true;
}

static bool
ends_at(struct ward_span in, uint64_t at)
{
	struct ward_cursor c = ward_cursor_at(in, at);

	for (int i = 0; i < SPACE_MAX && ward_pdf_is_space(ward_cursor_peek(&c)); i++)
		ward_cursor_skip(&c, 1);
	return ward_span_starts(ward_span_cut(in, c.pos, 9), "endstream", 9);
}

/* Remembers what it found: many streams without an end must not each search the whole file. */
static size_t
find_end(struct ward_pdf_doc *doc, size_t from)
{
	if (doc->end_at == 0 || from < doc->end_from || from > doc->end_at) {
		doc->end_from = from;
		doc->end_at = ward_text_find(doc->in, ward_span_str("endstream"), from);
	}
	return doc->end_at == SIZE_MAX ? doc->in.len : doc->end_at;
}

static struct ward_span
trim_eol(struct ward_span s)
{
	if (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	if (s.len && s.data[s.len - 1] == '\r')
		s.len--;
	return s;
}

static enum ward_rc
measure_stream(struct ward_pdf_doc *doc, struct ward_pdf_object *o, size_t start)
{
	const struct ward_pdf_value *length = NULL;
	enum ward_rc rc =
		ward_pdf_doc_resolve(doc, ward_pdf_value_get(o->value, "Length"), &length);
	int64_t n = ward_pdf_value_int(length, (int64_t)(doc->in.len - start), -1);

	if (rc != WARD_OK)
		return rc;
	if (n >= 0 && ends_at(doc->in, start + (uint64_t)n)) {
		o->stream = ward_span_cut(doc->in, start, (uint64_t)n);
		return WARD_OK;
	}
	doc->lengths_lie = true;
	o->stream = trim_eol(ward_span_cut(doc->in, start, find_end(doc, start) - start));
	return WARD_OK;
}

enum ward_rc
ward_pdf_doc_load(struct ward_pdf_doc *doc, const struct ward_pdf_entry *entry,
		  struct ward_pdf_object *ret_object)
{
	struct ward_cursor c = ward_cursor_of(entry->body);
	struct ward_pdf_object o = {0};
	enum ward_rc rc = ward_pdf_value_parse(&c, doc->arena, &o.value);

	if (rc != WARD_OK)
		return rc;
	if (entry->offset != SIZE_MAX && o.value->kind == WARD_PDF_DICT && enter_stream(&c)) {
		o.is_stream = true;
		rc = measure_stream(doc, &o, entry->offset + c.pos);
		if (rc != WARD_OK)
			return rc;
	}
	*ret_object = o;
	return WARD_OK;
}

/* ---- object streams ---- */

/* The table in front of an object stream: N pairs of object number and offset behind First. */
static enum ward_rc
add_packed(struct ward_pdf_doc *doc, struct ward_span bytes, uint64_t n, uint64_t first)
{
	struct ward_cursor c = ward_cursor_of(ward_span_cut(bytes, 0, first));
	enum ward_rc rc = WARD_OK;

	for (uint64_t i = 0; rc == WARD_OK && i < n; i++) {
		struct ward_pdf_entry e = {.offset = SIZE_MAX};
		struct ward_pdf_token number = {0};
		struct ward_pdf_token offset = {0};

		rc = ward_pdf_lex(&c, doc->arena, &number);
		if (rc == WARD_OK)
			rc = ward_pdf_lex(&c, doc->arena, &offset);
		if (rc != WARD_OK || number.kind != WARD_PDF_TOKEN_INT ||
		    offset.kind != WARD_PDF_TOKEN_INT)
			break;
		if (number.num < 0 || number.num > UINT32_MAX || offset.num < 0)
			continue;
		e.number = (uint32_t)number.num;
		e.body = ward_span_cut(bytes, first + (uint64_t)offset.num, BODY_SLACK);
		rc = add_entry(doc, &e);
	}
	return rc;
}

/* Decoded bytes that outlive the decoder, because entries point into them. */
static enum ward_rc
keep(struct ward_pdf_doc *doc, struct ward_span view, struct ward_span *ret_kept)
{
	uint8_t *copy = ward_arena_alloc(doc->arena, view.len);

	if (!copy)
		return WARD_E_LIMIT;
	if (view.len)
		memcpy(copy, view.data, view.len);
	*ret_kept = ward_span_of(copy, view.len);
	return WARD_OK;
}

static enum ward_rc
open_packed(struct ward_pdf_doc *doc, const struct ward_pdf_object *o, struct ward_pdf_decoded *d,
	    uint64_t *kept)
{
	int64_t n = ward_pdf_value_int(ward_pdf_value_get(o->value, "N"), UINT32_MAX, 0);
	int64_t first = ward_pdf_value_int(ward_pdf_value_get(o->value, "First"), UINT32_MAX, 0);
	struct ward_span bytes = {NULL, 0};
	enum ward_rc rc = ward_pdf_doc_decode(doc, o, d);

	if (d->refused || rc == WARD_E_NOMEM)
		return rc;
	/* Damage is told when the stream's turn as an object comes. */
	if (d->view.len > OBJSTM_KEPT_MAX - *kept) {
		ward_sink_gap(doc->sink, NULL, WARD_REASON_MEMORY);
		return WARD_OK;
	}
	*kept += d->view.len;
	rc = keep(doc, d->view, &bytes);
	return rc == WARD_OK ? add_packed(doc, bytes, (uint64_t)n, (uint64_t)first) : rc;
}

static bool
is_packed(const struct ward_pdf_object *o)
{
	return o->is_stream &&
	       ward_pdf_value_is_name(ward_pdf_value_get(o->value, "Type"), "ObjStm");
}

static enum ward_rc
open_all_packed(struct ward_pdf_doc *doc)
{
	size_t heads = doc->count;
	enum ward_rc rc = WARD_OK;
	struct ward_pdf_decoded d;
	uint64_t kept = 0;

	ward_pdf_decoded_init(&d, doc);
	for (size_t i = 0; rc == WARD_OK && i < heads; i++) {
		struct ward_arena_mark mark = ward_arena_save(doc->arena);
		struct ward_pdf_object o;

		rc = ward_pdf_doc_load(doc, &doc->entries[i], &o);
		if (rc == WARD_OK && is_packed(&o)) {
			rc = open_packed(doc, &o, &d, &kept);
			continue;
		}
		ward_arena_restore(doc->arena, mark);
		if (rc == WARD_E_FORMAT)
			rc = WARD_OK;
		if (rc == WARD_OK && i % CHARGE_EVERY == 0)
			rc = ward_sink_charge(doc->sink, 0, 0);
	}
	ward_pdf_decoded_done(&d);
	return rc;
}

enum ward_rc
ward_pdf_doc_open(struct ward_pdf_doc *doc)
{
	enum ward_rc rc = find_heads(doc);

	if (rc == WARD_OK && doc->count == 0)
		return WARD_E_FORMAT;
	if (rc == WARD_OK)
		rc = build_index(doc);
	if (rc == WARD_OK)
		rc = open_all_packed(doc);
	/* Again, for those that came out of object streams. */
	return rc == WARD_OK ? build_index(doc) : rc;
}

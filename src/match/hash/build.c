/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/build.h"

#include <stdio.h>
#include <stdlib.h>

#include "match/hash/sort.h"
#include "match/intern.h"

/*
 * A row is digest, size + 1 (8 bytes), rank of the verdict (1), record (4); numbers big-endian,
 * so that memcmp orders rows by digest, size, rank and age.
 */
enum { ROW_SIZE = 8, ROW_EXTRA = ROW_SIZE + 1 + 4, ALIGN = 8, NAMED_CONFLICTS = 8 };

struct column {
	struct ward_buf rows;
	size_t len, stride; /* bytes of a digest, of a row */
	uint64_t count;
	/* made by finish */
	struct ward_fuse filter;
	uint8_t *prints, *index, *refs, *sizes;
	uint64_t *size_set;
	uint64_t size_count, any_size;
	unsigned prefix, ref_width, size_width;
};

struct ward_hash_builder {
	struct column column[WARD_HASH_KINDS];
	struct ward_intern names, records, ignored;
	uint8_t *drop; /* per record: its name is ignored */
	struct ward_buf header;
	uint64_t conflicts;
	ward_match_notice notice;
	void *ctx;
};

static size_t
digest_len(unsigned kind)
{
	return ward_digest_len(ward_hash_digest_of((enum ward_hash_kind)kind));
}

enum ward_rc
ward_hash_builder_new(struct ward_hash_builder **ret)
{
	struct ward_hash_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return WARD_E_NOMEM;
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++) {
		b->column[k].len = digest_len(k);
		b->column[k].stride = b->column[k].len + ROW_EXTRA;
		ward_buf_init(&b->column[k].rows, SIZE_MAX / 4, NULL);
	}
	ward_intern_init(&b->names, true);
	ward_intern_init(&b->records, false);
	ward_intern_init(&b->ignored, false);
	ward_buf_init(&b->header, 4096, NULL);
	*ret = b;
	return WARD_OK;
}

struct ward_hash_builder *
ward_hash_builder_free(struct ward_hash_builder *b)
{
	if (!b)
		return NULL;
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++) {
		struct column *c = &b->column[k];

		ward_buf_done(&c->rows);
		free(c->prints);
		free(c->index);
		free(c->refs);
		free(c->sizes);
		free(c->size_set);
	}
	ward_intern_done(&b->names);
	ward_intern_done(&b->records);
	ward_intern_done(&b->ignored);
	ward_buf_done(&b->header);
	free(b->drop);
	free(b);
	return NULL;
}

static void
put_be(uint8_t *at, uint64_t value, unsigned width)
{
	for (unsigned k = 0; k < width; k++)
		at[k] = (uint8_t)(value >> (8 * (width - 1 - k)));
}

static uint64_t
get_be(const uint8_t *at, unsigned width)
{
	uint64_t value = 0;

	for (unsigned k = 0; k < width; k++)
		value = value << 8 | at[k];
	return value;
}

static bool
has_nul(struct ward_span s)
{
	return s.len && memchr(s.data, 0, s.len);
}

static int
rank_of(enum ward_verdict verdict)
{
	if (verdict == WARD_CLEAN)
		return 0;
	if (verdict == WARD_MALICIOUS)
		return 1;
	return verdict == WARD_SUSPICIOUS ? 2 : -1;
}

static enum ward_rc
add_record(struct ward_hash_builder *b, const struct ward_hash_entry *e, uint32_t *ret)
{
	uint8_t record[WARD_HASH_RECORD];
	uint32_t name, source;
	enum ward_rc rc = ward_intern_add(&b->names, e->name, &name);

	if (rc == WARD_OK)
		rc = ward_intern_add(&b->names, e->source, &source);
	if (rc != WARD_OK)
		return rc;
	ward_table_put(record, ward_intern_offset(&b->names, name), 4);
	ward_table_put(record + 4, ward_intern_offset(&b->names, source), 4);
	ward_table_put(record + 8, e->verdict, 4);
	return ward_intern_add(&b->records, ward_span_of(record, sizeof(record)), ret);
}

enum ward_rc
ward_hash_builder_add(struct ward_hash_builder *b, const struct ward_hash_entry *entry)
{
	struct column *c = &b->column[entry->kind];
	uint8_t row[WARD_ROW_MAX];
	int rank = rank_of(entry->verdict);
	uint32_t record;
	enum ward_rc rc;

	if (rank < 0 || has_nul(entry->name) || has_nul(entry->source) ||
	    (!entry->any_size && entry->size == UINT64_MAX))
		return WARD_E_INVAL;
	if (c->count >= 1u << 31)
		return WARD_E_LIMIT;
	rc = add_record(b, entry, &record);
	if (rc != WARD_OK)
		return rc;
	memcpy(row, entry->digest, c->len);
	put_be(row + c->len, entry->any_size ? 0 : entry->size + 1, ROW_SIZE);
	row[c->len + ROW_SIZE] = (uint8_t)rank;
	put_be(row + c->len + ROW_SIZE + 1, record, 4);
	rc = ward_buf_append(&c->rows, row, c->stride);
	if (rc == WARD_OK)
		c->count++;
	return rc;
}

enum ward_rc
ward_hash_builder_ignore(struct ward_hash_builder *b, struct ward_span name)
{
	uint32_t number;

	return ward_intern_add(&b->ignored, name, &number);
}

uint64_t
ward_hash_builder_count(const struct ward_hash_builder *b)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		sum += b->column[k].count;
	return sum;
}

static const char *
record_name(const struct ward_hash_builder *b, uint32_t record)
{
	struct ward_span r = ward_intern_get(&b->records, record);
	struct ward_table fields = {r.data, r.len / 4, 4};

	return (const char *)b->names.blob.data + ward_table_get32(&fields, 0);
}

static bool
record_allows(const struct ward_hash_builder *b, uint32_t record)
{
	struct ward_span r = ward_intern_get(&b->records, record);
	struct ward_table fields = {r.data, r.len / 4, 4};

	return ward_table_get32(&fields, 2) == WARD_CLEAN;
}

static enum ward_rc
mark_ignored(struct ward_hash_builder *b)
{
	b->drop = calloc((size_t)b->records.count + 1, 1);
	if (!b->drop)
		return WARD_E_NOMEM;
	for (uint32_t i = 0; b->ignored.count && i < b->records.count; i++) {
		struct ward_span name = ward_span_str(record_name(b, i));

		b->drop[i] =
			!record_allows(b, i) && ward_intern_find(&b->ignored, name) != UINT32_MAX;
	}
	return WARD_OK;
}

static uint8_t *
row_at(const struct column *c, uint64_t i)
{
	return c->rows.data + i * c->stride;
}

static uint32_t
row_record(const struct column *c, uint64_t i)
{
	return (uint32_t)get_be(row_at(c, i) + c->len + ROW_SIZE + 1, 4);
}

static uint64_t
row_size(const struct column *c, uint64_t i)
{
	return get_be(row_at(c, i) + c->len, ROW_SIZE);
}

static void
drop_ignored(const struct ward_hash_builder *b, struct column *c)
{
	uint64_t kept = 0;

	for (uint64_t i = 0; i < c->count; i++) {
		if (b->drop[row_record(c, i)])
			continue;
		if (kept != i)
			memcpy(row_at(c, kept), row_at(c, i), c->stride);
		kept++;
	}
	c->count = kept;
}

static void
tell_conflict(struct ward_hash_builder *b, const struct column *c, uint64_t kept, uint64_t lost)
{
	char text[200];

	if (row_at(c, kept)[c->len + ROW_SIZE] != 0 || row_at(c, lost)[c->len + ROW_SIZE] == 0)
		return;
	if (++b->conflicts > NAMED_CONFLICTS || !b->notice)
		return;
	(void)snprintf(text, sizeof(text), "%.80s is allowed although listed as %.80s",
		       record_name(b, row_record(c, kept)), record_name(b, row_record(c, lost)));
	b->notice(b->ctx, false, "", 0, text);
}

/* Of rows with the same digest and size the first is the one to keep. */
static void
merge_rows(struct ward_hash_builder *b, struct column *c)
{
	uint64_t kept = 0;

	for (uint64_t i = 1; i < c->count; i++) {
		if (memcmp(row_at(c, kept), row_at(c, i), c->len + ROW_SIZE) == 0) {
			tell_conflict(b, c, kept, i);
			continue;
		}
		kept++;
		if (kept != i)
			memcpy(row_at(c, kept), row_at(c, i), c->stride);
	}
	if (c->count)
		c->count = kept + 1;
}

static enum ward_rc
make_filter(struct column *c)
{
	uint64_t *keys = malloc(c->count * sizeof(*keys));
	uint64_t n = 0;
	enum ward_rc rc;

	if (!keys)
		return WARD_E_NOMEM;
	for (uint64_t i = 0; i < c->count; i++) {
		uint64_t key = get_be(row_at(c, i), 8);

		if (n == 0 || keys[n - 1] != key)
			keys[n++] = key;
	}
	rc = ward_fuse_build(keys, n, &c->filter, &c->prints);
	free(keys);
	return rc;
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* The different sizes, as little-endian numbers. */
static enum ward_rc
make_size_set(struct column *c)
{
	uint64_t n = 0, kept = 0;

	c->size_set = malloc(c->count * sizeof(*c->size_set));
	if (!c->size_set)
		return WARD_E_NOMEM;
	for (uint64_t i = 0; i < c->count; i++) {
		uint64_t size = row_size(c, i);

		if (size)
			c->size_set[n++] = size - 1;
		else
			c->any_size++;
	}
	qsort(c->size_set, n, sizeof(*c->size_set), compare_u64);
	for (uint64_t i = 0; i < n; i++) {
		if (i == 0 || c->size_set[i] != c->size_set[kept - 1])
			c->size_set[kept++] = c->size_set[i];
	}
	for (uint64_t i = 0; i < kept; i++) {
		uint64_t size = c->size_set[i];

		ward_table_put((uint8_t *)&c->size_set[i], size, 8);
	}
	c->size_count = kept;
	return WARD_OK;
}

/* Refs and sizes leave the rows for arrays of their own. */
static enum ward_rc
make_values(struct column *c, uint32_t records)
{
	uint64_t largest = 0;

	for (uint64_t i = 0; i < c->count; i++) {
		uint64_t size = row_size(c, i);

		largest = size > largest ? size : largest;
	}
	c->ref_width = ward_table_width(records ? records - 1 : 0);
	c->size_width = ward_table_width(largest);
	c->refs = calloc(c->count, c->ref_width ? c->ref_width : 1);
	c->sizes = calloc(c->count, c->size_width ? c->size_width : 1);
	if (!c->refs || !c->sizes)
		return WARD_E_NOMEM;
	for (uint64_t i = 0; i < c->count; i++) {
		ward_table_put(c->refs + i * c->ref_width, row_record(c, i), c->ref_width);
		ward_table_put(c->sizes + i * c->size_width, row_size(c, i), c->size_width);
	}
	return WARD_OK;
}

/* The longest prefix whose index is smaller than what leaving the prefix out saves. */
static unsigned
choose_prefix(uint64_t count)
{
	unsigned prefix = WARD_HASH_MAX_PREFIX;

	while (prefix > 0 && count < (uint64_t)4 << (8 * prefix))
		prefix--;
	return prefix;
}

/* The index of buckets; then the rows shrink, where they lie, to the rests of the digests. */
static enum ward_rc
make_index(struct column *c)
{
	uint64_t buckets, bucket = 0;
	size_t rest;

	c->prefix = choose_prefix(c->count);
	buckets = (uint64_t)1 << (8 * c->prefix);
	rest = c->len - c->prefix;
	c->index = calloc(buckets + 1, 4);
	if (!c->index)
		return WARD_E_NOMEM;
	for (uint64_t i = 0; i < c->count; i++) {
		uint64_t own = get_be(row_at(c, i), c->prefix);

		for (; bucket <= own; bucket++)
			ward_table_put(c->index + 4 * bucket, i, 4);
		memmove(c->rows.data + i * rest, row_at(c, i) + c->prefix, rest);
	}
	for (; bucket <= buckets; bucket++)
		ward_table_put(c->index + 4 * bucket, c->count, 4);
	c->rows.len = c->count * rest;
	return WARD_OK;
}

static enum ward_rc
make_column(struct ward_hash_builder *b, struct column *c)
{
	enum ward_rc rc;

	drop_ignored(b, c);
	ward_rows_sort(c->rows.data, c->count, c->stride);
	merge_rows(b, c);
	if (c->count == 0)
		return WARD_OK;
	rc = make_filter(c);
	if (rc == WARD_OK)
		rc = make_size_set(c);
	if (rc == WARD_OK)
		rc = make_values(c, b->records.count);
	return rc == WARD_OK ? make_index(c) : rc;
}

/* Appends a run at the next multiple of 8; its offset. */
static uint64_t
place(struct ward_hash_image *image, const void *data, uint64_t len)
{
	static const uint8_t zeros[ALIGN];
	size_t pad = (size_t)(-image->length % ALIGN);
	uint64_t offset;

	if (pad)
		image->runs[image->count++] = ward_span_of(zeros, pad);
	image->length += pad;
	offset = image->length;
	if (len)
		image->runs[image->count++] = ward_span_of(data, len);
	image->length += len;
	return offset;
}

struct offsets {
	uint64_t filter, set, index, refs, sizes, rests;
};

static void
place_all(struct ward_hash_builder *b, struct ward_hash_image *image, struct offsets *at,
	  uint64_t *ret_records, uint64_t *ret_names)
{
	struct column *c = b->column;
	unsigned k;

	for (k = 0; k < WARD_HASH_KINDS; k++)
		at[k].filter =
			place(image, c[k].prints, c[k].count ? c[k].filter.prints.count * 2 : 0);
	for (k = 0; k < WARD_HASH_KINDS; k++)
		at[k].set = place(image, c[k].size_set, c[k].size_count * 8);
	for (k = 0; k < WARD_HASH_KINDS; k++)
		at[k].index = place(image, c[k].index,
				    c[k].count ? 4 * (((uint64_t)1 << (8 * c[k].prefix)) + 1) : 0);
	*ret_records = place(image, b->records.blob.data, b->records.blob.len);
	*ret_names = place(image, b->names.blob.data, b->names.blob.len);
	for (k = 0; k < WARD_HASH_KINDS; k++) {
		at[k].refs = place(image, c[k].refs, c[k].count * c[k].ref_width);
		at[k].sizes = place(image, c[k].sizes, c[k].count * c[k].size_width);
		at[k].rests = place(image, c[k].rows.data, c[k].count * (c[k].len - c[k].prefix));
	}
}

static void
put_column(uint8_t *p, const struct column *c, const struct offsets *at)
{
	const uint64_t first[] = {c->count,  at->rests,	 at->refs,	at->sizes,
				  at->index, at->filter, c->filter.seed};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		ward_table_put(p + 8 * i, first[i], 8);
	ward_table_put(p + 56, c->filter.segment, 4);
	ward_table_put(p + 60, c->filter.segments, 4);
	ward_table_put(p + 64, at->set, 8);
	ward_table_put(p + 72, c->size_count, 8);
	ward_table_put(p + 80, c->any_size, 8);
	ward_table_put(p + 88, c->prefix, 1);
	ward_table_put(p + 89, c->ref_width, 1);
	ward_table_put(p + 90, c->size_width, 1);
}

static enum ward_rc
lay_out(struct ward_hash_builder *b, struct ward_hash_image *image)
{
	enum { LENGTH = WARD_HASH_HEADER + WARD_HASH_KINDS * WARD_HASH_KIND_HEADER };
	uint8_t *p = ward_buf_reserve(&b->header, LENGTH);
	struct offsets at[WARD_HASH_KINDS];
	uint64_t records, names;

	if (!p)
		return WARD_E_NOMEM;
	memset(p, 0, LENGTH);
	(void)place(image, p, LENGTH);
	place_all(b, image, at, &records, &names);
	memcpy(p, "WARDHASH", 8);
	ward_table_put(p + 8, 1, 4);
	ward_table_put(p + 12, WARD_HASH_KINDS, 4);
	ward_table_put(p + 16, image->length, 8);
	ward_table_put(p + 24, records, 8);
	ward_table_put(p + 32, b->records.count, 8);
	ward_table_put(p + 40, names, 8);
	ward_table_put(p + 48, b->names.blob.len, 8);
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		put_column(p + WARD_HASH_HEADER + k * WARD_HASH_KIND_HEADER, &b->column[k], &at[k]);
	return WARD_OK;
}

static void
tell_conflicts(struct ward_hash_builder *b)
{
	char text[120];

	if (!b->conflicts || !b->notice)
		return;
	(void)snprintf(text, sizeof(text), "%llu listed hashes are allowed by another list",
		       (unsigned long long)b->conflicts);
	b->notice(b->ctx, false, "", 0, text);
}

enum ward_rc
ward_hash_builder_finish(struct ward_hash_builder *b, ward_match_notice notice, void *ctx,
			 struct ward_hash_image *ret)
{
	struct ward_hash_image image = {0};
	uint32_t empty;
	enum ward_rc rc = ward_intern_add(&b->names, ward_span_of(NULL, 0), &empty);

	b->notice = notice;
	b->ctx = ctx;
	if (rc == WARD_OK)
		rc = mark_ignored(b);
	for (unsigned k = 0; rc == WARD_OK && k < WARD_HASH_KINDS; k++)
		rc = make_column(b, &b->column[k]);
	if (rc == WARD_OK)
		rc = lay_out(b, &image);
	if (rc != WARD_OK)
		return rc;
	tell_conflicts(b);
	image.entries = ward_hash_builder_count(b);
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		image.kinds[k] = b->column[k].count;
	*ret = image;
	return WARD_OK;
}

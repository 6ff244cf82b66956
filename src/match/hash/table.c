/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/table.h"

#include "base/cursor.h"

enum { VERSION = 1 };

enum ward_digest_kind
ward_hash_digest_of(enum ward_hash_kind kind)
{
	static const enum ward_digest_kind of[] = {WARD_SHA256, WARD_SHA1, WARD_MD5,
						   WARD_SHA256, WARD_SHA1, WARD_MD5};

	return of[kind];
}

const char *
ward_hash_kind_name(enum ward_hash_kind kind)
{
	static const char *const names[] = {"sha256",	      "sha1",	      "md5",
					    "section-sha256", "section-sha1", "section-md5"};

	return names[kind];
}

static bool
aligned(uint64_t offset)
{
	return offset % 8 == 0;
}

/* Table `ret` of the bytes; the offset must be a multiple of 8. */
static bool
take(struct ward_span in, uint64_t offset, uint64_t count, unsigned width, struct ward_table *ret)
{
	return aligned(offset) && ward_table_take(in, offset, count, width, ret);
}

static bool
take_filter(struct ward_span in, uint64_t offset, struct ward_fuse *f)
{
	uint64_t slots = ward_fuse_slots(f->segment, f->segments);

	return slots && take(in, offset, slots, 2, &f->prints);
}

static bool
take_rests(struct ward_span in, uint64_t offset, struct ward_hash_column *c)
{
	uint64_t bytes;

	if (!aligned(offset) || __builtin_mul_overflow(c->count, (uint64_t)c->rest, &bytes) ||
	    !ward_span_has(in, offset, bytes))
		return false;
	c->rests = ward_span_cut(in, offset, bytes);
	return true;
}

static bool
open_column(struct ward_span in, struct ward_cursor *at, unsigned digest_len,
	    struct ward_hash_column *c)
{
	uint64_t rests, refs, sizes, index, filter, set, set_count;
	unsigned ref_width, size_width;

	c->count = ward_cursor_u64le(at);
	rests = ward_cursor_u64le(at);
	refs = ward_cursor_u64le(at);
	sizes = ward_cursor_u64le(at);
	index = ward_cursor_u64le(at);
	filter = ward_cursor_u64le(at);
	c->filter.seed = ward_cursor_u64le(at);
	c->filter.segment = ward_cursor_u32le(at);
	c->filter.segments = ward_cursor_u32le(at);
	set = ward_cursor_u64le(at);
	set_count = ward_cursor_u64le(at);
	c->any_size = ward_cursor_u64le(at);
	c->prefix = ward_cursor_u8(at);
	ref_width = ward_cursor_u8(at);
	size_width = ward_cursor_u8(at);
	ward_cursor_skip(at, 5);
	if (c->count == 0)
		return true;
	if (c->prefix > WARD_HASH_MAX_PREFIX || ref_width > 4)
		return false;
	c->rest = digest_len - c->prefix;
	return take_rests(in, rests, c) && take(in, refs, c->count, ref_width, &c->refs) &&
	       take(in, sizes, c->count, size_width, &c->sizes) &&
	       take(in, index, (1u << (8 * c->prefix)) + 1, 4, &c->index) &&
	       take(in, set, set_count, 8, &c->size_set) && take_filter(in, filter, &c->filter);
}

static bool
open_strings(struct ward_span in, struct ward_cursor *at, struct ward_hash_table *t)
{
	uint64_t records = ward_cursor_u64le(at), count = ward_cursor_u64le(at);
	uint64_t names = ward_cursor_u64le(at), length = ward_cursor_u64le(at);

	ward_cursor_skip(at, 8);
	if (count > UINT32_MAX || !take(in, records, count * 3, 4, &t->records) ||
	    !ward_span_has(in, names, length) || length == 0)
		return false;
	t->names = ward_span_cut(in, names, length);
	return t->names.data[length - 1] == 0;
}

enum ward_rc
ward_hash_table_open(struct ward_span bytes, struct ward_hash_table *ret)
{
	struct ward_cursor at = ward_cursor_of(bytes);
	struct ward_span magic = ward_cursor_bytes(&at, 8);
	uint32_t version = ward_cursor_u32le(&at), kinds = ward_cursor_u32le(&at);
	uint64_t total = ward_cursor_u64le(&at);
	struct ward_hash_table t = {0};

	if (!ward_span_starts(magic, "WARDHASH", 8))
		return WARD_E_FORMAT;
	if (version != VERSION || kinds != WARD_HASH_KINDS)
		return WARD_E_UNSUPPORTED;
	if (total != bytes.len || !open_strings(bytes, &at, &t))
		return WARD_E_FORMAT;
	for (unsigned k = 0; k < WARD_HASH_KINDS; k++) {
		size_t len = ward_digest_len(ward_hash_digest_of((enum ward_hash_kind)k));

		if (!open_column(bytes, &at, (unsigned)len, &t.column[k]))
			return WARD_E_FORMAT;
	}
	if (!ward_cursor_ok(&at))
		return WARD_E_FORMAT;
	*ret = t;
	return WARD_OK;
}

uint64_t
ward_hash_table_count(const struct ward_hash_table *t)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		sum += t->column[k].count;
	return sum;
}

bool
ward_hash_table_wants(const struct ward_hash_table *t, enum ward_hash_kind kind, uint64_t size)
{
	const struct ward_hash_column *c = &t->column[kind];
	uint64_t low = 0, high = c->size_set.count;

	if (c->any_size)
		return true;
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (ward_table_get(&c->size_set, mid) < size)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->size_set.count && ward_table_get(&c->size_set, low) == size;
}

static int
compare_rest(const struct ward_hash_column *c, uint64_t i, const uint8_t *rest)
{
	struct ward_span at = ward_span_cut(c->rests, i * c->rest, c->rest);

	return at.len == c->rest ? memcmp(at.data, rest, at.len) : 1;
}

/* First entry of [low, high) that is not below `rest`. */
static uint64_t
first_not_below(const struct ward_hash_column *c, uint64_t low, uint64_t high, const uint8_t *rest)
{
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (compare_rest(c, mid, rest) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint64_t
big_endian(const uint8_t *digest, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value = value << 8 | digest[i];
	return value;
}

/* The name at an offset: a C string, because the last byte of all names is NUL. */
static const char *
name_at(const struct ward_hash_table *t, uint64_t offset)
{
	return offset < t->names.len ? (const char *)t->names.data + offset : NULL;
}

static enum ward_rc
read_record(const struct ward_hash_table *t, uint64_t number, struct ward_hash_found *ret)
{
	struct ward_hash_found f = {
		.name = name_at(t, ward_table_get(&t->records, number * 3)),
		.source = name_at(t, ward_table_get(&t->records, number * 3 + 1)),
	};
	uint64_t verdict = ward_table_get(&t->records, number * 3 + 2);

	if (number >= t->records.count / 3 || !f.name || !f.source)
		return WARD_E_FORMAT;
	if (verdict != WARD_CLEAN && verdict != WARD_SUSPICIOUS && verdict != WARD_MALICIOUS)
		return WARD_E_FORMAT;
	f.verdict = (enum ward_verdict)verdict;
	*ret = f;
	return WARD_OK;
}

static bool
beats(enum ward_verdict a, enum ward_verdict b)
{
	return a != b && (a == WARD_CLEAN || (a == WARD_MALICIOUS && b != WARD_CLEAN));
}

struct range {
	uint64_t low, high;
};

/* The best of those entries of a bucket, from `low` on, that hold this digest. */
static enum ward_rc
best_of(const struct ward_hash_table *t, const struct ward_hash_column *c, struct range in,
	const uint8_t *rest, uint64_t size, struct ward_hash_found *ret)
{
	struct ward_hash_found f;
	bool found = false;

	for (uint64_t i = in.low; i < in.high && compare_rest(c, i, rest) == 0; i++) {
		uint64_t stored = ward_table_get(&c->sizes, i);
		enum ward_rc rc;

		if (stored != 0 && stored - 1 != size)
			continue;
		rc = read_record(t, ward_table_get(&c->refs, i), &f);
		if (rc != WARD_OK)
			return rc;
		if (!found || beats(f.verdict, ret->verdict))
			*ret = f;
		found = true;
	}
	return found ? WARD_OK : WARD_E_NOENT;
}

enum ward_rc
ward_hash_table_find(const struct ward_hash_table *t, enum ward_hash_kind kind,
		     const uint8_t *digest, uint64_t size, struct ward_hash_found *ret)
{
	const struct ward_hash_column *c = &t->column[kind];
	struct ward_hash_found found;
	struct range in;
	uint64_t bucket;
	enum ward_rc rc;

	if (c->count == 0 || !ward_fuse_has(&c->filter, big_endian(digest, 8)))
		return WARD_E_NOENT;
	bucket = big_endian(digest, c->prefix);
	in.low = ward_table_get32(&c->index, bucket);
	in.high = ward_table_get32(&c->index, bucket + 1);
	if (in.low > in.high || in.high > c->count)
		return WARD_E_FORMAT;
	in.low = first_not_below(c, in.low, in.high, digest + c->prefix);
	rc = best_of(t, c, in, digest + c->prefix, size, &found);
	if (rc == WARD_OK)
		*ret = found;
	return rc;
}

/* The bucket entry i lies in: the last whose start is not above i. */
static uint64_t
bucket_of(const struct ward_hash_column *c, uint64_t i)
{
	uint64_t low = 0, high = c->index.count - 1;

	while (high - low > 1) {
		uint64_t mid = low + (high - low) / 2;

		if (ward_table_get32(&c->index, mid) <= i)
			low = mid;
		else
			high = mid;
	}
	return low;
}

enum ward_rc
ward_hash_table_entry(const struct ward_hash_table *t, enum ward_hash_kind kind, uint64_t i,
		      struct ward_hash_entry *ret)
{
	const struct ward_hash_column *c = &t->column[kind];
	struct ward_hash_entry e = {.kind = kind};
	struct ward_hash_found f;
	uint64_t bucket, stored;
	enum ward_rc rc;

	if (i >= c->count)
		return WARD_E_NOENT;
	bucket = bucket_of(c, i);
	for (unsigned k = 0; k < c->prefix; k++)
		e.digest[k] = (uint8_t)(bucket >> (8 * (c->prefix - 1 - k)));
	memcpy(e.digest + c->prefix, ward_span_cut(c->rests, i * c->rest, c->rest).data, c->rest);
	stored = ward_table_get(&c->sizes, i);
	e.any_size = stored == 0;
	e.size = stored ? stored - 1 : 0;
	rc = read_record(t, ward_table_get(&c->refs, i), &f);
	if (rc != WARD_OK)
		return rc;
	e.verdict = f.verdict;
	e.name = ward_span_str(f.name);
	e.source = ward_span_str(f.source);
	*ret = e;
	return WARD_OK;
}

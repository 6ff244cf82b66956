/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/entries.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/utf.h"
#include "match/hash/sort.h"
#include "match/intern.h"
#include "proto/wire.h"

enum { NAME_LEN = 128, FIRST_ROOM = 4096, TAIL = 8 };

static const size_t widths[WARD_IMPORT_KINDS] = {32, 20, 16};
static const Ward__Log__V1__Digest digests[WARD_IMPORT_KINDS] = {
	WARD__LOG__V1__DIGEST__DIGEST_SHA256, WARD__LOG__V1__DIGEST__DIGEST_SHA1,
	WARD__LOG__V1__DIGEST__DIGEST_MD5};

/* What a batch has in common. */
struct meaning {
	uint64_t expires_ms;
	uint32_t verdict, confidence;
};

/* Rows of a kind: the digest, its meaning's number and its name's, both big-endian. */
struct rows {
	uint8_t *data;
	size_t count, room, width, stride;
};

struct ward_entries {
	struct ward_import_terms terms;
	struct rows kind[WARD_IMPORT_KINDS];
	struct ward_intern names, meanings;
	struct ward_import_figures figures;
	struct meaning last; /* most entries of a list mean the same */
	uint32_t last_number;
	struct ward_buf text;
};

struct ward_entries *
ward_entries_new(const struct ward_import_terms *terms)
{
	struct ward_entries *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->terms = *terms;
	e->last_number = UINT32_MAX;
	for (int k = 0; k < WARD_IMPORT_KINDS; k++) {
		e->kind[k].width = widths[k];
		e->kind[k].stride = widths[k] + TAIL;
	}
	ward_intern_init(&e->names, true);
	ward_intern_init(&e->meanings, false);
	ward_buf_init(&e->text, 64 * NAME_LEN, NULL);
	return e;
}

struct ward_entries *
ward_entries_free(struct ward_entries *e)
{
	if (!e)
		return NULL;
	for (int k = 0; k < WARD_IMPORT_KINDS; k++)
		free(e->kind[k].data);
	ward_intern_done(&e->names);
	ward_intern_done(&e->meanings);
	ward_buf_done(&e->text);
	free(e);
	return NULL;
}

void
ward_entries_freep(struct ward_entries **e)
{
	*e = ward_entries_free(*e);
}

const struct ward_import_terms *
ward_entries_terms(const struct ward_entries *e)
{
	return &e->terms;
}

void
ward_entries_start(struct ward_entries *e, const char *format)
{
	memset(&e->figures, 0, sizeof(e->figures));
	(void)snprintf(e->figures.format, sizeof(e->figures.format), "%s", format);
}

const struct ward_import_figures *
ward_entries_figures(const struct ward_entries *e)
{
	return &e->figures;
}

/* --- what cannot be used --- */

static void
put_place(struct ward_import_place place, char ret[WARD_IMPORT_TEXT])
{
	ret[0] = 0;
	if (place.line && place.object.len)
		(void)snprintf(ret, WARD_IMPORT_TEXT, "line %llu, %.*s",
			       (unsigned long long)place.line,
			       (int)(place.object.len < 80 ? place.object.len : 80),
			       (const char *)place.object.data);
	else if (place.line)
		(void)snprintf(ret, WARD_IMPORT_TEXT, "line %llu", (unsigned long long)place.line);
	else if (place.object.len)
		(void)snprintf(ret, WARD_IMPORT_TEXT, "%.*s",
			       (int)(place.object.len < 100 ? place.object.len : 100),
			       (const char *)place.object.data);
}

void
ward_entries_skip(struct ward_entries *e, const char *why, struct ward_import_place place)
{
	struct ward_import_reason *r = e->figures.reasons;
	size_t i = 0;

	e->figures.unusable++;
	while (i < WARD_IMPORT_REASONS && r[i].count > 0 && strcmp(r[i].why, why) != 0)
		i++;
	if (i == WARD_IMPORT_REASONS)
		return; /* it is counted in the sum all the same */
	if (r[i].count++ > 0)
		return;
	(void)snprintf(r[i].why, sizeof(r[i].why), "%s", why);
	put_place(place, r[i].place);
}

/* --- digests --- */

bool
ward_import_kind_of(size_t digits, enum ward_import_kind *ret_kind)
{
	for (int k = 0; k < WARD_IMPORT_KINDS; k++)
		if (digits == 2 * widths[k]) {
			*ret_kind = (enum ward_import_kind)k;
			return true;
		}
	return false;
}

bool
ward_import_digest(struct ward_span hex, enum ward_import_kind *ret_kind, uint8_t ret_digest[32])
{
	return ward_import_kind_of(hex.len, ret_kind) &&
	       ward_text_unhex(hex, ret_digest, hex.len / 2);
}

/* --- adding --- */

static bool
is_plain(struct ward_span s)
{
	if (s.len > NAME_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 0x20 || s.data[i] > 0x7e)
			return false;
	return true;
}

/* A name as the record takes it: valid UTF-8 without controls, cut between characters. */
static enum ward_rc
clean_name(struct ward_entries *e, struct ward_span in, struct ward_span *ret)
{
	struct ward_span left = ward_span_cut(in, 0, (uint64_t)4 * NAME_LEN);
	enum ward_rc rc;
	size_t len = 0;

	ward_buf_clear(&e->text);
	rc = ward_utf_clean(&e->text, left);
	if (rc)
		return rc;
	left = ward_buf_span(&e->text);
	while (len < left.len) {
		size_t n = ward_utf_valid_at(ward_span_cut(left, len, left.len));

		if (n == 0 || len + n > NAME_LEN)
			break;
		if (e->text.data[len] < 0x20 || e->text.data[len] == 0x7f)
			e->text.data[len] = ' ';
		len += n;
	}
	*ret = ward_text_trim(ward_span_cut(left, 0, len));
	return WARD_OK;
}

static enum ward_rc
number_of_name(struct ward_entries *e, struct ward_span name, uint32_t *ret)
{
	enum ward_rc rc = WARD_OK;

	name = ward_text_trim(name);
	if (!is_plain(name))
		rc = clean_name(e, name, &name);
	return rc ? rc : ward_intern_add(&e->names, name, ret);
}

static enum ward_rc
number_of_meaning(struct ward_entries *e, const struct meaning *m, uint32_t *ret)
{
	enum ward_rc rc = WARD_OK;

	if (e->last_number == UINT32_MAX || memcmp(m, &e->last, sizeof(*m)) != 0) {
		rc = ward_intern_add(&e->meanings, ward_span_of(m, sizeof(*m)), &e->last_number);
		e->last = *m;
	}
	*ret = e->last_number;
	return rc;
}

static void
put_number(uint8_t *at, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t
get_number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum ward_rc
add_row(struct rows *r, const uint8_t *digest, uint32_t meaning, uint32_t name)
{
	uint8_t *row;

	if (r->count == r->room) {
		size_t room = r->room ? r->room + r->room / 2 : FIRST_ROOM;
		uint8_t *more;

		if (r->count >= WARD_IMPORT_HASHES_MAX)
			return WARD_E_LIMIT;
		more = realloc(r->data, room * r->stride);
		if (!more)
			return WARD_E_NOMEM;
		r->data = more;
		r->room = room;
	}
	row = r->data + r->count++ * r->stride;
	memcpy(row, digest, r->width);
	put_number(row + r->width, meaning);
	put_number(row + r->width + 4, name);
	return WARD_OK;
}

/* What holds of it under the terms; NULL, or why it may not come in. */
static const char *
verdict_of(const struct ward_import_terms *t, enum ward_import_says says, enum ward_verdict *ret)
{
	const enum ward_verdict said[] = {
		[WARD_SAYS_NOTHING] = t->verdict == WARD_UNKNOWN ? WARD_MALICIOUS : t->verdict,
		[WARD_SAYS_GOOD] = WARD_CLEAN,
		[WARD_SAYS_SUSPICIOUS] = WARD_SUSPICIOUS,
		[WARD_SAYS_MALICIOUS] = WARD_MALICIOUS,
	};

	*ret = said[says];
	if (t->verdict == WARD_UNKNOWN)
		return NULL;
	if (t->verdict != WARD_CLEAN && *ret == WARD_CLEAN)
		return "known good in the list, which --verdict does not allow";
	if (t->verdict == WARD_CLEAN && *ret != WARD_CLEAN)
		return "convicted in the list, which --verdict clean does not allow";
	if (t->verdict == WARD_SUSPICIOUS)
		*ret = WARD_SUSPICIOUS;
	return NULL;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return a < b ? a : b;
}

enum ward_rc
ward_entries_add(struct ward_entries *e, const struct ward_import_item *item,
		 struct ward_import_place place)
{
	struct meaning m = {.expires_ms = earlier(item->expires_ms, e->terms.expires_ms)};
	enum ward_verdict verdict;
	const char *why = verdict_of(&e->terms, item->says, &verdict);
	uint32_t meaning, name = 0;
	enum ward_rc rc;

	if (!why && m.expires_ms && m.expires_ms <= e->terms.now_ms)
		why = "no longer valid";
	if (why) {
		ward_entries_skip(e, why, place);
		return WARD_OK;
	}
	m.verdict = (uint32_t)ward_wire_verdict(verdict);
	m.confidence = item->confidence < 0	 ? e->terms.confidence
		       : item->confidence > 1000 ? 1000
						 : (uint32_t)item->confidence;
	rc = number_of_meaning(e, &m, &meaning);
	if (!rc)
		rc = number_of_name(e, item->threat, &name);
	if (!rc)
		rc = add_row(&e->kind[item->kind], item->digest, meaning, name);
	e->figures.entries += rc == WARD_OK;
	return rc;
}

/* --- duplicates --- */

static struct meaning
meaning_at(const struct ward_entries *e, const uint8_t *number)
{
	struct ward_span s = ward_intern_get(&e->meanings, get_number(number));
	struct meaning m = {0};

	if (s.len == sizeof(m))
		memcpy(&m, s.data, sizeof(m));
	return m;
}

static int
rank(uint32_t verdict)
{
	if (verdict == WARD__V1__VERDICT__VERDICT_CLEAN)
		return 2;
	return verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS;
}

static int
compare_names(const struct ward_entries *e, const uint8_t *a, const uint8_t *b)
{
	struct ward_span x = ward_intern_get(&e->names, get_number(a));
	struct ward_span y = ward_intern_get(&e->names, get_number(b));
	size_t len = x.len < y.len ? x.len : y.len;
	int difference = len ? memcmp(x.data, y.data, len) : 0;

	if (x.len == 0 || y.len == 0)
		return x.len == y.len ? 0 : x.len == 0 ? 1 : -1; /* any name before none */
	return difference ? difference : (x.len > y.len) - (x.len < y.len);
}

/* True when what stands at `a` (behind the digest) holds rather than `b`. */
static bool
holds(const struct ward_entries *e, const uint8_t *a, const uint8_t *b)
{
	struct meaning x = meaning_at(e, a), y = meaning_at(e, b);

	if (rank(x.verdict) != rank(y.verdict))
		return rank(x.verdict) > rank(y.verdict);
	if (x.confidence != y.confidence)
		return x.confidence > y.confidence;
	if (x.expires_ms != y.expires_ms)
		return x.expires_ms == 0 || (y.expires_ms != 0 && x.expires_ms > y.expires_ms);
	return compare_names(e, a + 4, b + 4) < 0;
}

/* One row for each digest stays. */
static uint64_t
leave_out_duplicates(const struct ward_entries *e, struct rows *r)
{
	size_t kept = 0, had = r->count;

	for (size_t i = 0; i < r->count; i++) {
		const uint8_t *row = r->data + i * r->stride;
		uint8_t *before = kept ? r->data + (kept - 1) * r->stride : NULL;

		if (before && memcmp(before, row, r->width) == 0) {
			if (holds(e, row + r->width, before + r->width))
				memcpy(before, row, r->stride);
			continue;
		}
		if (kept != i)
			memcpy(r->data + kept * r->stride, row, r->stride);
		kept++;
	}
	r->count = kept;
	return had - kept;
}

/* Moves the meaning before the digest (or back), so that sorting brings equal ones together. */
static void
turn_rows(struct rows *r)
{
	uint8_t meaning[4];

	for (size_t i = 0; i < r->count; i++) {
		uint8_t *row = r->data + i * r->stride;

		memcpy(meaning, row + r->width, 4);
		memmove(row + 4, row, r->width);
		memcpy(row, meaning, 4);
	}
}

/* --- batches --- */

struct batch {
	Ward__Log__V1__Reputation message;
	uint8_t digests[(size_t)WARD_WIRE_DIGESTS_MAX * 32];
	char *names[WARD_WIRE_DIGESTS_MAX];
	uint32_t which[WARD_WIRE_DIGESTS_MAX], numbers[WARD_WIRE_DIGESTS_MAX];
	size_t count, name_count;
	bool named;
	struct ward_import_totals *totals;
};

static const char *
name_text(const struct ward_entries *e, uint32_t number)
{
	return ward_intern_get(&e->names, number).len
		       ? (const char *)e->names.blob.data + ward_intern_offset(&e->names, number)
		       : "";
}

/* Lists name few threats, and neighbours often the same: the last ones are looked through. */
static uint32_t
place_of_name(struct batch *b, const struct ward_entries *e, uint32_t number)
{
	for (size_t i = b->name_count; i > 0 && i + 64 > b->name_count; i--)
		if (b->numbers[i - 1] == number)
			return (uint32_t)(i - 1);
	b->numbers[b->name_count] = number;
	b->names[b->name_count] = (char *)(uintptr_t)name_text(e, number);
	b->named |= b->names[b->name_count][0] != 0;
	return (uint32_t)b->name_count++;
}

static void
count_batch(struct batch *b, enum ward_import_kind kind)
{
	struct ward_import_totals *t = b->totals;

	t->kind[kind] += b->count;
	if (b->message.verdict == WARD__V1__VERDICT__VERDICT_CLEAN)
		t->clean += b->count;
	else if (b->message.verdict == WARD__V1__VERDICT__VERDICT_SUSPICIOUS)
		t->suspicious += b->count;
	else
		t->malicious += b->count;
}

static enum ward_rc
send(struct batch *b, enum ward_import_kind kind, ward_import_fn fn, void *context)
{
	enum ward_rc rc;

	if (b->count == 0)
		return WARD_OK;
	b->message.kind = digests[kind];
	b->message.digests = (ProtobufCBinaryData){b->count * widths[kind], b->digests};
	if (b->named) {
		b->message.threats = b->names;
		b->message.n_threats = b->name_count;
		b->message.threat = b->which;
		b->message.n_threat = b->count;
	}
	rc = fn(context, &b->message);
	count_batch(b, kind);
	b->count = b->name_count = 0;
	b->named = false;
	return rc;
}

static void
start(struct batch *b, const struct ward_entries *e, const uint8_t *number)
{
	struct meaning m = meaning_at(e, number);

	ward__log__v1__reputation__init(&b->message);
	b->message.verdict = (Ward__V1__Verdict)m.verdict;
	b->message.confidence = m.confidence;
	b->message.expires_ms = m.expires_ms;
}

static enum ward_rc
send_rows(struct ward_entries *e, struct batch *b, enum ward_import_kind kind, ward_import_fn fn,
	  void *context)
{
	const struct rows *r = &e->kind[kind];
	const uint8_t *last = NULL;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < r->count && !rc; i++) {
		const uint8_t *row = r->data + i * r->stride;

		if (b->count == WARD_WIRE_DIGESTS_MAX || (last && memcmp(last, row, 4) != 0))
			rc = send(b, kind, fn, context);
		if (b->count == 0)
			start(b, e, row);
		last = row;
		memcpy(b->digests + b->count * r->width, row + 4, r->width);
		b->which[b->count++] = place_of_name(b, e, get_number(row + 4 + r->width));
	}
	return rc ? rc : send(b, kind, fn, context);
}

enum ward_rc
ward_entries_each(struct ward_entries *e, ward_import_fn fn, void *context,
		  struct ward_import_totals *ret_totals)
{
	struct ward_import_totals totals = {0};
	struct batch *b = calloc(1, sizeof(*b));
	enum ward_rc rc = b ? WARD_OK : WARD_E_NOMEM;

	for (int k = 0; k < WARD_IMPORT_KINDS && !rc; k++) {
		struct rows *r = &e->kind[k];

		b->totals = &totals;
		ward_rows_sort(r->data, r->count, r->stride);
		totals.duplicates += leave_out_duplicates(e, r);
		turn_rows(r);
		if (e->meanings.count > 1)
			ward_rows_sort(r->data, r->count, r->stride);
		rc = send_rows(e, b, (enum ward_import_kind)k, fn, context);
	}
	free(b);
	if (!rc)
		*ret_totals = totals;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/csv.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/text.h"
#include "cloud/import/readers.h"
#include "cloud/import/values.h"

/* What a column may be; of several that fit the one named first in the table below. */
enum column {
	SHA256,
	SHA1,
	MD5,
	HASH,
	THREAT,
	VERDICT,
	CONFIDENCE,
	EXPIRES,
	TYPE,
	VALUE,
	TO_IDS,
	COLUMNS
};

static const struct {
	const char *word;
	enum column column;
} known[] = {
	{"sha256", SHA256},
	{"sha256hash", SHA256},
	{"sha256sum", SHA256},
	{"filehashsha256", SHA256},
	{"filesha256", SHA256},
	{"sha1", SHA1},
	{"sha1hash", SHA1},
	{"sha1sum", SHA1},
	{"filehashsha1", SHA1},
	{"filesha1", SHA1},
	{"md5", MD5},
	{"md5hash", MD5},
	{"md5sum", MD5},
	{"filehashmd5", MD5},
	{"filemd5", MD5},
	{"hash", HASH},
	{"filehash", HASH},
	{"digest", HASH},
	{"threat", THREAT},
	{"threatname", THREAT},
	{"signature", THREAT},
	{"malware", THREAT},
	{"malwarename", THREAT},
	{"malwarefamily", THREAT},
	{"family", THREAT},
	{"virusname", THREAT},
	{"detection", THREAT},
	{"name", THREAT},
	{"verdict", VERDICT},
	{"disposition", VERDICT},
	{"classification", VERDICT},
	{"confidence", CONFIDENCE},
	{"validuntil", EXPIRES},
	{"expires", EXPIRES},
	{"expiresat", EXPIRES},
	{"expiry", EXPIRES},
	{"expiration", EXPIRES},
	{"type", TYPE},
	{"attributetype", TYPE},
	{"indicatortype", TYPE},
	{"value", VALUE},
	{"indicator", VALUE},
	{"ioc", VALUE},
	{"toids", TO_IDS},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]), NONE = WARD_CSV_CELLS };

struct table {
	struct ward_entries *into;
	struct ward_csv csv;
	size_t at[COLUMNS]; /* which cell; NONE: no such column */
	bool named, begun;
};

static struct ward_span
cell(const struct table *t, enum column c)
{
	struct ward_span s =
		t->at[c] == NONE ? ward_span_of(NULL, 0) : ward_csv_cell(&t->csv, t->at[c]);

	s = ward_text_trim(s);
	return ward_text_eq_nocase(s, "n/a") || ward_text_eq_nocase(s, "null") ||
			       ward_span_eq(s, ward_span_str("-"))
		       ? ward_span_of(NULL, 0)
		       : s;
}

/* --- the line that names the columns --- */

static void
name_column(struct table *t, size_t which, size_t best[COLUMNS])
{
	char word[WARD_IMPORT_WORD];

	ward_import_word(ward_csv_cell(&t->csv, which), word);
	for (size_t i = 0; i < KNOWN; i++)
		if (i < best[known[i].column] && strcmp(word, known[i].word) == 0) {
			best[known[i].column] = i;
			t->at[known[i].column] = which;
		}
}

/* True when the cells name columns among which there are hashes. */
static bool
take_names(struct table *t)
{
	size_t best[COLUMNS], before[COLUMNS];

	memcpy(before, t->at, sizeof(before));
	for (size_t i = 0; i < COLUMNS; i++) {
		best[i] = SIZE_MAX;
		t->at[i] = NONE;
	}
	for (size_t i = 0; i < t->csv.count; i++)
		name_column(t, i, best);
	if (t->at[SHA256] != NONE || t->at[SHA1] != NONE || t->at[MD5] != NONE ||
	    t->at[HASH] != NONE || (t->at[TYPE] != NONE && t->at[VALUE] != NONE))
		return true;
	memcpy(t->at, before, sizeof(before));
	return false;
}

/* In a comment each cell must look like a name: "# Hashes of today, md5" names nothing. */
static bool
are_names(const struct ward_csv *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct ward_span s = ward_text_trim(ward_csv_cell(c, i));

		for (size_t n = 0; n < s.len; n++)
			if (ward_text_is_space(s.data[n]))
				return false;
	}
	return true;
}

/* --- lines --- */

static bool
take_hash(struct ward_span hex, struct ward_import_item *item, uint8_t digest[32])
{
	return ward_import_digest(hex, &item->kind, digest);
}

static const char *
hash_of_type(const struct table *t, struct ward_import_item *item, uint8_t digest[32])
{
	struct ward_span hex;

	if (ward_text_eq_nocase(cell(t, TO_IDS), "0") ||
	    ward_text_eq_nocase(cell(t, TO_IDS), "false"))
		return "not meant for detection (to_ids is off)";
	if (!ward_import_misp_type(cell(t, TYPE), cell(t, VALUE), &hex))
		return "not a hash of a file";
	return take_hash(hex, item, digest) ? NULL : "not a hash";
}

/* The strongest digest; NULL, or why there is none. */
static const char *
hash_of(const struct table *t, struct ward_import_item *item, uint8_t digest[32])
{
	static const enum column order[] = {SHA256, SHA1, MD5, HASH};

	for (size_t i = 0; i < 4; i++) {
		struct ward_span hex = cell(t, order[i]);

		if (hex.len == 0)
			continue;
		return take_hash(hex, item, digest) && (order[i] == HASH ||
							(unsigned)item->kind == (unsigned)order[i])
			       ? NULL
			       : "not a hash";
	}
	return t->at[TYPE] != NONE && t->at[VALUE] != NONE ? hash_of_type(t, item, digest)
							   : "a line without a hash";
}

static const char *
read_rest(const struct table *t, struct ward_import_item *item)
{
	struct ward_span verdict = cell(t, VERDICT), expires = cell(t, EXPIRES);

	if (verdict.len > 0 && !ward_import_verdict(verdict, &item->says))
		return "a verdict nobody knows";
	if (expires.len > 0 && !ward_import_time(expires, &item->expires_ms))
		return "not a time";
	item->threat = cell(t, THREAT);
	item->confidence = ward_import_confidence(cell(t, CONFIDENCE));
	return NULL;
}

static bool
is_uuid(struct ward_span s)
{
	return s.len == 36 && s.data[8] == '-' && s.data[13] == '-' && s.data[18] == '-' &&
	       s.data[23] == '-';
}

static bool
is_feed(const struct table *t)
{
	struct ward_import_item item;
	uint8_t digest[32];

	return t->csv.count == 2 && is_uuid(ward_text_trim(ward_csv_cell(&t->csv, 1))) &&
	       take_hash(ward_text_trim(ward_csv_cell(&t->csv, 0)), &item, digest) &&
	       item.kind == WARD_IMPORT_MD5;
}

/* Without names: the first cell that is a digest. */
static const char *
find_hash(const struct table *t, struct ward_import_item *item, uint8_t digest[32])
{
	if (is_feed(t))
		return "a MISP feed's digest of a value, not of a file";
	for (size_t i = 0; i < t->csv.count; i++)
		if (take_hash(ward_text_trim(ward_csv_cell(&t->csv, i)), item, digest))
			return NULL;
	return "a line without a hash";
}

static enum ward_rc
take_line(struct table *t)
{
	struct ward_import_item item = {.confidence = -1};
	struct ward_import_place place = ward_import_line(t->csv.first_line);
	uint8_t digest[32];
	const char *why;

	if (t->csv.damaged) {
		ward_entries_skip(t->into, "a quote without an end, or a line too long", place);
		return WARD_OK;
	}
	why = t->named ? hash_of(t, &item, digest) : find_hash(t, &item, digest);
	if (!why)
		why = read_rest(t, &item);
	if (why) {
		ward_entries_skip(t->into, why, place);
		return WARD_OK;
	}
	item.digest = digest;
	return ward_entries_add(t->into, &item, place);
}

static bool
is_empty(const struct ward_csv *c)
{
	return c->count == 0 ||
	       (c->count == 1 && ward_text_trim(ward_csv_cell(c, 0)).len == 0 && !c->damaged);
}

enum ward_rc
ward_import_csv(struct ward_span text, struct ward_entries *into)
{
	struct table t = {.into = into};
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < COLUMNS; i++)
		t.at[i] = NONE;
	ward_csv_init(&t.csv, text);
	while (!rc && ward_csv_next(&t.csv)) {
		if (is_empty(&t.csv))
			continue;
		if (t.csv.comment) {
			t.named |= !t.begun && are_names(&t.csv) && take_names(&t);
		} else if (!t.begun && (t.begun = true) && take_names(&t)) {
			t.named = true;
		} else {
			rc = take_line(&t);
		}
	}
	ward_csv_done(&t.csv);
	return rc;
}

bool
ward_import_is_csv(struct ward_span text)
{
	struct table t = {.named = false};
	struct ward_import_item item;
	uint8_t digest[32];
	bool is = false;

	ward_csv_init(&t.csv, text);
	while (!is && !t.begun && ward_csv_next(&t.csv)) {
		struct ward_span first = ward_csv_cell(&t.csv, 0);

		if (is_empty(&t.csv))
			continue;
		t.begun = !t.csv.comment;
		is = (t.begun || are_names(&t.csv)) && take_names(&t);
		if (!is && t.begun)
			is = is_feed(&t) || (t.csv.quoted && !find_hash(&t, &item, digest)) ||
			     (!take_hash(ward_text_trim(first), &item, digest) && t.csv.count > 1 &&
			      !find_hash(&t, &item, digest));
	}
	ward_csv_done(&t.csv);
	return is;
}

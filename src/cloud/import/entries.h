/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of lists fill: digests with what is said of them, each kept once, and what could not
 * be used with its reason. One thread.
 */
#ifndef WARD_CLOUD_IMPORT_ENTRIES_H
#define WARD_CLOUD_IMPORT_ENTRIES_H

#include "base/rc.h"
#include "base/span.h"
#include "base/verdict.h"
#include "record.pb-c.h"

enum ward_import_kind {
	WARD_IMPORT_SHA256,
	WARD_IMPORT_SHA1,
	WARD_IMPORT_MD5,
	WARD_IMPORT_KINDS,
};

enum {
	WARD_IMPORT_REASONS = 12,
	WARD_IMPORT_TEXT = 128,
	WARD_IMPORT_HASHES_MAX = 100 * 1000 * 1000, /* of one kind */
};

/* What the list itself says of a file; nothing is 0, so that nobody is called good by mistake. */
enum ward_import_says {
	WARD_SAYS_NOTHING,
	WARD_SAYS_GOOD,
	WARD_SAYS_SUSPICIOUS,
	WARD_SAYS_MALICIOUS,
};

/* The administrator's word. */
struct ward_import_terms {
	/* WARD_UNKNOWN: what the list says, malicious where it says nothing. Otherwise no more than
	 * this: WARD_MALICIOUS and WARD_SUSPICIOUS never make known good, WARD_CLEAN never convicts. */
	enum ward_verdict verdict;
	uint16_t confidence; /* of 1000, where the list says none */
	uint64_t expires_ms; /* at the latest; 0: never */
	uint64_t now_ms;
	bool observed; /* STIX: files that nothing calls malicious count too */
};

/* Where something stands: a line (from 1), or an object's name; both may be missing. */
struct ward_import_place {
	uint64_t line;
	struct ward_span object;
};

struct ward_import_item {
	enum ward_import_kind kind;
	const uint8_t *digest;
	struct ward_span threat; /* cut to 128 bytes of text; may be empty */
	enum ward_import_says says;
	int confidence;	     /* of 1000; -1: the list says nothing */
	uint64_t expires_ms; /* 0: the list says nothing */
};

struct ward_import_reason {
	char why[WARD_IMPORT_TEXT], place[WARD_IMPORT_TEXT]; /* of the first one */
	uint64_t count;
};

/* Of one file. Plain data: it goes from one process to another. */
struct ward_import_figures {
	char format[32]; /* empty: none was recognised */
	uint64_t entries, unusable;
	struct ward_import_reason
		reasons[WARD_IMPORT_REASONS]; /* those without a count are unused */
};

/* Of all of them, after duplicates were left out. */
struct ward_import_totals {
	uint64_t kind[WARD_IMPORT_KINDS];
	uint64_t clean, suspicious, malicious, duplicates;
};

struct ward_entries;

/* `terms` are copied. NULL: no memory. */
struct ward_entries *ward_entries_new(const struct ward_import_terms *terms) WARD_MUST_CHECK;
struct ward_entries *ward_entries_free(struct ward_entries *e);
void ward_entries_freep(struct ward_entries **e);
const struct ward_import_terms *ward_entries_terms(const struct ward_entries *e);

/* Starts the figures of the next file, of which `format` (static) was recognised. */
void ward_entries_start(struct ward_entries *e, const char *format);
const struct ward_import_figures *ward_entries_figures(const struct ward_entries *e);

/* WARD_E_LIMIT: more than WARD_IMPORT_HASHES_MAX, or names of more than 4 GiB. What the terms do not
 * let in is counted as unusable. */
enum ward_rc ward_entries_add(struct ward_entries *e, const struct ward_import_item *item,
			      struct ward_import_place place) WARD_MUST_CHECK;
/* Counts one thing that cannot be used; `why` is a phrase that ends no sentence. */
void ward_entries_skip(struct ward_entries *e, const char *why, struct ward_import_place place);

/* The kind whose hex has this many digits (64, 40, 32); false for others. */
bool ward_import_kind_of(size_t digits, enum ward_import_kind *ret_kind);
/* Exactly a digest in hex; false otherwise. */
bool ward_import_digest(struct ward_span hex, enum ward_import_kind *ret_kind,
			uint8_t ret_digest[32]);
static inline struct ward_import_place
ward_import_line(uint64_t line)
{
	return (struct ward_import_place){line, {NULL, 0}};
}

/* Gets each batch: one kind, one meaning, at most 4096 digests, sorted, each once. `list` is not set. */
typedef enum ward_rc (*ward_import_fn)(void *context, Ward__Log__V1__Reputation *batch);

/*
 * Sorts, leaves out duplicates and calls `fn` until all is through or it fails. Of one digest with
 * several meanings the one holds that views/effective.h prefers: clean, malicious, suspicious; then
 * the more confident, the one that lasts longer, the first name in the order of the alphabet. Takes 40
 * bytes of memory a hash. Adding afterwards is not possible.
 */
enum ward_rc ward_entries_each(struct ward_entries *e, ward_import_fn fn, void *context,
			       struct ward_import_totals *ret_totals) WARD_MUST_CHECK;

#endif

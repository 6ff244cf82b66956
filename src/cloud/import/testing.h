/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the readers share: a text read by one of them, and what came of it. Linked into
 * tests only. */
#ifndef WARD_CLOUD_IMPORT_TESTING_H
#define WARD_CLOUD_IMPORT_TESTING_H

#include "cloud/import/entries.h"

enum { WARD_SEEN_MAX = 64 };

/* 2026-01-01T00:00:00Z, when the tests take place. */
#define WARD_SEEN_NOW UINT64_C(1767225600000)

struct ward_seen {
	struct {
		enum ward_import_kind kind;
		char hex[65], threat[129];
		enum ward_verdict verdict;
		uint32_t confidence;
		uint64_t expires_ms;
	} hashes[WARD_SEEN_MAX]; /* in the order of the batches */
	size_t count, batches;
	struct ward_import_figures figures;
	struct ward_import_totals totals;
};

typedef enum ward_rc (*ward_reader_fn)(struct ward_span text, struct ward_entries *into);

/* Terms of nobody in particular: auto, confidence 1000, no expiry. */
struct ward_import_terms ward_seen_terms(void);
/* Reads and asserts that it worked (cmocka). */
void ward_seen_read(ward_reader_fn reader, const char *text, const struct ward_import_terms *terms,
		    struct ward_seen *ret_seen);
/* How often this reason stands in the figures. */
uint64_t ward_seen_reason(const struct ward_seen *seen, const char *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/entries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/import/readers.h"
#include "cloud/import/testing.h"

static struct ward_entries *entries;
static const struct ward_import_item standard = {.confidence = -1};

static void
add(uint8_t first, struct ward_import_item item)
{
	uint8_t digest[32] = {first};

	item.digest = digest;
	assert_int_equal(ward_entries_add(entries, &item, ward_import_line(1)), WARD_OK);
}

static enum ward_rc
note(void *context, Ward__Log__V1__Reputation *b)
{
	struct ward_seen *s = context;

	for (size_t i = 0; i < b->digests.len / 32; i++) {
		s->hashes[s->count].verdict = (enum ward_verdict)b->verdict;
		s->hashes[s->count].confidence = b->confidence;
		s->hashes[s->count].expires_ms = b->expires_ms;
		(void)snprintf(s->hashes[s->count].threat, sizeof(s->hashes[0].threat), "%s",
			       b->n_threat ? b->threats[b->threat[i]] : "");
		s->hashes[s->count++].hex[0] = (char)b->digests.data[i * 32];
	}
	s->batches++;
	return WARD_OK;
}

static void
begin(const struct ward_import_terms *terms)
{
	entries = ward_entries_new(terms);
	assert_non_null(entries);
}

static struct ward_seen
end(void)
{
	struct ward_seen seen = {.count = 0};

	seen.figures = *ward_entries_figures(entries);
	assert_int_equal(ward_entries_each(entries, note, &seen, &seen.totals), WARD_OK);
	entries = ward_entries_free(entries);
	return seen;
}

/* Of several meanings of one digest the one that the views would prefer. */
static void
test_one_meaning_for_each(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_import_item item = standard;
	struct ward_seen seen;

	(void)state;
	begin(&terms);
	item.says = WARD_SAYS_SUSPICIOUS;
	add(1, item);
	add(1, standard);
	item.says = WARD_SAYS_GOOD;
	add(2, item);
	add(2, standard);
	item = standard;
	item.confidence = 300;
	item.threat = ward_span_str("Weak");
	add(3, item);
	item.confidence = 700;
	item.threat = ward_span_str("Strong");
	add(3, item);
	item.expires_ms = WARD_SEEN_NOW + 5;
	item.threat = ward_span_str("Short");
	add(3, item);
	add(4, standard);
	item = standard;
	item.threat = ward_span_str("Named");
	add(4, item);
	seen = end();
	assert_int_equal(seen.totals.duplicates, 5);
	assert_int_equal(seen.count, 4);
	for (size_t i = 0; i < seen.count; i++) {
		if (seen.hashes[i].hex[0] == 1)
			assert_int_equal(seen.hashes[i].verdict,
					 WARD__V1__VERDICT__VERDICT_MALICIOUS);
		if (seen.hashes[i].hex[0] == 2)
			assert_int_equal(seen.hashes[i].verdict, WARD__V1__VERDICT__VERDICT_CLEAN);
		if (seen.hashes[i].hex[0] == 3)
			assert_string_equal(seen.hashes[i].threat, "Strong");
		if (seen.hashes[i].hex[0] == 4)
			assert_string_equal(seen.hashes[i].threat, "Named");
	}
}

/* Nobody's list whitelists what the administrator meant as a list of bad files, nor the reverse. */
static void
test_terms_are_a_limit(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_import_item good = standard, bad = standard;
	struct ward_seen seen;

	(void)state;
	good.says = WARD_SAYS_GOOD;
	bad.says = WARD_SAYS_MALICIOUS;
	terms.verdict = WARD_MALICIOUS;
	begin(&terms);
	add(1, good);
	add(2, bad);
	add(3, standard);
	seen = end();
	assert_int_equal(seen.totals.clean, 0);
	assert_int_equal(seen.totals.malicious, 2);
	assert_int_equal(seen.figures.unusable, 1);
	terms.verdict = WARD_CLEAN;
	begin(&terms);
	add(1, good);
	add(2, bad);
	add(3, standard);
	seen = end();
	assert_int_equal(seen.totals.clean, 2);
	assert_int_equal(seen.totals.malicious, 0);
	terms.verdict = WARD_SUSPICIOUS;
	begin(&terms);
	add(1, good);
	add(2, bad);
	seen = end();
	assert_int_equal(seen.totals.suspicious, 1);
	assert_int_equal(seen.count, 1);
}

static void
test_expiry_is_the_earlier_one(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_import_item item = standard;
	struct ward_seen seen;

	(void)state;
	terms.expires_ms = WARD_SEEN_NOW + 100;
	begin(&terms);
	item.expires_ms = WARD_SEEN_NOW + 50;
	add(1, item);
	item.expires_ms = WARD_SEEN_NOW + 150;
	add(2, item);
	item.expires_ms = WARD_SEEN_NOW;
	add(3, item);
	seen = end();
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.hashes[0].expires_ms, WARD_SEEN_NOW + 50);
	assert_int_equal(seen.hashes[1].expires_ms, WARD_SEEN_NOW + 100);
	assert_string_equal(seen.figures.reasons[0].why, "no longer valid");
}

static void
test_names_are_cleaned(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_import_item item = standard;
	char longer[400];
	struct ward_seen seen;

	(void)state;
	begin(&terms);
	item.threat = ward_span_str(" Evil\x1b[2J\nName\xff\xc3\xa9 ");
	add(1, item);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer + 127, "\xc3\xa9", 2);
	item.threat = ward_span_of(longer, sizeof(longer));
	add(2, item);
	seen = end();
	assert_string_equal(seen.hashes[0].threat, "Evil [2J Name\xef\xbf\xbd\xc3\xa9");
	assert_int_equal(strlen(seen.hashes[1].threat), 127);
}

static void
test_many(void **state)
{
	enum { COUNT = 10000 };
	struct ward_import_terms terms = ward_seen_terms();
	char *text = malloc((size_t)COUNT * 90), *at = text;
	struct ward_seen seen;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		at += snprintf(at, 90, "%08x%056x Family.%u\n", i * 2654435761U, i, i % 300);
	ward_seen_read(ward_import_list, text, &terms, &seen);
	assert_int_equal(seen.totals.kind[WARD_IMPORT_SHA256], COUNT);
	assert_int_equal(seen.batches, 3);
	assert_memory_equal(seen.hashes[0].threat, "Family.", 7);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_meaning_for_each),
		cmocka_unit_test(test_terms_are_a_limit),
		cmocka_unit_test(test_expiry_is_the_earlier_one),
		cmocka_unit_test(test_names_are_cleaned),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

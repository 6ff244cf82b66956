/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/stix-pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "cloud/import/readers.h"
#include "cloud/import/testing.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C32 "cccccccccccccccccccccccccccccccc"
#define D40 "dddddddddddddddddddddddddddddddddddddddd"

static enum ward_rc
count(void *context, enum ward_import_kind kind, const uint8_t *digest)
{
	size_t *counts = context;

	(void)digest;
	counts[kind]++;
	return WARD_OK;
}

static const char *
pattern(const char *text, size_t counts[WARD_IMPORT_KINDS])
{
	enum ward_rc rc = WARD_OK;

	memset(counts, 0, WARD_IMPORT_KINDS * sizeof(*counts));
	return ward_stix_pattern(ward_span_str(text), count, counts, &rc);
}

static void
test_patterns(void **state)
{
	static const char *const good[] = {
		"[file:hashes.'SHA-256' = '" A64 "']",
		"[file:hashes.\"SHA256\"='" A64 "']",
		"[ file:hashes.SHA256 == '" A64 "' ]",
		"[file:hashes.'sha-256' IN ('" A64 "')]",
	};
	static const char *const bad[] = {
		"",
		"[]",
		"[file:hashes.'SHA-256' = '" A64 "'",
		"[file:hashes.'SHA-256' = '" A64 "'] ",
		"[file:hashes.'SHA-256' != '" A64 "']",
		"[file:hashes.'SHA-256' = '" C32 "']",
		"[file:hashes.'SHA-512' = '" A64 "']",
		"[file:hashes.'SHA3-256' = '" A64 "']",
		"[NOT file:hashes.'SHA-256' = '" A64 "']",
		"[file:hashes.'SHA-256' NOT IN ('" A64 "')]",
		"[file:hashes.'SHA-256' IN ()]",
		"[file:hashes.'SHA-256' = '" A64 "' AND file:name = 'x']",
		"[file:hashes.'SHA-256' = '" A64 "' OR file:name = 'x']",
		"[file:hashes.'SHA-256' = '" A64 "'] AND [file:hashes.MD5 = '" C32 "']",
		"[file:hashes.'SHA-256' = '" A64 "'] FOLLOWEDBY [file:hashes.MD5 = '" C32 "']",
		"[file:hashes.'SHA-256' = '" A64 "'] WITHIN 5 SECONDS",
		"[artifact:hashes.'SHA-256' = '" A64 "']",
		"[file:hashes.'SHA-256' ORfile = '" A64 "']",
	};
	size_t n[WARD_IMPORT_KINDS];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(pattern(good[i], n));
		assert_int_equal(n[WARD_IMPORT_SHA256], 1);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i == 3) /* white space at the end is fine */
			continue;
		assert_non_null(pattern(bad[i], n));
		assert_int_equal(n[0] + n[1] + n[2], 0);
	}
	assert_null(pattern("[file:hashes.'SHA-256' = '" A64 "' OR file:hashes.MD5 IN ('" C32
			    "', '" C32 "')] OR [file:hashes.'SHA-1' = '" D40 "']",
			    n));
	assert_int_equal(n[WARD_IMPORT_SHA256], 1);
	assert_int_equal(n[WARD_IMPORT_SHA1], 1);
	assert_int_equal(n[WARD_IMPORT_MD5], 2);
}

#define INDICATOR(id, rest)                                                                        \
	"{\"type\": \"indicator\", \"id\": \"indicator--" id                                       \
	"\", \"pattern_type\": \"stix\", " rest "}"

/* clang-format off */
static const char bundle[] =
	"{\"type\": \"bundle\", \"id\": \"bundle--1\", \"objects\": [\n" INDICATOR(
		"1",
		"\"pattern\": \"[file:hashes.'SHA-256' = '" A64 "']\", \"confidence\": 55, "
		"\"valid_until\": \"2026-06-01T00:00:00Z\"") ",\n" INDICATOR("2",
									     "\"revoked\": true, "
									     "\"pattern\": "
									     "\"[file:hashes.MD5 = "
									     "'" C32 "']\"") ","
											     "\n" INDICATOR("3",
													    "\"valid_until\": \"2025-06-01T00:00:00Z\", "
													    "\"pattern\": \"[file:hashes.MD5 = '" C32 "']\"") ",\n" INDICATOR("4", "\"valid_from\": \"2030-06-01T00:00:00Z\", "
																						   "\"pattern\": \"[file:hashes.MD5 = '" C32 "']\"") ",\n" INDICATOR("5", "\"pattern\": \"[domain-name:value = 'x.example']\"") ",\n" INDICATOR("6",
																																								"\"labels\": [\"anomalous-activity\", \"Odd.Name\"], "
																																								"\"pattern\": \"[file:hashes.'SHA-1' = '" D40 "']\"") ",\n"
																																														      "{\"type\": \"indicator\", \"pattern_type\": \"yara\", \"pattern\": \"x\"},\n"
																																														      "{\"type\": \"file\", \"id\": \"file--1\", "
																																														      "\"hashes\": {\"MD5\": \"" C32
																																														      "\", \"SHA-256\": \"" B64
																																														      "\"}},\n"
																																														      "{\"type\": \"file\", \"id\": \"file--2\", \"hashes\": {\"MD5\": \"" C32
																																														      "\"}},\n"
																																														      "{\"type\": \"malware\", \"id\": \"malware--1\", \"name\": \"Evil\", \"sample_refs\": [\"file--1\"]},\n"
																																														      "{\"type\": \"campaign\", \"id\": \"campaign--1\", \"name\": \"Spring\"},\n"
																																														      "{\"type\": \"relationship\", \"relationship_type\": \"indicates\", "
																																														      "\"source_ref\": \"indicator--1\", \"target_ref\": \"campaign--1\"},\n"
																																														      "{\"type\": \"relationship\", \"relationship_type\": \"indicates\", "
																																														      "\"source_ref\": \"indicator--1\", \"target_ref\": \"malware--1\"}\n"
																																														      "], \"more\": 99999999999999999999999}";
/* clang-format on */

static void
test_bundle(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_stix, bundle, NULL, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.totals.kind[WARD_IMPORT_SHA256], 2);
	for (size_t i = 0; i < seen.count; i++) {
		if (seen.hashes[i].hex[0] == 'a') {
			assert_int_equal(seen.hashes[i].confidence, 550);
			assert_int_equal(seen.hashes[i].expires_ms, UINT64_C(1780272000000));
			assert_string_equal(seen.hashes[i].threat, "Evil");
		} else if (seen.hashes[i].hex[0] == 'b') {
			assert_string_equal(seen.hashes[i].threat, "Evil");
		} else {
			assert_int_equal(seen.hashes[i].verdict, WARD_SUSPICIOUS);
			assert_string_equal(seen.hashes[i].threat, "Odd.Name");
		}
	}
	assert_int_equal(seen.figures.unusable, 6);
	assert_int_equal(ward_seen_reason(&seen, "revoked"), 1);
	assert_int_equal(ward_seen_reason(&seen, "no longer valid"), 1);
	assert_int_equal(ward_seen_reason(&seen, "not valid yet"), 1);
	assert_string_equal(seen.figures.reasons[0].place, "line 3, indicator--2");
	terms.observed = true;
	ward_seen_read(ward_import_stix, bundle, &terms, &seen);
	assert_int_equal(seen.count, 4);
}

/* Whatever is broken: nothing of it is taken, and the place is said. */
static void
test_broken_json(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[",
		"{\"objects\": [",
		"{\"objects\": [{}",
		"{\"objects\": [{},]}",
		"{\"objects\": [{} {}]}",
		"{\"a\" 1}",
		"{\"a\": 1,}",
		"{} x",
		"x",
		"{\"\xff\": 1}",
		"{\"objects\": [" INDICATOR("1", "\"pattern\": \"[file:hashes.MD5 = '" C32
						 "']\"") "\n, oops]}",
	};
	struct ward_seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ward_seen_read(ward_import_stix, texts[i], NULL, &seen);
		assert_int_equal(seen.count, 0);
		assert_int_equal(seen.figures.unusable, 1);
	}
	assert_string_equal(seen.figures.reasons[0].place, "line 2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_broken_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

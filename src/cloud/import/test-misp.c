/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/format.h"

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

#define EVENT                                                                                      \
	"{\"Event\": {\"info\": \"An incident\", \"Tag\": [{\"name\": \"tlp:white\"}, {\"name\": " \
	"\"misp-galaxy:malpedia=\\\"Evil\\\"\"}], \"Attribute\": ["                                \
	"{\"type\": \"sha256\", \"to_ids\": true, \"value\": \"" A64 "\"},"                        \
	"{\"type\": \"md5\", \"to_ids\": false, \"value\": \"" C32 "\"},"                          \
	"{\"type\": \"ip-dst\", \"to_ids\": true, \"value\": \"192.0.2.1\"},"                      \
	"{\"type\": \"imphash\", \"to_ids\": true, \"value\": \"" C32 "\"},"                       \
	"{\"type\": \"sha1\", \"to_ids\": true, \"deleted\": true, \"value\": \"" D40 "\"}"        \
	"], \"Object\": [{\"name\": \"file\", \"Attribute\": ["                                    \
	"{\"type\": \"filename|sha256\", \"to_ids\": \"1\", \"value\": \"x|" B64                   \
	"\", \"Tag\": [{\"name\": \"malware:Other\"}]}]}]}}"

static void
test_events(void **state)
{
	static const char *const texts[] = {EVENT, "{\"response\": [" EVENT "]}", "[" EVENT "]"};
	struct ward_seen seen;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ward_seen_read(ward_import_misp, texts[i], NULL, &seen);
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.totals.malicious, 2);
		assert_string_equal(seen.hashes[0].threat, "Evil");
		assert_string_equal(seen.hashes[1].threat, "Other");
		assert_int_equal(seen.figures.unusable, 4);
		assert_int_equal(
			ward_seen_reason(&seen, "an attribute that is not the hash of a file"), 2);
	}
	ward_seen_read(ward_import_misp, "{\"a\": {\"info\": \"x\"}}", NULL, &seen);
	assert_int_equal(seen.figures.unusable, 1);
}

static void
test_warning_lists(void **state)
{
	static const char hashes[] = "{\"list\": [\"" A64 "\", \"x\", 5], \"type\": \"string\", "
				     "\"matching_attributes\": [\"filename|md5\", \"sha256\"]}";
	static const char domains[] = "{\"list\": [\"x.example\"], \"type\": \"hostname\", "
				      "\"matching_attributes\": [\"domain\"]}";
	static const char parts[] = "{\"list\": [\"" A64 "\"], \"type\": \"substring\", "
				    "\"matching_attributes\": [\"sha256\"]}";
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_warninglist, hashes, NULL, &seen);
	assert_int_equal(seen.totals.clean, 1);
	assert_int_equal(seen.figures.unusable, 2);
	ward_seen_read(ward_import_warninglist, domains, NULL, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.figures.unusable, 1);
	ward_seen_read(ward_import_warninglist, parts, NULL, &seen);
	assert_int_equal(seen.count, 0);
}

static void
expect_format(const char *text, const char *name, const char *format)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_entries *e = ward_entries_new(&terms);

	assert_non_null(e);
	assert_int_equal(ward_import_read(ward_span_str(text), name, NULL, e), WARD_OK);
	assert_string_equal(ward_entries_figures(e)->format, format);
	if (!format[0])
		assert_int_equal(ward_entries_figures(e)->unusable, 1);
	ward_entries_free(e);
}

static void
test_formats_are_told_by_content(void **state)
{
	(void)state;
	expect_format(EVENT, "x", "misp");
	expect_format("{\"objects\": [], \"type\": \"bundle\"}", "x.csv", "stix");
	expect_format("{\"list\": [], \"matching_attributes\": [\"md5\"]}", "x",
		      "misp-warninglist");
	expect_format("{\"5b773e89-9738-4bbb-90bc-2fb20a016219\": {\"info\": \"\", \"Orgc\": {}}}",
		      "manifest.json", "misp");
	expect_format("{\"x\": 1}", "x", "");
	expect_format("{\"x\": ", "x", "");
	expect_format("# c\n" A64 "\n", "x", "list");
	expect_format("", "x", "list");
	expect_format("sha256,name\n", "x", "csv");
	expect_format(C32 ":12:Name\n", "x.hdb", "clamav");
	expect_format(C32 ":12:Name\n", "x.FP", "clamav-good");
	expect_format("12:" C32 ":Name\n", "x.mdb", "clamav");
	expect_format("plain text\n", "x", "");
	/* a list of bad files must not become known good by what it looks like */
	expect_format(C32 "  usr/bin/x\n", "/x/y.md5sums", "dpkg");
	expect_format(C32 "  usr/bin/x\n", "/x/y.md5", "list");
}

static void
test_forced_formats(void **state)
{
	struct ward_import_terms terms = ward_seen_terms();
	struct ward_entries *e = ward_entries_new(&terms);

	(void)state;
	assert_non_null(e);
	assert_true(ward_import_is_format("stix"));
	assert_false(ward_import_is_format("pdf"));
	assert_string_equal(ward_import_format(0), "list");
	assert_int_equal(ward_import_read(ward_span_str(C32 "  a\n"), "x", "dpkg", e), WARD_OK);
	assert_int_equal(ward_entries_figures(e)->entries, 1);
	assert_int_equal(ward_import_read(ward_span_str(C32 "  a\n"), "x", "stix", e), WARD_OK);
	assert_int_equal(ward_entries_figures(e)->unusable, 1);
	ward_entries_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_warning_lists),
		cmocka_unit_test(test_formats_are_told_by_content),
		cmocka_unit_test(test_forced_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

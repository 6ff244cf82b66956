/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/import/readers.h"
#include "cloud/import/testing.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C32 "cccccccccccccccccccccccccccccccc"
#define D40 "dddddddddddddddddddddddddddddddddddddddd"

static void
expect_cells(struct ward_csv *c, const char *first, const char *second, uint64_t line)
{
	assert_true(ward_csv_next(c));
	assert_true(ward_span_eq(ward_csv_cell(c, 0), ward_span_str(first)));
	assert_true(ward_span_eq(ward_csv_cell(c, 1), ward_span_str(second)));
	assert_int_equal(c->first_line, line);
}

static void
test_records(void **state)
{
	struct ward_csv c;

	(void)state;
	ward_csv_init(&c,
		      ward_span_str("a,b\r\n\"x,\"\"y\"\"\", \"two\nlines\"\n,\n\"open,c\nd,e"));
	expect_cells(&c, "a", "b", 1);
	expect_cells(&c, "x,\"y\"", "two\nlines", 2);
	expect_cells(&c, "", "", 4);
	assert_true(ward_csv_next(&c)); /* the quote without an end costs its line */
	assert_true(c.damaged);
	expect_cells(&c, "d", "e", 6);
	assert_false(ward_csv_next(&c));
	ward_csv_done(&c);
}

static void
test_long_records(void **state)
{
	size_t len = WARD_CSV_RECORD_MAX + 10;
	char *text = malloc(len + 4);
	struct ward_csv c;

	(void)state;
	memset(text, 'x', len);
	memcpy(text + len, "\na,b", 4);
	ward_csv_init(&c, ward_span_of(text, len + 4));
	assert_true(ward_csv_next(&c));
	assert_true(c.damaged);
	expect_cells(&c, "a", "b", 2);
	ward_csv_done(&c);
	free(text);
}

static void
test_named_columns(void **state)
{
	static const char text[] =
		"File Name;SHA-256;MD5;Threat Name;Verdict;Confidence;Valid until\n"
		"x;" A64 ";" C32 ";Evil;malicious;80;2026-06-01\n"
		"y;" B64 ";;Meh;suspicious;n/a;\n"
		"z;;" C32 ";;clean;;\n"
		"q;" A64 ";;;perhaps;;\n"
		"q;" A64 ";;;;;soon\n"
		"r;" A64 ";;;;;2025-01-01\n"
		"s;;;;;;\n"
		"t;" C32 ";;;;;\n";
	struct ward_seen seen;

	(void)state;
	assert_true(ward_import_is_csv(ward_span_str(text)));
	ward_seen_read(ward_import_csv, text, NULL, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.hashes[0].confidence, 800);
	assert_int_equal(seen.hashes[0].expires_ms, UINT64_C(1780272000000));
	assert_string_equal(seen.hashes[0].threat, "Evil");
	assert_int_equal(seen.hashes[1].verdict, WARD_SUSPICIOUS);
	assert_int_equal(seen.hashes[1].confidence, 1000);
	assert_int_equal(seen.hashes[2].verdict, WARD_CLEAN);
	assert_int_equal(seen.figures.unusable, 5);
	assert_int_equal(ward_seen_reason(&seen, "no longer valid"), 1);
	assert_int_equal(ward_seen_reason(&seen, "not a hash"), 1);
}

/* As MalwareBazaar writes them: the columns' names in a comment, spaces before quotes. */
static void
test_names_in_a_comment(void **state)
{
	static const char text[] =
		"#####\n# Recent samples, with their sha256, md5 and \"names\n#\n"
		"# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"reporter\",\"signature\"\n"
		"\"2026-01-01 00:00:00\", \"" A64 "\", \"" C32 "\", \"me\", \"Evil\"\n"
		"\"2026-01-01 00:00:00\", \"" B64 "\", \"" C32 "\", \"me\", \"n/a\"\n"
		"# Number of entries: 2\n";
	struct ward_seen seen;

	(void)state;
	assert_true(ward_import_is_csv(ward_span_str(text)));
	ward_seen_read(ward_import_csv, text, NULL, &seen);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.hashes[0].threat, "Evil");
	assert_string_equal(seen.hashes[1].threat, "");
	assert_int_equal(seen.figures.unusable, 0);
}

static void
test_misp_exports(void **state)
{
	static const char values[] = "uuid,event_id,category,type,value,comment,to_ids,date\n"
				     "u,1,x,filename|sha256,\"a,b.exe|" A64 "\",,1,\n"
				     "u,1,x,sha1," D40 ",,0,\n"
				     "u,1,x,ip-dst,192.0.2.1,,1,\n";
	static const char feed[] = C32 ",5b773e89-9738-4bbb-90bc-2fb20a016219\n";
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_csv, values, NULL, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.hashes[0].hex, A64);
	assert_int_equal(ward_seen_reason(&seen, "not meant for detection (to_ids is off)"), 1);
	assert_int_equal(ward_seen_reason(&seen, "not a hash of a file"), 1);
	assert_true(ward_import_is_csv(ward_span_str(feed)));
	ward_seen_read(ward_import_csv, feed, NULL, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(ward_seen_reason(&seen, "a MISP feed's digest of a value, not of a file"),
			 1);
}

static void
test_without_names(void **state)
{
	struct ward_seen seen;

	(void)state;
	assert_false(ward_import_is_csv(ward_span_str(A64 ",Evil\n")));
	assert_true(ward_import_is_csv(ward_span_str("1," A64 "\n")));
	ward_seen_read(ward_import_csv, "1," A64 "\n2,x\n", NULL, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.figures.reasons[0].place, "line 2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),	      cmocka_unit_test(test_long_records),
		cmocka_unit_test(test_named_columns), cmocka_unit_test(test_names_in_a_comment),
		cmocka_unit_test(test_misp_exports),  cmocka_unit_test(test_without_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/readers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/import/testing.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C32 "cccccccccccccccccccccccccccccccc"
#define D40 "dddddddddddddddddddddddddddddddddddddddd"

static void
test_lines(void **state)
{
	static const char text[] = "# a list\n" B64 "\n" A64 " Threat.Name,more\r\n\nnonsense\n" A64
				   "\n" C32 "\t\n" B64 "x\n" A64 "a";
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_list, text, NULL, &seen);
	assert_int_equal(seen.figures.entries, 4);
	assert_int_equal(seen.figures.unusable, 3);
	assert_int_equal(ward_seen_reason(&seen, "not a hash"), 3);
	assert_string_equal(seen.figures.reasons[0].place, "line 5");
	assert_int_equal(seen.totals.duplicates, 1);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.batches, 2);
	assert_string_equal(seen.hashes[0].threat, "Threat.Name");
	assert_int_equal(seen.hashes[0].verdict, WARD_MALICIOUS);
	assert_int_equal(seen.hashes[2].kind, WARD_IMPORT_MD5);
}

static void
test_dpkg(void **state)
{
	static const char text[] =
		C32 "  usr/bin/true\n" C32 " usr/bin/false\n" A64 "  usr/bin/x\n";
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_dpkg, text, NULL, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.hashes[0].verdict, WARD_CLEAN);
	assert_string_equal(seen.hashes[0].threat, "");
	assert_int_equal(ward_seen_reason(&seen, "not an MD5 and a path"), 2);
}

static void
test_clamav(void **state)
{
	static const char text[] =
		C32 ":68:Win.Test-1\n" A64 ":*:Win.Test-2:73\n" D40 ":5:PUA.Tool\n" C32
		    ":x:Bad\n4096:" C32 ":Win.Section-1\n" C32 ":68\n" C32 ":68:\n";
	struct ward_seen seen;

	(void)state;
	ward_seen_read(ward_import_clamav, text, NULL, &seen);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.hashes[0].threat, "Win.Test-2");
	assert_int_equal(seen.hashes[0].verdict, WARD_MALICIOUS);
	assert_int_equal(seen.hashes[1].verdict, WARD_SUSPICIOUS);
	assert_string_equal(seen.hashes[2].threat, "Win.Test-1");
	assert_int_equal(ward_seen_reason(&seen, "not hash:size:name"), 3);
	assert_int_equal(
		ward_seen_reason(&seen, "a hash of a PE section (.mdb, .msb), not of a file"), 1);
	ward_seen_read(ward_import_clamav_good, text, NULL, &seen);
	assert_int_equal(seen.totals.clean, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_clamav),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

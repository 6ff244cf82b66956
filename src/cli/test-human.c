/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/human.h"
#include "cli/progress.h"

static void
test_figures(void **state)
{
	char b[WARD_HUMAN_MAX];

	(void)state;
	assert_string_equal(ward_human_bytes(0, b), "0 B");
	assert_string_equal(ward_human_bytes(999, b), "999 B");
	assert_string_equal(ward_human_bytes(1500000, b), "1.5 MB");
	assert_string_equal(ward_human_bytes(999960, b), "1.0 MB");
	assert_string_equal(ward_human_bytes(UINT64_MAX, b), "18.4 EB");
	assert_string_equal(ward_human_count(7, b), "7");
	assert_string_equal(ward_human_count(1234567, b), "1,234,567");
	assert_string_equal(ward_human_count(UINT64_MAX, b), "18,446,744,073,709,551,615");
	assert_string_equal(ward_human_seconds(0.84, b), "0.8 s");
	assert_string_equal(ward_human_seconds(245, b), "4:05");
	assert_string_equal(ward_human_seconds(3723, b), "1:02:03");
}

static void
check_line(const struct ward_progress *p, const char *path, size_t width, const char *want)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ward_progress_line(p, 2000000000u, path, width, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
	free(text);
}

static void
test_progress_line(void **state)
{
	struct ward_progress p = {
		.files = 50, .bytes = 5000, .total_files = 100, .total_bytes = 20000};

	(void)state;
	check_line(&p, NULL, 200,
		   "[#####               ]  25%  50/100 files  25 files/s  2.5 kB/s  6.0 s left");
	check_line(&p, NULL, 10, "[#####    ");
	p = (struct ward_progress){.files = 4, .found = 1};
	check_line(&p, "/a\nb\033[2J", 200, "4 files  2 files/s  0 B/s  1 found  /a\\nb\\x1b[2J");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_progress_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/report.h"

static const struct ward_finding finding = {
	WARD_LAYER_YARA, WARD_MALICIOUS, "Test.Evil", "evil_rule",
	"own.yar",	 "$a at 0x10",	 "in!/side",
};
static const struct ward_gap gap = {WARD_REASON_ENCRYPTED, "a.zip", 3};

static struct ward_report
report_of(const char *path)
{
	return (struct ward_report){
		.path = path,
		.verdict = WARD_MALICIOUS,
		.type = WARD_TYPE_ZIP,
		.looked_at = true,
		.size = 42,
		.findings = &finding,
		.finding_count = 1,
		.gaps = &gap,
		.gap_count = 1,
		.objects = 5,
	};
}

static char *
printed(const struct ward_report *r, bool json)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (json)
		ward_report_print_json(r, out);
	else
		ward_report_print(r, false, false, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
test_lines_for_people(void **state)
{
	struct ward_report r = report_of("/tmp/a\n\033[31mb");
	char *text = printed(&r, false);

	(void)state;
	assert_string_equal(
		text, "malicious    /tmp/a\\n\\x1b[31mb\n"
		      "             Test.Evil (yara evil_rule, own.yar) in in!/side: $a at 0x10\n"
		      "             not-scanned:encrypted at a.zip and 2 more\n");
	free(text);
	r = (struct ward_report){.path = "/x", .verdict = WARD_CLEAN};
	text = printed(&r, false);
	assert_string_equal(text, "");
	free(text);
}

static void
test_json_is_json_whatever_the_name(void **state)
{
	struct ward_report r = report_of("/tmp/\"\xff\n");
	char *text = printed(&r, true);
	json_t *json = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(json);
	assert_null(strchr(text, 0xff));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_string_equal(json_string_value(json_object_get(json, "path_hex")),
			    "2f746d702f22ff0a");
	assert_string_equal(json_string_value(json_object_get(json, "verdict")), "malicious");
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "not_scanned")), 1);
	json_decref(json);
	free(text);
}

static void
test_totals(void **state)
{
	struct ward_totals totals = {.seconds = 2};
	struct ward_report r = report_of("/x");
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *json;

	(void)state;
	ward_totals_add(&totals, &r);
	r.verdict = WARD_CLEAN;
	r.gap_count = 0;
	ward_totals_add(&totals, &r);
	assert_int_equal(ward_totals_files(&totals), 2);
	assert_int_equal(totals.gaps[WARD_REASON_ENCRYPTED], 1);
	assert_int_equal(totals.bytes, 84);
	ward_totals_print_json(&totals, out);
	assert_int_equal(fclose(out), 0);
	json = json_loads(text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "malicious")), 1);
	assert_int_equal(json_integer_value(json_object_get(json, "files")), 2);
	json_decref(json);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_for_people),
		cmocka_unit_test(test_json_is_json_whatever_the_name),
		cmocka_unit_test(test_totals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

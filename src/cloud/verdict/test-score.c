/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/verdict/score.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char elf[] = "elf", image[] = "image", host[] = "evil.example";

static int
points(const Ward__V1__FileQuery *query, const struct ward_view_file *file,
       enum ward_verdict parent)
{
	struct ward_score_input in = {query, file, parent, UINT64_C(1764000000000)};
	struct ward_score score;

	ward_score(&in, &score);
	return score.points;
}

static void
test_scores(void **state)
{
	Ward__V1__FileQuery q = WARD__V1__FILE_QUERY__INIT;
	Ward__V1__Context c = WARD__V1__CONTEXT__INIT;
	Ward__V1__Features f = WARD__V1__FEATURES__INIT;
	struct ward_view_file known = {.prevalence = 500, .first_seen_ms = 1};

	(void)state;
	q.type = image;
	assert_true(points(&q, NULL, WARD_UNKNOWN) < 500);
	q.type = elf;
	q.context = &c;
	q.features = &f;
	c.origin_host = host;
	c.path_class = WARD__V1__PATH_CLASS__PATH_CLASS_TEMP;
	f.packed = true;
	f.signature = WARD__V1__SIGNATURE__SIGNATURE_NONE;
	assert_true(points(&q, NULL, WARD_UNKNOWN) >= 900);
	/* many have it for long: the same traits are not enough */
	assert_true(points(&q, &known, WARD_UNKNOWN) < 700);
	f.signature = WARD__V1__SIGNATURE__SIGNATURE_PACKAGE;
	assert_true(points(&q, NULL, WARD_UNKNOWN) < 500);
	assert_true(points(&q, NULL, WARD_MALICIOUS) > points(&q, NULL, WARD_UNKNOWN));
}

static void
test_levels(void **state)
{
	(void)state;
	assert_int_equal(ward_score_threshold(WARD__V1__LEVEL__LEVEL_UNSPECIFIED), 900);
	assert_true(ward_score_threshold(WARD__V1__LEVEL__LEVEL_MODERATE) >
		    ward_score_threshold(WARD__V1__LEVEL__LEVEL_NORMAL));
	assert_true(ward_score_threshold(WARD__V1__LEVEL__LEVEL_NORMAL) >
		    ward_score_threshold(WARD__V1__LEVEL__LEVEL_HIGH));
	assert_true(ward_score_threshold(WARD__V1__LEVEL__LEVEL_HIGH) >
		    ward_score_threshold(WARD__V1__LEVEL__LEVEL_HIGH_PLUS));
	assert_int_equal(ward_score_threshold(WARD__V1__LEVEL__LEVEL_ZERO_TOLERANCE), 0);
}

static void
test_types(void **state)
{
	(void)state;
	assert_true(ward_score_is_active("elf"));
	assert_true(ward_score_is_active("shell"));
	assert_false(ward_score_is_active("image"));
	assert_false(ward_score_is_active(""));
	assert_false(ward_score_is_active("no such type"));
	assert_true(ward_score_is_container("zip"));
}

/* docs/tiers.md publishes exactly these rules. */
static void
test_published(void **state)
{
	static char text[65536];
	FILE *file = fopen("../docs/tiers.md", "rb");
	size_t rows = 0;

	(void)state;
	if (!file)
		file = fopen("docs/tiers.md", "rb");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	for (size_t i = 0; i < ward_score_rule_count; i++) {
		char row[256];

		(void)snprintf(row, sizeof(row), "| `%s` | %s | %+d |", ward_score_rules[i].name,
			       ward_score_rules[i].meaning, ward_score_rules[i].weight);
		if (!strstr(text, row))
			fail_msg("docs/tiers.md lacks: %s", row);
	}
	for (const char *at = text; (at = strstr(at, "\n| `")); at++)
		rows++;
	assert_int_equal(rows, ward_score_rule_count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "ml/features/feature.h"
#include "ml/features/row.h"
#include "ml/features/words.h"

/* Structs and tables come from the same lines: the columns of both must be as many. */
static void
test_columns_add_up(void **state)
{
	unsigned id;

	(void)state;
	for (id = 1; id < WARD_SCHEMA_COUNT; id++) {
		const struct ward_schema *s = ward_schema_get(id);
		size_t i, total = 0;

		assert_non_null(s);
		for (i = 0; i < s->group_count; i++)
			total += s->groups[i].count;
		assert_int_equal(total, s->columns);
		assert_true(s->columns <= WARD_FEATURES_MAX);
		assert_ptr_equal(ward_schema_named(s->name), s);
	}
	assert_null(ward_schema_get(0));
	assert_null(ward_schema_get(WARD_SCHEMA_COUNT));
	assert_null(ward_schema_named("font"));
	assert_null(ward_schema_of_type(WARD_TYPE_FONT));
	assert_int_equal(ward_schema_of_type(WARD_TYPE_ELF)->id, WARD_SCHEMA_ELF);
}

static void
test_names(void **state)
{
	char name[WARD_FEATURE_NAME_MAX];
	unsigned id;

	(void)state;
	for (id = 1; id < WARD_SCHEMA_COUNT; id++) {
		const struct ward_schema *s = ward_schema_get(id);
		size_t i, found;

		for (i = 0; i < s->columns; i++) {
			const struct ward_feature_group *g = ward_schema_column(s, i, name);

			assert_non_null(g);
			assert_true(*g->unit && *g->about && *g->source);
			assert_true(strlen(name) + 1 < WARD_FEATURE_NAME_MAX);
			/* no name stands for two columns */
			assert_true(ward_schema_find(s, name, &found));
			assert_int_equal(found, i);
		}
		assert_null(ward_schema_column(s, s->columns, name));
		assert_false(ward_schema_find(s, "no such column", &found));
	}
}

/* A word group more is a column more. */
static void
test_word_groups(void **state)
{
	const struct ward_schema *s = ward_schema_get(WARD_SCHEMA_ELF);
	char name[WARD_FEATURE_NAME_MAX], last[64];
	size_t column;

	(void)state;
	(void)snprintf(last, sizeof(last), "import_groups_%d", WARD_WORD_GROUPS - 1);
	assert_true(ward_schema_find(s, last, &column));
	assert_int_equal(ward_schema_column(s, column, name)->count, WARD_WORD_GROUPS);
	assert_true(ward_schema_find(s, "strings_words_0", &column));
	assert_int_equal(ward_schema_column(s, column, name)->count, WARD_WORD_GROUPS);
}

static void
test_versions(void **state)
{
	static const struct ward_feature_group before[] = {{"a", 2, "bytes", "x", "y"}};
	static const struct ward_feature_group after[] = {{"a", 3, "bytes", "x", "y"}};
	const struct ward_schema one = {WARD_SCHEMA_ELF, "one", "", before, 1, 2};
	const struct ward_schema two = {WARD_SCHEMA_ELF, "one", "", after, 1, 3};
	uint64_t a, b, c;

	(void)state;
	assert_int_equal(ward_schema_version(&one, &a), WARD_OK);
	assert_int_equal(ward_schema_version(&two, &b), WARD_OK);
	assert_int_equal(ward_schema_version(&one, &c), WARD_OK);
	assert_true(a == c);
	assert_true(a != b);
	/* printf 'a\t2\tbytes\tx\n' | sha256sum */
	assert_true(a == 0xa60ceddbd98ee2a8ull);
}

static void
test_print(void **state)
{
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1u << 20, NULL);
	assert_int_equal(ward_schema_print(ward_schema_get(WARD_SCHEMA_PE), &out), WARD_OK);
	assert_int_equal(ward_buf_byte(&out, 0), WARD_OK);
	assert_non_null(strstr((const char *)out.data, "## pe:"));
	assert_non_null(strstr((const char *)out.data, "| `byte_histogram`"));
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_add_up), cmocka_unit_test(test_names),
		cmocka_unit_test(test_word_groups),    cmocka_unit_test(test_versions),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/options.h"

struct sample {
	bool json;
	bool recursive;
	const char *out;
	struct ward_strings rules;
	uint64_t jobs;
	uint64_t size;
	uint64_t time;
};

static const struct ward_option table[] = {
	{"json", 0, WARD_OPTION_FLAG, NULL, offsetof(struct sample, json), "print JSON"},
	{"no-recursive", 0, WARD_OPTION_NO, NULL, offsetof(struct sample, recursive), "stay here"},
	{"out", 'o', WARD_OPTION_TEXT, "FILE", offsetof(struct sample, out), "write there"},
	{"rules", 'r', WARD_OPTION_LIST, "FILE", offsetof(struct sample, rules), "rules"},
	{"jobs", 'j', WARD_OPTION_NUMBER, "N", offsetof(struct sample, jobs), "scanners"},
	{"max-size", 0, WARD_OPTION_SIZE, "SIZE", offsetof(struct sample, size), "limit"},
	{"max-time", 0, WARD_OPTION_TIME, "TIME", offsetof(struct sample, time), "limit"},
	{"verbose", 'v', WARD_OPTION_FLAG, NULL, offsetof(struct sample, json), "more"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static const struct ward_command command = {
	.name = "test",
	.synopsis = "ward test PATH…",
	.about = "About.",
	.options = table,
};

static bool
parse(struct sample *s, struct ward_strings *operands, char **argv)
{
	int argc = 0;

	*s = (struct sample){.recursive = true};
	ward_strings_done(operands);
	while (argv[argc])
		argc++;
	return ward_options_parse(&command, argc, argv, s, operands);
}

#define ARGS(...) ((char *[]){"test", __VA_ARGS__, NULL})

static void
test_every_kind(void **state)
{
	struct sample s;
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	(void)state;
	assert_true(parse(&s, &operands,
			  ARGS("a", "--json", "--no-recursive", "-o", "x", "--rules=r1", "-rr2",
			       "-j4", "--max-size", "64K", "--max-time=2m", "--", "-b")));
	assert_true(s.json);
	assert_false(s.recursive);
	assert_string_equal(s.out, "x");
	assert_int_equal(s.rules.count, 2);
	assert_string_equal(s.rules.items[1], "r2");
	assert_int_equal(s.jobs, 4);
	assert_int_equal(s.size, 65536);
	assert_int_equal(s.time, 120);
	assert_int_equal(operands.count, 2);
	assert_string_equal(operands.items[1], "-b");
	ward_strings_done(&s.rules);
}

static void
test_thousands_of_paths(void **state)
{
	enum { MANY = 5000 };
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};
	static char *argv[MANY + 2] = {"test"};
	struct sample s;

	(void)state;
	for (int i = 1; i <= MANY; i++)
		argv[i] = "path";
	assert_true(parse(&s, &operands, argv));
	assert_int_equal(operands.count, MANY);
}

static void
test_a_lone_dash_is_an_operand(void **state)
{
	struct sample s;
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	(void)state;
	assert_true(parse(&s, &operands, ARGS("-")));
	assert_int_equal(operands.count, 1);
}

static void
test_mistakes_are_refused(void **state)
{
	struct sample s;
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	(void)state;
	assert_false(parse(&s, &operands, ARGS("--nonsense")));
	assert_false(parse(&s, &operands, ARGS("-z")));
	assert_false(parse(&s, &operands, ARGS("--jobs")));
	assert_false(parse(&s, &operands, ARGS("--jobs", "two")));
	assert_false(parse(&s, &operands, ARGS("--json=yes")));
	assert_false(parse(&s, &operands, ARGS("--max-size", "12X")));
	assert_false(parse(&s, &operands, ARGS("--max-size", "99999999999999T")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_thousands_of_paths),
		cmocka_unit_test(test_a_lone_dash_is_an_operand),
		cmocka_unit_test(test_mistakes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of records into a pack, by the real child without rights: this program is it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard/updates/rules.h"
#include "intel/pack.h"
#include "sys/fd.h"

enum { TEXTS = 8, WHY = 512 };

static const struct ward_reader reader = {.max = 16 << 20, .patience_ms = 60 * 1000};

struct told {
	uint64_t numbers[TEXTS];
	char why[TEXTS][WHY];
	size_t count;
};

static void
on_bad(void *ctx, uint64_t number, const char *why)
{
	struct told *t = ctx;

	assert_true(t->count < TEXTS);
	t->numbers[t->count] = number;
	(void)snprintf(t->why[t->count++], WHY, "%s", why);
}

static struct ward_rule
rule(uint64_t number, const char *format, const char *text)
{
	return (struct ward_rule){number, format, ward_span_str(text)};
}

#define GOOD_YARA  "rule good { strings: $a = \"something harmless\" condition: $a }"
#define OTHER_YARA "rule other { strings: $a = \"something else\" condition: $a }"
#define GOOD_HDB   "5d41402abc4b2a76b9719d911017c592:5:Test.Ward.Hello\n"

/* What is in the pack; it is closed. */
static struct ward_pack_counts
counts_of(int *fd)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_pack_counts counts;
	struct ward_pack *pack = NULL;

	assert_true(*fd >= 0);
	ward_buf_init(&bytes, 16 << 20, NULL);
	assert_int_equal(ward_fd_reread(*fd, &bytes), WARD_OK);
	assert_int_equal(ward_pack_verify(ward_buf_span(&bytes)), WARD_OK);
	assert_int_equal(ward_pack_open(ward_buf_span(&bytes), &pack), WARD_OK);
	counts = ward_pack_count(pack);
	(void)ward_pack_free(pack);
	ward_fd_close(fd);
	return counts;
}

static uint64_t
hashes_of(const struct ward_pack_counts *c)
{
	uint64_t all = 0;

	for (size_t i = 0; i < sizeof(c->hashes) / sizeof(c->hashes[0]); i++)
		all += c->hashes[i];
	return all;
}

static void
test_compiles(void **state)
{
	const struct ward_rule rules[] = {rule(3, "yar", GOOD_YARA), rule(4, "hdb", GOOD_HDB),
					  rule(9, "yar", OTHER_YARA)};
	struct ward_pack_counts counts;
	struct told told = {.count = 0};
	int fd = -1;

	(void)state;
	assert_int_equal(ward_rules_compile(&reader, rules, 3, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(told.count, 0);
	counts = counts_of(&fd);
	assert_int_equal(counts.yara_rules, 2);
	assert_int_equal(hashes_of(&counts), 1);
}

/* Records of the same name are two rules all the same. */
static void
test_same_name(void **state)
{
	const struct ward_rule rules[] = {rule(1, "yar", GOOD_YARA), rule(2, "yar", GOOD_YARA)};
	struct told told = {.count = 0};
	int fd = -1;

	(void)state;
	assert_int_equal(ward_rules_compile(&reader, rules, 2, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(told.count, 0);
	assert_int_equal(counts_of(&fd).yara_rules, 2);
}

static void
test_faulty_fail_alone(void **state)
{
	const struct ward_rule rules[] = {
		rule(1, "yar", "rule broken { condition: nothing_like_it }"),
		rule(2, "yar", GOOD_YARA),
		rule(3, "ndb", "no signature"),
		rule(4, "hdb", GOOD_HDB),
		rule(5, "yar", "include \"/etc/passwd\""),
		rule(6, "hsb", ""),
	};
	struct ward_pack_counts counts;
	struct told told = {.count = 0};
	int fd = -1;

	(void)state;
	assert_int_equal(ward_rules_compile(&reader, rules, 6, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(told.count, 4);
	assert_int_equal(told.numbers[0], 1);
	assert_non_null(strstr(told.why[0], "nothing_like_it"));
	assert_int_equal(told.numbers[1], 3);
	assert_int_equal(told.numbers[2], 5);
	assert_int_equal(told.numbers[3], 6);
	for (size_t i = 0; i < told.count; i++)
		assert_true(told.why[i][0]);
	counts = counts_of(&fd);
	assert_int_equal(counts.yara_rules, 1);
	assert_int_equal(hashes_of(&counts), 1);
}

static void
test_none_is_good(void **state)
{
	const struct ward_rule rules[] = {rule(1, "yar", "rule broken {"), rule(2, "ldb", "x")};
	struct told told = {.count = 0};
	int fd = 7;

	(void)state;
	assert_int_equal(ward_rules_compile(&reader, rules, 2, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(told.count, 2);
	assert_int_equal(fd, -1);
	assert_int_equal(ward_rules_compile(&reader, NULL, 0, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(fd, -1);
}

static void
test_limits(void **state)
{
	struct ward_rule *many = calloc(WARD_RULES_MAX + 1, sizeof(*many));
	const struct ward_rule strange = rule(1, "exe", "x");
	struct told told = {.count = 0};
	int fd;

	(void)state;
	assert_non_null(many);
	assert_int_equal(ward_rules_compile(&reader, many, WARD_RULES_MAX + 1, on_bad, &told, &fd),
			 WARD_E_LIMIT);
	assert_int_equal(ward_rules_compile(&reader, &strange, 1, on_bad, &told, &fd),
			 WARD_E_INVAL);
	free(many);
}

/* A program that ends at once, over whatever it gets: nobody is blamed, nothing comes out. */
static void
test_child_that_dies(void **state)
{
	const struct ward_reader dies = {
		.program = "/bin/false", .max = 1 << 20, .patience_ms = 60 * 1000};
	const struct ward_rule rules[] = {rule(1, "yar", GOOD_YARA)};
	struct told told = {.count = 0};
	int fd = -1;

	(void)state;
	assert_int_not_equal(ward_rules_compile(&dies, rules, 1, on_bad, &told, &fd), WARD_OK);
	assert_int_equal(told.count, 0);
	assert_int_equal(fd, -1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compiles),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_faulty_fail_alone),
		cmocka_unit_test(test_none_is_good),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_child_that_dies),
	};

	if (argc > 1 && strcmp(argv[1], WARD_UPDATES_CHILD) == 0)
		return ward_updates_child(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

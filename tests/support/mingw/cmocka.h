/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of cmocka's interface that Ward's unit tests use, for the Windows build, where Debian
 * packages no cmocka. Same names, same meaning, same lines of output (1.1.5), so tests and the
 * counting of them do not know the difference. Include it once, in the file with main(). What is
 * not here does not compile: a test that needs more is not portable, or this file grows.
 */
#ifndef WARD_TESTS_MINGW_CMOCKA_H
#define WARD_TESTS_MINGW_CMOCKA_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CM_UNUSED __attribute__((unused))

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
	const char *name;
	CMUnitTestFunction test_func;
	CMFixtureFunction setup_func;
	CMFixtureFunction teardown_func;
	void *initial_state;
};

enum cm_end { CM_GOES_ON, CM_FAILED, CM_SKIPPED };

static jmp_buf cm_out;

#define cmocka_unit_test(f)                                                                        \
	{                                                                                          \
#f, f, NULL, NULL, NULL                                                            \
	}
#define cmocka_unit_test_setup(f, s)                                                               \
	{                                                                                          \
#f, f, s, NULL, NULL                                                               \
	}
#define cmocka_unit_test_teardown(f, t)                                                            \
	{                                                                                          \
#f, f, NULL, t, NULL                                                               \
	}
#define cmocka_unit_test_setup_teardown(f, s, t)                                                   \
	{                                                                                          \
#f, f, s, t, NULL                                                                  \
	}
#define cmocka_unit_test_prestate(f, p)                                                            \
	{                                                                                          \
#f, f, NULL, NULL, p                                                               \
	}
#define cmocka_run_group_tests(tests, setup, end)                                                  \
	cm_run(tests, sizeof(tests) / sizeof((tests)[0]), setup, end)

#define print_message(...) ((void)fprintf(stdout, __VA_ARGS__))
#define print_error(...)   ((void)fprintf(stderr, __VA_ARGS__))

#define fail_msg(...)                                                                              \
	do {                                                                                       \
		print_error("ERROR: " __VA_ARGS__);                                                \
		cm_fail("\n", __FILE__, __LINE__);                                                 \
	} while (0)
#define fail() cm_fail("fail()\n", __FILE__, __LINE__)
#define skip() longjmp(cm_out, CM_SKIPPED)

#define assert_true(c)	   cm_true((c) ? 1 : 0, #c, __FILE__, __LINE__)
#define assert_false(c)	   cm_true((c) ? 0 : 1, "!(" #c ")", __FILE__, __LINE__)
#define assert_non_null(p) cm_true((p) != NULL, #p " != NULL", __FILE__, __LINE__)
#define assert_null(p)	   cm_true((p) == NULL, #p " == NULL", __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                                     \
	cm_true((const void *)(a) == (const void *)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b)                                                                 \
	cm_true((const void *)(a) != (const void *)(b), #a " != " #b, __FILE__, __LINE__)
#define assert_int_equal(a, b)	   cm_int((uintmax_t)(a), (uintmax_t)(b), 1, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) cm_int((uintmax_t)(a), (uintmax_t)(b), 0, __FILE__, __LINE__)
#define assert_in_range(v, low, high)                                                              \
	cm_true((uintmax_t)(v) >= (uintmax_t)(low) && (uintmax_t)(v) <= (uintmax_t)(high),         \
		#v " in " #low ".." #high, __FILE__, __LINE__)
#define assert_string_equal(a, b)	 cm_string(a, b, 1, __FILE__, __LINE__)
#define assert_string_not_equal(a, b)	 cm_string(a, b, 0, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n)	 cm_memory(a, b, n, 1, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, n) cm_memory(a, b, n, 0, __FILE__, __LINE__)
#define assert_float_equal(a, b, eps)                                                              \
	cm_true((float)(a) - (float)(b) <= (float)(eps) &&                                         \
			(float)(b) - (float)(a) <= (float)(eps),                                   \
		#a " == " #b, __FILE__, __LINE__)

/* cmocka's checking allocator is the sanitizers' work here; Windows gets the plain one. */
#define test_malloc(n)	  malloc(n)
#define test_calloc(n, s) calloc(n, s)
#define test_free(p)	  free(p)

static CM_UNUSED __attribute__((noreturn)) void
cm_fail(const char *why, const char *file, int line)
{
	print_error("%s", why);
	print_error("%s:%d: error: Failure!\n", file, line);
	longjmp(cm_out, CM_FAILED);
}

static CM_UNUSED void
cm_true(int holds, const char *what, const char *file, int line)
{
	if (!holds) {
		print_error("%s\n", what);
		cm_fail("", file, line);
	}
}

static CM_UNUSED void
cm_int(uintmax_t a, uintmax_t b, int wanted, const char *file, int line)
{
	if ((a == b) != wanted) {
		print_error("0x%llx %s 0x%llx\n", (unsigned long long)a,
			    wanted ? "!=" : "==", (unsigned long long)b);
		cm_fail("", file, line);
	}
}

static CM_UNUSED void
cm_string(const char *a, const char *b, int wanted, const char *file, int line)
{
	if ((strcmp(a, b) == 0) != wanted) {
		print_error("\"%s\" %s \"%s\"\n", a, wanted ? "!=" : "==", b);
		cm_fail("", file, line);
	}
}

static CM_UNUSED void
cm_memory(const void *a, const void *b, size_t n, int wanted, const char *file, int line)
{
	if ((n == 0 || memcmp(a, b, n) == 0) != wanted) {
		print_error("%llu bytes %s\n", (unsigned long long)n,
			    wanted ? "differ" : "are equal");
		cm_fail("", file, line);
	}
}

/* One test with its fixtures, which may fail like the test itself. */
static CM_UNUSED int
cm_run_one(const struct CMUnitTest *test, void *state)
{
	volatile int how = CM_GOES_ON;
	int back;

	if (test->initial_state)
		state = test->initial_state;
	back = setjmp(cm_out);
	if (back == 0) {
		if (test->setup_func && test->setup_func(&state) != 0)
			return CM_FAILED;
		test->test_func(&state);
	} else {
		how = back;
	}
	if (setjmp(cm_out) != 0)
		return CM_FAILED;
	if (test->teardown_func && test->teardown_func(&state) != 0)
		return CM_FAILED;
	return how;
}

static CM_UNUSED int
cm_run(const struct CMUnitTest *tests, size_t n, CMFixtureFunction setup, CMFixtureFunction end)
{
	static const char *const WORDS[] = {"[       OK ]", "[  FAILED  ]", "[  SKIPPED ]"};
	unsigned count[3] = {0, 0, 0};
	void *state = NULL;

	print_error("[==========] Running %u test(s).\n", (unsigned)n);
	if (setup && setup(&state) != 0) {
		print_error("[  FAILED  ] GROUP SETUP\n");
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		int how;

		print_error("[ RUN      ] %s\n", tests[i].name);
		how = cm_run_one(&tests[i], state);
		count[how]++;
		print_error("%s %s\n", WORDS[how], tests[i].name);
	}
	if (end && end(&state) != 0)
		count[CM_FAILED]++;
	print_error("[==========] %u test(s) run.\n[  PASSED  ] %u test(s).\n", (unsigned)n,
		    count[CM_GOES_ON]);
	if (count[CM_SKIPPED])
		print_error("[  SKIPPED ] %u test(s).\n", count[CM_SKIPPED]);
	if (count[CM_FAILED])
		print_error("[  FAILED  ] %u test(s).\n", count[CM_FAILED]);
	return (int)count[CM_FAILED];
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/exclude/danger.h"
#include "policy/exclude/glob.h"

struct world {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_glob *glob;
	const char *why;
	enum ward_rc rc;
};

static struct world
compile(const char *pattern)
{
	struct world w = {.budget = {.cap = 1 << 20}};

	/* the arena's budget moves with the struct: it lives as long as the test's */
	static struct ward_budget budget;

	budget = w.budget;
	w.arena = ward_arena_new(&budget);
	assert_non_null(w.arena);
	w.rc = ward_glob_compile(ward_span_str(pattern), w.arena, &w.glob, &w.why);
	return w;
}

static bool
matches(const char *pattern, const char *path)
{
	struct world w = compile(pattern);
	bool said;

	assert_int_equal(w.rc, WARD_OK);
	said = ward_glob_match(w.glob, ward_span_str(path));
	ward_arena_free(w.arena);
	return said;
}

static void
patterns_match_as_documented(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} cases[] = {
		{"/a/b", "/a/b", true},
		{"/a/b", "/a/bc", false},
		{"/a/b", "/x/a/b", false},
		{"/a/b", "/A/b", false},
		{"/a/*", "/a/b", true},
		{"/a/*", "/a/b/c", false},
		{"/a/*", "/a/.b", true},
		{"/a/*/c", "/a/b/c", true},
		{"/a/*/c", "/a/c", false},
		{"/a/b*", "/a/b", true},
		{"/a/**", "/a/b/c/d", true},
		{"/a/**", "/a", false},
		{"/a/**/b", "/a/b", true},
		{"/a/**/b", "/a/x/b", true},
		{"/a/**/b", "/a/x/y/b", true},
		{"/a/**/b", "/a/xb", false},
		{"/a/**/**/b", "/a/b", true},
		{"/a/**/**/b", "/a/x/y/z/b", true},
		{"/a**b", "/a/x/y/b", true},
		{"/a**b", "/ab", true},
		{"**", "/a/b", true},
		{"*", "/a/b", true},
		{"*.iso", "/a.iso", true},
		{"*.iso", "/x/y/a.iso", true},
		{"*.iso", "/x/y.iso/a", false},
		{"node_modules/**", "/w/node_modules/x/y", true},
		{"node_modules/**", "/w/my_node_modules/x", false},
		{"**/target/*.o", "/target/a.o", true},
		{"**/target/*.o", "/x/target/a.o", true},
		{"**/target/*.o", "/x/target/y/a.o", false},
		{"/?", "/a", true},
		{"/?", "/", false},
		{"/?", "/ab", false},
		{"/?", "/\xc3\xa4", true}, /* one character */
		{"/??",
		 "/\xe2\x82\xac"
		 "b",
		 true},
		{"/?", "/\xff", true}, /* a stray byte is one too */
		{"/a?b", "/a/b", false},
		{"/[a-c]x", "/bx", true},
		{"/[a-c]x", "/dx", false},
		{"/[!a-c]x", "/dx", true},
		{"/[^a-c]x", "/ax", false},
		{"/[!a-c]", "/\xc3\xa4", true},
		{"/[!a]b", "//b", false},
		{"/[]x]", "/]", true},
		{"/[]x]", "/x", true},
		{"/[a-]", "/-", true},
		{"/[\\]]", "/]", true},
		{"/\\*", "/*", true},
		{"/\\*", "/a", false},
		{"/\\{a\\}", "/{a}", true},
		{"/a/***/b", "/a/x/y/b", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (matches(cases[i].pattern, cases[i].path) != cases[i].match)
			fail_msg("%s and %s", cases[i].pattern, cases[i].path);
}

static void
what_is_no_pattern_is_refused(void **state)
{
	static const char *const bad[] = {"",	  "/a/",    "/a[b",  "/[b-a]",	"/[\xc3\xa4]",
					  "/[/]", "/a\\",   "/a//b", "/a/../b", "/a/./b",
					  "/..",  "/{a,b}", "/[]",   "/[!]",	"/[a\\"};
	char big[WARD_GLOB_MAX + 2];
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w = compile(bad[i]);
		if (w.rc != WARD_E_FORMAT)
			fail_msg("%s", bad[i]);
		assert_non_null(w.why);
		assert_null(w.glob);
		ward_arena_free(w.arena);
	}
	memset(big, 'a', sizeof(big));
	big[0] = '/';
	big[sizeof(big) - 1] = 0;
	w = compile(big);
	assert_int_equal(w.rc, WARD_E_FORMAT);
	ward_arena_free(w.arena);
}

/* Patterns longer than one word of places, and stars that would make a backtracker explode. */
static void
long_patterns_work(void **state)
{
	char pattern[WARD_GLOB_MAX + 1] = "/", path[4096];
	size_t n = 1;

	(void)state;
	while (n + 2 < WARD_GLOB_MAX) {
		pattern[n++] = '*';
		pattern[n++] = 'a';
	}
	pattern[n] = 0;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	assert_true(matches(pattern, path));
	path[sizeof(path) - 2] = 'b';
	assert_false(matches(pattern, path));
	assert_true(matches("/0123456789012345678901234567890123456789012345678901234567890/**/x",
			    "/0123456789012345678901234567890123456789012345678901234567890/x"));
	assert_true(matches("/01234567890123456789012345678901234567890123456789012345678901/**/x",
			    "/01234567890123456789012345678901234567890123456789012345678901/x"));
	assert_true(
		matches("/012345678901234567890123456789012345678901234567890123456789012/**/x",
			"/012345678901234567890123456789012345678901234567890123456789012/y/x"));
}

static void
nothing_matches_an_empty_path(void **state)
{
	static const char *const patterns[] = {"/a", "/**", "**", "*", "?", "/[a]*"};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct world w = compile(patterns[i]);

		assert_false(ward_glob_match(w.glob, ward_span_of(NULL, 0)));
		assert_int_equal(ward_glob_reach(w.glob, ward_span_of(NULL, 0)), 0);
		ward_arena_free(w.arena);
	}
}

static void
tells_the_directory_and_how_far(void **state)
{
	struct world w = compile("/srv/data/*.iso");

	(void)state;
	assert_true(ward_span_eq(ward_glob_directory(w.glob), ward_span_str("/srv/data")));
	assert_int_equal(ward_glob_reach(w.glob, ward_span_str("/srv/date/x")), 8);
	assert_int_equal(ward_glob_reach(w.glob, ward_span_str("/srv/data/x")), 11);
	ward_arena_free(w.arena);
	w = compile("*.iso");
	assert_int_equal(ward_glob_directory(w.glob).len, 0);
	ward_arena_free(w.arena);
}

static void
dangers_are_seen(void **state)
{
	static const struct {
		enum ward_exclusion_kind kind;
		const char *value;
		bool danger;
	} cases[] = {
		{WARD_EXCLUDE_PATH, "/", true},
		{WARD_EXCLUDE_PATH, "/usr", true},
		{WARD_EXCLUDE_PATH, "/bin", true},
		{WARD_EXCLUDE_PATH, "/tmp", true},
		{WARD_EXCLUDE_PATH, "/tmp/build", true},
		{WARD_EXCLUDE_PATH, "/tmpfiles", false},
		{WARD_EXCLUDE_PATH, "/srv/build", false},
		{WARD_EXCLUDE_PATH, "/var/lib/postgresql", false},
		{WARD_EXCLUDE_GLOB, "*", true},
		{WARD_EXCLUDE_GLOB, "**", true},
		{WARD_EXCLUDE_GLOB, "/*", true},
		{WARD_EXCLUDE_GLOB, "/usr/**", true},
		{WARD_EXCLUDE_GLOB, "/u?r/bin/*", true},
		{WARD_EXCLUDE_GLOB, "/home/*/**", true},
		{WARD_EXCLUDE_GLOB, "*.sh", true},
		{WARD_EXCLUDE_GLOB, "*.iso", false},
		{WARD_EXCLUDE_GLOB, "/srv/**/*.sh", false},
		{WARD_EXCLUDE_GLOB, "/srv/app/**", false},
		{WARD_EXCLUDE_GLOB, "node_modules/**", false},
		{WARD_EXCLUDE_EXTENSION, "iso", false},
		{WARD_EXCLUDE_EXTENSION, "EXE", true},
		{WARD_EXCLUDE_PROCESS, "/usr/bin/bash", true},
		{WARD_EXCLUDE_PROCESS, "/usr/bin/python3.11", true},
		{WARD_EXCLUDE_PROCESS, "/tmp/x", true},
		{WARD_EXCLUDE_PROCESS, "/usr/lib/postgresql/15/bin/postgres", false},
		{WARD_EXCLUDE_PROCESS, "/usr/bin/shfmt", false},
		{WARD_EXCLUDE_THREAT, "*", true},
		{WARD_EXCLUDE_THREAT, "Eicar-*", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((ward_exclusion_danger(cases[i].kind, cases[i].value) != NULL) !=
		    cases[i].danger)
			fail_msg("%s", cases[i].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_documented),
		cmocka_unit_test(what_is_no_pattern_is_refused),
		cmocka_unit_test(long_patterns_work),
		cmocka_unit_test(nothing_matches_an_empty_path),
		cmocka_unit_test(tells_the_directory_and_how_far),
		cmocka_unit_test(dangers_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

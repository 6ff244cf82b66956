/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "policy/exclude/exclude.h"
#include "policy/exclude/glob.h"
#include <cmocka.h>

#define DIGEST "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

enum { NOW = 1000000 };

static const struct ward_exclusion entries[] = {
	{.kind = WARD_EXCLUDE_PATH, .value = "/srv/data", .scope = WARD_EXCLUDE_BOTH},
	{.kind = WARD_EXCLUDE_GLOB, .value = "/home/*/build/**", .scope = WARD_EXCLUDE_REALTIME},
	{.kind = WARD_EXCLUDE_GLOB, .value = "*.iso", .scope = WARD_EXCLUDE_BOTH},
	{.kind = WARD_EXCLUDE_EXTENSION, .value = "tar.gz", .scope = WARD_EXCLUDE_BOTH},
	{.kind = WARD_EXCLUDE_PROCESS, .value = "/usr/sbin/mysqld", .scope = WARD_EXCLUDE_REALTIME},
	{.kind = WARD_EXCLUDE_HASH, .value = DIGEST, .scope = WARD_EXCLUDE_BOTH},
	{.kind = WARD_EXCLUDE_THREAT, .value = "Test/Pua-*", .scope = WARD_EXCLUDE_BOTH},
	{.kind = WARD_EXCLUDE_PATH,
	 .value = "/srv/old",
	 .scope = WARD_EXCLUDE_BOTH,
	 .expires_s = NOW},
	{.kind = WARD_EXCLUDE_PATH,
	 .value = "/srv/new",
	 .scope = WARD_EXCLUDE_BOTH,
	 .expires_s = NOW + 1},
};

enum { COUNT = sizeof(entries) / sizeof(entries[0]) };

static struct ward_exclusions *set;

static int
setup(void **state)
{
	(void)state;
	return ward_exclusions_new(entries, COUNT, &set) == WARD_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	set = ward_exclusions_free(set);
	return 0;
}

/* Index of the entry that leaves the path out; -1: none. */
static int
by_path(const char *path, unsigned scope)
{
	const struct ward_exclusion_subject s = {.path = path, .scope = scope, .now_s = NOW};
	const struct ward_exclusion *e = ward_exclusions_match(set, &s);

	return e ? (int)(e - entries) : -1;
}

static void
paths_cover_what_is_below(void **state)
{
	(void)state;
	assert_int_equal(by_path("/srv/data", WARD_EXCLUDE_REALTIME), 0);
	assert_int_equal(by_path("/srv/data/a/b/c", WARD_EXCLUDE_ON_DEMAND), 0);
	assert_int_equal(by_path("/srv/data2", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/srv/dat", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/srv", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/SRV/data", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/x/srv/data", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/srv/data\xff/x", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/srv/data/\xff", WARD_EXCLUDE_REALTIME), 0);
}

static void
globs_count_in_their_scope(void **state)
{
	(void)state;
	assert_int_equal(by_path("/home/u/build/x/y.o", WARD_EXCLUDE_REALTIME), 1);
	assert_int_equal(by_path("/home/u/build/x/y.o", WARD_EXCLUDE_ON_DEMAND), -1);
	assert_int_equal(by_path("/home/u/v/build/x", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/a/b.iso", WARD_EXCLUDE_ON_DEMAND), 2);
}

static void
extensions_are_whole_and_without_case(void **state)
{
	(void)state;
	assert_int_equal(by_path("/a/b.tar.gz", WARD_EXCLUDE_REALTIME), 3);
	assert_int_equal(by_path("/a/b.1.TAR.GZ", WARD_EXCLUDE_REALTIME), 3);
	assert_int_equal(by_path("/a/b..tar.gz", WARD_EXCLUDE_REALTIME), 3);
	assert_int_equal(by_path("/a/.tar.gz", WARD_EXCLUDE_REALTIME), -1); /* a hidden name */
	assert_int_equal(by_path("/a/btar.gz", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/a/b.gz", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/a.tar.gz/b", WARD_EXCLUDE_REALTIME), -1);
}

static void
what_is_not_known_does_not_match(void **state)
{
	struct ward_exclusion_subject s = {.scope = WARD_EXCLUDE_REALTIME, .now_s = NOW};
	uint8_t digest[32];

	(void)state;
	assert_null(ward_exclusions_match(set, &s));
	s.process = "/usr/sbin/mysqld";
	assert_ptr_equal(ward_exclusions_match(set, &s), &entries[4]);
	s.process = "/opt/sbin/mysqld";
	assert_null(ward_exclusions_match(set, &s));
	assert_true(ward_text_unhex(ward_span_str(DIGEST), digest, 32));
	s.sha256 = digest;
	assert_ptr_equal(ward_exclusions_match(set, &s), &entries[5]);
	digest[31] ^= 1;
	assert_null(ward_exclusions_match(set, &s));
	s.threat = "Test/Pua-/Any.x";
	assert_ptr_equal(ward_exclusions_match(set, &s), &entries[6]);
	s.threat = "Xtest/Pua-1";
	assert_null(ward_exclusions_match(set, &s));
}

static void
what_is_over_does_not_match(void **state)
{
	(void)state;
	assert_int_equal(by_path("/srv/old/x", WARD_EXCLUDE_REALTIME), -1);
	assert_int_equal(by_path("/srv/new/x", WARD_EXCLUDE_REALTIME), 8);
}

static enum ward_exclusion_fit
explain(size_t entry, const char *path, unsigned scope, const char *said)
{
	const struct ward_exclusion_subject s = {
		.path = path, .process = "/opt/mysqld", .scope = scope, .now_s = NOW};
	enum ward_exclusion_fit fit = WARD_EXCLUSION_OTHER;
	struct ward_buf out;

	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_exclusions_explain(set, entry, &s, &out, &fit), WARD_OK);
	assert_int_equal(ward_buf_byte(&out, 0), WARD_OK);
	assert_string_equal((const char *)out.data, said);
	ward_buf_done(&out);
	return fit;
}

static void
explains_matches_and_near_misses(void **state)
{
	const unsigned on_demand = WARD_EXCLUDE_ON_DEMAND;

	(void)state;
	assert_int_equal(explain(0, "/srv/data", on_demand, "names this very path"),
			 WARD_EXCLUSION_MATCHES);
	assert_int_equal(explain(0, "/srv/data/x", on_demand, "covers everything below /srv/data"),
			 WARD_EXCLUSION_MATCHES);
	assert_int_equal(explain(0, "/srv/Data/x", on_demand, "differs in case only; case counts"),
			 WARD_EXCLUSION_NEAR);
	assert_int_equal(explain(0, "/srv/database", on_demand,
				 "ends within a component: /srv/data covers only itself and what "
				 "lies below it"),
			 WARD_EXCLUSION_NEAR);
	assert_int_equal(explain(0, "/srv", on_demand,
				 "names something below this path, not the path itself"),
			 WARD_EXCLUSION_NEAR);
	assert_int_equal(explain(0, "/opt/x", on_demand, ""), WARD_EXCLUSION_OTHER);
	assert_int_equal(explain(1, "/home/u/build/x", on_demand,
				 "its pattern matches the whole path, but only in real time"),
			 WARD_EXCLUSION_SCOPE);
	assert_int_equal(explain(1, "/home/u/w/build/x", on_demand, "matches as far as /home/u/"),
			 WARD_EXCLUSION_NEAR);
	assert_int_equal(explain(4, "/x", on_demand,
				 "is another program of the same name; the whole path counts"),
			 WARD_EXCLUSION_NEAR);
	assert_int_equal(explain(7, "/srv/old", on_demand,
				 "names this very path, but it was over at 1970-01-12T13:46:40Z"),
			 WARD_EXCLUSION_EXPIRED);
}

/* The table and the one-by-one judgement must never disagree. */
static void
the_table_agrees_with_each_entry(void **state)
{
	static const char *const parts[] = {"srv",   "data",	 "home", "u",	"build",
					    "b.iso", "c.tar.gz", "old",	 "new", ".iso"};
	uint32_t random = 1;
	unsigned found = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		char path[128] = "";
		size_t n = 0;
		bool any = false;
		struct ward_exclusion_subject s = {
			.path = path, .scope = 1 + round % 2, .now_s = NOW};
		struct ward_buf out;

		for (unsigned depth = 1 + round % 5; depth > 0; depth--) {
			random = random * 1664525 + 1013904223;
			n += (size_t)snprintf(
				path + n, sizeof(path) - n, "/%s",
				parts[random >> 16 & 1 ? (random >> 20) % 4 : (random >> 20) % 10]);
		}
		ward_buf_init(&out, 4096, NULL);
		for (size_t i = 0; i < COUNT; i++) {
			enum ward_exclusion_fit fit = WARD_EXCLUSION_OTHER;

			assert_int_equal(ward_exclusions_explain(set, i, &s, &out, &fit), WARD_OK);
			any = any || fit == WARD_EXCLUSION_MATCHES;
		}
		ward_buf_done(&out);
		assert_int_equal(ward_exclusions_match(set, &s) != NULL, any);
		found += any;
	}
	assert_in_range(found, 1000, 19000);
}

static void
bad_entries_make_no_set(void **state)
{
	static const struct ward_exclusion bad[] = {
		{.kind = WARD_EXCLUDE_GLOB, .value = "/a[", .scope = WARD_EXCLUDE_BOTH},
		{.kind = WARD_EXCLUDE_HASH, .value = "12", .scope = WARD_EXCLUDE_BOTH}};
	struct ward_exclusions *none = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ward_exclusions_new(&bad[i], 1, &none), WARD_E_FORMAT);
	assert_null(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_cover_what_is_below),
		cmocka_unit_test(globs_count_in_their_scope),
		cmocka_unit_test(extensions_are_whole_and_without_case),
		cmocka_unit_test(what_is_not_known_does_not_match),
		cmocka_unit_test(what_is_over_does_not_match),
		cmocka_unit_test(explains_matches_and_near_misses),
		cmocka_unit_test(the_table_agrees_with_each_entry),
		cmocka_unit_test(bad_entries_make_no_set),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

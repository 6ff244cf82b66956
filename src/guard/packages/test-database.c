/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/packages/database.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210"

static struct ward_buf bytes;
static struct ward_index opened;

static struct ward_database *
new_database(void)
{
	/* bin and lib are links */
	struct ward_database *d = ward_database_new(1u << 0 | 1u << 2);

	assert_non_null(d);
	ward_buf_done(&bytes);
	ward_buf_init(&bytes, WARD_INDEX_MAX, NULL);
	return d;
}

static void
end(struct ward_database *d)
{
	assert_int_equal(ward_database_end(d, &bytes), WARD_OK);
	assert_int_equal(ward_index_open(ward_buf_span(&bytes), &opened), WARD_OK);
	ward_database_freep(&d);
}

static enum ward_rc
sums(struct ward_database *d, const char *package, const char *text)
{
	return ward_database_sums(d, ward_span_str(package), ward_span_str(text));
}

/* The package of a path with one entry; NULL: it has none. */
static const char *
package_of(const char *path)
{
	size_t first;

	return ward_index_find(&opened, path, &first) == 1
		       ? ward_index_entry(&opened, first).package
		       : NULL;
}

static void
test_sums(void **state)
{
	struct ward_database *d = new_database();
	size_t first;

	(void)state;
	assert_int_equal(sums(d, "dash", A "  usr/bin/dash\n" B "  bin/sh\n"), WARD_OK);
	assert_int_equal(sums(d, "libc6:amd64", A "  ./lib/x/libc.so.6\r\n" A " *usr/a b\n"),
			 WARD_OK);
	/* the last line needs no end */
	assert_int_equal(sums(d, "other", A "  usr/bin/other"), WARD_OK);
	assert_int_equal(ward_database_bad_lines(d), 0);
	end(d);
	assert_int_equal(opened.count, 5);
	assert_string_equal(package_of("/usr/bin/dash"), "dash");
	assert_string_equal(package_of("/usr/bin/sh"), "dash");
	assert_string_equal(package_of("/bin/sh"), "dash");
	assert_string_equal(package_of("/usr/lib/x/libc.so.6"), "libc6:amd64");
	assert_string_equal(package_of("/usr/a b"), "libc6:amd64");
	assert_string_equal(package_of("/usr/bin/other"), "other");
	/* sbin is no link here */
	assert_null(package_of("/usr/bin/das"));
	assert_null(package_of("usr/bin/dash"));
	assert_null(package_of("/usr/bin/../bin/dash"));
	assert_int_equal(ward_index_find(&opened, "/usr/bin/sh", &first), 1);
	assert_int_equal(ward_index_entry(&opened, first).md5[0], 0xfe);
}

/* A file that went from one package to another is known with both contents. */
static void
test_a_path_of_two_packages(void **state)
{
	struct ward_database *d = new_database();
	size_t first;

	(void)state;
	assert_int_equal(sums(d, "old", A "  usr/bin/x\n"), WARD_OK);
	assert_int_equal(sums(d, "new", B "  bin/x\n"), WARD_OK);
	end(d);
	assert_int_equal(ward_index_find(&opened, "/usr/bin/x", &first), 2);
	assert_string_equal(ward_index_entry(&opened, first).package, "old");
	assert_string_equal(ward_index_entry(&opened, first + 1).package, "new");
}

static void
test_diversions(void **state)
{
	static const char text[] = "/bin/tool\n/bin/tool.real\nwrapper\n"
				   "/usr/share/man/a\n/usr/share/man/a.b\n:\n";
	struct ward_database *d = new_database();

	(void)state;
	assert_int_equal(ward_database_diversions(d, ward_span_str(text)), WARD_OK);
	assert_int_equal(sums(d, "tools:amd64", A "  usr/bin/tool\n" A "  usr/share/man/a\n"),
			 WARD_OK);
	assert_int_equal(sums(d, "wrapper:amd64", B "  usr/bin/tool\n"), WARD_OK);
	assert_int_equal(ward_database_bad_lines(d), 0);
	end(d);
	assert_string_equal(package_of("/usr/bin/tool"), "wrapper:amd64");
	assert_string_equal(package_of("/usr/bin/tool.real"), "tools:amd64");
	assert_string_equal(package_of("/usr/share/man/a.b"), "tools:amd64");
	assert_null(package_of("/usr/share/man/a"));
}

static void
test_hostile_sums(void **state)
{
	static const char *const bad[] = {
		"\n",
		"x\n",
		A "\n",
		A " usr/one-space\n",
		A "  \n",
		A "  /absolute\n",
		A "  usr/../etc/passwd\n",
		A "  usr//x\n",
		A "  usr/x/\n",
		A "  .\n",
		"g" A "  usr/x\n",
		"\\" A "  usr/x\\nname\n",
	};
	struct ward_database *d = new_database();
	char longer[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sums(d, "p", bad[i]), WARD_OK);
		assert_int_equal(ward_database_bad_lines(d), i + 1);
	}
	/* a NUL in a path, and a path longer than there are */
	assert_int_equal(
		ward_database_sums(d, ward_span_str("p"), ward_span_of(A "  usr/\0x\n", 41)),
		WARD_OK);
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, A "  ", 34);
	assert_int_equal(
		ward_database_sums(d, ward_span_str("p"), ward_span_of(longer, sizeof(longer))),
		WARD_OK);
	assert_int_equal(ward_database_bad_lines(d), sizeof(bad) / sizeof(bad[0]) + 2);
	/* names that could be taken for others in a log */
	assert_int_equal(sums(d, "", A "  usr/x\n"), WARD_E_FORMAT);
	assert_int_equal(sums(d, "a\nb", A "  usr/x\n"), WARD_E_FORMAT);
	assert_int_equal(sums(d, "\xff", A "  usr/x\n"), WARD_E_FORMAT);
	end(d);
	assert_int_equal(opened.count, 0);
	assert_null(package_of("/usr/x"));
}

static void
test_hostile_diversions(void **state)
{
	static const char *const bad[] = {"/a\n/b\n", "a\nb\np\n", "/a\n\n\n", "\n\n\n"};
	WARD_AUTO(ward_buf_done) struct ward_buf many = {0};
	struct ward_database *d = new_database();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_database_diversions(d, ward_span_str(bad[i])), WARD_OK);
	assert_int_equal(ward_database_bad_lines(d), sizeof(bad) / sizeof(bad[0]));
	ward_buf_init(&many, 1 << 20, NULL);
	for (int i = 0; i <= WARD_DATABASE_DIVERSIONS_MAX; i++)
		assert_int_equal(ward_buf_printf(&many, "/a%d\n/b%d\np\n", i, i), WARD_OK);
	assert_int_equal(ward_database_diversions(d, ward_buf_span(&many)), WARD_E_LIMIT);
	end(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_a_path_of_two_packages),
		cmocka_unit_test(test_diversions),
		cmocka_unit_test(test_hostile_sums),
		cmocka_unit_test(test_hostile_diversions),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	ward_buf_done(&bytes);
	return failed;
}

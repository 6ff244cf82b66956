/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/sweep/places.h"

static char root[] = "/tmp/ward-places-XXXXXX";

static const char *
at(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	return path;
}

static bool
has(const struct ward_places *p, const char *path)
{
	unsigned count = 0;

	for (size_t i = 0; i < p->count; i++)
		count += strcmp(p->items[i].path, path) == 0;
	assert_true(count <= 1);
	return count == 1;
}

static void
make(const char *name)
{
	assert_int_equal(mkdir(at(name), 0755), 0);
}

static void
test_quick_below_a_root(void **state)
{
	struct ward_places p;
	char target[256];

	(void)state;
	assert_non_null(mkdtemp(root));
	make("/etc");
	make("/etc/cron.d");
	make("/usr");
	make("/usr/lib");
	make("/usr/lib/systemd");
	make("/tmp");
	make("/home");
	make("/home/anna");
	make("/home/anna/Downloads");
	assert_int_equal(symlink("usr/lib", at("/lib")), 0);
	(void)snprintf(target, sizeof(target), "%s", at("/usr/lib/systemd"));
	/* A user's link leads nowhere; that it is there is fine. */
	assert_int_equal(symlink(target, at("/home/anna/bin")), 0);
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_QUICK, root, ward_policy_default()),
			 WARD_OK);
	assert_true(has(&p, at("/etc/cron.d")));
	assert_true(has(&p, at("/usr/lib/systemd"))); /* once, by whatever name */
	assert_false(has(&p, at("/lib/systemd")));
	assert_true(has(&p, at("/tmp")));
	assert_true(has(&p, at("/home/anna/Downloads")));
	assert_true(has(&p, at("/home/anna/bin")));
	assert_false(has(&p, at("/home/anna/.ssh")));
	assert_false(has(&p, WARD_PLACE_RUNNING));
	assert_int_equal(p.count, 5);
	ward_places_done(&p);
	assert_int_equal(
		ward_places_find(&p, WARD_SWEEP_QUICK, at("/nothing"), ward_policy_default()),
		WARD_E_NOENT);
}

static void
test_full(void **state)
{
	struct ward_places p;

	(void)state;
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_FULL, root, ward_policy_default()),
			 WARD_OK);
	assert_int_equal(p.count, 1);
	assert_string_equal(p.items[0].path, root);
	ward_places_done(&p);
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_FULL, NULL, ward_policy_default()),
			 WARD_OK);
	assert_string_equal(p.items[0].path, "/");
	assert_false(has(&p, "/proc"));
	assert_false(has(&p, "/sys"));
	for (size_t i = 1; i < p.count; i++)
		assert_true(strcmp(p.items[i - 1].path, p.items[i].path) < 0);
	ward_places_done(&p);
}

static void
test_quick_of_the_machine(void **state)
{
	struct ward_places p;
	struct stat proc, here;

	(void)state;
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_QUICK, NULL, ward_policy_default()),
			 WARD_OK);
	assert_string_equal(p.items[0].path, WARD_PLACE_RUNNING);
	assert_true(has(&p, "/tmp"));
	assert_true(has(&p, "/etc/profile"));
	assert_int_equal(stat("/proc", &proc), 0);
	assert_int_equal(stat("/", &here), 0);
	assert_false(ward_places_may_open(&p, proc.st_dev));
	assert_true(ward_places_may_open(&p, here.st_dev));
	ward_places_done(&p);
}

static void
test_what_runs(void **state)
{
	struct ward_places p;

	(void)state;
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_RUNNING, NULL, ward_policy_default()),
			 WARD_OK);
	assert_int_equal(p.count, 1);
	assert_string_equal(p.items[0].path, WARD_PLACE_RUNNING);
	ward_places_done(&p);
	assert_int_equal(ward_places_find(&p, WARD_SWEEP_RUNNING, root, ward_policy_default()),
			 WARD_OK);
	assert_int_equal(p.count, 0);
	ward_places_done(&p);
}

static int
remove_all(void **state)
{
	static const char *const names[] = {"/home/anna/bin",
					    "/home/anna/Downloads",
					    "/home/anna",
					    "/home",
					    "/tmp",
					    "/lib",
					    "/usr/lib/systemd",
					    "/usr/lib",
					    "/usr",
					    "/etc/cron.d",
					    "/etc",
					    ""};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)remove(at(names[i]));
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quick_below_a_root),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_what_runs),
		cmocka_unit_test(test_quick_of_the_machine),
	};
	return cmocka_run_group_tests(tests, NULL, remove_all);
}

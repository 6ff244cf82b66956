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

#include "sys/homes.h"

static char root[] = "/tmp/ward-homes-XXXXXX";

static const char *
at(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	return path;
}

struct seen {
	char text[1024];
	size_t len;
	unsigned count, stop_after;
};

static bool
note(void *ctx, const char *home)
{
	struct seen *s = ctx;

	assert_int_equal(strncmp(home, root, strlen(root)), 0);
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len, "%s;",
				   home + strlen(root));
	assert_true(s->len < sizeof(s->text));
	return ++s->count != s->stop_after;
}

static void
test_homes(void **state)
{
	struct seen s = {.count = 0};
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(ward_homes_visit(root, note, &s), WARD_OK);
	assert_string_equal(s.text, "");
	assert_int_equal(mkdir(at("/etc"), 0755), 0);
	assert_int_equal(mkdir(at("/home"), 0755), 0);
	assert_int_equal(mkdir(at("/home/of-a-directory"), 0755), 0);
	assert_int_equal(mkdir(at("/home/anna"), 0755), 0);
	assert_int_equal(mkdir(at("/home/.snapshots"), 0755), 0);
	assert_int_equal(symlink("/etc", at("/home/link")), 0);
	f = fopen(at("/etc/passwd"), "w");
	assert_non_null(f);
	(void)fputs("root:x:0:0::/root:/bin/bash\n"
		    "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
		    "sys:x:3:3::/dev:/usr/sbin/nologin\n"
		    "nobody:x:65534:65534::/nonexistent:/bin/false\n"
		    "www-data:x:33:33::/var/www:/bin/false\n"
		    "none:x:5:5::/:/bin/false\n"
		    "anna:x:1000:1000::/home/anna:/bin/bash\n"
		    "not a line\n"
		    "again:x:1001:1001::/home/anna:/bin/bash\n"
		    "far:x:1002:1002::/srv/home/far:/bin/bash\n",
		    f);
	(void)fclose(f);
	assert_int_equal(ward_homes_visit(root, note, &s), WARD_OK);
	assert_string_equal(s.text,
			    "/home/anna;/home/of-a-directory;/root;/srv/home/far;/var/www;");
	s = (struct seen){.stop_after = 2};
	assert_int_equal(ward_homes_visit(root, note, &s), WARD_E_STOPPED);
	assert_int_equal(s.count, 2);
	assert_int_equal(unlink(at("/etc/passwd")), 0);
	assert_int_equal(unlink(at("/home/link")), 0);
	assert_int_equal(rmdir(at("/home/.snapshots")), 0);
	assert_int_equal(rmdir(at("/home/anna")), 0);
	assert_int_equal(rmdir(at("/home/of-a-directory")), 0);
	assert_int_equal(rmdir(at("/home")), 0);
	assert_int_equal(rmdir(at("/etc")), 0);
	assert_int_equal(rmdir(root), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_homes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

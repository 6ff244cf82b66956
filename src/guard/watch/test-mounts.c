/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "guard/watch/mounts.h"
#include "sys/fd.h"

static struct ward_mount mount;

static enum ward_rc
first(const char *text)
{
	struct ward_span rest = ward_span_str(text);

	return ward_mounts_next(&rest, &mount);
}

static void
test_lines(void **state)
{
	(void)state;
	assert_int_equal(
		first("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n"),
		WARD_OK);
	assert_int_equal(mount.id, 36);
	assert_int_equal(mount.major, 98);
	assert_int_equal(mount.minor, 0);
	assert_string_equal(mount.place, "/mnt2");
	assert_string_equal(mount.type, "ext3");
	/* no optional fields; an empty source */
	assert_false(mount.whole);
	assert_int_equal(first("25 1 0:23 / /run rw - tmpfs  rw"), WARD_OK);
	assert_true(mount.whole);
	assert_string_equal(mount.type, "tmpfs");
	assert_int_equal(first(""), WARD_E_NOENT);
}

static void
test_escapes(void **state)
{
	(void)state;
	assert_int_equal(first("1 1 0:1 / /a\\040b\\011\\134\\012\xff rw - tmpfs x rw"), WARD_OK);
	assert_string_equal(mount.place, "/a b\t\\\n\xff");
	/* What is no escape stands for itself; a NUL cannot be smuggled in. */
	assert_int_equal(first("1 1 0:1 / /a\\04 rw - tmpfs x rw"), WARD_OK);
	assert_string_equal(mount.place, "/a\\04");
	assert_int_equal(first("1 1 0:1 / /a\\000b rw - tmpfs x rw"), WARD_OK);
	assert_string_equal(mount.place, "/a\\000b");
}

static void
test_what_is_no_mount_is_passed_over(void **state)
{
	static const char *const bad[] = {
		"\n\n",
		"x 1 0:1 / /a rw - tmpfs x rw",
		"1 1 01 / /a rw - tmpfs x rw",
		"1 1 0:99999999999 / /a rw - tmpfs x rw",
		"1 1 0:1 / /a rw tmpfs x rw",
		"1 1 0:1 / /a rw -",
	};
	char line[8192];
	struct ward_span rest;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(first(bad[i]), WARD_E_FORMAT);
	/* A place longer than PATH_MAX costs its own line only. */
	(void)snprintf(line, sizeof(line),
		       "1 1 0:1 / /%05000d rw - tmpfs x rw\n2 1 0:2 / /b rw - xfs x rw\n", 1);
	rest = ward_span_str(line);
	assert_int_equal(ward_mounts_next(&rest, &mount), WARD_E_FORMAT);
	assert_int_equal(ward_mounts_next(&rest, &mount), WARD_OK);
	assert_string_equal(mount.place, "/b");
	assert_int_equal(ward_mounts_next(&rest, &mount), WARD_E_NOENT);
}

static size_t
layers(const char *options, char last[WARD_MOUNT_PLACE], bool *known)
{
	struct ward_span rest = ward_span_str(options);
	size_t n = 0;

	*known = true;
	while (ward_mounts_layer(&rest, last, known))
		n++;
	return n;
}

static void
test_what_an_overlay_is_made_of(void **state)
{
	static char last[WARD_MOUNT_PLACE];
	bool known;

	(void)state;
	assert_int_equal(
		layers("rw,lowerdir=/a:/b\\040c,upperdir=/u,workdir=/w,uuid=on", last, &known), 3);
	assert_string_equal(last, "/u");
	assert_true(known);
	assert_int_equal(layers("ro,lowerdir+=/x,lowerdir+=/y", last, &known), 2);
	assert_true(known);
	/* A relative name is nothing that could be looked at from here. */
	assert_int_equal(layers("rw,lowerdir=l/AB:/b,upperdir=/u", last, &known), 2);
	assert_false(known);
	assert_int_equal(layers("rw", last, &known), 0);
	assert_int_equal(layers("", last, &known), 0);
	assert_int_equal(layers("lowerdir=", last, &known), 0);
}

/* In a chroot it may be a directory like any other. */
static bool
root_is_a_mount(void)
{
	struct statx st;

	assert_int_equal(statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &st), 0);
	return st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static void
test_this_machines_table(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_span rest;
	size_t count = 0, root = 0;
	enum ward_rc rc;

	(void)state;
	ward_buf_init(&text, 8 << 20, NULL);
	assert_int_equal(ward_fd_open_regular(-1, "/proc/self/mountinfo", false, &fd, NULL),
			 WARD_OK);
	assert_int_equal(ward_fd_reread(fd, &text), WARD_OK);
	rest = ward_buf_span(&text);
	while ((rc = ward_mounts_next(&rest, &mount)) != WARD_E_NOENT) {
		assert_int_equal(rc, WARD_OK);
		count++;
		root += strcmp(mount.place, "/") == 0;
	}
	assert_true(count > 0);
	assert_true(root > 0 || !root_is_a_mount());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_what_is_no_mount_is_passed_over),
		cmocka_unit_test(test_what_an_overlay_is_made_of),
		cmocka_unit_test(test_this_machines_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd-path.h"

static char dir[64], path[96], other[96];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-path-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	return rmdir(dir);
}

static int
make(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void
names_follow_links_and_renames(void **state)
{
	char name[WARD_FD_PATH];
	int fd = make(), linked;

	(void)state;
	assert_int_equal(symlink(path, other), 0);
	linked = open(other, O_RDONLY | O_CLOEXEC);
	assert_true(linked >= 0);
	assert_int_equal(ward_fd_path(linked, name), WARD_OK);
	assert_string_equal(name, path); /* the link is resolved */
	assert_false(ward_fd_is_at(linked, other));
	(void)close(linked);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(ward_fd_path(fd, name), WARD_OK);
	assert_string_equal(name, other);
	assert_true(ward_fd_is_at(fd, name));
	assert_int_equal(rename(other, path), 0);
	(void)close(fd);
}

static void
a_hard_link_has_the_name_it_was_opened_by(void **state)
{
	char name[WARD_FD_PATH];
	int fd = make(), second;

	(void)state;
	assert_int_equal(link(path, other), 0);
	second = open(other, O_RDONLY | O_CLOEXEC);
	assert_true(second >= 0);
	assert_int_equal(ward_fd_path(second, name), WARD_OK);
	assert_string_equal(name, other);
	assert_true(ward_fd_is_at(fd, other)); /* the same file */
	(void)close(second);
	(void)close(fd);
	assert_int_equal(unlink(other), 0);
}

static void
what_is_gone_has_no_name(void **state)
{
	char name[WARD_FD_PATH] = "x", odd[128];
	int fd = make(), memory = memfd_create("m", MFD_CLOEXEC), again;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ward_fd_path(fd, name), WARD_E_NOENT);
	assert_true(memory >= 0);
	assert_int_equal(ward_fd_path(memory, name), WARD_E_NOENT);
	assert_int_equal(ward_fd_path(-1, name), WARD_E_NOENT);
	assert_string_equal(name, "x");
	/* a live file may be called so */
	(void)snprintf(odd, sizeof(odd), "%s (deleted)", path);
	again = open(odd, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(again >= 0);
	assert_int_equal(ward_fd_path(again, name), WARD_OK);
	assert_string_equal(name, odd);
	/* and does not lend its name to one that is gone */
	assert_int_equal(ward_fd_path(fd, name), WARD_E_NOENT);
	assert_int_equal(unlink(odd), 0);
	(void)close(again);
	(void)close(memory);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_links_and_renames),
		cmocka_unit_test(a_hard_link_has_the_name_it_was_opened_by),
		cmocka_unit_test(what_is_gone_has_no_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

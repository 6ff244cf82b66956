/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/entry.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/fd.h"
#include "sys/meta.h"
#include "sys/rights.h"

static char base[64];
static int dir = -1;

static int
make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-entry-XXXXXX");
	return mkdtemp(base) && ward_entry_open_directory(-1, base, &dir) == WARD_OK ? 0 : -1;
}

/* Fails when a test left something behind. */
static int
remove_base(void **state)
{
	(void)state;
	ward_fd_close(&dir);
	return rmdir(base);
}

static int
make(const char *name)
{
	int fd = -1;

	assert_int_equal(ward_fd_create(dir, name, 0600, &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str(name)), WARD_OK);
	return fd;
}

static void
test_no_symlink_on_the_way(void **state)
{
	char path[128];
	int fd = -1;

	(void)state;
	assert_int_equal(ward_entry_make_directory(dir, "real", 0700), WARD_OK);
	assert_int_equal(ward_entry_make_directory(dir, "real", 0700), WARD_E_PERM);
	assert_int_equal(symlinkat("real", dir, "link"), 0);
	(void)snprintf(path, sizeof(path), "%s/link/.", base);
	assert_int_equal(ward_entry_open_directory(-1, path, &fd), WARD_E_UNSUPPORTED);
	assert_int_equal(ward_entry_open(dir, "link", true, &fd), WARD_E_UNSUPPORTED);
	assert_int_equal(ward_entry_open(dir, "../tmp", true, &fd), WARD_E_IO);
	(void)snprintf(path, sizeof(path), "%s/real", base);
	assert_int_equal(ward_entry_open_directory(-1, path, &fd), WARD_OK);
	ward_fd_close(&fd);
	/* Within another root. */
	assert_int_equal(ward_entry_open_directory(dir, "/../../real", &fd), WARD_OK);
	ward_fd_close(&fd);
	assert_int_equal(ward_entry_remove(dir, "link", false), WARD_OK);
	assert_int_equal(ward_entry_remove(dir, "real", true), WARD_OK);
}

static void
test_moving_never_replaces(void **state)
{
	int a = make("a"), b = make("b");
	struct ward_meta meta, other;

	(void)state;
	assert_int_equal(ward_entry_move(dir, "a", dir, "b"), WARD_E_PERM);
	assert_int_equal(ward_meta_get_at(dir, "b", &meta), WARD_OK);
	assert_int_equal(ward_meta_get(b, &other), WARD_OK);
	assert_true(ward_meta_same(&meta, &other));
	assert_int_equal(ward_entry_move(dir, "a", dir, "c"), WARD_OK);
	assert_int_equal(ward_entry_replace(dir, "c", "b"), WARD_OK);
	assert_int_equal(ward_meta_get_at(dir, "b", &meta), WARD_OK);
	assert_false(ward_meta_same(&meta, &other));
	assert_int_equal(ward_entry_remove(dir, "b", false), WARD_OK);
	ward_fd_close(&a);
	ward_fd_close(&b);
}

static void
test_the_kernels_name(void **state)
{
	struct ward_buf path;
	char expected[128];
	int fd = make("x (deleted)");

	(void)state;
	ward_buf_init(&path, WARD_ENTRY_PATH_MAX, NULL);
	assert_int_equal(ward_entry_path_of(fd, &path), WARD_OK);
	(void)snprintf(expected, sizeof(expected), "%s/x (deleted)", base);
	assert_true(ward_span_eq(ward_buf_span(&path), ward_span_str(expected)));
	assert_int_equal(ward_entry_remove(dir, "x (deleted)", false), WARD_OK);
	assert_int_equal(ward_entry_path_of(fd, &path), WARD_E_NOENT);
	ward_fd_close(&fd);
	assert_int_equal(ward_fd_memory("m", &fd), WARD_OK);
	assert_int_equal(ward_entry_path_of(fd, &path), WARD_E_NOENT);
	ward_fd_close(&fd);
	ward_buf_done(&path);
}

static void
test_nameless_files(void **state)
{
	struct ward_meta meta;
	int fd = -1, again = -1, taken = make("taken");

	(void)state;
	if (ward_entry_nameless(dir, &fd) != WARD_OK) {
		ward_fd_close(&taken);
		(void)!ward_entry_remove(dir, "taken", false);
		skip();
	}
	assert_int_equal(ward_entry_link(fd, dir, "taken"), WARD_E_PERM);
	assert_int_equal(ward_entry_link(fd, dir, "named"), WARD_OK);
	assert_int_equal(ward_entry_reopen_writing(fd, &again), WARD_OK);
	assert_int_equal(ward_fd_pwrite_all(again, ward_span_str("xyz"), 2), WARD_OK);
	assert_int_equal(ward_entry_sync(again), WARD_OK);
	assert_int_equal(ward_meta_get_at(dir, "named", &meta), WARD_OK);
	assert_int_equal(meta.size, 5);
	assert_int_equal(ward_entry_remove(dir, "named", false), WARD_OK);
	assert_int_equal(ward_entry_remove(dir, "taken", false), WARD_OK);
	ward_fd_close(&fd);
	ward_fd_close(&again);
	ward_fd_close(&taken);
}

static void
test_handles_find_what_was_moved(void **state)
{
	struct ward_entry_handle handle;
	struct ward_meta was, is;
	int fd = -1;

	(void)state;
	assert_int_equal(ward_entry_make_directory(dir, "here", 0700), WARD_OK);
	assert_int_equal(ward_entry_open(dir, "here", true, &fd), WARD_OK);
	ward_entry_handle_of(fd, &handle);
	assert_int_equal(ward_meta_get(fd, &was), WARD_OK);
	ward_fd_close(&fd);
	assert_int_equal(ward_entry_move(dir, "here", dir, "there"), WARD_OK);
	if (handle.len > 0 && geteuid() == 0) {
		assert_int_equal(ward_entry_open_handle(dir, &handle, &fd), WARD_OK);
		assert_int_equal(ward_meta_get(fd, &is), WARD_OK);
		assert_true(ward_meta_same(&was, &is));
		ward_fd_close(&fd);
	}
	assert_int_equal(ward_entry_remove(dir, "there", true), WARD_OK);
	if (handle.len > 0 && geteuid() == 0)
		assert_int_equal(ward_entry_open_handle(dir, &handle, &fd), WARD_E_NOENT);
	handle.len = 0;
	assert_int_equal(ward_entry_open_handle(dir, &handle, &fd), WARD_E_UNSUPPORTED);
}

static void
test_times_before_1970(void **state)
{
	int fd = make("old");
	struct ward_meta meta;

	(void)state;
	assert_int_equal(ward_meta_set_times(fd, -1, -1500000000), WARD_OK);
	assert_int_equal(ward_meta_get(fd, &meta), WARD_OK);
	assert_int_equal(meta.atime, -1);
	assert_int_equal(meta.mtime, -1500000000);
	assert_int_equal(ward_entry_remove(dir, "old", false), WARD_OK);
	ward_fd_close(&fd);
}

static void
test_holes(void **state)
{
	int fd = make("sparse");
	uint64_t start = 9, end = 9;

	(void)state;
	assert_int_equal(ward_meta_set_size(fd, 1 << 20), WARD_OK);
	assert_int_equal(ward_meta_data(fd, 0, &start, &end), WARD_OK);
	assert_int_equal(start, 0);
	assert_true(end >= 6 && end <= 1 << 20);
	if (end < 1 << 20)
		assert_int_equal(ward_meta_data(fd, end, &start, &end), WARD_E_NOENT);
	assert_int_equal(ward_entry_remove(dir, "sparse", false), WARD_OK);
	ward_fd_close(&fd);
}

static void
test_somebody_elses_rights(void **state)
{
	struct ward_rights user = {.uid = 0x7ffd, .gid = 0x7ffd};
	struct ward_rights_before *before = NULL;
	struct ward_meta meta;
	int fd = -1;

	(void)state;
	if (geteuid() != 0) {
		assert_int_equal(ward_rights_take(&user, &before), WARD_E_PERM);
		skip();
	}
	/* The directory is root's, mode 0700. */
	assert_int_equal(ward_rights_take(&user, &before), WARD_OK);
	assert_int_equal(ward_entry_may_create(dir), WARD_E_PERM);
	assert_int_equal(ward_fd_create(dir, "theirs", 0600, &fd), WARD_E_PERM);
	ward_rights_back(&before);
	assert_null(before);
	assert_int_equal(ward_entry_may_create(dir), WARD_OK);
	assert_int_equal(fchmod(dir, 0777), 0);
	assert_int_equal(ward_rights_take(&user, &before), WARD_OK);
	assert_int_equal(ward_fd_create(dir, "theirs", 0600, &fd), WARD_OK);
	ward_rights_back(&before);
	assert_int_equal(ward_meta_get(fd, &meta), WARD_OK);
	assert_int_equal(meta.uid, 0x7ffd);
	assert_int_equal(ward_entry_remove(dir, "theirs", false), WARD_OK);
	assert_int_equal(ward_rights_take(NULL, &before), WARD_OK);
	ward_rights_back(&before);
	ward_fd_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_symlink_on_the_way),
		cmocka_unit_test(test_moving_never_replaces),
		cmocka_unit_test(test_the_kernels_name),
		cmocka_unit_test(test_nameless_files),
		cmocka_unit_test(test_handles_find_what_was_moved),
		cmocka_unit_test(test_times_before_1970),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_somebody_elses_rights),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}

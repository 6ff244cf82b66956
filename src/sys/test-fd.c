/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/errno.h"
#include "sys/fd.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-fd-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = {"file", "link", "fifo"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	/* Fails when a temporary file was left behind. */
	return rmdir(dir);
}

static const char *
in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
test_errno_is_never_ok(void **state)
{
	(void)state;
	for (int err = 0; err < 200; err++)
		assert_true(ward_errno_rc(err) < WARD_OK);
	assert_int_equal(ward_errno_rc(ENOENT), WARD_E_NOENT);
	assert_int_equal(ward_errno_rc(EACCES), WARD_E_PERM);
	assert_int_equal(ward_errno_rc(EMFILE), WARD_E_LIMIT);
	assert_int_equal(ward_errno_rc(EIO), WARD_E_IO);
}

static void
test_clocks_go_on(void **state)
{
	uint64_t a = ward_clock_monotonic();

	(void)state;
	(void)usleep(2000);
	assert_true(ward_clock_monotonic() - a >= 2000);
	assert_true(ward_clock_wall() > UINT64_C(1700000000) * 1000000);
}

static void
test_write_atomic_replaces(void **state)
{
	struct ward_buf all;
	struct ward_fd_stat st;
	int fd = -1;

	(void)state;
	assert_int_equal(ward_fd_write_atomic(in_dir("file"), ward_span_str("old"), 0600), WARD_OK);
	assert_int_equal(ward_fd_write_atomic(in_dir("file"), ward_span_str("newer"), 0640),
			 WARD_OK);
	assert_int_equal(ward_fd_open_regular(-1, in_dir("file"), false, &fd, &st), WARD_OK);
	assert_int_equal(st.size, 5);
	assert_int_equal(st.mode, 0640);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ward_buf_init(&all, 5, NULL);
	assert_int_equal(ward_fd_read_all(fd, &all), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&all), ward_span_str("newer")));
	ward_buf_done(&all);
	ward_fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(ward_fd_write_atomic("/nonexistent/x", ward_span_str(""), 0600),
			 WARD_E_NOENT);
}

static void
test_read_all_has_a_limit(void **state)
{
	struct ward_buf all;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ward_fd_write_all(ends[1], ward_span_str("12345678")), WARD_OK);
	ward_fd_close(&ends[1]);
	ward_buf_init(&all, 4, NULL);
	assert_int_equal(ward_fd_read_all(ends[0], &all), WARD_E_LIMIT);
	ward_fd_close(&ends[0]);
	ward_buf_done(&all);
}

static void
test_only_regular_files_are_opened(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(ward_fd_write_atomic(in_dir("file"), ward_span_str("x"), 0600), WARD_OK);
	assert_int_equal(symlink("file", in_dir("link")), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(ward_fd_open_regular(-1, in_dir("link"), false, &fd, NULL),
			 WARD_E_UNSUPPORTED);
	assert_int_equal(ward_fd_open_regular(-1, in_dir("fifo"), false, &fd, NULL),
			 WARD_E_UNSUPPORTED);
	assert_int_equal(ward_fd_open_regular(-1, dir, false, &fd, NULL), WARD_E_UNSUPPORTED);
	assert_int_equal(ward_fd_open_regular(-1, "/dev/zero", true, &fd, NULL),
			 WARD_E_UNSUPPORTED);
	assert_int_equal(ward_fd_open_regular(-1, in_dir("none"), false, &fd, NULL), WARD_E_NOENT);
	assert_int_equal(fd, -1);
	assert_int_equal(ward_fd_open_regular(-1, in_dir("link"), true, &fd, NULL), WARD_OK);
	ward_fd_close(&fd);
}

static void
test_names_are_looked_up_in_a_directory(void **state)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ward_fd_stat st;
	int fd = -1;

	(void)state;
	assert_true(at >= 0);
	assert_int_equal(ward_fd_stat_at(at, "link", false, &st), WARD_OK);
	assert_int_equal(st.kind, WARD_FD_SYMLINK);
	assert_int_equal(ward_fd_stat_at(at, "fifo", false, &st), WARD_OK);
	assert_int_equal(st.kind, WARD_FD_FIFO);
	assert_int_equal(ward_fd_open_regular(at, "file", false, &fd, &st), WARD_OK);
	assert_int_equal(st.kind, WARD_FD_REGULAR);
	ward_fd_close(&fd);
	ward_fd_close(&at);
}

static void
test_memory_files_can_be_sealed(void **state)
{
	uint8_t byte;
	size_t n = 0;
	int fd = -1;

	(void)state;
	assert_int_equal(ward_fd_memory("t", &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("abc")), WARD_OK);
	assert_int_equal(ward_fd_seal(fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("d")), WARD_E_PERM);
	assert_int_equal(ward_fd_pread(fd, &byte, 1, 2, &n), WARD_OK);
	assert_int_equal(n, 1);
	assert_int_equal(byte, 'c');
	assert_int_equal(ward_fd_pread(fd, &byte, 1, 3, &n), WARD_OK);
	assert_int_equal(n, 0);
	ward_fd_close(&fd);
	assert_int_equal(ward_fd_pread(fd, &byte, 1, 0, &n), WARD_E_INVAL);
}

static void
test_temporary_files_have_no_name(void **state)
{
	struct ward_fd_stat st;
	uint8_t byte;
	size_t n = 0;
	int fd = -1;

	(void)state;
	assert_int_equal(ward_fd_temporary("/nowhere", &fd), WARD_E_NOENT);
	assert_int_equal(ward_fd_temporary("/tmp", &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("a")), WARD_OK);
	assert_int_equal(ward_fd_pread(fd, &byte, 1, 0, &n), WARD_OK);
	assert_int_equal(byte, 'a');
	assert_int_equal(ward_fd_stat(fd, &st), WARD_OK);
	assert_int_equal(st.links, 0);
	ward_fd_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errno_is_never_ok),
		cmocka_unit_test(test_clocks_go_on),
		cmocka_unit_test(test_write_atomic_replaces),
		cmocka_unit_test(test_read_all_has_a_limit),
		cmocka_unit_test(test_only_regular_files_are_opened),
		cmocka_unit_test(test_names_are_looked_up_in_a_directory),
		cmocka_unit_test(test_memory_files_can_be_sealed),
		cmocka_unit_test(test_temporary_files_have_no_name),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

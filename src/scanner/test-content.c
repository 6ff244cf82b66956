/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "scanner/content.h"

static uint8_t small[WARD_CONTENT_SMALL + 1];

static int
file_of(size_t len)
{
	int fd = -1;

	assert_int_equal(ward_fd_memory("t", &fd), WARD_OK);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	if (len > 0)
		assert_int_equal(pwrite(fd, "z", 1, (off_t)len - 1), 1);
	return fd;
}

static void
check_whole(size_t len, bool mapped)
{
	struct ward_content c;
	int fd = file_of(len);

	assert_int_equal(ward_content_open(&c, fd, small), WARD_REASON_NONE);
	assert_int_equal(c.bytes.len, len);
	assert_int_equal(c.mapped, mapped);
	if (len > 0)
		assert_int_equal(c.bytes.data[len - 1], 'z');
	assert_int_equal(ward_content_close(&c), WARD_REASON_NONE);
	ward_fd_close(&fd);
}

static void
test_around_the_border(void **state)
{
	(void)state;
	check_whole(0, false);
	check_whole(1, false);
	check_whole(WARD_CONTENT_SMALL, false);
	check_whole(WARD_CONTENT_SMALL + 1, true);
	check_whole(5 * WARD_CONTENT_SMALL, true);
}

/* Any change counts: shorter, longer, other bytes of the same size. */
static void
check_change(size_t len, size_t new_len)
{
	struct ward_content c;
	int fd = file_of(len);

	assert_int_equal(ward_content_open(&c, fd, small), WARD_REASON_NONE);
	(void)usleep(10000); /* file times are as coarse as the kernel's tick */
	assert_int_equal(pwrite(fd, "y", 1, 0), 1);
	assert_int_equal(ftruncate(fd, (off_t)new_len), 0);
	assert_int_equal(ward_content_close(&c), WARD_REASON_CHANGED);
	ward_fd_close(&fd);
}

static void
test_changes_are_seen(void **state)
{
	(void)state;
	check_change(100, 100);
	check_change(100, 10);
	check_change(100, 1000);
	check_change(2 * WARD_CONTENT_SMALL, 2 * WARD_CONTENT_SMALL);
	check_change(2 * WARD_CONTENT_SMALL, 1);
}

static void
test_what_is_no_file(void **state)
{
	struct ward_content c;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ward_content_open(&c, ends[0], small), WARD_REASON_SPECIAL);
	assert_int_equal(ward_content_open(&c, -1, small), WARD_REASON_IO);
	ward_fd_close(&ends[0]);
	ward_fd_close(&ends[1]);
}

static void
test_a_file_that_cannot_be_read(void **state)
{
	struct ward_content c;
	int fd = open("/proc/self/status", O_WRONLY | O_PATH);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ward_content_open(&c, fd, small), WARD_REASON_IO);
	ward_fd_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_around_the_border),
		cmocka_unit_test(test_changes_are_seen),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_a_file_that_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

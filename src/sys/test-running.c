/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/running.h"

static void
test_what_is_mapped_as_code(void **state)
{
	struct ward_span rest = ward_span_str(
		"55d0-55d4 r--p 00000000 08:01 17                   /bin/cat\n"
		"55d4-55da r-xp 00002000 08:01 17                   /bin/cat\n"
		"7f00-7f10 rw-p 00000000 00:00 0 \n"
		"7f10-7f20 r-xp 00000000 00:00 0                    [vdso]\n"
		"7f20-7f30 rwxs 00000000 00:05 9                    /memfd:a b\\012c (deleted)\n"
		"../x r-xp 00000000 08:01 17 /etc/passwd\n"
		"short\n"
		"11111111111111111111-2222222222222222222222222222222222222 r-xp 0 08:01 17 /x\n"
		"7f40-7f50 r-xp 00000000 08:01 18");
	char range[WARD_RUNNING_RANGE];

	(void)state;
	assert_true(ward_running_next(&rest, range));
	assert_string_equal(range, "55d4-55da");
	assert_true(ward_running_next(&rest, range));
	assert_string_equal(range, "7f20-7f30");
	assert_true(ward_running_next(&rest, range));
	assert_string_equal(range, "7f40-7f50");
	assert_false(ward_running_next(&rest, range));
}

struct counts {
	struct stat self;
	unsigned own, libraries, files;
	unsigned stop_after;
	bool nothing;
};

static bool
wanted(void *ctx, uint64_t device)
{
	const struct counts *c = ctx;

	return !c->nothing && device != 0;
}

static bool
count(void *ctx, int take_fd)
{
	struct counts *c = ctx;
	char name[4096];
	struct stat st;

	assert_int_equal(fstat(take_fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	ward_fd_name(take_fd, name, sizeof(name));
	c->own += st.st_dev == c->self.st_dev && st.st_ino == c->self.st_ino;
	c->libraries += strstr(name, "/libc.so") != NULL || strstr(name, "/libc-") != NULL;
	(void)close(take_fd);
	return ++c->files != c->stop_after;
}

/* Root may, in most containers. */
static bool
may_open_mappings(void)
{
	DIR *dir = opendir("/proc/self/map_files");
	bool opened = false;
	struct dirent *e;
	int fd;

	while (dir && (e = readdir(dir)) && !opened) {
		fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
		opened = fd >= 0 && e->d_name[0] != '.';
		if (fd >= 0)
			(void)close(fd);
	}
	if (dir)
		(void)closedir(dir);
	return opened;
}

/* The test itself runs, and so does its C library. */
static void
test_everything_that_runs(void **state)
{
	struct counts c = {.files = 0};
	const struct ward_running_visitor v = {.wanted = wanted, .visit = count, .ctx = &c};

	(void)state;
	assert_int_equal(stat("/proc/self/exe", &c.self), 0);
	assert_int_equal(ward_running_files(&v), WARD_OK);
	assert_int_equal(c.own, 1);
	assert_true(c.libraries >= 1 || !may_open_mappings());
	c.stop_after = c.files + 1;
	assert_int_equal(ward_running_files(&v), WARD_E_STOPPED);
	c.nothing = true;
	c.files = c.stop_after = 0;
	assert_int_equal(ward_running_files(&v), WARD_OK);
	assert_int_equal(c.files, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_mapped_as_code),
		cmocka_unit_test(test_everything_that_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

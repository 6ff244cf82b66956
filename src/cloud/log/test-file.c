/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/file.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/log/conform.h"

static char root[] = "/tmp/ward-log-XXXXXX";

static void
path_of(const char *name, char ret[256])
{
	(void)snprintf(ret, 256, "%s/%s", root, name);
}

static enum ward_rc
try_open(const char *name, struct ward_log **ret, char why[512])
{
	char path[256];
	struct ward_log_file_options options = {.directory = path, .segment_bytes = 1 << 20};

	path_of(name, path);
	return ward_log_open_file(&options, ret, why);
}

static struct ward_log *
open_log(const char *name)
{
	struct ward_log *log = NULL;
	char why[512] = "";

	assert_int_equal(try_open(name, &log, why), WARD_OK);
	return log;
}

static void
test_conformance(void **state)
{
	static const struct ward_log_conform backend = {open_log, NULL, true};

	(void)state;
	ward_log_conform(&backend);
}

static void
append_number(struct ward_log *log, uint32_t number)
{
	struct ward_log_item item = {WARD_LOG_EVENTS, {0}, {0}, ward_span_of(&number, 4)};

	assert_int_equal(ward_log_append_wait(log, &item, 1, NULL), WARD_OK);
}

/* How many records from the beginning count 0, 1, 2…; all there are. */
static uint32_t
count_numbers(struct ward_log *log)
{
	struct ward_log_position from = {WARD_LOG_EVENTS, 0, 0};
	struct ward_log_reader *reader = NULL;
	struct ward_log_entry entry;
	uint32_t n = 0, number;

	assert_int_equal(ward_log_reader_new(log, &from, 1, &reader), WARD_OK);
	while (!ward_log_reader_next(reader, 0, &entry)) {
		memcpy(&number, entry.body.data, 4);
		assert_int_equal(number, n);
		n++;
	}
	ward_log_reader_free(reader);
	return n;
}

static void
test_one_process_at_a_time(void **state)
{
	struct ward_log *log = open_log("lock"), *second = NULL;
	char why[512] = "";

	(void)state;
	assert_int_equal(try_open("lock", &second, why), WARD_E_PERM);
	assert_string_equal(why, "in use by another process");
	ward_log_close(log);
}

/* The child says which numbers were acknowledged, and is killed at any moment. */
static uint32_t
appended_until_killed(uint32_t from, unsigned usec)
{
	uint32_t acknowledged = from, number;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ward_log *log = open_log("kill");

		for (uint32_t i = from;; i++) {
			append_number(log, i);
			(void)!write(ends[1], &i, 4);
		}
	}
	close(ends[1]);
	if (read(ends[0], &number, 4) == 4)
		acknowledged = number + 1;
	usleep(usec);
	kill(child, SIGKILL);
	while (read(ends[0], &number, 4) == 4)
		acknowledged = number + 1;
	waitpid(child, NULL, 0);
	close(ends[0]);
	return acknowledged;
}

static void
test_killed_at_any_moment(void **state)
{
	uint32_t total = 0;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		uint32_t acknowledged = appended_until_killed(total, round * 97 % 3000);
		struct ward_log *log = open_log("kill");

		total = count_numbers(log);
		assert_true(total >= acknowledged);
		ward_log_close(log);
	}
}

static void
segment_of(const char *name, char ret[256])
{
	(void)snprintf(ret, 256, "%s/%s/events/%020d.seg", root, name, 0);
}

/* Whatever is left of the last record after a torn write, the ones before it stay. */
static void
test_torn_at_every_byte(void **state)
{
	struct ward_log *log = open_log("torn");
	char path[256];
	struct stat whole;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		append_number(log, i);
	ward_log_close(log);
	segment_of("torn", path);
	assert_int_equal(stat(path, &whole), 0);
	for (off_t size = whole.st_size - 1; size >= whole.st_size - 32; size--) {
		assert_int_equal(truncate(path, size), 0);
		log = open_log("torn");
		assert_int_equal(count_numbers(log), 2);
		append_number(log, 2);
		ward_log_close(log);
	}
}

static void
flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* A flipped bit is damage when whole records follow, and a torn tail at the very end; it never
 * becomes another record. */
static void
test_flipped_bits(void **state)
{
	struct ward_log *log = open_log("flip");
	char path[256], why[512];
	struct stat whole;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		append_number(log, i);
	ward_log_close(log);
	segment_of("flip", path);
	assert_int_equal(stat(path, &whole), 0);
	for (off_t at = 0; at < whole.st_size - 32; at++) {
		flip(path, at);
		log = NULL;
		assert_int_equal(try_open("flip", &log, why), WARD_E_FORMAT);
		assert_non_null(strstr(why, "events/00000000000000000000.seg"));
		flip(path, at);
	}
	flip(path, whole.st_size - 1);
	log = open_log("flip");
	assert_int_equal(count_numbers(log), 2);
	ward_log_close(log);
}

static void
fill_disk(const char *mount_point)
{
	struct ward_log_file_options options = {.directory = mount_point};
	static uint8_t body[8192];
	struct ward_log_item item = {WARD_LOG_EVENTS, {0}, {0}, ward_span_of(body, sizeof(body))};
	struct ward_log *log = NULL;
	char path[300];
	uint64_t first, next, taken = 0;
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "%s/log", mount_point);
	options.directory = path;
	assert_int_equal(ward_log_open_file(&options, &log, NULL), WARD_OK);
	while (!(rc = ward_log_append_wait(log, &item, 1, NULL)))
		taken++;
	assert_int_equal(rc, WARD_E_LIMIT);
	assert_int_equal(ward_log_append_wait(log, &item, 1, NULL), WARD_E_LIMIT);
	assert_int_equal(mount("tmpfs", mount_point, "tmpfs", MS_REMOUNT, "size=4m"), 0);
	assert_int_equal(ward_log_append_wait(log, &item, 1, NULL), WARD_OK);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_EVENTS, 0, &first, &next), WARD_OK);
	assert_int_equal(next, taken + 1);
	ward_log_close(log);
	assert_int_equal(ward_log_open_file(&options, &log, NULL), WARD_OK);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_EVENTS, 0, &first, &next), WARD_OK);
	assert_int_equal(next, taken + 1);
	ward_log_close(log);
}

static void
test_full_disk(void **state)
{
	char path[256];

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip();
	path_of("disk", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mount("tmpfs", path, "tmpfs", 0, "size=1m"), 0);
	fill_disk(path);
	assert_int_equal(umount(path), 0);
}

static int
clean_up(void **state)
{
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, root, NULL};
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformance),
		cmocka_unit_test(test_one_process_at_a_time),
		cmocka_unit_test(test_killed_at_any_moment),
		cmocka_unit_test(test_torn_at_every_byte),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_full_disk),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

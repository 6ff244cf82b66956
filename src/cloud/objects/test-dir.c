/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/objects.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/digest.h"
#include "sys/fd.h"

static char root[] = "/tmp/ward-objects-XXXXXX";
static uint8_t content[3000000], sha256[32];
static int sample = -1;

static struct ward_objects *
open_objects(uint64_t quota)
{
	struct ward_objects_dir_options options = {root, quota};
	struct ward_objects *o = NULL;
	char why[512];

	assert_int_equal(ward_objects_open_dir(&options, &o, why), WARD_OK);
	return o;
}

static void
path_of(char ret[256])
{
	char hex[65];

	ward_text_hex(ward_span_of(sha256, 32), hex);
	(void)snprintf(ret, 256, "%s/%.2s/%s.zst", root, hex, hex);
}

static void
test_put_and_get(void **state)
{
	struct ward_objects *o = open_objects(0);
	static uint8_t back[sizeof(content) + 1];
	struct ward_objects_stats stats;
	struct stat st;
	char path[256];
	size_t n;
	int fd;

	(void)state;
	assert_int_equal(ward_objects_has(o, sha256), WARD_E_NOENT);
	assert_int_equal(ward_objects_get(o, sha256, sizeof(content), &fd), WARD_E_NOENT);
	assert_int_equal(ward_objects_put(o, sha256, sample), WARD_OK);
	assert_int_equal(ward_objects_put(o, sha256, sample), WARD_OK);
	assert_int_equal(ward_objects_get(o, sha256, sizeof(content), &fd), WARD_OK);
	assert_int_equal(ward_fd_pread(fd, back, sizeof(back), 0, &n), WARD_OK);
	assert_int_equal(n, sizeof(content));
	assert_memory_equal(back, content, n);
	assert_true(write(fd, "x", 1) < 0); /* sealed */
	close(fd);
	assert_int_equal(ward_objects_get(o, sha256, sizeof(content) - 1, &fd), WARD_E_LIMIT);
	path_of(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	ward_objects_close(o);
	o = open_objects(0);
	ward_objects_stats(o, &stats);
	assert_int_equal(stats.objects, 1);
	assert_int_equal(stats.bytes, st.st_size);
	assert_int_equal(ward_objects_remove(o, sha256), WARD_OK);
	assert_int_equal(ward_objects_remove(o, sha256), WARD_OK);
	assert_int_equal(ward_objects_has(o, sha256), WARD_E_NOENT);
	ward_objects_close(o);
}

static void
test_wrong_digest_and_quota(void **state)
{
	struct ward_objects *o = open_objects(1);
	struct ward_objects_stats stats;
	uint8_t other[32] = {1};

	(void)state;
	assert_int_equal(ward_objects_put(o, other, sample), WARD_E_FORMAT);
	assert_int_equal(ward_objects_has(o, other), WARD_E_NOENT);
	assert_int_equal(ward_objects_put(o, sha256, sample), WARD_OK);
	assert_int_equal(ward_objects_put(o, other, sample), WARD_E_LIMIT);
	ward_objects_stats(o, &stats);
	assert_int_equal(stats.failures, 1);
	ward_objects_close(o);
}

/* Any byte changed: an error, never another file. */
static void
test_damage(void **state)
{
	struct ward_objects *o = open_objects(0);
	struct stat st;
	char path[256];
	int raw, fd = -1;

	(void)state;
	assert_int_equal(ward_objects_put(o, sha256, sample), WARD_OK);
	path_of(path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(stat(path, &st), 0);
	raw = open(path, O_RDWR);
	for (off_t at = 0; at < st.st_size; at += st.st_size / 40 + 1) {
		uint8_t byte;

		assert_int_equal(pread(raw, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(raw, &byte, 1, at), 1);
		assert_int_not_equal(ward_objects_get(o, sha256, sizeof(content), &fd), WARD_OK);
		byte ^= 1;
		assert_int_equal(pwrite(raw, &byte, 1, at), 1);
	}
	assert_int_equal(ftruncate(raw, st.st_size - 1), 0);
	assert_int_equal(ward_objects_get(o, sha256, sizeof(content), &fd), WARD_E_FORMAT);
	close(raw);
	ward_objects_close(o);
}

static void
test_expire_and_halves(void **state)
{
	struct ward_objects *o = open_objects(0);
	char half[256];
	int fd;

	(void)state;
	assert_int_equal(ward_objects_remove(o, sha256), WARD_OK);
	assert_int_equal(ward_objects_put(o, sha256, sample), WARD_OK);
	assert_int_equal(ward_objects_expire(o, 1, NULL, NULL), WARD_OK);
	assert_int_equal(ward_objects_has(o, sha256), WARD_OK);
	assert_int_equal(ward_objects_expire(o, UINT64_MAX, NULL, NULL), WARD_OK);
	assert_int_equal(ward_objects_has(o, sha256), WARD_E_NOENT);
	ward_objects_close(o);
	(void)snprintf(half, sizeof(half), "%s/new-7", root);
	fd = open(half, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ward_objects_close(open_objects(0));
	assert_int_not_equal(access(half, F_OK), 0);
}

static int
set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * i >> 7 ^ i >> 3);
	if (ward_digest(WARD_SHA256, ward_span_of(content, sizeof(content)), sha256) ||
	    ward_fd_memory("test", &sample) ||
	    ward_fd_write_all(sample, ward_span_of(content, sizeof(content))))
		return -1;
	return 0;
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
		cmocka_unit_test(test_put_and_get),
		cmocka_unit_test(test_wrong_digest_and_quota),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_expire_and_halves),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, set_up, clean_up);
}

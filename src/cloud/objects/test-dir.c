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
#include "cloud/objects/conform.h"
#include "sys/digest.h"
#include "sys/fd.h"

static char root[] = "/tmp/ward-objects-XXXXXX";

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
path_of(const uint8_t sha256[32], char ret[256])
{
	char hex[65];

	ward_text_hex(ward_span_of(sha256, 32), hex);
	(void)snprintf(ret, 256, "%s/%.2s/%s.zst", root, hex, hex);
}

static void
flip(const uint8_t sha256[32], unsigned part)
{
	struct stat st;
	char path[256];
	uint8_t byte;
	off_t at;
	int raw;

	path_of(sha256, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(stat(path, &st), 0);
	raw = open(path, O_RDWR);
	at = st.st_size * part / 16;
	assert_int_equal(pread(raw, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(raw, &byte, 1, at), 1);
	close(raw);
}

static void
test_conformance(void **state)
{
	static const struct ward_objects_conform backend = {open_objects, flip, 40};

	(void)state;
	ward_objects_conform(&backend);
}

/* Inert: no mode that can be run, no name but the digest. Torn: an error. */
static void
test_files(void **state)
{
	struct ward_objects *o = open_objects(0);
	uint8_t sha256[32];
	struct stat st;
	char path[256];
	int fd = -1, back = -1;

	(void)state;
	assert_int_equal(ward_fd_memory("test", &fd), WARD_OK);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("#!/bin/sh\n")), WARD_OK);
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_str("#!/bin/sh\n"), sha256), WARD_OK);
	assert_int_equal(ward_objects_put(o, sha256, fd), WARD_OK);
	path_of(sha256, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(ward_objects_get(o, sha256, 100, &back), WARD_E_FORMAT);
	assert_int_equal(ward_objects_remove(o, sha256), WARD_OK);
	ward_objects_close(o);
	close(fd);
}

static void
test_halves_go(void **state)
{
	char half[256];
	int fd;

	(void)state;
	(void)snprintf(half, sizeof(half), "%s/new-7", root);
	fd = open(half, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ward_objects_close(open_objects(0));
	assert_int_not_equal(access(half, F_OK), 0);
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
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_halves_go),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

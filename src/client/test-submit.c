/* SPDX-License-Identifier: Apache-2.0 */
/* That a sample is the file that was scanned; tests/cloud/client.bats sends some. */
#include "client/submit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct fixture {
	char directory[40], path[64], other[64];
	struct ward_fd_stat was;
};

static void
write_text(const char *path, const char *text)
{
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str(text), 0600), WARD_OK);
}

/* Writes into the file itself, and makes sure that its times differ: the clock has coarse ticks. */
static void
overwrite(const char *path, const char *text)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	(void)nanosleep(&pause, NULL);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)snprintf(f->directory, sizeof(f->directory), "/tmp/ward-submit-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	(void)snprintf(f->path, sizeof(f->path), "%s/file", f->directory);
	(void)snprintf(f->other, sizeof(f->other), "%s/other", f->directory);
	write_text(f->path, "what was scanned");
	assert_int_equal(ward_fd_stat_at(-1, f->path, false, &f->was), WARD_OK);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->path);
	(void)unlink(f->other);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void
test_the_same_file(void **state)
{
	struct fixture *f = *state;
	struct ward_submit_file file;
	char text[17] = "";

	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_OK);
	assert_int_equal(ward_submit_file_read(&file, 0, text, 16), WARD_OK);
	assert_string_equal(text, "what was scanned");
	assert_int_equal(ward_submit_file_read(&file, 5, text, 3), WARD_OK);
	/* past its end: it shrank, or somebody lies about its size */
	assert_int_equal(ward_submit_file_read(&file, 10, text, 16), WARD_E_STOPPED);
	ward_fd_close(&file.fd);
}

static void
test_replaced(void **state)
{
	struct fixture *f = *state;
	struct ward_submit_file file;

	write_text(f->other, "a secret of mine");
	assert_int_equal(rename(f->other, f->path), 0);
	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_E_STOPPED);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_E_NOENT);
	write_text(f->other, "a secret of mine");
	assert_int_equal(symlink(f->other, f->path), 0);
	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_E_STOPPED);
}

static void
test_changed(void **state)
{
	struct fixture *f = *state;
	struct ward_submit_file file;
	char text[17];

	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_OK);
	overwrite(f->path, "something else!!"); /* as long as before */
	assert_int_equal(ward_submit_file_read(&file, 0, text, 16), WARD_E_STOPPED);
	ward_fd_close(&file.fd);
	assert_int_equal(ward_submit_file_open(f->path, &f->was, &file), WARD_E_STOPPED);
}

static void
test_what_is_no_sample(void **state)
{
	struct fixture *f = *state;
	static const uint8_t nobody[32];
	struct ward_channel_options options = {.server = "localhost:1", .ca_sha256 = nobody};
	Ward__V1__FileQuery query = WARD__V1__FILE_QUERY__INIT;
	struct ward_submit_spec spec = {.file = &query, .read = ward_submit_file_read};
	struct ward_client *client = NULL;
	uint8_t digest[32] = {1};

	(void)f;
	assert_int_equal(ward_client_new(&options, &client), WARD_OK);
	query.size = 1;
	assert_int_equal(ward_submit_start(client, &spec, NULL), WARD_E_INVAL); /* no digest */
	query.sha256 = (ProtobufCBinaryData){32, digest};
	query.size = 0;
	assert_int_equal(ward_submit_start(client, &spec, NULL), WARD_E_INVAL); /* empty */
	ward_client_free(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_same_file),
		TEST(test_replaced),
		TEST(test_changed),
		TEST(test_what_is_no_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

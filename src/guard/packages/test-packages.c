/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a real child, which is this program started again: a database of our own, files below /opt in a
 * mount name space of our own, and at last this machine's database.
 */
#include "guard/packages/packages.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "guard/packages/build.h"
#include "guard/packages/child.h"
#include "guard/packages/index.h"
#include "sys/digest.h"
#include "sys/fd.h"

#define PLACE "/opt/ward-test"

static char database[64];
static bool have_opt;
static int born, died;

static void
on_process(void *ctx, int pid, bool alive)
{
	(void)ctx;
	assert_true(pid > 0);
	if (alive)
		born++;
	else
		died++;
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str(text), mode), WARD_OK);
	assert_int_equal(chmod(path, mode), 0);
}

/* Writes the package's md5sums and list: the content that /opt/ward-test/<name> has. */
static void
install(const char *package, const char *name, const char *content)
{
	char path[160], line[256], hex[2 * WARD_MD5_LEN + 1];
	uint8_t md5[WARD_MD5_LEN];

	assert_int_equal(ward_digest(WARD_MD5, ward_span_str(content), md5), WARD_OK);
	ward_text_hex(ward_span_of(md5, sizeof(md5)), hex);
	(void)snprintf(path, sizeof(path), "%s/info/%s.list", database, package);
	write_file(path, "/.\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/%s.md5sums", database, package);
	(void)snprintf(line, sizeof(line), "%s  opt/ward-test/%s\n", hex, name);
	write_file(path, line, 0644);
}

static bool
unchanged(struct ward_packages *p, const char *path, char *package)
{
	WARD_AUTO(ward_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return ward_packages_unchanged(p, fd, package);
}

static void
test_files_of_packages(void **state)
{
	const struct ward_packages_options options = {.database = database,
						      .on_process = on_process};
	char package[WARD_PACKAGES_NAME] = "";
	struct ward_packages_stats stats;
	struct ward_packages *p = NULL;

	(void)state;
	if (!have_opt)
		skip();
	install("one:amd64", "file", "content");
	write_file(PLACE "/file", "content", 0644);
	write_file(PLACE "/other", "content", 0644);
	assert_int_equal(ward_packages_new(&options, &p), WARD_OK);
	ward_packages_settle(p);
	assert_true(unchanged(p, PLACE "/file", package));
	assert_string_equal(package, "one:amd64");
	assert_false(unchanged(p, PLACE "/other", NULL));
	assert_false(unchanged(p, "/etc/passwd", NULL));
	/* who else may write it, or owns it */
	assert_int_equal(chmod(PLACE "/file", 0664), 0);
	assert_false(unchanged(p, PLACE "/file", NULL));
	assert_int_equal(chmod(PLACE "/file", 0644), 0);
	assert_int_equal(chown(PLACE "/file", 12345, 0), 0);
	assert_false(unchanged(p, PLACE "/file", NULL));
	assert_int_equal(chown(PLACE "/file", 0, 0), 0);
	assert_true(unchanged(p, PLACE "/file", NULL));
	/* the same length, another content */
	write_file(PLACE "/file", "cOntent", 0644);
	assert_false(unchanged(p, PLACE "/file", NULL));
	/* a new version: new sums, new content */
	install("one:amd64", "file", "version 2");
	ward_packages_settle(p);
	assert_false(unchanged(p, PLACE "/file", NULL));
	write_file(PLACE "/file", "version 2", 0644);
	assert_true(unchanged(p, PLACE "/file", NULL));
	ward_packages_stats(p, &stats);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.builds, 2);
	assert_int_equal(stats.files, 1);
	assert_null(ward_packages_free(p));
	assert_int_equal(born, 2);
	assert_int_equal(died, 2);
}

/* In front of the file lies another one, as a container's root would have it. */
static void
test_a_file_that_is_not_there_for_us(void **state)
{
	const struct ward_packages_options options = {.database = database};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_packages *p = NULL;

	(void)state;
	if (!have_opt)
		skip();
	install("one:amd64", "file", "content");
	write_file(PLACE "/file", "content", 0644);
	fd = open(PLACE "/file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ward_packages_new(&options, &p), WARD_OK);
	ward_packages_settle(p);
	assert_true(ward_packages_unchanged(p, fd, NULL));
	assert_int_equal(mount("ward-test", PLACE, "tmpfs", 0, NULL), 0);
	write_file(PLACE "/file", "content", 0644);
	assert_false(ward_packages_unchanged(p, fd, NULL));
	assert_int_equal(umount(PLACE), 0);
	assert_true(ward_packages_unchanged(p, fd, NULL));
	assert_int_equal(unlink(PLACE "/file"), 0);
	assert_false(ward_packages_unchanged(p, fd, NULL));
	(void)ward_packages_free(p);
}

static void
build_ours(struct ward_buf *bytes, struct ward_index *index)
{
	const struct ward_packages_options options = {.database = database};

	ward_buf_init(bytes, WARD_INDEX_MAX, NULL);
	assert_int_equal(ward_packages_build(&options, bytes), WARD_OK);
	assert_int_equal(ward_index_open(ward_buf_span(bytes), index), WARD_OK);
}

/* Links and what is no file are not followed, junk is passed over, what is not installed is none. */
static void
test_a_hostile_database(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_index index;
	char path[128];
	size_t first;

	(void)state;
	install("good", "good", "x");
	(void)snprintf(path, sizeof(path), "%s/info/link.list", database);
	write_file(path, "/.\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/link.md5sums", database);
	assert_int_equal(symlink("good.md5sums", path), 0);
	(void)snprintf(path, sizeof(path), "%s/info/junk.list", database);
	write_file(path, "/.\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/junk.md5sums", database);
	write_file(path, "\x01\x02 \n\n0123456789abcdef0123456789abcdef  ../../etc/shadow\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/removed.md5sums", database);
	write_file(path, "0123456789abcdef0123456789abcdef  opt/removed\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/fifo.list", database);
	write_file(path, "/.\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/info/fifo.md5sums", database);
	assert_int_equal(mkfifo(path, 0644), 0);
	build_ours(&bytes, &index);
	assert_int_equal(ward_index_find(&index, "/opt/ward-test/good", &first), 1);
	assert_int_equal(ward_index_find(&index, "/opt/removed", &first), 0);
}

static void
test_no_database(void **state)
{
	const struct ward_packages_options options = {.database = "/nonexistent/dpkg"};
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_packages_stats stats;
	struct ward_packages *p = NULL;

	(void)state;
	ward_buf_init(&bytes, 1 << 20, NULL);
	assert_int_equal(ward_packages_stamp(options.database), 0);
	assert_int_equal(ward_packages_build(&options, &bytes), WARD_E_GONE);
	assert_int_equal(ward_packages_new(&options, &p), WARD_OK);
	ward_packages_settle(p);
	assert_false(unchanged(p, "/usr/bin/true", NULL));
	ward_packages_stats(p, &stats);
	assert_int_equal(stats.builds + stats.failed, 0);
	(void)ward_packages_free(p);
	assert_null(ward_packages_free(NULL));
}

/* More than the caller takes: no index, and no harm. */
static void
test_too_much(void **state)
{
	const struct ward_packages_options options = {.database = database};
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};

	(void)state;
	ward_buf_init(&bytes, 8, NULL);
	assert_int_equal(ward_packages_build(&options, &bytes), WARD_E_LIMIT);
}

static void
test_dpkg_at_work(void **state)
{
	char path[96];
	int ends[2], status, fd;
	pid_t pid;
	char byte;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/lock", database);
	assert_false(ward_packages_busy(database));
	write_file(path, "", 0640);
	assert_false(ward_packages_busy(database));
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		fd = open(path, O_RDWR | O_CLOEXEC);
		_exit(fcntl(fd, F_SETLK, &lock) != 0 || write(ends[1], "x", 1) != 1 ||
		      pause() == 0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_true(ward_packages_busy(database));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	assert_false(ward_packages_busy(database));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_this_machine(void **state)
{
	const struct ward_packages_options options = {0};
	char package[WARD_PACKAGES_NAME] = "";
	struct ward_packages_stats stats;
	struct ward_packages *p = NULL;

	(void)state;
	if (access("/var/lib/dpkg/info/dash.md5sums", R_OK) != 0)
		skip();
	assert_int_equal(ward_packages_new(&options, &p), WARD_OK);
	ward_packages_settle(p);
	ward_packages_stats(p, &stats);
	assert_true(stats.files > 1000);
	assert_true(unchanged(p, "/bin/dash", package));
	assert_string_equal(package, "dash");
	assert_false(unchanged(p, database, NULL));
	(void)ward_packages_free(p);
}

static int
set_up(void **state)
{
	char path[96];

	(void)state;
	(void)snprintf(database, sizeof(database), "/tmp/ward-test-packages-XXXXXX");
	if (!mkdtemp(database) || chmod(database, 0755) != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/info", database);
	if (mkdir(path, 0755) != 0)
		return -1;
	have_opt = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		   mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		   mount("ward-test", "/opt", "tmpfs", 0, "mode=755") == 0 &&
		   mkdir(PLACE, 0755) == 0;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
		"info/one:amd64.list", "info/one:amd64.md5sums", "info/good.list",
		"info/good.md5sums",   "info/link.list",	 "info/link.md5sums",
		"info/junk.list",      "info/junk.md5sums",	 "info/removed.md5sums",
		"info/fifo.list",      "info/fifo.md5sums",	 "lock"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", database, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/info", database);
	(void)rmdir(path);
	return rmdir(database);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_packages),
		cmocka_unit_test(test_a_file_that_is_not_there_for_us),
		cmocka_unit_test(test_a_hostile_database),
		cmocka_unit_test(test_no_database),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_dpkg_at_work),
		cmocka_unit_test(test_this_machine),
	};

	if (argc > 1 && strcmp(argv[1], WARD_PACKAGES_CHILD) == 0)
		return ward_packages_child(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

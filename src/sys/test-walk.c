/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/walk.h"

static char root[] = "/tmp/ward-walk-XXXXXX";

struct log {
	struct ward_buf text;
	size_t base; /* length of the root's path, left out of the log */
	int stop_after;
};

static bool
note(void *ctx, const struct ward_walk_entry *e)
{
	struct log *log = ctx;

	assert_int_equal(ward_buf_printf(&log->text, "%s%s%s;", e->path + log->base,
					 e->why ? ":" : "", e->why ? ward_reason_name(e->why) : ""),
			 WARD_OK);
	if (e->fd >= 0) {
		assert_true(fcntl(e->fd, F_GETFD) & FD_CLOEXEC);
		(void)close(e->fd);
	} else {
		assert_true(e->why == WARD_REASON_NONE || e->detail != NULL);
	}
	return --log->stop_after != 0;
}

static void
check(const char *path, const struct ward_walk_options *options, const char *want)
{
	struct log log = {.base = strlen(root)};

	ward_buf_init(&log.text, 1 << 16, NULL);
	assert_int_equal(ward_walk(path, options, note, &log), WARD_OK);
	assert_int_equal(ward_buf_byte(&log.text, 0), WARD_OK);
	assert_string_equal((const char *)log.text.data, want);
	ward_buf_done(&log.text);
}

static void
make_file(const char *name)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("x", f);
	(void)fclose(f);
}

static const char *
in_root(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static int
make_tree(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(mkdir(in_root("d"), 0755), 0);
	assert_int_equal(mkdir(in_root("d/e"), 0755), 0);
	assert_int_equal(mkdir(in_root("skip"), 0755), 0);
	make_file("b.txt");
	make_file("a\nnew line");
	make_file("d/e/deep");
	make_file("skip/hidden");
	assert_int_equal(symlink("..", in_root("d/loop")), 0);
	assert_int_equal(symlink("self", in_root("self")), 0);
	assert_int_equal(symlink("b.txt", in_root("link")), 0);
	assert_int_equal(mkfifo(in_root("fifo"), 0600), 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", root);
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(s);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
remove_tree(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_everything_once_and_nothing_hangs(void **state)
{
	const struct ward_walk_options options = {.recursive = true};

	(void)state;
	check(root, &options,
	      "/a\nnew line;/b.txt;/d/e/deep;/fifo:special;/skip/hidden;/sock:special;");
}

static void
test_excludes(void **state)
{
	static const char *const patterns[] = {"skip", "*/d/*", "*.txt"};
	const struct ward_walk_options options = {
		.recursive = true, .excludes = patterns, .exclude_count = 3, .no_open = true};

	(void)state;
	check(root, &options, "/a\nnew line;/fifo:special;/sock:special;");
}

static void
test_paths_named_by_the_user(void **state)
{
	const struct ward_walk_options options = {.recursive = false};

	(void)state;
	check(in_root("link"), &options, "/link;");
	check(in_root("missing"), &options, "/missing:vanished;");
	check(in_root("self"), &options, "/self:io;");
	check(in_root("d"), &options, "/d:special;");
	check(in_root("fifo"), &options, "/fifo:special;");
}

static void
test_kernel_file_systems_are_not_read(void **state)
{
	const struct ward_walk_options options = {.recursive = true};
	struct log log = {.base = 0};

	(void)state;
	ward_buf_init(&log.text, 1 << 16, NULL);
	assert_int_equal(ward_walk("/proc", &options, note, &log), WARD_OK);
	assert_int_equal(ward_walk("/proc/self/status", &options, note, &log), WARD_OK);
	assert_int_equal(ward_buf_byte(&log.text, 0), WARD_OK);
	assert_string_equal((const char *)log.text.data,
			    "/proc:special;/proc/self/status:special;");
	ward_buf_done(&log.text);
}

static void
test_the_visitor_can_stop(void **state)
{
	const struct ward_walk_options options = {.recursive = true};
	struct log log = {.base = strlen(root), .stop_after = 1};

	(void)state;
	ward_buf_init(&log.text, 1 << 16, NULL);
	assert_int_equal(ward_walk(root, &options, note, &log), WARD_E_STOPPED);
	ward_buf_done(&log.text);
}

/* The same once more: the other one is the walk's path. */
static const char *
behind(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* What came since is found where it sorts behind, what has gone is no obstacle. */
static void
test_a_walk_goes_on_where_it_stopped(void **state)
{
	struct ward_walk_options options = {.recursive = true, .guarded = true};

	(void)state;
	options.after = behind("b.txt");
	check(root, &options, "/d/e/deep;/fifo:special;/skip/hidden;/sock:special;");
	options.after = behind("d/e/deep");
	check(root, &options, "/fifo:special;/skip/hidden;/sock:special;");
	/* in the middle of a directory, and behind names that are not there */
	options.after = behind("d/e/d");
	check(root, &options, "/d/e/deep;/fifo:special;/skip/hidden;/sock:special;");
	options.after = behind("d/zzz/gone");
	check(root, &options, "/fifo:special;/skip/hidden;/sock:special;");
	options.after = behind("e");
	check(root, &options, "/fifo:special;/skip/hidden;/sock:special;");
	/* a name that another begins with */
	options.after = behind("ski");
	check(root, &options, "/skip/hidden;/sock:special;");
	options.after = behind("skip/hidden");
	check(root, &options, "/sock:special;");
	options.after = behind("zzz");
	check(root, &options, "");
	/* another walk's, and the walk's own whole */
	options.after = "/elsewhere";
	check(in_root("d"), &options, "/d/e/deep;");
	options.after = behind("d");
	check(in_root("d"), &options, "");
}

static bool
skip_d(void *ctx, const char *path)
{
	(void)ctx;
	return strcmp(path + strlen(path) - 2, "/d") == 0;
}

static void
test_a_guarded_walk_follows_nothing(void **state)
{
	const struct ward_walk_options options = {
		.recursive = true, .guarded = true, .skip = skip_d};

	(void)state;
	check(root, &options, "/a\nnew line;/b.txt;/fifo:special;/skip/hidden;/sock:special;");
	/* neither as the path nor on its way */
	check(in_root("link"), &options, "");
	check(in_root("d/loop/b.txt"), &options, "/d/loop/b.txt:vanished;");
	check(in_root("b.txt"), &options, "/b.txt;");
	check(in_root("nothing"), &options, "/nothing:vanished;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_once_and_nothing_hangs),
		cmocka_unit_test(test_excludes),
		cmocka_unit_test(test_paths_named_by_the_user),
		cmocka_unit_test(test_kernel_file_systems_are_not_read),
		cmocka_unit_test(test_the_visitor_can_stop),
		cmocka_unit_test(test_a_walk_goes_on_where_it_stopped),
		cmocka_unit_test(test_a_guarded_walk_follows_nothing),
	};
	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}

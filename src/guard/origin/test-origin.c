/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/origins.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "guard/origin/medium.h"
#include "sys/process.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-origin-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = {"file", "curl", "dpkg", "tool"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* --- writers --- */

static void
test_classes(void **state)
{
	static const struct {
		const char *path;
		enum ward_writer_class class;
	} programs[] = {
		{"/usr/lib/firefox-esr/firefox-esr", WARD_WRITER_BROWSER},
		{"/opt/google/chrome/chrome", WARD_WRITER_BROWSER},
		{"/usr/bin/curl", WARD_WRITER_FETCHER},
		{"/usr/bin/curl (deleted)", WARD_WRITER_FETCHER},
		{"/usr/bin/python3.11", WARD_WRITER_SHELL},
		{"/usr/bin/bash", WARD_WRITER_SHELL},
		{"curl", WARD_WRITER_FETCHER},
		{"/usr/bin/curly", WARD_WRITER_OTHER},
		{"/usr/bin/shred", WARD_WRITER_OTHER},
		{"", WARD_WRITER_OTHER},
		/* Only by inode; see below. */
		{"/usr/bin/dpkg", WARD_WRITER_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_int_equal(ward_writer_class_of(programs[i].path), programs[i].class);
	assert_string_equal(ward_writer_class_name(WARD_WRITER_MAIL), "mail");
}

/* `path` (of 96 bytes) gets the name. */
static void
copy_program(const char *from, const char *name, char *path)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;

	(void)snprintf(path, 96, "%s/%s", dir, name);
	ward_buf_init(&bytes, 16 << 20, NULL);
	assert_int_equal(ward_fd_open_regular(-1, from, true, &fd, NULL), WARD_OK);
	assert_int_equal(ward_fd_read_all(fd, &bytes), WARD_OK);
	assert_int_equal(ward_fd_write_atomic(path, ward_buf_span(&bytes), 0700), WARD_OK);
}

/* A copy of /bin/sleep under a name, running. */
static void
start_program(const char *name, struct ward_process *ret)
{
	char path[96];
	const char *argv[] = {path, "60", NULL}, *envp[] = {NULL};
	const struct ward_process_options options = {.program = path, .argv = argv, .envp = envp};

	copy_program("/bin/sleep", name, path);
	assert_int_equal(ward_process_spawn(&options, ret), WARD_OK);
}

static void
test_writers_of_this_machine(void **state)
{
	struct ward_process p = {.pidfd = -1};
	struct ward_writer w;

	(void)state;
	start_program("curl", &p);
	ward_writer_of(p.pid, p.pidfd, &w);
	assert_int_equal(w.class, WARD_WRITER_FETCHER);
	assert_string_equal(w.program, "curl");
	assert_false(w.named_only);
	assert_false(w.connection);
	/* Ended but not reaped: its name is left. */
	ward_process_kill(p.pidfd);
	(void)waitid(P_PID, (id_t)p.pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
	ward_writer_of(p.pid, p.pidfd, &w);
	assert_int_equal(w.class, WARD_WRITER_FETCHER);
	assert_true(w.named_only);
	ward_process_end(&p);
	ward_writer_of(p.pid, -1, &w);
	assert_int_equal(w.class, WARD_WRITER_UNKNOWN);
	/* Who calls himself dpkg is not believed. */
	start_program("dpkg", &p);
	ward_writer_of(p.pid, p.pidfd, &w);
	assert_int_equal(w.class, WARD_WRITER_OTHER);
	ward_process_end(&p);
}

/* A number without its process, held by a pidfd of another one that is gone. */
static void
test_a_number_used_again(void **state)
{
	struct ward_process p = {.pidfd = -1};
	struct ward_writer w;
	int pidfd;

	(void)state;
	start_program("tool", &p);
	assert_int_equal(ward_process_pidfd(p.pid, &pidfd), WARD_OK);
	ward_process_end(&p);
	/* What runs under the number now (we do, to be sure that somebody does) is not what wrote. */
	ward_writer_of(getpid(), pidfd, &w);
	assert_int_equal(w.class, WARD_WRITER_UNKNOWN);
	assert_string_equal(w.program, "");
	ward_fd_close(&pidfd);
}

/* The first child of a process; 0: it has none yet. */
static int
child_of(pid_t pid)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_span rest, first;
	char path[64];
	uint64_t child;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	ward_buf_init(&text, 4096, NULL);
	assert_int_equal(ward_fd_open_regular(-1, path, false, &fd, NULL), WARD_OK);
	assert_int_equal(ward_fd_read_all(fd, &text), WARD_OK);
	rest = ward_buf_span(&text);
	return ward_text_split(&rest, ' ', &first) && ward_text_u64(first, &child) ? (int)child : 0;
}

static void
test_ancestors(void **state)
{
	struct ward_writer w = {0};
	char path[96];
	int child = 0;
	pid_t pid;

	(void)state;
	/* A shell called curl starts a sleep. */
	copy_program("/bin/dash", "curl", path);
	pid = fork();
	if (pid == 0) {
		(void)execl(path, path, "-c", "sleep 60; true", (char *)NULL);
		_exit(127);
	}
	/* Until the child has become sleep. */
	for (int i = 0; i < 500 && w.class != WARD_WRITER_OTHER; i++) {
		(void)usleep(10000);
		child = child_of(pid);
		if (child > 0)
			ward_writer_of(child, -1, &w);
	}
	(void)kill(child, SIGKILL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_string_equal(w.program, "sleep");
	assert_int_equal(w.ancestor, WARD_WRITER_FETCHER);
}

/* --- files --- */

static int
make_file(void)
{
	char path[96];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	(void)unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

static void
test_attributes(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = make_file();
	char longer[WARD_ADDRESS_MAX + 1];
	struct ward_origin o;

	(void)state;
	ward_origin_of_file(fd, &o);
	assert_int_equal(o.downloaded, 0);
	assert_string_equal(o.host, "");
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, "http://", 7);
	if (fsetxattr(fd, "user.xdg.origin.url", "file:///x", 9, 0) != 0) {
		assert_int_equal(errno, EOPNOTSUPP);
		skip();
	}
	ward_origin_of_file(fd, &o);
	assert_int_equal(o.downloaded, 0);
	assert_int_equal(fsetxattr(fd, "user.xdg.referrer.url", "https://R.example/", 18, 0), 0);
	ward_origin_of_file(fd, &o);
	assert_int_equal(o.downloaded, WARD_ORIGIN_BY_ADDRESS);
	assert_string_equal(o.host, "r.example");
	assert_int_equal(fsetxattr(fd, "user.xdg.origin.url", "http://o.example/?token=1", 25, 0),
			 0);
	ward_origin_of_file(fd, &o);
	assert_string_equal(o.host, "o.example");
	/* Too long to be read: says nothing, breaks nothing. */
	(void)fremovexattr(fd, "user.xdg.referrer.url");
	if (fsetxattr(fd, "user.xdg.origin.url", longer, sizeof(longer), 0) == 0) {
		ward_origin_of_file(fd, &o);
		assert_int_equal(o.downloaded, 0);
	}
}

static void
test_marks(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = make_file();
	const struct ward_writer curl = {.class = WARD_WRITER_FETCHER};
	struct ward_origin o;
	enum ward_rc rc;

	(void)state;
	ward_origin_of_file(fd, &o);
	assert_int_equal(ward_origin_mark(fd, &o), WARD_OK);
	ward_origin_of_file(fd, &o);
	assert_int_equal(o.downloaded, 0);
	ward_origin_add_writer(&o, &curl);
	assert_int_equal(o.downloaded, WARD_ORIGIN_BY_WRITER);
	rc = ward_origin_mark(fd, &o);
	if (geteuid() != 0) {
		assert_int_not_equal(rc, WARD_OK);
		skip();
	}
	assert_int_equal(rc, WARD_OK);
	ward_origin_of_file(fd, &o);
	assert_int_equal(o.downloaded, WARD_ORIGIN_BY_MARK);
}

static void
test_what_writers_mean(void **state)
{
	static const struct {
		struct ward_writer writer;
		unsigned downloaded;
	} cases[] = {
		{{.class = WARD_WRITER_OTHER}, 0},
		{{.class = WARD_WRITER_UNKNOWN}, 0},
		{{.class = WARD_WRITER_BROWSER}, WARD_ORIGIN_BY_WRITER},
		{{.class = WARD_WRITER_OTHER, .ancestor = WARD_WRITER_MAIL}, WARD_ORIGIN_BY_WRITER},
		{{.class = WARD_WRITER_SHELL, .connection = true}, WARD_ORIGIN_BY_SOCKET},
		/* dpkg is believed; what it starts is not */
		{{.class = WARD_WRITER_PACKAGES, .connection = true}, 0},
		{{.class = WARD_WRITER_FETCHER, .ancestor = WARD_WRITER_PACKAGES},
		 WARD_ORIGIN_BY_WRITER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ward_origin o = {0};

		ward_origin_add_writer(&o, &cases[i].writer);
		assert_true(o.written);
		assert_int_equal(o.downloaded, cases[i].downloaded);
	}
}

static void
test_media(void **state)
{
	(void)state;
	assert_false(ward_medium_is_removable(0));
	/* 1:3 is no block device. */
	assert_false(ward_medium_is_removable(0xffffffffffffffffu));
}

/* --- memory --- */

static void
test_written_files_are_remembered(void **state)
{
	const struct ward_origins_options options = {.files = 64, .queue = 4};
	WARD_AUTO(ward_fd_close) int fd = make_file();
	struct ward_process p = {.pidfd = -1};
	struct ward_origins *origins = NULL;
	struct ward_key key;
	enum ward_fd_kind kind;
	struct ward_origins_stats stats;
	struct ward_origin o;
	int pidfd;

	(void)state;
	assert_int_equal(ward_origins_new(&options, &origins), WARD_OK);
	ward_origins_of(origins, fd, &o);
	assert_false(o.written);
	start_program("curl", &p);
	assert_int_equal(ward_fd_copy(p.pidfd, &pidfd), WARD_OK);
	ward_origins_written(origins, fd, p.pid, pidfd);
	/* At once, whether or not anybody has looked. */
	ward_origins_of(origins, fd, &o);
	assert_true(o.written);
	ward_origins_settle(origins);
	ward_origins_of(origins, fd, &o);
	assert_string_equal(o.writer.program, "curl");
	assert_true(o.downloaded & WARD_ORIGIN_BY_WRITER);
	assert_int_equal(ward_key_of(fd, &key, &kind), WARD_OK);
	assert_true(ward_origins_recall(origins, &key, &o));
	assert_int_equal(o.downloaded, WARD_ORIGIN_BY_WRITER);
	ward_origins_lost(origins);
	assert_true(ward_origins_recall(origins, &key, &o));
	assert_int_equal(o.writer.class, WARD_WRITER_FETCHER);
	key.inode++;
	assert_false(ward_origins_recall(origins, &key, &o));
	ward_process_end(&p);
	/* More at once than there is room for are still files that were written. */
	for (int i = 0; i < 500; i++)
		ward_origins_written(origins, fd, getpid(), -1);
	ward_origins_settle(origins);
	ward_origins_stats(origins, &stats);
	assert_int_equal(stats.seen + stats.dropped, 501);
	assert_int_equal(stats.files, 1);
	ward_origins_of(origins, fd, &o);
	assert_true(o.written);
	assert_null(ward_origins_free(origins));
}

static void
test_memory_is_bounded(void **state)
{
	const struct ward_origins_options options = {.files = 8, .queue = 4};
	struct ward_origins *origins = NULL;
	struct ward_origins_stats stats;
	struct ward_origin o;
	int fds[40];

	(void)state;
	assert_int_equal(ward_origins_new(&options, &origins), WARD_OK);
	for (size_t i = 0; i < 40; i++) {
		fds[i] = make_file();
		ward_origins_written(origins, fds[i], getpid(), -1);
		ward_origins_settle(origins);
	}
	ward_origins_stats(origins, &stats);
	assert_int_equal(stats.files, 8);
	ward_origins_of(origins, fds[39], &o);
	assert_true(o.written);
	ward_origins_of(origins, fds[0], &o);
	assert_false(o.written);
	for (size_t i = 0; i < 40; i++)
		ward_fd_close(&fds[i]);
	(void)ward_origins_free(origins);
	assert_null(ward_origins_free(NULL));
}

/* --- policy --- */

static void
test_scope(void **state)
{
	struct ward_policy policy = *ward_policy_default();
	struct ward_origin nothing = {0}, net = {.downloaded = WARD_ORIGIN_BY_MARK};
	struct ward_origin written = {.written = true}, stick = {.removable = true};
	struct ward_origin dpkg = {.written = true, .writer = {.class = WARD_WRITER_PACKAGES}};

	(void)state;
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &nothing));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &net));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_SHELL, &written));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_OOXML, &stick));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ZIP, &net));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &dpkg));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_TEXT, &net));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_IMAGE, &written));
	policy.realtime.trust_packages = false;
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &dpkg));
	policy.hold.origin = 1u << WARD_POLICY_ORIGIN_REMOVABLE;
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &net));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &stick));
	policy.hold.origin = 1u << WARD_POLICY_ORIGIN_ANY;
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &nothing));
	policy.hold.content = 1u << WARD_POLICY_CONTENT_OTHER;
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_TEXT, &nothing));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ELF, &nothing));
	policy.hold.content = 0;
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_TEXT, &nothing));
}

/* What can carry code without being a program, and archives that nobody here opens. */
static void
test_contents(void **state)
{
	static const enum ward_type macros[] = {WARD_TYPE_OLE2, WARD_TYPE_HTML, WARD_TYPE_ONENOTE,
						WARD_TYPE_CHM};
	struct ward_policy policy = *ward_policy_default();
	const struct ward_origin place = {.downloaded = WARD_ORIGIN_BY_PLACE};

	(void)state;
	policy.hold.content = 1u << WARD_POLICY_CONTENT_MACRO;
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		assert_true(ward_origin_in_scope(&policy, macros[i], &place));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ARJ, &place));
	policy.hold.content = 1u << WARD_POLICY_CONTENT_ARCHIVE;
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ARJ, &place));
	assert_true(ward_origin_in_scope(&policy, WARD_TYPE_ZIP, &place));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_CHM, &place));
	assert_false(ward_origin_in_scope(&policy, WARD_TYPE_ONENOTE, &place));
}

/* Each type is one content, so that no type escapes a policy that names all of them. */
static void
test_every_type_is_some_content(void **state)
{
	struct ward_policy policy = *ward_policy_default();
	const struct ward_origin nothing = {0};

	(void)state;
	policy.hold.origin = 1u << WARD_POLICY_ORIGIN_ANY;
	for (enum ward_type type = 0; type < WARD_TYPE_COUNT; type++) {
		int contents = 0;

		for (int c = 0; c < WARD_POLICY_CONTENT_COUNT; c++) {
			policy.hold.content = 1u << c;
			contents += ward_origin_in_scope(&policy, type, &nothing);
		}
		assert_int_equal(contents, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_writers_of_this_machine),
		cmocka_unit_test(test_a_number_used_again),
		cmocka_unit_test(test_ancestors),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_what_writers_mean),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_written_files_are_remembered),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_every_type_is_some_content),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

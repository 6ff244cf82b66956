/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/origins.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/origin/medium.h"
#include "sys/process.h"

static char dir[64], host[WARD_HOST_ROOM];

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

/* --- addresses --- */

static void
test_hosts(void **state)
{
	static const char *const good[][2] = {
		{"https://Example.ORG/a?b=c@d", "example.org"},
		{"HTTP://user:pass@host.example:8080/x", "host.example"},
		{"http://bank.example@evil.example/", "evil.example"},
		{"ftp://a@b@c.example", "c.example"},
		{"http://[2001:DB8::1]:443/", "[2001:db8::1]"},
		{"http://h.example:/", "h.example"},
		{"http://evil.example\\@bank.example/", "evil.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ward_address_host(ward_span_str(good[i][0]), host), WARD_OK);
		assert_string_equal(host, good[i][1]);
	}
}

static void
test_what_is_no_host(void **state)
{
	static const char *const bad[] = {
		"",
		"http://",
		"file:///etc/passwd",
		"javascript:alert(1)",
		"http:///path",
		"http://a b/",
		"http://a\nb/",
		"http://h:99999/",
		"http://h:x/",
		"http://[::1",
		"http://[]/",
		"http://[::1]x/",
		"http://\xff/",
	};
	char longest[WARD_ADDRESS_MAX + 8];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_address_host(ward_span_str(bad[i]), host), WARD_E_FORMAT);
	assert_int_equal(ward_address_host(ward_span_of("http://a\0b", 10), host), WARD_E_FORMAT);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "http://", 7);
	assert_int_equal(ward_address_host(ward_span_of(longest, 7 + 253), host), WARD_OK);
	assert_int_equal(ward_address_host(ward_span_of(longest, 7 + 254), host), WARD_E_FORMAT);
	assert_int_equal(ward_address_host(ward_span_of(longest, sizeof(longest)), host),
			 WARD_E_FORMAT);
}

/* --- /proc --- */

static void
test_stat_of_a_process_with_a_hostile_name(void **state)
{
	static const char text[] = "7 (a) R 1 (x) S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
				   "9000 1 2\n";
	static const char *const bad[] = {"", "7 a S 1", "7 (a", "7 )a( S 1", "7 (a) S x 1",
					  "7 (a) S 99999999999 7 7 0 -1 4 1 2 3 4 5 6 7 8 2 0 1 0 9"};
	struct ward_proc_stat stat;

	(void)state;
	assert_int_equal(ward_proc_parse_stat(ward_span_str(text), &stat), WARD_OK);
	assert_string_equal(stat.name, "a) R 1 (x");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.parent, 42);
	assert_int_equal(stat.start, 9000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_proc_parse_stat(ward_span_str(bad[i]), &stat), WARD_E_FORMAT);
	assert_int_equal(ward_proc_stat(getpid(), &stat), WARD_OK);
	assert_int_equal(stat.parent, getppid());
}

static void
test_sockets(void **state)
{
	static const struct {
		const char *remote;
		bool is;
	} ends[] = {
		{"010200C0:01BB", true},			    /* 192.0.2.1 */
		{"0100007F:01BB", false},			    /* 127.0.0.1 */
		{"00000000:0000", false},			    /* listening */
		{"00000000000000000000000001000000:01BB", false}, /* ::1 */
		{"00000000000000000000000000000000:0000", false},
		{"B80D0120000000000000000001000000:01BB", true},  /* 2001:db8::1 */
		{"0000000000000000FFFF00000100007F:01BB", false}, /* ::ffff:127.0.0.1 */
		{"0000000000000000FFFF0000010200C0:01BB", true},
		{"xyz", false},
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct ward_proc_socket socket;
		struct ward_span rest;

		(void)snprintf(line, sizeof(line),
			       "   1: 0100007F:1F90 %s 01 00000000:00000000 00:00000000 00000000  "
			       "1000        0 4711 1 0 20\n",
			       ends[i].remote);
		rest = ward_span_str(line);
		assert_int_equal(ward_proc_next_socket(&rest, &socket), WARD_OK);
		assert_int_equal(socket.inode, 4711);
		assert_int_equal(socket.remote, ends[i].is);
		assert_int_equal(ward_proc_next_socket(&rest, &socket), WARD_E_NOENT);
	}
}

/* A UDP socket's connect sends nothing. */
static void
test_a_connection_of_our_own(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	WARD_AUTO(ward_fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_false(ward_proc_has_connection(getpid()));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_false(ward_proc_has_connection(getpid()));
	/* Bound to the loopback address now. */
	ward_fd_close(&fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &to.sin_addr), 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		assert_int_equal(errno, ENETUNREACH);
		print_message("no route to anywhere: a connection cannot be shown here\n");
		skip();
	}
	assert_true(ward_proc_has_connection(getpid()));
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

/* A copy of /bin/sleep under a name, running. */
static void
start_program(const char *name, struct ward_process *ret)
{
	char path[96], command[256];
	const char *argv[] = {path, "60", NULL}, *envp[] = {NULL};
	const struct ward_process_options options = {.program = path, .argv = argv, .envp = envp};

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)snprintf(command, sizeof(command), "cp /bin/sleep %s", path);
	assert_int_equal(system(command), 0);
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

static void
test_ancestors(void **state)
{
	struct ward_writer w = {0};
	char path[96], command[256];
	pid_t pid;

	(void)state;
	/* A shell called curl starts a sleep. */
	(void)snprintf(path, sizeof(path), "%s/curl", dir);
	(void)snprintf(command, sizeof(command), "cp /bin/dash %s", path);
	assert_int_equal(system(command), 0);
	pid = fork();
	if (pid == 0) {
		(void)execl(path, path, "-c", "sleep 60; true", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 200 && w.class == WARD_WRITER_UNKNOWN; i++) {
		FILE *children;
		int child = 0;

		(void)usleep(10000);
		(void)snprintf(command, sizeof(command), "/proc/%d/task/%d/children", pid, pid);
		children = fopen(command, "re");
		assert_non_null(children);
		if (fscanf(children, "%d", &child) == 1 && child > 0) {
			ward_writer_of(child, -1, &w);
			/* Not before it has become sleep. */
			if (w.class != WARD_WRITER_OTHER)
				w.class = WARD_WRITER_UNKNOWN;
			else
				(void)kill(child, SIGKILL);
		}
		(void)fclose(children);
	}
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
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_what_is_no_host),
		cmocka_unit_test(test_stat_of_a_process_with_a_hostile_name),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_a_connection_of_our_own),
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
		cmocka_unit_test(test_every_type_is_some_content),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"

/* Runs `body` in a child and returns its exit code, or minus its signal. */
static int
in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* What a program saw of its start comes back through its descriptor 5. */
static void
spawn_maps(void (*born)(void *, pid_t), pid_t *told)
{
	static const char *const argv[] = {
		"sh",  "-c", "echo \"$# $0 $1 $LEAK $KEEP\" >&5; ls /proc/self/fd >&5; cat >&5",
		"a b", "c",  NULL};
	static const char *const envp[] = {"KEEP=1", NULL};
	struct ward_process p = {.pidfd = -1};
	struct ward_buf all;
	int ends[2];
	int leak = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC */

	assert_true(leak >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const struct ward_process_fd map = {ends[1], 5};
	const struct ward_process_options o = {"/bin/sh", argv, envp, &map, 1, born, told};

	assert_int_equal(ward_process_spawn(&o, &p), WARD_OK);
	ward_fd_close(&ends[1]);
	ward_buf_init(&all, 4096, NULL);
	assert_int_equal(ward_fd_read_all(ends[0], &all), WARD_OK);
	/* ls has the directory itself open as one more. */
	assert_true(
		ward_span_eq(ward_buf_span(&all), ward_span_str("1 a b c  1\n0\n1\n2\n3\n5\n")));
	ward_process_end(&p);
	assert_int_equal(p.pidfd, -1);
	ward_buf_done(&all);
	ward_fd_close(&ends[0]);
	(void)close(leak);
}

static void
remember(void *told, pid_t pid)
{
	*(pid_t *)told = pid;
}

static void
test_spawn_maps_what_it_is_told(void **state)
{
	pid_t told = 0;

	(void)state;
	spawn_maps(NULL, NULL);
	spawn_maps(remember, &told);
	assert_true(told > 0);
}

static void
test_spawn_without_waiting(void **state)
{
	static const char *const none[] = {NULL};
	struct ward_process p = {.pidfd = -1};
	struct ward_process_exit end = {0};
	pid_t told = 0, ended;
	const struct ward_process_options o = {"/nonexistent", none, none, NULL, 0,
					       remember,       &told};
	struct pollfd wait = {.events = POLLIN};

	(void)state;
	assert_int_equal(ward_process_spawn(&o, &p), WARD_OK);
	assert_int_equal(p.pid, told);
	wait.fd = p.pidfd;
	assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_true(ward_process_reap(&ended, &end));
	assert_int_equal(ended, told);
	assert_int_equal(end.code, 127);
	ward_fd_close(&p.pidfd);
}

static void
test_spawn_failures(void **state)
{
	static const char *const none[] = {NULL};
	struct ward_process_options o = {"/nonexistent", none, none, NULL, 0, NULL, NULL};
	struct ward_process p = {.pidfd = -1};

	(void)state;
	assert_int_equal(ward_process_spawn(&o, &p), WARD_E_NOENT);
	o.program = "/etc/passwd";
	assert_int_equal(ward_process_spawn(&o, &p), WARD_E_PERM);
	assert_int_equal(p.pidfd, -1);
	ward_process_end(&p);
}

static void
test_children_are_told_apart(void **state)
{
	struct ward_process_exit end;
	sigset_t before;
	int fd = -1;
	pid_t pid, ended;

	(void)state;
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &before), 0);
	assert_int_equal(ward_signals_watch_children(&fd), WARD_OK);
	assert_false(ward_process_reap(&ended, &end));
	assert_int_equal(ward_process_fork(&pid), WARD_OK);
	if (pid == 0)
		ward_process_quit(7);
	while (!ward_process_reap(&ended, &end))
		(void)usleep(1000);
	assert_int_equal(ended, pid);
	assert_int_equal(end.code, 7);
	assert_int_equal(end.signal, 0);
	ward_signals_drain(fd);
	ward_fd_close(&fd);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_true(ward_process_cpus() >= 1);
	assert_true(ward_process_data_size() > 4096);
}

static int
with_landlock_only(void)
{
	int abi = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ward_sandbox_isolate(&abi) != WARD_OK)
		return 1;
	if (abi == 0)
		return 77;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open("/", O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES)
		return 3;
	/* Another one on top, as workers do it. */
	return ward_sandbox_isolate(&abi) == WARD_OK ? 0 : 4;
}

/* Each layer holds alone: nothing is refused by one only. */
static void
test_landlock_alone_keeps_files_shut(void **state)
{
	int code = in_child(with_landlock_only);

	(void)state;
	if (code == 77)
		skip();
	assert_int_equal(code, 0);
}

static int
with_filter_only(void)
{
	if (ward_sandbox_filter(WARD_SANDBOX_WORKER) != WARD_OK)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EPERM)
		return 2;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 3;
	if (fork() >= 0 || errno != EPERM)
		return 4;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		return 5;
	return 0;
}

static void
test_filter_alone_keeps_files_shut(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_filter_only), 0);
}

static int
with_zygote_filter(void)
{
	pid_t pid;
	int status = 0;

	if (ward_sandbox_filter(WARD_SANDBOX_ZYGOTE) != WARD_OK)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || socket(AF_INET, SOCK_STREAM, 0) >= 0)
		return 2;
	if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != EPERM)
		return 3;
	pid = fork();
	if (pid < 0)
		return 4;
	if (pid == 0)
		_exit(with_filter_only());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

static void
test_the_zygote_may_fork_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_zygote_filter), 0);
}

static char mine[32], other[32];

/* The numbers tell which attempt worked, or did not. */
static int
try_files(int abi)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/x", mine);
	if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 || unlink(path) != 0)
		return 4;
	(void)snprintf(path, sizeof(path), "%s/x", other);
	if (abi == 0)
		return 0;
	if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || open("/etc/passwd", O_RDONLY) >= 0 ||
	    open("/etc/hosts", O_RDWR) >= 0)
		return 5;
	return open("/etc/hosts", O_RDONLY) >= 0 ? 0 : 6;
}

static int
try_sockets(void)
{
	int pair[2];

	if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
	    socket(AF_NETLINK, SOCK_RAW, 0) >= 0 || socket(AF_PACKET, SOCK_RAW, 0) >= 0)
		return 7;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? 0 : 8;
}

static int
try_programs(void)
{
	if (fork() >= 0 || errno != EPERM)
		return 9;
	if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != EPERM)
		return 10;
	if (kill(getppid(), 0) == 0 || rmdir(other) == 0 || chmod(mine, 0777) == 0)
		return 11;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? 0
		       : 12;
}

static int
with_network_filter(void)
{
	const struct ward_sandbox_place places[] = {{mine, true}, {"/etc/hosts", false}};
	int abi = 0, code;

	if (ward_sandbox_drop_to(0, 0) == WARD_OK && getuid() == 0)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    ward_sandbox_confine(places, 2, &abi) != WARD_OK ||
	    ward_sandbox_filter(WARD_SANDBOX_NETWORK) != WARD_OK)
		return 3;
	code = try_files(abi);
	if (!code)
		code = try_sockets();
	return code ? code : try_programs();
}

static void
test_a_network_process_reaches_its_places_only(void **state)
{
	(void)state;
	(void)snprintf(mine, sizeof(mine), "/tmp/ward-test-XXXXXX");
	(void)snprintf(other, sizeof(other), "/tmp/ward-test-XXXXXX");
	assert_true(mkdtemp(mine) && mkdtemp(other));
	assert_int_equal(in_child(with_network_filter), 0);
	assert_true(rmdir(mine) == 0 && rmdir(other) == 0);
}

static int
drop(void)
{
	uid_t before = getuid();

	if (ward_sandbox_drop(NULL) != WARD_OK)
		return 1;
	if (before == 0 && (getuid() == 0 || getgid() == 0 || setuid(0) == 0))
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 3;
	return before == 0 && getgroups(0, NULL) != 0 ? 4 : 0;
}

static void
test_rights_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop), 0);
}

static int
limits(void)
{
	struct rlimit r;

	if (ward_sandbox_limit(64u << 20) != WARD_OK)
		return 1;
	if (getrlimit(RLIMIT_NPROC, &r) != 0 || r.rlim_max != 0)
		return 2;
	if (getrlimit(RLIMIT_FSIZE, &r) != 0 || r.rlim_max != 0)
		return 3;
	return getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_max != 0 ? 4 : 0;
}

static int
fuse_burns(void)
{
	if (ward_sandbox_cpu_fuse(20000) != WARD_OK)
		return 1;
	for (volatile int i = 0;; i++)
		;
}

static int
crash(void)
{
	if (ward_sandbox_watch_crashes() != WARD_OK)
		return 1;
	return raise(SIGSEGV);
}

static void
test_limits_and_ends(void **state)
{
	int burnt = in_child(fuse_burns);

	(void)state;
	assert_int_equal(in_child(limits), 0);
	assert_true(burnt < 0 && ward_sandbox_is_fuse(-burnt));
	assert_false(ward_sandbox_is_fuse(SIGSEGV));
	assert_int_not_equal(in_child(crash), WARD_SANDBOX_EXIT_MEMORY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn_maps_what_it_is_told),
		cmocka_unit_test(test_spawn_without_waiting),
		cmocka_unit_test(test_spawn_failures),
		cmocka_unit_test(test_children_are_told_apart),
		cmocka_unit_test(test_landlock_alone_keeps_files_shut),
		cmocka_unit_test(test_filter_alone_keeps_files_shut),
		cmocka_unit_test(test_the_zygote_may_fork_and_no_more),
		cmocka_unit_test(test_a_network_process_reaches_its_places_only),
		cmocka_unit_test(test_rights_are_dropped),
		cmocka_unit_test(test_limits_and_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

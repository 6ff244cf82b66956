/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that really run from a memfd and from a removed file: copies of sleep(1). */
#include "guard/memexec/memexec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/fd.h"

enum { SEEN_MAX = 64 };

static char dir[64];
static struct ward_memexec_found seen[SEEN_MAX];
static size_t seen_count;

static void
note(void *ctx, const struct ward_memexec_found *found)
{
	(void)ctx;
	if (seen_count < SEEN_MAX)
		seen[seen_count++] = *found;
}

/* What a round reports of this process; NULL: nothing. Others of the machine are passed over. */
static const struct ward_memexec_found *
found_of(struct ward_memexec *m, pid_t pid)
{
	seen_count = 0;
	assert_int_equal(ward_memexec_look(m, note, NULL), WARD_OK);
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].pid == pid)
			return &seen[i];
	}
	return NULL;
}

static void
copy_sleep(int to)
{
	WARD_AUTO(ward_fd_close) int from = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t n;

	assert_true(from >= 0);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(to, buffer, (size_t)n), n);
}

/* Returns when it runs: the pipe closes at the exec. */
static pid_t
run(int fd)
{
	char *argv[] = {(char[]){"sleep"}, (char[]){"60"}, NULL}, *envp[] = {NULL};
	int ends[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)fexecve(fd, argv, envp);
		_exit(127);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
	return pid;
}

static void
end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static int
executable_file(const char *name, char path[128])
{
	WARD_AUTO(ward_fd_close) int fd = -1;

	(void)snprintf(path, 128, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	copy_sleep(fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
test_memory(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = memfd_create("a name (deleted)", MFD_CLOEXEC);
	struct ward_memexec *m = ward_memexec_new();
	const struct ward_memexec_found *found;
	struct ward_memexec_stats stats;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	copy_sleep(fd);
	pid = run(fd);
	found = found_of(m, pid);
	assert_non_null(found);
	assert_int_equal(found->kind, WARD_MEMEXEC_MEMORY);
	assert_string_equal(found->name, "a name (deleted)");
	assert_int_equal(found->parent, getpid());
	assert_int_equal(found->uid, geteuid());
	/* Once a process. */
	assert_null(found_of(m, pid));
	end(pid);
	ward_memexec_stats(m, &stats);
	assert_int_equal(stats.rounds, 2);
	assert_true(stats.memory >= 1);
	assert_true(stats.processes > 1);
	assert_null(ward_memexec_free(m));
}

static void
test_deleted(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_memexec *m = ward_memexec_new();
	const struct ward_memexec_found *found;
	char path[128];
	pid_t pid;

	(void)state;
	fd = executable_file("gone", path);
	pid = run(fd);
	assert_null(found_of(m, pid));
	assert_int_equal(unlink(path), 0);
	found = found_of(m, pid);
	assert_non_null(found);
	assert_int_equal(found->kind, WARD_MEMEXEC_DELETED);
	assert_string_equal(found->name, path);
	end(pid);
	(void)ward_memexec_free(m);
}

/* A program whose name says that it was removed was not. */
static void
test_a_name_that_lies(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_memexec *m = ward_memexec_new();
	char path[128];
	pid_t pid;

	(void)state;
	fd = executable_file("it is (deleted)", path);
	pid = run(fd);
	assert_null(found_of(m, pid));
	end(pid);
	assert_int_equal(unlink(path), 0);
	(void)ward_memexec_free(m);
}

/* An update leaves the old program running; what anybody can put in the place is no update. */
static void
test_updates(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_fd_close) int second = -1;
	struct ward_memexec *m = ward_memexec_new();
	char path[128];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	fd = executable_file("updated", path);
	pid = run(fd);
	assert_int_equal(unlink(path), 0);
	second = executable_file("updated", path);
	assert_null(found_of(m, pid));
	assert_int_equal(chmod(dir, 0777), 0);
	assert_non_null(found_of(m, pid));
	assert_int_equal(chmod(dir, 0700), 0);
	end(pid);
	pid = run(second);
	assert_int_equal(unlink(path), 0);
	ward_fd_close(&fd);
	fd = executable_file("updated", path);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_non_null(found_of(m, pid));
	end(pid);
	assert_int_equal(unlink(path), 0);
	(void)ward_memexec_free(m);
}

/* What the program in the kernel told of is not told of again by /proc, or the other way round. */
static void
test_heard(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = memfd_create("heard", MFD_CLOEXEC);
	struct ward_memexec *m = ward_memexec_new();
	struct ward_bpf_record r = {.kind = WARD_BPF_MEMORY, .name = "memfd:heard", .uid = 7};
	const struct ward_memexec_found *found;
	struct ward_memexec_stats stats;
	struct stat st;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	copy_sleep(fd);
	pid = run(fd);
	found = found_of(m, pid);
	assert_non_null(found);
	assert_false(found->witnessed);
	assert_int_equal(fstat(fd, &st), 0);
	r.pid = pid;
	r.start_ns = found->start * 10000000 + 9999999;
	r.inode = st.st_ino;
	r.device = major(st.st_dev) << 20 | minor(st.st_dev);
	seen_count = 0;
	ward_memexec_hear(m, &r, note, NULL);
	assert_int_equal(seen_count, 0);
	end(pid);
	/* Another process: refused, with what is known of it. */
	r.start_ns += 1000000000;
	r.done = WARD_BPF_REFUSED;
	ward_memexec_hear(m, &r, note, NULL);
	ward_memexec_hear(m, &r, note, NULL);
	assert_int_equal(seen_count, 1);
	assert_true(seen[0].witnessed);
	assert_int_equal(seen[0].done, WARD_MEMEXEC_REFUSED);
	assert_int_equal(seen[0].uid, 7);
	assert_string_equal(seen[0].name, "heard");
	/* What may be an update is for the rounds, unless it was stopped. */
	r = (struct ward_bpf_record){
		.kind = WARD_BPF_DELETED, .pid = INT32_MAX, .roots = 1, .name = "gone"};
	ward_memexec_hear(m, &r, note, NULL);
	assert_int_equal(seen_count, 1);
	r.roots = 0;
	ward_memexec_hear(m, &r, note, NULL);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen[1].kind, WARD_MEMEXEC_DELETED);
	ward_memexec_stats(m, &stats);
	assert_int_equal(stats.stopped, 1);
	assert_int_equal(stats.pseudo, 0);
	(void)ward_memexec_free(m);
}

/* In a PID name space of its own, so that the machine's setting stays: 0 when all is as it should. */
static int
deny_in_here(void)
{
	char *argv[] = {(char[]){"true"}, NULL}, *envp[] = {NULL};
	int fd, plain;

	if (mount("proc", "/proc", "proc", 0, NULL) != 0)
		return 10;
	if (ward_memexec_kernel() == WARD_MEMEXEC_KERNEL_CANNOT)
		return 77;
	if (ward_memexec_deny() != WARD_OK)
		return 11;
	if (ward_memexec_kernel() != WARD_MEMEXEC_KERNEL_DENIES)
		return 12;
	fd = memfd_create("asks for it", MFD_CLOEXEC | 0x10 /* MFD_EXEC */);
	if (fd >= 0 || errno != EACCES)
		return 13;
	/* Who does not ask gets one that cannot be executed (Linux 6.6; before that none). */
	plain = memfd_create("does not", MFD_CLOEXEC);
	if (plain >= 0) {
		copy_sleep(plain);
		(void)fexecve(plain, argv, envp);
		if (errno != EACCES)
			return 14;
	}
	/* Ours go on working. */
	return ward_fd_memory("ours", &fd) == WARD_OK ? 0 : 15;
}

static void
test_the_kernel_denies(void **state)
{
	enum ward_memexec_kernel before = ward_memexec_kernel();
	int status = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		pid_t inner;

		if (unshare(CLONE_NEWNS | CLONE_NEWPID) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
			_exit(78);
		inner = fork();
		if (inner == 0)
			_exit(deny_in_here());
		(void)waitpid(inner, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 79);
	}
	(void)waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 78) {
		print_message("no name spaces of one's own, or no vm.memfd_noexec here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(ward_memexec_kernel(), before);
}

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-memexec-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_a_name_that_lies),
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_the_kernel_denies),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eBPF program in the running kernel, at each of the places where it can be attached. What it is to
 * refuse or kill runs in a PID name space of its own, and nothing else of the machine is in it.
 */
#include "guard/memexec/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/fd.h"
#include "sys/sandbox.h"

enum { SEEN_MAX = 256, WAIT_MS = 10000 };

static char dir[64];
static struct ward_bpf_record seen[SEEN_MAX];
static size_t seen_count;

static void
note(void *ctx, const struct ward_bpf_record *r)
{
	(void)ctx;
	if (seen_count < SEEN_MAX)
		seen[seen_count++] = *r;
}

/* What was told of this process; NULL: nothing, so far. Others of the machine are passed over. */
static const struct ward_bpf_record *
record_of(struct ward_witness *w, pid_t pid)
{
	seen_count = 0;
	ward_witness_read(w, note, NULL);
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].pid == pid)
			return &seen[i];
	}
	return NULL;
}

/* The same, and it comes. */
static const struct ward_bpf_record *
wait_for(struct ward_witness *w, pid_t pid)
{
	struct pollfd fd = {.fd = ward_witness_fd(w), .events = POLLIN};
	const struct ward_bpf_record *r = NULL;

	for (int i = 0; i < WAIT_MS / 100 && !(r = record_of(w, pid)); i++)
		(void)poll(&fd, 1, 100);
	assert_non_null(r);
	return r;
}

static void
copy_of(const char *program, int to)
{
	WARD_AUTO(ward_fd_close) int from = open(program, O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t n;

	assert_true(from >= 0);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(to, buffer, (size_t)n), n);
}

/* true(1), in memory. It has to exist before anything is refused, as the kernel's own refusal would. */
static int
in_memory(void)
{
	int fd = memfd_create("a test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	copy_of("/bin/true", fd);
	return fd;
}

/* true(1) in a file of ours, or without a name. */
static int
in_file(const char *name, bool removed)
{
	char path[128];
	int fd, out;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(out >= 0);
	copy_of("/bin/true", out);
	(void)close(out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (removed)
		assert_int_equal(unlink(path), 0);
	return fd;
}

/* Runs it to its end. Its status: 0, 100 + errno of the execution, 200 + signal. */
static int
run(int fd, pid_t *ret_pid)
{
	char *argv[] = {(char[]){"true"}, NULL}, *envp[] = {NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)fexecve(fd, argv, envp);
		_exit(100 + errno);
	}
	*ret_pid = pid;
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

/* NULL: this kernel, or this user, has none. */
static struct ward_witness *
witness(unsigned ways, enum ward_bpf_mode mode)
{
	struct ward_witness *w = ward_witness_new(ways);

	assert_non_null(w);
	if (ward_witness_way(w) == WARD_WITNESS_NONE) {
		print_message("%s\n", ward_witness_text(w));
		return ward_witness_free(w);
	}
	assert_int_equal(ward_witness_want(w, mode), WARD_OK);
	return w;
}

/* A process that has ended before anybody could have looked into /proc is told of, with all that is
 * known. */
static void
sees(unsigned way)
{
	WARD_AUTO(ward_fd_close) int fd = in_memory();
	struct ward_witness *w = witness(way, WARD_BPF_REPORT);
	const struct ward_bpf_record *r;
	struct stat st;
	pid_t pid;

	if (!w)
		skip();
	assert_int_equal(ward_witness_way(w), way);
	assert_int_equal(run(fd, &pid), 0);
	assert_int_equal(kill(pid, 0), -1);
	r = wait_for(w, pid);
	assert_int_equal(r->kind, WARD_BPF_MEMORY);
	assert_int_equal(r->done, WARD_BPF_SEEN);
	assert_int_equal(r->parent, getpid());
	assert_int_equal(r->uid, geteuid());
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(r->inode, st.st_ino);
	assert_int_equal(r->device >> 20, st.st_dev >> 8);
	assert_string_equal(r->name, "memfd:a test");
	assert_string_equal(r->type, "tmpfs");
	assert_true(r->comm[0] != 0);
	assert_true(r->start_ns > 0);
	assert_true(ward_witness_counts(w).looked_at > 0);
	assert_null(ward_witness_free(w));
}

static void
test_sees_by_return(void **state)
{
	(void)state;
	sees(WARD_WITNESS_RETURN);
}

static void
test_sees_by_trace(void **state)
{
	(void)state;
	sees(WARD_WITNESS_TRACE);
}

static void
test_removed_and_ordinary(void **state)
{
	WARD_AUTO(ward_fd_close) int gone = in_file("gone", true);
	WARD_AUTO(ward_fd_close) int ordinary = in_file("ordinary", false);
	struct ward_witness *w = witness(WARD_WITNESS_ALL, WARD_BPF_REPORT);
	const struct ward_bpf_record *r;
	pid_t pid, last;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/ordinary", dir);
	if (!w)
		skip();
	assert_int_equal(run(ordinary, &pid), 0);
	assert_int_equal(run(gone, &last), 0);
	r = wait_for(w, last);
	assert_int_equal(r->kind, WARD_BPF_DELETED);
	assert_string_equal(r->name, "gone");
	assert_true(r->roots);
	for (size_t i = 0; i < seen_count; i++)
		assert_int_not_equal(seen[i].pid, pid);
	/* One link of two is no removal. */
	ward_fd_close(&gone);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(link("ordinary", "second"), 0);
	assert_int_equal(unlink("ordinary"), 0);
	assert_int_equal(run(ordinary, &pid), 0);
	gone = in_file("marker", true);
	assert_int_equal(run(gone, &last), 0);
	(void)wait_for(w, last);
	for (size_t i = 0; i < seen_count; i++)
		assert_int_not_equal(seen[i].pid, pid);
	assert_int_equal(unlink("second"), 0);
	(void)ward_witness_free(w);
}

static void
test_pseudo(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	const struct ward_bpf_record *r;
	struct ward_witness *w;
	pid_t pid;

	(void)state;
	if (mount("ward-test", dir, "ramfs", 0, NULL) != 0)
		skip();
	fd = in_file("program", false);
	w = witness(WARD_WITNESS_ALL, WARD_BPF_REPORT);
	if (w) {
		assert_int_equal(run(fd, &pid), 0);
		r = wait_for(w, pid);
		assert_int_equal(r->kind, WARD_BPF_PSEUDO);
		assert_string_equal(r->type, "ramfs");
	}
	(void)ward_witness_free(w);
	ward_fd_close(&fd);
	assert_int_equal(umount2(dir, MNT_DETACH), 0);
}

static void
test_off(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = in_memory();
	struct ward_witness *w = witness(WARD_WITNESS_ALL, WARD_BPF_OFF);
	pid_t pid, last;

	(void)state;
	if (!w)
		skip();
	assert_int_equal(run(fd, &pid), 0);
	assert_int_equal(ward_witness_want(w, WARD_BPF_REPORT), WARD_OK);
	assert_int_equal(run(fd, &last), 0);
	(void)wait_for(w, last);
	for (size_t i = 0; i < seen_count; i++)
		assert_int_not_equal(seen[i].pid, pid);
	(void)ward_witness_free(w);
	w = ward_witness_new(0);
	assert_int_equal(ward_witness_way(w), WARD_WITNESS_NONE);
	assert_non_null(strstr(ward_witness_text(w), "switched off"));
	assert_int_equal(ward_witness_fd(w), -1);
	assert_int_equal(ward_witness_want(w, WARD_BPF_DENY), WARD_OK);
	ward_witness_read(w, note, NULL);
	assert_int_equal(ward_witness_counts(w).looked_at, 0);
	(void)ward_witness_free(w);
}

/* More than the ring holds: nobody waits, and what was lost is counted. */
static void
test_flood(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = in_memory();
	struct ward_witness *w = witness(WARD_WITNESS_ALL, WARD_BPF_REPORT);
	struct ward_bpf_counts counts;
	pid_t pid;

	(void)state;
	if (!w)
		skip();
	for (size_t i = 0; i <= WARD_BPF_RING / sizeof(struct ward_bpf_record); i++)
		assert_int_equal(run(fd, &pid), 0);
	counts = ward_witness_counts(w);
	assert_true(counts.lost > 0);
	assert_true(counts.looked_at > counts.lost);
	/* At most so many at a time. */
	seen_count = 0;
	ward_witness_read(w, note, NULL);
	assert_int_equal(seen_count, 64);
	ward_witness_read(w, note, NULL);
	assert_int_equal(seen_count, 128);
	(void)ward_witness_free(w);
}

/* Who ends, however, leaves nothing behind. */
static void
test_killed(void **state)
{
	WARD_AUTO(ward_fd_close) int fd = in_memory();
	int ends[2], status;
	char fine = 0;
	pid_t holder, pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	holder = fork();
	if (holder == 0) {
		/* It denies in a space that nobody else is in, and its child is. */
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0 || fork() != 0)
			_exit(wait(&status) < 0 ? 1 : WEXITSTATUS(status));
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mount("proc", "/proc", "proc", 0, NULL) == 0) {
			struct ward_witness *w = witness(WARD_WITNESS_ALL, WARD_BPF_DENY);

			fine = w && run(fd, &pid) != 0;
		}
		(void)!write(ends[1], &fine, 1);
		pid = getpid();
		(void)kill(pid, SIGKILL);
		_exit(1);
	}
	assert_int_equal(read(ends[0], &fine, 1), 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)waitpid(holder, &status, 0);
	if (!fine)
		skip();
	assert_int_equal(run(fd, &pid), 0);
}

/* --- what is refused; 0 when all is as it should, 77: cannot be tried here --- */

static int
denies_in_here(unsigned way)
{
	const int refused = way == WARD_WITNESS_TRACE ? 200 + SIGKILL : 100 + EPERM;
	const unsigned done = way == WARD_WITNESS_TRACE ? WARD_BPF_KILLED : WARD_BPF_REFUSED;
	int memory, updated, strangers, ordinary;
	struct ward_witness *w;
	pid_t pid, inner;

	if (way == WARD_WITNESS_LSM)
		/* Where it is mounted it cannot be mounted again. */
		(void)mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	if (mount("proc", "/proc", "proc", 0, NULL) != 0)
		return 77;
	memory = in_memory();
	updated = in_file("denied", true);
	strangers = in_file("stranger", true);
	ordinary = in_file("fine", false);
	if (fchown(strangers, 12345, 12345) != 0 || fchmod(strangers, 0755) != 0)
		return 10;
	w = witness(way, WARD_BPF_DENY);
	if (!w)
		return 77;
	if (ward_witness_way(w) != way)
		return 11;
	if (run(memory, &pid) != refused || wait_for(w, pid)->done != done)
		return 12;
	if (run(strangers, &pid) != refused || wait_for(w, pid)->done != done)
		return 13;
	if (run(updated, &pid) != 0 || wait_for(w, pid)->done != WARD_BPF_SEEN)
		return 14;
	if (run(ordinary, &pid) != 0)
		return 15;
	/* In a space below this one too, with its number up here. */
	inner = fork();
	if (inner == 0)
		_exit(unshare(CLONE_NEWPID) == 0 ? run(memory, &pid) == refused ? 0 : 1 : 0);
	(void)waitpid(inner, &memory, 0);
	return memory == 0 ? 0 : 16;
}

static int
apart(int (*deed)(unsigned), unsigned way)
{
	int status = 0;
	pid_t inner;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 77;
	inner = fork();
	if (inner == 0)
		_exit(deed(way));
	(void)waitpid(inner, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 79;
}

static void
denies(unsigned way)
{
	WARD_AUTO(ward_fd_close) int fd = in_memory();
	pid_t pid = fork(), other;
	int status;
	char path[128];

	if (pid == 0)
		_exit(apart(denies_in_here, way));
	(void)waitpid(pid, &status, 0);
	(void)snprintf(path, sizeof(path), "%s/fine", dir);
	(void)unlink(path);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(run(fd, &other), 0);
}

static void
test_denies_by_lsm(void **state)
{
	(void)state;
	denies(WARD_WITNESS_LSM);
}

static void
test_denies_by_return(void **state)
{
	(void)state;
	denies(WARD_WITNESS_RETURN);
}

static void
test_denies_by_trace(void **state)
{
	(void)state;
	denies(WARD_WITNESS_TRACE);
}

/* Rights are needed for loading. Given up later than that, all goes on. */
static int
with_less(unsigned way)
{
	const unsigned kept[] = {CAP_KILL};
	struct ward_witness *w = witness(way, WARD_BPF_REPORT), *late;
	int fd = in_memory();
	pid_t pid;

	if (!w)
		return 77;
	if (ward_sandbox_keep(kept, 1) != WARD_OK)
		return 20;
	late = ward_witness_new(way);
	if (!late || ward_witness_way(late) != WARD_WITNESS_NONE ||
	    !strstr(ward_witness_text(late), "may not be loaded"))
		return 21;
	if (run(fd, &pid) != 0 || wait_for(w, pid)->kind != WARD_BPF_MEMORY)
		return 22;
	return 0;
}

static void
test_rights(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(with_less(WARD_WITNESS_ALL));
	(void)waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-witness-XXXXXX");
	/* Mounts of ours are nobody else's. */
	if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sees_by_return),
		cmocka_unit_test(test_sees_by_trace),
		cmocka_unit_test(test_removed_and_ordinary),
		cmocka_unit_test(test_pseudo),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_denies_by_lsm),
		cmocka_unit_test(test_denies_by_return),
		cmocka_unit_test(test_denies_by_trace),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/errno.h"
#include "sys/fd.h"

enum { FDS_MAX = 8, TARGET_MAX = 32 };

/* Sources are lifted above all targets first, so that no dup2 overwrites a later source. */
static enum ward_rc
lift(const struct ward_process_options *o, int *lifted)
{
	for (size_t i = 0; i < o->fd_count; i++) {
		lifted[i] = fcntl(o->fds[i].from, F_DUPFD_CLOEXEC, TARGET_MAX);
		if (lifted[i] < 0)
			return ward_errno_rc(errno);
	}
	return WARD_OK;
}

static int
add_fds(posix_spawn_file_actions_t *actions, const struct ward_process_options *o,
	const int *lifted)
{
	int highest = STDERR_FILENO;
	int err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!err)
		err = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
						       O_WRONLY, 0);
	/* What lies between the mapped numbers may be open in the caller without close-on-exec. */
	for (int fd = STDERR_FILENO + 1; fd < TARGET_MAX && !err; fd++)
		err = posix_spawn_file_actions_addclose(actions, fd);
	for (size_t i = 0; i < o->fd_count && !err; i++) {
		err = posix_spawn_file_actions_adddup2(actions, lifted[i], o->fds[i].to);
		if (o->fds[i].to > highest)
			highest = o->fds[i].to;
	}
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions, highest + 1);
	return err;
}

static int
add_signals(posix_spawnattr_t *attr)
{
	sigset_t set;
	int err;

	(void)sigemptyset(&set);
	err = posix_spawnattr_setsigmask(attr, &set);
	(void)sigfillset(&set);
	if (!err)
		err = posix_spawnattr_setsigdefault(attr, &set);
	if (!err)
		err = posix_spawnattr_setflags(attr,
					       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return err;
}

/* posix_spawn neither writes to the strings nor keeps them; its prototype is older than const. */
static char *const *
unconst(const char *const *list)
{
	return (char *const *)(uintptr_t)list;
}

static enum ward_rc
spawn_with(const struct ward_process_options *o, const int *lifted, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return WARD_E_NOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return WARD_E_NOMEM;
	}
	err = add_fds(&actions, o, lifted);
	if (!err)
		err = add_signals(&attr);
	if (!err)
		err = posix_spawn(ret_pid, o->program, &actions, &attr, unconst(o->argv),
				  unconst(o->envp));
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return err ? ward_errno_rc(err) : WARD_OK;
}

/* --- without waiting for the execution --- */

/* In the child of a program that may have threads: nothing but system calls from here on. */
static void
become(const struct ward_process_options *o, const int *lifted, int gate)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	int highest = STDERR_FILENO;
	uint8_t go;
	int null;

	if (read(gate, &go, 1) != 1)
		_exit(127);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(127);
	for (int fd = STDERR_FILENO + 1; fd < TARGET_MAX; fd++)
		(void)close(fd);
	for (size_t i = 0; i < o->fd_count; i++) {
		if (dup2(lifted[i], o->fds[i].to) < 0)
			_exit(127);
		if (o->fds[i].to > highest)
			highest = o->fds[i].to;
	}
	(void)syscall(SYS_close_range, (unsigned)highest + 1, ~0u, 0);
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(o->program, unconst(o->argv), unconst(o->envp));
	_exit(127);
}

static enum ward_rc
spawn_gated(const struct ward_process_options *o, const int *lifted, pid_t *ret_pid)
{
	const uint8_t go = 1;
	int gate[2];
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) != 0)
		return ward_errno_rc(errno);
	pid = fork();
	if (pid == 0)
		become(o, lifted, gate[0]);
	if (pid > 0) {
		o->born(o->ctx, pid);
		(void)!write(gate[1], &go, 1);
		*ret_pid = pid;
	}
	(void)close(gate[0]);
	(void)close(gate[1]);
	return pid < 0 ? WARD_E_LIMIT : WARD_OK;
}

enum ward_rc
ward_process_spawn(const struct ward_process_options *o, struct ward_process *ret_process)
{
	int lifted[FDS_MAX];
	struct ward_process p = {.pidfd = -1};
	enum ward_rc rc;

	if (o->fd_count > FDS_MAX)
		return WARD_E_INVAL;
	memset(lifted, 0xff, sizeof(lifted));
	rc = lift(o, lifted);
	if (rc == WARD_OK)
		rc = o->born ? spawn_gated(o, lifted, &p.pid) : spawn_with(o, lifted, &p.pid);
	for (size_t i = 0; i < o->fd_count; i++)
		ward_fd_close(&lifted[i]);
	if (rc != WARD_OK)
		return rc;
	rc = ward_process_pidfd(p.pid, &p.pidfd);
	if (rc != WARD_OK) {
		(void)kill(p.pid, SIGKILL);
		(void)waitpid(p.pid, NULL, 0);
		return rc;
	}
	*ret_process = p;
	return WARD_OK;
}

void
ward_process_end(struct ward_process *p)
{
	if (p->pidfd < 0)
		return;
	ward_process_kill(p->pidfd);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	ward_fd_close(&p->pidfd);
}

void
ward_process_kill(int pidfd)
{
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

enum ward_rc
ward_process_pidfd(pid_t pid, int *ret_pidfd)
{
	long fd = syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */

	if (fd < 0)
		return ward_errno_rc(errno);
	*ret_pidfd = (int)fd;
	return WARD_OK;
}

bool
ward_process_reap(pid_t *ret_pid, struct ward_process_exit *ret_exit)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid <= 0)
		return false;
	*ret_pid = pid;
	*ret_exit = (struct ward_process_exit){
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	};
	return true;
}

enum ward_rc
ward_process_fork(pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid < 0)
		return ward_errno_rc(errno);
	*ret_pid = pid;
	return WARD_OK;
}

void
ward_process_quit(int code)
{
	_exit(code);
}

enum ward_rc
ward_process_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return ward_errno_rc(errno);
	return getppid() == parent ? WARD_OK : WARD_E_GONE;
}

pid_t
ward_process_self(void)
{
	return getpid();
}

size_t
ward_process_raise_fds(size_t want)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	more = (struct rlimit){want, want > limit.rlim_max ? want : limit.rlim_max};
	if (limit.rlim_cur >= want || setrlimit(RLIMIT_NOFILE, &more) == 0)
		return limit.rlim_cur >= want ? (size_t)limit.rlim_cur : want;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur : 0;
}

bool
ward_process_remains(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0 || errno != ESRCH;
}

void
ward_process_program(pid_t pid, int pidfd, char *ret_name, size_t room)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, ret_name, room - 1);
	/* It lives still, so its number was its own all the time. */
	if (pidfd >= 0 && !ward_process_remains(pidfd))
		n = 0;
	ret_name[n > 0 ? n : 0] = 0;
}

/* proc(5): the directory itself is the effective user's, whether or not the process may be dumped. */
bool
ward_process_user(pid_t pid, uint32_t *ret_uid)
{
	char name[64];
	struct stat st;

	(void)snprintf(name, sizeof(name), "/proc/%d", (int)pid);
	if (stat(name, &st) != 0)
		return false;
	*ret_uid = st.st_uid;
	return true;
}

void
ward_process_background(void)
{
	/* ioprio_set(2): this thread; the idle class. No header of the C library has them. */
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3 << 13, NICE_LAST = 19 };

	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE_LAST);
	(void)syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE);
}

unsigned
ward_process_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}

/* proc(5), statm: numbers of pages. */
static bool
statm(const char *path, uint64_t ret[6])
{
	WARD_AUTO(ward_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t text[256];
	struct ward_span rest, part = {NULL, 0};
	size_t n = 0;

	if (fd < 0 || ward_fd_pread(fd, text, sizeof(text), 0, &n) != WARD_OK)
		return false;
	rest = ward_span_of(text, n);
	for (int i = 0; i < 6; i++) {
		if (!ward_text_split(&rest, ' ', &part) || !ward_text_u64(part, &ret[i]))
			return false;
	}
	return true;
}

/* The sixth is data and stack. */
size_t
ward_process_data_size(void)
{
	uint64_t pages[6];

	return statm("/proc/self/statm", pages) ? (size_t)pages[5] * (size_t)sysconf(_SC_PAGESIZE)
						: 0;
}

/* The second is what is in memory, the third what of that stands in a file too. */
uint64_t
ward_process_private_memory(pid_t pid)
{
	uint64_t pages[6];
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (!statm(path, pages) || pages[1] < pages[2])
		return 0;
	return (pages[1] - pages[2]) * (uint64_t)sysconf(_SC_PAGESIZE);
}

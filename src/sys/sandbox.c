/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

enum {
	NOBODY = 65534,
	WORKER_FDS = 16,
	CRASH_STACK = 64 * 1024,
	MEMORY_PROBE = 1 << 20,
};

static enum ward_rc
become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return ward_errno_rc(errno);
	/* Trust, but verify: the way back must be shut. */
	if (setresuid(0, 0, 0) == 0 || getuid() != uid || geteuid() != uid || getgid() != gid)
		return WARD_E_PERM;
	return WARD_OK;
}

static enum ward_rc
become_user(const char *name)
{
	const struct passwd *pw = getpwnam(name ? name : "ward-scan");

	if (!pw && name)
		return WARD_E_NOENT;
	if (!pw)
		pw = getpwnam("nobody");
	if (!pw)
		return become(NOBODY, NOBODY);
	return pw->pw_uid == 0 ? WARD_E_INVAL : become(pw->pw_uid, pw->pw_gid);
}

static enum ward_rc
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) == 0 ? WARD_OK : ward_errno_rc(errno);
}

static enum ward_rc
drop_rest(void)
{
	enum ward_rc rc = drop_capabilities();

	if (rc != WARD_OK)
		return rc;
	/* After the change of user, which would switch dumping on again. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return ward_errno_rc(errno);
	return WARD_OK;
}

static bool
is_root(void)
{
	return geteuid() == 0 || getuid() == 0;
}

enum ward_rc
ward_sandbox_drop(const char *user)
{
	enum ward_rc rc = is_root() ? become_user(user) : WARD_OK;

	return rc == WARD_OK ? drop_rest() : rc;
}

enum ward_rc
ward_sandbox_drop_to(uint32_t uid, uint32_t gid)
{
	enum ward_rc rc = WARD_OK;

	if (is_root())
		rc = uid == 0 || gid == 0 ? WARD_E_INVAL : become(uid, gid);
	return rc == WARD_OK ? drop_rest() : rc;
}

static uint64_t
mask_of(const unsigned *capabilities, size_t count)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < count; i++)
		mask |= (uint64_t)1 << capabilities[i];
	return mask;
}

/* Capabilities that this kernel does not know end the list. */
static enum ward_rc
narrow_bounds(uint64_t keep)
{
	enum ward_rc rc = WARD_OK;

	for (unsigned long c = 0; c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++) {
		if (!(keep >> c & 1) && prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
			rc = ward_errno_rc(errno);
	}
	return rc;
}

enum ward_rc
ward_sandbox_keep(const unsigned *capabilities, size_t count)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint64_t keep = mask_of(capabilities, count);
	enum ward_rc rc = narrow_bounds(keep);

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) != 0)
		return ward_errno_rc(errno);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ward_errno_rc(errno);
	return rc;
}

static enum ward_rc
limit(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit limit = {value, value};

	return setrlimit(what, &limit) == 0 ? WARD_OK : ward_errno_rc(errno);
}

#if defined(__SANITIZE_ADDRESS__)
#define DATA_LIMITED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DATA_LIMITED 0
#endif
#endif
#ifndef DATA_LIMITED
#define DATA_LIMITED 1
#endif

enum ward_rc
ward_sandbox_limit(size_t data)
{
	enum ward_rc rc = WARD_OK;

	if (DATA_LIMITED && data > 0)
		rc = limit(RLIMIT_DATA, data);
	if (rc == WARD_OK)
		rc = limit(RLIMIT_NOFILE, WORKER_FDS);
	if (rc == WARD_OK)
		rc = limit(RLIMIT_NPROC, 0);
	if (rc == WARD_OK)
		rc = limit(RLIMIT_FSIZE, 0);
	if (rc == WARD_OK)
		rc = limit(RLIMIT_CORE, 0);
	return rc;
}

enum ward_rc
ward_sandbox_limit_other(int pid, size_t data)
{
	const struct rlimit to = {data, data};

	return !DATA_LIMITED || prlimit(pid, RLIMIT_DATA, &to, NULL) == 0 ? WARD_OK
									  : ward_errno_rc(errno);
}

/* Whoever dies because memory ran out mostly dies of something else a moment later (abort, a NULL
   that was not expected). Asking for a little more tells the two apart. */
static void
on_crash(int signal_number)
{
	void *probe = mmap(NULL, MEMORY_PROBE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (probe == MAP_FAILED && errno == ENOMEM)
		_exit(WARD_SANDBOX_EXIT_MEMORY);
	/* SA_RESETHAND put the default back: on return the instruction faults again. An abort goes
	   on by itself. */
	(void)signal_number;
}

enum ward_rc
ward_sandbox_watch_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGTRAP};
	static uint8_t stack[CRASH_STACK];
	const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction sa = {
		.sa_handler = on_crash,
		.sa_flags = SA_ONSTACK | (int)SA_RESETHAND,
	};

	if (sigaltstack(&alternate, NULL) != 0)
		return ward_errno_rc(errno);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], &sa, NULL) != 0)
			return ward_errno_rc(errno);
	}
	return WARD_OK;
}

enum ward_rc
ward_sandbox_cpu_fuse(uint64_t usec)
{
	struct itimerval timer = {
		.it_value = {(time_t)(usec / 1000000u), (suseconds_t)(usec % 1000000u)},
	};

	return setitimer(ITIMER_PROF, &timer, NULL) == 0 ? WARD_OK : ward_errno_rc(errno);
}

bool
ward_sandbox_is_fuse(int signal_number)
{
	return signal_number == SIGPROF || signal_number == SIGXCPU;
}

void
ward_sandbox_close_from(int first)
{
	(void)close_range((unsigned)first, ~0u, 0);
}

enum ward_rc
ward_sandbox_mute(void)
{
	WARD_AUTO(ward_fd_close) int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return ward_errno_rc(errno);
	for (int to = 0; to <= 2; to++) {
		if (fd != to && dup2(fd, to) < 0)
			return ward_errno_rc(errno);
	}
	if (fd <= 2)
		fd = -1;
	return WARD_OK;
}

enum ward_rc
ward_sandbox_move_fd(int fd, int to)
{
	if (fd == to)
		return WARD_OK;
	if (dup3(fd, to, O_CLOEXEC) < 0)
		return ward_errno_rc(errno);
	ward_fd_close(&fd);
	return WARD_OK;
}

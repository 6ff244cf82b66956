/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/errno.h"

/* The worker's one channel. */
enum { CHANNEL = 3 };

/* Memory, time, signals to oneself, reading what is open, ending. */
static const int BASIC[] = {
	SCMP_SYS(read),		SCMP_SYS(pread64),	 SCMP_SYS(lseek),
	SCMP_SYS(fstat),	SCMP_SYS(close),	 SCMP_SYS(munmap),
	SCMP_SYS(mremap),	SCMP_SYS(brk),		 SCMP_SYS(madvise),
	SCMP_SYS(futex),	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday), SCMP_SYS(time),		 SCMP_SYS(getrandom),
	SCMP_SYS(getpid),	SCMP_SYS(gettid),	 SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),	SCMP_SYS(rt_sigaction),	 SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),	 SCMP_SYS(restart_syscall),
	SCMP_SYS(setitimer),	SCMP_SYS(exit),		 SCMP_SYS(exit_group),
};

/* What making a worker takes on top: fork, pass a descriptor on, and the calls by which the child
   restricts itself. */
static const int ZYGOTE[] = {
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(wait4),
	SCMP_SYS(waitid),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(getppid),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(close_range),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(prctl),
	SCMP_SYS(seccomp),
	SCMP_SYS(landlock_create_ruleset),
	SCMP_SYS(prlimit64),
	SCMP_SYS(setrlimit),
	SCMP_SYS(landlock_restrict_self),
};

/* Sockets and waiting for them, the files of a database and of a resolver, threads. */
static const int NETWORK[] = {
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(socketpair),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(readv),
	SCMP_SYS(pwrite64),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fchmod),
	SCMP_SYS(flock),
	SCMP_SYS(umask),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getppid),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrusage),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(dup),
};

static int
allow(scmp_filter_ctx ctx, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);

		/* A call this architecture does not have. */
		if (err != 0 && err != -EDOM)
			return err;
	}
	return 0;
}

/* Memory may never become executable, whatever was written to it. */
static int
allow_memory(scmp_filter_ctx ctx)
{
	int err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (err)
		return err;
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int
allow_zygote(scmp_filter_ctx ctx)
{
	const scmp_datum_t spaces = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
				    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_VM;
	int err = allow(ctx, ZYGOTE, sizeof(ZYGOTE) / sizeof(ZYGOTE[0]));

	if (err)
		return err;
	/* Children may signal themselves, of which the number is not known yet; their own filter
	   narrows it. Landlock keeps signals inside. */
	err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
	if (err)
		return err;
	/* fork() only: own memory, no new name spaces. */
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, spaces, 0));
}

static int
allow_worker(scmp_filter_ctx ctx)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1,
				   SCMP_A0(SCMP_CMP_EQ, CHANNEL, 0));

	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1,
				       SCMP_A0(SCMP_CMP_EQ, CHANNEL, 0));
	/* abort() */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0(SCMP_CMP_EQ, self, 0));
	return err;
}

static int
allow_network(scmp_filter_ctx ctx)
{
	static const int families[] = {AF_INET, AF_INET6};
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int err = allow(ctx, NETWORK, sizeof(NETWORK) / sizeof(NETWORK[0]));

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
	/* Threads, in which names are resolved; never a process. clone3 hides its flags in memory:
	   saying that it does not exist makes the C library take the older call. */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0(SCMP_CMP_EQ, self, 0));
	return err;
}

static int
allow_role(scmp_filter_ctx ctx, enum ward_sandbox_role role)
{
	switch (role) {
	case WARD_SANDBOX_ZYGOTE:
		return allow_zygote(ctx);
	case WARD_SANDBOX_WORKER:
		return allow_worker(ctx);
	case WARD_SANDBOX_NETWORK:
		return allow_network(ctx);
	}
	return -EINVAL;
}

static int
build(scmp_filter_ctx ctx, enum ward_sandbox_role role)
{
	/* Another instruction set's system calls have other numbers: no way around the list. */
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (!err)
		err = allow(ctx, BASIC, sizeof(BASIC) / sizeof(BASIC[0]));
	if (!err)
		err = allow_memory(ctx);
	if (!err)
		err = allow_role(ctx, role);
	if (!err)
		err = seccomp_load(ctx);
	return err;
}

enum ward_rc
ward_sandbox_filter(enum ward_sandbox_role role)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!ctx)
		return WARD_E_NOMEM;
	err = build(ctx, role);
	seccomp_release(ctx);
	return err ? ward_errno_rc(-err) : WARD_OK;
}

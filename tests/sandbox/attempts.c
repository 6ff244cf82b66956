/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY(name, ...)                                                                             \
	static long try_##name(void)                                                               \
	{                                                                                          \
		return syscall(__VA_ARGS__);                                                       \
	}

static const char FILE_NAME[] = "/etc/passwd";
static char *const NO_STRINGS[] = {NULL};

/* paths */
TRY(openat, SYS_openat, AT_FDCWD, FILE_NAME, O_RDONLY, 0)
TRY(open_proc, SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY, 0)
TRY(open_mem, SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0)
TRY(open_dir, SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0)
TRY(open_path, SYS_openat, AT_FDCWD, "/", O_PATH, 0)
TRY(create, SYS_openat, AT_FDCWD, ATTEMPT_FILE, O_CREAT | O_WRONLY | O_EXCL, 0600)
TRY(openat2, SYS_openat2, AT_FDCWD, FILE_NAME, NULL, 0)
TRY(stat, SYS_newfstatat, AT_FDCWD, FILE_NAME, &(struct stat){0}, 0)
TRY(statx, SYS_statx, AT_FDCWD, FILE_NAME, 0, STATX_BASIC_STATS, &(struct statx){0})
TRY(access, SYS_faccessat, AT_FDCWD, FILE_NAME, R_OK)
TRY(readlink, SYS_readlinkat, AT_FDCWD, "/proc/self/exe", (char[256]){0}, 256)
TRY(unlink, SYS_unlinkat, AT_FDCWD, "/nonexistent/ward", 0)
TRY(rename, SYS_renameat2, AT_FDCWD, "/nonexistent/a", AT_FDCWD, "/nonexistent/b", 0)
TRY(mkdir, SYS_mkdirat, AT_FDCWD, "/nonexistent/ward", 0700)
TRY(symlink, SYS_symlinkat, "x", AT_FDCWD, "/nonexistent/ward")
TRY(link, SYS_linkat, AT_FDCWD, FILE_NAME, AT_FDCWD, "/nonexistent/ward", 0)
TRY(chmod, SYS_fchmodat, AT_FDCWD, "/nonexistent/ward", 0600)
TRY(truncate, SYS_truncate, "/nonexistent/ward", 0L)
TRY(chdir, SYS_chdir, "/")
TRY(chroot, SYS_chroot, "/")
TRY(getdents, SYS_getdents64, 0, (char[256]){0}, 256)
TRY(inotify, SYS_inotify_init1, 0)
TRY(handle, SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY)
/* network and other processes' channels */
TRY(socket_inet, SYS_socket, AF_INET, SOCK_STREAM, 0)
TRY(socket_inet6, SYS_socket, AF_INET6, SOCK_DGRAM, 0)
TRY(socket_unix, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
TRY(socket_netlink, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
TRY(socketpair, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (int[2]){0})
TRY(connect, SYS_connect, 3, &(struct sockaddr_un){.sun_family = AF_UNIX},
    sizeof(struct sockaddr_un))
TRY(bind, SYS_bind, 3, &(struct sockaddr_un){.sun_family = AF_UNIX}, sizeof(sa_family_t))
TRY(listen, SYS_listen, 3, 1)
TRY(sendto, SYS_sendto, 3, "x", 1, MSG_DONTWAIT, NULL, 0)
TRY(sendmsg_other, SYS_sendmsg, 4, &(struct msghdr){0}, MSG_DONTWAIT)
TRY(pipe, SYS_pipe2, (int[2]){0}, 0)
TRY(shm, SYS_shmget, 0x57415244, 4096, 0600)
TRY(write_stderr, SYS_write, 2, "", 0)
TRY(ioctl, SYS_ioctl, 0, TIOCGWINSZ, (char[64]){0})
TRY(fcntl, SYS_fcntl, 3, F_GETFL)
TRY(dup, SYS_dup, 3)
/* programs and processes */
TRY(execve, SYS_execve, "/nonexistent/ward", NO_STRINGS, NO_STRINGS)
TRY(execveat, SYS_execveat, 3, "", NO_STRINGS, NO_STRINGS, AT_EMPTY_PATH)
TRY(ptrace, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)
TRY(ptrace_parent, SYS_ptrace, PTRACE_SEIZE, 1, 0, 0)
TRY(vm_read, SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0)
TRY(vm_write, SYS_process_vm_writev, 1, NULL, 0, NULL, 0, 0)
TRY(kill_init, SYS_kill, 1, 0)
TRY(kill_all, SYS_kill, -1, 0)
TRY(tkill, SYS_tkill, 1, 0)
TRY(tgkill_other, SYS_tgkill, 1, 1, 0)
TRY(pidfd, SYS_pidfd_open, 1, 0)
TRY(getppid, SYS_getppid)
TRY(setpriority, SYS_setpriority, 0, 0, 19)
TRY(wait, SYS_wait4, -1, NULL, WNOHANG, NULL)
/* memory */
TRY(memfd, SYS_memfd_create, "ward", 0)
TRY(mmap_exec, SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
TRY(mmap_write_exec, SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
TRY(pkey_mprotect, SYS_pkey_mprotect, NULL, 0, PROT_READ, -1)
TRY(personality, SYS_personality, 0xffffffff)
TRY(mlock, SYS_mlockall, 0)
/* the kernel */
TRY(bpf, SYS_bpf, BPF_PROG_LOAD, NULL, 0)
TRY(io_uring, SYS_io_uring_setup, 1, NULL)
TRY(userfaultfd, SYS_userfaultfd, 0)
TRY(perf, SYS_perf_event_open, NULL, 0, -1, -1, 0)
TRY(keyctl, SYS_keyctl, 0, -3, 0, 0, 0)
TRY(add_key, SYS_add_key, "user", "ward", "x", 0, -3)
TRY(mount, SYS_mount, "none", "/nonexistent/ward", "tmpfs", 0, NULL)
TRY(unshare, SYS_unshare, CLONE_NEWUSER)
TRY(setns, SYS_setns, 3, 0)
TRY(module, SYS_init_module, NULL, 0, "")
TRY(reboot, SYS_reboot, 0, 0, 0, NULL)
/* rights */
TRY(setuid, SYS_setuid, 0)
TRY(setgroups, SYS_setgroups, 0, NULL)
TRY(capset, SYS_capset, NULL, NULL)
TRY(prctl, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
TRY(setrlimit, SYS_prlimit64, 0, 0, NULL, NULL)
TRY(seccomp, SYS_seccomp, 0, 0, NULL)
TRY(landlock, SYS_landlock_create_ruleset, NULL, 0, 1)

static long
child_ended(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long
try_fork(void)
{
	return child_ended(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static long
try_clone3(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	return child_ended(syscall(SYS_clone3, &args, sizeof(args)));
}

static long
try_thread(void)
{
	/* Invalid on purpose (CLONE_THREAD without CLONE_VM): a kernel that looks says EINVAL. */
	return syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0);
}

static long
try_mprotect_exec(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC);
}

#define IS(name)                                                                                   \
	{                                                                                          \
#name, try_##name, false                                                           \
	}
#define CONTROL(name)                                                                              \
	{                                                                                          \
#name, try_##name, true                                                            \
	}

const struct attempt ATTEMPTS[] = {
	CONTROL(openat),
	CONTROL(open_proc),
	CONTROL(open_mem),
	CONTROL(open_dir),
	CONTROL(open_path),
	CONTROL(create),
	IS(openat2),
	CONTROL(stat),
	CONTROL(statx),
	CONTROL(access),
	CONTROL(readlink),
	IS(unlink),
	IS(rename),
	IS(mkdir),
	IS(symlink),
	IS(link),
	IS(chmod),
	IS(truncate),
	CONTROL(chdir),
	IS(chroot),
	IS(getdents),
	CONTROL(inotify),
	IS(handle),
	CONTROL(socket_inet),
	IS(socket_inet6),
	CONTROL(socket_unix),
	CONTROL(socket_netlink),
	CONTROL(socketpair),
	IS(connect),
	IS(bind),
	IS(listen),
	IS(sendto),
	IS(sendmsg_other),
	CONTROL(pipe),
	IS(shm),
	CONTROL(write_stderr),
	IS(ioctl),
	IS(fcntl),
	IS(dup),
	IS(execve),
	IS(execveat),
	IS(ptrace),
	IS(ptrace_parent),
	IS(vm_read),
	IS(vm_write),
	IS(kill_init),
	IS(kill_all),
	IS(tkill),
	IS(tgkill_other),
	IS(pidfd),
	CONTROL(getppid),
	CONTROL(setpriority),
	IS(wait),
	CONTROL(memfd),
	CONTROL(mmap_exec),
	CONTROL(mmap_write_exec),
	IS(pkey_mprotect),
	CONTROL(personality),
	IS(mlock),
	IS(bpf),
	IS(io_uring),
	IS(userfaultfd),
	IS(perf),
	IS(keyctl),
	IS(add_key),
	IS(mount),
	IS(unshare),
	IS(setns),
	IS(module),
	IS(reboot),
	IS(setuid),
	IS(setgroups),
	IS(capset),
	CONTROL(prctl),
	CONTROL(setrlimit),
	IS(seccomp),
	IS(landlock),
	CONTROL(fork),
	IS(clone3),
	IS(thread),
	CONTROL(mprotect_exec),
};

const size_t ATTEMPT_COUNT = sizeof(ATTEMPTS) / sizeof(ATTEMPTS[0]);

int
attempt_errno(const struct attempt *a)
{
	errno = 0;
	return a->run() < 0 ? errno : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and ending our own programs. No shell, no PATH, no inherited descriptors or
 * environment but those named. */
#ifndef WARD_SYS_PROCESS_H
#define WARD_SYS_PROCESS_H

#include <sys/types.h>

#include "base/rc.h"
#include "base/span.h"

struct ward_process {
	pid_t pid;
	int pidfd; /* -1 when not running */
};

struct ward_process_fd {
	int from; /* the caller's; stays open there */
	int to;	  /* its number in the program, below 32 */
};

struct ward_process_options {
	const char *program;
	const char *const *argv; /* ends with NULL */
	const char *const *envp; /* ends with NULL */
	const struct ward_process_fd *fds;
	size_t fd_count; /* at most 8 */
	/*
	 * Not NULL: told the number of the new process before that has done anything at all, and the
	 * call does not wait until the program runs: for a caller whose own answer the execution may
	 * have to wait for. A program that cannot be run then just ends, with code 127.
	 */
	void (*born)(void *ctx, pid_t pid);
	void *ctx;
};

/*
 * Executes the program with default signal handling. 0 and 1 are /dev/null unless mapped, 2 is the
 * caller's, everything not mapped is closed. WARD_E_NOENT, WARD_E_PERM, WARD_E_FORMAT (not a
 * program).
 */
enum ward_rc ward_process_spawn(const struct ward_process_options *options,
				struct ward_process *ret_process) WARD_MUST_CHECK;
/* Kills (if it still runs), reaps and closes. Does nothing when pidfd is -1. */
void ward_process_end(struct ward_process *p);

/* How a process ended. */
struct ward_process_exit {
	int code;   /* when signal is 0 */
	int signal; /* 0: it exited by itself */
};

/* Sends SIGKILL; a process that is gone already is fine. */
void ward_process_kill(int pidfd);
/* A descriptor for a child of the caller, readable when it has ended. */
enum ward_rc ward_process_pidfd(pid_t pid, int *ret_pidfd) WARD_MUST_CHECK;
/* Reaps any one ended child. False: none has ended. */
bool ward_process_reap(pid_t *ret_pid, struct ward_process_exit *ret_exit);

/* Forks: 0 in the child. Only for single-threaded programs that made themselves ready for it. */
enum ward_rc ward_process_fork(pid_t *ret_pid) WARD_MUST_CHECK;
/* Ends the calling process at once: no exit handlers, no flushing. */
void ward_process_quit(int code) __attribute__((noreturn));

/* Kills the calling process when its parent ends. WARD_E_GONE: the parent (which was `parent`) has
 * ended already. */
enum ward_rc ward_process_die_with(pid_t parent) WARD_MUST_CHECK;
pid_t ward_process_self(void);
/* Descriptors the process may have: as many of `want` as the system lets it. */
size_t ward_process_raise_fds(size_t want);
/* What a process runs, for people: the link in /proc, "" if it is gone. With a pidfd of it (-1: none)
 * the answer is about that process and no later one of the same number. */
void ward_process_program(pid_t pid, int pidfd, char *ret_name, size_t room);
/* Whose process it is: the effective user. False: it is gone. */
bool ward_process_user(pid_t pid, uint32_t *ret_uid);
/* Whether the process has not been reaped: its number is still its own, running or not. */
bool ward_process_remains(int pidfd);
/* From now on the calling thread, and what it starts, gets what others leave of CPUs and disks. */
void ward_process_background(void);
/* CPUs this process may use, at least 1. */
unsigned ward_process_cpus(void);
/* Bytes of private writable memory of the calling process, as RLIMIT_DATA counts them; 0 when
 * /proc does not tell. */
size_t ward_process_data_size(void);
/* Bytes of memory that are the process's own and in use; 0 when /proc does not tell. */
uint64_t ward_process_private_memory(pid_t pid);

#endif

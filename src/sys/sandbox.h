/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up rights, for good. Nothing here can be undone by the process that calls it, nor by its
 * children. The order that works: ward_sandbox_drop, then (with everything loaded)
 * ward_sandbox_isolate, then ward_sandbox_filter.
 */
#ifndef WARD_SYS_SANDBOX_H
#define WARD_SYS_SANDBOX_H

#include "base/rc.h"
#include "base/span.h"

/*
 * Root becomes the user `user` (NULL: "ward-scan" if there is one, else "nobody", else number
 * 65534) without supplementary groups; everybody loses all capabilities, gains nothing by executing
 * set-user-id programs, and can be neither traced nor dumped. Fails rather than going on with more
 * rights than that.
 */
enum ward_rc ward_sandbox_drop(const char *user) WARD_MUST_CHECK;
/* The same with the numbers of a user, who need not have a name. WARD_E_INVAL: root is none. */
enum ward_rc ward_sandbox_drop_to(uint32_t uid, uint32_t gid) WARD_MUST_CHECK;

/*
 * Who stays root keeps these capabilities only (numbers of linux/capability.h), and neither it nor what it
 * executes gets others back. For the calling thread: before there are more. WARD_E_PERM: the bounding set
 * cannot be narrowed (that takes CAP_SETPCAP); the rest is done all the same.
 */
enum ward_rc ward_sandbox_keep(const unsigned *capabilities, size_t count) WARD_MUST_CHECK;

/*
 * Landlock (landlock(7)) with no exception at all: no file can be opened, created, removed or
 * executed by path, and where the kernel knows how no TCP port, abstract socket or signal to
 * outside is allowed. *ret_abi is the kernel's version of it, 0 when it has none: that is no
 * failure, for the filter below refuses the same calls.
 */
enum ward_rc ward_sandbox_isolate(int *ret_abi) WARD_MUST_CHECK;

/* A file, or a directory with all below it, that stays in reach. */
struct ward_sandbox_place {
	const char *path;
	bool write; /* making, replacing, removing too; a directory then */
};

/*
 * As ward_sandbox_isolate, but for the places, and that TCP connections to anywhere may be made (none
 * taken). Places that do not exist are passed over. What is written nowhere can be executed.
 */
enum ward_rc ward_sandbox_confine(const struct ward_sandbox_place *places, size_t count,
				  int *ret_abi) WARD_MUST_CHECK;

enum ward_sandbox_role {
	/* Makes workers: may fork, wait, pass descriptors and restrict itself further. */
	WARD_SANDBOX_ZYGOTE,
	/* Reads what it was handed and answers on descriptor 3. */
	WARD_SANDBOX_WORKER,
	/* Speaks with the network (IPv4, IPv6) and keeps files: Landlock says which. Threads, no
	 * processes. */
	WARD_SANDBOX_NETWORK,
};

/*
 * seccomp allow-list; whatever is not on it fails with EPERM. No role can execute, trace, signal
 * others, or make memory executable; none but NETWORK can open a path or make a socket.
 */
enum ward_rc ward_sandbox_filter(enum ward_sandbox_role role) WARD_MUST_CHECK;

/*
 * Resource limits of a worker: `data` bytes of private memory (0: not limited; not limited either
 * under AddressSanitizer, whose shadow counts as data), few descriptors, no new processes, no
 * files, no core dumps.
 */
enum ward_rc ward_sandbox_limit(size_t data) WARD_MUST_CHECK;

/* Bytes of private memory that another process of ours may have from now on, and its children; for one
 * that has not done anything yet. Not limited under AddressSanitizer. */
enum ward_rc ward_sandbox_limit_other(int pid, size_t data) WARD_MUST_CHECK;

/*
 * What a worker's end says. Crashes end it by their signal, as ever; but when the memory limit is
 * exhausted at that moment the process exits with WARD_SANDBOX_EXIT_MEMORY. Handlers run on a stack
 * of their own, so that a stack overflow is a crash too. SIGBUS is left to sys/mapping.h.
 */
enum { WARD_SANDBOX_EXIT_MEMORY = 86 };
enum ward_rc ward_sandbox_watch_crashes(void) WARD_MUST_CHECK;
/* Ends the process (by SIGPROF) once it has used this much more CPU time; replaces the last one
 * set. A backstop for a worker whose client is not there to kill it. */
enum ward_rc ward_sandbox_cpu_fuse(uint64_t usec) WARD_MUST_CHECK;
/* True when an exit by this signal is the fuse's doing. */
bool ward_sandbox_is_fuse(int signal_number);

/* Closes all descriptors from `first` up. */
void ward_sandbox_close_from(int first);
/* Puts /dev/null in the place of 0, 1 and 2, before files can no longer be opened. */
enum ward_rc ward_sandbox_mute(void) WARD_MUST_CHECK;
/* Makes `fd` the descriptor `to`, which is closed first; `fd` itself is closed when it differs. */
enum ward_rc ward_sandbox_move_fd(int fd, int to) WARD_MUST_CHECK;

#endif

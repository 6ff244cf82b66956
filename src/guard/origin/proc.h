/* SPDX-License-Identifier: Apache-2.0 */
/* The few things of proc(5) that tell about a writer. Process names are strangers' bytes. */
#ifndef WARD_GUARD_ORIGIN_PROC_H
#define WARD_GUARD_ORIGIN_PROC_H

#include <stdbool.h>

#include "base/rc.h"
#include "base/span.h"

enum { WARD_PROC_NAME = 64 };

struct ward_proc_stat {
	char name[WARD_PROC_NAME]; /* comm: anything its process likes */
	char state;
	int32_t parent;
	uint64_t start; /* clock ticks since boot */
};

/* /proc/PID/stat. WARD_E_FORMAT. */
enum ward_rc ward_proc_parse_stat(struct ward_span text,
				  struct ward_proc_stat *ret_stat) WARD_MUST_CHECK;
/* WARD_E_NOENT: there is no such process any more. */
enum ward_rc ward_proc_stat(int pid, struct ward_proc_stat *ret_stat) WARD_MUST_CHECK;

struct ward_proc_socket {
	uint64_t inode;
	bool remote; /* its other end is another machine: neither unset nor a loopback address */
};

/* The next of /proc/PID/net/tcp, tcp6, udp, udp6. WARD_E_FORMAT: this line is none (the heading is
 * such a line); WARD_E_NOENT: that was all. */
enum ward_rc ward_proc_next_socket(struct ward_span *rest,
				   struct ward_proc_socket *ret_socket) WARD_MUST_CHECK;

/*
 * Whether the process has a socket connected to another machine, now. Looks at no more than 256 of
 * its descriptors and 1 MiB of each table of its network name space; false when they do not say so.
 */
bool ward_proc_has_connection(int pid);

#endif

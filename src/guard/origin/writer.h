/* SPDX-License-Identifier: Apache-2.0 */
/* Who wrote a file: the program, what sort it is, who started it. A look at /proc, in time or not. */
#ifndef WARD_GUARD_ORIGIN_WRITER_H
#define WARD_GUARD_ORIGIN_WRITER_H

#include <stdbool.h>

#include "guard/origin/proc.h"

enum ward_writer_class {
	WARD_WRITER_UNKNOWN, /* it had ended before anybody looked */
	WARD_WRITER_BROWSER,
	WARD_WRITER_MAIL,
	WARD_WRITER_FETCHER,  /* brings files from other machines: curl, wget, scp, git … */
	WARD_WRITER_PACKAGES, /* the system's package manager, checked to be it */
	WARD_WRITER_SHELL,    /* a shell or another interpreter */
	WARD_WRITER_OTHER,
	WARD_WRITER_CLASSES,
};

/* Parents that are looked at, the writer itself not counted. */
enum { WARD_WRITER_PARENTS = 4 };

struct ward_writer {
	enum ward_writer_class class;	 /* of the program itself */
	enum ward_writer_class ancestor; /* the nearest parent that fetches or is the package
					  * manager; UNKNOWN: none of the nearest four */
	bool connection;		 /* it had a connection to another machine when looked at */
	bool named_only;		 /* it was ending: only the name it gave itself is known */
	char program[WARD_PROC_NAME];	 /* the program's last name component; cut, any bytes */
};

/*
 * By its number, checked with the pidfd (-1: none) not to be a later process of that number. With
 * neither a pidfd nor a process the class is UNKNOWN. The package manager is what /usr/bin/dpkg (and
 * so on) of our own root is, by inode, owned by root and not writable by others.
 */
void ward_writer_of(int pid, int pidfd, struct ward_writer *ret_writer);

/* The class that a program's name has in the table; `path`: of its executable. Never PACKAGES. */
enum ward_writer_class ward_writer_class_of(const char *path);
/* "browser"; static. */
const char *ward_writer_class_name(enum ward_writer_class class);
/* Brings files from other machines. */
bool ward_writer_fetches(enum ward_writer_class class);

#endif

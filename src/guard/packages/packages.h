/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file belongs to an installed package and is unchanged, on systems with dpkg. The index is
 * built by a sandboxed child (child.h) when the database has changed and dpkg does not work on it; a
 * thread of its own waits for both. MD5 is what dpkg has: an answer only spares a file from being held;
 * it is never a reason to let pass what something convicts.
 */
#ifndef WARD_GUARD_PACKAGES_PACKAGES_H
#define WARD_GUARD_PACKAGES_PACKAGES_H

#include "base/rc.h"
#include "base/span.h"

struct ward_packages;

enum { WARD_PACKAGES_NAME = 256 };
#define WARD_PACKAGES_FILE_MAX (UINT64_C(256) << 20)

struct ward_packages_options {
	const char *database; /* borrowed; NULL: /var/lib/dpkg */
	/* Told the child's number before it does anything, and before the number is given back. */
	void (*on_process)(void *ctx, int pid, bool alive); /* NULL: nobody */
	void *ctx;
};

struct ward_packages_stats {
	uint64_t builds, failed; /* of the index; after a failure the last good one stays */
	uint64_t asked, unchanged;
	uint64_t build_usec; /* of the last one that worked, child and check */
	size_t files, bytes;
};

/*
 * The program must call ward_packages_child when it is started with WARD_PACKAGES_CHILD: it starts
 * itself. WARD_E_NOMEM, WARD_E_LIMIT. Until the first index is there (or without dpkg, for ever) no file
 * belongs to a package.
 */
enum ward_rc ward_packages_new(const struct ward_packages_options *options,
			       struct ward_packages **ret_packages) WARD_MUST_CHECK;
/* NULL is fine. */
struct ward_packages *ward_packages_free(struct ward_packages *p);

/*
 * True when the file (open for reading) has root as its owner, nobody else may write it, it lies where
 * the system's software does (below /usr but for /usr/local, /etc, /opt, /boot), is reached by that name
 * from our own root, is at most WARD_PACKAGES_FILE_MAX long, and has the content that a package has there. Reads
 * the whole file: not for the thread that decides. Any thread. ret_package may be NULL.
 */
bool ward_packages_unchanged(struct ward_packages *p, int fd, char ret_package[WARD_PACKAGES_NAME]);

/* Whether it can be at all, by owner and mode alone: for the thread that decides. */
bool ward_packages_may_have(int fd);

/* Waits until an index of the database as it is now is there, or could not be built. */
void ward_packages_settle(struct ward_packages *p);
void ward_packages_stats(struct ward_packages *p, struct ward_packages_stats *ret_stats);

#endif

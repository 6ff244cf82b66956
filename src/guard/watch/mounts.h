/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table: proc(5), /proc/PID/mountinfo. */
#ifndef WARD_GUARD_WATCH_MOUNTS_H
#define WARD_GUARD_WATCH_MOUNTS_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_MOUNT_PLACE = 4096, WARD_MOUNT_TYPE = 64 };

struct ward_mount {
	uint32_t id;		      /* of the mount, not of the filesystem */
	uint32_t major, minor;	      /* of the filesystem */
	char place[WARD_MOUNT_PLACE]; /* where it is mounted, unescaped */
	char type[WARD_MOUNT_TYPE];
	bool whole;		  /* its root is the filesystem's: no part of it that was bound */
	struct ward_span options; /* of the filesystem, as they stand in the table; borrowed */
};

/*
 * The next mount of the table; *rest goes on behind it. WARD_E_NOENT: that was all. A line that is
 * no mount, or longer than what we keep, is WARD_E_FORMAT; *rest goes on behind it too.
 */
enum ward_rc ward_mounts_next(struct ward_span *rest, struct ward_mount *ret_mount) WARD_MUST_CHECK;

/*
 * The next directory that an overlay is made of (lowerdir=, upperdir=, workdir= of its options), read off
 * *rest, which starts as the options. False: that was all. *ret_known is cleared when there is
 * something that we do not understand.
 */
bool ward_mounts_layer(struct ward_span *rest, char ret_place[WARD_MOUNT_PLACE], bool *ret_known);

#endif

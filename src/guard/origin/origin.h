/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file came from, as far as the machine tells: the addresses that browsers leave in extended
 * attributes (freedesktop.org, "Common Extended Attributes": user.xdg.origin.url and
 * user.xdg.referrer.url), and the process that wrote it. It decides who is held, never who is
 * trusted: a user can set and remove attributes of his files, and name his programs as he likes.
 *
 * Reads /proc and attributes: for worker threads, never for the one that decides.
 */
#ifndef WARD_GUARD_ORIGIN_ORIGIN_H
#define WARD_GUARD_ORIGIN_ORIGIN_H

#include "formats/type.h"
#include "guard/origin/address.h"
#include "guard/origin/writer.h"
#include "policy/policy.h"

/* What says that a file was downloaded. */
enum {
	WARD_ORIGIN_BY_ADDRESS = 1, /* an extended attribute names a host */
	WARD_ORIGIN_BY_WRITER = 2,  /* a browser, mail client or fetcher wrote it, or their child */
	WARD_ORIGIN_BY_SOCKET = 4,  /* the writer had a connection to another machine */
	WARD_ORIGIN_BY_MARK = 8,    /* the guard said so before; it left a mark */
	WARD_ORIGIN_BY_PLACE = 16,  /* it lies where browsers put what they fetch */
};

struct ward_origin {
	unsigned downloaded; /* WARD_ORIGIN_BY_…; 0: nothing says that it came from the network */
	bool written;	     /* since the guard has started; then `writer` is set */
	bool removable;	     /* lies on a removable medium */
	struct ward_writer writer;
	char host[WARD_HOST_ROOM]; /* "": not known */
};

/*
 * What the file itself says: attributes, mark, medium. Cannot fail: what cannot be read says nothing.
 */
void ward_origin_of_file(int fd, struct ward_origin *ret_origin);
/* Attributes and mark alone. */
void ward_origin_of_attributes(int fd, struct ward_origin *ret_origin);
/* Adds who wrote it, with what that means for `downloaded`. */
void ward_origin_add_writer(struct ward_origin *origin, const struct ward_writer *writer);

/*
 * Leaves a mark on a file that was downloaded and of which no attribute says so, so that it is known
 * after a restart: trusted.ward.origin, which only root sees and sets, and which goes with the file.
 * WARD_OK also when there is nothing to say; else as the file system has it.
 */
enum ward_rc ward_origin_mark(int fd, const struct ward_origin *origin) WARD_MUST_CHECK;

/*
 * Whether a file of this type and origin is held while it is unknown (hold.content, hold.origin): the one
 * rule about that. Documents that may hold macros count as such: the type alone does not tell whether they
 * do. What the package manager has written is not "written", unless realtime.trust_packages is off. Pure.
 */
bool ward_origin_in_scope(const struct ward_policy *policy, enum ward_type type,
			  const struct ward_origin *origin);

#endif

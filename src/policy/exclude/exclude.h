/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of exclusions, compiled once and asked for every file.
 *
 * path and glob are compared with the path by which the object was opened, as the kernel names it
 * (/proc/self/fd, see ward_fd_path): symbolic links are resolved, so a link to an excluded file is
 * excluded and an excluded link is nothing. A renamed directory has its new name from then on. A hard
 * link has the name it was opened by; whoever caches must therefore not take "excluded" for a
 * property of the inode. A bind mount has the name of the mount that it was opened through. Names are
 * bytes: case counts, and so does every form of a letter.
 */
#ifndef WARD_POLICY_EXCLUDE_EXCLUDE_H
#define WARD_POLICY_EXCLUDE_EXCLUDE_H

#include "base/buf.h"
#include "policy/exclude/entry.h"

struct ward_exclusions;

/*
 * Compiles entries, which are borrowed with their texts and must be well-formed
 * (ward_exclusion_normalise). WARD_E_FORMAT: one is not.
 */
enum ward_rc ward_exclusions_new(const struct ward_exclusion *entries, size_t count,
				 struct ward_exclusions **ret) WARD_MUST_CHECK;
struct ward_exclusions *ward_exclusions_free(struct ward_exclusions *x);
/* For WARD_AUTO. */
void ward_exclusions_freep(struct ward_exclusions **x);

/* What is known of a file; NULL: not known, and then exclusions of that kind do not match. */
struct ward_exclusion_subject {
	const char *path;    /* of the opened object; NULL when it is deleted or has no name here */
	const char *process; /* the opener's executable, as the kernel names it */
	const uint8_t *sha256; /* 32 bytes */
	const char *threat;    /* what was found */
	unsigned scope;	       /* WARD_EXCLUDE_REALTIME or WARD_EXCLUDE_ON_DEMAND */
	uint64_t now_s;	       /* seconds since 1970: what has expired does not match */
};

/* The first that matches (path, glob, extension, process, hash, threat in this order), or NULL. Any
 * thread; neither allocates nor locks. */
const struct ward_exclusion *ward_exclusions_match(const struct ward_exclusions *x,
						   const struct ward_exclusion_subject *s);

/* How an entry stands to a subject. */
enum ward_exclusion_fit {
	WARD_EXCLUSION_MATCHES,
	WARD_EXCLUSION_EXPIRED, /* would match, but its time is over */
	WARD_EXCLUSION_SCOPE,	/* would match, but not in this scope */
	WARD_EXCLUSION_NEAR,	/* does not match, for a reason worth telling */
	WARD_EXCLUSION_OTHER,	/* has nothing to do with it */
};

/* Judges one entry, and appends why in words: "covers everything below /srv/data". */
enum ward_rc ward_exclusions_explain(const struct ward_exclusions *x, size_t entry,
				     const struct ward_exclusion_subject *s, struct ward_buf *out,
				     enum ward_exclusion_fit *ret_fit) WARD_MUST_CHECK;

/* How many entries there are. */
size_t ward_exclusions_count(const struct ward_exclusions *x);
/* As given; i < count. */
const struct ward_exclusion *ward_exclusions_entry(const struct ward_exclusions *x, size_t i);

#endif

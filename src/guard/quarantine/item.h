/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a file in quarantine, and its encoding (docs/quarantine.md, "Manifest"). */
#ifndef WARD_GUARD_QUARANTINE_ITEM_H
#define WARD_GUARD_QUARANTINE_ITEM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/verdict.h"

enum {
	WARD_ITEM_ID = 16,
	WARD_ITEM_PATH_MAX = 4096,
	WARD_ITEM_TEXT_MAX = 4096,
	WARD_ITEM_EVIDENCE_MAX = 64 * 1024,
	WARD_ITEM_XATTRS_MAX = 1024,
	WARD_ITEM_XATTR_MAX = 64 * 1024, /* one value */
	WARD_ITEM_EXTENTS_MAX = 4096,
	WARD_ITEM_ENCODED_MAX = 4 << 20,
	WARD_ITEM_MEMORY = 16 << 20, /* budget with which every valid manifest can be read */
};

struct ward_item_xattr {
	const char *name;
	struct ward_span value;
};

/* A run of data; what lies between runs is a hole of zeros. */
struct ward_item_extent {
	uint64_t offset, len;
};

/* Why, by whom, from where: what the caller knows. All texts are bytes without NUL, may be empty. */
struct ward_item_cause {
	enum ward_verdict verdict;
	struct ward_span threat;   /* its name */
	struct ward_span evidence; /* JSON */
	struct ward_span reason;   /* "open", "exec", "scan", "late-verdict", … */
	struct ward_span origin;   /* where it came from: a URL, "package", … */
	struct ward_span volume;   /* the device it was on, for people */
	struct ward_span program;  /* the process that touched it */
	uint32_t actor_pid, actor_uid;
	struct ward_span sha1, md5; /* empty when nobody computed them */
};

struct ward_item {
	uint8_t id[WARD_ITEM_ID]; /* UUID version 7 */
	uint64_t time_ms;	  /* when it was taken, since 1970 */
	struct ward_span path;	  /* where it was, by the kernel's word */
	struct ward_span opened;  /* the path it was opened by, where that differs */
	uint64_t size;
	uint64_t stored; /* bytes of data, the extents' sum */
	uint8_t sha256[32];
	uint32_t uid, gid, mode;
	uint64_t links, device, inode;
	uint32_t generation, flags; /* sys/meta.h */
	int64_t atime, mtime, ctime, btime;
	uint32_t
		unsettled; /* 1: it changed while it was copied; these bytes are one reading of it */
	struct ward_item_cause cause;
	struct ward_item_xattr *xattrs;
	size_t xattr_count;
	struct ward_item_extent *extents; /* in order, apart, within size */
	size_t extent_count;
};

/* Appends the manifest. WARD_E_LIMIT: something is longer than allowed; WARD_E_INVAL: the decoder
 * would refuse it. */
enum ward_rc ward_item_encode(const struct ward_item *item, struct ward_buf *out) WARD_MUST_CHECK;
/*
 * What it accepts is complete and within all limits. Texts and values borrow `in`, arrays and xattr
 * names live in the arena. WARD_E_FORMAT, WARD_E_UNSUPPORTED (a later version's field), WARD_E_LIMIT.
 */
enum ward_rc ward_item_decode(struct ward_span in, struct ward_arena *arena,
			      struct ward_item *ret_item) WARD_MUST_CHECK;

#endif

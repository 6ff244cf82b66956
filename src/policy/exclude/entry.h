/* SPDX-License-Identifier: Apache-2.0 */
/* One exclusion as it stands in a policy. What the kinds mean: policy/exclude/README.md. */
#ifndef WARD_POLICY_EXCLUDE_ENTRY_H
#define WARD_POLICY_EXCLUDE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ward_exclusion_kind {
	WARD_EXCLUDE_PATH,	/* a file, or a directory with all that is in it */
	WARD_EXCLUDE_GLOB,	/* paths that match a pattern */
	WARD_EXCLUDE_EXTENSION, /* names that end in "." and this, whatever their case (ASCII) */
	WARD_EXCLUDE_PROCESS,	/* what a program opens, named by its executable's path */
	WARD_EXCLUDE_HASH,	/* a content, by its SHA-256: allowed */
	WARD_EXCLUDE_THREAT,	/* a threat's name, with *: allowed */
	WARD_EXCLUDE_KINDS,
};

/* Bits. */
enum ward_exclusion_scope {
	WARD_EXCLUDE_REALTIME = 1,
	WARD_EXCLUDE_ON_DEMAND = 2,
	WARD_EXCLUDE_BOTH = 3,
};

/* All texts are borrowed. */
struct ward_exclusion {
	enum ward_exclusion_kind kind;
	const char *value;   /* path, pattern, extension without its dot, digest or name */
	unsigned scope;	     /* bits of ward_exclusion_scope */
	uint64_t expires_s;  /* seconds since 1970, counts until then; 0: for ever */
	const char *comment; /* "" when there is none */
	const char *author;  /* "" when there is none */
	const char *force;   /* why a dangerous one is wanted; "" when it was not forced */
	bool managed;	     /* the organisation's */
	unsigned line;	     /* where it stands in its document; 0: nowhere */
};

/* "path", "glob", "extension", "process", "hash", "threat"; static. */
const char *ward_exclusion_kind_name(enum ward_exclusion_kind kind);

#endif

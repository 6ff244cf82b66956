/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the exclusions of a document: each an object with one of path, glob, extension, process, hash
 * and threat, and perhaps scope, expires, comment, author and force. */
#ifndef WARD_POLICY_EXCLUDE_READ_H
#define WARD_POLICY_EXCLUDE_READ_H

#include "policy/exclude/entry.h"
#include "policy/json/mistake.h"

struct ward_exclusion_reader {
	struct ward_arena *arena; /* of the entries and their texts */
	struct ward_mistakes *mistakes;
	const char *path; /* "exclusions": how mistakes name the list */
	size_t max;	  /* most entries */
	bool managed;	  /* they are the organisation's */
};

/* Notes what is wrong with the list; sets the results when nothing is. */
void ward_exclusion_read(const struct ward_exclusion_reader *r, const struct ward_json *list,
			 const struct ward_exclusion **ret, size_t *ret_count);

/*
 * Checks a value and gives its normal form (on the arena: a path without doubled and trailing
 * slashes, an extension without its dot). NULL, or what is wrong (static).
 */
const char *ward_exclusion_normalise(enum ward_exclusion_kind kind, struct ward_span value,
				     struct ward_arena *arena, const char **ret_value);

/* "2026-12-31" (to the end of that day, UTC) or "2026-12-31T12:00:00Z": seconds since 1970. */
bool ward_exclusion_time(struct ward_span text, uint64_t *ret_s) WARD_MUST_CHECK;
/* The same as text, with seconds. */
enum ward_rc ward_exclusion_print_time(uint64_t s, struct ward_buf *out) WARD_MUST_CHECK;
/* Appends the entry as a document has it. */
enum ward_rc ward_exclusion_print(const struct ward_exclusion *e,
				  struct ward_buf *out) WARD_MUST_CHECK;

#endif

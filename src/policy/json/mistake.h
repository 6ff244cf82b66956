/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a document: all of it, each with its place, so that a person mends a file once
 * and not once for each mistake.
 */
#ifndef WARD_POLICY_JSON_MISTAKE_H
#define WARD_POLICY_JSON_MISTAKE_H

#include "policy/json/json.h"

enum { WARD_MISTAKES_MAX = 200 };

struct ward_mistake {
	struct ward_json_place place;
	const char *path; /* "cloud.hold", "exclusions[3].path"; "" for the document itself */
	const char *text; /* what was expected and what stands there; printable, one line */
};

/* All zero is an empty one; `text` and `arena` are set by whoever reads. */
struct ward_mistakes {
	struct ward_mistake items[WARD_MISTAKES_MAX];
	size_t count;
	bool more;		  /* there were more than fit */
	struct ward_span text;	  /* the document */
	struct ward_arena *arena; /* of the items' texts */
};

/* Notes one; text from outside is escaped and cut. Never fails: what does not fit sets `more`. */
void ward_mistakes_add(struct ward_mistakes *m, size_t offset, const char *path, const char *fmt,
		       ...) WARD_PRINTF(4, 5);
/* By place, as a person reads. */
void ward_mistakes_sort(struct ward_mistakes *m);
/* "NAME:LINE:COLUMN: PATH: TEXT" lines. */
enum ward_rc ward_mistakes_print(const struct ward_mistakes *m, const char *name,
				 struct ward_buf *out) WARD_MUST_CHECK;

/* The one of `words` that `word` was probably meant to be (a third of its letters wrong, left out,
 * added or swapped at most), or NULL. */
const char *ward_mistake_nearest(const char *word, const char *const *words, size_t count);

#endif

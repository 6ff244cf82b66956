/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of byte strings, each kept once, used while intelligence is compiled.
 * The strings lie one after the other in one blob, so that it can be written
 * out as it is. Not thread-safe.
 */
#ifndef WARD_MATCH_INTERN_H
#define WARD_MATCH_INTERN_H

#include "base/buf.h"

struct ward_intern {
	struct ward_buf blob; /* the strings; with `terminate`, each with a NUL after it */
	uint64_t *slots;      /* (hash << 32 | number + 1); 0: empty */
	size_t slot_count;    /* power of two */
	uint32_t *offsets;    /* of string i in the blob */
	uint32_t *lengths;
	uint32_t count;
	uint32_t room;
	bool terminate;
};

/* An empty set; `terminate`: each string is followed by a NUL. */
void ward_intern_init(struct ward_intern *set, bool terminate);
void ward_intern_done(struct ward_intern *set);

/* The number of `s`, added when new: 0, 1, 2 … WARD_E_LIMIT past 4 GiB of blob
 * or 2^32 - 2 strings. */
enum ward_rc ward_intern_add(struct ward_intern *set, struct ward_span s,
			     uint32_t *ret_number) WARD_MUST_CHECK;
/* The number of `s`, or UINT32_MAX when it is not there. */
uint32_t ward_intern_find(const struct ward_intern *set, struct ward_span s);
/* The i-th string, borrowed until the next add; empty past the end. */
struct ward_span ward_intern_get(const struct ward_intern *set, uint32_t number);
/* Where the i-th string starts in the blob. */
uint32_t ward_intern_offset(const struct ward_intern *set, uint32_t number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Root's side of the process that reads packs and deltas (guard/updates/child.h): starts it, takes what
 * it says as numbers and bytes, and believes no more than that. */
#ifndef WARD_GUARD_UPDATES_READER_H
#define WARD_GUARD_UPDATES_READER_H

#include "guard/updates/child.h"

struct ward_reader {
	const char *program; /* NULL: /proc/self/exe */
	uint64_t max;	     /* of a result, in bytes */
	unsigned patience_ms;
	/* Told the child's number before it does anything, and before the number is given back. */
	void (*on_process)(void *ctx, int pid, bool alive); /* NULL: nobody */
	void *ctx;
};

/* What the file is; a pack has been verified, byte by byte. WARD_E_FORMAT: neither pack nor delta, or
 * damaged. WARD_E_UNSUPPORTED, WARD_E_TIMEOUT, WARD_E_GONE (the child crashed). */
enum ward_rc ward_reader_look(const struct ward_reader *r, int file,
			      struct ward_updates_look *ret_look) WARD_MUST_CHECK;
/* Writes what the delta makes of the base to `out`. The same; WARD_E_LIMIT: it is longer than `max`. */
enum ward_rc ward_reader_apply(const struct ward_reader *r, int delta, int base,
			       int out) WARD_MUST_CHECK;

/* Told of rules that are left out, and whose turn it was when the child ended (0: nobody's). */
struct ward_reader_bad {
	void (*say)(void *ctx, uint64_t number, const char *why);
	void *ctx;
	uint64_t trying;
};

/* Compiles rules (rules.h) and writes the pack, or nothing when none is good, to `out`. The same. */
enum ward_rc ward_reader_compile(const struct ward_reader *r, int rules,
				 struct ward_reader_bad *bad, int out) WARD_MUST_CHECK;

#endif

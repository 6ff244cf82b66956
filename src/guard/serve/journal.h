/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the decisions to everybody who takes his time: a queue of incidents with a maximum, and the
 * thread that works it off. Putting something in never waits; what does not fit is dropped and
 * counted.
 */
#ifndef WARD_GUARD_SERVE_JOURNAL_H
#define WARD_GUARD_SERVE_JOURNAL_H

#include "guard/ask/notes.h"
#include "guard/serve/remedy.h"

struct ward_journal;

/* Starts the thread. Borrows the remedy. */
enum ward_rc ward_journal_new(struct ward_remedy *remedy,
			      struct ward_journal **ret_journal) WARD_MUST_CHECK;
/* Works off what is in it, then ends. NULL is fine. */
struct ward_journal *ward_journal_free(struct ward_journal *j);

/* What was found and what became of it, from the journal's thread; the same news only once. */
typedef void (*ward_journal_hear)(void *ctx, const struct ward_note *note);
/* NULL: nobody hears any more, from when this returns. */
void ward_journal_listen(struct ward_journal *j, ward_journal_hear hear, void *ctx);

/* Waits, at most so long, until nothing is in it. */
void ward_journal_rest(struct ward_journal *j, unsigned ms);

/* Copies what it needs. */
void ward_journal_put(struct ward_journal *j, const struct ward_incident *incident);

struct ward_journal_stats {
	uint64_t told, repeated, dropped;
	size_t waiting;
};

/* Since it began. */
void ward_journal_stats(struct ward_journal *j, struct ward_journal_stats *ret_stats);

#endif

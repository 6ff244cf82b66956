/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine from inside. Its directory holds `key`, `lock`, and of an item ID: `ID.ward` (the
 * container), `ID.tmp` (one being written), `ID.journal` (its original is being removed). */
#ifndef WARD_GUARD_QUARANTINE_PRIV_H
#define WARD_GUARD_QUARANTINE_PRIV_H

#include <pthread.h>

#include "guard/quarantine/container.h"
#include "guard/quarantine/quarantine.h"
#include "sys/meta.h"

enum { WARD_QUARANTINE_NAME = 48 };

struct ward_quarantine {
	struct ward_quarantine_options options; /* the directory's name is not kept */
	int dir, lock;
	uint8_t master[WARD_CONTAINER_MASTER];
	pthread_mutex_t counting; /* guards what follows */
	struct ward_quarantine_totals totals;
	struct ward_buf known;	    /* the items' ids in order, as of `known_at` */
	uint64_t changes, known_at; /* additions and removals so far; 0: never looked */
};

/* Says that a change to a disk comes next. */
void ward_quarantine_step(struct ward_quarantine *q, const char *what);
/* "ID" and ".ward", ".tmp" or ".journal". */
void ward_quarantine_name(const uint8_t id[WARD_ITEM_ID], const char *suffix,
			  char ret[WARD_QUARANTINE_NAME]);
/* False when the name is no id with this suffix. */
bool ward_quarantine_name_id(const char *name, const char *suffix, uint8_t ret_id[WARD_ITEM_ID]);
/* Removes a name and makes that durable. */
enum ward_rc ward_quarantine_forget(struct ward_quarantine *q, const char *name) WARD_MUST_CHECK;
enum ward_rc ward_quarantine_reader(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
				    int *ret_fd,
				    struct ward_container_reader **ret_reader) WARD_MUST_CHECK;
void ward_quarantine_count(struct ward_quarantine *q, int64_t items, int64_t bytes);

/* --- original.c: how a name is removed --- */

enum { WARD_STASH_NAME = 24 };

/* Where the original is, what it is; all that the journal has. */
struct ward_original {
	uint8_t id[WARD_ITEM_ID];
	struct ward_span parent;	/* the directory's path */
	struct ward_span name;		/* in it */
	uint8_t stash[WARD_STASH_NAME]; /* the private directory beside it, with its NUL */
	uint64_t parent_device, parent_inode;
	struct ward_span handle; /* of the parent: u32 type, bytes; empty: none */
	uint64_t device, inode, size;
	int64_t mtime;
	uint32_t generation;
};

enum ward_rc ward_original_encode(const struct ward_original *o,
				  struct ward_buf *out) WARD_MUST_CHECK;
/* Spans borrow `in`. */
enum ward_rc ward_original_decode(struct ward_span in, struct ward_original *ret) WARD_MUST_CHECK;

/* Removes the name by which request->fd is reached; `expected` is what was copied. WARD_E_STOPPED:
 * it changed since. Sets why, removed, links_left, emptied. */
enum ward_rc ward_original_remove(struct ward_quarantine *q,
				  const struct ward_quarantine_request *request,
				  const uint8_t id[WARD_ITEM_ID], const struct ward_meta *expected,
				  struct ward_quarantine_outcome *outcome) WARD_MUST_CHECK;

/* recover.c: completes or takes back what a journal tells of; *done false: cannot be told yet. */
enum ward_rc ward_original_recover(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
				   struct ward_quarantine_recovery *counts,
				   bool *ret_done) WARD_MUST_CHECK;

/* A name in a directory that is moved into a private one, looked at, and removed or put back. */
struct ward_stash {
	int parent;
	const char *name, *stash;
	char inner[WARD_QUARANTINE_NAME];
	const struct ward_original *original;
	bool any_content; /* removed even if it was written since it was copied */
};
enum ward_stash_end { WARD_STASH_REMOVED, WARD_STASH_FOREIGN, WARD_STASH_CHANGED };

enum ward_rc ward_stash_take(struct ward_quarantine *q, const struct ward_stash *s,
			     enum ward_stash_end *ret_end) WARD_MUST_CHECK;
/* Puts what lies in the open private directory back beside it, under its name or, when that is taken
 * by now, under one made from it. */
enum ward_rc ward_stash_put_back(struct ward_quarantine *q, const struct ward_stash *s,
				 int stash) WARD_MUST_CHECK;
/* Opens the private directory: WARD_E_NOENT when there is none that only we may enter. */
enum ward_rc ward_stash_open(const struct ward_stash *s, int *ret_fd) WARD_MUST_CHECK;
/* Removes the empty private directory, makes the parent's names durable. */
enum ward_rc ward_stash_end(struct ward_quarantine *q, const struct ward_stash *s) WARD_MUST_CHECK;
bool ward_original_is(const struct ward_original *o, const struct ward_meta *meta);

/* journal.c: the sealed file of it. */
enum ward_rc ward_journal_write(struct ward_quarantine *q,
				const struct ward_original *o) WARD_MUST_CHECK;
/* The original borrows `into`. */
enum ward_rc ward_journal_read(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
			       struct ward_buf *into, struct ward_original *ret) WARD_MUST_CHECK;
enum ward_rc ward_journal_end(struct ward_quarantine *q,
			      const uint8_t id[WARD_ITEM_ID]) WARD_MUST_CHECK;

#endif

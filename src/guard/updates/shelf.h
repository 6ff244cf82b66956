/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guard keeps packs: a directory of root's with one file for each, named by its id, and one
 * small file that says which is in use. A pack is on the disk, whole, before that file names it, and goes
 * after it is not named any more; that file is replaced in one step. So whatever ends in between, what it
 * names is there.
 *
 *	state, lines of text: "ward-intel 1", "current|previous|candidate ID NUMBER MADE TAKEN",
 *	"trial UNTIL", "frozen", "fell", "bad ID", and last "sum CRC32C" of all that stands before it
 *
 * Not thread-safe.
 */
#ifndef WARD_GUARD_UPDATES_SHELF_H
#define WARD_GUARD_UPDATES_SHELF_H

#include "base/buf.h"

enum { WARD_SHELF_ID = 32, WARD_SHELF_BAD = 16 };

struct ward_shelf_pack {
	uint8_t id
		[WARD_SHELF_ID]; /* zeros: none, which means the pack that came with the program */
	uint64_t number, made_s; /* as it says itself */
	uint64_t taken_ms;	 /* when it came into use here */
};

struct ward_shelf_state {
	struct ward_shelf_pack current, previous, candidate;
	uint64_t
		trial_until_ms; /* until when crashes speak against the current one; 0: no longer */
	bool frozen;		/* nothing new is taken */
	bool fell;		/* the current one is there because another one failed */
	uint8_t bad[WARD_SHELF_BAD][WARD_SHELF_ID]; /* that failed here; the oldest first */
	size_t bad_count;
};

struct ward_shelf;

/*
 * Makes the directory, reads what is in use, removes what nobody names. A state that cannot be read, or
 * names what is not there, counts as far as it holds (the previous pack, else none): *ret_mended.
 * `fault` (NULL in earnest) is asked before each step that changes the disk: the step fails as it says.
 */
struct ward_shelf_options {
	const char *directory;
	enum ward_rc (*fault)(void *ctx);
	void *ctx;
};
enum ward_rc ward_shelf_open(const struct ward_shelf_options *options,
			     struct ward_shelf **ret_shelf, bool *ret_mended) WARD_MUST_CHECK;
void ward_shelf_freep(struct ward_shelf **shelf);

bool ward_shelf_is_none(const uint8_t id[WARD_SHELF_ID]);
/* Borrowed, until the next change. */
const struct ward_shelf_state *ward_shelf_state(const struct ward_shelf *s);
/* Durable when it returns WARD_OK; nothing has changed otherwise, or (WARD_E_IO) that is not certain: the
 * old one holds then, for this process. */
enum ward_rc ward_shelf_set(struct ward_shelf *s,
			    const struct ward_shelf_state *state) WARD_MUST_CHECK;

/* A new file to write into, which nobody names yet; `slot` 0 or 1. What was there goes. */
enum ward_rc ward_shelf_new_file(struct ward_shelf *s, unsigned slot, int *ret_fd) WARD_MUST_CHECK;
/* Makes the file of this slot a pack, durably. What it holds is the caller's word. */
enum ward_rc ward_shelf_keep(struct ward_shelf *s, unsigned slot, int fd,
			     const uint8_t id[WARD_SHELF_ID]) WARD_MUST_CHECK;
/* WARD_E_NOENT. */
enum ward_rc ward_shelf_open_pack(const struct ward_shelf *s, const uint8_t id[WARD_SHELF_ID],
				  int *ret_fd) WARD_MUST_CHECK;
/* Removes all that the state does not name. */
void ward_shelf_sweep(struct ward_shelf *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the guard comes to another pack and back: a file is taken in, read by a child without rights,
 * proven in a scanner of its own, and then used by all scanners; the one before stays, for a rollback by
 * hand or by itself, when scanners begin to crash.
 *
 * Threads: who asks for something (_apply, _rollback, _freeze) waits, one after the other; the guard's
 * main thread is never one of them, for it is the one that swaps. Everything else from any.
 */
#ifndef WARD_GUARD_UPDATES_UPDATES_H
#define WARD_GUARD_UPDATES_UPDATES_H

#include "guard/history/history.h"
#include "guard/updates/shelf.h"

/* As the policy says now. */
struct ward_updates_limits {
	uint64_t size_max, load_memory;
	unsigned load_ms;
	uint64_t trial_ms;
	unsigned trial_crashes;
};

struct ward_updates_options {
	struct ward_shelf_options shelf;
	const char *scanner;	      /* the program ward-scan */
	const char *child;	      /* the program that is ward_updates_child; NULL: this one */
	const char *const *canaries;  /* beside the standard ones (proof.h); NULL: none */
	struct ward_history *history; /* what happens is an event of kind "update"; NULL: nowhere */
	void (*limits)(void *ctx, struct ward_updates_limits *ret_limits);
	/* Has all scanners use what ward_updates_open says, and waits until new ones are loaded.
	 * Anything but WARD_OK: the former ones stay. */
	enum ward_rc (*swap)(void *ctx, struct ward_buf *why);
	void (*on_process)(void *ctx, int pid, bool alive);
	void *ctx;
};

struct ward_updates;

/* The program must call ward_updates_child when it is started with WARD_UPDATES_CHILD. */
enum ward_rc ward_updates_new(const struct ward_updates_options *options,
			      struct ward_updates **ret_updates) WARD_MUST_CHECK;
/* NULL is fine. Nobody may be waiting in it. */
struct ward_updates *ward_updates_free(struct ward_updates *u);

/* Who asks, for the history. */
struct ward_updates_author {
	uint32_t uid, pid;
	const char *program;
};

/*
 * Takes a pack or a delta, open in `file` (borrowed; read from its beginning). `again`: even one that is
 * older, or failed here before. WARD_OK: it is in use now. WARD_E_FORMAT: refused, WARD_E_PERM: frozen or
 * older; `why` always says it.
 */
enum ward_rc ward_updates_apply(struct ward_updates *u, int file, bool again,
				const struct ward_updates_author *author,
				struct ward_buf *why) WARD_MUST_CHECK;
/* Back to the one before, or to the pack that came with the program. WARD_E_NOENT: that is in use. */
enum ward_rc ward_updates_rollback(struct ward_updates *u, const struct ward_updates_author *author,
				   struct ward_buf *why) WARD_MUST_CHECK;
/* Nothing new is taken, or again. */
enum ward_rc ward_updates_freeze(struct ward_updates *u, bool frozen,
				 const struct ward_updates_author *author,
				 struct ward_buf *why) WARD_MUST_CHECK;

/* Scanners anew with what is in use, for what else they load has changed; waits as _apply does. */
enum ward_rc ward_updates_refresh(struct ward_updates *u, struct ward_buf *why) WARD_MUST_CHECK;

/* The pack in use. WARD_E_NOENT: none of ours, the one that came with the program. */
enum ward_rc ward_updates_open(struct ward_updates *u, int *ret_fd,
			       uint8_t ret_id[WARD_SHELF_ID]) WARD_MUST_CHECK;

struct ward_updates_status {
	struct ward_shelf_state state;
	bool updating;
	char failed[512]; /* why the last try was refused; "": it was not */
};
void ward_updates_status(struct ward_updates *u, struct ward_updates_status *ret_status);

/* --- when scanners crash --- */

/* A scanner ended on this file (a number that stands for it and its content). */
void ward_updates_crashed(struct ward_updates *u, uint64_t file);
/* `broken`: no scanner can be kept running. True: the pack is another one now (back to the last good
 * one), and scanners have to be started with it. */
bool ward_updates_judge(struct ward_updates *u, bool broken) WARD_MUST_CHECK;
/* The pack in use does not load. True as above. */
bool ward_updates_fall_back(struct ward_updates *u, const char *why) WARD_MUST_CHECK;

#endif

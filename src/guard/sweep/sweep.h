/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans of the machine: by the policy's schedule, and when an administrator asks for one. One at a time, on a
 * thread of its own at the lowest priority, with scanners of its own at the same: an open that waits for the
 * guard never waits for a scan. Files are opened here and handed over; not a byte of them is read here.
 *
 * Where a scan is, is kept in the history about once a second. After an end of the guard, however it came, the
 * next one goes on there: each file is counted once.
 */
#ifndef WARD_GUARD_SWEEP_SWEEP_H
#define WARD_GUARD_SWEEP_SWEEP_H

#include "guard/cache/key.h"
#include "guard/history/history.h"
#include "guard/policy/held.h"
#include "pool/pool.h"

enum ward_sweep_kind {
	WARD_SWEEP_QUICK,
	WARD_SWEEP_FULL,
	WARD_SWEEP_RUNNING, /* what processes run; after new intelligence, by scan.after_update */
	WARD_SWEEP_KINDS
};

/* "quick", "full", "running"; static. False: another word. */
const char *ward_sweep_kind_name(enum ward_sweep_kind kind);
bool ward_sweep_kind_of(const char *name, enum ward_sweep_kind *ret_kind) WARD_MUST_CHECK;

enum { WARD_SWEEP_INTEL = 320 };

/* Called from the sweep's thread, any of them may wait. */
struct ward_sweep_ops {
	/* Starts scanners for a scan, as the policy has it; ret_intel: ids of what they loaded, ret_jobs: how many
	 * work at once. Says itself what goes wrong. */
	enum ward_rc (*scanners)(void *ctx, const struct ward_policy *policy,
				 struct ward_pool **ret_pool, char ret_intel[WARD_SWEEP_INTEL],
				 unsigned *ret_jobs);
	/* What was found in a file. True: it is bad, and nobody has allowed it. */
	bool (*judge)(void *ctx, int fd, const struct ward_key *key,
		      const struct ward_pool_reply *reply);
	/* A scan begins or ends; for the log. */
	void (*tell)(void *ctx, const struct ward_run *run);
	void *ctx;
};

struct ward_sweep_options {
	struct ward_sweep_ops ops;
	struct ward_history *history; /* NULL: there is none; nothing goes on after an end */
	struct ward_held *policy;
	const char *root; /* look below this directory only; NULL: at the machine */
	bool by_itself;	  /* scans begin by the schedule, and go on after an end of the guard */
};

struct ward_sweep;

/* Everything is borrowed. Starts the thread. WARD_E_NOMEM, WARD_E_LIMIT. */
enum ward_rc ward_sweep_new(const struct ward_sweep_options *options,
			    struct ward_sweep **ret_sweep) WARD_MUST_CHECK;
/* Ends within a moment what is under way; the next guard goes on with it. NULL is fine. */
struct ward_sweep *ward_sweep_free(struct ward_sweep *s);

/* --- for administrators; any thread --- */

/* Has a scan begin. *ret_id: its number in the history (0: there is none). WARD_E_LIMIT: one is under way. */
enum ward_rc ward_sweep_start(struct ward_sweep *s, enum ward_sweep_kind kind, uint32_t uid,
			      const char *program, int64_t *ret_id) WARD_MUST_CHECK;
/* WARD_E_NOENT: none is under way. */
enum ward_rc ward_sweep_stop(struct ward_sweep *s) WARD_MUST_CHECK;
enum ward_rc ward_sweep_pause(struct ward_sweep *s, bool pause) WARD_MUST_CHECK;

/* There is other intelligence now: what runs is looked at with it, when nothing else is under way and the
 * policy has it so. NULL is fine. Any thread. */
void ward_sweep_news(struct ward_sweep *s);

enum ward_sweep_doing {
	WARD_SWEEP_NOTHING,
	WARD_SWEEP_BEGINNING,
	WARD_SWEEP_SCANNING,
	WARD_SWEEP_PAUSED,  /* by an administrator */
	WARD_SWEEP_WAITING, /* until the machine is idle, as the policy has it */
};

/* "idle", "beginning", "scanning", "paused", "waiting"; static. */
const char *ward_sweep_doing_name(enum ward_sweep_doing doing);

/* One that is over, or under way. */
struct ward_sweep_last {
	int64_t id; /* 0: there was none */
	char source[16];
	char intelligence[WARD_SWEEP_INTEL];
	uint64_t begin_ms, end_ms, used_ms;
	enum ward_run_outcome outcome;
	uint64_t files, bytes, threats, not_scanned;
};

struct ward_sweep_state {
	enum ward_sweep_doing doing;
	enum ward_sweep_kind kind;
	struct ward_sweep_last now; /* when it does something */
	unsigned percent;	    /* about */
	struct ward_sweep_last last[WARD_SWEEP_KINDS];
	uint64_t done_ms[WARD_SWEEP_KINDS]; /* when the last whole one began; 0: never */
	uint64_t next_ms[WARD_SWEEP_KINDS]; /* the next one; 0: not scheduled */
	uint64_t overdue_ms
		[WARD_SWEEP_KINDS]; /* since when a planned one is missing, a day and more; 0: it
						  is not */
};

/* All of one moment. */
void ward_sweep_state(struct ward_sweep *s, struct ward_sweep_state *ret_state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard remembers: threats and what became of them, scan runs, events, and what an
 * administrator allowed. One SQLite file; a damaged one is set aside and a new one begun, for the
 * history must never keep protection from starting.
 *
 * Any thread; calls are taken one after the other and wait for the disk: the thread that answers opens
 * hands what it has to say to a worker and never calls this. Writing is durable when it returns.
 * Texts are bytes (paths need not be UTF-8); longer ones are cut to the limits below, evidence is left
 * out instead.
 */
#ifndef WARD_GUARD_HISTORY_HISTORY_H
#define WARD_GUARD_HISTORY_HISTORY_H

#include "base/rc.h"
#include "base/span.h"
#include "base/verdict.h"

enum {
	WARD_HISTORY_ID = 16,
	WARD_HISTORY_TEXT_MAX = 4096,
	WARD_HISTORY_EVIDENCE_MAX = 64 * 1024,
	WARD_HISTORY_PAGE_MAX = 1000,
};

struct ward_history;

struct ward_history_options {
	const char *path;
	uint32_t days;	    /* how long things are kept; 0: 90 */
	uint32_t max_items; /* of each kind; 0: 10,000 */
};

/* As ward_db_open (db/db.h). Scan runs that were under way are closed as interrupted. */
enum ward_rc ward_history_open(const struct ward_history_options *options,
			       struct ward_history **ret_history,
			       bool *ret_set_aside) WARD_MUST_CHECK;
void ward_history_freep(struct ward_history **history);

/* --- threats --- */

/* Stored by number: only ever add at the end. */
enum ward_threat_status {
	WARD_THREAT_BLOCKED = 0, /* the file is where it was and cannot be opened */
	WARD_THREAT_QUARANTINED = 1,
	WARD_THREAT_ALLOWED = 2, /* by an administrator, or audit mode */
	WARD_THREAT_RESTORED = 3,
	WARD_THREAT_DELETED = 4,
	WARD_THREAT_FAILED = 5, /* the action failed; see note */
	WARD_THREAT_STATUSES,
};

/* "blocked", "quarantined", "allowed", "restored", "deleted", "failed"; static. */
const char *ward_threat_status_name(enum ward_threat_status status);

struct ward_threat {
	uint8_t id[WARD_HISTORY_ID]; /* UUID of version 7, given by _add */
	enum ward_threat_status status;
	enum ward_verdict verdict;
	enum ward_layer layer;
	struct ward_span name;	   /* "Linux.Botnet.Mirai" */
	struct ward_span category; /* "malware", "pua", "archive-bomb", … */
	struct ward_span path;	   /* raw bytes */
	struct ward_span sha256;   /* 32 bytes, or empty */
	struct ward_span evidence; /* JSON */
	struct ward_span reason;   /* what led to it: "open", "exec", "scan", "late-verdict" */
	struct ward_span origin;   /* where the file came from */
	struct ward_span volume;   /* the device it is on */
	struct ward_span program;  /* the process that touched it */
	struct ward_span note;	   /* why an action failed, who allowed it, … */
	uint32_t actor_pid, actor_uid, owner_uid;
	struct ward_span quarantine; /* the item's id (16 bytes), or empty */
	uint64_t count;		     /* how often it was met; given by _add */
	uint64_t first_ms, last_ms;  /* since 1970; first given by _add, last by the caller */
};

/*
 * Remembers a detection at threat->last_ms. The same name, path and digest met again while it is
 * blocked, failed or allowed is counted there instead. *ret_id is the entry's.
 */
enum ward_rc ward_history_threat_add(struct ward_history *h, const struct ward_threat *threat,
				     uint8_t ret_id[WARD_HISTORY_ID]) WARD_MUST_CHECK;
/* What became of it. Empty `quarantine` or `note` leaves what was there. WARD_E_NOENT. */
enum ward_rc ward_history_threat_update(struct ward_history *h, const uint8_t id[WARD_HISTORY_ID],
					enum ward_threat_status status, struct ward_span quarantine,
					struct ward_span note) WARD_MUST_CHECK;

/* Borrowed during the call. Anything but WARD_OK stops and is returned. Must not call the history. */
typedef enum ward_rc (*ward_threat_visit)(void *ctx, const struct ward_threat *threat);

struct ward_threat_query {
	unsigned statuses;     /* bit per status; 0: all */
	struct ward_span name; /* only this one, when not empty */
	uint32_t limit;	       /* 0 or above WARD_HISTORY_PAGE_MAX: that */
	uint64_t
		before_ms; /* where the last page ended: its last entry's last_ms; 0: from the newest */
	const uint8_t *before; /* and id */
};

/* Newest first. */
enum ward_rc ward_history_threat_list(struct ward_history *h, const struct ward_threat_query *query,
				      ward_threat_visit visit, void *ctx) WARD_MUST_CHECK;
/* WARD_E_NOENT. */
enum ward_rc ward_history_threat_show(struct ward_history *h, const uint8_t id[WARD_HISTORY_ID],
				      ward_threat_visit visit, void *ctx) WARD_MUST_CHECK;

/* --- scan runs --- */

enum ward_run_outcome { /* stored by number */
			WARD_RUN_GOING = 0,
			WARD_RUN_DONE = 1,
			WARD_RUN_CANCELLED = 2,
			WARD_RUN_FAILED = 3,
			WARD_RUN_INTERRUPTED = 4, /* the guard ended */
};

/* "going", "done", "cancelled", "failed", "interrupted"; static. */
const char *ward_run_outcome_name(enum ward_run_outcome outcome);

struct ward_run {
	int64_t id;		       /* given by _begin; later ones are larger */
	struct ward_span kind;	       /* "quick", "full" */
	struct ward_span source;       /* what started it: "schedule", "catch-up", "command" */
	struct ward_span what;	       /* who did: the program of a command */
	uint32_t uid;		       /* who asked */
	struct ward_span intelligence; /* ids of the packs it began with */
	uint64_t begin_ms, end_ms;     /* end 0: still going */
	uint64_t used_ms;	       /* at work, all its parts together */
	enum ward_run_outcome outcome;
	uint64_t files, bytes, threats, not_scanned;
	uint64_t reasons
		[WARD_REASON_COUNT]; /* files of which something was not scanned, by reason */
	/* Where it goes on after an interruption: the place, and the last file there that is done with.
	 * Empty: at the beginning. */
	struct ward_span place, after;
};

/* Kind, source, what, uid, intelligence, begin. */
enum ward_rc ward_history_run_begin(struct ward_history *h, const struct ward_run *run,
				    int64_t *ret_id) WARD_MUST_CHECK;
/* Everything that changes while it goes on: outcome, end, numbers, intelligence, and where it is. */
enum ward_rc ward_history_run_save(struct ward_history *h,
				   const struct ward_run *run) WARD_MUST_CHECK;
/* Borrowed during the call. Must not call the history. */
typedef enum ward_rc (*ward_run_visit)(void *ctx, const struct ward_run *run);
/* Newest first, those before the id (0: all); of one kind when that is not empty. */
enum ward_rc ward_history_run_list(struct ward_history *h, struct ward_span kind, int64_t before,
				   uint32_t limit, ward_run_visit visit, void *ctx) WARD_MUST_CHECK;

/* --- events --- */

struct ward_event {
	int64_t id; /* given by _add */
	uint64_t at_ms;
	struct ward_span
		kind; /* "tamper-refused", "service-stopped", "config-changed", "restored", … */
	struct ward_span text;	 /* one line for people */
	struct ward_span detail; /* JSON */
	struct ward_span program;
	uint32_t pid, uid;
};

enum ward_rc ward_history_event_add(struct ward_history *h,
				    const struct ward_event *event) WARD_MUST_CHECK;
typedef enum ward_rc (*ward_event_visit)(void *ctx, const struct ward_event *event);
/* Newest first, those before the id (0: all); of one kind when that is not empty. */
enum ward_rc ward_history_event_list(struct ward_history *h, struct ward_span kind, int64_t before,
				     uint32_t limit, ward_event_visit visit,
				     void *ctx) WARD_MUST_CHECK;

/* --- what is allowed here --- */

enum ward_allow_kind { WARD_ALLOW_SHA256 = 0, WARD_ALLOW_THREAT = 1 }; /* stored by number */

struct ward_allow {
	int64_t id;
	enum ward_allow_kind kind;
	struct ward_span value; /* 32 bytes, or a threat's name, compared byte by byte */
	uint32_t uid;		/* who */
	struct ward_span why;
	uint64_t since_ms;
	uint64_t until_ms; /* 0: for ever */
};

/* Adds, or replaces the entry for the same value. */
enum ward_rc ward_history_allow(struct ward_history *h,
				const struct ward_allow *allow) WARD_MUST_CHECK;
/* WARD_E_NOENT. */
enum ward_rc ward_history_disallow(struct ward_history *h, enum ward_allow_kind kind,
				   struct ward_span value) WARD_MUST_CHECK;
typedef enum ward_rc (*ward_allow_visit)(void *ctx, const struct ward_allow *allow);
/* All that hold at `now_ms`, oldest first: the guard keeps a copy to decide by and asks again after a
 * change. */
enum ward_rc ward_history_allowed(struct ward_history *h, uint64_t now_ms, ward_allow_visit visit,
				  void *ctx) WARD_MUST_CHECK;

/* --- keeping house --- */

/* Forgets what is older than the options' days, then the oldest above max_items of each kind, and
 * allowances that have ended. *ret_forgotten may be NULL. */
enum ward_rc ward_history_retain(struct ward_history *h, uint64_t now_ms,
				 uint64_t *ret_forgotten) WARD_MUST_CHECK;

struct ward_history_totals {
	uint64_t threats[WARD_THREAT_STATUSES]; /* entries */
	uint64_t detections; /* each time something was met, forgotten entries too */
	uint64_t runs, events, allowances;
	uint64_t begun_ms; /* when this history was; 0: not known */
};
enum ward_rc ward_history_totals(struct ward_history *h,
				 struct ward_history_totals *ret_totals) WARD_MUST_CHECK;

#endif

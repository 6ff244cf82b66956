/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to an open. In this order: our own processes, the verdict cache, exclusions, and then a
 * question to those who can judge a file: first the scanners, then, for what stays unknown, whoever
 * comes next (the cloud). Several opens of one file wait on one question. Who judges answers later,
 * from any thread; opens do not wait beyond their deadline (hold.h), and an answer that comes after it
 * is acted on all the same.
 *
 * Everything here is bounded, nothing blocks, no path is opened, nothing is logged. Thread-safe but
 * for what says otherwise.
 */
#ifndef WARD_GUARD_DECIDE_DECIDE_H
#define WARD_GUARD_DECIDE_DECIDE_H

#include "formats/type.h"
#include "guard/cache/cache.h"
#include "guard/decide/hold.h"
#include "guard/decide/kin.h"
#include "guard/decide/rules.h"
#include "sys/digest.h"

enum ward_urgency { WARD_URGENT_EXEC, WARD_URGENT_OPEN, WARD_URGENT_NOT, WARD_URGENCIES };

/* What is known of a file's content. Texts are never NULL. */
struct ward_answer {
	enum ward_verdict verdict;
	enum ward_reason reason; /* of WARD_NOT_SCANNED */
	/* All reasons why parts of it were not looked at: bits 1u << WARD_REASON_…. 0: `reason` alone.
	 * Of several the decisions take the one that the policy wants most done about. */
	uint32_t gaps;
	enum ward_type type;
	const uint8_t *sha256; /* WARD_SHA256_LEN bytes; NULL: not computed */
	const char *threat;
	const char *rule;
	const char *layer; /* "yara", "cloud" … */
	const char *tier;  /* of the cloud's, static; NULL: not known */
	bool from_cloud;
	bool blocked;  /* by the policy's own list: nothing allows it */
	bool recorded; /* by a signed record, which may end */
	/* From this second of the monotonic clock on it is to be asked for anew; 0: no end. */
	uint32_t until;
};

/* One file about which somebody is asked. All borrowed for the time of the call. */
struct ward_question {
	uint64_t id;
	int fd; /* the file; copy it to keep it */
	const struct ward_key *key;
	enum ward_urgency urgency;
	int pid;
	const struct ward_answer *so_far; /* what the layer before said; NULL: you are the first */
};

/*
 * Somebody who judges files. Called with the decisions locked: it must neither block nor call back.
 * WARD_OK: an answer follows (ward_decide_answer with the question's id), sooner or later, always;
 * opens wait for the cloud's as long as the rules say (hold), and WARD_NOT_SCANNED with
 * WARD_REASON_TIMEOUT from it about an unknown file is no answer: the fail mode decides. Otherwise, when
 * it says unknown or not scanned, what the layer before said stands.
 * WARD_E_LIMIT: not now; a scanner is asked again after its next answer, and for the cloud it is as if
 * it had not answered. Anything else: it cannot judge this one.
 */
typedef enum ward_rc (*ward_ask)(void *ctx, const struct ward_question *question);

enum ward_incident_kind {
	WARD_INCIDENT_BLOCKED,	   /* an open was denied */
	WARD_INCIDENT_WOULD_BLOCK, /* would have been, in audit mode */
	WARD_INCIDENT_WRITTEN,	   /* found in a file that was written */
	WARD_INCIDENT_LATE,	   /* all opens had been answered before the verdict came */
	WARD_INCIDENT_SEEN,	   /* nothing happened but that it is told */
	WARD_INCIDENT_FAILED,	   /* nobody could say what the file is */
	WARD_INCIDENT_FOUND,	   /* by a scan of the machine; nobody opened it */
	WARD_INCIDENTS,
};

/* What signed records say of a content. */
enum ward_ruling { WARD_RULING_NONE, WARD_RULING_BLOCK, WARD_RULING_ALLOW };

/* Of a block; texts as long as answers' are kept. */
struct ward_ruled {
	char threat[128], rule[128];
};

/* All borrowed for the time of the call. */
struct ward_incident {
	enum ward_incident_kind kind;
	int fd;
	const struct ward_key *key;
	const struct ward_answer *answer;
	enum ward_policy_action action;
	int pid;    /* of one that opened or wrote it */
	int pidfd;  /* the same process; -1: not known */
	bool exec;  /* it was to be executed */
	bool known; /* from the cache; layer, rule and digest are not remembered */
};

/* What the decisions act on. Called with the decisions locked: nothing may block or call back. */
struct ward_decide_ops {
	ward_ask scan;	/* layer 0 */
	ward_ask cloud; /* layer 1; NULL: nobody */
	/* No more questions about this content of this file; and again questions. */
	void (*settle)(void *ctx, int fd);
	void (*unsettle)(void *ctx, int fd);
	/* Again questions about all files. */
	void (*unsettle_all)(void *ctx);
	/* Not to be looked at. */
	bool (*excluded)(void *ctx, int fd, int pid);
	/* Bad, and yet somebody has allowed it. *ret_for_good, which is false: without an end, until the next
	 * epoch; that is remembered, the rest is asked each time. NULL: nothing is. */
	bool (*allowed)(void *ctx, const struct ward_answer *answer, bool *ret_for_good);
	/* Convicted by the policy, whatever is found in it. NULL: nothing is. */
	bool (*blocked)(void *ctx, const uint8_t sha256[WARD_SHA256_LEN]);
	/* What signed records say of it now; asked of what is remembered too, so it may change at any time
	 * (ward_decide_recheck). ret_ruled may be NULL. NULL: nothing. */
	enum ward_ruling (*ruled)(void *ctx, const uint8_t sha256[WARD_SHA256_LEN],
				  struct ward_ruled *ret_ruled);
	void (*report)(void *ctx, const struct ward_incident *incident);
	/* The user whose process that is: users are served in turn. NULL: there is but one. */
	uint32_t (*user)(void *ctx, int pid);
	void *ctx;
};

struct ward_decide_options {
	struct ward_decide_ops ops;
	struct ward_decide_rules rules;
	struct ward_kin *kin;  /* borrowed: whose opens are never questioned */
	bool real_time;	       /* there are opens to settle */
	size_t max_opens;      /* that wait at once; 0: 16,384 */
	size_t max_background; /* written files that wait for a scan; 0: 1,024 */
	size_t cache_entries;  /* 0: 65,536 */
	unsigned settle_ms;    /* rest of a written file before it is scanned; 0: 100 */
	/* Seconds for which an answer must be good for its file to be settled, and so often, at most,
	 * nothing is settled any more; 0: 30 */
	unsigned mark_s;
};

struct ward_decide;

/* WARD_E_NOMEM. */
enum ward_rc ward_decide_new(const struct ward_decide_options *options,
			     struct ward_decide **ret_decide) WARD_MUST_CHECK;
/* Closes what it holds; those who were asked must not answer any more. NULL is fine. */
struct ward_decide *ward_decide_free(struct ward_decide *d);

void ward_decide_rules(struct ward_decide *d, const struct ward_decide_rules *rules);
/* New intelligence or policy: what was known is not an answer any more, and nothing is settled. */
void ward_decide_new_epoch(struct ward_decide *d);

/* Records say something else of some contents: nothing is settled, what was known is weighed again. */
void ward_decide_recheck(struct ward_decide *d);

/*
 * An open, in two steps: first all that were read are held, which starts their deadlines, then each
 * is looked at. Takes the descriptors. Any thread.
 */
struct ward_open {
	int gate; /* where its answer goes; borrowed */
	int fd;
	int pidfd; /* -1: not known */
	int pid;
	bool exec;
};

/* False: it has been answered already, by the fail mode, because too many wait. */
bool ward_decide_hold(struct ward_decide *d, const struct ward_open *take_open,
		      uint32_t *ret_slot) WARD_MUST_CHECK;
void ward_decide_open(struct ward_decide *d, uint32_t slot);

/* A file was closed after writing. Takes the descriptor. */
void ward_decide_written(struct ward_decide *d, int take_fd, int pid);

/* The answer to a question. An id that is not known (any more) is passed over. */
void ward_decide_answer(struct ward_decide *d, uint64_t id, const struct ward_answer *answer);

/*
 * A verdict about a content that was decided about before, from somebody who was not asked now: what
 * was known is forgotten, the mark goes, and what the policy wants is reported as late. Passed over
 * when the file has another content. `fd` stays the caller's.
 */
void ward_decide_revise(struct ward_decide *d, int fd, const struct ward_key *key, int pid,
			const struct ward_answer *answer);
/*
 * What a scan of the machine says of a file, if nobody has allowed that: what is bad is reported as found,
 * with the policy's action where the mode lets it act, and its next open does not go by what was known. `fd`
 * stays the caller's. True: it is bad.
 */
bool ward_decide_found(struct ward_decide *d, int fd, const struct ward_key *key,
		       const struct ward_answer *answer);
/* Makes the answer what the policy's own list says of a content. */
void ward_decide_convict(struct ward_answer *answer);
/* Makes it what a record that blocks says; borrows the texts. */
void ward_decide_record(struct ward_answer *answer, const struct ward_ruled *ruled);
/* The next open asks again. */
void ward_decide_forget(struct ward_decide *d, int fd, const struct ward_key *key);

/* Asks what can be asked now. µs until it has to be called again; UINT64_MAX: not before something
 * happens. */
uint64_t ward_decide_pump(struct ward_decide *d);

/* For the watchdog: never blocks, whatever the others do. */
struct ward_holds *ward_decide_holds(struct ward_decide *d);
/* Answers everything that still waits by the fail mode. */
void ward_decide_give_up(struct ward_decide *d);

/* Scanners, cloud. */
enum { WARD_LAYERS = 2 };

struct ward_decide_stats {
	uint64_t opens, execs;				/* asked about */
	uint64_t own, special, empty, excluded, cached; /* answered at once, because … */
	uint64_t questions, joined; /* opens that began a question, that joined one */
	uint64_t written, written_dropped;
	uint64_t verdicts[WARD_MALICIOUS + 1];
	uint64_t retried; /* a scanner died over the file, a second one was asked */
	uint64_t failed;  /* questions that ended without a verdict: crash, time-out … */
	uint64_t denied, would_deny;
	uint64_t allowed;	   /* bad, but somebody has allowed it */
	uint64_t overloaded;	   /* answered by the fail mode because too many waited */
	uint64_t expired;	   /* answered by the fail mode at their deadline */
	uint64_t late;		   /* verdicts after the deadline of all who waited */
	uint64_t settled, changed; /* files settled; verdicts void because the file changed */
	uint64_t lapsed;	   /* remembered answers whose time was over */
	uint64_t overruled;	   /* remembered answers that records have changed */
	uint64_t unsettled;	   /* times that all marks went because one's time was over */
	size_t holding;		   /* opens that wait now */
	size_t queued[WARD_URGENCIES];
	size_t asked[WARD_LAYERS]; /* questions that somebody works on */
	uint32_t epoch;
	struct ward_cache_stats cache;
};

/* All of one moment. */
void ward_decide_stats(struct ward_decide *d, struct ward_decide_stats *ret_stats);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of the sandboxed scanners: files in (open descriptors), results out, in any
 * order. The pool starts `ward-scan`, keeps one worker per job busy, and replaces a worker that
 * crashes, hangs or needs too much memory: that costs the one file it was on (not-scanned:crashed,
 * timeout or memory), never the caller, and never another file. What a worker says is checked field
 * by field; a message that breaks the protocol costs its worker the channel.
 *
 * Not thread-safe: one thread owns a pool. The caller's signal dispositions and mask stay as they
 * are. Typical use:
 *
 *	while (more files) {
 *		while (ward_pool_submit(...) == WARD_E_LIMIT)
 *			ward_pool_wait(...);	take one reply, print it
 *	}
 *	while (ward_pool_pending(pool))
 *		ward_pool_wait(...);
 */
#ifndef WARD_POOL_POOL_H
#define WARD_POOL_POOL_H

#include "base/buf.h"
#include "engine/limits.h"
#include "engine/result.h"

struct ward_pool;

/* Longest path sent to a worker, in bytes; a longer one is cut at its front (the scan needs it for
 * rules that look at names only). */
enum { WARD_POOL_PATH_MAX = 4096 };

struct ward_pool_options {
	const char *program;	   /* path of ward-scan; executed as it is, no PATH search */
	const int *packs;	   /* open intelligence packs; borrowed until _new returns */
	size_t pack_count;	   /* at most 64 */
	unsigned jobs;		   /* workers; 0: one per CPU online; at most 256 */
	size_t queue_max;	   /* files taken and not yet answered; 0: 8 per job */
	unsigned line_max;	   /* files sent to one worker, the one it is on among them; 0: 4 */
	unsigned timeout_ms;	   /* wall time of one file; 0: 120,000 */
	size_t worker_memory;	   /* bytes of private data of one worker (RLIMIT_DATA); 0: the
				      limits' max_memory and 512 MiB */
	unsigned start_timeout_ms; /* loading of the packs; 0: 60,000 */
	struct ward_limits limits; /* of one file; ward_limits_default() first */
	/*
	 * For an owner that has to know which of the processes that open files are its own. Told of
	 * the scanner's number before that has opened anything, and again (alive false) before the
	 * number can be another's. Its workers open nothing. With it, a scanner that has to be
	 * started again is not waited for: nothing here blocks but ward_pool_new.
	 */
	void (*on_process)(void *ctx, int pid, bool alive);
	void *on_process_ctx;
};

/* All members 0 or NULL but the limits, which are the engine's defaults. */
void ward_pool_options_default(struct ward_pool_options *ret_options);

/*
 * Starts the scanners and waits until the packs are loaded. On failure `why` (may be NULL; give it
 * room for 4 KiB) gets one or more lines for people, and the rc is WARD_E_NOENT or WARD_E_PERM (the
 * program cannot be run), WARD_E_FORMAT (a pack does not load), WARD_E_TIMEOUT, WARD_E_GONE (the
 * scanner died while loading), WARD_E_INVAL, WARD_E_NOMEM or WARD_E_IO.
 */
enum ward_rc ward_pool_new(const struct ward_pool_options *options, struct ward_pool **ret_pool,
			   struct ward_buf *why) WARD_MUST_CHECK;
/* Kills and reaps all scanners, closes the files still in the queue. NULL is fine. */
struct ward_pool *ward_pool_free(struct ward_pool *pool);
void ward_pool_freep(struct ward_pool **pool);

struct ward_pool_request {
	int fd;		   /* readable; its offset neither matters nor changes */
	const char *path;  /* raw bytes; for rules on names and nothing else; never opened */
	const char *owner; /* user name or number; "" if not known */
	bool all_matches;  /* do not stop at the first malicious finding */
	bool want_facts;
	bool want_inners;
	bool want_row;			  /* the numbers models are asked with */
	unsigned timeout_ms;		  /* 0: the pool's */
	const struct ward_limits *limits; /* NULL: the pool's */
	void *cookie;			  /* comes back with the reply */
};

/*
 * Never blocks. With WARD_OK the descriptor belongs to the pool, otherwise it stays the caller's.
 * WARD_E_LIMIT: the queue is full, take a reply first. WARD_E_GONE: the scanners cannot be kept
 * running (ward_pool_stats tells how often they were tried). WARD_E_NOMEM.
 */
enum ward_rc ward_pool_submit(struct ward_pool *pool,
			      const struct ward_pool_request *request) WARD_MUST_CHECK;

struct ward_pool_reply {
	void *cookie;
	struct ward_result *result; /* never NULL. A worker's end is a gap of it, with path "" */
	uint64_t usec;		    /* the worker's time for it; 0 when there was no answer */
	uint64_t strings_cut;	    /* texts emptied or shortened to fit the message (64 KiB) */
};

/*
 * The next result. timeout_ms: 0 looks only, -1 waits. WARD_E_TIMEOUT: none yet. WARD_E_NOENT:
 * nothing is pending. WARD_E_NOMEM, WARD_E_IO.
 */
enum ward_rc ward_pool_wait(struct ward_pool *pool, int timeout_ms,
			    struct ward_pool_reply **ret_reply) WARD_MUST_CHECK;
/* Frees the result too, unless the caller took it by setting it to NULL. */
struct ward_pool_reply *ward_pool_reply_free(struct ward_pool_reply *reply);
void ward_pool_reply_freep(struct ward_pool_reply **reply);

/* Ends the scanners for good: what they had not answered is answered by not-scanned:crashed, which
 * ward_pool_wait goes on to return. */
void ward_pool_cancel(struct ward_pool *pool);

/* Files taken and not yet answered by ward_pool_wait. */
size_t ward_pool_pending(const struct ward_pool *pool);
/* Readable when ward_pool_wait(pool, 0) may have something to do; the pool keeps it. Call that also
 * at least once a second while files are pending: time-outs are looked at there. */
int ward_pool_fd(const struct ward_pool *pool);

struct ward_pool_stats {
	unsigned jobs;
	uint64_t load_usec;	/* until the packs were loaded the last time */
	uint64_t spawn_usec;	/* of the last worker: asked for until it was there */
	uint64_t answered;	/* by workers */
	uint64_t crashed;	/* workers that died or broke the protocol */
	uint64_t timed_out;	/* workers killed because a file took too long */
	uint64_t out_of_memory; /* workers that hit their memory limit */
	uint64_t restarts;	/* of the whole scanner */
};

/* Counted since the pool began; cheap, at any time. */
void ward_pool_stats(const struct ward_pool *pool, struct ward_pool_stats *ret_stats);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool is a queue of jobs, a zygote process, and one slot per worker. Jobs go from the queue into
 * a worker's line (a few at a time, so that it never waits for us) and from the head of that line,
 * with the worker's answer or because of its end, into the list of replies. A job stays ours, its
 * descriptor and message kept, until then: when its worker ends it can be sent again.
 */
#ifndef WARD_POOL_POOL_PRIV_H
#define WARD_POOL_POOL_PRIV_H

#include "pool/pool.h"
#include "proto/scan.h"
#include "sys/ipc.h"
#include "sys/process.h"

enum {
	/* Requests sent to a worker and not answered: the one it is on and those it goes on with
	   without waiting for us. */
	LINE_MAX_JOBS = 4, /* unless the options say otherwise */
	/* No more is sent to a worker whose line holds this many bytes: it will be busy for long
	   enough, and what waits behind it cannot go to another one. */
	LINE_MAX_BYTES = 1 << 20,
	/* Wall time beyond a file's own before its worker is killed: the engine stops by itself at
	   the limit and then still has to answer. */
	KILL_GRACE_USEC = 2 * 1000 * 1000,
	/* Ends without an answer in between, of workers that had nothing to do, and of zygotes. */
	IDLE_DEATHS_MAX = 8,
	RESTARTS_MAX = 5,
};

struct job {
	struct job *next;
	int fd;
	uint64_t id;
	uint64_t size; /* of the file, when it was taken */
	uint64_t timeout_usec;
	void *cookie;
	struct ward_buf message;
};

struct job_list {
	struct job *head;
	struct job *tail;
	size_t count;
	uint64_t bytes;
};

struct reply_node {
	struct ward_pool_reply reply; /* first: what the caller holds is the node */
	struct reply_node *next;
};

enum worker_state {
	WORKER_NONE,	 /* no process, none asked for */
	WORKER_STARTING, /* asked for; requests may be sent already */
	WORKER_RUNNING,
	WORKER_ENDING, /* the channel is closed; waiting to hear how it ended */
};

struct worker {
	enum worker_state state;
	int sock;  /* -1 when closed */
	int pidfd; /* -1 until the zygote told */
	uint32_t pid;
	uint64_t asked_at;
	uint64_t head_since; /* when the head of the line became that */
	struct job_list line;
	unsigned nameless; /* ended by us before the zygote told their pid */
};

struct ward_pool {
	char *program;
	int packs[WARD_PROTO_PACKS_MAX]; /* ours; kept for a restart */
	size_t pack_count;
	unsigned jobs;
	size_t queue_max;
	unsigned line_max;
	uint32_t timeout_ms;
	uint32_t start_timeout_ms;
	uint64_t worker_memory;
	struct ward_limits limits;

	void (*on_process)(void *ctx, int pid, bool alive);
	void *on_process_ctx;

	struct ward_process zygote;
	bool loading; /* it has not said yet that it is ready */
	uint64_t load_start;
	int control; /* -1: no zygote */
	int epoll;
	struct worker workers[WARD_PROTO_SLOTS_MAX];
	unsigned idle_deaths; /* in a row */
	unsigned restarts;    /* in a row */
	bool broken;	      /* given up */

	struct job_list queue;
	struct reply_node *replies; /* first in, first out */
	struct reply_node **replies_end;
	size_t pending;
	uint64_t last_id;
	struct ward_pool_stats stats;

	struct ward_budget budget;
	struct ward_arena *arena; /* of one message */
	uint8_t message[WARD_IPC_MESSAGE_MAX];
};

/* In the epoll set, a worker is its slot and the control channel this. */
enum { CONTROL_TAG = WARD_PROTO_SLOTS_MAX };

/* job.c */
void job_list_push(struct job_list *list, struct job *job);
/* NULL when empty. */
struct job *job_list_pop(struct job_list *list);
/* Moves all of `from` to the front of `to`, in order. */
void job_list_prepend(struct job_list *to, struct job_list *from);
enum ward_rc job_new(const struct ward_pool_request *request,
		     const struct ward_proto_request *message,
		     struct job **ret_job) WARD_MUST_CHECK;
void job_free(struct job *job);

/* reply.c: each takes the job. WARD_E_NOMEM leaves it. */
enum ward_rc pool_answer(struct ward_pool *pool, struct job *job,
			 const struct ward_proto_reply *reply) WARD_MUST_CHECK;
enum ward_rc pool_answer_reason(struct ward_pool *pool, struct job *job,
				enum ward_reason why) WARD_MUST_CHECK;

/* zygote.c */
/* Starts loading; what it says about that comes over its channel. */
enum ward_rc zygote_start(struct ward_pool *pool) WARD_MUST_CHECK;
/* Waits until it is ready; `why` may be NULL. */
enum ward_rc zygote_wait(struct ward_pool *pool, struct ward_buf *why) WARD_MUST_CHECK;
/* WARD_E_TIMEOUT: it has been loading for too long. */
enum ward_rc zygote_check_time(const struct ward_pool *pool) WARD_MUST_CHECK;
/* Ends it and all workers; their lines go back to the queue. */
void zygote_stop(struct ward_pool *pool);
/* Reads what it has to say. Anything but WARD_OK: it is gone or talks nonsense. */
enum ward_rc zygote_read(struct ward_pool *pool) WARD_MUST_CHECK;
enum ward_rc zygote_ask_worker(struct ward_pool *pool, unsigned slot, int end) WARD_MUST_CHECK;

/* worker.c */
enum ward_rc worker_start(struct ward_pool *pool, unsigned slot) WARD_MUST_CHECK;
/* Sends the next of the queue, unless its line is `depth` long already, or long enough. */
enum ward_rc worker_feed(struct ward_pool *pool, unsigned slot, size_t depth) WARD_MUST_CHECK;
/* Takes its answers. */
enum ward_rc worker_read(struct ward_pool *pool, unsigned slot) WARD_MUST_CHECK;
/* Ends it; `why` is what its file gets. */
enum ward_rc worker_doom(struct ward_pool *pool, unsigned slot,
			 enum ward_reason why) WARD_MUST_CHECK;
void worker_spawned(struct ward_pool *pool, unsigned slot, uint32_t pid, int take_pidfd);
enum ward_rc worker_exited(struct ward_pool *pool, uint32_t pid,
			   const struct ward_process_exit *end) WARD_MUST_CHECK;
/* Forgets the process; its line goes back to the queue. */
void worker_reset(struct ward_pool *pool, unsigned slot);
/* Kills it when its file took too long; µs until that, or UINT64_MAX. */
uint64_t worker_check_time(struct ward_pool *pool, unsigned slot, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between decide.c (events), question.c (the table) and finish.c (answers). Questions live in one
 * array and are named by their place; NONE ends lists. All of it is used under the lock.
 */
#ifndef WARD_GUARD_DECIDE_DECIDE_PRIV_H
#define WARD_GUARD_DECIDE_DECIDE_PRIV_H

#include <pthread.h>

#include "guard/decide/decide.h"
#include "guard/decide/names.h"

#define NONE UINT32_MAX
enum {
	TRIES_MAX = 3,
	TEXT_ROOM = 128,
	/* µs in which whoever asks the cloud may say himself that time is up */
	HOLD_GRACE = 500 * 1000,
	LANES = 64, /* bits of a word; users that share one share its turns */
};

enum question_state {
	QUESTION_FREE,
	QUESTION_QUEUED, /* in the queue of its urgency */
	QUESTION_ASKED,	 /* some layer works on it */
};

/* What a layer said, kept while the next one is asked. */
struct kept_answer {
	struct ward_answer answer;
	uint8_t sha256[WARD_SHA256_LEN];
	char threat[TEXT_ROOM], rule[TEXT_ROOM];
};

struct question {
	enum question_state state;
	enum ward_urgency urgency;
	uint32_t generation; /* counts the uses of this place */
	uint32_t hash_next, next, previous;
	struct ward_key key;
	int fd; /* ours */
	int pid, pidfd;
	bool exec, written, audited;
	bool racy; /* it may change once more without showing it */
	unsigned layer;
	unsigned tries;
	unsigned lane; /* of the user who waits for it */
	bool counted;  /* in d->working */
	uint32_t epoch;
	uint64_t not_before; /* written files */
	uint64_t hold_until; /* asked of the cloud; 0: not */
	uint32_t waiters;    /* first slot */
	struct kept_answer so_far;
};

/* What is known of a held open, by its slot. */
struct waiter {
	uint32_t next;
	struct ward_open open;
};

struct queue {
	uint32_t head, tail;
};

/* What waits with the same urgency: users in turn, each one's in the order they came. */
struct turns {
	struct queue lanes[LANES];
	uint64_t taken; /* a bit for each lane in which something waits */
	unsigned last;	/* whose turn it was */
	size_t count;
};

struct ward_decide {
	pthread_mutex_t lock;
	struct ward_decide_ops ops;
	struct ward_decide_rules rules;
	struct ward_kin *kin;
	bool real_time;
	size_t max_background;
	uint64_t settle_usec;
	uint32_t mark_s;
	struct ward_holds *holds;
	struct waiter *waiters;
	struct question *questions;
	uint32_t question_count;
	uint32_t free;
	uint32_t *buckets;
	uint32_t bucket_mask;
	struct turns queues[WARD_URGENCIES];
	size_t asked[WARD_LAYERS];
	size_t working[LANES]; /* urgent questions that scanners have, by whose they are */
	struct ward_cache *cache;
	struct ward_names names;
	struct ward_ruled ruled; /* texts of the answer that is being weighed */
	uint32_t epoch;
	uint32_t
		marks_until; /* the first second in which a mark stands for too long; 0: none will */
	struct ward_decide_stats stats;
};

/* What records say of a content; NULL: not known. Texts may be NULL. */
enum ward_ruling decide_ruling(const struct ward_decide *d, const uint8_t *sha256,
			       struct ward_ruled *ret_ruled);
/* Seconds of the monotonic clock, never 0: what `until` counts. */
uint32_t decide_second(void);

/* question.c */
/* NULL: all places are taken. Takes `fd`; not queued yet. */
struct question *question_new(struct ward_decide *d, const struct ward_key *key, int fd);
/* Its waiters have been released; closes what it holds. */
void question_free(struct ward_decide *d, struct question *q);
/* The one about this content, or (any content) the queued one of the background; NULL. */
struct question *question_find(struct ward_decide *d, const struct ward_key *key);
struct question *question_find_written(struct ward_decide *d, const struct ward_key *key);
struct question *question_by_id(struct ward_decide *d, uint64_t id);
uint64_t question_id(const struct ward_decide *d, const struct question *q);
void question_set_key(struct ward_decide *d, struct question *q, const struct ward_key *key);
void question_enqueue(struct ward_decide *d, struct question *q, enum ward_urgency urgency);
void question_dequeue(struct ward_decide *d, struct question *q);
/* The one whose turn it is; NULL: nothing waits, or only of users who have enough at work. */
struct question *question_next(struct ward_decide *d, enum ward_urgency urgency);
unsigned question_lane(struct ward_decide *d, int pid);
/* From now on, or no more, among those the scanners work on. */
void question_count(struct ward_decide *d, struct question *q, bool at_work);

/* finish.c */
/*
 * No more events about this content. From the last look at the file until the mark is there nobody may
 * open it for writing: a mark, however short, on a content that came in between would let it through.
 * Whoever writes later takes the mark away himself. False: somebody may write, or has, and there is no mark.
 * The kernel's marks have no end, so what is good for a short time only gets none, and for the others
 * `marks_until` is kept: all marks go when the first one's time is over.
 */
bool question_settle(struct ward_decide *d, int fd, const struct ward_key *key, uint32_t until);
void question_answer(struct ward_decide *d, struct question *q, const struct ward_answer *answer);
/* One of those who wait is held as long as the question is at the cloud, once. */
void question_hold(struct ward_decide *d, const struct question *q, uint32_t slot);
/* A verdict that nobody waits for, about a file that was let go. */
void question_revise(struct ward_decide *d, int fd, const struct ward_key *key, int pid,
		     const struct ward_answer *answer);
/* As ward_decide_found. */
bool question_found(struct ward_decide *d, int fd, const struct ward_key *key,
		    const struct ward_answer *answer);
/* Ends it without a verdict. */
void question_fail(struct ward_decide *d, struct question *q, enum ward_reason reason);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher from inside: release.c has the thread and what waits, round.c signs and appends,
 * verdicts.c makes records of convictions, gates.c holds them. */
#ifndef WARD_CLOUD_RELEASE_RELEASE_PRIV_H
#define WARD_CLOUD_RELEASE_RELEASE_PRIV_H

#include <pthread.h>

#include "cloud/log/record.h"
#include "cloud/release/release.h"

enum {
	RELEASE_BATCH = 64, /* records of one round */
	RELEASE_BATCH_BYTES = 512 * 1024,
	RELEASE_WAITING = 10000,
	RELEASE_MEMORY = 256 << 20, /* decoding takes up to 128 times the bytes */
};

/* A record that waits: its payload with a number that will be another one. */
struct release_order {
	struct release_order *next;
	uint8_t id[WARD_RECORD_ID];
	struct ward_span payload; /* bytes */
	char actor[129];
	char *forced; /* NULL: none */
	unsigned tries;
	ward_released_fn fn;
	void *context;
	uint8_t bytes[];
};

/* A file of which something was said. */
struct release_verdict {
	struct release_verdict *next;
	uint8_t sha256[WARD_HASH_LEN];
};

struct release_waiter {
	struct release_waiter *next;
	uint8_t sha256[WARD_HASH_LEN];
	uint64_t due; /* monotonic µs */
	ward_released_fn fn;
	void *context;
};

struct ward_release {
	struct ward_release_options o;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t news;
	bool stop, ended, overflow; /* overflow: verdicts were not taken, all are looked at again */
	struct release_order *orders, **last_order;
	struct release_verdict *verdicts, **last_verdict;
	struct release_waiter *waiters;
	size_t order_count, verdict_count;
	struct ward_release_status status;
	/* of the thread alone */
	uint64_t refreshed, looked, checked; /* monotonic µs */
	unsigned uncovered;		     /* looks at which records had no timestamp */
	bool renew, walking;
	struct ward_conviction_walk walk;
	struct ward_counter *published, *refused, *retried, *timestamps;
};

/* --- release.c --- */

/* Tells those who wait for this file. */
void release_tell(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], uint64_t number,
		  struct ward_span envelope);
/* A gate holds a record about it: for the status. */
void release_hold(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], uint64_t now_ms,
		  const char *why);

/* --- round.c --- */

/* Publishes these orders, which are off the list; *ret_left: those that have to be tried again. With none
 * of them, `renew`: only a timestamp. */
enum ward_rc release_round(struct ward_release *r, struct release_order *orders, bool renew,
			   struct release_order **ret_left) WARD_MUST_CHECK;
/* Tells the end of one and frees it. */
void release_end(struct ward_release *r, struct release_order *order, enum ward_rc rc,
		 uint64_t number, struct ward_span envelope, const struct ward_refusal *why);
/* Whether a timestamp is due: its time, or records that none covers. */
bool release_due(struct ward_release *r, uint64_t now_ms);

/* --- verdicts.c --- */

/* Deals with what holds of this file now. */
void release_consider(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN]);
/* A page of all convictions: those of late without a record are dealt with soon. True: that was the last. */
bool release_consider_some(struct ward_release *r, struct ward_conviction_walk *walk);

/* --- gates.c --- */

/* Whether the service may block this file by itself; WARD_E_PERM: it may not, and why. */
enum ward_rc release_gate_file(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN],
			       uint64_t now_ms, struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* The same of any record, by its kind. */
enum ward_rc release_gate(struct ward_release *r, const struct ward_trust_record *record,
			  uint64_t now_ms, struct ward_refusal *ret_why) WARD_MUST_CHECK;

#endif

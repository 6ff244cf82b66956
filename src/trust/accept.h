/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an endpoint makes of records that were pushed or fetched: all of a batch, or nothing of it. A
 * record counts when it has the next number, its own delegation has signed it for this kind and scope,
 * and the log with it has the head that the timestamp signs. Records for other devices are part of the
 * log all the same.
 */
#ifndef WARD_TRUST_ACCEPT_H
#define WARD_TRUST_ACCEPT_H

#include "trust/trust.h"

enum { WARD_BATCH_MAX = 10000 };

/* Who this endpoint is, for scopes. */
struct ward_trust_self {
	uint8_t device[16];
	const char *ring; /* "" or NULL: none */
	const char *const *tags;
	size_t tag_count;
};

struct ward_trust_batch {
	const struct ward_span *records; /* envelopes, the lowest number first */
	size_t count;			 /* 0: only the timestamp (a heartbeat) */
	struct ward_span timestamp;	 /* envelope; empty: the one that is known */
	/* That the log after these records begins the one of the timestamp's head. NULL: they reach it. */
	const struct ward_proof *proof;
	uint64_t now_ms;
};

struct ward_trust_accepted {
	struct ward_trust_record record;
	bool mine; /* its scope has this device */
};

/* Whether a record of this scope is for this endpoint. */
bool ward_trust_scope_has(const struct ward_trust_scope *scope, const struct ward_trust_self *self);

/* The delegation of that name; NULL: there is none. */
const struct ward_trust_delegation *ward_trust_delegation_of(
	const struct ward_trust_targets *targets, const char *name);
/*
 * One record by itself, for who publishes: that its delegation may say that, and enough of its keys have
 * signed it. Its place in the log is not asked. *ret lives in the arena (128 times the envelope and 64 KiB
 * suffice); the envelope is borrowed as long.
 */
enum ward_rc ward_trust_judge(const struct ward_trust_targets *targets, struct ward_span envelope,
			      struct ward_arena *arena, struct ward_trust_record *ret,
			      struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/*
 * Takes a batch: *ret_accepted are batch->count records in order, in the arena (128 times the batch's
 * bytes and 1 MiB suffice), and the state has moved on. WARD_E_PERM with *ret_refusal: nothing has
 * changed. The caller makes what they say durable before it stores the state (trust/store.h): a record
 * that comes again after a crash is applied again.
 */
enum ward_rc ward_trust_accept(struct ward_trust *t, const struct ward_trust_batch *batch,
			       const struct ward_trust_self *self, struct ward_arena *arena,
			       const struct ward_trust_accepted **ret_accepted,
			       struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/*
 * Leaves out the records that a pack in the trusted targets has already: `frontier` is the log's at that
 * place (32 bytes each, ward_frontier_write) and `proof` says that it goes on from what was taken so far
 * (no hashes when nothing was). Call it when the pack is in use. Nothing changes when as many records
 * were taken already.
 */
enum ward_rc ward_trust_skip(struct ward_trust *t, const struct ward_trust_pack *pack,
			     struct ward_span frontier, const struct ward_proof *proof,
			     uint64_t now_ms, struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher for tests: all keys, all metadata, a log. Change its values, then call the function that
 * signs what follows from them. */
#ifndef WARD_TRUST_TESTING_H
#define WARD_TRUST_TESTING_H

#include "trust/accept.h"

enum { TEST_NOW = 1795610000, TEST_RECORDS = 64, TEST_ROOT_KEYS = 3 };

#define TEST_NOW_MS  ((uint64_t)TEST_NOW * 1000)
#define TEST_HOUR_MS UINT64_C(3600000)

/* Secrets, by name: each is 32 times its number. */
enum test_key {
	TEST_ROOT_A = 1,
	TEST_ROOT_B,
	TEST_ROOT_C,
	TEST_TARGETS,
	TEST_SNAPSHOT,
	TEST_TIMESTAMP,
	TEST_CONVICTIONS, /* blocks and disables, everywhere */
	TEST_RULES,	  /* rules in the ring canary */
	TEST_STRANGER,
	TEST_NEW_TIMESTAMP,
	TEST_NEW_ROOT,
};

struct test_publisher {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_trust_root root;
	struct ward_trust_targets targets;
	struct ward_trust_snapshot snapshot;
	struct ward_trust_timestamp timestamp;
	struct ward_trust_delegation delegations[2];
	struct ward_trust_pack packs[1];
	enum test_key signers[WARD_ROLES]; /* who signs what is not a root */
	struct ward_span envelopes[WARD_ROLES], records[TEST_RECORDS];
	size_t record_count;
	struct ward_frontier frontier;
	struct ward_hash nodes[8][TEST_RECORDS];
};

void test_secret(enum test_key key, uint8_t ret[WARD_SIGN_SECRET]);
struct ward_trust_key test_public(enum test_key key);

struct test_publisher *test_publisher_new(void);
void test_publisher_free(struct test_publisher *p);

/* The root signed by these keys, 0 ends; in envelopes[WARD_DSSE_ROOT]. */
void test_sign_root(struct test_publisher *p, const enum test_key *keys);
/* Targets, snapshot, timestamp, each naming the one before; versions as they are. */
void test_sign_all(struct test_publisher *p);
void test_sign_snapshot(struct test_publisher *p);
void test_sign_timestamp(struct test_publisher *p);

/* The n-th record, blocking a file, as yet unsigned. */
struct ward_trust_record test_record(uint64_t number);
/* An envelope of it. */
struct ward_span test_seal(struct test_publisher *p, const struct ward_trust_record *r,
			   enum test_key key);
/* Appends an envelope to the log, and sets the timestamp's head. */
void test_append(struct test_publisher *p, struct ward_span envelope);
/* The same of `count` plain records. */
void test_publish(struct test_publisher *p, unsigned count);
struct ward_merkle_source test_source(struct test_publisher *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks of the TUF specification §1.5.2, one test each with what the user sees, and those on the
 * log. What protects against slow retrieval is the caller's: it knows from ward_trust_wanted how much
 * there is to come, and ends a transfer that falls behind (client/). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "trust/testing.h"
#include <cmocka.h>

struct world {
	struct test_publisher *p;
	struct ward_trust *t;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_refusal why;
	struct ward_trust_self self;
	const struct ward_trust_accepted *accepted;
	bool other_log;
};

static void
take_all(struct world *w)
{
	assert_int_equal(ward_trust_take_timestamp(w->t, w->p->envelopes[WARD_DSSE_TIMESTAMP],
						   TEST_NOW_MS, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_take_snapshot(w->t, w->p->envelopes[WARD_DSSE_SNAPSHOT],
						  TEST_NOW_MS, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_take_targets(w->t, w->p->envelopes[WARD_DSSE_TARGETS],
						 TEST_NOW_MS, &w->why),
			 WARD_OK);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->p = test_publisher_new();
	w->budget.cap = 16 << 20;
	w->arena = ward_arena_new(&w->budget);
	w->self.ring = "broad";
	w->self.device[0] = 9;
	assert_int_equal(ward_trust_new(w->p->envelopes[WARD_DSSE_ROOT], &w->t, &w->why), WARD_OK);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_TIMESTAMP);
	take_all(w);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_NOTHING);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ward_trust_free(w->t);
	ward_arena_free(w->arena);
	test_publisher_free(w->p);
	free(w);
	return 0;
}

/* What was refused, and said so; nothing has changed. */
static void
refused(const struct world *w, enum ward_rc rc, enum ward_refusal_code code, const char *text)
{
	assert_int_equal(rc, WARD_E_PERM);
	assert_string_equal(ward_refusal_word(w->why.code), ward_refusal_word(code));
	assert_string_equal(w->why.text, text);
}

static enum ward_rc
timestamp(struct world *w)
{
	return ward_trust_take_timestamp(w->t, w->p->envelopes[WARD_DSSE_TIMESTAMP], TEST_NOW_MS,
					 &w->why);
}

static enum ward_rc
snapshot(struct world *w)
{
	return ward_trust_take_snapshot(w->t, w->p->envelopes[WARD_DSSE_SNAPSHOT], TEST_NOW_MS,
					&w->why);
}

static enum ward_rc
targets(struct world *w)
{
	return ward_trust_take_targets(w->t, w->p->envelopes[WARD_DSSE_TARGETS], TEST_NOW_MS,
				       &w->why);
}

static enum ward_rc
root(struct world *w)
{
	return ward_trust_take_root(w->t, w->p->envelopes[WARD_DSSE_ROOT], &w->other_log, &w->why);
}

/* The records from `from` on, with a timestamp of the next version. */
static enum ward_rc
push_as_is(struct world *w, size_t from, size_t to)
{
	const struct ward_trust_batch batch = {
		.records = w->p->records + from,
		.count = to - from,
		.timestamp = w->p->envelopes[WARD_DSSE_TIMESTAMP],
		.now_ms = TEST_NOW_MS,
	};

	return ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why);
}

static enum ward_rc
push(struct world *w, size_t from, size_t to)
{
	w->p->timestamp.version++;
	test_sign_timestamp(w->p);
	return push_as_is(w, from, to);
}

/* --- it works at all --- */

static void
good_records_are_taken(void **state)
{
	struct world *w = *state;

	test_publish(w->p, 3);
	assert_int_equal(push(w, 0, 3), WARD_OK);
	assert_int_equal(ward_trust_frontier(w->t)->size, 3);
	assert_int_equal(w->accepted[2].record.number, 3);
	assert_true(w->accepted[2].mine);
	/* a heartbeat: nothing new, a later time */
	w->p->timestamp.expires_ms += TEST_HOUR_MS;
	assert_int_equal(push(w, 3, 3), WARD_OK);
	assert_int_equal(ward_trust_timestamp_now(w->t)->version, 3);
}

static void
records_of_others_are_part_of_the_log(void **state)
{
	static const struct ward_trust_scope scopes[] = {
		{.kind = WARD_SCOPE_RING, .name = "canary"},
		{.kind = WARD_SCOPE_RING, .name = "broad"},
		{.kind = WARD_SCOPE_TAG, .name = "db"},
		{.kind = WARD_SCOPE_TAG, .name = "web"},
		{.kind = WARD_SCOPE_DEVICE, .device = {9}},
		{.kind = WARD_SCOPE_DEVICE, .device = {8}}};
	static const bool mine[] = {false, true, true, false, true, false};
	const char *tag = "db";
	struct world *w = *state;

	w->self.tags = &tag;
	w->self.tag_count = 1;
	for (size_t i = 0; i < 6; i++) {
		struct ward_trust_record r = test_record(i + 1);

		r.scope = scopes[i];
		test_append(w->p, test_seal(w->p, &r, TEST_CONVICTIONS));
	}
	assert_int_equal(push(w, 0, 6), WARD_OK);
	assert_int_equal(ward_trust_frontier(w->t)->size, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(w->accepted[i].mine, mine[i]);
}

static void
long_absence_is_caught_up_in_parts(void **state)
{
	struct world *w = *state;
	struct ward_merkle_source s = test_source(w->p);
	struct ward_proof proof;
	struct ward_trust_batch batch = {
		.records = w->p->records, .count = 20, .proof = &proof, .now_ms = TEST_NOW_MS};

	test_publish(w->p, 50);
	w->p->timestamp.version++;
	test_sign_timestamp(w->p);
	assert_int_equal(timestamp(w), WARD_OK);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_RECORDS);
	assert_int_equal(ward_merkle_connect(&s, 20, 50, &proof), WARD_OK);
	assert_int_equal(ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
			 WARD_OK);
	/* the second half with the proof of the first one */
	batch.records += 20;
	batch.count = 29;
	refused(w, ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
		WARD_REFUSED_PROOF, "the records up to 49 are not proven to be in the signed log");
	batch.proof = NULL;
	refused(w, ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
		WARD_REFUSED_GAP, "49 records came, but the signed log has 50");
	batch.count = 30;
	assert_int_equal(ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_NOTHING);
}

static void
a_pack_stands_for_its_records(void **state)
{
	struct world *w = *state;
	struct ward_merkle_source s = test_source(w->p);
	struct ward_frontier middle;
	struct ward_proof proof, none = {0};
	struct ward_buf nodes;

	test_publish(w->p, 40);
	ward_buf_init(&nodes, 4096, NULL);
	assert_int_equal(ward_merkle_frontier(&s, 37, &middle), WARD_OK);
	assert_int_equal(ward_frontier_write(&middle, &nodes), WARD_OK);
	w->p->packs[0] = (struct ward_trust_pack){
		.name = "default", .version = 2, .content = {.sha256 = {1}, .size = 9}};
	w->p->packs[0].contains.size = 37;
	assert_int_equal(ward_merkle_root(&s, 37, &w->p->packs[0].contains.root), WARD_OK);
	w->p->targets.pack_count = 1;
	w->p->targets.version = w->p->snapshot.version = w->p->timestamp.version = 2;
	test_sign_all(w->p);
	take_all(w);
	assert_int_equal(ward_merkle_connect(&s, 0, 37, &proof), WARD_OK);
	nodes.data[5] ^= 1;
	refused(w,
		ward_trust_skip(w->t, ward_trust_targets_now(w->t)->packs, ward_buf_span(&nodes),
				&proof, TEST_NOW_MS, &w->why),
		WARD_REFUSED_PROOF,
		"it is not proven that the pack's records go on from those known");
	nodes.data[5] ^= 1;
	assert_int_equal(ward_trust_skip(w->t, ward_trust_targets_now(w->t)->packs,
					 ward_buf_span(&nodes), &none, TEST_NOW_MS, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_frontier(w->t)->size, 37);
	assert_int_equal(push(w, 37, 40), WARD_OK);
	ward_buf_done(&nodes);
}

/* --- TUF §1.5.2 --- */

static void
arbitrary_software(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1);

	test_append(w->p, test_seal(w->p, &r, TEST_STRANGER));
	refused(w, push(w, 0, 1), WARD_REFUSED_THRESHOLD,
		"record 1 is signed by 0 of the 1 keys of convictions that it needs");
	w->p->signers[WARD_DSSE_TIMESTAMP] = TEST_STRANGER;
	test_sign_timestamp(w->p);
	refused(w, timestamp(w), WARD_REFUSED_THRESHOLD,
		"the timestamp is signed by 0 of the 1 keys of the trusted root that it needs");
	assert_int_equal(ward_trust_frontier(w->t)->size, 0);
}

static void
endless_data(void **state)
{
	struct world *w = *state;
	struct ward_trust_meta wanted;
	size_t size = 600 << 10;
	uint8_t *bytes = calloc(1, size);

	assert_non_null(bytes);
	refused(w, ward_trust_take_timestamp(w->t, ward_span_of(bytes, size), TEST_NOW_MS, &w->why),
		WARD_REFUSED_SIZE, "the timestamp has 614400 bytes; at most 5824 are taken");
	refused(w, ward_trust_take_targets(w->t, ward_span_of(bytes, size), TEST_NOW_MS, &w->why),
		WARD_REFUSED_SIZE,
		"the list of targets has more than the 269 bytes that are signed for");
	/* who fetches knows before where to stop */
	assert_true(ward_trust_wanted(w->t, WARD_DSSE_TARGETS, &wanted));
	assert_int_equal(wanted.content.size, w->p->envelopes[WARD_DSSE_TARGETS].len);
	free(bytes);
}

/* Here: something signed makes an endpoint take more than it names. A record names nothing else, and a
 * reference is a size and a digest; what it takes along is the list, which has to be complete. */
static void
extraneous_dependencies(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1);

	test_append(w->p, test_seal(w->p, &r, TEST_CONVICTIONS));
	w->p->records[1] = w->p->records[0];
	refused(w, push(w, 0, 2), WARD_REFUSED_REPEAT, "record 1 was there already (1 are known)");
	r = test_record(2);
	w->p->records[1] = test_seal(w->p, &r, TEST_CONVICTIONS);
	refused(w, push(w, 0, 2), WARD_REFUSED_HEAD_OLD,
		"2 records came, but the signed log has 1");
	assert_int_equal(ward_trust_frontier(w->t)->size, 0);
}

/* Whoever had the timestamp's key drove its version, and the log's length, up to the end; a new root with
 * another key recovers (§5.3.11). */
static void
fast_forward(void **state)
{
	struct world *w = *state;

	w->p->timestamp.version = UINT64_MAX;
	w->p->timestamp.head.size = UINT64_C(1) << 60;
	test_sign_timestamp(w->p);
	assert_int_equal(timestamp(w), WARD_OK); /* the key was good */
	w->p->timestamp.version = 2;
	w->p->timestamp.head.size = 0;
	test_sign_timestamp(w->p);
	refused(w, timestamp(w), WARD_REFUSED_ROLLBACK,
		"the timestamp has version 2, but 18446744073709551615 is known already");
	w->p->root.version = 2;
	memset(&w->p->root.roles[WARD_DSSE_TIMESTAMP], 0, sizeof(struct ward_trust_role));
	w->p->root.roles[WARD_DSSE_TIMESTAMP].threshold = 1;
	assert_int_equal(ward_trust_role_add(&w->p->root.roles[WARD_DSSE_TIMESTAMP],
					     test_public(TEST_NEW_TIMESTAMP).public_key),
			 WARD_OK);
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	assert_int_equal(root(w), WARD_OK);
	assert_false(w->other_log);
	/* the stolen key counts no more */
	refused(w, timestamp(w), WARD_REFUSED_THRESHOLD,
		"the timestamp is signed by 0 of the 1 keys of the trusted root that it needs");
	w->p->signers[WARD_DSSE_TIMESTAMP] = TEST_NEW_TIMESTAMP;
	test_sign_timestamp(w->p);
	take_all(w);
}

static void
indefinite_freeze(void **state)
{
	struct world *w = *state;
	const uint64_t later = TEST_NOW_MS + TEST_HOUR_MS + 61000;
	struct ward_trust_batch batch = {.now_ms = later};

	assert_int_equal(ward_trust_need(w->t, later), WARD_NEED_TIMESTAMP);
	refused(w,
		ward_trust_take_timestamp(w->t, w->p->envelopes[WARD_DSSE_TIMESTAMP], later,
					  &w->why),
		WARD_REFUSED_EXPIRED,
		"the timestamp expired 61 seconds ago: the service has not spoken, or somebody "
		"holds back what it says");
	refused(w, ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
		WARD_REFUSED_EXPIRED,
		"the timestamp expired 61 seconds ago: the service has not spoken, or somebody "
		"holds back what it says");
	/* whoever holds the timestamp's key cannot go on with an old snapshot for ever either */
	w->p->timestamp.version++;
	w->p->timestamp.expires_ms = TEST_NOW_MS + 100 * TEST_HOUR_MS;
	test_sign_timestamp(w->p);
	batch.now_ms = TEST_NOW_MS + 24 * TEST_HOUR_MS;
	batch.timestamp = w->p->envelopes[WARD_DSSE_TIMESTAMP];
	refused(w, ward_trust_accept(w->t, &batch, &w->self, w->arena, &w->accepted, &w->why),
		WARD_REFUSED_EXPIRED,
		"the snapshot expired 0 seconds ago: the service has not spoken, or somebody "
		"holds back what it says");
}

static void
malicious_mirrors(void **state)
{
	struct world *w = *state;
	struct ward_span envelope;
	uint8_t *copy;

	w->p->snapshot.version = w->p->targets.version = w->p->timestamp.version = 2;
	test_sign_all(w->p);
	assert_int_equal(timestamp(w), WARD_OK);
	envelope = w->p->envelopes[WARD_DSSE_SNAPSHOT];
	copy = malloc(envelope.len);
	assert_non_null(copy);
	for (size_t i = 0; i < envelope.len; i++) {
		memcpy(copy, envelope.data, envelope.len);
		copy[i] ^= 1;
		refused(w,
			ward_trust_take_snapshot(w->t, ward_span_of(copy, envelope.len),
						 TEST_NOW_MS, &w->why),
			WARD_REFUSED_MIX, "the snapshot is not the one that belongs to the others");
	}
	free(copy);
	assert_int_equal(snapshot(w), WARD_OK); /* another mirror has it */
	assert_int_equal(targets(w), WARD_OK);
}

static void
mix_and_match(void **state)
{
	struct world *w = *state;
	struct ward_span old_targets = w->p->envelopes[WARD_DSSE_TARGETS];

	w->p->targets.version = w->p->snapshot.version = w->p->timestamp.version = 2;
	test_sign_all(w->p);
	assert_int_equal(timestamp(w), WARD_OK);
	refused(w, targets(w), WARD_REFUSED_ORDER, "targets are taken after their snapshot");
	assert_int_equal(snapshot(w), WARD_OK);
	refused(w, ward_trust_take_targets(w->t, old_targets, TEST_NOW_MS, &w->why),
		WARD_REFUSED_MIX, "the list of targets is not the one that belongs to the others");
	/* no records under lists that do not belong together */
	test_publish(w->p, 1);
	refused(w, push(w, 0, 1), WARD_REFUSED_ORDER,
		"timestamp, snapshot and targets have to be fetched first");
	assert_int_equal(targets(w), WARD_OK);
	assert_int_equal(push(w, 0, 1), WARD_OK);
}

static void
rollback(void **state)
{
	struct world *w = *state;
	struct ward_span old = w->p->envelopes[WARD_DSSE_TIMESTAMP];

	w->p->targets.version = w->p->snapshot.version = w->p->timestamp.version = 5;
	test_sign_all(w->p);
	take_all(w);
	refused(w, ward_trust_take_timestamp(w->t, old, TEST_NOW_MS, &w->why),
		WARD_REFUSED_ROLLBACK, "the timestamp has version 1, but 5 is known already");
	/* a thief of the timestamp's key names an older snapshot */
	w->p->timestamp.version = 6;
	w->p->timestamp.snapshot.version = 4;
	test_sign_timestamp(w->p);
	refused(w, timestamp(w), WARD_REFUSED_ROLLBACK,
		"the snapshot has version 4, but 5 is known already");
	/* a thief of both names older targets */
	w->p->snapshot.version = 6;
	w->p->snapshot.targets.version = 4;
	test_sign_snapshot(w->p);
	assert_int_equal(timestamp(w), WARD_OK);
	refused(w, snapshot(w), WARD_REFUSED_ROLLBACK,
		"the list of targets has version 4, but 5 is known already");
}

static void
compromise_of_one_key(void **state)
{
	static const enum ward_trust_kind kinds[] = {WARD_KIND_ALLOW_FILE, WARD_KIND_BLOCK_FILE};
	struct world *w = *state;
	struct ward_trust_record r;

	/* the author of rules signs rules for the canaries, and nothing else */
	for (size_t i = 0; i < 2; i++) {
		r = test_record(1);
		r.role = "rules";
		r.kind = kinds[i];
		w->p->records[0] = test_seal(w->p, &r, TEST_RULES);
		refused(w, push(w, 0, 1), WARD_REFUSED_KIND,
			i == 0 ? "record 1: rules may not publish allow-file"
			       : "record 1: rules may not publish block-file");
	}
	r = test_record(1);
	w->p->records[0] = test_seal(w->p, &r, TEST_RULES);
	refused(w, push(w, 0, 1), WARD_REFUSED_THRESHOLD,
		"record 1 is signed by 0 of the 1 keys of convictions that it needs");
	r.role = "rules";
	r.kind = WARD_KIND_RULE;
	r.of.rule.name = "a";
	r.of.rule.source = ward_span_str("rule a { condition: true }");
	w->p->records[0] = test_seal(w->p, &r, TEST_RULES);
	refused(w, push(w, 0, 1), WARD_REFUSED_SCOPE,
		"record 1: rules may not publish for these devices");
	r.role = "nobody";
	w->p->records[0] = test_seal(w->p, &r, TEST_RULES);
	refused(w, push(w, 0, 1), WARD_REFUSED_ROLE,
		"record 1: nobody called nobody may publish anything");
	/* and not even a good signature does without the timestamp's */
	r = test_record(1);
	w->p->records[0] = test_seal(w->p, &r, TEST_CONVICTIONS);
	refused(w, push(w, 0, 1), WARD_REFUSED_HEAD_OLD,
		"1 records came, but the signed log has 0");
	/* one root key alone makes no root */
	w->p->root.version = 2;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_STRANGER, 0});
	refused(w, root(w), WARD_REFUSED_THRESHOLD,
		"the root is signed by 1 of the 2 keys of the trusted root that it needs");
}

static void
wrong_software(void **state)
{
	struct world *w = *state;

	/* a snapshot in place of the targets, signed by the right key of the wrong role */
	refused(w,
		ward_trust_take_targets(w->t, w->p->envelopes[WARD_DSSE_SNAPSHOT], TEST_NOW_MS,
					&w->why),
		WARD_REFUSED_MIX, "the list of targets is not the one that belongs to the others");
	refused(w,
		ward_trust_take_timestamp(w->t, w->p->envelopes[WARD_DSSE_SNAPSHOT], TEST_NOW_MS,
					  &w->why),
		WARD_REFUSED_TYPE, "it is signed as a snapshot, not as a timestamp");
	w->p->signers[WARD_DSSE_TIMESTAMP] = TEST_SNAPSHOT;
	w->p->timestamp.version++;
	test_sign_timestamp(w->p);
	refused(w, timestamp(w), WARD_REFUSED_THRESHOLD,
		"the timestamp is signed by 0 of the 1 keys of the trusted root that it needs");
}

/* --- the log --- */

static void
a_missing_record(void **state)
{
	struct world *w = *state;

	test_publish(w->p, 3);
	refused(w, push(w, 1, 3), WARD_REFUSED_GAP, "record 2 came, but 1 is the next one");
	refused(w, push(w, 0, 2), WARD_REFUSED_GAP, "2 records came, but the signed log has 3");
	assert_int_equal(ward_trust_frontier(w->t)->size, 0);
	assert_int_equal(ward_trust_timestamp_now(w->t)->version, 1);
}

static void
two_stories(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1);

	test_publish(w->p, 1);
	r.threat = "Test.Other";
	w->p->records[0] = test_seal(w->p, &r, TEST_CONVICTIONS);
	refused(w, push(w, 0, 1), WARD_REFUSED_HEAD,
		"the records up to 1 are others than those of the signed log");
	w->p->timestamp.version = 1; /* again, with other content */
	test_sign_timestamp(w->p);
	refused(w, timestamp(w), WARD_REFUSED_FORK,
		"two timestamps have the version 1: the service tells different stories");
}

static void
a_log_that_was_cut(void **state)
{
	struct world *w = *state;

	test_publish(w->p, 2);
	assert_int_equal(push(w, 0, 2), WARD_OK);
	w->p->timestamp.head.root.bytes[0] ^= 1;
	refused(w, push(w, 2, 2), WARD_REFUSED_HEAD,
		"the log's 2 records are others than those that are known");
	w->p->timestamp.head.size = 1;
	refused(w, push(w, 2, 2), WARD_REFUSED_HEAD_OLD,
		"the log has 1 records, but 2 are known: it was cut, or is another one");
}

/* The service was restored from a backup, or the log was poisoned: a new root names another log. */
static void
another_log(void **state)
{
	struct world *w = *state;

	test_publish(w->p, 2);
	assert_int_equal(push(w, 0, 2), WARD_OK);
	w->p->timestamp.log[0] ^= 1;
	refused(w, push(w, 2, 2), WARD_REFUSED_LOG,
		"the timestamp is about another log than the root names");
	w->p->root.version = 2;
	w->p->root.log[0] ^= 1;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_B, TEST_ROOT_C, 0});
	assert_int_equal(root(w), WARD_OK);
	assert_true(w->other_log);
	assert_int_equal(ward_trust_frontier(w->t)->size, 0);
	take_all(w);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_RECORDS);
	assert_int_equal(push(w, 0, 2), WARD_OK);
}

static void
a_retired_key_counts_for_what_it_signed(void **state)
{
	struct world *w = *state;

	w->p->delegations[0].keys[0].last_number = 2;
	w->p->targets.version = w->p->snapshot.version = w->p->timestamp.version = 2;
	test_sign_all(w->p);
	take_all(w);
	test_publish(w->p, 2);
	assert_int_equal(push(w, 0, 2), WARD_OK);
	test_publish(w->p, 1);
	refused(w, push(w, 2, 3), WARD_REFUSED_THRESHOLD,
		"record 3 is signed by 0 of the 1 keys of convictions that it needs");
}

/* --- roots --- */

static void
roots_come_one_after_the_other(void **state)
{
	struct world *w = *state;

	refused(w, root(w), WARD_REFUSED_ROOT_CHAIN,
		"it is root 1; after root 1 only the next one is taken");
	w->p->root.version = 3;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	refused(w, root(w), WARD_REFUSED_ROOT_CHAIN,
		"it is root 3; after root 1 only the next one is taken");
	assert_int_equal(ward_trust_root_now(w->t)->version, 1);
}

static void
a_rotation_is_signed_by_old_and_new(void **state)
{
	struct world *w = *state;
	struct ward_trust_role *role = &w->p->root.roles[WARD_DSSE_ROOT];

	w->p->root.version = 2;
	memset(role, 0, sizeof(*role));
	role->threshold = 2;
	assert_int_equal(ward_trust_role_add(role, test_public(TEST_NEW_ROOT).public_key), WARD_OK);
	assert_int_equal(ward_trust_role_add(role, test_public(TEST_ROOT_A).public_key), WARD_OK);
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	refused(w, root(w), WARD_REFUSED_THRESHOLD,
		"the root is signed by 1 of the 2 keys of its own that it needs");
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_NEW_ROOT, 0});
	refused(w, root(w), WARD_REFUSED_THRESHOLD,
		"the root is signed by 1 of the 2 keys of the trusted root that it needs");
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, TEST_NEW_ROOT, 0});
	assert_int_equal(root(w), WARD_OK);
	/* what did not change its keys stays */
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_NOTHING);
}

static void
an_old_root_on_the_way_is_fine_the_last_is_not(void **state)
{
	struct world *w = *state;

	w->p->root.version = 2;
	w->p->root.expires_ms = TEST_NOW_MS - 1000;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	assert_int_equal(root(w), WARD_OK);
	assert_int_equal(ward_trust_need(w->t, TEST_NOW_MS), WARD_NEED_ROOT);
	refused(w, timestamp(w), WARD_REFUSED_EXPIRED,
		"the root expired 1 seconds ago: the service has not spoken, or somebody holds "
		"back what it says");
	w->p->root.version = 3;
	w->p->root.expires_ms = TEST_NOW_MS + TEST_HOUR_MS;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	assert_int_equal(root(w), WARD_OK);
	assert_int_equal(timestamp(w), WARD_OK);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_records_are_taken),
		T(records_of_others_are_part_of_the_log),
		T(long_absence_is_caught_up_in_parts),
		T(a_pack_stands_for_its_records),
		T(arbitrary_software),
		T(endless_data),
		T(extraneous_dependencies),
		T(fast_forward),
		T(indefinite_freeze),
		T(malicious_mirrors),
		T(mix_and_match),
		T(rollback),
		T(compromise_of_one_key),
		T(wrong_software),
		T(a_missing_record),
		T(two_stories),
		T(a_log_that_was_cut),
		T(another_log),
		T(a_retired_key_counts_for_what_it_signed),
		T(roots_come_one_after_the_other),
		T(a_rotation_is_signed_by_old_and_new),
		T(an_old_root_on_the_way_is_fine_the_last_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

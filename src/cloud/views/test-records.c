/* SPDX-License-Identifier: Apache-2.0 */
/* What the log holds of update records, and an endpoint (trust/accept.h) that takes what the views give. */
#include "cloud/views/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/log/file.h"
#include "cloud/log/record.h"
#include "cloud/views/applier.h"
#include "trust/testing.h"

#pragma GCC diagnostic ignored "-Wcast-qual"

enum { MANY = 40, MEMORY = 32 << 20 };

static char root[] = "/tmp/ward-records-XXXXXX";
static struct test_publisher *p;
static struct ward_log *ward_log;
static struct ward_views *views;
static unsigned turn;

static struct ward_views *
open_views(const char *name)
{
	char path[256], why[512] = "";
	struct ward_views_options options = {.directory = path, .cache_bytes = 8 << 20};
	struct ward_views *opened = NULL;

	(void)snprintf(path, sizeof(path), "%s/%u-%s", root, turn, name);
	assert_int_equal(ward_views_open(&options, &opened, why), WARD_OK);
	return opened;
}

static int
set_up(void **state)
{
	char path[256], why[512] = "";
	struct ward_log_file_options options = {.directory = path};

	(void)state;
	turn++;
	p = test_publisher_new();
	(void)snprintf(path, sizeof(path), "%s/%u-log", root, turn);
	assert_int_equal(ward_log_open_file(&options, &ward_log, why), WARD_OK);
	views = open_views("views");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	views = ward_views_close(views);
	ward_log = ward_log_close(ward_log);
	test_publisher_free(p);
	return 0;
}

static ProtobufCBinaryData
bytes(struct ward_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.data};
}

static void
apply(void)
{
	uint64_t records;

	assert_int_equal(ward_applier_run(ward_log, views, NULL, 0, &records), WARD_OK);
}

static void
append_record(struct ward_span envelope, uint64_t number)
{
	Ward__Log__V1__Record r = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Published published = WARD__LOG__V1__PUBLISHED__INIT;

	published.log = bytes(ward_span_of(p->root.log, WARD_LOG_ID));
	published.number = number;
	published.envelope = bytes(envelope);
	r.fact_case = WARD__LOG__V1__RECORD__FACT_PUBLISHED;
	r.published = &published;
	assert_int_equal(ward_record_append_wait(ward_log, &r, NULL), WARD_OK);
}

/* Signs and appends one that says this of the publisher's head. */
static void
append_timestamp(uint64_t version)
{
	Ward__Log__V1__Record r = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Timestamp t = WARD__LOG__V1__TIMESTAMP__INIT;

	p->timestamp.version = version;
	test_sign_timestamp(p);
	t.log = bytes(ward_span_of(p->root.log, WARD_LOG_ID));
	t.version = version;
	t.envelope = bytes(p->envelopes[WARD_DSSE_TIMESTAMP]);
	r.fact_case = WARD__LOG__V1__RECORD__FACT_TIMESTAMP;
	r.timestamp = &t;
	assert_int_equal(ward_record_append_wait(ward_log, &r, NULL), WARD_OK);
}

static uint64_t
publish(struct ward_trust_record r)
{
	struct ward_span envelope;

	r.number = p->record_count + 1;
	envelope = test_seal(p, &r, TEST_CONVICTIONS);
	test_append(p, envelope);
	append_record(envelope, r.number);
	return r.number;
}

static void
publish_some(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		(void)publish(test_record(p->record_count + 1));
}

static struct ward_view_ledger
ledger_of(struct ward_views *of)
{
	struct ward_view_ledger ledger;

	assert_int_equal(ward_views_ledger(of, p->root.log, p->arena, &ledger), WARD_OK);
	return ledger;
}

/* --- an endpoint --- */

struct batch {
	struct ward_span records[TEST_RECORDS];
	size_t count, limit;
};

static enum ward_rc
put(void *context, uint64_t number, struct ward_span envelope)
{
	struct batch *b = context;
	uint8_t *copy;

	(void)number;
	if (b->count == b->limit)
		return WARD_E_STOPPED;
	copy = ward_arena_alloc(p->arena, envelope.len);
	assert_non_null(copy);
	memcpy(copy, envelope.data, envelope.len);
	b->records[b->count++] = ward_span_of(copy, envelope.len);
	return WARD_OK;
}

static struct ward_trust *
endpoint(struct ward_span timestamp)
{
	struct ward_refusal refusal = {.text = ""};
	struct ward_trust *t = NULL;

	assert_int_equal(ward_trust_new(p->envelopes[WARD_DSSE_ROOT], &t, &refusal), WARD_OK);
	assert_int_equal(ward_trust_take_timestamp(t, timestamp, TEST_NOW_MS, &refusal), WARD_OK);
	assert_int_equal(ward_trust_take_snapshot(t, p->envelopes[WARD_DSSE_SNAPSHOT], TEST_NOW_MS,
						  &refusal),
			 WARD_OK);
	assert_int_equal(
		ward_trust_take_targets(t, p->envelopes[WARD_DSSE_TARGETS], TEST_NOW_MS, &refusal),
		WARD_OK);
	return t;
}

/* As FetchUpdates does it: `limit` records, and a proof where they do not reach the head. */
static void
fetch(struct ward_trust *t, size_t limit)
{
	struct ward_view_ledger ledger = ledger_of(views);
	uint64_t after = ward_trust_frontier(t)->size, to;
	struct batch b = {.limit = limit};
	struct ward_trust_batch batch = {.timestamp = ledger.timestamp, .now_ms = TEST_NOW_MS};
	struct ward_trust_self self = {.ring = ""};
	const struct ward_trust_accepted *accepted;
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_refusal refusal = {.text = ""};
	struct ward_proof proof;

	if (b.limit > ledger.covered - after)
		b.limit = ledger.covered - after;
	assert_int_equal(ward_views_records(views, p->root.log, after, put, &b), WARD_OK);
	to = after + b.count;
	if (to < ledger.covered) {
		assert_int_equal(ward_views_proof(views, p->root.log, to, ledger.covered, &proof),
				 WARD_OK);
		batch.proof = &proof;
	}
	batch.records = b.records;
	batch.count = b.count;
	assert_int_equal(ward_trust_accept(t, &batch, &self, arena, &accepted, &refusal), WARD_OK);
	assert_int_equal(ward_trust_frontier(t)->size, to);
	for (size_t i = 0; i < b.count; i++)
		assert_int_equal(accepted[i].record.number, after + 1 + i);
}

static void
test_endpoint_at_every_number(void **state)
{
	struct ward_trust *t = endpoint(p->envelopes[WARD_DSSE_TIMESTAMP]);

	(void)state;
	for (unsigned i = 1; i <= MANY; i++) {
		publish_some(1);
		append_timestamp(i + 1);
		apply();
		fetch(t, 1);
		assert_int_equal(ward_trust_frontier(t)->size, i);
	}
	ward_trust_free(t);
}

static void
test_endpoint_in_steps(void **state)
{
	(void)state;
	publish_some(MANY - 3);
	append_timestamp(2);
	publish_some(3); /* nothing says yet that they are in the log */
	apply();
	for (size_t step = 1; step < 12; step++) {
		struct ward_trust *t = endpoint(ledger_of(views).timestamp);

		while (ward_trust_frontier(t)->size < MANY - 3)
			fetch(t, step);
		ward_trust_free(t);
	}
	assert_int_equal(ledger_of(views).frontier.size, MANY);
	assert_int_equal(ledger_of(views).covered, MANY - 3);
}

/* Two publishers take the same number: the order of the log decides, and the loser tries again. */
static void
test_race(void **state)
{
	struct ward_trust_record first = test_record(1), second = test_record(1);
	struct ward_span loser;

	(void)state;
	memset(second.id, 9, sizeof(second.id));
	loser = test_seal(p, &second, TEST_CONVICTIONS);
	(void)publish(first);
	append_record(loser, 1);
	apply();
	assert_int_equal(ledger_of(views).frontier.size, 1);
	assert_int_equal(ward_views_record_of(views, p->root.log, second.id), 0);
	assert_int_equal(publish(second), 2);
	append_timestamp(2);
	apply();
	assert_int_equal(ward_views_record_of(views, p->root.log, second.id), 2);
	assert_int_equal(ledger_of(views).covered, 2);
}

/* An append that seemed to fail, and was made again: its id is there already. */
static void
test_once(void **state)
{
	struct ward_trust_record r = test_record(1);

	(void)state;
	(void)publish(r);
	r.number = 2;
	append_record(test_seal(p, &r, TEST_CONVICTIONS), 2);
	apply();
	assert_int_equal(ledger_of(views).frontier.size, 1);
	assert_int_equal(ward_views_record_of(views, p->root.log, r.id), 1);
}

static void
test_lying_number(void **state)
{
	struct ward_trust_record r = test_record(7);

	(void)state;
	append_record(test_seal(p, &r, TEST_CONVICTIONS), 1);
	apply();
	assert_int_equal(ledger_of(views).frontier.size, 0);
}

static void
test_timestamps_that_do_not_count(void **state)
{
	struct ward_view_stamp stamp;

	(void)state;
	publish_some(3);
	append_timestamp(5);
	append_timestamp(5); /* the same version */
	append_timestamp(4); /* an older one */
	p->timestamp.head.root.bytes[0] ^= 1;
	append_timestamp(6); /* another tree */
	p->timestamp.head.root.bytes[0] ^= 1;
	p->timestamp.head.size = 4;
	append_timestamp(7); /* more than there is */
	p->timestamp.head.size = 3;
	apply();
	assert_int_equal(ledger_of(views).version, 5);
	assert_int_equal(ward_views_stamp(views, p->root.log, 5, &stamp), WARD_OK);
	assert_int_equal(stamp.offset, 3);
	assert_int_equal(stamp.before, 0);
	assert_int_equal(stamp.covered, 3);
	for (uint64_t version = 6; version < 8; version++)
		assert_int_equal(ward_views_stamp(views, p->root.log, version, &stamp),
				 WARD_E_NOENT);
	publish_some(1);
	append_timestamp(8);
	apply();
	assert_int_equal(ward_views_stamp(views, p->root.log, 8, &stamp), WARD_OK);
	assert_int_equal(stamp.before, 3);
	assert_int_equal(stamp.covered, 4);
	assert_int_equal(ward_views_updates_applied(views), 10);
}

/* A head of before is fine while the last one was not later. */
static void
test_slow_timestamp(void **state)
{
	struct ward_head before;

	(void)state;
	publish_some(2);
	before = p->timestamp.head;
	publish_some(2);
	p->timestamp.head = before;
	append_timestamp(2);
	apply();
	assert_int_equal(ledger_of(views).covered, 2);
	publish_some(1);
	append_timestamp(3);
	p->timestamp.head = before;
	append_timestamp(4);
	apply();
	assert_int_equal(ledger_of(views).version, 3);
	assert_int_equal(ledger_of(views).covered, 5);
}

static size_t
blocking(struct ward_span digest, uint64_t numbers[8])
{
	size_t count = 0;

	assert_int_equal(ward_views_blocking(views, p->root.log, digest, numbers, 8, &count),
			 WARD_OK);
	return count;
}

static void
test_what_blocks(void **state)
{
	static const uint8_t other[32] = {4};
	struct ward_trust_record block = test_record(1), disable = test_record(1);
	struct ward_span digest = block.of.file;
	uint64_t numbers[8];

	(void)state;
	for (uint8_t i = 1; i <= 3; i++) {
		block.id[5] = i;
		(void)publish(block);
	}
	block.id[5] = 4;
	block.of.file = ward_span_of(other, 32);
	(void)publish(block);
	block.id[5] = 5;
	block.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "canary"};
	(void)publish(block); /* not for everybody */
	disable.kind = WARD_KIND_DISABLE;
	disable.of.disable.what = WARD_DISABLED_RECORD;
	disable.of.disable.name = "";
	disable.of.disable.record = 2;
	memset(disable.id, 8, sizeof(disable.id));
	(void)publish(disable);
	apply();
	assert_int_equal(blocking(digest, numbers), 2);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 3);
	assert_int_equal(blocking(ward_span_of(other, 32), numbers), 1);
	assert_int_equal(numbers[0], 4);
	assert_int_equal(ward_views_record_ended(views, p->root.log, 2), 6);
	assert_int_equal(ward_views_record_ended(views, p->root.log, 1), 0);
}

static void
test_inclusion(void **state)
{
	struct ward_proof proof;

	(void)state;
	publish_some(MANY);
	apply();
	for (uint64_t number = 1; number <= MANY; number++) {
		struct ward_refusal refusal;
		struct ward_span envelope;
		struct ward_hash leaf;
		struct ward_dsse d;

		assert_int_equal(ward_views_record(views, p->root.log, number, p->arena, &envelope),
				 WARD_OK);
		assert_int_equal(ward_dsse_read(envelope, WARD_DSSE_RECORD, p->arena, &d, &refusal),
				 WARD_OK);
		assert_int_equal(ward_merkle_leaf(d.payload, &leaf), WARD_OK);
		assert_int_equal(ward_views_inclusion(views, p->root.log, number, MANY, &proof),
				 WARD_OK);
		assert_int_equal(ward_proof_included(&proof, &leaf, number - 1, MANY,
						     &p->timestamp.head.root),
				 WARD_OK);
	}
	assert_int_equal(ward_views_inclusion(views, p->root.log, 1, MANY + 1, &proof),
			 WARD_E_INVAL);
	assert_int_equal(ward_views_inclusion(views, p->root.log, 0, MANY, &proof), WARD_E_INVAL);
}

/* Another log beside it has its own numbers. */
static void
test_two_logs(void **state)
{
	uint8_t other[WARD_LOG_ID];

	(void)state;
	publish_some(3);
	memcpy(other, p->root.log, sizeof(other));
	p->root.log[0] ^= 1;
	p->record_count = 0;
	memset(&p->frontier, 0, sizeof(p->frontier));
	publish_some(2);
	apply();
	assert_int_equal(ledger_of(views).frontier.size, 2);
	memcpy(p->root.log, other, sizeof(other));
	assert_int_equal(ledger_of(views).frontier.size, 3);
}

/* Applied bit by bit with views closed and opened between, or all at once: the same. */
static void
test_replay(void **state)
{
	struct ward_views *other = open_views("replayed");
	uint64_t applied, compared, different;
	char why[1024];

	(void)state;
	for (unsigned i = 1; i <= 12; i++) {
		struct ward_trust_record again = test_record(i);

		publish_some(i % 3 + 1);
		append_record(test_seal(p, &again, TEST_CONVICTIONS), i);
		append_timestamp(i + 1);
		apply();
		ward_views_close(views);
		views = open_views("views");
	}
	assert_int_equal(ward_applier_run(ward_log, other, NULL, 0, &applied), WARD_OK);
	assert_int_equal(ward_views_compare(views, other, &compared, &different, why), WARD_OK);
	assert_string_equal(why, "");
	assert_int_equal(different, 0);
	assert_true(compared > 60);
	assert_int_equal(ledger_of(other).frontier.size, p->record_count);
	ward_views_close(other);
}

/* Signed and numbered rightly, but nothing this version knows: it is not applied half. */
static void
test_unreadable(void **state)
{
	uint64_t applied;

	(void)state;
	append_record(ward_span_str("nothing signed"), 1);
	assert_int_equal(ward_applier_run(ward_log, views, NULL, 0, &applied), WARD_E_FORMAT);
}

static int
clean_up(void **state)
{
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, root, NULL};
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_endpoint_at_every_number),
		TEST(test_endpoint_in_steps),
		TEST(test_race),
		TEST(test_once),
		TEST(test_lying_number),
		TEST(test_timestamps_that_do_not_count),
		TEST(test_slow_timestamp),
		TEST(test_what_blocks),
		TEST(test_inclusion),
		TEST(test_two_logs),
		TEST(test_replay),
		TEST(test_unreadable),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

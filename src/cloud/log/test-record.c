/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t digest[32] = {1, 2, 3, 4, 5}, device[16] = {9}, token[8] = {7};

static struct ward_log_item
item_of(const Ward__Log__V1__Record *record, struct ward_arena *arena)
{
	struct ward_log_item item;

	assert_int_equal(ward_record_item(record, arena, &item), WARD_OK);
	return item;
}

static void
test_verdict(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Verdict verdict = WARD__LOG__V1__VERDICT__INIT;
	struct ward_log_item everybody, one;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	record.verdict = &verdict;
	verdict.sha256 = (ProtobufCBinaryData){32, digest};
	verdict.source = WARD__LOG__V1__SOURCE__SOURCE_ANALYST;
	everybody = item_of(&record, arena);
	assert_int_equal(everybody.channel, WARD_LOG_STATE);
	assert_int_equal(everybody.key.len, 34);
	assert_memory_equal(everybody.route.data, digest, 32);
	/* another scope is another fact: compaction must keep both */
	verdict.scope = (ProtobufCBinaryData){16, device};
	one = item_of(&record, arena);
	assert_int_equal(one.key.len, 50);
	assert_false(ward_span_eq(one.key, everybody.key));
}

static void
test_identity_has_one_order(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Enrollment enrollment = WARD__LOG__V1__ENROLLMENT__INIT;
	Ward__Log__V1__Token made = WARD__LOG__V1__TOKEN__INIT;
	struct ward_log_item a, b;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_ENROLLMENT;
	record.enrollment = &enrollment;
	enrollment.device = (ProtobufCBinaryData){16, device};
	a = item_of(&record, arena);
	record.fact_case = WARD__LOG__V1__RECORD__FACT_TOKEN;
	record.token = &made;
	made.id = (ProtobufCBinaryData){8, token};
	b = item_of(&record, arena);
	assert_int_equal(a.route.len, 0);
	assert_int_equal(b.route.len, 0);
	assert_int_equal(a.channel, b.channel);
	assert_false(ward_span_eq(a.key, b.key));
}

static void
test_refuses_half_records(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Verdict verdict = WARD__LOG__V1__VERDICT__INIT;
	struct ward_log_item item;

	(void)state;
	assert_int_equal(ward_record_item(&record, arena, &item), WARD_E_INVAL);
	record.fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	record.verdict = &verdict;
	assert_int_equal(ward_record_item(&record, arena, &item), WARD_E_INVAL);
}

/* Met inside another file, and sent itself: compaction must keep both. */
static void
test_a_sample_and_a_part_are_two_facts(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Sample sample = WARD__LOG__V1__SAMPLE__INIT;
	struct ward_log_item whole, part;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SAMPLE;
	record.sample = &sample;
	sample.sha256 = (ProtobufCBinaryData){32, digest};
	whole = item_of(&record, arena);
	sample.parent = (ProtobufCBinaryData){32, digest};
	part = item_of(&record, arena);
	assert_true(ward_span_eq(whole.route, part.route));
	assert_int_equal(whole.key.len, 33);
	assert_int_equal(part.key.len, 65);
	assert_int_not_equal(whole.key.data[0], part.key.data[0]);
}

/* Compacted away, a token would be unknown where those enrolled that it let in. */
static void
test_a_revocation_leaves_the_token(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Token made = WARD__LOG__V1__TOKEN__INIT;
	struct ward_log_item before, after;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_TOKEN;
	record.token = &made;
	made.id = (ProtobufCBinaryData){8, token};
	before = item_of(&record, arena);
	made.revoked = true;
	after = item_of(&record, arena);
	assert_false(ward_span_eq(before.key, after.key));
}

/* Two batches of a list that begin alike: compaction must keep both, and one of the same twice. */
static void
test_a_batch_is_known_by_all_its_digests(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Reputation list = WARD__LOG__V1__REPUTATION__INIT;
	uint8_t digests[64] = {1};
	static char name[] = "list";
	struct ward_log_item one, other, again;

	(void)state;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = &list;
	list.list = name;
	list.kind = WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	list.digests = (ProtobufCBinaryData){64, digests};
	one = item_of(&record, arena);
	list.withdrawn = true;
	again = item_of(&record, arena);
	digests[63] = 1;
	other = item_of(&record, arena);
	assert_true(ward_span_eq(one.key, again.key));
	assert_false(ward_span_eq(one.key, other.key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_identity_has_one_order),
		cmocka_unit_test(test_refuses_half_records),
		cmocka_unit_test(test_a_revocation_leaves_the_token),
		cmocka_unit_test(test_a_batch_is_known_by_all_its_digests),
		cmocka_unit_test(test_a_sample_and_a_part_are_two_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

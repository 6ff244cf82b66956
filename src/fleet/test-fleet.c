/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet makes of bytes and numbers; its connections are tested against a service
 * (tests/cloud/fleet.bats). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/figures.h"
#include "fleet/follow.h"
#include "trust/testing.h"

static void
test_quantiles(void **state)
{
	uint64_t few[] = {30, 10, 20}, many[200];
	struct fleet_quantiles q;

	(void)state;
	fleet_quantiles_of(few, 3, &q);
	assert_int_equal(q.p50, 20);
	assert_int_equal(q.p99, 30);
	assert_int_equal(q.max, 30);
	for (size_t i = 0; i < 200; i++)
		many[i] = 200 - i;
	fleet_quantiles_of(many, 200, &q);
	assert_int_equal(q.p50, 100);
	assert_int_equal(q.p99, 198);
	assert_int_equal(q.max, 200);
	fleet_quantiles_of(many, 0, &q);
	assert_int_equal(q.max, 0);
}

static void
take(struct fleet_device *d, const Ward__V1__Update *update, uint64_t now)
{
	Ward__V1__Verdict said;
	uint8_t bytes[256];
	size_t len = ward__v1__update__pack(update, bytes);

	assert_int_equal(fleet_follow_take(d, ward_span_of(bytes, len), now, &said), WARD_OK);
	assert_int_equal(said, update->what_case == WARD__V1__UPDATE__WHAT_VERDICT
				       ? update->verdict->verdict
				       : WARD__V1__VERDICT__VERDICT_UNSPECIFIED);
}

static void
test_updates(void **state)
{
	struct fleet_device d = {0};
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__V1__Heartbeat heartbeat = WARD__V1__HEARTBEAT__INIT;
	Ward__V1__VerdictChange change = WARD__V1__VERDICT_CHANGE__INIT;
	Ward__V1__Verdict said;
	uint8_t sha256[32] = {1, 2, 3};

	(void)state;
	update.position = 7;
	update.what_case = WARD__V1__UPDATE__WHAT_HEARTBEAT;
	update.heartbeat = &heartbeat;
	take(&d, &update, 5);
	assert_true(d.heard);
	assert_int_equal(d.position, 7);
	assert_int_equal(d.arrived, 0);
	change.sha256 = (ProtobufCBinaryData){32, sha256};
	change.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS;
	update.position = 8;
	update.time_ms = 99;
	update.what_case = WARD__V1__UPDATE__WHAT_VERDICT;
	update.verdict = &change;
	take(&d, &update, 6);
	assert_int_equal(d.position, 8);
	assert_int_equal(d.arrived, 6);
	assert_int_equal(d.made_ms, 99);
	assert_int_equal(d.digest & 0xffffff, 0x030201);
	assert_int_equal(fleet_follow_take(&d, ward_span_str("\xff\xff"), 7, &said), WARD_E_PROTO);
	assert_int_equal(d.arrived, 6);
}

/* A device that has no metadata yet takes no record, and refuses none either: it fetches. */
static void
test_belief(void **state)
{
	struct test_publisher *p = test_publisher_new();
	struct fleet_belief_counts counts = {0};
	Ward__V1__Updates updates = WARD__V1__UPDATES__INIT;
	ProtobufCBinaryData record, junk = {3, (uint8_t[]){1, 2, 3}};
	struct fleet_belief *b;

	(void)state;
	assert_int_equal(fleet_belief_new(ward_span_str("no root"), &counts, &b), WARD_E_PERM);
	assert_int_equal(fleet_belief_new(p->envelopes[WARD_DSSE_ROOT], &counts, &b), WARD_OK);
	test_publish(p, 1);
	test_sign_all(p);
	record = (ProtobufCBinaryData){p->records[0].len, (uint8_t *)(uintptr_t)p->records[0].data};
	updates.records = &record;
	updates.n_records = 1;
	fleet_belief_take(b, &updates);
	assert_int_equal(counts.batches, 1);
	assert_int_equal(counts.refused, 0);
	updates.timestamp = junk;
	fleet_belief_take(b, &updates);
	assert_int_equal(counts.batches, 2);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(counts.records, 0);
	assert_int_equal(fleet_belief_number(b), 0);
	fleet_belief_free(b);
	test_publisher_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_belief),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

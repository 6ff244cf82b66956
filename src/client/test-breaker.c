/* SPDX-License-Identifier: Apache-2.0 */
#include "client/breaker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_opens_and_probes(void **state)
{
	struct ward_breaker b;
	uint64_t now = 1000;

	(void)state;
	ward_breaker_init(&b);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(ward_breaker_admit(&b, now));
		ward_breaker_fail(&b, now, 77 + i, 0);
	}
	assert_int_equal(b.state, WARD_BREAKER_OPEN);
	assert_int_equal(b.since_ms, 77);
	assert_false(ward_breaker_admit(&b, now));
	assert_false(ward_breaker_admit(&b, b.probe_at - 1));
	/* one probe, not two */
	assert_true(ward_breaker_admit(&b, b.probe_at));
	assert_false(ward_breaker_admit(&b, b.probe_at));
	ward_breaker_succeed(&b);
	assert_true(ward_breaker_admit(&b, now));
	assert_int_equal(b.since_ms, 0);
}

static void
test_rests_longer(void **state)
{
	struct ward_breaker b;
	uint64_t now = 0, rest, before = 0;

	(void)state;
	ward_breaker_init(&b);
	b.threshold = 1;
	for (unsigned i = 0; i < 12; i++) {
		assert_true(ward_breaker_admit(&b, now));
		ward_breaker_fail(&b, now, 1, 0);
		rest = b.probe_at - now;
		assert_true(rest >= before && rest <= b.rest_max);
		before = rest;
		now = b.probe_at;
	}
	assert_int_equal(before, b.rest_max / 2);
	/* the jitter fills the second half */
	ward_breaker_succeed(&b);
	ward_breaker_fail(&b, now, 1, b.rest / 2);
	assert_int_equal(b.probe_at - now, b.rest);
}

static void
test_stragglers_and_forgotten_probes(void **state)
{
	struct ward_breaker b;
	uint64_t probe_at;

	(void)state;
	ward_breaker_init(&b);
	b.threshold = 2;
	ward_breaker_fail(&b, 0, 1, 0);
	ward_breaker_fail(&b, 0, 1, 0);
	probe_at = b.probe_at;
	ward_breaker_fail(&b, 100, 1, 0); /* was under way */
	assert_int_equal(b.probe_at, probe_at);
	assert_true(ward_breaker_admit(&b, probe_at));
	ward_breaker_forget(&b);
	assert_true(ward_breaker_admit(&b, probe_at));
	/* a success in between closes it for all */
	ward_breaker_succeed(&b);
	assert_int_equal(b.state, WARD_BREAKER_CLOSED);
	assert_int_equal(b.failures, 0);
}

static void
test_backoff(void **state)
{
	(void)state;
	assert_int_equal(ward_backoff(0, 100, 1000, UINT64_MAX), 0);
	for (unsigned attempt = 1; attempt < 80; attempt++) {
		uint64_t most = attempt < 5 ? 100u << (attempt - 1) : 1000;

		assert_int_equal(ward_backoff(attempt, 100, 1000, most), most);
		assert_int_equal(ward_backoff(attempt, 100, 1000, most + 1), 0);
	}
}

static void
test_retries(void **state)
{
	(void)state;
	assert_true(ward_retry_allowed(WARD_FAULT_CONNECT, WARD_GRPC_OK, false));
	assert_true(ward_retry_allowed(WARD_FAULT_LOST, WARD_GRPC_OK, true));
	assert_false(ward_retry_allowed(WARD_FAULT_LOST, WARD_GRPC_OK, false));
	assert_true(ward_retry_allowed(WARD_FAULT_STATUS, WARD_GRPC_UNAVAILABLE, true));
	assert_false(ward_retry_allowed(WARD_FAULT_STATUS, WARD_GRPC_UNAVAILABLE, false));
	assert_false(ward_retry_allowed(WARD_FAULT_STATUS, WARD_GRPC_PERMISSION_DENIED, true));
	assert_false(ward_retry_allowed(WARD_FAULT_TLS, WARD_GRPC_OK, true));
	assert_false(ward_retry_allowed(WARD_FAULT_GARBAGE, WARD_GRPC_OK, true));
	assert_false(ward_retry_allowed(WARD_FAULT_BREAKER, WARD_GRPC_OK, true));
}

static void
test_what_counts(void **state)
{
	struct ward_call_end end = {WARD_FAULT_STATUS, WARD_GRPC_NOT_FOUND, 1, 0, "no such thing"};
	char text[256], little[8];

	(void)state;
	assert_true(ward_fault_counts(WARD_FAULT_TIMEOUT, WARD_GRPC_OK));
	assert_true(ward_fault_counts(WARD_FAULT_STATUS, WARD_GRPC_UNAVAILABLE));
	assert_false(ward_fault_counts(WARD_FAULT_STATUS, WARD_GRPC_NOT_FOUND));
	assert_false(ward_fault_counts(WARD_FAULT_CANCELLED, WARD_GRPC_OK));
	assert_string_equal(ward_fault_describe(&end, text, sizeof(text)),
			    "the service says no, NOT_FOUND: no such thing");
	assert_int_equal(strlen(ward_fault_describe(&end, little, sizeof(little))), 7);
	for (int f = 0; f <= WARD_FAULT_COUNT; f++)
		assert_true(*ward_fault_name((enum ward_fault)f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_and_probes),
		cmocka_unit_test(test_rests_longer),
		cmocka_unit_test(test_stragglers_and_forgotten_probes),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the cloud convicted is known by its digest until its word is over, or another one comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/ask/known.h"
#include "sys/clock.h"

static struct ward_known *k;

static void
digest(unsigned n, uint8_t ret[32])
{
	memset(ret, 0, 32);
	ret[0] = (uint8_t)(n >> 8);
	ret[1] = (uint8_t)n;
	ret[31] = 7;
}

static struct ward_answer
says(enum ward_verdict verdict, uint32_t until)
{
	return (struct ward_answer){
		.verdict = verdict,
		.threat = "Threat",
		.rule = "rule",
		.layer = "cloud",
		.tier = "sample",
		.from_cloud = true,
		.until = until,
	};
}

static bool
known(unsigned n, struct ward_answer *ret)
{
	uint8_t sha256[32];

	digest(n, sha256);
	return ward_known_find(k, sha256, ret);
}

static void
put(unsigned n, enum ward_verdict verdict, uint32_t until)
{
	const struct ward_answer answer = says(verdict, until);
	uint8_t sha256[32];

	digest(n, sha256);
	ward_known_put(k, sha256, &answer);
}

static int
make(void **state)
{
	(void)state;
	k = ward_known_new();
	return k ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	k = ward_known_free(k);
	return 0;
}

static void
test_a_conviction_is_known(void **state)
{
	struct ward_answer answer;

	(void)state;
	assert_false(known(0, &answer));
	put(1, WARD_MALICIOUS, 0);
	assert_false(known(2, &answer));
	assert_true(known(1, &answer));
	assert_int_equal(answer.verdict, WARD_MALICIOUS);
	assert_string_equal(answer.threat, "Threat");
	assert_string_equal(answer.rule, "rule");
	assert_string_equal(answer.tier, "sample");
	assert_true(answer.from_cloud);
	ward_known_clear(k);
	assert_false(known(1, &answer));
}

static void
test_only_convictions_are_kept(void **state)
{
	struct ward_answer answer;

	(void)state;
	put(1, WARD_SUSPICIOUS, 0);
	put(2, WARD_UNKNOWN, 0);
	assert_false(known(1, &answer));
	assert_false(known(2, &answer));
	put(1, WARD_MALICIOUS, 0);
	put(1, WARD_CLEAN, 0);
	assert_false(known(1, &answer));
}

static void
test_its_time_ends(void **state)
{
	uint32_t now = (uint32_t)(ward_clock_monotonic() / 1000000) + 1;
	struct ward_answer answer;

	(void)state;
	put(1, WARD_MALICIOUS, now);
	assert_false(known(1, &answer));
	put(1, WARD_MALICIOUS, now + 1000);
	assert_true(known(1, &answer));
	assert_int_equal(answer.until, now + 1000);
}

/* Of two in one place the later is there, and the other's end leaves it alone. */
static void
test_two_in_one_place(void **state)
{
	struct ward_answer answer;
	unsigned other = 1 + 4096;

	(void)state;
	put(1, WARD_MALICIOUS, 0);
	put(other, WARD_MALICIOUS, 0);
	assert_false(known(1, &answer));
	assert_true(known(other, &answer));
	put(1, WARD_CLEAN, 0);
	assert_true(known(other, &answer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_conviction_is_known, make, end),
		cmocka_unit_test_setup_teardown(test_only_convictions_are_kept, make, end),
		cmocka_unit_test_setup_teardown(test_its_time_ends, make, end),
		cmocka_unit_test_setup_teardown(test_two_in_one_place, make, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

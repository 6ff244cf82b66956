/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/sweep/pace.h"

enum { SECOND = 1000000 };

/* A scan that always works when it may, on `cpus` at once, for a while: the share it got, in percent. */
static uint64_t
share_of(unsigned percent, unsigned cpus, uint64_t file)
{
	const uint64_t end = (uint64_t)100 * SECOND;
	uint64_t now = 5, used = 0;
	struct ward_pace p;

	ward_pace_begin(&p, percent, cpus, now);
	while (now < end) {
		uint64_t wait = ward_pace_wait(&p, now);

		now += wait;
		if (wait > 0)
			continue;
		ward_pace_used(&p, file * cpus);
		used += file * cpus;
		now += file;
	}
	return used * 100 / (end * cpus);
}

static void
test_the_share_is_kept(void **state)
{
	static const unsigned percents[] = {5, 10, 50, 90};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (unsigned cpus = 1; cpus <= 4; cpus *= 2) {
			uint64_t small = share_of(percents[i], cpus, 3000);
			uint64_t large = share_of(percents[i], cpus, 7 * SECOND);

			assert_in_range(small, percents[i] - 1, percents[i] + 1);
			assert_in_range(large, percents[i] - 3, percents[i] + 8);
		}
	}
	assert_int_equal(share_of(100, 2, 5000), 100);
}

/* Doing nothing for an hour is no reason to do twice as much then. */
static void
test_nothing_is_saved_up(void **state)
{
	struct ward_pace p;

	(void)state;
	ward_pace_begin(&p, 50, 1, 0);
	assert_int_equal(ward_pace_wait(&p, (uint64_t)3600 * SECOND), 0);
	ward_pace_used(&p, SECOND);
	assert_in_range(ward_pace_wait(&p, (uint64_t)3600 * SECOND), SECOND, 2 * SECOND);
}

static void
test_reading_the_load(void **state)
{
	struct ward_load load = {.busy = 7};

	(void)state;
	assert_int_equal(
		ward_load_read(ward_span_str("cpu  100 20 30 400 50 6 7 8 0 0\ncpu0 1 2\n"), &load),
		WARD_OK);
	assert_int_equal(load.busy, 100 + 30 + 6 + 7 + 8);
	assert_int_equal(load.all, 100 + 20 + 30 + 400 + 50 + 6 + 7 + 8);
	assert_int_equal(ward_load_read(ward_span_str("cpu  1 2 3\n"), &load), WARD_E_FORMAT);
	assert_int_equal(ward_load_read(ward_span_str("cpu0 1 2 3 4 5 6 7 8\n"), &load),
			 WARD_E_FORMAT);
	assert_int_equal(ward_load_read(ward_span_str("cpu  1 2 x 4 5 6 7 8\n"), &load),
			 WARD_E_FORMAT);
	assert_int_equal(ward_load_read(ward_span_str(""), &load), WARD_E_FORMAT);
}

static void
test_when_it_is_idle(void **state)
{
	const struct ward_load before = {1000, 10000};

	(void)state;
	assert_true(ward_load_idle(&before, &(struct ward_load){1024, 10100}));
	assert_false(ward_load_idle(&before, &(struct ward_load){1025, 10100}));
	assert_true(ward_load_idle(&before, &before));
	/* counters that went back: CPUs were taken away */
	assert_true(ward_load_idle(&before, &(struct ward_load){900, 10100}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_share_is_kept),
		cmocka_unit_test(test_nothing_is_saved_up),
		cmocka_unit_test(test_reading_the_load),
		cmocka_unit_test(test_when_it_is_idle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/sweep/when.h"

/* Rules written out, so that no database of time zones is needed. */
static const char BERLIN[] = "CET-1CEST,M3.5.0,M10.5.0/3";
static const char NEW_YORK[] = "EST5EDT,M3.2.0,M11.1.0";
/* Summer time is the standard there, and winter is the exception. */
static const char DUBLIN[] = "IST-1GMT0,M10.5.0,M3.5.0/1";

static void
zone(const char *tz)
{
	assert_int_equal(setenv("TZ", tz, 1), 0);
	tzset();
}

/* "2026-03-29 02:30:00 UTC" */
static uint64_t
utc(const char *text)
{
	struct tm tm = {.tm_isdst = 0};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (uint64_t)timegm(&tm);
}

static void
next_is(const struct ward_when *w, const char *after, const char *want)
{
	struct ward_when_start start;
	char got[32];
	struct tm tm;
	time_t t;

	assert_true(ward_when_next(w, utc(after), &start));
	t = (time_t)start.planned;
	assert_non_null(gmtime_r(&t, &tm));
	assert_true(strftime(got, sizeof(got), "%Y-%m-%d %H:%M:%S", &tm) > 0);
	assert_string_equal(got, want);
	assert_true(start.at >= start.planned && start.at <= start.planned + w->spread);
}

static void
test_days(void **state)
{
	struct ward_when w = {.every = WARD_POLICY_EVERY_DAY, .at = 12 * 60};

	(void)state;
	zone("UTC0");
	next_is(&w, "2026-11-25 11:59:59", "2026-11-25 12:00:00");
	next_is(&w, "2026-11-25 12:00:00", "2026-11-26 12:00:00");
	next_is(&w, "2026-12-31 12:00:01", "2027-01-01 12:00:00");
	w.every = WARD_POLICY_EVERY_WEEK; /* the 25th is a Wednesday */
	w.day = WARD_POLICY_WEEKDAY_WEDNESDAY;
	next_is(&w, "2026-11-25 11:00:00", "2026-11-25 12:00:00");
	next_is(&w, "2026-11-25 12:00:00", "2026-12-02 12:00:00");
	w.day = WARD_POLICY_WEEKDAY_SUNDAY;
	next_is(&w, "2026-11-25 12:00:00", "2026-11-29 12:00:00");
	w.every = WARD_POLICY_EVERY_MONTH;
	next_is(&w, "2026-11-25 12:00:00", "2026-12-06 12:00:00");
	next_is(&w, "2026-12-06 12:00:00", "2027-01-03 12:00:00");
	w.day = WARD_POLICY_WEEKDAY_MONDAY;
	next_is(&w, "2026-05-04 12:00:00", "2026-06-01 12:00:00");
	w.every = WARD_POLICY_EVERY_NEVER;
	struct ward_when_start start;
	assert_false(ward_when_next(&w, 0, &start));
}

static void
test_the_local_clock_counts(void **state)
{
	const struct ward_when w = {.every = WARD_POLICY_EVERY_DAY, .at = 12 * 60};
	const struct ward_when late = {.every = WARD_POLICY_EVERY_DAY, .at = 23 * 60 + 59};

	(void)state;
	zone(BERLIN);
	next_is(&w, "2026-01-10 00:00:00", "2026-01-10 11:00:00");
	next_is(&w, "2026-07-10 00:00:00", "2026-07-10 10:00:00");
	/* across the change: a day of 23 hours, one of 25 */
	next_is(&w, "2026-03-28 11:00:00", "2026-03-29 10:00:00");
	next_is(&w, "2026-10-24 10:00:00", "2026-10-25 11:00:00");
	next_is(&late, "2026-10-24 22:30:00", "2026-10-25 22:59:00");
	zone("UTC-13:45");
	next_is(&w, "2026-01-10 00:00:00", "2026-01-10 22:15:00");
	zone("UTC+11");
	next_is(&w, "2026-01-10 00:00:00", "2026-01-10 23:00:00");
}

/* 2:30 is not there when the clocks go from 2 to 3: it is 3:30, and there is one scan that day. */
static void
test_a_clock_that_is_left_out(void **state)
{
	const struct ward_when w = {.every = WARD_POLICY_EVERY_DAY, .at = 2 * 60 + 30};

	(void)state;
	zone(BERLIN);
	next_is(&w, "2026-03-28 12:00:00", "2026-03-29 01:30:00");
	next_is(&w, "2026-03-29 01:30:00", "2026-03-30 00:30:00");
	zone(NEW_YORK);
	next_is(&w, "2026-03-07 12:00:00", "2026-03-08 07:30:00");
	next_is(&w, "2026-03-08 07:30:00", "2026-03-09 06:30:00");
	zone(DUBLIN);
	const struct ward_when early = {.every = WARD_POLICY_EVERY_DAY, .at = 60 + 30};
	next_is(&early, "2026-03-28 12:00:00", "2026-03-29 01:30:00");
	next_is(&early, "2026-03-29 01:30:00", "2026-03-30 00:30:00");
}

/* 2:30 is there twice when they go from 3 to 2: the first counts, and it is not done again. */
static void
test_a_clock_that_comes_twice(void **state)
{
	const struct ward_when w = {.every = WARD_POLICY_EVERY_DAY, .at = 2 * 60 + 30};
	const struct ward_when us = {.every = WARD_POLICY_EVERY_DAY, .at = 60 + 30};

	(void)state;
	zone(BERLIN);
	next_is(&w, "2026-10-24 12:00:00", "2026-10-25 00:30:00");
	next_is(&w, "2026-10-25 00:30:00", "2026-10-26 01:30:00");
	zone(NEW_YORK);
	next_is(&us, "2026-10-31 12:00:00", "2026-11-01 05:30:00");
	next_is(&us, "2026-11-01 05:30:00", "2026-11-02 06:30:00");
	zone(DUBLIN);
	next_is(&us, "2026-10-24 12:00:00", "2026-10-25 00:30:00");
	next_is(&us, "2026-10-25 00:30:00", "2026-10-26 01:30:00");
}

/* From any moment of two years there is a next start, it lies behind it, and none is left out. */
static void
test_every_day_has_one(void **state)
{
	static const char *const zones[] = {BERLIN, NEW_YORK, DUBLIN, "UTC0",
					    "LHST-10:30LHDT-11,M10.1.0,M4.1.0"};
	struct ward_when w = {.every = WARD_POLICY_EVERY_DAY};

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		zone(zones[z]);
		for (w.at = 0; w.at < 24 * 60; w.at += 193) {
			uint64_t at = utc("2026-01-01 00:00:00"), end = at + (uint64_t)730 * 86400;
			struct ward_when_start start = {.planned = 0};

			for (unsigned n = 0; at < end; n++, at = start.planned) {
				assert_true(ward_when_next(&w, at, &start));
				assert_true(start.planned > at);
				assert_true(n == 0 || start.planned - at >= 22 * 3600);
				assert_true(start.planned - at <= 26 * 3600);
			}
		}
	}
}

static void
test_machines_are_spread(void **state)
{
	struct ward_when w = {.every = WARD_POLICY_EVERY_DAY, .at = 0, .spread = 1800};
	struct ward_when_start start, again;
	unsigned early = 0, late = 0, same = 0;
	uint64_t last = 0;

	(void)state;
	zone("UTC0");
	for (w.seed = 0; w.seed < 1000; w.seed++) {
		assert_true(ward_when_next(&w, utc("2026-11-25 12:00:00"), &start));
		assert_true(ward_when_next(&w, utc("2026-11-25 12:00:01"), &again));
		assert_int_equal(start.at, again.at);
		assert_true(start.at - start.planned <= 1800);
		early += start.at - start.planned < 600;
		late += start.at - start.planned >= 1200;
		same += start.at == last;
		last = start.at;
	}
	assert_true(early > 250 && early < 420);
	assert_true(late > 250 && late < 420);
	assert_true(same < 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_the_local_clock_counts),
		cmocka_unit_test(test_a_clock_that_is_left_out),
		cmocka_unit_test(test_a_clock_that_comes_twice),
		cmocka_unit_test(test_every_day_has_one),
		cmocka_unit_test(test_machines_are_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

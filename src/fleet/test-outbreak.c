/* SPDX-License-Identifier: Apache-2.0 */
/* What the outbreak simulates: chance, the agenda, the clock, the scenario. A whole one, with a service, is in
 * tests/cloud/fleet.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/agenda.h"
#include "fleet/clock.h"
#include "fleet/outbreak-options.h"

enum { DRAWS = 20000 };

static void
test_chance(void **state)
{
	double sum = 0;

	(void)state;
	assert_int_equal(fleet_random(1, 2, 3, 4), fleet_random(1, 2, 3, 4));
	assert_true(fleet_random(1, 2, 3, 4) != fleet_random(2, 2, 3, 4));
	assert_true(fleet_random(1, 2, 3, 4) != fleet_random(1, 3, 2, 4));
	assert_true(fleet_random(1, 2, 3, 4) != fleet_random(1, 2, 4, 3));
	assert_true(fleet_random_unit(0) > 0);
	assert_true(fleet_random_unit(UINT64_MAX) <= 1);
	assert_int_equal(fleet_random_below(UINT64_MAX, 7), 6);
	assert_int_equal(fleet_random_below(0, 7), 0);
	assert_int_equal(fleet_random_gap(UINT64_MAX, 1e9), 1);
	for (uint64_t i = 0; i < DRAWS; i++)
		sum += (double)fleet_random_gap(fleet_random(1, 0, 0, i), 1000);
	assert_true(sum / DRAWS > 970 && sum / DRAWS < 1030); /* four standard errors */
}

static void
test_zipf(void **state)
{
	unsigned seen[100] = {0};
	struct fleet_zipf z;
	double all = 0;

	(void)state;
	assert_int_equal(fleet_zipf_init(&z, 0, 1), WARD_E_INVAL);
	assert_int_equal(fleet_zipf_init(&z, 100, 1), WARD_OK);
	for (uint64_t i = 0; i < DRAWS; i++)
		seen[fleet_zipf_pick(&z, fleet_random(5, 0, 0, i))]++;
	for (unsigned k = 1; k <= 100; k++)
		all += 1.0 / k;
	for (unsigned k = 1; k <= 8; k *= 2) {
		double expected = DRAWS / (k * all);

		assert_true(seen[k - 1] > 0.85 * expected && seen[k - 1] < 1.15 * expected);
	}
	assert_int_equal(fleet_zipf_pick(&z, 0), 0);
	assert_int_equal(fleet_zipf_pick(&z, UINT64_MAX), 99);
	fleet_zipf_done(&z);
}

static void
test_agenda(void **state)
{
	struct fleet_agenda a = {0};
	uint64_t before = 0;

	(void)state;
	assert_null(fleet_agenda_next(&a));
	for (uint32_t i = 0; i < 5000; i++) {
		struct fleet_event e = {.at = fleet_random(1, 0, 0, i) % 100, .who = i};

		assert_int_equal(fleet_agenda_add(&a, e), WARD_OK);
	}
	for (uint32_t i = 0, who = 0; i < 5000; i++) {
		struct fleet_event e = fleet_agenda_take(&a);

		assert_true(e.at >= before);
		assert_true(e.at > before || e.who >= who); /* in the order they came */
		before = e.at;
		who = e.who;
	}
	assert_null(fleet_agenda_next(&a));
	fleet_agenda_done(&a);
}

static void
test_clock(void **state)
{
	struct fleet_clock c = {0};

	(void)state;
	fleet_clock_jump(&c, 1000, 50);
	assert_int_equal(fleet_clock_at(&c, 70), 1000); /* it stands */
	fleet_clock_run(&c, true, 100);
	assert_int_equal(fleet_clock_at(&c, 107), 1007);
	assert_int_equal(fleet_clock_at(&c, 90), 1000);
	fleet_clock_run(&c, false, 110);
	assert_int_equal(fleet_clock_at(&c, 500), 1010);
	fleet_clock_jump(&c, 900, 500); /* never back */
	assert_int_equal(fleet_clock_at(&c, 500), 1010);
}

static void
start(struct fleet_scenario *s, uint64_t seed, uint32_t devices)
{
	struct fleet_outbreak_options o;

	fleet_outbreak_standard(&o);
	o.plan.seed = seed;
	o.plan.devices = devices;
	assert_int_equal(fleet_scenario_init(s, &o.plan), WARD_OK);
}

static void
test_files(void **state)
{
	static uint8_t one[FLEET_FILE_MAX], two[FLEET_FILE_MAX];
	struct fleet_scenario s;
	struct fleet_file bad = {.bad = true, .run = 1, .number = 1}, other = bad;
	size_t size, small = 0;

	(void)state;
	start(&s, 1, 10);
	size = fleet_file_write(&s, &bad, one);
	assert_int_equal(size, 240);
	assert_int_equal(fleet_file_write(&s, &bad, two), size);
	assert_memory_equal(one, two, size);
	assert_memory_equal(one, "#!/bin/sh\n# WARD-CLOUD-PROTECTION-TEST-FILE-", 44);
	assert_int_equal(one[size - 1], '\n');
	other.number = 2;
	assert_int_equal(fleet_file_write(&s, &other, two), size);
	assert_memory_not_equal(one, two, size);
	other = (struct fleet_file){.bad = true, .run = 2, .number = 1};
	assert_int_equal(fleet_file_write(&s, &other, two), size);
	assert_memory_not_equal(one, two, size);
	for (uint64_t i = 0; i < 200; i++) {
		struct fleet_file good = {.run = 1, .number = i};

		size = fleet_file_write(&s, &good, two);
		assert_true(size >= 1024 && size <= FLEET_FILE_MAX);
		small += size < 8192;
		for (size_t at = 1; at < size; at++) /* nothing but comments */
			assert_true(two[at - 1] != '\n' || two[at] == '#' || two[at] == '\n');
	}
	assert_true(small > 60 && small < 140);
	fleet_scenario_done(&s);
}

static void
test_scenario_by_seed(void **state)
{
	struct fleet_scenario one, again, other;
	uint32_t a, b, c, different = 0;

	(void)state;
	start(&one, 1, 1000);
	start(&again, 1, 1000);
	start(&other, 2, 1000);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(fleet_arrival_gap(&one, 5, i), fleet_arrival_gap(&again, 5, i));
		assert_int_equal(fleet_arrival_file(&one, 5, i, 0),
				 fleet_arrival_file(&again, 5, i, 0));
		assert_int_equal(fleet_attack_gap(&one, 5, i, &a),
				 fleet_attack_gap(&again, 5, i, &b));
		assert_int_equal(a, b);
		assert_true(a < 1000 && a != 5);
		(void)fleet_attack_gap(&other, 5, i, &c);
		different += a != c;
		assert_int_equal(fleet_stay(&one, i, 0, true), fleet_stay(&again, i, 0, true));
		assert_string_equal(fleet_version(&one, i), fleet_version(&again, i));
	}
	assert_true(different > 90);
	assert_true(fleet_introduction_gap(&one, 0, &a) >= 2 * FLEET_MINUTE);
	fleet_scenario_done(&one);
	fleet_scenario_done(&again);
	fleet_scenario_done(&other);
}

/* A popular file that has a new release is another one from then on, for everybody. */
static void
test_releases(void **state)
{
	struct fleet_scenario s;
	unsigned released = 0, before = 0;

	(void)state;
	start(&s, 3, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		uint64_t first = fleet_arrival_file(&s, i, 0, 0);
		uint64_t last = fleet_arrival_file(&s, i, 0, (uint64_t)30 * FLEET_MINUTE);

		assert_int_equal(first / 2, last / 2);
		before += first % 2;
		released += last % 2;
	}
	assert_int_equal(before, 0);
	assert_true(released > 50 && released < 500);
	fleet_scenario_done(&s);
}

static void
test_absences(void **state)
{
	struct fleet_scenario s;
	unsigned away = 0;
	double there = 0, gone = 0;

	(void)state;
	start(&s, 4, 10000);
	for (uint32_t i = 0; i < 10000; i++) {
		away += !fleet_starts_online(&s, i);
		there += (double)fleet_stay(&s, i, 0, true);
		gone += (double)fleet_stay(&s, i, 1, false);
	}
	assert_true(away > 400 && away < 600);
	assert_true(gone / (there + gone) > 0.045 && gone / (there + gone) < 0.055);
	s.plan.offline_percent = 0;
	assert_true(fleet_stay(&s, 0, 0, true) == UINT64_MAX);
	fleet_scenario_done(&s);
}

static void
plan(struct fleet_agenda *a, uint64_t at, uint32_t who)
{
	assert_int_equal(fleet_agenda_add(a, (struct fleet_event){.at = at, .who = who}), WARD_OK);
}

/* How many are infected after so many minutes when nothing protects. */
static unsigned
spread_freely(const struct fleet_scenario *s, unsigned minutes)
{
	bool *infected = calloc(s->plan.devices, sizeof(*infected));
	uint32_t *attacks = calloc(s->plan.devices, sizeof(*attacks)), target, outside = 0;
	struct fleet_agenda a = {0};
	unsigned count = 0;

	assert_non_null(infected);
	assert_non_null(attacks);
	plan(&a, fleet_introduction_gap(s, 0, &target), UINT32_MAX);
	while (fleet_agenda_next(&a)->at < (uint64_t)minutes * FLEET_MINUTE) {
		struct fleet_event e = fleet_agenda_take(&a);
		uint32_t unused;

		if (e.who == UINT32_MAX) {
			(void)fleet_introduction_gap(s, outside++, &target);
			plan(&a, e.at + fleet_introduction_gap(s, outside, &unused), UINT32_MAX);
		} else {
			(void)fleet_attack_gap(s, e.who, attacks[e.who]++, &target);
			plan(&a, e.at + fleet_attack_gap(s, e.who, attacks[e.who], &unused), e.who);
		}
		if (infected[target])
			continue;
		infected[target] = true;
		count++;
		plan(&a, e.at + fleet_attack_gap(s, target, 0, &unused), target);
	}
	fleet_agenda_done(&a);
	free(attacks);
	free(infected);
	return count;
}

/* The formula of scenario.h, in steps of a hundredth of a minute. */
static double
formula(const struct fleet_scenario *s, unsigned minutes)
{
	double n = s->plan.devices, infected = 0;

	for (unsigned step = s->plan.begin * 100; step < minutes * 100; step++)
		infected += (s->plan.introductions + s->plan.spread * infected) *
			    (1 - infected / n) / 100;
	return infected;
}

static void
test_spread(void **state)
{
	struct fleet_scenario s;
	double sum = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		start(&s, seed, 2000);
		sum += spread_freely(&s, 6);
		if (seed < 39)
			fleet_scenario_done(&s);
	}
	/* After 4 minutes 107 in the mean; single runs are 58 apart, the mean of 40 of them 9. */
	assert_true(sum / 40 > 0.7 * formula(&s, 6) && sum / 40 < 1.3 * formula(&s, 6));
	assert_int_equal(spread_freely(&s, 30), 2000);
	fleet_scenario_done(&s);
}

static void
test_options(void **state)
{
	struct fleet_outbreak_options o;

	(void)state;
	fleet_outbreak_standard(&o);
	assert_int_equal(o.modes, (1U << FLEET_MODES) - 1);
	assert_int_equal(fleet_outbreak_set(&o, "modes", "hold,poll-8h"), WARD_OK);
	assert_int_equal(o.modes, 1U << FLEET_HOLD | 1U << FLEET_POLL_8H);
	assert_int_equal(fleet_outbreak_set(&o, "modes", "hold,what"), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "modes", ""), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "level", "zero_tolerance"), WARD_OK);
	assert_int_equal(o.level, WARD__V1__LEVEL__LEVEL_ZERO_TOLERANCE);
	assert_int_equal(fleet_outbreak_set(&o, "level", "none"), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "spread", "0.25"), WARD_OK);
	assert_true(o.plan.spread > 0.24 && o.plan.spread < 0.26);
	assert_int_equal(fleet_outbreak_set(&o, "spread", "nan"), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "spread", "1x"), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "minutes", "0"), WARD_E_INVAL);
	assert_int_equal(fleet_outbreak_set(&o, "minutes", "5"), WARD_OK);
	assert_int_equal(o.plan.minutes, 5);
	assert_int_equal(fleet_outbreak_set(&o, "seed", "18446744073709551615"), WARD_OK);
	assert_true(o.plan.seed == UINT64_MAX);
	assert_int_equal(fleet_outbreak_set(&o, "marker", "two\nlines"), WARD_E_INVAL);
	assert_false(fleet_outbreak_knows("server"));
	assert_int_equal(fleet_outbreak_set(&o, "server", "x"), WARD_E_INVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chance),	 cmocka_unit_test(test_zipf),
		cmocka_unit_test(test_agenda),	 cmocka_unit_test(test_clock),
		cmocka_unit_test(test_files),	 cmocka_unit_test(test_scenario_by_seed),
		cmocka_unit_test(test_releases), cmocka_unit_test(test_absences),
		cmocka_unit_test(test_spread),	 cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

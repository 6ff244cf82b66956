/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What chance is drawn for. */
enum stream {
	ARRIVAL,
	ARRIVAL_FILE,
	RELEASE,
	RELEASE_TIME,
	INTRODUCTION,
	INTRODUCTION_TARGET,
	ATTACK,
	ATTACK_TARGET,
	FIRST_STAY,
	STAY,
	POLL,
	VERSION,
	SIZE,
	CONTENT,
};

enum { GOOD_MIN = 1024, LINE = 64, COPY_MIN = 160 };

static uint64_t
draw(const struct fleet_scenario *s, enum stream stream, uint64_t who, uint64_t index)
{
	return fleet_random(s->plan.seed, stream, who, index);
}

enum ward_rc
fleet_scenario_init(struct fleet_scenario *s, const struct fleet_plan *plan)
{
	*s = (struct fleet_scenario){.plan = *plan};
	if (plan->devices < 2 || plan->minutes == 0 || plan->arrivals <= 0 || plan->spread <= 0 ||
	    plan->introductions <= 0 || plan->offline_percent > 90 || plan->new_percent > 100 ||
	    plan->copy_size < COPY_MIN || plan->copy_size > FLEET_FILE_MAX ||
	    strlen(plan->marker) >= FLEET_MARKER)
		return WARD_E_INVAL;
	return fleet_zipf_init(&s->zipf, plan->catalogue, plan->exponent);
}

void
fleet_scenario_done(struct fleet_scenario *s)
{
	fleet_zipf_done(&s->zipf);
}

/* --- files --- */

/* Comment lines of hexadecimal chance up to `size` bytes. */
static void
fill(const struct fleet_scenario *s, const struct fleet_file *file, uint8_t *into, size_t len,
     size_t size)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t who = (uint64_t)file->run << 56 ^ (uint64_t)file->bad << 55 ^ file->number,
		 bits = 0;

	for (size_t at = 0; len + at < size; at++) {
		if (at % 16 == 0)
			bits = draw(s, CONTENT, who, at / 16);
		into[len + at] = (uint8_t)digits[bits >> 60];
		bits <<= 4;
		if (at % LINE == LINE - 1)
			into[len + at] = '\n';
		else if (at % LINE == 0 && at > 0)
			into[len + at] = '#';
	}
	into[size - 1] = '\n';
}

/* Between 1 and 64 KiB, small ones more often (evenly in the logarithm). */
static size_t
good_size(const struct fleet_scenario *s, uint64_t number)
{
	double u = fleet_random_unit(draw(s, SIZE, number, 0));

	return (size_t)(GOOD_MIN * pow((double)FLEET_FILE_MAX / GOOD_MIN, u));
}

size_t
fleet_file_write(const struct fleet_scenario *s, const struct fleet_file *file,
		 uint8_t into[FLEET_FILE_MAX])
{
	size_t size = file->bad ? s->plan.copy_size : good_size(s, file->number);
	int len = snprintf((char *)into, size, "#!/bin/sh\n# %s %x-%llx ",
			   file->bad ? s->plan.marker : "a good file", file->run,
			   (unsigned long long)file->number);

	fill(s, file, into, (size_t)len < size ? (size_t)len : size - 1, size);
	return size;
}

/* --- what happens when --- */

uint64_t
fleet_arrival_gap(const struct fleet_scenario *s, uint32_t device, uint32_t index)
{
	return fleet_random_gap(draw(s, ARRIVAL, device, index),
				60.0 * FLEET_MINUTE / s->plan.arrivals);
}

/* Is there a new release of it by now? */
static bool
is_released(const struct fleet_scenario *s, uint32_t rank, uint64_t now)
{
	double at = fleet_random_unit(draw(s, RELEASE_TIME, rank, 0)) * s->plan.minutes;

	return fleet_random_below(draw(s, RELEASE, rank, 0), 100) < s->plan.new_percent &&
	       (double)now >= at * FLEET_MINUTE;
}

uint64_t
fleet_arrival_file(const struct fleet_scenario *s, uint32_t device, uint32_t index, uint64_t now)
{
	uint32_t rank = fleet_zipf_pick(&s->zipf, draw(s, ARRIVAL_FILE, device, index));

	return 2 * (uint64_t)rank + is_released(s, rank, now);
}

uint64_t
fleet_introduction_gap(const struct fleet_scenario *s, uint32_t index, uint32_t *ret_target)
{
	uint64_t gap = fleet_random_gap(draw(s, INTRODUCTION, 0, index),
					FLEET_MINUTE / s->plan.introductions);

	*ret_target = fleet_random_below(draw(s, INTRODUCTION_TARGET, 0, index), s->plan.devices);
	return gap + (index == 0 ? (uint64_t)s->plan.begin * FLEET_MINUTE : 0);
}

uint64_t
fleet_attack_gap(const struct fleet_scenario *s, uint32_t device, uint32_t index,
		 uint32_t *ret_target)
{
	uint32_t other =
		fleet_random_below(draw(s, ATTACK_TARGET, device, index), s->plan.devices - 1);

	*ret_target = other + (other >= device);
	return fleet_random_gap(draw(s, ATTACK, device, index), FLEET_MINUTE / s->plan.spread);
}

bool
fleet_starts_online(const struct fleet_scenario *s, uint32_t device)
{
	return fleet_random_below(draw(s, FIRST_STAY, device, 0), 100) >= s->plan.offline_percent;
}

uint64_t
fleet_stay(const struct fleet_scenario *s, uint32_t device, uint32_t index, bool online)
{
	double mean = (double)s->plan.offline_minutes * FLEET_MINUTE;

	if (s->plan.offline_percent == 0)
		return UINT64_MAX;
	if (online)
		mean *= (100.0 - s->plan.offline_percent) / s->plan.offline_percent;
	return fleet_random_gap(draw(s, STAY, device, index), mean);
}

uint64_t
fleet_poll_phase(const struct fleet_scenario *s, uint32_t device, uint64_t period)
{
	return (uint64_t)(fleet_random_unit(draw(s, POLL, device, 0)) * (double)period);
}

const char *
fleet_version(const struct fleet_scenario *s, uint32_t device)
{
	uint32_t percent = fleet_random_below(draw(s, VERSION, device, 0), 100);

	return percent < 70 ? "fleet-1.2" : percent < 95 ? "fleet-1.1" : "fleet-1.0";
}

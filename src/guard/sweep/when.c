/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/sweep/when.h"

#include <time.h>

/* A month's first such weekday comes at most 62 days after the last one; and one day before the first. */
enum { DAYS_MAX = 64 };

bool
ward_when_equal(const struct ward_when *a, const struct ward_when *b)
{
	return a->every == b->every && a->day == b->day && a->at == b->at &&
	       a->spread == b->spread && a->seed == b->seed;
}

static bool
is_day(const struct ward_when *w, const struct tm *day)
{
	int wanted = ((int)w->day + 1) % 7; /* theirs begins with Sunday */

	switch (w->every) {
	case WARD_POLICY_EVERY_DAY:
		return true;
	case WARD_POLICY_EVERY_WEEK:
		return day->tm_wday == wanted;
	case WARD_POLICY_EVERY_MONTH:
		return day->tm_wday == wanted && day->tm_mday <= 7;
	case WARD_POLICY_EVERY_NEVER:
	case WARD_POLICY_EVERY_COUNT:
		break;
	}
	return false;
}

/* Read as summer time or as the other: true when the clocks show that. */
static bool
read_as(const struct tm *day, unsigned at, int summer, time_t *ret)
{
	struct tm tm = *day;

	tm.tm_hour = (int)(at / 60);
	tm.tm_min = (int)(at % 60);
	tm.tm_sec = 0;
	tm.tm_isdst = summer;
	*ret = mktime(&tm);
	return *ret != (time_t)-1 && tm.tm_hour == (int)(at / 60) && tm.tm_min == (int)(at % 60) &&
	       tm.tm_mday == day->tm_mday;
}

static time_t
clock_of(const struct tm *day, unsigned at)
{
	time_t summer, other;
	bool is_summer = read_as(day, at, 1, &summer), is_other = read_as(day, at, 0, &other);

	if (is_summer && is_other)
		return summer < other ? summer : other;
	if (is_summer || is_other)
		return is_summer ? summer : other;
	return summer > other ? summer : other;
}

/* splitmix64: spreads evenly, and nobody has to guess it. */
static uint64_t
share(const struct ward_when *w, uint64_t planned)
{
	uint64_t x = w->seed + planned * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return w->spread ? (x ^ x >> 31) % (w->spread + 1) : 0;
}

bool
ward_when_next(const struct ward_when *w, uint64_t after, struct ward_when_start *ret_start)
{
	time_t from = (time_t)after;
	struct tm day;

	if (w->every == WARD_POLICY_EVERY_NEVER || !localtime_r(&from, &day))
		return false;
	for (int i = 0; i < DAYS_MAX; i++) {
		struct tm noon = {.tm_year = day.tm_year,
				  .tm_mon = day.tm_mon,
				  .tm_mday = day.tm_mday + i,
				  .tm_hour = 12,
				  .tm_isdst = -1};
		time_t planned;

		if (mktime(&noon) == (time_t)-1 || !is_day(w, &noon))
			continue;
		planned = clock_of(&noon, w->at);
		if (planned <= from)
			continue;
		*ret_start = (struct ward_when_start){
			.planned = (uint64_t)planned,
			.at = (uint64_t)planned + share(w, (uint64_t)planned),
		};
		return true;
	}
	return false;
}

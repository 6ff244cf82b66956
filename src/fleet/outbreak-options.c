/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/outbreak-options.h"

#include <stdlib.h>

#include "base/text.h"

#define FAMILY_MARKER "WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3"

const char fleet_outbreak_help[] =
	"  --seed N             of all that is simulated; 1\n"
	"  --minutes N          of simulated time; 30\n"
	"  --modes A,B          hold, hash-push, family-push, poll-1h, poll-8h; all\n"
	"  --level NAME         normal, moderate, high, high_plus, zero_tolerance; high\n"
	"  --hold-ms N          how long a file is held; 10000\n"
	"  --family-after N     seconds from the first conviction to a record for the family; 60\n"
	"  --arrivals X         files for each device and hour; 6\n"
	"  --catalogue N        good files there are; 2000\n"
	"  --zipf X             exponent of their prevalence; 1.1\n"
	"  --new-percent N      of them with a new release during the run; 20\n"
	"  --offline-percent N  share of the time that devices are away; 5\n"
	"  --offline-minutes N  how long, in the mean; 10\n"
	"  --begin N            minute of the first copy from outside, at the earliest; 2\n"
	"  --introductions X    copies from outside each minute; 2\n"
	"  --spread X           copies an infected device sends each minute; 1\n"
	"  --copy-size N        bytes of a copy; 240\n"
	"  --marker TEXT        what the service convicts; Ward's cloud test file\n";

#define PLAN(member) offsetof(struct fleet_outbreak_options, plan.member)

struct option {
	const char *name;
	enum { SEED, NUMBER, REAL } kind;
	size_t offset;
	double min, max;
};

static const struct option options[] = {
	{"seed", SEED, PLAN(seed), 0, 0},
	{"minutes", NUMBER, PLAN(minutes), 1, 1440},
	{"catalogue", NUMBER, PLAN(catalogue), 1, 100000},
	{"zipf", REAL, PLAN(exponent), 0, 5},
	{"arrivals", REAL, PLAN(arrivals), 0.01, 3600},
	{"new-percent", NUMBER, PLAN(new_percent), 0, 100},
	{"offline-percent", NUMBER, PLAN(offline_percent), 0, 90},
	{"offline-minutes", NUMBER, PLAN(offline_minutes), 1, 1440},
	{"introductions", REAL, PLAN(introductions), 0.01, 1000},
	{"spread", REAL, PLAN(spread), 0.01, 100},
	{"begin", NUMBER, PLAN(begin), 0, 1440},
	{"copy-size", NUMBER, PLAN(copy_size), 160, FLEET_FILE_MAX},
	{"hold-ms", NUMBER, offsetof(struct fleet_outbreak_options, hold_ms), 1, 60000},
	{"family-after", NUMBER, offsetof(struct fleet_outbreak_options, family_after), 0, 86400},
};

static const char *const levels[] = {"normal", "moderate", "high", "high_plus", "zero_tolerance"};

void
fleet_outbreak_standard(struct fleet_outbreak_options *o)
{
	*o = (struct fleet_outbreak_options){
		.plan = {.seed = 1,
			 .minutes = 30,
			 .catalogue = 2000,
			 .exponent = 1.1,
			 .arrivals = 6,
			 .new_percent = 20,
			 .offline_percent = 5,
			 .offline_minutes = 10,
			 .introductions = 2,
			 .spread = 1,
			 .begin = 2,
			 .copy_size = 240,
			 .marker = FAMILY_MARKER},
		.modes = (1U << FLEET_MODES) - 1,
		.level = WARD__V1__LEVEL__LEVEL_HIGH,
		.hold_ms = 10000,
		.family_after = 60,
	};
}

static const struct option *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

bool
fleet_outbreak_knows(const char *name)
{
	return find(name) || strcmp(name, "modes") == 0 || strcmp(name, "level") == 0 ||
	       strcmp(name, "marker") == 0;
}

static enum ward_rc
set_modes(struct fleet_outbreak_options *o, const char *value)
{
	struct ward_span rest = ward_span_str(value), name = {0};
	unsigned modes = 0;

	while (ward_text_split(&rest, ',', &name)) {
		unsigned mode = 0;

		while (mode < FLEET_MODES &&
		       !ward_span_eq(name, ward_span_str(fleet_mode_name((enum fleet_mode)mode))))
			mode++;
		if (mode == FLEET_MODES)
			return WARD_E_INVAL;
		modes |= 1U << mode;
	}
	o->modes = modes ? modes : o->modes;
	return modes ? WARD_OK : WARD_E_INVAL;
}

static enum ward_rc
set_level(struct fleet_outbreak_options *o, const char *value)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i], value) != 0)
			continue;
		o->level = (Ward__V1__Level)(WARD__V1__LEVEL__LEVEL_NORMAL + i);
		return WARD_OK;
	}
	return WARD_E_INVAL;
}

static enum ward_rc
set_real(void *at, const struct option *option, const char *value)
{
	char *end;
	double x = strtod(value, &end);

	if (*value == '\0' || *end != '\0' || !(x >= option->min && x <= option->max))
		return WARD_E_INVAL;
	memcpy(at, &x, sizeof(x));
	return WARD_OK;
}

static enum ward_rc
set_number(void *at, const struct option *option, const char *value)
{
	uint64_t x;
	uint32_t small;

	if (!ward_text_u64(ward_span_str(value), &x))
		return WARD_E_INVAL;
	if (option->kind == SEED) {
		memcpy(at, &x, sizeof(x));
		return WARD_OK;
	}
	if ((double)x < option->min || (double)x > option->max)
		return WARD_E_INVAL;
	small = (uint32_t)x;
	memcpy(at, &small, sizeof(small));
	return WARD_OK;
}

enum ward_rc
fleet_outbreak_set(struct fleet_outbreak_options *o, const char *name, const char *value)
{
	const struct option *option = find(name);

	if (strcmp(name, "modes") == 0)
		return set_modes(o, value);
	if (strcmp(name, "level") == 0)
		return set_level(o, value);
	if (strcmp(name, "marker") == 0) {
		o->plan.marker = value;
		return strlen(value) > 0 && strlen(value) < FLEET_MARKER && !strchr(value, '\n')
			       ? WARD_OK
			       : WARD_E_INVAL;
	}
	if (!option)
		return WARD_E_INVAL;
	return option->kind == REAL ? set_real((uint8_t *)o + option->offset, option, value)
				    : set_number((uint8_t *)o + option->offset, option, value);
}

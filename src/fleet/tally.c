/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/tally.h"

static const uint64_t hour = UINT64_C(3600) * 1000 * 1000;

static const struct {
	const char *name, *title;
} words[FLEET_MODES] = {
	[FLEET_HOLD] = {"hold", "held at first sight"},
	[FLEET_HASH_PUSH] = {"hash-push", "not held, hashes pushed"},
	[FLEET_FAMILY_PUSH] = {"family-push", "not held, family record pushed"},
	[FLEET_POLL_1H] = {"poll-1h", "definitions every hour"},
	[FLEET_POLL_8H] = {"poll-8h", "definitions every 8 hours"},
};

const char *
fleet_mode_name(enum fleet_mode mode)
{
	return words[mode].name;
}

const char *
fleet_mode_title(enum fleet_mode mode)
{
	return words[mode].title;
}

uint64_t
fleet_mode_period(enum fleet_mode mode)
{
	if (mode == FLEET_POLL_1H)
		return hour;
	return mode == FLEET_POLL_8H ? 8 * hour : 0;
}

void
fleet_tally_done(struct fleet_tally *t)
{
	fleet_series_done(&t->infections);
	fleet_series_done(&t->conviction.there);
	fleet_series_done(&t->conviction.back);
	fleet_series_done(&t->family.there);
	fleet_series_done(&t->family.back);
	fleet_series_done(&t->held_good);
	fleet_series_done(&t->held_bad);
	fleet_series_done(&t->device_bytes);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/report.h"

#include <jansson.h>

enum { CELL = 24, LABEL = 48 };

static bool
ran(const struct fleet_outbreak_options *o, unsigned mode)
{
	return o->modes & 1U << mode;
}

/* --- for people --- */

static void
time_text(char cell[CELL], uint64_t usec)
{
	double seconds = (double)usec / 1e6;

	if (seconds < 1)
		(void)snprintf(cell, CELL, "%.0f ms", seconds * 1e3);
	else if (seconds < 120)
		(void)snprintf(cell, CELL, "%.1f s", seconds);
	else
		(void)snprintf(cell, CELL, "%.0f min", seconds / 60);
}

static void
bytes_text(char cell[CELL], double bytes)
{
	if (bytes < 1e3)
		(void)snprintf(cell, CELL, "%.0f B", bytes);
	else if (bytes < 1e6)
		(void)snprintf(cell, CELL, "%.1f kB", bytes / 1e3);
	else if (bytes < 1e9)
		(void)snprintf(cell, CELL, "%.1f MB", bytes / 1e6);
	else
		(void)snprintf(cell, CELL, "%.2f GB", bytes / 1e9);
}

enum row {
	INFECTED,
	BEFORE,
	COPIES,
	DENIED,
	COVERED,
	NOT_DENIED,
	MISSED,
	CONVICTED,
	HASH_P50,
	HASH_P99,
	HASH_ALL,
	FAMILY_P50,
	FAMILY_P99,
	FAMILY_ALL,
	HELD_BAD,
	HELD_GOOD,
	ASKED,
	SAMPLES,
	ALARMS,
	FALSE,
	UPDATES,
	BELIEVED,
	CHECKING,
	BYTES_DEVICE,
	BYTES_WORST,
	BYTES_ALL,
	REAL,
	ROWS,
};

static const char *const labels[ROWS] = {
	[INFECTED] = "infected devices",
	[BEFORE] = "  of them before the first conviction",
	[COPIES] = "copies that reached a device that was there",
	[DENIED] = "  held and refused",
	[COVERED] = "  refused by the family's record",
	[NOT_DENIED] = "  held and opened (no; late; no answer)",
	[MISSED] = "copies to devices that were away",
	[CONVICTED] = "first sight to first conviction",
	[HASH_P50] = "first copy asked about to its record there, p50",
	[HASH_P99] = "  p99",
	[HASH_ALL] = "  all that were connected",
	[FAMILY_P50] = "family's record begun to be there, p50",
	[FAMILY_P99] = "  p99",
	[FAMILY_ALL] = "  all that were connected",
	[HELD_BAD] = "a copy is held, p50 / p99",
	[HELD_GOOD] = "a good file is held, p50 / p99",
	[ASKED] = "good files asked about",
	[SAMPLES] = "samples sent",
	[ALARMS] = "good files suspicious before the sample",
	[FALSE] = "good files refused in the end",
	[UPDATES] = "updates that devices took",
	[BELIEVED] = "signed records checked (batches refused)",
	[CHECKING] = "  CPU time for a batch",
	[BYTES_DEVICE] = "bytes of a device, in the mean",
	[BYTES_WORST] = "  of the one with most",
	[BYTES_ALL] = "bytes of all",
	[REAL] = "real time of the run",
};

static void
count_text(char cell[CELL], uint64_t count)
{
	(void)snprintf(cell, CELL, "%llu", (unsigned long long)count);
}

static void
hold_text(char cell[CELL], struct fleet_series *held)
{
	struct fleet_quantiles q = fleet_series_quantiles(held);

	if (held->count)
		(void)snprintf(cell, CELL, "%.0f / %.0f ms", (double)q.p50 / 1e3,
			       (double)q.p99 / 1e3);
}

/* Time to this share of those who were connected; empty when fewer have it. */
static void
reach_text(char cell[CELL], struct fleet_reach *r, unsigned percent)
{
	size_t wanted = ((size_t)r->online * percent + 99) / 100;

	cell[0] = '\0';
	if (r->since == 0)
		return;
	(void)fleet_series_quantiles(&r->there);
	if (r->there.count >= wanted && wanted > 0)
		time_text(cell, r->there.values[wanted - 1]);
	else
		(void)snprintf(cell, CELL, "> run (%zu)", r->there.count);
}

static void
spread_text(char cell[CELL], enum row row, struct fleet_tally *t)
{
	const uint64_t counts[] = {[INFECTED] = t->infections.count,
				   [BEFORE] = t->before_conviction,
				   [COPIES] = t->copies,
				   [DENIED] = t->denied,
				   [COVERED] = t->covered,
				   [NOT_DENIED] = 0,
				   [MISSED] = t->missed};

	if (row == NOT_DENIED)
		(void)snprintf(cell, CELL, "%llu; %llu; %llu", (unsigned long long)t->let_go,
			       (unsigned long long)t->late, (unsigned long long)t->failed);
	else
		count_text(cell, counts[row]);
}

static void
record_text(char cell[CELL], enum row row, struct fleet_tally *t)
{
	static const unsigned percent[] = {50, 99, 100};

	if (row == CONVICTED && t->first_conviction)
		time_text(cell, t->first_conviction - t->first_sight);
	else if (row >= FAMILY_P50)
		reach_text(cell, &t->family, percent[row - FAMILY_P50]);
	else if (row >= HASH_P50 && fleet_mode_period(t->mode) == 0)
		reach_text(cell, &t->conviction, percent[row - HASH_P50]);
}

static void
belief_text(char cell[CELL], enum row row, const struct fleet_tally *t)
{
	if (t->believers > 0 && row == BELIEVED)
		(void)snprintf(cell, CELL, "%llu (%llu)", (unsigned long long)t->believed,
			       (unsigned long long)t->refused);
	else if (t->batches > 0)
		(void)snprintf(cell, CELL, "%.0f us", (double)t->checking / (double)t->batches);
}

static void
cost_text(char cell[CELL], enum row row, struct fleet_tally *t)
{
	double all = (double)t->bytes_in + (double)t->bytes_out;
	double worst = (double)fleet_series_quantiles(&t->device_bytes).max;
	size_t devices = t->device_bytes.count ? t->device_bytes.count : 1;

	if (row == HELD_BAD)
		hold_text(cell, &t->held_bad);
	else if (row == HELD_GOOD)
		hold_text(cell, &t->held_good);
	else if (row == ASKED)
		count_text(cell, t->asked);
	else if (row == SAMPLES)
		count_text(cell, t->samples);
	else if (row == ALARMS)
		count_text(cell, t->alarms);
	else if (row == FALSE)
		count_text(cell, t->false_positives);
	else if (row == UPDATES)
		count_text(cell, t->updates);
	else if (row == BELIEVED || row == CHECKING)
		belief_text(cell, row, t);
	else if (row == REAL)
		time_text(cell, t->real);
	else
		bytes_text(cell, row == BYTES_DEVICE  ? all / (double)devices
				 : row == BYTES_WORST ? worst
						      : all);
}

static enum ward_rc
put_row(const struct fleet_outbreak_options *o, struct fleet_tally *tallies, enum row row,
	struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "\n%-*s", LABEL, labels[row]);

	for (unsigned m = 0; m < FLEET_MODES && !rc; m++) {
		char cell[CELL] = "";

		if (!ran(o, m))
			continue;
		if (row <= MISSED)
			spread_text(cell, row, &tallies[m]);
		else if (row <= FAMILY_ALL)
			record_text(cell, row, &tallies[m]);
		else
			cost_text(cell, row, &tallies[m]);
		rc = ward_buf_printf(out, " %16s", cell[0] ? cell : "-");
	}
	return rc;
}

enum ward_rc
fleet_report_text(const struct fleet_outbreak_options *o, struct fleet_tally *tallies,
		  struct ward_buf *out)
{
	enum ward_rc rc = ward_buf_printf(out, "%-*s", LABEL, "");

	for (unsigned m = 0; m < FLEET_MODES && !rc; m++)
		if (ran(o, m))
			rc = ward_buf_printf(out, " %16s", fleet_mode_name((enum fleet_mode)m));
	for (enum row row = 0; row < ROWS && !rc; row++)
		rc = put_row(o, tallies, row, out);
	return rc ? rc : ward_buf_byte(out, '\n');
}

/* --- for programs --- */

static void
set_count(json_t *object, const char *key, uint64_t value)
{
	(void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *
values_of(struct fleet_series *s)
{
	json_t *array = json_array();

	(void)fleet_series_quantiles(s);
	for (size_t i = 0; i < s->count; i++)
		(void)json_array_append_new(array, json_integer((json_int_t)s->values[i]));
	return array;
}

static json_t *
quantiles_of(struct fleet_series *s)
{
	struct fleet_quantiles q = fleet_series_quantiles(s);
	json_t *object = json_object();

	set_count(object, "count", s->count);
	set_count(object, "p50", q.p50);
	set_count(object, "p99", q.p99);
	set_count(object, "max", q.max);
	return object;
}

static json_t *
reach_of(struct fleet_reach *r)
{
	json_t *object = json_object();

	set_count(object, "since", r->since);
	set_count(object, "online", r->online);
	(void)json_object_set_new(object, "reached", quantiles_of(&r->there));
	(void)json_object_set_new(object, "returned", quantiles_of(&r->back));
	(void)json_object_set_new(object, "times", values_of(&r->there));
	return object;
}

static json_t *
tally_of(struct fleet_tally *t)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{"copies", t->copies},
		{"copies_missed", t->missed},
		{"copies_again", t->again},
		{"denied", t->denied},
		{"covered", t->covered},
		{"let_go", t->let_go},
		{"late", t->late},
		{"failed", t->failed},
		{"infected", t->infections.count},
		{"infected_before_conviction", t->before_conviction},
		{"first_sight", t->first_sight},
		{"first_conviction", t->first_conviction},
		{"convictions", t->convictions},
		{"arrivals", t->arrivals},
		{"remembered", t->remembered},
		{"asked", t->asked},
		{"alarms", t->alarms},
		{"false_positives", t->false_positives},
		{"samples", t->samples},
		{"unanswered", t->unanswered},
		{"updates", t->updates},
		{"bytes_in", t->bytes_in},
		{"bytes_out", t->bytes_out},
		{"reconnects", t->reconnects},
		{"believers", t->believers},
		{"believed", t->believed},
		{"batches", t->batches},
		{"refused", t->refused},
		{"checking", t->checking},
		{"real", t->real},
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		set_count(object, counts[i].name, counts[i].value);
	(void)json_object_set_new(object, "whole", json_boolean(t->whole));
	(void)json_object_set_new(object, "device_bytes", quantiles_of(&t->device_bytes));
	(void)json_object_set_new(object, "held_bad", quantiles_of(&t->held_bad));
	(void)json_object_set_new(object, "held_good", quantiles_of(&t->held_good));
	(void)json_object_set_new(object, "conviction", reach_of(&t->conviction));
	(void)json_object_set_new(object, "family", reach_of(&t->family));
	(void)json_object_set_new(object, "infections", values_of(&t->infections));
	return object;
}

static json_t *
plan_of(const struct fleet_outbreak_options *o)
{
	const struct fleet_plan *p = &o->plan;
	json_t *object = json_object();

	set_count(object, "seed", p->seed);
	set_count(object, "devices", p->devices);
	set_count(object, "minutes", p->minutes);
	set_count(object, "catalogue", p->catalogue);
	set_count(object, "new_percent", p->new_percent);
	set_count(object, "offline_percent", p->offline_percent);
	set_count(object, "offline_minutes", p->offline_minutes);
	set_count(object, "begin", p->begin);
	set_count(object, "copy_size", p->copy_size);
	set_count(object, "hold_ms", o->hold_ms);
	set_count(object, "family_after", o->family_after);
	(void)json_object_set_new(object, "zipf", json_real(p->exponent));
	(void)json_object_set_new(object, "arrivals", json_real(p->arrivals));
	(void)json_object_set_new(object, "introductions", json_real(p->introductions));
	(void)json_object_set_new(object, "spread", json_real(p->spread));
	return object;
}

static int
append(const char *text, size_t len, void *out)
{
	return ward_buf_append(out, text, len) ? -1 : 0;
}

enum ward_rc
fleet_report_json(const struct fleet_outbreak_options *o, struct fleet_tally *tallies,
		  struct ward_buf *out)
{
	json_t *object = json_object(), *modes = json_object();
	int failed;

	(void)json_object_set_new(object, "plan", plan_of(o));
	for (unsigned m = 0; m < FLEET_MODES; m++)
		if (ran(o, m))
			(void)json_object_set_new(modes, fleet_mode_name((enum fleet_mode)m),
						  tally_of(&tallies[m]));
	(void)json_object_set_new(object, "modes", modes);
	failed = object ? json_dump_callback(object, append, out, JSON_COMPACT) : -1;
	json_decref(object);
	return failed ? WARD_E_LIMIT : ward_buf_byte(out, '\n');
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in an outbreak: files arrive, copies reach devices, devices go and come back. */
#include "fleet/outbreak-priv.h"

enum { SECOND = 1000 * 1000, BUSY_RETRY = SECOND };

static bool
polls(const struct outbreak *b)
{
	return fleet_mode_period(b->tally->mode) > 0;
}

/* --- good files --- */

static void
plan_arrival(struct outbreak *b, uint32_t device)
{
	uint64_t gap = fleet_arrival_gap(&b->scenario, device, b->bodies[device].arrivals);

	outbreak_plan(b, (struct fleet_event){.kind = ARRIVAL, .who = device}, gap);
}

/* A file that the device has asked about is remembered, as its verdict cache does. */
static bool
remember(struct body *body, uint64_t file)
{
	uint64_t bit = UINT64_C(1) << (file % 64);
	bool known = body->known[file / 64] & bit;

	body->known[file / 64] |= bit;
	return known;
}

static void
arrive(struct outbreak *b, uint32_t device)
{
	struct body *body = &b->bodies[device];
	struct fleet_file file = {.run = 1 + (uint32_t)b->tally->mode};

	file.number = fleet_arrival_file(&b->scenario, device, body->arrivals, b->now);
	if (body->online && !polls(b)) {
		b->tally->arrivals++;
		if (remember(body, file.number)) {
			b->tally->remembered++;
		} else {
			b->tally->asked++;
			outbreak_ask(b, device, &file, b->tally->mode == FLEET_HOLD);
		}
	}
	body->arrivals++;
	plan_arrival(b, device);
}

/* --- the family --- */

static void
plan_attack(struct outbreak *b, uint32_t device)
{
	uint32_t target;
	uint64_t gap = fleet_attack_gap(&b->scenario, device, b->bodies[device].attacks, &target);

	outbreak_plan(b, (struct fleet_event){.kind = ATTACK, .who = device}, gap);
}

static void
infect(struct outbreak *b, uint32_t device)
{
	struct fleet_tally *t = b->tally;

	b->bodies[device].infected = true;
	fleet_series_add(&t->infections, b->now);
	t->before_conviction += t->first_conviction == 0;
	plan_attack(b, device);
}

/* Has it the family's record? */
static bool
is_covered(const struct outbreak *b, uint32_t device)
{
	return b->bodies[device].covered ||
	       (b->tally->mode == FLEET_FAMILY_PUSH && atomic_load(&b->ears[device].family) != 0);
}

/* The device opens a copy that nothing stops. The service hears of it all the same; of definitions that are
 * polled only their publisher, from the first victims. */
static void
open_copy(struct outbreak *b, uint32_t device, const struct fleet_file *file)
{
	bool first = b->tally->first_conviction == 0;

	infect(b, device);
	if (!polls(b) || first)
		outbreak_ask(b, device, file, false);
}

static void
meet_copy(struct outbreak *b, uint32_t device)
{
	struct fleet_tally *t = b->tally;
	struct body *body = &b->bodies[device];
	struct fleet_file file = {.bad = true, .run = 1 + (uint32_t)t->mode};

	if (!body->online || body->infected) {
		t->missed += !body->online;
		t->again += body->online;
		return;
	}
	file.number = ++b->copies;
	t->copies++;
	if (t->first_sight == 0)
		t->first_sight = b->now;
	if (is_covered(b, device))
		t->covered++;
	else if (t->mode == FLEET_HOLD)
		outbreak_ask(b, device, &file, true);
	else
		open_copy(b, device, &file);
}

static void
introduce(struct outbreak *b)
{
	uint32_t target, following;

	(void)fleet_introduction_gap(&b->scenario, b->introductions++, &target);
	meet_copy(b, target);
	outbreak_plan(b, (struct fleet_event){.kind = INTRODUCTION},
		      fleet_introduction_gap(&b->scenario, b->introductions, &following));
}

static void
attack(struct outbreak *b, uint32_t device)
{
	struct body *body = &b->bodies[device];
	uint32_t target;

	(void)fleet_attack_gap(&b->scenario, device, body->attacks++, &target);
	if (body->online)
		meet_copy(b, target);
	plan_attack(b, device);
}

/* --- protection --- */

/* When each device that is there polls next: it has the definitions then, also behind the run's end. */
static void
publish_definitions(struct outbreak *b)
{
	uint64_t period = fleet_mode_period(b->tally->mode);
	struct fleet_reach *r = &b->tally->family;

	r->since = b->now;
	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		uint64_t phase = fleet_poll_phase(&b->scenario, i, period);

		if (!b->bodies[i].online)
			continue;
		r->online++;
		fleet_series_add(&r->there, (phase + period - b->now % period) % period);
	}
}

/* The copy that stands for the family's record is sent by a device that is there. */
static void
publish_family(struct outbreak *b)
{
	struct fleet_file file = {.bad = true, .run = 1 + (uint32_t)b->tally->mode};
	uint32_t device = 0;

	while (device < b->o->plan.devices && !b->bodies[device].online)
		device++;
	if (polls(b))
		publish_definitions(b);
	else if (device == b->o->plan.devices)
		outbreak_plan(b, (struct fleet_event){.kind = FAMILY}, SECOND);
	else
		outbreak_ask(b, device, &file, false);
}

/* Definitions: who is away fetches them when he is back. */
static void
poll_definitions(struct outbreak *b, uint32_t device)
{
	struct body *body = &b->bodies[device];
	bool published = b->tally->family.since > 0;

	if (published && body->online)
		body->covered = true;
	else
		outbreak_plan(b, (struct fleet_event){.kind = POLL, .who = device},
			      published ? SECOND : fleet_mode_period(b->tally->mode));
}

static void
let_go(struct outbreak *b, struct fleet_question *q, uint64_t *why)
{
	(*why)++;
	if (!b->bodies[q->device->number].infected)
		infect(b, q->device->number);
}

/* The policy's hold is over: the file opens. */
static void
end_hold(struct outbreak *b, struct fleet_question *q)
{
	q->late = true;
	if (q->file.bad)
		let_go(b, q, &b->tally->late);
}

/* --- absences --- */

/* From now on, when it is there, or away, as `online` says. */
static void
plan_stay(struct outbreak *b, uint32_t device, bool online)
{
	uint64_t stay = fleet_stay(&b->scenario, device, b->bodies[device].stays, online);

	if (stay < UINT64_MAX)
		outbreak_plan(b, (struct fleet_event){.kind = STAY, .who = device}, stay);
}

static void
go_or_return(struct outbreak *b, uint32_t device)
{
	struct body *body = &b->bodies[device];

	if (body->leaving || body->returning ||
	    body->busy > 0) { /* it leaves when it has its answers */
		outbreak_plan(b, (struct fleet_event){.kind = STAY, .who = device}, BUSY_RETRY);
		return;
	}
	body->stays++;
	plan_stay(b, device, !body->online);
	outbreak_connect(b, device, !body->online);
}

/* --- answers --- */

static void
take_good(struct outbreak *b, const struct fleet_question *q)
{
	struct fleet_tally *t = b->tally;

	t->alarms += q->alarmed;
	t->false_positives += q->answered && q->verdict >= WARD_SUSPICIOUS;
	if (q->held)
		fleet_series_add(&t->held_good, q->ended - q->began);
}

static void
note_conviction(struct outbreak *b, const struct fleet_question *q)
{
	struct fleet_tally *t = b->tally;

	t->convictions++;
	if (t->first_conviction)
		return;
	t->first_conviction = outbreak_when(b, q->ended);
	outbreak_watch(b, 0, outbreak_when(b, q->began));
	if (t->mode != FLEET_HOLD && t->mode != FLEET_HASH_PUSH)
		outbreak_plan(b, (struct fleet_event){.kind = FAMILY},
			      (uint64_t)b->o->family_after * SECOND);
}

static void
take_bad(struct outbreak *b, struct fleet_question *q)
{
	struct fleet_tally *t = b->tally;
	bool refused = q->answered && q->verdict >= WARD_SUSPICIOUS;

	if (q->answered && q->verdict == WARD_MALICIOUS)
		note_conviction(b, q);
	if (!q->held)
		return;
	fleet_series_add(&t->held_bad, q->ended - q->began);
	if (q->late)
		return;
	if (refused)
		t->denied++;
	else
		let_go(b, q, q->answered ? &t->let_go : &t->failed);
}

void
outbreak_take(struct outbreak *b, struct fleet_question *q)
{
	b->tally->samples += q->sampled;
	b->tally->unanswered += !q->answered;
	if (!q->file.bad)
		take_good(b, q);
	else if (q->file.number > 0)
		take_bad(b, q);
	else if (q->answered && q->verdict == WARD_MALICIOUS)
		outbreak_watch(b, 1, outbreak_when(b, q->began));
	else
		outbreak_plan(b, (struct fleet_event){.kind = FAMILY}, SECOND);
}

/* --- all --- */

void
outbreak_do(struct outbreak *b, const struct fleet_event *event)
{
	switch ((enum outbreak_kind)event->kind) {
	case ARRIVAL:
		arrive(b, event->who);
		break;
	case INTRODUCTION:
		introduce(b);
		break;
	case ATTACK:
		attack(b, event->who);
		break;
	case STAY:
		go_or_return(b, event->who);
		break;
	case HOLD_OVER: {
		struct fleet_question *q = event->what;

		if (q->generation == event->who)
			end_hold(b, q);
		break;
	}
	case POLL:
		poll_definitions(b, event->who);
		break;
	case FAMILY:
		publish_family(b);
		break;
	}
}

void
outbreak_prepare(struct outbreak *b)
{
	uint64_t period = fleet_mode_period(b->tally->mode);
	uint32_t target;

	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		plan_arrival(b, i);
		plan_stay(b, i, b->bodies[i].online);
		if (period)
			outbreak_plan(b, (struct fleet_event){.kind = POLL, .who = i},
				      fleet_poll_phase(&b->scenario, i, period));
	}
	outbreak_plan(b, (struct fleet_event){.kind = INTRODUCTION},
		      fleet_introduction_gap(&b->scenario, 0, &target));
}

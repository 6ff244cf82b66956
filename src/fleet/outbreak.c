/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a run: connections, questions and answers, simulated time, who has which record. */
#include "fleet/outbreak.h"

#include <stdlib.h>
#include <time.h>

#include "fleet/follow.h"
#include "fleet/outbreak-priv.h"
#include "sys/clock.h"
#include "sys/digest.h"

enum { SECOND = 1000 * 1000, MESSAGE = 1 << 20, STEP_USEC = 2000 };
enum { CONNECT_SECONDS = 120, DRAIN_SECONDS = 60, WATCH_SECONDS = 20 };

/* --- the devices; on their loops --- */

static void
on_update(void *context, struct ward_span message)
{
	struct fleet_device *d = context;
	struct outbreak *b = d->loop->crowd->context;
	struct ear *ear = &b->ears[d->number];
	uint64_t now = ward_clock_monotonic();
	Ward__V1__Verdict said;

	if (fleet_follow_take(d, message, now, &said)) {
		atomic_fetch_add(&d->loop->crowd->failures, 1);
		return;
	}
	if (said != WARD__V1__VERDICT__VERDICT_MALICIOUS)
		return;
	atomic_fetch_add_explicit(&ear->updates, 1, memory_order_relaxed);
	if (atomic_load_explicit(&ear->conviction, memory_order_relaxed) == 0)
		atomic_store(&ear->conviction, now);
	if (atomic_load_explicit(&d->digest, memory_order_relaxed) ==
	    atomic_load_explicit(&b->family_word, memory_order_relaxed))
		atomic_store(&ear->family, now);
}

static const struct fleet_call_face subscribe_call = {
	.path = FLEET_SUBSCRIBE,
	.answer_max = MESSAGE,
	.message = on_update,
};

static void
on_up(struct fleet_device *d)
{
	if (fleet_follow(d, &subscribe_call))
		atomic_fetch_add(&d->loop->crowd->failures, 1);
}

static void
on_turn(struct fleet_loop *loop)
{
	struct outbreak *b = loop->crowd->context;

	fleet_desk_turn(&b->desks[loop->index]);
}

static const struct fleet_job outbreak_job = {.up = on_up, .turn = on_turn};

/* --- questions --- */

/* One that is not used; all are in the pool, and freed at the end. */
static struct fleet_question *
new_question(struct outbreak *b)
{
	struct fleet_question *q = b->unused, **pool;

	if (q) {
		b->unused = q->next;
		return q;
	}
	if (b->pool_count == b->pool_room) {
		pool = reallocarray(b->pool, b->pool_room + 256, sizeof(struct fleet_question *));
		if (!pool)
			return NULL;
		b->pool = pool;
		b->pool_room += 256;
	}
	q = calloc(1, sizeof(*q));
	if (q)
		b->pool[b->pool_count++] = q;
	return q;
}

void
outbreak_ask(struct outbreak *b, uint32_t device, const struct fleet_file *file, bool held)
{
	struct fleet_device *d = &b->crowd->devices[device];
	struct fleet_question *q = new_question(b);
	uint32_t generation = q ? q->generation : 0;

	if (!q) {
		b->out_of_memory = true;
		return;
	}
	*q = (struct fleet_question){.device = d,
				     .file = *file,
				     .level = b->o->level,
				     .wait_ms = b->o->hold_ms,
				     .held = held,
				     .generation = generation};
	b->asking++;
	b->bodies[device].busy++;
	fleet_clock_run(&b->clock, true, ward_clock_monotonic());
	if (held)
		outbreak_plan(b,
			      (struct fleet_event){.kind = HOLD_OVER, .who = generation, .what = q},
			      (uint64_t)b->o->hold_ms * 1000);
	fleet_desk_ask(&b->desks[d->loop->index], q);
}

static void
take_answers(struct outbreak *b, struct fleet_question *q)
{
	for (struct fleet_question *next; q; q = next) {
		next = q->next;
		b->now = fleet_clock_at(&b->clock, ward_clock_monotonic());
		b->asking--;
		b->bodies[q->device->number].busy--;
		outbreak_take(b, q);
		q->generation++;
		q->next = b->unused;
		b->unused = q;
	}
}

/* --- the agenda --- */

void
outbreak_plan(struct outbreak *b, struct fleet_event event, uint64_t in)
{
	event.at = b->now + in;
	if (fleet_agenda_add(&b->agenda, event))
		b->out_of_memory = true;
}

/* --- who has a record --- */

static struct fleet_reach *
reach_of(struct outbreak *b, unsigned record)
{
	return record ? &b->tally->family : &b->tally->conviction;
}

void
outbreak_watch(struct outbreak *b, unsigned record, uint64_t since)
{
	struct fleet_reach *r = reach_of(b, record);

	r->since = since;
	b->watch_until = ward_clock_monotonic() + (uint64_t)WATCH_SECONDS * SECOND;
	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		b->bodies[i].was_away[record] = !b->bodies[i].online;
		r->online += b->bodies[i].online;
	}
}

uint64_t
outbreak_when(const struct outbreak *b, uint64_t real)
{
	uint64_t now = ward_clock_monotonic(), simulated = fleet_clock_at(&b->clock, now);
	uint64_t ago = now > real ? now - real : 0;

	return simulated > ago ? simulated - ago : 0;
}

/* True: it is there and has it not. */
static bool
lacks(struct outbreak *b, uint32_t device, unsigned record)
{
	struct fleet_reach *r = reach_of(b, record);
	struct body *body = &b->bodies[device];
	uint64_t real = record ? atomic_load(&b->ears[device].family)
			       : atomic_load(&b->ears[device].conviction),
		 at;

	if (r->since == 0 || body->reached[record] || fleet_mode_period(b->tally->mode))
		return false;
	if (real == 0)
		return body->online;
	at = outbreak_when(b, real);
	body->reached[record] = true;
	fleet_series_add(body->was_away[record] ? &r->back : &r->there,
			 at > r->since ? at - r->since : 0);
	return false;
}

/* Are records on their way, and worth waiting for? */
static bool
watch_records(struct outbreak *b, uint64_t real)
{
	size_t lacking = 0;

	if (real >= b->watch_until)
		return false;
	if (real - b->watched < STEP_USEC)
		return true;
	b->watched = real;
	for (uint32_t i = 0; i < b->o->plan.devices; i++)
		lacking += (size_t)lacks(b, i, 0) + lacks(b, i, 1);
	if (lacking == 0 && b->moving == 0)
		b->watch_until = 0;
	return b->watch_until > 0;
}

/* --- coming and going --- */

/* Who leaves before he has a record is one of those who get it when they come back. */
static void
leave_without(struct outbreak *b, uint32_t device)
{
	for (unsigned record = 0; record < 2; record++) {
		bool *was_away = &b->bodies[device].was_away[record];

		if (*was_away || !lacks(b, device, record))
			continue;
		*was_away = true;
		reach_of(b, record)->online--;
	}
}

void
outbreak_connect(struct outbreak *b, uint32_t device, bool online)
{
	struct body *body = &b->bodies[device];

	if (!online)
		leave_without(b, device);
	fleet_crowd_want_one(&b->crowd->devices[device], online);
	fleet_crowd_wake(b->crowd->devices[device].loop);
	body->online = false;
	body->returning = online;
	body->leaving = !online;
	b->moving++;
	b->tally->reconnects += online;
	fleet_clock_run(&b->clock, true, ward_clock_monotonic());
}

/* Those who heard the first thing on their new connection are there; those whose connection is closed are
 * away. */
static void
end_moves(struct outbreak *b, uint64_t real)
{
	for (uint32_t i = 0; b->moving > 0 && i < b->o->plan.devices; i++) {
		struct body *body = &b->bodies[i];
		const struct fleet_device *d = &b->crowd->devices[i];

		if (body->leaving && atomic_load(&d->gone)) {
			body->leaving = false;
			b->moving--;
		} else if (body->returning && atomic_load(&d->heard)) {
			body->returning = false;
			body->online = true;
			b->moving--;
			b->watch_until = real + (uint64_t)WATCH_SECONDS * SECOND;
		}
	}
}

/* --- a run --- */

/* Something real is under way. */
static bool
is_waiting(struct outbreak *b, uint64_t real)
{
	if (b->moving > 0)
		end_moves(b, real);
	return watch_records(b, real) || b->asking > 0 || b->moving > 0;
}

/* Until something came, or it is time for what is next. */
static void
wait_for_news(struct outbreak *b, uint64_t real)
{
	const struct fleet_event *next = fleet_agenda_next(&b->agenda);
	uint64_t simulated = fleet_clock_at(&b->clock, real);
	uint64_t step = STEP_USEC;

	if (next && next->at - simulated < step)
		step = next->at - simulated;
	take_answers(b, fleet_answers_wait(&b->answers, real + step));
}

static void
run(struct outbreak *b, uint64_t end)
{
	const struct fleet_event *next;
	struct fleet_event event;

	while (!b->out_of_memory && (next = fleet_agenda_next(&b->agenda)) && next->at <= end) {
		uint64_t real = ward_clock_monotonic();
		bool waiting = is_waiting(b, real);

		fleet_clock_run(&b->clock, waiting, real);
		if (waiting && fleet_clock_at(&b->clock, real) < next->at) {
			wait_for_news(b, real);
			continue;
		}
		fleet_clock_jump(&b->clock, next->at, real);
		event = fleet_agenda_take(&b->agenda);
		b->now = event.at;
		outbreak_do(b, &event);
	}
}

/* What is under way comes to its end. */
static void
drain(struct outbreak *b)
{
	uint64_t real = ward_clock_monotonic();
	uint64_t until = real + (uint64_t)DRAIN_SECONDS * SECOND;

	while (real < until && is_waiting(b, real)) {
		take_answers(b, fleet_answers_wait(&b->answers, real + STEP_USEC));
		real = ward_clock_monotonic();
	}
	b->tally->whole = b->asking == 0;
}

static void
pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};

	(void)nanosleep(&pause, NULL);
}

/* Until no device hears anything more: what was published in this run is not counted in the next. */
static void
settle(const struct outbreak *b)
{
	uint64_t until = ward_clock_monotonic() + (uint64_t)DRAIN_SECONDS * SECOND;
	uint64_t before = 0, sum = 1;

	for (unsigned quiet = 0; quiet < 25 && ward_clock_monotonic() < until; quiet++) {
		before = sum;
		sum = 0;
		for (uint32_t i = 0; i < b->o->plan.devices; i++)
			sum += atomic_load(&b->ears[i].updates);
		if (sum != before)
			quiet = 0;
		pause_shortly();
	}
}

/* --- before and after --- */

static bool
connect_first(struct outbreak *b)
{
	uint64_t until = ward_clock_monotonic() + (uint64_t)CONNECT_SECONDS * SECOND;
	size_t missing = 1;

	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		struct fleet_device *d = &b->crowd->devices[i];
		bool online = fleet_starts_online(&b->scenario, i);

		if (online != atomic_load(&d->wanted))
			fleet_crowd_want_one(d, online);
		b->bodies[i].online = online;
	}
	while (missing > 0 && ward_clock_monotonic() < until) {
		pause_shortly();
		missing = 0;
		for (uint32_t i = 0; i < b->o->plan.devices; i++)
			missing += b->bodies[i].online && !atomic_load(&b->crowd->devices[i].heard);
	}
	return missing == 0;
}

/* The copy that stands for the family's record. */
static void
choose_family(struct outbreak *b)
{
	const struct fleet_file file = {.bad = true, .run = 1 + (uint32_t)b->tally->mode};
	uint8_t bytes[FLEET_FILE_MAX], sha256[32];
	size_t size = fleet_file_write(&b->scenario, &file, bytes);

	if (!ward_digest(WARD_SHA256, ward_span_of(bytes, size), sha256))
		atomic_store(&b->family_word, fleet_follow_word(sha256));
}

/* Nobody has heard anything yet. */
static void
forget_updates(struct outbreak *b)
{
	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		atomic_store(&b->ears[i].conviction, 0);
		atomic_store(&b->ears[i].family, 0);
		atomic_store(&b->ears[i].updates, 0);
	}
}

static void
forget(struct outbreak *b)
{
	size_t words = (2 * (size_t)b->o->plan.catalogue + 63) / 64;

	for (uint32_t i = 0; i < b->o->plan.devices; i++)
		b->bodies[i] = (struct body){.known = b->known + i * words};
	memset(b->known, 0, b->o->plan.devices * words * sizeof(*b->known));
	b->clock = (struct fleet_clock){0};
	b->agenda.count = 0;
	b->now = b->copies = b->watch_until = b->watched = 0;
	b->introductions = 0;
	choose_family(b);
}

static void
count_bytes(struct outbreak *b, uint64_t *ret_in, uint64_t *ret_out, uint64_t *each)
{
	*ret_in = *ret_out = 0;
	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		const struct fleet_link *l = &b->crowd->devices[i].link;
		uint64_t in = atomic_load(&l->bytes_in), out = atomic_load(&l->bytes_out);

		*ret_in += in;
		*ret_out += out;
		each[i] = in + out - each[i];
	}
}

/* What was counted since `before`. */
static void
count_beliefs(struct outbreak *b, const struct fleet_tally *before, struct fleet_tally *t)
{
	const struct fleet_belief_counts *c = &b->crowd->beliefs;

	for (uint32_t i = 0; i < b->o->plan.devices; i++)
		t->believers += b->crowd->devices[i].belief != NULL;
	t->believed = atomic_load(&c->records) - before->believed;
	t->batches = atomic_load(&c->batches) - before->batches;
	t->refused = atomic_load(&c->refused) - before->refused;
	t->checking = atomic_load(&c->usec) - before->checking;
}

static enum ward_rc
run_mode(struct outbreak *b, enum fleet_mode mode, struct fleet_tally *t)
{
	uint64_t *each = calloc(b->o->plan.devices, sizeof(*each)), in, out;
	struct fleet_tally before = {0}, none = {0};
	uint64_t begun;

	*t = (struct fleet_tally){.mode = mode};
	b->tally = t;
	forget(b);
	if (!each || !connect_first(b)) {
		free(each);
		return each ? WARD_E_STOPPED : WARD_E_NOMEM;
	}
	settle(b);
	forget_updates(b);
	count_bytes(b, &in, &out, each);
	count_beliefs(b, &none, &before);
	begun = ward_clock_monotonic();
	outbreak_prepare(b);
	run(b, (uint64_t)b->o->plan.minutes * FLEET_MINUTE);
	drain(b);
	t->real = ward_clock_monotonic() - begun;
	settle(b);
	count_bytes(b, &t->bytes_in, &t->bytes_out, each);
	count_beliefs(b, &before, t);
	t->bytes_in -= in;
	t->bytes_out -= out;
	for (uint32_t i = 0; i < b->o->plan.devices; i++) {
		fleet_series_add(&t->device_bytes, each[i]);
		t->updates += atomic_load(&b->ears[i].updates);
	}
	free(each);
	return b->out_of_memory ? WARD_E_NOMEM : t->whole ? WARD_OK : WARD_E_STOPPED;
}

/* --- all --- */

static enum ward_rc
prepare(struct outbreak *b, unsigned threads)
{
	size_t devices = b->o->plan.devices;
	size_t words = (2 * (size_t)b->o->plan.catalogue + 63) / 64;
	enum ward_rc rc = fleet_scenario_init(&b->scenario, &b->o->plan);

	fleet_answers_init(&b->answers);
	b->desks = calloc(threads, sizeof(*b->desks));
	b->ears = calloc(devices, sizeof(*b->ears));
	b->bodies = calloc(devices, sizeof(*b->bodies));
	b->known = calloc(devices * words, sizeof(*b->known));
	if (!rc && (!b->desks || !b->ears || !b->bodies || !b->known))
		rc = WARD_E_NOMEM;
	for (unsigned i = 0; i < threads && !rc; i++)
		fleet_desk_init(&b->desks[i], &b->scenario, &b->answers);
	if (rc)
		return rc;
	b->crowd->job = &outbreak_job;
	b->crowd->context = b;
	return fleet_crowd_start(b->crowd, threads);
}

static void
clean_up(struct outbreak *b, unsigned threads)
{
	fleet_crowd_stop(b->crowd);
	for (unsigned i = 0; b->desks && i < threads; i++)
		if (b->desks[i].answers)
			fleet_desk_done(&b->desks[i]);
	for (size_t i = 0; i < b->pool_count; i++) {
		free(b->pool[i]->bytes);
		free(b->pool[i]);
	}
	free(b->pool);
	free(b->desks);
	free(b->ears);
	free(b->bodies);
	free(b->known);
	fleet_agenda_done(&b->agenda);
	fleet_answers_done(&b->answers);
	fleet_scenario_done(&b->scenario);
}

enum ward_rc
fleet_outbreak(struct fleet_crowd *crowd, unsigned threads,
	       const struct fleet_outbreak_options *options, struct fleet_tally *ret_tallies)
{
	struct outbreak b = {.o = options, .crowd = crowd};
	enum ward_rc rc = prepare(&b, threads);

	for (unsigned mode = 0; mode < FLEET_MODES && !rc; mode++)
		if (options->modes & 1U << mode)
			rc = run_mode(&b, (enum fleet_mode)mode, &ret_tallies[mode]);
	clean_up(&b, threads);
	return rc;
}

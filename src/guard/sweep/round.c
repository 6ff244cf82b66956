/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scan: places one after the other, files in the walk's order into a ring, from there to the scanners, and
 * out of it in the same order. What has left it is done with: the numbers that are kept, and the place where a
 * later guard goes on, are those of the last file that left.
 */
#include "guard/sweep/pace.h"
#include "guard/sweep/places.h"
#include "guard/sweep/sweep-priv.h"
#include "sys/clock.h"
#include "sys/fd-path.h"
#include "sys/running.h"
#include "sys/walk.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	RING_PER_JOB = 8,
	SAVE_USEC = 1000 * 1000,
	LOAD_USEC = 2 * 1000 * 1000,
	NAP_MS = 200,
	STAT_MAX = 4096,
};

struct slot {
	char *path; /* owned; NULL: what runs has no place to go on at */
	int fd;
	struct ward_key key;
	bool done, threat, not_scanned;
	uint32_t reasons; /* bits */
	uint64_t cpu;
};

struct round {
	struct ward_sweep *s;
	struct order *order;
	struct ward_run *run;
	struct ward_pool *pool;
	struct ward_places places;
	size_t place; /* index */
	struct slot *ring;
	size_t room, first, count;
	struct ward_pace pace;
	uint64_t file_max;
	bool only_idle, was_busy;
	struct ward_load load;
	uint64_t loaded, saved, began, used_before, own_cpu;
	enum ward_rc end; /* WARD_OK: go on */
};

/* --- numbers --- */

static unsigned
percent_of(const struct round *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < r->places.count; i++)
		all += r->places.items[i].files;
	if (all == 0)
		return r->places.count ? (unsigned)(r->place * 100 / r->places.count) : 0;
	return r->run->files >= all ? 99 : (unsigned)(r->run->files * 100 / all);
}

static void
show(struct round *r, enum ward_sweep_doing doing)
{
	uint64_t now = ward_clock_monotonic();

	r->run->used_ms = r->used_before + (now - r->began) / 1000;
	sweep_show(r->s, r->run, doing, percent_of(r));
}

/* What runs is another each time: such a place is begun anew, and its numbers are kept at its end. */
static bool
is_ordered(const struct round *r)
{
	return r->place < r->places.count &&
	       strcmp(r->places.items[r->place].path, WARD_PLACE_RUNNING) != 0;
}

static void
save(struct round *r, bool now)
{
	uint64_t time = ward_clock_monotonic();

	if (!now && time - r->saved < SAVE_USEC)
		return;
	r->saved = time;
	show(r, WARD_SWEEP_SCANNING);
	if (is_ordered(r) && r->s->o.history && r->run->id)
		(void)!ward_history_run_save(r->s->o.history, r->run);
}

static void
set_text(char *room, size_t size, const char *text, struct ward_span *ret)
{
	size_t len = strnlen(text, size - 1);

	memcpy(room, text, len);
	room[len] = 0;
	*ret = ward_span_of(room, len);
}

static void
count_slot(struct round *r, struct slot *slot)
{
	struct ward_run *run = r->run;

	run->files++;
	run->bytes += slot->key.size;
	run->threats += slot->threat;
	run->not_scanned += slot->not_scanned;
	for (unsigned i = 0; i < WARD_REASON_COUNT; i++)
		run->reasons[i] += slot->reasons >> i & 1;
	if (slot->path)
		set_text(r->order->after, sizeof(r->order->after), slot->path, &run->after);
}

/* Those at the front of the ring that are done with leave it. */
static void
fold(struct round *r)
{
	while (r->count > 0 && r->ring[r->first].done) {
		struct slot *slot = &r->ring[r->first];

		count_slot(r, slot);
		free(slot->path);
		ward_fd_close(&slot->fd);
		r->first = (r->first + 1) % r->room;
		r->count--;
	}
	save(r, false);
}

/* --- what comes back --- */

static void
take(struct round *r, const struct ward_pool_reply *reply)
{
	struct slot *slot = reply->cookie;
	const struct ward_result *result = reply->result;

	for (size_t i = 0; i < result->gap_count; i++)
		slot->reasons |= 1u << result->gaps[i].reason;
	slot->not_scanned = result->verdict == WARD_NOT_SCANNED;
	slot->threat = r->s->o.ops.judge(r->s->o.ops.ctx, slot->fd, &slot->key, reply);
	slot->done = true;
	ward_pace_used(&r->pace, reply->usec);
}

/* True: one came. */
static bool
take_one(struct round *r, int timeout_ms)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	enum ward_rc rc = ward_pool_wait(r->pool, timeout_ms, &reply);

	if (rc == WARD_OK)
		take(r, reply);
	else if (rc != WARD_E_TIMEOUT && rc != WARD_E_NOENT && r->end == WARD_OK)
		r->end = rc;
	fold(r);
	return rc == WARD_OK;
}

/* Waits a while for an answer, or for nothing when none is expected. */
static void
rest(struct round *r, unsigned ms)
{
	if (ward_pool_pending(r->pool) > 0)
		(void)take_one(r, (int)ms);
	else
		sweep_nap(r->s, ms);
}

/* --- how fast --- */

static void
read_load(struct ward_load *load)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;

	ward_buf_init(&text, STAT_MAX, NULL);
	if (ward_fd_open_regular(-1, "/proc/stat", false, &fd, NULL) != WARD_OK)
		return;
	(void)!ward_fd_read_all(fd, &text); /* its first line is what counts */
	(void)!ward_load_read(ward_buf_span(&text), load);
}

static bool
is_busy(struct round *r)
{
	uint64_t now = ward_clock_monotonic();
	struct ward_load load = r->load;

	if (!r->only_idle)
		return false;
	if (now - r->loaded < LOAD_USEC)
		return r->was_busy;
	read_load(&load);
	r->was_busy = !ward_load_idle(&r->load, &load);
	r->load = load;
	r->loaded = now;
	return r->was_busy;
}

/* Our own work counts too. */
static uint64_t
pace_of(struct round *r)
{
	uint64_t own = ward_clock_thread_cpu();

	ward_pace_used(&r->pace, own - r->own_cpu);
	r->own_cpu = own;
	return ward_pace_wait(&r->pace, ward_clock_monotonic());
}

/* Comes back when the next file may be taken; false: the end. */
static bool
wait_for_turn(struct round *r)
{
	while (r->end == WARD_OK) {
		enum ward_rc rc = sweep_may_go_on(r->s);
		uint64_t usec;

		if (rc == WARD_OK && !is_busy(r)) {
			usec = pace_of(r);
			if (usec == 0)
				return true;
			rest(r, usec / 1000 < NAP_MS ? (unsigned)(usec / 1000) + 1 : NAP_MS);
			continue;
		}
		if (rc != WARD_OK && rc != WARD_E_TIMEOUT) {
			r->end = rc;
			break;
		}
		show(r, rc == WARD_OK ? WARD_SWEEP_WAITING : WARD_SWEEP_PAUSED);
		rest(r, NAP_MS);
	}
	return false;
}

/* --- what goes in --- */

/* A free place of the ring at its end, the file's; NULL: the end. */
static struct slot *
slot_for(struct round *r, const char *path)
{
	struct slot *slot;

	while (r->count == r->room && r->end == WARD_OK) {
		(void)take_one(r, NAP_MS);
		/* Whoever wants to stop does not wait for a slow file. */
		if (sweep_may_go_on(r->s) == WARD_E_GONE)
			r->end = WARD_E_GONE;
	}
	if (r->end != WARD_OK)
		return NULL;
	slot = &r->ring[(r->first + r->count) % r->room];
	*slot = (struct slot){.fd = -1, .path = path ? strdup(path) : NULL};
	if (path && !slot->path) {
		r->end = WARD_E_NOMEM;
		return NULL;
	}
	r->count++;
	return slot;
}

static void
put_gap(struct round *r, const char *path, enum ward_reason why)
{
	struct slot *slot = slot_for(r, path);

	if (!slot)
		return;
	slot->reasons = 1u << why;
	slot->not_scanned = true;
	slot->done = true;
	fold(r);
}

/* Files of other mount name spaces may bear names that mean another file here. */
static bool
is_excluded(struct round *r, int fd, bool running)
{
	char name[WARD_FD_PATH];
	struct ward_exclusion_subject subject = {
		.path = name,
		.scope = WARD_EXCLUDE_ON_DEMAND,
		.now_s = ward_clock_wall() / 1000000,
	};
	struct ward_held_ref *policy = ward_held_take(r->s->o.policy);
	bool found = false;

	if (ward_exclusions_count(policy->effective->exclusions) > 0 &&
	    ward_fd_path(fd, name) == WARD_OK && (!running || ward_fd_is_at(fd, name)))
		found = ward_exclusions_match(policy->effective->exclusions, &subject) != NULL;
	ward_held_give(r->s->o.policy, policy);
	return found;
}

/* An excluded directory is not entered. Its name alone (an extension) excludes no files in it. */
static bool
skip(void *ctx, const char *path)
{
	struct round *r = ctx;
	const struct ward_exclusion_subject subject = {
		.path = path,
		.scope = WARD_EXCLUDE_ON_DEMAND,
		.now_s = ward_clock_wall() / 1000000,
	};
	struct ward_held_ref *policy = ward_held_take(r->s->o.policy);
	const struct ward_exclusion *found =
		ward_exclusions_match(policy->effective->exclusions, &subject);
	bool excluded = found && found->kind == WARD_EXCLUDE_PATH;

	ward_held_give(r->s->o.policy, policy);
	return excluded;
}

/* Takes the descriptor. The pool has room whenever the ring has. */
static void
put_file(struct round *r, const char *path, int take_fd)
{
	struct slot *slot = slot_for(r, path);
	char name[WARD_FD_PATH];
	struct ward_pool_request request = {.fd = -1, .path = name, .owner = "", .cookie = slot};
	enum ward_fd_kind kind;
	enum ward_rc rc;

	if (!slot) {
		ward_fd_close(&take_fd);
		return;
	}
	slot->fd = take_fd;
	rc = ward_key_of(take_fd, &slot->key, &kind);
	if (rc == WARD_OK && (slot->key.size == 0 || slot->key.size > r->file_max)) {
		slot->reasons = slot->key.size ? 1u << WARD_REASON_SIZE : 0;
		slot->not_scanned = slot->key.size > 0;
		slot->done = true;
		fold(r);
		return;
	}
	ward_fd_name(take_fd, name, sizeof(name));
	if (rc == WARD_OK)
		rc = ward_fd_copy(take_fd, &request.fd);
	if (rc == WARD_OK)
		rc = ward_pool_submit(r->pool, &request);
	if (rc == WARD_OK)
		return;
	ward_fd_close(&request.fd);
	r->end = rc;
}

static void
consider(struct round *r, const char *path, int take_fd)
{
	if (is_excluded(r, take_fd, path == NULL)) {
		ward_fd_close(&take_fd);
		return;
	}
	put_file(r, path, take_fd);
	while (r->end == WARD_OK && take_one(r, 0))
		;
}

static bool
visit(void *ctx, const struct ward_walk_entry *entry)
{
	struct round *r = ctx;
	int fd = entry->fd;

	if (!wait_for_turn(r))
		ward_fd_close(&fd);
	else if (fd < 0)
		put_gap(r, entry->path, entry->why);
	else
		consider(r, entry->path, fd);
	return r->end == WARD_OK;
}

static bool
may_open(void *ctx, uint64_t device)
{
	const struct round *r = ctx;

	return ward_places_may_open(&r->places, device);
}

static bool
visit_running(void *ctx, int take_fd)
{
	struct round *r = ctx;

	if (wait_for_turn(r))
		consider(r, NULL, take_fd);
	else
		ward_fd_close(&take_fd);
	return r->end == WARD_OK;
}

/* --- the whole --- */

static void
scan_place(struct round *r)
{
	const struct ward_place *place = &r->places.items[r->place];
	const struct ward_walk_options walk = {
		.recursive = true,
		.guarded = true,
		.after = r->run->after.len ? r->order->after : NULL,
		.skip = skip,
	};
	const struct ward_running_visitor running = {may_open, visit_running, r};
	enum ward_rc rc = is_ordered(r) ? ward_walk(place->path, &walk, visit, r)
					: ward_running_files(&running);

	if (rc != WARD_OK && rc != WARD_E_STOPPED && rc != WARD_E_PERM && r->end == WARD_OK)
		r->end = rc;
	while (r->end == WARD_OK && r->count > 0) {
		(void)take_one(r, NAP_MS);
		rc = sweep_may_go_on(r->s);
		if (rc == WARD_E_GONE || rc == WARD_E_STOPPED)
			r->end = rc;
	}
}

/* Where the former guard was; a place that is not there any more: from the beginning. */
static void
find_place(struct round *r)
{
	struct ward_run *run = r->run;

	for (r->place = 0; r->place < r->places.count && run->place.len > 0; r->place++)
		if (strcmp(r->places.items[r->place].path, r->order->place) == 0)
			return;
	r->place = 0;
	run->files = run->bytes = run->threats = run->not_scanned = 0;
	memset(run->reasons, 0, sizeof(run->reasons));
	run->after = ward_span_of("", 0);
}

static void
scan_places(struct round *r)
{
	find_place(r);
	while (r->end == WARD_OK && r->place < r->places.count) {
		set_text(r->order->place, sizeof(r->order->place), r->places.items[r->place].path,
			 &r->run->place);
		scan_place(r);
		if (r->end != WARD_OK)
			break;
		r->place++;
		r->run->after = ward_span_of("", 0);
	}
}

static enum ward_rc
prepare(struct round *r)
{
	struct ward_held_ref *policy = ward_held_take(r->s->o.policy);
	const struct ward_policy *p = &policy->effective->policy;
	unsigned jobs = 1, percent = r->order->by_command ? 100 : (unsigned)p->scan.cpu_percent;
	enum ward_rc rc = ward_places_find(&r->places, r->order->kind, r->s->o.root, p);

	if (rc == WARD_OK)
		rc = r->s->o.ops.scanners(r->s->o.ops.ctx, p, &r->pool, r->order->intelligence,
					  &jobs);
	r->file_max = p->scan.file_max;
	r->only_idle = p->schedule.only_idle && !r->order->by_command;
	ward_held_give(r->s->o.policy, policy);
	r->run->intelligence = ward_span_str(r->order->intelligence);
	r->room = (size_t)jobs * RING_PER_JOB;
	r->ring = calloc(r->room, sizeof(*r->ring));
	ward_pace_begin(&r->pace, percent, jobs, ward_clock_monotonic());
	r->own_cpu = ward_clock_thread_cpu();
	if (r->only_idle)
		read_load(&r->load);
	r->was_busy = r->only_idle; /* until it was looked at twice */
	r->loaded = ward_clock_monotonic();
	return rc == WARD_OK && !r->ring ? WARD_E_NOMEM : rc;
}

static void
done(struct round *r)
{
	r->pool = ward_pool_free(r->pool);
	for (; r->count > 0; r->count--) {
		free(r->ring[r->first].path);
		ward_fd_close(&r->ring[r->first].fd);
		r->first = (r->first + 1) % r->room;
	}
	free(r->ring);
	ward_places_done(&r->places);
}

static enum ward_run_outcome
outcome_of(enum ward_rc rc)
{
	if (rc == WARD_E_GONE)
		return WARD_RUN_GOING;
	if (rc == WARD_E_STOPPED)
		return WARD_RUN_CANCELLED;
	return rc == WARD_OK ? WARD_RUN_DONE : WARD_RUN_FAILED;
}

void
round_run(struct ward_sweep *s, struct order *order)
{
	struct round r = {
		.s = s,
		.order = order,
		.run = &order->run,
		.began = ward_clock_monotonic(),
		.used_before = order->run.used_ms,
	};

	r.saved = r.began;
	r.end = prepare(&r);
	show(&r, WARD_SWEEP_SCANNING);
	if (r.end == WARD_OK)
		scan_places(&r);
	/* An end of the scanners is a failure, an end of the guard is none. */
	if (r.end == WARD_E_GONE && sweep_may_go_on(s) != WARD_E_GONE)
		r.end = WARD_E_IO;
	order->run.outcome = outcome_of(r.end);
	order->run.used_ms = r.used_before + (ward_clock_monotonic() - r.began) / 1000;
	if (order->run.outcome == WARD_RUN_GOING)
		save(&r, true);
	done(&r);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/renew.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "guard/serve/keeper.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { WHY = 4096 };

enum errand { NONE, ASKED, DONE };

struct ward_renew {
	struct ward_updates *updates;
	struct ward_held *policy;
	struct ward_kin *kin;
	char scanner[WARD_KEEPER_PATH];
	char directory[4096];
	int wake;
	pthread_mutex_t lock; /* of what follows; one errand at a time, guard/updates sees to it */
	pthread_cond_t done;
	enum errand errand;
	bool closed;
	enum ward_rc rc;
	struct ward_buf why;
};

/* --- from who brings a pack --- */

static enum ward_rc
ask(void *ctx, struct ward_buf *why)
{
	static const uint64_t one = 1;
	struct ward_renew *r = ctx;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&r->lock);
	ward_buf_clear(&r->why);
	r->errand = ASKED;
	(void)!write(r->wake, &one, sizeof(one));
	while (r->errand != DONE && !r->closed)
		(void)pthread_cond_wait(&r->done, &r->lock);
	rc = r->errand == DONE ? r->rc : WARD_E_STOPPED;
	r->errand = NONE;
	if (rc != WARD_OK)
		(void)!ward_buf_append(why, r->why.data, r->why.len);
	(void)pthread_mutex_unlock(&r->lock);
	return rc;
}

static void
limits(void *ctx, struct ward_updates_limits *ret)
{
	const struct ward_renew *r = ctx;
	struct ward_held_ref *ref = ward_held_take(r->policy);
	const struct ward_policy *p = &ref->effective->policy;

	*ret = (struct ward_updates_limits){
		.size_max = p->updates.size_max,
		.load_memory = p->updates.load_memory,
		.load_ms = (unsigned)p->updates.load_time,
		.trial_ms = p->updates.trial,
		.trial_crashes = (unsigned)p->updates.trial_crashes,
	};
	ward_held_give(r->policy, ref);
}

static void
on_process(void *ctx, int pid, bool alive)
{
	const struct ward_renew *r = ctx;

	ward_kin_process(r->kin, pid, alive);
}

/* --- life --- */

static enum ward_rc
open_updates(struct ward_renew *r, const struct ward_guard_options *o, struct ward_history *history)
{
	const struct ward_updates_options u = {
		.shelf = {.directory = r->directory},
		.scanner = r->scanner,
		.history = history,
		.limits = limits,
		.swap = ask,
		.on_process = on_process,
		.ctx = r,
	};
	const char *scanner;
	enum ward_rc rc = ward_keeper_scanner(o, r->scanner, &scanner);

	if (rc != WARD_OK)
		return rc;
	if (scanner != r->scanner)
		(void)snprintf(r->scanner, sizeof(r->scanner), "%s", scanner);
	return ward_updates_new(&u, &r->updates);
}

enum ward_rc
ward_renew_new(const struct ward_guard_options *options, struct ward_held *policy,
	       struct ward_kin *kin, struct ward_history *history, struct ward_renew **ret_renew)
{
	struct ward_renew *r = calloc(1, sizeof(*r));
	enum ward_rc rc;

	if (!r)
		return WARD_E_NOMEM;
	r->policy = policy;
	r->kin = kin;
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->done, NULL);
	ward_buf_init(&r->why, WHY, NULL);
	(void)snprintf(r->directory, sizeof(r->directory), "%s/intel", options->state);
	rc = r->wake < 0 ? WARD_E_LIMIT : open_updates(r, options, history);
	if (rc != WARD_OK) {
		(void)ward_renew_free(r);
		return rc;
	}
	*ret_renew = r;
	return WARD_OK;
}

struct ward_renew *
ward_renew_free(struct ward_renew *r)
{
	if (!r)
		return NULL;
	(void)ward_updates_free(r->updates);
	ward_buf_done(&r->why);
	ward_fd_close(&r->wake);
	(void)pthread_cond_destroy(&r->done);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
	return NULL;
}

void
ward_renew_close(struct ward_renew *r)
{
	if (!r)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->closed = true;
	(void)pthread_cond_broadcast(&r->done);
	(void)pthread_mutex_unlock(&r->lock);
}

struct ward_updates *
ward_renew_updates(struct ward_renew *r)
{
	return r ? r->updates : NULL;
}

void
ward_renew_crashed(void *updates, uint64_t file)
{
	ward_updates_crashed(updates, file);
}

/* --- the main thread's --- */

int
ward_renew_fd(const struct ward_renew *r)
{
	return r ? r->wake : -1;
}

static bool
is_asked(struct ward_renew *r)
{
	uint64_t count;
	bool asked;

	(void)!read(r->wake, &count, sizeof(count));
	(void)pthread_mutex_lock(&r->lock);
	asked = r->errand == ASKED;
	(void)pthread_mutex_unlock(&r->lock);
	return asked;
}

static void
answer(struct ward_renew *r, ward_renew_swap swap, void *ctx)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = swap(ctx, &why);
	(void)pthread_mutex_lock(&r->lock);
	r->rc = rc;
	(void)!ward_buf_append(&r->why, why.data, why.len);
	r->errand = DONE;
	(void)pthread_cond_broadcast(&r->done);
	(void)pthread_mutex_unlock(&r->lock);
}

void
ward_renew_turn(struct ward_renew *r, bool broken, ward_renew_swap swap, void *ctx)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};

	if (!r)
		return;
	if (is_asked(r))
		answer(r, swap, ctx);
	ward_buf_init(&why, WHY, NULL);
	if (ward_updates_judge(r->updates, broken))
		(void)!swap(ctx, &why);
}

enum ward_rc
ward_renew_start(struct ward_renew *r, ward_renew_swap swap, void *ctx, struct ward_buf *why)
{
	enum ward_rc rc = swap(ctx, why);

	while ((rc == WARD_E_FORMAT || rc == WARD_E_GONE || rc == WARD_E_TIMEOUT) && r &&
	       ward_updates_fall_back(r->updates, "scanners do not start with it")) {
		ward_buf_clear(why);
		rc = swap(ctx, why);
	}
	return rc;
}

/* --- status --- */

static void
text(struct ward_guard_reply *r, const char *name, const char *value)
{
	if (r->text_count < WARD_GUARD_TEXTS_MAX && value)
		r->texts[r->text_count++] = (struct ward_guard_text){name, value};
}

static void
figure(struct ward_guard_reply *r, const char *name, uint64_t value)
{
	if (r->figure_count < WARD_GUARD_FIGURES_MAX)
		r->figures[r->figure_count++] = (struct ward_guard_figure){name, value};
}

static void
issue(struct ward_guard_reply *r, const char *code, const char *what)
{
	if (r->issue_count < WARD_GUARD_ISSUES_MAX && what)
		r->issues[r->issue_count++] = (struct ward_guard_issue){code, what};
}

static void
tell_version(const struct ward_shelf_pack *p, struct ward_arena *arena,
	     struct ward_guard_reply *reply)
{
	bool installed = ward_shelf_is_none(p->id);
	char hex[2 * WARD_SHELF_ID + 1] = "";

	if (!installed)
		ward_text_hex(ward_span_of(p->id, WARD_SHELF_ID), hex);
	text(reply, "definitions.version",
	     installed ? "installed"
		       : ward_arena_printf(arena, "%llu", (unsigned long long)p->number));
	text(reply, "definitions.id", ward_arena_printf(arena, "%s", hex));
	figure(reply, "definitions.made_ms", p->made_s * 1000);
}

void
ward_renew_status(struct ward_renew *r, struct ward_arena *arena, struct ward_guard_reply *reply)
{
	struct ward_updates_status s = {.updating = false};
	uint64_t now_ms = ward_clock_wall() / 1000;

	if (!r) {
		text(reply, "definitions.status", "unavailable");
		issue(reply, "no-updates", "the place for packs cannot be opened; none are taken");
		return;
	}
	ward_updates_status(r->updates, &s);
	tell_version(&s.state.current, arena, reply);
	text(reply, "definitions.status",
	     s.updating	      ? "updating"
	     : s.state.frozen ? "frozen"
			      : "up_to_date");
	figure(reply, "definitions.updated_ms", s.state.current.taken_ms);
	figure(reply, "definitions.updated_minutes_ago",
	       s.state.current.taken_ms != 0 && now_ms > s.state.current.taken_ms
		       ? (now_ms - s.state.current.taken_ms) / 60000
		       : 0);
	text(reply, "definitions.update_fail_reason", ward_arena_printf(arena, "%s", s.failed));
	if (s.state.fell)
		issue(reply, "update-fell-back",
		      "scanners failed with the last pack; the one before is in use (ward updates "
		      "history)");
}

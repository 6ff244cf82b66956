/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/guard.h"

#include <poll.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "guard/ask/ask.h"
#include "guard/manage/manage.h"
#include "guard/policy/organisation.h"
#include "guard/serve/control.h"
#include "guard/serve/keeper.h"
#include "guard/serve/life.h"
#include "guard/serve/memory.h"
#include "guard/serve/mode.h"
#include "guard/serve/records.h"
#include "guard/serve/renew.h"
#include "guard/serve/rights.h"
#include "guard/serve/status.h"
#include "guard/serve/sweeper.h"
#include "guard/serve/tell.h"
#include "pool/paths.h"
#include "proto/manage.h"
#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/fan.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"

enum {
	MAX_OPENS = 16384,
	WHY = 4096,
	TURN_MS = 1000,
	FLUSH_MS = 1000,
	BACKOFF_MAX_MS = 30000,
	USER_USEC = 100 * 1000,
};

struct guard {
	const struct ward_guard_options *options;
	const struct ward_policy_effective *policy; /* what is held, for this thread */
	struct ward_held *held;
	struct ward_policy_places places;
	char kept[4096];
	char organisation_error[WARD_GUARD_TEXT_MAX];
	uint64_t organisation_version;
	int64_t policy_seen; /* _stamp of what was last looked at */
	struct ward_allowed *allowed;
	struct ward_manage *manage;
	int signals;
	struct ward_watch *watch;
	struct ward_kin *kin;
	struct ward_scanners *scanners;
	struct ward_renew *renew; /* NULL: packs cannot be kept here */
	struct ward_remedy *remedy;
	struct ward_journal *journal;
	struct ward_origins *origins;
	struct ward_memory *memory;
	struct ward_packages *packages;
	struct ward_records *records;
	struct ward_asker *asker;
	struct ward_sweeper *sweeper;
	struct ward_tell *tell;
	bool was_killed; /* the one before this */
	char uplink[WARD_PATHS_MAX];
	struct ward_decide *decide;
	struct ward_loop *loop;
	struct ward_control *control;
	struct ward_keeper_intel intelligence;
	uint64_t scanners_stamp;    /* ward_keeper_stamp of those that run */
	enum ward_policy_mode mode; /* now */
	uint64_t audit_until_ms;
	char reload_error[WARD_GUARD_TEXT_MAX];
	uint64_t started;
	unsigned backoff_ms;
	uint64_t retry_at;
	uint64_t told_expired, told_overflows; /* of which the log knows */
	/* under the decisions' lock: whose process opened last */
	int last_pid;
	uint32_t last_user;
	uint64_t last_user_until;
	struct ward_buf why;
};

/* --- what the decisions act on --- */

static int
gate_of(const struct guard *g, int fd)
{
	return ward_fd_on_overlay(fd) ? ward_watch_upper_gate(g->watch) : ward_watch_gate(g->watch);
}

static void
settle(void *ctx, int fd)
{
	const struct guard *g = ctx;

	/* Without a mark the next open asks again, and that is all. */
	(void)!ward_fan_ignore(gate_of(g, fd), fd, WARD_FAN_OPEN | WARD_FAN_EXEC);
}

static void
unsettle(void *ctx, int fd)
{
	const struct guard *g = ctx;

	(void)!ward_fan_heed(gate_of(g, fd), fd, WARD_FAN_OPEN | WARD_FAN_EXEC);
}

static void
unsettle_all(void *ctx)
{
	const struct guard *g = ctx;

	if (ward_watch_gate(g->watch) >= 0)
		(void)!ward_fan_heed_all(ward_watch_gate(g->watch));
	if (ward_watch_upper_gate(g->watch) >= 0)
		(void)!ward_fan_heed_all(ward_watch_upper_gate(g->watch));
}

static enum ward_rc
scan(void *ctx, const struct ward_question *question)
{
	const struct guard *g = ctx;

	return ward_scanners_ask(g->scanners, question);
}

static enum ward_rc
cloud(void *ctx, const struct ward_question *question)
{
	const struct guard *g = ctx;

	return ward_asker_ask(g->asker, question);
}

static bool
excluded(void *ctx, int fd, int pid)
{
	struct guard *g = ctx;
	char name[WARD_POOL_PATH_MAX], program[WARD_POOL_PATH_MAX];
	struct ward_exclusion_subject subject = {
		.path = name,
		.process = program,
		.scope = WARD_EXCLUDE_REALTIME,
		.now_s = ward_clock_wall() / 1000000,
	};
	struct ward_held_ref *policy = ward_held_take(g->held);
	bool found = false;

	if (ward_exclusions_count(policy->effective->exclusions) > 0) {
		ward_fd_name(fd, name, sizeof(name));
		ward_process_program(pid, -1, program, sizeof(program));
		found = ward_exclusions_match(policy->effective->exclusions, &subject) != NULL;
	}
	ward_held_give(g->held, policy);
	return found;
}

/* By an administrator, as long as the organisation lets him, or by the policy's exclusions of contents and
   threats; at that time. */
static bool
allowed_at(struct guard *g, const struct ward_policy_effective *policy,
	   const struct ward_answer *answer, uint64_t now_ms)
{
	const struct ward_exclusion_subject subject = {
		.sha256 = answer->sha256,
		.threat = answer->threat,
		.scope = WARD_EXCLUDE_REALTIME,
		.now_s = now_ms / 1000,
	};

	if (policy->policy.local.allow_threats &&
	    ward_allowed_has(g->allowed, answer->sha256, answer->threat, now_ms))
		return true;
	return ward_exclusions_match(policy->exclusions, &subject) != NULL;
}

static enum ward_ruling
ruled(void *ctx, const uint8_t sha256[WARD_SHA256_LEN], struct ward_ruled *ret_ruled)
{
	return ward_records_rule(ward_records_intake(((const struct guard *)ctx)->records), sha256,
				 ret_ruled);
}

static bool
allowed(void *ctx, const struct ward_answer *answer, bool *ret_for_good)
{
	struct guard *g = ctx;
	struct ward_held_ref *policy;
	bool found;

	if (ruled(g, answer->sha256, NULL) == WARD_RULING_ALLOW)
		return true;
	policy = ward_held_take(g->held);
	found = allowed_at(g, policy->effective, answer, ward_clock_wall() / 1000);

	/* What has an end has ended by then. */
	*ret_for_good = found && allowed_at(g, policy->effective, answer, UINT64_MAX);
	ward_held_give(g->held, policy);
	return found;
}

static bool
blocked(void *ctx, const uint8_t sha256[WARD_SHA256_LEN])
{
	struct guard *g = ctx;
	struct ward_held_ref *policy = ward_held_take(g->held);
	bool found = ward_policy_blocks(policy->effective, sha256);

	ward_held_give(g->held, policy);
	return found;
}

static void
report(void *ctx, const struct ward_incident *incident)
{
	const struct guard *g = ctx;

	ward_journal_put(g->journal, incident);
}

/* Those that are gone share a turn: nobody of them waits. One process often opens many files in a row; that
   its number is another's by then, or its user another, would only cost somebody a turn. */
static uint32_t
user(void *ctx, int pid)
{
	struct guard *g = ctx;
	uint64_t now = ward_clock_monotonic();

	if (pid == g->last_pid && now < g->last_user_until)
		return g->last_user;
	g->last_user = UINT32_MAX;
	(void)ward_process_user(pid, &g->last_user);
	g->last_pid = pid;
	g->last_user_until = now + USER_USEC;
	return g->last_user;
}

/* --- start --- */

/* What the network's side left comes first; should it be refused, what we have of it stays in force. */
static enum ward_rc
read_policy(struct guard *g, struct ward_policy_effective **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	uint64_t version = 0;
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_organisation_take(&g->places, &why, &version);
	(void)snprintf(g->organisation_error, sizeof(g->organisation_error), "%.*s",
		       rc ? (int)why.len : 0, (const char *)why.data);
	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "policy.refused", "the organisation's new policy is not used",
			 "error.message", g->organisation_error, NULL);
	rc = ward_policy_source_read(&g->places, &g->why, ret);
	if (rc == WARD_OK && g->organisation_error[0] == 0)
		g->organisation_version = version;
	return rc;
}

/* The first one; later ones come by adopt(). */
static enum ward_rc
start_policy(struct guard *g)
{
	struct ward_policy_effective *first = NULL;
	enum ward_rc rc;

	g->places = (struct ward_policy_places){
		.local = g->options->policy,
		.enrolment = g->options->enrolment,
		.kept = g->kept,
	};
	(void)snprintf(g->kept, sizeof(g->kept), "%s/policy", g->options->state);
	rc = ward_entry_make_directory(-1, g->options->state, 0711);
	if (rc != WARD_OK && rc != WARD_E_PERM)
		ward_say(WARD_ERROR, "store.failed", "the state directory cannot be made",
			 "error.message", ward_rc_str(rc), NULL);
	g->policy_seen = ward_organisation_stamp(&g->places);
	rc = read_policy(g, &first);
	if (rc != WARD_OK)
		return rc;
	g->policy = first;
	g->held = ward_held_new(first);
	if (!g->held)
		ward_policy_effective_freep(&first);
	return g->held ? WARD_OK : WARD_E_NOMEM;
}

static bool
wanted(void *ctx, const char *type)
{
	const struct guard *g = ctx;

	return ward_policy_watches(&g->policy->policy, type);
}

static void
look_at_mode(struct guard *g)
{
	g->mode = ward_mode_now(&g->policy->policy, g->kept, ward_clock_wall() / 1000,
				&g->audit_until_ms);
}

static bool
wants_news(const struct guard *g)
{
	return ward_mode_in_real_time(g->mode) && g->policy->policy.realtime.scan_written;
}

static enum ward_rc
start_watch(struct guard *g)
{
	struct ward_watch_options o = {
		.opens = true,
		.wanted = wanted,
		.ctx = g,
		.only_count = g->options->only_count,
	};

	look_at_mode(g);
	o.gate = ward_mode_in_real_time(g->mode);
	o.written = wants_news(g);
	memcpy(o.only, g->options->only, sizeof(o.only));
	return ward_watch_new(&o, &g->watch);
}

/* Opens should wait, and this kernel cannot make them. */
static bool
is_degraded(const struct guard *g)
{
	return ward_mode_in_real_time(g->mode) && ward_watch_gate(g->watch) < 0;
}

static enum ward_rc
start_scanners(struct guard *g, const struct ward_policy *policy)
{
	struct ward_updates *updates = ward_renew_updates(g->renew);
	uint64_t stamp = ward_keeper_stamp(g->options, policy, updates);
	const struct ward_keeper_setup setup = {g->options, policy, updates, g->kin,
						ward_records_rulebook(g->records)};
	struct ward_keeper_intel intelligence;
	struct ward_pool *pool = NULL;
	enum ward_rc rc = ward_keeper_pool(&setup, &pool, &intelligence, &g->why);

	if (rc != WARD_OK)
		return rc;
	g->scanners_stamp = stamp;
	g->intelligence = intelligence;
	ward_scanners_offer(g->scanners, pool);
	return WARD_OK;
}

/* With the pack that is in use now. What was settled is asked anew, when there is something to ask. */
static enum ward_rc
swap(void *ctx, struct ward_buf *why)
{
	struct guard *g = ctx;
	enum ward_rc rc;

	ward_buf_clear(&g->why);
	rc = start_scanners(g, &g->policy->policy);
	if (rc == WARD_OK && g->decide)
		ward_decide_new_epoch(g->decide);
	if (rc == WARD_OK && g->sweeper)
		ward_sweep_news(ward_sweeper_sweep(g->sweeper));
	if (rc == WARD_OK && g->loop)
		ward_loop_wake(g->loop);
	if (rc != WARD_OK && why != &g->why)
		(void)!ward_buf_append(why, g->why.data, g->why.len);
	return rc;
}

/* Without a place for packs there is the one that came with the program. */
static void
start_renewing(struct guard *g)
{
	enum ward_rc rc = ward_renew_new(g->options, g->held, g->kin,
					 ward_remedy_history(g->remedy), &g->renew);

	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "store.failed", "the place for packs cannot be opened",
			 "error.message", ward_rc_str(rc), NULL);
	else
		ward_scanners_listen(g->scanners, ward_renew_crashed, ward_renew_updates(g->renew));
}

/* Those that run do for this policy too. */
static bool
may_keep_scanners(const struct guard *g, const struct ward_policy *fresh)
{
	uint64_t stamp = ward_keeper_stamp(g->options, fresh, ward_renew_updates(g->renew));

	return stamp != 0 && stamp == g->scanners_stamp && !ward_scanners_broken(g->scanners);
}

static void
rules_of(const struct guard *g, struct ward_decide_rules *ret_rules)
{
	ward_decide_rules_of(&g->policy->policy, ret_rules);
	ret_rules->mode = g->mode;
}

/* The mode as it is now, to all who go by it. */
static void
set_mode(struct guard *g)
{
	struct ward_decide_rules rules;

	look_at_mode(g);
	rules_of(g, &rules);
	ward_decide_rules(g->decide, &rules);
	ward_watch_want(g->watch, ward_mode_in_real_time(g->mode), wants_news(g));
	(void)!ward_watch_refresh(g->watch);
}

static enum ward_rc
adopt(struct guard *g, struct ward_policy_effective *take_fresh)
{
	enum ward_rc rc = ward_held_set(g->held, take_fresh);

	if (rc != WARD_OK) {
		ward_policy_effective_freep(&take_fresh);
		return rc;
	}
	g->policy = take_fresh;
	set_mode(g);
	ward_memory_want(g->memory, &g->policy->policy);
	if (g->asker)
		ward_asker_policy(g->asker, &g->policy->policy);
	/* Last: what is answered from now on is answered by the new policy. */
	ward_decide_new_epoch(g->decide);
	return WARD_OK;
}

/* All or nothing: what does not read or load changes nothing. What was settled is asked anew. */
static enum ward_rc
reload(struct guard *g)
{
	struct ward_policy_effective *fresh = NULL;
	enum ward_rc rc;

	ward_buf_clear(&g->why);
	rc = read_policy(g, &fresh);
	if (rc == WARD_OK && !may_keep_scanners(g, &fresh->policy))
		rc = start_scanners(g, &fresh->policy);
	if (rc == WARD_OK)
		rc = adopt(g, fresh);
	else
		ward_policy_effective_freep(&fresh);
	(void)snprintf(g->reload_error, sizeof(g->reload_error), "%.*s", (int)g->why.len,
		       (const char *)g->why.data);
	if (rc == WARD_OK) {
		g->reload_error[0] = 0;
		ward_loop_wake(g->loop);
		ward_tell_refusals(g->tell, g->policy, ward_remedy_history(g->remedy));
	}
	ward_say(rc == WARD_OK ? WARD_INFO : WARD_ERROR, "guard.reloaded",
		 rc == WARD_OK ? "policy and intelligence were read anew"
			       : "policy or intelligence cannot be used; the former stay",
		 "error.message", g->reload_error, "ward.mode", ward_decide_mode_name(g->mode),
		 NULL);
	return rc;
}

/* Without the program there is no cloud, and everything else goes on. */
static enum ward_rc
make_asker(struct guard *g)
{
	const struct ward_asker_options o = {
		.program = g->options->uplink ? g->options->uplink : g->uplink,
		.directory = g->options->enrolment,
		.intelligence = g->intelligence.ids,
		.policy = &g->policy->policy,
		.origins = g->origins,
		.packages = g->packages,
		.intake = ward_records_intake(g->records),
		.process = ward_kin_process,
		.ctx = g->kin,
	};

	if (!g->options->uplink &&
	    ward_paths_find("ward-uplink", WARD_LIBEXECDIR, g->uplink) != WARD_OK) {
		ward_say(WARD_WARNING, "uplink.missing",
			 "there is no ward-uplink; the cloud is not asked", NULL);
		return WARD_OK;
	}
	return ward_asker_new(&o, &g->asker);
}

static enum ward_rc
start_origins(struct guard *g)
{
	const struct ward_origins_options o = {0};
	const struct ward_packages_options packages = {.on_process = ward_kin_process,
						       .ctx = g->kin};
	enum ward_rc rc = ward_origins_new(&o, &g->origins);

	if (rc == WARD_OK)
		rc = ward_packages_new(&packages, &g->packages);
	if (rc == WARD_OK)
		ward_memory_want(g->memory, &g->policy->policy);
	return rc;
}

static enum ward_rc
start_decisions(struct guard *g)
{
	struct ward_decide_options o = {
		.ops =
			{
				.scan = scan,
				.cloud = g->asker ? cloud : NULL,
				.settle = settle,
				.unsettle = unsettle,
				.unsettle_all = unsettle_all,
				.excluded = excluded,
				.allowed = allowed,
				.blocked = blocked,
				.ruled = ruled,
				.report = report,
				.user = user,
				.ctx = g,
			},
		.kin = g->kin,
		.real_time = ward_watch_gate(g->watch) >= 0,
		.max_opens = MAX_OPENS,
	};
	struct ward_loop_options loop = {
		.scanners = g->scanners,
		.origins = g->origins,
		.gate = ward_watch_gate(g->watch),
		.upper = ward_watch_upper_gate(g->watch),
		.news = ward_watch_news(g->watch),
	};
	enum ward_rc rc;

	rules_of(g, &o.rules);
	rc = ward_decide_new(&o, &g->decide);
	loop.decide = g->decide;
	if (rc == WARD_OK && g->asker)
		rc = ward_asker_start(g->asker, g->decide);
	if (rc == WARD_OK)
		rc = ward_records_start(g->records, g->asker, g->decide,
					ward_renew_updates(g->renew));
	return rc == WARD_OK ? ward_loop_start(&loop, &g->loop) : rc;
}

static struct ward_status_sources
sources_of(const struct guard *g)
{
	return (struct ward_status_sources){
		.policy = &g->policy->policy,
		.decide = g->decide,
		.loop = g->loop,
		.scanners = g->scanners,
		.watch = g->watch,
		.journal = g->journal,
		.remedy = g->remedy,
		.sweep = g->sweeper ? ward_sweeper_sweep(g->sweeper) : NULL,
		.origins = g->origins,
		.memory = g->memory,
		.packages = g->packages,
		.asker = g->asker,
		.records = g->records,
		.renew = g->renew,
		.intelligence = g->intelligence.ids,
		.intelligence_ms = g->intelligence.newest_ms,
		.reload_error = g->reload_error,
		.organisation_error = g->organisation_error,
		.organisation_version = g->organisation_version,
		.refused_settings = g->policy->refusal_count,
		.started = g->started,
		.degraded = is_degraded(g),
		.mode = g->mode,
		.audit_until_ms = g->audit_until_ms,
	};
}

static void
answer(void *ctx, enum ward_guard_operation operation, struct ward_arena *arena,
       struct ward_guard_reply *reply)
{
	struct guard *g = ctx;
	const struct ward_status_sources sources = sources_of(g);

	if (operation == WARD_GUARD_RELOAD) {
		reply->rc = reload(g);
		reply->error = g->reload_error;
	} else {
		ward_status_fill(&sources, arena, reply);
	}
}

static void
hear(void *ctx, const struct ward_note *note)
{
	ward_asker_tell(ctx, note);
}

static void
refused(void *ctx, const char *deed, const char *setting)
{
	const struct guard *g = ctx;

	ward_tell_tampering(g->asker, WARD__V1__TAMPER_KIND__TAMPER_REFUSED, deed, setting);
}

/* From here on the cloud is told. */
static enum ward_rc
start_telling(struct guard *g)
{
	g->tell = ward_tell_new(g->asker);
	if (!g->tell)
		return WARD_E_NOMEM;
	if (g->asker)
		ward_journal_listen(g->journal, hear, g->asker);
	if (g->was_killed)
		ward_tell_tampering(g->asker, WARD__V1__TAMPER_KIND__TAMPER_KILLED, "", "");
	ward_tell_refusals(g->tell, g->policy, ward_remedy_history(g->remedy));
	return WARD_OK;
}

static void
allowances_changed(void *ctx)
{
	struct guard *g = ctx;

	ward_decide_new_epoch(g->decide);
}

static enum ward_rc
start_manage(struct guard *g)
{
	char socket[WARD_MANAGE_SOCKET_MAX];
	const struct ward_manage_options o = {
		.socket = socket,
		.history = ward_remedy_history(g->remedy),
		.quarantine = ward_remedy_quarantine(g->remedy),
		.policy = g->held,
		.places = g->places,
		.allowed = g->allowed,
		.sweep = ward_sweeper_sweep(g->sweeper),
		.updates = ward_renew_updates(g->renew),
		.intake = ward_records_intake(g->records),
		.changed = allowances_changed,
		.refused = refused,
		.ctx = g,
	};

	if (!ward_manage_socket(g->options->socket, socket))
		return WARD_E_LIMIT;
	return ward_manage_new(&o, &g->manage);
}

static enum ward_rc
start_sweeper(struct guard *g)
{
	const struct ward_sweeper_sources o = {
		.options = g->options,
		.policy = g->held,
		.allowed = g->allowed,
		.kin = g->kin,
		.decide = g->decide,
		.journal = g->journal,
		.history = ward_remedy_history(g->remedy),
		.updates = ward_renew_updates(g->renew),
		.asker = g->asker,
		.records = g->records,
	};

	return ward_sweeper_new(&o, &g->sweeper);
}

/* What the log says of a step that fails is the step's name. */
static enum ward_rc
start(struct guard *g, const char **ret_step)
{
	enum ward_rc rc = ward_signals_watch_manager(&g->signals);

	*ret_step = "policy";
	if (rc == WARD_OK)
		rc = start_policy(g);
	g->kin = ward_kin_new();
	g->scanners = ward_scanners_new();
	g->allowed = ward_allowed_new();
	if (rc == WARD_OK && (!g->kin || !g->scanners || !g->allowed))
		rc = WARD_E_NOMEM;
	if (rc == WARD_OK) {
		*ret_step = "fanotify";
		rc = start_watch(g);
	}
	if (rc == WARD_OK) {
		*ret_step = "stores";
		g->remedy = ward_remedy_new(g->options->state, &g->policy->policy);
		rc = g->remedy ? ward_journal_new(g->remedy, &g->journal) : WARD_E_NOMEM;
	}
	if (rc == WARD_OK) {
		*ret_step = "scanners";
		start_renewing(g);
		rc = ward_renew_start(g->renew, swap, g, &g->why);
	}
	if (rc == WARD_OK && ward_remedy_history(g->remedy)) {
		g->was_killed = ward_life_begin(ward_remedy_history(g->remedy));
		rc = ward_allowed_load(g->allowed, ward_remedy_history(g->remedy));
	}
	if (rc == WARD_OK) {
		*ret_step = "origins";
		rc = start_origins(g);
	}
	if (rc == WARD_OK) {
		*ret_step = "uplink";
		g->records = ward_records_new(g->options, g->kin, ward_remedy_history(g->remedy));
		ward_scanners_heed(g->scanners, ward_records_intake(g->records));
		rc = make_asker(g);
	}
	if (rc == WARD_OK) {
		*ret_step = "decisions";
		rc = start_decisions(g);
	}
	if (rc == WARD_OK)
		rc = start_telling(g);
	if (rc == WARD_OK) {
		*ret_step = "filesystems";
		rc = ward_watch_refresh(g->watch);
	}
	if (rc == WARD_OK) {
		*ret_step = "scans";
		rc = start_sweeper(g);
	}
	if (rc == WARD_OK) {
		*ret_step = "control socket";
		rc = ward_control_new(g->options->socket, answer, g, &g->control);
	}
	if (rc == WARD_OK)
		rc = start_manage(g);
	return rc;
}

/* --- going --- */

static void
say_watched(const struct guard *g)
{
	struct ward_watch_figures f = ward_watch_figures(g->watch);
	char watched[24], refused[24];

	(void)snprintf(watched, sizeof(watched), "%zu", f.watched);
	(void)snprintf(refused, sizeof(refused), "%zu", f.refused);
	ward_say(WARD_INFO, "filesystems.watched", "file systems are watched", "ward.watched",
		 watched, "ward.refused", refused, "ward.mode", ward_decide_mode_name(g->mode),
		 NULL);
}

static void
refresh(struct guard *g)
{
	enum ward_rc rc = ward_watch_refresh(g->watch);

	if (rc == WARD_OK)
		say_watched(g);
	else
		ward_say(WARD_ERROR, "filesystems.failed", "the mount table cannot be read",
			 "error.message", ward_rc_str(rc), NULL);
}

/* The time after enrolment in which nothing is blocked has an end. */
static void
follow_mode(struct guard *g)
{
	if (g->audit_until_ms == 0 || ward_clock_wall() / 1000 < g->audit_until_ms)
		return;
	set_mode(g);
	ward_say(WARD_INFO, "guard.mode", "the time in which it only reports is over", "ward.mode",
		 ward_decide_mode_name(g->mode), NULL);
}

/* Scanners that cannot be kept running are started anew, less and less often. */
static void
mend(struct guard *g)
{
	enum ward_rc rc;

	if (!ward_scanners_broken(g->scanners) || ward_clock_monotonic() < g->retry_at)
		return;
	ward_buf_clear(&g->why);
	rc = start_scanners(g, &g->policy->policy);
	ward_say(rc == WARD_OK ? WARD_WARNING : WARD_ERROR, "scanners.restarted",
		 rc == WARD_OK ? "scanners were started again" : "scanners do not start",
		 "error.message", ward_rc_str(rc), NULL);
	g->backoff_ms = g->backoff_ms ? g->backoff_ms * 2 : 500;
	if (g->backoff_ms > BACKOFF_MAX_MS)
		g->backoff_ms = BACKOFF_MAX_MS;
	g->retry_at = ward_clock_monotonic() + (uint64_t)g->backoff_ms * 1000;
	ward_loop_wake(g->loop);
}

static void
say_count(const char *action, const char *message, uint64_t count)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	ward_say(WARD_WARNING, action, message, "ward.count", text, NULL);
}

/* What happens where nobody may log: a line for all of a turn. */
static void
complain(struct guard *g, const struct ward_loop_stats *loop)
{
	struct ward_decide_stats d;
	uint64_t failed;

	ward_decide_stats(g->decide, &d);
	failed = d.expired + d.overloaded + loop->by_watchdog;
	if (failed > g->told_expired)
		say_count("opens.not-decided", "opens were answered by the fail mode",
			  failed - g->told_expired);
	g->told_expired = failed;
	if (loop->overflows > g->told_overflows)
		say_count("files.overflow", "the kernel lost news of written files",
			  loop->overflows - g->told_overflows);
	g->told_overflows = loop->overflows;
}

/* The service manager's watchdog is fed only while opens are decided about. */
static void
feed(const struct guard *g)
{
	if (ward_loop_age(g->loop) < 5 * 1000 * 1000)
		(void)sd_notify(0, "WATCHDOG=1");
}

/* The network's side, or root, has left another policy or other keys. */
static void
look_for_policy(struct guard *g)
{
	int64_t now = ward_organisation_stamp(&g->places);

	if (now == g->policy_seen)
		return;
	g->policy_seen = now;
	(void)!reload(g);
}

/* True: stop. */
static bool
obey(struct guard *g)
{
	switch (ward_signals_next(g->signals)) {
	case WARD_SIGNAL_STOP:
		return true;
	case WARD_SIGNAL_RELOAD:
		(void)!reload(g);
		return false;
	case WARD_SIGNAL_NONE:
		break;
	}
	return false;
}

static void
go(struct guard *g)
{
	struct ward_status_sources sources;
	struct ward_loop_stats stats = {0};

	while (!stats.broken) {
		struct pollfd fds[] = {
			{.fd = g->signals, .events = POLLIN},
			{.fd = ward_watch_table(g->watch), .events = POLLPRI},
			{.fd = ward_control_fd(g->control), .events = POLLIN},
			{.fd = ward_memory_fd(g->memory), .events = POLLIN},
			{.fd = ward_renew_fd(g->renew), .events = POLLIN},
		};

		(void)poll(fds, sizeof(fds) / sizeof(fds[0]), TURN_MS);
		if (fds[0].revents && obey(g))
			return;
		ward_control_turn(g->control);
		if (fds[1].revents & (POLLPRI | POLLERR))
			refresh(g);
		look_for_policy(g);
		follow_mode(g);
		ward_renew_turn(g->renew, ward_scanners_broken(g->scanners), swap, g);
		mend(g);
		ward_memory_turn(g->memory, ward_remedy_history(g->remedy));
		feed(g);
		ward_loop_stats(g->loop, &stats);
		complain(g, &stats);
		sources = sources_of(g);
		ward_tell_health(g->tell, &sources);
	}
	ward_say(WARD_ERROR, "guard.kernel", "the kernel's events are not what we know", NULL);
}

/* --- end --- */

/* The outbox keeps it: it goes when the guard is there again. */
static void
stop_telling(struct guard *g)
{
	if (g->journal) {
		ward_journal_rest(g->journal, FLUSH_MS);
		ward_journal_listen(g->journal, NULL, NULL);
	}
	if (g->tell && g->asker) {
		ward_tell_tampering(g->asker, WARD__V1__TAMPER_KIND__TAMPER_STOPPED, "", "");
		ward_asker_flush(g->asker, FLUSH_MS);
	}
	g->tell = ward_tell_free(g->tell);
}

static void
stop(struct guard *g)
{
	(void)sd_notify(0, "STOPPING=1");
	g->control = ward_control_free(g->control);
	ward_renew_close(g->renew);
	g->manage = ward_manage_free(g->manage);
	/* While opens are still answered: its own are among them. */
	g->sweeper = ward_sweeper_free(g->sweeper);
	if (g->loop) {
		ward_watch_stop(g->watch);
		ward_loop_drain(g->loop, (unsigned)g->policy->policy.realtime.deadline);
	}
	g->loop = ward_loop_stop(g->loop);
	stop_telling(g);
	ward_records_stop(g->records);
	g->asker = ward_asker_free(g->asker);
	g->decide = ward_decide_free(g->decide);
	g->memory = ward_memory_free(g->memory);
	g->packages = ward_packages_free(g->packages);
	g->origins = ward_origins_free(g->origins);
	g->watch = ward_watch_free(g->watch);
	g->journal = ward_journal_free(g->journal);
	g->records = ward_records_free(g->records);
	g->renew = ward_renew_free(g->renew);
	if (g->remedy && ward_remedy_history(g->remedy))
		ward_life_end(ward_remedy_history(g->remedy));
	g->remedy = ward_remedy_free(g->remedy);
	g->scanners = ward_scanners_free(g->scanners);
	g->kin = ward_kin_free(g->kin);
	g->allowed = ward_allowed_free(g->allowed);
	g->held = ward_held_free(g->held);
	ward_fd_close(&g->signals);
}

int
ward_guard_run(const struct ward_guard_options *options)
{
	struct guard g = {
		.options = options,
		.signals = -1,
		.started = ward_clock_monotonic(),
	};
	const char *step = "signals";
	enum ward_rc rc;

	ward_say_init("wardd", 2, WARD_INFO, options->text_log);
	ward_buf_init(&g.why, WHY, NULL);
	g.memory = ward_memory_new(!options->no_ebpf);
	ward_guard_rights();
	rc = g.memory ? start(&g, &step) : WARD_E_NOMEM;
	if (rc == WARD_OK) {
		say_watched(&g);
		if (is_degraded(&g))
			ward_say(WARD_ERROR, "guard.degraded",
				 "this kernel cannot hold opens; written files are looked at, no "
				 "more",
				 NULL);
		ward_say(WARD_INFO, "guard.started", "real-time protection is on", NULL);
		(void)sd_notify(0, "READY=1");
		go(&g);
	} else {
		(void)!ward_buf_byte(&g.why, 0);
		ward_say(WARD_ERROR, "guard.failed", (const char *)g.why.data, "ward.step", step,
			 "error.message", ward_rc_str(rc), NULL);
	}
	stop(&g);
	ward_buf_done(&g.why);
	if (rc == WARD_OK)
		ward_say(WARD_INFO, "guard.stopped", "real-time protection is off", NULL);
	return rc == WARD_OK ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/sweeper.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/serve/keeper.h"
#include "guard/serve/records.h"
#include "guard/serve/scanners.h"
#include "sys/clock.h"
#include "sys/log.h"

enum {
	WHY = 4096,
	/* A scan that finds more than can be taken away at once waits: what is dropped stays where it is. */
	JOURNAL_MAX = 256,
	JOURNAL_MS = 20,
	JOURNAL_PATIENCE = 500,
	/* As with what is found, with what the cloud is asked. */
	ASK_MS = 20,
	ASK_PATIENCE = 500,
};

struct ward_sweeper {
	struct ward_sweeper_sources o;
	struct ward_sweep *sweep;
};

static enum ward_rc
scanners(void *ctx, const struct ward_policy *policy, struct ward_pool **ret_pool,
	 char ret_intel[WARD_SWEEP_INTEL], unsigned *ret_jobs)
{
	const struct ward_sweeper *s = ctx;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	const struct ward_keeper_setup setup = {s->o.options, policy, s->o.updates, s->o.kin,
						ward_records_rulebook(s->o.records)};
	struct ward_keeper_intel intel;
	struct ward_pool_stats stats;
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_keeper_sweep_pool(&setup, ret_pool, &intel, &why);
	if (rc != WARD_OK) {
		(void)!ward_buf_byte(&why, 0);
		ward_say(WARD_ERROR, "scan.no-scanners", "the scanners for a scan do not start",
			 "error.message", why.len > 1 ? (const char *)why.data : ward_rc_str(rc),
			 NULL);
		return rc;
	}
	ward_pool_stats(*ret_pool, &stats);
	*ret_jobs = stats.jobs;
	(void)snprintf(ret_intel, WARD_SWEEP_INTEL, "%s", intel.ids);
	return WARD_OK;
}

/* What signed records make of it. */
static bool
is_ruled(const struct ward_sweeper *s, struct ward_answer *answer, struct ward_ruled *texts)
{
	enum ward_ruling ruling =
		ward_records_rule(ward_records_intake(s->o.records), answer->sha256, texts);

	if (ruling == WARD_RULING_BLOCK && answer->verdict != WARD_MALICIOUS)
		ward_decide_record(answer, texts);
	return ruling == WARD_RULING_ALLOW && answer->verdict >= WARD_SUSPICIOUS;
}

/* As guard.c has it for opens, with the exclusions that count for scans. */
static bool
is_allowed(struct ward_sweeper *s, struct ward_answer *answer, struct ward_ruled *texts)
{
	const struct ward_exclusion_subject subject = {
		.sha256 = answer->sha256,
		.threat = answer->threat,
		.scope = WARD_EXCLUDE_ON_DEMAND,
		.now_s = ward_clock_wall() / 1000000,
	};
	struct ward_held_ref *policy = ward_held_take(s->o.policy);
	bool found = false;

	if (answer->sha256 && ward_policy_blocks(policy->effective, answer->sha256))
		ward_decide_convict(answer);
	else
		found = is_ruled(s, answer, texts);
	if (!found && !answer->blocked && answer->verdict >= WARD_SUSPICIOUS)
		found = ward_exclusions_match(policy->effective->exclusions, &subject) != NULL ||
			(policy->effective->policy.local.allow_threats &&
			 ward_allowed_has(s->o.allowed, answer->sha256, answer->threat,
					  ward_clock_wall() / 1000));
	ward_held_give(s->o.policy, policy);
	return found;
}

static void
wait_for_journal(const struct ward_sweeper *s)
{
	struct ward_journal_stats stats;

	for (int i = 0; i < JOURNAL_PATIENCE; i++) {
		ward_journal_stats(s->o.journal, &stats);
		if (stats.waiting < JOURNAL_MAX)
			return;
		(void)poll(NULL, 0, JOURNAL_MS);
	}
}

/* What it says counts when it comes: the scan does not wait for it. */
static void
ask_cloud(const struct ward_sweeper *s, int fd, const struct ward_key *key,
	  const struct ward_answer *answer)
{
	const struct ward_question question = {.fd = fd, .key = key, .so_far = answer};

	for (int i = 0; s->o.asker && i < ASK_PATIENCE; i++) {
		if (ward_asker_look(s->o.asker, &question) != WARD_E_LIMIT)
			return;
		(void)poll(NULL, 0, ASK_MS);
	}
}

static bool
judge(void *ctx, int fd, const struct ward_key *key, const struct ward_pool_reply *reply)
{
	struct ward_sweeper *s = ctx;
	struct ward_answer answer;
	struct ward_ruled texts;

	ward_scanners_drop(ward_records_intake(s->o.records), reply->result);
	ward_scanners_answer(reply->result, &answer);
	if (is_allowed(s, &answer, &texts))
		return false;
	if (answer.verdict == WARD_UNKNOWN)
		ask_cloud(s, fd, key, &answer);
	if (answer.verdict <= WARD_UNKNOWN)
		return false;
	wait_for_journal(s);
	return ward_decide_found(s->o.decide, fd, key, &answer);
}

static void
tell(void *ctx, const struct ward_run *run)
{
	bool begins = run->outcome == WARD_RUN_GOING;
	char id[24], files[24], threats[24], not_scanned[24], seconds[24];

	(void)ctx;
	(void)snprintf(id, sizeof(id), "%lld", (long long)run->id);
	(void)snprintf(files, sizeof(files), "%llu", (unsigned long long)run->files);
	(void)snprintf(threats, sizeof(threats), "%llu", (unsigned long long)run->threats);
	(void)snprintf(not_scanned, sizeof(not_scanned), "%llu",
		       (unsigned long long)run->not_scanned);
	(void)snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)run->used_ms / 1000);
	ward_say(run->threats > 0 ? WARD_WARNING : WARD_INFO,
		 begins ? (run->files > 0 ? "scan.continued" : "scan.started") : "scan.ended",
		 begins ? "a scan of the machine is under way" : "a scan of the machine is over",
		 "ward.scan.id", id, "ward.scan.kind", (const char *)run->kind.data,
		 "ward.scan.source", (const char *)run->source.data, "ward.scan.result",
		 ward_run_outcome_name(run->outcome), "ward.scan.files", files, "ward.scan.threats",
		 threats, "ward.scan.not_scanned", not_scanned, "ward.scan.seconds", seconds, NULL);
}

enum ward_rc
ward_sweeper_new(const struct ward_sweeper_sources *sources, struct ward_sweeper **ret_sweeper)
{
	struct ward_sweeper *s = calloc(1, sizeof(*s));
	const struct ward_sweep_options o = {
		.ops = {scanners, judge, tell, s},
		.history = sources->history,
		.policy = sources->policy,
		.root = sources->options->scan_root,
		/* Who watches a part of the machine does not scan all of it unasked. */
		.by_itself = sources->options->only_count == 0 || sources->options->scan_root,
	};
	enum ward_rc rc;

	if (!s)
		return WARD_E_NOMEM;
	s->o = *sources;
	rc = ward_sweep_new(&o, &s->sweep);
	if (rc == WARD_OK)
		*ret_sweeper = s;
	else
		free(s);
	return rc;
}

struct ward_sweeper *
ward_sweeper_free(struct ward_sweeper *s)
{
	if (!s)
		return NULL;
	s->sweep = ward_sweep_free(s->sweep);
	free(s);
	return NULL;
}

struct ward_sweep *
ward_sweeper_sweep(const struct ward_sweeper *s)
{
	return s->sweep;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/records.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard/serve/life.h"
#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/log.h"

enum { WHY = 4096 };

struct ward_records {
	char directory[WARD_ENTRY_PATH_MAX];
	struct ward_history *history;
	struct ward_asker *asker; /* the same, and the next: while the thread goes */
	struct ward_decide *decide;
	struct ward_intake *intake;
	struct ward_rulebook *rulebook;
	struct ward_updates *updates; /* as the asker */
};

/* --- on the intake's thread --- */

static enum ward_rc
need(void *ctx, uint64_t id, const struct ward_intake_want *want)
{
	const struct ward_records *r = ctx;

	return r->asker ? ward_asker_need(r->asker, id, want) : WARD_E_GONE;
}

static void
tell(void *ctx, const char *word, const char *text)
{
	const struct ward_records *r = ctx;

	ward_say(WARD_WARNING, "update.records", text, "ward.reason", word, NULL);
	if (r->history)
		ward_life_note(r->history, "update", text);
}

static void
tell_bad_rule(void *ctx, uint64_t number, const char *why)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "the rule of record %llu is left out: %.180s",
		       (unsigned long long)number, why);
	tell(ctx, "rule-left-out", text);
}

/* Scanners that do not start with them go on without. */
static void
use_rules(struct ward_records *r)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	bool other = false;
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_rulebook_make(r->rulebook, ward_intake_overlay(r->intake),
				ward_clock_wall() / 1000, tell_bad_rule, r, &other);
	if (rc != WARD_OK) {
		tell(r, "rules-not-compiled", "the rules of records cannot be compiled");
		return;
	}
	rc = other && r->updates ? ward_updates_refresh(r->updates, &why) : WARD_OK;
	if (rc == WARD_OK || rc == WARD_E_STOPPED)
		return;
	ward_rulebook_drop(r->rulebook);
	tell(r, "rules-not-loaded", "scanners do not start with the rules of records");
}

/* What is remembered of contents is weighed again; what is remembered of findings is found again. */
static void
changed(void *ctx, const struct ward_intake_change *change)
{
	struct ward_records *r = ctx;

	if (!r->decide)
		return;
	if (change->about & WARD_OVERLAY_RULES)
		use_rules(r);
	if (change->about & WARD_OVERLAY_NAMES)
		ward_decide_new_epoch(r->decide);
	else
		ward_decide_recheck(r->decide);
	if (r->asker && change->digest_count > 0)
		ward_asker_overruled(r->asker, change->digests, change->digest_count);
}

/* --- life --- */

struct ward_records *
ward_records_new(const struct ward_guard_options *options, struct ward_kin *kin,
		 struct ward_history *history)
{
	struct ward_records *r = calloc(1, sizeof(*r));
	struct ward_intake_options o = {
		.enrolment = options->enrolment,
		.ops = {need, changed, tell, r},
	};
	enum ward_rc rc = WARD_E_NOMEM;

	if (r) {
		r->history = history;
		r->rulebook = ward_rulebook_new(kin);
		o.directory = r->directory;
		rc = r->rulebook && snprintf(r->directory, sizeof(r->directory), "%s/trust",
					     options->state) < (int)sizeof(r->directory)
			     ? ward_intake_new(&o, &r->intake)
			     : WARD_E_LIMIT;
	}
	if (rc == WARD_OK)
		return r;
	ward_say(WARD_ERROR, "store.failed", "signed updates cannot be taken", "error.message",
		 ward_rc_str(rc), NULL);
	return ward_records_free(r);
}

struct ward_records *
ward_records_free(struct ward_records *r)
{
	if (r) {
		(void)ward_intake_free(r->intake);
		(void)ward_rulebook_free(r->rulebook);
	}
	free(r);
	return NULL;
}

enum ward_rc
ward_records_start(struct ward_records *r, struct ward_asker *asker, struct ward_decide *decide,
		   struct ward_updates *updates)
{
	if (!r)
		return WARD_OK;
	r->asker = asker;
	r->decide = decide;
	r->updates = updates;
	return ward_intake_start(r->intake);
}

void
ward_records_stop(struct ward_records *r)
{
	if (r)
		ward_intake_stop(r->intake);
}

struct ward_intake *
ward_records_intake(const struct ward_records *r)
{
	return r ? r->intake : NULL;
}

struct ward_rulebook *
ward_records_rulebook(const struct ward_records *r)
{
	return r ? r->rulebook : NULL;
}

enum ward_ruling
ward_records_rule(struct ward_intake *intake, const uint8_t sha256[WARD_SHA256_LEN],
		  struct ward_ruled *ret_ruled)
{
	struct ward_overlay_word word;
	enum ward_overlay_says says;

	if (!intake || !sha256)
		return WARD_RULING_NONE;
	says = ward_overlay_find(ward_intake_overlay(intake), ward_span_of(sha256, WARD_SHA256_LEN),
				 ward_clock_wall() / 1000, ret_ruled ? &word : NULL);
	if (says == WARD_OVERLAY_ALLOWS)
		return WARD_RULING_ALLOW;
	if (says != WARD_OVERLAY_BLOCKS)
		return WARD_RULING_NONE;
	if (ret_ruled) {
		(void)snprintf(ret_ruled->threat, sizeof(ret_ruled->threat), "%s", word.threat);
		(void)snprintf(ret_ruled->rule, sizeof(ret_ruled->rule), "%s", word.why);
	}
	return WARD_RULING_BLOCK;
}

/* --- status --- */

static void
figure(struct ward_guard_reply *r, const char *name, uint64_t value)
{
	if (r->figure_count < WARD_GUARD_FIGURES_MAX)
		r->figures[r->figure_count++] = (struct ward_guard_figure){name, value};
}

static void
text(struct ward_guard_reply *r, struct ward_arena *arena, const char *name, const char *value)
{
	const char *copy = ward_arena_strdup(arena, ward_span_str(value));

	if (copy && r->text_count < WARD_GUARD_TEXTS_MAX)
		r->texts[r->text_count++] = (struct ward_guard_text){name, copy};
}

/* "none", "silent", "current": whether new records are believed now. */
static const char *
word_of(const struct ward_intake_state *s)
{
	if (!s->pinned)
		return "none";
	return s->silent ? "silent" : "current";
}

void
ward_records_status(const struct ward_records *r, struct ward_arena *arena,
		    struct ward_guard_reply *reply)
{
	struct ward_intake_state s;

	if (!r)
		return;
	ward_intake_state(r->intake, &s);
	text(reply, arena, "records", word_of(&s));
	figure(reply, "records.root_version", s.root_version);
	figure(reply, "records.last_number", s.last_number);
	figure(reply, "records.known_number", s.head_number);
	figure(reply, "records.timestamp_until_ms", s.timestamp_until_ms);
	figure(reply, "records.timestamp_taken_ms", s.heard_ms);
	figure(reply, "records.blocks", s.overlay.blocks);
	figure(reply, "records.allows", s.overlay.allows);
	figure(reply, "records.disables", s.overlay.disables);
	figure(reply, "records.rules", s.overlay.rules);
	figure(reply, "records.ended", s.overlay.ended);
	figure(reply, "records.taken", s.records);
	figure(reply, "records.refusals", s.refusals);
	figure(reply, "records.dropped", s.dropped);
	figure(reply, "records.refused_ms", s.refused_ms);
	text(reply, arena, "records.refusal", s.refusal);
	text(reply, arena, "records.refusal_text", s.refusal_text);
	if (s.silent && reply->issue_count < WARD_GUARD_ISSUES_MAX)
		reply->issues[reply->issue_count++] = (struct ward_guard_issue){
			"updates-silent",
			"nothing new is believed: the last signed timestamp is over"};
}

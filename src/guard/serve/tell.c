/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/tell.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard/serve/life.h"
#include "sys/clock.h"

#define SECOND_USEC 1000000u

enum { LOOK_S = 5, REST_S = 60, EVERY_S = 3600 };

struct ward_tell {
	struct ward_asker *asker;
	uint64_t looked, told; /* monotonic; told 0: never */
	char issues[sizeof(((struct ward_note *)NULL)->health.issues)];
	uint64_t scanned, not_scanned; /* that were told of */
	char refusal[sizeof(((struct ward_note *)NULL)->tamper.setting)];
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_guard_reply reply;
};

struct ward_tell *
ward_tell_new(struct ward_asker *asker)
{
	struct ward_tell *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->asker = asker;
	t->budget.cap = WARD_GUARD_ARENA;
	t->arena = ward_arena_new(&t->budget);
	return t->arena ? t : ward_tell_free(t);
}

struct ward_tell *
ward_tell_free(struct ward_tell *t)
{
	if (t)
		(void)ward_arena_free(t->arena);
	free(t);
	return NULL;
}

/* --- health --- */

/* "no-uplink,overflow", as many as there is room for. */
static void
join(const struct ward_guard_reply *r, char *out, size_t room)
{
	size_t len = 0;

	out[0] = 0;
	for (size_t i = 0; i < r->issue_count && i < WARD_WIRE_ISSUES_MAX; i++) {
		size_t n = strlen(r->issues[i].code);

		if (len + n + 2 > room)
			return;
		len += (size_t)snprintf(out + len, room - len, "%s%s", len ? "," : "",
					r->issues[i].code);
	}
}

static void
count(struct ward_tell *t, struct ward_decide *decide, struct ward_note *note)
{
	struct ward_decide_stats d;
	uint64_t all = 0;

	ward_decide_stats(decide, &d);
	for (enum ward_verdict v = WARD_CLEAN; v <= WARD_MALICIOUS; v++)
		all += d.verdicts[v];
	note->health.scanned = all - t->scanned;
	note->health.not_scanned = d.verdicts[WARD_NOT_SCANNED] - t->not_scanned;
	t->scanned = all;
	t->not_scanned = d.verdicts[WARD_NOT_SCANNED];
}

static bool
is_due(const struct ward_tell *t, uint64_t now, bool changed)
{
	uint64_t since = now - t->told;

	return t->told == 0 || since >= (uint64_t)EVERY_S * SECOND_USEC ||
	       (changed && since >= (uint64_t)REST_S * SECOND_USEC);
}

void
ward_tell_health(struct ward_tell *t, const struct ward_status_sources *sources)
{
	struct ward_note note = {.kind = WARD_NOTE_HEALTH};
	struct ward_asker_state state;
	struct ward_arena_mark start;
	uint64_t now = ward_clock_monotonic();

	if (!t->asker || now - t->looked < (uint64_t)LOOK_S * SECOND_USEC)
		return;
	t->looked = now;
	ward_asker_state(t->asker, &state);
	if (!state.enabled || !state.enrolled)
		return;
	start = ward_arena_save(t->arena);
	t->reply = (struct ward_guard_reply){.error = ""};
	ward_status_fill(sources, t->arena, &t->reply);
	join(&t->reply, note.health.issues, sizeof(note.health.issues));
	ward_arena_restore(t->arena, start);
	if (!is_due(t, now, strcmp(note.health.issues, t->issues) != 0))
		return;
	t->told = now;
	(void)snprintf(t->issues, sizeof(t->issues), "%s", note.health.issues);
	(void)snprintf(note.health.mode, sizeof(note.health.mode), "%s",
		       ward_decide_mode_name(sources->mode));
	(void)snprintf(note.health.intelligence, sizeof(note.health.intelligence), "%.64s",
		       sources->intelligence);
	note.health.policy_version = sources->organisation_version;
	count(t, sources->decide, &note);
	ward_asker_tell(t->asker, &note);
}

/* --- tampering --- */

void
ward_tell_tampering(struct ward_asker *asker, Ward__V1__TamperKind kind, const char *deed,
		    const char *setting)
{
	struct ward_note note = {.kind = WARD_NOTE_TAMPER};

	if (!asker)
		return;
	note.tamper.kind = kind;
	(void)snprintf(note.tamper.deed, sizeof(note.tamper.deed), "%s", deed);
	(void)snprintf(note.tamper.setting, sizeof(note.tamper.setting), "%s", setting);
	ward_asker_tell(asker, &note);
}

void
ward_tell_refusals(struct ward_tell *t, const struct ward_policy_effective *policy,
		   struct ward_history *history)
{
	const char *what = policy->refusal_count ? policy->refusals[0].what : "";

	if (strcmp(t->refusal, what) == 0)
		return;
	(void)snprintf(t->refusal, sizeof(t->refusal), "%s", what);
	if (!*what)
		return;
	if (history)
		ward_life_note(history, "settings-refused", policy->refusals[0].why);
	ward_tell_tampering(t->asker, WARD__V1__TAMPER_KIND__TAMPER_REFUSED,
			    "weaken the organisation's policy", what);
}

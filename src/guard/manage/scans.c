/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of the machine: what administrators have begin and end, what anybody may know of them. No names of files are
 * among it. */
#include "guard/manage/manage-priv.h"

#include <inttypes.h>

static enum ward_rc
missing(struct call *c)
{
	return call_fail(c, WARD_E_NOENT, "this guard scans nothing by itself");
}

static void
put_numbers(struct ward_page *p, const struct ward_sweep_last *l)
{
	ward_page_time(p, "begin", l->begin_ms);
	ward_page_time(p, "end", l->end_ms);
	ward_page_number(p, "seconds", l->used_ms / 1000);
	ward_page_number(p, "files", l->files);
	ward_page_number(p, "bytes", l->bytes);
	ward_page_number(p, "threats", l->threats);
	ward_page_number(p, "not_scanned", l->not_scanned);
}

/* --- what changes something --- */

enum ward_rc
scans_start(struct call *c)
{
	struct ward_sweep_state state;
	enum ward_sweep_kind kind;
	int64_t id = 0;
	const char *text;

	if (!c->desk->o.sweep)
		return missing(c);
	if (!ward_sweep_kind_of(c->request.name, &kind))
		return call_fail(c, WARD_E_INVAL, "%s is no scan; there are quick and full",
				 c->request.name);
	if (ward_sweep_start(c->desk->o.sweep, kind, c->peer.uid, c->program, &id) != WARD_OK) {
		ward_sweep_state(c->desk->o.sweep, &state);
		return call_fail(c, WARD_E_PERM,
				 "a %s scan is under way (number %" PRId64
				 "); ward scan stop ends it",
				 ward_sweep_kind_name(state.kind), state.now.id);
	}
	text = ward_arena_printf(c->arena, "a %s scan was started", ward_sweep_kind_name(kind));
	call_event(c, "scan-started", text ? text : "a scan was started", ward_span_of(NULL, 0));
	ward_page_number(&c->page, "id", (uint64_t)id);
	ward_page_str(&c->page, "kind", ward_sweep_kind_name(kind));
	return ward_page_entry(&c->page);
}

static enum ward_rc
change(struct call *c, enum ward_rc rc, const char *kind, const char *text)
{
	if (rc != WARD_OK)
		return call_fail(c, rc, "no scan is under way");
	call_event(c, kind, text, ward_span_of(NULL, 0));
	return WARD_OK;
}

enum ward_rc
scans_stop(struct call *c)
{
	if (!c->desk->o.sweep)
		return missing(c);
	return change(c, ward_sweep_stop(c->desk->o.sweep), "scan-stopped", "a scan was stopped");
}

enum ward_rc
scans_pause(struct call *c)
{
	if (!c->desk->o.sweep)
		return missing(c);
	return change(c, ward_sweep_pause(c->desk->o.sweep, true), "scan-paused",
		      "a scan was paused");
}

enum ward_rc
scans_resume(struct call *c)
{
	if (!c->desk->o.sweep)
		return missing(c);
	return change(c, ward_sweep_pause(c->desk->o.sweep, false), "scan-resumed",
		      "a scan was resumed");
}

/* --- what can be known --- */

enum ward_rc
scans_status(struct call *c)
{
	struct ward_sweep_state s;
	struct ward_page *p = &c->page;

	if (!c->desk->o.sweep)
		return missing(c);
	ward_sweep_state(c->desk->o.sweep, &s);
	ward_page_str(p, "state", ward_sweep_doing_name(s.doing));
	if (s.doing != WARD_SWEEP_NOTHING) {
		ward_page_number(p, "id", (uint64_t)s.now.id);
		ward_page_str(p, "kind", ward_sweep_kind_name(s.kind));
		ward_page_str(p, "source", s.now.source);
		ward_page_number(p, "percent", s.percent);
		put_numbers(p, &s.now);
	}
	ward_page_time(p, "next_quick", s.next_ms[WARD_SWEEP_QUICK]);
	ward_page_time(p, "next_full", s.next_ms[WARD_SWEEP_FULL]);
	ward_page_time(p, "quick_overdue_since", s.overdue_ms[WARD_SWEEP_QUICK]);
	ward_page_time(p, "full_overdue_since", s.overdue_ms[WARD_SWEEP_FULL]);
	return ward_page_entry(p);
}

struct listing {
	struct call *call;
	int64_t last;
};

/* {"encrypted": 3, "size": 1}; without memory nothing. */
static void
put_reasons(struct call *c, const struct ward_run *run)
{
	const char *json = "";

	for (enum ward_reason why = WARD_REASON_NONE + 1; why < WARD_REASON_COUNT && json; why++)
		if (run->reasons[why] > 0)
			json = ward_arena_printf(c->arena, "%s%s\"%s\": %" PRIu64, json,
						 *json ? ", " : "{", ward_reason_name(why),
						 run->reasons[why]);
	if (json && *json)
		json = ward_arena_printf(c->arena, "%s}", json);
	if (json)
		ward_page_json(&c->page, "not_scanned_reasons", ward_span_str(json));
}

static enum ward_rc
add(void *ctx, const struct ward_run *run)
{
	struct listing *l = ctx;
	struct ward_page *p = &l->call->page;
	enum ward_rc rc;

	ward_page_number(p, "id", (uint64_t)run->id);
	ward_page_text(p, "kind", run->kind);
	ward_page_text(p, "source", run->source);
	ward_page_str(p, "result", ward_run_outcome_name(run->outcome));
	ward_page_time(p, "begin", run->begin_ms);
	ward_page_time(p, "end", run->end_ms);
	ward_page_number(p, "seconds", run->used_ms / 1000);
	ward_page_number(p, "files", run->files);
	ward_page_number(p, "bytes", run->bytes);
	ward_page_number(p, "threats", run->threats);
	ward_page_number(p, "not_scanned", run->not_scanned);
	put_reasons(l->call, run);
	ward_page_text(p, "intelligence", run->intelligence);
	/* Who started it is for administrators. */
	if (l->call->admin) {
		ward_page_number(p, "uid", run->uid);
		ward_page_text(p, "program", run->what);
	}
	rc = ward_page_entry(p);
	if (rc == WARD_OK)
		l->last = run->id;
	return rc;
}

enum ward_rc
scans_list(struct call *c)
{
	struct listing l = {.call = c};
	uint64_t before;
	enum ward_rc rc;

	if (!c->desk->o.history)
		return call_fail(c, WARD_E_NOENT, "the guard has no history");
	if (!call_index(c, &before) || before > INT64_MAX)
		return WARD_E_INVAL;
	rc = ward_history_run_list(c->desk->o.history, ward_span_str(c->request.name),
				   (int64_t)before, 0, add, &l);
	if (rc == WARD_E_STOPPED) {
		call_next_index(c, (uint64_t)l.last);
		rc = WARD_OK;
	}
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Scan runs, events, allowances. */
#include <stdio.h>

#include "base/text.h"
#include "guard/history/history-priv.h"

/* --- scan runs --- */

const char *
ward_run_outcome_name(enum ward_run_outcome outcome)
{
	static const char *const names[] = {"going", "done", "cancelled", "failed", "interrupted"};

	return (unsigned)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "failed";
}

/* Numbers by reason, with blanks between: room for each and its blank. */
enum { REASONS_ROOM = WARD_REASON_COUNT * 21 + 1 };

static struct ward_span
print_reasons(const uint64_t reasons[WARD_REASON_COUNT], char room[REASONS_ROOM])
{
	int len = 0;

	for (size_t i = 0; i < WARD_REASON_COUNT; i++)
		len += snprintf(room + len, REASONS_ROOM - (size_t)len, i ? " %llu" : "%llu",
				(unsigned long long)reasons[i]);
	return ward_span_of(room, (size_t)len);
}

/* What is none is 0; reasons that came later too. */
static void
read_reasons(struct ward_span text, uint64_t reasons[WARD_REASON_COUNT])
{
	struct ward_span part;

	for (size_t i = 0; i < WARD_REASON_COUNT && ward_text_split(&text, ' ', &part); i++)
		if (!ward_text_u64(part, &reasons[i]))
			reasons[i] = 0;
}

enum ward_rc
ward_history_run_begin(struct ward_history *h, const struct ward_run *run, int64_t *ret_id)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_RUN_BEGIN);
	int64_t id = 0;
	enum ward_rc rc;

	ward_history_text(s, 1, run->kind);
	ward_history_text(s, 2, run->what);
	ward_db_bind_int(s, 3, run->uid);
	ward_db_bind_uint(s, 4, run->begin_ms);
	ward_history_text(s, 5, run->source);
	ward_history_text(s, 6, run->intelligence);
	rc = ward_db_step(s);
	if (!rc) {
		id = ward_db_int(s, 0);
		rc = ward_db_run(s); /* to its end: only then is it kept */
	}
	rc = ward_history_leave(h, WARD_SQL_RUN_BEGIN, rc, WARD_E_FORMAT);
	if (!rc)
		*ret_id = id;
	return rc;
}

enum ward_rc
ward_history_run_save(struct ward_history *h, const struct ward_run *run)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_RUN_SAVE);
	char reasons[REASONS_ROOM];
	enum ward_rc rc;

	ward_db_bind_int(s, 1, run->id);
	ward_db_bind_int(s, 2, (int64_t)run->outcome);
	ward_db_bind_uint(s, 3, run->end_ms);
	ward_db_bind_uint(s, 4, run->files);
	ward_db_bind_uint(s, 5, run->bytes);
	ward_db_bind_uint(s, 6, run->threats);
	ward_db_bind_uint(s, 7, run->not_scanned);
	ward_db_bind_uint(s, 8, run->used_ms);
	ward_history_text(s, 9, print_reasons(run->reasons, reasons));
	ward_history_text(s, 10, run->place);
	ward_history_text(s, 11, run->after);
	ward_history_text(s, 12, run->intelligence);
	rc = ward_db_run(s);
	if (!rc && ward_db_changes(h->db) == 0)
		rc = WARD_E_NOENT;
	return ward_history_leave(h, WARD_SQL_RUN_SAVE, rc, WARD_E_NOENT);
}

static enum ward_rc
visit_run(struct ward_db_statement *s, ward_run_visit visit, void *ctx)
{
	struct ward_run run = {
		.id = ward_db_int(s, 0),
		.kind = ward_db_blob(s, 1),
		.what = ward_db_blob(s, 2),
		.uid = (uint32_t)ward_db_int(s, 3),
		.begin_ms = (uint64_t)ward_db_int(s, 4),
		.end_ms = (uint64_t)ward_db_int(s, 5),
		.outcome = (enum ward_run_outcome)ward_db_int(s, 6),
		.files = (uint64_t)ward_db_int(s, 7),
		.bytes = (uint64_t)ward_db_int(s, 8),
		.threats = (uint64_t)ward_db_int(s, 9),
		.not_scanned = (uint64_t)ward_db_int(s, 10),
		.source = ward_db_blob(s, 11),
		.intelligence = ward_db_blob(s, 12),
		.used_ms = (uint64_t)ward_db_int(s, 13),
		.place = ward_db_blob(s, 15),
		.after = ward_db_blob(s, 16),
	};

	read_reasons(ward_db_blob(s, 14), run.reasons);
	return visit(ctx, &run);
}

enum ward_rc
ward_history_run_list(struct ward_history *h, struct ward_span kind, int64_t before, uint32_t limit,
		      ward_run_visit visit, void *ctx)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_RUN_LIST);
	enum ward_rc rc;

	ward_db_bind_int(s, 1, before ? before : INT64_MAX);
	if (kind.len > 0)
		ward_history_text(s, 2, kind);
	ward_db_bind_int(s, 3, ward_history_page(limit));
	while (!(rc = ward_db_step(s))) {
		rc = visit_run(s, visit, ctx);
		if (rc)
			break;
	}
	return ward_history_leave(h, WARD_SQL_RUN_LIST, rc, WARD_OK);
}

/* --- events --- */

enum ward_rc
ward_history_event_add(struct ward_history *h, const struct ward_event *event)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_EVENT_ADD);

	ward_db_bind_uint(s, 1, event->at_ms);
	ward_history_text(s, 2, event->kind);
	ward_history_text(s, 3, event->text);
	ward_history_json(s, 4, event->detail);
	ward_history_text(s, 5, event->program);
	ward_db_bind_int(s, 6, event->pid);
	ward_db_bind_int(s, 7, event->uid);
	return ward_history_leave(h, WARD_SQL_EVENT_ADD, ward_db_run(s), WARD_OK);
}

static enum ward_rc
visit_event(struct ward_db_statement *s, ward_event_visit visit, void *ctx)
{
	struct ward_event event = {
		.id = ward_db_int(s, 0),
		.at_ms = (uint64_t)ward_db_int(s, 1),
		.kind = ward_db_blob(s, 2),
		.text = ward_db_blob(s, 3),
		.detail = ward_db_blob(s, 4),
		.program = ward_db_blob(s, 5),
		.pid = (uint32_t)ward_db_int(s, 6),
		.uid = (uint32_t)ward_db_int(s, 7),
	};

	return visit(ctx, &event);
}

enum ward_rc
ward_history_event_list(struct ward_history *h, struct ward_span kind, int64_t before,
			uint32_t limit, ward_event_visit visit, void *ctx)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_EVENT_LIST);
	enum ward_rc rc;

	ward_db_bind_int(s, 1, before ? before : INT64_MAX);
	if (kind.len > 0)
		ward_history_text(s, 2, kind);
	ward_db_bind_int(s, 3, ward_history_page(limit));
	while (!(rc = ward_db_step(s))) {
		rc = visit_event(s, visit, ctx);
		if (rc)
			break;
	}
	return ward_history_leave(h, WARD_SQL_EVENT_LIST, rc, WARD_OK);
}

/* --- allowances --- */

/* A value that was cut would allow what nobody named. */
static bool
is_value(enum ward_allow_kind kind, struct ward_span value)
{
	if (kind == WARD_ALLOW_SHA256)
		return value.len == 32;
	return kind == WARD_ALLOW_THREAT && value.len > 0 && value.len <= WARD_HISTORY_TEXT_MAX;
}

enum ward_rc
ward_history_allow(struct ward_history *h, const struct ward_allow *allow)
{
	struct ward_db_statement *s;

	if (!is_value(allow->kind, allow->value))
		return WARD_E_INVAL;
	s = ward_history_enter(h, WARD_SQL_ALLOW);
	ward_db_bind_int(s, 1, (int64_t)allow->kind);
	ward_db_bind_blob(s, 2, allow->value);
	ward_db_bind_int(s, 3, allow->uid);
	ward_history_text(s, 4, allow->why);
	ward_db_bind_uint(s, 5, allow->since_ms);
	ward_db_bind_uint(s, 6, allow->until_ms);
	return ward_history_leave(h, WARD_SQL_ALLOW, ward_db_run(s), WARD_OK);
}

enum ward_rc
ward_history_disallow(struct ward_history *h, enum ward_allow_kind kind, struct ward_span value)
{
	struct ward_db_statement *s;
	enum ward_rc rc;

	if (!is_value(kind, value))
		return WARD_E_NOENT;
	s = ward_history_enter(h, WARD_SQL_DISALLOW);
	ward_db_bind_int(s, 1, (int64_t)kind);
	ward_db_bind_blob(s, 2, value);
	rc = ward_db_run(s);
	if (!rc && ward_db_changes(h->db) == 0)
		rc = WARD_E_NOENT;
	return ward_history_leave(h, WARD_SQL_DISALLOW, rc, WARD_E_NOENT);
}

/* A row that does not check out allows nothing. */
static enum ward_rc
visit_allow(struct ward_db_statement *s, ward_allow_visit visit, void *ctx)
{
	struct ward_allow allow = {
		.id = ward_db_int(s, 0),
		.kind = (enum ward_allow_kind)ward_db_int(s, 1),
		.value = ward_db_blob(s, 2),
		.uid = (uint32_t)ward_db_int(s, 3),
		.why = ward_db_blob(s, 4),
		.since_ms = (uint64_t)ward_db_int(s, 5),
		.until_ms = (uint64_t)ward_db_int(s, 6),
	};

	return is_value(allow.kind, allow.value) ? visit(ctx, &allow) : WARD_OK;
}

enum ward_rc
ward_history_allowed(struct ward_history *h, uint64_t now_ms, ward_allow_visit visit, void *ctx)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_ALLOWED);
	enum ward_rc rc;

	ward_db_bind_uint(s, 1, now_ms);
	while (!(rc = ward_db_step(s))) {
		rc = visit_allow(s, visit, ctx);
		if (rc)
			break;
	}
	return ward_history_leave(h, WARD_SQL_ALLOWED, rc, WARD_OK);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who changed what, and who was not let to. */
#include <stdio.h>

#include "guard/manage/manage-priv.h"
#include "guard/manage/rights.h"
#include "policy/json/json.h"
#include "sys/clock.h"
#include "sys/log.h"

enum { DETAIL_MAX = 4096, AGAIN_USEC = 60 * 1000 * 1000 };

void
call_event(struct call *c, const char *kind, const char *text, struct ward_span detail)
{
	const struct ward_event event = {
		.at_ms = ward_clock_wall() / 1000,
		.kind = ward_span_str(kind),
		.text = ward_span_str(text),
		.detail = detail,
		.program = ward_span_str(c->program),
		.pid = (uint32_t)c->peer.pid,
		.uid = c->peer.uid,
	};
	char uid[16], pid[16];
	enum ward_rc rc =
		c->desk->o.history ? ward_history_event_add(c->desk->o.history, &event) : WARD_OK;

	(void)snprintf(uid, sizeof(uid), "%u", c->peer.uid);
	(void)snprintf(pid, sizeof(pid), "%d", c->peer.pid);
	ward_say(WARD_WARNING, kind, text, "user.id", uid, "process.pid", pid, "process.executable",
		 c->program, NULL);
	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "history.failed", "an event could not be remembered",
			 "error.message", ward_rc_str(rc), NULL);
}

/* Nobody fills the history by trying again and again. */
static bool
is_news(struct desk *d, uint32_t uid, enum ward_manage_operation operation)
{
	uint64_t now = ward_clock_monotonic();
	bool news = true;

	(void)pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < REFUSALS_KEPT; i++) {
		const struct refusal *r = &d->refusals[i];

		if (r->time && r->uid == uid && r->operation == operation &&
		    now - r->time < AGAIN_USEC)
			news = false;
	}
	if (news)
		d->refusals[d->next_refusal++ % REFUSALS_KEPT] =
			(struct refusal){uid, operation, now};
	(void)pthread_mutex_unlock(&d->lock);
	return news;
}

void
call_refused(struct call *c, const char *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf detail = {0};
	const char *deed = ward_manage_deed(c->request.operation);
	const char *text;
	enum ward_rc rc;

	if (!is_news(c->desk, c->peer.uid, c->request.operation))
		return;
	ward_buf_init(&detail, DETAIL_MAX, NULL);
	rc = ward_buf_str(&detail, "{\"name\": ");
	if (rc == WARD_OK)
		rc = ward_json_quote(&detail, ward_span_str(c->request.name));
	if (rc == WARD_OK)
		rc = ward_buf_str(&detail, ", \"reason\": ");
	if (rc == WARD_OK)
		rc = ward_json_quote(&detail, ward_span_str(why));
	if (rc == WARD_OK)
		rc = ward_buf_byte(&detail, '}');
	if (rc != WARD_OK)
		ward_buf_clear(&detail);
	text = ward_arena_printf(c->arena, "refused to %s", deed);
	call_event(c, "tamper-refused", text ? text : "refused", ward_buf_span(&detail));
	if (c->desk->o.refused)
		c->desk->o.refused(c->desk->o.ctx, deed,
				   ward_setting_find(c->request.name) ? c->request.name : "");
}

/* --- listing --- */

struct listing {
	struct call *call;
	int64_t last;
};

static enum ward_rc
add(void *ctx, const struct ward_event *e)
{
	struct listing *l = ctx;
	struct ward_page *p = &l->call->page;
	enum ward_rc rc;

	ward_page_number(p, "id", (uint64_t)e->id);
	ward_page_time(p, "time", e->at_ms);
	ward_page_text(p, "kind", e->kind);
	ward_page_text(p, "text", e->text);
	ward_page_json(p, "detail", e->detail);
	ward_page_number(p, "uid", e->uid);
	ward_page_number(p, "pid", e->pid);
	ward_page_text(p, "program", e->program);
	rc = ward_page_entry(p);
	if (rc == WARD_OK)
		l->last = e->id;
	return rc;
}

enum ward_rc
events_list(struct call *c)
{
	return events_list_kind(c, c->request.name);
}

enum ward_rc
events_list_kind(struct call *c, const char *kind)
{
	struct listing l = {.call = c};
	uint64_t before;
	enum ward_rc rc;

	if (!c->desk->o.history)
		return call_fail(c, WARD_E_NOENT, "the guard has no history");
	if (!call_index(c, &before) || before > INT64_MAX)
		return WARD_E_INVAL;
	rc = ward_history_event_list(c->desk->o.history, ward_span_str(kind), (int64_t)before, 0,
				     add, &l);
	if (rc == WARD_E_STOPPED) {
		call_next_index(c, (uint64_t)l.last);
		rc = WARD_OK;
	}
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guard/manage/manage-priv.h"

enum { CURSOR = 8 + WARD_HISTORY_ID };

/* --- what is told of one --- */

static void
describe(struct ward_page *p, const struct ward_threat *t)
{
	ward_page_uuid(p, "id", ward_span_of(t->id, sizeof(t->id)));
	ward_page_time(p, "last", t->last_ms);
	ward_page_time(p, "first", t->first_ms);
	ward_page_number(p, "count", t->count);
	ward_page_str(p, "status", ward_threat_status_name(t->status));
	ward_page_str(p, "verdict", ward_verdict_name(t->verdict));
	ward_page_text(p, "name", t->name);
	ward_page_text(p, "category", t->category);
	ward_page_text(p, "path", t->path);
	ward_page_hex(p, "sha256", t->sha256);
	ward_page_str(p, "layer", ward_layer_name(t->layer));
	ward_page_text(p, "reason", t->reason);
	ward_page_text(p, "program", t->program);
	ward_page_number(p, "pid", t->actor_pid);
	ward_page_number(p, "owner", t->owner_uid);
	ward_page_uuid(p, "quarantine", t->quarantine);
	ward_page_text(p, "note", t->note);
}

static bool
may_see(const struct call *c, const struct ward_threat *t)
{
	return c->admin || t->owner_uid == c->peer.uid;
}

/* --- list and show --- */

struct listing {
	struct call *call;
	uint8_t last[CURSOR];
	uint64_t seen;
};

static void
make_cursor(const struct ward_threat *t, uint8_t into[CURSOR])
{
	for (unsigned i = 0; i < 8; i++)
		into[i] = (uint8_t)(t->last_ms >> (8 * i));
	memcpy(into + 8, t->id, WARD_HISTORY_ID);
}

static enum ward_rc
add(void *ctx, const struct ward_threat *t)
{
	struct listing *l = ctx;
	enum ward_rc rc = WARD_OK;

	l->seen++;
	if (may_see(l->call, t)) {
		describe(&l->call->page, t);
		rc = ward_page_entry(&l->call->page);
	}
	if (rc == WARD_OK)
		make_cursor(t, l->last);
	return rc;
}

static bool
read_cursor(struct ward_span cursor, struct ward_threat_query *query)
{
	if (cursor.len == 0)
		return true;
	if (cursor.len != CURSOR)
		return false;
	for (unsigned i = 0; i < 8; i++)
		query->before_ms |= (uint64_t)cursor.data[i] << (8 * i);
	query->before = cursor.data + 8;
	return true;
}

static bool
read_status(const char *word, struct ward_threat_query *query)
{
	for (enum ward_threat_status s = 0; *word && s < WARD_THREAT_STATUSES; s++) {
		if (strcmp(word, ward_threat_status_name(s)) == 0)
			query->statuses = 1u << s;
	}
	return !*word || query->statuses != 0;
}

enum ward_rc
threats_list(struct call *c)
{
	struct listing l = {.call = c};
	struct ward_threat_query query = {.name = ward_span_str(c->request.name)};
	enum ward_rc rc;

	if (!c->desk->o.history)
		return call_fail(c, WARD_E_NOENT, "the guard has no history");
	if (!read_cursor(c->request.cursor, &query) || !read_status(c->request.value, &query))
		return call_fail(c, WARD_E_INVAL, "no such status or page");
	rc = ward_history_threat_list(c->desk->o.history, &query, add, &l);
	if (rc == WARD_E_STOPPED || (rc == WARD_OK && l.seen == WARD_HISTORY_PAGE_MAX)) {
		call_next(c, ward_span_of(l.last, sizeof(l.last)));
		rc = WARD_OK;
	}
	return rc;
}

static enum ward_rc
show_one(void *ctx, const struct ward_threat *t)
{
	struct call *c = ctx;

	if (!may_see(c, t))
		return WARD_E_NOENT;
	describe(&c->page, t);
	ward_page_text(&c->page, "origin", t->origin);
	ward_page_text(&c->page, "volume", t->volume);
	ward_page_json(&c->page, "evidence", t->evidence);
	return ward_page_entry(&c->page);
}

enum ward_rc
threats_show(struct call *c)
{
	enum ward_rc rc = WARD_E_NOENT;

	if (c->desk->o.history && c->request.has_id)
		rc = ward_history_threat_show(c->desk->o.history, c->request.id, show_one, c);
	return rc == WARD_E_NOENT ? call_fail(c, rc, "there is no threat with this id") : rc;
}

/* --- restore and delete --- */

struct found {
	uint8_t item[WARD_ITEM_ID];
	bool has_item;
};

static enum ward_rc
find_item(void *ctx, const struct ward_threat *t)
{
	struct found *f = ctx;

	f->has_item = t->quarantine.len == WARD_ITEM_ID;
	if (f->has_item)
		memcpy(f->item, t->quarantine.data, WARD_ITEM_ID);
	return WARD_OK;
}

static enum ward_rc
item_of(struct call *c, uint8_t ret_item[WARD_ITEM_ID])
{
	struct found f = {.has_item = false};
	enum ward_rc rc = WARD_E_NOENT;

	if (c->desk->o.history && c->request.has_id)
		rc = ward_history_threat_show(c->desk->o.history, c->request.id, find_item, &f);
	if (rc == WARD_E_NOENT)
		return call_fail(c, rc, "there is no threat with this id");
	if (rc == WARD_OK && !f.has_item)
		return call_fail(c, WARD_E_NOENT, "its file was not put into quarantine");
	if (rc == WARD_OK)
		memcpy(ret_item, f.item, WARD_ITEM_ID);
	return rc;
}

enum ward_rc
threats_restore(struct call *c)
{
	uint8_t item[WARD_ITEM_ID];
	enum ward_rc rc = item_of(c, item);

	return rc ? rc : vault_restore_item(c, item);
}

enum ward_rc
threats_delete(struct call *c)
{
	uint8_t item[WARD_ITEM_ID];
	enum ward_rc rc = item_of(c, item);

	return rc ? rc : vault_delete_item(c, item);
}

/* --- what becomes of an entry --- */

struct search {
	const uint8_t *item;
	uint8_t id[WARD_HISTORY_ID], last[CURSOR];
	uint64_t seen;
	bool found;
};

static enum ward_rc
compare(void *ctx, const struct ward_threat *t)
{
	struct search *s = ctx;

	s->seen++;
	make_cursor(t, s->last);
	if (t->quarantine.len != WARD_ITEM_ID ||
	    memcmp(t->quarantine.data, s->item, WARD_ITEM_ID) != 0)
		return WARD_OK;
	memcpy(s->id, t->id, WARD_HISTORY_ID);
	s->found = true;
	return WARD_E_STOPPED;
}

void
threats_follow(struct call *c, const uint8_t item[WARD_ITEM_ID], enum ward_threat_status status,
	       const char *note)
{
	struct search s = {.item = item, .seen = WARD_HISTORY_PAGE_MAX};
	enum ward_rc rc = WARD_OK;
	bool first = true;

	while (c->desk->o.history && rc == WARD_OK && s.seen == WARD_HISTORY_PAGE_MAX) {
		struct ward_threat_query query = {.limit = 0};

		s.seen = 0;
		if (!first && !read_cursor(ward_span_of(s.last, CURSOR), &query))
			return;
		first = false;
		rc = ward_history_threat_list(c->desk->o.history, &query, compare, &s);
	}
	if (s.found)
		(void)!ward_history_threat_update(c->desk->o.history, s.id, status,
						  ward_span_of(NULL, 0), ward_span_str(note));
}

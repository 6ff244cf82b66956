/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/history/history.h"

#include <stdlib.h>

#include "guard/history/history-priv.h"

enum { DEFAULT_DAYS = 90, DEFAULT_ITEMS = 10000 };

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

void
ward_history_freep(struct ward_history **history)
{
	struct ward_history *h = *history;

	*history = NULL;
	if (!h)
		return;
	for (size_t i = 0; i < WARD_SQL_COUNT; i++)
		ward_db_statement_freep(&h->sql[i]);
	ward_db_freep(&h->db);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

enum ward_rc
ward_history_open(const struct ward_history_options *options, struct ward_history **ret_history,
		  bool *ret_set_aside)
{
	struct ward_db_options how = {options->path, WARD_HISTORY_MIGRATIONS,
				      WARD_HISTORY_MIGRATION_COUNT};
	WARD_AUTO(ward_history_freep) struct ward_history *h = calloc(1, sizeof(*h));
	enum ward_rc rc;

	if (!h)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&h->lock, NULL);
	h->options = *options;
	h->options.path = NULL;
	if (h->options.days == 0)
		h->options.days = DEFAULT_DAYS;
	if (h->options.max_items == 0)
		h->options.max_items = DEFAULT_ITEMS;
	rc = ward_db_open(&how, &h->db, ret_set_aside);
	for (size_t i = 0; i < WARD_SQL_COUNT && !rc; i++)
		rc = ward_db_prepare(h->db, WARD_HISTORY_SQL[i], &h->sql[i]);
	if (!rc)
		rc = ward_db_run(h->sql[WARD_SQL_RUN_INTERRUPT]);
	if (rc)
		return rc;
	*ret_history = h;
	h = NULL;
	return WARD_OK;
}

/* --- for the other files --- */

struct ward_db_statement *
ward_history_enter(struct ward_history *h, enum ward_history_sql which)
{
	(void)pthread_mutex_lock(&h->lock);
	return h->sql[which];
}

enum ward_rc
ward_history_leave(struct ward_history *h, enum ward_history_sql which, enum ward_rc rc,
		   enum ward_rc none)
{
	ward_db_reset(h->sql[which]);
	(void)pthread_mutex_unlock(&h->lock);
	return rc == WARD_E_NOENT ? none : rc;
}

static struct ward_span
present(struct ward_span text)
{
	return text.data ? text : ward_span_of("", 0);
}

void
ward_history_text(struct ward_db_statement *s, int at, struct ward_span text)
{
	ward_db_bind_blob(s, at, present(ward_span_cut(text, 0, WARD_HISTORY_TEXT_MAX)));
}

void
ward_history_json(struct ward_db_statement *s, int at, struct ward_span json)
{
	if (json.len > WARD_HISTORY_EVIDENCE_MAX)
		json.len = 0;
	ward_db_bind_blob(s, at, present(json));
}

uint32_t
ward_history_page(uint32_t limit)
{
	return limit == 0 || limit > WARD_HISTORY_PAGE_MAX ? WARD_HISTORY_PAGE_MAX : limit;
}

/* --- keeping house --- */

static enum ward_rc
forget(struct ward_history *h, enum ward_history_sql which, uint64_t bound, uint64_t *forgotten)
{
	enum ward_rc rc;

	ward_db_bind_uint(h->sql[which], 1, bound);
	rc = ward_db_run(h->sql[which]);
	if (!rc)
		*forgotten += ward_db_changes(h->db);
	return rc;
}

static enum ward_rc
forget_all(struct ward_history *h, uint64_t now_ms, uint64_t *forgotten)
{
	static const enum ward_history_sql old[] = {WARD_SQL_OLD_THREATS, WARD_SQL_OLD_RUNS,
						    WARD_SQL_OLD_EVENTS};
	static const enum ward_history_sql many[] = {WARD_SQL_MANY_THREATS, WARD_SQL_MANY_RUNS,
						     WARD_SQL_MANY_EVENTS};
	uint64_t kept = h->options.days * DAY_MS;
	uint64_t since = now_ms > kept ? now_ms - kept : 0;
	enum ward_rc rc = forget(h, WARD_SQL_OLD_ALLOWS, now_ms, forgotten);

	for (size_t i = 0; i < 3 && !rc; i++) {
		rc = forget(h, old[i], since, forgotten);
		if (!rc)
			rc = forget(h, many[i], h->options.max_items, forgotten);
	}
	return rc;
}

enum ward_rc
ward_history_retain(struct ward_history *h, uint64_t now_ms, uint64_t *ret_forgotten)
{
	uint64_t forgotten = 0;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&h->lock);
	rc = ward_db_begin(h->db);
	if (!rc)
		rc = ward_db_end(h->db, forget_all(h, now_ms, &forgotten));
	(void)pthread_mutex_unlock(&h->lock);
	if (!rc && ret_forgotten)
		*ret_forgotten = forgotten;
	return rc;
}

enum ward_rc
ward_history_totals(struct ward_history *h, struct ward_history_totals *ret_totals)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_TOTALS);
	struct ward_history_totals t = {0};
	enum ward_rc rc = ward_db_step(s);

	if (!rc) {
		t.detections = (uint64_t)ward_db_int(s, 0);
		t.runs = (uint64_t)ward_db_int(s, 1);
		t.events = (uint64_t)ward_db_int(s, 2);
		t.allowances = (uint64_t)ward_db_int(s, 3);
		for (int i = 0; i < WARD_THREAT_STATUSES; i++)
			t.threats[i] = (uint64_t)ward_db_int(s, 4 + i);
		t.begun_ms = (uint64_t)ward_db_int(s, 4 + WARD_THREAT_STATUSES);
		*ret_totals = t;
	}
	return ward_history_leave(h, WARD_SQL_TOTALS, rc, WARD_E_FORMAT);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/history/history-priv.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/crypto.h"

const char *
ward_threat_status_name(enum ward_threat_status status)
{
	static const char *const names[WARD_THREAT_STATUSES] = {
		"blocked", "quarantined", "allowed", "restored", "deleted", "failed"};

	return (unsigned)status < WARD_THREAT_STATUSES ? names[status] : "unknown";
}

static bool
is_sound(const struct ward_threat *t)
{
	return (unsigned)t->status < WARD_THREAT_STATUSES &&
	       (t->sha256.len == 0 || t->sha256.len == 32) &&
	       (t->quarantine.len == 0 || t->quarantine.len == WARD_HISTORY_ID);
}

/* --- adding --- */

/* The entry it belongs to. */
static enum ward_rc
find_same(struct ward_history *h, const struct ward_threat *t, uint8_t ret_id[WARD_HISTORY_ID])
{
	struct ward_db_statement *s = h->sql[WARD_SQL_THREAT_FIND];
	struct ward_span id;
	enum ward_rc rc;

	ward_history_text(s, 1, t->path);
	ward_history_text(s, 2, t->name);
	ward_history_text(s, 3, t->sha256);
	rc = ward_db_step(s);
	if (rc)
		return rc;
	id = ward_db_blob(s, 0);
	rc = id.len == WARD_HISTORY_ID ? WARD_OK : WARD_E_FORMAT;
	if (!rc)
		memcpy(ret_id, id.data, id.len);
	ward_db_reset(s);
	return rc;
}

static enum ward_rc
count_again(struct ward_history *h, const struct ward_threat *t, const uint8_t *id)
{
	struct ward_db_statement *s = h->sql[WARD_SQL_THREAT_AGAIN];

	ward_db_bind_blob(s, 1, ward_span_of(id, WARD_HISTORY_ID));
	ward_db_bind_uint(s, 2, t->last_ms);
	ward_db_bind_int(s, 3, (int64_t)t->status);
	ward_db_bind_int(s, 4, t->actor_pid);
	ward_db_bind_int(s, 5, t->actor_uid);
	ward_history_text(s, 6, t->program);
	return ward_db_run(s);
}

static enum ward_rc
insert(struct ward_history *h, const struct ward_threat *t, uint8_t ret_id[WARD_HISTORY_ID])
{
	struct ward_db_statement *s = h->sql[WARD_SQL_THREAT_ADD];
	uint8_t random[10];
	enum ward_rc rc = ward_crypto_random(random, sizeof(random));

	if (rc)
		return rc;
	ward_wire_uuid_make(ward_clock_wall() / 1000, random, ret_id);
	ward_db_bind_blob(s, 1, ward_span_of(ret_id, WARD_HISTORY_ID));
	ward_db_bind_int(s, 2, (int64_t)t->status);
	ward_db_bind_int(s, 3, (int64_t)t->verdict);
	ward_db_bind_int(s, 4, (int64_t)t->layer);
	ward_history_text(s, 5, t->name);
	ward_history_text(s, 6, t->category);
	ward_history_text(s, 7, t->path);
	ward_history_text(s, 8, t->sha256);
	ward_history_json(s, 9, t->evidence);
	ward_history_text(s, 10, t->reason);
	ward_history_text(s, 11, t->origin);
	ward_history_text(s, 12, t->volume);
	ward_history_text(s, 13, t->program);
	ward_history_text(s, 14, t->note);
	ward_db_bind_int(s, 15, t->actor_pid);
	ward_db_bind_int(s, 16, t->actor_uid);
	ward_db_bind_int(s, 17, t->owner_uid);
	ward_history_text(s, 18, t->quarantine);
	ward_db_bind_uint(s, 19, t->last_ms);
	return ward_db_run(s);
}

enum ward_rc
ward_history_threat_add(struct ward_history *h, const struct ward_threat *threat,
			uint8_t ret_id[WARD_HISTORY_ID])
{
	uint8_t id[WARD_HISTORY_ID];
	enum ward_rc rc;

	if (!is_sound(threat))
		return WARD_E_INVAL;
	(void)pthread_mutex_lock(&h->lock);
	rc = ward_db_begin(h->db);
	if (!rc) {
		rc = find_same(h, threat, id);
		if (rc == WARD_OK)
			rc = count_again(h, threat, id);
		else if (rc == WARD_E_NOENT)
			rc = insert(h, threat, id);
		if (!rc)
			rc = ward_db_run(h->sql[WARD_SQL_COUNT_DETECTION]);
		rc = ward_db_end(h->db, rc);
	}
	(void)pthread_mutex_unlock(&h->lock);
	if (!rc)
		memcpy(ret_id, id, sizeof(id));
	return rc;
}

enum ward_rc
ward_history_threat_update(struct ward_history *h, const uint8_t id[WARD_HISTORY_ID],
			   enum ward_threat_status status, struct ward_span quarantine,
			   struct ward_span note)
{
	struct ward_db_statement *s;
	enum ward_rc rc;

	if ((unsigned)status >= WARD_THREAT_STATUSES ||
	    (quarantine.len != 0 && quarantine.len != WARD_HISTORY_ID))
		return WARD_E_INVAL;
	s = ward_history_enter(h, WARD_SQL_THREAT_UPDATE);
	ward_db_bind_blob(s, 1, ward_span_of(id, WARD_HISTORY_ID));
	ward_db_bind_int(s, 2, (int64_t)status);
	if (quarantine.len > 0)
		ward_db_bind_blob(s, 3, quarantine);
	if (note.len > 0)
		ward_history_text(s, 4, note);
	rc = ward_db_run(s);
	if (!rc && ward_db_changes(h->db) == 0)
		rc = WARD_E_NOENT;
	return ward_history_leave(h, WARD_SQL_THREAT_UPDATE, rc, WARD_E_NOENT);
}

/* --- reading --- */

/* The file is ours, but may be damaged in ways the check at the start does not see. */
static enum ward_rc
visit_row(struct ward_db_statement *s, ward_threat_visit visit, void *ctx)
{
	struct ward_threat t = {
		.status = (enum ward_threat_status)ward_db_int(s, 1),
		.verdict = (enum ward_verdict)ward_db_int(s, 2),
		.layer = (enum ward_layer)ward_db_int(s, 3),
		.name = ward_db_blob(s, 4),
		.category = ward_db_blob(s, 5),
		.path = ward_db_blob(s, 6),
		.sha256 = ward_db_blob(s, 7),
		.evidence = ward_db_blob(s, 8),
		.reason = ward_db_blob(s, 9),
		.origin = ward_db_blob(s, 10),
		.volume = ward_db_blob(s, 11),
		.program = ward_db_blob(s, 12),
		.note = ward_db_blob(s, 13),
		.actor_pid = (uint32_t)ward_db_int(s, 14),
		.actor_uid = (uint32_t)ward_db_int(s, 15),
		.owner_uid = (uint32_t)ward_db_int(s, 16),
		.quarantine = ward_db_blob(s, 17),
		.count = (uint64_t)ward_db_int(s, 18),
		.first_ms = (uint64_t)ward_db_int(s, 19),
		.last_ms = (uint64_t)ward_db_int(s, 20),
	};
	struct ward_span id = ward_db_blob(s, 0);

	if (id.len != WARD_HISTORY_ID || !is_sound(&t))
		return WARD_E_FORMAT;
	memcpy(t.id, id.data, id.len);
	return visit(ctx, &t);
}

enum ward_rc
ward_history_threat_list(struct ward_history *h, const struct ward_threat_query *query,
			 ward_threat_visit visit, void *ctx)
{
	static const uint8_t last[WARD_HISTORY_ID];
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_THREAT_LIST);
	bool first = query->before_ms == 0;
	enum ward_rc rc;

	ward_db_bind_uint(s, 1, first ? INT64_MAX : query->before_ms);
	ward_db_bind_blob(
		s, 2,
		ward_span_of(first || !query->before ? last : query->before, WARD_HISTORY_ID));
	ward_db_bind_int(s, 3, query->statuses ? query->statuses : UINT32_MAX);
	if (query->name.len > 0)
		ward_history_text(s, 4, query->name);
	ward_db_bind_int(s, 5, ward_history_page(query->limit));
	while (!(rc = ward_db_step(s))) {
		rc = visit_row(s, visit, ctx);
		if (rc)
			break;
	}
	return ward_history_leave(h, WARD_SQL_THREAT_LIST, rc, WARD_OK);
}

enum ward_rc
ward_history_threat_show(struct ward_history *h, const uint8_t id[WARD_HISTORY_ID],
			 ward_threat_visit visit, void *ctx)
{
	struct ward_db_statement *s = ward_history_enter(h, WARD_SQL_THREAT_SHOW);
	enum ward_rc rc;

	ward_db_bind_blob(s, 1, ward_span_of(id, WARD_HISTORY_ID));
	rc = ward_db_step(s);
	if (!rc)
		rc = visit_row(s, visit, ctx);
	return ward_history_leave(h, WARD_SQL_THREAT_SHOW, rc, WARD_E_NOENT);
}

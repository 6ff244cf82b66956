/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/outbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "db/db.h"
#include "sys/clock.h"

enum { DEFAULT_ROWS = 100 * 1000, DEFAULT_BYTES = 64 << 20 };

static const char VERSION_1[] =
	"CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE,"
	" worth INTEGER NOT NULL, since_ms INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
	"CREATE INDEX event_send ON event (worth DESC, seq);"
	"CREATE INDEX event_drop ON event (worth, seq);"
	"CREATE TABLE sum (what INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
	"INSERT INTO sum VALUES (0, 0);";

/* Only ever add to the end. */
static const char *const MIGRATIONS[] = {VERSION_1};

enum statement {
	INSERT,
	FIND,
	CHEAPEST,
	DROP,
	PEEK,
	ACKNOWLEDGE,
	COUNT_DROPPED,
	TOTALS,
	STATEMENTS
};

static const char SUMS[] =
	"SELECT count(*), coalesce(sum(length(body)), 0), coalesce(min(since_ms), 0),"
	" (SELECT value FROM sum WHERE what = 0) FROM event";

static const char *const SQL[STATEMENTS] = {
	[INSERT] = "INSERT INTO event (id, worth, since_ms, body) VALUES (?1, ?2, ?3, ?4)",
	[FIND] = "SELECT 1 FROM event WHERE id = ?1",
	[CHEAPEST] = "SELECT seq, worth, length(body) FROM event ORDER BY worth, seq LIMIT 1",
	[DROP] = "DELETE FROM event WHERE seq = ?1",
	[PEEK] = "SELECT id, worth, since_ms, body FROM event ORDER BY worth DESC, seq LIMIT ?1",
	[ACKNOWLEDGE] = "DELETE FROM event WHERE id = ?1 RETURNING length(body)",
	[COUNT_DROPPED] = "UPDATE sum SET value = value + ?1 WHERE what = 0",
	[TOTALS] = SUMS,
};

struct ward_outbox {
	pthread_mutex_t lock;
	struct ward_outbox_options options;
	struct ward_db *db;
	struct ward_db_statement *statements[STATEMENTS];
	uint64_t rows, bytes; /* what is in it */
};

void
ward_outbox_freep(struct ward_outbox **outbox)
{
	struct ward_outbox *o = *outbox;

	*outbox = NULL;
	if (!o)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		ward_db_statement_freep(&o->statements[i]);
	ward_db_freep(&o->db);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}

/* As they are on disk; after a failure too, so that the figures never drift. */
static enum ward_rc
recount(struct ward_outbox *o, struct ward_outbox_totals *ret)
{
	struct ward_db_statement *s = o->statements[TOTALS];
	enum ward_rc rc = ward_db_step(s);

	if (rc)
		return rc == WARD_E_NOENT ? WARD_E_FORMAT : rc;
	o->rows = (uint64_t)ward_db_int(s, 0);
	o->bytes = (uint64_t)ward_db_int(s, 1);
	if (ret)
		*ret = (struct ward_outbox_totals){.rows = o->rows,
						   .bytes = o->bytes,
						   .oldest_ms = (uint64_t)ward_db_int(s, 2),
						   .dropped = (uint64_t)ward_db_int(s, 3)};
	ward_db_reset(s);
	return WARD_OK;
}

enum ward_rc
ward_outbox_open(const struct ward_outbox_options *options, struct ward_outbox **ret_outbox,
		 bool *ret_set_aside)
{
	struct ward_db_options how = {options->path, MIGRATIONS,
				      sizeof(MIGRATIONS) / sizeof(MIGRATIONS[0])};
	WARD_AUTO(ward_outbox_freep) struct ward_outbox *o = calloc(1, sizeof(*o));
	enum ward_rc rc;

	if (!o)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&o->lock, NULL);
	o->options = *options;
	o->options.path = NULL;
	if (o->options.max_rows == 0)
		o->options.max_rows = DEFAULT_ROWS;
	if (o->options.max_bytes == 0)
		o->options.max_bytes = DEFAULT_BYTES;
	rc = ward_db_open(&how, &o->db, ret_set_aside);
	for (size_t i = 0; i < STATEMENTS && !rc; i++)
		rc = ward_db_prepare(o->db, SQL[i], &o->statements[i]);
	if (!rc)
		rc = recount(o, NULL);
	if (rc)
		return rc;
	*ret_outbox = o;
	o = NULL;
	return WARD_OK;
}

/* --- putting in --- */

static enum ward_rc
count_dropped(struct ward_outbox *o, size_t count)
{
	ward_db_bind_uint(o->statements[COUNT_DROPPED], 1, count);
	return ward_db_run(o->statements[COUNT_DROPPED]);
}

static bool
fits(const struct ward_outbox *o, size_t len)
{
	return o->rows < o->options.max_rows && o->bytes <= o->options.max_bytes &&
	       len <= o->options.max_bytes - o->bytes;
}

/* Pushes out what is worth least, never more than what comes is worth. */
static enum ward_rc
make_room(struct ward_outbox *o, const struct ward_outbox_event *e)
{
	while (!fits(o, e->body.len)) {
		struct ward_db_statement *s = o->statements[CHEAPEST];
		enum ward_rc rc = ward_db_step(s);
		int64_t seq, worth;
		uint64_t len;

		if (rc)
			return rc == WARD_E_NOENT ? WARD_E_LIMIT : rc;
		seq = ward_db_int(s, 0);
		worth = ward_db_int(s, 1);
		len = (uint64_t)ward_db_int(s, 2);
		ward_db_reset(s);
		if (worth > (int64_t)e->worth)
			return WARD_E_LIMIT;
		ward_db_bind_int(o->statements[DROP], 1, seq);
		rc = ward_db_run(o->statements[DROP]);
		if (!rc)
			rc = count_dropped(o, 1);
		if (rc)
			return rc;
		o->rows--;
		o->bytes -= len;
	}
	return WARD_OK;
}

static enum ward_rc
put_one(struct ward_outbox *o, const struct ward_outbox_event *e)
{
	struct ward_db_statement *s = o->statements[FIND];
	enum ward_rc rc;

	if (e->body.len == 0 || e->body.len > WARD_OUTBOX_BODY_MAX)
		return WARD_E_LIMIT;
	ward_db_bind_blob(s, 1, ward_span_of(e->id, sizeof(e->id)));
	rc = ward_db_step(s);
	if (rc != WARD_E_NOENT) {
		ward_db_reset(s);
		return rc;
	}
	rc = make_room(o, e);
	if (rc)
		return rc;
	s = o->statements[INSERT];
	ward_db_bind_blob(s, 1, ward_span_of(e->id, sizeof(e->id)));
	ward_db_bind_int(s, 2, (int64_t)e->worth);
	ward_db_bind_uint(s, 3, ward_clock_wall() / 1000);
	ward_db_bind_blob(s, 4, e->body);
	rc = ward_db_run(s);
	if (!rc) {
		o->rows++;
		o->bytes += e->body.len;
	}
	return rc;
}

enum ward_rc
ward_outbox_put(struct ward_outbox *o, const struct ward_outbox_event *events, size_t count)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&o->lock);
	rc = ward_db_begin(o->db);
	if (!rc) {
		for (size_t i = 0; i < count && !rc; i++)
			rc = put_one(o, &events[i]);
		rc = ward_db_end(o->db, rc);
	}
	if (rc == WARD_E_LIMIT)
		(void)!count_dropped(o, count);
	if (rc)
		(void)!recount(o, NULL);
	(void)pthread_mutex_unlock(&o->lock);
	return rc;
}

/* --- sending --- */

static enum ward_rc
hand_out(struct ward_db_statement *s, ward_outbox_visit visit, void *ctx, uint64_t *bytes)
{
	struct ward_outbox_event e = {.worth = (enum ward_outbox_worth)ward_db_int(s, 1),
				      .since_ms = (uint64_t)ward_db_int(s, 2),
				      .body = ward_db_blob(s, 3)};
	struct ward_span id = ward_db_blob(s, 0);

	if (id.len != sizeof(e.id))
		return WARD_E_FORMAT;
	memcpy(e.id, id.data, sizeof(e.id));
	*bytes += e.body.len;
	return visit(ctx, &e);
}

enum ward_rc
ward_outbox_peek(struct ward_outbox *o, size_t max_events, uint64_t max_bytes,
		 ward_outbox_visit visit, void *ctx)
{
	struct ward_db_statement *s = o->statements[PEEK];
	uint64_t bytes = 0;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&o->lock);
	ward_db_bind_uint(s, 1, max_events);
	while (!(rc = ward_db_step(s))) {
		if (bytes > 0 && bytes + ward_db_blob(s, 3).len > max_bytes)
			break;
		rc = hand_out(s, visit, ctx, &bytes);
		if (rc)
			break;
	}
	ward_db_reset(s);
	(void)pthread_mutex_unlock(&o->lock);
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

static enum ward_rc
acknowledge_one(struct ward_outbox *o, const uint8_t *id)
{
	struct ward_db_statement *s = o->statements[ACKNOWLEDGE];
	enum ward_rc rc;

	ward_db_bind_blob(s, 1, ward_span_of(id, WARD_OUTBOX_ID));
	rc = ward_db_step(s);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	o->rows--;
	o->bytes -= (uint64_t)ward_db_int(s, 0);
	return ward_db_run(s);
}

enum ward_rc
ward_outbox_acknowledge(struct ward_outbox *o, const uint8_t (*ids)[WARD_OUTBOX_ID], size_t count)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&o->lock);
	rc = ward_db_begin(o->db);
	if (!rc) {
		for (size_t i = 0; i < count && !rc; i++)
			rc = acknowledge_one(o, ids[i]);
		rc = ward_db_end(o->db, rc);
	}
	if (rc)
		(void)!recount(o, NULL);
	(void)pthread_mutex_unlock(&o->lock);
	return rc;
}

enum ward_rc
ward_outbox_totals(struct ward_outbox *o, struct ward_outbox_totals *ret_totals)
{
	enum ward_rc rc;

	(void)pthread_mutex_lock(&o->lock);
	rc = recount(o, ret_totals);
	(void)pthread_mutex_unlock(&o->lock);
	return rc;
}

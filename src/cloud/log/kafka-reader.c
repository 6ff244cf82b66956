/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: each reader is a client of its own that fetches the partitions it was told, from the offsets
 * it was told, into one queue. No consumer groups: who reads what is decided here, and positions stand
 * in the views (docs/decisions/0014-every-node-applies-everything.md).
 *
 * Offsets between two records may be missing: compaction dropped them, or they hold marks of
 * transactions. At the end of a partition nothing shows that they are not records still to come but the
 * broker's word that this is the end; it is noted in the log, for who waits for the last record.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cloud/log/kafka-priv.h"
#include "sys/clock.h"

enum { ROUND_MS = 500, LOOK_US = 100 * 1000, QUERY_US = 5 * 1000 * 1000 };

struct cursor {
	enum ward_log_channel channel;
	uint32_t partition;
	uint64_t at; /* the next offset to hand out */
};

struct reader {
	struct ward_log_reader base;
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	rd_kafka_topic_t *topics[WARD_LOG_CHANNELS]; /* NULL: not read */
	rd_kafka_message_t *lent;		     /* what the caller borrows */
	_Atomic bool woken;
	enum ward_rc failed; /* sticky */
	uint64_t looked;     /* at the ends, monotonic */
	size_t count, started;
	struct cursor cursors[];
};

static struct ward_kafka_log *
log_of(const struct reader *r)
{
	return (struct ward_kafka_log *)r->base.log;
}

static struct cursor *
cursor_of(struct reader *r, const rd_kafka_message_t *m)
{
	for (size_t i = 0; i < r->count; i++) {
		struct cursor *c = &r->cursors[i];

		if (c->partition == (uint32_t)m->partition && r->topics[c->channel] == m->rkt)
			return c;
	}
	return NULL;
}

/* --- ends --- */

/* What the fetches said of the partitions' ends goes to the log, for lag and bounds. */
static void
look_at_ends(struct reader *r)
{
	struct ward_kafka_log *log = log_of(r);
	uint64_t now = ward_clock_monotonic();

	if (now - r->looked < LOOK_US)
		return;
	r->looked = now;
	for (size_t i = 0; i < r->count; i++) {
		const struct cursor *c = &r->cursors[i];
		int64_t low = 0, high = 0;

		if (!rd_kafka_get_watermark_offsets(r->client, log->topics[c->channel],
						    (int32_t)c->partition, &low, &high) &&
		    high > 0)
			ward_kafka_grown(log, c->channel, c->partition, (uint64_t)high);
	}
}

static void
note_end(struct reader *r, const struct cursor *c, uint64_t end)
{
	struct ward_kafka_log *log = log_of(r);
	struct ward_kafka_ends *e = &log->ends[c->channel][c->partition];

	pthread_mutex_lock(&log->lock);
	if (e->next < end)
		e->next = end;
	if (c->at < end && (e->hole_end != end || c->at < e->hole)) {
		e->hole = c->at;
		e->hole_end = end;
	}
	pthread_mutex_unlock(&log->lock);
}

/* --- fetching --- */

static enum ward_rc
begin(struct reader *r, const struct cursor *c)
{
	rd_kafka_topic_t *topic = r->topics[c->channel];

	if (rd_kafka_consume_start_queue(topic, (int32_t)c->partition, (int64_t)c->at, r->queue))
		return WARD_E_IO;
	return WARD_OK;
}

/* The broker has nothing at this offset: it was let go, or the log is shorter than it was. */
static enum ward_rc
out_of_range(struct reader *r, struct cursor *c)
{
	struct ward_log_position of = {c->channel, c->partition, c->at};
	struct ward_kafka_ends ends;

	if (!ward_kafka_query(log_of(r), r->client, &of, ward_clock_monotonic() + QUERY_US,
			      &ends)) {
		if (c->at < ends.first)
			return WARD_E_NOENT;
		if (c->at > ends.next)
			return WARD_E_FORMAT;
	}
	(void)rd_kafka_consume_stop(r->topics[c->channel], (int32_t)c->partition);
	return begin(r, c); /* a leader that was not ready */
}

/* WARD_E_TIMEOUT: nothing for the caller. */
static enum ward_rc
take_error(struct reader *r, const rd_kafka_message_t *m)
{
	struct cursor *c = cursor_of(r, m);
	enum ward_rc rc = WARD_E_TIMEOUT;

	if (!c)
		return WARD_E_TIMEOUT;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		note_end(r, c, (uint64_t)m->offset);
		return WARD_E_TIMEOUT;
	}
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
	    m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
		rc = out_of_range(r, c);
	else if (ward_kafka_rc(m->err) == WARD_E_FORMAT || ward_kafka_rc(m->err) == WARD_E_PERM)
		rc = ward_kafka_rc(m->err);
	return rc ? rc : WARD_E_TIMEOUT; /* of anything else the client recovers by itself */
}

static enum ward_rc
take_record(struct reader *r, rd_kafka_message_t *m, struct ward_log_entry *ret_entry)
{
	struct cursor *c = cursor_of(r, m);

	if (!c || m->offset < 0 || (uint64_t)m->offset < c->at)
		return WARD_E_TIMEOUT; /* from before it was begun anew */
	if (m->key_len > WARD_LOG_KEY_MAX || m->len > WARD_LOG_BODY_MAX)
		return WARD_E_FORMAT; /* somebody else wrote it */
	c->at = (uint64_t)m->offset + 1;
	ret_entry->position =
		(struct ward_log_position){c->channel, c->partition, (uint64_t)m->offset};
	ret_entry->key = ward_span_of(m->key, m->key_len);
	ret_entry->body = ward_span_of(m->payload, m->len);
	r->lent = m;
	return WARD_OK;
}

static enum ward_rc
take(struct reader *r, rd_kafka_message_t *m, struct ward_log_entry *ret_entry)
{
	enum ward_rc rc = m->err ? take_error(r, m) : take_record(r, m, ret_entry);

	if (rc)
		rd_kafka_message_destroy(m);
	if (rc && rc != WARD_E_TIMEOUT)
		r->failed = rc;
	return rc;
}

/* NULL: none came in time, or it was woken. */
static rd_kafka_message_t *
wait_for_one(struct reader *r, int timeout_ms, uint64_t until)
{
	uint64_t now = ward_clock_monotonic();
	int left = ROUND_MS;

	if (timeout_ms >= 0)
		left = now >= until			 ? 0
		       : (until - now) / 1000 < ROUND_MS ? (int)((until - now + 999) / 1000)
							 : ROUND_MS;
	return left > 0 ? rd_kafka_consume_queue(r->queue, left) : NULL;
}

enum ward_rc
ward_kafka_reader_next(struct ward_log_reader *base, int timeout_ms,
		       struct ward_log_entry *ret_entry)
{
	struct reader *r = (struct reader *)base;
	uint64_t until =
		ward_clock_monotonic() + (timeout_ms > 0 ? (uint64_t)timeout_ms * 1000 : 0);
	enum ward_rc rc = r->failed;

	if (r->lent)
		rd_kafka_message_destroy(r->lent);
	r->lent = NULL;
	while (!rc) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(r->queue, 0);

		look_at_ends(r);
		if (!m && atomic_exchange(&r->woken, false))
			return WARD_E_STOPPED;
		if (!m) {
			(void)rd_kafka_poll(r->client, 0);
			m = wait_for_one(r, timeout_ms, until);
		}
		if (m) {
			rc = take(r, m, ret_entry);
			if (rc != WARD_E_TIMEOUT)
				return rc;
			rc = WARD_OK;
		} else if (timeout_ms >= 0 && ward_clock_monotonic() >= until &&
			   !atomic_load(&r->woken)) {
			look_at_ends(r);
			return WARD_E_TIMEOUT;
		}
	}
	return rc;
}

void
ward_kafka_reader_wake(struct ward_log_reader *base)
{
	struct reader *r = (struct reader *)base;

	atomic_store(&r->woken, true);
	rd_kafka_queue_yield(r->queue);
}

/* --- life --- */

void
ward_kafka_reader_free(struct ward_log_reader *base)
{
	struct reader *r = (struct reader *)base;

	if (r->lent)
		rd_kafka_message_destroy(r->lent);
	for (size_t i = 0; i < r->started; i++)
		(void)rd_kafka_consume_stop(r->topics[r->cursors[i].channel],
					    (int32_t)r->cursors[i].partition);
	for (int c = 0; c < WARD_LOG_CHANNELS; c++)
		if (r->topics[c])
			rd_kafka_topic_destroy(r->topics[c]);
	if (r->queue)
		rd_kafka_queue_destroy(r->queue);
	if (r->client)
		rd_kafka_destroy(r->client);
	free(r);
}

static bool
is_kept(struct ward_kafka_log *log, const struct ward_log_position *p)
{
	bool kept;

	pthread_mutex_lock(&log->lock);
	kept = p->offset >= log->ends[p->channel][p->partition].first;
	pthread_mutex_unlock(&log->lock);
	return kept;
}

static enum ward_rc
begin_all(struct reader *r)
{
	enum ward_rc rc = WARD_OK;

	while (r->started < r->count && !rc) {
		const struct cursor *c = &r->cursors[r->started];

		if (!r->topics[c->channel])
			r->topics[c->channel] =
				rd_kafka_topic_new(r->client, log_of(r)->topics[c->channel], NULL);
		rc = r->topics[c->channel] ? begin(r, c) : WARD_E_NOMEM;
		r->started += rc == WARD_OK;
	}
	return rc;
}

enum ward_rc
ward_kafka_reader_new(struct ward_log *base, const struct ward_log_position *from, size_t count,
		      struct ward_log_reader **ret)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;
	struct reader *r = calloc(1, sizeof(*r) + count * sizeof(r->cursors[0]));
	char why[WARD_KAFKA_WHY];
	enum ward_rc rc = WARD_OK;

	if (!r)
		return WARD_E_NOMEM;
	r->base.log = base;
	r->count = count;
	for (size_t i = 0; i < count && !rc; i++) {
		r->cursors[i] = (struct cursor){from[i].channel, from[i].partition, from[i].offset};
		rc = is_kept(log, &from[i]) ? WARD_OK : WARD_E_NOENT;
	}
	if (!rc)
		rc = ward_kafka_client(log, NULL, &r->client, why);
	if (!rc) {
		r->queue = rd_kafka_queue_new(r->client);
		rc = begin_all(r);
	}
	if (rc)
		ward_kafka_reader_free(&r->base);
	else
		*ret = &r->base;
	return rc;
}

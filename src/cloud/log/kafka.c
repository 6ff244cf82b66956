/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending: librdkafka queues, batches and sends; the thread that serves its delivery reports counts
 * down each append and says when all its records are acknowledged.
 *
 * The idempotent producer may end with an error that it calls fatal (its state at the brokers is
 * lost, or was overtaken). What it had not delivered is then not acknowledged, and the thread puts
 * another producer in its place.
 */
#include "cloud/log/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/log/kafka-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { POLL_MS = 100, OVERHEAD = 128, SECOND_US = 1000000 };

#define MIB (UINT64_C(1) << 20)

/* --- taking --- */

struct batch;

struct slot {
	struct batch *batch;
};

/* One append under way. */
struct batch {
	struct ward_kafka_log *log;
	ward_log_done done;
	void *context;
	enum ward_rc rc;
	size_t count, left;
	uint64_t bytes;
	struct ward_log_position *positions;
	struct slot slots[];
};

static struct batch *
batch_new(struct ward_kafka_log *log, const struct ward_log_item *items, size_t count)
{
	struct batch *b = calloc(1, sizeof(*b) + count * sizeof(b->slots[0]));

	if (!b)
		return NULL;
	b->positions = calloc(count, sizeof(*b->positions));
	if (!b->positions) {
		free(b);
		return NULL;
	}
	b->log = log;
	b->count = b->left = count;
	for (size_t i = 0; i < count; i++) {
		b->slots[i].batch = b;
		b->bytes += items[i].key.len + items[i].body.len + OVERHEAD;
		b->positions[i].channel = items[i].channel;
		b->positions[i].partition =
			ward_log_route(items[i].route, log->partitions[items[i].channel]);
	}
	return b;
}

static void
batch_free(struct batch *b)
{
	free(b->positions);
	free(b);
}

/* The lock is held. */
static enum ward_rc
may_take(const struct ward_kafka_log *log, const struct batch *b)
{
	if (log->closing)
		return WARD_E_STOPPED;
	if (log->broken || atomic_load(&log->fatal))
		return WARD_E_IO;
	if (log->waiting > 0 && log->waiting + b->bytes > log->o.waiting_max)
		return WARD_E_LIMIT;
	return WARD_OK;
}

static enum ward_rc
send_one(struct ward_kafka_log *log, struct batch *b, const struct ward_log_item *item, size_t i)
{
	int rc = rd_kafka_produce(log->handles[item->channel], (int32_t)b->positions[i].partition,
				  RD_KAFKA_MSG_F_COPY,
				  item->body.len > 0 ? (void *)(uintptr_t)item->body.data : NULL,
				  item->body.len, item->key.len > 0 ? item->key.data : NULL,
				  item->key.len, &b->slots[i]);

	return rc == 0 ? WARD_OK : ward_kafka_rc(rd_kafka_last_error());
}

/* Nothing taken if the first is refused; if a later one is, the batch fails when the reports of
 * those before it are in. The lock is held, so they cannot be yet. */
static enum ward_rc
send_all(struct ward_kafka_log *log, struct batch *b, const struct ward_log_item *items)
{
	enum ward_rc rc = WARD_OK;
	size_t sent = 0;

	while (sent < b->count && !rc) {
		rc = send_one(log, b, &items[sent], sent);
		sent += rc == WARD_OK;
	}
	if (!rc || sent == 0)
		return rc;
	b->rc = rc;
	b->left = sent;
	return WARD_OK;
}

static enum ward_rc
kafka_append(struct ward_log *base, const struct ward_log_item *items, size_t count,
	     ward_log_done done, void *context)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;
	struct batch *b = batch_new(log, items, count);
	enum ward_rc rc;

	if (!b)
		return WARD_E_NOMEM;
	b->done = done;
	b->context = context;
	pthread_mutex_lock(&log->lock);
	rc = may_take(log, b);
	if (!rc)
		rc = send_all(log, b, items);
	if (rc)
		log->stats.refused += count;
	else
		log->waiting += b->bytes;
	pthread_mutex_unlock(&log->lock);
	if (rc)
		batch_free(b);
	return rc;
}

/* --- acknowledging --- */

/* The lock is held. */
static void
grown(struct ward_kafka_log *log, enum ward_log_channel channel, uint32_t partition, uint64_t next)
{
	struct ward_kafka_ends *e = &log->ends[channel][partition];

	if (e->next < next)
		e->next = next;
}

void
ward_kafka_grown(struct ward_kafka_log *log, enum ward_log_channel channel, uint32_t partition,
		 uint64_t next)
{
	pthread_mutex_lock(&log->lock);
	grown(log, channel, partition, next);
	pthread_mutex_unlock(&log->lock);
}

/* The lock is held. An acknowledgement that does not say where the record stands is of no use to who
 * must wait until it is applied: as good as none. */
static void
count_report(struct ward_kafka_log *log, struct batch *b, const rd_kafka_message_t *message)
{
	struct slot *slot = message->_private;
	struct ward_log_position *at = &b->positions[slot - b->slots];

	if (message->err && !b->rc)
		b->rc = ward_kafka_rc(message->err);
	else if (!message->err && message->offset < 0)
		b->rc = WARD_E_IO;
	if (!message->err && message->offset >= 0) {
		at->offset = (uint64_t)message->offset;
		grown(log, at->channel, at->partition, at->offset + 1);
	}
	b->left--;
}

/* The lock is held. */
static void
count_batch(struct ward_kafka_log *log, const struct batch *b)
{
	log->waiting -= b->bytes;
	log->stats.syncs++;
	log->stats.records += b->rc ? 0 : b->count;
	log->stats.bytes += b->rc ? 0 : b->bytes - b->count * OVERHEAD;
	log->stats.refused += b->rc ? b->count : 0;
}

static void
delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
	struct ward_kafka_log *log = opaque;
	struct batch *b = ((struct slot *)message->_private)->batch;
	bool last;

	(void)producer;
	pthread_mutex_lock(&log->lock);
	count_report(log, b, message);
	last = b->left == 0;
	if (last)
		count_batch(log, b);
	pthread_mutex_unlock(&log->lock);
	if (!last)
		return;
	b->done(b->context, b->rc, b->rc ? NULL : b->positions, b->count);
	batch_free(b);
}

/* --- producers --- */

static void
drop_producer(struct ward_kafka_log *log)
{
	for (int c = 0; c < WARD_LOG_CHANNELS; c++)
		if (log->handles[c])
			rd_kafka_topic_destroy(log->handles[c]);
	memset(log->handles, 0, sizeof(log->handles));
	if (log->producer)
		rd_kafka_destroy(log->producer);
	log->producer = NULL;
}

static enum ward_rc
make_producer(struct ward_kafka_log *log, char why[WARD_KAFKA_WHY])
{
	enum ward_rc rc = ward_kafka_client(log, delivered, &log->producer, why);

	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++) {
		log->handles[c] = rd_kafka_topic_new(log->producer, log->topics[c], NULL);
		if (!log->handles[c])
			rc = WARD_E_NOMEM;
	}
	return rc;
}

/* Reports of everything that was taken, as failures if need be. */
static void
give_up_waiting(struct ward_kafka_log *log)
{
	(void)rd_kafka_purge(log->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (rd_kafka_outq_len(log->producer) > 0)
		(void)rd_kafka_poll(log->producer, POLL_MS);
}

/* While `fatal` stands nobody appends, so nobody uses what is replaced. */
static void
replace_producer(struct ward_kafka_log *log)
{
	char why[WARD_KAFKA_WHY] = "";
	enum ward_rc rc;

	pthread_mutex_lock(&log->lock); /* an append that had begun before is over */
	pthread_mutex_unlock(&log->lock);
	give_up_waiting(log);
	drop_producer(log);
	rc = make_producer(log, why);
	pthread_mutex_lock(&log->lock);
	log->broken = rc != WARD_OK;
	atomic_store(&log->fatal, false);
	pthread_mutex_unlock(&log->lock);
}

static bool
go_on(struct ward_kafka_log *log, uint64_t *until)
{
	bool closing, waiting;

	pthread_mutex_lock(&log->lock);
	closing = log->closing;
	waiting = log->waiting > 0;
	pthread_mutex_unlock(&log->lock);
	if (!closing)
		return true;
	if (*until == 0)
		*until = ward_clock_monotonic() + UINT64_C(1000) * log->o.close_ms;
	return waiting && ward_clock_monotonic() < *until;
}

static void *
serve_reports(void *context)
{
	struct ward_kafka_log *log = context;
	uint64_t until = 0;

	while (go_on(log, &until)) {
		if (atomic_load(&log->fatal))
			replace_producer(log);
		if (log->broken)
			(void)usleep(SECOND_US / 10);
		else
			(void)rd_kafka_poll(log->producer, POLL_MS);
	}
	if (!log->broken)
		give_up_waiting(log);
	return NULL;
}

/* --- the rest of the interface --- */

static uint32_t
kafka_partitions(const struct ward_log *base, enum ward_log_channel channel)
{
	return ((const struct ward_kafka_log *)base)->partitions[channel];
}

/* Marks without records at the end are not waited for: nobody will ever read past them. */
static enum ward_rc
kafka_bounds(struct ward_log *base, enum ward_log_channel channel, uint32_t partition,
	     uint64_t *ret_first, uint64_t *ret_next)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;
	const struct ward_kafka_ends *e = &log->ends[channel][partition];

	pthread_mutex_lock(&log->lock);
	*ret_first = e->first;
	*ret_next = e->hole_end == e->next && e->hole < e->next ? e->hole : e->next;
	if (*ret_next < *ret_first)
		*ret_next = *ret_first;
	pthread_mutex_unlock(&log->lock);
	return WARD_OK;
}

static void
kafka_stats(struct ward_log *base, struct ward_log_stats *ret_stats)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;

	pthread_mutex_lock(&log->lock);
	*ret_stats = log->stats;
	ret_stats->waiting = log->waiting;
	pthread_mutex_unlock(&log->lock);
}

static void
release(struct ward_kafka_log *log)
{
	drop_producer(log);
	for (int c = 0; c < WARD_LOG_CHANNELS; c++)
		free(log->ends[c]);
	ward_fd_close(&log->lock_fd);
	pthread_mutex_destroy(&log->lock);
	free(log->texts);
	free(log);
}

static void
kafka_close(struct ward_log *base)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;

	pthread_mutex_lock(&log->lock);
	log->closing = true;
	pthread_mutex_unlock(&log->lock);
	if (log->polling)
		pthread_join(log->poller, NULL);
	release(log);
}

static const struct ward_log_ops ops = {
	.append = kafka_append,
	.partitions = kafka_partitions,
	.bounds = kafka_bounds,
	.reader_new = ward_kafka_reader_new,
	.reader_free = ward_kafka_reader_free,
	.reader_next = ward_kafka_reader_next,
	.reader_wake = ward_kafka_reader_wake,
	.truncate = ward_kafka_truncate,
	.stats = kafka_stats,
	.close = kafka_close,
};

/* --- opening --- */

/* All texts of the options in one piece of memory. */
static bool
copy_texts(struct ward_kafka_log *log)
{
	struct ward_log_kafka_options *o = &log->o;
	const char **const texts[] = {&o->brokers,   &o->prefix,      &o->directory,
				      &o->ca,	     &o->certificate, &o->key,
				      &o->mechanism, &o->user,	      &o->password_file};
	size_t count = sizeof(texts) / sizeof(texts[0]), room = 1;
	char *at;

	for (size_t i = 0; i < count; i++)
		room += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	at = log->texts = malloc(room);
	for (size_t i = 0; at && i < count; i++) {
		size_t len = *texts[i] ? strlen(*texts[i]) + 1 : 0;

		if (len == 0)
			continue;
		memcpy(at, *texts[i], len);
		*texts[i] = at;
		at += len;
	}
	return at != NULL;
}

static bool
prefix_fits(const char *prefix)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(prefix);

	return len > 0 && len <= 64 && strspn(prefix, good) == len && strcmp(prefix, ".") != 0;
}

static bool
options_fit(const struct ward_log_kafka_options *o)
{
	return o->brokers && o->brokers[0] && o->prefix && prefix_fits(o->prefix) && o->directory &&
	       o->partitions > 0 && o->partitions <= WARD_LOG_PARTITIONS_MAX && o->replicas > 0 &&
	       o->replicas <= 9 && o->min_insync > 0 && o->min_insync <= o->replicas &&
	       (!o->mechanism || (o->tls && o->user && o->password_file));
}

static struct ward_kafka_log *
new_log(const struct ward_log_kafka_options *options)
{
	static const char *const names[] = {"events", "state", "updates"};
	struct ward_kafka_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->base.ops = &ops;
	log->lock_fd = -1;
	log->o = *options;
	if (!copy_texts(log)) {
		free(log);
		return NULL;
	}
	log->o.waiting_max = log->o.waiting_max ? log->o.waiting_max : 64 * MIB;
	log->o.open_ms = log->o.open_ms ? log->o.open_ms : 60000;
	log->o.ack_ms = log->o.ack_ms ? log->o.ack_ms : 30000;
	log->o.close_ms = log->o.close_ms ? log->o.close_ms : 10000;
	for (int c = 0; c < WARD_LOG_CHANNELS; c++)
		(void)snprintf(log->topics[c], sizeof(log->topics[c]), "%s-%s", log->o.prefix,
			       names[c]);
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

/* One process for a directory, and not where an embedded log is: its records would not be seen. */
static enum ward_rc
take_directory(struct ward_kafka_log *log, char why[WARD_KAFKA_WHY])
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	struct ward_fd_stat stat;
	enum ward_rc rc;

	(void)mkdir(log->o.directory, 0700); /* if it is not there then, the next line says so */
	rc = ward_fd_open_directory(-1, log->o.directory, &dir);
	if (!rc)
		rc = ward_fd_lock(dir, "lock", &log->lock_fd);
	if (rc == WARD_E_PERM)
		(void)snprintf(why, WARD_KAFKA_WHY, "in use by another process");
	if (!rc && !ward_fd_stat_at(dir, "events", false, &stat)) {
		(void)snprintf(why, WARD_KAFKA_WHY,
			       "%s holds an embedded log, whose records would not be seen",
			       log->o.directory);
		rc = WARD_E_INVAL;
	}
	return rc;
}

static enum ward_rc
compare_cluster(struct ward_kafka_log *log, int dir, const char *now, char why[WARD_KAFKA_WHY])
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	WARD_AUTO(ward_buf_done) struct ward_buf before = {0};
	enum ward_rc rc = ward_fd_open_regular(dir, "cluster", false, &fd, NULL);

	ward_buf_init(&before, WARD_KAFKA_WHY, NULL);
	if (!rc)
		rc = ward_fd_read_all(fd, &before);
	if (rc || ward_span_eq(ward_buf_span(&before), ward_span_str(now)))
		return rc;
	(void)snprintf(why, WARD_KAFKA_WHY,
		       "%s/cluster says that this node belongs to another cluster or prefix: "
		       "%.*s",
		       log->o.directory, (int)before.len, (const char *)before.data);
	return WARD_E_INVAL;
}

static enum ward_rc
claim_cluster(const struct ward_kafka_log *log, const char *now)
{
	char path[WARD_KAFKA_WHY];

	if (snprintf(path, sizeof(path), "%s/cluster", log->o.directory) >= (int)sizeof(path))
		return WARD_E_LIMIT;
	return ward_fd_write_atomic(path, ward_span_str(now), 0600);
}

enum ward_rc
ward_kafka_same_cluster(struct ward_kafka_log *log, rd_kafka_t *client, bool claim,
			char why[WARD_KAFKA_WHY])
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	char *id = rd_kafka_clusterid(client, 5000);
	char now[WARD_KAFKA_WHY];
	enum ward_rc rc;

	if (!id) {
		(void)snprintf(why, WARD_KAFKA_WHY, "the cluster does not say its id");
		return WARD_E_TIMEOUT;
	}
	(void)snprintf(now, sizeof(now), "%s %s\n", id, log->o.prefix);
	rd_kafka_mem_free(client, id);
	rc = ward_fd_open_directory(-1, log->o.directory, &dir);
	if (!rc)
		rc = compare_cluster(log, dir, now, why);
	return rc == WARD_E_NOENT && claim ? claim_cluster(log, now) : rc;
}

static enum ward_rc
start(struct ward_kafka_log *log, char why[WARD_KAFKA_WHY])
{
	enum ward_rc rc = take_directory(log, why);

	if (!rc)
		rc = ward_kafka_topics_open(log, why);
	if (!rc)
		rc = make_producer(log, why);
	if (!rc && pthread_create(&log->poller, NULL, serve_reports, log) != 0)
		rc = WARD_E_NOMEM;
	log->polling = !rc;
	return rc;
}

enum ward_rc
ward_log_open_kafka(const struct ward_log_kafka_options *options, struct ward_log **ret,
		    char why[512])
{
	char nobody_asked[WARD_KAFKA_WHY];
	struct ward_kafka_log *log;
	enum ward_rc rc;

	if (!options_fit(options))
		return WARD_E_INVAL;
	log = new_log(options);
	if (!log)
		return WARD_E_NOMEM;
	rc = start(log, why ? why : nobody_asked);
	if (rc)
		release(log);
	else
		*ret = &log->base;
	return rc;
}

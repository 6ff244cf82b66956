/* SPDX-License-Identifier: Apache-2.0 */
/* Appending: callers lay their records out and queue them; one thread writes everything that waits
 * and makes it durable by one sync for each channel touched (group commit). */
#include "cloud/log/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "cloud/log/file-priv.h"
#include "cloud/log/segment.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { RUNS = 256 };

#define MIB (UINT64_C(1) << 20)

/* --- taking --- */

static void
batch_free(struct ward_file_batch *b)
{
	if (!b)
		return;
	free(b->positions);
	free(b->sizes);
	free(b->data);
	free(b);
}

static struct ward_file_batch *
batch_new(const struct ward_log_item *items, size_t count)
{
	struct ward_file_batch *b = calloc(1, sizeof(*b));
	size_t at = 0;

	if (!b)
		return NULL;
	for (size_t i = 0; i < count; i++)
		b->bytes += ward_segment_record_size(items[i].key.len, items[i].body.len);
	b->count = count;
	b->positions = calloc(count, sizeof(*b->positions));
	b->sizes = calloc(count, sizeof(*b->sizes));
	b->data = malloc(b->bytes);
	if (!b->positions || !b->sizes || !b->data) {
		batch_free(b);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		ward_segment_lay_out(b->data + at, items[i].key, items[i].body);
		b->sizes[i] = ward_segment_record_size(items[i].key.len, items[i].body.len);
		b->positions[i].channel = items[i].channel;
		at += b->sizes[i];
	}
	return b;
}

static enum ward_rc
file_append(struct ward_log *base, const struct ward_log_item *items, size_t count,
	    ward_log_done done, void *context)
{
	struct ward_file_log *log = (struct ward_file_log *)base;
	struct ward_file_batch *b = batch_new(items, count);
	enum ward_rc rc = WARD_OK;

	if (!b)
		return WARD_E_NOMEM;
	b->done = done;
	b->context = context;
	pthread_mutex_lock(&log->lock);
	if (log->broken)
		rc = WARD_E_IO;
	else if (log->closing)
		rc = WARD_E_STOPPED;
	else if (log->waiting > 0 && log->waiting + b->bytes > log->waiting_max)
		rc = WARD_E_LIMIT;
	if (rc) {
		log->stats.refused += count;
	} else {
		log->waiting += b->bytes;
		*log->last = b;
		log->last = &b->next;
		pthread_cond_signal(&log->work);
	}
	pthread_mutex_unlock(&log->lock);
	if (rc)
		batch_free(b);
	return rc;
}

/* --- writing --- */

/* Runs of records that go to one channel, written when full. */
struct gather {
	struct ward_file_log *log;
	struct ward_file_channel *channel;
	struct iovec runs[RUNS];
	int count;
	uint64_t bytes;
};

static enum ward_rc
flush(struct gather *g)
{
	enum ward_rc rc = WARD_OK;

	if (g->count > 0)
		rc = ward_file_channel_write(g->channel, g->runs, g->count, g->bytes);
	g->count = 0;
	g->bytes = 0;
	return rc;
}

static enum ward_rc
gather(struct gather *g, uint8_t *record, size_t size)
{
	struct ward_file_channel *c = g->channel;
	enum ward_rc rc = WARD_OK;

	if (g->count == RUNS || c->size + g->bytes + size > g->log->segment_bytes)
		rc = flush(g);
	if (!rc && c->size > WARD_SEGMENT_HEADER && c->size + size > g->log->segment_bytes)
		rc = ward_file_channel_roll(c, &g->log->lock);
	if (rc)
		return rc;
	ward_segment_seal(record, size, c->next++, ward_clock_wall() / 1000);
	g->runs[g->count++] = (struct iovec){record, size};
	g->bytes += size;
	return WARD_OK;
}

/* All records of the batches that go to this channel, in order. */
static enum ward_rc
write_channel(struct ward_file_log *log, struct ward_file_channel *c, struct ward_file_batch *first)
{
	static _Thread_local struct gather g;
	enum ward_rc rc = WARD_OK;

	g = (struct gather){.log = log, .channel = c};
	for (struct ward_file_batch *b = first; b && !rc; b = b->next) {
		uint8_t *at = b->data;

		for (size_t i = 0; i < b->count && !rc; at += b->sizes[i], i++) {
			if (b->positions[i].channel != c->channel)
				continue;
			b->positions[i].offset = c->next;
			rc = gather(&g, at, b->sizes[i]);
		}
	}
	if (!rc)
		rc = flush(&g);
	return rc;
}

static bool
has_room(const struct ward_file_log *log)
{
	struct statvfs fs;

	if (fstatvfs(log->dir, &fs) != 0)
		return false;
	return (uint64_t)fs.f_bavail * fs.f_frsize > log->reserve;
}

/* Where the channels stood before a group: what was not acknowledged is taken back. */
struct before {
	uint64_t next[WARD_LOG_CHANNELS], first[WARD_LOG_CHANNELS], size[WARD_LOG_CHANNELS];
};

static void
remember(const struct ward_file_log *log, struct before *ret)
{
	for (size_t i = 0; i < WARD_LOG_CHANNELS; i++) {
		const struct ward_file_channel *c = &log->channels[i];

		ret->next[i] = c->next;
		ret->first[i] = c->segments[c->segment_count - 1];
		ret->size[i] = c->size;
	}
}

/* True when all channels are as they were. A channel that began another segment meanwhile cannot be
 * taken back so simply: the log is then broken until it is opened anew. */
static bool
restore(struct ward_file_log *log, const struct before *was)
{
	for (size_t i = 0; i < WARD_LOG_CHANNELS; i++) {
		struct ward_file_channel *c = &log->channels[i];

		if (c->next == was->next[i] && c->size == was->size[i])
			continue;
		if (c->segments[c->segment_count - 1] != was->first[i] ||
		    ftruncate(c->fd, (off_t)was->size[i]) != 0)
			return false;
		c->size = was->size[i];
		c->next = was->next[i];
	}
	return true;
}

static enum ward_rc
sync_all(struct ward_file_log *log, uint64_t *ret_syncs)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < WARD_LOG_CHANNELS && !rc; i++)
		if (log->channels[i].dirty) {
			rc = ward_file_channel_sync(&log->channels[i]);
			(*ret_syncs)++;
		}
	return rc;
}

/* Writes the batches and makes them durable; *ret_broken: the log can take nothing more. */
static enum ward_rc
commit(struct ward_file_log *log, struct ward_file_batch *first, uint64_t *ret_syncs,
       bool *ret_broken)
{
	struct before was;
	enum ward_rc rc = has_room(log) ? WARD_OK : WARD_E_LIMIT;

	remember(log, &was);
	for (size_t i = 0; i < WARD_LOG_CHANNELS && !rc; i++)
		rc = write_channel(log, &log->channels[i], first);
	if (!rc) {
		rc = sync_all(log, ret_syncs);
		*ret_broken = rc != WARD_OK; /* after a failed fsync nobody knows what is there */
	} else if (!restore(log, &was)) {
		*ret_broken = true;
	}
	return rc;
}

static void
publish(struct ward_file_log *log, struct ward_file_batch *first, enum ward_rc rc, uint64_t syncs,
	bool broken)
{
	pthread_mutex_lock(&log->lock);
	log->broken |= broken;
	log->stats.syncs += syncs;
	for (struct ward_file_batch *b = first; b; b = b->next) {
		log->waiting -= b->bytes;
		log->stats.records += rc ? 0 : b->count;
		log->stats.bytes += rc ? 0 : b->bytes;
		log->stats.refused += rc ? b->count : 0;
	}
	for (size_t i = 0; i < WARD_LOG_CHANNELS && !rc; i++)
		log->channels[i].durable = log->channels[i].next;
	pthread_cond_broadcast(&log->fresh);
	pthread_mutex_unlock(&log->lock);
}

static void
tell(struct ward_file_batch *first, enum ward_rc rc)
{
	while (first) {
		struct ward_file_batch *b = first;

		first = b->next;
		b->done(b->context, rc, rc ? NULL : b->positions, b->count);
		batch_free(b);
	}
}

/* NULL: the log is closing and nothing waits. */
static struct ward_file_batch *
take_all(struct ward_file_log *log, bool *ret_broken)
{
	struct ward_file_batch *first;

	pthread_mutex_lock(&log->lock);
	while (!log->first && !log->closing)
		pthread_cond_wait(&log->work, &log->lock);
	first = log->first;
	log->first = NULL;
	log->last = &log->first;
	*ret_broken = log->broken;
	pthread_mutex_unlock(&log->lock);
	return first;
}

static void *
write_loop(void *context)
{
	struct ward_file_log *log = context;
	struct ward_file_batch *first;
	bool broken = false;

	while ((first = take_all(log, &broken))) {
		uint64_t syncs = 0;
		enum ward_rc rc = broken ? WARD_E_IO : commit(log, first, &syncs, &broken);

		publish(log, first, rc, syncs, broken);
		tell(first, rc);
	}
	return NULL;
}

/* --- the rest of the interface --- */

static uint32_t
file_partitions(const struct ward_log *log, enum ward_log_channel channel)
{
	(void)log;
	(void)channel;
	return 1;
}

static enum ward_rc
file_bounds(struct ward_log *base, enum ward_log_channel channel, uint32_t partition,
	    uint64_t *ret_first, uint64_t *ret_next)
{
	struct ward_file_log *log = (struct ward_file_log *)base;

	(void)partition;
	pthread_mutex_lock(&log->lock);
	*ret_first = log->channels[channel].segments[0];
	*ret_next = log->channels[channel].durable;
	pthread_mutex_unlock(&log->lock);
	return WARD_OK;
}

static enum ward_rc
file_truncate(struct ward_log *base, const struct ward_log_position *position)
{
	struct ward_file_log *log = (struct ward_file_log *)base;
	enum ward_rc rc;

	pthread_mutex_lock(&log->lock);
	rc = ward_file_channel_truncate(&log->channels[position->channel], position->offset);
	pthread_mutex_unlock(&log->lock);
	return rc;
}

static void
file_stats(struct ward_log *base, struct ward_log_stats *ret_stats)
{
	struct ward_file_log *log = (struct ward_file_log *)base;

	pthread_mutex_lock(&log->lock);
	*ret_stats = log->stats;
	ret_stats->waiting = log->waiting;
	for (size_t i = 0; i < WARD_LOG_CHANNELS; i++)
		ret_stats->size += log->channels[i].older + log->channels[i].size;
	pthread_mutex_unlock(&log->lock);
}

static void
release(struct ward_file_log *log)
{
	for (size_t i = 0; i < WARD_LOG_CHANNELS; i++)
		ward_file_channel_close(&log->channels[i]);
	ward_fd_close(&log->lock_fd);
	ward_fd_close(&log->dir);
	pthread_cond_destroy(&log->work);
	pthread_cond_destroy(&log->fresh);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

static void
file_close(struct ward_log *base)
{
	struct ward_file_log *log = (struct ward_file_log *)base;

	pthread_mutex_lock(&log->lock);
	log->closing = true;
	pthread_cond_signal(&log->work);
	pthread_mutex_unlock(&log->lock);
	pthread_join(log->writer, NULL);
	release(log);
}

static const struct ward_log_ops ops = {
	.append = file_append,
	.partitions = file_partitions,
	.bounds = file_bounds,
	.reader_new = ward_file_reader_new,
	.reader_free = ward_file_reader_free,
	.reader_next = ward_file_reader_next,
	.reader_wake = ward_file_reader_wake,
	.truncate = file_truncate,
	.stats = file_stats,
	.close = file_close,
};

static struct ward_file_log *
new_log(const struct ward_log_file_options *o)
{
	struct ward_file_log *log = calloc(1, sizeof(*log));
	pthread_condattr_t monotonic;

	if (!log)
		return NULL;
	log->base.ops = &ops;
	log->dir = log->lock_fd = -1;
	log->segment_bytes = o->segment_bytes ? o->segment_bytes : 128 * MIB;
	log->waiting_max = o->waiting_max ? o->waiting_max : 64 * MIB;
	log->reserve = o->reserve_bytes;
	log->last = &log->first;
	for (size_t i = 0; i < WARD_LOG_CHANNELS; i++)
		log->channels[i].dir = log->channels[i].fd = -1;
	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&log->work, NULL);
	pthread_cond_init(&log->fresh, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return log;
}

static enum ward_rc
open_channels(struct ward_file_log *log, const char *directory, char why[512])
{
	enum ward_rc rc;

	(void)mkdir(directory, 0700); /* if it is there, or cannot be, the next line says so */
	rc = ward_fd_open_directory(-1, directory, &log->dir);
	if (!rc)
		rc = ward_fd_lock(log->dir, "lock", &log->lock_fd);
	if (rc == WARD_E_PERM)
		(void)snprintf(why, 512, "in use by another process");
	for (int i = 0; i < WARD_LOG_CHANNELS && !rc; i++)
		rc = ward_file_channel_open(&log->channels[i], log->dir, (enum ward_log_channel)i,
					    why);
	return rc;
}

enum ward_rc
ward_log_open_file(const struct ward_log_file_options *options, struct ward_log **ret,
		   char why[512])
{
	struct ward_file_log *log = new_log(options);
	char nobody_asked[512];
	enum ward_rc rc;

	if (!log)
		return WARD_E_NOMEM;
	rc = open_channels(log, options->directory, why ? why : nobody_asked);
	if (!rc && pthread_create(&log->writer, NULL, write_loop, log) != 0)
		rc = WARD_E_NOMEM;
	if (rc)
		release(log);
	else
		*ret = &log->base;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/log.h"

#include <pthread.h>

#include "cloud/log/log-priv.h"

enum { ITEMS_MAX = 10 * 1000 };

uint32_t
ward_log_route(struct ward_span route, uint32_t partitions)
{
	uint32_t number = 0;

	if (route.len < 4)
		return 0;
	for (size_t i = 0; i < 4; i++)
		number = number << 8 | route.data[i];
	return number % partitions;
}

static bool
item_fits(const struct ward_log_item *item)
{
	return (unsigned)item->channel < WARD_LOG_CHANNELS && item->key.len <= WARD_LOG_KEY_MAX &&
	       item->body.len <= WARD_LOG_BODY_MAX &&
	       (item->channel == WARD_LOG_STATE ? item->key.len > 0 : item->body.len > 0);
}

enum ward_rc
ward_log_append(struct ward_log *log, const struct ward_log_item *items, size_t count,
		ward_log_done done, void *context)
{
	if (count == 0 || count > ITEMS_MAX)
		return WARD_E_INVAL;
	for (size_t i = 0; i < count; i++)
		if (!item_fits(&items[i]))
			return WARD_E_INVAL;
	return log->ops->append(log, items, count, done, context);
}

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool done;
	enum ward_rc rc;
	struct ward_log_position *positions; /* may be NULL */
};

static void
wait_done(void *context, enum ward_rc rc, const struct ward_log_position *positions, size_t count)
{
	struct wait *w = context;

	pthread_mutex_lock(&w->lock);
	if (!rc && w->positions)
		memcpy(w->positions, positions, count * sizeof(*positions));
	w->rc = rc;
	w->done = true;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
}

enum ward_rc
ward_log_append_wait(struct ward_log *log, const struct ward_log_item *items, size_t count,
		     struct ward_log_position *ret_positions)
{
	struct wait w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, WARD_OK,
			 ret_positions};
	enum ward_rc rc = ward_log_append(log, items, count, wait_done, &w);

	if (rc)
		return rc;
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.ended, &w.lock);
	pthread_mutex_unlock(&w.lock);
	pthread_cond_destroy(&w.ended);
	pthread_mutex_destroy(&w.lock);
	return w.rc;
}

uint32_t
ward_log_partitions(const struct ward_log *log, enum ward_log_channel channel)
{
	return log->ops->partitions(log, channel);
}

enum ward_rc
ward_log_bounds(struct ward_log *log, enum ward_log_channel channel, uint32_t partition,
		uint64_t *ret_first, uint64_t *ret_next)
{
	if (partition >= ward_log_partitions(log, channel))
		return WARD_E_INVAL;
	return log->ops->bounds(log, channel, partition, ret_first, ret_next);
}

enum ward_rc
ward_log_ends(struct ward_log *log, struct ward_log_position *ret, size_t *ret_count)
{
	size_t n = 0;

	for (int c = 0; c < WARD_LOG_CHANNELS; c++) {
		enum ward_log_channel channel = (enum ward_log_channel)c;

		for (uint32_t p = 0; p < ward_log_partitions(log, channel); p++, n++) {
			uint64_t first;
			enum ward_rc rc;

			ret[n] = (struct ward_log_position){channel, p, 0};
			rc = ward_log_bounds(log, channel, p, &first, &ret[n].offset);
			if (rc)
				return rc;
		}
	}
	*ret_count = n;
	return WARD_OK;
}

enum ward_rc
ward_log_reader_new(struct ward_log *log, const struct ward_log_position *from, size_t count,
		    struct ward_log_reader **ret)
{
	if (count == 0)
		return WARD_E_INVAL;
	for (size_t i = 0; i < count; i++)
		if ((unsigned)from[i].channel >= WARD_LOG_CHANNELS ||
		    from[i].partition >= ward_log_partitions(log, from[i].channel))
			return WARD_E_INVAL;
	return log->ops->reader_new(log, from, count, ret);
}

struct ward_log_reader *
ward_log_reader_free(struct ward_log_reader *reader)
{
	if (reader)
		reader->log->ops->reader_free(reader);
	return NULL;
}

enum ward_rc
ward_log_reader_next(struct ward_log_reader *reader, int timeout_ms,
		     struct ward_log_entry *ret_entry)
{
	return reader->log->ops->reader_next(reader, timeout_ms, ret_entry);
}

void
ward_log_reader_wake(struct ward_log_reader *reader)
{
	reader->log->ops->reader_wake(reader);
}

enum ward_rc
ward_log_truncate(struct ward_log *log, const struct ward_log_position *position)
{
	if ((unsigned)position->channel >= WARD_LOG_CHANNELS ||
	    position->partition >= ward_log_partitions(log, position->channel))
		return WARD_E_INVAL;
	return log->ops->truncate(log, position);
}

void
ward_log_stats(struct ward_log *log, struct ward_log_stats *ret_stats)
{
	log->ops->stats(log, ret_stats);
}

struct ward_log *
ward_log_close(struct ward_log *log)
{
	if (log)
		log->ops->close(log);
	return NULL;
}

void
ward_log_closep(struct ward_log **log)
{
	*log = ward_log_close(*log);
}

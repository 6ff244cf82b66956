/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: for each partition asked for a cursor with a buffer; only durable records are handed out. */
#include <stdlib.h>
#include <time.h>

#include "cloud/log/file-priv.h"
#include "cloud/log/segment.h"
#include "sys/fd.h"

enum { BUFFER = 1024 * 1024 };

struct cursor {
	enum ward_log_channel channel;
	uint64_t next;	  /* offset of the record to hand out */
	int fd;		  /* segment that holds it; -1: to be found */
	uint64_t segment; /* its first offset */
	uint64_t at;	  /* in the file: where the buffer's bytes begin */
	uint8_t *buffer;
	size_t used, len; /* of the buffer */
};

struct reader {
	struct ward_log_reader base;
	size_t count, turn;
	bool woken;
	struct cursor cursors[WARD_LOG_CHANNELS];
};

static void
cursor_done(struct cursor *c)
{
	ward_fd_close(&c->fd);
	free(c->buffer);
	c->buffer = NULL;
}

/* The segment that holds `next`; WARD_E_NOENT: it was let go. The caller holds the lock. */
static enum ward_rc
find_segment(struct ward_file_log *log, struct cursor *c)
{
	const struct ward_file_channel *channel = &log->channels[c->channel];
	size_t i = channel->segment_count;
	char name[WARD_FILE_NAME];

	while (i > 0 && channel->segments[i - 1] > c->next)
		i--;
	if (i == 0)
		return WARD_E_NOENT;
	c->segment = channel->segments[i - 1];
	ward_file_segment_name(c->segment, name);
	ward_fd_close(&c->fd);
	c->at = WARD_SEGMENT_HEADER;
	c->used = c->len = 0;
	return ward_fd_open_regular(channel->dir, name, false, &c->fd, NULL);
}

/* More bytes of the segment behind those not used yet. *ret_more: there were some. */
static enum ward_rc
fill(struct cursor *c, bool *ret_more)
{
	size_t n = 0;
	enum ward_rc rc;

	if (!c->buffer)
		c->buffer = malloc(BUFFER);
	if (!c->buffer)
		return WARD_E_NOMEM;
	memmove(c->buffer, c->buffer + c->used, c->len - c->used);
	c->at += c->used;
	c->len -= c->used;
	c->used = 0;
	rc = ward_fd_pread(c->fd, c->buffer + c->len, BUFFER - c->len, c->at + c->len, &n);
	if (rc)
		return rc;
	c->len += n;
	*ret_more = n > 0;
	return WARD_OK;
}

/* The record the cursor stands on, whichever it is. WARD_E_NOENT: the segment ends here. */
static enum ward_rc
read_one(struct cursor *c, struct ward_segment_record *ret)
{
	bool more = true;
	enum ward_rc rc;

	for (;;) {
		struct ward_span got = ward_span_of(c->buffer, c->len);

		rc = ward_segment_record_read(ward_span_cut(got, c->used, c->len), ret);
		if (!rc)
			c->used += ret->size;
		if (rc != WARD_E_TRUNCATED)
			return rc;
		rc = fill(c, &more);
		if (rc)
			return rc;
		if (!more)
			return c->len == 0 ? WARD_E_NOENT : WARD_E_FORMAT;
	}
}

/* What was read before it was durable may have changed since: read again from the file. */
static void
forget_buffer(struct cursor *c)
{
	c->at += c->used;
	c->used = c->len = 0;
}

static enum ward_rc
locate(struct ward_file_log *log, struct cursor *c)
{
	enum ward_rc rc = WARD_OK;

	if (c->fd < 0) {
		pthread_mutex_lock(&log->lock);
		rc = find_segment(log, c);
		pthread_mutex_unlock(&log->lock);
	}
	return rc;
}

/* The record `next`, which is durable. */
static enum ward_rc
read_next(struct ward_file_log *log, struct cursor *c, struct ward_segment_record *ret)
{
	bool again = false;

	for (;;) {
		enum ward_rc rc = locate(log, c);

		if (rc)
			return rc;
		rc = read_one(c, ret);
		if (rc == WARD_E_NOENT && c->next > c->segment) {
			ward_fd_close(&c->fd); /* goes on in the next segment */
		} else if ((rc == WARD_E_FORMAT || rc == WARD_E_NOENT) && !again) {
			forget_buffer(c);
			again = true;
		} else if (rc) {
			return rc == WARD_E_NOENT ? WARD_E_FORMAT : rc;
		} else if (ret->offset >= c->next) {
			return ret->offset == c->next ? WARD_OK : WARD_E_FORMAT;
		}
	}
}

static void
until(int timeout_ms, struct timespec *ret)
{
	(void)clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += timeout_ms / 1000;
	ret->tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_sec++;
		ret->tv_nsec -= 1000000000;
	}
}

/* A cursor with a durable record to read, fairly in turn; NULL: none. The lock is held. */
static struct cursor *
ready(struct ward_file_log *log, struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct cursor *c = &r->cursors[(r->turn + i) % r->count];

		if (c->next < log->channels[c->channel].durable) {
			r->turn = (r->turn + i) % r->count;
			return c;
		}
	}
	return NULL;
}

static enum ward_rc
wait_ready(struct ward_file_log *log, struct reader *r, int timeout_ms, struct cursor **ret)
{
	struct timespec end;
	enum ward_rc rc = WARD_OK;

	if (timeout_ms > 0)
		until(timeout_ms, &end);
	pthread_mutex_lock(&log->lock);
	while (!(*ret = ready(log, r)) && !rc) {
		if (r->woken)
			rc = WARD_E_STOPPED;
		else if (timeout_ms == 0 ||
			 (timeout_ms > 0 &&
			  pthread_cond_timedwait(&log->fresh, &log->lock, &end) != 0))
			rc = WARD_E_TIMEOUT;
		else if (timeout_ms < 0)
			pthread_cond_wait(&log->fresh, &log->lock);
	}
	if (rc == WARD_E_STOPPED)
		r->woken = false;
	pthread_mutex_unlock(&log->lock);
	return *ret ? WARD_OK : rc;
}

enum ward_rc
ward_file_reader_next(struct ward_log_reader *base, int timeout_ms,
		      struct ward_log_entry *ret_entry)
{
	struct reader *r = (struct reader *)base;
	struct ward_file_log *log = (struct ward_file_log *)base->log;
	struct ward_segment_record record;
	struct cursor *c = NULL;
	enum ward_rc rc = wait_ready(log, r, timeout_ms, &c);

	if (!rc)
		rc = read_next(log, c, &record);
	if (rc)
		return rc;
	*ret_entry = (struct ward_log_entry){{c->channel, 0, c->next}, record.key, record.body};
	c->next++;
	return WARD_OK;
}

void
ward_file_reader_wake(struct ward_log_reader *base)
{
	struct reader *r = (struct reader *)base;
	struct ward_file_log *log = (struct ward_file_log *)base->log;

	pthread_mutex_lock(&log->lock);
	r->woken = true;
	pthread_cond_broadcast(&log->fresh);
	pthread_mutex_unlock(&log->lock);
}

void
ward_file_reader_free(struct ward_log_reader *base)
{
	struct reader *r = (struct reader *)base;

	for (size_t i = 0; i < r->count; i++)
		cursor_done(&r->cursors[i]);
	free(r);
}

enum ward_rc
ward_file_reader_new(struct ward_log *base, const struct ward_log_position *from, size_t count,
		     struct ward_log_reader **ret)
{
	struct ward_file_log *log = (struct ward_file_log *)base;
	struct reader *r;
	bool kept = true;

	if (count > WARD_LOG_CHANNELS)
		return WARD_E_INVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return WARD_E_NOMEM;
	r->base.log = base;
	r->count = count;
	pthread_mutex_lock(&log->lock);
	for (size_t i = 0; i < count; i++) {
		r->cursors[i] = (struct cursor){
			.channel = from[i].channel, .next = from[i].offset, .fd = -1};
		kept = kept && from[i].offset >= log->channels[from[i].channel].segments[0];
	}
	pthread_mutex_unlock(&log->lock);
	if (!kept) {
		ward_file_reader_free(&r->base);
		return WARD_E_NOENT;
	}
	*ret = &r->base;
	return WARD_OK;
}

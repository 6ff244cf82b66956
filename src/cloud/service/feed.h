/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The feed: what stands in the log's UPDATES channel, as messages of a server stream that are encoded
 * once and shared by all who send them. One thread reads the log: what is new as soon as it is told of
 * it, what is old when somebody asks for it. What it read stays in pieces (of PIECE updates) of which
 * the last used are kept, so that thousands who come back at once cost one reading.
 *
 * Of signed records a timestamp stands for all: what it covers goes out with it, in one message, if it
 * counted (cloud/views/records.h); the records by themselves are nothing for endpoints.
 *
 * A position is an offset of the channel plus one: 0 means "from the beginning". Any thread.
 */
#ifndef WARD_CLOUD_SERVICE_FEED_H
#define WARD_CLOUD_SERVICE_FEED_H

#include "cloud/edge/edge.h"
#include "cloud/log/record.h"

struct service_feed;

enum service_feed_answer {
	SERVICE_FEED_MESSAGE, /* here is the next one */
	SERVICE_FEED_NONE,    /* there is nothing newer */
	SERVICE_FEED_LATER,   /* it is being read: `wake` will be called */
	SERVICE_FEED_LOST,    /* this position is no longer kept: go on from *ret_position */
};

/* Whom the feed asks from its thread; any may be NULL. */
struct service_feed_source {
	void *context;
	/* How far the channel is applied (the next offset): no further is read. */
	uint64_t (*applied)(void *context);
	/* What endpoints are told of a timestamp at this position; *ret NULL: nothing. */
	enum ward_rc (*updates)(void *context, const Ward__Log__V1__Timestamp *timestamp,
				uint64_t position, uint64_t time_ms, struct ward_message **ret);
};

/* `wake` is called from the feed's thread whenever it read something, and `tick_ms` after the last
 * time otherwise; it must not block. The log outlives the feed. */
enum ward_rc service_feed_new(struct ward_log *log, const struct service_feed_source *source,
			      unsigned tick_ms, void (*wake)(void *context), void *context,
			      struct service_feed **ret) WARD_MUST_CHECK;
/* Ends the thread. */
void service_feed_stop(struct service_feed *feed);
/* Stopped before; NULL is fine. */
struct service_feed *service_feed_free(struct service_feed *feed);

/* What comes after `position`: *ret_message with a reference of the caller's, *ret_position its place. */
enum service_feed_answer service_feed_next(struct service_feed *feed, uint64_t position,
					   struct ward_message **ret_message,
					   uint64_t *ret_position);
/* Everything up to this position is there. */
void service_feed_news(struct service_feed *feed, uint64_t position);
/* The oldest one kept, and where the next one will stand. */
uint64_t service_feed_first(struct service_feed *feed);
uint64_t service_feed_end(struct service_feed *feed);

/* Encodes any update; NULL: no memory. */
struct ward_message *service_feed_message(const Ward__V1__Update *update);

#endif

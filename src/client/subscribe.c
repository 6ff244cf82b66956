/* SPDX-License-Identifier: Apache-2.0 */
#include "client/subscribe.h"

#include <stdlib.h>

#include "client/client-priv.h"
#include "sys/clock.h"

enum {
	HEARTBEAT_MS = 30 * 1000,
	PATIENCE = 3,
	BACKOFF_USEC = 1000000,
	BACKOFF_MAX_USEC = 60000000
};

struct ward_subscription {
	struct ward_client *client;
	struct ward_subscribe_spec spec;
	uint64_t position;
	struct ward_ask *ask;	    /* NULL while it waits for the next attempt */
	struct ward_timer patience; /* for the next message, or the next attempt */
	unsigned failures;	    /* in a row */
	bool freed;
};

static void begin(void *context);

static void
too_silent(void *context)
{
	struct ward_subscription *s = context;

	if (s->ask)
		ward_ask_cancel(s->ask);
}

static void
watch(struct ward_subscription *s)
{
	ward_timer_set(s->client->channel, &s->patience,
		       ward_clock_monotonic() + (uint64_t)s->spec.heartbeat_ms * 1000 * PATIENCE,
		       too_silent, s);
}

static void
on_update(void *context, const Ward__V1__Update *update)
{
	struct ward_subscription *s = context;

	if (s->freed)
		return;
	/* the attempt works: the breaker learns it now, not at its end */
	if (s->failures > 0 || s->client->breaker.state != WARD_BREAKER_CLOSED)
		ward_breaker_succeed(&s->client->breaker);
	s->client->contact.answered_ms = ward_clock_wall() / 1000;
	s->failures = 0;
	s->position = update->position;
	watch(s);
	s->spec.update(s->spec.context, update);
}

static uint64_t
next_attempt(const struct ward_subscription *s)
{
	uint64_t due = ward_clock_monotonic() +
		       ward_backoff(s->failures, BACKOFF_USEC, BACKOFF_MAX_USEC, client_random());
	const struct ward_breaker *b = &s->client->breaker;

	return b->state == WARD_BREAKER_OPEN && b->probe_at > due ? b->probe_at : due;
}

static void
done(void *context, const struct ward_call_end *end, const void *reply)
{
	struct ward_subscription *s = context;

	(void)reply;
	s->ask = NULL;
	ward_timer_clear(&s->patience);
	if (s->freed) {
		free(s);
		return;
	}
	s->failures++;
	ward_timer_set(s->client->channel, &s->patience, next_attempt(s), begin, s);
	if (s->spec.down)
		s->spec.down(s->spec.context, end); /* may free it */
}

static void
begin(void *context)
{
	struct ward_subscription *s = context;
	Ward__V1__SubscribeRequest request = WARD__V1__SUBSCRIBE_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	struct ward_ask_spec ask = {
		.kind = WARD_ASK_SUBSCRIBE,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = UINT32_MAX,
		.attempts = 1,
		.done = done,
		.context = s,
	};
	struct ask_hooks hooks = {.update = on_update, .context = s};

	request.position = s->position;
	request.heartbeat_ms = s->spec.heartbeat_ms;
	if (ask_start(s->client, &ask, &hooks, &s->ask))
		ward_timer_set(s->client->channel, &s->patience,
			       ward_clock_monotonic() + BACKOFF_USEC, begin, s);
	else
		watch(s);
}

enum ward_rc
ward_subscribe_start(struct ward_client *client, const struct ward_subscribe_spec *spec,
		     struct ward_subscription **ret)
{
	struct ward_subscription *s = calloc(1, sizeof(*s));

	if (!s)
		return WARD_E_NOMEM;
	s->client = client;
	s->spec = *spec;
	s->position = spec->position;
	if (s->spec.heartbeat_ms == 0)
		s->spec.heartbeat_ms = HEARTBEAT_MS;
	begin(s);
	*ret = s;
	return WARD_OK;
}

struct ward_subscription *
ward_subscription_free(struct ward_subscription *s)
{
	if (!s || s->freed)
		return NULL;
	ward_timer_clear(&s->patience);
	s->freed = true;
	if (s->ask)
		ward_ask_cancel(s->ask); /* `done` frees it */
	else
		free(s);
	return NULL;
}

uint64_t
ward_subscription_position(const struct ward_subscription *s)
{
	return s->position;
}

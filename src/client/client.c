/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question goes through attempts: the breaker admits one, client/rpc.h makes it, its end decides:
 * done, or another one after a while, as long as the deadline allows.
 */
#include "client/client.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/answer.h"
#include "client/client-priv.h"
#include "sys/clock.h"

enum {
	ATTEMPTS = 4,
	DEADLINE_MS = 10 * 1000,
	BACKOFF_USEC = 200 * 1000,
	BACKOFF_MAX_USEC = 5 * 1000 * 1000,
};

struct kind {
	const char *path;
	const ProtobufCMessageDescriptor *reply;
	bool safe; /* may be said twice */
};

static const struct kind kinds[WARD_ASK_KINDS] = {
	[WARD_ASK_LOOKUP] = {"/ward.v1.Protection/Lookup", &ward__v1__lookup_reply__descriptor,
			     true},
	/* each event has its id */
	[WARD_ASK_REPORT] = {"/ward.v1.Protection/Report", &ward__v1__report_reply__descriptor,
			     true},
	/* a token may be for one device only */
	[WARD_ASK_ENROLL] = {"/ward.v1.Enrollment/Enroll", &ward__v1__enroll_reply__descriptor,
			     false},
	/* one certificate too many does no harm */
	[WARD_ASK_RENEW] = {"/ward.v1.Enrollment/Renew", &ward__v1__enroll_reply__descriptor, true},
	/* the second one would be refused */
	[WARD_ASK_LEAVE] = {"/ward.v1.Enrollment/Leave", &ward__v1__leave_reply__descriptor, false},
	[WARD_ASK_UPDATES] = {"/ward.v1.Protection/FetchUpdates", &ward__v1__updates__descriptor,
			      true},
	[WARD_ASK_METADATA] = {"/ward.v1.Protection/FetchMetadata",
			       &ward__v1__metadata_reply__descriptor, true},
	[WARD_ASK_SUBMIT] = {"/ward.v1.Protection/SubmitSample",
			     &ward__v1__sample_reply__descriptor, true},
	[WARD_ASK_SUBSCRIBE] = {"/ward.v1.Protection/Subscribe", &ward__v1__update__descriptor,
				true},
};

static void attempt(void *context);

uint64_t
client_random(void)
{
	uint64_t random = 0;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		random = ward_clock_monotonic();
	return random;
}

/* --- the end of a question --- */

static void
finish(struct ward_ask *ask, struct ward_call_end *end)
{
	end->attempts = ask->attempts;
	end->usec = ward_clock_monotonic() - ask->begun;
	ward_timer_clear(&ask->timer);
	*ask->place = ask->next;
	if (ask->next)
		ask->next->place = ask->place;
	ask->client->asking--;
	if (ask->spec.done)
		ask->spec.done(ask->spec.context, end,
			       end->fault == WARD_FAULT_NONE ? ask->reply : NULL);
	ward_buf_done(&ask->body);
	ward_arena_free(ask->arena);
	free(ask);
}

static void
finish_with(struct ward_ask *ask, enum ward_fault fault, const char *text)
{
	struct ward_call_end end = {.fault = fault};

	(void)snprintf(end.text, sizeof(end.text), "%s", text);
	finish(ask, &end);
}

/* --- the end of an attempt --- */

static void
count(struct ward_ask *ask, const struct ward_call_end *end)
{
	struct ward_client *c = ask->client;
	uint64_t now = ward_clock_monotonic(), wall = ward_clock_wall() / 1000;

	if (end->fault == WARD_FAULT_CANCELLED || end->fault == WARD_FAULT_LOCAL) {
		ward_breaker_forget(&c->breaker);
	} else if (ward_fault_counts(end->fault, end->status)) {
		ward_breaker_fail(&c->breaker, now, wall, client_random());
		c->contact.failed_ms = wall;
		c->contact.failure = *end;
	} else {
		ward_breaker_succeed(&c->breaker);
		c->contact.answered_ms = wall;
		c->contact.round_trip_usec = now - ask->attempt_begun;
	}
}

/* True when another attempt was arranged. */
static bool
try_again(struct ward_ask *ask, const struct ward_call_end *end)
{
	uint64_t now = ward_clock_monotonic(), due;

	if (ask->cancelled || ask->attempts >= ask->spec.attempts ||
	    !ward_retry_allowed(end->fault, end->status, kinds[ask->spec.kind].safe))
		return false;
	due = now + ward_backoff(ask->attempts, BACKOFF_USEC, BACKOFF_MAX_USEC, client_random());
	if (due >= ask->deadline)
		return false;
	ward_timer_set(ask->client->channel, &ask->timer, due, attempt, ask);
	return true;
}

static void
attempt_done(void *context, const struct ward_call_end *said)
{
	struct ward_ask *ask = context;
	struct ward_call_end end = *said;

	ask->rpc = NULL;
	ask->attempts++;
	if (ask->why[0])
		(void)snprintf(end.text, sizeof(end.text), "%s", ask->why);
	count(ask, &end);
	if (end.fault == WARD_FAULT_NONE && ask->hooks.again && !ask->cancelled &&
	    ask->hooks.again(ask->hooks.context, ask->reply)) {
		ask->attempts--;
		ward_timer_set(ask->client->channel, &ask->timer, 0, attempt, ask);
	} else if (!try_again(ask, &end)) {
		finish(ask, &end);
	}
}

/* --- answers --- */

static bool
refuse(struct ward_ask *ask, const char *why)
{
	(void)snprintf(ask->why, sizeof(ask->why), "%s", why);
	return false;
}

/* The question again, out of what was sent. */
static bool
fits_lookup(struct ward_ask *ask, const Ward__V1__LookupReply *reply)
{
	struct ward_span sent =
		ward_span_cut(ward_buf_span(&ask->body), WARD_GRPC_PREFIX, ask->body.len);
	Ward__V1__LookupRequest *request;
	const char *why;

	if (ward_wire_decode(&ward__v1__lookup_request__descriptor, sent, ask->arena, &request,
			     NULL))
		return refuse(ask, "it cannot be compared with its question");
	why = ward_answer_refuse(request, reply);
	return why ? refuse(ask, why) : true;
}

static bool
new_arena(struct ward_ask *ask, size_t len)
{
	ask->arena = ward_arena_free(ask->arena);
	ask->budget = (struct ward_budget){.cap = 24 * (len + ask->body.len) + (256 << 10)};
	ask->arena = ward_arena_new(&ask->budget);
	return ask->arena != NULL;
}

static bool
on_message(void *context, struct ward_span message)
{
	struct ward_ask *ask = context;
	const ProtobufCMessageDescriptor *type = kinds[ask->spec.kind].reply;
	const char *why = "no memory for it";
	void *reply = NULL;

	if (!new_arena(ask, message.len) ||
	    ward_wire_decode(type, message, ask->arena, &reply, &why))
		return refuse(ask, why);
	if (ask->spec.kind == WARD_ASK_LOOKUP && !fits_lookup(ask, reply))
		return false;
	if (ask->hooks.update)
		ask->hooks.update(ask->hooks.context, reply);
	ask->reply = reply;
	return true;
}

static enum ward_rc
on_more(void *context, uint8_t *into, size_t room, size_t *ret_len)
{
	struct ward_ask *ask = context;

	return ask->hooks.more(ask->hooks.context, into, room, ret_len);
}

/* --- an attempt --- */

static enum ward_rc
begin_body(struct ward_ask *ask)
{
	if (!ask->hooks.begin)
		return WARD_OK;
	ward_buf_clear(&ask->body);
	return ask->hooks.begin(ask->hooks.context, &ask->body);
}

static void
refuse_by_breaker(struct ward_ask *ask)
{
	struct ward_call_end end = ask->client->contact.failure;
	char text[256];

	ward_fault_describe(&end, text, sizeof(text));
	finish_with(ask, WARD_FAULT_BREAKER, text);
}

static void
attempt(void *context)
{
	struct ward_ask *ask = context;
	struct ward_rpc_spec spec = {
		.path = kinds[ask->spec.kind].path,
		.more = ask->hooks.more ? on_more : NULL,
		.message = on_message,
		.done = attempt_done,
		.context = ask,
		.message_max = WARD_WIRE_MESSAGE_MAX,
		.messages_max = ask->spec.kind == WARD_ASK_SUBSCRIBE ? 0 : 1,
		.deadline = ask->deadline,
	};
	enum ward_rc rc;

	if (ask->cancelled) {
		finish_with(ask, WARD_FAULT_CANCELLED, "");
		return;
	}
	if (!ward_breaker_admit(&ask->client->breaker, ward_clock_monotonic())) {
		refuse_by_breaker(ask);
		return;
	}
	ask->why[0] = 0;
	ask->reply = NULL;
	ask->attempt_begun = ward_clock_monotonic();
	rc = begin_body(ask);
	spec.body = ward_buf_span(&ask->body);
	if (!rc)
		rc = ward_rpc_start(ask->client->channel, &spec, &ask->rpc);
	if (rc) {
		ward_breaker_forget(&ask->client->breaker);
		finish_with(ask, WARD_FAULT_LOCAL, ward_rc_str(rc));
	}
}

/* --- questions --- */

enum ward_rc
ask_frame(const ProtobufCMessage *message, struct ward_buf *out)
{
	uint8_t prefix[WARD_GRPC_PREFIX];
	size_t size = protobuf_c_message_get_packed_size(message);
	enum ward_rc rc;

	ward_grpc_prefix(prefix, (uint32_t)size);
	rc = size > UINT32_MAX ? WARD_E_LIMIT : ward_buf_append(out, prefix, sizeof(prefix));
	return rc ? rc : ward_wire_encode(message, out);
}

static enum ward_rc
encode(struct ward_ask *ask, const struct ward_ask_spec *spec)
{
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&ask->body, CLIENT_BODY_MAX, NULL);
	for (size_t i = 0; !rc && i < spec->message_count; i++)
		rc = ask_frame(spec->messages[i], &ask->body);
	return rc;
}

static void
link_ask(struct ward_ask *ask)
{
	struct ward_client *c = ask->client;

	ask->next = c->asks;
	ask->place = &c->asks;
	if (ask->next)
		ask->next->place = &ask->next;
	c->asks = ask;
	c->asking++;
}

enum ward_rc
ask_start(struct ward_client *client, const struct ward_ask_spec *spec,
	  const struct ask_hooks *hooks, struct ward_ask **ret)
{
	struct ward_ask *ask = client->ending ? NULL : calloc(1, sizeof(*ask));
	unsigned ms = spec->deadline_ms ? spec->deadline_ms : DEADLINE_MS;
	enum ward_rc rc = ask ? encode(ask, spec) : client->ending ? WARD_E_STOPPED : WARD_E_NOMEM;

	if (rc) {
		if (ask)
			ward_buf_done(&ask->body);
		free(ask);
		return rc;
	}
	ask->client = client;
	ask->spec = *spec;
	ask->spec.messages = NULL;
	if (hooks)
		ask->hooks = *hooks;
	if (ask->spec.attempts == 0)
		ask->spec.attempts = ATTEMPTS;
	ask->begun = ward_clock_monotonic();
	ask->deadline = ms == UINT32_MAX ? UINT64_MAX : ask->begun + (uint64_t)ms * 1000;
	link_ask(ask);
	ward_timer_set(client->channel, &ask->timer, 0, attempt, ask);
	if (ret)
		*ret = ask;
	return WARD_OK;
}

enum ward_rc
ward_ask_start(struct ward_client *client, const struct ward_ask_spec *spec, struct ward_ask **ret)
{
	return ask_start(client, spec, NULL, ret);
}

void
ward_ask_cancel(struct ward_ask *ask)
{
	ask->cancelled = true;
	if (ask->rpc)
		ward_rpc_cancel(ask->rpc);
	else
		ward_timer_set(ask->client->channel, &ask->timer, 0, attempt, ask);
}

/* --- the client --- */

enum ward_rc
ward_client_new(const struct ward_channel_options *options, struct ward_client **ret)
{
	struct ward_client *c = calloc(1, sizeof(*c));
	enum ward_rc rc = c ? ward_channel_new(options, &c->channel) : WARD_E_NOMEM;

	if (rc) {
		free(c);
		return rc;
	}
	ward_breaker_init(&c->breaker);
	*ret = c;
	return WARD_OK;
}

struct ward_client *
ward_client_free(struct ward_client *c)
{
	if (!c)
		return NULL;
	c->ending = true;
	for (struct ward_ask *ask = c->asks; ask; ask = ask->next)
		ask->cancelled = true;
	c->channel = ward_channel_free(c->channel); /* ends those that have an attempt under way */
	while (c->asks)
		finish_with(c->asks, WARD_FAULT_CANCELLED, "");
	free(c);
	return NULL;
}

void
ward_client_freep(struct ward_client **c)
{
	*c = ward_client_free(*c);
}

int
ward_client_fd(const struct ward_client *c)
{
	return ward_channel_fd(c->channel);
}

void
ward_client_work(struct ward_client *c)
{
	ward_channel_work(c->channel);
}

void
ward_client_wait(struct ward_client *c, int ms)
{
	ward_channel_wait(c->channel, ms);
}

size_t
ward_client_asking(const struct ward_client *c)
{
	return c->asking;
}

struct ward_breaker *
ward_client_breaker(struct ward_client *c)
{
	return &c->breaker;
}

const struct ward_client_contact *
ward_client_contact(const struct ward_client *c)
{
	return &c->contact;
}

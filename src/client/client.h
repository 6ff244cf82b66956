/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoint's side of the cloud service (proto/ward.proto): typed questions with a deadline, tried
 * again where that does no harm, behind a circuit breaker; answers checked field by field. It does not
 * block, does not log, and belongs to one thread and its event loop:
 *
 *	ward_ask_start(client, &spec, &ask);
 *	poll ward_client_fd(client), ward_client_work(client);	`done` is called
 *
 * or, for those who have nothing else to do, ward_client_wait().
 */
#ifndef WARD_CLIENT_CLIENT_H
#define WARD_CLIENT_CLIENT_H

#include "client/breaker.h"
#include "client/channel.h"
#include "proto/wire.h"

struct ward_client;
struct ward_ask;

/* WARD_E_INVAL as ward_channel_new. */
enum ward_rc ward_client_new(const struct ward_channel_options *options,
			     struct ward_client **ret) WARD_MUST_CHECK;
/* What is under way ends with WARD_FAULT_CANCELLED. Not from a callback. NULL is fine. */
struct ward_client *ward_client_free(struct ward_client *client);
void ward_client_freep(struct ward_client **client);

/* As of the channel. */
int ward_client_fd(const struct ward_client *client);
void ward_client_work(struct ward_client *client);
void ward_client_wait(struct ward_client *client, int ms);

/* Questions under way. */
size_t ward_client_asking(const struct ward_client *client);
/* Its breaker; the caller may change threshold and rests before the first question. */
struct ward_breaker *ward_client_breaker(struct ward_client *client);

/* When the service last answered, and the last failure that speaks against it; ms since 1970, 0: never
 * yet. */
struct ward_client_contact {
	uint64_t answered_ms, failed_ms;
	uint64_t round_trip_usec; /* of the last answer, from the start of its attempt */
	struct ward_call_end failure;
};
const struct ward_client_contact *ward_client_contact(const struct ward_client *client);

enum ward_ask_kind {
	WARD_ASK_LOOKUP,
	WARD_ASK_REPORT, /* several messages are one stream */
	WARD_ASK_ENROLL,
	WARD_ASK_RENEW,
	WARD_ASK_LEAVE,
	WARD_ASK_UPDATES,
	WARD_ASK_METADATA,
	/* these have faces of their own: client/submit.h, client/subscribe.h */
	WARD_ASK_SUBMIT,
	WARD_ASK_SUBSCRIBE,
	WARD_ASK_KINDS,
};

struct ward_ask_spec {
	enum ward_ask_kind kind;
	/* Of the kind's request type; encoded at once, 8 MiB in all. */
	const ProtobufCMessage *const *messages;
	size_t message_count;
	unsigned deadline_ms; /* for all attempts; 0: 10,000 */
	unsigned attempts;    /* at most; 0: 4 */
	/* Always exactly once, from ward_client_work or _free; the ask is gone with it. `reply` is of
	 * the kind's reply type, checked, valid during the call; NULL when end->fault says why not. */
	void (*done)(void *context, const struct ward_call_end *end, const void *reply);
	void *context;
};

/* Also from callbacks. WARD_E_LIMIT: too large. WARD_E_STOPPED: the client is being freed. ret may be
 * NULL. */
enum ward_rc ward_ask_start(struct ward_client *client, const struct ward_ask_spec *spec,
			    struct ward_ask **ret) WARD_MUST_CHECK;
/* Ends it soon, with `done` and WARD_FAULT_CANCELLED. Also from callbacks. */
void ward_ask_cancel(struct ward_ask *ask);

#endif

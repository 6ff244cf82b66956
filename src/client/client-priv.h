/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from inside. */
#ifndef WARD_CLIENT_CLIENT_PRIV_H
#define WARD_CLIENT_CLIENT_PRIV_H

#include "client/client.h"
#include "client/rpc.h"

enum { CLIENT_BODY_MAX = 8 << 20 };

struct ward_client {
	struct ward_channel *channel;
	struct ward_breaker breaker;
	struct ward_client_contact contact;
	struct ward_ask *asks;
	size_t asking;
	bool ending;
};

/* What submit.c and subscribe.c need besides. */
struct ask_hooks {
	/* Before each attempt: (re)fills `body` with framed messages. */
	enum ward_rc (*begin)(void *context, struct ward_buf *body);
	/* As ward_rpc_spec.more. */
	enum ward_rc (*more)(void *context, uint8_t *into, size_t room, size_t *ret_len);
	/* Each message of a server stream. */
	void (*update)(void *context, const Ward__V1__Update *update);
	/* A good answer; true: ask again at once (another attempt that is not counted). */
	bool (*again)(void *context, const void *reply);
	void *context;
};

struct ward_ask {
	struct ward_client *client;
	struct ward_ask *next, **place;
	struct ward_ask_spec spec;
	struct ask_hooks hooks;
	struct ward_buf body;
	struct ward_rpc *rpc;	 /* NULL between attempts */
	struct ward_timer timer; /* the next attempt */
	bool cancelled, admitted;
	unsigned attempts; /* that failed or were answered */
	uint64_t begun, deadline, attempt_begun;
	struct ward_budget budget;
	struct ward_arena *arena; /* of the reply */
	const void *reply;
	char why[128]; /* what is wrong with an answer */
};

/* As ward_ask_start; a spec without a deadline (UINT_MAX) has none. */
enum ward_rc ask_start(struct ward_client *client, const struct ward_ask_spec *spec,
		       const struct ask_hooks *hooks, struct ward_ask **ret) WARD_MUST_CHECK;
/* Appends the message with gRPC's prefix. */
enum ward_rc ask_frame(const ProtobufCMessage *message, struct ward_buf *out) WARD_MUST_CHECK;
/* Any number, for jitter. */
uint64_t client_random(void);

#endif

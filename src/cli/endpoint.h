/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share that speak with the cloud service: the state directory, a client, and
 * waiting for an answer. */
#ifndef WARD_CLI_ENDPOINT_H
#define WARD_CLI_ENDPOINT_H

#include <stdio.h>

#include "client/state.h"

struct ward_endpoint {
	const char *directory;
	struct ward_state state;
	struct ward_client *client;
};

/* The answer of one question, waited for. */
struct ward_endpoint_answer {
	struct ward_call_end end;
	bool done;
	/* Called with a good reply while it is valid; may be NULL. */
	void (*take)(void *context, const void *reply);
	void *context;
};

/*
 * Loads the state and makes a client; renews the certificate first when that is due. False after
 * saying on stderr what is wrong (quiet: not even that, *ret_why has it in a static text).
 * `directory` is borrowed.
 */
bool ward_endpoint_open(struct ward_endpoint *e, const char *directory) WARD_MUST_CHECK;
/* The same without renewal, saying nothing: WARD_E_NOENT when not enrolled. */
enum ward_rc ward_endpoint_load(struct ward_endpoint *e, const char *directory,
				const char **ret_why) WARD_MUST_CHECK;
/* Keeps what was learnt of the service, lets go of everything. */
void ward_endpoint_close(struct ward_endpoint *e);

/* Asks and waits; true when there was a good answer. */
bool ward_endpoint_ask(struct ward_client *client, enum ward_ask_kind kind,
		       const ProtobufCMessage *message, unsigned deadline_ms,
		       struct ward_endpoint_answer *answer) WARD_MUST_CHECK;
/* "ward: <what>: <why>" on stderr. */
void ward_endpoint_complain(const char *what, const struct ward_call_end *end);
/* A new certificate for a new key. False after saying why. */
bool ward_endpoint_renew(struct ward_endpoint *e) WARD_MUST_CHECK;
/* "2026-11-25 03:26:23 UTC" */
char *ward_endpoint_time(uint64_t ms, char ret[32]);

#endif

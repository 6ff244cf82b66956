/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call to the cloud service did not work, told apart as far as a person can act on it. */
#ifndef WARD_CLIENT_FAULT_H
#define WARD_CLIENT_FAULT_H

#include "proto/grpc.h"

enum ward_fault {
	WARD_FAULT_NONE = 0,
	WARD_FAULT_RESOLVE,   /* the server's name has no address */
	WARD_FAULT_PROXY,     /* the proxy cannot be reached, or does not connect us */
	WARD_FAULT_CONNECT,   /* no TCP connection */
	WARD_FAULT_TLS,	      /* the server is not who it must be, or speaks no TLS 1.3 */
	WARD_FAULT_REFUSED,   /* TLS: the service does not take this device's certificate */
	WARD_FAULT_HTTP,      /* what answers speaks no HTTP/2, or no gRPC */
	WARD_FAULT_TIMEOUT,   /* no answer in time */
	WARD_FAULT_LOST,      /* the connection broke */
	WARD_FAULT_GARBAGE,   /* an answer that breaks the protocol or a limit */
	WARD_FAULT_STATUS,    /* the service said no: see the status */
	WARD_FAULT_BREAKER,   /* not tried: too much failed before */
	WARD_FAULT_CANCELLED, /* the caller ended it */
	WARD_FAULT_LOCAL,     /* nothing was asked: no memory, the file changed … */
	WARD_FAULT_COUNT,
};

/* How a call ended. */
struct ward_call_end {
	enum ward_fault fault;
	enum ward_grpc_status status; /* with WARD_FAULT_STATUS; otherwise OK */
	unsigned attempts;	      /* 0: nothing was sent */
	uint64_t usec;		      /* from the start, all attempts */
	char text[256];		      /* for people, printable UTF-8; may be empty */
};

/* A stable word ("tls", "timeout"…); static, never NULL. */
const char *ward_fault_name(enum ward_fault fault);
/* What it means, in words; static, never NULL. */
const char *ward_fault_title(enum ward_fault fault);
/* One line: the words, the status and the text; cut to what fits. Returns `ret`. */
char *ward_fault_describe(const struct ward_call_end *end, char *ret, size_t room);
/* True when it speaks against the service or the way there: what a breaker counts. */
bool ward_fault_counts(enum ward_fault fault, enum ward_grpc_status status);

#endif

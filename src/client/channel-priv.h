/* SPDX-License-Identifier: Apache-2.0 */
/* The channel from inside: libcurl's multi handle, its sockets and its clock behind one epoll. */
#ifndef WARD_CLIENT_CHANNEL_PRIV_H
#define WARD_CLIENT_CHANNEL_PRIV_H

#include <curl/curl.h>

#include "client/rpc.h"

enum { CHANNEL_HOST = 256, CHANNEL_TEXT = 512 };

struct ward_channel {
	CURLM *multi;
	int poller, clock;	       /* epoll; a timerfd in it */
	uint64_t curl_due;	       /* monotonic µs; UINT64_MAX: none */
	struct ward_timer *timers;     /* by due */
	struct ward_rpc *rpcs, *fresh; /* under way; not yet begun */
	bool working, ending;
	char server[CHANNEL_HOST], proxy[CHANNEL_TEXT], agent[64];
	uint8_t *ca, *identity;
	size_t ca_len, identity_len;
	bool pinned;
	uint8_t ca_sha256[32];
	unsigned connect_ms;
	struct curl_slist *headers;
};

/* How far an attempt came. */
enum rpc_stage { RPC_CONNECTING, RPC_SHAKING, RPC_TALKING };

struct ward_rpc {
	struct ward_channel *channel;
	struct ward_rpc *next, **place;
	struct ward_rpc_spec spec;
	CURL *easy;
	struct curl_slist *headers;
	size_t sent; /* of spec.body */
	struct ward_grpc_deframer deframer;
	unsigned messages;
	int status; /* grpc-status; -1: none came */
	bool grpc;  /* the content type said so */
	bool cancelled;
	bool shaking; /* with an HTTPS proxy */
	enum rpc_stage stage;
	enum ward_fault fault;	     /* what a callback found */
	char why[128];		     /* the same, in words */
	char message_text[256];	     /* grpc-message */
	char error[CURL_ERROR_SIZE]; /* libcurl's */
};

/* --- rpc.c --- */
/* Hands it to libcurl; a failure ends it. */
void rpc_begin(struct ward_rpc *rpc);
/* libcurl is done with it. */
void rpc_end(struct ward_rpc *rpc, CURLcode code);
/* Trust, identity, proxy. */
bool rpc_set_tls(struct ward_rpc *rpc);

/* --- channel.c --- */
/* Looks at the clock again soon. */
void channel_wake(struct ward_channel *channel);

#endif

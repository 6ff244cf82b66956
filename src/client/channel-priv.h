/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel from inside. libcurl makes connections (names, proxies, TLS: conn.c, tls.c); nghttp2
 * speaks HTTP/2 on them (h2.c): libcurl 7.88's own loses an answer that comes before the request's end,
 * which is what SubmitSample does. Everything hangs on one epoll descriptor (channel.c).
 */
#ifndef WARD_CLIENT_CHANNEL_PRIV_H
#define WARD_CLIENT_CHANNEL_PRIV_H

#include <curl/curl.h>
#include <nghttp2/nghttp2.h>

#include "client/rpc.h"

enum {
	CHANNEL_HOST = 256,
	CHANNEL_TEXT = 512,
	CONN_OUT = 64 * 1024,
	CONN_IN = 32 * 1024,
	RPC_WINDOW = 1024 * 1024,
};

/* How far a connection came. */
enum conn_stage { CONN_CONNECTING, CONN_SHAKING, CONN_UP };

struct client_conn {
	struct ward_channel *channel;
	struct client_conn *next, **place;
	CURL *easy;
	int fd; /* libcurl's, once up */
	enum conn_stage stage;
	bool proxy_shaken;  /* the HTTPS proxy's handshake has begun */
	bool speaks_h2;	    /* chose it (ALPN) */
	bool spoke;	    /* HTTP/2 settings came */
	bool draining;	    /* no new calls: it was told to go */
	bool dead;	    /* to be freed at the next occasion */
	bool watched_write; /* epoll asks for writing too */
	nghttp2_session *session;
	uint8_t out[CONN_OUT];
	size_t out_len, out_sent;
	uint64_t last_read;
	struct ward_timer patience; /* for the answer to a ping */
	size_t rpcs;
	char error[CURL_ERROR_SIZE];
};

struct ward_channel {
	CURLM *multi;
	int poller, clock;		     /* epoll; a timerfd in it */
	uint64_t curl_due;		     /* monotonic µs; UINT64_MAX: none */
	struct ward_timer *timers;	     /* by due */
	struct ward_rpc *rpcs, *ended;	     /* waiting or under way; to be told */
	struct client_conn *conns, *current; /* all; the one for new calls */
	bool busy, ending;		     /* busy: something is to be done at once */
	char server[CHANNEL_HOST], proxy[CHANNEL_TEXT], agent[64];
	uint8_t *ca, *identity;
	size_t ca_len, identity_len;
	bool pinned;
	uint8_t ca_sha256[32];
	unsigned connect_ms;
};

struct ward_rpc {
	struct ward_channel *channel;
	struct client_conn *conn; /* NULL: none yet */
	struct ward_rpc *next, **place;
	struct ward_rpc_spec spec;
	int32_t stream; /* 0: not on the wire yet */
	size_t sent;	/* of spec.body */
	struct ward_grpc_deframer deframer;
	struct ward_timer timer;
	unsigned messages;
	int http;   /* :status */
	int status; /* grpc-status; -1: none came */
	bool grpc;  /* the content type said so */
	bool over;  /* in channel->ended */
	struct ward_call_end end;
	char message_text[256]; /* grpc-message */
};

/* --- channel.c --- */
/* Has _work run again at once. */
void channel_hurry(struct ward_channel *channel);

/* --- conn.c --- */
/* The connection for a new call: the current one or a new one. NULL: no memory. */
struct client_conn *conn_for_call(struct ward_channel *channel);
/* libcurl is done connecting. */
void conn_connected(struct client_conn *conn, CURLcode code);
/* Bytes can be read or written. */
void conn_ready(struct client_conn *conn);
/* Writes what there is. */
void conn_flush(struct client_conn *conn);
/* Ends it and all calls on it. */
void conn_fail(struct client_conn *conn, enum ward_fault fault, const char *text);
void conn_free(struct client_conn *conn);

/* --- tls.c --- */
/* Trust, identity, ALPN. */
bool conn_set_tls(struct client_conn *conn);

/* --- h2.c --- */
enum ward_rc h2_new(struct client_conn *conn) WARD_MUST_CHECK;
/* Puts the call on the wire. */
void h2_begin(struct ward_rpc *rpc);

/* --- rpc.c --- */
/* It is over; `done` follows from _work. The first one counts. */
void rpc_over(struct ward_rpc *rpc, enum ward_fault fault, const char *text);
/* The stream closed with this HTTP/2 error: is what came an answer? */
void rpc_closed(struct ward_rpc *rpc, uint32_t error);
/* A header or trailer; a piece of the body; what is sent. */
void rpc_header(struct ward_rpc *rpc, struct ward_span name, struct ward_span value);
void rpc_body(struct ward_rpc *rpc, struct ward_span in);
enum ward_rc rpc_give(struct ward_rpc *rpc, uint8_t *into, size_t room, size_t *ret_len,
		      bool *ret_end) WARD_MUST_CHECK;
/* Gives those without a connection one; puts them on the wire when it stands. */
void rpc_begin_waiting(struct ward_channel *channel);
/* Tells the callers of those that are over. */
void rpc_tell(struct ward_channel *channel);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated endpoint's connection: TCP, TLS 1.3 with its own certificate (OpenSSL), HTTP/2 (nghttp2),
 * gRPC calls on it. Driven by its loop's epoll; never blocks. libcurl, as src/client uses it, costs more
 * for a connection than ten thousand of them may. One thread: the loop's.
 */
#ifndef WARD_FLEET_LINK_H
#define WARD_FLEET_LINK_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

#include "proto/grpc.h"

/* Where all go, and whom they trust there. */
struct fleet_target {
	char server[80]; /* "address:port" */
	SSL_CTX *tls;
};

/* "address:port" in numbers, and the CA's certificates in PEM; no others are trusted. WARD_E_INVAL: the
 * address; WARD_E_FORMAT: the file. */
enum ward_rc fleet_target_init(struct fleet_target *target, const char *server,
			       const char *ca_file) WARD_MUST_CHECK;
void fleet_target_done(struct fleet_target *target);

enum fleet_link_state { FLEET_CLOSED, FLEET_CONNECTING, FLEET_SHAKING, FLEET_UP };

struct fleet_link {
	/* set by the owner; they live as long as the link is open */
	int poller;
	const struct fleet_target *target;
	EVP_PKEY *key; /* NULL: without a certificate */
	X509 *certificate;
	void (*up)(struct fleet_link *link);
	/* Closed by the other end or an error, or what was begun failed. Not after _close. */
	void (*down)(struct fleet_link *link);
	void *context;

	enum fleet_link_state state;
	SSL_SESSION *session; /* to resume; NULL: none. The owner frees it at the end */
	bool resume, resumed;
	int fd;
	SSL *ssl;
	nghttp2_session *http;
	struct fleet_call *calls;
	uint8_t *rest; /* what the socket did not take */
	size_t rest_len, rest_sent;
	bool broken, working;
	/* Between TLS and TCP, handshakes with it; of this connection, and of those before it. */
	_Atomic uint64_t bytes_in, bytes_out;
	uint64_t before_in, before_out;
};

/* Begins; the link is CLOSED. WARD_E_IO, WARD_E_NOMEM, WARD_E_LIMIT: not even begun. */
enum ward_rc fleet_link_open(struct fleet_link *link) WARD_MUST_CHECK;
/* Calls end without a word. Not from a callback of the link's. */
void fleet_link_close(struct fleet_link *link);
/* What epoll said. */
void fleet_link_ready(struct fleet_link *link, unsigned events);

struct fleet_call_face {
	const char *path; /* "/ward.v1.Protection/Lookup"; static */
	size_t answer_max;
	/* Each message (borrowed). */
	void (*message)(void *context, struct ward_span message);
	/* The end; _UNAVAILABLE: the connection's. Not after fleet_link_close. May be NULL. */
	void (*ended)(void *context, enum ward_grpc_status status);
};

/* Sends what the body holds, messages with their prefixes (copied); the link is UP. Callbacks come later. */
enum ward_rc fleet_call_start(struct fleet_link *link, const struct fleet_call_face *face,
			      struct ward_span body, void *context) WARD_MUST_CHECK;

#endif

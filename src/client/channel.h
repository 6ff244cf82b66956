/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/2 connection over TLS 1.3 to the cloud service (libcurl, nghttp2), and timers beside it; driven
 * from any event loop by one descriptor. Attempts at calls (client/rpc.h) run on it. One thread.
 *
 * Who is at the other end: only a certificate under the CA given, with the server's name in it. The
 * system's CAs are never asked, the environment (http_proxy …) is not looked at.
 */
#ifndef WARD_CLIENT_CHANNEL_H
#define WARD_CLIENT_CHANNEL_H

#include "base/rc.h"
#include "base/span.h"

struct ward_channel;

struct ward_channel_options {
	const char *server; /* "host:port", "[v6]:port" (ward_address_valid) */
	/* NULL or "": none. "http://", "https://", "socks4://", "socks4a://", "socks5://",
	 * "socks5h://", with user:password@ if need be. An HTTPS proxy itself is checked against the
	 * system's CAs: it sees the outer connection, never what is said to the service. */
	const char *proxy;
	struct ward_span ca;	  /* PEM, one or more; or */
	const uint8_t *ca_sha256; /* digest of the CA's certificate (DER), which the server sends */
	struct ward_span identity; /* PEM: key and certificate of this device; empty: none */
	unsigned connect_ms;	   /* until TCP and TLS stand; 0: 5,000 */
	const char *agent;	   /* User-Agent; NULL: "ward" */
};

/* True for "host:port": a name or address and a port, nothing else. */
bool ward_address_valid(const char *server);
/* True for a proxy as above. */
bool ward_proxy_valid(const char *proxy);
/* The proxy without its password, for display; cut to fit. */
char *ward_proxy_shown(const char *proxy, char *ret, size_t room);

/* Connects when there is something to say. Everything is copied. WARD_E_INVAL: server or proxy; no
 * CA. */
enum ward_rc ward_channel_new(const struct ward_channel_options *options,
			      struct ward_channel **ret) WARD_MUST_CHECK;
/* Attempts still under way end with WARD_FAULT_CANCELLED. Not from a callback. NULL is fine. */
struct ward_channel *ward_channel_free(struct ward_channel *channel);

/* Readable when ward_channel_work has something to do; the channel keeps it. */
int ward_channel_fd(const struct ward_channel *channel);
/* Does what can be done now, and calls back. Not from a callback. */
void ward_channel_work(struct ward_channel *channel);
/* Waits until there is something to do (at most `ms`; -1: without end), and does it. */
void ward_channel_wait(struct ward_channel *channel, int ms);

/* --- timers --- */

typedef void (*ward_timer_fn)(void *context);

/* Embedded in what waits; all zero is one that is not set. */
struct ward_timer {
	struct ward_timer *next, **place; /* place NULL: not set */
	uint64_t due;			  /* monotonic µs */
	ward_timer_fn fn;
	void *context;
};

/* Calls fn(context) once, from ward_channel_work, when `due` is past. Setting it again moves it. */
void ward_timer_set(struct ward_channel *channel, struct ward_timer *timer, uint64_t due,
		    ward_timer_fn fn, void *context);
void ward_timer_clear(struct ward_timer *timer);

#endif

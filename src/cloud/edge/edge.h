/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data plane: gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) over HTTP/2
 * (RFC 9113, nghttp2) and TLS 1.3 with client certificates. One event loop and one listening socket
 * (SO_REUSEPORT) per thread; a connection, its streams and its calls live and die on one loop.
 * Knows nothing of what the methods mean: services register methods, calls hand them whole messages.
 *
 * Bounded everywhere: connections, streams and calls of a connection, bytes buffered each way, header
 * bytes, resets and pings per second (CVE-2023-44487, CVE-2024-27983), handshakes, idle and
 * handshake time, time between the bytes of a message.
 */
#ifndef WARD_CLOUD_EDGE_EDGE_H
#define WARD_CLOUD_EDGE_EDGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "proto/grpc.h"

struct ward_edge;
struct ward_call;
struct ward_message;

/* Who is at the other end: from the certificate TLS verified. */
struct ward_peer {
	bool certified;	    /* a client certificate of our CA */
	uint8_t device[16]; /* from its SPIFFE URI "spiffe://<organisation>/device/<uuid>" */
	uint8_t serial[20]; /* of the certificate, right-aligned */
	uint64_t not_after_ms;
	char address[46]; /* textual, of the other end */
};

enum ward_call_kind { WARD_CALL_UNARY, WARD_CALL_CLIENT_STREAM, WARD_CALL_SERVER_STREAM };

/*
 * One method. All callbacks run on the call's loop and must not block. `message` gets each whole
 * message (borrowed for the call), `half_close` the end of the messages (for unary and server stream
 * one message is due: a second one ends the call, unless it was answered before); `closed` the end of the call, whoever
 * ended it: `state` goes there. None of them is called after `closed`.
 *
 * A server stream's messages are asked for: `next` gives the one to send now, as often as there is
 * room for it, so that a slow reader costs no memory; NULL: none at the moment, and ward_call_wake
 * says when to ask again. It may not end the call.
 */
struct ward_method {
	const char *path; /* "/ward.v1.Protection/Lookup"; static, the hooks see the same pointer */
	enum ward_call_kind kind;
	bool open;	     /* without a client certificate */
	size_t message_max;  /* bytes of one message */
	uint64_t stream_max; /* bytes of all messages of a call; 0: no limit */
	const char *label;   /* for metrics: "lookup" */
	void (*message)(struct ward_call *call, struct ward_span message);
	void (*half_close)(struct ward_call *call);
	struct ward_message *(*next)(struct ward_call *call); /* the reference goes over */
	void (*closed)(struct ward_call *call);
	void *context; /* ward_call_context */
};

/* --- one call; only on its loop --- */

void *ward_call_context(const struct ward_call *call);
void *ward_call_state(const struct ward_call *call);
void ward_call_set_state(struct ward_call *call, void *state);
const struct ward_peer *ward_call_peer(const struct ward_call *call);
/* Monotonic µs (sys/clock.h) of the deadline the client set (grpc-timeout); UINT64_MAX: none. The
 * edge ends the call with DEADLINE_EXCEEDED then. */
uint64_t ward_call_deadline(const struct ward_call *call);
/* Memory of the message being handled: emptied after the callback returns. 128 MiB at most. */
struct ward_arena *ward_call_arena(struct ward_call *call);
/* Index of the loop, 0 to threads - 1: for per-thread state. */
unsigned ward_call_loop(const struct ward_call *call);

/* Ends the call: status and a text for people (copied; NULL: none). The answer, or the message that
 * is being sent, goes first. Idempotent: later ones are ignored. `closed` follows, perhaps before this
 * returns. */
void ward_call_finish(struct ward_call *call, enum ward_grpc_status status, const char *text);
/* The answer of a unary or client-stream call (copied), then _finish with OK; a message that does not
 * fit ends the call with INTERNAL. */
void ward_call_answer(struct ward_call *call, struct ward_span message);
/* The same with a message that many calls share; the reference goes over. */
void ward_call_answer_shared(struct ward_call *call, struct ward_message *message);
/* Of a server stream: asks the method's `next`, soon. */
void ward_call_wake(struct ward_call *call);
/* Back pressure: while held, no more messages are handed over and the client's window stays shut. */
void ward_call_hold(struct ward_call *call, bool hold);

/* --- one message for many calls; any thread --- */

/* With one reference, for `len` bytes that the caller writes to *ret_body before anybody else has it.
 * NULL: no memory. */
struct ward_message *ward_message_new(size_t len, uint8_t **ret_body);
/* The bytes; borrowed. */
struct ward_span ward_message_body(const struct ward_message *message);
/* One more reference; returns it. */
struct ward_message *ward_message_share(struct ward_message *message);
/* One less; NULL is fine. */
void ward_message_done(struct ward_message *message);

/* --- from other threads --- */

/* Names a call safely after it is gone. */
struct ward_call_ref {
	struct ward_edge *edge;
	unsigned loop;
	uint32_t slot;
	uint64_t serial;
};
struct ward_call_ref ward_call_ref(const struct ward_call *call);
/* Names its loop alone: what is posted there gets NULL. */
struct ward_call_ref ward_call_loop_ref(const struct ward_call *call);
/* Runs fn(call or NULL if it is gone, arg) on the call's loop soon; always exactly once (at the
 * latest when the edge is freed, with NULL). Any thread. */
typedef void (*ward_call_fn)(struct ward_call *call, void *arg);
void ward_edge_post(struct ward_call_ref ref, ward_call_fn fn, void *arg);

/* --- the server --- */

struct ward_edge_hooks {
	void *context;
	/* Before each call with a certificate, on its loop: OK lets it through. Must be quick. */
	enum ward_grpc_status (*admit)(void *context, const struct ward_peer *peer,
				       const struct ward_method *method);
	/* After each call, on its loop: for metrics. usec from the first byte to the last. */
	void (*done)(void *context, const struct ward_method *method, enum ward_grpc_status status,
		     uint64_t usec, unsigned loop);
	/* Something worth a line of log (handshake refused, flood): `what` is a static word. */
	void (*event)(void *context, const char *what, const char *address, const char *detail);
};

struct ward_edge_options {
	const char *listen;	 /* "host:port", "[v6]:port"; port 0: any free one */
	unsigned threads;	 /* 0: one per core */
	const char *certificate; /* PEM files: server chain, its key, the CA of clients */
	const char *key;
	const char *client_ca;
	const char *organisation; /* of the SPIFFE URIs taken */
	const struct ward_method *methods;
	size_t method_count;
	struct ward_edge_hooks hooks;
	unsigned connections_max; /* of all loops; 0: 50,000 */
	unsigned streams_max;	  /* of a connection; 0: 128 */
	unsigned address_max;	  /* connections of one address; 0: 1024 */
	unsigned idle_ms;	  /* without a call; 0: 600,000 */
	unsigned handshake_ms;	  /* 0: 10,000 */
	unsigned stall_ms;	  /* between bytes of a message that has begun; 0: 30,000 */
	uint64_t loop_memory;	  /* bytes buffered by one loop's calls; 0: 1 GiB */
};

/* Starts the loops. `why` says what is wrong with a file or address. */
enum ward_rc ward_edge_start(const struct ward_edge_options *options, struct ward_edge **ret,
			     char why[512]) WARD_MUST_CHECK;
/* The port in use. */
uint16_t ward_edge_port(const struct ward_edge *edge);
/* New connections get the certificate files as they are now; what fails to load changes nothing. */
enum ward_rc ward_edge_reload(struct ward_edge *edge, char why[512]) WARD_MUST_CHECK;
/* Ends streams and connections of a device now. Any thread. */
void ward_edge_drop_device(struct ward_edge *edge, const uint8_t device[16]);
/* Stops accepting, sends GOAWAY, ends server streams (UNAVAILABLE) and lets other calls end; true when none is left within timeout_ms. */
bool ward_edge_drain(struct ward_edge *edge, unsigned timeout_ms);
/* Ends the loops; every call's `closed` has run when it returns. What is posted from then on is run at
 * once, with NULL, so that others may end in their own time. */
void ward_edge_stop(struct ward_edge *edge);
/* Stops it if need be. NULL is fine. */
struct ward_edge *ward_edge_free(struct ward_edge *edge);

struct ward_edge_stats {
	uint64_t connections, calls; /* now */
	uint64_t accepted, refused, handshakes_failed, floods, calls_done;
	uint64_t bytes_in, bytes_out;
};
void ward_edge_stats(struct ward_edge *edge, struct ward_edge_stats *ret_stats);

#endif

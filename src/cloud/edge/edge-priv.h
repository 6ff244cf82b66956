/* SPDX-License-Identifier: Apache-2.0 */
/* The edge from inside: loops (loop.c) own connections (conn.c), these own calls (call.c). Everything
 * of a loop is touched by its thread alone, but for its queue of posts and its figures. */
#ifndef WARD_CLOUD_EDGE_EDGE_PRIV_H
#define WARD_CLOUD_EDGE_EDGE_PRIV_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cloud/edge/edge.h"

enum {
	EDGE_OUT = 64 * 1024, /* bytes handed to TLS at once */
	EDGE_IN = 64 * 1024,
	EDGE_WINDOW = 1024 * 1024, /* flow control, of a stream */
	EDGE_FRAME = 17 * 1024,	   /* nghttp2's buffer for a frame being sent: 16 KiB and some */
	EDGE_HEADERS_MAX = 64,
	EDGE_HEADER_BYTES = 16 * 1024,
	EDGE_SHARE = 8, /* of a loop's memory one connection may have the 8th part */
	EDGE_ARENA = 128 * 1024 * 1024,
	EDGE_ARENA_KEPT = 1024 * 1024, /* of that, from one message to the next */
};

struct edge_conn;
struct edge_loop;

/* What one peer may do in a second. */
struct edge_pace {
	uint64_t second;
	unsigned resets, pings, settings, empty, windows;
};

struct ward_message {
	_Atomic unsigned references;
	size_t len;
	uint8_t bytes[]; /* with gRPC's prefix */
};

struct ward_call {
	struct edge_conn *conn;
	struct ward_call *next, *prev; /* calls of the connection */
	int32_t stream;
	uint32_t slot;
	uint64_t serial;
	const struct ward_method *method;
	void *state;
	struct ward_grpc_deframer deframer;
	struct ward_buf out, held_in; /* the framed answer; bytes that came while held */
	struct ward_message *sending; /* of a server stream */
	size_t out_sent;	      /* of either */
	uint64_t begun, deadline, last_in, last_out; /* µs, monotonic */
	uint64_t message_begun;			     /* 0: between messages */
	uint64_t bytes_in;
	unsigned messages, headers;
	size_t header_bytes, unconsumed;
	enum ward_grpc_status status;
	char text[160];
	bool started, is_post, is_grpc, bad_encoding, held, half_closed, ended, finished, deferred,
		answered, closing, in_callback;
};

struct edge_conn {
	struct edge_loop *loop;
	struct edge_conn *next, *prev, *next_dirty;
	int fd;
	SSL *ssl;
	nghttp2_session *session;
	struct ward_peer peer;
	struct ward_call *calls;
	unsigned call_count;
	uint64_t begun, last_call, last_write, mid_frame; /* µs; mid_frame 0: between frames */
	uint64_t drained_at;				  /* when it was told to go */
	struct edge_pace pace;
	struct ward_budget memory; /* of its calls, out of the loop's */
	uint8_t *out;		   /* what the socket did not take; NULL: nothing */
	size_t out_len, out_sent;
	bool shaken, settled, want_out, dirty, dead, draining, calmed;
	bool drained; /* the socket gave less than was asked for: nothing more is there */
};

struct edge_post {
	struct edge_post *next;
	struct ward_call_ref ref;
	ward_call_fn fn; /* NULL: drop the device in `device` */
	void *arg;
	uint8_t device[16];
};

struct edge_slot {
	struct ward_call *call;
	uint64_t serial;
	uint32_t next_free;
};

struct edge_figures {
	_Atomic uint64_t connections, calls, accepted, refused, handshakes_failed, floods, done,
		bytes_in, bytes_out;
};

struct edge_loop {
	struct ward_edge *edge;
	unsigned index;
	pthread_t thread;
	bool running;
	int poller, wakeup, listener;
	struct edge_conn *conns, *dirty;
	struct edge_slot *slots;
	uint32_t slot_count, first_free;
	uint64_t next_serial, last_sweep;
	uint64_t now, wall_ms; /* µs monotonic and ms since 1970, of the last _tick */
	struct ward_budget memory, scratch;
	struct ward_arena *arena;
	struct ward_arena_mark empty;
	uint8_t *in, *out;
	/* nghttp2 keeps 16 KiB for the frame that it is sending in each session; whatever stands there is
	 * copied into `out` at once (fill_out), so that all sessions of a loop may have the same. */
	uint8_t *frame;
	bool frame_wanted;
	nghttp2_mem allocator;
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	pthread_mutex_t lock; /* of the posts */
	struct edge_post *posts, **last_post;
	bool ended; /* posts are run where they come from */
	_Atomic bool stop, drain;
	bool drained;
	struct edge_figures figures;
	struct edge_addresses *addresses;
};

struct ward_edge {
	struct ward_edge_options o;
	char listen[64], certificate[256], key[256], client_ca[256], organisation[64];
	struct ward_method *methods;
	pthread_mutex_t tls_lock;
	SSL_CTX *tls; /* for new connections */
	struct edge_loop *loops;
	unsigned loop_count;
	uint16_t port;
	_Atomic uint64_t connections;
};

/* --- tls.c --- */
enum ward_rc edge_tls_new(const struct ward_edge *edge, SSL_CTX **ret,
			  char why[512]) WARD_MUST_CHECK;
/* Keeps *drained up to date with each read of the socket (set before the handshake). */
void edge_tls_watch(SSL *ssl, bool *drained);
/* Who is there, after the handshake. */
void edge_tls_peer(SSL *ssl, const char *organisation, struct ward_peer *ret);

/* --- conn.c --- */
/* What all sessions of a loop share, and its end. */
enum ward_rc edge_sessions_init(struct edge_loop *loop) WARD_MUST_CHECK;
void edge_sessions_done(struct edge_loop *loop);
void edge_conn_open(struct edge_loop *loop, int fd, const char *address);
/* Speaks HTTP/2 from now on; WARD_E_NOMEM. */
enum ward_rc edge_conn_session(struct edge_conn *c) WARD_MUST_CHECK;
void edge_conn_ready(struct edge_conn *c, unsigned events);
/* Sends what waits; frees the connection when it is dead. */
void edge_conn_flush(struct edge_conn *c);
/* Something was submitted: it is flushed at the end of the round. */
void edge_conn_dirty(struct edge_conn *c);
/* Nothing more is read or written; the end of the round frees it. */
void edge_conn_kill(struct edge_conn *c);
/* No call begins any more; it closes when the last one has ended. */
void edge_conn_goaway(struct edge_conn *c);
/* Streams end now, with this text; a unary answer under way still goes out. */
void edge_conn_end(struct edge_conn *c, const char *text);
/* Frees it with its calls. */
void edge_conn_free(struct edge_conn *c);
/* Time limits; now in µs. */
void edge_conn_sweep(struct edge_conn *c, uint64_t now);
/* Counts what floods, of what comes in and of the resets that peers make us send (CVE-2025-8671). */
void edge_conn_begun(struct edge_conn *c, const nghttp2_frame_hd *hd);
void edge_conn_received(struct edge_conn *c, const nghttp2_frame *frame);
void edge_conn_reset(struct edge_conn *c);

/* --- call.c --- */
void edge_call_callbacks(nghttp2_session_callbacks *callbacks);
void edge_call_free(struct ward_call *call, bool tell);
void edge_call_sweep(struct ward_call *call, uint64_t now);

/* --- loop.c --- */
/* The memory of a loop (its descriptors are -1 until it starts), and the end of all it has. */
enum ward_rc edge_loop_init(struct edge_loop *loop) WARD_MUST_CHECK;
void edge_loop_done(struct edge_loop *loop);
enum ward_rc edge_loop_start(struct edge_loop *loop) WARD_MUST_CHECK;
void edge_loop_wake(struct edge_loop *loop);
/* Reads the clocks: once for all that is handled in one go. */
void edge_loop_tick(struct edge_loop *loop);
enum ward_rc edge_slot_take(struct edge_loop *loop, struct ward_call *call) WARD_MUST_CHECK;
void edge_slot_give(struct edge_loop *loop, struct ward_call *call);
void edge_post(struct edge_loop *loop, struct edge_post *post);
void edge_event(struct ward_edge *edge, const char *what, const char *address, const char *detail);
/* Connections of one address; false: too many. */
bool edge_address_take(struct edge_loop *loop, const char *address);
void edge_address_give(struct edge_loop *loop, const char *address);

#endif

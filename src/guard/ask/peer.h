/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's end of ward-uplink: starts it, speaks with it (proto/uplink.h), starts it again when it
 * ends, less and less often. What it says that is no message costs it its life, nothing else.
 *
 * One thread turns it; sending may be done by any.
 */
#ifndef WARD_GUARD_ASK_PEER_H
#define WARD_GUARD_ASK_PEER_H

#include "proto/uplink.h"

struct ward_peer;

/* What is said to it when it starts; texts are never NULL. */
struct ward_peer_settings {
	bool enabled;
	Ward__V1__Policy policy;
	char server[256], proxy[512], engine_version[65], intelligence_version[65];
};

struct ward_peer_options {
	const char *program;   /* borrowed */
	const char *directory; /* absolute, where it keeps its state; borrowed */
	struct ward_peer_settings settings;
	/* All from ward_peer_turn. Each checked message, valid during the call; `started` comes here
	 * too, and after it what was asked before may be asked again. */
	void (*reply)(void *ctx, const ward_uplink_reply *reply);
	/* What is signed about updates, whole, unproven, borrowed: an encoded ward.v1.Updates that was pushed, or the
	 * answer to a fetch (that, or a ward.v1.MetadataReply); `why` not empty: there is none. Either may be
	 * NULL: nobody wants it. */
	void (*pushed)(void *ctx, struct ward_span updates);
	void (*fetched)(void *ctx, uint64_t id, struct ward_span message, const char *why);
	/* It ended: nothing that was asked of it will be answered. */
	void (*lost)(void *ctx);
	/* A process of ours begins or has ended; before it can do anything. May be NULL. */
	void (*process)(void *ctx, int pid, bool alive);
	void *ctx;
};

/* Starts nothing yet. WARD_E_NOMEM. */
enum ward_rc ward_peer_new(const struct ward_peer_options *options,
			   struct ward_peer **ret_peer) WARD_MUST_CHECK;
/* Asks it to stop, and kills it if it has not after a second. NULL is fine. */
struct ward_peer *ward_peer_free(struct ward_peer *p);

/* Does what can be done now: starts, reads, notices its end. */
void ward_peer_turn(struct ward_peer *p);
/* Readable when a turn has something to do; -1: it does not run. */
int ward_peer_fd(const struct ward_peer *p);
/* When a turn is due in any case (monotonic µs). */
uint64_t ward_peer_next(const struct ward_peer *p);

/* New settings, now and at each start from now on. Any thread. */
void ward_peer_set(struct ward_peer *p, const struct ward_peer_settings *settings);
/* Never waits. WARD_E_GONE: it does not run, or not yet; WARD_E_LIMIT: it does not keep up. `fd` -1:
 * none; it stays the caller's. Any thread. */
enum ward_rc ward_peer_send(struct ward_peer *p, const ward_uplink_request *request,
			    int fd) WARD_MUST_CHECK;

/* Records behind a number, metadata of a version (0: the newest): `fetched` follows with the id, which is not 0,
 * or `lost`. As _send. */
enum ward_rc ward_peer_fetch_updates(struct ward_peer *p, uint64_t id, uint64_t after,
				     uint32_t limit) WARD_MUST_CHECK;
enum ward_rc ward_peer_fetch_metadata(struct ward_peer *p, uint64_t id, Ward__V1__Role role,
				      uint64_t version) WARD_MUST_CHECK;

struct ward_peer_figures {
	uint64_t starts, ends; /* ends it was not asked for */
	int pid;	       /* 0: it does not run */
	uint32_t user;	       /* whom it runs as */
	bool ready;
	bool failed; /* the last start was none */
};
/* Any thread. */
struct ward_peer_figures ward_peer_figures(struct ward_peer *p);

#endif

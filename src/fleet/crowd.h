/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crowd: simulated devices with their identities, spread over a few threads, each with an event loop
 * of its own. What they do is a job's (enroll.c, push.c, outbreak.c): it gets its devices' callbacks on
 * their threads. Identities are kept in one file, "devices.pem" (0600) of the state directory: key and
 * certificate of each, one after the other; "root" beside it is an envelope (docs/updates.md).
 */
#ifndef WARD_FLEET_CROWD_H
#define WARD_FLEET_CROWD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "fleet/believe.h"

struct fleet_crowd;
struct fleet_loop;

struct fleet_device {
	struct fleet_link link; /* .context is the device */
	struct fleet_loop *loop;
	uint32_t number;
	_Atomic bool wanted;	     /* to be connected */
	uint64_t retry;		     /* µs, monotonic: not before */
	struct fleet_belief *belief; /* NULL: it does not look at what is signed */
	/* what the updates told (push.c); written by its thread */
	_Atomic uint64_t position, digest; /* of the last verdict; the digest's first 8 bytes */
	_Atomic uint64_t arrived, made_ms; /* µs since 1970; the record's own time */
	_Atomic bool heard;
	_Atomic bool gone; /* not wanted, and its connection is closed */
};

struct fleet_loop {
	struct fleet_crowd *crowd;
	pthread_t thread;
	bool running;
	unsigned index;
	int poller, wakeup;
	struct fleet_device *devices;
	size_t count, opened; /* opened: how far this round of opening is */
};

struct fleet_job {
	void (*up)(struct fleet_device *device);
	void (*down)(struct fleet_device *device); /* it is opened again after a while, if wanted */
	void (*turn)(struct fleet_loop *loop);	   /* each round of a loop; may be NULL */
};

struct fleet_crowd {
	struct fleet_target target;
	const struct fleet_job *job;
	void *context; /* the job's */
	struct fleet_device *devices;
	size_t count;
	struct fleet_loop *loops;
	unsigned loop_count;
	struct fleet_belief_counts beliefs; /* of all devices that have one */
	bool resume;
	_Atomic bool stop;
	_Atomic uint64_t failures; /* connections that were lost or never came to be */
};

/* How many the directory holds, and the first `count` of them. WARD_E_NOENT: there is no file;
 * WARD_E_FORMAT: there are fewer, or it is damaged. */
enum ward_rc fleet_identities_count(const char *directory, size_t *ret_count) WARD_MUST_CHECK;
enum ward_rc fleet_identities_load(const char *directory, struct fleet_device *devices,
				   size_t count) WARD_MUST_CHECK;
/* Adds these (PEM) to what is there. */
enum ward_rc fleet_identities_add(const char *directory, struct ward_span more) WARD_MUST_CHECK;

/* The root of what is signed about updates, as the service gave it; WARD_E_NOENT: it gave none. */
enum ward_rc fleet_root_load(const char *directory, struct ward_buf *into) WARD_MUST_CHECK;
/* Keeps it. */
enum ward_rc fleet_root_save(const char *directory, struct ward_span root) WARD_MUST_CHECK;

/* Starts the threads; nobody is connected yet. Target, job, devices and count are set. */
enum ward_rc fleet_crowd_start(struct fleet_crowd *crowd, unsigned threads) WARD_MUST_CHECK;
/* All are to be connected, or none; the threads see to it. */
void fleet_crowd_want(struct fleet_crowd *crowd, bool connected);
/* The same of one device; its loop hears of it in its next round, or with fleet_crowd_wake. */
void fleet_crowd_want_one(struct fleet_device *device, bool connected);
/* Has the loop begin its next round. Any thread. */
void fleet_crowd_wake(struct fleet_loop *loop);
/* Devices that were told something since they were last to be connected. */
size_t fleet_crowd_heard(const struct fleet_crowd *crowd);
/* Ends the threads and connections and frees what devices have. */
void fleet_crowd_stop(struct fleet_crowd *crowd);

#endif

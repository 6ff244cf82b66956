/* SPDX-License-Identifier: Apache-2.0 */
/* The views from inside: who reads (read.c, lookup.c), applies (apply-*.c) and follows (applier.c). */
#ifndef WARD_CLOUD_VIEWS_VIEWS_PRIV_H
#define WARD_CLOUD_VIEWS_VIEWS_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "cloud/views/effective.h"
#include "cloud/views/store.h"
#include "cloud/views/verdicts.h"
#include "cloud/views/views.h"

/* States of devices in memory: open addressing, grows, nothing is ever removed. */
struct ward_device_map {
	pthread_rwlock_t lock;
	struct ward_device_slot {
		uint8_t id[WARD_DEVICE_LEN];
		uint8_t state; /* enum ward_device_state; WARD_DEVICE_UNKNOWN: free */
	} * slots;
	size_t room, count;
};

struct ward_views {
	struct ward_store store;
	struct ward_names *names;
	struct ward_verdicts *verdicts;
	struct ward_device_map devices;
	_Atomic uint64_t tokens, table_builds;
	uint64_t overlay_max;
	uint64_t batch_number; /* the applier's */
	uint8_t marks;	       /* generation of 'o' keys written now, the applier's */
	pthread_t builder;
	bool read_only;
	bool building;	    /* the applier's: a builder was started and not joined */
	_Atomic bool built; /* it has ended */
	_Atomic int build_rc;
	char directory[400];
};

/* --- devices in memory --- */
void ward_device_map_init(struct ward_device_map *map);
void ward_device_map_done(struct ward_device_map *map);
enum ward_rc ward_device_map_set(struct ward_device_map *map, const uint8_t id[WARD_DEVICE_LEN],
				 enum ward_device_state state) WARD_MUST_CHECK;
enum ward_device_state ward_device_map_get(struct ward_device_map *map,
					   const uint8_t id[WARD_DEVICE_LEN]);

/* --- what holds --- */

/* From all that was said, as the store has it now. `device` NULL: for everybody; ret->flags tells
 * whether some device has a verdict of its own. *ret_found false: nobody said anything. */
enum ward_rc ward_views_decide(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
			       const uint8_t *device, uint64_t now_ms,
			       struct ward_verdict_value *ret, bool *ret_found) WARD_MUST_CHECK;

/* --- applying --- */

enum { WARD_APPLY_CHANGES = 4096 };

/* What a batch changed that others want to hear of. */
struct ward_apply_news {
	struct ward_apply_update {
		uint64_t position, time_ms;
		Ward__V1__VerdictChange *change; /* in the arena given; NULL: a timestamp */
	} updates[WARD_APPLY_CHANGES];
	size_t update_count;
	struct {
		uint8_t id[WARD_DEVICE_LEN];
		enum ward_device_state state;
	} devices[WARD_APPLY_CHANGES];
	size_t device_count;
};

/*
 * One batch: begun, records added, committed with the positions. *ret_full from _add: commit now.
 * The arena holds what is decoded and is the caller's to reset between batches.
 */
struct ward_apply;
enum ward_rc ward_apply_new(struct ward_views *views, struct ward_apply **ret) WARD_MUST_CHECK;
struct ward_apply *ward_apply_free(struct ward_apply *apply);
enum ward_rc ward_apply_add(struct ward_apply *apply, const struct ward_log_entry *entry,
			    bool *ret_full) WARD_MUST_CHECK;
/* Writes everything; then verdicts and device states in memory follow. `news` lives until the next
 * call of _add. */
enum ward_rc ward_apply_commit(struct ward_apply *apply,
			       const struct ward_apply_news **ret_news) WARD_MUST_CHECK;
/* Records since the last commit. */
size_t ward_apply_pending(const struct ward_apply *apply);

/* Positions the next commit will bring the partitions it touches to; borrowed until then. */
const struct ward_log_position *ward_apply_next(const struct ward_apply *apply, size_t *ret_count);
/* The latest time of any record added. */
uint64_t ward_apply_latest(const struct ward_apply *apply);

/* --- forgetting events (sweep.c) --- */

struct ward_sweep {
	bool running;
	uint64_t last_day, before_ms;
	uint8_t from[1 + WARD_DEVICE_LEN + WARD_WIRE_ID_LEN];
};
/* Once a day of records, in steps of at most `max` keys; the applier's thread, when it has caught up. */
enum ward_rc ward_views_sweep(struct ward_views *views, struct ward_sweep *state,
			      uint64_t latest_ms, size_t max) WARD_MUST_CHECK;
/* Events made before this time may be forgotten; 0: none. */
uint64_t ward_views_swept(struct ward_views *views);
/* Is this the key of an event made before? */
bool ward_views_is_swept(struct ward_span key, uint64_t before_ms);

/* Starts the builder when the changes are many, takes note of one that ended. The applier's thread.
 * `wait`: until none runs. */
enum ward_rc ward_views_build_table(struct ward_views *views, bool wait) WARD_MUST_CHECK;
/* The same when nothing else is to do: fewer changes suffice. Does not wait. */
enum ward_rc ward_views_build_idle(struct ward_views *views) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The applier: follows the log and materialises it. One thread; batches of records become one atomic
 * RocksDB batch together with the positions. Nobody else writes to the views.
 */
#ifndef WARD_CLOUD_VIEWS_APPLIER_H
#define WARD_CLOUD_VIEWS_APPLIER_H

#include "cloud/views/views.h"

struct ward_applier;

/* What the rest of the service wants to hear of, from the applier's thread, after the batch is
 * readable; must not block. Any may be NULL. */
struct ward_applier_events {
	void *context;
	/* `change` is NULL where update records and their timestamp came (views/records.h). */
	void (*update)(void *context, uint64_t position, const Ward__V1__VerdictChange *change,
		       uint64_t time_ms);
	void (*device)(void *context, const uint8_t id[WARD_DEVICE_LEN],
		       enum ward_device_state state);
	/* It cannot go on: the log is damaged or lost records, RocksDB failed, an unknown record. */
	void (*failed)(void *context, enum ward_rc rc, const char *why);
};

/* Starts at the views' applied positions. Log and views outlive it. */
enum ward_rc ward_applier_start(struct ward_log *log, struct ward_views *views,
				const struct ward_applier_events *events,
				struct ward_applier **ret) WARD_MUST_CHECK;
/* Ends after the batch it is on. NULL is fine. */
struct ward_applier *ward_applier_stop(struct ward_applier *applier);

/*
 * Calls `fn` once this record (its position came from ward_log_append) and all before it in its
 * partition are applied and readable: from the applier's thread, or at once from the caller's. rc is
 * WARD_OK, or WARD_E_STOPPED when the applier ends first.
 */
typedef void (*ward_applied_fn)(void *context, enum ward_rc rc);
enum ward_rc ward_applier_when(struct ward_applier *applier,
			       const struct ward_log_position *position, ward_applied_fn fn,
			       void *context) WARD_MUST_CHECK;
/* The same, waiting; WARD_E_TIMEOUT. */
enum ward_rc ward_applier_wait(struct ward_applier *applier,
			       const struct ward_log_position *positions, size_t count,
			       int timeout_ms) WARD_MUST_CHECK;

/* Records that are durable and not yet applied. */
uint64_t ward_applier_lag(struct ward_applier *applier);

/* Applies what the log holds from the views' positions on and before `until` (as ward_log_ends tells
 * them; NULL: all that is there now), nothing of what others append meanwhile, then returns (replay,
 * tests). */
enum ward_rc ward_applier_run(struct ward_log *log, struct ward_views *views,
			      const struct ward_log_position *until, size_t count,
			      uint64_t *ret_records) WARD_MUST_CHECK;

/*
 * Snapshot of the views: a directory of files that _restore turns into views again, with the
 * positions they stand at; made while the applier runs. `directory` must not exist.
 */
enum ward_rc ward_views_snapshot(struct ward_views *views, const char *directory) WARD_MUST_CHECK;
/* Positions the views have applied up to (the next record to read); at most `max`. */
enum ward_rc ward_views_positions(struct ward_views *views, struct ward_log_position *ret,
				  size_t max, size_t *ret_count) WARD_MUST_CHECK;

/* Compares two views record by record; *ret_different counts, `why` names the first few. */
enum ward_rc ward_views_compare(struct ward_views *first, struct ward_views *second,
				uint64_t *ret_records, uint64_t *ret_different,
				char why[1024]) WARD_MUST_CHECK;

#endif

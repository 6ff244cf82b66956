/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: the one truth of the service. Records are appended, durable before they are
 * acknowledged, and read in order; everything else is derived from it and can be rebuilt.
 *
 * Three channels, each with its own partitions. A record goes to the partition its route selects;
 * order holds within a partition and nowhere else.
 *
 *	WARD_LOG_EVENTS   what happened; kept for a time
 *	WARD_LOG_STATE    facts by key: of records with the same key the last one holds, older ones may
 *			  be dropped (compaction); an empty body removes the key
 *	WARD_LOG_UPDATES  exactly one partition: its offsets number the updates that endpoints get
 *
 * Backends implement log-priv.h: `file` (cloud/log/file.h), one partition a channel, for one service
 * on one machine; `kafka` (cloud/log/kafka.h), many partitions, for several nodes. They pass the same
 * tests (cloud/log/conform.h). Which failures an acknowledged record survives stands in each header.
 *
 * Threads: every function may be called from any thread, except that one reader belongs to one
 * thread at a time.
 */
#ifndef WARD_CLOUD_LOG_LOG_H
#define WARD_CLOUD_LOG_LOG_H

#include "base/rc.h"
#include "base/span.h"

enum ward_log_channel {
	WARD_LOG_EVENTS = 0,
	WARD_LOG_STATE,
	WARD_LOG_UPDATES,
	WARD_LOG_CHANNELS,
};

/* Longest body, key and route in bytes; partitions of one channel. */
enum {
	WARD_LOG_BODY_MAX = 512 * 1024,
	WARD_LOG_KEY_MAX = 256,
	WARD_LOG_PARTITIONS_MAX = 256,
};

/* The place of a record; offsets of a partition start at 0 and only grow (a compacted partition
 * has holes). */
struct ward_log_position {
	enum ward_log_channel channel;
	uint32_t partition;
	uint64_t offset;
};

/* One record to append; all bytes are copied. */
struct ward_log_item {
	enum ward_log_channel channel;
	struct ward_span route; /* its first 4 bytes, big-endian, modulo the partitions; fewer: 0 */
	struct ward_span key;	/* WARD_LOG_STATE: required; else may be empty */
	struct ward_span body;
};

struct ward_log;

/*
 * Called once for each append, when all of its records are durable (WARD_OK; `positions` has one for
 * each item, borrowed for the call) or known not to be acknowledged (positions NULL: some of them may
 * turn up in the log all the same, as after a time-out). From a thread of the log's: it must not
 * block nor call back into the log except _append.
 */
typedef void (*ward_log_done)(void *context, enum ward_rc rc,
			      const struct ward_log_position *positions, size_t count);

/*
 * Appends `count` (1 to 10,000) records. WARD_OK: `done` will be called, perhaps before this returns.
 * Anything else: nothing was taken and `done` is not called: WARD_E_LIMIT (too much is waiting: tell
 * the sender to come back later, or the disk is full), WARD_E_INVAL (sizes), WARD_E_STOPPED (the log
 * is closing), WARD_E_IO (the log can take nothing until it is opened anew), WARD_E_NOMEM.
 */
enum ward_rc ward_log_append(struct ward_log *log, const struct ward_log_item *items, size_t count,
			     ward_log_done done, void *context) WARD_MUST_CHECK;
/* The same, waiting for the end. ret_positions (count of them) may be NULL. */
enum ward_rc ward_log_append_wait(struct ward_log *log, const struct ward_log_item *items,
				  size_t count,
				  struct ward_log_position *ret_positions) WARD_MUST_CHECK;

/* Partitions of a channel; does not change while the log is open. */
uint32_t ward_log_partitions(const struct ward_log *log, enum ward_log_channel channel);

/* *ret_first: the oldest record kept; *ret_next: where the next one will stand (only durable ones
 * count, and of what others append what was heard of). An empty partition has both the same. Does not
 * wait for anybody. */
enum ward_rc ward_log_bounds(struct ward_log *log, enum ward_log_channel channel,
			     uint32_t partition, uint64_t *ret_first,
			     uint64_t *ret_next) WARD_MUST_CHECK;

/* Every partition of every channel with its *ret_next: what has been appended by now. `ret` has room
 * for WARD_LOG_ENDS. */
enum { WARD_LOG_ENDS = WARD_LOG_CHANNELS * WARD_LOG_PARTITIONS_MAX };
enum ward_rc ward_log_ends(struct ward_log *log, struct ward_log_position *ret,
			   size_t *ret_count) WARD_MUST_CHECK;

/* One record read; the spans are borrowed until the reader's next call. */
struct ward_log_entry {
	struct ward_log_position position;
	struct ward_span key;
	struct ward_span body; /* empty: the key is removed */
};

struct ward_log_reader;

/*
 * Reads from `from` on: `count` positions, each partition at most once; partitions that are not
 * named are not read. An offset below the oldest kept record is WARD_E_NOENT (a snapshot is needed);
 * one past the end waits.
 */
enum ward_rc ward_log_reader_new(struct ward_log *log, const struct ward_log_position *from,
				 size_t count, struct ward_log_reader **ret) WARD_MUST_CHECK;
struct ward_log_reader *ward_log_reader_free(struct ward_log_reader *reader);
/*
 * The next record of any of the partitions, in order within each. timeout_ms: 0 looks only, -1 waits.
 * WARD_E_TIMEOUT: none yet. WARD_E_NOENT: the reader fell behind what is kept. WARD_E_FORMAT: the log
 * is damaged here (never after a mere crash). WARD_E_STOPPED: woken by _reader_wake.
 */
enum ward_rc ward_log_reader_next(struct ward_log_reader *reader, int timeout_ms,
				  struct ward_log_entry *ret_entry) WARD_MUST_CHECK;
/* Makes a waiting _next return WARD_E_STOPPED; from any thread. */
void ward_log_reader_wake(struct ward_log_reader *reader);

/*
 * Lets go of what is before `position` in its partition; it may stay until the backend gets to it.
 * The caller has a snapshot that covers it.
 */
enum ward_rc ward_log_truncate(struct ward_log *log,
			       const struct ward_log_position *position) WARD_MUST_CHECK;

/* Figures since it was opened; any thread. */
struct ward_log_stats {
	uint64_t records, bytes, syncs, refused, waiting;
	uint64_t size; /* bytes on disk; 0 when somebody else keeps them */
};
void ward_log_stats(struct ward_log *log, struct ward_log_stats *ret_stats);

/* Waits for what was taken to be acknowledged or fail, then closes. Readers go first. NULL is fine. */
struct ward_log *ward_log_close(struct ward_log *log);
void ward_log_closep(struct ward_log **log);

#endif

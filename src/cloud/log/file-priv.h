/* SPDX-License-Identifier: Apache-2.0 */
/* The file backend's parts: channels with their segments (file-channel.c), appending (file.c),
 * reading (file-reader.c). */
#ifndef WARD_CLOUD_LOG_FILE_PRIV_H
#define WARD_CLOUD_LOG_FILE_PRIV_H

#include <pthread.h>
#include <sys/uio.h>

#include "cloud/log/file.h"
#include "cloud/log/log-priv.h"

enum { WARD_FILE_NAME = 32, WARD_FILE_SEGMENTS_MAX = 65536 };

/* One channel. `first`, `segments` and `durable` are read under the log's lock; the rest belongs to
 * the writer's thread. */
struct ward_file_channel {
	enum ward_log_channel channel;
	int dir, fd;	    /* fd: the segment written to */
	uint64_t *segments; /* first offsets, ascending */
	size_t segment_count, segment_room;
	uint64_t next;	  /* offset of the next record written */
	uint64_t durable; /* what readers may see ends here */
	uint64_t size;	  /* of the segment written to */
	uint64_t older;	  /* bytes of the others */
	bool dirty;	  /* written since the last sync */
};

/* What one call of append brought. */
struct ward_file_batch {
	struct ward_file_batch *next;
	size_t count, bytes;
	ward_log_done done;
	void *context;
	enum ward_rc rc;
	struct ward_log_position *positions; /* count of them */
	size_t *sizes;			     /* of the records in `data` */
	uint8_t *data;			     /* laid out, one after the other */
};

struct ward_file_log {
	struct ward_log base;
	int dir, lock_fd;
	uint64_t segment_bytes, waiting_max, reserve;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* for the writer */
	pthread_cond_t fresh; /* for readers: `durable` grew, a reader was woken */
	pthread_t writer;
	bool closing, broken;
	struct ward_file_batch *first, **last;
	uint64_t waiting;
	struct ward_log_stats stats;
	struct ward_file_channel channels[WARD_LOG_CHANNELS];
};

/* "%020llu.seg" */
void ward_file_segment_name(uint64_t first, char ret[WARD_FILE_NAME]);

/* Opens (or makes) the channel's directory, lists its segments, recovers the last one. */
enum ward_rc ward_file_channel_open(struct ward_file_channel *c, int log_dir,
				    enum ward_log_channel channel, char why[512]) WARD_MUST_CHECK;
void ward_file_channel_close(struct ward_file_channel *c);
/* Begins a segment at `next`; durable when it returns. */
enum ward_rc ward_file_channel_roll(struct ward_file_channel *c,
				    pthread_mutex_t *lock) WARD_MUST_CHECK;
/* Writes at the end of the current segment. WARD_E_LIMIT: no space; then nothing was written. */
enum ward_rc ward_file_channel_write(struct ward_file_channel *c, const struct iovec *runs,
				     int count, uint64_t bytes) WARD_MUST_CHECK;
enum ward_rc ward_file_channel_sync(struct ward_file_channel *c) WARD_MUST_CHECK;
/* Removes whole segments before `offset`; the caller holds the log's lock. */
enum ward_rc ward_file_channel_truncate(struct ward_file_channel *c,
					uint64_t offset) WARD_MUST_CHECK;

/* Readers (file-reader.c), for the table of functions. */
enum ward_rc ward_file_reader_new(struct ward_log *base, const struct ward_log_position *from,
				  size_t count, struct ward_log_reader **ret) WARD_MUST_CHECK;
void ward_file_reader_free(struct ward_log_reader *base);
enum ward_rc ward_file_reader_next(struct ward_log_reader *base, int timeout_ms,
				   struct ward_log_entry *ret_entry) WARD_MUST_CHECK;
void ward_file_reader_wake(struct ward_log_reader *base);

#endif

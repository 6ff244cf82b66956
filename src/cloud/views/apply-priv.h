/* SPDX-License-Identifier: Apache-2.0 */
/* One batch from inside: apply.c dispatches and commits, apply-file.c and apply-identity.c know what
 * the facts mean. Nothing here looks at a clock. */
#ifndef WARD_CLOUD_VIEWS_APPLY_PRIV_H
#define WARD_CLOUD_VIEWS_APPLY_PRIV_H

#include "cloud/views/views-priv.h"

enum { WARD_APPLY_TOUCHED = 65536, WARD_APPLY_LISTS = 64, WARD_APPLY_COUNTS = 64 };

struct ward_apply {
	struct ward_views *views;
	rocksdb_writebatch_wi_t *batch;
	struct ward_budget budget;
	struct ward_arena *arena; /* emptied after each commit */
	struct ward_arena_mark empty;
	size_t pending;
	struct ward_log_position next[WARD_LOG_CHANNELS * WARD_LOG_PARTITIONS_MAX];
	size_t next_count;
	uint64_t latest_ms;
	/* files of which something was said: decided anew after the commit */
	uint8_t (*touched)[WARD_HASH_LEN];
	size_t touched_count;
	/* records of lists, in the arena: millions of digests take a path of their own */
	const Ward__Log__V1__Record *lists[WARD_APPLY_LISTS];
	size_t list_count;
	/* summed here, for merging a key again and again makes RocksDB walk over all of it each time */
	struct ward_apply_sum {
		enum ward_stat stat;
		uint64_t hour, n;
	} sums[WARD_APPLY_COUNTS];
	size_t sum_count;
	struct ward_apply_news news;
};

typedef Ward__Log__V1__Record Record;

void ward_apply_put(struct ward_apply *a, const struct ward_key *key, struct ward_span value);
enum ward_rc ward_apply_put_message(struct ward_apply *a, const struct ward_key *key,
				    const ProtobufCMessage *message) WARD_MUST_CHECK;
/* The stored message, or a fresh one made by `init` when there is none. */
enum ward_rc ward_apply_load(struct ward_apply *a, const struct ward_key *key,
			     const ProtobufCMessageDescriptor *type, void *ret,
			     bool *ret_found) WARD_MUST_CHECK;
void ward_apply_count(struct ward_apply *a, enum ward_stat stat, uint64_t time_ms, uint64_t n);
/* The verdict on this file is decided anew. */
void ward_apply_touch(struct ward_apply *a, ProtobufCBinaryData sha256);
struct ward_span ward_apply_span(ProtobufCBinaryData bytes);

enum ward_rc ward_apply_event(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_seen(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_sample(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_sample_gone(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_note(struct ward_apply *a, const Record *r,
			     uint64_t offset) WARD_MUST_CHECK;
enum ward_rc ward_apply_verdict(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
/* apply-list.c: remembers the record; then all of them go into the batch that is written, and after
 * that into memory. */
enum ward_rc ward_apply_reputation(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_lists_put(struct ward_apply *a,
				  rocksdb_writebatch_t *batch) WARD_MUST_CHECK;
enum ward_rc ward_apply_lists_decide(struct ward_apply *a) WARD_MUST_CHECK;
/* What memory is to hold of a file now is asked of the store. */
enum ward_rc ward_apply_decide(struct ward_apply *a,
			       const uint8_t sha256[WARD_HASH_LEN]) WARD_MUST_CHECK;

enum ward_rc ward_apply_token(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_enrollment(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_certificate(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_revocation(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_policy(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
/* apply-records.c: signed update records and timestamps; what does not count changes nothing.
 * *ret_news: followers of the updates are to hear of it. */
enum ward_rc ward_apply_published(struct ward_apply *a, const Record *r) WARD_MUST_CHECK;
enum ward_rc ward_apply_timestamp(struct ward_apply *a, const Record *r, uint64_t offset,
				  bool *ret_news) WARD_MUST_CHECK;
/* A device was heard of; `events` and `detections` are added. */
enum ward_rc ward_apply_device_seen(struct ward_apply *a, const Record *r,
				    const Ward__V1__Event *event) WARD_MUST_CHECK;

#endif

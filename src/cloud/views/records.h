/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Update records as the service's log has them (docs/updates.md): by number, with the Merkle tree over
 * them and the newest timestamp. Several logs may stand side by side, each with its numbers; which one
 * endpoints follow, the root says. Any thread. WARD_E_IO, WARD_E_LIMIT besides what stands here.
 */
#ifndef WARD_CLOUD_VIEWS_RECORDS_H
#define WARD_CLOUD_VIEWS_RECORDS_H

#include "cloud/views/views.h"
#include "trust/metadata.h"

/* One log, at one moment. */
struct ward_view_ledger {
	struct ward_frontier frontier; /* its size is the number of the last record */
	uint64_t version;	       /* of the newest timestamp; 0: there is none */
	uint64_t covered;	       /* records under its head */
	uint64_t expires_ms;
	struct ward_span timestamp; /* its envelope, in the arena */
};

/* An empty one when nothing is known of the log. */
enum ward_rc ward_views_ledger(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
			       struct ward_arena *arena,
			       struct ward_view_ledger *ret) WARD_MUST_CHECK;

/* The envelope of record `number`, in the arena; WARD_E_NOENT. */
enum ward_rc ward_views_record(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
			       uint64_t number, struct ward_arena *arena,
			       struct ward_span *ret) WARD_MUST_CHECK;
/* Envelopes from after + 1 on, in order, borrowed for the call; WARD_E_STOPPED from `fn` ends it. */
typedef enum ward_rc (*ward_view_record_fn)(void *context, uint64_t number,
					    struct ward_span envelope);
enum ward_rc ward_views_records(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
				uint64_t after, ward_view_record_fn fn,
				void *context) WARD_MUST_CHECK;

/* The number of the record with this id; 0: none. */
uint64_t ward_views_record_of(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
			      const uint8_t id[WARD_RECORD_ID]);
/* The number of the record that disables this one; 0: none does. */
uint64_t ward_views_record_ended(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
				 uint64_t number);
/* Records that block the file with this digest for everybody and were not disabled, the oldest first, at
 * most `max`; whether they are over, who decodes them sees. */
enum ward_rc ward_views_blocking(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
				 struct ward_span digest, uint64_t *ret_numbers, size_t max,
				 size_t *ret_count) WARD_MUST_CHECK;

/* That the log of the first `from` records begins the one of the first `to`. WARD_E_INVAL: it does not
 * have as many. */
enum ward_rc ward_views_proof(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
			      uint64_t from, uint64_t to, struct ward_proof *ret) WARD_MUST_CHECK;
/* The same of record `number` in the log of the first `size`. */
enum ward_rc ward_views_inclusion(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
				  uint64_t number, uint64_t size,
				  struct ward_proof *ret) WARD_MUST_CHECK;

/* A timestamp that counted. */
struct ward_view_stamp {
	uint64_t offset; /* where it stands in WARD_LOG_UPDATES */
	uint64_t before; /* records under the head of the one before it */
	uint64_t covered, expires_ms;
};
/* WARD_E_NOENT: this version did not count. */
enum ward_rc ward_views_stamp(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
			      uint64_t version, struct ward_view_stamp *ret) WARD_MUST_CHECK;

/* Where the applier stands in WARD_LOG_UPDATES: the next offset it reads. */
uint64_t ward_views_updates_applied(struct ward_views *views);

#endif

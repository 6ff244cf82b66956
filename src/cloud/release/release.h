/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher: makes records public (docs/updates.md). One thread gathers what comes within a few
 * milliseconds, signs it under the service's delegation, and appends it with one timestamp for all; it renews
 * the timestamp in time. Convictions become records by themselves, as the options say; those taken back
 * are disabled.
 *
 * Any thread, but not the log's. Call-backs come from the publisher's thread and must not block.
 */
#ifndef WARD_CLOUD_RELEASE_RELEASE_H
#define WARD_CLOUD_RELEASE_RELEASE_H

#include "cloud/keys/authority.h"
#include "cloud/ops/metrics.h"
#include "cloud/views/applier.h"
#include "cloud/views/records.h"

struct ward_release;

/* What is published without anybody's word, and what never is. */
struct ward_release_policy {
	bool convictions;    /* of samples and analysts */
	bool allow;	     /* an analyst's "clean" allows the file everywhere */
	unsigned confidence; /* 0 to 1000: what a conviction has at least */
	uint64_t life_ms;    /* of a block record; 0: no end */
	/* A file that so many devices, or so large a share of them (in thousandths), have met, and that was
	 * first met this long ago, is not blocked by itself. */
	uint64_t gate_devices, gate_share, gate_age_ms;
};

struct ward_release_options {
	struct ward_log *log;
	struct ward_views *views;
	struct ward_applier *applier;
	struct ward_authority *authority;
	struct ward_metrics *metrics;
	struct ward_release_policy policy;
};

/* What the options point to outlives it. */
enum ward_rc ward_release_start(const struct ward_release_options *options,
				struct ward_release **ret) WARD_MUST_CHECK;
/* What waits is told WARD_E_STOPPED; before the log and the applier end. */
void ward_release_stop(struct ward_release *release);
/* Stopped before; when nobody calls it any more. NULL is fine. */
struct ward_release *ward_release_free(struct ward_release *release);

/* Borrowed for the call. number 0 unless rc is WARD_OK; WARD_E_PERM: refused, `why` says by whom. */
struct ward_released {
	uint64_t number;
	struct ward_span envelope;
	const struct ward_refusal *why;
};
typedef void (*ward_released_fn)(void *context, enum ward_rc rc,
				 const struct ward_released *released);

/* Who wants it and why in spite of a gate, for the log; texts, "" or NULL: the service itself, no gate. */
struct ward_release_author {
	const char *actor, *forced;
};

/*
 * Publishes a record; everything is copied. Number, role and time are set here, and an id where it is all
 * zeros. WARD_OK: `fn` (may be NULL) will be called. WARD_E_PERM: no record may be like that, or the gates
 * hold it. WARD_E_LIMIT: too many wait. WARD_E_STOPPED.
 */
enum ward_rc ward_release_submit(struct ward_release *release,
				 const struct ward_trust_record *record,
				 const struct ward_release_author *author, ward_released_fn fn,
				 void *context, struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* The same, waiting until it is public, at most `timeout_ms` (WARD_E_TIMEOUT: it still may be). */
enum ward_rc ward_release_wait(struct ward_release *release, const struct ward_trust_record *record,
			       const struct ward_release_author *author, int timeout_ms,
			       uint64_t *ret_number, struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Something new was said about a file, and is applied: for the applier's events; never blocks. */
void ward_release_verdict(struct ward_release *release, const uint8_t sha256[WARD_HASH_LEN]);

/* Calls `fn` when what was said of the file is dealt with, at the latest after `timeout_ms`: with its
 * record, if one blocks it now. */
enum ward_rc ward_release_when(struct ward_release *release, const uint8_t sha256[WARD_HASH_LEN],
			       unsigned timeout_ms, ward_released_fn fn,
			       void *context) WARD_MUST_CHECK;

/* The newest record that blocks the file for everybody, if a timestamp covers it; in the arena. WARD_E_NOENT. */
enum ward_rc ward_release_record(struct ward_release *release, const uint8_t sha256[WARD_HASH_LEN],
				 struct ward_arena *arena, uint64_t *ret_number,
				 struct ward_span *ret_envelope) WARD_MUST_CHECK;

/* What the gates hold now; the oldest are forgotten. */
struct ward_release_held {
	uint8_t sha256[WARD_HASH_LEN];
	uint64_t time_ms;
	char why[WARD_REFUSAL_TEXT];
};
enum { WARD_RELEASE_HELD = 64 };
struct ward_release_status {
	uint8_t log[WARD_LOG_ID];
	uint64_t published, refused, retried, waiting;
	struct ward_refusal trouble; /* code and text of what keeps it from signing; "" none */
	size_t held_count;
	struct ward_release_held held[WARD_RELEASE_HELD]; /* the newest first */
};
void ward_release_status(struct ward_release *release, struct ward_release_status *ret);

#endif

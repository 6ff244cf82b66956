/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: what the service knows, derived from the log (proto/record.proto) and always rebuildable
 * from it. Kept in RocksDB on this node, written by one applier, read by everybody; in front of it
 * an immutable mapped table of verdicts and the changes since (views/verdicts.h), so that a look-up
 * asks no RocksDB about files with a verdict.
 *
 * The position applied is written in the same atomic batch as what it changed, with RocksDB's own
 * log off: after a crash the tail is applied again, and each record counts once.
 *
 * Threads: readers any; one applier (views/applier.h).
 */
#ifndef WARD_CLOUD_VIEWS_VIEWS_H
#define WARD_CLOUD_VIEWS_VIEWS_H

#include "base/arena.h"
#include "base/verdict.h"
#include "cloud/log/log.h"
#include "proto/wire.h"

struct ward_views;

struct ward_views_options {
	const char *directory; /* mode 0700, made if not there */
	uint64_t cache_bytes;  /* RocksDB's block cache; 0: 256 MiB */
	uint64_t overlay_max;  /* entries before the table is rebuilt; 0: 1,000,000 */
	bool read_only;	       /* beside a running service (wardcloud stats, replay --compare) */
};

/* WARD_E_FORMAT: of another version or damaged (rebuild with `wardcloud replay`). WARD_E_PERM: open
 * elsewhere. */
enum ward_rc ward_views_open(const struct ward_views_options *options, struct ward_views **ret,
			     char why[512]) WARD_MUST_CHECK;
struct ward_views *ward_views_close(struct ward_views *views);
/* Brings what was applied to disk, so that a crash has less applied again. Any thread; may take long. */
void ward_views_flush(struct ward_views *views);

/* A device or token id, a file: fixed sizes everywhere. */
enum { WARD_DEVICE_LEN = 16, WARD_TOKEN_LEN = 8, WARD_HASH_LEN = 32 };

/* --- verdicts: the look-up path --- */

/* The effective verdict on a file for a device; what outweighs what: views/effective.h. */
struct ward_view_verdict {
	enum ward_verdict verdict;
	uint16_t confidence; /* 0 to 1000 */
	uint8_t source;	     /* Ward__Log__V1__Source; 0: none, nobody has said anything */
	bool partial;	     /* the sample was looked at, but not all of it */
	uint64_t expires_ms; /* 0: never */
	const char *threat;  /* "" if none; lives as long as the views are open (interned) */
	const char *list;    /* of an import, else ""; the same */
};

/*
 * `count` look-ups at once (1 to 1000), which hides the memory's latency; ret_verdicts[i].source is 0
 * for a file nobody said anything about. `device` (16 bytes, may be NULL) selects scoped verdicts.
 * `now_ms` decides about expiry. Never blocks, never fails; WARD_OK always unless RocksDB had to be
 * asked (scoped entries) and failed.
 */
enum ward_rc ward_views_verdicts(struct ward_views *views, const uint8_t (*sha256)[WARD_HASH_LEN],
				 size_t count, const uint8_t *device, uint64_t now_ms,
				 struct ward_view_verdict *ret_verdicts) WARD_MUST_CHECK;

/* Is an MD5 or SHA-1 listed, and as what? Lists by weaker digests never outweigh anything said about
 * a SHA-256. source 0: not listed. */
enum ward_rc ward_views_weak(struct ward_views *views, Ward__Log__V1__Digest kind,
			     const uint8_t *digest, uint64_t now_ms,
			     struct ward_view_verdict *ret_verdict) WARD_MUST_CHECK;

/* --- file records --- */

enum { WARD_FILE_NAMES_MAX = 8 };

struct ward_view_file {
	uint8_t sha256[WARD_HASH_LEN];
	uint64_t size; /* 0 if nobody said */
	const char *type;
	uint64_t first_seen_ms, last_seen_ms; /* by the service's clock; 0: never seen */
	uint64_t prevalence;		      /* distinct devices */
	bool prevalence_exact; /* else estimated (HyperLogLog, standard error 1.6 %) */
	uint64_t sightings;    /* events that named it */
	uint32_t path_classes; /* bit per Ward__V1__PathClass */
	bool downloaded;       /* at least once */
	const char *names[WARD_FILE_NAMES_MAX]; /* most recent first */
	size_t name_count;
	const char *origin_host; /* the last one; "" if none */
	bool sample_here;
	uint64_t sample_ms;	       /* when it came */
	uint8_t parent[WARD_HASH_LEN]; /* what it was unpacked from; zeros: none known */
	uint64_t notes;
};

/* WARD_E_NOENT: nothing is known. Texts live in the arena. */
enum ward_rc ward_views_file(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
			     struct ward_arena *arena,
			     struct ward_view_file *ret_file) WARD_MUST_CHECK;

/* All verdicts said about a file, as recorded; in the arena. *ret_count 0 when none. */
enum ward_rc ward_views_said(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
			     struct ward_arena *arena, Ward__Log__V1__Verdict ***ret_said,
			     size_t *ret_count) WARD_MUST_CHECK;
/* Notes of analysts, oldest first. */
enum ward_rc ward_views_notes(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
			      struct ward_arena *arena, Ward__Log__V1__Record ***ret_notes,
			      size_t *ret_count) WARD_MUST_CHECK;

/*
 * Files whose SHA-256 begins with `prefix` (3 to 16 bytes) and that have a verdict, at most `max`, in
 * order. *ret_more: there are others.
 */
enum ward_rc ward_views_prefix(struct ward_views *views, struct ward_span prefix, uint64_t now_ms,
			       size_t max, uint8_t (*ret_sha256)[WARD_HASH_LEN],
			       struct ward_view_verdict *ret_verdicts, size_t *ret_count,
			       bool *ret_more) WARD_MUST_CHECK;

/* --- convictions --- */

/* A walk over all files with a verdict: whom it looks for, and where it stands (zeros: at its beginning). */
struct ward_conviction_walk {
	uint64_t now_ms;
	uint16_t confidence; /* at least */
	uint8_t last[WARD_HASH_LEN];
	bool begun, end;
};

typedef enum ward_rc (*ward_conviction_fn)(void *context, const uint8_t sha256[WARD_HASH_LEN],
					   const struct ward_view_verdict *holds);
/* Calls `fn` for files that hold to be malicious for everybody, with at least this confidence and not
 * because an imported list says so, in order; looks at `max` files and goes on from there the next time. */
enum ward_rc ward_views_convictions(struct ward_views *views, size_t max,
				    struct ward_conviction_walk *walk, ward_conviction_fn fn,
				    void *context) WARD_MUST_CHECK;

/* --- lists --- */

/* A list that says now that the file is good: its name in the arena; NULL: none does. */
enum ward_rc ward_views_listed_clean(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
				     uint64_t now_ms, struct ward_arena *arena,
				     const char **ret_list) WARD_MUST_CHECK;

enum { WARD_STALE_KEY = 64 };

/* Where a walk over all that lists say stands; zeros: at its beginning. */
struct ward_stale_walk {
	uint8_t key[WARD_STALE_KEY];
	size_t len;
	bool end; /* it is through */
};

typedef enum ward_rc (*ward_stale_fn)(void *context, Ward__Log__V1__Digest kind,
				      const uint8_t *digest);
/* Calls `fn` for what the list says and did not say at `time_ms` (its last import), in order of kind
 * and digest; looks at `max` entries of any list and goes on from there the next time. */
enum ward_rc ward_views_stale(struct ward_views *views, const char *list, uint64_t time_ms,
			      size_t max, struct ward_stale_walk *walk, ward_stale_fn fn,
			      void *context) WARD_MUST_CHECK;

/* --- devices, tokens, policies --- */

enum ward_device_state {
	WARD_DEVICE_UNKNOWN,
	WARD_DEVICE_REFUSED,
	WARD_DEVICE_ACTIVE,
	WARD_DEVICE_REVOKED
};

struct ward_view_device {
	uint8_t id[WARD_DEVICE_LEN];
	enum ward_device_state state;
	const char *name, *os, *architecture, *engine_version, *revoke_reason;
	uint64_t enrolled_ms, last_seen_ms, not_after_ms;
	uint8_t token[WARD_TOKEN_LEN];
	uint64_t events, detections;
	uint64_t update_position;
	uint32_t outbox;
	/* of its last health report; health_ms 0: there was none */
	uint64_t health_ms, policy_version;
	char *const *issues;
	size_t issue_count;
	const char *mode, *intelligence_version;
	/* refused changes and ends of its protection, and the last of them */
	uint64_t tamperings, tampered_ms;
	const char *tampered;
};

enum ward_rc ward_views_device(struct ward_views *views, const uint8_t id[WARD_DEVICE_LEN],
			       struct ward_arena *arena,
			       struct ward_view_device *ret_device) WARD_MUST_CHECK;
/* The state alone, from memory: no lock, no RocksDB; for each request. */
enum ward_device_state ward_views_device_state(struct ward_views *views,
					       const uint8_t id[WARD_DEVICE_LEN]);

struct ward_view_token {
	uint8_t id[WARD_TOKEN_LEN];
	uint8_t secret_sha256[WARD_HASH_LEN];
	const char *name;
	uint64_t created_ms, expires_ms;
	uint32_t uses, used; /* uses 0: any number */
	bool revoked;
};

/* WARD_E_NOENT: no such token. Texts live in the arena. */
enum ward_rc ward_views_token(struct ward_views *views, const uint8_t id[WARD_TOKEN_LEN],
			      struct ward_arena *arena,
			      struct ward_view_token *ret_token) WARD_MUST_CHECK;

/* For lists: return WARD_E_STOPPED to end early. Texts are borrowed for the call. */
typedef enum ward_rc (*ward_view_device_fn)(void *context, const struct ward_view_device *device);
typedef enum ward_rc (*ward_view_token_fn)(void *context, const struct ward_view_token *token);
enum ward_rc ward_views_devices(struct ward_views *views, ward_view_device_fn fn,
				void *context) WARD_MUST_CHECK;
enum ward_rc ward_views_tokens(struct ward_views *views, ward_view_token_fn fn,
			       void *context) WARD_MUST_CHECK;

/* The signed document of the policy of that name, on the arena; empty when there is none. */
enum ward_rc ward_views_policy_document(struct ward_views *views, const char *name,
					struct ward_arena *arena,
					struct ward_span *ret_document) WARD_MUST_CHECK;
/* The policy of that name without its document, or the built-in defaults (version 0). */
enum ward_rc ward_views_policy(struct ward_views *views, const char *name,
			       Ward__V1__Policy *ret_policy) WARD_MUST_CHECK;

/* --- events and statistics --- */

/* Was this event of this device applied already? For early answers; the applier decides. */
bool ward_views_event_known(struct ward_views *views, const uint8_t device[WARD_DEVICE_LEN],
			    const uint8_t id[16]);

enum ward_stat {
	WARD_STAT_SIGHTINGS,
	WARD_STAT_DETECTIONS,
	WARD_STAT_NEW_FILES,
	WARD_STAT_SAMPLES,
	WARD_STAT_VERDICTS,
	WARD_STAT_ENROLLED,
	WARD_STAT_TAMPERINGS,
	WARD_STATS,
};

/* Sum of a statistic over the hours [from, to) (hours since 1970). */
enum ward_rc ward_views_stat(struct ward_views *views, enum ward_stat stat, uint64_t from_hour,
			     uint64_t to_hour, uint64_t *ret_sum) WARD_MUST_CHECK;

struct ward_views_size {
	uint64_t files, verdicts, devices, tokens; /* records; files is RocksDB's estimate */
	uint64_t disk_bytes, table_bytes, overlay;
	uint64_t table_builds;
};
void ward_views_size(struct ward_views *views, struct ward_views_size *ret_size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's authority over what is signed about updates (docs/updates.md, docs/keys.md): the directory
 * STATE/trust with all roots, targets and snapshots, and the online keys of snapshot, timestamp and the
 * delegation "service". It hands out nothing that endpoints would refuse: each thing that is signed here is
 * first taken by the workflow that endpoints use (trust/trust.h).
 *
 * Timestamps and records do not live here: they go through the service's log, so that several nodes tell
 * one story. The caller knows the newest one and passes in what comes before.
 *
 * Threads: every function but _close may be called by any thread. Times are ms since 1970.
 *
 * Failures: WARD_E_PERM with ret_why->code set: endpoints would refuse it, and why. All others
 * have the code WARD_REFUSED_NOT; the text says what is wrong with files or keys ("" with WARD_E_NOMEM).
 */
#ifndef WARD_CLOUD_KEYS_AUTHORITY_H
#define WARD_CLOUD_KEYS_AUTHORITY_H

#include "trust/metadata.h"

struct ward_authority;

/* The delegation whose key the service holds, and how long its metadata lives. Each is made again when a
 * third of its life is over. */
#define WARD_AUTHORITY_ROLE	    "service"
#define WARD_AUTHORITY_TIMESTAMP_MS (UINT64_C(24) * 3600 * 1000)
#define WARD_AUTHORITY_SNAPSHOT_MS  (UINT64_C(7) * 24 * 3600 * 1000)

/*
 * Reads the directory and checks every signature in it; a snapshot that is missing, or a third over, is
 * made. WARD_E_NOENT: there is none, or no root in it: this service has no keys for updates.
 * What is expired, or a missing online key, is no failure here but of _ready, and of signing: somebody
 * may bring it while the service runs.
 */
enum ward_rc ward_authority_open(const char *directory, uint64_t now_ms,
				 struct ward_authority **ret_authority,
				 struct ward_refusal *ret_why) WARD_MUST_CHECK;
void ward_authority_closep(struct ward_authority **authority);

/*
 * Reads the directory again when it has changed (`wardcloud keys` may bring a new root or targets while
 * the service runs), and renews the snapshot when it is time. *ret_changed: what _envelope says is new: the
 * next timestamp should be signed at once. Cheap when there is nothing to do; call it every few seconds.
 */
enum ward_rc ward_authority_refresh(struct ward_authority *a, uint64_t now_ms, bool *ret_changed,
				    struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Whether endpoints would believe anything new: all metadata is there, belongs together and is not over,
 * and the online keys of snapshot and timestamp are here. */
enum ward_rc ward_authority_ready(struct ward_authority *a, uint64_t now_ms,
				  struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Appends the envelope of a root, targets or snapshot; version 0: the newest one that goes with the
 * others. WARD_E_NOENT: there is no such (of a timestamp never). */
enum ward_rc ward_authority_envelope(struct ward_authority *a, enum ward_dsse_type type,
				     uint64_t version, struct ward_buf *out) WARD_MUST_CHECK;

/* Which log the newest root names. */
void ward_authority_log(struct ward_authority *a, uint8_t ret_log[WARD_LOG_ID]);

/*
 * Appends the envelope of a timestamp of version `previous` + 1 about this head of the log, with the
 * newest snapshot. `previous` is the highest version that this service ever published, 0: none.
 * The caller publishes it, or nothing of that version: two timestamps of one version are "two-stories".
 */
enum ward_rc ward_authority_sign_timestamp(struct ward_authority *a, uint64_t previous,
					   const struct ward_head *head, uint64_t now_ms,
					   struct ward_buf *out,
					   struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Whether this timestamp (an envelope; empty: none) should be followed by a new one: a third of its life is
 * over, or the root's key, the snapshot or the log is another one now. A new head is the caller's matter. */
bool ward_authority_timestamp_due(struct ward_authority *a, struct ward_span envelope,
				  uint64_t now_ms);
/* A timestamp that is not ours, or from the log: taken apart, and its signature checked against the newest
 * root; its age is not. */
enum ward_rc ward_authority_read_timestamp(struct ward_authority *a, struct ward_span envelope,
					   struct ward_trust_timestamp *ret,
					   struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* Appends the envelope of a record, signed under the delegation "service" (record->role is not looked at).
 * Refused: a bad field; a kind or scope that is not the service's. */
enum ward_rc ward_authority_sign_record(struct ward_authority *a,
					const struct ward_trust_record *record,
					struct ward_buf *out,
					struct ward_refusal *ret_why) WARD_MUST_CHECK;
/*
 * A record that somebody else signed (a rule author): that its own delegation may say that, and signed
 * enough. The record is decoded into the arena (128 times the envelope and 64 KiB suffice); whether its
 * number is the next one is the caller's to see.
 */
enum ward_rc ward_authority_check_record(struct ward_authority *a, struct ward_span envelope,
					 struct ward_arena *arena, struct ward_trust_record *ret,
					 struct ward_refusal *ret_why) WARD_MUST_CHECK;

/*
 * Takes new metadata (roots, targets, snapshots, in any order): all of it, or nothing. Afterwards endpoints
 * must be able to go from what was to what is, so other keys of the targets come together with targets
 * signed by them. Stored crash-safely; a snapshot that names the new targets is signed here, unless one
 * came. What is here already is passed over. Then a new timestamp is due.
 */
enum ward_rc ward_authority_install(struct ward_authority *a, const struct ward_span *envelopes,
				    size_t count, uint64_t now_ms,
				    struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* The first root and what goes with it, into a directory that is there and has no root yet; the online keys
 * are in its keys/ already. Then as _install, and as _open. WARD_E_PERM: there is a root. */
enum ward_rc ward_authority_create(const char *directory, const struct ward_span *envelopes,
				   size_t count, uint64_t now_ms,
				   struct ward_authority **ret_authority,
				   struct ward_refusal *ret_why) WARD_MUST_CHECK;

#endif

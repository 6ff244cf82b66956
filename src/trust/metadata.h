/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata of TUF's roles as plain values. Formats and limits: docs/updates.md. Decoders check every
 * field; who signed it, and whether it is the right one, trust/trust.h asks. */
#ifndef WARD_TRUST_METADATA_H
#define WARD_TRUST_METADATA_H

#include "trust/merkle.h"
#include "trust/record.h"

enum {
	WARD_ROLE_KEYS_MAX = WARD_DSSE_SIGNATURES_MAX,
	WARD_LOG_ID = 16,
	WARD_DELEGATIONS_MAX = 64,
	WARD_DELEGATION_SCOPES_MAX = 16,
	WARD_PACKS_MAX = 64,
	WARD_DELTAS_MAX = 16,
	WARD_ROLES = 4, /* by ward_dsse_type: root, targets, snapshot, timestamp */
};

struct ward_trust_role {
	unsigned threshold;
	size_t count;
	struct ward_trust_key
		keys[WARD_ROLE_KEYS_MAX]; /* ascending by public key; unused ones zero */
};

struct ward_trust_root {
	uint64_t version, expires_ms;
	uint8_t log[WARD_LOG_ID];
	struct ward_trust_role roles[WARD_ROLES];
};

struct ward_trust_delegation {
	const char *name;
	unsigned threshold;
	size_t key_count;
	struct {
		struct ward_trust_key key;
		uint64_t last_number; /* 0: no end */
	} keys[WARD_ROLE_KEYS_MAX];   /* ascending by public key */
	uint64_t kinds;		      /* bit 1 << kind */
	size_t scope_count;
	struct ward_trust_scope scopes[WARD_DELEGATION_SCOPES_MAX]; /* "" or zeros: any */
};

struct ward_trust_delta {
	uint64_t from;
	struct ward_trust_reference content;
};

struct ward_trust_pack {
	const char *name;
	uint64_t version;
	struct ward_trust_reference content;
	struct ward_head contains;
	size_t delta_count;
	struct ward_trust_delta deltas[WARD_DELTAS_MAX]; /* ascending by from */
};

struct ward_trust_targets {
	uint64_t version, expires_ms;
	size_t delegation_count, pack_count;
	struct ward_trust_delegation
		*delegations;	       /* ascending by name; in the arena after decoding */
	struct ward_trust_pack *packs; /* ascending by name and version */
};

/* The envelope of another role's metadata. */
struct ward_trust_meta {
	uint64_t version;
	struct ward_trust_reference content;
};

struct ward_trust_snapshot {
	uint64_t version, expires_ms;
	struct ward_trust_meta targets;
};

struct ward_trust_timestamp {
	uint64_t version, expires_ms;
	struct ward_trust_meta snapshot;
	uint8_t log[WARD_LOG_ID];
	struct ward_head head; /* head.size is also the number of the last record */
};

/*
 * Decoders: WARD_E_PERM with *ret_refusal: malformed, or a bad field. WARD_E_LIMIT: the arena's budget
 * (128 times the input and 1 MiB suffices). Encoders refuse what decoders would, and append.
 */
enum ward_rc ward_trust_root_decode(struct ward_span payload, struct ward_arena *arena,
				    struct ward_trust_root *ret,
				    struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all encoders. */
enum ward_rc ward_trust_root_encode(const struct ward_trust_root *root, struct ward_buf *out,
				    struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all decoders. */
enum ward_rc ward_trust_targets_decode(struct ward_span payload, struct ward_arena *arena,
				       struct ward_trust_targets *ret,
				       struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* Draws on the arena for what it puts together. */
enum ward_rc ward_trust_targets_encode(const struct ward_trust_targets *targets,
				       struct ward_arena *arena, struct ward_buf *out,
				       struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all decoders. */
enum ward_rc ward_trust_snapshot_decode(struct ward_span payload, struct ward_arena *arena,
					struct ward_trust_snapshot *ret,
					struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all encoders. */
enum ward_rc ward_trust_snapshot_encode(const struct ward_trust_snapshot *snapshot,
					struct ward_buf *out,
					struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all decoders. */
enum ward_rc ward_trust_timestamp_decode(struct ward_span payload, struct ward_arena *arena,
					 struct ward_trust_timestamp *ret,
					 struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* As all encoders. */
enum ward_rc ward_trust_timestamp_encode(const struct ward_trust_timestamp *timestamp,
					 struct ward_buf *out,
					 struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/* Adds a public key to a role or replaces nothing when it has it; keeps the order. WARD_E_LIMIT. */
enum ward_rc ward_trust_role_add(struct ward_trust_role *role,
				 const uint8_t public_key[WARD_SIGN_PUBLIC]) WARD_MUST_CHECK;
/* Version, size and SHA-256 of an envelope. */
enum ward_rc ward_trust_meta_of(uint64_t version, struct ward_span envelope,
				struct ward_trust_meta *ret) WARD_MUST_CHECK;
/* Whether a delegation with this scope may sign for the other one. */
bool ward_trust_scope_covers(const struct ward_trust_scope *scope,
			     const struct ward_trust_scope *other);

#endif

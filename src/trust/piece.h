/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of metadata by itself: for tools that show and sign, and for who publishes. Endpoints take
 * pieces through trust/trust.h, which asks more. */
#ifndef WARD_TRUST_PIECE_H
#define WARD_TRUST_PIECE_H

#include "trust/metadata.h"

struct ward_trust_piece {
	enum ward_dsse_type type; /* not WARD_DSSE_RECORD */
	struct ward_span payload;
	uint64_t version, expires_ms;
	union {
		struct ward_trust_root root;
		struct ward_trust_targets targets;
		struct ward_trust_snapshot snapshot;
		struct ward_trust_timestamp timestamp;
	} is;
};

/* Whether an envelope is of a size that is looked into at all; the reader asks it, too. */
enum ward_rc ward_trust_piece_size(struct ward_span envelope, enum ward_dsse_type type,
				   struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/*
 * Reads a piece whose signatures are enough of those of `role`, and believes nothing else about it. A root
 * has to be signed by its own keys, too; its role may be NULL. Refused: too large, malformed, wrong type,
 * a bad field, signatures. WARD_E_LIMIT: the arena's budget (128 times the envelope and 1 MiB suffices); the
 * envelope is borrowed as long as the piece.
 */
enum ward_rc ward_trust_piece_read(struct ward_span envelope, enum ward_dsse_type type,
				   const struct ward_trust_role *role, struct ward_arena *arena,
				   struct ward_trust_piece *ret,
				   struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* The same of a payload that nobody has signed yet: only its form. */
enum ward_rc ward_trust_piece_decode(struct ward_span payload, enum ward_dsse_type type,
				     struct ward_arena *arena, struct ward_trust_piece *ret,
				     struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif

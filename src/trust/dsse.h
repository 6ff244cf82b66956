/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope around everything that is signed about updates: DSSE v1
 * (github.com/secure-systems-lab/dsse, envelope.md and protocol.md) with Ed25519 (RFC 8032), in the
 * protobuf form of trust.proto. A signature is over
 *
 *   "DSSEv1" SP len(type) SP type SP len(payload) SP payload
 *
 * with the lengths in decimal: over the exact bytes that travel, and over what they are meant to be, so
 * that nothing signed as one thing is taken for another. What is read here is only taken apart: nothing
 * is believed before ward_dsse_count has counted who signed it.
 */
#ifndef WARD_TRUST_DSSE_H
#define WARD_TRUST_DSSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "sys/sign.h"
#include "trust/refusal.h"

enum ward_dsse_type {
	WARD_DSSE_ROOT,
	WARD_DSSE_TARGETS,
	WARD_DSSE_SNAPSHOT,
	WARD_DSSE_TIMESTAMP,
	WARD_DSSE_RECORD,
	WARD_DSSE_TYPES
};

enum {
	WARD_TRUST_KEY_ID = 32,
	WARD_DSSE_SIGNATURES_MAX = 16,
	/* bytes around the payload: headers, type, 16 signatures */
	WARD_DSSE_AROUND = 64 + WARD_DSSE_SIGNATURES_MAX * (WARD_TRUST_KEY_ID + WARD_SIGN_SIZE + 8),
};

/* A public key and its name, the SHA-256 of its 32 bytes. */
struct ward_trust_key {
	uint8_t id[WARD_TRUST_KEY_ID];
	uint8_t public_key[WARD_SIGN_PUBLIC];
};

struct ward_dsse_signature {
	uint8_t key_id[WARD_TRUST_KEY_ID];
	uint8_t bytes[WARD_SIGN_SIZE];
};

struct ward_dsse {
	enum ward_dsse_type type;
	struct ward_span payload; /* in the arena */
	size_t signature_count;
	struct ward_dsse_signature signatures[WARD_DSSE_SIGNATURES_MAX]; /* ascending, none twice */
};

/* Fills in the id. */
enum ward_rc ward_trust_key_of(const uint8_t public_key[WARD_SIGN_PUBLIC],
			       struct ward_trust_key *ret) WARD_MUST_CHECK;

/* "application/vnd.ward.root.v1" …: what stands in the envelope; static. */
const char *ward_dsse_type_name(enum ward_dsse_type type);
/* "root", "targets" …; static. */
const char *ward_dsse_type_word(enum ward_dsse_type type);
/* What it is called in a sentence, "list of targets"; static. */
const char *ward_dsse_type_text(enum ward_dsse_type type);
/* The longest payload of this type, in bytes; envelopes are WARD_DSSE_AROUND longer at most. */
size_t ward_dsse_payload_max(enum ward_dsse_type type);

/*
 * Takes an envelope apart; it may be without signatures. WARD_E_PERM with *ret_refusal: too large,
 * malformed, wrong type. WARD_E_LIMIT: the arena's budget (128 times the input and 64 KiB suffices).
 */
enum ward_rc ward_dsse_read(struct ward_span bytes, enum ward_dsse_type type,
			    struct ward_arena *arena, struct ward_dsse *ret,
			    struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/* The same of whatever type it is: for tools that show and sign. */
enum ward_rc ward_dsse_read_any(struct ward_span bytes, struct ward_arena *arena,
				struct ward_dsse *ret,
				struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/* How many of these keys, which are different ones, have signed it. */
enum ward_rc ward_dsse_count(const struct ward_dsse *d, const struct ward_trust_key *const *keys,
			     size_t key_count, size_t *ret_good) WARD_MUST_CHECK;

/* Appends an envelope without signatures; WARD_E_LIMIT when the payload is too long. */
enum ward_rc ward_dsse_wrap(enum ward_dsse_type type, struct ward_span payload,
			    struct ward_buf *out) WARD_MUST_CHECK;
/* Adds the key's signature, or puts it in place of the one it has. WARD_E_LIMIT: there are 16. */
enum ward_rc ward_dsse_sign(struct ward_dsse *d,
			    const uint8_t secret[WARD_SIGN_SECRET]) WARD_MUST_CHECK;
/* Appends the envelope. */
enum ward_rc ward_dsse_write(const struct ward_dsse *d, struct ward_buf *out) WARD_MUST_CHECK;
/* An envelope with the signatures of `count` keys, in one go. */
enum ward_rc ward_dsse_seal(enum ward_dsse_type type, struct ward_span payload,
			    const uint8_t (*secrets)[WARD_SIGN_SECRET], size_t count,
			    struct ward_buf *out) WARD_MUST_CHECK;

#endif

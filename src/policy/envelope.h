/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The organisation's policy under its signature. Little-endian, no padding:
 *
 *    0  8   "WARDPOL1"
 *    8  16  key id: the first 16 bytes of the SHA-256 of the public key
 *   24  8   version: each document of an organisation has a higher one than all before it
 *   32  8   issued: milliseconds since 1970, for people
 *   40  4   n, the document's length, at most WARD_POLICY_TEXT_MAX
 *   44  n   the document (policy/document.h), exactly as it was written
 *  44+n 64  Ed25519 (RFC 8032) over "ward policy envelope 1", a NUL, and all bytes before this
 *
 * What is signed are these bytes, never a document taken apart and put together again. Nothing may
 * follow. An endpoint takes an envelope only from a key it was given at enrolment, and never an older
 * version than it has, nor another document of the same version.
 */
#ifndef WARD_POLICY_ENVELOPE_H
#define WARD_POLICY_ENVELOPE_H

#include "base/buf.h"
#include "sys/sign.h"

enum {
	WARD_ENVELOPE_KEY_ID = 16,
	WARD_ENVELOPE_MAX = 44 + (1 << 20) + WARD_SIGN_SIZE,
};

struct ward_envelope {
	uint8_t key_id[WARD_ENVELOPE_KEY_ID];
	uint64_t version;
	uint64_t issued_ms;
	struct ward_span document; /* borrowed from the bytes */
	uint8_t sha256[32];	   /* of the document: what is remembered with the version */
};

/* Which public key it is. */
enum ward_rc ward_envelope_key_id(const uint8_t public_key[WARD_SIGN_PUBLIC],
				  uint8_t ret_id[WARD_ENVELOPE_KEY_ID]) WARD_MUST_CHECK;

/* Appends an envelope. WARD_E_LIMIT: the document is too long, or the buffer full. */
enum ward_rc ward_envelope_seal(const uint8_t secret[WARD_SIGN_SECRET], uint64_t version,
				uint64_t issued_ms, struct ward_span document,
				struct ward_buf *out) WARD_MUST_CHECK;

/* Takes the bytes apart without believing them: for showing what one is, nothing else. WARD_E_FORMAT:
 * they are no envelope. */
enum ward_rc ward_envelope_peek(struct ward_span bytes, struct ward_envelope *ret) WARD_MUST_CHECK;

/* What an endpoint has already; all zero: nothing. */
struct ward_envelope_known {
	uint64_t version;
	uint8_t sha256[32];
};

/*
 * Takes an envelope apart and proves it. WARD_E_FORMAT: not one, or no key of `keys` (32 bytes each,
 * one after the other) has signed it; WARD_E_PERM: older than what is known, or another document of
 * its version. *ret_why (static) says which.
 */
enum ward_rc ward_envelope_open(struct ward_span bytes, struct ward_span keys,
				const struct ward_envelope_known *known, struct ward_envelope *ret,
				const char **ret_why) WARD_MUST_CHECK;

#endif

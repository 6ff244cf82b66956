/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and sealing, backed by OpenSSL: what is kept on disk and must stay secret or unchanged. */
#ifndef WARD_SYS_CRYPTO_H
#define WARD_SYS_CRYPTO_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_KEY_LEN = 32, WARD_AEAD_NONCE = 12, WARD_AEAD_TAG = 16 };

/* Unpredictable bytes. */
enum ward_rc ward_crypto_random(void *into, size_t len) WARD_MUST_CHECK;
/* HKDF with SHA-256 (RFC 5869); at most 8160 bytes. */
enum ward_rc ward_crypto_hkdf(struct ward_span key, struct ward_span salt, struct ward_span info,
			      uint8_t *ret, size_t len) WARD_MUST_CHECK;
/* Overwrites a secret; the compiler does not leave it out. */
void ward_crypto_wipe(void *secret, size_t len);
/* The time depends on the lengths only. */
bool ward_crypto_equal(struct ward_span a, struct ward_span b);

/* AES-256-GCM (NIST SP 800-38D) under one key. One thread at a time. */
struct ward_aead;

enum ward_rc ward_aead_new(const uint8_t key[WARD_KEY_LEN],
			   struct ward_aead **ret_aead) WARD_MUST_CHECK;
void ward_aead_freep(struct ward_aead **aead);
/* Writes plain.len + WARD_AEAD_TAG bytes. A nonce must never come twice under a key. */
enum ward_rc ward_aead_seal(struct ward_aead *aead, const uint8_t nonce[WARD_AEAD_NONCE],
			    struct ward_span aad, struct ward_span plain,
			    uint8_t *ret_sealed) WARD_MUST_CHECK;
/* Writes sealed.len - WARD_AEAD_TAG bytes, which mean nothing unless it returns WARD_OK.
 * WARD_E_FORMAT: not what was sealed under this key, nonce and additional data. */
enum ward_rc ward_aead_open(struct ward_aead *aead, const uint8_t nonce[WARD_AEAD_NONCE],
			    struct ward_span aad, struct ward_span sealed,
			    uint8_t *ret_plain) WARD_MUST_CHECK;

/* SHA-256 of what comes in pieces. */
struct ward_hasher;

enum ward_rc ward_hasher_new(struct ward_hasher **ret_hasher) WARD_MUST_CHECK;
/* MD5 instead, of 16 bytes: for sums that others have made. */
enum ward_rc ward_hasher_new_md5(struct ward_hasher **ret_hasher) WARD_MUST_CHECK;
void ward_hasher_freep(struct ward_hasher **hasher);
enum ward_rc ward_hasher_add(struct ward_hasher *hasher, struct ward_span bytes) WARD_MUST_CHECK;
/* Ends it; 32 bytes of SHA-256. */
enum ward_rc ward_hasher_end(struct ward_hasher *hasher, uint8_t *ret_digest) WARD_MUST_CHECK;

#endif

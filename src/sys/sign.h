/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 signatures (RFC 8032 §5.1, without a context). */
#ifndef WARD_SYS_SIGN_H
#define WARD_SYS_SIGN_H

#include "base/rc.h"
#include "base/span.h"

enum { WARD_SIGN_SECRET = 32, WARD_SIGN_PUBLIC = 32, WARD_SIGN_SIZE = 64 };

/* A new secret key; WARD_E_IO when the system gives no random bytes. */
enum ward_rc ward_sign_secret_new(uint8_t ret_secret[WARD_SIGN_SECRET]) WARD_MUST_CHECK;
/* The public half. */
enum ward_rc ward_sign_public(const uint8_t secret[WARD_SIGN_SECRET],
			      uint8_t ret_public[WARD_SIGN_PUBLIC]) WARD_MUST_CHECK;
enum ward_rc ward_sign(const uint8_t secret[WARD_SIGN_SECRET], struct ward_span message,
		       uint8_t ret_signature[WARD_SIGN_SIZE]) WARD_MUST_CHECK;
/* WARD_E_FORMAT: it is not this key's signature of the message, or no key. */
enum ward_rc ward_sign_verify(const uint8_t public_key[WARD_SIGN_PUBLIC], struct ward_span message,
			      const uint8_t signature[WARD_SIGN_SIZE]) WARD_MUST_CHECK;
/* Overwrites a secret that is no longer needed; the compiler does not leave it out. */
void ward_sign_forget(uint8_t secret[WARD_SIGN_SECRET]);

#endif

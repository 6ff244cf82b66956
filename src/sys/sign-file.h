/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 keys as text that other programs read too: PKCS#8 in PEM (RFC 8410 §7 and §10.3, RFC 5958), sealed
 * by a passphrase with PBES2 (RFC 8018 §6.2), scrypt (RFC 7914) and AES-256-CBC; public keys as
 * SubjectPublicKeyInfo in PEM. `openssl pkey` shows both.
 */
#ifndef WARD_SYS_SIGN_FILE_H
#define WARD_SYS_SIGN_FILE_H

#include "base/buf.h"
#include "sys/sign.h"

enum {
	WARD_SIGN_FILE_MAX = 4096, /* bytes of text */
	WARD_PASSPHRASE_MAX = 1024,
};

/* Appends the secret key's text; an empty passphrase leaves it unsealed. One guess at a passphrase costs
 * 16 MiB and eight rounds of scrypt. */
enum ward_rc ward_sign_file_write(const uint8_t secret[WARD_SIGN_SECRET],
				  struct ward_span passphrase,
				  struct ward_buf *out) WARD_MUST_CHECK;
/*
 * WARD_E_ENCRYPTED: it is sealed, and the passphrase is empty. WARD_E_PERM: sealed, and not with this
 * passphrase (or damaged: that cannot be told apart). WARD_E_FORMAT: no such key. A passphrase for an
 * unsealed key is not looked at. Other programs' PBES2 is read too.
 */
enum ward_rc ward_sign_file_read(struct ward_span text, struct ward_span passphrase,
				 uint8_t ret_secret[WARD_SIGN_SECRET]) WARD_MUST_CHECK;

/* Appends the public key's text. */
enum ward_rc ward_sign_file_write_public(const uint8_t public_key[WARD_SIGN_PUBLIC],
					 struct ward_buf *out) WARD_MUST_CHECK;
/* WARD_E_FORMAT: no such key. */
enum ward_rc ward_sign_file_read_public(struct ward_span text,
					uint8_t ret_public[WARD_SIGN_PUBLIC]) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases, and secret keys that they open. All functions say themselves what is wrong. */
#ifndef WARD_CLOUD_CEREMONY_SECRET_H
#define WARD_CLOUD_CEREMONY_SECRET_H

#include "cloud/ceremony/options.h"
#include "trust/dsse.h"

/* A new passphrase for the key `name`: from --passphrase-file, or asked twice for. Wipe it with
 * ward_key_text_done. */
bool ward_secret_new_passphrase(const struct ward_ceremony_options *o, const char *name,
				struct ward_buf *ret) WARD_MUST_CHECK;
/* Makes a key in `directory`, sealed by the passphrase (empty: not); *ret_key is its public half. */
bool ward_secret_make(const char *directory, const char *name, struct ward_span passphrase,
		      struct ward_trust_key *ret_key) WARD_MUST_CHECK;
/* Opens a key: a path, or a name in the directory's keys/. Asks for the passphrase if it has one.
 * ward_sign_forget it. */
bool ward_secret_open(const struct ward_ceremony_options *o, const char *key,
		      uint8_t ret_secret[WARD_SIGN_SECRET]) WARD_MUST_CHECK;
/* Signs with all of --key. */
bool ward_secret_sign(const struct ward_ceremony_options *o, struct ward_dsse *d) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in files: NAME.key is the secret (sys/sign-file.h), NAME.pub its public half. Secrets of the offline
 * roles are sealed by a passphrase; those of the online ones are not, and protected by their mode: a secret
 * file that anybody but its owner may read is refused, sealed or not.
 */
#ifndef WARD_CLOUD_KEYS_KEYFILE_H
#define WARD_CLOUD_KEYS_KEYFILE_H

#include "base/buf.h"
#include "sys/sign.h"
#include "trust/dsse.h"

enum { WARD_KEY_NAME_MAX = 64, WARD_KEY_PATH_MAX = 4096, WARD_KEY_RING_MAX = 32 };

typedef char ward_key_path[WARD_KEY_PATH_MAX];

/* "DIRECTORY/NAME" and an ending; false: too long. */
bool ward_key_path_of(const char *directory, const char *name, const char *ending,
		      ward_key_path ret) WARD_MUST_CHECK;

/* Writes NAME.key (mode 0600; not sealed when the passphrase is empty) and NAME.pub. WARD_E_PERM: there is
 * a key of that name; keys are never replaced. WARD_E_INVAL: no name: 1 to 64 of a-z 0-9 . - _. */
enum ward_rc ward_key_file_write(const char *directory, const char *name,
				 const uint8_t secret[WARD_SIGN_SECRET],
				 struct ward_span passphrase,
				 struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* A secret; ward_sign_forget it. WARD_E_ENCRYPTED: it is sealed, and there is no passphrase. WARD_E_PERM:
 * not its passphrase, or others may read the file. */
enum ward_rc ward_key_file_read(const char *path, struct ward_span passphrase,
				uint8_t ret_secret[WARD_SIGN_SECRET],
				struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* A public key. */
enum ward_rc ward_key_file_public(const char *path, struct ward_trust_key *ret,
				  struct ward_refusal *ret_why) WARD_MUST_CHECK;

/* A secret text from a file of one line: a passphrase. The same rights are asked of it as of keys; the line's
 * end is left out. Wipe the buffer with ward_key_text_done. */
enum ward_rc ward_key_text_read(const char *path, struct ward_buf *ret_text,
				struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Wipes and frees; for WARD_AUTO. */
void ward_key_text_done(struct ward_buf *text);

/* The keys of a directory that can be used without a passphrase: the online ones. */
struct ward_key_ring {
	size_t count;
	struct {
		struct ward_trust_key key;
		uint8_t secret[WARD_SIGN_SECRET];
	} keys[WARD_KEY_RING_MAX];
};

/* Reads all NAME.key that are not sealed. A directory that is not there is an empty ring. WARD_E_LIMIT: more
 * than WARD_KEY_RING_MAX. */
enum ward_rc ward_key_ring_read(const char *directory, struct ward_key_ring *ret,
				struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* The secret of the key with this id; NULL: not here. */
const uint8_t *ward_key_ring_find(const struct ward_key_ring *ring,
				  const uint8_t id[WARD_TRUST_KEY_ID]);
/* Wipes it; for WARD_AUTO. */
void ward_key_ring_done(struct ward_key_ring *ring);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ceremony/secret.h"

#include <stdio.h>
#include <string.h>

#include "sys/crypto.h"
#include "sys/sign-file.h"
#include "sys/terminal.h"

enum { PROMPT = WARD_KEY_PATH_MAX + 64, SHORTEST = 8 };

/* --- passphrases --- */

static bool
ask(const char *about, const char *key, struct ward_buf *ret)
{
	char prompt[PROMPT];
	enum ward_rc rc;

	(void)snprintf(prompt, sizeof(prompt), "%s %s: ", about, key);
	ward_buf_init(ret, WARD_PASSPHRASE_MAX, NULL);
	rc = ward_terminal_secret(prompt, ret);
	if (rc)
		(void)ward_ceremony_fail(
			rc == WARD_E_NOENT ? "there is no terminal to ask for the passphrase; "
					     "use --passphrase-file"
					   : ward_rc_str(rc));
	return rc == WARD_OK;
}

static bool
from_file(const char *path, struct ward_buf *ret)
{
	struct ward_refusal why = {0};
	enum ward_rc rc = ward_key_text_read(path, ret, &why);

	if (rc)
		(void)ward_ceremony_refused(rc, &why);
	return rc == WARD_OK;
}

static bool
ask_twice(const char *name, struct ward_buf *ret)
{
	WARD_AUTO(ward_key_text_done) struct ward_buf again = {0};

	if (!ask("New passphrase for the key", name, ret) || !ask("Once more, for", name, &again))
		return false;
	if (ward_crypto_equal(ward_buf_span(ret), ward_buf_span(&again)))
		return true;
	(void)ward_ceremony_fail("these are two different passphrases");
	return false;
}

bool
ward_secret_new_passphrase(const struct ward_ceremony_options *o, const char *name,
			   struct ward_buf *ret)
{
	if (!(o->passphrase_file ? from_file(o->passphrase_file, ret) : ask_twice(name, ret)))
		return false;
	if (ret->len >= SHORTEST)
		return true;
	(void)ward_ceremony_fail("a passphrase has at least 8 bytes");
	return false;
}

/* --- keys --- */

static enum ward_rc
make(const char *directory, const char *name, struct ward_span passphrase,
     struct ward_trust_key *ret_key, struct ward_refusal *why)
{
	uint8_t secret[WARD_SIGN_SECRET], public_key[WARD_SIGN_PUBLIC];
	enum ward_rc rc = ward_sign_secret_new(secret);

	if (!rc)
		rc = ward_key_file_write(directory, name, secret, passphrase, why);
	if (!rc)
		rc = ward_sign_public(secret, public_key);
	if (!rc)
		rc = ward_trust_key_of(public_key, ret_key);
	ward_sign_forget(secret);
	return rc;
}

bool
ward_secret_make(const char *directory, const char *name, struct ward_span passphrase,
		 struct ward_trust_key *ret_key)
{
	struct ward_refusal why = {0};
	enum ward_rc rc = make(directory, name, passphrase, ret_key, &why);

	if (rc)
		(void)ward_ceremony_refused(rc, &why);
	return rc == WARD_OK;
}

/* A name without a slash is that of a key in the directory. */
static bool
find(const struct ward_ceremony_options *o, const char *key, ward_key_path ret)
{
	int n = strchr(key, '/') || o->directory[0] == '\0'
			? snprintf(ret, WARD_KEY_PATH_MAX, "%s", key)
			: snprintf(ret, WARD_KEY_PATH_MAX, "%s/keys/%s.key", o->directory, key);

	return n > 0 && n < WARD_KEY_PATH_MAX;
}

static enum ward_rc
open_sealed(const struct ward_ceremony_options *o, const char *path,
	    uint8_t ret_secret[WARD_SIGN_SECRET], struct ward_refusal *why)
{
	WARD_AUTO(ward_key_text_done) struct ward_buf passphrase = {0};

	if (!(o->passphrase_file ? from_file(o->passphrase_file, &passphrase)
				 : ask("Passphrase of", path, &passphrase)))
		return WARD_E_STOPPED; /* it was said */
	return ward_key_file_read(path, ward_buf_span(&passphrase), ret_secret, why);
}

bool
ward_secret_open(const struct ward_ceremony_options *o, const char *key,
		 uint8_t ret_secret[WARD_SIGN_SECRET])
{
	struct ward_refusal why = {0};
	ward_key_path path;
	enum ward_rc rc = find(o, key, path) ? WARD_OK : WARD_E_LIMIT;

	if (!rc)
		rc = ward_key_file_read(path, ward_span_of(NULL, 0), ret_secret, &why);
	if (rc == WARD_E_ENCRYPTED)
		rc = open_sealed(o, path, ret_secret, &why);
	if (rc && rc != WARD_E_STOPPED)
		(void)ward_ceremony_refused(rc, &why);
	return rc == WARD_OK;
}

bool
ward_secret_sign(const struct ward_ceremony_options *o, struct ward_dsse *d)
{
	for (size_t i = 0; i < o->key_count; i++) {
		uint8_t secret[WARD_SIGN_SECRET] = {0};
		enum ward_rc rc = WARD_OK;

		if (!ward_secret_open(o, o->keys[i], secret))
			return false;
		rc = ward_dsse_sign(d, secret);
		ward_sign_forget(secret);
		if (rc) {
			(void)ward_ceremony_fail("an envelope has at most 16 signatures");
			return false;
		}
	}
	return true;
}

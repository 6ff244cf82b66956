/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/keys/keyfile.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud/keys/fail.h"
#include "sys/crypto.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/sign-file.h"

bool
ward_key_path_of(const char *directory, const char *name, const char *ending, ward_key_path ret)
{
	int n = snprintf(ret, WARD_KEY_PATH_MAX, "%s/%s%s", directory, name, ending);

	return n > 0 && n < WARD_KEY_PATH_MAX;
}

static bool
is_name(const char *name)
{
	size_t len = strnlen(name, WARD_KEY_NAME_MAX + 1);

	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
		    (i == 0 || !strchr(".-_", name[i])))
			return false;
	return len >= 1 && len <= WARD_KEY_NAME_MAX;
}

void
ward_key_text_done(struct ward_buf *text)
{
	if (text->room > 0)
		ward_crypto_wipe(text->data, text->room);
	ward_buf_done(text);
}

/* --- files --- */

/* A secret file is its owner's alone, who is we or root. */
static enum ward_rc
private_enough(const struct ward_fd_stat *st, const char *path, struct ward_refusal *ret_why)
{
	if (st->mode & 077)
		return WARD_KEYS_FAIL(ret_why, WARD_E_PERM,
				      "%s: others may read it (mode %04o); chmod 600 it, and take "
				      "another key if somebody may have",
				      path, st->mode & 07777);
	if (st->uid != geteuid() && st->uid != 0)
		return WARD_KEYS_FAIL(ret_why, WARD_E_PERM, "%s: it belongs to somebody else",
				      path);
	return WARD_OK;
}

/* All of it at once, into room that is there: no copies of it stay behind in freed memory. */
static enum ward_rc
read_file(const char *path, bool secret, struct ward_buf *into, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, &st);
	size_t len = 0;
	uint8_t *room;

	if (rc)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: %s", path, ward_rc_str(rc));
	if (secret)
		rc = private_enough(&st, path, ret_why);
	if (rc)
		return rc;
	ward_buf_init(into, WARD_SIGN_FILE_MAX, NULL);
	room = ward_buf_reserve(into, WARD_SIGN_FILE_MAX);
	rc = room ? ward_fd_pread(fd, room, WARD_SIGN_FILE_MAX, 0, &len) : WARD_E_NOMEM;
	ward_buf_grown(into, len);
	if (rc)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: %s", path, ward_rc_str(rc));
	return WARD_OK;
}

enum ward_rc
ward_key_text_read(const char *path, struct ward_buf *ret_text, struct ward_refusal *ret_why)
{
	enum ward_rc rc = read_file(path, true, ret_text, ret_why);
	const uint8_t *end;

	if (rc)
		return rc;
	end = ret_text->len ? memchr(ret_text->data, '\n', ret_text->len) : NULL;
	if (end)
		ret_text->len = (size_t)(end - ret_text->data);
	if (ret_text->len == 0 || ret_text->len > WARD_PASSPHRASE_MAX)
		return WARD_KEYS_FAIL(ret_why, WARD_E_FORMAT, "%s: no line of 1 to %d bytes", path,
				      WARD_PASSPHRASE_MAX);
	return WARD_OK;
}

static enum ward_rc
write_new(const char *path, struct ward_span bytes, uint32_t mode, struct ward_refusal *ret_why)
{
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat_at(-1, path, false, &st);

	if (!rc)
		return WARD_KEYS_FAIL(ret_why, WARD_E_PERM,
				      "%s: it is there already; keys are never replaced", path);
	if (rc == WARD_E_NOENT)
		rc = ward_fd_write_atomic(path, bytes, mode);
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s: %s", path, ward_rc_str(rc)) : WARD_OK;
}

enum ward_rc
ward_key_file_write(const char *directory, const char *name, const uint8_t secret[WARD_SIGN_SECRET],
		    struct ward_span passphrase, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_key_text_done) struct ward_buf text = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf open = {0};
	uint8_t public_key[WARD_SIGN_PUBLIC];
	ward_key_path key, pub;
	enum ward_rc rc;

	if (!is_name(name) || !ward_key_path_of(directory, name, ".key", key) ||
	    !ward_key_path_of(directory, name, ".pub", pub))
		return WARD_KEYS_FAIL(ret_why, WARD_E_INVAL,
				      "a key's name is 1 to %d of a-z 0-9 . - _",
				      WARD_KEY_NAME_MAX);
	ward_buf_init(&text, WARD_SIGN_FILE_MAX, NULL);
	ward_buf_init(&open, WARD_SIGN_FILE_MAX, NULL);
	rc = ward_sign_public(secret, public_key);
	if (!rc)
		rc = ward_sign_file_write(secret, passphrase, &text);
	if (!rc)
		rc = ward_sign_file_write_public(public_key, &open);
	if (rc)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: %s", key, ward_rc_str(rc));
	rc = write_new(key, ward_buf_span(&text), 0600, ret_why);
	return rc ? rc : write_new(pub, ward_buf_span(&open), 0644, ret_why);
}

enum ward_rc
ward_key_file_read(const char *path, struct ward_span passphrase,
		   uint8_t ret_secret[WARD_SIGN_SECRET], struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_key_text_done) struct ward_buf text = {0};
	enum ward_rc rc = read_file(path, true, &text, ret_why);

	if (rc)
		return rc;
	rc = ward_sign_file_read(ward_buf_span(&text), passphrase, ret_secret);
	if (rc == WARD_E_ENCRYPTED)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: it is sealed by a passphrase", path);
	if (rc == WARD_E_PERM)
		return WARD_KEYS_FAIL(ret_why, rc, "%s: that is not its passphrase", path);
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s: no Ed25519 key in PKCS#8", path) : WARD_OK;
}

enum ward_rc
ward_key_file_public(const char *path, struct ward_trust_key *ret, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	uint8_t public_key[WARD_SIGN_PUBLIC];
	enum ward_rc rc = read_file(path, false, &text, ret_why);

	if (rc)
		return rc;
	rc = ward_sign_file_read_public(ward_buf_span(&text), public_key);
	if (!rc)
		rc = ward_trust_key_of(public_key, ret);
	return rc ? WARD_KEYS_FAIL(ret_why, rc, "%s: no public Ed25519 key", path) : WARD_OK;
}

/* --- the ring --- */

struct reading {
	const char *directory;
	struct ward_key_ring *ring;
	struct ward_refusal *why;
};

static enum ward_rc
add(struct ward_key_ring *ring, const uint8_t secret[WARD_SIGN_SECRET])
{
	uint8_t public_key[WARD_SIGN_PUBLIC];
	enum ward_rc rc = ring->count < WARD_KEY_RING_MAX ? ward_sign_public(secret, public_key)
							  : WARD_E_LIMIT;

	if (!rc)
		rc = ward_trust_key_of(public_key, &ring->keys[ring->count].key);
	if (!rc)
		memcpy(ring->keys[ring->count++].secret, secret, WARD_SIGN_SECRET);
	return rc;
}

static enum ward_rc
visit(void *ctx, const char *name)
{
	struct reading *r = ctx;
	size_t len = strlen(name);
	uint8_t secret[WARD_SIGN_SECRET];
	ward_key_path path;
	enum ward_rc rc;

	if (len < 5 || strcmp(name + len - 4, ".key") != 0 ||
	    !ward_key_path_of(r->directory, name, "", path))
		return WARD_OK;
	rc = ward_key_file_read(path, ward_span_of(NULL, 0), secret, r->why);
	if (rc == WARD_E_ENCRYPTED)
		return WARD_OK;
	if (!rc)
		rc = add(r->ring, secret);
	ward_sign_forget(secret);
	if (rc == WARD_E_LIMIT)
		rc = WARD_KEYS_FAIL(r->why, rc, "%s: more than %d keys that are not sealed",
				    r->directory, WARD_KEY_RING_MAX);
	return rc;
}

enum ward_rc
ward_key_ring_read(const char *directory, struct ward_key_ring *ret, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	WARD_AUTO(ward_key_ring_done) struct ward_key_ring ring = {0};
	struct reading r = {directory, &ring, ret_why};
	enum ward_rc rc = ward_fd_open_directory(-1, directory, &dir);

	ret_why->text[0] = '\0';
	if (rc == WARD_E_NOENT)
		rc = WARD_OK;
	else if (!rc)
		rc = ward_entry_list(dir, visit, &r);
	if (rc)
		return ret_why->text[0]
			       ? rc
			       : WARD_KEYS_FAIL(ret_why, rc, "%s: %s", directory, ward_rc_str(rc));
	*ret = ring;
	return WARD_OK;
}

const uint8_t *
ward_key_ring_find(const struct ward_key_ring *ring, const uint8_t id[WARD_TRUST_KEY_ID])
{
	for (size_t i = 0; i < ring->count; i++)
		if (memcmp(ring->keys[i].key.id, id, WARD_TRUST_KEY_ID) == 0)
			return ring->keys[i].secret;
	return NULL;
}

void
ward_key_ring_done(struct ward_key_ring *ring)
{
	ward_crypto_wipe(ring, sizeof(*ring));
}

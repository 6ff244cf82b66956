/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ceremony/begin.h"

#include <stdio.h>

#include "cloud/ceremony/edit.h"
#include "cloud/ceremony/secret.h"
#include "cloud/keys/authority.h"
#include "sys/crypto.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { PAYLOAD_MAX = 64 * 1024, DAY_MS = 86400 * 1000, NAME = 32 };

struct begin {
	const struct ward_ceremony_options *o;
	struct ward_span passphrase;
	ward_key_path keys;
	struct ward_trust_root root;
	struct ward_trust_delegation service;
	unsigned root_count;
	uint8_t root_secrets[WARD_CEREMONY_KEYS][WARD_SIGN_SECRET],
		targets_secret[1][WARD_SIGN_SECRET];
};

enum ward_rc
ward_begin_passphrase(char ret[WARD_BEGIN_PASSPHRASE])
{
	static const char letters[33] = "abcdefghijkmnpqrstuvwxyz23456789"; /* no l, o, 0, 1 */
	uint8_t random[24];
	enum ward_rc rc = ward_crypto_random(random, sizeof(random));
	size_t len = 0;

	for (size_t i = 0; i < sizeof(random) && !rc; i++) {
		if (i > 0 && i % 4 == 0)
			ret[len++] = '-';
		ret[len++] = letters[random[i] % 32];
	}
	ret[len] = '\0';
	ward_crypto_wipe(random, sizeof(random));
	return rc;
}

/* --- keys --- */

static bool
make_directory(const char *path)
{
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat_at(-1, path, true, &st);

	if (rc == WARD_E_NOENT)
		rc = ward_entry_make_directory(-1, path, 0700);
	else if (!rc && st.kind != WARD_FD_DIRECTORY)
		rc = WARD_E_UNSUPPORTED;
	if (rc)
		(void)fprintf(stderr, "wardcloud: keys: %s: %s\n", path, ward_rc_str(rc));
	return rc == WARD_OK;
}

/* Makes a key in its file, and keeps the secret for what is signed at once: each opening of a sealed file
 * costs a fraction of a second on purpose. */
static bool
make_key(struct begin *b, const char *name, bool sealed, uint8_t ret_secret[WARD_SIGN_SECRET],
	 struct ward_trust_key *ret_key)
{
	struct ward_refusal why = {0};
	uint8_t public_key[WARD_SIGN_PUBLIC];
	enum ward_rc rc = ward_sign_secret_new(ret_secret);

	if (!rc)
		rc = ward_key_file_write(b->keys, name, ret_secret,
					 sealed ? b->passphrase : ward_span_of(NULL, 0), &why);
	if (!rc)
		rc = ward_sign_public(ret_secret, public_key);
	if (!rc)
		rc = ward_trust_key_of(public_key, ret_key);
	if (rc)
		(void)ward_ceremony_refused(rc, &why);
	return rc == WARD_OK;
}

static bool
make_role(struct begin *b, enum ward_dsse_type role, const char *name, bool sealed,
	  uint8_t ret_secret[WARD_SIGN_SECRET])
{
	struct ward_trust_key key;

	return make_key(b, name, sealed, ret_secret, &key) &&
	       !ward_trust_role_add(&b->root.roles[role], key.public_key);
}

static bool
make_keys(struct begin *b)
{
	struct ward_trust_key key;
	uint8_t online[WARD_SIGN_SECRET];
	bool made = true;

	for (unsigned i = 0; i < b->root_count && made; i++) {
		char name[NAME];

		(void)snprintf(name, sizeof(name), "root-%u", i + 1);
		made = make_role(b, WARD_DSSE_ROOT, name, true, b->root_secrets[i]);
	}
	made = made && make_role(b, WARD_DSSE_TARGETS, "targets", true, b->targets_secret[0]) &&
	       make_role(b, WARD_DSSE_SNAPSHOT, "snapshot", false, online) &&
	       make_role(b, WARD_DSSE_TIMESTAMP, "timestamp", false, online) &&
	       make_key(b, WARD_AUTHORITY_ROLE, false, online, &key);
	ward_sign_forget(online);
	if (!made)
		return false;
	for (int i = 0; i < WARD_ROLES; i++)
		b->root.roles[i].threshold = 1;
	b->root.roles[WARD_DSSE_ROOT].threshold =
		b->o->root_threshold ? b->o->root_threshold : WARD_CEREMONY_ROOT_THRESHOLD;
	b->service.name = WARD_AUTHORITY_ROLE;
	b->service.threshold = 1;
	b->service.key_count = 1;
	b->service.keys[0].key = key;
	b->service.scope_count = 1;
	b->service.scopes[0] = (struct ward_trust_scope){.kind = WARD_SCOPE_ALL, .name = ""};
	return true;
}

/* --- metadata --- */

static enum ward_rc
seal_root(const struct begin *b, struct ward_buf *out, struct ward_refusal *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	enum ward_rc rc;

	ward_buf_init(&payload, PAYLOAD_MAX, NULL);
	rc = ward_trust_root_encode(&b->root, &payload, why);
	return rc ? rc
		  : ward_dsse_seal(WARD_DSSE_ROOT, ward_buf_span(&payload), b->root_secrets,
				   b->root_count, out);
}

static enum ward_rc
seal_targets(struct begin *b, struct ward_buf *out, struct ward_refusal *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_budget budget = {.cap = PAYLOAD_MAX * 16};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_targets targets = {
		.version = 1,
		.expires_ms = b->o->now_ms + (uint64_t)WARD_CEREMONY_DAYS * DAY_MS,
		.delegation_count = 1,
		.delegations = &b->service,
	};
	enum ward_rc rc;

	ward_buf_init(&payload, PAYLOAD_MAX, NULL);
	rc = arena ? ward_trust_targets_encode(&targets, arena, &payload, why) : WARD_E_NOMEM;
	return rc ? rc
		  : ward_dsse_seal(WARD_DSSE_TARGETS, ward_buf_span(&payload), b->targets_secret, 1,
				   out);
}

static enum ward_rc
create(struct begin *b, struct ward_refusal *why)
{
	WARD_AUTO(ward_authority_closep) struct ward_authority *a = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf root = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf targets = {0};
	struct ward_span both[2];
	enum ward_rc rc;

	ward_buf_init(&root, PAYLOAD_MAX * 2, NULL);
	ward_buf_init(&targets, PAYLOAD_MAX * 2, NULL);
	rc = seal_root(b, &root, why);
	if (!rc)
		rc = seal_targets(b, &targets, why);
	both[0] = ward_buf_span(&root);
	both[1] = ward_buf_span(&targets);
	return rc ? rc : ward_authority_create(b->o->directory, both, 2, b->o->now_ms, &a, why);
}

static void
tell(const struct begin *b)
{
	(void)printf("updates: %s/keys has the keys of everything that is signed for endpoints\n"
		     "  sealed, not needed by the running service:",
		     b->o->directory);
	for (unsigned i = 0; i < b->root_count; i++)
		(void)printf(" root-%u.key", i + 1);
	(void)printf(
		" targets.key\n  used by the running service: snapshot.key timestamp.key "
		"service.key\n"
		"MOVE THE SEALED ONES AWAY from this machine, to at least %u different places: "
		"who has this machine\n"
		"and their passphrase decides what runs on every endpoint. See docs/keys.md.\n",
		b->root.roles[WARD_DSSE_ROOT].threshold);
}

int
ward_begin(const struct ward_ceremony_options *o, struct ward_span passphrase)
{
	struct begin b = {
		.o = o,
		.passphrase = passphrase,
		.root_count = o->root_keys ? o->root_keys : WARD_CEREMONY_ROOT_KEYS,
	};
	struct ward_refusal why = {0};
	enum ward_rc rc;
	bool made;

	if (!ward_edit_kinds(o->kinds ? o->kinds : WARD_CEREMONY_SERVICE_KINDS, &b.service.kinds) ||
	    !ward_key_path_of(o->directory, "keys", "", b.keys) || !make_directory(o->directory) ||
	    !make_directory(b.keys))
		return 2;
	rc = ward_edit_first_root(&b.root, o->now_ms);
	if (rc)
		return ward_ceremony_refused(rc, &why);
	made = make_keys(&b);
	rc = made ? create(&b, &why) : WARD_OK;
	ward_crypto_wipe(b.root_secrets, sizeof(b.root_secrets));
	ward_crypto_wipe(b.targets_secret, sizeof(b.targets_secret));
	if (rc)
		return ward_ceremony_refused(rc, &why);
	if (!made)
		return 2;
	tell(&b);
	return 0;
}

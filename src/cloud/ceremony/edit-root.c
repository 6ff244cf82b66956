/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud keys root`: the first root, or the next one. */
#include "cloud/ceremony/edit.h"

#include <stdio.h>

#include "base/text.h"
#include "sys/crypto.h"

enum { DAY_MS = 86400 * 1000, PAYLOAD_MAX = 128 * 1024, ID_LEAST = 8 };

/* "ROLE=REST". */
static bool
split(const char *text, enum ward_dsse_type *ret_role, const char **ret_rest)
{
	const char *equals = strchr(text, '=');

	for (int i = 0; equals && i < WARD_ROLES; i++) {
		const char *word = ward_dsse_type_word((enum ward_dsse_type)i);

		if (strlen(word) == (size_t)(equals - text) &&
		    strncmp(word, text, (size_t)(equals - text)) == 0) {
			*ret_role = (enum ward_dsse_type)i;
			*ret_rest = equals + 1;
			return true;
		}
	}
	(void)fprintf(stderr,
		      "wardcloud: keys: %s: it begins with root=, targets=, snapshot= or "
		      "timestamp=\n",
		      text);
	return false;
}

bool
ward_edit_is_key(const struct ward_trust_key *key, const char *text)
{
	char hex[2 * WARD_TRUST_KEY_ID + 1];
	struct ward_trust_key file;
	struct ward_refusal why;
	size_t len = strlen(text);

	ward_text_hex(ward_span_of(key->id, WARD_TRUST_KEY_ID), hex);
	if (len >= ID_LEAST && len < sizeof(hex) && strncmp(hex, text, len) == 0)
		return true;
	return ward_key_file_public(text, &file, &why) == WARD_OK &&
	       memcmp(file.id, key->id, WARD_TRUST_KEY_ID) == 0;
}

static bool
add(struct ward_trust_role *role, const char *path)
{
	struct ward_trust_key key;

	if (!ward_envelopes_key(path, &key))
		return false;
	if (ward_trust_role_add(role, key.public_key)) {
		(void)ward_ceremony_fail("a role has at most 16 keys");
		return false;
	}
	return true;
}

static bool
take_away(struct ward_trust_role *role, const char *text)
{
	for (size_t i = 0; i < role->count; i++) {
		if (!ward_edit_is_key(&role->keys[i], text))
			continue;
		role->count--;
		memmove(role->keys + i, role->keys + i + 1,
			(role->count - i) * sizeof(role->keys[0]));
		memset(role->keys + role->count, 0, sizeof(role->keys[0]));
		return true;
	}
	(void)fprintf(stderr, "wardcloud: keys: %s: the role has no such key\n", text);
	return false;
}

bool
ward_edit_threshold(const char *text, unsigned *ret)
{
	uint64_t n;

	if (ward_text_u64(ward_span_str(text), &n) && n >= 1 && n <= WARD_ROLE_KEYS_MAX)
		return *ret = (unsigned)n, true;
	(void)fprintf(stderr, "wardcloud: keys: --threshold: from 1 to 16: %s\n", text);
	return false;
}

static bool
apply(struct ward_trust_root *root, const struct ward_edit *edit)
{
	enum ward_dsse_type which;
	const char *rest;
	struct ward_trust_role *role;

	if (!split(edit->text, &which, &rest))
		return false;
	role = &root->roles[which];
	if (edit->kind == WARD_EDIT_ADD)
		return add(role, rest);
	if (edit->kind == WARD_EDIT_REMOVE)
		return take_away(role, rest);
	return ward_edit_threshold(rest, &role->threshold);
}

/* Where nothing was said: two for the root if it has so many, one for the others. */
static void
set_thresholds(struct ward_trust_root *root)
{
	for (int i = 0; i < WARD_ROLES; i++)
		if (root->roles[i].threshold == 0)
			root->roles[i].threshold =
				i == WARD_DSSE_ROOT && root->roles[i].count > 1 ? 2 : 1;
}

enum ward_rc
ward_edit_first_root(struct ward_trust_root *ret, uint64_t now_ms)
{
	memset(ret, 0, sizeof(*ret));
	ret->version = 1;
	ret->expires_ms = now_ms + (uint64_t)WARD_CEREMONY_DAYS * DAY_MS;
	return ward_crypto_random(ret->log, WARD_LOG_ID);
}

static bool
begin(const struct ward_ceremony_options *o, struct ward_arena *arena, struct ward_trust_root *ret)
{
	struct ward_trust_piece base = {0};
	bool found;

	if (!ward_envelopes_base(o, WARD_DSSE_ROOT, arena, &base, &found) ||
	    ward_edit_first_root(ret, o->now_ms))
		return false;
	if (found) {
		uint8_t log[WARD_LOG_ID];

		memcpy(log, ret->log, sizeof(log));
		*ret = base.is.root;
		ret->version++;
		ret->expires_ms = o->now_ms + (uint64_t)WARD_CEREMONY_DAYS * DAY_MS;
		if (o->new_log)
			memcpy(ret->log, log, sizeof(log));
	} else if (!o->first) {
		(void)ward_ceremony_fail("there is no root to start from; --first makes one");
		return false;
	}
	if (o->expires_ms)
		ret->expires_ms = o->expires_ms;
	return true;
}

int
ward_edit_root(struct ward_ceremony_options *o)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	struct ward_trust_root root = {0};
	struct ward_refusal why = {0};
	enum ward_rc rc;

	if (!arena || !begin(o, arena, &root))
		return 2;
	for (size_t i = 0; i < o->edit_count; i++)
		if (!apply(&root, &o->edits[i]))
			return 2;
	set_thresholds(&root);
	ward_buf_init(&payload, PAYLOAD_MAX, NULL);
	rc = ward_trust_root_encode(&root, &payload, &why);
	return rc ? ward_ceremony_refused(rc, &why)
		  : ward_envelopes_finish(o, WARD_DSSE_ROOT, ward_buf_span(&payload));
}

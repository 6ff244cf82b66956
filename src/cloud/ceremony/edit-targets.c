/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud keys targets`: who may sign which records. */
#include "cloud/ceremony/edit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { DAY_MS = 86400 * 1000, PAYLOAD_MAX = 512 * 1024, WORD = 96 };

struct targets {
	struct ward_trust_targets is;
	struct ward_trust_delegation delegations[WARD_DELEGATIONS_MAX];
	struct ward_trust_delegation *current; /* the one that options are about */
	struct ward_arena *arena;
};

static bool
wrong(const char *text, const char *what)
{
	(void)fprintf(stderr, "wardcloud: keys: %s: %s\n", text, what);
	return false;
}

/* --- words --- */

bool
ward_edit_kinds(const char *text, uint64_t *ret_kinds)
{
	struct ward_span rest = ward_span_str(text), part;
	uint64_t kinds = 0;

	while (ward_text_split(&rest, ',', &part)) {
		char word[WORD];
		enum ward_trust_kind kind;

		(void)snprintf(word, sizeof(word), "%.*s", (int)part.len, (const char *)part.data);
		if (strcmp(word, "all") == 0)
			kinds |= (UINT64_C(1) << WARD_KIND_END) - 2;
		else if (ward_trust_kind_parse(word, &kind))
			kinds |= UINT64_C(1) << kind;
		else
			return wrong(
				word,
				"no kind of record: block-file, allow-file, block-similar, "
				"block-signer, allow-signer, block-origin, allow-origin, rule, "
				"signature, model, disable, behaviour, policy, or all");
	}
	*ret_kinds = kinds;
	return kinds != 0 || wrong(text, "no kind of record");
}

static bool
parse_device(const char *text, uint8_t ret[16])
{
	char hex[33];
	size_t len = 0;

	for (; *text && len < 32; text++)
		if (*text != '-')
			hex[len++] = *text;
	return len == 32 && !*text && ward_text_unhex(ward_span_of(hex, 32), ret, 16);
}

static bool
parse_scope(struct ward_arena *arena, const char *word, struct ward_trust_scope *ret)
{
	static const struct {
		const char *name;
		enum ward_trust_scope_kind kind;
	} kinds[] = {{"all", WARD_SCOPE_ALL},
		     {"ring", WARD_SCOPE_RING},
		     {"tag", WARD_SCOPE_TAG},
		     {"device", WARD_SCOPE_DEVICE}};
	const char *colon = strchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);

	*ret = (struct ward_trust_scope){.name = ""};
	for (size_t i = 0; i < 4; i++)
		if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, word, len) == 0)
			ret->kind = kinds[i].kind;
	if (ret->kind == WARD_SCOPE_DEVICE && colon)
		return parse_device(colon + 1, ret->device);
	if (colon && ret->kind != WARD_SCOPE_ALL)
		ret->name = ward_arena_strdup(arena, ward_span_str(colon + 1));
	return ret->kind && ret->name && !(colon && ret->kind == WARD_SCOPE_ALL);
}

static bool
set_scopes(struct targets *t, const char *text)
{
	struct ward_span rest = ward_span_str(text), part;

	t->current->scope_count = 0;
	while (ward_text_split(&rest, ',', &part)) {
		char word[WORD];

		(void)snprintf(word, sizeof(word), "%.*s", (int)part.len, (const char *)part.data);
		if (t->current->scope_count == WARD_DELEGATION_SCOPES_MAX ||
		    !parse_scope(t->arena, word, &t->current->scopes[t->current->scope_count++]))
			return wrong(word,
				     "no scope: all, ring:NAME, tag:NAME, device:UUID; without a "
				     "name any ring, tag or device; at most 16");
	}
	return true;
}

/* --- delegations --- */

/* Finds it, or makes it where it belongs in the order of names. */
static bool
delegate(struct targets *t, const char *name)
{
	size_t at = 0;

	while (at < t->is.delegation_count && strcmp(t->delegations[at].name, name) < 0)
		at++;
	t->current = &t->delegations[at];
	if (at < t->is.delegation_count && strcmp(t->current->name, name) == 0)
		return true;
	if (t->is.delegation_count == WARD_DELEGATIONS_MAX)
		return wrong(name, "there are 64 delegations already");
	memmove(t->current + 1, t->current,
		(t->is.delegation_count++ - at) * sizeof(t->delegations[0]));
	*t->current = (struct ward_trust_delegation){.name = name, .threshold = 1};
	return true;
}

static bool
revoke(struct targets *t, const char *name)
{
	for (size_t i = 0; i < t->is.delegation_count; i++) {
		if (strcmp(t->delegations[i].name, name) != 0)
			continue;
		t->is.delegation_count--;
		memmove(t->delegations + i, t->delegations + i + 1,
			(t->is.delegation_count - i) * sizeof(t->delegations[0]));
		t->current = NULL;
		return true;
	}
	return wrong(name, "there is no such delegation");
}

static bool
add_key(struct ward_trust_delegation *d, const char *path)
{
	struct ward_trust_key key;
	size_t at = 0;

	if (!ward_envelopes_key(path, &key))
		return false;
	while (at < d->key_count &&
	       memcmp(d->keys[at].key.public_key, key.public_key, WARD_SIGN_PUBLIC) < 0)
		at++;
	if (at < d->key_count &&
	    memcmp(d->keys[at].key.public_key, key.public_key, WARD_SIGN_PUBLIC) == 0)
		return true;
	if (d->key_count == WARD_ROLE_KEYS_MAX)
		return wrong(path, "a delegation has at most 16 keys");
	memmove(d->keys + at + 1, d->keys + at, (d->key_count++ - at) * sizeof(d->keys[0]));
	d->keys[at].key = key;
	d->keys[at].last_number = 0;
	return true;
}

/* "KEY:NUMBER"; a path may have colons, a number has none. */
static bool
end_key(struct ward_trust_delegation *d, const char *text)
{
	const char *colon = strrchr(text, ':');
	char key[4096];
	uint64_t number;

	if (!colon || !ward_text_u64(ward_span_str(colon + 1), &number) || number == 0 ||
	    (size_t)(colon - text) >= sizeof(key))
		return wrong(text,
			     "a key, a colon, and the number of the last record it is good for");
	(void)snprintf(key, sizeof(key), "%.*s", (int)(colon - text), text);
	for (size_t i = 0; i < d->key_count; i++)
		if (ward_edit_is_key(&d->keys[i].key, key))
			return d->keys[i].last_number = number, true;
	return wrong(key, "the delegation has no such key");
}

static bool
take_key_away(struct ward_trust_delegation *d, const char *text)
{
	for (size_t i = 0; i < d->key_count; i++) {
		if (!ward_edit_is_key(&d->keys[i].key, text))
			continue;
		d->key_count--;
		memmove(d->keys + i, d->keys + i + 1, (d->key_count - i) * sizeof(d->keys[0]));
		return true;
	}
	return wrong(text, "the delegation has no such key");
}

static bool
apply(struct targets *t, const struct ward_edit *edit)
{
	if (edit->kind == WARD_EDIT_DELEGATE)
		return delegate(t, edit->text);
	if (edit->kind == WARD_EDIT_REVOKE)
		return revoke(t, edit->text);
	if (!t->current)
		return wrong(edit->text, "first say whose: --delegate NAME");
	switch (edit->kind) {
	case WARD_EDIT_PUBLIC:
		return add_key(t->current, edit->text);
	case WARD_EDIT_KINDS:
		return ward_edit_kinds(edit->text, &t->current->kinds);
	case WARD_EDIT_SCOPES:
		return set_scopes(t, edit->text);
	case WARD_EDIT_END:
		return end_key(t->current, edit->text);
	case WARD_EDIT_REMOVE:
		return take_key_away(t->current, edit->text);
	case WARD_EDIT_THRESHOLD:
		return ward_edit_threshold(edit->text, &t->current->threshold);
	case WARD_EDIT_ADD:
	case WARD_EDIT_DELEGATE:
	case WARD_EDIT_REVOKE:
		break;
	}
	return false;
}

static bool
begin(const struct ward_ceremony_options *o, struct targets *t)
{
	struct ward_trust_piece base = {0};
	bool found;

	if (!ward_envelopes_base(o, WARD_DSSE_TARGETS, t->arena, &base, &found))
		return false;
	if (!found && !o->first)
		return ward_ceremony_fail(
			       "there is no list of targets to start from; --first makes one"),
		       false;
	if (found) {
		t->is = base.is.targets;
		memcpy(t->delegations, t->is.delegations,
		       t->is.delegation_count * sizeof(t->delegations[0]));
	}
	t->is.delegations = t->delegations;
	t->is.version++;
	t->is.expires_ms =
		o->expires_ms ? o->expires_ms : o->now_ms + (uint64_t)WARD_CEREMONY_DAYS * DAY_MS;
	return true;
}

static int
edit(struct ward_ceremony_options *o, struct targets *t)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_refusal why = {0};
	enum ward_rc rc;

	if (!begin(o, t))
		return 2;
	for (size_t i = 0; i < o->edit_count; i++)
		if (!apply(t, &o->edits[i]))
			return 2;
	ward_buf_init(&payload, PAYLOAD_MAX, NULL);
	rc = ward_trust_targets_encode(&t->is, t->arena, &payload, &why);
	return rc ? ward_ceremony_refused(rc, &why)
		  : ward_envelopes_finish(o, WARD_DSSE_TARGETS, ward_buf_span(&payload));
}

int
ward_edit_targets(struct ward_ceremony_options *o)
{
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	struct targets *t = arena ? calloc(1, sizeof(*t)) : NULL;
	int status;

	if (!t)
		return 2;
	t->arena = arena;
	status = edit(o, t);
	free(t);
	return status;
}

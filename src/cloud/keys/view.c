/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/keys/view.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cloud/keys/authority.h"
#include "cloud/keys/fail.h"
#include "sys/crypto.h"
#include "trust/trust.h"

enum {
	BUDGET = 256 * 1024 * 1024, /* what decoding the largest targets may take, and room */
	ENVELOPE_MAX = 1024 * 1024,
};

/* --- memory --- */

enum ward_rc
ward_view_new(const char *directory, struct ward_trust_view **ret, struct ward_refusal *ret_why)
{
	struct ward_trust_view *v = calloc(1, sizeof(*v));
	ward_key_path keys;
	enum ward_rc rc = WARD_E_NOMEM;

	if (v) {
		v->refs = 1;
		v->budget.cap = BUDGET;
		v->arena = ward_arena_new(&v->budget);
		rc = v->arena && ward_key_path_of(directory, "keys", "", keys)
			     ? ward_key_ring_read(keys, &v->ring, ret_why)
			     : WARD_E_NOMEM;
	}
	if (rc)
		ward_view_free(v);
	else
		*ret = v;
	return rc;
}

struct ward_trust_view *
ward_view_free(struct ward_trust_view *v)
{
	if (v) {
		ward_key_ring_done(&v->ring);
		ward_arena_free(v->arena);
		free(v);
	}
	return NULL;
}

void
ward_view_freep(struct ward_trust_view **v)
{
	*v = ward_view_free(*v);
}

/* --- taking in --- */

static struct ward_span
copy_of(struct ward_arena *arena, struct ward_span bytes)
{
	uint8_t *copy = bytes.len ? ward_arena_alloc(arena, bytes.len) : NULL;

	if (copy)
		memcpy(copy, bytes.data, bytes.len);
	return ward_span_of(copy, copy ? bytes.len : 0);
}

/* That the snapshot names the view's targets. */
static enum ward_rc
names_targets(const struct ward_trust_view *v, const struct ward_trust_snapshot *s,
	      struct ward_refusal *ret_why)
{
	struct ward_trust_meta wanted;
	enum ward_rc rc = ward_trust_meta_of(v->pieces[WARD_DSSE_TARGETS].version,
					     v->envelopes[WARD_DSSE_TARGETS], &wanted);

	if (!rc && (s->targets.version != wanted.version ||
		    s->targets.content.size != wanted.content.size ||
		    memcmp(s->targets.content.sha256, wanted.content.sha256, 32) != 0))
		rc = WARD_REFUSE(ret_why, WARD_REFUSED_MIX,
				 "the snapshot does not name the list of targets, version %" PRIu64,
				 wanted.version);
	return rc;
}

enum ward_rc
ward_view_take(struct ward_trust_view *v, enum ward_dsse_type type, struct ward_span envelope,
	       struct ward_refusal *ret_why)
{
	struct ward_arena_mark mark = ward_arena_save(v->arena);
	const struct ward_trust_role *role = NULL;
	struct ward_trust_piece piece = {0};
	struct ward_span copy;
	enum ward_rc rc = ward_trust_piece_size(envelope, type, ret_why);

	if (type != WARD_DSSE_ROOT)
		role = &v->pieces[WARD_DSSE_ROOT].is.root.roles[type];
	copy = rc ? ward_span_of(NULL, 0) : copy_of(v->arena, envelope);
	if (!rc)
		rc = ward_trust_piece_read(copy, type, role, v->arena, &piece, ret_why);
	if (!rc && type == WARD_DSSE_SNAPSHOT)
		rc = names_targets(v, &piece.is.snapshot, ret_why);
	if (rc) {
		ward_arena_restore(v->arena, mark);
		return rc;
	}
	v->envelopes[type] = copy;
	v->pieces[type] = piece;
	return WARD_OK;
}

/* --- the directory --- */

static enum ward_rc
read_roots(const char *directory, struct ward_trust_view *v, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_trust_freep) struct ward_trust *chain = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_refusal refusal = {0};
	enum ward_rc rc = WARD_OK;
	bool other_log;

	ward_buf_init(&bytes, ENVELOPE_MAX, NULL);
	for (size_t i = 0; i < v->names.count[WARD_DSSE_ROOT]; i++) {
		uint64_t version = v->names.versions[WARD_DSSE_ROOT][i];

		ward_buf_clear(&bytes);
		rc = ward_trust_file_read(directory, WARD_DSSE_ROOT, version, &bytes, ret_why);
		if (rc)
			return rc;
		rc = chain ? ward_trust_take_root(chain, ward_buf_span(&bytes), &other_log,
						  &refusal)
			   : ward_trust_new(ward_buf_span(&bytes), &chain, &refusal);
		if (!rc && ward_trust_root_now(chain)->version != version)
			rc = WARD_REFUSE(&refusal, WARD_REFUSED_ROOT_CHAIN,
					 "it is version %" PRIu64,
					 ward_trust_root_now(chain)->version);
		if (rc) {
			ward_refusal_note(ret_why, refusal.code, "%s/%" PRIu64 ".root: %s",
					  directory, version, refusal.text);
			return rc;
		}
	}
	if (!chain)
		return WARD_KEYS_FAIL(ret_why, WARD_E_NOENT, "%s: there is no root", directory);
	return ward_view_take(v, WARD_DSSE_ROOT, ward_buf_span(&bytes), ret_why);
}

/* The highest one that goes with what was taken; what is wrong with the highest of all is the problem when
 * there is none. */
static enum ward_rc
read_highest(const char *directory, struct ward_trust_view *v, enum ward_dsse_type type,
	     struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf bytes = {0};
	struct ward_refusal first = {0}, refusal = {0};
	enum ward_rc rc = WARD_E_NOENT;

	ward_buf_init(&bytes, ENVELOPE_MAX, NULL);
	for (size_t i = v->names.count[type]; i-- > 0 && rc;) {
		uint64_t version = v->names.versions[type][i];

		ward_buf_clear(&bytes);
		rc = ward_trust_file_read(directory, type, version, &bytes, ret_why);
		if (!rc)
			rc = ward_view_take(v, type, ward_buf_span(&bytes), &refusal);
		if (!rc || rc == WARD_E_PERM)
			;
		else
			return rc;
		if (rc && !first.text[0])
			ward_refusal_note(&first, refusal.code, "%" PRIu64 ".%s: %s", version,
					  ward_dsse_type_word(type), refusal.text);
	}
	if (!rc)
		return WARD_OK;
	if (!first.text[0])
		ward_refusal_note(&first, WARD_REFUSED_ORDER, "%s: there is no %s", directory,
				  ward_dsse_type_text(type));
	v->problem = first;
	return WARD_OK;
}

enum ward_rc
ward_view_read(const char *directory, struct ward_trust_view **ret, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_view_freep) struct ward_trust_view *v = NULL;
	enum ward_rc rc = ward_view_new(directory, &v, ret_why);

	if (!rc)
		rc = ward_trust_names_read(directory, &v->names, ret_why);
	if (!rc)
		rc = read_roots(directory, v, ret_why);
	if (!rc)
		rc = read_highest(directory, v, WARD_DSSE_TARGETS, ret_why);
	if (!rc && v->envelopes[WARD_DSSE_TARGETS].len > 0)
		rc = read_highest(directory, v, WARD_DSSE_SNAPSHOT, ret_why);
	if (rc)
		return rc;
	*ret = v;
	v = NULL;
	return WARD_OK;
}

/* --- signing --- */

enum ward_rc
ward_view_seal(const struct ward_trust_view *v, enum ward_dsse_type type, struct ward_span payload,
	       struct ward_buf *out, struct ward_refusal *ret_why)
{
	const struct ward_trust_role *role = &v->pieces[WARD_DSSE_ROOT].is.root.roles[type];
	uint8_t secrets[WARD_ROLE_KEYS_MAX][WARD_SIGN_SECRET];
	size_t count = 0;
	enum ward_rc rc;

	for (size_t i = 0; i < role->count; i++) {
		const uint8_t *secret = ward_key_ring_find(&v->ring, role->keys[i].id);

		if (secret)
			memcpy(secrets[count++], secret, WARD_SIGN_SECRET);
	}
	rc = count >= role->threshold
		     ? ward_dsse_seal(type, payload, (const uint8_t(*)[WARD_SIGN_SECRET])secrets,
				      count, out)
		     : WARD_KEYS_FAIL(ret_why, WARD_E_NOENT,
				      "%zu of the %u keys that root %" PRIu64
				      " wants for the %s are here, not sealed",
				      count, role->threshold, v->pieces[WARD_DSSE_ROOT].version,
				      ward_dsse_type_text(type));
	ward_crypto_wipe(secrets, sizeof(secrets));
	return rc;
}

/* A third of its life is over: from then on two thirds are left. */
static bool
is_due(uint64_t expires_ms, uint64_t life_ms, uint64_t now_ms)
{
	return expires_ms <= now_ms + life_ms / 3 * 2;
}

bool
ward_view_wants_snapshot(const struct ward_trust_view *v, uint64_t now_ms)
{
	return v->envelopes[WARD_DSSE_TARGETS].len > 0 &&
	       (v->envelopes[WARD_DSSE_SNAPSHOT].len == 0 ||
		is_due(v->pieces[WARD_DSSE_SNAPSHOT].expires_ms, WARD_AUTHORITY_SNAPSHOT_MS,
		       now_ms));
}

/* On a grid of thirds of its life: nodes that each sign the next snapshot of the same targets in the same
 * third sign the same bytes (Ed25519 is deterministic), so endpoints may ask any of them. */
static uint64_t
snapshot_expiry(uint64_t now_ms)
{
	const uint64_t third = WARD_AUTHORITY_SNAPSHOT_MS / 3;

	return (now_ms / third + 3) * third;
}

enum ward_rc
ward_view_make_snapshot(struct ward_trust_view *v, uint64_t now_ms, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf envelope = {0};
	struct ward_trust_snapshot s = {
		.version = ward_trust_names_last(&v->names, WARD_DSSE_SNAPSHOT) + 1,
		.expires_ms = snapshot_expiry(now_ms),
	};
	enum ward_rc rc = ward_trust_meta_of(v->pieces[WARD_DSSE_TARGETS].version,
					     v->envelopes[WARD_DSSE_TARGETS], &s.targets);

	ward_buf_init(&payload, ENVELOPE_MAX, NULL);
	ward_buf_init(&envelope, ENVELOPE_MAX, NULL);
	if (!rc)
		rc = ward_trust_snapshot_encode(&s, &payload, ret_why);
	if (!rc)
		rc = ward_view_seal(v, WARD_DSSE_SNAPSHOT, ward_buf_span(&payload), &envelope,
				    ret_why);
	if (!rc)
		rc = ward_view_take(v, WARD_DSSE_SNAPSHOT, ward_buf_span(&envelope), ret_why);
	if (!rc)
		v->problem.text[0] = '\0';
	return rc;
}

enum ward_rc
ward_view_timestamp(const struct ward_trust_view *v, uint64_t version, const struct ward_head *head,
		    uint64_t now_ms, struct ward_buf *out, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_trust_timestamp t = {
		.version = version,
		.expires_ms = now_ms + WARD_AUTHORITY_TIMESTAMP_MS,
		.head = *head,
	};
	enum ward_rc rc;

	if (v->envelopes[WARD_DSSE_SNAPSHOT].len == 0) {
		*ret_why = v->problem;
		return v->problem.code ? WARD_E_PERM : WARD_E_NOENT;
	}
	rc = ward_trust_meta_of(v->pieces[WARD_DSSE_SNAPSHOT].version,
				v->envelopes[WARD_DSSE_SNAPSHOT], &t.snapshot);
	ward_buf_init(&payload, ENVELOPE_MAX, NULL);
	memcpy(t.log, v->pieces[WARD_DSSE_ROOT].is.root.log, WARD_LOG_ID);
	if (!rc)
		rc = ward_trust_timestamp_encode(&t, &payload, ret_why);
	return rc ? rc
		  : ward_view_seal(v, WARD_DSSE_TIMESTAMP, ward_buf_span(&payload), out, ret_why);
}

enum ward_rc
ward_view_prove(const struct ward_trust_view *v, const struct ward_view_roots *roots,
		struct ward_span timestamp, uint64_t now_ms, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_trust_freep) struct ward_trust *t = NULL;
	bool other_log;
	enum ward_rc rc =
		ward_trust_new(roots ? roots->from : v->envelopes[WARD_DSSE_ROOT], &t, ret_why);

	for (size_t i = 0; roots && i < roots->count && !rc; i++)
		rc = ward_trust_take_root(t, roots->next[i], &other_log, ret_why);
	if (!rc)
		rc = ward_trust_take_timestamp(t, timestamp, now_ms, ret_why);
	if (!rc)
		rc = ward_trust_take_snapshot(t, v->envelopes[WARD_DSSE_SNAPSHOT], now_ms, ret_why);
	if (!rc)
		rc = ward_trust_take_targets(t, v->envelopes[WARD_DSSE_TARGETS], now_ms, ret_why);
	return rc ? rc : ward_trust_ready(t, now_ms, ret_why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that can be asked works on a view that nobody changes; what changes makes another one. */
#include "cloud/keys/authority.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/keys/authority-priv.h"
#include "cloud/keys/fail.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/fd.h"
#include "trust/accept.h"

enum {
	ENVELOPE_MAX = 1024 * 1024,
	SETTLE_NS = 2 * 1000 * 1000 * 1000,
	ARENA = 64 * 1024,
	FACTOR = 128
};

/* --- views --- */

enum ward_rc
ward_authority_make(const char *directory, struct ward_authority **ret)
{
	struct ward_authority *a = calloc(1, sizeof(*a));

	if (!a)
		return WARD_E_NOMEM;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_mutex_init(&a->writer, NULL);
	a->directory = strdup(directory);
	if (!a->directory) {
		ward_authority_closep(&a);
		return WARD_E_NOMEM;
	}
	*ret = a;
	return WARD_OK;
}

void
ward_authority_closep(struct ward_authority **authority)
{
	struct ward_authority *a = *authority;

	*authority = NULL;
	if (!a)
		return;
	ward_view_free(a->now);
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_mutex_destroy(&a->writer);
	free(a->directory);
	free(a);
}

struct ward_trust_view *
ward_authority_hold(struct ward_authority *a)
{
	struct ward_trust_view *v;

	(void)pthread_mutex_lock(&a->lock);
	v = a->now;
	v->refs++;
	(void)pthread_mutex_unlock(&a->lock);
	return v;
}

void
ward_authority_let_go(struct ward_authority *a, struct ward_trust_view *v)
{
	bool last;

	(void)pthread_mutex_lock(&a->lock);
	last = --v->refs == 0;
	(void)pthread_mutex_unlock(&a->lock);
	if (last)
		ward_view_free(v);
}

void
ward_authority_put(struct ward_authority *a, struct ward_trust_view **v)
{
	struct ward_trust_view *old;

	(void)pthread_mutex_lock(&a->lock);
	old = a->now;
	a->now = *v;
	(void)pthread_mutex_unlock(&a->lock);
	*v = NULL;
	if (old)
		ward_authority_let_go(a, old);
}

/* --- reading again --- */

static int64_t
time_of(const char *path)
{
	struct ward_fd_stat st;

	return ward_fd_stat_at(-1, path, true, &st) ? 0 : st.ctime > st.mtime ? st.ctime : st.mtime;
}

static struct ward_authority_stamp
stamp_of(const struct ward_authority *a)
{
	struct ward_authority_stamp s = {.directory_ns = time_of(a->directory)};
	ward_key_path keys;

	if (ward_key_path_of(a->directory, "keys", "", keys))
		s.keys_ns = time_of(keys);
	return s;
}

/* The clock of files has steps: who writes twice within one leaves the same time. What was written just
 * now is therefore read once more. */
static bool
is_settled(int64_t written_ns)
{
	return written_ns + SETTLE_NS < (int64_t)ward_clock_wall() * 1000;
}

static bool
has_changed(const struct ward_authority *a, const struct ward_authority_stamp *s)
{
	return s->directory_ns != a->stamp.directory_ns || s->keys_ns != a->stamp.keys_ns;
}

/* Signs the snapshot that is missing and stores it. */
static enum ward_rc
renew(const struct ward_authority *a, struct ward_trust_view *v, uint64_t now_ms,
      struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_fd_close) int lock = -1;
	enum ward_rc rc = ward_trust_lock(a->directory, &lock, ret_why);

	if (!rc)
		rc = ward_view_make_snapshot(v, now_ms, ret_why);
	if (!rc)
		rc = ward_trust_file_write(a->directory, WARD_DSSE_SNAPSHOT,
					   v->pieces[WARD_DSSE_SNAPSHOT].version,
					   v->envelopes[WARD_DSSE_SNAPSHOT], ret_why);
	if (!rc)
		ward_trust_snapshots_tidy(a->directory, &v->names);
	return rc;
}

/* The directory as it is now, with a snapshot if there can be one. */
static enum ward_rc
read_view(struct ward_authority *a, uint64_t now_ms, struct ward_trust_view **ret,
	  struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_view_freep) struct ward_trust_view *v = NULL;
	enum ward_rc rc = ward_view_read(a->directory, &v, ret_why);

	if (!rc && ward_view_wants_snapshot(v, now_ms)) {
		rc = renew(a, v, now_ms, ret_why);
		if (rc == WARD_E_NOMEM || rc == WARD_E_LIMIT)
			return rc;
		/* what is there goes on; _ready and signing tell the rest */
		if (rc && v->envelopes[WARD_DSSE_SNAPSHOT].len == 0)
			v->problem = *ret_why;
		rc = WARD_OK;
	}
	if (rc)
		return rc;
	*ret = v;
	v = NULL;
	return WARD_OK;
}

enum ward_rc
ward_authority_open(const char *directory, uint64_t now_ms, struct ward_authority **ret_authority,
		    struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_authority_closep) struct ward_authority *a = NULL;
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	rc = ward_authority_make(directory, &a);
	if (rc)
		return rc;
	a->stamp = stamp_of(a);
	rc = read_view(a, now_ms, &a->now, ret_why);
	if (rc)
		return rc;
	*ret_authority = a;
	a = NULL;
	return WARD_OK;
}

static bool
same_envelopes(const struct ward_trust_view *a, const struct ward_trust_view *b)
{
	for (int i = 0; i < WARD_TRUST_FILES; i++)
		if (!ward_span_eq(a->envelopes[i], b->envelopes[i]))
			return false;
	return true;
}

static enum ward_rc
refresh(struct ward_authority *a, uint64_t now_ms, bool *ret_changed, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_view_freep) struct ward_trust_view *v = NULL;
	struct ward_authority_stamp s = stamp_of(a);
	enum ward_rc rc;

	/* nobody else puts a view while we are the writer */
	if (!has_changed(a, &s) && is_settled(s.directory_ns) && is_settled(s.keys_ns) &&
	    !ward_view_wants_snapshot(a->now, now_ms))
		return WARD_OK;
	rc = read_view(a, now_ms, &v, ret_why);
	if (rc)
		return rc;
	a->stamp = s;
	*ret_changed = !same_envelopes(a->now, v);
	ward_authority_put(a, &v);
	return WARD_OK;
}

enum ward_rc
ward_authority_refresh(struct ward_authority *a, uint64_t now_ms, bool *ret_changed,
		       struct ward_refusal *ret_why)
{
	enum ward_rc rc;

	*ret_changed = false;
	memset(ret_why, 0, sizeof(*ret_why));
	(void)pthread_mutex_lock(&a->writer);
	rc = refresh(a, now_ms, ret_changed, ret_why);
	(void)pthread_mutex_unlock(&a->writer);
	return rc;
}

/* --- what is asked --- */

enum ward_rc
ward_authority_envelope(struct ward_authority *a, enum ward_dsse_type type, uint64_t version,
			struct ward_buf *out)
{
	struct ward_trust_view *v;
	struct ward_refusal why;
	enum ward_rc rc = WARD_E_NOENT;

	if ((unsigned)type >= WARD_TRUST_FILES)
		return WARD_E_NOENT;
	v = ward_authority_hold(a);
	if (v->envelopes[type].len > 0 && (version == 0 || version == v->pieces[type].version))
		rc = ward_buf_append(out, v->envelopes[type].data, v->envelopes[type].len);
	else if (version > 0 && version < v->pieces[type].version)
		rc = ward_trust_file_read(a->directory, type, version, out, &why);
	ward_authority_let_go(a, v);
	return rc;
}

void
ward_authority_log(struct ward_authority *a, uint8_t ret_log[WARD_LOG_ID])
{
	struct ward_trust_view *v = ward_authority_hold(a);

	memcpy(ret_log, v->pieces[WARD_DSSE_ROOT].is.root.log, WARD_LOG_ID);
	ward_authority_let_go(a, v);
}

/* About an empty log: only to see whether there could be a timestamp. */
static enum ward_rc
ready(const struct ward_trust_view *v, uint64_t now_ms, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf timestamp = {0};
	static const struct ward_frontier empty;
	struct ward_head head = {0};
	enum ward_rc rc = ward_frontier_root(&empty, &head.root);

	ward_buf_init(&timestamp, ENVELOPE_MAX, NULL);
	if (!rc)
		rc = ward_view_timestamp(v, 1, &head, now_ms, &timestamp, ret_why);
	return rc ? rc : ward_view_prove(v, NULL, ward_buf_span(&timestamp), now_ms, ret_why);
}

enum ward_rc
ward_authority_ready(struct ward_authority *a, uint64_t now_ms, struct ward_refusal *ret_why)
{
	struct ward_trust_view *v = ward_authority_hold(a);
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	rc = ready(v, now_ms, ret_why);
	ward_authority_let_go(a, v);
	return rc;
}

/* --- timestamps --- */

static enum ward_rc
sign_timestamp(const struct ward_trust_view *v, uint64_t previous, const struct ward_head *head,
	       uint64_t now_ms, struct ward_buf *envelope, struct ward_refusal *ret_why)
{
	enum ward_rc rc = ward_view_timestamp(v, previous + 1, head, now_ms, envelope, ret_why);

	return rc ? rc : ward_view_prove(v, NULL, ward_buf_span(envelope), now_ms, ret_why);
}

enum ward_rc
ward_authority_sign_timestamp(struct ward_authority *a, uint64_t previous,
			      const struct ward_head *head, uint64_t now_ms, struct ward_buf *out,
			      struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf envelope = {0};
	struct ward_trust_view *v = ward_authority_hold(a);
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	ward_buf_init(&envelope, ENVELOPE_MAX, NULL);
	rc = sign_timestamp(v, previous, head, now_ms, &envelope, ret_why);
	ward_authority_let_go(a, v);
	return rc ? rc : ward_buf_append(out, envelope.data, envelope.len);
}

static enum ward_rc
read_timestamp(const struct ward_trust_view *v, struct ward_span envelope,
	       struct ward_trust_timestamp *ret, struct ward_refusal *ret_why)
{
	const struct ward_trust_role *role =
		&v->pieces[WARD_DSSE_ROOT].is.root.roles[WARD_DSSE_TIMESTAMP];
	struct ward_budget budget = {.cap = ENVELOPE_MAX + FACTOR * envelope.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_piece piece = {0};
	enum ward_rc rc = arena ? ward_trust_piece_read(envelope, WARD_DSSE_TIMESTAMP, role, arena,
							&piece, ret_why)
				: WARD_E_NOMEM;

	if (!rc)
		*ret = piece.is.timestamp; /* plain: nothing in it is borrowed */
	return rc;
}

enum ward_rc
ward_authority_read_timestamp(struct ward_authority *a, struct ward_span envelope,
			      struct ward_trust_timestamp *ret, struct ward_refusal *ret_why)
{
	struct ward_trust_view *v = ward_authority_hold(a);
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	rc = read_timestamp(v, envelope, ret, ret_why);
	ward_authority_let_go(a, v);
	return rc;
}

static bool
is_current(const struct ward_trust_view *v, const struct ward_trust_timestamp *t)
{
	struct ward_trust_meta meta;

	return memcmp(t->log, v->pieces[WARD_DSSE_ROOT].is.root.log, WARD_LOG_ID) == 0 &&
	       v->envelopes[WARD_DSSE_SNAPSHOT].len > 0 &&
	       ward_trust_meta_of(v->pieces[WARD_DSSE_SNAPSHOT].version,
				  v->envelopes[WARD_DSSE_SNAPSHOT], &meta) == WARD_OK &&
	       meta.version == t->snapshot.version &&
	       memcmp(meta.content.sha256, t->snapshot.content.sha256, 32) == 0;
}

bool
ward_authority_timestamp_due(struct ward_authority *a, struct ward_span envelope, uint64_t now_ms)
{
	struct ward_trust_view *v = ward_authority_hold(a);
	struct ward_trust_timestamp t;
	struct ward_refusal why;
	bool due = envelope.len == 0 || read_timestamp(v, envelope, &t, &why) ||
		   !is_current(v, &t) ||
		   t.expires_ms <= now_ms + WARD_AUTHORITY_TIMESTAMP_MS / 3 * 2;

	ward_authority_let_go(a, v);
	return due;
}

/* --- records --- */

static enum ward_rc
judge(const struct ward_trust_view *v, struct ward_span envelope, struct ward_arena *arena,
      struct ward_trust_record *ret, struct ward_refusal *ret_why)
{
	if (v->envelopes[WARD_DSSE_TARGETS].len == 0) {
		*ret_why = v->problem;
		return v->problem.code ? WARD_E_PERM : WARD_E_NOENT;
	}
	return ward_trust_judge(&v->pieces[WARD_DSSE_TARGETS].is.targets, envelope, arena, ret,
				ret_why);
}

enum ward_rc
ward_authority_check_record(struct ward_authority *a, struct ward_span envelope,
			    struct ward_arena *arena, struct ward_trust_record *ret,
			    struct ward_refusal *ret_why)
{
	struct ward_trust_view *v = ward_authority_hold(a);
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	rc = judge(v, envelope, arena, ret, ret_why);
	ward_authority_let_go(a, v);
	return rc;
}

/* Signed by all keys of the service's delegation that are here and good for this number; whether these are
 * enough, judge says. */
static enum ward_rc
seal_record(const struct ward_trust_view *v, uint64_t number, struct ward_span payload,
	    struct ward_buf *out, struct ward_refusal *ret_why)
{
	const struct ward_trust_delegation *d = ward_trust_delegation_of(
		&v->pieces[WARD_DSSE_TARGETS].is.targets, WARD_AUTHORITY_ROLE);
	uint8_t secrets[WARD_ROLE_KEYS_MAX][WARD_SIGN_SECRET];
	size_t count = 0;
	enum ward_rc rc;

	for (size_t i = 0; d && i < d->key_count; i++) {
		const uint8_t *secret = ward_key_ring_find(&v->ring, d->keys[i].key.id);

		if (secret && (d->keys[i].last_number == 0 || d->keys[i].last_number >= number))
			memcpy(secrets[count++], secret, WARD_SIGN_SECRET);
	}
	rc = d && count == 0
		     ? WARD_KEYS_FAIL(ret_why, WARD_E_NOENT,
				      "no key of the delegation %s is here, not sealed",
				      WARD_AUTHORITY_ROLE)
		     : ward_dsse_seal(WARD_DSSE_RECORD, payload,
				      (const uint8_t(*)[WARD_SIGN_SECRET])secrets, count, out);
	ward_crypto_wipe(secrets, sizeof(secrets));
	return rc;
}

static enum ward_rc
sign_record(const struct ward_trust_view *v, const struct ward_trust_record *record,
	    struct ward_buf *envelope, struct ward_refusal *ret_why)
{
	struct ward_budget budget = {0}; /* outlives the arena */
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	struct ward_trust_record r = *record, checked;
	enum ward_rc rc;

	if (v->envelopes[WARD_DSSE_TARGETS].len == 0) {
		*ret_why = v->problem;
		return v->problem.code ? WARD_E_PERM : WARD_E_NOENT;
	}
	r.role = WARD_AUTHORITY_ROLE;
	ward_buf_init(&payload, ENVELOPE_MAX, NULL);
	rc = ward_trust_record_encode(&r, &payload, ret_why);
	if (!rc)
		rc = seal_record(v, r.number, ward_buf_span(&payload), envelope, ret_why);
	if (rc)
		return rc;
	budget.cap = ARENA + FACTOR * envelope->len;
	arena = ward_arena_new(&budget);
	return arena ? judge(v, ward_buf_span(envelope), arena, &checked, ret_why) : WARD_E_NOMEM;
}

enum ward_rc
ward_authority_sign_record(struct ward_authority *a, const struct ward_trust_record *record,
			   struct ward_buf *out, struct ward_refusal *ret_why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf envelope = {0};
	struct ward_trust_view *v = ward_authority_hold(a);
	enum ward_rc rc;

	memset(ret_why, 0, sizeof(*ret_why));
	ward_buf_init(&envelope, ENVELOPE_MAX, NULL);
	rc = sign_record(v, record, &envelope, ret_why);
	ward_authority_let_go(a, v);
	return rc ? rc : ward_buf_append(out, envelope.data, envelope.len);
}

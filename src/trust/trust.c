/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/trust.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sys/digest.h"
#include "trust/trust-priv.h"

enum { SLOT_BUDGET = 1024 * 1024, SLOT_FACTOR = 128 };

/* --- one piece --- */

static struct slot *
slot_free(struct slot *s)
{
	if (s) {
		ward_arena_free(s->arena);
		free(s);
	}
	return NULL;
}

void
ward_slot_freep(struct slot **slot)
{
	*slot = slot_free(*slot);
}

static enum ward_rc
slot_new(struct ward_span envelope, struct slot **ret)
{
	struct slot *s = calloc(1, sizeof(*s));
	uint8_t *copy;

	if (!s)
		return WARD_E_NOMEM;
	s->budget.cap = SLOT_BUDGET + SLOT_FACTOR * envelope.len;
	s->arena = ward_arena_new(&s->budget);
	copy = s->arena ? ward_arena_alloc(s->arena, envelope.len) : NULL;
	if (!copy) {
		slot_free(s);
		return WARD_E_NOMEM;
	}
	if (envelope.len > 0)
		memcpy(copy, envelope.data, envelope.len);
	s->envelope = ward_span_of(copy, envelope.len);
	*ret = s;
	return WARD_OK;
}

enum ward_rc
ward_slot_read(struct ward_span envelope, enum ward_dsse_type type,
	       const struct ward_trust_role *role, struct slot **ret,
	       struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	enum ward_rc rc = ward_trust_piece_size(envelope, type, ret_refusal);

	if (!rc)
		rc = slot_new(envelope, &s);
	if (!rc)
		rc = ward_trust_piece_read(s->envelope, type, role, s->arena, &s->piece,
					   ret_refusal);
	if (rc)
		return rc;
	*ret = s;
	s = NULL;
	return WARD_OK;
}

/* --- the state --- */

enum ward_rc
ward_trust_new(struct ward_span root, struct ward_trust **ret, struct ward_refusal *ret_refusal)
{
	struct ward_trust *t = calloc(1, sizeof(*t));
	enum ward_rc rc = t ? WARD_OK : WARD_E_NOMEM;

	if (!rc)
		rc = ward_slot_read(root, WARD_DSSE_ROOT, NULL, &t->slots[WARD_DSSE_ROOT],
				    ret_refusal);
	if (rc)
		ward_trust_free(t);
	else
		*ret = t;
	return rc;
}

struct ward_trust *
ward_trust_free(struct ward_trust *t)
{
	if (t) {
		for (unsigned i = 0; i < WARD_ROLES; i++)
			slot_free(t->slots[i]);
		free(t);
	}
	return NULL;
}

void
ward_trust_freep(struct ward_trust **t)
{
	*t = ward_trust_free(*t);
}

void
ward_trust_keep(struct ward_trust *t, enum ward_dsse_type type, struct slot **slot)
{
	slot_free(t->slots[type]);
	t->slots[type] = *slot;
	*slot = NULL;
}

static void
forget(struct ward_trust *t, enum ward_dsse_type type)
{
	t->slots[type] = slot_free(t->slots[type]);
}

const struct ward_trust_root *
ward_trust_root_now(const struct ward_trust *t)
{
	return &t->slots[WARD_DSSE_ROOT]->piece.is.root;
}

static const struct ward_trust_role *
role_of(const struct ward_trust *t, enum ward_dsse_type type)
{
	return &ward_trust_root_now(t)->roles[type];
}

const struct ward_trust_timestamp *
ward_trust_timestamp_now(const struct ward_trust *t)
{
	const struct slot *s = t->slots[WARD_DSSE_TIMESTAMP];

	return s ? &s->piece.is.timestamp : NULL;
}

static const struct ward_trust_snapshot *
snapshot_now(const struct ward_trust *t)
{
	const struct slot *s = t->slots[WARD_DSSE_SNAPSHOT];

	return s ? &s->piece.is.snapshot : NULL;
}

const struct ward_trust_targets *
ward_trust_targets_now(const struct ward_trust *t)
{
	const struct slot *s = t->slots[WARD_DSSE_TARGETS];

	return s ? &s->piece.is.targets : NULL;
}

const struct ward_frontier *
ward_trust_frontier(const struct ward_trust *t)
{
	return &t->frontier;
}

struct ward_span
ward_trust_envelope(const struct ward_trust *t, enum ward_dsse_type type)
{
	const struct slot *s = (unsigned)type < WARD_ROLES ? t->slots[type] : NULL;

	return s ? s->envelope : ward_span_of(NULL, 0);
}

/* --- root (§5.3) --- */

static bool
same_role(const struct ward_trust_root *a, const struct ward_trust_root *b,
	  enum ward_dsse_type type)
{
	const struct ward_trust_role *x = &a->roles[type], *y = &b->roles[type];

	if (x->threshold != y->threshold || x->count != y->count)
		return false;
	for (size_t i = 0; i < x->count; i++)
		if (memcmp(x->keys[i].id, y->keys[i].id, WARD_TRUST_KEY_ID) != 0)
			return false;
	return true;
}

/* §5.3.11, and the same for the targets and the log. */
static bool
forget_what_changed(struct ward_trust *t, const struct ward_trust_root *old,
		    const struct ward_trust_root *new)
{
	bool other_log = memcmp(old->log, new->log, WARD_LOG_ID) != 0;

	if (!same_role(old, new, WARD_DSSE_TIMESTAMP) || !same_role(old, new, WARD_DSSE_SNAPSHOT) ||
	    other_log) {
		forget(t, WARD_DSSE_TIMESTAMP);
		forget(t, WARD_DSSE_SNAPSHOT);
	}
	if (!same_role(old, new, WARD_DSSE_TARGETS))
		forget(t, WARD_DSSE_TARGETS);
	if (other_log)
		memset(&t->frontier, 0, sizeof(t->frontier));
	return other_log;
}

enum ward_rc
ward_trust_take_root(struct ward_trust *t, struct ward_span envelope, bool *ret_other_log,
		     struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	const struct ward_trust_root *now = ward_trust_root_now(t);
	enum ward_rc rc = ward_slot_read(envelope, WARD_DSSE_ROOT, role_of(t, WARD_DSSE_ROOT), &s,
					 ret_refusal);

	if (rc)
		return rc;
	if (s->piece.is.root.version != now->version + 1)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_ROOT_CHAIN,
				   "it is root %" PRIu64 "; after root %" PRIu64
				   " only the next one is taken",
				   s->piece.is.root.version, now->version);
	*ret_other_log = forget_what_changed(t, now, &s->piece.is.root);
	ward_trust_keep(t, WARD_DSSE_ROOT, &s);
	return WARD_OK;
}

/* --- what all others have --- */

static enum ward_rc
not_over(uint64_t expires_ms, uint64_t now_ms, enum ward_dsse_type type,
	 struct ward_refusal *ret_refusal)
{
	if (expires_ms > now_ms)
		return WARD_OK;
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_EXPIRED,
			   "the %s expired %" PRIu64 " seconds ago: the service has not spoken, or "
			   "somebody holds back what it says",
			   ward_dsse_type_text(type), (now_ms - expires_ms) / 1000);
}

static enum ward_rc
older(enum ward_dsse_type type, uint64_t has, uint64_t known, struct ward_refusal *ret_refusal)
{
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_ROLLBACK,
			   "the %s has version %" PRIu64 ", but %" PRIu64 " is known already",
			   ward_dsse_type_text(type), has, known);
}

/* Size and digest before anything is looked into (§5.5.1 and §5.5.2, §5.6.1 and §5.6.2). */
static enum ward_rc
is_the_named(struct ward_span envelope, const struct ward_trust_meta *named,
	     enum ward_dsse_type type, struct ward_refusal *ret_refusal)
{
	uint8_t digest[32];
	enum ward_rc rc;

	if (envelope.len > named->content.size)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
				   "the %s has more than the %" PRIu64 " bytes that are signed for",
				   ward_dsse_type_text(type), named->content.size);
	rc = ward_digest(WARD_SHA256, envelope, digest);
	if (!rc && (envelope.len != named->content.size ||
		    memcmp(digest, named->content.sha256, sizeof(digest)) != 0))
		rc = WARD_REFUSE(ret_refusal, WARD_REFUSED_MIX,
				 "the %s is not the one that belongs to the others",
				 ward_dsse_type_text(type));
	return rc;
}

static enum ward_rc
named_version(uint64_t has, const struct ward_trust_meta *named, enum ward_dsse_type type,
	      struct ward_refusal *ret_refusal)
{
	if (has == named->version)
		return WARD_OK;
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_MIX,
			   "the %s has version %" PRIu64 ", but %" PRIu64 " is signed for",
			   ward_dsse_type_text(type), has, named->version);
}

/* --- timestamp (§5.4) --- */

/* The head goes with the records taken, and with the head before. */
static enum ward_rc
check_head(const struct ward_trust *t, const struct ward_head *head,
	   struct ward_refusal *ret_refusal)
{
	const struct ward_trust_timestamp *known = ward_trust_timestamp_now(t);
	struct ward_hash root;
	enum ward_rc rc = ward_frontier_root(&t->frontier, &root);

	if (rc)
		return rc;
	if (head->size < t->frontier.size || (known && head->size < known->head.size))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD_OLD,
				   "the log has %" PRIu64 " records, but %" PRIu64
				   " are known: it was cut, or is another one",
				   head->size,
				   known && known->head.size > t->frontier.size ? known->head.size
										: t->frontier.size);
	if ((head->size == t->frontier.size && !ward_hash_equal(&head->root, &root)) ||
	    (known && head->size == known->head.size &&
	     !ward_hash_equal(&head->root, &known->head.root)))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD,
				   "the log's %" PRIu64
				   " records are others than those that are known",
				   head->size);
	return WARD_OK;
}

static enum ward_rc
check_versions(const struct ward_trust *t, const struct slot *new, struct ward_refusal *ret_refusal)
{
	const struct slot *old = t->slots[WARD_DSSE_TIMESTAMP];
	const struct ward_trust_timestamp *has = &new->piece.is.timestamp;

	if (!old)
		return WARD_OK;
	if (has->version < old->piece.is.timestamp.version)
		return older(WARD_DSSE_TIMESTAMP, has->version, old->piece.is.timestamp.version,
			     ret_refusal);
	if (has->version == old->piece.is.timestamp.version &&
	    !ward_span_eq(new->piece.payload, old->piece.payload))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_FORK,
				   "two timestamps have the version %" PRIu64
				   ": the service tells different stories",
				   has->version);
	if (has->snapshot.version < old->piece.is.timestamp.snapshot.version)
		return older(WARD_DSSE_SNAPSHOT, has->snapshot.version,
			     old->piece.is.timestamp.snapshot.version, ret_refusal);
	return WARD_OK;
}

enum ward_rc
ward_trust_check_timestamp(const struct ward_trust *t, struct ward_span envelope, uint64_t now_ms,
			   struct slot **ret, struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	const struct ward_trust_root *root = ward_trust_root_now(t);
	enum ward_rc rc = not_over(root->expires_ms, now_ms, WARD_DSSE_ROOT, ret_refusal);

	if (!rc)
		rc = ward_slot_read(envelope, WARD_DSSE_TIMESTAMP, role_of(t, WARD_DSSE_TIMESTAMP),
				    &s, ret_refusal);
	if (!rc && memcmp(s->piece.is.timestamp.log, root->log, WARD_LOG_ID) != 0)
		rc = WARD_REFUSE(ret_refusal, WARD_REFUSED_LOG,
				 "the timestamp is about another log than the root names");
	if (!rc)
		rc = check_versions(t, s, ret_refusal);
	if (!rc)
		rc = check_head(t, &s->piece.is.timestamp.head, ret_refusal);
	if (!rc)
		rc = not_over(s->piece.is.timestamp.expires_ms, now_ms, WARD_DSSE_TIMESTAMP,
			      ret_refusal);
	if (rc)
		return rc;
	*ret = s;
	s = NULL;
	return WARD_OK;
}

enum ward_rc
ward_trust_take_timestamp(struct ward_trust *t, struct ward_span envelope, uint64_t now_ms,
			  struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	enum ward_rc rc = ward_trust_check_timestamp(t, envelope, now_ms, &s, ret_refusal);

	if (!rc)
		ward_trust_keep(t, WARD_DSSE_TIMESTAMP, &s);
	return rc;
}

/* --- snapshot (§5.5) and targets (§5.6) --- */

enum ward_rc
ward_trust_take_snapshot(struct ward_trust *t, struct ward_span envelope, uint64_t now_ms,
			 struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	const struct ward_trust_timestamp *timestamp = ward_trust_timestamp_now(t);
	const struct ward_trust_snapshot *known = snapshot_now(t);
	const enum ward_dsse_type type = WARD_DSSE_SNAPSHOT;
	enum ward_rc rc;

	if (!timestamp)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_ORDER,
				   "a snapshot is taken after a timestamp");
	rc = not_over(timestamp->expires_ms, now_ms, WARD_DSSE_TIMESTAMP, ret_refusal);
	if (!rc)
		rc = is_the_named(envelope, &timestamp->snapshot, type, ret_refusal);
	if (!rc)
		rc = ward_slot_read(envelope, type, role_of(t, type), &s, ret_refusal);
	if (!rc)
		rc = named_version(s->piece.is.snapshot.version, &timestamp->snapshot, type,
				   ret_refusal);
	if (!rc && known && s->piece.is.snapshot.targets.version < known->targets.version)
		rc = older(WARD_DSSE_TARGETS, s->piece.is.snapshot.targets.version,
			   known->targets.version, ret_refusal);
	if (!rc)
		rc = not_over(s->piece.is.snapshot.expires_ms, now_ms, type, ret_refusal);
	if (!rc)
		ward_trust_keep(t, type, &s);
	return rc;
}

enum ward_rc
ward_trust_take_targets(struct ward_trust *t, struct ward_span envelope, uint64_t now_ms,
			struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *s = NULL;
	const struct ward_trust_snapshot *snapshot = snapshot_now(t);
	const enum ward_dsse_type type = WARD_DSSE_TARGETS;
	enum ward_rc rc;

	if (!snapshot || !t->slots[WARD_DSSE_TIMESTAMP] ||
	    snapshot->version != ward_trust_timestamp_now(t)->snapshot.version)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_ORDER,
				   "targets are taken after their snapshot");
	rc = not_over(snapshot->expires_ms, now_ms, WARD_DSSE_SNAPSHOT, ret_refusal);
	if (!rc)
		rc = is_the_named(envelope, &snapshot->targets, type, ret_refusal);
	if (!rc)
		rc = ward_slot_read(envelope, type, role_of(t, type), &s, ret_refusal);
	if (!rc)
		rc = named_version(s->piece.is.targets.version, &snapshot->targets, type,
				   ret_refusal);
	if (!rc)
		rc = not_over(s->piece.is.targets.expires_ms, now_ms, type, ret_refusal);
	if (!rc)
		ward_trust_keep(t, type, &s);
	return rc;
}

/* --- where it stands --- */

/* Whether the piece in the slot is the one that is named. */
static bool
is_current(const struct slot *s, const struct ward_trust_meta *named)
{
	uint8_t digest[32];

	return s && s->envelope.len == named->content.size &&
	       ward_digest(WARD_SHA256, s->envelope, digest) == WARD_OK &&
	       memcmp(digest, named->content.sha256, sizeof(digest)) == 0;
}

bool
ward_trust_wanted(const struct ward_trust *t, enum ward_dsse_type type, struct ward_trust_meta *ret)
{
	const struct ward_trust_timestamp *timestamp = ward_trust_timestamp_now(t);
	const struct ward_trust_snapshot *snapshot = snapshot_now(t);

	if (type == WARD_DSSE_SNAPSHOT && timestamp)
		return *ret = timestamp->snapshot, true;
	if (type == WARD_DSSE_TARGETS && snapshot)
		return *ret = snapshot->targets, true;
	return false;
}

enum ward_trust_need
ward_trust_need(const struct ward_trust *t, uint64_t now_ms)
{
	const struct ward_trust_timestamp *timestamp = ward_trust_timestamp_now(t);
	const struct ward_trust_snapshot *snapshot = snapshot_now(t);
	const struct ward_trust_targets *targets = ward_trust_targets_now(t);

	if (ward_trust_root_now(t)->expires_ms <= now_ms)
		return WARD_NEED_ROOT;
	if (!timestamp || timestamp->expires_ms <= now_ms)
		return WARD_NEED_TIMESTAMP;
	if (!is_current(t->slots[WARD_DSSE_SNAPSHOT], &timestamp->snapshot))
		return WARD_NEED_SNAPSHOT;
	if (!is_current(t->slots[WARD_DSSE_TARGETS], &snapshot->targets))
		return WARD_NEED_TARGETS;
	/* new ones of the same role follow from a new timestamp */
	if (snapshot->expires_ms <= now_ms || targets->expires_ms <= now_ms)
		return WARD_NEED_TIMESTAMP;
	return t->frontier.size < timestamp->head.size ? WARD_NEED_RECORDS : WARD_NEED_NOTHING;
}

enum ward_rc
ward_trust_ready_with(const struct ward_trust *t, const struct slot *timestamp, uint64_t now_ms,
		      struct ward_refusal *ret_refusal)
{
	const struct ward_trust_snapshot *snapshot = snapshot_now(t);
	const struct ward_trust_targets *targets = ward_trust_targets_now(t);
	enum ward_rc rc;

	if (!timestamp ||
	    !is_current(t->slots[WARD_DSSE_SNAPSHOT], &timestamp->piece.is.timestamp.snapshot) ||
	    !is_current(t->slots[WARD_DSSE_TARGETS], &snapshot->targets))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_ORDER,
				   "timestamp, snapshot and targets have to be fetched first");
	rc = not_over(ward_trust_root_now(t)->expires_ms, now_ms, WARD_DSSE_ROOT, ret_refusal);
	if (!rc)
		rc = not_over(timestamp->piece.is.timestamp.expires_ms, now_ms, WARD_DSSE_TIMESTAMP,
			      ret_refusal);
	if (!rc)
		rc = not_over(snapshot->expires_ms, now_ms, WARD_DSSE_SNAPSHOT, ret_refusal);
	return rc ? rc : not_over(targets->expires_ms, now_ms, WARD_DSSE_TARGETS, ret_refusal);
}

enum ward_rc
ward_trust_ready(const struct ward_trust *t, uint64_t now_ms, struct ward_refusal *ret_refusal)
{
	return ward_trust_ready_with(t, t->slots[WARD_DSSE_TIMESTAMP], now_ms, ret_refusal);
}

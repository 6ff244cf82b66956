/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/intake/audit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "guard/intake/intake-priv.h"

enum { LEAVES_MAX = WARD_OVERLAY_MAX, SLACK = 65536 };

/* --- what is trusted --- */

/* What the thread believes, as others may see it. The lock is held. */
void
intake_show_head(struct ward_intake *i)
{
	const struct ward_trust_timestamp *t = i->trust ? ward_trust_timestamp_now(i->trust) : NULL;
	struct shown *s = &i->shown;
	struct ward_span envelope;

	if (t && s->there && s->head.version == t->version &&
	    memcmp(s->head.log, t->log, sizeof(t->log)) == 0)
		return;
	ward_buf_done(&s->envelope);
	*s = (struct shown){.there = false};
	if (!t)
		return;
	envelope = ward_trust_envelope(i->trust, WARD_DSSE_TIMESTAMP);
	ward_buf_init(&s->envelope, envelope.len, NULL);
	s->there = ward_buf_append(&s->envelope, envelope.data, envelope.len) == WARD_OK;
	s->signers = ward_trust_root_now(i->trust)->roles[WARD_DSSE_TIMESTAMP];
	s->head.head = t->head;
	s->head.version = t->version;
	s->head.expires_ms = t->expires_ms;
	memcpy(s->head.log, t->log, sizeof(s->head.log));
}

enum ward_rc
ward_audit_head(struct ward_intake *i, struct ward_audit_head *ret, struct ward_buf *envelope)
{
	enum ward_rc rc = WARD_OK;

	(void)pthread_mutex_lock(&i->lock);
	if (!i->shown.there)
		rc = WARD_E_NOENT;
	else if (envelope)
		rc = ward_buf_append(envelope, i->shown.envelope.data, i->shown.envelope.len);
	if (rc == WARD_OK)
		*ret = i->shown.head;
	(void)pthread_mutex_unlock(&i->lock);
	return rc;
}

/* --- the tree, out of the ledger --- */

struct leaves {
	struct ward_hash *hash;
	uint64_t count, room;
	/* one of them, whole */
	uint64_t wanted, taken_ms;
	struct ward_buf *payload;
};

static enum ward_rc
put_leaf(void *ctx, uint64_t number, uint64_t taken_ms, struct ward_span payload)
{
	struct leaves *l = ctx;
	enum ward_rc rc;

	if (number > l->room)
		return WARD_E_STOPPED;
	if (number != l->count + 1)
		return WARD_E_NOENT;
	rc = ward_merkle_leaf(payload, &l->hash[l->count]);
	if (rc == WARD_OK && number == l->wanted) {
		l->taken_ms = taken_ms;
		rc = ward_buf_append(l->payload, payload.data, payload.len);
	}
	l->count += rc == WARD_OK;
	return rc;
}

/* The first `count` records; WARD_E_NOENT: they are not all here. */
static enum ward_rc
read_leaves(struct ward_intake *i, uint64_t count, struct leaves *l)
{
	struct ward_ledger *ledger;
	enum ward_rc rc;

	if (count == 0 || count > LEAVES_MAX)
		return count ? WARD_E_LIMIT : WARD_E_NOENT;
	l->hash = calloc(count, sizeof(*l->hash));
	l->room = count;
	if (!l->hash)
		return WARD_E_NOMEM;
	(void)pthread_mutex_lock(&i->lock);
	ledger = i->ledger;
	(void)pthread_mutex_unlock(&i->lock);
	rc = ledger ? ward_ledger_read(ledger, put_leaf, l) : WARD_E_NOENT;
	if (rc == WARD_E_STOPPED)
		rc = WARD_OK;
	return rc == WARD_OK && l->count < count ? WARD_E_NOENT : rc;
}

/* Complete subtrees, made when they are asked for. */
static enum ward_rc
subtree(void *ctx, unsigned level, uint64_t index, struct ward_hash *ret)
{
	const struct leaves *l = ctx;
	struct ward_frontier f = {.size = 0};
	enum ward_rc rc = WARD_E_INVAL;
	uint64_t first;

	if (level >= WARD_MERKLE_LEVELS - 1 || index >= l->count >> level)
		return rc;
	first = index << level;
	rc = WARD_OK;
	for (uint64_t k = first; rc == WARD_OK && k < first + (UINT64_C(1) << level); k++)
		rc = ward_frontier_append(&f, &l->hash[k], NULL, NULL);
	return rc == WARD_OK ? ward_frontier_root(&f, ret) : rc;
}

/* What was taken is what was signed. */
static enum ward_rc
check_own(struct leaves *l, const struct ward_head *head, struct ward_refusal *ret_refusal)
{
	const struct ward_merkle_source source = {subtree, l};
	struct ward_hash root;
	enum ward_rc rc = ward_merkle_root(&source, head->size, &root);

	if (rc == WARD_OK && !ward_hash_equal(&root, &head->root))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD,
				   "the %" PRIu64
				   " records that are kept here are not those of the signed log",
				   head->size);
	return rc;
}

static enum ward_rc
prove(struct ward_intake *i, struct leaves *l, struct ward_audit_record *r,
      struct ward_refusal *ret_refusal)
{
	const struct ward_merkle_source source = {subtree, l};
	const struct ward_head *head = &r->under.head;
	uint64_t index = l->wanted - 1;
	enum ward_rc rc = read_leaves(i, head->size, l);

	if (rc == WARD_OK)
		rc = check_own(l, head, ret_refusal);
	if (rc == WARD_OK)
		rc = ward_merkle_include(&source, index, head->size, &r->proof);
	if (rc != WARD_OK)
		return rc;
	r->taken_ms = l->taken_ms;
	r->leaf = l->hash[index];
	rc = ward_proof_included(&r->proof, &r->leaf, index, head->size, &head->root);
	if (rc == WARD_E_FORMAT)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_PROOF,
				   "record %" PRIu64 " is not in the signed log", l->wanted);
	return rc;
}

enum ward_rc
ward_audit_record(struct ward_intake *i, uint64_t number, struct ward_audit_record *ret,
		  struct ward_buf *payload, struct ward_refusal *ret_refusal)
{
	struct leaves l = {.wanted = number, .payload = payload};
	struct ward_audit_record r = {.taken_ms = 0};
	enum ward_rc rc = ward_audit_head(i, &r.under, NULL);

	if (rc == WARD_OK && (number == 0 || number > r.under.head.size))
		rc = WARD_E_NOENT;
	if (rc == WARD_OK)
		rc = prove(i, &l, &r, ret_refusal);
	free(l.hash);
	if (rc == WARD_OK)
		*ret = r;
	return rc;
}

/* --- heads of others --- */

static enum ward_rc
check_signers(struct ward_intake *i, const struct ward_dsse *d, struct ward_refusal *ret_refusal)
{
	const struct ward_trust_key *keys[WARD_ROLE_KEYS_MAX];
	struct ward_trust_role role;
	size_t good = 0;
	enum ward_rc rc;

	(void)pthread_mutex_lock(&i->lock);
	role = i->shown.signers;
	(void)pthread_mutex_unlock(&i->lock);
	for (size_t k = 0; k < role.count; k++)
		keys[k] = &role.keys[k];
	rc = ward_dsse_count(d, keys, role.count, &good);
	if (rc == WARD_OK && (good == 0 || good < role.threshold))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_THRESHOLD,
				   "the head is not signed by who signs timestamps here");
	return rc;
}

static enum ward_rc
read_head(struct ward_intake *i, struct ward_span envelope, struct ward_audit_head *ret,
	  struct ward_refusal *ret_refusal)
{
	struct ward_budget budget = {.cap = 256 * envelope.len + (1 << 20) + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL;
	struct ward_trust_timestamp t = {.version = 0};
	struct ward_dsse d = {.signature_count = 0};
	enum ward_rc rc;

	if (envelope.len > ward_dsse_payload_max(WARD_DSSE_TIMESTAMP) + WARD_DSSE_AROUND)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE, "the head is too large");
	arena = ward_arena_new(&budget);
	if (!arena)
		return WARD_E_NOMEM;
	rc = ward_dsse_read(envelope, WARD_DSSE_TIMESTAMP, arena, &d, ret_refusal);
	if (rc == WARD_OK)
		rc = check_signers(i, &d, ret_refusal);
	if (rc == WARD_OK)
		rc = ward_trust_timestamp_decode(d.payload, arena, &t, ret_refusal);
	if (rc != WARD_OK)
		return rc;
	*ret = (struct ward_audit_head){
		.head = t.head, .version = t.version, .expires_ms = t.expires_ms};
	memcpy(ret->log, t.log, sizeof(ret->log));
	return WARD_OK;
}

/* The log is ours, and has as many records here as both heads say. */
static enum ward_rc
compare(struct ward_intake *i, const struct ward_head *own, const struct ward_head *other,
	enum ward_audit_word *ret_word, struct ward_refusal *ret_refusal)
{
	struct leaves l = {.wanted = 0};
	const struct ward_merkle_source source = {subtree, &l};
	struct ward_hash root;
	enum ward_rc rc = read_leaves(i, own->size, &l);

	if (rc == WARD_OK)
		rc = check_own(&l, own, ret_refusal);
	if (rc == WARD_OK)
		rc = ward_merkle_root(&source, other->size, &root);
	if (rc == WARD_OK)
		*ret_word = ward_hash_equal(&root, &other->root) ? WARD_AUDIT_AGREES
								 : WARD_AUDIT_DIFFERS;
	free(l.hash);
	return rc;
}

enum ward_rc
ward_audit_compare(struct ward_intake *i, struct ward_span envelope, struct ward_audit_head *ret,
		   enum ward_audit_word *ret_word, struct ward_refusal *ret_refusal)
{
	struct ward_audit_head own, other;
	enum ward_rc rc = ward_audit_head(i, &own, NULL);

	if (rc == WARD_OK)
		rc = read_head(i, envelope, &other, ret_refusal);
	if (rc != WARD_OK)
		return rc;
	if (memcmp(own.log, other.log, sizeof(own.log)) != 0)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_LOG, "the head is of another log");
	if (other.head.size > own.head.size)
		*ret_word = WARD_AUDIT_AHEAD;
	else if (other.head.size == own.head.size)
		*ret_word = ward_hash_equal(&own.head.root, &other.head.root) ? WARD_AUDIT_AGREES
									      : WARD_AUDIT_DIFFERS;
	else
		rc = compare(i, &own.head, &other.head, ret_word, ret_refusal);
	if (rc == WARD_OK)
		*ret = other;
	return rc;
}

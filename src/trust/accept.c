/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/accept.h"

#include <inttypes.h>

#include "trust/trust-priv.h"

bool
ward_trust_scope_has(const struct ward_trust_scope *scope, const struct ward_trust_self *self)
{
	switch (scope->kind) {
	case WARD_SCOPE_ALL:
		return true;
	case WARD_SCOPE_RING:
		return self->ring && strcmp(scope->name, self->ring) == 0;
	case WARD_SCOPE_TAG:
		for (size_t i = 0; i < self->tag_count; i++)
			if (strcmp(scope->name, self->tags[i]) == 0)
				return true;
		return false;
	case WARD_SCOPE_DEVICE:
		return memcmp(scope->device, self->device, sizeof(self->device)) == 0;
	}
	return false;
}

/* --- one record --- */

const struct ward_trust_delegation *
ward_trust_delegation_of(const struct ward_trust_targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->delegation_count; i++)
		if (strcmp(targets->delegations[i].name, name) == 0)
			return &targets->delegations[i];
	return NULL;
}

static enum ward_rc
may(const struct ward_trust_delegation *d, const struct ward_trust_record *r,
    struct ward_refusal *ret_refusal)
{
	if (!(d->kinds >> r->kind & 1))
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_KIND,
				   "record %" PRIu64 ": %s may not publish %s", r->number, d->name,
				   ward_trust_kind_word(r->kind));
	for (size_t i = 0; i < d->scope_count; i++)
		if (ward_trust_scope_covers(&d->scopes[i], &r->scope))
			return WARD_OK;
	return WARD_REFUSE(ret_refusal, WARD_REFUSED_SCOPE,
			   "record %" PRIu64 ": %s may not publish for these devices", r->number,
			   d->name);
}

static enum ward_rc
has_signed(const struct ward_trust_delegation *d, const struct ward_dsse *envelope,
	   const struct ward_trust_record *r, struct ward_refusal *ret_refusal)
{
	const struct ward_trust_key *keys[WARD_ROLE_KEYS_MAX];
	size_t count = 0, good = 0;
	enum ward_rc rc;

	for (size_t i = 0; i < d->key_count; i++)
		if (d->keys[i].last_number == 0 || r->number <= d->keys[i].last_number)
			keys[count++] = &d->keys[i].key;
	rc = ward_dsse_count(envelope, keys, count, &good);
	if (!rc && good < d->threshold)
		rc = WARD_REFUSE(ret_refusal, WARD_REFUSED_THRESHOLD,
				 "record %" PRIu64
				 " is signed by %zu of the %u keys of %s that it needs",
				 r->number, good, d->threshold, d->name);
	return rc;
}

static enum ward_rc
check_number(uint64_t number, uint64_t taken, struct ward_refusal *ret_refusal)
{
	if (number <= taken)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_REPEAT,
				   "record %" PRIu64 " was there already (%" PRIu64 " are known)",
				   number, taken);
	if (number - taken > 1)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_GAP,
				   "record %" PRIu64 " came, but %" PRIu64 " is the next one",
				   number, taken + 1);
	return WARD_OK;
}

/* The envelope and what is in it, the number not asked for. */
static enum ward_rc
open_record(struct ward_span bytes, struct ward_arena *arena, struct ward_dsse *ret_envelope,
	    struct ward_trust_record *ret, struct ward_refusal *ret_refusal)
{
	enum ward_rc rc = ward_dsse_read(bytes, WARD_DSSE_RECORD, arena, ret_envelope, ret_refusal);

	return rc ? rc : ward_trust_record_decode(ret_envelope->payload, arena, ret, ret_refusal);
}

static enum ward_rc
judge(const struct ward_trust_targets *targets, const struct ward_dsse *envelope,
      const struct ward_trust_record *r, struct ward_refusal *ret_refusal)
{
	const struct ward_trust_delegation *d = ward_trust_delegation_of(targets, r->role);
	enum ward_rc rc;

	if (!d)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_ROLE,
				   "record %" PRIu64 ": nobody called %s may publish anything",
				   r->number, r->role);
	rc = may(d, r, ret_refusal);
	return rc ? rc : has_signed(d, envelope, r, ret_refusal);
}

enum ward_rc
ward_trust_judge(const struct ward_trust_targets *targets, struct ward_span envelope,
		 struct ward_arena *arena, struct ward_trust_record *ret,
		 struct ward_refusal *ret_refusal)
{
	struct ward_dsse d = {0};
	struct ward_trust_record r = {0};
	enum ward_rc rc = open_record(envelope, arena, &d, &r, ret_refusal);

	if (!rc)
		rc = judge(targets, &d, &r, ret_refusal);
	if (!rc)
		*ret = r;
	return rc;
}

/* Checks a record and appends it to the frontier. */
static enum ward_rc
take(const struct ward_trust_targets *targets, struct ward_span bytes, struct ward_arena *arena,
     struct ward_frontier *f, struct ward_trust_record *ret, struct ward_refusal *ret_refusal)
{
	struct ward_dsse envelope = {0};
	struct ward_hash leaf;
	enum ward_rc rc = open_record(bytes, arena, &envelope, ret, ret_refusal);

	if (!rc)
		rc = check_number(ret->number, f->size, ret_refusal);
	if (!rc)
		rc = judge(targets, &envelope, ret, ret_refusal);
	if (!rc)
		rc = ward_merkle_leaf(envelope.payload, &leaf);
	return rc ? rc : ward_frontier_append(f, &leaf, NULL, NULL);
}

/* --- a batch --- */

/* That what the records come to is what was signed. */
static enum ward_rc
reaches(const struct ward_frontier *f, const struct ward_head *head, const struct ward_proof *proof,
	struct ward_refusal *ret_refusal)
{
	static const struct ward_proof none;
	struct ward_head mine = {.size = f->size};
	enum ward_rc rc = ward_frontier_root(f, &mine.root);

	if (rc)
		return rc;
	if (mine.size > head->size)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD_OLD,
				   "%" PRIu64 " records came, but the signed log has %" PRIu64,
				   mine.size, head->size);
	if (mine.size < head->size && !proof)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_GAP,
				   "%" PRIu64 " records came, but the signed log has %" PRIu64,
				   mine.size, head->size);
	rc = ward_proof_consistent(proof ? proof : &none, &mine, head);
	if (rc == WARD_E_FORMAT)
		rc = mine.size == head->size && !(proof && proof->count)
			     ? WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD,
					   "the records up to %" PRIu64
					   " are others than those of the signed log",
					   mine.size)
			     : WARD_REFUSE(ret_refusal, WARD_REFUSED_PROOF,
					   "the records up to %" PRIu64
					   " are not proven to be in the signed log",
					   mine.size);
	return rc;
}

/* What the records have to come to: the batch's timestamp, or the one that is known. `*ret_new` stays
 * NULL for the latter. */
static enum ward_rc
find_timestamp(const struct ward_trust *t, const struct ward_trust_batch *batch,
	       struct slot **ret_new, struct ward_refusal *ret_refusal)
{
	enum ward_rc rc = WARD_OK;

	if (batch->timestamp.len > 0)
		rc = ward_trust_check_timestamp(t, batch->timestamp, batch->now_ms, ret_new,
						ret_refusal);
	if (rc)
		return rc;
	return ward_trust_ready_with(t, *ret_new ? *ret_new : t->slots[WARD_DSSE_TIMESTAMP],
				     batch->now_ms, ret_refusal);
}

enum ward_rc
ward_trust_accept(struct ward_trust *t, const struct ward_trust_batch *batch,
		  const struct ward_trust_self *self, struct ward_arena *arena,
		  const struct ward_trust_accepted **ret_accepted, struct ward_refusal *ret_refusal)
{
	WARD_AUTO(ward_slot_freep) struct slot *timestamp = NULL;
	const struct ward_trust_timestamp *head;
	struct ward_trust_accepted *accepted;
	struct ward_frontier f = t->frontier;
	enum ward_rc rc;

	if (batch->count > WARD_BATCH_MAX)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_SIZE,
				   "%zu records came at once; at most %d are taken", batch->count,
				   WARD_BATCH_MAX);
	accepted = ward_arena_array(arena, batch->count, sizeof(*accepted));
	rc = accepted ? find_timestamp(t, batch, &timestamp, ret_refusal) : WARD_E_LIMIT;
	for (size_t i = 0; i < batch->count && !rc; i++) {
		rc = take(ward_trust_targets_now(t), batch->records[i], arena, &f,
			  &accepted[i].record, ret_refusal);
		if (!rc)
			accepted[i].mine = ward_trust_scope_has(&accepted[i].record.scope, self);
	}
	if (rc)
		return rc;
	head = timestamp ? &timestamp->piece.is.timestamp : ward_trust_timestamp_now(t);
	rc = reaches(&f, &head->head, batch->proof, ret_refusal);
	if (rc)
		return rc;
	if (timestamp)
		ward_trust_keep(t, WARD_DSSE_TIMESTAMP, &timestamp);
	t->frontier = f;
	*ret_accepted = accepted;
	return WARD_OK;
}

/* --- a pack instead --- */

static bool
is_listed(const struct ward_trust_targets *targets, const struct ward_trust_pack *pack)
{
	for (size_t i = 0; i < targets->pack_count; i++)
		if (&targets->packs[i] == pack)
			return true;
	return false;
}

enum ward_rc
ward_trust_skip(struct ward_trust *t, const struct ward_trust_pack *pack, struct ward_span frontier,
		const struct ward_proof *proof, uint64_t now_ms, struct ward_refusal *ret_refusal)
{
	const struct ward_head *to = &pack->contains;
	struct ward_head from = {.size = t->frontier.size};
	struct ward_frontier f;
	struct ward_hash root;
	enum ward_rc rc = ward_trust_ready(t, now_ms, ret_refusal);

	if (rc)
		return rc;
	if (!is_listed(ward_trust_targets_now(t), pack))
		return WARD_E_INVAL;
	if (to->size <= t->frontier.size)
		return WARD_OK;
	if (to->size > ward_trust_timestamp_now(t)->head.size)
		return WARD_REFUSE(ret_refusal, WARD_REFUSED_HEAD_OLD,
				   "the pack has more records than the signed log");
	rc = ward_frontier_root(&t->frontier, &from.root);
	if (rc)
		return rc;
	if (ward_frontier_read(to->size, frontier, &f) || ward_frontier_root(&f, &root) ||
	    !ward_hash_equal(&root, &to->root) || ward_proof_consistent(proof, &from, to))
		return WARD_REFUSE(
			ret_refusal, WARD_REFUSED_PROOF,
			"it is not proven that the pack's records go on from those known");
	t->frontier = f;
	return WARD_OK;
}

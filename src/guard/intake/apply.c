/* SPDX-License-Identifier: Apache-2.0 */
/* Records that were believed: in force, then on the disk. */
#include <stdlib.h>

#include "guard/intake/intake-priv.h"
#include "sys/digest.h"

enum { SLACK = 256 * 1024, SAVE_MS = 60 * 1000 };

/* --- what the ledger has --- */

struct replay {
	const struct ward_intake *i;
	struct ward_overlay *into;
	uint64_t now_ms;
};

static struct ward_trust_self
self_of(const struct self *s)
{
	struct ward_trust_self self = {.ring = s->ring, .tags = s->list, .tag_count = s->tag_count};

	memcpy(self.device, s->device, sizeof(self.device));
	return self;
}

struct ward_trust_self
intake_self(const struct ward_intake *i)
{
	return self_of(&i->self);
}

static enum ward_rc
decode(struct ward_span payload, struct ward_arena *arena, struct ward_trust_record *ret)
{
	struct ward_refusal ignored;

	return arena ? ward_trust_record_decode(payload, arena, ret, &ignored) : WARD_E_NOMEM;
}

static enum ward_rc
replay_one(void *ctx, uint64_t number, uint64_t taken_ms, struct ward_span payload)
{
	struct ward_budget budget = {.cap = 128 * payload.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	const struct replay *r = ctx;
	const struct ward_trust_self self = self_of(&r->i->self);
	struct ward_trust_record record;
	unsigned ignored;
	enum ward_rc rc = decode(payload, arena, &record);

	(void)number;
	if (rc != WARD_OK || !ward_trust_scope_has(&record.scope, &self))
		return rc;
	return ward_overlay_put(r->into, &record, taken_ms, r->now_ms, &ignored);
}

enum ward_rc
intake_replay(struct ward_intake *i)
{
	const struct ward_intake_change change = {
		.about = WARD_OVERLAY_CONTENTS | WARD_OVERLAY_NAMES | WARD_OVERLAY_RULES,
	};
	struct replay r = {i, ward_overlay_new(), intake_now(i)};
	enum ward_rc rc = r.into ? WARD_OK : WARD_E_NOMEM;

	if (rc == WARD_OK && i->ledger)
		rc = ward_ledger_read(i->ledger, replay_one, &r);
	if (rc == WARD_OK) {
		ward_overlay_swap(i->overlay, r.into);
		if (i->started)
			i->o.ops.changed(i->o.ops.ctx, &change);
	}
	(void)ward_overlay_free(r.into);
	return rc;
}

/* --- a batch --- */

static void
add_digest(const struct ward_trust_record *r, uint8_t (*digests)[WARD_SHA256_LEN], size_t *count)
{
	bool is_file = r->kind == WARD_KIND_BLOCK_FILE || r->kind == WARD_KIND_ALLOW_FILE;

	if (digests && is_file && r->of.file.len == WARD_SHA256_LEN)
		memcpy(digests[(*count)++], r->of.file.data, WARD_SHA256_LEN);
}

static void
put_in_force(struct ward_intake *i, const struct ward_trust_accepted *accepted, size_t count,
	     uint64_t now_ms)
{
	uint8_t(*digests)[WARD_SHA256_LEN] = calloc(count, sizeof(*digests));
	struct ward_intake_change change = {.digests = (const uint8_t(*)[WARD_SHA256_LEN])digests};

	for (size_t k = 0; k < count; k++) {
		unsigned changed = 0;

		if (!accepted[k].mine)
			continue;
		if (ward_overlay_put(i->overlay, &accepted[k].record, now_ms, now_ms, &changed) !=
		    WARD_OK)
			intake_tell(i, "records-full",
				    "a record is not in force: there is no room for more");
		change.about |= changed;
		if (changed)
			add_digest(&accepted[k].record, digests, &change.digest_count);
	}
	if (change.about)
		i->o.ops.changed(i->o.ops.ctx, &change);
	free(digests);
}

static enum ward_rc
keep(struct ward_intake *i, const struct ward_trust_record *r, uint64_t now_ms)
{
	WARD_AUTO(ward_buf_done) struct ward_buf payload = {0};
	struct ward_refusal ignored;
	enum ward_rc rc;

	ward_buf_init(&payload, WARD_LEDGER_PAYLOAD_MAX, NULL);
	rc = ward_trust_record_encode(r, &payload, &ignored);
	if (rc == WARD_OK)
		rc = ward_ledger_append(i->ledger, r->number, now_ms, ward_buf_span(&payload));
	return rc;
}

void
intake_apply(struct ward_intake *i, const struct ward_trust_accepted *accepted, size_t count,
	     uint64_t now_ms)
{
	i->dirty = true;
	if (count == 0)
		return;
	put_in_force(i, accepted, count, now_ms);
	for (size_t k = 0; k < count && !i->lost; k++)
		i->lost = keep(i, &accepted[k].record, now_ms) != WARD_OK;
	/* The state on the disk stays behind: after the next start they come again. */
	if (i->lost)
		intake_tell(i, "records-unsaved", "records are in force, but cannot be stored");
	i->save_ms = 0;
}

void
intake_save(struct ward_intake *i)
{
	uint64_t now = intake_now(i);
	enum ward_rc rc;

	if (!i->dirty || !i->trust || i->lost || now < i->save_ms)
		return;
	rc = ward_ledger_sync(i->ledger);
	if (rc == WARD_OK)
		rc = ward_trust_write(i->trust, i->state_path);
	/* A timestamp alone can wait a little, and so can a disk that fails. */
	i->save_ms = now + SAVE_MS;
	i->dirty = rc != WARD_OK;
	if (rc != WARD_OK && !i->told_unsaved)
		intake_tell(i, "records-unsaved", "what was taken cannot be stored");
	i->told_unsaved = rc != WARD_OK;
}

/* --- for people --- */

struct listing {
	struct ward_intake *i;
	struct self self;
	void (*visit)(void *ctx, const struct ward_trust_record *record, uint64_t taken_ms,
		      bool mine);
	void *ctx;
};

static enum ward_rc
list_one(void *ctx, uint64_t number, uint64_t taken_ms, struct ward_span payload)
{
	struct ward_budget budget = {.cap = 128 * payload.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	const struct listing *l = ctx;
	struct ward_trust_self self = self_of(&l->self);
	struct ward_trust_record record;
	enum ward_rc rc = decode(payload, arena, &record);

	(void)number;
	if (rc == WARD_OK)
		l->visit(l->ctx, &record, taken_ms, ward_trust_scope_has(&record.scope, &self));
	return rc;
}

enum ward_rc
ward_intake_records(struct ward_intake *i, size_t count,
		    void (*visit)(void *ctx, const struct ward_trust_record *record,
				  uint64_t taken_ms, bool mine),
		    void *ctx)
{
	struct listing l = {.i = i, .visit = visit, .ctx = ctx};
	struct ward_ledger *ledger;

	(void)pthread_mutex_lock(&i->lock);
	ledger = i->ledger;
	l.self = i->new_self;
	(void)pthread_mutex_unlock(&i->lock);
	for (size_t t = 0; t < l.self.tag_count; t++)
		l.self.list[t] = l.self.tags[t];
	return ledger ? ward_ledger_last(ledger, count, list_one, &l) : WARD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow: what came is taken or refused, and what is missing is asked for. */
#include <stdlib.h>

#include "guard/intake/intake-priv.h"
#include "proto/wire.h"

enum { SLACK = 2 * 1024 * 1024, FACTOR = 384 };

static uint64_t
taken(const struct ward_intake *i)
{
	return ward_trust_frontier(i->trust)->size;
}

static void
heard(struct ward_intake *i)
{
	(void)pthread_mutex_lock(&i->lock);
	i->state.heard_ms = intake_now(i);
	(void)pthread_mutex_unlock(&i->lock);
	i->dirty = true;
}

/* Not so soon again. */
static void
back_off(struct ward_intake *i)
{
	i->backoff_ms = i->backoff_ms ? i->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (i->backoff_ms > BACKOFF_MAX_MS)
		i->backoff_ms = BACKOFF_MAX_MS;
	i->not_before_ms = intake_now(i) + i->backoff_ms;
}

/* --- batches --- */

/* The number that a record says it has; nobody has checked who signed it. */
static enum ward_rc
number_of(struct ward_span envelope, struct ward_arena *arena, uint64_t *ret,
	  struct ward_refusal *refusal)
{
	struct ward_arena_mark mark = ward_arena_save(arena);
	struct ward_trust_record record;
	struct ward_dsse d;
	enum ward_rc rc = ward_dsse_read(envelope, WARD_DSSE_RECORD, arena, &d, refusal);

	if (rc == WARD_OK)
		rc = ward_trust_record_decode(d.payload, arena, &record, refusal);
	if (rc == WARD_OK)
		*ret = record.number;
	ward_arena_restore(arena, mark);
	return rc;
}

/* Those that are not there yet. */
static enum ward_rc
new_ones(const struct ward_intake *i, const Ward__V1__Updates *u, struct ward_arena *arena,
	 struct ward_trust_batch *batch, struct ward_refusal *refusal)
{
	struct ward_span *spans = ward_arena_array(arena, u->n_records, sizeof(*spans));
	enum ward_rc rc = spans ? WARD_OK : WARD_E_LIMIT;
	uint64_t number;

	for (size_t k = 0; k < u->n_records && rc == WARD_OK; k++) {
		struct ward_span envelope = {u->records[k].data, u->records[k].len};

		number = UINT64_MAX;
		if (batch->count == 0)
			rc = number_of(envelope, arena, &number, refusal);
		if (rc == WARD_OK && number > taken(i))
			spans[batch->count++] = envelope;
	}
	batch->records = spans;
	return rc;
}

/* What is not to be taken now is asked for when the rest is there. */
static void
take_timestamp(struct ward_intake *i, struct ward_span timestamp, struct ward_refusal *refusal)
{
	enum ward_rc rc;

	if (timestamp.len == 0) {
		i->wants = true;
		return;
	}
	rc = ward_trust_take_timestamp(i->trust, timestamp, intake_now(i), refusal);
	if (rc == WARD_OK)
		heard(i);
	else if (rc == WARD_E_PERM)
		intake_refuse(i, refusal);
}

/* Perhaps there is a new root, with the keys that these signatures are of. */
static void
doubt_root(struct ward_intake *i, enum ward_refusal_code code)
{
	if (code == WARD_REFUSED_THRESHOLD && intake_now(i) >= i->root_checked_ms + FETCH_MS)
		i->root_checked_ms = 0;
}

/* After an absence the stream repeats what was pushed, each with the timestamp of its time: what is new in it is
 * fetched, with the one of now. */
static bool
is_repeated(const struct ward_trust_batch *batch, bool pushed, enum ward_refusal_code code)
{
	return pushed && batch->count > 0 &&
	       (code == WARD_REFUSED_ROLLBACK || code == WARD_REFUSED_EXPIRED);
}

static void
refused(struct ward_intake *i, const struct ward_trust_batch *batch, bool pushed,
	struct ward_refusal *refusal)
{
	if (is_repeated(batch, pushed, refusal->code)) {
		i->wants = true;
		return;
	}
	if (refusal->code == WARD_REFUSED_ORDER || refusal->code == WARD_REFUSED_GAP) {
		take_timestamp(i, batch->timestamp, refusal);
		return;
	}
	doubt_root(i, refusal->code);
	intake_refuse(i, refusal);
}

static void
count_batch(struct ward_intake *i, size_t records)
{
	(void)pthread_mutex_lock(&i->lock);
	i->state.batches++;
	i->state.records += records;
	(void)pthread_mutex_unlock(&i->lock);
}

static void
take_batch(struct ward_intake *i, const Ward__V1__Updates *u, bool pushed, struct ward_arena *arena)
{
	const struct ward_trust_accepted *accepted = NULL;
	const struct ward_trust_self self = intake_self(i);
	struct ward_refusal refusal = {.code = WARD_REFUSED_NOT};
	struct ward_proof proof = {.count = 0};
	struct ward_trust_batch batch = {
		.timestamp = {u->timestamp.data, u->timestamp.len},
		.proof = u->proof.len > 0 ? &proof : NULL,
		.now_ms = intake_now(i),
	};
	enum ward_rc rc = ward_proof_read(ward_span_of(u->proof.data, u->proof.len), &proof);

	if (rc == WARD_OK)
		rc = new_ones(i, u, arena, &batch, &refusal);
	if (rc == WARD_OK && u->n_records > 0 && batch.count == 0)
		return; /* all of it is here */
	if (rc == WARD_OK)
		rc = ward_trust_accept(i->trust, &batch, &self, arena, &accepted, &refusal);
	if (rc == WARD_OK) {
		if (u->timestamp.len > 0)
			heard(i);
		count_batch(i, batch.count);
		intake_apply(i, accepted, batch.count, batch.now_ms);
	} else if (rc == WARD_E_PERM) {
		refused(i, &batch, pushed, &refusal);
	}
}

static void
not_a_message(struct ward_intake *i)
{
	struct ward_refusal refusal;

	ward_refusal_note(&refusal, WARD_REFUSED_FORMAT, "what was handed over is no message");
	intake_refuse(i, &refusal);
}

static void
take_updates(struct ward_intake *i, struct ward_span bytes, bool pushed)
{
	struct ward_budget budget = {.cap = FACTOR * bytes.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__Updates *u = NULL;

	if (!arena)
		return;
	if (ward_wire_decode(&ward__v1__updates__descriptor, bytes, arena, &u, NULL) != WARD_OK)
		not_a_message(i);
	else
		take_batch(i, u, pushed, arena);
}

/* --- metadata --- */

/* None, or the next one; the last one of the chain is the newest. */
static enum ward_rc
take_root(struct ward_intake *i, struct ward_span envelope, struct ward_refusal *refusal)
{
	bool other_log = false;
	enum ward_rc rc;

	if (envelope.len == 0) {
		i->root_checked_ms = intake_now(i);
		return WARD_OK;
	}
	rc = ward_trust_take_root(i->trust, envelope, &other_log, refusal);
	if (rc != WARD_OK) {
		i->root_checked_ms = intake_now(i);
		return rc;
	}
	i->root_checked_ms = 0;
	i->dirty = true;
	i->save_ms = 0;
	intake_tell(i, "root-changed", "a new root of trust was taken");
	if (!other_log)
		return WARD_OK;
	i->lost = false;
	rc = ward_ledger_reset(i->ledger);
	return rc == WARD_OK ? intake_replay(i) : rc;
}

static enum ward_rc
take_piece(struct ward_intake *i, struct ward_span envelope, struct ward_refusal *refusal)
{
	uint64_t now = intake_now(i);
	enum ward_rc rc;

	switch ((int)i->want.role) {
	case WARD_DSSE_ROOT:
		return take_root(i, envelope, refusal);
	case WARD_DSSE_TIMESTAMP:
		rc = ward_trust_take_timestamp(i->trust, envelope, now, refusal);
		if (rc == WARD_OK)
			heard(i);
		return rc;
	case WARD_DSSE_SNAPSHOT:
		return ward_trust_take_snapshot(i->trust, envelope, now, refusal);
	default:
		return ward_trust_take_targets(i->trust, envelope, now, refusal);
	}
}

static void
take_metadata(struct ward_intake *i, struct ward_span bytes)
{
	struct ward_budget budget = {.cap = FACTOR * bytes.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__MetadataReply *m = NULL;
	struct ward_refusal refusal;

	if (!arena)
		return;
	if (ward_wire_decode(&ward__v1__metadata_reply__descriptor, bytes, arena, &m, NULL) !=
	    WARD_OK) {
		not_a_message(i);
		return;
	}
	/* A service without such a piece: nothing to refuse, nothing to take. */
	if (m->envelope.len == 0 && i->want.role != WARD_DSSE_ROOT)
		return;
	if (take_piece(i, ward_span_of(m->envelope.data, m->envelope.len), &refusal) ==
	    WARD_E_PERM) {
		doubt_root(i, refusal.code);
		intake_refuse(i, &refusal);
	} else {
		i->dirty = true;
	}
}

/* --- what is missing --- */

/* Changes with everything that is taken. */
static uint64_t
progress(const struct ward_intake *i)
{
	const struct ward_trust_timestamp *t = ward_trust_timestamp_now(i->trust);

	return ward_trust_root_now(i->trust)->version * 1000003 + taken(i) * 8191 +
	       (t ? t->version * 131 : 0) + (uint64_t)ward_trust_need(i->trust, intake_now(i)) * 7 +
	       (i->root_checked_ms != 0);
}

static void
take_fetched(struct ward_intake *i, const struct message *m)
{
	struct ward_span bytes = {m->bytes, m->len};
	uint64_t before;

	if (m->id != i->asked || i->asked == 0)
		return;
	i->asked = 0;
	before = progress(i);
	if (m->rc == WARD_OK && i->want.records)
		take_updates(i, bytes, false);
	else if (m->rc == WARD_OK)
		take_metadata(i, bytes);
	else if (!i->want.records && i->want.role == WARD_DSSE_ROOT)
		i->root_checked_ms = intake_now(i); /* all else need not wait for it */
	if (m->rc != WARD_OK || progress(i) == before)
		back_off(i);
	else
		i->backoff_ms = i->not_before_ms = 0;
}

static void
take_hint(struct ward_intake *i, struct ward_span envelope)
{
	struct ward_budget budget = {.cap = FACTOR * envelope.len + SLACK};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_refusal ignored;
	uint64_t number = 0;

	if (arena && number_of(envelope, arena, &number, &ignored) == WARD_OK && number > taken(i))
		i->wants = true;
}

void
intake_take(struct ward_intake *i, const struct message *m)
{
	switch (m->kind) {
	case MESSAGE_PUSHED:
		take_updates(i, ward_span_of(m->bytes, m->len), true);
		break;
	case MESSAGE_FETCHED:
		take_fetched(i, m);
		break;
	case MESSAGE_RECORD:
		take_hint(i, ward_span_of(m->bytes, m->len));
		break;
	case MESSAGE_ONLINE:
		i->backoff_ms = i->not_before_ms = i->root_checked_ms = i->asked = 0;
		i->wants = true; /* what was pushed meanwhile went by */
		break;
	}
}

static bool
is_wanted(const struct ward_intake *i, enum ward_dsse_type role, struct ward_intake_want *want)
{
	struct ward_trust_meta meta = {.version = 0};

	(void)ward_trust_wanted(i->trust, role, &meta);
	*want = (struct ward_intake_want){.role = role, .version = meta.version};
	return true;
}

/* False: nothing is missing. */
static bool
find_want(const struct ward_intake *i, struct ward_intake_want *want)
{
	uint64_t now = intake_now(i);
	enum ward_trust_need need = ward_trust_need(i->trust, now);

	if (i->root_checked_ms == 0 || now >= i->root_checked_ms + ROOT_CHECK_MS)
		need = WARD_NEED_ROOT;
	switch (need) {
	case WARD_NEED_ROOT:
		*want = (struct ward_intake_want){
			.role = WARD_DSSE_ROOT,
			.version = ward_trust_root_now(i->trust)->version + 1,
		};
		return true;
	case WARD_NEED_TIMESTAMP:
		*want = (struct ward_intake_want){.role = WARD_DSSE_TIMESTAMP};
		return true;
	case WARD_NEED_SNAPSHOT:
		return is_wanted(i, WARD_DSSE_SNAPSHOT, want);
	case WARD_NEED_TARGETS:
		return is_wanted(i, WARD_DSSE_TARGETS, want);
	case WARD_NEED_RECORDS:
	case WARD_NEED_NOTHING:
		break;
	}
	*want = (struct ward_intake_want){
		.records = true, .after = taken(i), .limit = FETCH_RECORDS};
	return need == WARD_NEED_RECORDS || i->wants;
}

void
intake_ask(struct ward_intake *i)
{
	uint64_t now = intake_now(i);

	if (!i->trust)
		return;
	if (i->asked != 0 && now >= i->deadline_ms) {
		i->asked = 0;
		back_off(i);
	}
	if (i->asked != 0 || now < i->not_before_ms || !find_want(i, &i->want))
		return;
	i->asked = ++i->next_id;
	i->deadline_ms = now + FETCH_MS;
	if (i->want.records)
		i->wants = false;
	if (i->o.ops.need(i->o.ops.ctx, i->asked, &i->want) == WARD_OK)
		return;
	i->asked = 0;
	i->wants |= i->want.records;
	i->not_before_ms = now + BACKOFF_MIN_MS;
}

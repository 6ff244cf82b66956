/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed update records and timestamps. Several publishers append to the one partition; the order there
 * decides who has a number: the first with the next one. A loser's record stays without effect, here as in
 * every replay. Signatures are the endpoints' to check.
 */
#include "cloud/views/apply-priv.h"
#include "cloud/views/records-priv.h"

enum { AROUND = 1 << 20, GROWTH = 128 };

typedef Ward__View__V1__Ledger Ledger;
typedef Ward__View__V1__Stamp Stamp;

/* A log as the batch will leave it. */
struct books {
	struct ward_apply *a;
	const uint8_t *log;
	struct ward_key key;
	Ledger *ledger;
	struct ward_frontier frontier;
};

static enum ward_rc
open_books(struct ward_apply *a, ProtobufCBinaryData log, struct books *ret)
{
	struct books b = {.a = a, .log = log.data, .key = ward_record_key('l', log.data)};
	bool found;
	enum ward_rc rc =
		ward_apply_load(a, &b.key, &ward__view__v1__ledger__descriptor, &b.ledger, &found);

	if (!rc && !found)
		ward__view__v1__ledger__init(b.ledger);
	if (!rc)
		rc = ward_frontier_read(b.ledger->last, ward_apply_span(b.ledger->frontier),
					&b.frontier);
	if (!rc)
		*ret = b;
	return rc;
}

static enum ward_rc
close_books(struct books *b)
{
	WARD_AUTO(ward_buf_done) struct ward_buf peaks = {0};
	enum ward_rc rc;

	ward_buf_init(&peaks, WARD_MERKLE_LEVELS * WARD_MERKLE_HASH, NULL);
	rc = ward_frontier_write(&b->frontier, &peaks);
	if (rc)
		return rc;
	b->ledger->last = b->frontier.size;
	b->ledger->frontier = (ProtobufCBinaryData){peaks.len, peaks.data};
	rc = ward_apply_put_message(b->a, &b->key, &b->ledger->base);
	b->ledger->frontier = (ProtobufCBinaryData){0, NULL};
	return rc;
}

static void
put_u64(struct ward_apply *a, const struct ward_key *key, uint64_t value)
{
	ward_apply_put(a, key, ward_span_of(&value, sizeof(value)));
}

static enum ward_rc
put_node(void *context, unsigned level, uint64_t index, const struct ward_hash *hash)
{
	const struct books *b = context;
	struct ward_key key = ward_record_key_node(b->log, level, index);

	ward_apply_put(b->a, &key, ward_span_of(hash, sizeof(*hash)));
	return WARD_OK;
}

/* --- what a record means to the service itself --- */

/* The record of an envelope, in the arena. A signed record that cannot be read stops the applier: it
 * must not be applied half. */
static enum ward_rc
decode(struct ward_span envelope, struct ward_arena *arena, struct ward_dsse *ret_envelope,
       struct ward_trust_record *ret)
{
	struct ward_refusal refusal;
	enum ward_rc rc = ward_dsse_read(envelope, WARD_DSSE_RECORD, arena, ret_envelope, &refusal);

	if (!rc)
		rc = ward_trust_record_decode(ret_envelope->payload, arena, ret, &refusal);
	return rc == WARD_E_PERM ? WARD_E_FORMAT : rc;
}

static bool
blocks_for_all(const struct ward_trust_record *r)
{
	return r->kind == WARD_KIND_BLOCK_FILE && r->scope.kind == WARD_SCOPE_ALL;
}

static enum ward_rc
disable(struct books *b, const struct ward_trust_record *r, struct ward_arena *arena)
{
	struct ward_key ended = ward_record_key_number('x', b->log, r->of.disable.record), key;
	struct ward_store *store = &b->a->views->store;
	struct ward_trust_record old;
	struct ward_span envelope;
	struct ward_dsse d;
	enum ward_rc rc;

	if (r->scope.kind != WARD_SCOPE_ALL)
		return WARD_OK;
	key = ward_record_key_number('r', b->log, r->of.disable.record);
	rc = ward_store_get(store, b->a->batch, ward_key_span(&key), arena, &envelope);
	if (!rc)
		rc = decode(envelope, arena, &d, &old);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	put_u64(b->a, &ended, r->number);
	if (blocks_for_all(&old)) {
		key = ward_record_key_digest(b->log, old.of.file);
		ward_key_u64(&key, old.number);
		rocksdb_writebatch_wi_delete(b->a->batch, (const char *)key.bytes, key.len);
	}
	return WARD_OK;
}

static enum ward_rc
note_effect(struct books *b, const struct ward_trust_record *r, struct ward_arena *arena)
{
	struct ward_key key;

	if (r->kind == WARD_KIND_DISABLE && r->of.disable.what == WARD_DISABLED_RECORD)
		return disable(b, r, arena);
	if (blocks_for_all(r)) {
		key = ward_record_key_digest(b->log, r->of.file);
		ward_key_u64(&key, r->number);
		ward_apply_put(b->a, &key, ward_span_of(NULL, 0));
	}
	return WARD_OK;
}

/* --- records --- */

static struct ward_key
id_key(const struct books *b, const uint8_t id[WARD_RECORD_ID])
{
	return ward_key_of('i', ward_span_of(b->log, WARD_LOG_ID), ward_span_of(id, WARD_RECORD_ID),
			   ward_span_of(NULL, 0));
}

static enum ward_rc
take(struct books *b, const struct ward_dsse *d, const struct ward_trust_record *r,
     struct ward_span envelope, struct ward_arena *arena)
{
	struct ward_key key = ward_record_key_number('r', b->log, r->number), id = id_key(b, r->id);
	struct ward_hash leaf;
	enum ward_rc rc = ward_merkle_leaf(d->payload, &leaf);

	if (!rc)
		rc = ward_frontier_append(&b->frontier, &leaf, put_node, b);
	if (rc)
		return rc;
	ward_apply_put(b->a, &key, envelope);
	put_u64(b->a, &id, r->number);
	rc = note_effect(b, r, arena);
	return rc ? rc : close_books(b);
}

enum ward_rc
ward_apply_published(struct ward_apply *a, const Record *r)
{
	const Ward__Log__V1__Published *p = r->published;
	struct ward_span envelope = ward_apply_span(p->envelope);
	struct ward_budget budget = {.cap = GROWTH * 2 * WARD_WIRE_RECORD_MAX + AROUND};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_record record;
	struct ward_dsse d;
	struct books b;
	struct ward_key id;
	enum ward_rc rc = arena ? open_books(a, p->log, &b) : WARD_E_NOMEM;

	if (rc || p->number != b.frontier.size + 1)
		return rc;
	rc = decode(envelope, arena, &d, &record);
	if (rc)
		return rc;
	id = id_key(&b, record.id);
	if (record.number != p->number ||
	    ward_store_has(&a->views->store, a->batch, ward_key_span(&id)))
		return WARD_OK;
	return take(&b, &d, &record, envelope, arena);
}

/* --- timestamps --- */

/* Whether the records so far have this head. */
static enum ward_rc
confirm(struct books *b, const struct ward_head *head, bool *ret)
{
	struct ward_record_tree tree = {&b->a->views->store, b->a->batch, b->log};
	struct ward_merkle_source source = ward_record_source(&tree);
	struct ward_hash root;
	enum ward_rc rc;

	*ret = false;
	if (head->size > b->frontier.size || head->size < b->ledger->covered)
		return WARD_OK;
	rc = head->size == b->frontier.size ? ward_frontier_root(&b->frontier, &root)
					    : ward_merkle_root(&source, head->size, &root);
	*ret = !rc && ward_hash_equal(&root, &head->root);
	return rc;
}

static enum ward_rc
put_stamp(struct books *b, const struct ward_trust_timestamp *t, uint64_t offset)
{
	struct ward_key key = ward_record_key_number('a', b->log, t->version);
	Stamp s;

	ward__view__v1__stamp__init(&s);
	s.offset = offset;
	s.before = b->ledger->covered;
	s.covered = t->head.size;
	s.expires_ms = t->expires_ms;
	return ward_apply_put_message(b->a, &key, &s.base);
}

static enum ward_rc
count(struct books *b, const struct ward_trust_timestamp *t, ProtobufCBinaryData envelope,
      uint64_t offset)
{
	enum ward_rc rc = put_stamp(b, t, offset);

	b->ledger->version = t->version;
	b->ledger->covered = t->head.size;
	b->ledger->expires_ms = t->expires_ms;
	b->ledger->timestamp = envelope;
	return rc ? rc : close_books(b);
}

enum ward_rc
ward_apply_timestamp(struct ward_apply *a, const Record *r, uint64_t offset, bool *ret_news)
{
	const Ward__Log__V1__Timestamp *fact = r->timestamp;
	struct ward_budget budget = {.cap = GROWTH * 2 * WARD_WIRE_TIMESTAMP_MAX + 2 * AROUND};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_trust_timestamp t;
	struct ward_refusal refusal;
	struct ward_dsse d;
	struct books b;
	bool good = false;
	enum ward_rc rc = arena ? open_books(a, fact->log, &b) : WARD_E_NOMEM;

	if (rc || fact->version <= b.ledger->version)
		return rc;
	rc = ward_dsse_read(ward_apply_span(fact->envelope), WARD_DSSE_TIMESTAMP, arena, &d,
			    &refusal);
	if (!rc)
		rc = ward_trust_timestamp_decode(d.payload, arena, &t, &refusal);
	if (rc)
		return rc == WARD_E_PERM ? WARD_E_FORMAT : rc;
	if (t.version != fact->version || memcmp(t.log, b.log, WARD_LOG_ID) != 0)
		return WARD_OK;
	rc = confirm(&b, &t.head, &good);
	*ret_news = !rc && good;
	return *ret_news ? count(&b, &t, fact->envelope, offset) : rc;
}

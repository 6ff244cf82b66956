/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/records.h"

#include "cloud/views/records-priv.h"
#include "cloud/views/views-priv.h"

enum { LEDGER_MEMORY = 64 * 1024 };

typedef Ward__View__V1__Ledger Ledger;
typedef Ward__View__V1__Stamp Stamp;

static enum ward_rc
load(struct ward_views *views, const struct ward_key *key, const ProtobufCMessageDescriptor *type,
     struct ward_arena *arena, void *ret)
{
	struct ward_span value;
	enum ward_rc rc = ward_store_get(&views->store, NULL, ward_key_span(key), arena, &value);

	return rc ? rc : ward_store_unpack(type, value, arena, ret);
}

enum ward_rc
ward_views_ledger(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
		  struct ward_arena *arena, struct ward_view_ledger *ret)
{
	struct ward_key key = ward_record_key('l', log);
	struct ward_view_ledger ledger = {.timestamp = {NULL, 0}};
	Ledger *l;
	enum ward_rc rc = load(views, &key, &ward__view__v1__ledger__descriptor, arena, &l);

	if (rc && rc != WARD_E_NOENT)
		return rc;
	if (!rc) {
		rc = ward_frontier_read(l->last, ward_span_of(l->frontier.data, l->frontier.len),
					&ledger.frontier);
		if (rc)
			return rc;
		ledger.version = l->version;
		ledger.covered = l->covered;
		ledger.expires_ms = l->expires_ms;
		ledger.timestamp = ward_span_of(l->timestamp.data, l->timestamp.len);
	}
	*ret = ledger;
	return WARD_OK;
}

enum ward_rc
ward_views_record(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t number,
		  struct ward_arena *arena, struct ward_span *ret)
{
	struct ward_key key = ward_record_key_number('r', log, number);

	return ward_store_get(&views->store, NULL, ward_key_span(&key), arena, ret);
}

/* The number that a key ends with. */
static uint64_t
number_of(struct ward_span key)
{
	uint64_t number = 0;

	for (size_t i = key.len - 8; i < key.len; i++)
		number = number << 8 | key.data[i];
	return number;
}

struct walk {
	ward_view_record_fn fn;
	void *context;
	uint64_t *numbers;
	size_t max, count;
};

static enum ward_rc
tell(void *context, struct ward_span key, struct ward_span value)
{
	struct walk *w = context;

	if (key.len != 1 + WARD_LOG_ID + 8)
		return WARD_E_FORMAT;
	return w->fn(w->context, number_of(key), value);
}

enum ward_rc
ward_views_records(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t after,
		   ward_view_record_fn fn, void *context)
{
	struct ward_key prefix = ward_record_key('r', log);
	struct ward_key from = ward_record_key_number('r', log, after + 1);
	struct walk w = {.fn = fn, .context = context};

	if (after == UINT64_MAX)
		return WARD_OK;
	return ward_store_each_from(&views->store, ward_key_span(&prefix), ward_key_span(&from),
				    tell, &w);
}

uint64_t
ward_views_record_of(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
		     const uint8_t id[WARD_RECORD_ID])
{
	struct ward_key key = ward_key_of('i', ward_span_of(log, WARD_LOG_ID),
					  ward_span_of(id, WARD_RECORD_ID), ward_span_of(NULL, 0));

	return ward_store_get_u64(&views->store, ward_key_span(&key), 0);
}

uint64_t
ward_views_record_ended(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t number)
{
	struct ward_key key = ward_record_key_number('x', log, number);

	return ward_store_get_u64(&views->store, ward_key_span(&key), 0);
}

static enum ward_rc
gather(void *context, struct ward_span key, struct ward_span value)
{
	struct walk *w = context;

	(void)value;
	if (key.len < 8)
		return WARD_E_FORMAT;
	if (w->count == w->max)
		return WARD_E_STOPPED;
	w->numbers[w->count++] = number_of(key);
	return WARD_OK;
}

enum ward_rc
ward_views_blocking(struct ward_views *views, const uint8_t log[WARD_LOG_ID],
		    struct ward_span digest, uint64_t *ret_numbers, size_t max, size_t *ret_count)
{
	struct ward_key prefix = ward_record_key_digest(log, digest);
	struct walk w = {.numbers = ret_numbers, .max = max};
	enum ward_rc rc = ward_store_each(&views->store, ward_key_span(&prefix), gather, &w);

	*ret_count = w.count;
	return rc;
}

/* --- the tree --- */

static enum ward_rc
get_node(void *context, unsigned level, uint64_t index, struct ward_hash *ret)
{
	const struct ward_record_tree *t = context;
	struct ward_budget budget = {.cap = 4096};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_key key = ward_record_key_node(t->log, level, index);
	struct ward_span value;
	enum ward_rc rc = WARD_E_NOMEM;

	if (arena)
		rc = ward_store_get(t->store, t->batch, ward_key_span(&key), arena, &value);
	if (rc)
		return rc;
	if (value.len != sizeof(*ret))
		return WARD_E_FORMAT;
	memcpy(ret, value.data, sizeof(*ret));
	return WARD_OK;
}

struct ward_merkle_source
ward_record_source(struct ward_record_tree *tree)
{
	return (struct ward_merkle_source){get_node, tree};
}

/* Whether the log has as many records. */
static enum ward_rc
has(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t size)
{
	struct ward_budget budget = {.cap = LEDGER_MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_view_ledger ledger;
	enum ward_rc rc = arena ? ward_views_ledger(views, log, arena, &ledger) : WARD_E_NOMEM;

	if (rc)
		return rc;
	return size <= ledger.frontier.size ? WARD_OK : WARD_E_INVAL;
}

enum ward_rc
ward_views_proof(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t from,
		 uint64_t to, struct ward_proof *ret)
{
	struct ward_record_tree tree = {&views->store, NULL, log};
	struct ward_merkle_source source = ward_record_source(&tree);
	enum ward_rc rc = has(views, log, to);

	return rc ? rc : ward_merkle_connect(&source, from, to, ret);
}

enum ward_rc
ward_views_inclusion(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t number,
		     uint64_t size, struct ward_proof *ret)
{
	struct ward_record_tree tree = {&views->store, NULL, log};
	struct ward_merkle_source source = ward_record_source(&tree);
	enum ward_rc rc = number == 0 ? WARD_E_INVAL : has(views, log, size);

	return rc ? rc : ward_merkle_include(&source, number - 1, size, ret);
}

/* --- timestamps --- */

enum ward_rc
ward_views_stamp(struct ward_views *views, const uint8_t log[WARD_LOG_ID], uint64_t version,
		 struct ward_view_stamp *ret)
{
	struct ward_budget budget = {.cap = 4096};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_key key = ward_record_key_number('a', log, version);
	Stamp *s;
	enum ward_rc rc = arena ? load(views, &key, &ward__view__v1__stamp__descriptor, arena, &s)
				: WARD_E_NOMEM;

	if (!rc)
		*ret = (struct ward_view_stamp){s->offset, s->before, s->covered, s->expires_ms};
	return rc;
}

uint64_t
ward_views_updates_applied(struct ward_views *views)
{
	uint8_t channel = WARD_LOG_UPDATES;
	struct ward_key key = ward_key_of('P', ward_span_of(&channel, 1), ward_span_of(NULL, 0),
					  ward_span_of(NULL, 0));

	ward_key_u64(&key, 0);
	return ward_store_get_u64(&views->store, ward_key_span(&key), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round: records get the numbers behind the last one, are signed, and go into the log in one append with a
 * timestamp over all of them. Then the applier says which of them have their numbers.
 */
#include <stdlib.h>

#include "cloud/release/release-priv.h"
#include "sys/clock.h"

enum { WAIT_MS = 30 * 1000, ITEMS = RELEASE_BATCH + 1, TRIES = 100 };

typedef Ward__Log__V1__Record Record;

struct round {
	struct ward_release *r;
	struct ward_arena *arena;
	uint64_t now_ms;
	uint8_t log[WARD_LOG_ID];
	struct ward_view_ledger ledger;
	struct ward_frontier after; /* with what this round adds */
	struct ward_log_item items[ITEMS];
	struct ward_log_position positions[ITEMS];
	size_t count;
};

void
release_end(struct ward_release *r, struct release_order *order, enum ward_rc rc, uint64_t number,
	    struct ward_span envelope, const struct ward_refusal *why)
{
	struct ward_refusal none = {.code = WARD_REFUSED_NOT};
	struct ward_released released = {number, envelope, why ? why : &none};

	pthread_mutex_lock(&r->lock);
	r->status.published += rc == WARD_OK;
	r->status.refused += rc == WARD_E_PERM;
	r->order_count--;
	pthread_mutex_unlock(&r->lock);
	ward_counter_add(rc ? r->refused : r->published, 1);
	if (order->fn)
		order->fn(order->context, rc, &released);
	free(order->forced);
	free(order);
}

static enum ward_rc
begin(struct ward_release *r, struct ward_arena *arena, struct round *ret)
{
	enum ward_rc rc;

	*ret = (struct round){.r = r, .arena = arena, .now_ms = ward_clock_wall() / 1000};
	ward_authority_log(r->o.authority, ret->log);
	rc = ward_views_ledger(r->o.views, ret->log, arena, &ret->ledger);
	ret->after = ret->ledger.frontier;
	return rc;
}

static ProtobufCBinaryData
bytes_of(struct ward_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.data};
}

static enum ward_rc
keep(struct round *d, const struct ward_buf *buf, struct ward_span *ret)
{
	char *copy = ward_arena_strdup(d->arena, ward_buf_span(buf));

	*ret = ward_span_of(copy, buf->len);
	return copy ? WARD_OK : WARD_E_LIMIT;
}

/* --- records --- */

/* The order's record with the next number, signed, and its leaf. */
static enum ward_rc
sign(struct round *d, const struct release_order *order, struct ward_span *ret_envelope,
     struct ward_hash *ret_leaf, struct ward_refusal *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_trust_record record;
	struct ward_dsse envelope;
	enum ward_rc rc = ward_trust_record_decode(order->payload, d->arena, &record, why);

	ward_buf_init(&out, WARD_WIRE_RECORD_MAX, NULL);
	record.number = d->after.size + 1;
	record.time_ms = d->now_ms;
	record.role = WARD_AUTHORITY_ROLE;
	if (!rc)
		rc = ward_authority_sign_record(d->r->o.authority, &record, &out, why);
	if (!rc)
		rc = keep(d, &out, ret_envelope);
	if (!rc)
		rc = ward_dsse_read(*ret_envelope, WARD_DSSE_RECORD, d->arena, &envelope, why);
	return rc ? rc : ward_merkle_leaf(envelope.payload, ret_leaf);
}

static enum ward_rc
add_record(struct round *d, const struct release_order *order, struct ward_refusal *why)
{
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Published published = WARD__LOG__V1__PUBLISHED__INIT;
	struct ward_span envelope;
	struct ward_hash leaf;
	enum ward_rc rc = sign(d, order, &envelope, &leaf, why);

	if (rc)
		return rc;
	published.log = (ProtobufCBinaryData){WARD_LOG_ID, d->log};
	published.number = d->after.size + 1;
	published.envelope = bytes_of(envelope);
	if (order->forced)
		published.forced = order->forced;
	record.time_ms = d->now_ms;
	record.actor = bytes_of(ward_span_str(order->actor));
	record.fact_case = WARD__LOG__V1__RECORD__FACT_PUBLISHED;
	record.published = &published;
	rc = ward_record_item(&record, d->arena, &d->items[d->count]);
	if (!rc)
		rc = ward_frontier_append(&d->after, &leaf, NULL, NULL);
	d->count += rc == WARD_OK;
	return rc;
}

static bool
is_among(const struct release_order *orders, const struct release_order *order)
{
	while (orders && memcmp(orders->id, order->id, WARD_RECORD_ID) != 0)
		orders = orders->next;
	return orders != NULL;
}

/* Those that can be signed; others end here. One whose id is public, or about to be, has no need of it. */
static struct release_order *
add_records(struct round *d, struct release_order *orders)
{
	struct release_order *good = NULL, **last = &good;

	while (orders) {
		struct release_order *order = orders;
		struct ward_refusal why = {.code = WARD_REFUSED_NOT};
		enum ward_rc rc = WARD_OK;

		orders = order->next;
		order->next = NULL;
		if (ward_views_record_of(d->r->o.views, d->log, order->id) == 0 &&
		    !is_among(good, order))
			rc = add_record(d, order, &why);
		if (rc) {
			release_end(d->r, order, rc, 0, ward_span_of(NULL, 0), &why);
			continue;
		}
		*last = order;
		last = &order->next;
	}
	return good;
}

/* --- the timestamp --- */

static enum ward_rc
add_timestamp(struct round *d, struct ward_refusal *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_head head = {.size = d->after.size};
	Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Timestamp t = WARD__LOG__V1__TIMESTAMP__INIT;
	struct ward_span envelope;
	enum ward_rc rc = ward_frontier_root(&d->after, &head.root);

	ward_buf_init(&out, WARD_WIRE_TIMESTAMP_MAX, NULL);
	if (!rc)
		rc = ward_authority_sign_timestamp(d->r->o.authority, d->ledger.version, &head,
						   d->now_ms, &out, why);
	if (!rc)
		rc = keep(d, &out, &envelope);
	if (rc)
		return rc;
	t.log = (ProtobufCBinaryData){WARD_LOG_ID, d->log};
	t.version = d->ledger.version + 1;
	t.envelope = bytes_of(envelope);
	record.time_ms = d->now_ms;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_TIMESTAMP;
	record.timestamp = &t;
	rc = ward_record_item(&record, d->arena, &d->items[d->count]);
	d->count += rc == WARD_OK;
	ward_counter_add(d->r->timestamps, rc == WARD_OK);
	return rc;
}

bool
release_due(struct ward_release *r, uint64_t now_ms)
{
	struct ward_budget budget = {.cap = 256 * 1024};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_view_ledger ledger;
	uint8_t log[WARD_LOG_ID];

	ward_authority_log(r->o.authority, log);
	if (!arena || ward_views_ledger(r->o.views, log, arena, &ledger))
		return false;
	/* whoever published them may be about to: not at once */
	r->uncovered = ledger.covered < ledger.frontier.size ? r->uncovered + 1 : 0;
	return r->uncovered > 2 ||
	       ward_authority_timestamp_due(r->o.authority, ledger.timestamp, now_ms);
}

/* --- what became of it --- */

static void
note_trouble(struct ward_release *r, enum ward_rc rc, const struct ward_refusal *why)
{
	pthread_mutex_lock(&r->lock);
	if (rc)
		r->status.trouble = *why;
	else
		r->status.trouble = (struct ward_refusal){.code = WARD_REFUSED_NOT};
	pthread_mutex_unlock(&r->lock);
}

/* Records under the newest timestamp; where that are not all, another publisher was faster, and this one's
 * timestamp did not count: the next round makes one. */
static uint64_t
look_again(struct round *d)
{
	struct ward_view_ledger now;

	if (ward_views_ledger(d->r->o.views, d->log, d->arena, &now))
		return 0;
	d->r->renew = now.covered < now.frontier.size;
	return now.covered;
}

/* Ends those that have their numbers, under a timestamp; the others are left. */
static struct release_order *
settle(struct round *d, struct release_order *orders, enum ward_rc appended)
{
	struct release_order *left = NULL, **last = &left;
	uint64_t covered = look_again(d);

	while (orders) {
		struct release_order *order = orders;
		struct ward_span envelope = {NULL, 0};
		uint64_t number = ward_views_record_of(d->r->o.views, d->log, order->id);

		orders = order->next;
		order->next = NULL;
		if (number > 0 && number <= covered &&
		    !ward_views_record(d->r->o.views, d->log, number, d->arena, &envelope)) {
			release_end(d->r, order, WARD_OK, number, envelope, NULL);
		} else if (++order->tries == TRIES || appended == WARD_E_STOPPED ||
			   appended == WARD_E_IO) {
			release_end(d->r, order, appended ? appended : WARD_E_LIMIT, 0, envelope,
				    NULL);
		} else {
			ward_counter_add(d->r->retried, 1);
			*last = order;
			last = &order->next;
		}
	}
	return left;
}

/* Without a timestamp no endpoint would believe them. */
static void
end_all(struct ward_release *r, struct release_order *orders, enum ward_rc rc,
	const struct ward_refusal *why)
{
	while (orders) {
		struct release_order *order = orders;

		orders = order->next;
		release_end(r, order, rc, 0, ward_span_of(NULL, 0), why);
	}
}

static enum ward_rc
append(struct round *d)
{
	enum ward_rc rc =
		d->count == 0 ? WARD_OK
			      : ward_log_append_wait(d->r->o.log, d->items, d->count, d->positions);

	return rc || d->count == 0
		       ? rc
		       : ward_applier_wait(d->r->o.applier, d->positions, d->count, WAIT_MS);
}

enum ward_rc
release_round(struct ward_release *r, struct release_order *orders, bool renew,
	      struct release_order **ret_left)
{
	struct ward_budget budget = {.cap = RELEASE_MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_refusal why = {.code = WARD_REFUSED_NOT};
	struct round *d = arena ? ward_arena_alloc(arena, sizeof(*d)) : NULL;
	enum ward_rc rc = d ? begin(r, arena, d) : WARD_E_NOMEM;

	*ret_left = orders;
	if (rc)
		return rc;
	orders = add_records(d, orders);
	*ret_left = NULL;
	if (d->count > 0 || renew) {
		rc = add_timestamp(d, &why);
		note_trouble(r, rc, &why);
	}
	if (rc) {
		end_all(r, orders, rc, &why);
		return rc;
	}
	rc = append(d);
	*ret_left = settle(d, orders, rc);
	return rc;
}

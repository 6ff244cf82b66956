/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/service/ledger.h"

#include <pthread.h>
#include <stdlib.h>

#include "cloud/service/feed.h"
#include "sys/clock.h"

/* Around the records of a batch: a timestamp, a proof, lengths. */
enum { AROUND = 32 * 1024, MEMORY = 8 << 20, SMALL = 256 * 1024 };

struct service_ledger {
	struct ward_views *views;
	struct ward_authority *authority;
	pthread_mutex_t lock; /* of what follows */
	uint64_t version;
	size_t len;
	uint8_t timestamp[WARD_WIRE_TIMESTAMP_MAX];
};

enum ward_rc
service_ledger_new(struct ward_views *views, struct ward_authority *authority,
		   struct service_ledger **ret)
{
	struct service_ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return WARD_E_NOMEM;
	l->views = views;
	l->authority = authority;
	pthread_mutex_init(&l->lock, NULL);
	(void)service_ledger_refresh(l);
	*ret = l;
	return WARD_OK;
}

struct service_ledger *
service_ledger_free(struct service_ledger *l)
{
	if (!l)
		return NULL;
	pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

/* --- the newest timestamp --- */

/* False: there is no log. */
static bool
log_of(const struct service_ledger *l, uint8_t ret[WARD_LOG_ID])
{
	if (!l->authority)
		return false;
	ward_authority_log(l->authority, ret);
	return true;
}

static void
remember(struct service_ledger *l, const struct ward_view_ledger *now)
{
	if (now->timestamp.len > sizeof(l->timestamp))
		return;
	pthread_mutex_lock(&l->lock);
	l->version = now->version;
	l->len = now->timestamp.len;
	if (l->len > 0)
		memcpy(l->timestamp, now->timestamp.data, l->len);
	pthread_mutex_unlock(&l->lock);
}

uint64_t
service_ledger_refresh(struct service_ledger *l)
{
	struct ward_budget budget = {.cap = SMALL};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	uint64_t applied = ward_views_updates_applied(l->views);
	struct ward_view_ledger now;
	uint8_t log[WARD_LOG_ID];

	if (arena && log_of(l, log) && !ward_views_ledger(l->views, log, arena, &now))
		remember(l, &now);
	return applied;
}

size_t
service_ledger_timestamp(struct service_ledger *l, uint8_t *ret)
{
	size_t len;

	pthread_mutex_lock(&l->lock);
	len = l->len;
	if (len > 0)
		memcpy(ret, l->timestamp, len);
	pthread_mutex_unlock(&l->lock);
	return len;
}

uint64_t
service_ledger_version(struct service_ledger *l)
{
	uint64_t version;

	pthread_mutex_lock(&l->lock);
	version = l->version;
	pthread_mutex_unlock(&l->lock);
	return version;
}

/* --- gathering records --- */

struct gathering {
	struct ward_arena *arena;
	ProtobufCBinaryData *records;
	size_t count, max, bytes, bytes_max;
};

static enum ward_rc
gather(void *context, uint64_t number, struct ward_span envelope)
{
	struct gathering *g = context;
	uint8_t *copy;

	(void)number;
	if (g->count == g->max || g->bytes + envelope.len > g->bytes_max)
		return WARD_E_STOPPED;
	copy = ward_arena_alloc(g->arena, envelope.len);
	if (!copy)
		return WARD_E_LIMIT;
	memcpy(copy, envelope.data, envelope.len);
	g->records[g->count++] = (ProtobufCBinaryData){envelope.len, copy};
	g->bytes += envelope.len + 8; /* and its length */
	return WARD_OK;
}

static enum ward_rc
gather_all(struct service_ledger *l, const uint8_t log[WARD_LOG_ID], uint64_t after,
	   struct gathering *g, Ward__V1__Updates *updates)
{
	enum ward_rc rc;

	g->records = ward_arena_array(g->arena, g->max + 1, sizeof(*g->records));
	if (!g->records)
		return WARD_E_LIMIT;
	rc = g->max > 0 ? ward_views_records(l->views, log, after, gather, g) : WARD_OK;
	updates->records = g->records;
	updates->n_records = g->count;
	return rc;
}

static ProtobufCBinaryData
bytes_of(struct ward_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.data};
}

/* --- what is pushed --- */

/* All of it, or only that there is a timestamp: who wants the records then fetches them. */
static struct ward_message *
message_of(Ward__V1__Update update, Ward__V1__Updates *updates, bool whole)
{
	Ward__V1__Heartbeat heartbeat = WARD__V1__HEARTBEAT__INIT;

	if (whole) {
		update.what_case = WARD__V1__UPDATE__WHAT_UPDATES;
		update.updates = updates;
	} else {
		heartbeat.timestamp = updates->timestamp;
		update.what_case = WARD__V1__UPDATE__WHAT_HEARTBEAT;
		update.heartbeat = &heartbeat;
	}
	return service_feed_message(&update);
}

static enum ward_rc
push(struct service_ledger *l, const uint8_t log[WARD_LOG_ID], const struct ward_view_stamp *stamp,
     Ward__V1__Updates *updates, Ward__V1__Update *update, struct ward_message **ret)
{
	struct ward_budget budget = {.cap = 2 * SERVICE_PUSH_BYTES};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	uint64_t count = stamp->covered - stamp->before;
	struct gathering g = {.arena = arena, .bytes_max = SERVICE_PUSH_BYTES};
	enum ward_rc rc = WARD_OK;

	if (!arena)
		return WARD_E_NOMEM;
	if (count <= SERVICE_PUSH_RECORDS) {
		g.max = (size_t)count;
		rc = gather_all(l, log, stamp->before, &g, updates);
	}
	if (rc)
		return rc;
	*ret = message_of(*update, updates, g.count == count);
	return *ret ? WARD_OK : WARD_E_NOMEM;
}

enum ward_rc
service_ledger_updates(void *ledger, const Ward__Log__V1__Timestamp *t, uint64_t position,
		       uint64_t time_ms, struct ward_message **ret)
{
	struct service_ledger *l = ledger;
	Ward__V1__Update update = WARD__V1__UPDATE__INIT;
	Ward__V1__Updates updates = WARD__V1__UPDATES__INIT;
	struct ward_view_stamp stamp;
	uint8_t log[WARD_LOG_ID];
	enum ward_rc rc;

	*ret = NULL;
	if (!log_of(l, log) || memcmp(t->log.data, log, WARD_LOG_ID) != 0)
		return WARD_OK;
	rc = ward_views_stamp(l->views, log, t->version, &stamp);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	if (stamp.offset + 1 != position || stamp.expires_ms <= ward_clock_wall() / 1000)
		return WARD_OK;
	update.position = position;
	update.time_ms = time_ms;
	updates.timestamp = t->envelope;
	return push(l, log, &stamp, &updates, &update, ret);
}

/* --- what is fetched --- */

static enum ward_rc
pack(const Ward__V1__Updates *updates, struct ward_message **ret)
{
	uint8_t *body;
	struct ward_message *m =
		ward_message_new(ward__v1__updates__get_packed_size(updates), &body);

	if (!m)
		return WARD_E_NOMEM;
	ward__v1__updates__pack(updates, body);
	*ret = m;
	return WARD_OK;
}

static enum ward_rc
prove(struct service_ledger *l, const uint8_t log[WARD_LOG_ID], uint64_t to, uint64_t covered,
      struct ward_buf *out)
{
	struct ward_proof proof;
	enum ward_rc rc = ward_views_proof(l->views, log, to, covered, &proof);

	return rc ? rc : ward_proof_write(&proof, out);
}

/* A batch while it is put together. */
struct fetching {
	uint8_t log[WARD_LOG_ID];
	uint64_t after;
	size_t limit;
	struct ward_arena *arena;
	struct ward_buf proof;
	Ward__V1__Updates updates;
};

static enum ward_rc
fill(struct service_ledger *l, struct fetching *f)
{
	struct gathering g = {.arena = f->arena, .bytes_max = WARD_WIRE_MESSAGE_MAX - AROUND};
	struct ward_view_ledger now;
	enum ward_rc rc = ward_views_ledger(l->views, f->log, f->arena, &now);

	if (rc)
		return rc;
	f->updates.timestamp = bytes_of(now.timestamp);
	if (f->after >= now.covered)
		return WARD_OK;
	g.max = now.covered - f->after < f->limit ? (size_t)(now.covered - f->after) : f->limit;
	rc = gather_all(l, f->log, f->after, &g, &f->updates);
	if (!rc && f->after + g.count < now.covered && g.count > 0) {
		rc = prove(l, f->log, f->after + g.count, now.covered, &f->proof);
		f->updates.proof = bytes_of(ward_buf_span(&f->proof));
	}
	return rc;
}

enum ward_rc
service_ledger_batch(struct service_ledger *l, uint64_t after, size_t limit,
		     struct ward_message **ret)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct fetching f = {.after = after, .limit = limit, .arena = arena};
	enum ward_rc rc = arena ? WARD_OK : WARD_E_NOMEM;

	ward__v1__updates__init(&f.updates);
	ward_buf_init(&f.proof, WARD_WIRE_PROOF_MAX, NULL);
	if (!rc && log_of(l, f.log))
		rc = fill(l, &f);
	if (!rc)
		rc = pack(&f.updates, ret);
	ward_buf_done(&f.proof);
	return rc;
}

/* --- metadata --- */

static enum ward_rc
newest_timestamp(struct service_ledger *l, uint64_t version, struct ward_buf *out)
{
	uint8_t bytes[WARD_WIRE_TIMESTAMP_MAX];
	size_t len;

	if (version && version != service_ledger_version(l))
		return WARD_E_NOENT; /* old ones are nothing to believe */
	len = service_ledger_timestamp(l, bytes);
	return len > 0 ? ward_buf_append(out, bytes, len) : WARD_E_NOENT;
}

enum ward_rc
service_ledger_metadata(struct service_ledger *l, Ward__V1__Role role, uint64_t version,
			struct ward_buf *out)
{
	static const enum ward_dsse_type types[] = {
		[WARD__V1__ROLE__ROLE_ROOT] = WARD_DSSE_ROOT,
		[WARD__V1__ROLE__ROLE_TARGETS] = WARD_DSSE_TARGETS,
		[WARD__V1__ROLE__ROLE_SNAPSHOT] = WARD_DSSE_SNAPSHOT,
	};

	if (!l->authority)
		return WARD_E_NOENT;
	if (role == WARD__V1__ROLE__ROLE_TIMESTAMP)
		return newest_timestamp(l, version, out);
	if (role < WARD__V1__ROLE__ROLE_ROOT || role > WARD__V1__ROLE__ROLE_SNAPSHOT)
		return WARD_E_NOENT;
	return ward_authority_envelope(l->authority, types[role], version, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/take.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "cloud/log/record.h"
#include "sys/clock.h"

enum { ITEMS_MAX = 4096, DECODE = 32 * 1024 * 1024, STALE_STEP = 300 * 1000 };

typedef Ward__Log__V1__Record Record;
typedef Ward__Log__V1__Reputation Reputation;

/* Records that are appended together, in one arena. */
struct bundle {
	const struct ward_take *take;
	struct ward_log *log;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_log_item items[ITEMS_MAX];
	size_t count, bytes;
	uint64_t now_ms;
};

static size_t
width_of(Ward__Log__V1__Digest kind)
{
	return kind == WARD__LOG__V1__DIGEST__DIGEST_SHA256 ? 32
	       : kind == WARD__LOG__V1__DIGEST__DIGEST_SHA1 ? 20
							    : 16;
}

static struct bundle *
bundle_new(struct ward_log *log, const struct ward_take *take, size_t memory)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->take = take;
	b->log = log;
	b->budget.cap = memory;
	b->arena = ward_arena_new(&b->budget);
	b->now_ms = ward_clock_wall() / 1000;
	if (!b->arena) {
		free(b);
		return NULL;
	}
	return b;
}

static void
bundle_free(struct bundle **b)
{
	if (*b)
		ward_arena_free((*b)->arena);
	free(*b);
}

static enum ward_rc
add(struct bundle *b, Reputation *batch)
{
	Record record = WARD__LOG__V1__RECORD__INIT;

	if (b->count == ITEMS_MAX)
		return WARD_E_PROTO;
	batch->list = (char *)(uintptr_t)b->take->list;
	batch->time_ms = b->take->time_ms;
	record.time_ms = b->now_ms;
	record.actor =
		(ProtobufCBinaryData){strlen(b->take->actor), (uint8_t *)(uintptr_t)b->take->actor};
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = batch;
	return ward_record_item(&record, b->arena, &b->items[b->count++]);
}

/* The partition that a digest's facts stand in, as cloud/log/log.h has it. */
static uint32_t
partition_of(const uint8_t *digest, uint32_t partitions)
{
	return ((uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
		digest[3]) %
	       partitions;
}

/* Only what stands in one partition is in order: a digest must always go to the same one, or a later
 * word about it might be applied before an earlier one. */
static enum ward_rc
add_part(struct bundle *b, const Reputation *whole, uint32_t partition, uint32_t partitions)
{
	size_t width = width_of(whole->kind), count = whole->digests.len / width, n = 0;
	uint8_t *digests = ward_arena_alloc(b->arena, whole->digests.len);
	uint32_t *threat = ward_arena_array(b->arena, count, sizeof(*threat));
	char **threats = ward_arena_array(b->arena, count, sizeof(*threats));
	Reputation part = *whole;

	if (!digests || !threat || !threats)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *digest = whole->digests.data + i * width;
		size_t name = i < whole->n_threat ? whole->threat[i] : 0;

		if (partition_of(digest, partitions) != partition)
			continue;
		memcpy(digests + n * width, digest, width);
		threats[n] =
			name < whole->n_threats ? whole->threats[name] : (char *)(uintptr_t) "";
		threat[n] = (uint32_t)n;
		n++;
	}
	part.digests = (ProtobufCBinaryData){n * width, digests};
	part.threats = whole->n_threats ? threats : NULL;
	part.threat = whole->n_threats ? threat : NULL;
	part.n_threats = part.n_threat = whole->n_threats ? n : 0;
	return n > 0 ? add(b, &part) : WARD_OK;
}

static enum ward_rc
add_split(struct bundle *b, Reputation *batch)
{
	uint32_t partitions = ward_log_partitions(b->log, WARD_LOG_STATE);
	enum ward_rc rc = WARD_OK;

	if (partitions == 1)
		return add(b, batch);
	for (uint32_t p = 0; p < partitions && !rc; p++)
		rc = add_part(b, batch, p, partitions);
	return rc;
}

static enum ward_rc
append(struct bundle *b)
{
	enum ward_rc rc =
		b->count > 0 ? ward_log_append_wait(b->log, b->items, b->count, NULL) : WARD_OK;

	b->count = 0;
	return rc;
}

/* --- frames --- */

static bool
may_say(enum ward_verdict terms, Ward__V1__Verdict says)
{
	enum ward_verdict v = ward_wire_verdict_from(says);

	if (v != WARD_CLEAN && v != WARD_SUSPICIOUS && v != WARD_MALICIOUS)
		return false;
	if (terms == WARD_UNKNOWN)
		return true;
	if (terms == WARD_MALICIOUS)
		return v != WARD_CLEAN;
	return v == terms;
}

static enum ward_rc
add_frame(struct bundle *b, struct ward_span frame, struct ward_arena *arena)
{
	Record *record;
	enum ward_rc rc =
		ward_wire_decode(&ward__log__v1__record__descriptor, frame, arena, &record, NULL);

	if (rc)
		return rc == WARD_E_LIMIT ? WARD_E_PROTO : rc;
	if (record->fact_case != WARD__LOG__V1__RECORD__FACT_REPUTATION ||
	    record->reputation->withdrawn ||
	    !may_say(b->take->verdict, record->reputation->verdict))
		return WARD_E_PROTO;
	return add_split(b, record->reputation);
}

enum ward_rc
ward_take_frames(struct ward_log *log, struct ward_span frames, const struct ward_take *take)
{
	struct ward_budget budget = {.cap = DECODE};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	WARD_AUTO(bundle_free)
	struct bundle *b = bundle_new(log, take, 16 * (size_t)WARD_TAKE_MAX);
	struct ward_cursor c = ward_cursor_of(frames);
	enum ward_rc rc = arena && b ? WARD_OK : WARD_E_NOMEM;

	if (frames.len > WARD_TAKE_MAX)
		return WARD_E_PROTO;
	while (!rc && ward_cursor_left(&c) > 0) {
		struct ward_arena_mark mark = ward_arena_save(arena);
		struct ward_span frame = ward_cursor_bytes(&c, ward_cursor_u32be(&c));

		rc = ward_cursor_ok(&c) ? add_frame(b, frame, arena) : WARD_E_PROTO;
		ward_arena_restore(arena, mark);
	}
	return rc ? rc : append(b);
}

/* --- withdrawing --- */

struct withdrawal {
	struct bundle *bundle;
	Ward__Log__V1__Digest kind;
	uint8_t digests[(size_t)WARD_WIRE_DIGESTS_MAX * 32];
	size_t count;
	uint64_t all;
};

static enum ward_rc
withdraw_batch(struct withdrawal *w)
{
	Reputation batch = WARD__LOG__V1__REPUTATION__INIT;
	enum ward_rc rc;

	if (w->count == 0)
		return WARD_OK;
	batch.kind = w->kind;
	batch.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS; /* of no meaning here */
	batch.digests = (ProtobufCBinaryData){w->count * width_of(w->kind), w->digests};
	batch.withdrawn = true;
	rc = add_split(w->bundle, &batch);
	w->all += w->count;
	w->count = 0;
	return rc;
}

static enum ward_rc
withdraw_one(void *context, Ward__Log__V1__Digest kind, const uint8_t *digest)
{
	struct withdrawal *w = context;
	enum ward_rc rc = WARD_OK;

	if (w->count == WARD_WIRE_DIGESTS_MAX || (w->count > 0 && kind != w->kind))
		rc = withdraw_batch(w);
	w->kind = kind;
	memcpy(w->digests + w->count++ * width_of(kind), digest, width_of(kind));
	return rc;
}

enum ward_rc
ward_take_withdraw(struct ward_node *node, const struct ward_take *take,
		   struct ward_stale_walk *walk, uint64_t *ret_withdrawn)
{
	WARD_AUTO(bundle_free)
	struct bundle *b = bundle_new(node->log, take, 16 * (size_t)WARD_TAKE_MAX);
	struct withdrawal *w = calloc(1, sizeof(*w));
	enum ward_rc rc = b && w ? WARD_OK : WARD_E_NOMEM;

	if (w)
		w->bundle = b;
	if (!rc)
		rc = ward_views_stale(node->views, take->list, take->time_ms, STALE_STEP, walk,
				      withdraw_one, w);
	if (!rc)
		rc = withdraw_batch(w);
	if (!rc)
		rc = append(b);
	if (!rc)
		*ret_withdrawn = w->all;
	free(w);
	return rc;
}

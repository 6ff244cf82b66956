/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/believe.h"

#include <stdlib.h>

#include "sys/clock.h"
#include "trust/accept.h"

enum { ANSWER = 8 << 20, BODY = 64, MEMORY = 64 << 20, STEPS_MAX = 64 };

struct fleet_belief {
	struct fleet_belief_counts *counts;
	struct ward_trust *trust;
	struct fleet_link *link;
	enum ward_dsse_type asked; /* of the metadata call under way */
	bool asking, moved;	   /* a call is under way; it brought something new */
	unsigned steps; /* since the connection stands: no service leads a device on for ever */
};

enum ward_rc
fleet_belief_new(struct ward_span root, struct fleet_belief_counts *counts,
		 struct fleet_belief **ret)
{
	struct fleet_belief *b = calloc(1, sizeof(*b));
	struct ward_refusal why;
	enum ward_rc rc = b ? ward_trust_new(root, &b->trust, &why) : WARD_E_NOMEM;

	if (rc) {
		free(b);
		return rc;
	}
	b->counts = counts;
	*ret = b;
	return WARD_OK;
}

struct fleet_belief *
fleet_belief_free(struct fleet_belief *b)
{
	if (b)
		ward_trust_free(b->trust);
	free(b);
	return NULL;
}

uint64_t
fleet_belief_number(const struct fleet_belief *b)
{
	return ward_trust_frontier(b->trust)->size;
}

/* --- batches --- */

/* Records that it has already come again: by push and by fetching. */
static bool
is_new(const struct fleet_belief *b, struct ward_span envelope, struct ward_arena *arena)
{
	struct ward_trust_record record;
	struct ward_refusal why;
	struct ward_dsse d;

	return ward_dsse_read(envelope, WARD_DSSE_RECORD, arena, &d, &why) ||
	       ward_trust_record_decode(d.payload, arena, &record, &why) ||
	       record.number > fleet_belief_number(b);
}

static enum ward_rc
accept_batch(struct fleet_belief *b, const Ward__V1__Updates *updates, struct ward_arena *arena,
	     struct ward_refusal *why)
{
	const struct ward_trust_self self = {.ring = "broad"};
	struct ward_span *records =
		ward_arena_array(arena, updates->n_records + 1, sizeof(*records));
	struct ward_trust_batch batch = {
		.records = records,
		.timestamp = ward_span_of(updates->timestamp.data, updates->timestamp.len),
		.now_ms = ward_clock_wall() / 1000};
	const struct ward_trust_accepted *accepted;
	struct ward_proof proof;
	enum ward_rc rc = records ? WARD_OK : WARD_E_NOMEM;

	for (size_t i = 0; i < updates->n_records && !rc; i++) {
		struct ward_span envelope =
			ward_span_of(updates->records[i].data, updates->records[i].len);

		if (is_new(b, envelope, arena))
			records[batch.count++] = envelope;
	}
	if (!rc && updates->proof.len > 0) {
		rc = ward_proof_read(ward_span_of(updates->proof.data, updates->proof.len), &proof);
		batch.proof = &proof;
	}
	if (rc || (updates->n_records > 0 && batch.count == 0))
		return rc;
	rc = ward_trust_accept(b->trust, &batch, &self, arena, &accepted, why);
	if (!rc)
		atomic_fetch_add(&b->counts->records, batch.count);
	return rc;
}

/* What is missing may be fetched. So may what comes with an older timestamp than the one known: to a device
 * that fetches while the updates it missed are pushed again, they do. Anything else that is wrong is a refusal. */
static bool
can_be_mended(const struct ward_refusal *why)
{
	return why->code == WARD_REFUSED_GAP || why->code == WARD_REFUSED_ROLLBACK ||
	       why->code == WARD_REFUSED_ORDER || why->code == WARD_REFUSED_EXPIRED;
}

static enum ward_rc
check(struct fleet_belief *b, const Ward__V1__Updates *updates, struct ward_refusal *why)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	uint64_t begun = ward_clock_thread_cpu();
	enum ward_rc rc = arena ? accept_batch(b, updates, arena, why) : WARD_E_NOMEM;

	atomic_fetch_add(&b->counts->batches, 1);
	atomic_fetch_add(&b->counts->usec, ward_clock_thread_cpu() - begun);
	if (rc && !(rc == WARD_E_PERM && can_be_mended(why)))
		atomic_fetch_add(&b->counts->refused, 1);
	return rc;
}

/* --- what is missing --- */

static void advance(struct fleet_belief *b);

static void
on_ended(void *context, enum ward_grpc_status status)
{
	struct fleet_belief *b = context;

	b->asking = false;
	if (status == WARD_GRPC_OK && b->moved)
		advance(b);
}

static void
on_metadata(void *context, struct ward_span message)
{
	struct fleet_belief *b = context;
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__MetadataReply *reply;
	struct ward_refusal why;
	struct ward_span envelope;
	uint64_t now_ms = ward_clock_wall() / 1000;
	enum ward_rc rc;

	if (!arena ||
	    ward_wire_decode(&ward__v1__metadata_reply__descriptor, message, arena, &reply, NULL) ||
	    reply->envelope.len == 0)
		return;
	envelope = ward_span_of(reply->envelope.data, reply->envelope.len);
	if (b->asked == WARD_DSSE_TIMESTAMP)
		rc = ward_trust_take_timestamp(b->trust, envelope, now_ms, &why);
	else if (b->asked == WARD_DSSE_SNAPSHOT)
		rc = ward_trust_take_snapshot(b->trust, envelope, now_ms, &why);
	else
		rc = ward_trust_take_targets(b->trust, envelope, now_ms, &why);
	b->moved = !rc;
	if (rc)
		atomic_fetch_add(&b->counts->refused, 1);
}

static const struct fleet_call_face metadata_call = {
	.path = "/ward.v1.Protection/FetchMetadata",
	.answer_max = ANSWER,
	.message = on_metadata,
	.ended = on_ended,
};

static void
on_updates(void *context, struct ward_span message)
{
	struct fleet_belief *b = context;
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__Updates *updates;
	struct ward_refusal why;

	if (!arena ||
	    ward_wire_decode(&ward__v1__updates__descriptor, message, arena, &updates, NULL))
		return;
	b->moved = !check(b, updates, &why);
}

static const struct fleet_call_face updates_call = {
	.path = "/ward.v1.Protection/FetchUpdates",
	.answer_max = ANSWER,
	.message = on_updates,
	.ended = on_ended,
};

static void
call(struct fleet_belief *b, const struct fleet_call_face *face, const ProtobufCMessage *request)
{
	uint8_t body[BODY];
	size_t len = protobuf_c_message_pack(request, body + WARD_GRPC_PREFIX);

	ward_grpc_prefix(body, (uint32_t)len);
	b->moved = false;
	b->asking = !fleet_call_start(b->link, face, ward_span_of(body, WARD_GRPC_PREFIX + len), b);
}

static void
ask_metadata(struct fleet_belief *b, enum ward_dsse_type type)
{
	static const Ward__V1__Role roles[] = {
		[WARD_DSSE_TIMESTAMP] = WARD__V1__ROLE__ROLE_TIMESTAMP,
		[WARD_DSSE_SNAPSHOT] = WARD__V1__ROLE__ROLE_SNAPSHOT,
		[WARD_DSSE_TARGETS] = WARD__V1__ROLE__ROLE_TARGETS,
	};
	Ward__V1__MetadataRequest request = WARD__V1__METADATA_REQUEST__INIT;

	request.role = roles[type];
	b->asked = type;
	call(b, &metadata_call, &request.base);
}

static void
ask_updates(struct fleet_belief *b)
{
	Ward__V1__UpdatesRequest request = WARD__V1__UPDATES_REQUEST__INIT;

	request.after = fleet_belief_number(b);
	call(b, &updates_call, &request.base);
}

/* One step towards knowing all. */
static void
advance(struct fleet_belief *b)
{
	if (!b->link || b->asking || b->link->state != FLEET_UP || b->steps++ >= STEPS_MAX)
		return;
	switch (ward_trust_need(b->trust, ward_clock_wall() / 1000)) {
	case WARD_NEED_TIMESTAMP:
		ask_metadata(b, WARD_DSSE_TIMESTAMP);
		break;
	case WARD_NEED_SNAPSHOT:
		ask_metadata(b, WARD_DSSE_SNAPSHOT);
		break;
	case WARD_NEED_TARGETS:
		ask_metadata(b, WARD_DSSE_TARGETS);
		break;
	case WARD_NEED_RECORDS:
		ask_updates(b);
		break;
	case WARD_NEED_NOTHING:
		b->steps = 0;
		break;
	case WARD_NEED_ROOT: /* no run is so long */
		break;
	}
}

void
fleet_belief_up(struct fleet_belief *b, struct fleet_link *link)
{
	b->link = link;
	b->asking = false;
	b->steps = 0;
	advance(b);
}

void
fleet_belief_take(struct fleet_belief *b, const Ward__V1__Updates *updates)
{
	struct ward_refusal why = {0};

	if (check(b, updates, &why) == WARD_E_PERM && can_be_mended(&why))
		advance(b);
}

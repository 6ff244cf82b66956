/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/follow.h"

enum { BODY = 64 };

enum ward_rc
fleet_follow(struct fleet_device *d, const struct fleet_call_face *face)
{
	Ward__V1__SubscribeRequest request = WARD__V1__SUBSCRIBE_REQUEST__INIT;
	uint8_t body[BODY];
	size_t len;

	request.position = atomic_load(&d->position);
	len = ward__v1__subscribe_request__pack(&request, body + WARD_GRPC_PREFIX);
	ward_grpc_prefix(body, (uint32_t)len);
	if (d->belief)
		fleet_belief_up(d->belief, &d->link);
	return fleet_call_start(&d->link, face, ward_span_of(body, WARD_GRPC_PREFIX + len), d);
}

uint64_t
fleet_follow_word(const uint8_t sha256[32])
{
	uint64_t word;

	memcpy(&word, sha256, sizeof(word));
	return word;
}

enum ward_rc
fleet_follow_take(struct fleet_device *d, struct ward_span message, uint64_t now,
		  Ward__V1__Verdict *ret_said)
{
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__Update *update;

	if (!arena)
		return WARD_E_NOMEM;
	if (ward_wire_decode(&ward__v1__update__descriptor, message, arena, &update, NULL))
		return WARD_E_PROTO;
	*ret_said = WARD__V1__VERDICT__VERDICT_UNSPECIFIED;
	atomic_store(&d->position, update->position);
	if (update->what_case == WARD__V1__UPDATE__WHAT_VERDICT) {
		atomic_store(&d->arrived, now);
		atomic_store(&d->made_ms, update->time_ms);
		atomic_store(&d->digest, fleet_follow_word(update->verdict->sha256.data));
		*ret_said = update->verdict->verdict;
	}
	if (d->belief && update->what_case == WARD__V1__UPDATE__WHAT_UPDATES)
		fleet_belief_take(d->belief, update->updates);
	atomic_store(&d->heard, true);
	return WARD_OK;
}

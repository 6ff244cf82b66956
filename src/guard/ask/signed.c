/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/signed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"

enum { DIGESTS_MAX = 1024 };

struct ward_signed {
	struct ward_intake *intake;
	pthread_mutex_t lock;
	uint8_t digests[DIGESTS_MAX][WARD_SHA256_LEN];
	size_t count;
};

struct ward_signed *
ward_signed_new(struct ward_intake *intake)
{
	struct ward_signed *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->intake = intake;
	(void)pthread_mutex_init(&s->lock, NULL);
	return s;
}

struct ward_signed *
ward_signed_free(struct ward_signed *s)
{
	if (s)
		(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

void
ward_signed_put(struct ward_signed *s, const uint8_t (*digests)[WARD_SHA256_LEN], size_t count)
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < count && s->count < DIGESTS_MAX; i++)
		memcpy(s->digests[s->count++], digests[i], WARD_SHA256_LEN);
	(void)pthread_mutex_unlock(&s->lock);
}

struct ruling {
	struct ward_overlay *overlay;
	struct ward_decide *decide;
	uint8_t sha256[WARD_SHA256_LEN];
};

static void
apply_ruling(void *ctx, int fd, const struct ward_key *key)
{
	const struct ruling *r = ctx;
	struct ward_overlay_word word;
	struct ward_ruled ruled;
	struct ward_answer answer = {.sha256 = r->sha256};

	if (ward_overlay_find(r->overlay, ward_span_of(r->sha256, sizeof(r->sha256)),
			      ward_clock_wall() / 1000, &word) != WARD_OVERLAY_BLOCKS) {
		ward_decide_forget(r->decide, fd, key);
		return;
	}
	(void)snprintf(ruled.threat, sizeof(ruled.threat), "%s", word.threat);
	(void)snprintf(ruled.rule, sizeof(ruled.rule), "%s", word.why);
	ward_decide_record(&answer, &ruled);
	ward_decide_revise(r->decide, fd, key, 0, &answer);
}

static bool
next_digest(struct ward_signed *s, uint8_t sha256[WARD_SHA256_LEN])
{
	bool found;

	(void)pthread_mutex_lock(&s->lock);
	found = s->count > 0;
	if (found)
		memcpy(sha256, s->digests[--s->count], WARD_SHA256_LEN);
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

void
ward_signed_look(struct ward_signed *s, struct ward_recent *recent, struct ward_decide *decide)
{
	struct ruling r = {.decide = decide};

	if (!s->intake)
		return;
	r.overlay = ward_intake_overlay(s->intake);
	while (next_digest(s, r.sha256))
		ward_recent_find(recent, r.sha256, apply_ruling, &r);
}

bool
ward_signed_only(struct ward_intake *intake)
{
	struct ward_intake_state s;

	if (!intake)
		return false;
	ward_intake_state(intake, &s);
	return s.pinned;
}

static Ward__V1__Role
role_of(enum ward_dsse_type type)
{
	switch ((int)type) {
	case WARD_DSSE_ROOT:
		return WARD__V1__ROLE__ROLE_ROOT;
	case WARD_DSSE_TARGETS:
		return WARD__V1__ROLE__ROLE_TARGETS;
	case WARD_DSSE_SNAPSHOT:
		return WARD__V1__ROLE__ROLE_SNAPSHOT;
	default:
		return WARD__V1__ROLE__ROLE_TIMESTAMP;
	}
}

enum ward_rc
ward_signed_need(struct ward_peer *peer, uint64_t id, const struct ward_intake_want *want)
{
	if (want->records)
		return ward_peer_fetch_updates(peer, id, want->after, want->limit);
	return ward_peer_fetch_metadata(peer, id, role_of(want->role), want->version);
}

static const char *
ring_name(enum ward_policy_ring ring)
{
	switch (ring) {
	case WARD_POLICY_RING_CANARY:
		return "canary";
	case WARD_POLICY_RING_STAGED:
		return "staged";
	case WARD_POLICY_RING_BROAD:
	case WARD_POLICY_RING_COUNT:
		break;
	}
	return "broad";
}

void
ward_signed_self(struct ward_intake *intake, const char *device, enum ward_policy_ring ring)
{
	struct ward_trust_self self = {.ring = ring_name(ring)};

	if (intake && ward_wire_uuid_parse(ward_span_str(device), self.device) == WARD_OK)
		ward_intake_self(intake, &self);
}

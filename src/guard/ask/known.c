/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/known.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"

enum { PLACES = 4096, TEXT_ROOM = 129 };

struct place {
	uint8_t sha256[32];
	bool taken;
	uint32_t until; /* as of struct ward_answer */
	const char *tier;
	char threat[TEXT_ROOM], rule[TEXT_ROOM];
};

struct ward_known {
	struct place places[PLACES];
};

struct ward_known *
ward_known_new(void)
{
	return calloc(1, sizeof(struct ward_known));
}

struct ward_known *
ward_known_free(struct ward_known *k)
{
	free(k);
	return NULL;
}

static size_t
place_of(const uint8_t sha256[32])
{
	return ((size_t)sha256[0] << 8 | sha256[1]) % PLACES;
}

void
ward_known_put(struct ward_known *k, const uint8_t sha256[32], const struct ward_answer *answer)
{
	struct place *p = &k->places[place_of(sha256)];
	bool same = p->taken && memcmp(p->sha256, sha256, sizeof(p->sha256)) == 0;

	if (answer->verdict != WARD_MALICIOUS) {
		p->taken = p->taken && !same;
		return;
	}
	p->taken = true;
	p->until = answer->until;
	p->tier = answer->tier;
	memcpy(p->sha256, sha256, sizeof(p->sha256));
	(void)snprintf(p->threat, sizeof(p->threat), "%s", answer->threat);
	(void)snprintf(p->rule, sizeof(p->rule), "%s", answer->rule);
}

bool
ward_known_find(const struct ward_known *k, const uint8_t sha256[32],
		struct ward_answer *ret_answer)
{
	const struct place *p = &k->places[place_of(sha256)];
	uint32_t now = (uint32_t)(ward_clock_monotonic() / 1000000) + 1;

	if (!p->taken || memcmp(p->sha256, sha256, sizeof(p->sha256)) != 0 ||
	    (p->until != 0 && p->until <= now))
		return false;
	*ret_answer = (struct ward_answer){
		.verdict = WARD_MALICIOUS,
		.threat = p->threat,
		.rule = p->rule,
		.layer = "cloud",
		.tier = p->tier,
		.from_cloud = true,
		.until = p->until,
	};
	return true;
}

void
ward_known_clear(struct ward_known *k)
{
	for (size_t i = 0; i < PLACES; i++)
		k->places[i].taken = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/cache/cache.h"

#include <stdlib.h>

enum { WAYS = 8, ENTRIES_MIN = 64 };

struct entry {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t ctime;
	uint32_t generation;
	uint32_t epoch;
	uint32_t until;
	uint16_t threat;
	uint8_t verdict;
	uint8_t reason;
	bool from_cloud;
	bool allowed;
	bool recorded;
	bool digested;
	uint8_t sha256[32];
	uint32_t used; /* the cache's clock when it was last of use; 0: empty */
};

struct ward_cache {
	struct entry *entries;
	size_t sets; /* a power of two */
	uint32_t clock;
	struct ward_cache_stats stats;
};

struct ward_cache *
ward_cache_new(size_t entries)
{
	struct ward_cache *c = calloc(1, sizeof(*c));
	size_t room = ENTRIES_MIN;

	while (room < entries && room < SIZE_MAX / 2 / sizeof(struct entry))
		room *= 2;
	if (c)
		c->entries = calloc(room, sizeof(struct entry));
	if (!c || !c->entries)
		return ward_cache_free(c);
	c->sets = room / WAYS;
	c->stats.room = room;
	return c;
}

struct ward_cache *
ward_cache_free(struct ward_cache *c)
{
	if (c)
		free(c->entries);
	free(c);
	return NULL;
}

static struct entry *
set_of(const struct ward_cache *c, const struct ward_key *key)
{
	return c->entries + (ward_key_hash(key) & (c->sets - 1)) * WAYS;
}

static bool
same_file(const struct entry *e, const struct ward_key *key)
{
	return e->used && e->inode == key->inode && e->device == key->device &&
	       e->generation == key->generation;
}

static struct entry *
find(const struct ward_cache *c, const struct ward_key *key)
{
	struct entry *set = set_of(c, key);

	for (size_t i = 0; i < WAYS; i++) {
		if (same_file(&set[i], key))
			return &set[i];
	}
	return NULL;
}

/* After four billion uses all ages start anew. */
static uint32_t
tick(struct ward_cache *c)
{
	if (++c->clock == 0) {
		for (size_t i = 0; i < c->sets * WAYS; i++)
			c->entries[i].used = c->entries[i].used != 0;
		c->clock = 2;
	}
	return c->clock;
}

bool
ward_cache_find(struct ward_cache *c, const struct ward_key *key, uint32_t epoch,
		struct ward_cache_verdict *ret_verdict)
{
	struct entry *e = find(c, key);

	if (!e || e->ctime != key->ctime || e->size != key->size || e->epoch != epoch) {
		c->stats.misses++;
		c->stats.outdated += e && e->epoch != epoch;
		return false;
	}
	e->used = tick(c);
	c->stats.hits++;
	*ret_verdict = (struct ward_cache_verdict){
		.verdict = (enum ward_verdict)e->verdict,
		.reason = (enum ward_reason)e->reason,
		.threat = e->threat,
		.until = e->until,
		.from_cloud = e->from_cloud,
		.allowed = e->allowed,
		.recorded = e->recorded,
		.digested = e->digested,
	};
	memcpy(ret_verdict->sha256, e->sha256, sizeof(e->sha256));
	return true;
}

static struct entry *
oldest(const struct ward_cache *c, const struct ward_key *key)
{
	struct entry *set = set_of(c, key);
	struct entry *best = &set[0];

	for (size_t i = 1; i < WAYS; i++) {
		if (set[i].used < best->used)
			best = &set[i];
	}
	return best;
}

void
ward_cache_put(struct ward_cache *c, const struct ward_key *key, uint32_t epoch,
	       const struct ward_cache_verdict *verdict)
{
	struct entry *e = find(c, key);

	if (!e) {
		e = oldest(c, key);
		c->stats.replaced += e->used != 0;
		c->stats.entries += e->used == 0;
	}
	*e = (struct entry){
		.device = key->device,
		.inode = key->inode,
		.size = key->size,
		.ctime = key->ctime,
		.generation = key->generation,
		.epoch = epoch,
		.until = verdict->until,
		.from_cloud = verdict->from_cloud,
		.allowed = verdict->allowed,
		.recorded = verdict->recorded,
		.digested = verdict->digested,
		.threat = verdict->threat,
		.verdict = (uint8_t)verdict->verdict,
		.reason = (uint8_t)verdict->reason,
		.used = tick(c),
	};
	memcpy(e->sha256, verdict->sha256, sizeof(e->sha256));
}

void
ward_cache_drop(struct ward_cache *c, const struct ward_key *key)
{
	struct entry *e = find(c, key);

	if (!e)
		return;
	*e = (struct entry){0};
	c->stats.entries--;
}

void
ward_cache_stats(const struct ward_cache *c, struct ward_cache_stats *ret_stats)
{
	*ret_stats = c->stats;
}

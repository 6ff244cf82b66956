/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/overlay.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BLOCK = 1024, LANE_BITS = 12, LANES = 1 << LANE_BITS, BITS_MIN = 3 };

typedef const struct ward_verdict_entry *entry_ptr;

struct slots {
	struct slots *outgrown;
	unsigned bits;
	_Atomic(entry_ptr) at[]; /* 2^bits of them, at least a third is free */
};

/* Entries whose digests begin alike. A lane grows for itself: lists come sorted, and a table of all
 * would have room for them everywhere but where they belong. */
struct lane {
	_Atomic(struct slots *) slots; /* NULL until something is set */
	uint32_t count;		       /* the writer's */
};

struct block {
	struct block *next;
	struct ward_verdict_entry entries[BLOCK];
};

struct ward_overlay {
	struct lane lanes[LANES];
	struct block *blocks; /* the first one has room */
	size_t block_used;
	_Atomic uint64_t count, sets;
};

static size_t
room_of(const struct slots *s)
{
	return (size_t)1 << s->bits;
}

static size_t
lane_of(const uint8_t sha256[32])
{
	return (size_t)sha256[0] << 4 | sha256[1] >> 4;
}

/* Where an entry begins to look for a place in its lane: by bytes that say nothing of the lane. */
static size_t
home_of(const struct slots *s, const uint8_t sha256[32])
{
	uint64_t bits;

	memcpy(&bits, sha256 + 8, sizeof(bits));
	return (size_t)bits & (room_of(s) - 1);
}

static struct slots *
slots_of(const struct ward_overlay *o, const uint8_t sha256[32])
{
	return atomic_load_explicit(&o->lanes[lane_of(sha256)].slots, memory_order_acquire);
}

static struct slots *
slots_new(unsigned bits)
{
	struct slots *s = calloc(1, sizeof(*s) + (sizeof(s->at[0]) << bits));

	if (s)
		s->bits = bits;
	return s;
}

struct ward_overlay *
ward_overlay_new(void)
{
	return calloc(1, sizeof(struct ward_overlay));
}

static void
free_lane(struct lane *lane)
{
	struct slots *s = atomic_load(&lane->slots);

	while (s) {
		struct slots *next = s->outgrown;

		free(s);
		s = next;
	}
}

struct ward_overlay *
ward_overlay_free(struct ward_overlay *o)
{
	if (!o)
		return NULL;
	for (size_t i = 0; i < LANES; i++)
		free_lane(&o->lanes[i]);
	while (o->blocks) {
		struct block *next = o->blocks->next;

		free(o->blocks);
		o->blocks = next;
	}
	free(o);
	return NULL;
}

/* --- the writer --- */

static struct ward_verdict_entry *
entry_new(struct ward_overlay *o)
{
	struct block *block;

	if (!o->blocks || o->block_used == BLOCK) {
		block = malloc(sizeof(*block));
		if (!block)
			return NULL;
		block->next = o->blocks;
		o->blocks = block;
		o->block_used = 0;
	}
	return &o->blocks->entries[o->block_used++];
}

/* The slot of the digest, or the free one where it belongs. */
static size_t
slot_of(const struct slots *s, const uint8_t sha256[32], entry_ptr *ret)
{
	size_t at = home_of(s, sha256), mask = room_of(s) - 1;
	entry_ptr e;

	for (;; at = (at + 1) & mask) {
		e = atomic_load_explicit(&s->at[at], memory_order_acquire);
		if (!e || memcmp(e->sha256, sha256, 32) == 0)
			break;
	}
	*ret = e;
	return at;
}

/* The lane's slots with room for one more; NULL without memory. */
static struct slots *
roomy(struct lane *lane)
{
	struct slots *s = atomic_load(&lane->slots), *more;
	entry_ptr e, none;

	if (s && (size_t)lane->count * 3 < room_of(s) * 2)
		return s;
	more = slots_new(s ? s->bits + 1 : BITS_MIN);
	if (!more)
		return NULL;
	for (size_t i = 0; s && i < room_of(s); i++) {
		e = atomic_load_explicit(&s->at[i], memory_order_relaxed);
		if (e)
			atomic_init(&more->at[slot_of(more, e->sha256, &none)], e);
	}
	more->outgrown = s;
	atomic_store_explicit(&lane->slots, more, memory_order_release);
	return more;
}

enum ward_rc
ward_overlay_set(struct ward_overlay *o, const uint8_t sha256[32],
		 const struct ward_verdict_value *value)
{
	struct lane *lane = &o->lanes[lane_of(sha256)];
	struct slots *s = roomy(lane);
	struct ward_verdict_entry *e = s ? entry_new(o) : NULL;
	entry_ptr old;
	size_t at;

	if (!e)
		return WARD_E_NOMEM;
	memcpy(e->sha256, sha256, 32);
	e->value = *value;
	at = slot_of(s, sha256, &old);
	atomic_store_explicit(&s->at[at], e, memory_order_release);
	lane->count += !old;
	atomic_fetch_add(&o->count, !old);
	atomic_fetch_add(&o->sets, 1);
	return WARD_OK;
}

/* --- readers --- */

const struct ward_verdict_value *
ward_overlay_find(const struct ward_overlay *o, const uint8_t sha256[32])
{
	const struct slots *s;
	entry_ptr e;

	if (!o || atomic_load_explicit(&o->count, memory_order_relaxed) == 0)
		return NULL;
	s = slots_of(o, sha256);
	if (!s)
		return NULL;
	slot_of(s, sha256, &e);
	return e ? &e->value : NULL;
}

void
ward_overlay_prefetch(const struct ward_overlay *o, const uint8_t sha256[32])
{
	const struct slots *s;

	if (!o || atomic_load_explicit(&o->count, memory_order_relaxed) == 0)
		return;
	s = slots_of(o, sha256);
	if (s)
		__builtin_prefetch((const uint8_t *)s + offsetof(struct slots, at) +
				   home_of(s, sha256) * sizeof(s->at[0]));
}

uint64_t
ward_overlay_count(const struct ward_overlay *o)
{
	return o ? atomic_load(&o->count) : 0;
}

uint64_t
ward_overlay_sets(const struct ward_overlay *o)
{
	return o ? atomic_load(&o->sets) : 0;
}

/* Those of one lane; false: `fn` ended it. */
static bool
each_of(const struct slots *s, struct ward_span prefix, ward_overlay_fn fn, void *context)
{
	entry_ptr e;

	for (size_t i = 0; s && i < room_of(s); i++) {
		e = atomic_load_explicit(&s->at[i], memory_order_acquire);
		if (e && ward_span_starts(ward_span_of(e->sha256, 32), prefix.data, prefix.len) &&
		    !fn(context, e))
			return false;
	}
	return true;
}

void
ward_overlay_each(const struct ward_overlay *o, struct ward_span prefix, ward_overlay_fn fn,
		  void *context)
{
	uint8_t first[32] = {0}, last[32];
	bool go_on = o != NULL;

	memset(last, 0xff, sizeof(last));
	prefix = ward_span_cut(prefix, 0, sizeof(first));
	if (prefix.len > 0) {
		memcpy(first, prefix.data, prefix.len);
		memcpy(last, prefix.data, prefix.len);
	}
	for (size_t i = lane_of(first); go_on && i <= lane_of(last); i++)
		go_on = each_of(atomic_load_explicit(&o->lanes[i].slots, memory_order_acquire),
				prefix, fn, context);
}

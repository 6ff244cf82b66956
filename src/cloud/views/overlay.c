/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/overlay.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BLOCK = 1024, BITS_MIN = 10 };

typedef const struct ward_verdict_entry *entry_ptr;

struct slots {
	struct slots *outgrown;
	unsigned bits;
	_Atomic(entry_ptr) at[]; /* 2^bits of them, at least a third is free */
};

struct block {
	struct block *next;
	struct ward_verdict_entry entries[BLOCK];
};

struct ward_overlay {
	_Atomic(struct slots *) slots;
	struct block *blocks; /* the first one has room */
	size_t block_used;
	_Atomic uint64_t count, sets;
};

static size_t
room_of(const struct slots *s)
{
	return (size_t)1 << s->bits;
}

/* Where entries that begin like this begin to stand. */
static size_t
home_of(const struct slots *s, const uint8_t sha256[32])
{
	uint64_t top = 0;

	for (unsigned i = 0; i < 8; i++)
		top = top << 8 | sha256[i];
	return (size_t)(top >> (64 - s->bits));
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
	struct ward_overlay *o = calloc(1, sizeof(*o));
	struct slots *s = slots_new(BITS_MIN);

	if (!o || !s) {
		free(o);
		free(s);
		return NULL;
	}
	atomic_init(&o->slots, s);
	return o;
}

struct ward_overlay *
ward_overlay_free(struct ward_overlay *o)
{
	struct slots *s;

	if (!o)
		return NULL;
	s = atomic_load(&o->slots);
	while (s) {
		struct slots *next = s->outgrown;

		free(s);
		s = next;
	}
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

static enum ward_rc
grow(struct ward_overlay *o)
{
	struct slots *s = atomic_load(&o->slots), *more = slots_new(s->bits + 1);
	entry_ptr e, none;

	if (!more)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < room_of(s); i++) {
		e = atomic_load_explicit(&s->at[i], memory_order_relaxed);
		if (e)
			atomic_init(&more->at[slot_of(more, e->sha256, &none)], e);
	}
	more->outgrown = s;
	atomic_store_explicit(&o->slots, more, memory_order_release);
	return WARD_OK;
}

enum ward_rc
ward_overlay_set(struct ward_overlay *o, const uint8_t sha256[32],
		 const struct ward_verdict_value *value)
{
	struct slots *s = atomic_load(&o->slots);
	struct ward_verdict_entry *e;
	uint64_t count = atomic_load(&o->count);
	entry_ptr old;
	size_t at;

	if (count * 3 >= room_of(s) * 2) {
		if (grow(o))
			return WARD_E_NOMEM;
		s = atomic_load(&o->slots);
	}
	e = entry_new(o);
	if (!e)
		return WARD_E_NOMEM;
	memcpy(e->sha256, sha256, 32);
	e->value = *value;
	at = slot_of(s, sha256, &old);
	atomic_store_explicit(&s->at[at], e, memory_order_release);
	atomic_store(&o->count, count + !old);
	atomic_fetch_add(&o->sets, 1);
	return WARD_OK;
}

/* --- readers --- */

const struct ward_verdict_value *
ward_overlay_find(const struct ward_overlay *o, const uint8_t sha256[32])
{
	entry_ptr e;

	if (!o || atomic_load_explicit(&o->count, memory_order_relaxed) == 0)
		return NULL;
	slot_of(atomic_load_explicit(&o->slots, memory_order_acquire), sha256, &e);
	return e ? &e->value : NULL;
}

void
ward_overlay_prefetch(const struct ward_overlay *o, const uint8_t sha256[32])
{
	const struct slots *s;

	if (!o || atomic_load_explicit(&o->count, memory_order_relaxed) == 0)
		return;
	s = atomic_load_explicit(&o->slots, memory_order_acquire);
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

void
ward_overlay_each(const struct ward_overlay *o, struct ward_span prefix, ward_overlay_fn fn,
		  void *context)
{
	uint8_t first[32] = {0}, last[32];
	const struct slots *s;
	size_t at, steps;
	entry_ptr e;

	if (!o)
		return;
	memset(last, 0xff, sizeof(last));
	prefix = ward_span_cut(prefix, 0, sizeof(first));
	if (prefix.len > 0) {
		memcpy(first, prefix.data, prefix.len);
		memcpy(last, prefix.data, prefix.len);
	}
	s = atomic_load_explicit(&o->slots, memory_order_acquire);
	at = home_of(s, first);
	steps = home_of(s, last) - at + 1;
	/* behind the last home, up to the next free slot, stand those that found theirs taken */
	for (size_t i = 0; i < room_of(s); i++) {
		e = atomic_load_explicit(&s->at[(at + i) & (room_of(s) - 1)], memory_order_acquire);
		if (!e && i >= steps)
			break;
		if (e && ward_span_starts(ward_span_of(e->sha256, 32), prefix.data, prefix.len) &&
		    !fn(context, e))
			break;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "match/intern.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

void
ward_intern_init(struct ward_intern *set, bool terminate)
{
	*set = (struct ward_intern){.terminate = terminate};
	ward_buf_init(&set->blob, UINT32_MAX, NULL);
}

void
ward_intern_done(struct ward_intern *set)
{
	if (!set)
		return;
	ward_buf_done(&set->blob);
	free(set->slots);
	free(set->offsets);
	free(set->lengths);
	*set = (struct ward_intern){0};
}

/* FNV-1a with a final mix; the input is the administrator's own lists, and a bad spread only
 * costs time. */
static uint32_t
hash_of(struct ward_span s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.data[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

/* The slot that holds `s`, or the empty one where it belongs. */
static size_t
slot_of(const struct ward_intern *set, struct ward_span s, uint32_t hash)
{
	size_t mask = set->slot_count - 1;
	size_t at = hash & mask;

	for (; set->slots[at]; at = (at + 1) & mask) {
		uint32_t number = (uint32_t)set->slots[at] - 1;

		if (set->slots[at] >> 32 == hash && ward_span_eq(ward_intern_get(set, number), s))
			break;
	}
	return at;
}

static enum ward_rc
grow_slots(struct ward_intern *set)
{
	size_t want = set->slot_count ? set->slot_count * 2 : FIRST_SLOTS;
	uint64_t *old = set->slots, *fresh = calloc(want, sizeof(*fresh));
	size_t had = set->slot_count;

	if (!fresh)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < had; i++) {
		size_t at = (old[i] >> 32) & (want - 1);

		if (!old[i])
			continue;
		while (fresh[at])
			at = (at + 1) & (want - 1);
		fresh[at] = old[i];
	}
	free(old);
	set->slots = fresh;
	set->slot_count = want;
	return WARD_OK;
}

static enum ward_rc
grow_list(struct ward_intern *set)
{
	uint32_t want = set->room ? set->room * 2 : FIRST_SLOTS;
	uint32_t *p;

	if (set->count < set->room)
		return WARD_OK;
	if (set->room >= UINT32_MAX / 2)
		return WARD_E_LIMIT;
	p = realloc(set->offsets, (size_t)want * sizeof(*p));
	if (!p)
		return WARD_E_NOMEM;
	set->offsets = p;
	p = realloc(set->lengths, (size_t)want * sizeof(*p));
	if (!p)
		return WARD_E_NOMEM;
	set->lengths = p;
	set->room = want;
	return WARD_OK;
}

static enum ward_rc
append(struct ward_intern *set, struct ward_span s)
{
	uint32_t start = (uint32_t)set->blob.len;
	enum ward_rc rc = grow_list(set);

	if (rc == WARD_OK)
		rc = ward_buf_append(&set->blob, s.data, s.len);
	if (rc == WARD_OK && set->terminate)
		rc = ward_buf_byte(&set->blob, 0);
	if (rc != WARD_OK) {
		set->blob.len = start;
		return rc;
	}
	set->offsets[set->count] = start;
	set->lengths[set->count] = (uint32_t)s.len;
	set->count++;
	return WARD_OK;
}

enum ward_rc
ward_intern_add(struct ward_intern *set, struct ward_span s, uint32_t *ret_number)
{
	uint32_t hash = hash_of(s);
	enum ward_rc rc;
	size_t at;

	if (set->slot_count / 2 <= set->count) {
		rc = grow_slots(set);
		if (rc != WARD_OK)
			return rc;
	}
	at = slot_of(set, s, hash);
	if (!set->slots[at]) {
		rc = append(set, s);
		if (rc != WARD_OK)
			return rc;
		set->slots[at] = (uint64_t)hash << 32 | set->count;
	}
	*ret_number = (uint32_t)set->slots[at] - 1;
	return WARD_OK;
}

uint32_t
ward_intern_find(const struct ward_intern *set, struct ward_span s)
{
	size_t at;

	if (!set->slot_count)
		return UINT32_MAX;
	at = slot_of(set, s, hash_of(s));
	return set->slots[at] ? (uint32_t)set->slots[at] - 1 : UINT32_MAX;
}

struct ward_span
ward_intern_get(const struct ward_intern *set, uint32_t number)
{
	if (number >= set->count)
		return ward_span_of(NULL, 0);
	return ward_span_cut(ward_buf_span(&set->blob), set->offsets[number], set->lengths[number]);
}

uint32_t
ward_intern_offset(const struct ward_intern *set, uint32_t number)
{
	return number < set->count ? set->offsets[number] : 0;
}

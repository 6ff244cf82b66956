/* SPDX-License-Identifier: Apache-2.0 */
/* States of devices in memory. */
#include <stdlib.h>

#include "cloud/views/views-priv.h"

void
ward_device_map_init(struct ward_device_map *map)
{
	memset(map, 0, sizeof(*map));
	pthread_rwlock_init(&map->lock, NULL);
}

void
ward_device_map_done(struct ward_device_map *map)
{
	free(map->slots);
	map->slots = NULL;
	pthread_rwlock_destroy(&map->lock);
}

static struct ward_device_slot *
slot_of(struct ward_device_slot *slots, size_t room, const uint8_t id[WARD_DEVICE_LEN])
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, id + 8, sizeof(hash));
	at = (hash ^ hash >> 29) & (room - 1);
	while (slots[at].state != WARD_DEVICE_UNKNOWN &&
	       memcmp(slots[at].id, id, WARD_DEVICE_LEN) != 0)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static enum ward_rc
grow(struct ward_device_map *map)
{
	size_t room = map->room ? 2 * map->room : 256;
	struct ward_device_slot *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return WARD_E_NOMEM;
	for (size_t i = 0; i < map->room; i++)
		if (map->slots[i].state != WARD_DEVICE_UNKNOWN)
			*slot_of(slots, room, map->slots[i].id) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->room = room;
	return WARD_OK;
}

enum ward_rc
ward_device_map_set(struct ward_device_map *map, const uint8_t id[WARD_DEVICE_LEN],
		    enum ward_device_state state)
{
	enum ward_rc rc = WARD_OK;

	pthread_rwlock_wrlock(&map->lock);
	if (map->count * 2 >= map->room)
		rc = grow(map);
	if (!rc) {
		struct ward_device_slot *slot = slot_of(map->slots, map->room, id);

		map->count += slot->state == WARD_DEVICE_UNKNOWN;
		memcpy(slot->id, id, WARD_DEVICE_LEN);
		slot->state = (uint8_t)state;
	}
	pthread_rwlock_unlock(&map->lock);
	return rc;
}

enum ward_device_state
ward_device_map_get(struct ward_device_map *map, const uint8_t id[WARD_DEVICE_LEN])
{
	enum ward_device_state state = WARD_DEVICE_UNKNOWN;

	pthread_rwlock_rdlock(&map->lock);
	if (map->room > 0)
		state = (enum ward_device_state)slot_of(map->slots, map->room, id)->state;
	pthread_rwlock_unlock(&map->lock);
	return state;
}

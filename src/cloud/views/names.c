/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { BLOCK = 4096, BLOCKS = 4096, BUCKETS = 65536 };

struct name {
	struct name *next;
	uint32_t number;
	char text[];
};

/* Numbers lead to texts through blocks that never move, so that reading takes no lock. */
struct ward_names {
	pthread_mutex_t lock;
	_Atomic uint32_t count;
	const char **blocks[BLOCKS];
	struct name *buckets[BUCKETS];
};

struct ward_names *
ward_names_new(void)
{
	struct ward_names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	pthread_mutex_init(&n->lock, NULL);
	if (ward_names_number(n, "") != 0)
		return ward_names_free(n);
	return n;
}

struct ward_names *
ward_names_free(struct ward_names *n)
{
	if (!n)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		while (n->buckets[i]) {
			struct name *next = n->buckets[i]->next;

			free(n->buckets[i]);
			n->buckets[i] = next;
		}
	for (size_t i = 0; i < BLOCKS; i++)
		free(n->blocks[i]);
	pthread_mutex_destroy(&n->lock);
	free(n);
	return NULL;
}

/* FNV-1a. */
static size_t
bucket_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return (hash ^ hash >> 32) % BUCKETS;
}

static uint32_t
add(struct ward_names *n, const char *text, struct name **bucket)
{
	uint32_t number = atomic_load(&n->count);
	size_t len = strlen(text) + 1;
	struct name *name;

	if (number / BLOCK >= BLOCKS)
		return UINT32_MAX;
	if (!n->blocks[number / BLOCK])
		n->blocks[number / BLOCK] = calloc(BLOCK, sizeof(char *));
	name = malloc(sizeof(*name) + len);
	if (!n->blocks[number / BLOCK] || !name) {
		free(name);
		return UINT32_MAX;
	}
	memcpy(name->text, text, len);
	name->number = number;
	name->next = *bucket;
	*bucket = name;
	n->blocks[number / BLOCK][number % BLOCK] = name->text;
	atomic_store_explicit(&n->count, number + 1, memory_order_release);
	return number;
}

uint32_t
ward_names_number(struct ward_names *n, const char *text)
{
	struct name **bucket = &n->buckets[bucket_of(text)], *name;
	uint32_t number;

	pthread_mutex_lock(&n->lock);
	name = *bucket;
	while (name && strcmp(name->text, text) != 0)
		name = name->next;
	number = name ? name->number : add(n, text, bucket);
	pthread_mutex_unlock(&n->lock);
	return number;
}

const char *
ward_names_text(struct ward_names *n, uint32_t number)
{
	if (number >= atomic_load_explicit(&n->count, memory_order_acquire))
		return "";
	return n->blocks[number / BLOCK][number % BLOCK];
}

uint32_t
ward_names_count(struct ward_names *n)
{
	return atomic_load_explicit(&n->count, memory_order_acquire);
}

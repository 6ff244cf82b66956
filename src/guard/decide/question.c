/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/decide-priv.h"

#include "sys/fd.h"

static uint32_t
place_of(const struct ward_decide *d, const struct question *q)
{
	return (uint32_t)(q - d->questions);
}

static uint32_t *
bucket_of(struct ward_decide *d, const struct ward_key *key)
{
	return &d->buckets[ward_key_hash(key) & d->bucket_mask];
}

static void
link_key(struct ward_decide *d, struct question *q)
{
	uint32_t *bucket = bucket_of(d, &q->key);

	q->hash_next = *bucket;
	*bucket = place_of(d, q);
}

static void
unlink_key(struct ward_decide *d, struct question *q)
{
	uint32_t *at = bucket_of(d, &q->key);
	uint32_t place = place_of(d, q);

	while (*at != place)
		at = &d->questions[*at].hash_next;
	*at = q->hash_next;
}

struct question *
question_new(struct ward_decide *d, const struct ward_key *key, int fd)
{
	struct question *q;
	uint32_t generation;

	if (d->free == NONE)
		return NULL;
	q = &d->questions[d->free];
	d->free = q->next;
	generation = q->generation + 1;
	*q = (struct question){
		.state = QUESTION_ASKED,
		.urgency = WARD_URGENT_NOT,
		.generation = generation,
		.next = NONE,
		.previous = NONE,
		.key = *key,
		.fd = fd,
		.pidfd = -1,
		.epoch = d->epoch,
		.waiters = NONE,
	};
	link_key(d, q);
	return q;
}

void
question_free(struct ward_decide *d, struct question *q)
{
	unlink_key(d, q);
	ward_fd_close(&q->fd);
	ward_fd_close(&q->pidfd);
	q->state = QUESTION_FREE;
	q->next = d->free;
	d->free = place_of(d, q);
}

struct question *
question_find(struct ward_decide *d, const struct ward_key *key)
{
	for (uint32_t i = *bucket_of(d, key); i != NONE; i = d->questions[i].hash_next) {
		if (ward_key_equal(&d->questions[i].key, key))
			return &d->questions[i];
	}
	return NULL;
}

struct question *
question_find_written(struct ward_decide *d, const struct ward_key *key)
{
	for (uint32_t i = *bucket_of(d, key); i != NONE; i = d->questions[i].hash_next) {
		struct question *q = &d->questions[i];

		if (ward_key_same_file(&q->key, key) && q->state == QUESTION_QUEUED &&
		    q->urgency == WARD_URGENT_NOT)
			return q;
	}
	return NULL;
}

uint64_t
question_id(const struct ward_decide *d, const struct question *q)
{
	return (uint64_t)q->generation << 32 | place_of(d, q);
}

struct question *
question_by_id(struct ward_decide *d, uint64_t id)
{
	uint32_t place = (uint32_t)id;
	struct question *q;

	if (place >= d->question_count)
		return NULL;
	q = &d->questions[place];
	return q->state == QUESTION_ASKED && q->generation == id >> 32 ? q : NULL;
}

void
question_set_key(struct ward_decide *d, struct question *q, const struct ward_key *key)
{
	unlink_key(d, q);
	q->key = *key;
	q->epoch = d->epoch;
	link_key(d, q);
}

/* --- turns --- */

unsigned
question_lane(struct ward_decide *d, int pid)
{
	uint32_t user = d->ops.user ? d->ops.user(d->ops.ctx, pid) : 0;

	/* Knuth's multiplicative hash: neighbours do not meet. */
	return (unsigned)((user * UINT32_C(2654435761)) >> 26) % LANES;
}

void
question_enqueue(struct ward_decide *d, struct question *q, enum ward_urgency urgency)
{
	struct turns *turns = &d->queues[urgency];
	struct queue *queue = &turns->lanes[q->lane];

	q->state = QUESTION_QUEUED;
	q->urgency = urgency;
	q->next = NONE;
	q->previous = queue->tail;
	if (queue->tail == NONE)
		queue->head = place_of(d, q);
	else
		d->questions[queue->tail].next = place_of(d, q);
	queue->tail = place_of(d, q);
	turns->taken |= UINT64_C(1) << q->lane;
	turns->count++;
}

void
question_dequeue(struct ward_decide *d, struct question *q)
{
	struct turns *turns = &d->queues[q->urgency];
	struct queue *queue = &turns->lanes[q->lane];

	if (q->previous == NONE)
		queue->head = q->next;
	else
		d->questions[q->previous].next = q->next;
	if (q->next == NONE)
		queue->tail = q->previous;
	else
		d->questions[q->next].previous = q->previous;
	q->next = q->previous = NONE;
	q->state = QUESTION_ASKED;
	if (queue->head == NONE)
		turns->taken &= ~(UINT64_C(1) << q->lane);
	turns->count--;
}

struct question *
question_next(struct ward_decide *d, enum ward_urgency urgency)
{
	struct turns *turns = &d->queues[urgency];

	for (unsigned i = 1; i <= LANES && turns->taken; i++) {
		unsigned lane = (turns->last + i) % LANES;

		if (!(turns->taken >> lane & 1))
			continue;
		if (urgency < WARD_URGENT_NOT && d->rules.threads > 0 &&
		    d->working[lane] >= d->rules.threads)
			continue;
		return &d->questions[turns->lanes[lane].head];
	}
	return NULL;
}

void
question_count(struct ward_decide *d, struct question *q, bool at_work)
{
	if (at_work && q->urgency < WARD_URGENT_NOT) {
		d->working[q->lane]++;
		d->queues[q->urgency].last = q->lane;
		q->counted = true;
	} else if (q->counted) {
		d->working[q->lane]--;
		q->counted = false;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/hold.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sys/fan.h"
#include "sys/fd.h"

/*
 * A slot's state is its deadline while it waits. Whoever replaces that by ANSWERING is the one to
 * answer; afterwards it is ANSWERED. The kernel knows an open by the number of its descriptor, so
 * this may be closed (and used again) only when the answer is out.
 */
enum { ANSWERED = 0, ANSWERING = 1, DEFAULT_WAIT_USEC = 10 * 1000 * 1000 };

struct slot {
	_Atomic uint64_t state;
	int gate, fd;
	bool exec;
	uint64_t first; /* deadline */
	uint32_t next_free;
};

struct ward_holds {
	size_t max;
	uint32_t free;	       /* first free slot; `max`: none */
	_Atomic bool allow[2]; /* opens, executions */
	_Atomic uint64_t wait;
	_Atomic uint32_t high; /* no slot from here on was ever used */
	_Atomic uint64_t expired;
	_Atomic size_t count;
	struct slot *slots;
};

struct ward_holds *
ward_holds_new(size_t max)
{
	struct ward_holds *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->max = max < WARD_HOLDS_MAX ? max : WARD_HOLDS_MAX;
	h->slots = calloc(h->max, sizeof(*h->slots));
	if (!h->slots)
		return ward_holds_free(h);
	ward_holds_set(h, DEFAULT_WAIT_USEC, true, true);
	for (uint32_t i = 0; i < h->max; i++)
		h->slots[i].next_free = i + 1;
	return h;
}

struct ward_holds *
ward_holds_free(struct ward_holds *h)
{
	if (h)
		free(h->slots);
	free(h);
	return NULL;
}

void
ward_holds_set(struct ward_holds *h, uint64_t wait, bool allow_open, bool allow_exec)
{
	atomic_store(&h->wait, wait);
	atomic_store(&h->allow[false], allow_open);
	atomic_store(&h->allow[true], allow_exec);
}

uint64_t
ward_holds_wait(const struct ward_holds *h)
{
	return atomic_load(&h->wait);
}

bool
ward_holds_allow(const struct ward_holds *h, bool exec)
{
	return atomic_load(&h->allow[exec]);
}

bool
ward_holds_add(struct ward_holds *h, int gate, int fd, bool exec, uint64_t deadline,
	       uint32_t *ret_slot)
{
	uint32_t i = h->free;

	if (i >= h->max)
		return false;
	h->free = h->slots[i].next_free;
	h->slots[i].gate = gate;
	h->slots[i].fd = fd;
	h->slots[i].exec = exec;
	h->slots[i].first = deadline;
	if (atomic_load(&h->high) <= i)
		atomic_store(&h->high, i + 1);
	atomic_fetch_add(&h->count, 1);
	atomic_store(&h->slots[i].state, deadline > ANSWERING ? deadline : ANSWERING + 1);
	*ret_slot = i;
	return true;
}

int
ward_holds_fd(const struct ward_holds *h, uint32_t slot)
{
	return h->slots[slot].fd;
}

static void
answer(struct slot *s, bool allow)
{
	/* One whose process was killed meanwhile waits for nothing any more. */
	(void)!ward_fan_answer(s->gate, s->fd, allow);
	atomic_store(&s->state, ANSWERED);
}

bool
ward_holds_answer(struct ward_holds *h, uint32_t slot, bool allow)
{
	struct slot *s = &h->slots[slot];
	uint64_t state = atomic_load(&s->state);

	while (state > ANSWERING) {
		if (atomic_compare_exchange_weak(&s->state, &state, ANSWERING)) {
			answer(s, allow);
			return true;
		}
	}
	return false;
}

void
ward_holds_extend(struct ward_holds *h, uint32_t slot, uint64_t deadline, uint64_t most)
{
	struct slot *s = &h->slots[slot];
	uint64_t state = atomic_load(&s->state);

	if (deadline > s->first + most)
		deadline = s->first + most;
	while (state > ANSWERING && state < deadline) {
		if (atomic_compare_exchange_weak(&s->state, &state, deadline))
			return;
	}
}

void
ward_holds_release(struct ward_holds *h, uint32_t slot, bool close_fd)
{
	struct slot *s = &h->slots[slot];

	/* The other thread is between two instructions and one system call. */
	while (atomic_load(&s->state) == ANSWERING)
		(void)sched_yield();
	if (close_fd)
		ward_fd_close(&s->fd);
	s->next_free = h->free;
	h->free = slot;
	atomic_fetch_sub(&h->count, 1);
}

uint64_t
ward_holds_expire(struct ward_holds *h, uint64_t now)
{
	uint32_t high = atomic_load(&h->high);
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < high; i++) {
		struct slot *s = &h->slots[i];
		uint64_t state = atomic_load(&s->state);

		if (state <= ANSWERING)
			continue;
		if (state > now) {
			next = state < next ? state : next;
		} else if (atomic_compare_exchange_strong(&s->state, &state, ANSWERING)) {
			atomic_fetch_add(&h->expired, 1);
			answer(s, ward_holds_allow(h, s->exec));
		}
	}
	return next;
}

uint64_t
ward_holds_expired(const struct ward_holds *h)
{
	return atomic_load(&h->expired);
}

size_t
ward_holds_count(const struct ward_holds *h)
{
	return atomic_load(&h->count);
}

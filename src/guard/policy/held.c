/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/policy/held.h"

#include <pthread.h>
#include <stdlib.h>

struct counted {
	struct ward_held_ref ref; /* first: what is handed out */
	struct ward_policy_effective *effective;
	size_t users; /* under the lock; one is the holder itself */
};

struct ward_held {
	pthread_mutex_t lock;
	struct counted *now;
};

static struct counted *
count_new(struct ward_policy_effective *e)
{
	struct counted *c = calloc(1, sizeof(*c));

	if (c)
		*c = (struct counted){{e}, e, 1};
	return c;
}

struct ward_held *
ward_held_new(struct ward_policy_effective *take_first)
{
	struct ward_held *h = calloc(1, sizeof(*h));

	if (h)
		h->now = count_new(take_first);
	if (!h || !h->now) {
		free(h);
		return NULL;
	}
	(void)pthread_mutex_init(&h->lock, NULL);
	return h;
}

static void
drop(struct ward_held *h, struct counted *c)
{
	bool last;

	(void)pthread_mutex_lock(&h->lock);
	last = --c->users == 0;
	(void)pthread_mutex_unlock(&h->lock);
	if (last) {
		ward_policy_effective_freep(&c->effective);
		free(c);
	}
}

struct ward_held *
ward_held_free(struct ward_held *h)
{
	if (!h)
		return NULL;
	drop(h, h->now);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
	return NULL;
}

enum ward_rc
ward_held_set(struct ward_held *h, struct ward_policy_effective *take_next)
{
	struct counted *next = count_new(take_next), *former;

	if (!next)
		return WARD_E_NOMEM;
	(void)pthread_mutex_lock(&h->lock);
	former = h->now;
	h->now = next;
	(void)pthread_mutex_unlock(&h->lock);
	drop(h, former);
	return WARD_OK;
}

struct ward_held_ref *
ward_held_take(struct ward_held *h)
{
	struct counted *c;

	(void)pthread_mutex_lock(&h->lock);
	c = h->now;
	c->users++;
	(void)pthread_mutex_unlock(&h->lock);
	return &c->ref;
}

void
ward_held_give(struct ward_held *h, struct ward_held_ref *ref)
{
	drop(h, (struct counted *)ref);
}

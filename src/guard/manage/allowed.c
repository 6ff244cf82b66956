/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/manage/allowed.h"

#include <pthread.h>
#include <stdlib.h>

#include "sys/clock.h"

enum { DIGEST = 32 };

struct one {
	uint64_t until_ms; /* 0: for ever */
	uint8_t sha256[DIGEST];
	char *threat; /* NULL: the digest counts */
};

struct list {
	struct one *items;
	size_t count, room;
};

struct ward_allowed {
	pthread_mutex_t lock;
	struct list list;
};

static void
list_done(struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].threat);
	free(l->items);
	*l = (struct list){NULL, 0, 0};
}

struct ward_allowed *
ward_allowed_new(void)
{
	struct ward_allowed *a = calloc(1, sizeof(*a));

	if (a)
		(void)pthread_mutex_init(&a->lock, NULL);
	return a;
}

struct ward_allowed *
ward_allowed_free(struct ward_allowed *a)
{
	if (!a)
		return NULL;
	list_done(&a->list);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

static enum ward_rc
grow(struct list *l)
{
	size_t room = l->room ? l->room * 2 : 64;
	struct one *items;

	if (l->count < l->room)
		return WARD_OK;
	if (l->count >= WARD_ALLOWED_MAX)
		return WARD_E_LIMIT;
	items = realloc(l->items, room * sizeof(*items));
	if (!items)
		return WARD_E_NOMEM;
	l->items = items;
	l->room = room;
	return WARD_OK;
}

static enum ward_rc
take(void *ctx, const struct ward_allow *allow)
{
	struct list *l = ctx;
	struct one one = {.until_ms = allow->until_ms};
	enum ward_rc rc = grow(l);

	if (rc != WARD_OK)
		return rc;
	if (allow->kind == WARD_ALLOW_SHA256) {
		if (allow->value.len != DIGEST)
			return WARD_OK;
		memcpy(one.sha256, allow->value.data, DIGEST);
	} else {
		one.threat = strndup((const char *)allow->value.data, allow->value.len);
		if (!one.threat)
			return WARD_E_NOMEM;
	}
	l->items[l->count++] = one;
	return WARD_OK;
}

enum ward_rc
ward_allowed_load(struct ward_allowed *a, struct ward_history *h)
{
	struct list fresh = {NULL, 0, 0}, former;
	enum ward_rc rc = ward_history_allowed(h, ward_clock_wall() / 1000, take, &fresh);

	if (rc != WARD_OK) {
		list_done(&fresh);
		return rc;
	}
	(void)pthread_mutex_lock(&a->lock);
	former = a->list;
	a->list = fresh;
	(void)pthread_mutex_unlock(&a->lock);
	list_done(&former);
	return WARD_OK;
}

static bool
is_it(const struct one *o, const uint8_t *sha256, const char *threat, uint64_t now_ms)
{
	if (o->until_ms != 0 && o->until_ms <= now_ms)
		return false;
	return o->threat ? *threat && strcmp(o->threat, threat) == 0
			 : sha256 && memcmp(o->sha256, sha256, DIGEST) == 0;
}

/* Asked for what is bad only, and few things are allowed: no index. */
bool
ward_allowed_has(struct ward_allowed *a, const uint8_t *sha256, const char *threat, uint64_t now_ms)
{
	bool found = false;

	(void)pthread_mutex_lock(&a->lock);
	for (size_t i = 0; !found && i < a->list.count; i++)
		found = is_it(&a->list.items[i], sha256, threat, now_ms);
	(void)pthread_mutex_unlock(&a->lock);
	return found;
}

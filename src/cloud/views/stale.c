/* SPDX-License-Identifier: Apache-2.0 */
/* What lists say of one file, and what a list no longer says. */
#include "cloud/views/views-priv.h"
#include "sys/crc32c.h"

enum { ARENA = 64 * 1024, PREFIX = 2, LIST = 4 };

struct stale {
	struct ward_arena *arena;
	const char *list;
	uint64_t time_ms;
	uint32_t crc;
	size_t left;
	struct ward_stale_walk *walk;
	ward_stale_fn fn;
	void *context;
};

static enum ward_rc
is_stale(const struct stale *s, struct ward_span value, bool *ret)
{
	struct ward_arena_mark before = ward_arena_save(s->arena);
	Ward__View__V1__Listed *l;
	enum ward_rc rc =
		ward_store_unpack(&ward__view__v1__listed__descriptor, value, s->arena, &l);

	*ret = !rc && l->time_ms != s->time_ms && strcmp(l->list, s->list) == 0;
	ward_arena_restore(s->arena, before);
	return rc;
}

/* 'm' kind digest list(4) */
static enum ward_rc
look_at(void *context, struct ward_span key, struct ward_span value)
{
	struct stale *s = context;
	bool stale = false;
	enum ward_rc rc = WARD_OK;

	if (key.len <= PREFIX + LIST || key.len > WARD_STALE_KEY)
		return WARD_E_FORMAT;
	if (s->left-- == 0) {
		memcpy(s->walk->key, key.data, key.len);
		s->walk->len = key.len;
		s->walk->end = false;
		return WARD_E_STOPPED;
	}
	if (memcmp(key.data + key.len - LIST, &s->crc, LIST) == 0)
		rc = is_stale(s, value, &stale);
	return rc || !stale
		       ? rc
		       : s->fn(s->context, (Ward__Log__V1__Digest)key.data[1], key.data + PREFIX);
}

enum ward_rc
ward_views_stale(struct ward_views *views, const char *list, uint64_t time_ms, size_t max,
		 struct ward_stale_walk *walk, ward_stale_fn fn, void *context)
{
	struct ward_budget budget = {.cap = ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct stale s = {arena, list, time_ms, ward_crc32c(0, ward_span_str(list)),
			  max,	 walk, fn,	context};
	struct ward_span prefix = ward_span_of("m", 1);
	uint8_t from[WARD_STALE_KEY];
	struct ward_span start = walk->len > 0 ? ward_span_of(from, walk->len) : prefix;

	if (!arena)
		return WARD_E_NOMEM;
	memcpy(from, walk->key, sizeof(from));
	walk->end = true;
	return ward_store_each_from(&views->store, prefix, start, look_at, &s);
}

/* --- known good --- */

struct good {
	struct ward_arena *arena;
	uint64_t now_ms;
	const char *list;
};

static enum ward_rc
look_for_good(void *context, struct ward_span key, struct ward_span value)
{
	struct good *g = context;
	Ward__View__V1__Listed *l;
	enum ward_rc rc =
		ward_store_unpack(&ward__view__v1__listed__descriptor, value, g->arena, &l);

	(void)key;
	if (rc || l->verdict != (uint32_t)WARD__V1__VERDICT__VERDICT_CLEAN ||
	    (l->expires_ms != 0 && l->expires_ms <= g->now_ms))
		return rc;
	g->list = l->list;
	return WARD_E_STOPPED;
}

enum ward_rc
ward_views_listed_clean(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
			uint64_t now_ms, struct ward_arena *arena, const char **ret_list)
{
	uint8_t kind = WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	struct ward_key key =
		ward_key_of('m', ward_span_of(&kind, 1), ward_span_of(sha256, WARD_HASH_LEN),
			    ward_span_of(NULL, 0));
	struct good g = {arena, now_ms, NULL};
	enum ward_rc rc = ward_store_each(&views->store, ward_key_span(&key), look_for_good, &g);

	if (!rc)
		*ret_list = g.list;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/rulebook.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "sys/fd.h"

enum { PATIENCE_MS = 10 * 1000, PACK_MAX = 64 << 20, MEMORY = 64 << 20 };

struct ward_rulebook {
	struct ward_kin *kin;
	pthread_mutex_t lock; /* of what follows */
	int pack;
};

/* Copies: the overlay is not held while the child works. */
struct gathering {
	struct ward_arena *arena;
	struct ward_rule *rules;
	size_t count;
	enum ward_rc rc;
};

struct ward_rulebook *
ward_rulebook_new(struct ward_kin *kin)
{
	struct ward_rulebook *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->kin = kin;
	b->pack = -1;
	(void)pthread_mutex_init(&b->lock, NULL);
	return b;
}

struct ward_rulebook *
ward_rulebook_free(struct ward_rulebook *b)
{
	if (!b)
		return NULL;
	ward_fd_close(&b->pack);
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
	return NULL;
}

static void
gather(void *ctx, uint64_t number, const char *format, struct ward_span text)
{
	struct gathering *g = ctx;
	struct ward_rule *r = &g->rules[g->count];

	if (g->rc != WARD_OK)
		return;
	if (g->count == WARD_RULES_MAX) {
		g->rc = WARD_E_LIMIT;
		return;
	}
	*r = (struct ward_rule){.number = number,
				.format = ward_arena_strdup(g->arena, ward_span_str(format)),
				.text.data = (uint8_t *)ward_arena_strdup(g->arena, text),
				.text.len = text.len};
	if (!r->format || !r->text.data)
		g->rc = WARD_E_LIMIT;
	g->count++;
}

/* True: it is another one than before. */
static bool
replace(struct ward_rulebook *b, int pack)
{
	bool changed;

	(void)pthread_mutex_lock(&b->lock);
	changed = pack >= 0 || b->pack >= 0;
	ward_fd_close(&b->pack);
	b->pack = pack;
	(void)pthread_mutex_unlock(&b->lock);
	return changed;
}

static enum ward_rc
compile(struct ward_rulebook *b, const struct gathering *g, ward_rules_bad bad, void *ctx,
	bool *ret_changed)
{
	const struct ward_reader reader = {.max = PACK_MAX,
					   .patience_ms = PATIENCE_MS,
					   .on_process = ward_kin_process,
					   .ctx = b->kin};
	int pack = -1;
	enum ward_rc rc = g->rc;

	if (rc == WARD_OK && g->count > 0)
		rc = ward_rules_compile(&reader, g->rules, g->count, bad, ctx, &pack);
	if (rc == WARD_OK)
		*ret_changed = replace(b, pack);
	return rc;
}

enum ward_rc
ward_rulebook_make(struct ward_rulebook *b, struct ward_overlay *overlay, uint64_t now_ms,
		   ward_rules_bad bad, void *ctx, bool *ret_changed)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct gathering g = {.arena = arena};

	if (!b || !arena)
		return WARD_E_NOMEM;
	g.rules = ward_arena_array(arena, WARD_RULES_MAX, sizeof(*g.rules));
	if (!g.rules)
		return WARD_E_NOMEM;
	ward_overlay_rules(overlay, now_ms, gather, &g);
	return compile(b, &g, bad, ctx, ret_changed);
}

void
ward_rulebook_drop(struct ward_rulebook *b)
{
	if (b)
		(void)replace(b, -1);
}

int
ward_rulebook_open(struct ward_rulebook *b)
{
	int copy = -1;

	if (!b)
		return -1;
	(void)pthread_mutex_lock(&b->lock);
	if (b->pack >= 0 && ward_fd_copy(b->pack, &copy) != WARD_OK)
		copy = -1;
	(void)pthread_mutex_unlock(&b->lock);
	return copy;
}

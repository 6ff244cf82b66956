/* SPDX-License-Identifier: Apache-2.0 */
/* A sink for the tests of this and its neighbour folders: remembers what it was
 * told. Test programs only; everything is static so that each stays one file. */
#ifndef WARD_FORMATS_CODEC_PROBE_H
#define WARD_FORMATS_CODEC_PROBE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "formats/sink.h"

enum { PROBE_MAX = 64 };

struct probe_child {
	char name[300];
	uint8_t *bytes;
	size_t len;
	enum ward_type type;
	bool derived;
};

struct probe {
	struct ward_sink sink;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct probe_child child[PROBE_MAX];
	size_t children; /* all of them; the first PROBE_MAX are kept */
	enum ward_reason gap[PROBE_MAX];
	size_t gaps;
	char facts[8192]; /* "key=value\n" each */
	unsigned traits;
	uint64_t charged;
	enum ward_rc refuse; /* what charge answers */
	enum ward_rc answer; /* what child answers */
};

static enum ward_rc
probe_child(void *ctx, const struct ward_child *child)
{
	struct probe *p = ctx;

	if (p->children < PROBE_MAX) {
		struct probe_child *c = &p->child[p->children];

		(void)snprintf(c->name, sizeof(c->name), "%s", child->name);
		c->bytes = malloc(child->bytes.len + 1);
		if (!c->bytes)
			abort();
		if (child->bytes.len)
			memcpy(c->bytes, child->bytes.data, child->bytes.len);
		c->bytes[child->bytes.len] = 0;
		c->len = child->bytes.len;
		c->type = child->type;
		c->derived = child->derived;
	}
	p->children++;
	return p->answer;
}

static void
probe_gap(void *ctx, const char *name, enum ward_reason why)
{
	struct probe *p = ctx;

	(void)name;
	if (p->gaps < PROBE_MAX)
		p->gap[p->gaps++] = why;
}

static void
probe_fact(void *ctx, const char *key, const char *value)
{
	struct probe *p = ctx;
	size_t at = strlen(p->facts);

	(void)snprintf(p->facts + at, sizeof(p->facts) - at, "%s=%s\n", key, value);
}

static void
probe_trait(void *ctx, enum ward_trait trait)
{
	((struct probe *)ctx)->traits |= (unsigned)trait;
}

static enum ward_rc
probe_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	struct probe *p = ctx;

	(void)consumed;
	p->charged += produced;
	return p->refuse;
}

static inline struct probe *
probe_new(void)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->budget.cap = 64u << 20;
	p->arena = ward_arena_new(&p->budget);
	if (!p->arena)
		abort();
	p->sink = (struct ward_sink){
		.ctx = p,
		.child = probe_child,
		.gap = probe_gap,
		.fact = probe_fact,
		.trait = probe_trait,
		.charge = probe_charge,
	};
	return p;
}

static inline void
probe_free(struct probe *p)
{
	for (size_t i = 0; i < p->children && i < PROBE_MAX; i++)
		free(p->child[i].bytes);
	ward_arena_free(p->arena);
	free(p);
}

static inline enum ward_rc
probe_read(struct probe *p, ward_reader reader, const char *text)
{
	return reader(ward_span_str(text), p->arena, &p->sink);
}

/* The kept child of that name; an empty one without a name when there is none. */
static inline struct probe_child *
probe_find(struct probe *p, const char *name)
{
	static uint8_t nothing[1];
	static struct probe_child none = {.bytes = nothing};

	for (size_t i = 0; i < p->children && i < PROBE_MAX; i++)
		if (strcmp(p->child[i].name, name) == 0)
			return &p->child[i];
	return &none;
}

/* Contents of a child as text; "" when there is none. */
static inline const char *
probe_text(struct probe *p, const char *name)
{
	return (const char *)probe_find(p, name)->bytes;
}

/* A whole file, NULL when it cannot be read. */
static inline uint8_t *
probe_load(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	if (!bytes)
		abort();
	if (!f) {
		free(bytes);
		return NULL;
	}
	*ret_len = fread(bytes, 1, 1 << 20, f);
	(void)fclose(f);
	return bytes;
}

#endif

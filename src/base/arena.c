/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

enum { ALIGN = 16, CHUNK = 64 * 1024 };

struct chunk {
	struct chunk *prev;
	size_t size; /* of data */
	size_t used;
	_Alignas(ALIGN) uint8_t data[];
};

struct ward_arena {
	struct ward_budget *budget;
	struct chunk *top;
};

bool
ward_budget_take(struct ward_budget *b, size_t n)
{
	if (n > b->cap - b->used || (b->parent && !ward_budget_take(b->parent, n))) {
		b->hit = true;
		return false;
	}
	b->used += n;
	if (b->used > b->peak)
		b->peak = b->used;
	return true;
}

void
ward_budget_give(struct ward_budget *b, size_t n)
{
	b->used -= n <= b->used ? n : b->used;
	if (b->parent)
		ward_budget_give(b->parent, n);
}

struct ward_arena *
ward_arena_new(struct ward_budget *budget)
{
	struct ward_arena *a = calloc(1, sizeof(*a));

	if (a)
		a->budget = budget;
	return a;
}

static void
pop_chunk(struct ward_arena *a)
{
	struct chunk *c = a->top;

	a->top = c->prev;
	ward_budget_give(a->budget, c->size);
	free(c);
}

struct ward_arena *
ward_arena_free(struct ward_arena *a)
{
	if (a) {
		while (a->top)
			pop_chunk(a);
		free(a);
	}
	return NULL;
}

void
ward_arena_freep(struct ward_arena **a)
{
	*a = ward_arena_free(*a);
}

static bool
push_chunk(struct ward_arena *a, size_t need)
{
	size_t size = need > CHUNK ? need : CHUNK;
	struct chunk *c;

	if (size > SIZE_MAX - sizeof(*c))
		return false;
	/* Near the cap a smaller chunk may still do. */
	if (!ward_budget_take(a->budget, size)) {
		size = need;
		if (!ward_budget_take(a->budget, size))
			return false;
	}
	c = malloc(sizeof(*c) + size);
	if (!c) {
		ward_budget_give(a->budget, size);
		a->budget->hit = true;
		return false;
	}
	c->prev = a->top;
	c->size = size;
	c->used = 0;
	a->top = c;
	return true;
}

void *
ward_arena_alloc(struct ward_arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->top || a->top->size - a->top->used < n)
		if (!push_chunk(a, n))
			return NULL;
	p = a->top->data + a->top->used;
	a->top->used += n;
	memset(p, 0, n);
	return p;
}

void *
ward_arena_array(struct ward_arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return ward_arena_alloc(a, total);
}

char *
ward_arena_strdup(struct ward_arena *a, struct ward_span s)
{
	char *copy;

	if (s.len == SIZE_MAX)
		return NULL;
	copy = ward_arena_alloc(a, s.len + 1);
	if (copy && s.len)
		memcpy(copy, s.data, s.len);
	return copy;
}

char *
ward_arena_vprintf(struct ward_arena *a, const char *fmt, va_list args)
{
	va_list again;
	int len;
	char *out;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return NULL;
	out = ward_arena_alloc(a, (size_t)len + 1);
	if (out)
		(void)vsnprintf(out, (size_t)len + 1, fmt, args);
	return out;
}

char *
ward_arena_printf(struct ward_arena *a, const char *fmt, ...)
{
	va_list args;
	char *out;

	va_start(args, fmt);
	out = ward_arena_vprintf(a, fmt, args);
	va_end(args);
	return out;
}

enum ward_rc
ward_arena_keep(struct ward_arena *a, size_t n)
{
	return push_chunk(a, n) ? WARD_OK : WARD_E_LIMIT;
}

struct ward_arena_mark
ward_arena_save(const struct ward_arena *a)
{
	return (struct ward_arena_mark){a->top, a->top ? a->top->used : 0};
}

void
ward_arena_restore(struct ward_arena *a, struct ward_arena_mark mark)
{
	while (a->top && a->top != mark.chunk)
		pop_chunk(a);
	if (a->top)
		a->top->used = mark.used;
}

struct ward_budget *
ward_arena_budget(struct ward_arena *a)
{
	return a->budget;
}

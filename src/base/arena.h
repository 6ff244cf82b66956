/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one unit of work (a scan, a request). A budget is the cap in bytes
 * that everything of that unit draws from: arenas and buffers share one, so
 * hostile input cannot spread its hunger over many allocators. Not thread-safe.
 * Nothing longer-lived may point into an arena.
 */
#ifndef WARD_BASE_ARENA_H
#define WARD_BASE_ARENA_H

#include <stdarg.h>

#include "base/rc.h"
#include "base/span.h"

struct ward_budget {
	size_t cap;		    /* bytes; 0 means nothing may be taken */
	size_t used;		    /* bytes taken and not given back */
	size_t peak;		    /* highest `used` ever */
	bool hit;		    /* a take was refused; sticky, cleared by its reader */
	struct ward_budget *parent; /* charged as well; NULL: none. Outlives this one */
};

/* Takes n bytes, or refuses (false) and sets `hit`. */
bool ward_budget_take(struct ward_budget *b, size_t n) WARD_MUST_CHECK;
void ward_budget_give(struct ward_budget *b, size_t n);

struct ward_arena;

/* A place to return to with ward_arena_restore. */
struct ward_arena_mark {
	void *chunk;
	size_t used;
};

/* NULL when there is no memory. The budget is borrowed and must outlive the
 * arena. */
struct ward_arena *ward_arena_new(struct ward_budget *budget) WARD_MUST_CHECK;
struct ward_arena *ward_arena_free(struct ward_arena *a);
void ward_arena_freep(struct ward_arena **a);

/*
 * n zeroed bytes aligned to 16, or NULL when the budget or the system refuses
 * (treat it as WARD_E_LIMIT). n == 0 gives a valid pointer.
 */
void *ward_arena_alloc(struct ward_arena *a, size_t n) WARD_MUST_CHECK;
/* count * size with the overflow checked. */
void *ward_arena_array(struct ward_arena *a, size_t count, size_t size) WARD_MUST_CHECK;
/* Copy of `s` with a NUL after it. */
char *ward_arena_strdup(struct ward_arena *a, struct ward_span s) WARD_MUST_CHECK;
char *ward_arena_printf(struct ward_arena *a, const char *fmt, ...)
	WARD_PRINTF(2, 3) WARD_MUST_CHECK;
char *ward_arena_vprintf(struct ward_arena *a, const char *fmt, va_list args)
	WARD_PRINTF(2, 0) WARD_MUST_CHECK;

/* One piece of n bytes, for what is allocated next; it stays when a mark set from now on is restored.
 * WARD_E_LIMIT as for _alloc. */
enum ward_rc ward_arena_keep(struct ward_arena *a, size_t n) WARD_MUST_CHECK;

/* Everything allocated after the mark is gone after the restore; marks nest
 * like a stack. */
struct ward_arena_mark ward_arena_save(const struct ward_arena *a);
void ward_arena_restore(struct ward_arena *a, struct ward_arena_mark mark);

/* The budget the arena draws from; never NULL. */
struct ward_budget *ward_arena_budget(struct ward_arena *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table finds what can match: a path by itself and by each directory above it, a glob by the
 * directory that all its matches lie below, an extension by the ends of the name. Only globs that
 * begin with a wildcard are tried one by one.
 */
#include "policy/exclude/exclude.h"

#include <stdlib.h>

#include "base/text.h"
#include "policy/exclude/set-priv.h"

enum { MEMORY = 256 << 20, EXTENSION_MAX = 64 };

static uint64_t
mix(uint64_t h, struct ward_span s, bool fold)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (fold ? ward_text_lower(s.data[i]) : s.data[i])) * UINT64_C(0x100000001b3);
	return h;
}

static size_t
slot(const struct ward_exclusions *x, enum ward_exclusion_kind kind, struct ward_span key)
{
	uint64_t h = mix(UINT64_C(0xcbf29ce484222325) + (uint64_t)kind, key,
			 kind == WARD_EXCLUDE_EXTENSION);

	return (size_t)(h ^ h >> 32) & x->mask;
}

static bool
same_nocase(struct ward_span a, struct ward_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ward_text_lower(a.data[i]) != ward_text_lower(b.data[i]))
			return false;
	return true;
}

/* --- one entry --- */

/* What stands behind each dot of what is left of a name: "b.c" and "c" of "a.b.c". */
static bool
next_extension(struct ward_span *name)
{
	size_t dot = ward_text_find(*name, ward_span_str("."), 0);

	if (dot == SIZE_MAX)
		return false;
	*name = ward_span_cut(*name, dot + 1, name->len);
	return true;
}

/* The last component without its first byte: the dot of .bashrc begins no extension. */
static struct ward_span
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return ward_span_cut(ward_span_str(slash ? slash + 1 : path), 1, SIZE_MAX);
}

static bool
path_fits(const char *path, struct ward_span directory)
{
	struct ward_span p = ward_span_str(path);

	if (ward_span_eq(directory, ward_span_str("/")))
		return true;
	return ward_span_starts(p, directory.data, directory.len) &&
	       (p.len == directory.len || p.data[directory.len] == '/');
}

static bool
extension_fits(const char *path, struct ward_span extension)
{
	struct ward_span name = name_of(path);

	while (next_extension(&name))
		if (same_nocase(name, extension))
			return true;
	return false;
}

bool
ward_exclusion_fits(const struct item *item, const struct ward_exclusion_subject *s)
{
	switch (item->entry->kind) {
	case WARD_EXCLUDE_PATH:
		return s->path && path_fits(s->path, ward_span_str(item->entry->value));
	case WARD_EXCLUDE_GLOB:
		return s->path && ward_glob_match(item->glob, ward_span_str(s->path));
	case WARD_EXCLUDE_EXTENSION:
		return s->path && extension_fits(s->path, item->key);
	case WARD_EXCLUDE_PROCESS:
		return s->process && strcmp(s->process, item->entry->value) == 0;
	case WARD_EXCLUDE_HASH:
		return s->sha256 && memcmp(s->sha256, item->sha256, sizeof(item->sha256)) == 0;
	case WARD_EXCLUDE_THREAT:
		return s->threat && ward_glob_match(item->glob, ward_span_str(s->threat));
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return false;
}

static bool
counts(const struct ward_exclusion *e, const struct ward_exclusion_subject *s)
{
	return (e->scope & s->scope) && (e->expires_s == 0 || s->now_s < e->expires_s);
}

/* --- compiling --- */

/* A threat's name has no directories: only * is special, and it spans everything. */
static enum ward_rc
compile_threat(const char *value, struct ward_arena *arena, struct ward_glob **ret)
{
	char pattern[WARD_GLOB_MAX + 1];
	const char *why = NULL;
	size_t n = 0;

	for (; *value && n + 2 < sizeof(pattern); value++) {
		if (*value == '*' && (n == 0 || pattern[n - 1] != '*'))
			pattern[n++] = '*';
		else if (*value != '*')
			pattern[n++] = '\\';
		pattern[n++] = *value;
	}
	return ward_glob_compile_name(ward_span_of(pattern, n), arena, ret, &why);
}

static enum ward_rc
compile(struct ward_exclusions *x, struct item *item)
{
	const char *value = item->entry->value, *why = NULL;
	enum ward_rc rc = WARD_OK;

	item->key = ward_span_str(value);
	switch (item->entry->kind) {
	case WARD_EXCLUDE_GLOB:
		rc = ward_glob_compile(item->key, x->arena, &item->glob, &why);
		if (rc == WARD_OK)
			item->key = ward_glob_directory(item->glob);
		break;
	case WARD_EXCLUDE_THREAT:
		rc = compile_threat(value, x->arena, &item->glob);
		break;
	case WARD_EXCLUDE_HASH:
		if (!ward_text_unhex(item->key, item->sha256, sizeof(item->sha256)))
			return WARD_E_FORMAT;
		item->key = ward_span_of(item->sha256, sizeof(item->sha256));
		break;
	case WARD_EXCLUDE_PATH:
	case WARD_EXCLUDE_EXTENSION:
	case WARD_EXCLUDE_PROCESS:
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return rc;
}

static void
insert(struct ward_exclusions *x, size_t i)
{
	struct item *item = &x->items[i];
	enum ward_exclusion_kind kind = item->entry->kind;
	uint32_t *head;

	x->has[kind] = true;
	if (kind == WARD_EXCLUDE_THREAT || (kind == WARD_EXCLUDE_GLOB && item->key.len == 0)) {
		x->floating[x->floating_count++] = (uint32_t)i;
		return;
	}
	head = &x->table[slot(x, kind, item->key)];
	item->next = *head;
	*head = (uint32_t)i + 1;
}

static enum ward_rc
fill(struct ward_exclusions *x, const struct ward_exclusion *entries, size_t count)
{
	size_t slots = 64;
	enum ward_rc rc = WARD_OK;

	while (slots < count * 2)
		slots *= 2;
	x->mask = slots - 1;
	x->items = ward_arena_array(x->arena, count, sizeof(*x->items));
	x->table = ward_arena_array(x->arena, slots, sizeof(*x->table));
	x->floating = ward_arena_array(x->arena, count, sizeof(*x->floating));
	if (!x->items || !x->table || !x->floating)
		return WARD_E_NOMEM;
	x->count = count;
	for (size_t i = 0; i < count; i++)
		x->items[i].entry = &entries[i];
	for (size_t i = 0; rc == WARD_OK && i < count; i++)
		rc = compile(x, &x->items[i]);
	for (size_t i = count; rc == WARD_OK && i-- > 0;) /* so that chains keep their order */
		insert(x, i);
	return rc;
}

enum ward_rc
ward_exclusions_new(const struct ward_exclusion *entries, size_t count,
		    struct ward_exclusions **ret)
{
	struct ward_exclusions *x = calloc(1, sizeof(*x));
	enum ward_rc rc = WARD_E_NOMEM;

	if (!x)
		return rc;
	x->budget.cap = MEMORY;
	x->arena = ward_arena_new(&x->budget);
	if (x->arena)
		rc = fill(x, entries, count);
	if (rc == WARD_OK)
		*ret = x;
	else
		ward_exclusions_free(x);
	return rc;
}

struct ward_exclusions *
ward_exclusions_free(struct ward_exclusions *x)
{
	if (x) {
		ward_arena_free(x->arena);
		free(x);
	}
	return NULL;
}

void
ward_exclusions_freep(struct ward_exclusions **x)
{
	*x = ward_exclusions_free(*x);
}

/* --- asking --- */

static const struct ward_exclusion *
look_up(const struct ward_exclusions *x, enum ward_exclusion_kind kind, struct ward_span key,
	const struct ward_exclusion_subject *s)
{
	for (uint32_t i = x->table[slot(x, kind, key)]; i; i = x->items[i - 1].next) {
		const struct item *item = &x->items[i - 1];

		if (item->entry->kind == kind && counts(item->entry, s) &&
		    ward_exclusion_fits(item, s))
			return item->entry;
	}
	return NULL;
}

/* By the path itself and each directory above it, nearest first. */
static const struct ward_exclusion *
by_directory(const struct ward_exclusions *x, enum ward_exclusion_kind kind,
	     const struct ward_exclusion_subject *s)
{
	struct ward_span p = ward_span_str(s->path);
	const struct ward_exclusion *found = look_up(x, kind, p, s);

	while (!found && p.len > 1) {
		while (p.len > 0 && p.data[p.len - 1] != '/')
			p.len--;
		p.len = p.len > 1 ? p.len - 1 : p.len; /* the root keeps its slash */
		if (p.len > 0)
			found = look_up(x, kind, p, s);
	}
	return found;
}

static const struct ward_exclusion *
by_floating(const struct ward_exclusions *x, enum ward_exclusion_kind kind,
	    const struct ward_exclusion_subject *s)
{
	for (size_t i = x->floating_count; i-- > 0;) {
		const struct item *item = &x->items[x->floating[i]];

		if (item->entry->kind == kind && counts(item->entry, s) &&
		    ward_exclusion_fits(item, s))
			return item->entry;
	}
	return NULL;
}

static const struct ward_exclusion *
by_extension(const struct ward_exclusions *x, const struct ward_exclusion_subject *s)
{
	struct ward_span name = name_of(s->path);
	const struct ward_exclusion *found = NULL;

	while (!found && next_extension(&name))
		if (name.len <= EXTENSION_MAX)
			found = look_up(x, WARD_EXCLUDE_EXTENSION, name, s);
	return found;
}

static const struct ward_exclusion *
match_kind(const struct ward_exclusions *x, enum ward_exclusion_kind kind,
	   const struct ward_exclusion_subject *s)
{
	const struct ward_exclusion *found;

	switch (kind) {
	case WARD_EXCLUDE_PATH:
		return s->path ? by_directory(x, kind, s) : NULL;
	case WARD_EXCLUDE_GLOB:
		found = s->path ? by_directory(x, kind, s) : NULL;
		return found || !s->path ? found : by_floating(x, kind, s);
	case WARD_EXCLUDE_EXTENSION:
		return s->path ? by_extension(x, s) : NULL;
	case WARD_EXCLUDE_PROCESS:
		return s->process ? look_up(x, kind, ward_span_str(s->process), s) : NULL;
	case WARD_EXCLUDE_HASH:
		return s->sha256 ? look_up(x, kind, ward_span_of(s->sha256, 32), s) : NULL;
	case WARD_EXCLUDE_THREAT:
		return s->threat ? by_floating(x, kind, s) : NULL;
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return NULL;
}

const struct ward_exclusion *
ward_exclusions_match(const struct ward_exclusions *x, const struct ward_exclusion_subject *s)
{
	const struct ward_exclusion *found = NULL;

	for (int kind = 0; !found && kind < WARD_EXCLUDE_KINDS; kind++)
		if (x->has[kind])
			found = match_kind(x, (enum ward_exclusion_kind)kind, s);
	return found;
}

size_t
ward_exclusions_count(const struct ward_exclusions *x)
{
	return x->count;
}

const struct ward_exclusion *
ward_exclusions_entry(const struct ward_exclusions *x, size_t i)
{
	return x->items[i].entry;
}

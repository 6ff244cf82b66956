/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The automaton against a matcher that is obviously right and tries everything. The input is a
 * pattern, a newline, a path.
 */
#include <stdlib.h>

#include "base/text.h"
#include "policy/exclude/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rest of the pattern matches the rest of the path. Literals, * and ? only. */
static bool
slow(struct ward_span p, size_t i, struct ward_span s, size_t j, unsigned *steps)
{
	if (++*steps > 200000)
		return false;
	if (i == p.len)
		return j == s.len;
	if (ward_span_starts(ward_span_cut(p, i, p.len), "**/", 3) && i > 0 &&
	    p.data[i - 1] == '/') {
		if (slow(p, i + 3, s, j, steps))
			return true;
		for (size_t k = j; k < s.len; k++)
			if (s.data[k] == '/' && slow(p, i + 3, s, k + 1, steps))
				return true;
		return false;
	}
	if (p.data[i] == '*') {
		bool any = i + 1 < p.len && p.data[i + 1] == '*';
		size_t next = i;

		while (next < p.len && p.data[next] == '*')
			next++;
		for (size_t k = j; k <= s.len; k++) {
			if (slow(p, next, s, k, steps))
				return true;
			if (k < s.len && s.data[k] == '/' && !any)
				return false;
		}
		return false;
	}
	if (j == s.len)
		return false;
	if (p.data[i] == '?')
		return s.data[j] != '/' && slow(p, i + 1, s, j + 1, steps);
	return p.data[i] == s.data[j] && slow(p, i + 1, s, j + 1, steps);
}

/* What `slow` understands: ASCII, without sets and escapes, from the root. */
static bool
is_simple(struct ward_span pattern, struct ward_span path)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (pattern.data[i] >= 128 || strchr("[]\\{}", pattern.data[i]))
			return false;
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] >= 128)
			return false;
	return pattern.len > 0 && pattern.data[0] == '/' && path.len < 64;
}

static void
compare(struct ward_span pattern, struct ward_span path, const struct ward_glob *g)
{
	unsigned steps = 0;
	bool want, got = ward_glob_match(g, path);

	if ((ward_glob_reach(g, path) < path.len && got))
		abort();
	if (!is_simple(pattern, path))
		return;
	want = slow(pattern, 0, path, 0, &steps);
	if (steps <= 200000 && want != got)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_span in = ward_span_of(data, size), pattern;
	size_t line = ward_text_find(in, ward_span_str("\n"), 0);
	struct ward_glob *g = NULL;
	const char *why = NULL;
	enum ward_rc rc;

	if (!arena)
		return 0;
	pattern = ward_span_cut(in, 0, line);
	rc = ward_glob_compile(pattern, arena, &g, &why);
	if (rc == WARD_OK && line != SIZE_MAX)
		compare(pattern, ward_span_cut(in, line + 1, in.len), g);
	else if (rc == WARD_E_FORMAT && !why)
		abort();
	ward_arena_free(arena);
	return 0;
}

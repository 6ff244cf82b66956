/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/json/mistake.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/utf.h"

enum { TEXT_MAX = 400, WORD_MAX = 48 };

/* Values of a document are quoted in mistakes: nothing of them may move a terminal's cursor. */
static const char *
printable(struct ward_arena *arena, const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf safe = {0};

	ward_buf_init(&safe, (size_t)TEXT_MAX * 4, NULL);
	if (ward_utf_escape(&safe, ward_span_cut(ward_span_str(text), 0, TEXT_MAX)) != WARD_OK)
		return NULL;
	return ward_arena_strdup(arena, ward_buf_span(&safe));
}

void
ward_mistakes_add(struct ward_mistakes *m, size_t offset, const char *path, const char *fmt, ...)
{
	struct ward_mistake item = {.path = NULL};
	const char *raw;
	va_list args;

	if (m->count == WARD_MISTAKES_MAX) {
		m->more = true;
		return;
	}
	item.place = ward_json_place(m->text, offset);
	va_start(args, fmt);
	raw = ward_arena_vprintf(m->arena, fmt, args);
	va_end(args);
	item.text = raw ? printable(m->arena, raw) : NULL;
	item.path = printable(m->arena, path);
	if (!item.text || !item.path)
		m->more = true;
	else
		m->items[m->count++] = item;
}

static int
by_place(const void *a, const void *b)
{
	const struct ward_mistake *x = a, *y = b;

	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	return (x->place.column > y->place.column) - (x->place.column < y->place.column);
}

void
ward_mistakes_sort(struct ward_mistakes *m)
{
	qsort(m->items, m->count, sizeof(m->items[0]), by_place);
}

enum ward_rc
ward_mistakes_print(const struct ward_mistakes *m, const char *name, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; rc == WARD_OK && i < m->count; i++) {
		const struct ward_mistake *one = &m->items[i];

		rc = ward_buf_printf(out, "%s:%u:%u: %s%s%s\n", name, one->place.line,
				     one->place.column, one->path, one->path[0] ? ": " : "",
				     one->text);
	}
	if (rc == WARD_OK && m->more)
		rc = ward_buf_printf(out, "%s: there are more mistakes\n", name);
	return rc;
}

/* Damerau and Levenshtein's distance (optimal string alignment), of short words. */
static unsigned
distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			best = up[j] + 1 < best ? up[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[n % 3][m];
}

const char *
ward_mistake_nearest(const char *word, const char *const *words, size_t count)
{
	size_t n = strlen(word);
	unsigned best = (unsigned)(n + 2) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; n <= WORD_MAX && i < count; i++) {
		size_t m = strlen(words[i]);
		unsigned d = m <= WORD_MAX ? distance(word, n, words[i], m) : best;

		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

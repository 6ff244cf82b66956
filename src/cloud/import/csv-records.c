/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cloud/import/csv.h"

enum { LOOK = 64 * 1024 };

/* The separator that stands most often in the beginning. */
static uint8_t
separator_of(struct ward_span text)
{
	static const uint8_t any[] = {',', ';', '\t'};
	size_t counts[256] = {0};
	uint8_t best = ',';

	for (size_t i = 0; i < text.len && i < LOOK; i++)
		counts[text.data[i]]++;
	for (size_t i = 0; i < sizeof(any); i++)
		if (counts[any[i]] > counts[best])
			best = any[i];
	return best;
}

void
ward_csv_init(struct ward_csv *c, struct ward_span text)
{
	*c = (struct ward_csv){.text = text, .line = 1, .separator = separator_of(text)};
	if (ward_span_starts(text, "\xef\xbb\xbf", 3))
		c->at = 3;
	ward_buf_init(&c->cells, WARD_CSV_RECORD_MAX, NULL);
}

void
ward_csv_done(struct ward_csv *c)
{
	ward_buf_done(&c->cells);
}

static int
peek(const struct ward_csv *c)
{
	return c->at < c->text.len ? c->text.data[c->at] : -1;
}

static void
put(struct ward_csv *c, int byte)
{
	if (ward_buf_byte(&c->cells, (uint8_t)byte))
		c->damaged = true;
}

static void
skip_blanks(struct ward_csv *c)
{
	while ((peek(c) == ' ' || peek(c) == '\t') && peek(c) != c->separator)
		c->at++;
}

/* After the first quote up to the last one. */
static void
read_quoted(struct ward_csv *c)
{
	for (; peek(c) >= 0 && !c->damaged; c->at++) {
		if (peek(c) == '\n')
			c->line++;
		if (peek(c) == '"') {
			c->at++;
			if (peek(c) != '"')
				return;
		}
		put(c, peek(c));
	}
	c->damaged = true;
}

static bool
ends_cell(const struct ward_csv *c)
{
	return peek(c) < 0 || peek(c) == '\n' || peek(c) == c->separator;
}

static void
read_cell(struct ward_csv *c)
{
	skip_blanks(c);
	if (peek(c) == '"') {
		c->quoted = true;
		c->at++;
		read_quoted(c);
	}
	while (!ends_cell(c) && !c->damaged) {
		if (peek(c) != '\r')
			put(c, peek(c));
		c->at++;
	}
	if (c->count < WARD_CSV_CELLS)
		c->ends[c->count++] = c->cells.len;
}

static void
skip_line(struct ward_csv *c)
{
	while (peek(c) >= 0 && peek(c) != '\n')
		c->at++;
	if (peek(c) == '\n') {
		c->at++;
		c->line++;
	}
}

bool
ward_csv_next(struct ward_csv *c)
{
	size_t start = c->at;

	if (peek(c) < 0)
		return false;
	ward_buf_clear(&c->cells);
	c->count = 0;
	c->damaged = c->quoted = false;
	c->first_line = c->line;
	c->comment = peek(c) == '#';
	while (peek(c) == '#')
		c->at++;
	read_cell(c);
	while (peek(c) == c->separator && !c->damaged) {
		c->at++;
		read_cell(c);
	}
	if (c->damaged) {
		c->at = start;
		c->line = c->first_line;
		c->damaged = !c->comment; /* prose may hold a single quote */
		c->count = c->comment ? 0 : c->count;
	}
	skip_line(c);
	return true;
}

struct ward_span
ward_csv_cell(const struct ward_csv *c, size_t which)
{
	size_t from = which > 0 && which < c->count ? c->ends[which - 1] : 0;

	if (which >= c->count)
		return ward_span_of(NULL, 0);
	return ward_span_cut(ward_buf_span(&c->cells), from, c->ends[which] - from);
}

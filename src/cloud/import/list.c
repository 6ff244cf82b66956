/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/list.h"

#include <stdlib.h>

#include "base/text.h"
#include "match/hash/sort.h"
#include "proto/wire.h"

enum { KINDS = 3, NAME_LEN = 128, ROWS_MAX = 100 * 1000 * 1000 };

static const size_t widths[KINDS] = {32, 20, 16};
static const Ward__Log__V1__Digest digests[KINDS] = {WARD__LOG__V1__DIGEST__DIGEST_SHA256,
						     WARD__LOG__V1__DIGEST__DIGEST_SHA1,
						     WARD__LOG__V1__DIGEST__DIGEST_MD5};

/* Rows of a kind: the digest, then where the line's name begins in the text (0: none), big-endian. */
struct rows {
	uint8_t *data;
	size_t count, room, stride;
};

struct import {
	struct ward_span text;
	struct rows kind[KINDS];
	ward_import_fn fn;
	void *context;
	struct ward_import_figures *figures;
};

/* --- lines --- */

static bool
add_row(struct rows *r, const uint8_t *digest, size_t width, uint64_t name)
{
	uint8_t *row;

	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 4096;
		uint8_t *more = room <= ROWS_MAX ? realloc(r->data, room * r->stride) : NULL;

		if (!more)
			return false;
		r->data = more;
		r->room = room;
	}
	row = r->data + r->count++ * r->stride;
	memcpy(row, digest, width);
	for (unsigned i = 0; i < 8; i++)
		row[width + i] = (uint8_t)(name >> (56 - 8 * i));
	return true;
}

static bool
is_separator(uint8_t c)
{
	return ward_text_is_space(c) || c == ',' || c == ';';
}

/* The digest at the beginning of a line; its kind, or -1. */
static int
digest_in(struct ward_span line, uint8_t ret[32])
{
	size_t len = 0;

	while (len < line.len && len < 64 && ward_text_hex_value(line.data[len]) >= 0)
		len++;
	if (len < line.len && !is_separator(line.data[len]))
		return -1;
	for (int k = 0; k < KINDS; k++)
		if (len == 2 * widths[k]) {
			for (size_t i = 0; i < widths[k]; i++)
				ret[i] = (uint8_t)(ward_text_hex_value(line.data[2 * i]) << 4 |
						   ward_text_hex_value(line.data[2 * i + 1]));
			return k;
		}
	return -1;
}

static uint64_t
name_at(const struct import *im, struct ward_span line, size_t width)
{
	size_t at = 2 * width;

	while (at < line.len && is_separator(line.data[at]))
		at++;
	return at < line.len && line.data[at] != '#' ? (uint64_t)(line.data + at - im->text.data)
						     : 0;
}

static enum ward_rc
take_line(struct import *im, struct ward_span line, uint64_t number)
{
	uint8_t digest[32];
	int kind;

	line = ward_text_trim(line);
	if (line.len == 0 || line.data[0] == '#')
		return WARD_OK;
	kind = digest_in(line, digest);
	if (kind < 0) {
		if (im->figures->bad++ == 0)
			im->figures->first_bad = number;
		return WARD_OK;
	}
	return add_row(&im->kind[kind], digest, widths[kind], name_at(im, line, widths[kind]))
		       ? WARD_OK
		       : WARD_E_LIMIT;
}

static enum ward_rc
take_lines(struct import *im)
{
	struct ward_span rest = im->text;
	uint64_t number = 0;
	enum ward_rc rc = WARD_OK;

	while (rest.len > 0 && !rc) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		rc = take_line(im, ward_span_cut(rest, 0, len), ++number);
		rest = ward_span_cut(rest, len + 1, rest.len);
	}
	return rc;
}

/* --- batches --- */

struct batch {
	Ward__Log__V1__Reputation message;
	uint8_t digests[(size_t)WARD_WIRE_DIGESTS_MAX * 32];
	char texts[WARD_WIRE_DIGESTS_MAX][NAME_LEN + 1];
	char *names[WARD_WIRE_DIGESTS_MAX];
	uint32_t which[WARD_WIRE_DIGESTS_MAX];
	size_t count, name_count;
	bool named;
};

/* The name that begins there: a word of printable ASCII, cut. */
static void
read_name(const struct import *im, uint64_t at, char ret[NAME_LEN + 1])
{
	size_t n = 0;

	while (at && at + n < im->text.len && n < NAME_LEN && im->text.data[at + n] > 0x20 &&
	       im->text.data[at + n] < 0x7f && im->text.data[at + n] != ',') {
		ret[n] = (char)im->text.data[at + n];
		n++;
	}
	ret[n] = 0;
}

/* Lists name few threats, and neighbours often the same: the last ones are looked through. */
static uint32_t
number_of(struct batch *b, const char *name)
{
	for (size_t i = b->name_count; i > 0 && i + 64 > b->name_count; i--)
		if (strcmp(b->texts[i - 1], name) == 0)
			return (uint32_t)(i - 1);
	memcpy(b->texts[b->name_count], name, strlen(name) + 1);
	b->names[b->name_count] = b->texts[b->name_count];
	return (uint32_t)b->name_count++;
}

static enum ward_rc
send(struct import *im, struct batch *b, int kind)
{
	enum ward_rc rc;

	if (b->count == 0)
		return WARD_OK;
	ward__log__v1__reputation__init(&b->message);
	b->message.kind = digests[kind];
	b->message.digests = (ProtobufCBinaryData){b->count * widths[kind], b->digests};
	if (b->named) {
		b->message.threats = b->names;
		b->message.n_threats = b->name_count;
		b->message.threat = b->which;
		b->message.n_threat = b->count;
	}
	rc = im->fn(im->context, &b->message);
	im->figures->taken += b->count;
	b->count = b->name_count = 0;
	b->named = false;
	return rc;
}

static uint64_t
place_of(const uint8_t *row, size_t width)
{
	uint64_t at = 0;

	for (size_t i = 0; i < 8; i++)
		at = at << 8 | row[width + i];
	return at;
}

static enum ward_rc
send_rows(struct import *im, struct batch *b, int kind)
{
	const struct rows *r = &im->kind[kind];
	const uint8_t *last = NULL;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < r->count && !rc; i++) {
		const uint8_t *row = r->data + i * r->stride;
		char name[NAME_LEN + 1];

		if (last && memcmp(last, row, widths[kind]) == 0) {
			im->figures->duplicates++;
			continue;
		}
		last = row;
		memcpy(b->digests + b->count * widths[kind], row, widths[kind]);
		read_name(im, place_of(row, widths[kind]), name);
		b->named |= name[0] != 0;
		b->which[b->count++] = number_of(b, name);
		if (b->count == WARD_WIRE_DIGESTS_MAX)
			rc = send(im, b, kind);
	}
	return rc ? rc : send(im, b, kind);
}

enum ward_rc
ward_import_list(struct ward_span text, ward_import_fn fn, void *context,
		 struct ward_import_figures *ret)
{
	struct import im = {.text = text, .fn = fn, .context = context, .figures = ret};
	struct batch *b = calloc(1, sizeof(*b));
	enum ward_rc rc;

	*ret = (struct ward_import_figures){0};
	if (!b)
		return WARD_E_NOMEM;
	for (int k = 0; k < KINDS; k++)
		im.kind[k].stride = widths[k] + 8;
	rc = take_lines(&im);
	for (int k = 0; k < KINDS && !rc; k++) {
		ward_rows_sort(im.kind[k].data, im.kind[k].count, im.kind[k].stride);
		rc = send_rows(&im, b, k);
	}
	for (int k = 0; k < KINDS; k++)
		free(im.kind[k].data);
	free(b);
	return rc;
}

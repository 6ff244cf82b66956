/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builders for this folder's tests: a compound-file writer, a VBA compressor and
 * a sink that keeps what it gets. Only tests include this; cmocka must be
 * included before.
 */
#ifndef WARD_FORMATS_OLE_TESTING_H
#define WARD_FORMATS_OLE_TESTING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "formats/sink.h"

#define MAYBE_UNUSED __attribute__((unused))

/* ---- sink ---- */

enum { KEPT_MAX = 128 };

struct kept {
	struct {
		char name[256];
		uint8_t *bytes;
		size_t len;
		enum ward_type type;
	} children[KEPT_MAX];
	int n;
	char text[16384]; /* gaps and facts, a line each: "gap NAME REASON", "KEY=VALUE" */
	unsigned traits;
	int stop_after; /* children; 0: never */
};

static enum ward_rc
keep_child(void *ctx, const struct ward_child *child)
{
	struct kept *k = ctx;

	assert_non_null(child->name);
	if (k->n < KEPT_MAX) {
		(void)snprintf(k->children[k->n].name, 256, "%s", child->name);
		k->children[k->n].bytes = malloc(child->bytes.len + 1);
		assert_non_null(k->children[k->n].bytes);
		if (child->bytes.len)
			memcpy(k->children[k->n].bytes, child->bytes.data, child->bytes.len);
		k->children[k->n].len = child->bytes.len;
		k->children[k->n++].type = child->type;
	}
	return k->n == k->stop_after ? WARD_E_STOPPED : WARD_OK;
}

static void
keep_line(struct kept *k, const char *a, const char *b, const char *c, const char *d)
{
	size_t n = strlen(k->text);

	(void)snprintf(k->text + n, sizeof(k->text) - n, "%s%s%s%s\n", a, b, c, d);
}

static void
keep_gap(void *ctx, const char *name, enum ward_reason why)
{
	keep_line(ctx, "gap ", name ? name : "-", " ", ward_reason_name(why));
}

static void
keep_fact(void *ctx, const char *key, const char *value)
{
	keep_line(ctx, key, "=", value, "");
}

static void
keep_trait(void *ctx, enum ward_trait trait)
{
	((struct kept *)ctx)->traits |= (unsigned)trait;
}

MAYBE_UNUSED static struct ward_sink
kept_sink(struct kept *k)
{
	memset(k, 0, sizeof(*k));
	return (struct ward_sink){.ctx = k,
				  .child = keep_child,
				  .gap = keep_gap,
				  .fact = keep_fact,
				  .trait = keep_trait};
}

MAYBE_UNUSED static void
kept_done(struct kept *k)
{
	for (int i = 0; i < k->n; i++)
		free(k->children[i].bytes);
	k->n = 0;
}

/* The child of that name, or -1. */
MAYBE_UNUSED static int
kept_find(const struct kept *k, const char *name)
{
	for (int i = 0; i < k->n; i++)
		if (strcmp(k->children[i].name, name) == 0)
			return i;
	return -1;
}

MAYBE_UNUSED static bool
kept_said(const struct kept *k, const char *part)
{
	return strstr(k->text, part) != NULL;
}

/* ---- bytes ---- */

MAYBE_UNUSED static void
put(struct ward_buf *out, const void *bytes, size_t n)
{
	assert_int_equal(ward_buf_append(out, bytes, n), WARD_OK);
}

/* `n` bytes of `value`, little-endian. */
MAYBE_UNUSED static void
put_le(struct ward_buf *out, uint64_t value, int n)
{
	for (int i = 0; i < n; i++, value >>= 8)
		assert_int_equal(ward_buf_byte(out, (uint8_t)value), WARD_OK);
}

MAYBE_UNUSED static void
poke_le(struct ward_buf *out, size_t at, uint64_t value, int n)
{
	for (int i = 0; i < n; i++, value >>= 8)
		out->data[at + (size_t)i] = (uint8_t)value;
}

MAYBE_UNUSED static void
pad(struct ward_buf *out, size_t unit, uint8_t with)
{
	while (out->len % unit)
		assert_int_equal(ward_buf_byte(out, with), WARD_OK);
}

/* ---- VBA ---- */

/* The longest match of at least three bytes inside the chunk, by trying all. */
static size_t
vba_match(struct ward_span chunk, size_t at, size_t most, size_t *ret_offset)
{
	size_t best = 0;

	for (size_t offset = 1; offset <= at; offset++) {
		size_t n = 0;

		while (at + n < chunk.len && n < most &&
		       chunk.data[at + n - offset] == chunk.data[at + n])
			n++;
		if (n > best) {
			best = n;
			*ret_offset = offset;
		}
	}
	return best;
}

MAYBE_UNUSED static void
vba_compress_chunk(struct ward_span chunk, struct ward_buf *out)
{
	size_t head = out->len;
	size_t at = 0;

	put_le(out, 0, 2);
	while (at < chunk.len) {
		size_t flags = out->len;

		put_le(out, 0, 1);
		for (int i = 0; i < 8 && at < chunk.len; i++) {
			unsigned bits = 4;
			size_t offset = 0, n;

			while (at > 1u << bits)
				bits++;
			n = vba_match(chunk, at, (0xFFFFu >> bits) + 3, &offset);
			if (n < 3) {
				put(out, chunk.data + at++, 1);
				continue;
			}
			out->data[flags] |= (uint8_t)(1 << i);
			put_le(out, (offset - 1) << (16 - bits) | (n - 3), 2);
			at += n;
		}
	}
	poke_le(out, head, 0xB000 | (out->len - head - 3), 2);
}

MAYBE_UNUSED static void
vba_compress(struct ward_span text, struct ward_buf *out)
{
	put_le(out, 1, 1);
	for (size_t at = 0; at < text.len; at += 4096)
		vba_compress_chunk(ward_span_cut(text, at, 4096), out);
}

/* ---- compound files ---- */

enum { CFB_MAX = 40 };

struct cfb_stream {
	const char *name;
	int parent; /* index into the list, -1: the root; a storage comes before its streams */
	struct ward_span bytes;
	bool storage;
	const char *wide; /* UTF-16LE instead of `name` */
	size_t wide_len;
};

struct cfb_writer {
	unsigned shift;
	struct cfb_stream list[CFB_MAX];
	int n;
	uint8_t clsid[16];
	/* what was written where, for tests that break it */
	size_t at_fat, at_dir, at_minifat;
	uint32_t start[CFB_MAX];
	uint32_t fat_sectors;
	uint32_t difat_sectors;
};

MAYBE_UNUSED static int
cfb_add(struct cfb_writer *w, int parent, const char *name, struct ward_span bytes)
{
	assert_true(w->n < CFB_MAX);
	w->list[w->n] = (struct cfb_stream){.name = name, .parent = parent, .bytes = bytes};
	return w->n++;
}

MAYBE_UNUSED static int
cfb_add_storage(struct cfb_writer *w, int parent, const char *name)
{
	int i = cfb_add(w, parent, name, (struct ward_span){NULL, 0});

	w->list[i].storage = true;
	return i;
}

/* Sectors as they are placed: the data, and the chain beside it. */
struct cfb_out {
	struct ward_buf data;
	struct ward_buf next;
	size_t unit;
};

static uint32_t
cfb_place(struct cfb_out *o, struct ward_span bytes)
{
	uint32_t first = (uint32_t)(o->data.len / o->unit);
	uint32_t n = (uint32_t)((bytes.len + o->unit - 1) / o->unit);

	if (!n)
		return 0xFFFFFFFE;
	put(&o->data, bytes.data, bytes.len);
	pad(&o->data, o->unit, 0);
	for (uint32_t i = 0; i < n; i++)
		put_le(&o->next, i + 1 < n ? first + i + 1 : 0xFFFFFFFE, 4);
	return first;
}

static void
cfb_entry(struct ward_buf *dir, const struct cfb_stream *s, int kind, uint32_t right,
	  uint32_t child, const uint8_t *clsid, uint32_t start, uint64_t size)
{
	size_t at = dir->len;
	size_t n = s->wide ? s->wide_len : 2 * strlen(s->name);

	for (size_t i = 0; i < n; i++)
		put_le(dir, s->wide ? (uint8_t)s->wide[i] : i & 1 ? 0 : (uint8_t)s->name[i / 2], 1);
	while (dir->len < at + 64)
		put_le(dir, 0, 1);
	put_le(dir, n + 2, 2);
	put_le(dir, (unsigned)kind, 1);
	put_le(dir, 1, 1);
	put_le(dir, 0xFFFFFFFF, 4);
	put_le(dir, right, 4);
	put_le(dir, child, 4);
	if (clsid)
		put(dir, clsid, 16);
	else
		while (dir->len < at + 96)
			put_le(dir, 0, 1);
	put_le(dir, 0, 4);
	put_le(dir, 0, 8);
	put_le(dir, 0, 8);
	put_le(dir, start, 4);
	put_le(dir, size, 8);
}

/* The next entry of the same storage after `i` (siblings form a list). */
static uint32_t
cfb_sibling(const struct cfb_writer *w, int parent, int after)
{
	for (int i = after + 1; i < w->n; i++)
		if (w->list[i].parent == parent)
			return (uint32_t)i + 1;
	return 0xFFFFFFFF;
}

static void
cfb_directory(struct cfb_writer *w, struct ward_buf *dir, uint32_t mini_start, size_t mini_len)
{
	struct cfb_stream root = {.name = "Root Entry"};

	cfb_entry(dir, &root, 5, 0xFFFFFFFF, cfb_sibling(w, -1, -1), w->clsid, mini_start,
		  mini_len);
	for (int i = 0; i < w->n; i++) {
		const struct cfb_stream *s = &w->list[i];

		cfb_entry(dir, s, s->storage ? 1 : 2, cfb_sibling(w, s->parent, i),
			  s->storage ? cfb_sibling(w, i, -1) : 0xFFFFFFFF, NULL, w->start[i],
			  s->bytes.len);
	}
}

/* The FAT and its DIFAT after all else, themselves sectors of the file. */
static uint32_t
cfb_fat(struct cfb_writer *w, struct cfb_out *o, uint32_t *ret_first_difat)
{
	uint32_t per = (uint32_t)(o->unit / 4);
	uint32_t used = (uint32_t)(o->data.len / o->unit);
	uint32_t fats = 1, difats = 0;

	while (fats * per < used + fats + difats) {
		fats++;
		difats = fats > 109 ? (fats - 109 + per - 2) / (per - 1) : 0;
	}
	for (uint32_t i = 0; i < fats; i++)
		put_le(&o->next, 0xFFFFFFFD, 4);
	for (uint32_t i = 0; i < difats; i++)
		put_le(&o->next, 0xFFFFFFFC, 4);
	pad(&o->next, o->unit, 0xFF);
	w->at_fat = o->data.len + o->unit;
	put(&o->data, o->next.data, o->next.len);
	*ret_first_difat = difats ? used + fats : 0xFFFFFFFE;
	for (uint32_t k = 109, d = 0; d < difats; d++) {
		for (uint32_t i = 0; i + 1 < per; i++, k++)
			put_le(&o->data, k < fats ? used + k : 0xFFFFFFFF, 4);
		put_le(&o->data, d + 1 < difats ? used + fats + d + 1 : 0xFFFFFFFE, 4);
	}
	w->fat_sectors = fats;
	w->difat_sectors = difats;
	return used;
}

static void
cfb_header(const struct cfb_writer *w, struct ward_buf *out, uint32_t dir, uint32_t mini,
	   uint32_t fat, uint32_t difat)
{
	put(out, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
	put_le(out, 0, 8);
	put_le(out, 0, 8);
	put_le(out, 0x3E, 2);
	put_le(out, w->shift == 9 ? 3 : 4, 2);
	put_le(out, 0xFFFE, 2);
	put_le(out, w->shift, 2);
	put_le(out, 6, 2);
	put_le(out, 0, 6);
	put_le(out, 0, 4);
	put_le(out, w->fat_sectors, 4);
	put_le(out, dir, 4);
	put_le(out, 0, 4);
	put_le(out, 4096, 4);
	put_le(out, mini, 4);
	put_le(out, 1, 4);
	put_le(out, difat, 4);
	put_le(out, w->difat_sectors, 4);
	for (uint32_t i = 0; i < 109; i++)
		put_le(out, i < w->fat_sectors ? fat + i : 0xFFFFFFFF, 4);
	pad(out, (size_t)1 << w->shift, 0);
}

/* Writes the whole file to `out`, which the caller initialised. */
MAYBE_UNUSED static void
cfb_write(struct cfb_writer *w, struct ward_buf *out)
{
	size_t unit = (size_t)1 << w->shift;
	struct cfb_out big = {.unit = unit}, mini = {.unit = 64};
	struct ward_buf dir;
	uint32_t mini_start, dir_start, minifat_start, fat_start, difat_start;

	ward_buf_init(&big.data, 64 << 20, NULL);
	ward_buf_init(&big.next, 64 << 20, NULL);
	ward_buf_init(&mini.data, 1 << 20, NULL);
	ward_buf_init(&mini.next, 1 << 20, NULL);
	ward_buf_init(&dir, 1 << 20, NULL);
	for (int i = 0; i < w->n; i++)
		w->start[i] =
			cfb_place(w->list[i].bytes.len < 4096 ? &mini : &big, w->list[i].bytes);
	mini_start = cfb_place(&big, ward_buf_span(&mini.data));
	pad(&mini.next, unit, 0xFF);
	w->at_minifat = big.data.len + unit;
	minifat_start = cfb_place(&big, ward_buf_span(&mini.next));
	cfb_directory(w, &dir, mini_start, mini.data.len);
	pad(&dir, unit, 0);
	w->at_dir = big.data.len + unit;
	dir_start = cfb_place(&big, ward_buf_span(&dir));
	fat_start = cfb_fat(w, &big, &difat_start);
	cfb_header(w, out, dir_start, minifat_start, fat_start, difat_start);
	put(out, big.data.data, big.data.len);
	ward_buf_done(&big.data);
	ward_buf_done(&big.next);
	ward_buf_done(&mini.data);
	ward_buf_done(&mini.next);
	ward_buf_done(&dir);
}

#endif

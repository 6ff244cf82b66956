/* SPDX-License-Identifier: Apache-2.0 */
/* Makes small ELF images of every class and byte order for tests; tests then damage them. */
#ifndef WARD_FORMATS_TEST_ELF_BUILD_H
#define WARD_FORMATS_TEST_ELF_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/elf/elf-stats.h"

enum {
	IMAGE_MAX = 0x2000,
	SEGMENTS = 0x40,
	TEXT = 0x200, /* address BASE + offset */
	INTERP = 0x300,
	STRINGS = 0x340,
	DYNAMIC = 0x400,
	NOTE = 0x500,
	SYMBOLS = 0x540,
	NAMES = 0x600,
	SECTIONS = 0x700,
	SECTION_COUNT = 8,
	SEGMENT_COUNT = 4,
	BASE = 0x10000,
};

struct image {
	uint8_t bytes[IMAGE_MAX];
	size_t len;
	bool is64, big;
	struct ward_budget budget;
	struct ward_arena *arena;
};

static inline void
put(struct image *im, size_t at, uint64_t value, size_t width)
{
	size_t i;

	assert_true(at + width <= IMAGE_MAX);
	for (i = 0; i < width; i++)
		im->bytes[at + (im->big ? width - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

static inline void
put_text(struct image *im, size_t at, const char *text)
{
	memcpy(im->bytes + at, text, strlen(text) + 1);
}

/* Writes a list of {width, value}; width 0 is an address. Ends at width 9. Returns the end. */
static inline size_t
put_fields(struct image *im, size_t at, const uint64_t (*fields)[2])
{
	for (; (*fields)[0] != 9; fields++) {
		size_t width = (*fields)[0] ? (size_t)(*fields)[0] : im->is64 ? 8u : 4u;

		put(im, at, (*fields)[1], width);
		at += width;
	}
	return at;
}

static inline size_t
section_size(const struct image *im)
{
	return im->is64 ? 64 : 40;
}

/* Offset of sh_name, sh_type, sh_flags… of a section: `field` counts from 0. */
static inline size_t
section_field(const struct image *im, size_t index, size_t field)
{
	static const uint8_t at64[] = {0, 4, 8, 16, 24, 32, 40, 44, 48, 56};

	return SECTIONS + index * section_size(im) + (im->is64 ? at64[field] : 4 * field);
}

static inline void
put_section(struct image *im, size_t index, const uint64_t f[8])
{
	const uint64_t fields[][2] = {
		{4, f[0]}, {4, f[1]}, {0, f[2]}, {0, f[3] ? BASE + f[3] : 0},
		{0, f[3]}, {0, f[4]}, {4, f[5]}, {4, 0},
		{0, 1},	   {0, f[6]}, {9, 0},
	};

	(void)put_fields(im, SECTIONS + index * section_size(im), fields);
}

static inline void
put_segment(struct image *im, size_t index, uint64_t type, uint64_t flags, const uint64_t where[2])
{
	size_t at = SEGMENTS + index * (im->is64 ? 56u : 32u);
	const uint64_t wide[][2] = {
		{4, type},     {4, flags},    {8, where[0]}, {8, BASE + where[0]},
		{8, where[0]}, {8, where[1]}, {8, where[1]}, {8, 4},
		{9, 0},
	};
	const uint64_t small[][2] = {
		{4, type},     {4, where[0]}, {4, BASE + where[0]},
		{4, where[0]}, {4, where[1]}, {4, where[1]},
		{4, flags},    {4, 4},	      {9, 0},
	};

	(void)put_fields(im, at, im->is64 ? wide : small);
}

static inline void
put_header(struct image *im)
{
	const uint64_t fields[][2] = {
		{2, WARD_ELF_DYN},
		{2, im->is64 ? 62 : 3},
		{4, 1},
		{0, BASE + TEXT + 4},
		{0, SEGMENTS},
		{0, SECTIONS},
		{4, 0},
		{2, im->is64 ? 64 : 52},
		{2, im->is64 ? 56 : 32},
		{2, SEGMENT_COUNT},
		{2, section_size(im)},
		{2, SECTION_COUNT},
		{2, SECTION_COUNT - 1},
		{9, 0},
	};

	memcpy(im->bytes, "\177ELF", 4);
	im->bytes[4] = im->is64 ? 2 : 1;
	im->bytes[5] = im->big ? 2 : 1;
	im->bytes[6] = 1;
	(void)put_fields(im, 16, fields);
}

static inline void
put_contents(struct image *im)
{
	static const char strings[] = "\0libc.so.6\0libx.so.1\0/opt/lib\0puts\0main";
	static const char names[] = "\0.text\0.dynamic\0.note\0.dynsym\0.dynstr\0.bss\0.shstrtab";
	const uint64_t dynamic[][2] = {
		{0, WARD_ELF_DT_NEEDED},
		{0, 1},
		{0, WARD_ELF_DT_SONAME},
		{0, 11},
		{0, WARD_ELF_DT_RUNPATH},
		{0, 21},
		{0, WARD_ELF_DT_STRTAB},
		{0, BASE + STRINGS},
		{0, WARD_ELF_DT_STRSZ},
		{0, 0x40},
		{0, 0},
		{0, 0},
		{9, 0},
	};
	const uint64_t note[][2] = {{4, 4}, {4, 4}, {4, 3}, {9, 0}};
	size_t entry = im->is64 ? 24 : 16;

	put_text(im, INTERP, "/lib/ld.so");
	memcpy(im->bytes + STRINGS, strings, sizeof(strings));
	(void)put_fields(im, DYNAMIC, dynamic);
	memcpy(im->bytes + put_fields(im, NOTE, note), "GNU\0\xde\xad\xbe\xef", 8);
	/* null; puts: undefined global function; main: defined global function */
	put(im, SYMBOLS + entry, 30, 4);
	im->bytes[SYMBOLS + entry + (im->is64 ? 4 : 12)] = 0x12;
	put(im, SYMBOLS + 2 * entry, 35, 4);
	im->bytes[SYMBOLS + 2 * entry + (im->is64 ? 4 : 12)] = 0x12;
	put(im, SYMBOLS + 2 * entry + (im->is64 ? 6 : 14), 1, 2);
	memcpy(im->bytes + NAMES, names, sizeof(names));
}

static inline void
put_sections(struct image *im)
{
	size_t entry = im->is64 ? 24 : 16, dynamic = im->is64 ? 96 : 48;
	/* name, type, flags, offset, size, link, entsize */
	const uint64_t sections[SECTION_COUNT][8] = {
		{0},
		{1, WARD_ELF_SHT_PROGBITS, 6, TEXT, 0x100, 0, 0},
		{7, WARD_ELF_SHT_DYNAMIC, 3, DYNAMIC, dynamic, 5, dynamic / 6},
		{16, WARD_ELF_SHT_NOTE, 2, NOTE, 20, 0, 0},
		{22, WARD_ELF_SHT_DYNSYM, 2, SYMBOLS, 3 * entry, 5, entry},
		{30, WARD_ELF_SHT_STRTAB, 2, STRINGS, 0x40, 0, 0},
		{38, WARD_ELF_SHT_NOBITS, 3, 0x5000, 0x10000, 0, 0},
		{43, WARD_ELF_SHT_STRTAB, 0, NAMES, 0x40, 0, 0},
	};
	size_t i;

	for (i = 0; i < SECTION_COUNT; i++)
		put_section(im, i, sections[i]);
}

static inline void
image_make(struct image *im, bool is64, bool big)
{
	memset(im, 0, sizeof(*im));
	im->is64 = is64;
	im->big = big;
	im->len = SECTIONS + SECTION_COUNT * section_size(im);
	im->budget.cap = 16u << 20;
	im->arena = ward_arena_new(&im->budget);
	assert_non_null(im->arena);
	put_header(im);
	put_segment(im, 0, WARD_ELF_PT_LOAD, 5, (const uint64_t[2]){0, 0x600});
	put_segment(im, 1, WARD_ELF_PT_INTERP, 4, (const uint64_t[2]){INTERP, 11});
	put_segment(im, 2, WARD_ELF_PT_DYNAMIC, 6, (const uint64_t[2]){DYNAMIC, is64 ? 96 : 48});
	put_segment(im, 3, WARD_ELF_PT_NOTE, 4, (const uint64_t[2]){NOTE, 20});
	put_contents(im);
	put_sections(im);
}

static inline void
image_done(struct image *im)
{
	ward_arena_free(im->arena);
}

static inline struct ward_span
image_span(const struct image *im)
{
	return ward_span_of(im->bytes, im->len);
}

static inline struct ward_elf *
image_parse(struct image *im)
{
	struct ward_elf *elf = NULL;

	assert_int_equal(ward_elf_parse(image_span(im), im->arena, &elf), WARD_OK);
	return elf;
}

#endif

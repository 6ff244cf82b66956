/* SPDX-License-Identifier: Apache-2.0 */
/* Makes small PE images for tests: code, imports, exports, resources; tests then damage them. */
#ifndef WARD_FORMATS_TEST_PE_BUILD_H
#define WARD_FORMATS_TEST_PE_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/pe/pe.h"

enum {
	IMAGE_MAX = 0x4000,
	LFANEW = 0x80,
	COFF = LFANEW + 4,
	OPTIONAL = LFANEW + 24,
	TEXT = 0x400, /* raw offsets; addresses 0x1000 and 0x2000 */
	DATA = 0x600,
	IMAGE_END = 0x1000,
	IMPORTS = DATA, /* at address 0x2000 */
	EXPORTS = DATA + 0x200,
	RESOURCES = DATA + 0x300,
	PAYLOAD = DATA + 0x400,
};

struct image {
	uint8_t bytes[IMAGE_MAX];
	size_t len;
	bool plus;
	struct ward_budget budget;
	struct ward_arena *arena;
};

static inline void
put(struct image *im, size_t at, uint64_t value, size_t width)
{
	size_t i;

	assert_true(at + width <= IMAGE_MAX);
	for (i = 0; i < width; i++)
		im->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static inline void
put_text(struct image *im, size_t at, const char *text)
{
	memcpy(im->bytes + at, text, strlen(text) + 1);
}

static inline size_t
directory_at(const struct image *im, size_t index)
{
	return OPTIONAL + (im->plus ? 112u : 96u) + 8 * index;
}

static inline void
put_directory(struct image *im, size_t index, uint32_t address, uint32_t size)
{
	put(im, directory_at(im, index), address, 4);
	put(im, directory_at(im, index) + 4, size, 4);
}

static inline size_t
section_at(const struct image *im, size_t index)
{
	return OPTIONAL + (im->plus ? 240u : 224u) + 40 * index;
}

static inline void
put_section(struct image *im, size_t index, const char *name, const uint32_t f[5])
{
	size_t at = section_at(im, index), i;

	memcpy(im->bytes + at, name, strlen(name));
	for (i = 0; i < 4; i++) /* VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData */
		put(im, at + 8 + 4 * i, f[i], 4);
	put(im, at + 36, f[4], 4);
}

static inline void
put_headers(struct image *im)
{
	size_t after = im->plus ? 24u : 28u;

	put_text(im, 0, "MZ");
	put(im, 60, LFANEW, 4);
	put_text(im, LFANEW, "PE");
	put(im, COFF, im->plus ? 0x8664 : 0x14c, 2);
	put(im, COFF + 2, 2, 2);
	put(im, COFF + 4, 1700000000, 4);
	put(im, COFF + 16, im->plus ? 240 : 224, 2);
	put(im, COFF + 18, 0x102, 2);
	put(im, OPTIONAL, im->plus ? 0x20b : 0x10b, 2);
	put(im, OPTIONAL + 16, 0x1010, 4);
	put(im, OPTIONAL + after, 0x400000, im->plus ? 8 : 4);
	put(im, OPTIONAL + 32, 0x1000, 4);
	put(im, OPTIONAL + 36, 0x200, 4);
	put(im, OPTIONAL + 56, 0x3000, 4);
	put(im, OPTIONAL + 60, 0x400, 4);
	put(im, OPTIONAL + 64, 0xabcdef, 4);
	put(im, OPTIONAL + 68, 3, 2);
	put(im, OPTIONAL + 72, 0x100000, im->plus ? 8 : 4);
	put(im, directory_at(im, 0) - 4, 16, 4);
	put_section(im, 0, ".text", (const uint32_t[5]){0x200, 0x1000, 0x200, TEXT, 0x60000020});
	put_section(im, 1, ".rdata", (const uint32_t[5]){0xa00, 0x2000, 0xa00, DATA, 0x40000040});
}

/* Two libraries: KERNEL32.dll by name, WS2_32.dll by number. */
static inline void
put_imports(struct image *im)
{
	size_t w = im->plus ? 8 : 4;
	uint64_t flag = im->plus ? 1ull << 63 : 1ull << 31;

	put_directory(im, WARD_PE_DIR_IMPORT, 0x2000, 60);
	put(im, IMPORTS, 0x2040, 4);
	put(im, IMPORTS + 12, 0x20c0, 4);
	put(im, IMPORTS + 16, 0x2060, 4);
	put(im, IMPORTS + 20 + 12, 0x20d0, 4);
	put(im, IMPORTS + 20 + 16, 0x2080, 4); /* no OriginalFirstThunk */
	put(im, IMPORTS + 0x40, 0x2100, w);
	put(im, IMPORTS + 0x40 + w, 0x2120, w);
	put(im, IMPORTS + 0x60, 0x2100, w);
	put(im, IMPORTS + 0x60 + w, 0x2120, w);
	put(im, IMPORTS + 0x80, flag | 115, w);
	put(im, IMPORTS + 0x80 + w, flag | 999, w);
	put_text(im, IMPORTS + 0xc0, "KERNEL32.dll");
	put_text(im, IMPORTS + 0xd0, "WS2_32.dll");
	put(im, IMPORTS + 0x100, 7, 2);
	put_text(im, IMPORTS + 0x102, "CreateFileA");
	put_text(im, IMPORTS + 0x122, "ExitProcess");
}

static inline void
put_exports(struct image *im)
{
	put_directory(im, WARD_PE_DIR_EXPORT, 0x2200, 0x60);
	put(im, EXPORTS + 12, 0x2250, 4);
	put(im, EXPORTS + 16, 1, 4);
	put(im, EXPORTS + 20, 2, 4);
	put(im, EXPORTS + 24, 2, 4);
	put(im, EXPORTS + 32, 0x2240, 4);
	put(im, EXPORTS + 0x40, 0x2260, 4);
	put(im, EXPORTS + 0x44, 0x2270, 4);
	put_text(im, EXPORTS + 0x50, "self.dll");
	put_text(im, EXPORTS + 0x60, "alpha");
	put_text(im, EXPORTS + 0x70, "beta");
}

/* One directory with one entry, both relative to the resource root. */
static inline void
put_resource_entry(struct image *im, size_t directory, uint32_t id, uint32_t offset)
{
	put(im, RESOURCES + directory + (id >> 31 ? 12 : 14), 1, 2);
	put(im, RESOURCES + directory + 16, id, 4);
	put(im, RESOURCES + directory + 20, offset, 4);
}

/* RCDATA / "AB" / 1033: 32 bytes of payload. */
static inline void
put_resources(struct image *im)
{
	put_directory(im, WARD_PE_DIR_RESOURCE, 0x2300, 0x100);
	put_resource_entry(im, 0, 10, 0x80000020);
	put_resource_entry(im, 0x20, 0x80000080, 0x80000040);
	put_resource_entry(im, 0x40, 1033, 0x60);
	put(im, RESOURCES + 0x60, 0x2400, 4);
	put(im, RESOURCES + 0x64, 32, 4);
	put(im, RESOURCES + 0x68, 1252, 4);
	put(im, RESOURCES + 0x80, 2, 2);
	memcpy(im->bytes + RESOURCES + 0x82, "A\0B", 4);
	memset(im->bytes + PAYLOAD, 'p', 32);
}

static inline void
image_make(struct image *im, bool plus)
{
	memset(im, 0, sizeof(*im));
	im->plus = plus;
	im->len = IMAGE_END;
	im->budget.cap = 16u << 20;
	im->arena = ward_arena_new(&im->budget);
	assert_non_null(im->arena);
	put_headers(im);
	put_imports(im);
	put_exports(im);
	put_resources(im);
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

static inline struct ward_pe *
image_parse(struct image *im)
{
	struct ward_pe *pe = NULL;

	assert_int_equal(ward_pe_parse(image_span(im), im->arena, &pe), WARD_OK);
	return pe;
}

#endif

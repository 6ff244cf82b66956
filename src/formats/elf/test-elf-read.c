/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/test-elf-build.h"

#include <stdio.h>

struct seen {
	char facts[8192], children[1024];
	unsigned traits;
	struct ward_layout layout;
	enum ward_rc answer;
};

static void
add(char *list, size_t room, const char *key, const char *value)
{
	size_t used = strlen(list);

	(void)snprintf(list + used, room - used, "%s=%s\n", key, value);
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	struct seen *s = ctx;

	add(s->facts, sizeof(s->facts), key, value);
}

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	struct seen *s = ctx;
	char size[32];

	(void)snprintf(size, sizeof(size), "%zu", child->bytes.len);
	add(s->children, sizeof(s->children), child->name, size);
	return s->answer;
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	((struct seen *)ctx)->traits |= trait;
}

static void
on_layout(void *ctx, const struct ward_layout *layout)
{
	((struct seen *)ctx)->layout = *layout;
}

static enum ward_rc
read_image(struct image *im, struct seen *s)
{
	const struct ward_sink sink = {
		.ctx = s,
		.child = on_child,
		.fact = on_fact,
		.trait = on_trait,
		.layout = on_layout,
	};

	return ward_elf_read(image_span(im), im->arena, &sink);
}

static void
test_ordinary(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, true, false);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, 0);
	assert_string_equal(s.children, "");
	assert_true(s.layout.has_entry);
	assert_int_equal(s.layout.entry, TEXT + 4);
	assert_int_equal(s.layout.section_count, SECTION_COUNT);
	assert_int_equal(s.layout.sections[1].offset, TEXT);
	assert_int_equal(s.layout.sections[6].size, 0);
	assert_non_null(strstr(s.facts, "elf.class=64 little-endian\n"));
	assert_non_null(strstr(s.facts, "elf.machine=x86-64\n"));
	assert_non_null(strstr(s.facts, "elf.type=shared\n"));
	assert_non_null(strstr(s.facts, "elf.interpreter=/lib/ld.so\n"));
	assert_non_null(strstr(s.facts, "elf.build-id=deadbeef\n"));
	assert_non_null(strstr(s.facts, "elf.needed=libc.so.6\n"));
	assert_non_null(strstr(s.facts, "elf.soname=libx.so.1\n"));
	assert_non_null(strstr(s.facts, "elf.runpath=/opt/lib\n"));
	assert_non_null(strstr(s.facts, "elf.imports=puts\n"));
	assert_non_null(strstr(s.facts, "elf.dynamic-symbols=3\n"));
	assert_non_null(strstr(s.facts, "elf.section=.text size 256 entropy 0.000 flags ax\n"));
	image_done(&im);
}

static void
test_children(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, false, false);
	put_text(&im, TEXT, "#!/bin/sh\n");
	im.len += 40;
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_string_equal(s.children, "section:.text=256\n");
	assert_int_equal(s.traits, 0); /* padding is no overlay */
	s.children[0] = 0;
	im.bytes[im.len - 1] = 1;
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_string_equal(s.children, "section:.text=256\noverlay=40\n");
	assert_int_equal(s.traits, WARD_TRAIT_OVERLAY);
	s.answer = WARD_E_STOPPED;
	assert_int_equal(read_image(&im, &s), WARD_E_STOPPED);
	image_done(&im);
}

static void
test_packed(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;
	uint32_t x = 1;
	size_t i;

	(void)state;
	image_make(&im, true, false);
	memcpy(im.bytes + SEGMENTS + SEGMENT_COUNT * 56 + 8, "UPX!", 4);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, WARD_TRAIT_PACKED);
	/* Dense code, no section headers. */
	image_done(&im);
	image_make(&im, true, false);
	s.traits = 0;
	put(&im, 40, 0, 8);
	put(&im, 60, 0, 2);
	im.len = IMAGE_MAX;
	put_segment(&im, 0, WARD_ELF_PT_LOAD, 4, (const uint64_t[2]){NAMES, IMAGE_MAX - NAMES});
	for (i = NAMES; i < IMAGE_MAX; i++) {
		x = x * 1664525 + 1013904223;
		im.bytes[i] = (uint8_t)(x >> 24);
	}
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, 0); /* data may be dense */
	put_segment(&im, 0, WARD_ELF_PT_LOAD, 5, (const uint64_t[2]){NAMES, IMAGE_MAX - NAMES});
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, WARD_TRAIT_PACKED);
	image_done(&im);
}

static void
test_malformed_and_foreign(void **state)
{
	const struct ward_sink none = {.ctx = NULL};
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, true, true);
	put(&im, 58, 0, 2);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_true(s.traits & WARD_TRAIT_MALFORMED);
	assert_int_equal(ward_elf_read(image_span(&im), im.arena, &none), WARD_OK);
	im.bytes[0] = 0;
	assert_int_equal(read_image(&im, &s), WARD_E_FORMAT);
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_malformed_and_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

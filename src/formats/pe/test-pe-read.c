/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/test-pe-build.h"

#include <stdio.h>

struct seen {
	char facts[8192], children[1024];
	unsigned traits, gaps;
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
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	(void)name;
	(void)why;
	((struct seen *)ctx)->gaps++;
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
		.gap = on_gap,
		.fact = on_fact,
		.trait = on_trait,
		.layout = on_layout,
	};

	return ward_pe_read(image_span(im), im->arena, &sink);
}

static void
test_ordinary(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, true);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, 0);
	assert_int_equal(s.gaps, 0);
	assert_string_equal(s.children, "resource:RCDATA/AB/1033=32\n");
	assert_true(s.layout.has_entry);
	assert_int_equal(s.layout.entry, TEXT + 0x10);
	assert_int_equal(s.layout.section_count, 2);
	assert_int_equal(s.layout.sections[1].offset, DATA);
	assert_int_equal(s.layout.sections[1].address, 0x2000);
	assert_non_null(strstr(s.facts, "pe.format=PE32+\n"));
	assert_non_null(strstr(s.facts, "pe.machine=x86-64\n"));
	assert_non_null(strstr(s.facts, "pe.subsystem=windows-console\n"));
	assert_non_null(strstr(s.facts, "pe.imports=KERNEL32.dll(2), WS2_32.dll(2)\n"));
	assert_non_null(strstr(s.facts, "pe.exports=2 functions, 2 names, as self.dll\n"));
	assert_non_null(strstr(s.facts, "pe.resource=RCDATA/AB/1033 32\n"));
	assert_non_null(strstr(s.facts, "pe.section=.rdata raw 2560"));
	assert_non_null(strstr(s.facts, "pe.imphash="));
	assert_non_null(strstr(s.facts, "pe.authentihash="));
	image_done(&im);
}

static void
test_overlay(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, false);
	im.len += 64;
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, 0); /* padding is none */
	put_text(&im, IMAGE_END, "something else");
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, WARD_TRAIT_OVERLAY);
	assert_non_null(strstr(s.children, "overlay=64\n"));
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
	image_make(&im, false);
	memcpy(im.bytes + section_at(&im, 0), "UPX0\0\0\0", 8);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, WARD_TRAIT_PACKED);
	/* Dense code with few imports, whatever its name. */
	s.traits = 0;
	put_section(&im, 0, "code", (const uint32_t[5]){0x1000, 0x4000, 0x1000, 0x1000, 0x20});
	im.len = 0x2000;
	for (i = 0x1000; i < 0x2000; i++) {
		x = x * 1664525 + 1013904223;
		im.bytes[i] = (uint8_t)(x >> 24);
	}
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.traits, WARD_TRAIT_PACKED);
	image_done(&im);
}

/* Many entries that name the same large run of bytes. */
static void
test_overlapping_resources(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, false);
	put(&im, RESOURCES + 0x64, IMAGE_END - PAYLOAD, 4);
	put(&im, RESOURCES + 14, 100, 2);
	for (i = 0; i < 100; i++)
		put(&im, RESOURCES + 16 + 8 * i + 4, 0x340, 4);
	put_directory(&im, WARD_PE_DIR_RESOURCE, 0x2300, 0x400);
	put(&im, RESOURCES + 0x340, 0x2000, 4);
	put(&im, RESOURCES + 0x344, 0xa00, 4);
	for (i = 0; i < 100; i++)
		put(&im, RESOURCES + 16 + 8 * i, 10, 4);
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_int_equal(s.gaps, 1);
	image_done(&im);
}

static void
test_sink_stops(void **state)
{
	struct seen s = {.answer = WARD_E_STOPPED};
	struct image im;

	(void)state;
	image_make(&im, false);
	assert_int_equal(read_image(&im, &s), WARD_E_STOPPED);
	s.answer = WARD_E_LIMIT;
	assert_int_equal(read_image(&im, &s), WARD_E_LIMIT);
	image_done(&im);
}

static void
test_malformed_and_foreign(void **state)
{
	const struct ward_sink none = {.ctx = NULL};
	struct seen s = {.answer = WARD_OK};
	struct image im;

	(void)state;
	image_make(&im, false);
	im.len = 0x300;
	assert_int_equal(read_image(&im, &s), WARD_OK);
	assert_true(s.traits & WARD_TRAIT_MALFORMED);
	assert_int_equal(ward_pe_read(image_span(&im), im.arena, &none), WARD_OK);
	im.bytes[0] = 'X';
	assert_int_equal(read_image(&im, &s), WARD_E_FORMAT);
	image_done(&im);
}

/* Every budget between none and enough: an error or success, never a half answer. */
static void
test_memory_runs_out(void **state)
{
	struct seen s = {.answer = WARD_OK};
	struct image im;
	size_t cap, ok = 0;

	(void)state;
	image_make(&im, false);
	for (cap = 0; cap < 1u << 20; cap += 16384) {
		struct ward_budget budget = {.cap = cap};
		const struct ward_sink sink = {.ctx = &s, .fact = on_fact, .child = on_child};
		struct ward_arena *arena = ward_arena_new(&budget);
		enum ward_rc rc;

		assert_non_null(arena);
		s.facts[0] = s.children[0] = 0;
		rc = ward_pe_read(image_span(&im), arena, &sink);
		assert_true(rc == WARD_OK || rc == WARD_E_LIMIT);
		ok += rc == WARD_OK;
		ward_arena_free(arena);
	}
	assert_true(ok > 0);
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_overlapping_resources),
		cmocka_unit_test(test_sink_stops),
		cmocka_unit_test(test_malformed_and_foreign),
		cmocka_unit_test(test_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

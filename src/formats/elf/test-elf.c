/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/test-elf-build.h"

static void
check_tables(const struct ward_elf *elf)
{
	struct ward_elf_dynamic dynamic;
	struct ward_elf_symbols symbols;
	struct ward_elf_symbol symbol = {.st_name = 0};
	uint64_t tag = 0, value = 0;
	size_t n = 0;

	assert_true(ward_elf_dynamic_init(&dynamic, elf));
	assert_true(ward_elf_dynamic_next(&dynamic, &tag, &value));
	assert_int_equal(tag, WARD_ELF_DT_NEEDED);
	assert_true(
		ward_span_eq(ward_elf_dynamic_string(&dynamic, value), ward_span_str("libc.so.6")));
	for (n = 1; ward_elf_dynamic_next(&dynamic, &tag, &value); n++)
		;
	assert_int_equal(n, 6);
	assert_false(ward_elf_symbols_init(&symbols, elf, &elf->sections[1]));
	assert_true(ward_elf_symbols_init(&symbols, elf, &elf->sections[4]));
	assert_true(ward_elf_symbols_next(&symbols, &symbol));
	assert_true(ward_elf_symbols_next(&symbols, &symbol));
	assert_true(ward_span_eq(ward_elf_symbol_name(&symbols, &symbol), ward_span_str("puts")));
	assert_true(ward_elf_symbols_next(&symbols, &symbol));
	assert_int_equal(symbol.st_shndx, 1);
	assert_false(ward_elf_symbols_next(&symbols, &symbol));
}

static void
check_image(bool is64, bool big)
{
	struct image im;
	struct ward_elf *elf;
	uint64_t offset = 0;

	image_make(&im, is64, big);
	elf = image_parse(&im);
	assert_false(elf->malformed);
	assert_int_equal(elf->is64, is64);
	assert_int_equal(elf->big, big);
	assert_int_equal(elf->header.e_machine, is64 ? 62 : 3);
	assert_int_equal(elf->section_count, SECTION_COUNT);
	assert_int_equal(elf->segment_count, SEGMENT_COUNT);
	assert_ptr_equal(ward_elf_section_named(elf, ".bss"), &elf->sections[6]);
	assert_int_equal(ward_elf_section_bytes(elf, &elf->sections[6]).len, 0);
	assert_int_equal(elf->segments[0].p_flags, 5);
	assert_true(ward_span_eq(ward_elf_interpreter(elf), ward_span_str("/lib/ld.so")));
	assert_true(ward_span_eq(ward_elf_build_id(elf), ward_span_of("\xde\xad\xbe\xef", 4)));
	assert_true(ward_elf_offset(elf, elf->header.e_entry, &offset));
	assert_int_equal(offset, TEXT + 4);
	assert_false(ward_elf_offset(elf, BASE + 0x600, &offset));
	assert_false(ward_elf_offset(elf, 0, &offset));
	assert_int_equal(elf->overlay.len, 0);
	check_tables(elf);
	image_done(&im);
}

static void
test_all_kinds(void **state)
{
	(void)state;
	check_image(true, false);
	check_image(true, true);
	check_image(false, false);
	check_image(false, true);
}

static void
test_what_is_no_elf(void **state)
{
	struct image im;
	struct ward_elf *elf = NULL;

	(void)state;
	image_make(&im, true, false);
	assert_int_equal(ward_elf_parse(ward_span_of(NULL, 0), im.arena, &elf), WARD_E_FORMAT);
	assert_int_equal(ward_elf_parse(ward_span_of(im.bytes, 15), im.arena, &elf), WARD_E_FORMAT);
	im.bytes[4] = 3;
	assert_int_equal(ward_elf_parse(image_span(&im), im.arena, &elf), WARD_E_FORMAT);
	im.bytes[4] = 2;
	im.bytes[5] = 0;
	assert_int_equal(ward_elf_parse(image_span(&im), im.arena, &elf), WARD_E_FORMAT);
	assert_null(elf);
	image_done(&im);
}

static void
test_cut_off_anywhere(void **state)
{
	struct image im;
	size_t len, whole;

	(void)state;
	image_make(&im, true, false);
	whole = im.len;
	for (len = 16; len < whole; len++) {
		im.len = len;
		assert_true(image_parse(&im)->malformed);
	}
	image_done(&im);
}

/* What the loader needs survives section headers that are nonsense. */
static void
test_broken_section_headers(void **state)
{
	static const struct {
		size_t at, width;
		uint64_t value;
	} damage[] = {
		{40, 8, 0xffffffffffffff00ull},
		{40, 8, 0xfffff},
		{58, 2, 0},
		{58, 2, 1},
		{60, 2, 0xffff},
		{62, 2, 0x7777},
	};
	struct image im;
	struct ward_elf_dynamic dynamic;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct ward_elf *elf;

		image_make(&im, true, false);
		put(&im, damage[i].at, damage[i].value, damage[i].width);
		elf = image_parse(&im);
		assert_true(elf->malformed);
		assert_int_equal(elf->segment_count, SEGMENT_COUNT);
		assert_true(ward_elf_dynamic_init(&dynamic, elf));
		assert_true(ward_span_eq(ward_elf_dynamic_string(&dynamic, 1),
					 ward_span_str("libc.so.6")));
		assert_int_equal(ward_elf_build_id(elf).len, 4);
		image_done(&im);
	}
}

static void
test_broken_segments(void **state)
{
	struct image im;
	struct ward_elf *elf;
	uint64_t offset = 0;

	(void)state;
	image_make(&im, false, true);
	put(&im, 42, 31, 2); /* e_phentsize */
	elf = image_parse(&im);
	assert_true(elf->malformed);
	assert_int_equal(elf->segment_count, 0);
	assert_int_equal(elf->section_count, SECTION_COUNT);
	assert_true(ward_elf_offset(elf, BASE + TEXT, &offset)); /* by sections */
	image_done(&im);
	image_make(&im, false, true);
	put_segment(&im, 0, WARD_ELF_PT_LOAD, 5, (const uint64_t[2]){0xfffffff0, 0xffffffff});
	put_segment(&im, 1, WARD_ELF_PT_INTERP, 4, (const uint64_t[2]){0xffff, 0xffff});
	elf = image_parse(&im);
	assert_true(elf->malformed);
	assert_false(ward_elf_offset(elf, BASE + TEXT, &offset));
	assert_int_equal(ward_elf_interpreter(elf).len, 0);
	image_done(&im);
}

/* gABI: more than 0xff00 of them are counted in section 0. */
static void
test_extended_numbering(void **state)
{
	struct image im;
	struct ward_elf *elf;

	(void)state;
	image_make(&im, true, false);
	put(&im, 60, 0, 2);
	put(&im, 62, 0xffff, 2);
	put(&im, 56, 0xffff, 2);
	put(&im, section_field(&im, 0, 5), SECTION_COUNT, 8);
	put(&im, section_field(&im, 0, 6), SECTION_COUNT - 1, 4);
	put(&im, section_field(&im, 0, 7), SEGMENT_COUNT, 4);
	elf = image_parse(&im);
	assert_false(elf->malformed);
	assert_int_equal(elf->section_count, SECTION_COUNT);
	assert_int_equal(elf->segment_count, SEGMENT_COUNT);
	assert_non_null(ward_elf_section_named(elf, ".text"));
	put(&im, section_field(&im, 0, 5), UINT64_MAX, 8);
	assert_true(image_parse(&im)->malformed);
	image_done(&im);
}

static void
test_hostile_tables(void **state)
{
	struct image im;
	struct ward_elf *elf;
	struct ward_elf_symbols symbols;
	struct ward_elf_symbol symbol;
	struct ward_elf_stats stats;
	size_t n;

	(void)state;
	image_make(&im, true, false);
	put(&im, section_field(&im, 4, 9), 0, 8); /* sh_entsize */
	elf = image_parse(&im);
	assert_false(ward_elf_symbols_init(&symbols, elf, &elf->sections[4]));
	ward_elf_stats_make(elf, &stats);
	assert_true(stats.num_symbols == 0);
	put(&im, section_field(&im, 4, 9), UINT64_MAX, 8);
	put(&im, section_field(&im, 4, 5), UINT64_MAX, 8);
	put(&im, section_field(&im, 4, 6), 0xffffffff, 4);
	elf = image_parse(&im);
	assert_true(ward_elf_symbols_init(&symbols, elf, &elf->sections[4]));
	for (n = 0; ward_elf_symbols_next(&symbols, &symbol); n++)
		assert_int_equal(ward_elf_symbol_name(&symbols, &symbol).len, 0);
	assert_int_equal(n, 1);
	/* A note that claims everything. */
	put(&im, NOTE, 0xfffffffe, 4);
	put(&im, NOTE + 4, 0xfffffffe, 4);
	assert_int_equal(ward_elf_build_id(image_parse(&im)).len, 0);
	image_done(&im);
}

static void
test_overlay(void **state)
{
	static const char magic[] = "~Module signature appended~\n";
	struct image im;
	struct ward_elf *elf;
	size_t end;

	(void)state;
	image_make(&im, true, true);
	end = im.len;
	im.len += 200;
	assert_int_equal(image_parse(&im)->overlay.len, 200);
	memcpy(im.bytes + im.len - 28, magic, 28);
	put(&im, im.len - 32, 160, 4); /* 160 + 12 + 28 */
	elf = image_parse(&im);
	assert_int_equal(elf->overlay.len, 0);
	assert_int_equal(elf->module_signature.len, 200);
	put(&im, im.len - 32, 100, 4); /* something lies in front of it */
	elf = image_parse(&im);
	assert_int_equal(elf->overlay.len, 200);
	assert_ptr_equal(elf->overlay.data, im.bytes + end);
	image_done(&im);
}

/* Loaders keep the first bytes that they expect of a file, several times over. */
static void
test_a_lone_identification_has_no_overlay(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = NULL; /* gives back to `budget` */
	struct ward_elf *elf = NULL;
	uint8_t table[16 * 16];

	(void)state;
	arena = ward_arena_new(&budget);
	for (size_t i = 0; i < sizeof(table); i += 16)
		memcpy(table + i, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
	memset(table + 16, 0, 48);
	assert_int_equal(ward_elf_parse(ward_span_of(table, sizeof(table)), arena, &elf), WARD_OK);
	assert_int_equal(elf->overlay.len, 0);
}

static void
test_stats(void **state)
{
	struct ward_elf_stats s;
	double values[WARD_ELF_STATS];
	struct image im;

	(void)state;
	image_make(&im, true, false);
	ward_elf_stats_make(image_parse(&im), &s);
	assert_true(s.e_entry == BASE + TEXT + 4);
	assert_true(s.num_sections == 8 && s.sections_executable == 1 && s.sections_writable == 2);
	assert_true(s.sections_allocatable == 6 && s.sections_nobits == 1 &&
		    s.sections_strtab == 2);
	assert_true(s.section_size_min == 0 && s.section_size_max == 0x10000);
	assert_true(s.section_size_total == 0x10000 + 0x100 + 96 + 20 + 72 + 0x80);
	assert_true(s.section_size_mean == s.section_size_total / 8);
	assert_true(s.num_segments == 4 && s.segments_load == 1 && s.segments_interp == 1);
	assert_true(s.num_symbols == 3 && s.num_functions == 2 && s.num_objects == 0);
	assert_true(s.num_global_symbols == 2 && s.num_local_symbols == 1);
	assert_true(s.num_undefined_symbols == 2 && s.num_libraries_needed == 1);
	assert_true(s.num_dynamic_entries == 6 && s.has_soname == 1 && s.has_runpath == 1);
	assert_true(s.has_rpath == 0 && s.file_size == (double)im.len);
	ward_elf_stats_values(&s, values);
	assert_true(values[0] == WARD_ELF_DYN && values[52] == (double)im.len);
	assert_string_equal(ward_elf_stats_name(28), "section_size_mean");
	assert_string_equal(ward_elf_stats_name(52), "file_size");
	assert_null(ward_elf_stats_name(53));
	image_done(&im);
}

static void
test_no_memory(void **state)
{
	struct image im;
	struct ward_elf *elf = NULL;

	(void)state;
	image_make(&im, true, false);
	im.budget.cap = im.budget.used;
	assert_int_equal(ward_elf_parse(image_span(&im), im.arena, &elf), WARD_E_LIMIT);
	assert_null(elf);
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_what_is_no_elf),
		cmocka_unit_test(test_cut_off_anywhere),
		cmocka_unit_test(test_broken_section_headers),
		cmocka_unit_test(test_broken_segments),
		cmocka_unit_test(test_extended_numbering),
		cmocka_unit_test(test_hostile_tables),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_a_lone_identification_has_no_overlay),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

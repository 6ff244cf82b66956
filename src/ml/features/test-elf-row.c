/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/elf/test-elf-build.h"

#include <math.h>

#include "ml/features/elf-row.h"
#include "ml/features/row.h"

enum {
	PUTS_BUCKET = 64, /* "puts" of 128, computed apart */
	LIBC_BUCKET = 12, /* "libc.so.6" of 32, computed apart */
	TEXT_BUCKET = 10, /* ".text" of 32, computed apart */
};

static struct ward_elf_row row;

static void
make(struct image *im)
{
	memset(&row, 0, sizeof(row));
	assert_int_equal(ward_elf_row_make(image_span(im), im->arena, &row), WARD_OK);
}

static void
assert_near(float value, double expected)
{
	if (isnan(value) || fabs((double)value - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", (double)value, expected);
}

/* The same file in every class and byte order tells the same. */
static void
check_image(bool is64, bool big)
{
	struct image im;

	image_make(&im, is64, big);
	make(&im);
	assert_near(row.is_64[0], is64);
	assert_near(row.is_big_endian[0], big);
	assert_near(row.e_type[0], 3);
	assert_near(row.num_sections[0], 8);
	assert_near(row.file_size[0], (double)im.len);
	assert_near(row.imports[0], 1);
	assert_near(row.exports[0], 1);
	assert_near(row.imports_hash[PUTS_BUCKET], 1);
	assert_near(row.libraries_hash[LIBC_BUCKET], 1);
	assert_near(row.dynamic_tags[WARD_ELF_DT_NEEDED], 1);
	assert_near(row.dynamic_tags[WARD_ELF_DT_RUNPATH], 1);
	assert_near(row.dynamic_tags[WARD_ELF_DT_NULL], 1);
	assert_near(row.symbol_name_mean[0], 4); /* puts, main */
	assert_near(row.symbol_name_short[0], 0);
	assert_near(row.is_pie[0], 1);
	assert_near(row.is_static[0], 0);
	assert_near(row.interpreter_usual[0], 1);
	assert_near(row.build_id_size[0], 4);
	assert_near(row.bss_size[0], 0x10000);
	assert_true(isnan(row.stack_executable[0]));
	assert_true(isnan(row.overlay_entropy[0]));
	image_done(&im);
}

static void
test_classes(void **state)
{
	(void)state;
	check_image(true, false);
	check_image(true, true);
	check_image(false, false);
	check_image(false, true);
}

/* The entry is 4 bytes into .text; its 256 bytes are zeros up to "/lib" of the interpreter. */
static void
test_entry(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, true, false);
	make(&im);
	assert_near(row.entry_in_file[0], 1);
	assert_near(row.entry_in_code[0], 1);
	assert_near(row.entry_in_writable[0], 0);
	assert_near(row.entry_in_last[0], 1);
	assert_near(row.entry_in_text[0], 1);
	assert_near(row.entry_position[0], (double)(TEXT + 4) / 0x600);
	assert_near(row.entry_sixteenth[0], 252.0 / 256);
	assert_near(row.entry_sixteenth[2], 1.0 / 256);
	assert_near(row.entry_sixteenth[6], 3.0 / 256);
	assert_near(row.entry_entropy[0], 252.0 / 256 * log2(256.0 / 252) + 4.0 / 256 * 8);
	put(&im, 24, 0, 8); /* e_entry */
	make(&im);
	assert_true(isnan(row.entry_in_file[0]));
	assert_true(isnan(row.entry_position[0]));
	assert_true(isnan(row.entry_sixteenth[0]));
	put(&im, 24, 0x999999, 8);
	make(&im);
	assert_near(row.entry_in_file[0], 0);
	assert_near(row.entry_in_code[0], 0);
	image_done(&im);
}

static void
test_sections(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, true, false);
	memset(im.bytes + TEXT, 0xc3, 0x80); /* half of .text */
	put(&im, section_field(&im, 1, 2), 7, 8);
	make(&im);
	assert_near(row.named_present[0], 1); /* .text */
	assert_near(row.named_present[1], 0); /* .rodata */
	assert_near(row.named_share[0], 256.0 / (double)im.len);
	assert_near(row.named_entropy[0], 1);
	assert_true(isnan(row.named_entropy[1]));
	assert_near(row.sections_hash[TEXT_BUCKET], 2); /* .bss falls there too */
	assert_near(row.sections_writable_code[0], 1);
	assert_near(row.sections_nameless[0], 0);
	assert_near(row.sections_outside[0], 0);
	put(&im, section_field(&im, 1, 5), 0x10000, 8);
	make(&im);
	assert_near(row.sections_outside[0], 1);
	image_done(&im);
}

static void
test_packer_traits(void **state)
{
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, true, false);
	make(&im);
	assert_near(row.packer_mark[0], 0);
	assert_near(row.packer_name[0], 0);
	assert_near(row.packer_shape[0], 0);
	memcpy(im.bytes + NAMES + 1, ".upx0", 5);
	put_text(&im, 0x1a0, "UPX!");
	make(&im);
	assert_near(row.packer_mark[0], 1);
	assert_near(row.packer_name[0], 1);
	for (i = 0x140; i < 0x600; i++)
		im.bytes[i] = (uint8_t)(i * 167 + i / 256);
	put(&im, 40, 0, 8); /* e_shoff */
	put(&im, 60, 0, 2);
	put(&im, 56, 1, 2); /* e_phnum: the PT_LOAD alone */
	make(&im);
	assert_near(row.no_section_headers[0], 1);
	assert_true(row.segment_code_entropy[0] > 7);
	assert_near(row.packer_shape[0], 1);
	image_done(&im);
}

/* Sections that all are the whole file are read twice, and then are missing. */
static void
test_bounded_work(void **state)
{
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, true, false);
	for (i = 1; i < SECTION_COUNT; i++) {
		put(&im, section_field(&im, i, 1), WARD_ELF_SHT_PROGBITS, 4);
		put(&im, section_field(&im, i, 4), 0, 8);
		put(&im, section_field(&im, i, 5), im.len, 8);
	}
	make(&im);
	assert_near(row.sections_dense[0], 0);
	assert_true(isnan(row.named_entropy[0]) || isnan(row.section_entropy_max[0]));
	image_done(&im);
}

static void
test_no_elf(void **state)
{
	struct image im;
	struct ward_row any;

	(void)state;
	image_make(&im, true, false);
	im.bytes[0] = 0;
	assert_int_equal(ward_elf_row_make(image_span(&im), im.arena, &row), WARD_E_FORMAT);
	assert_int_equal(ward_row_make(WARD_TYPE_ELF, image_span(&im), im.arena, &any),
			 WARD_E_FORMAT);
	assert_int_equal(ward_row_make(WARD_TYPE_FONT, image_span(&im), im.arena, &any),
			 WARD_E_UNSUPPORTED);
	image_done(&im);
}

/* Every prefix of a file gives a row without infinities. */
static void
test_cut_files(void **state)
{
	struct image im;
	size_t i, len;

	(void)state;
	image_make(&im, true, false);
	len = im.len;
	for (im.len = 16; im.len < len; im.len += 3) {
		struct ward_row any;

		assert_int_equal(ward_row_make(WARD_TYPE_ELF, image_span(&im), im.arena, &any),
				 WARD_OK);
		for (i = 0; i < any.schema->columns; i++)
			assert_true(isinf(any.values[i]) == 0);
	}
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),	     cmocka_unit_test(test_entry),
		cmocka_unit_test(test_sections),     cmocka_unit_test(test_packer_traits),
		cmocka_unit_test(test_bounded_work), cmocka_unit_test(test_no_elf),
		cmocka_unit_test(test_cut_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

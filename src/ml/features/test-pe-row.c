/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/test-pe-build.h"

#include <math.h>

#include "ml/features/pe-row.h"
#include "ml/features/row.h"

enum {
	CREATEFILEA_BUCKET = 51, /* "CreateFileA" of 256, computed apart */
	ORDINAL_BUCKET = 16,	 /* "WS2_32.dll:115" of 256, computed apart */
	KERNEL32_BUCKET = 37,	 /* "KERNEL32.dll" of 64, computed apart */
};

static struct ward_pe_row row;

static void
make(struct image *im)
{
	memset(&row, 0, sizeof(row));
	assert_int_equal(ward_pe_row_make(image_span(im), im->arena, &row), WARD_OK);
}

static void
assert_near(float value, double expected)
{
	if (isnan(value) || fabs((double)value - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", (double)value, expected);
}

static void
check_image(bool plus)
{
	struct image im;

	image_make(&im, plus);
	make(&im);
	assert_near(row.is_64[0], plus);
	assert_near(row.e_lfanew[0], LFANEW);
	assert_near(row.Magic[0], plus ? 0x20b : 0x10b);
	assert_near(row.NumberOfSections[0], 2);
	assert_near(row.SectionsLength[0], 2);
	assert_near(row.SectionMeanRawsize[0], (0x200 + 0xa00) / 2.0);
	assert_near(row.SectionMinRawsize[0], 0x200);
	assert_near(row.SectionMaxVirtualAddress[0], 0x2000);
	assert_near(row.SumImportFunction[0], 2);
	assert_near(row.SumImportFunctionMethod[0], 4);
	assert_near(row.imports_by_ordinal[0], 0.5);
	assert_near(row.imports_hash[CREATEFILEA_BUCKET], 1);
	assert_near(row.imports_hash[ORDINAL_BUCKET], 1);
	assert_near(row.libraries_hash[KERNEL32_BUCKET], 1);
	assert_near(row.import_groups[WARD_WORD_file], 1);
	assert_near(row.exports[0], 2);
	assert_near(row.resources[0], 1);
	assert_near(row.resources_types[10], 1);
	assert_near(row.resources_size[0], 32);
	assert_near(row.resources_entropy[0], 0); /* 32 times 'p' */
	assert_near(row.directories_present[WARD_PE_DIR_IMPORT], 1);
	assert_near(row.directories_share[WARD_PE_DIR_IMPORT], 60.0 / IMAGE_END);
	assert_true(isnan(row.directories_share[9]));
	assert_near(row.dos_stub_size[0], LFANEW - 64);
	assert_near(row.image_size_ratio[0], 0x3000 / (double)IMAGE_END);
	assert_near(row.packer_shape[0], 0);
	image_done(&im);
}

static void
test_formats(void **state)
{
	(void)state;
	check_image(false);
	check_image(true);
}

static void
test_entry(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, true);
	memset(im.bytes + TEXT + 0x10, 0x90, 64);
	make(&im);
	assert_near(row.entry_in_file[0], 1);
	assert_near(row.entry_section[0], 0);
	assert_near(row.entry_in_last[0], 0);
	assert_near(row.entry_in_code[0], 1);
	assert_near(row.entry_in_writable[0], 0);
	assert_near(row.entry_position[0], 0x10 / (double)0x200);
	assert_near(row.entry_sixteenth[9], 0.25);
	assert_near(row.entry_entropy[0], 0.25 * 2 + 0.75 * log2(4.0 / 3));
	put(&im, OPTIONAL + 16, 0, 4);
	make(&im);
	assert_true(isnan(row.entry_in_file[0]));
	assert_true(isnan(row.entry_section[0]));
	assert_true(isnan(row.entry_entropy[0]));
	image_done(&im);
}

static void
test_sections(void **state)
{
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, true);
	for (i = 0; i < 0x200; i++)
		im.bytes[TEXT + i] = (uint8_t)i;
	put(&im, section_at(&im, 0) + 36, 0xe0000020, 4);
	memcpy(im.bytes + section_at(&im, 0), "UPX0\0", 6);
	make(&im);
	assert_near(row.sections_code_entropy[0], 8);
	assert_near(row.SectionMaxEntropy[0], 8);
	assert_near(row.sections_dense[0], 1);
	assert_near(row.sections_writable_code[0], 1);
	assert_near(row.packer_name[0], 1);
	assert_near(row.packer_shape[0], 1);
	image_done(&im);
}

/* "DanS" and a pair, then "Rich" and the key. */
static void
test_rich(void **state)
{
	const uint32_t key = 0x12345678;
	struct image im;

	(void)state;
	image_make(&im, true);
	make(&im);
	assert_near(row.has_rich[0], 0);
	assert_true(isnan(row.rich_entries[0]));
	put(&im, 0x44, 0x536e6144 ^ key, 4);
	put(&im, 0x48, key, 4);
	put(&im, 0x4c, key, 4);
	put(&im, 0x50, key, 4);
	put(&im, 0x54, 0x00010203 ^ key, 4);
	put(&im, 0x58, 7 ^ key, 4);
	put_text(&im, 0x5c, "Rich");
	put(&im, 0x60, key, 4);
	make(&im);
	assert_near(row.has_rich[0], 1);
	assert_near(row.rich_entries[0], 1);
	image_done(&im);
}

static void
test_overlay(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, true);
	make(&im);
	assert_true(isnan(row.overlay_entropy[0]));
	memcpy(im.bytes + im.len, "abababab", 8);
	im.len += 8;
	make(&im);
	assert_near(row.overlay_size[0], 8);
	assert_near(row.overlay_entropy[0], 1);
	assert_near(row.overlay_share[0], 8.0 / (IMAGE_END + 8));
	image_done(&im);
}

static void
test_cut_files(void **state)
{
	struct image im;
	size_t i, len;

	(void)state;
	image_make(&im, false);
	len = im.len;
	for (im.len = COFF; im.len < len; im.len += 7) {
		struct ward_row any;

		assert_int_equal(ward_row_make(WARD_TYPE_PE, image_span(&im), im.arena, &any),
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
		cmocka_unit_test(test_formats),	 cmocka_unit_test(test_entry),
		cmocka_unit_test(test_sections), cmocka_unit_test(test_rich),
		cmocka_unit_test(test_overlay),	 cmocka_unit_test(test_cut_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

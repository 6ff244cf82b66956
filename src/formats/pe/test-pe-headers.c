/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/test-pe-build.h"

static void
check_headers(bool plus)
{
	struct image im;
	struct ward_pe *pe;
	uint64_t offset = 0;

	image_make(&im, plus);
	pe = image_parse(&im);
	assert_int_equal(pe->plus, plus);
	assert_false(pe->malformed);
	assert_int_equal(pe->coff.machine, plus ? 0x8664 : 0x14c);
	assert_int_equal(pe->coff.time_date_stamp, 1700000000);
	assert_int_equal(pe->optional.image_base, 0x400000);
	assert_int_equal(pe->optional.check_sum, 0xabcdef);
	assert_int_equal(pe->optional.size_of_stack_reserve, 0x100000);
	assert_int_equal(pe->optional.number_of_rva_and_sizes, 16);
	assert_int_equal(pe->directory_count, 16);
	assert_int_equal(pe->directories[WARD_PE_DIR_IMPORT].virtual_address, 0x2000);
	assert_int_equal(pe->section_count, 2);
	assert_string_equal(pe->sections[1].name, ".rdata");
	assert_int_equal(pe->overlay.len, 0);
	assert_ptr_equal(ward_pe_entry_section(pe), &pe->sections[0]);
	assert_true(ward_pe_offset(pe, 0x1010, &offset));
	assert_int_equal(offset, TEXT + 0x10);
	assert_int_equal(ward_pe_at(pe, 0x2900).len, 0x100);
	assert_int_equal(ward_pe_at(pe, 0x40).data - im.bytes, 0x40);
	assert_false(ward_pe_offset(pe, 0x80000000, &offset));
	image_done(&im);
}

static void
test_pe32(void **state)
{
	(void)state;
	check_headers(false);
}

static void
test_pe32_plus(void **state)
{
	(void)state;
	check_headers(true);
}

static void
test_what_is_no_pe(void **state)
{
	struct image im;
	struct ward_pe *pe = NULL;
	static const uint32_t lfanew[] = {0, 1, IMAGE_END - 4, IMAGE_END, 0xfffffffc, 0xffffffff};
	size_t i;

	(void)state;
	image_make(&im, false);
	for (i = 0; i < sizeof(lfanew) / sizeof(lfanew[0]); i++) {
		put(&im, 60, lfanew[i], 4);
		assert_int_equal(ward_pe_parse(image_span(&im), im.arena, &pe), WARD_E_FORMAT);
	}
	assert_int_equal(ward_pe_parse(ward_span_of(NULL, 0), im.arena, &pe), WARD_E_FORMAT);
	assert_null(pe);
	image_done(&im);
}

/* The signature as the file's last four bytes: a PE without anything, but a PE. */
static void
test_headers_cut_off(void **state)
{
	struct image im;
	struct ward_pe *pe;
	size_t len;

	(void)state;
	image_make(&im, true);
	for (len = LFANEW + 4; len < 0x400; len++) {
		im.len = len;
		pe = image_parse(&im);
		assert_true(pe->malformed);
		assert_true(pe->section_count <= 2);
	}
	image_done(&im);
}

static void
test_sections_that_lie(void **state)
{
	struct image im;
	struct ward_pe *pe;

	(void)state;
	image_make(&im, false);
	put(&im, COFF + 2, 0xffff, 2);
	put_section(&im, 0, ".text",
		    (const uint32_t[5]){0xffffffff, 0x1000, 0xffffffff, TEXT, 0x60000020});
	pe = image_parse(&im);
	assert_true(pe->malformed);
	assert_int_equal(pe->section_count, 2);
	/* Cut where the next one starts, and to the file. */
	assert_int_equal(ward_pe_section_bytes(pe, &pe->sections[0]).len, IMAGE_END - TEXT);
	assert_int_equal(pe->mappings[0].end, 0x2000);
	assert_int_equal(pe->overlay.len, 0);
	/* Three faults at once end the table. */
	put_section(&im, 0, ".text",
		    (const uint32_t[5]){0xffffffff, 0xf0000000, 0x200, 0xfffffe00, 0});
	assert_int_equal(image_parse(&im)->section_count, 0);
	image_done(&im);
}

static void
test_sections_out_of_order(void **state)
{
	struct image im;
	struct ward_pe *pe;
	uint64_t offset = 0;

	(void)state;
	image_make(&im, false);
	put_section(&im, 0, "b", (const uint32_t[5]){0x200, 0x5000, 0x200, TEXT, 0});
	pe = image_parse(&im);
	assert_string_equal(pe->sections[0].name, "btext");
	assert_int_equal(pe->mappings[0].start, 0x2000);
	assert_true(ward_pe_offset(pe, 0x5001, &offset));
	assert_int_equal(offset, TEXT + 1);
	image_done(&im);
}

static void
test_overlay_and_certificates(void **state)
{
	struct image im;
	struct ward_pe *pe;

	(void)state;
	image_make(&im, false);
	im.len = IMAGE_END + 100;
	pe = image_parse(&im);
	assert_int_equal(pe->overlay.len, 100);
	assert_ptr_equal(pe->overlay.data, im.bytes + IMAGE_END);
	put_directory(&im, WARD_PE_DIR_SECURITY, IMAGE_END, 60);
	pe = image_parse(&im);
	assert_int_equal(pe->certificates.len, 60);
	assert_int_equal(pe->overlay.len, 0);
	assert_int_equal(pe->overlay2.len, 40);
	put_directory(&im, WARD_PE_DIR_SECURITY, IMAGE_END + 80, 20);
	pe = image_parse(&im);
	assert_int_equal(pe->overlay.len, 80);
	assert_int_equal(pe->overlay2.len, 0);
	put_directory(&im, WARD_PE_DIR_SECURITY, IMAGE_END, 101);
	pe = image_parse(&im);
	assert_true(pe->malformed);
	assert_int_equal(pe->overlay.len, 100);
	image_done(&im);
}

static void
test_coff_symbols_are_no_overlay(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, false);
	put(&im, COFF + 8, IMAGE_END, 4);
	put(&im, COFF + 12, 3, 4);
	put(&im, IMAGE_END + 54, 4 + 8, 4);
	put_text(&im, IMAGE_END + 58, "_symbol");
	im.len = IMAGE_END + 66 + 50;
	assert_int_equal(image_parse(&im)->overlay.len, 50);
	/* Strings that are none hide nothing. */
	im.bytes[IMAGE_END + 60] = 0x01;
	assert_int_equal(image_parse(&im)->overlay.len, 116);
	put(&im, COFF + 12, 0xffffffff, 4);
	assert_int_equal(image_parse(&im)->overlay.len, 116);
	image_done(&im);
}

static void
test_authentihash(void **state)
{
	struct image im;
	uint8_t a[WARD_DIGEST_MAX], b[WARD_DIGEST_MAX];

	(void)state;
	image_make(&im, true);
	im.len = IMAGE_END + 64;
	put_directory(&im, WARD_PE_DIR_SECURITY, IMAGE_END, 64);
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA256, a), WARD_OK);
	/* What signing writes does not count: checksum, table, its entry. */
	put(&im, OPTIONAL + 64, 0x1234, 4);
	memset(im.bytes + IMAGE_END, 0x55, 64);
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA256, b), WARD_OK);
	assert_memory_equal(a, b, WARD_SHA256_LEN);
	put_directory(&im, WARD_PE_DIR_SECURITY, 0, 0);
	im.len = IMAGE_END;
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA256, b), WARD_OK);
	assert_memory_equal(a, b, WARD_SHA256_LEN);
	/* Everything else does. */
	im.bytes[TEXT] ^= 1;
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA256, b), WARD_OK);
	assert_memory_not_equal(a, b, WARD_SHA256_LEN);
	/* A table over the headers is no table. */
	put_directory(&im, WARD_PE_DIR_SECURITY, 0x10, 0x20);
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA1, b), WARD_E_FORMAT);
	im.len = OPTIONAL + 100;
	assert_int_equal(ward_pe_authentihash(image_parse(&im), WARD_SHA1, b), WARD_E_FORMAT);
	image_done(&im);
}

static void
test_no_memory(void **state)
{
	struct image im;
	struct ward_pe *pe = NULL;

	(void)state;
	image_make(&im, true);
	im.budget.cap = im.budget.used;
	assert_int_equal(ward_pe_parse(image_span(&im), im.arena, &pe), WARD_E_LIMIT);
	assert_null(pe);
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pe32),
		cmocka_unit_test(test_pe32_plus),
		cmocka_unit_test(test_what_is_no_pe),
		cmocka_unit_test(test_headers_cut_off),
		cmocka_unit_test(test_sections_that_lie),
		cmocka_unit_test(test_sections_out_of_order),
		cmocka_unit_test(test_overlay_and_certificates),
		cmocka_unit_test(test_coff_symbols_are_no_overlay),
		cmocka_unit_test(test_authentihash),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

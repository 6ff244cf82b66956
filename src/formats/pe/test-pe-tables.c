/* SPDX-License-Identifier: Apache-2.0 */
/* Imports, exports and resources. */
#include "base/text.h"
#include "formats/pe/test-pe-build.h"

static struct ward_pe_imports delayed;

static struct ward_pe_imports
read_imports(struct image *im)
{
	struct ward_pe_imports imports;

	assert_int_equal(ward_pe_imports_read(image_parse(im), im->arena, &imports, &delayed),
			 WARD_OK);
	return imports;
}

static void
check_imports(bool plus)
{
	static const char text[] = "kernel32.createfilea,kernel32.exitprocess,"
				   "ws2_32.wsastartup,ws2_32.ord999";
	struct ward_pe_imports imports;
	uint8_t md5[WARD_MD5_LEN], expected[WARD_MD5_LEN];
	struct image im;

	image_make(&im, plus);
	imports = read_imports(&im);
	assert_false(imports.malformed);
	assert_int_equal(imports.count, 2);
	assert_int_equal(imports.symbol_count, 4);
	assert_true(ward_span_eq(imports.dlls[0].dll, ward_span_str("KERNEL32.dll")));
	assert_true(ward_span_eq(imports.dlls[0].symbols[0].name, ward_span_str("CreateFileA")));
	assert_int_equal(imports.dlls[0].symbols[0].hint, 7);
	assert_int_equal(imports.dlls[1].symbols[0].ordinal, 115);
	assert_int_equal(imports.dlls[1].symbols[0].name.len, 0);
	assert_int_equal(delayed.count, 0);
	assert_int_equal(ward_pe_imphash(&imports, im.arena, md5), WARD_OK);
	assert_int_equal(ward_digest(WARD_MD5, ward_span_str(text), expected), WARD_OK);
	assert_memory_equal(md5, expected, WARD_MD5_LEN);
	image_done(&im);
}

static void
test_imports_pe32(void **state)
{
	(void)state;
	check_imports(false);
}

static void
test_imports_pe32_plus(void **state)
{
	(void)state;
	check_imports(true);
}

static void
test_ordinals(void **state)
{
	(void)state;
	assert_string_equal(ward_pe_ordinal_name(ward_span_str("WSOCK32.DLL"), 1), "accept");
	assert_string_equal(ward_pe_ordinal_name(ward_span_str("oleaut32.dll"), 2),
			    "sysallocstring");
	assert_null(ward_pe_ordinal_name(ward_span_str("oleaut32.dll"), 1));
	assert_null(ward_pe_ordinal_name(ward_span_str("kernel32.dll"), 1));
}

static void
test_no_imports(void **state)
{
	struct ward_pe_imports imports;
	uint8_t md5[WARD_MD5_LEN];
	struct image im;

	(void)state;
	image_make(&im, false);
	put_directory(&im, WARD_PE_DIR_IMPORT, 0, 0);
	imports = read_imports(&im);
	assert_int_equal(imports.count, 0);
	assert_int_equal(ward_pe_imphash(&imports, im.arena, md5), WARD_E_NOENT);
	image_done(&im);
}

static void
test_delayed_imports(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, false);
	put_directory(&im, WARD_PE_DIR_DELAY_IMPORT, 0x2180, 64);
	put(&im, IMPORTS + 0x180, 1, 4);
	put(&im, IMPORTS + 0x184, 0x20c0, 4);
	put(&im, IMPORTS + 0x18c, 0x2060, 4);
	put(&im, IMPORTS + 0x190, 0x2040, 4);
	assert_int_equal(read_imports(&im).count, 2);
	assert_int_equal(delayed.count, 1);
	assert_int_equal(delayed.symbol_count, 2);
	/* The same in virtual addresses, as Visual C++ 6 wrote them. */
	put(&im, IMPORTS + 0x180, 0, 4);
	put(&im, IMPORTS + 0x184, 0x4020c0, 4);
	put(&im, IMPORTS + 0x18c, 0x402060, 4);
	put(&im, IMPORTS + 0x190, 0x402040, 4);
	put(&im, IMPORTS + 0x40, 0x402100, 4);
	put(&im, IMPORTS + 0x44, 0x402120, 4);
	(void)read_imports(&im);
	assert_int_equal(delayed.count, 1);
	assert_true(ward_span_eq(delayed.dlls[0].symbols[1].name, ward_span_str("ExitProcess")));
	image_done(&im);
}

/* Descriptors without end, tables over themselves, names outside: always an end, never a crash. */
static void
test_import_loops(void **state)
{
	struct ward_pe_imports imports;
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, false);
	for (i = DATA; i + 20 <= IMAGE_END; i += 20) {
		put(&im, i, 0x2000, 4);
		put(&im, i + 12, 0x2001, 4);
		put(&im, i + 16, 0x2004, 4);
	}
	imports = read_imports(&im);
	assert_true(imports.malformed);
	put(&im, IMPORTS, 0xfffffff0, 4);
	put(&im, IMPORTS + 16, 0xffffffff, 4);
	(void)read_imports(&im);
	put_directory(&im, WARD_PE_DIR_IMPORT, 0x29f0, 60);
	assert_int_equal(read_imports(&im).count, 0);
	image_done(&im);
}

static void
test_names_that_are_none(void **state)
{
	struct ward_pe_imports imports;
	struct image im;

	(void)state;
	image_make(&im, false);
	put_text(&im, IMPORTS + 0x102, "Create File");
	put_text(&im, IMPORTS + 0xc0, "a|b");
	imports = read_imports(&im);
	assert_true(imports.malformed);
	assert_int_equal(imports.symbol_count, 3);
	assert_true(ward_span_eq(imports.dlls[0].dll, ward_span_str("*invalid*")));
	image_done(&im);
}

static void
test_repeated_address_is_bogus(void **state)
{
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, false);
	put(&im, IMPORTS, 0x2800, 4);
	put(&im, IMPORTS + 16, 0x2800, 4);
	for (i = 0; i < 14; i++)
		put(&im, DATA + 0x800 + 4 * i, 0x2100, 4);
	assert_int_equal(read_imports(&im).dlls[0].count, 14);
	for (i = 0; i < 20; i++)
		put(&im, DATA + 0x800 + 4 * i, 0x2100, 4);
	assert_int_equal(read_imports(&im).count, 1);
	image_done(&im);
}

static void
test_exports(void **state)
{
	struct ward_pe_exports exports;
	struct image im;

	(void)state;
	image_make(&im, true);
	assert_int_equal(ward_pe_exports_read(image_parse(&im), im.arena, &exports), WARD_OK);
	assert_true(ward_span_eq(exports.dll, ward_span_str("self.dll")));
	assert_int_equal(exports.count, 2);
	assert_true(ward_span_eq(exports.names[1], ward_span_str("beta")));
	put(&im, EXPORTS + 24, 0xffffffff, 4);
	assert_int_equal(ward_pe_exports_read(image_parse(&im), im.arena, &exports), WARD_OK);
	assert_true(exports.malformed);
	assert_int_equal(exports.count, (0xa00 - 0x240) / 4);
	put_directory(&im, WARD_PE_DIR_EXPORT, 0x29f0, 40);
	assert_int_equal(ward_pe_exports_read(image_parse(&im), im.arena, &exports), WARD_OK);
	assert_true(exports.malformed);
	put_directory(&im, WARD_PE_DIR_EXPORT, 0, 0);
	assert_int_equal(ward_pe_exports_read(image_parse(&im), im.arena, &exports), WARD_E_NOENT);
	image_done(&im);
}

static struct ward_pe_resources
read_resources(struct image *im)
{
	struct ward_pe_resources resources;

	assert_int_equal(ward_pe_resources_read(image_parse(im), im->arena, &resources), WARD_OK);
	return resources;
}

static void
test_resources(void **state)
{
	struct ward_pe_resources r;
	struct image im;

	(void)state;
	image_make(&im, false);
	r = read_resources(&im);
	assert_false(r.malformed);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.items[0].type.number, 10);
	assert_true(ward_span_eq(r.items[0].name.name, ward_span_of("A\0B", 4)));
	assert_int_equal(r.items[0].lang.number, 1033);
	assert_int_equal(r.items[0].code_page, 1252);
	assert_int_equal(r.items[0].offset, PAYLOAD);
	assert_int_equal(r.items[0].bytes.len, 32);
	put(&im, RESOURCES + 0x64, 0xffffffff, 4);
	r = read_resources(&im);
	assert_true(r.malformed);
	assert_int_equal(r.items[0].bytes.len, IMAGE_END - PAYLOAD);
	image_done(&im);
}

static void
test_cyclic_resources(void **state)
{
	struct ward_pe_resources r;
	struct image im;
	size_t i;

	(void)state;
	image_make(&im, false);
	put_resource_entry(&im, 0x40, 1033, 0x80000000);
	r = read_resources(&im);
	assert_true(r.malformed);
	assert_int_equal(r.count, 0);
	/* A root of 80 entries that all lead to the root again: 80 * 80 * 80 paths. */
	put(&im, RESOURCES + 14, 80, 2);
	for (i = 0; i < 80; i++)
		put(&im, RESOURCES + 16 + 8 * i + 4, 0x80000000, 4);
	r = read_resources(&im);
	assert_true(r.malformed);
	/* The same, all of them leaves at the last level. */
	for (i = 40; i < 80; i++)
		put(&im, RESOURCES + 16 + 8 * i + 4, 0x300, 4);
	r = read_resources(&im);
	assert_true(r.malformed);
	assert_int_equal(r.count, WARD_PE_RESOURCES_MAX);
	image_done(&im);
}

static void
test_broken_resources(void **state)
{
	struct image im;

	(void)state;
	image_make(&im, false);
	put(&im, RESOURCES + 12, 0xffff, 2);
	assert_true(read_resources(&im).malformed);
	put_directory(&im, WARD_PE_DIR_RESOURCE, 0x29fc, 0x100);
	assert_int_equal(read_resources(&im).count, 0);
	put_directory(&im, WARD_PE_DIR_RESOURCE, 0xfffffffc, 0x100);
	assert_int_equal(read_resources(&im).count, 0);
	image_done(&im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imports_pe32),
		cmocka_unit_test(test_imports_pe32_plus),
		cmocka_unit_test(test_ordinals),
		cmocka_unit_test(test_no_imports),
		cmocka_unit_test(test_delayed_imports),
		cmocka_unit_test(test_import_loops),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_repeated_address_is_bogus),
		cmocka_unit_test(test_exports),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_cyclic_resources),
		cmocka_unit_test(test_broken_resources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

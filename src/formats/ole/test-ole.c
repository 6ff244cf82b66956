/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/ole/ole.h"
#include "formats/ole/testing.h"

static struct kept kept;
static uint8_t big[300000];

static enum ward_rc
read_bytes(struct ward_span in)
{
	struct ward_budget budget = {.cap = 64 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = kept_sink(&kept);
	enum ward_rc rc;

	assert_non_null(arena);
	rc = ward_ole_read(in, arena, &sink);
	ward_arena_free(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

static enum ward_rc
read_file(struct cfb_writer *w)
{
	struct ward_buf out;
	enum ward_rc rc;

	ward_buf_init(&out, 64 << 20, NULL);
	cfb_write(w, &out);
	rc = read_bytes(ward_buf_span(&out));
	ward_buf_done(&out);
	return rc;
}

static void
check_child(const char *name, struct ward_span bytes)
{
	int i = kept_find(&kept, name);

	assert_true(i >= 0);
	assert_true(
		ward_span_eq(ward_span_of(kept.children[i].bytes, kept.children[i].len), bytes));
}

/* A storage, a small and a large stream and one with a control character. */
static void
fill(struct cfb_writer *w, unsigned shift)
{
	int store;

	*w = (struct cfb_writer){.shift = shift};
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7 + i / 256);
	store = cfb_add_storage(w, -1, "Macros");
	cfb_add(w, store, "small", ward_span_str("hello mini stream"));
	cfb_add(w, -1, "large", ward_span_of(big, 10000));
	cfb_add(w, -1,
		"\x01"
		"CompObj",
		ward_span_of(big + 1000, 130));
}

static void
check_filled(void)
{
	check_child("Macros/small", ward_span_str("hello mini stream"));
	check_child("large", ward_span_of(big, 10000));
	check_child("\x01"
		    "CompObj",
		    ward_span_of(big + 1000, 130));
	assert_int_equal(kept.n, 3);
}

static void
test_reads_both_sector_sizes(void **state)
{
	struct cfb_writer w;

	(void)state;
	for (unsigned shift = 9; shift <= 12; shift += 3) {
		fill(&w, shift);
		assert_int_equal(read_file(&w), WARD_OK);
		check_filled();
		assert_false(kept_said(&kept, "gap"));
		assert_int_equal(kept.traits, 0);
		assert_true(kept_said(&kept, "ole.streams=3: Macros/small, large"));
		kept_done(&kept);
	}
}

static void
test_names_what_has_no_name(void **state)
{
	struct cfb_writer w = {.shift = 9};
	int store = cfb_add_storage(&w, -1, "Macros");

	(void)state;
	cfb_add(&w, -1, "", ward_span_str("at the root"));
	cfb_add(&w, store, "", ward_span_str("inside"));
	assert_int_equal(read_file(&w), WARD_OK);
	check_child("?", ward_span_str("at the root"));
	check_child("Macros/?", ward_span_str("inside"));
	kept_done(&kept);
}

static void
test_reads_difat(void **state)
{
	struct cfb_writer w = {.shift = 9};
	size_t len = 110 * 128 * 512;
	uint8_t *bytes = malloc(len);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i >> 9);
	cfb_add(&w, -1, "huge", ward_span_of(bytes, len));
	assert_int_equal(read_file(&w), WARD_OK);
	assert_true(w.difat_sectors > 0);
	check_child("huge", ward_span_of(bytes, len));
	assert_false(kept_said(&kept, "gap"));
	kept_done(&kept);
	free(bytes);
}

/* Reads the file after `poke` changed it. */
static enum ward_rc
read_poked(struct cfb_writer *w, void (*poke)(struct cfb_writer *, struct ward_buf *))
{
	struct ward_buf out;
	enum ward_rc rc;

	ward_buf_init(&out, 64 << 20, NULL);
	cfb_write(w, &out);
	poke(w, &out);
	rc = read_bytes(ward_buf_span(&out));
	ward_buf_done(&out);
	return rc;
}

static void
poke_cyclic_fat(struct cfb_writer *w, struct ward_buf *out)
{
	/* The third sector of "large" leads back to its first. */
	poke_le(out, w->at_fat + 4 * (w->start[2] + 2), w->start[2], 4);
}

static void
test_cyclic_fat_costs_one_stream(void **state)
{
	struct cfb_writer w;

	(void)state;
	fill(&w, 9);
	assert_int_equal(read_poked(&w, poke_cyclic_fat), WARD_OK);
	assert_true(kept_said(&kept, "gap large corrupt"));
	check_child("large", ward_span_of(big, 3 * 512));
	check_child("Macros/small", ward_span_str("hello mini stream"));
	kept_done(&kept);
}

static void
poke_all_cyclic(struct cfb_writer *w, struct ward_buf *out)
{
	for (uint32_t i = 0; i < 128 * w->fat_sectors; i++)
		poke_le(out, w->at_fat + 4 * (size_t)i, i, 4);
}

static void
test_fat_of_self_loops(void **state)
{
	struct cfb_writer w;

	(void)state;
	fill(&w, 9);
	/* The directory's first sector is still read: four entries. */
	assert_int_equal(read_poked(&w, poke_all_cyclic), WARD_OK);
	assert_true(kept_said(&kept, "gap - corrupt"));
	assert_true(kept_said(&kept, "gap large corrupt"));
	check_child("large", ward_span_of(big, 512));
	assert_true(kept.traits & WARD_TRAIT_MALFORMED);
	kept_done(&kept);
}

static void
poke_cyclic_difat(struct cfb_writer *w, struct ward_buf *out)
{
	uint32_t fat = (uint32_t)(w->at_fat / 512) - 1;
	uint32_t difat = fat + w->fat_sectors;

	/* A list of 109 that goes on in a DIFAT sector that is its own successor. */
	for (uint32_t i = 0; i < 109; i++)
		poke_le(out, 76 + 4 * i, fat, 4);
	poke_le(out, 68, difat, 4);
	poke_le(out, ((size_t)difat + 1) * 512 + 508, difat, 4);
}

static void
test_cyclic_difat_ends(void **state)
{
	struct cfb_writer w = {.shift = 9};
	size_t len = 110 * 128 * 512;
	uint8_t *bytes = calloc(1, len);

	(void)state;
	assert_non_null(bytes);
	cfb_add(&w, -1, "huge", ward_span_of(bytes, len));
	assert_int_equal(read_poked(&w, poke_cyclic_difat), WARD_OK);
	assert_true(kept_said(&kept, "gap huge corrupt"));
	kept_done(&kept);
	free(bytes);
}

static void
poke_cyclic_directory(struct cfb_writer *w, struct ward_buf *out)
{
	/* "Macros" is its own child, "large" its own right sibling. */
	poke_le(out, w->at_dir + 128 * 1 + 76, 1, 4);
	poke_le(out, w->at_dir + 128 * 3 + 72, 3, 4);
}

static void
test_cyclic_directory_ends(void **state)
{
	struct cfb_writer w;

	(void)state;
	fill(&w, 9);
	assert_int_equal(read_poked(&w, poke_cyclic_directory), WARD_OK);
	assert_true(kept_said(&kept, "gap - corrupt"));
	assert_true(kept_said(&kept, "ole.orphans=2"));
	check_child("large", ward_span_of(big, 10000));
	check_child("orphan/small", ward_span_str("hello mini stream"));
	kept_done(&kept);
}

static void
poke_cyclic_directory_chain(struct cfb_writer *w, struct ward_buf *out)
{
	uint32_t dir = (uint32_t)(w->at_dir / 512) - 1;

	poke_le(out, w->at_fat + 4 * (size_t)dir, dir, 4);
}

static void
test_cyclic_directory_chain_ends(void **state)
{
	struct cfb_writer w;

	(void)state;
	fill(&w, 9);
	assert_int_equal(read_poked(&w, poke_cyclic_directory_chain), WARD_OK);
	check_child("large", ward_span_of(big, 10000));
	assert_true(kept_said(&kept, "gap - corrupt"));
	kept_done(&kept);
}

static void
poke_size_lies(struct cfb_writer *w, struct ward_buf *out)
{
	poke_le(out, w->at_dir + 128 * 3 + 120, 0x7FFFFFFF, 4);
	poke_le(out, w->at_dir + 128 * 2 + 120, 3000, 4);
}

static void
test_size_lies(void **state)
{
	struct cfb_writer w;

	(void)state;
	fill(&w, 9);
	assert_int_equal(read_poked(&w, poke_size_lies), WARD_OK);
	assert_true(kept_said(&kept, "gap large corrupt"));
	assert_true(kept_said(&kept, "gap Macros/small corrupt"));
	/* All that the chains hold, up to their last whole sector. */
	assert_int_equal(kept.children[kept_find(&kept, "large")].len, 20 * 512);
	assert_int_equal(kept.children[kept_find(&kept, "Macros/small")].len, 64);
	kept_done(&kept);
}

static void
test_truncated(void **state)
{
	struct cfb_writer w;
	struct ward_buf out;

	(void)state;
	fill(&w, 9);
	ward_buf_init(&out, 1 << 20, NULL);
	cfb_write(&w, &out);
	/* Every length ends well and never with more than there is. */
	for (size_t n = 0; n < out.len; n += 61) {
		enum ward_rc rc = read_bytes(ward_span_cut(ward_buf_span(&out), 0, n));

		assert_true(rc == WARD_E_TRUNCATED || rc == WARD_E_FORMAT ||
			    kept_said(&kept, "gap"));
		kept_done(&kept);
	}
	out.data[0] = 0;
	assert_int_equal(read_bytes(ward_buf_span(&out)), WARD_E_FORMAT);
	ward_buf_done(&out);
}

static void
poke_shared(struct cfb_writer *w, struct ward_buf *out)
{
	/* Every stream begins where "large" does. */
	for (int i = 0; i < w->n; i++) {
		poke_le(out, w->at_dir + 128 * ((size_t)i + 1) + 116, w->start[0], 4);
		poke_le(out, w->at_dir + 128 * ((size_t)i + 1) + 120, 200000, 4);
	}
}

static void
test_shared_sectors_are_bounded(void **state)
{
	struct cfb_writer w = {.shift = 9};

	(void)state;
	cfb_add(&w, -1, "large", ward_span_of(big, 200000));
	for (int i = 0; i < 30; i++)
		cfb_add(&w, -1, "x", ward_span_str("x"));
	assert_int_equal(read_poked(&w, poke_shared), WARD_OK);
	assert_true(kept_said(&kept, "gap - ratio"));
	assert_true(kept.n < 20);
	assert_true(kept.traits & WARD_TRAIT_MALFORMED);
	kept_done(&kept);
}

static void
test_stops_when_told(void **state)
{
	struct cfb_writer w;
	struct ward_buf out;
	struct ward_budget budget = {.cap = 64 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = kept_sink(&kept);

	(void)state;
	fill(&w, 9);
	ward_buf_init(&out, 1 << 20, NULL);
	cfb_write(&w, &out);
	kept.stop_after = 1;
	assert_int_equal(ward_ole_read(ward_buf_span(&out), arena, &sink), WARD_E_STOPPED);
	assert_int_equal(kept.n, 1);
	kept_done(&kept);
	sink.max_child = 100;
	kept.stop_after = 0;
	assert_int_equal(ward_ole_read(ward_buf_span(&out), arena, &sink), WARD_OK);
	assert_true(kept_said(&kept, "gap large size"));
	kept_done(&kept);
	ward_arena_free(arena);
	budget = (struct ward_budget){.cap = 900};
	arena = ward_arena_new(&budget);
	if (arena)
		assert_int_equal(ward_ole_read(ward_buf_span(&out), arena, &sink), WARD_E_LIMIT);
	ward_arena_free(arena);
	kept_done(&kept);
	ward_buf_done(&out);
}

/* ---- macros ---- */

static void
record(struct ward_buf *dir, unsigned id, struct ward_span data)
{
	put_le(dir, id, 2);
	put_le(dir, data.len, 4);
	if (data.len)
		put(dir, data.data, data.len);
}

static void
dir_head(struct ward_buf *dir)
{
	record(dir, 0x0001, ward_span_of("\3\0\0\0", 4));
	record(dir, 0x0003, ward_span_of("\xE4\x04", 2));
	put(dir, "\x09\0\4\0\0\0\1\2\3\4\5\6", 12);
}

static void
dir_module(struct ward_buf *dir, const char *name, const char *stream, uint32_t offset)
{
	uint8_t le[4] = {(uint8_t)offset, (uint8_t)(offset >> 8), 0, 0};
	uint8_t wide[64] = {0};

	for (size_t i = 0; stream[i]; i++)
		wide[2 * i] = (uint8_t)stream[i];
	record(dir, 0x0019, ward_span_str(name));
	record(dir, 0x001A, ward_span_str(stream));
	record(dir, 0x0032, ward_span_of(wide, 2 * strlen(stream)));
	record(dir, 0x0031, ward_span_of(le, 4));
	record(dir, 0x0021, (struct ward_span){NULL, 0});
	record(dir, 0x002B, (struct ward_span){NULL, 0});
}

static const char source[] = "Attribute VB_Name = \"ThisDocument\"\r\n"
			     "Private Sub Document_Open()\r\n  MsgBox \"hello\"\r\nEnd Sub\r\n";

/* A Word file with one module whose source lies behind seven other bytes. */
static void
read_project(bool with_dir, uint32_t offset, const char *stream)
{
	struct cfb_writer w = {.shift = 9};
	struct ward_buf dir, packed_dir, module;
	int macros = cfb_add_storage(&w, -1, "Macros");
	int vba = cfb_add_storage(&w, macros, "VBA");

	ward_buf_init(&dir, 1 << 16, NULL);
	ward_buf_init(&packed_dir, 1 << 16, NULL);
	ward_buf_init(&module, 1 << 16, NULL);
	dir_head(&dir);
	dir_module(&dir, "ThisDoc", stream, offset);
	vba_compress(ward_buf_span(&dir), &packed_dir);
	put(&module, "pcode..", 7);
	vba_compress(ward_span_str(source), &module);
	if (with_dir)
		cfb_add(&w, vba, "dir", ward_buf_span(&packed_dir));
	cfb_add(&w, vba, "ThisDocument", ward_buf_span(&module));
	cfb_add(&w, -1, "WordDocument", ward_span_str("\xEC\xA5 nothing here"));
	assert_int_equal(read_file(&w), WARD_OK);
	ward_buf_done(&dir);
	ward_buf_done(&packed_dir);
	ward_buf_done(&module);
}

static void
test_macros_by_directory(void **state)
{
	(void)state;
	read_project(true, 7, "ThisDocument");
	check_child("VBA/ThisDoc.vba", ward_span_str(source));
	assert_int_equal(kept.children[0].type, WARD_TYPE_VBA);
	assert_int_equal(kept.traits, WARD_TRAIT_MACRO | WARD_TRAIT_AUTOEXEC);
	assert_true(kept_said(&kept, "ole.vba.codepage=1252"));
	assert_true(kept_said(&kept, "ole.vba.autoexec=Document_Open"));
	assert_true(kept_said(&kept, "ole.macros=ThisDoc"));
	assert_true(kept_said(&kept, "ole.kind=word"));
	assert_false(kept_said(&kept, "gap"));
	/* The source, and the three streams. */
	assert_int_equal(kept.n, 4);
	kept_done(&kept);
}

static void
test_macros_without_directory(void **state)
{
	(void)state;
	read_project(false, 7, "ThisDocument");
	check_child("VBA/Macros/VBA/ThisDocument.vba", ward_span_str(source));
	assert_int_equal(kept.traits, WARD_TRAIT_MACRO | WARD_TRAIT_AUTOEXEC);
	kept_done(&kept);
	/* The offset lies. */
	read_project(true, 99999, "ThisDocument");
	check_child("VBA/module.vba", ward_span_str(source));
	assert_false(kept_said(&kept, "gap"));
	kept_done(&kept);
	/* The stream does not exist: said, and the source found all the same. */
	read_project(true, 7, "Elsewhere");
	check_child("VBA/Macros/VBA/ThisDocument.vba", ward_span_str(source));
	assert_true(kept_said(&kept, "gap VBA corrupt"));
	kept_done(&kept);
}

/* ---- kinds ---- */

static void
test_installer_names(void **state)
{
	struct cfb_writer w = {
		.shift = 9,
		.clsid = {0x84, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
	/* "!ab" and "Bin": table mark, a|b<<6; B|i<<6, n. */
	unsigned a = 36, b = 37, big_b = 11, i = 44, n = 49;
	char table[4], binary[4];

	(void)state;
	table[0] = 0x40;
	table[1] = 0x48;
	table[2] = (char)((a | b << 6) & 0xFF);
	table[3] = (char)(0x38 + ((a | b << 6) >> 8));
	binary[0] = (char)((big_b | i << 6) & 0xFF);
	binary[1] = (char)(0x38 + ((big_b | i << 6) >> 8));
	binary[2] = (char)n;
	binary[3] = 0x48;
	cfb_add(&w, -1, "", ward_span_str("table"));
	w.list[0].wide = table;
	w.list[0].wide_len = 4;
	cfb_add(&w, -1, "", ward_span_str("MZ"));
	w.list[1].wide = binary;
	w.list[1].wide_len = 4;
	assert_int_equal(read_file(&w), WARD_OK);
	check_child("!ab", ward_span_str("table"));
	check_child("Bin", ward_span_str("MZ"));
	assert_true(kept_said(&kept, "ole.kind=msi"));
	assert_true(kept_said(&kept, "ole.clsid=000C1084-0000-0000-C000-000000000046"));
	kept_done(&kept);
}

static void
test_package_object(void **state)
{
	static const uint8_t native[] = "\x3A\0\0\0\2\0run.exe\0C:\\x\\run.exe\0\0\0\3\0"
					"\4\0\0\0tmp\0\5\0\0\0MZabc";
	struct cfb_writer w = {.shift = 9};

	(void)state;
	cfb_add(&w, -1, "\x01Ole10Native", ward_span_of(native, sizeof(native) - 1));
	assert_int_equal(read_file(&w), WARD_OK);
	check_child("run.exe", ward_span_str("MZabc"));
	assert_true(kept_said(&kept, "package.path=C:\\x\\run.exe"));
	assert_true(kept_said(&kept, "ole.kind=package"));
	kept_done(&kept);
	/* Another server's data: no package, but bytes to look at. */
	w = (struct cfb_writer){.shift = 9};
	cfb_add(&w, -1, "\x01Ole10Native", ward_span_of("\4\0\0\0%PDFx", 9));
	assert_int_equal(read_file(&w), WARD_OK);
	check_child("native", ward_span_str("%PDF"));
	kept_done(&kept);
}

static void
test_encrypted_package(void **state)
{
	struct cfb_writer w = {.shift = 9};

	(void)state;
	cfb_add(&w, -1, "EncryptionInfo", ward_span_str("x"));
	cfb_add(&w, -1, "EncryptedPackage", ward_span_str("secret"));
	assert_int_equal(read_file(&w), WARD_OK);
	assert_true(kept_said(&kept, "gap EncryptedPackage encrypted"));
	assert_true(kept_said(&kept, "ole.kind=encrypted"));
	assert_int_equal(kept.traits, WARD_TRAIT_ENCRYPTED);
	kept_done(&kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_both_sector_sizes),
		cmocka_unit_test(test_names_what_has_no_name),
		cmocka_unit_test(test_reads_difat),
		cmocka_unit_test(test_cyclic_fat_costs_one_stream),
		cmocka_unit_test(test_fat_of_self_loops),
		cmocka_unit_test(test_cyclic_difat_ends),
		cmocka_unit_test(test_cyclic_directory_ends),
		cmocka_unit_test(test_cyclic_directory_chain_ends),
		cmocka_unit_test(test_size_lies),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_shared_sectors_are_bounded),
		cmocka_unit_test(test_stops_when_told),
		cmocka_unit_test(test_macros_by_directory),
		cmocka_unit_test(test_macros_without_directory),
		cmocka_unit_test(test_installer_names),
		cmocka_unit_test(test_package_object),
		cmocka_unit_test(test_encrypted_package),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

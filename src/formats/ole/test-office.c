/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "formats/ole/office.h"
#include "formats/ole/testing.h"
#include "formats/package.h"

static struct kept kept;

static void
test_word(void **state)
{
	struct ward_sink sink = kept_sink(&kept);

	(void)state;
	assert_true(ward_office_word(ward_span_of("\xEC\xA5........\0\1", 12), &sink));
	assert_false(ward_office_word(ward_span_of("\xEC\xA5........\0\0", 12), &sink));
	assert_false(ward_office_word(ward_span_of("\xEC\xA5", 2), &sink));
	assert_int_equal(kept.traits, 0);
	(void)ward_office_word(ward_span_str("text \x13 DDEAUTO c:\\x"), &sink);
	assert_int_equal(kept.traits, WARD_TRAIT_EXTERNAL);
	kept.traits = 0;
	(void)ward_office_word(ward_span_of("\x13\0 \0D\0D\0E\0 \0", 12), &sink);
	assert_int_equal(kept.traits, WARD_TRAIT_EXTERNAL);
	kept.traits = 0;
	(void)ward_office_word(ward_span_str("\x13 PAGE about DDE"), &sink);
	assert_int_equal(kept.traits, 0);
}

static void
biff(struct ward_buf *out, unsigned id, const void *data, size_t n)
{
	put_le(out, id, 2);
	put_le(out, n, 2);
	put(out, data, n);
}

static void
test_excel(void **state)
{
	struct ward_sink sink = kept_sink(&kept);
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 4096, NULL);
	biff(&out, 0x809, "\0\6\5\0", 4);
	biff(&out, 0x85, "\0\0\0\0\0\0\5\0Sheet", 13);
	assert_false(ward_office_excel(ward_buf_span(&out), &sink));
	assert_int_equal(kept.traits, 0);
	biff(&out, 0x85, "\0\0\0\0\2\1\3\0XLM", 11);
	biff(&out, 0x85, "\0\0\0\0\1\1\1\1W\0", 10);
	assert_false(ward_office_excel(ward_buf_span(&out), &sink));
	assert_int_equal(kept.traits, WARD_TRAIT_MACRO);
	assert_true(kept_said(&kept, "ole.xlm=XLM (very hidden)"));
	assert_true(kept_said(&kept, "ole.xlm=W (hidden)"));
	/* A built-in name: Auto_Open. */
	biff(&out, 0x18, "\x20\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_false(ward_office_excel(ward_buf_span(&out), &sink));
	assert_int_equal(kept.traits, WARD_TRAIT_MACRO | WARD_TRAIT_AUTOEXEC);
	biff(&out, 0x2F, "\0\0", 2);
	assert_true(ward_office_excel(ward_buf_span(&out), &sink));
	/* BIFF5: names without a flag byte. */
	ward_buf_clear(&out);
	kept.traits = 0;
	biff(&out, 0x809, "\0\5\5\0", 4);
	biff(&out, 0x85, "\0\0\0\0\0\1\3Old", 10);
	biff(&out, 0x18, "\0\0\0\x09\0\0\0\0\0\0\0\0\0\0Auto_Open", 23);
	assert_false(ward_office_excel(ward_buf_span(&out), &sink));
	assert_int_equal(kept.traits, WARD_TRAIT_MACRO | WARD_TRAIT_AUTOEXEC);
	assert_true(kept_said(&kept, "ole.xlm=Old (visible)"));
	ward_buf_done(&out);
}

static void
atom(struct ward_buf *out, unsigned head, unsigned id, struct ward_span data)
{
	put_le(out, head, 2);
	put_le(out, id, 2);
	put_le(out, data.len, 4);
	put(out, data.data, data.len);
}

static void
test_powerpoint(void **state)
{
	struct ward_budget budget = {.cap = 8 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_sink sink = kept_sink(&kept);
	uint8_t packed[256] = {100, 0, 0, 0};
	uLongf n = sizeof(packed) - 4;
	struct ward_buf inner, out;
	bool locked = false;

	(void)state;
	assert_int_equal(compress(packed + 4, &n, (const Bytef *)"embedded file", 13), Z_OK);
	ward_buf_init(&inner, 4096, NULL);
	ward_buf_init(&out, 4096, NULL);
	atom(&inner, 0x10, 0x1011, ward_span_of(packed, n + 4));
	atom(&inner, 0x00, 0x1011, ward_span_str("stored file"));
	atom(&out, 0x0F, 0x03E8, ward_buf_span(&inner));
	assert_int_equal(ward_office_powerpoint(ward_buf_span(&out), arena, &sink, &locked),
			 WARD_OK);
	assert_false(locked);
	assert_int_equal(kept.n, 2);
	assert_int_equal(kept.children[0].len, 13);
	assert_memory_equal(kept.children[0].bytes, "embedded file", 13);
	assert_string_equal(kept.children[1].name, "ppt/object2");
	assert_false(kept_said(&kept, "gap"));
	kept_done(&kept);
	/* Larger than the sink takes: what fits, and said. */
	sink.max_child = 8;
	assert_int_equal(ward_office_powerpoint(ward_buf_span(&out), arena, &sink, &locked),
			 WARD_OK);
	assert_int_equal(kept.children[0].len, 8);
	assert_true(kept_said(&kept, "gap ppt/object1 size"));
	kept_done(&kept);
	sink.max_child = 0;
	/* Cut short: as far as it goes, and said. */
	ward_buf_clear(&out);
	atom(&out, 0x10, 0x1011, ward_span_of(packed, n - 2));
	atom(&out, 0x0F, 0x2F14, ward_span_str("x"));
	assert_int_equal(ward_office_powerpoint(ward_buf_span(&out), arena, &sink, &locked),
			 WARD_OK);
	assert_true(locked);
	assert_true(kept_said(&kept, "gap ppt/object1 corrupt"));
	kept_done(&kept);
	ward_buf_done(&inner);
	ward_buf_done(&out);
	ward_arena_free(arena);
}

static void
test_link(void **state)
{
	static const uint8_t stream[] = "....\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11\x8C\x82\0\xAA\0\x4B"
					"\xA9\x0B\x0C\0\0\0h\0t\0t\0p\0:\0\0";
	struct ward_sink sink = kept_sink(&kept);

	(void)state;
	ward_office_link(ward_span_of(stream, sizeof(stream)), &sink);
	assert_int_equal(kept.traits, WARD_TRAIT_EXTERNAL);
	assert_true(kept_said(&kept, "ole.link=http:\n"));
	/* A moniker and no address. */
	ward_office_link(ward_span_cut(ward_span_of(stream, sizeof(stream)), 0, 20), &sink);
	kept.traits = 0;
	ward_office_link(ward_span_str("no moniker"), &sink);
	assert_int_equal(kept.traits, 0);
}

static void
test_package(void **state)
{
	static const uint8_t link[] = "\2\0a\0b\0\0\0\1\0\0\0\0\0\0\0\0";
	static const uint8_t cut[] = "\2\0C:\\a.js\0b\0\0\0\3\0\0\0\0\0\x09\0\0\0abc";
	struct ward_sink sink = kept_sink(&kept);

	(void)state;
	assert_int_equal(ward_package_read(ward_span_str("junk"), &sink), WARD_E_FORMAT);
	assert_int_equal(ward_package_read(ward_span_of(link, sizeof(link)), &sink), WARD_OK);
	assert_int_equal(kept.n, 0);
	assert_int_equal(kept.traits, WARD_TRAIT_EXTERNAL);
	assert_int_equal(ward_package_read(ward_span_of(cut, sizeof(cut) - 1), &sink), WARD_OK);
	assert_string_equal(kept.children[0].name, "a.js");
	assert_int_equal(kept.children[0].len, 3);
	assert_true(kept_said(&kept, "gap a.js corrupt"));
	kept_done(&kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word),	   cmocka_unit_test(test_excel),
		cmocka_unit_test(test_powerpoint), cmocka_unit_test(test_link),
		cmocka_unit_test(test_package),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

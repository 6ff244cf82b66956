/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "formats/pdf/value.h"

static struct ward_budget budget;
static struct ward_arena *arena;

static int
setup(void **state)
{
	(void)state;
	budget = (struct ward_budget){.cap = 1 << 20};
	arena = ward_arena_new(&budget);
	return arena ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	return 0;
}

static struct ward_pdf_value *
parse(const char *text)
{
	struct ward_cursor c = ward_cursor_of(ward_span_str(text));
	struct ward_pdf_value *value = NULL;

	assert_int_equal(ward_pdf_value_parse(&c, arena, &value), WARD_OK);
	return value;
}

static void
check_string(const char *text, const char *want, size_t len)
{
	struct ward_pdf_value *v = parse(text);

	assert_int_equal(v->kind, WARD_PDF_STRING);
	assert_int_equal(v->text.len, len);
	assert_memory_equal(v->text.data, want, len);
}

static void
test_strings_are_decoded(void **state)
{
	(void)state;
	check_string("(plain)", "plain", 5);
	check_string("(a(b)c)", "a(b)c", 5);
	check_string("(\\n\\r\\t\\b\\f\\(\\)\\\\\\q)", "\n\r\t\b\f()\\q", 9);
	check_string("(\\101\\7x\\0)", "A\7x\0", 4);
	check_string("(a\\\nb\\\r\nc)", "abc", 3);
	check_string("(a\r\nb\rc)", "a\nb\nc", 5);
	check_string("<48 656C6c6F 7>", "Hello\x70", 6);
	check_string("(never closed", "never closed", 12);
	check_string("(ends in \\", "ends in ", 8);
	check_string("<41", "A", 1);
}

static void
test_names_are_decoded(void **state)
{
	(void)state;
	assert_true(ward_pdf_value_is_name(parse("/JavaScript"), "JavaScript"));
	assert_true(ward_pdf_value_is_name(parse("/J#61vaScript"), "JavaScript"));
	assert_true(ward_pdf_value_is_name(parse("/A#zz"), "A#zz"));
	assert_true(ward_pdf_value_is_name(parse("/A#"), "A#"));
	assert_true(ward_pdf_value_is_name(parse("% comment\n /B"), "B"));
}

static void
test_numbers_and_references(void **state)
{
	const struct ward_pdf_value *v = parse("[ 1 -2 3.5 4 0 R 5 0 (x) 6 true null +7 ]");

	(void)state;
	assert_int_equal(v->kind, WARD_PDF_ARRAY);
	v = v->first;
	assert_int_equal(v->num, 1);
	v = v->next;
	assert_int_equal(v->num, -2);
	v = v->next;
	assert_int_equal(v->kind, WARD_PDF_REAL);
	v = v->next;
	assert_int_equal(v->kind, WARD_PDF_REF);
	assert_int_equal(v->num, 4);
	v = v->next;
	assert_int_equal(v->num, 5);
	v = v->next->next;
	assert_int_equal(v->kind, WARD_PDF_STRING);
	v = v->next->next;
	assert_int_equal(v->kind, WARD_PDF_BOOL);
	v = v->next->next;
	assert_int_equal(v->num, 7);
	assert_null(v->next);
	assert_true(parse("99999999999999999999999999")->num > 0);
}

static void
test_dictionaries(void **state)
{
	const struct ward_pdf_value *v = parse("<</A 1/B<</C/D>>/A 2>>");

	(void)state;
	assert_int_equal(ward_pdf_value_int(ward_pdf_value_get(v, "A"), 10, -1), 2);
	assert_int_equal(ward_pdf_value_int(ward_pdf_value_get(v, "A"), 1, -1), -1);
	assert_true(
		ward_pdf_value_is_name(ward_pdf_value_get(ward_pdf_value_get(v, "B"), "C"), "D"));
	assert_null(ward_pdf_value_get(v, "Z"));
	assert_null(ward_pdf_value_get(NULL, "A"));
	assert_null(ward_pdf_value_get(parse("1"), "A"));
}

static void
test_unfinished_objects_end(void **state)
{
	struct ward_cursor c = ward_cursor_of(ward_span_str("<</A [1 2 stream"));
	struct ward_pdf_value *v = NULL;

	(void)state;
	assert_int_equal(ward_pdf_value_parse(&c, arena, &v), WARD_OK);
	assert_int_equal(c.pos, 10);
	assert_non_null(ward_pdf_value_get(v, "A"));
	c = ward_cursor_of(ward_span_str("endobj"));
	assert_int_equal(ward_pdf_value_parse(&c, arena, &v), WARD_E_FORMAT);
	c = ward_cursor_of(ward_span_of(NULL, 0));
	assert_int_equal(ward_pdf_value_parse(&c, arena, &v), WARD_E_FORMAT);
	assert_int_equal(parse("<</A>>")->kind, WARD_PDF_DICT);
	assert_int_equal(parse("<<1 2 /A")->kind, WARD_PDF_DICT);
}

static void
test_deep_nests_are_cut(void **state)
{
	struct ward_buf text;
	struct ward_cursor c;
	struct ward_pdf_value *v = NULL;

	(void)state;
	ward_buf_init(&text, 1 << 20, NULL);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(ward_buf_str(&text, i % 2 ? "[" : "<</A"), WARD_OK);
	c = ward_cursor_of(ward_buf_span(&text));
	assert_int_equal(ward_pdf_value_parse(&c, arena, &v), WARD_OK);
	ward_buf_done(&text);
}

static void
test_memory_is_capped(void **state)
{
	struct ward_buf text;
	struct ward_cursor c;
	struct ward_pdf_value *v = NULL;

	(void)state;
	ward_buf_init(&text, 1 << 20, NULL);
	assert_int_equal(ward_buf_byte(&text, '['), WARD_OK);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(ward_buf_str(&text, "1 "), WARD_OK);
	c = ward_cursor_of(ward_buf_span(&text));
	assert_int_equal(ward_pdf_value_parse(&c, arena, &v), WARD_E_LIMIT);
	ward_buf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_strings_are_decoded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_are_decoded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers_and_references, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dictionaries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unfinished_objects_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep_nests_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_capped, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

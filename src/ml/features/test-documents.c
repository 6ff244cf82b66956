/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of scripts, PDF and Office documents: what their readers hand out must arrive in its columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "formats/ole/testing.h"
#include "ml/features/macro-row.h"
#include "ml/features/pdf-row.h"
#include "ml/features/row.h"
#include "ml/features/script-row.h"
#include "ml/features/views.h"

static struct ward_budget budget = {.cap = 64u << 20};
static struct ward_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = ward_arena_new(&budget);
	return arena ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	return budget.used ? -1 : 0;
}

static void
assert_near(float value, double expected)
{
	if (isnan(value) || fabs((double)value - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", (double)value, expected);
}

static void *
row_of(enum ward_type type, struct ward_span in)
{
	struct ward_row row;

	assert_int_equal(ward_row_make(type, in, arena, &row), WARD_OK);
	return row.values;
}

static void
test_script(void **state)
{
	static const char plain[] = "#!/bin/sh\necho hello\n";
	static const char hidden[] = "a = 'ev' + 'al'; b = \"\\x68\\x69\";\n";
	const struct ward_script_row *row;

	(void)state;
	row = row_of(WARD_TYPE_SHELL, ward_span_str(plain));
	assert_near(row->language[0], 1);
	assert_near(row->interpreter_line[0], 1);
	assert_near(row->text.lines[0], 2);
	assert_near(row->has_view[0], 0);
	assert_true(isnan(row->view.text_size[0]));
	assert_true(isnan(row->view_share[0]));
	assert_near(row->bytes.size[0], sizeof(plain) - 1);
	row = row_of(WARD_TYPE_JAVASCRIPT, ward_span_str(hidden));
	assert_near(row->language[0], 0);
	assert_near(row->language[5], 1);
	assert_near(row->has_view[0], 1);
	assert_true(row->strings_decoded[0] >= 2);
	assert_near(row->text.word_groups[WARD_WORD_decode], 0);
	assert_near(row->view.word_groups[WARD_WORD_decode], 1); /* eval */
	assert_near(row->view.escapes_share[0], 0);
}

/* A program in base64: decoded, counted, and not read as text. */
static void
test_script_with_program(void **state)
{
	static const char text[] =
		"x = 'TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAgAAAAA4fug4AtAnNIbgBTM0hVGhpcyBwcm9ncmFtIGNhbm5vdA=='\n";
	const struct ward_script_row *row;

	(void)state;
	row = row_of(WARD_TYPE_PYTHON, ward_span_str(text));
	assert_near(row->literals_decoded[0], 1);
	assert_near(row->literals_programs[0], 1);
	assert_true(row->literals_decoded_share[0] > 0.5f);
	assert_true(row->text.base64_share[0] > 0.5f);
}

static void
test_pdf(void **state)
{
	static const char text[] =
		"junk%PDF-1.7\n"
		"1 0 obj <</Type/Catalog/OpenAction 2 0 R>> endobj\n"
		"2 0 obj <</S/JavaScript/JS(eval\\(unescape\\('%41'\\)\\))>> endobj\n"
		"3 0 obj <</S/J#61vaScript>> endobj\n"
		"trailer <</Root 1 0 R>>\n%%EOF\n%%EOF\ntail";
	const struct ward_pdf_row *row;

	(void)state;
	row = row_of(WARD_TYPE_PDF, ward_span_str(text));
	assert_near(row->header_offset[0], 4);
	assert_near(row->header_version[0], 17);
	assert_near(row->keywords[0], 3);	   /* obj */
	assert_near(row->keywords[11], 2);	   /* JavaScript */
	assert_near(row->keywords_escaped[11], 1); /* of them with #61 */
	assert_near(row->keywords[13], 1);	   /* OpenAction */
	assert_near(row->ends[0], 2);
	assert_near(row->after_end[0], 5);
	assert_near(row->scripts[0], 1);
	assert_near(row->js.word_groups[WARD_WORD_decode], 2);
	assert_near(row->is_encrypted[0], 0);
	row = row_of(WARD_TYPE_PDF, ward_span_str("nothing"));
	assert_true(isnan(row->header_offset[0]));
	assert_true(isnan(row->after_end[0]));
	assert_true(isnan(row->js.text_size[0]));
}

static void
test_macro(void **state)
{
	static const char source[] = "Attribute VB_Name = \"M\"\r\nSub AutoOpen()\r\n"
				     "x = \"po\" & \"wershell\"\r\nShell x\r\nEnd Sub\r\n";
	const struct ward_macro_row *row;
	struct cfb_writer w = {.shift = 9};
	struct ward_buf module, out;
	int storage;

	(void)state;
	ward_buf_init(&module, 1u << 20, NULL);
	ward_buf_init(&out, 1u << 20, NULL);
	vba_compress(ward_span_str(source), &module);
	storage = cfb_add_storage(&w, -1, "VBA");
	cfb_add(&w, storage, "M", ward_buf_span(&module));
	cfb_write(&w, &out);
	row = row_of(WARD_TYPE_OLE2, ward_buf_span(&out));
	assert_near(row->document_size[0], (double)out.len);
	assert_near(row->is_ooxml[0], 0);
	assert_near(row->modules[0], 1);
	assert_near(row->has_macros[0], 1);
	assert_near(row->runs_by_itself[0], 1);
	assert_near(row->vba.text_size[0], sizeof(source) - 1);
	assert_near(row->vba.literals_joined[0], 1);
	assert_near(row->view.word_groups[WARD_WORD_shell], 2); /* powershell, Shell */
	ward_buf_done(&module);
	ward_buf_done(&out);
	row = row_of(WARD_TYPE_OLE2, ward_span_str("no document"));
	assert_near(row->has_macros[0], 0);
	assert_true(isnan(row->vba.text_size[0]));
	assert_true(row->gaps[0] > 0);
}

/* More text than is looked at is cut, not refused. */
static void
test_caps(void **state)
{
	struct ward_views v;
	struct ward_buf text;
	size_t i;

	(void)state;
	ward_buf_init(&text, 16u << 20, NULL);
	for (i = 0; i < 5u << 20; i += 16)
		assert_int_equal(ward_buf_str(&text, "x='a'+'b'+'c' ;\n"), WARD_OK);
	ward_views_init(&v, arena);
	assert_int_equal(ward_views_read(&v, WARD_TYPE_JAVASCRIPT, ward_buf_span(&text)), WARD_OK);
	assert_true(v.view.len <= WARD_VIEWS_TEXT);
	ward_views_done(&v);
	ward_views_init(&v, arena);
	assert_int_equal(ward_views_read(&v, WARD_TYPE_FONT, ward_buf_span(&text)),
			 WARD_E_UNSUPPORTED);
	ward_views_done(&v);
	ward_buf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_script, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_script_with_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pdf, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_macro, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_caps, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

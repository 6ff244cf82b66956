/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/pdf/keywords.h"

static struct ward_pdf_keywords k;

static void
count(const char *text)
{
	ward_pdf_keywords_count(ward_span_str(text), &k);
}

static void
test_words_are_whole_runs(void **state)
{
	(void)state;
	count("1 0 obj<<>>stream\r\nendstream endobj obj2 xobj startxref xref trailer");
	assert_int_equal(k.all[WARD_PDF_WORD_OBJ], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_ENDOBJ], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_STREAM], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_ENDSTREAM], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_XREF], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_STARTXREF], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_TRAILER], 1);
}

static void
test_names_need_their_slash_and_case(void **state)
{
	(void)state;
	count("/Page /Pages /page Page /Page/Page /obj");
	assert_int_equal(k.all[WARD_PDF_WORD_PAGE], 3);
	assert_int_equal(k.all[WARD_PDF_WORD_OBJ], 0);
}

static void
test_escapes_are_counted_apart(void **state)
{
	(void)state;
	count("/J#61vaScript /JavaScript /#4aS /J#5 /JS#");
	assert_int_equal(k.all[WARD_PDF_WORD_JAVASCRIPT], 2);
	assert_int_equal(k.escaped[WARD_PDF_WORD_JAVASCRIPT], 1);
	assert_int_equal(k.all[WARD_PDF_WORD_JS], 2);
	assert_int_equal(k.escaped[WARD_PDF_WORD_JS], 1);
}

static void
test_colors_only_when_absurd(void **state)
{
	(void)state;
	count("/Colors 3 /Colors 16777216 /Colors 16777217 /Colors\n99999999999999999999999");
	assert_int_equal(k.all[WARD_PDF_WORD_COLORS], 2);
	count("");
	assert_int_equal(k.all[WARD_PDF_WORD_COLORS], 0);
}

static void
test_every_keyword_counts_itself(void **state)
{
	(void)state;
	for (int i = 0; i < WARD_PDF_WORD_COUNT; i++) {
		if (i == WARD_PDF_WORD_COLORS)
			continue;
		count(ward_pdf_keyword_name((enum ward_pdf_keyword)i));
		assert_int_equal(k.all[i], 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_whole_runs),
		cmocka_unit_test(test_names_need_their_slash_and_case),
		cmocka_unit_test(test_escapes_are_counted_apart),
		cmocka_unit_test(test_colors_only_when_absurd),
		cmocka_unit_test(test_every_keyword_counts_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

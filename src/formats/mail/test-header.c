/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "formats/mail/header.h"
#include "formats/mail/params.h"

static void
check_param(const char *text, const char *name, bool last, const char *want)
{
	static struct ward_mail_params params;
	struct ward_buf out;
	bool found, twice = false;

	ward_buf_init(&out, 4096, NULL);
	ward_mail_params_parse(ward_span_str(text), &params);
	assert_int_equal(ward_mail_params_get(&params, name, last, &out, &found, &twice), WARD_OK);
	assert_int_equal(found, want != NULL);
	if (want) {
		assert_int_equal(out.len, strlen(want));
		if (out.len)
			assert_memory_equal(out.data, want, out.len);
	}
	ward_buf_done(&out);
}

static void
test_parameters(void **state)
{
	(void)state;
	check_param("text/plain; charset=utf-8; name=a.exe", "name", false, "a.exe");
	check_param("text/plain; name=\"a \\\"b\\\" C:\\dir\\x\"", "name", false,
		    "a \"b\" C:\\dir\\x");
	check_param("multipart/mixed; (a comment (nested)) BOUNDARY = \"x y\"", "boundary", false,
		    "x y");
	check_param("attachment; filename=two words.exe ; x=y", "filename", false, "two words.exe");
	check_param("a/b; name=one; name=two", "name", false, "one");
	check_param("a/b; name=one; name=two", "name", true, "two");
	check_param("a/b; name=\"open", "name", false, "open");
	check_param("a/b", "name", false, NULL);
	check_param("", "name", false, NULL);
	check_param("a/b;;;=;name", "name", false, NULL);
}

static void
test_rfc2231(void **state)
{
	(void)state;
	check_param("attachment; filename*=utf-8'en'%e2%82%ac.exe", "filename", false,
		    "\xe2\x82\xac.exe");
	check_param("attachment; filename*=iso-8859-1''%e9.txt", "filename", false, "\xc3\xa9.txt");
	check_param("a; filename*1*=%2Eex; filename*0*=us-ascii'en'in%76oice; filename*2=\"e\"",
		    "filename", false, "invoice.exe");
	check_param("a; filename=plain.txt; filename*=utf-8''real.exe", "filename", false,
		    "real.exe");
}

static void
check_words(const char *text, const char *want)
{
	struct ward_buf out;

	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_mail_words(ward_span_str(text), &out), WARD_OK);
	assert_int_equal(out.len, strlen(want));
	if (out.len)
		assert_memory_equal(out.data, want, out.len);
	ward_buf_done(&out);
}

static void
test_encoded_words(void **state)
{
	(void)state;
	check_words("plain", "plain");
	check_words("=?utf-8?B?aW52b2ljZQ==?= =?utf-8?q?=2Eexe?=", "invoice.exe");
	check_words("=?iso-8859-1?Q?caf=E9_au?= lait", "caf\xc3\xa9 au lait");
	check_words("=?utf-16le?B?QQBCAA==?=", "AB");
	check_words("=?x?Z?abc?= =?broken", "=?x?Z?abc?= =?broken");
}

static void
test_fields(void **state)
{
	struct ward_cursor c = ward_cursor_of(
		ward_span_str("A : 1\r\n\tfolded\r\nnonsense line\r\nB:2\r\n \r\n C\r\n\r\nbody"));
	struct ward_cursor again = c;
	struct ward_mail_field f;

	(void)state;
	assert_int_equal(ward_mail_field_next(&c, false, &f), WARD_MAIL_FIELD);
	assert_true(ward_text_eq_nocase(f.name, "a"));
	assert_int_equal(f.value.len, strlen(" 1\r\n\tfolded\r\n"));
	assert_int_equal(ward_mail_field_next(&c, false, &f), WARD_MAIL_GARBAGE);
	assert_int_equal(ward_mail_field_next(&c, false, &f), WARD_MAIL_FIELD);
	assert_int_equal(ward_mail_field_next(&c, false, &f), WARD_MAIL_END);
	/* The other reading: the line of blanks folds, and the field goes on. */
	for (int i = 0; i < 3; i++)
		(void)ward_mail_field_next(&again, true, &f);
	assert_int_equal(f.value.len, strlen("2\r\n \r\n C\r\n"));
	assert_int_equal(ward_mail_field_next(&again, true, &f), WARD_MAIL_END);
	assert_int_equal(ward_cursor_left(&again), 4);
}

static void
test_unfold(void **state)
{
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 100, NULL);
	assert_int_equal(ward_mail_unfold(ward_span_str(" a\r\n b\n\tc\r\n"), &out), WARD_OK);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "a b c", 5);
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),    cmocka_unit_test(test_rfc2231),
		cmocka_unit_test(test_encoded_words), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_unfold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

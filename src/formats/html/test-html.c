/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/probe.h"
#include "formats/html/html.h"

static void
test_scripts_by_language(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_html_read,
				    "<SCRIPT>var a = '<b>';</SCRIPT >"
				    "<script language=VBScript>x = 1</script>"
				    "<script type='application/json'>{\"a\":1}</script>"
				    "<script src=x.js></script><script>open end"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "script-1"), "var a = '<b>';");
	assert_int_equal(probe_find(p, "script-1")->type, WARD_TYPE_JAVASCRIPT);
	assert_string_equal(probe_text(p, "script-2"), "x = 1");
	assert_int_equal(probe_find(p, "script-2")->type, WARD_TYPE_VBSCRIPT);
	assert_string_equal(probe_text(p, "script-3"), "open end");
	assert_int_equal(p->children, 4); /* and the normalised view */
	assert_true(p->traits & WARD_TRAIT_SCRIPT);
	probe_free(p);
}

static void
test_normalised(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_html_read,
				    "<P  CLASS = 'A&amp;B'\n>one\n\n two&#x21;<!-- gone -->"
				    "<br/>1 < 2 &unknown; <!-- no end"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "normalised"),
			    "<p class=\"A&B\">one two!<br>1 < 2 &unknown; no end");
	assert_true(probe_find(p, "normalised")->derived);
	assert_int_equal(p->children, 1);
	probe_free(p);
}

static void
test_views_can_be_refused(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	p->sink.skip_views = true;
	assert_int_equal(probe_read(p, ward_html_read, "<p>one<script>two</script>"), WARD_OK);
	assert_int_equal(p->children, 1);
	assert_string_equal(probe_text(p, "script-1"), "two");
	probe_free(p);
}

static void
test_handlers_and_urls(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_html_read,
				    "<img src=x onerror=\"a(&quot;1&quot;)\">"
				    "<a href=' java\tscript&colon;b(%221%22)'>"
				    "<a href='data:text/plain;base64,Q2F0'>"
				    "<a href='data:,C%61t'>"
				    "<iframe srcdoc='<b>x</b>' src=\"http://e.example/\">"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "handlers"), "a(\"1\");\nb(\"1\");\n");
	assert_string_equal(probe_text(p, "data-1"), "Cat");
	assert_string_equal(probe_text(p, "data-2"), "Cat");
	assert_string_equal(probe_text(p, "srcdoc-1"), "<b>x</b>");
	assert_int_equal(probe_find(p, "srcdoc-1")->type, WARD_TYPE_HTML);
	assert_string_equal(p->facts, "html.embed=iframe http://e.example/\n");
	assert_false(p->traits & WARD_TRAIT_EXTERNAL);
	probe_free(p);
}

static void
test_external(void **state)
{
	static const char *const pages[] = {
		"<meta http-equiv=refresh content=\"0; URL='data:text/html,<b>'\">",
		"<object data=http://e.example/x.swf>",
		"<a href=\"ms-msdt:/id\">",
		"<img src='\\\\host\\share\\x.png'>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct probe *p = probe_new();

		assert_int_equal(probe_read(p, ward_html_read, pages[i]), WARD_OK);
		assert_true(p->traits & WARD_TRAIT_EXTERNAL);
		probe_free(p);
	}
}

static void
test_utf16_and_application(void **state)
{
	static const char wide[] = "\xff\xfe<\0h\0t\0a\0:\0a\0p\0p\0l\0i\0c\0a\0t\0i\0o\0n\0>\0x";
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(ward_html_read(ward_span_of(wide, sizeof(wide)), p->arena, &p->sink),
			 WARD_OK);
	assert_true(p->traits & WARD_TRAIT_AUTOEXEC);
	probe_free(p);
}

/* Tags, quotes and comments without an end must not cost a search each. */
static void
test_open_ends_stay_linear(void **state)
{
	static const char *const pieces[] = {"<!--", "<a b='",	"<a b=\"", "<",
					     "</",   "<script", "&#"};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct probe *p = probe_new();
		struct ward_buf text;

		ward_buf_init(&text, 1 << 20, NULL);
		while (ward_buf_str(&text, pieces[i]) == WARD_OK)
			;
		assert_int_equal(ward_html_read(ward_buf_span(&text), p->arena, &p->sink), WARD_OK);
		ward_buf_done(&text);
		probe_free(p);
	}
}

/* Debian's clamav-testfiles, where they are installed. */
static void
test_real_file(void **state)
{
	size_t len = 0, want_len = 0;
	uint8_t *want = probe_load("/usr/share/clamav-testfiles/clam.exe", &want_len);
	uint8_t *in = probe_load("/usr/share/clamav-testfiles/clam.exe.html", &len);
	struct probe *p = probe_new();

	(void)state;
	if (!in || !want) {
		print_message("skipped: no clamav-testfiles here\n");
		skip();
	}
	assert_int_equal(ward_html_read(ward_span_of(in, len), p->arena, &p->sink), WARD_OK);
	assert_int_equal(probe_find(p, "data-1")->len, want_len);
	assert_memory_equal(probe_find(p, "data-1")->bytes, want, want_len);
	free(in);
	free(want);
	probe_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts_by_language),
		cmocka_unit_test(test_normalised),
		cmocka_unit_test(test_views_can_be_refused),
		cmocka_unit_test(test_handlers_and_urls),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_utf16_and_application),
		cmocka_unit_test(test_open_ends_stay_linear),
		cmocka_unit_test(test_real_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

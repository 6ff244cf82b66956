/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/probe.h"
#include "formats/script/script.h"

/* `want` NULL: nothing worth a view. */
static void
check(ward_reader reader, const char *in, const char *want)
{
	struct probe *p = probe_new();

	assert_int_equal(probe_read(p, reader, in), WARD_OK);
	assert_int_equal(p->children, want != NULL);
	assert_string_equal(probe_text(p, "normalised"), want ? want : "");
	probe_free(p);
}

/* In memory that ends with the text: the sanitizer sees a byte read too far. */
static void
check_exact(ward_reader reader, const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n);
	struct probe *p = probe_new();

	assert_non_null(copy);
	memcpy(copy, text, n);
	assert_int_equal(reader(ward_span_of(copy, n), p->arena, &p->sink), WARD_OK);
	probe_free(p);
	free(copy);
}

static void
test_javascript(void **state)
{
	(void)state;
	check(ward_script_read_javascript, "x = 'ev' +\n \"al\"; // no\n", "x = \"eval\";");
	check(ward_script_read_javascript, "f('\\x41\\u0042\\103\\n');", "f(\"ABC\n\");");
	check(ward_script_read_javascript, "a(String.fromCharCode(104, 0x69,30+3)+'x')",
	      "a(\"hi!x\")");
	check(ward_script_read_javascript, "a/*x*/(b)", "a(b)");
	check(ward_script_read_javascript, "unescape('%u0041')", "unescape(\"A\")");
	check(ward_script_read_javascript, "s.replace(/['\"]/g, '\\x41')",
	      "s.replace(/['\"]/g, \"A\")");
	check(ward_script_read_javascript, "a = 'b';  // only a comment\n", NULL);
	check(ward_script_read_javascript, "x += 'a' + y + \"\\x41\"", "x += \"a\"+ y + \"A\"");
	check(ward_script_read_javascript, "'open\nnext('\\x41')", "\"open\"\nnext(\"A\")");
}

static void
test_php(void **state)
{
	(void)state;
	check(ward_script_read_php, "<b>it's # text</b><?php $a = 'as'.\"se\".'rt'; # x ?>it's",
	      "<b>it's # text</b><?php $a = \"assert\"; ?>it's");
	check(ward_script_read_php, "<?php $f=chr(97).chr( 98 );", "<?php $f=\"ab\";");
	check(ward_script_read_php, "<?php \"\\x65\\166al\" . '\\x41';", "<?php \"eval\\x41\";");
}

static void
test_shell(void **state)
{
	(void)state;
	check(ward_script_read_shell, "#!/bin/sh\n# c\nwh''oam\"i\" \\\n && c\\url x#y # z\n",
	      "whoami && curl x#y");
	check(ward_script_read_shell, "printf '\\x41\\102' | $'\\x73h'", "printf AB | $sh");
	check(ward_script_read_shell, "echo \"$x\" > 'a b'\n", NULL);
}

static void
test_powershell(void **state)
{
	(void)state;
	check(ward_script_read_powershell, "I`E`X ('Down'+'load') <# c #> # d",
	      "IEX (\"Download\")");
	check(ward_script_read_powershell, "$a=[char]73+[char]0x45+'X'; \"``\"\"q\"",
	      "$a=\"IEX\"; \"`\"q\"");
	check_exact(ward_script_read_powershell, "$a='I'+'EX' \"`");
}

static void
test_batch_and_vb(void **state)
{
	(void)state;
	check(ward_script_read_batch, "@echo off\r\nREM x\r\n:: y\r\np^ow^ershell ^\r\n -x",
	      "@echo off\npowershell -x");
	check(ward_script_read_vb,
	      "Set x = \"WScr\" & _\r\n \"ipt\" & Chr(46) & ChrW(&H53) ' c\r\n",
	      "Set x = \"WScript.S\"");
	check(ward_script_read_vb, "y = \"a\"\"b\" + \"c\"\nRem end", "y = \"a\"bc\"");
}

static void
test_others(void **state)
{
	(void)state;
	check(ward_script_read_python, "x = '''a''' \"b\" + chr(99)  # c\n", "x = \"abc\"");
	check(ward_script_read_python, "p = r'\\x41' + 'z'", "p = r\"\\x41z\"");
	check(ward_script_read_perl, "system(\"wg\" . 'et');", "system(\"wget\");");
	check(ward_script_read_ruby, "system(\"wg\" 'et')", "system(\"wget\")");
	check(ward_script_read_jsp, "<p>// text</p><% x(\"a\" + \"b\"); // c %>",
	      "<p>// text</p><% x(\"ab\"); %>");
	check(ward_script_read_asp, "<%Execute(\"a\" & \"b\")'c%>", "<%Execute(\"ab\")%>");
	check(ward_script_read_lua, "os.execute('a' .. string.char(98)) --[[ c ]] -- d",
	      "os.execute(\"ab\")");
}

static void
test_literals_are_decoded(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_script_read_python,
			   "#!/usr/bin/python3 -u\nexec(d('VGhpcyBsaW5lIG9mIHRleHQgaGlkZXMg' + "
			   "'aW4gYmFzZTY0IGFuZCBpcyBsb25nIGVub3VnaCB0byBiZSBsb29rZWQgYXQu'))\n"),
		WARD_OK);
	assert_int_equal(p->children, 2);
	assert_string_equal(
		(char *)p->child[1].bytes,
		"This line of text hides in base64 and is long enough to be looked at.");
	assert_false(p->child[1].derived);
	assert_non_null(strstr(p->facts, "script.interpreter=/usr/bin/python3 -u\n"));
	assert_non_null(strstr(p->facts, "script.strings.decoded=1\n"));
	assert_non_null(strstr(p->facts, "script.literals=1\n"));
	probe_free(p);
}

/* "iex 'harmless look-alike of a command'" as PowerShell's -EncodedCommand takes
 * it. */
static void
test_encoded_command(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(
			p, ward_script_read_batch,
			"powershell -enc aQBlAHgAIAAnAGgAYQByAG0AbABlAHMAcwAgAGwAbwBvAGsALQBhAGwA"
			"aQBrAGUAIABvAGYAIABhACAAYwBvAG0AbQBhAG4AZAAnAA==\n"),
		WARD_OK);
	assert_int_equal(p->children, 1);
	assert_int_equal(p->child[0].type, WARD_TYPE_POWERSHELL);
	assert_string_equal((char *)p->child[0].bytes, "iex 'harmless look-alike of a command'");
	probe_free(p);
}

/* base64 of raw DEFLATE of some "echo harmless-N;". */
static void
test_inflated(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_script_read_php,
			   "<?php "
			   "eval(gzinflate(base64_decode('Zc9ZCgJBDATQq8wFCmx1XJjTpJN0FhTBuT84v3Z+"
			   "H1QVpeyfxen7fum+4wTJ4JHbon/"
			   "e4NmTfPYzNEQ8Zr8g3Fh49ivCqHPpX0FK6sVvMLP00nPH6MQusz+gphY2+xM5Iq3+"
			   "Og4P0iwDreEIZJftBw==')));"),
		WARD_OK);
	assert_int_equal(p->children, 1);
	assert_non_null(strstr(p->child[0].name, "inflated@"));
	assert_non_null(strstr((char *)p->child[0].bytes, "harmless"));
	probe_free(p);
}

static void
test_wide_and_refused(void **state)
{
	static const char wide[] = "\xff\xfe'\0a\0'\0+\0'\0b\0'";
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		ward_script_read_powershell(ward_span_of(wide, sizeof(wide)), p->arena, &p->sink),
		WARD_OK);
	assert_string_equal(probe_text(p, "normalised"), "\"ab\"");
	p->children = 0;
	p->sink.skip_views = true;
	assert_int_equal(probe_read(p, ward_script_read_javascript, "'a'+'b'"), WARD_OK);
	assert_int_equal(p->children, 0);
	p->sink.skip_views = false;
	p->refuse = WARD_E_LIMIT;
	assert_int_equal(probe_read(p, ward_script_read_javascript, "'a'+'b'"), WARD_E_LIMIT);
	p->children = 1;
	probe_free(p);
}

static void
test_open_ends(void **state)
{
	static const char *const pieces[] = {
		"/*", "'", "\"\"\"", "chr(1,", "/[", "\\", "String.fromCharCode(1,"};
	static const ward_reader readers[] = {ward_script_read_javascript, ward_script_read_python,
					      ward_script_read_shell, ward_script_read_powershell};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (size_t j = 0; j < sizeof(readers) / sizeof(readers[0]); j++) {
			struct probe *p = probe_new();
			struct ward_buf text;

			ward_buf_init(&text, 1 << 18, NULL);
			while (ward_buf_str(&text, pieces[i]) == WARD_OK)
				;
			text.data[text.len - 1] = '\n';
			assert_int_equal(readers[j](ward_buf_span(&text), p->arena, &p->sink),
					 WARD_OK);
			ward_buf_done(&text);
			probe_free(p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_javascript),
		cmocka_unit_test(test_php),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_powershell),
		cmocka_unit_test(test_batch_and_vb),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_literals_are_decoded),
		cmocka_unit_test(test_encoded_command),
		cmocka_unit_test(test_inflated),
		cmocka_unit_test(test_wide_and_refused),
		cmocka_unit_test(test_open_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

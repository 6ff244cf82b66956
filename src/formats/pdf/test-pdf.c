/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "formats/pdf/pdf.h"

enum { BUDGET = 64 << 20 };

static struct ward_buf file;
static char seen[16384];
static unsigned traits;
static uint64_t charged;
static uint64_t charge_max;
static enum ward_rc answer;

static WARD_PRINTF(1, 2) void note(const char *fmt, ...)
{
	size_t len = strlen(seen);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(seen + len, sizeof(seen) - len, fmt, args);
	va_end(args);
}

static enum ward_rc
on_child(void *ctx, const struct ward_child *child)
{
	(void)ctx;
	note("%s%s%s=%.*s\n", child->derived ? "~" : "",
	     child->type == WARD_TYPE_JAVASCRIPT ? "js " : "", child->name, (int)child->bytes.len,
	     (const char *)child->bytes.data);
	return answer;
}

static void
on_gap(void *ctx, const char *name, enum ward_reason why)
{
	(void)ctx;
	note("gap %s %s\n", name ? name : "-", ward_reason_name(why));
}

static void
on_fact(void *ctx, const char *key, const char *value)
{
	(void)ctx;
	note("%s: %s\n", key, value);
}

static void
on_trait(void *ctx, enum ward_trait trait)
{
	(void)ctx;
	traits |= (unsigned)trait;
}

static enum ward_rc
on_charge(void *ctx, uint64_t produced, uint64_t consumed)
{
	(void)ctx;
	(void)consumed;
	charged += produced;
	return charge_max && charged > charge_max ? WARD_E_LIMIT : WARD_OK;
}

static int
setup(void **state)
{
	(void)state;
	ward_buf_init(&file, 64 << 20, NULL);
	seen[0] = '\0';
	traits = 0;
	charged = 0;
	charge_max = 0;
	answer = WARD_OK;
	return ward_buf_str(&file, "%PDF-1.7\n") == WARD_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	ward_buf_done(&file);
	return 0;
}

static void
add(const char *text)
{
	assert_int_equal(ward_buf_str(&file, text), WARD_OK);
	assert_int_equal(ward_buf_str(&file, "\n"), WARD_OK);
}

static void
add_stream(unsigned number, const char *dict, const void *bytes, size_t len)
{
	assert_int_equal(
		ward_buf_printf(&file, "%u 0 obj <<%s /Length %zu>>\nstream\n", number, dict, len),
		WARD_OK);
	assert_int_equal(ward_buf_append(&file, bytes, len), WARD_OK);
	add("\nendstream endobj");
}

static enum ward_rc
read_with(uint64_t max_child, size_t memory)
{
	struct ward_budget budget = {.cap = memory};
	struct ward_sink sink = {.child = on_child,
				 .gap = on_gap,
				 .fact = on_fact,
				 .trait = on_trait,
				 .charge = on_charge,
				 .max_child = max_child};
	struct ward_arena *arena = ward_arena_new(&budget);
	enum ward_rc rc = ward_pdf_read(ward_buf_span(&file), arena, &sink);

	arena = ward_arena_free(arena);
	assert_null(arena);
	assert_int_equal(budget.used, 0);
	return rc;
}

static void
read_ok(void)
{
	assert_int_equal(read_with(0, BUDGET), WARD_OK);
}

static void
assert_seen(const char *line)
{
	if (!strstr(seen, line))
		fail_msg("no \"%s\" in:\n%s", line, seen);
}

static void
test_streams_are_handed_on(void **state)
{
	(void)state;
	add_stream(4, "/Filter/ASCIIHexDecode", "68656c6c6f>", 11);
	add_stream(5, "/Filter[/AHx/A85]", "35 6c 7e 3e>", 12);
	add_stream(6, "", "MZ program", 10);
	add_stream(7, "/Subtype/Image", "pixels", 6);
	add_stream(8, "/Filter/DCTDecode", "jpeg", 4);
	add_stream(9, "/Filter/NoSuchDecode", "what", 4);
	read_ok();
	assert_string_equal(seen, "pdf.version: 1.7\n~object-4=hello\n~object-5=A\n"
				  "object-6=MZ program\ngap object-9 unsupported\n~object-9=what\n"
				  "pdf.objects: 6\npdf.streams: 6\n");
	assert_int_equal(traits, 0);
}

static void
test_embedded_files_have_their_names(void **state)
{
	(void)state;
	add("1 0 obj<</Type/Filespec/F(old.exe)/UF(\376\377");
	file.len--; /* the line's end: the string goes on */
	assert_int_equal(ward_buf_append(&file, "\0x\0y)", 5), WARD_OK);
	add("/EF<</F 2 0 R>>>>endobj");
	add_stream(2, "/Type/EmbeddedFile", "first", 5);
	add("3 0 obj<</F(two.txt)/EF 4 0 R>>endobj 4 0 obj<</UF 5 0 R>>endobj");
	add_stream(5, "", "second", 6);
	add_stream(6, "/Type/EmbeddedFile", "third", 5);
	read_ok();
	assert_seen("\nxy=first\n");
	assert_seen("\ntwo.txt=second\n");
	assert_seen("\nobject-6=third\n");
	assert_seen("pdf.embedded: 3\n");
}

static void
test_scripts_in_strings_and_streams(void **state)
{
	(void)state;
	add("1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj");
	add("2 0 obj<</S/J#61vaScript/J#53 3 0 R>>endobj");
	add_stream(3, "/Filter/AHx", "feff 0068 00e9>", 15);
	add("4 0 obj<</S/JavaScript/JS 5 0 R>>endobj 5 0 obj<6576616c>endobj");
	read_ok();
	assert_seen("js javascript:1=app.alert(1)\n");
	assert_seen("js javascript:2=h\xc3\xa9\n");
	assert_seen("js javascript:3=eval\n");
	assert_seen("pdf.javascript: 3\n");
	assert_seen("pdf.actions: 3\n");
	assert_int_equal(traits, WARD_TRAIT_SCRIPT | WARD_TRAIT_AUTOEXEC);
}

static void
test_actions_are_told(void **state)
{
	(void)state;
	add("1 0 obj<</AA<</O 2 0 R>>>>endobj");
	add("2 0 obj<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>endobj");
	add("3 0 obj<</S/URI/URI(http://example.com/a)>>endobj");
	add("4 0 obj<</Subtype/RichMedia/XFA[(a) 5 0 R]>>endobj");
	add_stream(5, "", "<xdp/>", 6);
	add("6 0 obj<</OpenAction[7 0 R/Fit]>>endobj");
	read_ok();
	assert_seen("pdf.launch: cmd.exe /c calc\n");
	assert_seen("pdf.url: http://example.com/a\n");
	assert_seen("pdf.urls: 1\n");
	assert_seen("pdf.richmedia: 1\n");
	assert_seen("pdf.xfa: 1\n");
	assert_seen("\nobject-5=<xdp/>\n");
	assert_int_equal(traits, WARD_TRAIT_EXTERNAL | WARD_TRAIT_AUTOEXEC);
}

static void
test_object_streams_are_opened(void **state)
{
	const char *packed =
		"7 0 8 31 <</S/JavaScript/JS(packed js)>> <</F(n.bin)/EF<</F 9 0 R>>>>";

	(void)state;
	add_stream(1, "/Type/ObjStm/N 2/First 9", packed, strlen(packed));
	add_stream(9, "", "body", 4);
	read_ok();
	assert_seen("js javascript:1=packed js\n");
	assert_seen("n.bin=body\n");
	assert_seen("pdf.objects: 4\n");
}

static void
test_lengths_that_lie(void **state)
{
	(void)state;
	add("1 0 obj<</Length 3>>stream\nlonger than three\r\nendstream endobj");
	add("2 0 obj<</Length 2 0 R>>stream\nself\nendstream endobj");
	add("3 0 obj<</Length 4 0 R>>stream\nround\nendstream endobj");
	add("4 0 obj 5 0 R endobj 5 0 obj 4 0 R endobj");
	add("6 0 obj<</Length 999999>>stream\nno end");
	read_ok();
	assert_seen("~object-1=longer than three\n");
	assert_seen("~object-2=self\n");
	assert_seen("~object-3=round\n");
	assert_seen("~object-6=no end");
	assert_true(traits & WARD_TRAIT_MALFORMED);
}

static void
test_cycles_end(void **state)
{
	const char *packed = "1 0 2 0 3 0 <</Type/ObjStm/Extends 1 0 R/Parent 1 0 R>>";

	(void)state;
	add_stream(1, "/Type/ObjStm/N 99999999/First 12/Extends 1 0 R", packed, strlen(packed));
	add("2 0 obj<</Parent 2 0 R/Kids[2 0 R 3 0 R]/AA 2 0 R/OpenAction 2 0 R/EF 2 0 R>>endobj");
	add("3 0 obj<</Parent 2 0 R/JS 3 0 R/XFA 3 0 R/Next 3 0 R>>endobj");
	add_stream(4, "/Filter 5 0 R/DecodeParms 6 0 R", "x", 1);
	add("5 0 obj[5 0 R 5 0 R /AHx]endobj 6 0 obj 6 0 R endobj");
	add_stream(7, "/Filter[7 0 R]", "y", 1);
	read_ok();
	assert_seen("~object-1=");
}

static void
test_encryption_is_a_gap(void **state)
{
	(void)state;
	add_stream(1, "/Filter/FlateDecode", "not deflate", 11);
	add("trailer <</Size 2/Encrypt 9 0 R>>");
	read_ok();
	assert_seen("gap - encrypted\n");
	assert_null(strstr(seen, "corrupt"));
	assert_true(traits & WARD_TRAIT_ENCRYPTED);
}

/* Each of these words would have the rest read once more; behind them all is the real trailer. */
static void
test_flood_of_trailers_is_read_once(void **state)
{
	(void)state;
	add_stream(1, "/Filter/FlateDecode", "not deflate", 11);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(ward_buf_str(&file, "trailer"), WARD_OK);
	add("\ntrailer <</Size 2/Encrypt 9 0 R>>");
	read_ok();
	assert_seen("gap - encrypted\n");
}

static void
test_damage_is_a_gap(void **state)
{
	(void)state;
	add_stream(1, "/Filter/FlateDecode", "not deflate", 11);
	add_stream(2, "/Filter[/Crypt/AHx]/DecodeParms[<</Name/Own>>null]", "41", 2);
	add_stream(3, "/Filter[/Crypt/AHx]/DecodeParms[<</Name/Identity>>null]", "41", 2);
	read_ok();
	assert_seen("gap object-1 corrupt\n");
	assert_seen("gap object-2 encrypted\n");
	assert_seen("~object-3=A\n");
}

static void
test_limits_end_the_reading(void **state)
{
	(void)state;
	add_stream(1, "", "0123456789", 10);
	add_stream(2, "/Filter/AHx", "30313233343536373839", 20);
	assert_int_equal(read_with(4, BUDGET), WARD_OK);
	assert_seen("gap object-2 size\n~object-2=0123\n");
	(void)teardown(NULL);
	(void)setup(NULL);
	for (unsigned i = 1; i < 100; i++)
		add_stream(i, "/Filter/AHx", "30313233343536373839", 20);
	charge_max = 500;
	assert_int_equal(read_with(0, BUDGET), WARD_E_LIMIT);
	charge_max = 0;
	assert_int_equal(read_with(0, 1000), WARD_E_LIMIT);
	answer = WARD_E_STOPPED;
	assert_int_equal(read_with(0, BUDGET), WARD_E_STOPPED);
}

static void
test_overlapping_streams_are_charged(void **state)
{
	(void)state;
	/* Each of them claims everything behind it. */
	for (unsigned i = 1; i <= 1000; i++)
		assert_int_equal(ward_buf_printf(&file, "%u 0 obj<<>>stream\n", i), WARD_OK);
	charge_max = 1 << 20;
	assert_int_equal(read_with(0, BUDGET), WARD_E_LIMIT);
}

static void
test_no_objects_is_no_pdf(void **state)
{
	(void)state;
	assert_int_equal(read_with(0, BUDGET), WARD_E_FORMAT);
	add("x 0 obj endobj obj 1 obj");
	assert_int_equal(read_with(0, BUDGET), WARD_E_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_streams_are_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_embedded_files_have_their_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_scripts_in_strings_and_streams, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_actions_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_object_streams_are_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lengths_that_lie, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cycles_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_encryption_is_a_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood_of_trailers_is_read_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_a_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits_end_the_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlapping_streams_are_charged, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_objects_is_no_pdf, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

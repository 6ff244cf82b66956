/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "formats/ole/ovba.h"
#include "formats/ole/testing.h"
#include "formats/ole/vba.h"

static const struct ward_sink no_sink;

static void
check_hex(const char *hex, const char *text)
{
	uint8_t packed[256];
	size_t n = strlen(hex) / 2;
	struct ward_buf out;

	ward_buf_init(&out, 1 << 16, NULL);
	assert_true(ward_text_unhex(ward_span_str(hex), packed, n));
	assert_int_equal(ward_ovba_decompress(ward_span_of(packed, n), &out, &no_sink), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str(text)));
	ward_buf_done(&out);
}

/* The three published examples of [MS-OVBA] 3.2. */
static void
test_published_examples(void **state)
{
	(void)state;
	check_hex("0119B000616263646566676800696A6B6C6D6E6F70007172737475762E",
		  "abcdefghijklmnopqrstuv.");
	check_hex("012FB000236161616263646582660070616768696A013808616B6C00306D6E6F70"
		  "0671027004107273747576107778797A003C",
		  "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
	check_hex("0103B002614500", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				    "aaaaaaaaaaaaaaaaa");
}

static void
check_round_trip(struct ward_span text)
{
	struct ward_buf packed, out;

	ward_buf_init(&packed, 1 << 20, NULL);
	ward_buf_init(&out, 1 << 20, NULL);
	vba_compress(text, &packed);
	assert_int_equal(ward_ovba_decompress(ward_buf_span(&packed), &out, &no_sink), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&out), text));
	ward_buf_done(&packed);
	ward_buf_done(&out);
}

static void
test_round_trips(void **state)
{
	static uint8_t bytes[20000];
	uint32_t x = 1;

	(void)state;
	check_round_trip(ward_span_str("Attribute VB_Name = \"a\"\r\n"));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1103515245 + 12345;
		bytes[i] = (uint8_t)("abcdab  "[x >> 16 & 7]);
	}
	check_round_trip(ward_span_of(bytes, 4096));
	check_round_trip(ward_span_of(bytes, 4097));
	check_round_trip(ward_span_of(bytes, sizeof(bytes)));
}

static void
test_damage(void **state)
{
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 64, NULL);
	assert_int_equal(ward_ovba_decompress(ward_span_of("", 0), &out, &no_sink), WARD_E_FORMAT);
	assert_int_equal(ward_ovba_decompress(ward_span_of("\2", 1), &out, &no_sink),
			 WARD_E_FORMAT);
	/* A token before anything: points before the chunk. */
	assert_int_equal(ward_ovba_decompress(ward_span_of("\1\2\xb0\1\0\0", 6), &out, &no_sink),
			 WARD_E_FORMAT);
	/* The chunk says more than there is; what is there comes out. */
	assert_int_equal(ward_ovba_decompress(ward_span_of("\1\x19\xb0\0abc", 7), &out, &no_sink),
			 WARD_E_TRUNCATED);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str("abc")));
	/* A raw chunk larger than the buffer. */
	{
		static uint8_t raw[4099] = {1, 0xff, 0x3f};

		assert_int_equal(
			ward_ovba_decompress(ward_span_of(raw, sizeof(raw)), &out, &no_sink),
			WARD_E_LIMIT);
	}
	ward_buf_done(&out);
}

static void
test_finds_containers(void **state)
{
	static const char bytes[] = "xx Attribut \1\x19\xb0\0Attribut\0\1\x19\xb0\0Attribut";
	struct ward_span in = ward_span_of(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_int_equal(ward_ovba_find(in, 0), 12);
	assert_int_equal(ward_ovba_find(in, 13), 25);
	assert_int_equal(ward_ovba_find(in, 26), SIZE_MAX);
	assert_int_equal(ward_ovba_find(ward_span_str("Attribut"), 0), SIZE_MAX);
}

static void
check_autoexec(const char *source, const char *name)
{
	struct ward_span got = ward_vba_autoexec(ward_span_str(source));

	assert_true(ward_span_eq(got, ward_span_str(name)));
}

static void
test_autoexec_names(void **state)
{
	(void)state;
	check_autoexec("Attribute VB_Name = \"x\"\r\nPrivate Sub Document_Open()\r\n",
		       "Document_Open");
	check_autoexec("sub AUTOOPEN\n", "AUTOOPEN");
	check_autoexec("x = 1 : Public Static Function auto_open()\n", "auto_open");
	check_autoexec("Private Sub Ink1_Painted(ByVal x)\n", "Ink1_Painted");
	check_autoexec("Sub Document_OpenMore()\n", "");
	check_autoexec("' Sub Document_Open()\n", "");
	check_autoexec("Call Document_Open\n", "");
	check_autoexec("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_examples),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_finds_containers),
		cmocka_unit_test(test_autoexec_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

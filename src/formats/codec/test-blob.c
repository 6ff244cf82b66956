/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/blob.h"
#include "formats/codec/entity.h"
#include "formats/codec/plain.h"
#include "formats/codec/probe.h"

/* "This line of text hides in base64 and is long enough to be looked at." */
#define HIDDEN "This line of text hides in base64 and is long enough to be looked at."
#define BASE64                                                                                     \
	"VGhpcyBsaW5lIG9mIHRleHQgaGlkZXMgaW4gYmFzZTY0IGFuZCBpcyBsb25nIGVub3VnaCB0byBiZSBsb29rZW"   \
	"QgYXQu"

static void
test_base64_literal(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_codec_plain_read, "x = \"" BASE64 "\"\n"), WARD_OK);
	assert_int_equal(p->children, 1);
	assert_string_equal(probe_text(p, "base64@5"), HIDDEN);
	probe_free(p);
}

static void
test_prefix_of_digits(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_codec_plain_read, "a/b" BASE64), WARD_OK);
	assert_int_equal(p->children, 1);
	assert_non_null(strstr((char *)p->child[0].bytes, "line of text hides"));
	probe_free(p);
}

static void
test_lines_are_joined(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_codec_plain_read,
			   "<<END\n"
			   "VGhpcyBsaW5lIG9mIHRleHQgaGlkZXMgaW4gYmFzZTY0IGFuZCBpcyBsb25nIGVu\r\n"
			   "b3VnaCB0byBiZSBsb29rZWQgYXQu\r\nEND of it\n"),
		WARD_OK);
	assert_string_equal(probe_text(p, "base64@6"), HIDDEN);
	probe_free(p);
}

static void
test_hex_literal(void **state)
{
	struct probe *p = probe_new();
	char text[2 * sizeof(HIDDEN) + 4];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(HIDDEN); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", (unsigned)HIDDEN[i]);
	assert_int_equal(probe_read(p, ward_codec_plain_read, text), WARD_OK);
	assert_string_equal(probe_text(p, "hex@0"), HIDDEN);
	probe_free(p);
}

static void
test_noise_is_passed_over(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_codec_plain_read,
			   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
			   "/usr/share/doc/some/very/long/path/that/goes/on/and/on/and/on/until/it/"
			   "ends\n"
			   "thisIsAnIdentifierOfUnusualLengthThatSomebodyThoughtWouldBeAGoodIdeaToU"
			   "se\n"),
		WARD_OK);
	assert_int_equal(p->children, 0);
	probe_free(p);
}

static void
test_looks(void **state)
{
	static const uint8_t wide[] = {'i', 0, 'e', 0, 'x', 0, ' ', 0};

	(void)state;
	assert_int_equal(ward_codec_look(ward_span_str("MZ\x90\x01\x02")), WARD_CODEC_LOOK_KNOWN);
	assert_int_equal(ward_codec_look(ward_span_str("plain text")), WARD_CODEC_LOOK_TEXT);
	assert_int_equal(ward_codec_look(ward_span_of(wide, 8)), WARD_CODEC_LOOK_UTF16);
	assert_int_equal(ward_codec_look(ward_span_str("\x78\x9c\xf3\x48")), WARD_CODEC_LOOK_ZLIB);
	assert_int_equal(ward_codec_look(ward_span_str("\x81\x9c\xf3\xff")), WARD_CODEC_LOOK_NOISE);
	assert_int_equal(ward_codec_look(ward_span_str("")), WARD_CODEC_LOOK_NOISE);
}

static void
test_count_is_bounded(void **state)
{
	struct probe *p = probe_new();
	struct ward_buf text;
	unsigned count = 0;

	(void)state;
	ward_buf_init(&text, 1 << 20, NULL);
	for (int i = 0; i < 300; i++)
		assert_int_equal(ward_buf_str(&text, "'" BASE64 "'\n"), WARD_OK);
	assert_int_equal(ward_codec_blobs(ward_buf_span(&text), false, p->arena, &p->sink, &count),
			 WARD_OK);
	assert_int_equal(count, 256);
	assert_int_equal(p->gap[0], WARD_REASON_FILES);
	ward_buf_done(&text);
	probe_free(p);
}

static void
test_entities(void **state)
{
	struct probe *p = probe_new();
	struct ward_child child = {.name = "x"};
	struct ward_codec_out o;
	struct ward_buf buf;

	(void)state;
	ward_buf_init(&buf, 100, NULL);
	ward_codec_out_init(&o, &buf, &p->sink);
	ward_codec_entities(ward_span_str("&lt;&#65&#x42;&#66;&Colon;&none;&#;&#x;&"), &o);
	assert_int_equal(ward_codec_out_child(&o, &child), WARD_OK);
	assert_string_equal(probe_text(p, "x"), "<ABB:&none;&#;&#x;&");
	ward_buf_done(&buf);
	probe_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_literal),
		cmocka_unit_test(test_prefix_of_digits),
		cmocka_unit_test(test_lines_are_joined),
		cmocka_unit_test(test_hex_literal),
		cmocka_unit_test(test_noise_is_passed_over),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_count_is_bounded),
		cmocka_unit_test(test_entities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

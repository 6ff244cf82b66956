/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/binhex.h"
#include "formats/codec/inline.h"
#include "formats/codec/probe.h"

static void
test_uu_in_text(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_codec_inline,
				    "Hello,\n\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n"
				    "begin-base64 644 dog\nZG9n\n====\n"),
			 WARD_OK);
	assert_int_equal(p->children, 2);
	assert_string_equal(probe_text(p, "cat.txt"), "Cat");
	assert_string_equal(probe_text(p, "dog"), "dog");
	probe_free(p);
}

static void
test_prose_is_no_block(void **state)
{
	(void)state;
	assert_false(ward_codec_inline_any(ward_span_str("begin 644 times and more\nof this\n")));
	assert_false(ward_codec_inline_any(ward_span_str("begin\nend\n")));
	assert_true(ward_codec_inline_any(ward_span_str("x\nbegin 644 a\n#0V%T\n")));
}

static void
test_yenc_in_text(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_codec_inline,
				    "=ybegin line=128 size=3 name=c.bin\nm\x8b\x9e\n=yend\n"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "c.bin"), "Cat");
	probe_free(p);
}

static void
test_binhex_header_is_checked(void **state)
{
	struct ward_codec_binhex file;
	uint8_t head[40] = {3, 'a', 'b', 'c'};

	(void)state;
	head[4 + 11 + 3] = 4; /* data length */
	assert_int_equal(ward_codec_binhex_parse(ward_span_of(head, 20), &file), WARD_E_TRUNCATED);
	assert_int_equal(ward_codec_binhex_parse(ward_span_of(head, sizeof(head)), &file), WARD_OK);
	assert_int_equal(file.name.len, 3);
	assert_int_equal(file.data.len, 4);
	head[0] = 64;
	assert_int_equal(ward_codec_binhex_parse(ward_span_of(head, sizeof(head)), &file),
			 WARD_E_FORMAT);
}

/* Debian's clamav-testfiles, where they are installed. */
static void
test_real_binhex(void **state)
{
	size_t len = 0, want_len = 0;
	uint8_t *in = probe_load("/usr/share/clamav-testfiles/clam.exe.binhex", &len);
	uint8_t *want = probe_load("/usr/share/clamav-testfiles/clam.exe", &want_len);
	struct probe *p = probe_new();

	(void)state;
	if (!in || !want) {
		print_message("skipped: no clamav-testfiles here\n");
		skip();
	}
	assert_int_equal(ward_codec_inline(ward_span_of(in, len), p->arena, &p->sink), WARD_OK);
	assert_int_equal(p->children, 2); /* its resource fork holds a byte */
	assert_int_equal(p->child[0].len, want_len);
	assert_memory_equal(p->child[0].bytes, want, want_len);
	free(in);
	free(want);
	probe_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uu_in_text),
		cmocka_unit_test(test_prose_is_no_block),
		cmocka_unit_test(test_yenc_in_text),
		cmocka_unit_test(test_binhex_header_is_checked),
		cmocka_unit_test(test_real_binhex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

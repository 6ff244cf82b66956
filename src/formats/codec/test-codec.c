/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/base64.h"
#include "formats/codec/percent.h"
#include "formats/codec/probe.h"
#include "formats/codec/qp.h"
#include "formats/codec/uu.h"
#include "formats/codec/yenc.h"

typedef void (*decoder)(struct ward_span in, struct ward_codec_out *out);

static void
check(decoder decode, const char *in, const char *want)
{
	struct ward_sink sink = {0};
	struct ward_codec_out o;
	struct ward_buf buf;

	ward_buf_init(&buf, 1000, NULL);
	ward_codec_out_init(&o, &buf, &sink);
	decode(ward_span_str(in), &o);
	assert_int_equal(ward_codec_out_finish(&o), WARD_OK);
	assert_int_equal(buf.len, strlen(want));
	if (buf.len)
		assert_memory_equal(buf.data, want, buf.len);
	ward_buf_done(&buf);
}

static void
test_base64(void **state)
{
	(void)state;
	check(ward_codec_base64, "", "");
	check(ward_codec_base64, "Zg==", "f");
	check(ward_codec_base64, "Zm8=", "fo");
	check(ward_codec_base64, "Zm9vYmFy", "foobar");
	check(ward_codec_base64, "Zm9v\r\n YmFy", "foobar");
	check(ward_codec_base64, "Zm9vYg", "foob");
	check(ward_codec_base64, "Zg==Zm8=", "ffo");
	check(ward_codec_base64, "Z", "");
	check(ward_codec_base64, "_-8-", "\xff\xef>");
}

static void
test_quoted_printable(void **state)
{
	(void)state;
	check(ward_codec_qp, "a=3Db=3d", "a=b=");
	check(ward_codec_qp, "soft =\r\nbreak", "soft break");
	check(ward_codec_qp, "soft=  \nbreak", "softbreak");
	check(ward_codec_qp, "a \t\r\nb\n", "a\r\nb\n");
	check(ward_codec_qp, "a=ZZ=", "a=ZZ");
	check(ward_codec_q_word, "a_b=20c", "a b c");
}

static void
test_percent(void **state)
{
	(void)state;
	check(ward_codec_percent, "%41%zz%4", "A%zz%4");
	check(ward_codec_percent, "%u0041%u20AC", "A\xe2\x82\xac");
	check(ward_codec_percent, "%u12", "%u12");
}

static void
test_uu(void **state)
{
	(void)state;
	check(ward_codec_uu_part, "begin 644 x\n#0V%T\n`\nend\n", "Cat");
	check(ward_codec_uu_part, "talk\n\nbegin 0755 x\r\n#0V%T\r\n \r\nend\r\n", "Cat");
	check(ward_codec_uu_part, "#0V%T\n", "Cat");
	check(ward_codec_uu_part, "begin-base64 644 x\nQ2F0\n====\n", "Cat");
	check(ward_codec_uu_part, "begin 644 x\nthis is no data\n", "");
}

static void
test_uu_begin(void **state)
{
	struct ward_span name;
	bool base64;

	(void)state;
	assert_true(ward_codec_uu_begin(ward_span_str("begin 644 a b.exe "), &name, &base64));
	assert_int_equal(name.len, 7);
	assert_false(base64);
	assert_false(ward_codec_uu_begin(ward_span_str("begin 64 a"), &name, &base64));
	assert_false(ward_codec_uu_begin(ward_span_str("begin 648 a"), &name, &base64));
	assert_false(ward_codec_uu_begin(ward_span_str("begin 644"), &name, &base64));
}

static void
decode_yenc(struct ward_span in, struct ward_codec_out *out)
{
	(void)ward_codec_yenc(in, out);
}

static void
test_yenc(void **state)
{
	struct ward_span name;

	(void)state;
	check(decode_yenc, "=ypart begin=1 end=3\nm\x8b\x9e\n=yend size=3\nx", "Cat");
	check(decode_yenc, "=\x7d\xad\n", "\x13\x83");
	assert_true(
		ward_codec_yenc_begin(ward_span_str("=ybegin line=128 size=3 name=c.t x"), &name));
	assert_int_equal(name.len, 5);
	assert_false(ward_codec_yenc_begin(ward_span_str("=ybegin line=128 size=3"), &name));
}

/* What does not fit is a gap, and what fits is still handed over. */
static void
test_full_buffer_is_a_gap(void **state)
{
	struct probe *p = probe_new();
	struct ward_child child = {.name = "x"};
	struct ward_codec_out o;
	struct ward_buf buf;

	(void)state;
	ward_buf_init(&buf, 4, NULL);
	ward_codec_out_init(&o, &buf, &p->sink);
	ward_codec_base64(ward_span_str("Zm9vYmFy"), &o);
	assert_int_equal(ward_codec_out_child(&o, &child), WARD_OK);
	assert_string_equal(probe_text(p, "x"), "foob");
	assert_int_equal(p->gaps, 1);
	assert_int_equal(p->gap[0], WARD_REASON_SIZE);
	ward_buf_done(&buf);
	probe_free(p);
}

static void
test_spent_budget_is_a_gap(void **state)
{
	struct probe *p = probe_new();
	struct ward_budget poor = {.cap = 1024};
	struct ward_child child = {.name = "x"};
	struct ward_codec_out o;
	struct ward_buf buf;

	(void)state;
	ward_buf_init(&buf, 1 << 20, &poor);
	ward_codec_out_init(&o, &buf, &p->sink);
	for (int i = 0; i < 4000; i++)
		ward_codec_put(&o, 'x');
	assert_int_equal(ward_codec_out_child(&o, &child), WARD_OK);
	assert_int_equal(p->gap[0], WARD_REASON_MEMORY);
	assert_int_equal(p->children, 1);
	ward_buf_done(&buf);
	probe_free(p);
}

static void
test_sink_refusal_is_passed_on(void **state)
{
	struct probe *p = probe_new();
	struct ward_child child = {.name = "x"};
	struct ward_codec_out o;
	struct ward_buf buf;

	(void)state;
	p->refuse = WARD_E_LIMIT;
	ward_buf_init(&buf, 1000, NULL);
	ward_codec_out_init(&o, &buf, &p->sink);
	ward_codec_base64(ward_span_str("Zm9vYmFy"), &o);
	assert_int_equal(ward_codec_out_child(&o, &child), WARD_E_LIMIT);
	assert_int_equal(p->children, 0);
	assert_int_equal(p->gaps, 0);
	assert_int_equal(p->charged, 6);
	ward_buf_done(&buf);
	probe_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_uu),
		cmocka_unit_test(test_uu_begin),
		cmocka_unit_test(test_yenc),
		cmocka_unit_test(test_full_buffer_is_a_gap),
		cmocka_unit_test(test_spent_budget_is_a_gap),
		cmocka_unit_test(test_sink_refusal_is_passed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

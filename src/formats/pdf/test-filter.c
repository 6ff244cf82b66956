/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/pdf/filter.h"

static struct ward_buf out;
static struct ward_sink sink;
static uint64_t charged;
static uint64_t charge_max;

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
	charged = 0;
	charge_max = 0;
	sink = (struct ward_sink){.charge = on_charge};
	ward_buf_init(&out, 1 << 20, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ward_buf_done(&out);
	return 0;
}

static enum ward_rc
decode(enum ward_pdf_filter filter, const struct ward_pdf_parms *parms, const void *in, size_t len)
{
	struct ward_pdf_output o = {.out = &out, .sink = &sink};
	struct ward_pdf_parms none = WARD_PDF_PARMS_DEFAULT;
	enum ward_rc rc;

	ward_buf_clear(&out);
	rc = ward_pdf_filter_decode(filter, parms ? parms : &none, ward_span_of(in, len), &o);
	assert_int_equal(o.uncharged, 0);
	return rc;
}

static void
check_out(const char *want, size_t len)
{
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, want, len);
}

static void
test_hex(void **state)
{
	(void)state;
	assert_int_equal(decode(WARD_PDF_FILTER_HEX, NULL, "48 65\n6C6c6f7>21", 16), WARD_OK);
	check_out("Hello\x70", 6);
	assert_int_equal(charged, 6);
	assert_int_equal(decode(WARD_PDF_FILTER_HEX, NULL, "", 0), WARD_OK);
	assert_int_equal(out.len, 0);
}

static void
test_ascii85(void **state)
{
	(void)state;
	assert_int_equal(decode(WARD_PDF_FILTER_ASCII85, NULL, "87cUR\nD]j7BEbo80~>", 18), WARD_OK);
	check_out("Hello world!", 12);
	assert_int_equal(decode(WARD_PDF_FILTER_ASCII85, NULL, "z5l~>", 5), WARD_OK);
	check_out("\0\0\0\0A", 5);
	/* A lone digit stands for nothing; out of range wraps. */
	assert_int_equal(decode(WARD_PDF_FILTER_ASCII85, NULL, "!", 1), WARD_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(decode(WARD_PDF_FILTER_ASCII85, NULL, "uuuuu", 5), WARD_OK);
	assert_int_equal(out.len, 4);
}

static void
test_run_length(void **state)
{
	(void)state;
	assert_int_equal(decode(WARD_PDF_FILTER_RUN_LENGTH, NULL, "\2abc\xfex\x80zz", 9), WARD_OK);
	check_out("abcxxx", 6);
	assert_int_equal(decode(WARD_PDF_FILTER_RUN_LENGTH, NULL, "\5ab", 3), WARD_E_TRUNCATED);
	assert_int_equal(decode(WARD_PDF_FILTER_RUN_LENGTH, NULL, "\xfe", 1), WARD_E_TRUNCATED);
}

static void
test_lzw(void **state)
{
	/* The example of ISO 32000-1, 7.4.4.2: 45 45 45 45 45 65 45 45 45 66. */
	static const uint8_t in[] = {0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01};
	static const uint8_t bad[] = {0x80, 0x7f, 0xff};

	(void)state;
	assert_int_equal(decode(WARD_PDF_FILTER_LZW, NULL, in, sizeof(in)), WARD_OK);
	check_out("-----A---B", 10);
	assert_int_equal(decode(WARD_PDF_FILTER_LZW, NULL, bad, sizeof(bad)), WARD_E_FORMAT);
	/* No end mark: what there was is kept. */
	assert_int_equal(decode(WARD_PDF_FILTER_LZW, NULL, in, 4), WARD_OK);
	assert_true(out.len > 0);
}

/* Packs codes as an encoder without early change would, to walk through every width. */
static size_t
pack_lzw(uint8_t *to, unsigned codes, unsigned early)
{
	uint64_t bits = 0;
	unsigned have = 0;
	unsigned width = 9;
	unsigned next = 258;
	size_t n = 0;

	for (unsigned i = 0; i < codes; i++) {
		bits = bits << width | (i == 0 ? 'a' : next - 1);
		have += width;
		for (; have >= 8; have -= 8)
			to[n++] = (uint8_t)(bits >> (have - 8));
		if (i > 0 && next < 4096)
			next++;
		if (i == 0)
			next = 259;
		/* The decoder has one entry fewer than the encoder. */
		if (next - 1 + early >= 1u << width && width < 12)
			width++;
	}
	to[n++] = (uint8_t)(bits << (8 - have));
	return n;
}

static void
test_lzw_widens_its_codes(void **state)
{
	static uint8_t in[8192];

	(void)state;
	for (unsigned early = 0; early < 2; early++) {
		struct ward_pdf_parms parms = WARD_PDF_PARMS_DEFAULT;
		size_t n = pack_lzw(in, 1000, early);

		parms.early_change = early != 0;
		(void)decode(WARD_PDF_FILTER_LZW, &parms, in, n);
		/* a, aa, aaa, ...: the sum of 1 .. 1000. */
		assert_true(out.len >= 500500);
		for (size_t i = 0; i < 500500; i++)
			assert_int_equal(out.data[i], 'a');
	}
}

/* zlib's own output for "abc", level 6, and the same damaged. */
static void
test_flate_forgives_what_viewers_forgive(void **state)
{
	uint8_t in[] = {0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27};

	(void)state;
	assert_int_equal(decode(WARD_PDF_FILTER_FLATE, NULL, in, sizeof(in)), WARD_OK);
	check_out("abc", 3);
	assert_int_equal(decode(WARD_PDF_FILTER_FLATE, NULL, in, 7), WARD_OK);
	check_out("abc", 3);
	in[0] = 0;
	assert_int_equal(decode(WARD_PDF_FILTER_FLATE, NULL, in, sizeof(in)), WARD_OK);
	check_out("abc", 3);
	in[2] = 0xff;
	assert_int_equal(decode(WARD_PDF_FILTER_FLATE, NULL, in, sizeof(in)), WARD_E_FORMAT);
	assert_int_not_equal(decode(WARD_PDF_FILTER_FLATE, NULL, in, 0), WARD_OK);
}

static void
undo(struct ward_pdf_parms parms, const void *in, size_t len, enum ward_rc want)
{
	ward_buf_clear(&out);
	assert_int_equal(ward_buf_append(&out, in, len), WARD_OK);
	assert_int_equal(ward_pdf_predictor_undo(&parms, &out), want);
}

static void
test_png_predictors(void **state)
{
	struct ward_pdf_parms three = {15, 1, 8, 3, true};

	(void)state;
	undo(three, "\0abc\1a\1\1\2\1\1\1\3\0\0\0\4\0\0\0", 20, WARD_OK);
	check_out("abcabcbcd\x31\x4a\x57\x31\x4a\x57", 15);
	/* The last row may be short. */
	undo(three, "\0abc\2\1", 6, WARD_OK);
	check_out("abcb", 4);
	undo(three, "\0", 1, WARD_OK);
	assert_int_equal(out.len, 0);
}

static void
test_other_predictors(void **state)
{
	(void)state;
	undo((struct ward_pdf_parms){2, 1, 8, 3, true}, "a\1\1b\1\1", 6, WARD_OK);
	check_out("abcbcd", 6);
	undo((struct ward_pdf_parms){1, 1, 8, 3, true}, "raw", 3, WARD_OK);
	check_out("raw", 3);
	undo((struct ward_pdf_parms){2, 1, 4, 3, true}, "abc", 3, WARD_E_UNSUPPORTED);
	undo((struct ward_pdf_parms){15, 0, 8, 3, true}, "abc", 3, WARD_E_FORMAT);
	undo((struct ward_pdf_parms){15, 1, 8, 0, true}, "abc", 3, WARD_E_FORMAT);
	undo((struct ward_pdf_parms){15, UINT32_MAX, UINT32_MAX, UINT32_MAX, true}, "abc", 3,
	     WARD_E_FORMAT);
	undo((struct ward_pdf_parms){15, 32, 32, UINT32_MAX, true}, "abc", 3, WARD_OK);
}

static void
test_limits(void **state)
{
	static uint8_t in[1 << 19];
	struct ward_pdf_output o = {.out = &out, .sink = &sink};
	struct ward_pdf_parms none = WARD_PDF_PARMS_DEFAULT;

	(void)state;
	memset(in, 0x81, sizeof(in)); /* each pair: 128 times 0x81 */
	assert_int_equal(decode(WARD_PDF_FILTER_RUN_LENGTH, NULL, in, sizeof(in)), WARD_E_LIMIT);
	assert_true(out.len > (1 << 20) - 200);
	charge_max = 100000;
	charged = 0;
	ward_buf_clear(&out);
	assert_int_equal(ward_pdf_filter_decode(WARD_PDF_FILTER_RUN_LENGTH, &none,
						ward_span_of(in, sizeof(in)), &o),
			 WARD_E_LIMIT);
	assert_true(o.refused);
	assert_true(charged < 200000);
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(ward_pdf_filter_by_name(ward_span_str("Fl")), WARD_PDF_FILTER_FLATE);
	assert_int_equal(ward_pdf_filter_by_name(ward_span_str("JBIG2Decode")),
			 WARD_PDF_FILTER_IMAGE);
	assert_int_equal(ward_pdf_filter_by_name(ward_span_str("fl")), WARD_PDF_FILTER_UNKNOWN);
	assert_int_equal(decode(WARD_PDF_FILTER_UNKNOWN, NULL, "x", 1), WARD_E_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hex, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ascii85, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lzw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lzw_widens_its_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flate_forgives_what_viewers_forgive, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_png_predictors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_predictors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "formats/zip/codec.h"

enum { OUT_MAX = 1 << 20 };

static struct ward_buf out;
static uint64_t charged;
static uint64_t charge_max;

static enum ward_rc
on_charge(void *ctx, uint64_t produced)
{
	(void)ctx;
	charged += produced;
	return charge_max && charged > charge_max ? WARD_E_LIMIT : WARD_OK;
}

static int
setup(void **state)
{
	(void)state;
	charged = 0;
	charge_max = 0;
	ward_buf_init(&out, OUT_MAX, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ward_buf_done(&out);
	return 0;
}

/* Bits in the order a stream has them, low bit of a byte first. */
struct writer {
	uint8_t bytes[4096];
	size_t bits;
};

static void
put_bits(struct writer *w, uint32_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++, w->bits++)
		if (value >> i & 1)
			w->bytes[w->bits / 8] |= (uint8_t)(1u << w->bits % 8);
}

/* A prefix code's bits go high bit first. */
static void
put_code(struct writer *w, uint32_t code, unsigned n)
{
	for (unsigned i = n; i-- > 0;)
		put_bits(w, code >> i & 1, 1);
}

static struct ward_span
written(const struct writer *w)
{
	return ward_span_of(w->bytes, (w->bits + 7) / 8);
}

/* ---- Deflate64 ---- */

/* Where both formats agree zlib is the judge: no match longer than 257, no distance past 32 KiB. */
static void
check_against_zlib(int level, int strategy, size_t len)
{
	static uint8_t plain[300000];
	static uint8_t packed[400000];
	z_stream z = {0};
	uint32_t x = 12345;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245u + 12345u;
		plain[i] = (uint8_t)(i % 200 < 60 ? x >> 24 : i / 200);
	}
	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
	z.next_in = plain;
	z.avail_in = (uInt)len;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	ward_buf_clear(&out);
	charged = 0;
	assert_int_equal(
		ward_zip_inflate64(ward_span_of(packed, z.total_out), &out, on_charge, NULL),
		WARD_OK);
	assert_int_equal(out.len, len);
	assert_int_equal(charged, len);
	assert_memory_equal(out.data, plain, len);
	for (size_t cut = 0; cut < z.total_out && cut < 300; cut++) {
		ward_buf_clear(&out);
		assert_int_equal(ward_zip_inflate64(ward_span_of(packed, cut), &out, NULL, NULL),
				 WARD_E_TRUNCATED);
	}
	(void)deflateEnd(&z);
}

static void
test_inflate64_agrees_with_zlib(void **state)
{
	(void)state;
	check_against_zlib(0, Z_DEFAULT_STRATEGY, 100000);
	check_against_zlib(6, Z_DEFAULT_STRATEGY, 300000);
	check_against_zlib(9, Z_FIXED, 300000);
	check_against_zlib(6, Z_HUFFMAN_ONLY, 50000);
	check_against_zlib(6, Z_DEFAULT_STRATEGY, 0);
}

/* A fixed block: 'a', then length code 285 with 16 extra bits, twice, reaching 64 KiB back. */
static void
test_inflate64_reaches_further(void **state)
{
	struct writer w = {.bits = 0};

	(void)state;
	put_bits(&w, 1, 1);
	put_bits(&w, 1, 2);
	put_code(&w, 0x30 + 'a', 8);
	put_code(&w, 0x30 + 'b', 8);
	put_code(&w, 0xc0 + 5, 8); /* length code 285 */
	put_bits(&w, 0xffff, 16);  /* 65538 bytes */
	put_code(&w, 0, 5);	   /* distance 1 */
	put_code(&w, 0xc0 + 5, 8);
	put_bits(&w, 0, 16); /* 3 bytes */
	put_code(&w, 31, 5); /* distance code 31: 49153 and 14 extra bits */
	put_bits(&w, 65536 - 49153, 14);
	put_code(&w, 0, 7);
	assert_int_equal(ward_zip_inflate64(written(&w), &out, NULL, NULL), WARD_OK);
	assert_int_equal(out.len, 2 + 65538 + 3);
	assert_int_equal(out.data[0], 'a');
	assert_int_equal(out.data[65539], 'b');
	/* 65540 - 65536 = 4 bytes behind the start. */
	assert_memory_equal(out.data + 65540, "bbb", 3);
}

static void
test_inflate64_refuses_damage(void **state)
{
	struct writer far = {.bits = 0};
	struct writer type = {.bits = 0};
	struct writer stored = {.bits = 0};

	(void)state;
	put_bits(&far, 1, 1);
	put_bits(&far, 1, 2);
	put_code(&far, 1, 7); /* a match with nothing behind it */
	put_code(&far, 0, 5);
	put_bits(&far, 0, 16);
	assert_int_equal(ward_zip_inflate64(written(&far), &out, NULL, NULL), WARD_E_FORMAT);
	put_bits(&type, 7, 3);
	assert_int_equal(ward_zip_inflate64(written(&type), &out, NULL, NULL), WARD_E_FORMAT);
	put_bits(&stored, 1, 8);
	put_bits(&stored, 5, 16);
	put_bits(&stored, 5, 16);
	assert_int_equal(ward_zip_inflate64(written(&stored), &out, NULL, NULL), WARD_E_FORMAT);
}

static void
test_limits_hold(void **state)
{
	struct writer w = {.bits = 0};

	(void)state;
	put_bits(&w, 1, 1);
	put_bits(&w, 1, 2);
	put_code(&w, 0x30, 8);
	for (int i = 0; i < 100; i++) {
		put_code(&w, 0xc0 + 5, 8);
		put_bits(&w, 0xffff, 16);
		put_code(&w, 0, 5);
	}
	put_code(&w, 0, 7);
	assert_int_equal(ward_zip_inflate64(written(&w), &out, NULL, NULL), WARD_E_LIMIT);
	assert_int_equal(out.len, OUT_MAX);
	ward_buf_clear(&out);
	charge_max = 100000;
	assert_int_equal(ward_zip_inflate64(written(&w), &out, on_charge, NULL), WARD_E_LIMIT);
	assert_true(out.len < 200000);
}

/* ---- Implode ---- */

/* All 64 values with 6 bits each: four pairs of 16 values. */
static void
put_flat_tree(struct writer *w)
{
	put_bits(w, 3, 8);
	for (int i = 0; i < 4; i++)
		put_bits(w, 0xf0 | 5, 8);
}

/* The codes are a canonical code's with every bit inverted. */
static void
put_flat(struct writer *w, uint32_t value)
{
	put_code(w, ~value & 63, 6);
}

static void
test_explode_without_literal_tree(void **state)
{
	struct ward_zip_implode how = {.size = 12};
	struct writer w = {.bits = 0};

	(void)state;
	put_flat_tree(&w);
	put_flat_tree(&w);
	put_bits(&w, 1, 1);
	put_bits(&w, 'x', 8);
	put_bits(&w, 1, 1);
	put_bits(&w, 'y', 8);
	put_bits(&w, 0, 1);
	put_bits(&w, 1, 6); /* distance 2 */
	put_flat(&w, 0);
	put_flat(&w, 4); /* length 4 + 2 */
	put_bits(&w, 0, 1);
	put_bits(&w, 63, 6); /* before the start: zeros */
	put_flat(&w, 0);
	put_flat(&w, 63);
	put_bits(&w, 200, 8); /* cut by the size */
	assert_int_equal(ward_zip_explode(written(&w), &how, &out, on_charge, NULL), WARD_OK);
	assert_int_equal(out.len, 12);
	assert_memory_equal(out.data, "xyxyxyxy\0\0\0\0", 12);
	assert_int_equal(charged, 12);
}

static void
test_explode_with_literal_tree(void **state)
{
	struct ward_zip_implode how = {.size = 5, .dict_8k = true, .lit_tree = true};
	struct writer w = {.bits = 0};

	(void)state;
	put_bits(&w, 15, 8); /* 16 pairs of 16 values of 8 bits */
	for (int i = 0; i < 16; i++)
		put_bits(&w, 0xf0 | 7, 8);
	put_flat_tree(&w);
	put_flat_tree(&w);
	put_bits(&w, 1, 1);
	put_code(&w, ~(uint32_t)'A' & 255, 8);
	put_bits(&w, 1, 1);
	put_code(&w, ~(uint32_t)'B' & 255, 8);
	put_bits(&w, 0, 1);
	put_bits(&w, 0, 7); /* distance 1 */
	put_flat(&w, 0);
	put_flat(&w, 0); /* length 0 + 3 */
	assert_int_equal(ward_zip_explode(written(&w), &how, &out, NULL, NULL), WARD_OK);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "ABBBB", 5);
}

static void
test_explode_refuses_damage(void **state)
{
	struct ward_zip_implode how = {.size = 100};
	struct writer w = {.bits = 0};
	struct writer bad = {.bits = 0};

	(void)state;
	put_flat_tree(&w);
	put_flat_tree(&w);
	put_bits(&w, 1, 1);
	put_bits(&w, 'x', 8);
	assert_int_equal(ward_zip_explode(written(&w), &how, &out, NULL, NULL), WARD_E_TRUNCATED);
	assert_true(out.len >= 1);
	put_bits(&bad, 0, 8);
	put_bits(&bad, 0xf0, 8); /* sixteen codes of one bit */
	assert_int_equal(ward_zip_explode(written(&bad), &how, &out, NULL, NULL), WARD_E_FORMAT);
	assert_int_equal(ward_zip_explode(ward_span_of(NULL, 0), &how, &out, NULL, NULL),
			 WARD_E_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_inflate64_agrees_with_zlib, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inflate64_reaches_further, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inflate64_refuses_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_explode_without_literal_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_explode_with_literal_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_explode_refuses_damage, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

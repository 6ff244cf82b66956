/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "ml/features/bytes.h"
#include "ml/features/row.h"

enum {
	SOCKET_BUCKET = 62, /* "socket" of 64, computed apart */
};

static struct ward_bytes_row row;

static void
make(struct ward_span in)
{
	struct ward_budget budget = {.cap = 1u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);

	assert_non_null(arena);
	assert_int_equal(ward_bytes_row_make(in, arena, &row), WARD_OK);
	(void)ward_arena_free(arena);
}

static void
assert_near(float value, double expected)
{
	if (fabs((double)value - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", (double)value, expected);
}

static void
test_every_value_once(void **state)
{
	uint8_t all[256];
	size_t i;

	(void)state;
	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	make(ward_span_of(all, sizeof(all)));
	assert_near(row.size[0], 256);
	assert_near(row.entropy[0], 8);
	for (i = 0; i < 256; i++)
		assert_near(row.byte_histogram[i], 1.0 / 256);
	assert_near(row.byte_sixteenth[7], 1.0 / 16);
	assert_near(row.printable_share[0], 95.0 / 256);
	assert_near(row.high_share[0], 0.5);
	assert_near(row.window_entropy_min[0], 8);
	assert_near(row.window_entropy_std[0], 0);
	assert_near(row.pairs_unique[0], 255);
	assert_near(row.pairs_entropy[0], log2(255));
	assert_near(row.pairs_top_share[0], 1.0 / 255);
	/* upper halves: 16 values as often, 4 bits, times 4 is 16, the last row */
	for (i = 0; i < 256; i++)
		assert_near(row.byte_entropy[i], i >= 240 ? 1.0 / 16 : 0);
	assert_near(row.longest_repeat[0], 1);
}

/* 256 zeros and 128 ones: windows at 0 (zeros only) and 128 (half of each). */
static void
test_windows_of_256(void **state)
{
	uint8_t bytes[384] = {0};

	(void)state;
	memset(bytes + 256, 1, 128);
	make(ward_span_of(bytes, sizeof(bytes)));
	assert_near(row.window_entropy_min[0], 0);
	assert_near(row.window_entropy_max[0], 1);
	assert_near(row.window_entropy_mean[0], 0.5);
	assert_near(row.window_entropy_std[0], 0.5);
	assert_near(row.null_share[0], 256.0 / 384);
	assert_near(row.head_null_share[0], 256.0 / 384);
	assert_near(row.longest_repeat[0], 256);
	assert_near(row.pairs_unique[0], 3); /* 00, 01, 11 */
	assert_near(row.pairs_top_share[0], 255.0 / 383);
}

/* Three windows of 2048: zeros; zeros and 0x10; 0x10. Their entropies are 0, 1 and 0. */
static void
test_windows_of_2048(void **state)
{
	uint8_t *bytes = calloc(1, 4096);

	(void)state;
	assert_non_null(bytes);
	memset(bytes + 2048, 0x10, 2048);
	make(ward_span_of(bytes, 4096));
	assert_near(row.byte_entropy[0], 1.0 / 3);
	assert_near(row.byte_entropy[1], 1.0 / 3);
	assert_near(row.byte_entropy[4 * 16], 1.0 / 6);
	assert_near(row.byte_entropy[4 * 16 + 1], 1.0 / 6);
	free(bytes);
}

static void
test_nothing(void **state)
{
	(void)state;
	make(ward_span_of(NULL, 0));
	assert_near(row.size[0], 0);
	assert_near(row.entropy[0], 0);
	assert_near(row.window_entropy_max[0], 0);
	assert_near(row.strings_share[0], 0);
	make(ward_span_str("x"));
	assert_near(row.byte_histogram['x'], 1);
	assert_near(row.pairs_unique[0], 0);
	assert_near(row.window_entropy_std[0], 0);
}

static void
test_strings(void **state)
{
	static const char text[] = "/bin/busybox WGET\0abc\0HTTP://x\0"
				   "10.20.30.255\0"
				   "10.20.30.256\0"
				   "1.2.3.4.\0"
				   "0123456789abcdef0123456789ABCDEF\0"
				   "QUJDRA+/QUJDRA+/QUJDRA+/QUJDRA+/QUJDRA==\0c:\\x\n";
	const double bytes = 17 + 8 + 12 + 12 + 8 + 32 + 40 + 4;

	(void)state;
	make(ward_span_of(text, sizeof(text) - 1));
	assert_near(row.strings[0], 8); /* abc is too short */
	assert_near(row.strings_share[0], bytes / (sizeof(text) - 1));
	assert_near(row.strings_mean[0], bytes / 8);
	assert_near(row.strings_longest[0], 40);
	assert_near(row.strings_url[0], 1);
	assert_near(row.strings_ip[0], 1);
	assert_near(row.strings_path[0], 2);
	assert_near(row.strings_base64[0], 1);
	assert_near(row.strings_hex[0], 1);
	assert_near(row.strings_words[WARD_WORD_network], 2); /* wget, http */
	assert_near(row.strings_words[WARD_WORD_shell], 1);   /* busybox */
	assert_near(row.strings_histogram['/' - 32], (2 + 2 + 4) / bytes);
}

static void
test_words_are_hashed(void **state)
{
	(void)state;
	make(ward_span_str("socket\nSocket\nabc"));
	/* 32-bit FNV-1a of "socket" folded modulo 64, computed apart */
	assert_near(row.strings_hash[SOCKET_BUCKET], log2(3));
	assert_near(row.strings_words[WARD_WORD_network], 2);
}

/* What lies behind the cap counts as size only. */
static void
test_cap(void **state)
{
	size_t len = WARD_FEATURES_BYTES + 100;
	uint8_t *bytes = calloc(1, len);

	(void)state;
	assert_non_null(bytes);
	memset(bytes + WARD_FEATURES_BYTES, 0xff, 100);
	make(ward_span_of(bytes, len));
	assert_near(row.size[0], (double)len);
	assert_near(row.null_share[0], 1);
	assert_near(row.high_share[0], 0);
	free(bytes);
}

static void
test_little_memory(void **state)
{
	struct ward_budget budget = {.cap = 64 * 1024};
	struct ward_arena *arena = ward_arena_new(&budget);

	(void)state;
	assert_non_null(arena);
	assert_int_equal(ward_bytes_row_make(ward_span_str("x"), arena, &row), WARD_E_LIMIT);
	(void)ward_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value_once),
		cmocka_unit_test(test_windows_of_256),
		cmocka_unit_test(test_windows_of_2048),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_words_are_hashed),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

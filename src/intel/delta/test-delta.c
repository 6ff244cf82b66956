/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "intel/delta/delta.h"

enum { ROUNDS = 300, LENGTH = 64 * 1024, ROOM = 4 * LENGTH };

static const uint8_t ids[2][WARD_DELTA_ID] = {{1}, {2}};

static enum ward_rc
keep(void *ctx, struct ward_span bytes)
{
	struct ward_buf *out = ctx;

	return ward_buf_append(out, bytes.data, bytes.len);
}

static enum ward_rc
full_disk(void *ctx, struct ward_span bytes)
{
	(void)ctx;
	(void)bytes;
	return WARD_E_IO;
}

/* xorshift: the same every time, told when a round fails. */
static uint32_t
roll(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void
fill(uint8_t *bytes, size_t len, uint32_t *seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)roll(seed);
}

/* Some bytes changed, moved in, taken out or copied elsewhere. */
static size_t
edit(uint8_t *bytes, size_t len, uint32_t *seed)
{
	size_t at = len ? roll(seed) % len : 0, n = roll(seed) % 2000;

	if (n > len - at)
		n = len - at;
	switch (roll(seed) % 4) {
	case 0:
		fill(bytes + at, n, seed);
		return len;
	case 1:
		memmove(bytes + at, bytes + at + n, len - at - n);
		return len - n;
	case 2:
		if (len + n > ROOM)
			return len;
		memmove(bytes + at + n, bytes + at, len - at);
		fill(bytes + at, n, seed);
		return len + n;
	default:
		if (len + n > ROOM)
			return len;
		memcpy(bytes + len, bytes + at, n);
		return len + n;
	}
}

static void
make(struct ward_span base, struct ward_span result, struct ward_buf *out)
{
	const struct ward_delta_pair pair = {base, result, ids[0], ids[1]};

	ward_buf_init(out, 64 << 20, NULL);
	assert_int_equal(ward_delta_make(&pair, keep, out), WARD_OK);
}

static enum ward_rc
apply(struct ward_span bytes, struct ward_span base, struct ward_buf *out)
{
	struct ward_delta d;
	enum ward_rc rc = ward_delta_read(bytes, &d);

	ward_buf_init(out, 64 << 20, NULL);
	return rc ? rc : ward_delta_apply(&d, base, 64 << 20, keep, out);
}

static void
test_random_edits(void **state)
{
	uint8_t *base = malloc(ROOM), *result = malloc(ROOM);
	struct ward_buf delta, out;
	uint32_t seed = 20261125;

	(void)state;
	assert_non_null(base);
	assert_non_null(result);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t base_len = roll(&seed) % LENGTH, len = base_len;

		fill(base, base_len, &seed);
		memcpy(result, base, base_len);
		for (unsigned edits = roll(&seed) % 20; edits > 0; edits--)
			len = edit(result, len, &seed);
		make(ward_span_of(base, base_len), ward_span_of(result, len), &delta);
		if (apply(ward_buf_span(&delta), ward_span_of(base, base_len), &out) != WARD_OK ||
		    out.len != len || (len && memcmp(out.data, result, len) != 0))
			fail_msg("round %u", round);
		ward_buf_done(&delta);
		ward_buf_done(&out);
	}
	free(base);
	free(result);
}

/* A change of one place in random bytes costs that place, not the whole. */
static void
test_small(void **state)
{
	enum { BIG = 4 << 20 };
	uint8_t *base = malloc(BIG), *result = malloc(BIG);
	struct ward_buf delta;
	uint32_t seed = 7;

	(void)state;
	assert_non_null(base);
	assert_non_null(result);
	fill(base, BIG, &seed);
	memcpy(result, base, BIG);
	fill(result + BIG / 2, 1000, &seed);
	make(ward_span_of(base, BIG), ward_span_of(result, BIG), &delta);
	assert_true(delta.len < 8000);
	ward_buf_done(&delta);
	free(base);
	free(result);
}

struct pair {
	uint8_t base[3000], result[3500];
	struct ward_buf delta;
};

static void
pair_init(struct pair *p)
{
	uint32_t seed = 99;

	fill(p->base, sizeof(p->base), &seed);
	memcpy(p->result, p->base, sizeof(p->base));
	fill(p->result + sizeof(p->base), 500, &seed);
	make(ward_span_of(p->base, sizeof(p->base)), ward_span_of(p->result, sizeof(p->result)),
	     &p->delta);
}

/* Not one byte of it may be another, and none may be missing or too many. */
static void
test_damage(void **state)
{
	struct ward_span base;
	struct ward_buf out;
	struct pair p;

	(void)state;
	pair_init(&p);
	base = ward_span_of(p.base, sizeof(p.base));
	for (size_t i = 0; i < p.delta.len; i++) {
		bool name = i >= 32 && i < 96; /* the ids, which are the caller's to compare */
		enum ward_rc rc;

		p.delta.data[i] ^= 0x41;
		rc = apply(ward_buf_span(&p.delta), base, &out);
		p.delta.data[i] ^= 0x41;
		/* Bytes of the frame that change nothing are harmless: what comes out is right. */
		if (rc == WARD_OK && !name) {
			assert_true(i >= WARD_DELTA_HEADER);
			assert_memory_equal(out.data, p.result, sizeof(p.result));
		}
		ward_buf_done(&out);
		rc = apply(ward_span_of(p.delta.data, i), base, &out);
		assert_int_not_equal(rc, WARD_OK);
		ward_buf_done(&out);
	}
	assert_int_equal(ward_buf_byte(&p.delta, 0), WARD_OK);
	assert_int_equal(apply(ward_buf_span(&p.delta), base, &out), WARD_E_FORMAT);
	ward_buf_done(&out);
	ward_buf_done(&p.delta);
}

static void
test_wrong_base(void **state)
{
	struct ward_buf out;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.base[1500]++;
	assert_int_equal(apply(ward_buf_span(&p.delta), ward_span_of(p.base, sizeof(p.base)), &out),
			 WARD_E_FORMAT);
	ward_buf_done(&out);
	p.base[1500]--;
	assert_int_equal(
		apply(ward_buf_span(&p.delta), ward_span_of(p.base, sizeof(p.base) - 1), &out),
		WARD_E_FORMAT);
	ward_buf_done(&out);
	ward_buf_done(&p.delta);
}

static void
test_limits(void **state)
{
	struct ward_delta d;
	struct ward_span base;
	struct ward_buf out;
	struct pair p;

	(void)state;
	pair_init(&p);
	base = ward_span_of(p.base, sizeof(p.base));
	assert_int_equal(ward_delta_read(ward_buf_span(&p.delta), &d), WARD_OK);
	assert_memory_equal(d.base, ids[0], WARD_DELTA_ID);
	assert_memory_equal(d.result, ids[1], WARD_DELTA_ID);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_delta_apply(&d, base, sizeof(p.result) - 1, keep, &out),
			 WARD_E_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(ward_delta_apply(&d, base, sizeof(p.result), full_disk, NULL), WARD_E_IO);
	ward_buf_done(&out);
	ward_buf_done(&p.delta);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_edits), cmocka_unit_test(test_small),
		cmocka_unit_test(test_damage),	     cmocka_unit_test(test_wrong_base),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

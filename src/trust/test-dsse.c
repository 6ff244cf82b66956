/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "trust/dsse.h"
#include <cmocka.h>

/* The secret and public key of RFC 8032 §7.1, TEST 1. */
#define SECRET "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

/* The payload 08 2a as a record: put together by a script after DSSE's protocol.md, signed by
   `openssl pkeyutl -sign -rawin`. */
#define VECTOR                                                                                     \
	"0a02082a121e6170706c69636174696f6e2f766e642e776172642e7265636f72642e76311a640a40c33097a3" \
	"5e55224a672958493c36aed24ffd69c0e39aaa3b2a03fa504f297559b4a4b59eacea937a0b1ad8bb113ae2d7" \
	"3846078ce7cef91f54c4b4c636b5160b122021fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa5887" \
	"7ef47f9721b9"

enum { VECTOR_LEN = 138, KEYS = 17 };

struct world {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_buf out;
	struct ward_refusal refusal;
	uint8_t secrets[KEYS][WARD_SIGN_SECRET];
	struct ward_trust_key keys[KEYS];
	const struct ward_trust_key *pointers[KEYS];
	uint8_t vector[VECTOR_LEN];
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t public_key[WARD_SIGN_PUBLIC];

	assert_non_null(w);
	w->budget.cap = 16 << 20;
	w->arena = ward_arena_new(&w->budget);
	ward_buf_init(&w->out, 1 << 20, NULL);
	assert_true(ward_text_unhex(ward_span_str(VECTOR), w->vector, VECTOR_LEN));
	for (unsigned i = 0; i < KEYS; i++) {
		memset(w->secrets[i], (int)i, WARD_SIGN_SECRET);
		if (i == 0)
			assert_true(ward_text_unhex(ward_span_str(SECRET), w->secrets[0], 32));
		assert_int_equal(ward_sign_public(w->secrets[i], public_key), WARD_OK);
		assert_int_equal(ward_trust_key_of(public_key, &w->keys[i]), WARD_OK);
		w->pointers[i] = &w->keys[i];
	}
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ward_buf_done(&w->out);
	ward_arena_free(w->arena);
	free(w);
	return 0;
}

static size_t
good_of(const struct world *w, const struct ward_dsse *d, size_t keys)
{
	size_t good = 99;

	assert_int_equal(ward_dsse_count(d, w->pointers, keys, &good), WARD_OK);
	return good;
}

static void
makes_and_takes_the_vector(void **state)
{
	struct world *w = *state;
	struct ward_dsse d;

	assert_int_equal(ward_dsse_seal(WARD_DSSE_RECORD, ward_span_str("\x08\x2a"),
					(const uint8_t(*)[32])w->secrets, 1, &w->out),
			 WARD_OK);
	assert_int_equal(w->out.len, VECTOR_LEN);
	assert_memory_equal(w->out.data, w->vector, VECTOR_LEN);
	assert_int_equal(ward_dsse_read(ward_span_of(w->vector, VECTOR_LEN), WARD_DSSE_RECORD,
					w->arena, &d, &w->refusal),
			 WARD_OK);
	assert_int_equal(good_of(w, &d, KEYS), 1);
	assert_true(ward_span_eq(d.payload, ward_span_str("\x08\x2a")));
}

static void
every_changed_bit_is_seen(void **state)
{
	struct world *w = *state;
	struct ward_dsse d;

	for (size_t i = 0; i < (size_t)VECTOR_LEN * 8; i++) {
		struct ward_arena_mark mark = ward_arena_save(w->arena);

		w->vector[i / 8] ^= (uint8_t)(1u << i % 8);
		if (ward_dsse_read_any(ward_span_of(w->vector, VECTOR_LEN), w->arena, &d,
				       &w->refusal) == WARD_OK)
			assert_int_equal(good_of(w, &d, KEYS), 0);
		w->vector[i / 8] ^= (uint8_t)(1u << i % 8);
		ward_arena_restore(w->arena, mark);
	}
	/* no part says what the whole does: at most it is an envelope that nobody has signed yet */
	for (size_t n = 0; n < VECTOR_LEN; n++)
		if (ward_dsse_read_any(ward_span_of(w->vector, n), w->arena, &d, &w->refusal) ==
		    WARD_OK)
			assert_int_equal(d.signature_count, 0);
}

static void
signed_as_one_thing_is_not_another(void **state)
{
	struct world *w = *state;
	struct ward_dsse d;

	assert_int_equal(ward_dsse_read(ward_span_of(w->vector, VECTOR_LEN), WARD_DSSE_TIMESTAMP,
					w->arena, &d, &w->refusal),
			 WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_TYPE);
	assert_string_equal(w->refusal.text, "it is signed as a record, not as a timestamp");
	/* who changes the type loses the signature */
	assert_int_equal(ward_dsse_read(ward_span_of(w->vector, VECTOR_LEN), WARD_DSSE_RECORD,
					w->arena, &d, &w->refusal),
			 WARD_OK);
	d.type = WARD_DSSE_TIMESTAMP;
	assert_int_equal(good_of(w, &d, KEYS), 0);
}

static void
holders_sign_one_after_the_other(void **state)
{
	static const unsigned order[] = {3, 1, 2, 1};
	struct world *w = *state;
	struct ward_dsse d;

	assert_int_equal(ward_dsse_wrap(WARD_DSSE_ROOT, ward_span_str("x"), &w->out), WARD_OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(ward_dsse_read(ward_buf_span(&w->out), WARD_DSSE_ROOT, w->arena,
						&d, &w->refusal),
				 WARD_OK);
		assert_int_equal(good_of(w, &d, KEYS), i);
		assert_int_equal(ward_dsse_sign(&d, w->secrets[order[i]]), WARD_OK);
		ward_buf_clear(&w->out);
		assert_int_equal(ward_dsse_write(&d, &w->out), WARD_OK);
	}
	assert_int_equal(d.signature_count, 3); /* the fourth signed again */
	assert_int_equal(good_of(w, &d, KEYS), 3);
	assert_int_equal(good_of(w, &d, 3), 2); /* keys 0, 1, 2 */
}

static void
a_key_counts_once(void **state)
{
	struct world *w = *state;
	struct ward_dsse d = {.type = WARD_DSSE_ROOT, .payload = ward_span_str("x")};

	assert_int_equal(ward_dsse_sign(&d, w->secrets[1]), WARD_OK);
	d.signatures[1] = d.signatures[0];
	d.signature_count = 2;
	assert_int_equal(ward_dsse_write(&d, &w->out), WARD_OK);
	assert_int_equal(
		ward_dsse_read(ward_buf_span(&w->out), WARD_DSSE_ROOT, w->arena, &d, &w->refusal),
		WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_FORMAT);
}

static void
a_signature_under_another_name_is_none(void **state)
{
	struct world *w = *state;
	struct ward_dsse d = {.type = WARD_DSSE_ROOT, .payload = ward_span_str("x")};

	assert_int_equal(ward_dsse_sign(&d, w->secrets[1]), WARD_OK);
	memcpy(d.signatures[0].key_id, w->keys[2].id, WARD_TRUST_KEY_ID);
	assert_int_equal(good_of(w, &d, KEYS), 0);
}

static void
there_are_limits(void **state)
{
	struct world *w = *state;
	size_t max = ward_dsse_payload_max(WARD_DSSE_TIMESTAMP);
	uint8_t *bytes = calloc(1, max + 1);
	struct ward_dsse d = {.type = WARD_DSSE_TIMESTAMP, .payload = {bytes, max}};

	assert_non_null(bytes);
	assert_int_equal(ward_dsse_wrap(WARD_DSSE_TIMESTAMP, ward_span_of(bytes, max + 1), &w->out),
			 WARD_E_LIMIT);
	for (unsigned i = 0; i < KEYS; i++)
		assert_int_equal(ward_dsse_sign(&d, w->secrets[i]),
				 i < WARD_DSSE_SIGNATURES_MAX ? WARD_OK : WARD_E_LIMIT);
	assert_int_equal(ward_dsse_write(&d, &w->out), WARD_OK);
	assert_true(w->out.len <= max + WARD_DSSE_AROUND);
	assert_int_equal(ward_dsse_read(ward_buf_span(&w->out), WARD_DSSE_TIMESTAMP, w->arena, &d,
					&w->refusal),
			 WARD_OK);
	/* endless data ends before it is looked at */
	assert_int_equal(ward_dsse_read(ward_span_of(w->out.data, max + WARD_DSSE_AROUND + 1),
					WARD_DSSE_TIMESTAMP, w->arena, &d, &w->refusal),
			 WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_SIZE);
	free(bytes);
}

/* Two bytes ask for a whole structure: what the header says suffices has to suffice for that too. Found
 * by fuzz-dsse. */
static void
many_empty_signatures_are_refused_not_a_lack_of_memory(void **state)
{
	struct world *w = *state;
	uint8_t bytes[4096];
	struct ward_budget budget = {.cap = 128 * sizeof(bytes) + 65536};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_dsse d;

	assert_non_null(arena);
	for (size_t i = 0; i < sizeof(bytes); i += 2) {
		bytes[i] = 0x1a; /* field 3, a message without bytes */
		bytes[i + 1] = 0;
	}
	assert_int_equal(
		ward_dsse_read_any(ward_span_of(bytes, sizeof(bytes)), arena, &d, &w->refusal),
		WARD_E_PERM);
	assert_int_equal(w->refusal.code, WARD_REFUSED_FORMAT);
	ward_arena_free(arena);
}

static void
every_refusal_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(ward_refusal_word(WARD_REFUSED_NOT), "");
	assert_string_equal(ward_refusal_word(WARD_REFUSED_COUNT), "");
	for (unsigned i = 1; i < WARD_REFUSED_COUNT; i++) {
		const char *word = ward_refusal_word((enum ward_refusal_code)i);

		assert_true(word[0] != 0);
		for (unsigned j = 1; j < i; j++)
			assert_string_not_equal(word, ward_refusal_word((enum ward_refusal_code)j));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_and_takes_the_vector, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_bit_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(signed_as_one_thing_is_not_another, setup,
						teardown),
		cmocka_unit_test_setup_teardown(holders_sign_one_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signature_under_another_name_is_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(there_are_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			many_empty_signatures_are_refused_not_a_lack_of_memory, setup, teardown),
		cmocka_unit_test(every_refusal_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

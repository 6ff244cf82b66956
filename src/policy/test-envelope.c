/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "policy/document.h"
#include "policy/envelope.h"
#include <cmocka.h>

/* The secret and public key of RFC 8032 §7.1, TEST 1. */
#define SECRET "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define PUBLIC "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

#define DOCUMENT "{\"cloud\": {\"enabled\": true}}\n"

/* Version 7 of DOCUMENT, issued 2026-11-25T12:34:56Z: put together by a script, signed by
   `openssl pkeyutl -sign -rawin`. */
static const char vector[] =
	"57415244504f4c3121fe31dfa154a261626bf854046fd227070000000000000080b1b312a20100001d0000007b"
	"22636c6f7564223a207b22656e61626c6564223a20747275657d7d0a1f3c4b4764f74a20b551acb7d78738e844"
	"1fba85f87ea800fab1cf7bd1e68f8c521c93b7238657e83a9a9feb1991c20c11a1aa4d0589af5aae59ac7877dc"
	"cd03";

enum { VECTOR = 137 };

struct world {
	uint8_t secret[32], keys[64], bytes[VECTOR];
	struct ward_envelope_known known;
	struct ward_envelope e;
	const char *why;
};

static struct world
world(void)
{
	struct world w = {.why = NULL};

	assert_true(ward_text_unhex(ward_span_str(SECRET), w.secret, 32));
	/* a foreign key first: the right one is found by its id */
	memset(w.keys, 7, 32);
	assert_true(ward_text_unhex(ward_span_str(PUBLIC), w.keys + 32, 32));
	assert_true(ward_text_unhex(ward_span_str(vector), w.bytes, VECTOR));
	return w;
}

static enum ward_rc
open_it(struct world *w)
{
	return ward_envelope_open(ward_span_of(w->bytes, VECTOR), ward_span_of(w->keys, 64),
				  &w->known, &w->e, &w->why);
}

static void
opens_the_vector(void **state)
{
	struct world w = world();

	(void)state;
	assert_int_equal(open_it(&w), WARD_OK);
	assert_int_equal(w.e.version, 7);
	assert_int_equal(w.e.issued_ms, UINT64_C(1795610096000));
	assert_true(ward_span_eq(w.e.document, ward_span_str(DOCUMENT)));
}

static void
seals_the_vector(void **state)
{
	struct world w = world();
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, WARD_ENVELOPE_MAX, NULL);
	assert_int_equal(ward_envelope_seal(w.secret, 7, UINT64_C(1795610096000),
					    ward_span_str(DOCUMENT), &out),
			 WARD_OK);
	assert_int_equal(out.len, VECTOR);
	assert_memory_equal(out.data, w.bytes, VECTOR);
	ward_buf_done(&out);
}

static void
every_changed_bit_is_seen(void **state)
{
	struct world w = world();

	(void)state;
	for (size_t i = 0; i < (size_t)VECTOR * 8; i++) {
		w.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(open_it(&w), WARD_E_FORMAT);
		assert_non_null(w.why);
		w.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(open_it(&w), WARD_OK);
}

static void
no_part_is_enough(void **state)
{
	struct world w = world();
	uint8_t longer[VECTOR + 1] = {0};

	(void)state;
	for (size_t n = 0; n < VECTOR; n++)
		assert_int_equal(ward_envelope_open(ward_span_of(w.bytes, n),
						    ward_span_of(w.keys, 64), &w.known, &w.e,
						    &w.why),
				 WARD_E_FORMAT);
	memcpy(longer, w.bytes, VECTOR);
	assert_int_equal(ward_envelope_open(ward_span_of(longer, sizeof(longer)),
					    ward_span_of(w.keys, 64), &w.known, &w.e, &w.why),
			 WARD_E_FORMAT);
	assert_int_equal(w.e.version, 0); /* untouched */
}

static void
only_known_keys_count(void **state)
{
	struct world w = world();

	(void)state;
	assert_int_equal(ward_envelope_open(ward_span_of(w.bytes, VECTOR), ward_span_of(w.keys, 32),
					    &w.known, &w.e, &w.why),
			 WARD_E_FORMAT);
	assert_string_equal(w.why, "it is signed by a key this machine was not given");
	assert_int_equal(ward_envelope_open(ward_span_of(w.bytes, VECTOR), ward_span_of(NULL, 0),
					    &w.known, &w.e, &w.why),
			 WARD_E_FORMAT);
}

static void
versions_only_rise(void **state)
{
	struct world w = world();

	(void)state;
	w.known.version = 8;
	assert_int_equal(open_it(&w), WARD_E_PERM);
	assert_string_equal(w.why, "it is older than the one in use");
	w.known.version = 7;
	assert_int_equal(open_it(&w), WARD_E_PERM); /* another document of version 7 is known */
	assert_int_equal(ward_envelope_peek(ward_span_of(w.bytes, VECTOR), &w.e), WARD_OK);
	memcpy(w.known.sha256, w.e.sha256, 32);
	assert_int_equal(open_it(&w), WARD_OK); /* the same again */
	w.known.version = 6;
	memset(w.known.sha256, 0, 32);
	assert_int_equal(open_it(&w), WARD_OK);
}

static void
documents_have_a_limit(void **state)
{
	struct world w = world();
	struct ward_buf out;
	uint8_t *big = calloc(1, WARD_POLICY_TEXT_MAX + 1);

	(void)state;
	assert_non_null(big);
	ward_buf_init(&out, WARD_ENVELOPE_MAX, NULL);
	assert_int_equal(ward_envelope_seal(w.secret, 1, 1,
					    ward_span_of(big, WARD_POLICY_TEXT_MAX + 1), &out),
			 WARD_E_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(
		ward_envelope_seal(w.secret, 1, 1, ward_span_of(big, WARD_POLICY_TEXT_MAX), &out),
		WARD_OK);
	assert_int_equal(out.len, WARD_ENVELOPE_MAX);
	ward_buf_done(&out);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_the_vector),	     cmocka_unit_test(seals_the_vector),
		cmocka_unit_test(every_changed_bit_is_seen), cmocka_unit_test(no_part_is_enough),
		cmocka_unit_test(only_known_keys_count),     cmocka_unit_test(versions_only_rise),
		cmocka_unit_test(documents_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

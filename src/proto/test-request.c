/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "proto/scan.h"

static struct ward_budget budget = {.cap = WARD_PROTO_ARENA};
static struct ward_arena *arena;
static struct ward_buf out;

static int
set_up(void **state)
{
	(void)state;
	arena = ward_arena_new(&budget);
	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	return arena ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	ward_buf_done(&out);
	return 0;
}

static struct ward_proto_request
valid(void)
{
	struct ward_proto_request r = {
		.id = 42,
		.path = "/tmp/a\nb\xff",
		.owner = "www-data",
		.all_matches = true,
		.timeout_ms = 120000,
	};

	ward_limits_default(&r.limits);
	r.limits.skip_archives = true;
	return r;
}

static void
test_round_trip(void **state)
{
	const struct ward_proto_request in = valid();
	struct ward_proto_request back;

	(void)state;
	assert_int_equal(ward_proto_request_encode(&in, &out), WARD_OK);
	assert_int_equal(ward_proto_request_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	assert_int_equal(back.id, 42);
	assert_string_equal(back.path, in.path);
	assert_string_equal(back.owner, in.owner);
	assert_true(back.all_matches);
	assert_false(back.want_facts);
	assert_int_equal(back.timeout_ms, 120000);
	assert_memory_equal(&back.limits, &in.limits, offsetof(struct ward_limits, skip_archives));
	assert_true(back.limits.skip_archives);
}

static void
test_a_long_path_loses_its_front(void **state)
{
	struct ward_proto_request in = valid(), back;
	char *path = malloc(2 * WARD_PROTO_PATH_MAX + 1);

	(void)state;
	assert_non_null(path);
	memset(path, 'd', 2 * WARD_PROTO_PATH_MAX);
	memcpy(path + 2 * WARD_PROTO_PATH_MAX - 6, "/x.exe", 7);
	in.path = path;
	assert_int_equal(ward_proto_request_encode(&in, &out), WARD_OK);
	assert_int_equal(ward_proto_request_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	assert_string_equal(back.path, path + WARD_PROTO_PATH_MAX);
	free(path);
}

static void
test_numbers_out_of_range_are_not_sent(void **state)
{
	struct ward_proto_request r = valid();

	(void)state;
	r.id = 0;
	assert_int_equal(ward_proto_request_encode(&r, &out), WARD_E_INVAL);
	r = valid();
	r.timeout_ms = 0;
	assert_int_equal(ward_proto_request_encode(&r, &out), WARD_E_INVAL);
	r = valid();
	r.limits.max_depth = WARD_DEPTH_MAX + 1;
	assert_int_equal(ward_proto_request_encode(&r, &out), WARD_E_INVAL);
	assert_int_equal(out.len, 0);
}

static enum ward_rc
decode(const char *bytes, size_t len)
{
	struct ward_proto_request r;

	return ward_proto_request_decode(ward_span_of(bytes, len), arena, &r);
}

/* Field 1 (id) is key 0x08, field 2 (path) 0x12, field 7 (limits) 0x3a. */
static void
test_nonsense_is_refused(void **state)
{
	static const char no_limits[] = "\x08\x01\x12\x01x\x30\x01";
	static const char empty_limits[] = "\x08\x01\x12\x01x\x30\x01\x3a\x00";
	static const char nul_in_path[] = "\x08\x01\x12\x03"
					  "a\0b\x30\x01";
	static const char endless[] = "\x12\xff\xff\xff\xff\x0f"
				      "a";

	(void)state;
	assert_int_equal(decode("", 0), WARD_E_PROTO);
	assert_int_equal(decode("\xff\xff\xff", 3), WARD_E_PROTO);
	assert_int_equal(decode(no_limits, sizeof(no_limits) - 1), WARD_E_PROTO);
	assert_int_equal(decode(empty_limits, sizeof(empty_limits) - 1), WARD_E_PROTO);
	assert_int_equal(decode(nul_in_path, sizeof(nul_in_path) - 1), WARD_E_PROTO);
	assert_int_equal(decode(endless, sizeof(endless) - 1), WARD_E_PROTO);
}

/* Every prefix and every flipped byte of a valid message either decodes or does not; nothing
   else happens. */
static void
test_damage_does_no_harm(void **state)
{
	const struct ward_proto_request in = valid();
	uint8_t copy[512];

	(void)state;
	assert_int_equal(ward_proto_request_encode(&in, &out), WARD_OK);
	assert_true(out.len < sizeof(copy));
	for (size_t i = 0; i < out.len; i++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			memcpy(copy, out.data, out.len);
			copy[i] = (uint8_t)(copy[i] ^ flip);
			(void)!decode((const char *)copy, out.len);
		}
		(void)!decode((const char *)out.data, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_long_path_loses_its_front, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_numbers_out_of_range_are_not_sent, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage_does_no_harm, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

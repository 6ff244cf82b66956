/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static void
test_control_round_trip(void **state)
{
	struct ward_proto_control c = {
		.kind = WARD_PROTO_SETUP, .worker_memory = 1u << 30, .pack_count = 3};
	struct ward_proto_control back;

	(void)state;
	assert_int_equal(ward_proto_control_encode(&c, &out), WARD_OK);
	assert_int_equal(ward_proto_control_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	assert_int_equal(back.kind, WARD_PROTO_SETUP);
	assert_int_equal(back.worker_memory, 1u << 30);
	assert_int_equal(back.pack_count, 3);
	ward_buf_clear(&out);
	c = (struct ward_proto_control){.kind = WARD_PROTO_SPAWN, .slot = 255};
	assert_int_equal(ward_proto_control_encode(&c, &out), WARD_OK);
	assert_int_equal(ward_proto_control_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	assert_int_equal(back.kind, WARD_PROTO_SPAWN);
	assert_int_equal(back.slot, 255);
	c.slot = WARD_PROTO_SLOTS_MAX;
	assert_int_equal(ward_proto_control_encode(&c, &out), WARD_E_INVAL);
}

static struct ward_proto_event
event_back(const struct ward_proto_event *e)
{
	struct ward_proto_event back;

	ward_buf_clear(&out);
	assert_int_equal(ward_proto_event_encode(e, &out), WARD_OK);
	assert_int_equal(ward_proto_event_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	assert_int_equal(back.kind, e->kind);
	return back;
}

static void
test_events_round_trip(void **state)
{
	const struct ward_proto_event ready = {.kind = WARD_PROTO_READY, .landlock = 7};
	const struct ward_proto_event failed = {
		.kind = WARD_PROTO_FAILED, .rc = WARD_E_FORMAT, .text = "a.yar:3: bad"};
	const struct ward_proto_event spawned = {
		.kind = WARD_PROTO_SPAWNED, .slot = 2, .pid = 4711};
	const struct ward_proto_event exited = {
		.kind = WARD_PROTO_EXITED, .pid = 4711, .signal = 11};
	struct ward_proto_event back;

	(void)state;
	assert_int_equal(event_back(&ready).landlock, 7);
	back = event_back(&failed);
	assert_int_equal(back.rc, WARD_E_FORMAT);
	assert_string_equal(back.text, "a.yar:3: bad");
	back = event_back(&spawned);
	assert_int_equal(back.slot, 2);
	assert_int_equal(back.pid, 4711);
	back = event_back(&exited);
	assert_int_equal(back.signal, 11);
	assert_int_equal(back.code, 0);
}

static void
test_nonsense_is_refused(void **state)
{
	struct ward_proto_event e = {.kind = WARD_PROTO_FAILED, .rc = WARD_OK, .text = ""};
	struct ward_proto_control c;

	(void)state;
	assert_int_equal(ward_proto_event_encode(&e, &out), WARD_E_INVAL);
	e = (struct ward_proto_event){.kind = WARD_PROTO_EXITED, .pid = 0};
	assert_int_equal(ward_proto_event_encode(&e, &out), WARD_E_INVAL);
	/* Neither kind is there. */
	assert_int_equal(ward_proto_event_decode(ward_span_of(NULL, 0), arena, &e), WARD_E_PROTO);
	assert_int_equal(ward_proto_control_decode(ward_span_of(NULL, 0), arena, &c), WARD_E_PROTO);
	/* Field 3, spawned, with slot (field 1) 300; field 1, setup, with 65 packs (field 2). */
	assert_int_equal(ward_proto_event_decode(ward_span_str("\x1a\x03\x08\xac\x02"), arena, &e),
			 WARD_E_PROTO);
	assert_int_equal(ward_proto_control_decode(ward_span_str("\x0a\x02\x10\x41"), arena, &c),
			 WARD_E_PROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_control_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

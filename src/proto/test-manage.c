/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/manage.h"

static struct ward_budget budget;
static struct ward_arena *arena;
static struct ward_buf out;

static int
set_up(void **state)
{
	(void)state;
	budget = (struct ward_budget){.cap = WARD_MANAGE_ARENA};
	arena = ward_arena_new(&budget);
	ward_buf_init(&out, 64 * 1024, NULL);
	return arena ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	ward_buf_done(&out);
	arena = ward_arena_free(arena);
	return 0;
}

static enum ward_rc
decode(struct ward_manage_request *ret)
{
	return ward_manage_request_decode(ward_buf_span(&out), arena, ret);
}

static void
test_request(void **state)
{
	struct ward_manage_request r = {
		.operation = WARD_MANAGE_QUARANTINE_RESTORE,
		.id = "0123456789abcdef",
		.has_id = true,
		.path = "/srv/a\nb\xff",
		.cursor = ward_span_of("\0\1", 2),
		.limit = 7,
		.time_ms = UINT64_MAX,
		.bytes = 9,
		.flags = WARD_MANAGE_SET_ID | WARD_MANAGE_LENIENT,
	};
	struct ward_manage_request got = {.limit = 0};

	(void)state;
	assert_int_equal(ward_manage_request_encode(&r, &out), WARD_OK);
	assert_int_equal(decode(&got), WARD_OK);
	assert_int_equal(got.operation, r.operation);
	assert_true(got.has_id);
	assert_memory_equal(got.id, r.id, sizeof(r.id));
	assert_string_equal(got.path, r.path);
	assert_string_equal(got.why, "");
	assert_true(ward_span_eq(got.cursor, r.cursor));
	assert_int_equal(got.limit, 7);
	assert_true(got.time_ms == UINT64_MAX);
	assert_int_equal(got.bytes, 9);
	assert_int_equal(got.flags, r.flags);
}

static void
test_requests_refused(void **state)
{
	static char long_text[WARD_MANAGE_TEXT_MAX + 2];
	struct ward_manage_request r = {.operation = WARD_MANAGE_OPERATIONS}, got;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	assert_int_equal(ward_manage_request_encode(&r, &out), WARD_E_INVAL);
	r.operation = WARD_MANAGE_ALLOW;
	r.why = long_text;
	assert_int_equal(ward_manage_request_encode(&r, &out), WARD_E_INVAL);
	r.why = NULL;
	r.flags = WARD_MANAGE_FLAGS + 1;
	assert_int_equal(ward_manage_request_encode(&r, &out), WARD_E_INVAL);
	r.flags = 0;
	assert_int_equal(ward_manage_request_encode(&r, &out), WARD_OK);
	assert_int_equal(decode(&got), WARD_OK);
	/* another version, no operation, one that is not known, an id of another length, a NUL */
	static const char *const bad[] = {"\x08\x02\x10\x01", "\x08\x01", "\x08\x01\x10\x7f",
					  "\x08\x01\x10\x01\x1a\x01x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_manage_request_decode(ward_span_str(bad[i]), arena, &got),
				 WARD_E_PROTO);
	assert_int_equal(ward_manage_request_decode(ward_span_of("\x08\x01\x10\x01\x22\x01\0", 7),
						    arena, &got),
			 WARD_E_PROTO);
}

static struct ward_manage_field some_fields[] = {
	{"path", WARD_MANAGE_TEXT, {(const uint8_t *)"/a\xff", 3}, 0},
	{"size", WARD_MANAGE_NUMBER, {NULL, 0}, UINT64_MAX},
	{"managed", WARD_MANAGE_BOOL, {NULL, 0}, 1},
};

static void
test_reply(void **state)
{
	struct ward_manage_entry entries[] = {{some_fields, 3}, {NULL, 0}};
	struct ward_manage_reply r = {
		.error = "", .entries = entries, .count = 2, .next = ward_span_str("on")};
	struct ward_manage_reply got = {.count = 0};
	const struct ward_manage_field *f;

	(void)state;
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_OK);
	assert_int_equal(ward_manage_reply_decode(ward_buf_span(&out), arena, &got), WARD_OK);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.entries[1].count, 0);
	assert_true(ward_span_eq(got.next, r.next));
	f = ward_manage_field_find(&got.entries[0], "path");
	assert_non_null(f);
	assert_true(ward_span_eq(f->text, some_fields[0].text));
	assert_int_equal(f->text.data[3], 0);
	f = ward_manage_field_find(&got.entries[0], "size");
	assert_true(f && f->number == UINT64_MAX);
	assert_null(ward_manage_field_find(&got.entries[0], "other"));
	/* a cut is noticed wherever it does not fall between two members */
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(ward_manage_reply_decode(ward_span_of(out.data, out.len - 1 - n),
							  arena, &got),
				 n < 3 ? WARD_E_PROTO : WARD_OK);
}

static void
test_replies_refused(void **state)
{
	struct ward_manage_field f = some_fields[0];
	struct ward_manage_entry entry = {&f, 1};
	struct ward_manage_reply r = {.error = "", .entries = &entry, .count = 1};

	(void)state;
	f.name = "Path";
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_E_INVAL);
	f.name = "";
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_E_INVAL);
	f = some_fields[2];
	f.number = 2;
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_E_INVAL);
	f.number = 1;
	r.rc = (enum ward_rc) - 99;
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_E_INVAL);
	r.rc = (enum ward_rc)1;
	assert_int_equal(ward_manage_reply_encode(&r, arena, &out), WARD_E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_request),
		TEST(test_requests_refused),
		TEST(test_reply),
		TEST(test_replies_refused),
	};

	return cmocka_run_group_tests_name("proto-manage", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/guard.h"

static struct ward_budget budget;
static struct ward_arena *arena;
static struct ward_buf out;

static int
set_up(void **state)
{
	(void)state;
	budget = (struct ward_budget){.cap = WARD_GUARD_ARENA};
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

static void
test_asks(void **state)
{
	enum ward_guard_operation op = WARD_GUARD_STATUS;

	(void)state;
	assert_int_equal(ward_guard_ask_encode(WARD_GUARD_RELOAD, &out), WARD_OK);
	assert_int_equal(ward_guard_ask_decode(ward_buf_span(&out), arena, &op), WARD_OK);
	assert_int_equal(op, WARD_GUARD_RELOAD);
	/* every cut, an unknown operation, another version, nothing at all */
	for (size_t n = 0; n < out.len; n++)
		assert_int_equal(ward_guard_ask_decode(ward_span_of(out.data, n), arena, &op),
				 WARD_E_PROTO);
	ward_buf_clear(&out);
	assert_int_equal(ward_guard_ask_encode((enum ward_guard_operation)99, &out), WARD_OK);
	assert_int_equal(ward_guard_ask_decode(ward_buf_span(&out), arena, &op), WARD_E_PROTO);
	assert_int_equal(ward_guard_ask_decode(ward_span_of("\x08\x02\x10\x01", 4), arena, &op),
			 WARD_E_PROTO);
	assert_int_equal(op, WARD_GUARD_RELOAD);
}

static struct ward_guard_reply
full(void)
{
	static char long_text[WARD_GUARD_TEXT_MAX / 4 + 1];
	struct ward_guard_reply r = {.rc = WARD_OK, .error = "", .healthy = true};

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < WARD_GUARD_ISSUES_MAX; i++)
		r.issues[r.issue_count++] = (struct ward_guard_issue){"scanners-broken", long_text};
	for (size_t i = 0; i < WARD_GUARD_TEXTS_MAX; i++)
		r.texts[r.text_count++] = (struct ward_guard_text){"mode", "block"};
	for (size_t i = 0; i < WARD_GUARD_FIGURES_MAX; i++)
		r.figures[r.figure_count++] = (struct ward_guard_figure){"opens.held", i << 40};
	return r;
}

static void
test_replies(void **state)
{
	static struct ward_guard_reply sent, got;

	(void)state;
	sent = full();
	assert_int_equal(ward_guard_reply_encode(&sent, arena, &out), WARD_OK);
	assert_int_equal(ward_guard_reply_decode(ward_buf_span(&out), arena, &got), WARD_OK);
	assert_true(got.healthy);
	assert_int_equal(got.issue_count, WARD_GUARD_ISSUES_MAX);
	assert_string_equal(got.issues[31].text, sent.issues[31].text);
	assert_string_equal(got.texts[63].value, "block");
	assert_int_equal(got.figures[127].value, (uint64_t)127 << 40);
}

static void
refuse(const struct ward_guard_reply *r)
{
	assert_int_equal(ward_guard_reply_encode(r, arena, &out), WARD_E_INVAL);
}

static void
test_what_makes_no_sense(void **state)
{
	static char huge[WARD_GUARD_ERROR_MAX + 2];
	static struct ward_guard_reply r;

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	r = full();
	r.rc = (enum ward_rc)1;
	refuse(&r);
	r = full();
	r.error = huge;
	refuse(&r);
	r = full();
	r.figures[3].name = "with space";
	refuse(&r);
	r = full();
	r.figures[3].name = "";
	refuse(&r);
	r = full();
	r.texts[0].value = huge;
	refuse(&r);
	r = full();
	r.figure_count = WARD_GUARD_FIGURES_MAX + 1;
	refuse(&r);
	assert_int_equal(ward_guard_reply_decode(ward_span_of("\x08\x02", 2), arena, &r),
			 WARD_E_PROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_replies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_makes_no_sense, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

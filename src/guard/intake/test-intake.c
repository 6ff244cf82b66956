/* SPDX-License-Identifier: Apache-2.0 */
/* Records as they come: what is taken, what is refused, what is asked for. */
#include "guard/intake/testing.h"

/* --- what is right --- */

static void
test_from_the_beginning(void **state)
{
	(void)state;
	publish(5);
	assert_true(state_of().silent);
	serve();
	assert_int_equal(state_of().last_number, 5);
	assert_int_equal(state_of().head_number, 5);
	assert_int_equal(state_of().root_version, 1);
	assert_int_equal(state_of().overlay.blocks, 5);
	assert_int_equal(state_of().refusals, 0);
	assert_false(state_of().silent);
	assert_int_equal(says(5), WARD_OVERLAY_BLOCKS);
	assert_int_equal(says(6), WARD_OVERLAY_NOTHING);
	assert_int_equal(about, WARD_OVERLAY_CONTENTS);
	assert_int_equal(digest_count, 5);
}

static void
test_a_pushed_batch(void **state)
{
	unsigned before;

	(void)state;
	serve();
	before = needs;
	publish(2);
	push(0, 2);
	assert_int_equal(says(2), WARD_OVERLAY_BLOCKS);
	assert_int_equal(state_of().last_number, 2);
	assert_int_equal(needs, before);
	/* The same again, and overlapping with news. */
	push(0, 2);
	publish(1);
	push(1, 3);
	assert_int_equal(state_of().last_number, 3);
	assert_int_equal(state_of().refusals, 0);
	assert_int_equal(needs, before);
}

static void
test_a_heartbeat(void **state)
{
	(void)state;
	publish(1);
	serve();
	now_ms += TEST_HOUR_MS;
	assert_true(state_of().silent);
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
	p->timestamp.version++;
	p->timestamp.expires_ms = now_ms + TEST_HOUR_MS;
	test_sign_timestamp(p);
	push(1, 1);
	assert_false(state_of().silent);
	assert_int_equal(state_of().heard_ms, now_ms);
}

static void
test_a_gap_is_fetched(void **state)
{
	(void)state;
	serve();
	publish(6);
	push(5, 6);
	assert_int_equal(says(6), WARD_OVERLAY_NOTHING);
	assert_true(want.records);
	assert_int_equal(want.after, 0);
	serve();
	assert_int_equal(state_of().last_number, 6);
	assert_int_equal(says(6), WARD_OVERLAY_BLOCKS);
	assert_int_equal(state_of().refusals, 0);
}

/* A heartbeat that says there is more. */
static void
test_what_was_missed_is_fetched(void **state)
{
	(void)state;
	serve();
	publish(2);
	push(2, 2);
	serve();
	assert_int_equal(state_of().last_number, 2);
}

static void
test_a_record_in_an_answer(void **state)
{
	(void)state;
	serve();
	publish(1);
	ward_intake_record(intake, p->records[0]);
	serve();
	assert_int_equal(state_of().last_number, 1);
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
	assert_int_equal(state_of().refusals, 0);
}

static void
test_new_metadata_on_the_way(void **state)
{
	(void)state;
	serve();
	p->targets.version = p->snapshot.version = 2;
	p->timestamp.version++;
	test_sign_all(p);
	publish(1);
	push(0, 1);
	assert_int_equal(says(1), WARD_OVERLAY_NOTHING);
	serve();
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
	assert_int_equal(state_of().refusals, 0);
}

static void
test_not_for_this_device(void **state)
{
	const struct ward_trust_self other = {.device = {9}, .ring = "broad"};
	struct ward_trust_record r = test_record(1);

	(void)state;
	r.of.file = digest(1);
	r.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "broad"};
	publish_one(r);
	serve();
	assert_int_equal(state_of().last_number, 1);
	assert_int_equal(says(1), WARD_OVERLAY_NOTHING);
	ward_intake_self(intake, &other);
	ward_intake_turn(intake);
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
}

static void
test_allow_and_disable(void **state)
{
	struct ward_trust_record r = test_record(1);

	(void)state;
	publish(2);
	serve();
	r.kind = WARD_KIND_ALLOW_FILE;
	r.threat = "";
	r.of.file = digest(1);
	publish_one(r);
	push(2, 3);
	assert_int_equal(says(1), WARD_OVERLAY_ALLOWS);
	r.kind = WARD_KIND_DISABLE;
	memset(&r.of, 0, sizeof(r.of));
	r.of.disable.what = WARD_DISABLED_RECORD;
	r.of.disable.record = 2;
	publish_one(r);
	push(3, 4);
	assert_int_equal(says(2), WARD_OVERLAY_NOTHING);
	assert_int_equal(state_of().refusals, 0);
}

/* --- what is wrong --- */

/* Nothing of it is in force, nothing has moved, it is told. */
static void
expect_refused(const char *word, uint64_t last)
{
	assert_string_equal(state_of().refusal, word);
	assert_true(told(word));
	assert_int_equal(state_of().last_number, last);
	assert_int_equal(says(last + 1), WARD_OVERLAY_NOTHING);
	assert_int_equal(state_of().overlay.blocks, last);
}

static void
test_a_stranger(void **state)
{
	struct ward_trust_record r = test_record(2);

	(void)state;
	publish(1);
	serve();
	r.of.file = digest(2);
	test_append(p, test_seal(p, &r, TEST_STRANGER));
	p->timestamp.version++;
	test_sign_timestamp(p);
	push(1, 2);
	expect_refused("signatures", 1);
}

static void
test_a_kind_not_allowed(void **state)
{
	struct ward_trust_record r = test_record(2);

	(void)state;
	publish(1);
	serve();
	r.of.file = digest(2);
	r.role = "rules";
	test_append(p, test_seal(p, &r, TEST_RULES));
	p->timestamp.version++;
	test_sign_timestamp(p);
	push(1, 2);
	expect_refused("kind-not-allowed", 1);
}

static void
test_another_log(void **state)
{
	(void)state;
	publish(1);
	serve();
	publish(1);
	p->timestamp.head.root.bytes[0] ^= 1;
	p->timestamp.version++;
	test_sign_timestamp(p);
	push(1, 2);
	expect_refused("head-mismatch", 1);
}

static void
test_an_old_timestamp(void **state)
{
	struct ward_buf old;

	(void)state;
	updates(&old, 0, 0, true);
	publish(1);
	serve();
	ward_intake_pushed(intake, ward_buf_span(&old));
	ward_buf_done(&old);
	ward_intake_turn(intake);
	expect_refused("rollback", 1);
}

static void
hand_over(const struct ward_buf *pushed)
{
	ward_intake_pushed(intake, ward_buf_span(pushed));
	ward_intake_turn(intake);
}

/* What the stream repeats after an absence is nobody's attack. */
static void
test_what_the_stream_repeats(void **state)
{
	struct ward_buf first, second, newest;

	(void)state;
	serve();
	publish(1);
	updates(&first, 0, 1, true);
	publish(1);
	updates(&second, 1, 2, true);
	publish(1);
	updates(&newest, 0, 0, true);
	hand_over(&first);
	assert_int_equal(state_of().last_number, 1);
	hand_over(&newest);
	hand_over(&second); /* a new record, under a timestamp that is over */
	serve();
	assert_int_equal(state_of().last_number, 3);
	hand_over(&first);
	hand_over(&second);
	assert_int_equal(state_of().refusals, 0);
	assert_int_equal(state_of().last_number, 3);
	ward_buf_done(&first);
	ward_buf_done(&second);
	ward_buf_done(&newest);
}

static void
test_garbage(void **state)
{
	uint8_t bytes[300];

	(void)state;
	publish(1);
	serve();
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		ward_intake_pushed(intake, ward_span_of(bytes, n));
		ward_intake_record(intake, ward_span_of(bytes, n));
		ward_intake_fetched(intake, n, WARD_OK, ward_span_of(bytes, n));
		ward_intake_turn(intake);
	}
	expect_refused("malformed", 1);
	/* Told once, counted each time. */
	assert_true(state_of().refusals > 100);
	assert_true(event_count < 8);
}

/* Bits that the network process turns over on the way. */
static void
test_a_batch_with_a_wrong_bit(void **state)
{
	struct ward_buf out;

	(void)state;
	publish(1);
	serve();
	publish(1);
	updates(&out, 1, 2, true);
	for (size_t i = 0; i < out.len; i += 3) {
		out.data[i] ^= 4;
		ward_intake_pushed(intake, ward_buf_span(&out));
		ward_intake_turn(intake);
		out.data[i] ^= 4;
		assert_int_equal(says(2), WARD_OVERLAY_NOTHING);
		assert_int_equal(state_of().last_number, 1);
	}
	assert_true(state_of().refusals > 50);
	ward_intake_pushed(intake, ward_buf_span(&out));
	ward_intake_turn(intake);
	assert_int_equal(says(2), WARD_OVERLAY_BLOCKS);
	ward_buf_done(&out);
}

/* Asked in vain, it asks again, but less and less often. */
static void
test_nobody_answers(void **state)
{
	unsigned after_minute;

	(void)state;
	for (unsigned s = 0; s < 3600; s++) {
		ward_intake_turn(intake);
		if (asked != 0)
			ward_intake_fetched(intake, asked, WARD_E_GONE, ward_span_of(NULL, 0));
		asked = 0;
		now_ms += 1000;
		if (s == 60)
			after_minute = needs;
	}
	assert_in_range(after_minute, 4, 8);
	assert_in_range(needs, 12, 30);
	ward_intake_online(intake);
	ward_intake_turn(intake);
	assert_true(asked != 0);
}

static void
test_what_the_uplink_cannot_pin(void **state)
{
	(void)state;
	publish(1);
	serve();
	/* Somebody else's file does not count: as it has rights for others to write it here. */
	p->root.version = 9;
	test_sign_root(p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_C, 0});
	leave(enrolment, "updates.root", p->envelopes[WARD_DSSE_ROOT]);
	{
		char path[160];

		path_of(enrolment, "updates.root", path);
		assert_int_equal(chmod(path, 0666), 0);
	}
	ward_intake_turn(intake);
	assert_int_equal(state_of().root_version, 1);
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
	/* And what is gone does not either. */
	drop(enrolment, "updates.root");
	reopen();
	ward_intake_turn(intake);
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
}

static void
test_enrolled_anew(void **state)
{
	(void)state;
	publish(2);
	serve();
	p->root.log[0] ^= 1;
	test_sign_root(p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	leave(enrolment, "updates.root", p->envelopes[WARD_DSSE_ROOT]);
	online = false;
	ward_intake_turn(intake);
	assert_true(state_of().pinned);
	assert_int_equal(state_of().last_number, 0);
	assert_int_equal(says(1), WARD_OVERLAY_NOTHING);
	leave(enrolment, "updates.root", ward_span_of("", 0));
	ward_intake_turn(intake);
	assert_false(state_of().pinned);
	reopen();
	ward_intake_turn(intake);
	assert_false(state_of().pinned);
}

static void
test_a_new_root(void **state)
{
	(void)state;
	publish(1);
	serve();
	p->root.version = 2;
	test_sign_root(p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	now_ms += 2 * TEST_HOUR_MS;
	p->timestamp.version++;
	p->timestamp.expires_ms = now_ms + TEST_HOUR_MS;
	test_sign_timestamp(p);
	serve();
	assert_int_equal(state_of().root_version, 2);
	assert_true(told("root-changed"));
	assert_int_equal(says(1), WARD_OVERLAY_BLOCKS);
	reopen();
	ward_intake_turn(intake);
	assert_int_equal(state_of().root_version, 2);
}

/* --- the thread --- */

static bool
comes_true(bool (*is)(void))
{
	for (unsigned i = 0; i < 20000 && !is(); i++)
		(void)usleep(1000);
	return is();
}

static bool
third_blocked(void)
{
	return says(3) == WARD_OVERLAY_BLOCKS;
}

static void
test_with_its_thread(void **state)
{
	struct ward_buf out;

	(void)state;
	publish(2);
	serve();
	publish(1);
	assert_int_equal(ward_intake_start(intake), WARD_OK);
	updates(&out, 2, 3, true);
	ward_intake_pushed(intake, ward_buf_span(&out));
	ward_buf_done(&out);
	assert_true(comes_true(third_blocked));
	online = false;
	reopen();
	assert_int_equal(says(3), WARD_OVERLAY_BLOCKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_from_the_beginning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_pushed_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_heartbeat, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_gap_is_fetched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_missed_is_fetched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_record_in_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_metadata_on_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_for_this_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_allow_and_disable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_stranger, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_kind_not_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_old_timestamp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_the_stream_repeats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_batch_with_a_wrong_bit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_the_uplink_cannot_pin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_enrolled_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_new_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_with_its_thread, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

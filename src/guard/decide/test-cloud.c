/* SPDX-License-Identifier: Apache-2.0 */
/* The layer after the scanners: what it is asked, how long its answers hold, and what it says late. */
#include "guard/decide/testing.h"

static enum ward_rc
cloud(void *ctx, const struct ward_question *q)
{
	(void)ctx;
	return f.cloud_rc ? f.cloud_rc : note(f.clouds, &f.cloud_count, q);
}

static void
ask_cloud(void)
{
	f.options.ops.cloud = cloud;
	begin();
}

static void
test_only_the_unknown_is_asked_further(void **state)
{
	int fd;

	(void)state;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	fd = open_it(1);
	scanned(1, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.cloud_count, 0);
	fd = open_it(2);
	scanned(2, WARD_UNKNOWN);
	assert_int_equal(answered(), 0);
	assert_int_equal(f.cloud_count, 1);
	assert_int_equal(f.clouds[0].so_far, WARD_UNKNOWN);
	assert_int_equal(stats().asked[1], 1);
	/* More opens of it wait on the same question. */
	(void)open_it(2);
	assert_int_equal(f.cloud_count, 1);
	say(f.clouds[0].id, WARD_MALICIOUS, WARD_REASON_NONE);
	assert_true(answered() < 0);
	assert_true(answered() < 0);
	assert_int_equal(answered(), 0);
	assert_int_equal(stats().asked[1], 0);
	(void)fd;
}

static void
test_who_knows_nothing_changes_nothing(void **state)
{
	int fd;

	(void)state;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_SUSPICIOUS);
	say(f.clouds[0].id, WARD_NOT_SCANNED, WARD_REASON_TIMEOUT);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_SEEN);
	assert_int_equal(stats().failed, 0);
	/* Unreachable: the local verdict stands, without a wait. */
	f.cloud_rc = WARD_E_GONE;
	fd = open_it(1);
	scanned(1, WARD_UNKNOWN);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
}

static void
test_a_late_answer_of_the_cloud(void **state)
{
	int fd;

	(void)state;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	(void)ward_holds_expire(ward_decide_holds(f.d), UINT64_MAX - 1);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.incident_count, 0);
	say(f.clouds[0].id, WARD_MALICIOUS, WARD_REASON_NONE);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_LATE);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	/* Scanners go on meanwhile, in the background too. */
	assert_int_equal(stats().asked[0], 0);
}

/* What is unknown is held; when that was in vain the fail mode says, and it is not remembered. */
static void
test_a_hold_in_vain_is_the_fail_mode(void **state)
{
	int fd;

	(void)state;
	f.options.rules.fail_allow[0] = false;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	/* as long as the cloud may take, not the local layers */
	(void)ward_holds_expire(ward_decide_holds(f.d),
				ward_clock_monotonic() + f.options.rules.wait + 1000);
	assert_int_equal(answered(), 0);
	say(f.clouds[0].id, WARD_NOT_SCANNED, WARD_REASON_TIMEOUT);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.settled, 0);
	fd = open_it(0);
	scanned(1, WARD_UNKNOWN);
	say(f.clouds[1].id, WARD_UNKNOWN, WARD_REASON_NONE);
	assert_int_equal(answered(), fd);
}

/* Too much is asked of the cloud already: as if it had not answered, but for what local layers know. */
static void
test_no_room_at_the_cloud_is_the_fail_mode(void **state)
{
	int fd;

	(void)state;
	f.options.rules.fail_allow[0] = false;
	ask_cloud();
	f.cloud_rc = WARD_E_LIMIT;
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_FAILED);
	assert_int_equal(f.settled, 0);
	assert_int_equal(stats().failed, 1);
	assert_int_equal(stats().asked[1], 0);
	fd = open_it(1);
	scanned(1, WARD_SUSPICIOUS);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.kinds[1], WARD_INCIDENT_SEEN);
}

static uint32_t
in(int seconds)
{
	return (uint32_t)((int64_t)(ward_clock_monotonic() / 1000000) + 1 + seconds);
}

static void
cloud_says(size_t which, enum ward_verdict verdict, uint32_t until)
{
	const struct ward_answer answer = {.verdict = verdict,
					   .threat = verdict >= WARD_SUSPICIOUS ? "Cloud" : "",
					   .rule = "",
					   .layer = "cloud",
					   .from_cloud = true,
					   .until = until};

	assert_true(which < f.cloud_count);
	ward_decide_answer(f.d, f.clouds[which].id, &answer);
}

static void
test_what_the_cloud_suspects_stays_blocked(void **state)
{
	int fd;

	(void)state;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	cloud_says(0, WARD_SUSPICIOUS, in(100));
	assert_int_equal(answered(), -fd);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	assert_int_equal(stats().cached, 1);
}

/* What stands on an answer that is good for a time only is asked about anew after it. */
static void
test_an_answer_has_an_end(void **state)
{
	int fd;

	(void)state;
	ask_cloud();
	/* good for no time: neither remembered nor settled */
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	cloud_says(0, WARD_UNKNOWN, in(0));
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 0);
	(void)open_it(0);
	assert_int_equal(f.scan_count, 2);
	cloud_says(0, WARD_CLEAN, in(0)); /* nobody asked that any more */
	/* for a short one: remembered, without a mark */
	fd = open_it(1);
	scanned(2, WARD_UNKNOWN);
	cloud_says(1, WARD_UNKNOWN, in(20));
	assert_int_equal(answered(), fd);
	fd = open_it(1);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 3);
	assert_int_equal(f.settled, 0);
	/* and after it asked again */
	fd = open_it(2);
	scanned(3, WARD_UNKNOWN);
	cloud_says(2, WARD_UNKNOWN, in(2));
	assert_int_equal(answered(), fd);
	(void)usleep(2100000);
	(void)open_it(2);
	assert_int_equal(answered(), 0);
	assert_int_equal(f.scan_count, 5);
}

/* The kernel's marks have no end of their own. */
static void
test_marks_end_with_the_answer(void **state)
{
	int fd;

	(void)state;
	f.options.mark_s = 1;
	ask_cloud();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	cloud_says(0, WARD_CLEAN, in(1000));
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
	assert_true(ward_decide_pump(f.d) <= 1000u * 1000000);
	fd = open_it(1);
	scanned(1, WARD_UNKNOWN);
	cloud_says(1, WARD_CLEAN, in(3));
	assert_int_equal(answered(), fd);
	assert_true(ward_decide_pump(f.d) <= 3u * 1000000);
	assert_int_equal(f.unsettled_all, 0);
	(void)usleep(3100000);
	assert_true(ward_decide_pump(f.d) == UINT64_MAX);
	assert_int_equal(f.unsettled_all, 1);
	/* the one that is good for longer gets its mark again, without a question */
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 2);
	assert_true(ward_decide_pump(f.d) <= 1000u * 1000000);
	ward_decide_new_epoch(f.d);
	assert_int_equal(f.unsettled_all, 2);
	assert_true(ward_decide_pump(f.d) == UINT64_MAX);
}

/* A verdict nobody asked for: known from now on, and acted on. */
static void
test_a_verdict_is_revised(void **state)
{
	const struct ward_answer bad = {.verdict = WARD_MALICIOUS,
					.threat = "Late",
					.rule = "",
					.layer = "cloud",
					.from_cloud = true};
	enum ward_fd_kind kind;
	struct ward_key key;
	int fd, own;

	(void)state;
	begin();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	assert_int_equal(answered(), fd);
	own = open_file(0, O_RDONLY);
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	ward_decide_revise(f.d, own, &key, 0, &bad);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_LATE);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	/* about another content it says nothing */
	key.size++;
	ward_decide_revise(f.d, own, &key, 0, &bad);
	assert_int_equal(f.incident_count, 2); /* the denied open and the late one */
	ward_decide_forget(f.d, own, &key);
	/* what is allowed here stays so, whoever convicts it */
	f.allowed_threat = "Late";
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	ward_decide_revise(f.d, own, &key, 0, &bad);
	assert_int_equal(f.incident_count, 2);
	(void)close(own);
}

/* What a scan of the machine says of the first file. */
static bool
found(int fd, const struct ward_key *key, enum ward_verdict verdict, enum ward_reason reason)
{
	const struct ward_answer answer = {.verdict = verdict,
					   .gaps = reason ? 1u << reason : 0,
					   .threat = verdict >= WARD_SUSPICIOUS ? "Found" : "",
					   .rule = "",
					   .layer = "yara"};

	return ward_decide_found(f.d, fd, key, &answer);
}

static void
test_what_a_scan_finds(void **state)
{
	enum ward_fd_kind kind;
	struct ward_key key;
	int fd, own;

	(void)state;
	begin();
	fd = open_it(0);
	scanned(0, WARD_UNKNOWN);
	assert_int_equal(answered(), fd);
	own = open_file(0, O_RDONLY);
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	/* nothing to tell of what the policy lets be */
	assert_false(found(own, &key, WARD_NOT_SCANNED, WARD_REASON_ENCRYPTED));
	assert_int_equal(f.incident_count, 0);
	/* what is told of, and the next open does not go by it: it may have other limits */
	assert_false(found(own, &key, WARD_NOT_SCANNED, WARD_REASON_DEPTH));
	assert_int_equal(f.kinds[0], WARD_INCIDENT_FOUND);
	assert_int_equal(f.actions[0], WARD_POLICY_ACTION_BLOCK);
	assert_false(found(own, &key, WARD_NOT_SCANNED, WARD_REASON_TIMEOUT));
	assert_int_equal(f.kinds[1], WARD_INCIDENT_FAILED);
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	/* what is bad: the next open is denied without a question */
	assert_true(found(own, &key, WARD_MALICIOUS, WARD_REASON_NONE));
	assert_int_equal(f.kinds[2], WARD_INCIDENT_FOUND);
	assert_int_equal(f.actions[2], WARD_POLICY_ACTION_QUARANTINE);
	assert_true(f.unsettled > 0);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.scan_count, 1);
	(void)close(own);
}

static void
test_a_changed_file_is_bad_all_the_same(void **state)
{
	enum ward_fd_kind kind;
	struct ward_key key;
	int own;

	(void)state;
	begin();
	own = open_file(0, O_RDONLY);
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	key.ctime--;
	assert_true(found(own, &key, WARD_SUSPICIOUS, WARD_REASON_NONE));
	assert_int_equal(f.incident_count, 0);
	assert_true(found(own, &key, WARD_MALICIOUS, WARD_REASON_NONE));
	assert_int_equal(f.kinds[0], WARD_INCIDENT_FOUND);
	/* and of what it is now nothing is known */
	(void)open_it(0);
	assert_int_equal(f.scan_count, 1);
	scanned(0, WARD_CLEAN);
	assert_true(answered() > 0);
	(void)close(own);
}

static void
test_a_mode_that_does_nothing_tells(void **state)
{
	static const enum ward_policy_mode modes[] = {
		WARD_POLICY_MODE_PASSIVE, WARD_POLICY_MODE_AUDIT, WARD_POLICY_MODE_ON_DEMAND};
	enum ward_fd_kind kind;
	struct ward_key key;
	int own;

	(void)state;
	begin();
	own = open_file(0, O_RDONLY);
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	for (size_t i = 0; i < 3; i++) {
		f.options.rules.mode = modes[i];
		ward_decide_rules(f.d, &f.options.rules);
		assert_true(found(own, &key, WARD_MALICIOUS, WARD_REASON_NONE));
		assert_int_equal(f.actions[i], modes[i] == WARD_POLICY_MODE_ON_DEMAND
						       ? WARD_POLICY_ACTION_QUARANTINE
						       : WARD_POLICY_ACTION_AUDIT);
	}
	(void)close(own);
}

static void
test_a_late_verdict_in_audit_mode_takes_nothing(void **state)
{
	const struct ward_answer bad = {
		.verdict = WARD_MALICIOUS, .threat = "Late", .rule = "", .layer = "cloud"};
	enum ward_fd_kind kind;
	struct ward_key key;
	int own;

	(void)state;
	f.options.rules.mode = WARD_POLICY_MODE_AUDIT;
	begin();
	own = open_file(0, O_RDONLY);
	assert_int_equal(ward_key_of(own, &key, &kind), WARD_OK);
	ward_decide_revise(f.d, own, &key, 0, &bad);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_WOULD_BLOCK);
	(void)close(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_the_unknown_is_asked_further),
		TEST(test_who_knows_nothing_changes_nothing),
		TEST(test_a_late_answer_of_the_cloud),
		TEST(test_a_hold_in_vain_is_the_fail_mode),
		TEST(test_no_room_at_the_cloud_is_the_fail_mode),
		TEST(test_what_the_cloud_suspects_stays_blocked),
		TEST(test_an_answer_has_an_end),
		TEST(test_marks_end_with_the_answer),
		TEST(test_a_verdict_is_revised),
		TEST(test_what_a_scan_finds),
		TEST(test_a_changed_file_is_bad_all_the_same),
		TEST(test_a_mode_that_does_nothing_tells),
		TEST(test_a_late_verdict_in_audit_mode_takes_nothing),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to opens and written files, case by case. */
#include "guard/decide/testing.h"

/* --- opens --- */

static void
test_clean_opens_and_is_remembered(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	assert_int_equal(answered(), 0);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(f.scans[0].urgency, WARD_URGENT_OPEN);
	scanned(0, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
	assert_int_equal(f.unsettled, 0);
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(stats().cached, 1);
	assert_int_equal(f.incident_count, 0);
}

static void
test_bad_does_not_open_and_is_told(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.settled, 0);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_BLOCKED);
	assert_int_equal(f.pids[0], STRANGER);
	f.threat[0] = 0;
	fd = open_by(0, true, STRANGER + 1);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(f.incident_count, 2);
	assert_string_equal(f.threat, "Test.Bad"); /* the cache knows its name */
	assert_int_equal(stats().denied, 2);
}

static void
test_many_opens_are_one_question(void **state)
{
	int fds[20], seen = 0, fd;

	(void)state;
	begin();
	for (int i = 0; i < 20; i++)
		fds[i] = open_it(0);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(stats().joined, 19);
	scanned(0, WARD_MALICIOUS);
	while ((fd = answered()) < 0)
		seen++;
	assert_int_equal(fd, 0);
	assert_int_equal(seen, 20);
	assert_int_equal(f.incident_count, 1);
	for (int i = 0; i < 20; i++) /* all were closed */
		assert_int_equal(fcntl(fds[i], F_GETFD), -1);
}

static void
test_our_own_and_what_has_no_content(void **state)
{
	struct ward_open fifo = {.gate = f.ends[1], .fd = -1, .pidfd = -1, .pid = STRANGER};
	char path[128];
	uint32_t slot;
	int fd;

	(void)state;
	begin();
	fd = open_by(0, false, getpid());
	assert_int_equal(answered(), fd);
	assert_true(ward_kin_add(f.kin, 4711));
	fd = open_by(0, false, 4711);
	assert_int_equal(answered(), fd);
	ward_kin_remove(f.kin, 4711);
	write_file(1, "");
	fd = open_it(1);
	assert_int_equal(answered(), fd);
	path_of(2, path);
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fifo.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(ward_decide_hold(f.d, &fifo, &slot));
	ward_decide_open(f.d, slot);
	assert_int_equal(answered(), fifo.fd);
	(void)unlink(path);
	assert_int_equal(f.scan_count, 0);
	assert_int_equal(stats().own, 2);
	assert_int_equal(stats().empty, 1);
	assert_int_equal(stats().special, 1);
	assert_int_equal(f.settled, 0);
}

static void
test_excluded(void **state)
{
	struct stat st;
	char path[128];
	int fd;

	(void)state;
	begin();
	path_of(3, path);
	assert_int_equal(stat(path, &st), 0);
	f.excluded_inode = st.st_ino;
	fd = open_it(3);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 0);
	/* An exclusion is no verdict: without it the file is looked at. */
	f.excluded_inode = 0;
	(void)open_it(3);
	assert_int_equal(f.scan_count, 1);
}

static void
test_allowed_is_asked_each_time(void **state)
{
	int fd;

	(void)state;
	begin();
	f.allowed_threat = "Test.Bad";
	fd = open_it(0);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.incident_count, 0);
	assert_int_equal(f.settled, 0);
	assert_int_equal(stats().allowed, 1);
	/* It has an end, and that comes: nothing of it was remembered. */
	f.allowed_threat = NULL;
	fd = open_it(0);
	assert_int_equal(f.scan_count, 2);
	scanned(1, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
	/* What was denied before it was allowed is asked anew with the next epoch. */
	f.allowed_threat = "Test.Bad";
	ward_decide_new_epoch(f.d);
	fd = open_it(0);
	scanned(2, WARD_MALICIOUS);
	assert_int_equal(answered(), fd);
}

static void
test_allowed_for_good_is_remembered(void **state)
{
	int fd;

	(void)state;
	begin();
	f.allowed_threat = "Test.Bad";
	f.allowed_for_good = true;
	fd = open_it(0);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
	/* The kernel has lost the mark: the next open is answered at once, and nothing is told. */
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(f.settled, 2);
	assert_int_equal(f.incident_count, 0);
	assert_int_equal(stats().allowed, 2);
	/* Taken back, which is a new epoch: marks and memory are gone. */
	f.allowed_threat = NULL;
	ward_decide_new_epoch(f.d);
	fd = open_it(0);
	assert_int_equal(f.scan_count, 2);
	scanned(1, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
}

/* The policy's own list stands above what anybody has found, and above what is allowed. */
static void
test_blocked_by_the_policy(void **state)
{
	struct ward_answer answer = {.verdict = WARD_CLEAN,
				     .sha256 = (const uint8_t *)"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
				     .threat = "",
				     .rule = "",
				     .layer = ""};
	int fd;

	(void)state;
	f.blocked = true;
	f.allowed_threat = "Policy.Blocked";
	begin();
	fd = open_it(0);
	ward_decide_answer(f.d, f.scans[0].id, &answer);
	assert_int_equal(answered(), -fd);
	assert_string_equal(f.threat, "Policy.Blocked");
	answer.verdict = WARD_NOT_SCANNED;
	answer.reason = WARD_REASON_ENCRYPTED;
	fd = open_it(1);
	ward_decide_answer(f.d, f.scans[1].id, &answer);
	assert_int_equal(answered(), -fd);
	answer.sha256 = (const uint8_t *)"another, of the same length.....";
	fd = open_it(2);
	ward_decide_answer(f.d, f.scans[2].id, &answer);
	assert_int_equal(answered(), fd);
}

static void
say_of(size_t which, enum ward_verdict verdict, const char *sha256)
{
	const struct ward_answer answer = {.verdict = verdict,
					   .sha256 = (const uint8_t *)sha256,
					   .threat = verdict == WARD_MALICIOUS ? "Test.Bad" : "",
					   .rule = "",
					   .layer = ""};

	assert_true(which < f.scan_count);
	ward_decide_answer(f.d, f.scans[which].id, &answer);
}

#define RULED "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define OTHER "another, of the same length....."

/* What was let go and is remembered is weighed again, without anything being scanned that is about something
   else. */
static void
test_a_record_blocks_what_was_let_go(void **state)
{
	int fd;

	(void)state;
	begin();
	(void)open_it(0);
	say_of(0, WARD_CLEAN, RULED);
	(void)answered();
	(void)open_it(1);
	say_of(1, WARD_CLEAN, OTHER);
	(void)answered();
	f.ruling = WARD_RULING_BLOCK;
	ward_decide_recheck(f.d);
	assert_int_equal(f.unsettled_all, 1);
	fd = open_it(1);
	assert_int_equal(answered(), fd);
	fd = open_it(0);
	assert_int_equal(f.scan_count, 3);
	say_of(2, WARD_CLEAN, RULED);
	assert_int_equal(answered(), -fd);
	assert_string_equal(f.threat, "Record.Threat");
	/* From memory, as long as it is in force. */
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.scan_count, 3);
	f.ruling = WARD_RULING_NONE;
	fd = open_it(0);
	say_of(3, WARD_CLEAN, RULED);
	assert_int_equal(answered(), fd);
	assert_int_equal(stats().overruled, 2);
}

static void
test_a_record_allows_what_was_found(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	say_of(0, WARD_MALICIOUS, RULED);
	assert_int_equal(answered(), -fd);
	f.ruling = WARD_RULING_ALLOW;
	f.allowed_threat = "Test.Bad";
	fd = open_it(0);
	assert_int_equal(f.scan_count, 2);
	say_of(1, WARD_MALICIOUS, RULED);
	assert_int_equal(answered(), fd);
	f.ruling = WARD_RULING_NONE;
	f.allowed_threat = NULL;
	fd = open_it(0);
	say_of(2, WARD_MALICIOUS, RULED);
	assert_int_equal(answered(), -fd);
}

/* The policy's own list stands above records too. */
static void
test_a_record_and_the_policy(void **state)
{
	(void)state;
	f.blocked = true;
	f.ruling = WARD_RULING_BLOCK;
	begin();
	(void)open_it(0);
	say_of(0, WARD_CLEAN, RULED);
	assert_string_equal(f.threat, "Policy.Blocked");
}

static void
test_urgent_goes_first(void **state)
{
	(void)state;
	begin();
	f.scan_rc = WARD_E_LIMIT;
	(void)open_it(0);
	(void)open_it(1);
	(void)open_it(2);
	(void)open_by(3, true, STRANGER);
	/* the second open of this one is an execution and pulls it forward */
	(void)open_by(1, true, STRANGER);
	assert_int_equal(stats().queued[WARD_URGENT_EXEC], 2);
	assert_int_equal(stats().queued[WARD_URGENT_OPEN], 2);
	f.scan_rc = WARD_OK;
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.scan_count, 4);
	assert_int_equal(f.scans[0].urgency, WARD_URGENT_EXEC);
	assert_int_equal(f.scans[1].urgency, WARD_URGENT_EXEC);
	assert_int_equal(f.scans[2].urgency, WARD_URGENT_OPEN);
	assert_true(f.scans[0].inode != f.scans[1].inode);
}

/* --- when there is no verdict --- */

static void
test_no_verdict_is_the_fail_mode_and_not_remembered(void **state)
{
	int fd;

	(void)state;
	f.options.rules.fail_allow[true] = false;
	begin();
	fd = open_it(0);
	say(f.scans[0].id, WARD_NOT_SCANNED, WARD_REASON_CRASHED);
	assert_int_equal(answered(), 0); /* a second scanner may be luckier */
	assert_int_equal(f.scan_count, 2);
	say(f.scans[1].id, WARD_NOT_SCANNED, WARD_REASON_CRASHED);
	assert_int_equal(answered(), fd);
	fd = open_by(0, true, STRANGER);
	assert_int_equal(f.scan_count, 3);
	say(f.scans[2].id, WARD_NOT_SCANNED, WARD_REASON_TIMEOUT);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.settled, 0);
	assert_int_equal(stats().failed, 2);
	assert_int_equal(stats().retried, 1);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_FAILED);
	/* Nobody can be asked at all. */
	f.scan_rc = WARD_E_GONE;
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(stats().failed, 3);
}

static void
test_unscannable_is_as_the_policy_says(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	say(f.scans[0].id, WARD_NOT_SCANNED, WARD_REASON_ENCRYPTED); /* allow */
	assert_int_equal(answered(), fd);
	fd = open_it(1);
	say(f.scans[1].id, WARD_NOT_SCANNED, WARD_REASON_RATIO); /* block */
	assert_int_equal(answered(), -fd);
	fd = open_it(1);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.scan_count, 2);
	assert_int_equal(stats().verdicts[WARD_NOT_SCANNED], 2);
	assert_int_equal(stats().verdicts[WARD_CLEAN], 0);
}

static void
test_a_deadline_and_a_late_verdict(void **state)
{
	int fd;

	(void)state;
	f.options.rules.fail_allow[false] = false;
	begin();
	fd = open_it(0);
	(void)ward_holds_expire(ward_decide_holds(f.d), UINT64_MAX - 1);
	assert_int_equal(answered(), -fd);
	assert_int_equal(stats().expired, 1);
	/* A second one joins while the scanner is still at it, and is in time. */
	f.options.rules.fail_allow[false] = true;
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(answered(), 0);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_LATE);
	assert_int_equal(stats().late, 1);
	fd = open_it(0);
	assert_int_equal(answered(), -fd); /* the late verdict is known from now on */
	assert_int_equal(f.scan_count, 1);
}

static void
test_too_many_are_answered_at_once(void **state)
{
	int fd;

	(void)state;
	f.options.max_opens = 2;
	begin();
	(void)open_it(0);
	(void)open_it(1);
	fd = open_it(2);
	assert_int_equal(answered(), fd);
	assert_int_equal(stats().overloaded, 1);
	assert_int_equal(stats().holding, 2);
	scanned(0, WARD_CLEAN);
	assert_true(answered() > 0);
	(void)open_it(2);
	assert_int_equal(f.scan_count, 3);
}

static void
test_strange_answers_are_passed_over(void **state)
{
	uint64_t id;
	int fd;

	(void)state;
	begin();
	say(0, WARD_CLEAN, WARD_REASON_NONE);
	say(UINT64_MAX, WARD_CLEAN, WARD_REASON_NONE);
	fd = open_it(0);
	id = f.scans[0].id;
	say(id + (1ull << 32), WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(answered(), 0);
	say(id, WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(answered(), fd);
	/* Its place is used anew; the old answer is nobody's. */
	(void)open_it(1);
	say(id, WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(answered(), 0);
}

/* --- files that change --- */

static void
test_a_file_that_changed_is_asked_about_again(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	for (size_t i = 0; i < 2; i++) {
		write_file(0, i ? "one" : "other");
		rest();
		scanned(i, WARD_CLEAN);
		assert_int_equal(answered(), 0);
		assert_int_equal(f.scan_count, i + 2);
	}
	/* But not for ever: then nobody knows, and the fail mode says. */
	write_file(0, "third");
	scanned(2, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 0);
	assert_int_equal(stats().failed, 1);
	assert_int_equal(stats().changed, 3);
}

static void
test_nobody_writes_while_it_is_settled(void **state)
{
	(void)state;
	begin();
	(void)open_it(0);
	f.touch_while_settling = true;
	scanned(0, WARD_CLEAN);
	assert_int_equal(f.settled, 1);
	assert_true(f.kept_out);
	write_file(0, "and then again");
	(void)open_it(0);
	assert_int_equal(f.scan_count, 2);
}

static void
test_nothing_is_remembered_while_somebody_may_write(void **state)
{
	int writer, fd;

	(void)state;
	begin();
	writer = open_file(0, O_RDWR);
	fd = open_it(0);
	scanned(0, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 0);
	(void)close(writer);
	fd = open_it(0);
	assert_int_equal(f.scan_count, 2);
	scanned(1, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
}

static void
test_a_file_just_written_is_not_remembered(void **state)
{
	(void)state;
	begin();
	write_file(0, "now");
	(void)open_it(0);
	scanned(0, WARD_CLEAN);
	assert_int_equal(f.settled, 0);
	(void)open_it(0);
	assert_int_equal(f.scan_count, 2);
}

static void
test_new_intelligence(void **state)
{
	int fd;

	(void)state;
	begin();
	(void)open_it(0);
	scanned(0, WARD_CLEAN);
	(void)answered();
	(void)open_it(1);
	ward_decide_new_epoch(f.d);
	(void)open_it(0);
	assert_int_equal(f.scan_count, 3); /* what was known is no answer any more */
	scanned(1, WARD_CLEAN); /* said by the old one: good for those who wait, not for later */
	assert_true(answered() > 0);
	fd = open_it(1);
	assert_int_equal(f.scan_count, 4);
	scanned(3, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
	assert_int_equal(stats().cache.outdated, 1);
}

/* --- written files --- */

static void
pump_background(void)
{
	(void)usleep(3000);
	(void)ward_decide_pump(f.d);
}

static void
test_written_files_are_scanned_once(void **state)
{
	int fd;

	(void)state;
	begin();
	for (int i = 0; i < 3; i++)
		ward_decide_written(f.d, open_file(0, O_RDONLY), 55);
	assert_int_equal(stats().queued[WARD_URGENT_NOT], 1);
	assert_int_equal(f.unsettled, 3);
	/* Not while somebody waits. */
	fd = open_it(1);
	pump_background();
	assert_int_equal(f.scan_count, 1);
	scanned(0, WARD_CLEAN);
	assert_int_equal(answered(), fd);
	pump_background();
	assert_int_equal(f.scan_count, 2);
	assert_int_equal(f.scans[1].urgency, WARD_URGENT_NOT);
	scanned(1, WARD_MALICIOUS);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_WRITTEN);
	assert_int_equal(f.pids[0], 55);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.scan_count, 2);
}

static void
test_an_open_pulls_a_written_file_forward(void **state)
{
	int fd;

	(void)state;
	begin();
	ward_decide_written(f.d, open_file(0, O_RDONLY), 55);
	fd = open_it(0);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(f.scans[0].urgency, WARD_URGENT_OPEN);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.pids[0], STRANGER); /* who opened it, not who wrote it */
}

static void
test_written_files_that_need_no_scan(void **state)
{
	char path[128];
	int writer;

	(void)state;
	begin();
	ward_decide_written(f.d, open_file(0, O_RDONLY), 55);
	path_of(0, path);
	(void)unlink(path); /* gone */
	ward_decide_written(f.d, open_file(1, O_RDONLY), 55);
	writer = open_file(1, O_RDWR); /* will be closed once more */
	write_file(2, "");
	ward_decide_written(f.d, open_file(2, O_RDONLY), 55);	    /* empty */
	ward_decide_written(f.d, open_file(3, O_RDONLY), getpid()); /* ours */
	for (int i = 0; i < 3; i++)
		pump_background();
	assert_int_equal(f.scan_count, 0);
	assert_int_equal(stats().queued[WARD_URGENT_NOT], 0);
	(void)close(writer);
}

static void
test_the_background_has_an_end(void **state)
{
	(void)state;
	f.options.max_background = 2;
	begin();
	for (int i = 0; i < 4; i++)
		ward_decide_written(f.d, open_file(i, O_RDONLY), 55);
	assert_int_equal(stats().queued[WARD_URGENT_NOT], 2);
	assert_int_equal(stats().written_dropped, 2);
}

/* --- modes --- */

static void
test_audit_denies_nothing_and_tells_all(void **state)
{
	int fd;

	(void)state;
	f.options.rules.mode = WARD_POLICY_MODE_AUDIT;
	f.options.rules.fail_allow[false] = false;
	begin();
	fd = open_it(0);
	assert_int_equal(answered(), fd); /* nobody waits */
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.scan_count, 1);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_WOULD_BLOCK);
	fd = open_it(0);
	assert_int_equal(answered(), fd);
	assert_int_equal(f.incident_count, 2);
	assert_int_equal(stats().would_deny, 2);
	assert_int_equal(stats().denied, 0);
}

/* Nothing is taken away either. */
static void
test_audit_leaves_written_files(void **state)
{
	(void)state;
	f.options.rules.mode = WARD_POLICY_MODE_AUDIT;
	begin();
	ward_decide_written(f.d, open_file(0, O_RDONLY), 55);
	pump_background();
	assert_int_equal(f.scan_count, 1);
	scanned(0, WARD_MALICIOUS);
	assert_int_equal(f.incident_count, 1);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_WOULD_BLOCK);
}

static void
test_actions_of_the_policy(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	scanned(0, WARD_SUSPICIOUS); /* audit: told, and allowed */
	assert_int_equal(answered(), fd);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_SEEN);
	assert_int_equal(f.settled, 0); /* each open of it is to be told */
	f.options.rules.verdicts[WARD_SUSPICIOUS] = WARD_POLICY_ACTION_BLOCK;
	ward_decide_rules(f.d, &f.options.rules);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
}

static void
test_what_is_too_large_is_not_scanned(void **state)
{
	int fd;

	(void)state;
	f.options.rules.file_max = strlen("content");
	begin();
	(void)open_it(0);
	assert_int_equal(f.scan_count, 1);
	f.options.rules.file_max--;
	ward_decide_rules(f.d, &f.options.rules);
	fd = open_it(1);
	assert_int_equal(f.scan_count, 1);
	assert_int_equal(answered(), fd); /* the default: it is allowed */
	assert_int_equal(stats().failed, 0);
	f.options.rules.reasons[WARD_REASON_SIZE] = WARD_POLICY_ACTION_BLOCK;
	ward_decide_rules(f.d, &f.options.rules);
	fd = open_it(1);
	assert_int_equal(answered(), -fd);
	fd = open_it(2);
	assert_int_equal(answered(), -fd);
	assert_int_equal(f.kinds[0], WARD_INCIDENT_BLOCKED);
}

/* Whoever hides a bomb beside a locked member has not hidden it. */
static void
test_of_several_reasons_the_strongest_counts(void **state)
{
	struct ward_answer answer = {.verdict = WARD_NOT_SCANNED,
				     .gaps = 1u << WARD_REASON_ENCRYPTED | 1u << WARD_REASON_RATIO,
				     .threat = "",
				     .rule = "",
				     .layer = ""};
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	ward_decide_answer(f.d, f.scans[0].id, &answer);
	assert_int_equal(answered(), -fd);
	fd = open_it(0);
	assert_int_equal(answered(), -fd);
	/* a trait of malware does not make it harmless either */
	answer.verdict = WARD_SUSPICIOUS;
	fd = open_it(1);
	ward_decide_answer(f.d, f.scans[1].id, &answer);
	assert_int_equal(answered(), -fd);
	/* of equals the passing one: it is looked at again */
	answer.verdict = WARD_NOT_SCANNED;
	answer.gaps = 1u << WARD_REASON_ENCRYPTED | 1u << WARD_REASON_TIMEOUT;
	fd = open_it(2);
	ward_decide_answer(f.d, f.scans[2].id, &answer);
	assert_int_equal(answered(), fd);
	(void)open_it(2);
	assert_int_equal(f.scan_count, 4);
}

static void
test_the_end_answers_those_who_wait(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	ward_decide_give_up(f.d);
	assert_int_equal(answered(), fd);
	fd = open_it(1);
	f.d = ward_decide_free(f.d);
	assert_int_equal(answered(), fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean_opens_and_is_remembered),
		TEST(test_bad_does_not_open_and_is_told),
		TEST(test_many_opens_are_one_question),
		TEST(test_our_own_and_what_has_no_content),
		TEST(test_excluded),
		TEST(test_allowed_is_asked_each_time),
		TEST(test_allowed_for_good_is_remembered),
		TEST(test_blocked_by_the_policy),
		TEST(test_a_record_blocks_what_was_let_go),
		TEST(test_a_record_allows_what_was_found),
		TEST(test_a_record_and_the_policy),
		TEST(test_urgent_goes_first),
		TEST(test_no_verdict_is_the_fail_mode_and_not_remembered),
		TEST(test_unscannable_is_as_the_policy_says),
		TEST(test_a_deadline_and_a_late_verdict),
		TEST(test_too_many_are_answered_at_once),
		TEST(test_strange_answers_are_passed_over),
		TEST(test_a_file_that_changed_is_asked_about_again),
		TEST(test_nobody_writes_while_it_is_settled),
		TEST(test_nothing_is_remembered_while_somebody_may_write),
		TEST(test_a_file_just_written_is_not_remembered),
		TEST(test_new_intelligence),
		TEST(test_written_files_are_scanned_once),
		TEST(test_an_open_pulls_a_written_file_forward),
		TEST(test_written_files_that_need_no_scan),
		TEST(test_the_background_has_an_end),
		TEST(test_audit_denies_nothing_and_tells_all),
		TEST(test_audit_leaves_written_files),
		TEST(test_actions_of_the_policy),
		TEST(test_what_is_too_large_is_not_scanned),
		TEST(test_of_several_reasons_the_strongest_counts),
		TEST(test_the_end_answers_those_who_wait),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}

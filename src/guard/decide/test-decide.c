/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decisions with real files; answers go to a pipe in the place of the kernel's group, and the test
 * plays those who are asked. With the kernel and real scanners: tests/guard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/decide/decide.h"
#include "sys/clock.h"

enum { FILES = 6, ASKED_MAX = 64, STRANGER = 999999 };

static char dir[64];

struct asked {
	uint64_t id;
	enum ward_urgency urgency;
	uint64_t inode;
	enum ward_verdict so_far;
	int pid;
};

struct fixture {
	int ends[2];
	struct ward_decide *d;
	struct ward_kin *kin;
	struct ward_decide_options options;
	struct asked scans[ASKED_MAX], clouds[ASKED_MAX];
	size_t scan_count, cloud_count;
	enum ward_rc scan_rc, cloud_rc;
	unsigned settled, unsettled, unsettled_all;
	bool blocked;
	bool touch_while_settling;
	uint64_t excluded_inode;
	const char *allowed_threat;
	enum ward_incident_kind kinds[ASKED_MAX];
	int pids[ASKED_MAX];
	char threat[64];
	size_t incident_count;
};

static struct fixture f;

static void
path_of(int file, char path[128])
{
	(void)snprintf(path, 128, "%s/%d", dir, file);
}

static int
open_file(int file, int flags)
{
	char path[128];

	path_of(file, path);
	return open(path, flags | O_CLOEXEC, 0600);
}

static void
write_file(int file, const char *text)
{
	int fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

/* Until a further change is sure to show in the file's times. */
static void
rest(void)
{
	(void)usleep(WARD_KEY_RACY_NS / 1000 + 10000);
}

/* --- the others --- */

static enum ward_rc
note(struct asked *list, size_t *count, const struct ward_question *q)
{
	list[(*count)++] = (struct asked){
		.id = q->id,
		.urgency = q->urgency,
		.inode = q->key->inode,
		.so_far = q->so_far ? q->so_far->verdict : WARD_CLEAN,
		.pid = q->pid,
	};
	return WARD_OK;
}

static enum ward_rc
scan(void *ctx, const struct ward_question *q)
{
	(void)ctx;
	return f.scan_rc ? f.scan_rc : note(f.scans, &f.scan_count, q);
}

static enum ward_rc
cloud(void *ctx, const struct ward_question *q)
{
	(void)ctx;
	return f.cloud_rc ? f.cloud_rc : note(f.clouds, &f.cloud_count, q);
}

static void
settle(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	f.settled++;
	if (f.touch_while_settling)
		write_file(0, "changed");
}

static void
unsettle(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	f.unsettled++;
}

static void
unsettle_all(void *ctx)
{
	(void)ctx;
	f.unsettled_all++;
}

static bool
blocked(void *ctx, const uint8_t sha256[WARD_SHA256_LEN])
{
	(void)ctx;
	return f.blocked && sha256[0] == 'x';
}

static bool
excluded(void *ctx, int fd, int pid)
{
	struct stat st;

	(void)ctx;
	(void)pid;
	return fstat(fd, &st) == 0 && st.st_ino == f.excluded_inode;
}

static bool
allowed(void *ctx, const struct ward_answer *answer)
{
	(void)ctx;
	return f.allowed_threat && strcmp(f.allowed_threat, answer->threat) == 0;
}

static void
report(void *ctx, const struct ward_incident *incident)
{
	(void)ctx;
	f.pids[f.incident_count] = incident->pid;
	f.kinds[f.incident_count++] = incident->kind;
	(void)snprintf(f.threat, sizeof(f.threat), "%s", incident->answer->threat);
}

/* --- fixture --- */

static int
make_files(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-decide-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_files(void **state)
{
	char path[128];

	(void)state;
	for (int i = 0; i < FILES; i++) {
		path_of(i, path);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void
begin(void)
{
	assert_int_equal(ward_decide_new(&f.options, &f.d), WARD_OK);
}

static int
set_up(void **state)
{
	(void)state;
	f = (struct fixture){0};
	for (int i = 0; i < FILES; i++)
		write_file(i, "content");
	rest();
	if (pipe2(f.ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	f.kin = ward_kin_new();
	f.options = (struct ward_decide_options){
		.ops =
			{
				.scan = scan,
				.settle = settle,
				.unsettle = unsettle,
				.unsettle_all = unsettle_all,
				.excluded = excluded,
				.allowed = allowed,
				.blocked = blocked,
				.report = report,
			},
		.kin = f.kin,
		.real_time = true,
		.settle_ms = 1,
	};
	ward_decide_rules_of(ward_policy_default(), &f.options.rules);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	f.d = ward_decide_free(f.d);
	f.kin = ward_kin_free(f.kin);
	return close(f.ends[0]) + close(f.ends[1]);
}

/* An open of the file comes in; its descriptor. */
static int
open_by(int file, bool exec, int pid)
{
	struct ward_open open = {.gate = f.ends[1],
				 .fd = open_file(file, O_RDONLY),
				 .pidfd = -1,
				 .pid = pid,
				 .exec = exec};
	uint32_t slot;

	assert_true(open.fd >= 0);
	if (ward_decide_hold(f.d, &open, &slot))
		ward_decide_open(f.d, slot);
	(void)ward_decide_pump(f.d);
	return open.fd;
}

static int
open_it(int file)
{
	return open_by(file, false, STRANGER);
}

/* The next answer: the descriptor, negative when denied; 0: none. */
static int
answered(void)
{
	struct fanotify_response r;

	if (read(f.ends[0], &r, sizeof(r)) != sizeof(r))
		return 0;
	return r.response == FAN_ALLOW ? r.fd : -r.fd;
}

static void
say(uint64_t id, enum ward_verdict verdict, enum ward_reason reason)
{
	const struct ward_answer answer = {
		.verdict = verdict,
		.reason = reason,
		.threat = verdict == WARD_MALICIOUS ? "Test.Bad" : "",
		.rule = "",
		.layer = "test",
	};

	ward_decide_answer(f.d, id, &answer);
	(void)ward_decide_pump(f.d);
}

static void
scanned(size_t which, enum ward_verdict verdict)
{
	assert_true(which < f.scan_count);
	say(f.scans[which].id, verdict,
	    verdict == WARD_NOT_SCANNED ? WARD_REASON_ENCRYPTED : WARD_REASON_NONE);
}

static struct ward_decide_stats
stats(void)
{
	struct ward_decide_stats s;

	ward_decide_stats(f.d, &s);
	return s;
}

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
	/* Taken back: nothing of it was remembered. */
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
test_a_change_while_it_is_settled(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = open_it(0);
	f.touch_while_settling = true;
	scanned(0, WARD_CLEAN);
	f.touch_while_settling = false;
	assert_int_equal(answered(), fd);
	assert_int_equal(f.settled, 1);
	assert_int_equal(f.unsettled, 1);
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

/* --- the layer after the scanners --- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(test_blocked_by_the_policy),
		TEST(test_urgent_goes_first),
		TEST(test_no_verdict_is_the_fail_mode_and_not_remembered),
		TEST(test_unscannable_is_as_the_policy_says),
		TEST(test_a_deadline_and_a_late_verdict),
		TEST(test_too_many_are_answered_at_once),
		TEST(test_strange_answers_are_passed_over),
		TEST(test_a_file_that_changed_is_asked_about_again),
		TEST(test_a_change_while_it_is_settled),
		TEST(test_nothing_is_remembered_while_somebody_may_write),
		TEST(test_a_file_just_written_is_not_remembered),
		TEST(test_new_intelligence),
		TEST(test_written_files_are_scanned_once),
		TEST(test_an_open_pulls_a_written_file_forward),
		TEST(test_written_files_that_need_no_scan),
		TEST(test_the_background_has_an_end),
		TEST(test_audit_denies_nothing_and_tells_all),
		TEST(test_actions_of_the_policy),
		TEST(test_what_is_too_large_is_not_scanned),
		TEST(test_of_several_reasons_the_strongest_counts),
		TEST(test_only_the_unknown_is_asked_further),
		TEST(test_who_knows_nothing_changes_nothing),
		TEST(test_a_late_answer_of_the_cloud),
		TEST(test_a_hold_in_vain_is_the_fail_mode),
		TEST(test_what_the_cloud_suspects_stays_blocked),
		TEST(test_an_answer_has_an_end),
		TEST(test_marks_end_with_the_answer),
		TEST(test_a_verdict_is_revised),
		TEST(test_the_end_answers_those_who_wait),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}

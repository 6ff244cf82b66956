/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: one user's files, many or slow, are not in the way of another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guard/decide/decide.h"

/* A process's number is its user's. */
enum { FILES = 8, ASKED_MAX = 32, EVIL = 1000, GOOD = 1001, OTHER = 1002, THREADS = 2 };

static struct fixture {
	char dir[64];
	int ends[2];
	struct ward_decide *d;
	struct ward_kin *kin;
	uint64_t ids[ASKED_MAX];
	int pids[ASKED_MAX];
	size_t asked, room;
} f;

static enum ward_rc
scan(void *ctx, const struct ward_question *q)
{
	(void)ctx;
	if (f.asked == f.room)
		return WARD_E_LIMIT;
	f.pids[f.asked] = q->pid;
	f.ids[f.asked++] = q->id;
	return WARD_OK;
}

static void
mark(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
}

static void
unmark(void *ctx)
{
	(void)ctx;
}

static bool
excluded(void *ctx, int fd, int pid)
{
	(void)ctx;
	(void)fd;
	(void)pid;
	return false;
}

static void
report(void *ctx, const struct ward_incident *incident)
{
	(void)ctx;
	(void)incident;
}

static uint32_t
user(void *ctx, int pid)
{
	(void)ctx;
	return (uint32_t)pid;
}

static void
path_of(int file, char path[128])
{
	(void)snprintf(path, 128, "%s/%d", f.dir, file);
}

static int
set_up(void **state)
{
	struct ward_decide_options o = {
		.ops = {.scan = scan,
			.settle = mark,
			.unsettle = mark,
			.unsettle_all = unmark,
			.excluded = excluded,
			.report = report,
			.user = user},
	};
	char path[128];

	(void)state;
	f = (struct fixture){.dir = "/tmp/ward-test-turns-XXXXXX", .room = ASKED_MAX};
	f.kin = ward_kin_new();
	if (!mkdtemp(f.dir) || !f.kin || pipe2(f.ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	for (int i = 0; i < FILES; i++) {
		int fd;

		path_of(i, path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
			return -1;
	}
	o.kin = f.kin;
	ward_decide_rules_of(ward_policy_default(), &o.rules);
	o.rules.threads = THREADS;
	return ward_decide_new(&o, &f.d) == WARD_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	char path[128];

	(void)state;
	f.d = ward_decide_free(f.d);
	f.kin = ward_kin_free(f.kin);
	for (int i = 0; i < FILES; i++) {
		path_of(i, path);
		(void)unlink(path);
	}
	return rmdir(f.dir) + close(f.ends[0]) + close(f.ends[1]);
}

static void
come(int who, int file, bool exec)
{
	struct ward_open event = {.gate = f.ends[1], .pidfd = -1, .pid = who, .exec = exec};
	char path[128];
	uint32_t slot;

	path_of(file, path);
	event.fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(event.fd >= 0);
	assert_true(ward_decide_hold(f.d, &event, &slot));
	ward_decide_open(f.d, slot);
}

static void
answer(size_t which, enum ward_verdict verdict, enum ward_reason reason)
{
	const struct ward_answer a = {
		.verdict = verdict, .reason = reason, .threat = "", .rule = "", .layer = ""};

	ward_decide_answer(f.d, f.ids[which], &a);
	(void)ward_decide_pump(f.d);
}

static void
test_one_user_never_has_all_scanners(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		come(EVIL, i, i > 2);
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.asked, THREADS);
	/* Neither their number nor their urgency keeps another waiting. */
	come(GOOD, 5, false);
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.asked, THREADS + 1);
	assert_int_equal(f.pids[THREADS], GOOD);
	answer(0, WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(f.asked, THREADS + 2);
	assert_int_equal(f.pids[THREADS + 1], EVIL);
}

static void
test_users_are_served_in_turn(void **state)
{
	(void)state;
	f.room = 0;
	come(EVIL, 0, false);
	come(EVIL, 1, false);
	come(EVIL, 2, false);
	come(GOOD, 3, false);
	come(OTHER, 4, false);
	for (f.room = 1; f.room <= 3; f.room++)
		(void)ward_decide_pump(f.d);
	/* Each had one turn before anybody has a second. */
	assert_int_equal(f.pids[0] + f.pids[1] + f.pids[2], EVIL + GOOD + OTHER);
}

static void
test_who_joins_does_not_wait_in_anothers_line(void **state)
{
	(void)state;
	f.room = 0;
	for (int i = 0; i < 5; i++)
		come(EVIL, i, false);
	come(GOOD, 4, false);
	f.room = 2;
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.asked, 2);
	/* The joined question is the good one's own, and it came second at the latest. */
	f.room = ASKED_MAX;
	answer(0, WARD_CLEAN, WARD_REASON_NONE);
	answer(1, WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(f.asked, 4);
	answer(2, WARD_CLEAN, WARD_REASON_NONE);
	answer(3, WARD_CLEAN, WARD_REASON_NONE);
	assert_int_equal(f.asked, 5);
}

static void
test_an_open_that_joins_the_background_is_asked_again_as_an_open(void **state)
{
	struct ward_decide_stats stats;
	char path[128];
	int fd;

	(void)state;
	path_of(0, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ward_decide_written(f.d, fd, EVIL);
	(void)usleep(120 * 1000);
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.asked, 1);
	come(GOOD, 0, false);
	come(GOOD, 1, false);
	(void)ward_decide_pump(f.d);
	assert_int_equal(f.asked, 2);
	/* The scanner was killed; others are at work, which the background would wait for. */
	answer(0, WARD_NOT_SCANNED, WARD_REASON_CRASHED);
	assert_int_equal(f.asked, 3);
	ward_decide_stats(f.d, &stats);
	assert_int_equal(stats.queued[WARD_URGENT_NOT], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_user_never_has_all_scanners),
		TEST(test_users_are_served_in_turn),
		TEST(test_who_joins_does_not_wait_in_anothers_line),
		TEST(test_an_open_that_joins_the_background_is_asked_again_as_an_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

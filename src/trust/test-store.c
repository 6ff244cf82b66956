/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/entry.h"
#include "sys/fd.h"
#include "trust/store.h"
#include "trust/testing.h"
#include <cmocka.h>

/* --- steps of the disk, to die at or to fail --- */

/* These stand before libc's in this program. Each counts; at step `die_at` the process ends (before it,
 * or after it), at step `fail_at` the call fails. */
static unsigned step, die_at, fail_at;
static bool die_after;

static bool
may_go_on(void)
{
	step++;
	if (step == die_at && !die_after)
		_exit(9);
	return step != fail_at;
}

static long
done(long result)
{
	if (step == die_at && die_after)
		_exit(9);
	return result;
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	/* a short write first, so that there is something half written to die with */
	size_t part = die_at && n > 100 && step % 2 == 0 ? n / 2 : n;

	if (fd <= 2)
		return syscall(SYS_write, fd, buf, n);
	return may_go_on() ? done(syscall(SYS_write, fd, buf, part)) : -1;
}

int
fsync(int fd)
{
	return may_go_on() ? (int)done(syscall(SYS_fsync, fd)) : -1;
}

int
rename(const char *old, const char *new)
{
	return may_go_on() ? (int)done(syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0))
			   : -1;
}

/* --- a world --- */

struct world {
	struct test_publisher *p;
	struct ward_trust *t;
	struct ward_refusal why;
	char directory[64], path[96];
	struct ward_buf saved;
};

static struct ward_trust *
grown(struct test_publisher *p, unsigned records)
{
	struct ward_trust_self self = {.ring = "broad"};
	const struct ward_trust_accepted *accepted;
	struct ward_trust_batch batch = {.now_ms = TEST_NOW_MS};
	struct ward_refusal why;
	struct ward_trust *t = NULL;

	test_publish(p, records);
	test_sign_timestamp(p);
	assert_int_equal(ward_trust_new(p->envelopes[WARD_DSSE_ROOT], &t, &why), WARD_OK);
	assert_int_equal(
		ward_trust_take_timestamp(t, p->envelopes[WARD_DSSE_TIMESTAMP], TEST_NOW_MS, &why),
		WARD_OK);
	assert_int_equal(
		ward_trust_take_snapshot(t, p->envelopes[WARD_DSSE_SNAPSHOT], TEST_NOW_MS, &why),
		WARD_OK);
	assert_int_equal(
		ward_trust_take_targets(t, p->envelopes[WARD_DSSE_TARGETS], TEST_NOW_MS, &why),
		WARD_OK);
	batch.records = p->records;
	batch.count = records;
	assert_int_equal(ward_trust_accept(t, &batch, &self, p->arena, &accepted, &why), WARD_OK);
	return t;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	step = die_at = fail_at = 0;
	w->p = test_publisher_new();
	w->t = grown(w->p, 5);
	(void)snprintf(w->directory, sizeof(w->directory), "/tmp/ward-trust-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	(void)snprintf(w->path, sizeof(w->path), "%s/state", w->directory);
	ward_buf_init(&w->saved, WARD_STATE_MAX, NULL);
	assert_int_equal(ward_trust_save(w->t, &w->saved), WARD_OK);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	step = die_at = fail_at = 0;
	ward_buf_done(&w->saved);
	ward_trust_free(w->t);
	test_publisher_free(w->p);
	(void)unlink(w->path);
	(void)rmdir(w->directory);
	free(w);
	return 0;
}

static void
what_is_believed_comes_back(void **state)
{
	struct world *w = *state;
	enum ward_trust_opened opened = WARD_TRUST_DAMAGED;
	struct ward_trust *t = NULL;
	struct ward_buf again;
	struct stat st;

	assert_int_equal(ward_trust_write(w->t, w->path), WARD_OK);
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(
		ward_trust_open(w->path, w->p->envelopes[WARD_DSSE_ROOT], &t, &opened, &w->why),
		WARD_OK);
	assert_int_equal(opened, WARD_TRUST_STORED);
	assert_int_equal(ward_trust_frontier(t)->size, 5);
	assert_int_equal(ward_trust_need(t, TEST_NOW_MS), WARD_NEED_NOTHING);
	ward_buf_init(&again, WARD_STATE_MAX, NULL);
	assert_int_equal(ward_trust_save(t, &again), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&again), ward_buf_span(&w->saved)));
	ward_buf_done(&again);
	ward_trust_free(t);
}

static void
damage_is_seen(void **state)
{
	struct world *w = *state;
	struct ward_trust *t = NULL;

	for (size_t i = 0; i < w->saved.len; i++) {
		w->saved.data[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(ward_trust_load(ward_buf_span(&w->saved), &t, &w->why),
				 WARD_E_PERM);
		assert_string_equal(ward_refusal_word(w->why.code), "state-damaged");
		w->saved.data[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < w->saved.len; n++)
		assert_int_equal(ward_trust_load(ward_span_of(w->saved.data, n), &t, &w->why),
				 WARD_E_PERM);
	assert_null(t);
}

static void
the_shipped_root_recovers(void **state)
{
	struct world *w = *state;
	enum ward_trust_opened opened = WARD_TRUST_STORED;
	struct ward_trust *t = NULL;
	struct ward_span root = w->p->envelopes[WARD_DSSE_ROOT];

	assert_int_equal(ward_trust_open(w->path, root, &t, &opened, &w->why), WARD_OK);
	assert_int_equal(opened, WARD_TRUST_FIRST);
	ward_trust_free(t);
	w->saved.data[w->saved.len / 2] ^= 1;
	assert_int_equal(ward_fd_write_atomic(w->path, ward_buf_span(&w->saved), 0600), WARD_OK);
	assert_int_equal(ward_trust_open(w->path, root, &t, &opened, &w->why), WARD_OK);
	assert_int_equal(opened, WARD_TRUST_DAMAGED);
	assert_string_equal(w->why.text, "what was stored about trusted updates is damaged");
	assert_int_equal(ward_trust_frontier(t)->size, 0);
	/* and goes on as a new endpoint does */
	assert_int_equal(ward_trust_take_timestamp(t, w->p->envelopes[WARD_DSSE_TIMESTAMP],
						   TEST_NOW_MS, &w->why),
			 WARD_OK);
	t = ward_trust_free(t);
	assert_int_equal(
		ward_trust_open(w->path, w->p->envelopes[WARD_DSSE_TARGETS], &t, &opened, &w->why),
		WARD_E_PERM);
	assert_string_equal(w->why.text, "it is signed as a list of targets, not as a root");
}

/* What stands there is the old state or the new one, whole. */
static uint64_t
records_stored(struct world *w)
{
	enum ward_trust_opened opened = WARD_TRUST_DAMAGED;
	struct ward_trust *t = NULL;
	uint64_t size;

	assert_int_equal(
		ward_trust_open(w->path, w->p->envelopes[WARD_DSSE_ROOT], &t, &opened, &w->why),
		WARD_OK);
	assert_int_equal(opened, WARD_TRUST_STORED);
	size = ward_trust_frontier(t)->size;
	ward_trust_free(t);
	return size;
}

static enum ward_rc
remove_temporary(void *ctx, const char *name)
{
	const int *dir = ctx;

	return strncmp(name, "state.tmp-", 10) == 0 ? ward_entry_remove(*dir, name, false)
						    : WARD_OK;
}

/* Removes what a dead process left behind. */
static void
sweep(const struct world *w)
{
	int dir = -1;

	assert_int_equal(ward_fd_open_directory(-1, w->directory, &dir), WARD_OK);
	assert_int_equal(ward_entry_list(dir, remove_temporary, &dir), WARD_OK);
	ward_fd_close(&dir);
}

static void
dying_at_any_step_leaves_old_or_new(void **state)
{
	struct world *w = *state;
	struct test_publisher *q = test_publisher_new();
	struct ward_trust *next = grown(q, 9);
	unsigned outcomes[2] = {0, 0};
	bool finished = false;

	for (unsigned at = 1; !finished; at++)
		for (unsigned after = 0; after < 2; after++) {
			int status = 0;
			pid_t child;

			assert_true(at < 100);
			die_at = 0;
			assert_int_equal(ward_trust_write(w->t, w->path), WARD_OK);
			child = fork();
			assert_true(child >= 0);
			if (child == 0) {
				step = 0;
				die_at = at;
				die_after = after != 0;
				_exit(ward_trust_write(next, w->path) == WARD_OK ? 0 : 1);
			}
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFEXITED(status));
			assert_true(WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0);
			finished = WEXITSTATUS(status) == 0;
			outcomes[records_stored(w) == 9]++;
			sweep(w);
		}
	assert_true(outcomes[0] >= 4); /* before the name was there */
	assert_true(outcomes[1] >= 2); /* and after */
	ward_trust_free(next);
	test_publisher_free(q);
}

static void
a_failing_step_is_told_and_leaves_old_or_new(void **state)
{
	struct world *w = *state;
	struct test_publisher *q = test_publisher_new();
	struct ward_trust *next = grown(q, 9);
	unsigned failed = 0;
	enum ward_rc rc = WARD_E_IO;

	for (unsigned at = 1; rc != WARD_OK; at++) {
		assert_true(at < 100);
		fail_at = 0;
		assert_int_equal(ward_trust_write(w->t, w->path), WARD_OK);
		step = 0;
		fail_at = at;
		rc = ward_trust_write(next, w->path);
		fail_at = 0;
		failed += rc != WARD_OK;
		assert_true(records_stored(w) == 9 || rc != WARD_OK);
	}
	assert_true(failed >= 3); /* writing, syncing, renaming */
	sweep(w);
	ward_trust_free(next);
	test_publisher_free(q);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_believed_comes_back),
		T(damage_is_seen),
		T(the_shipped_root_recovers),
		T(dying_at_any_step_leaves_old_or_new),
		T(a_failing_step_is_told_and_leaves_old_or_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

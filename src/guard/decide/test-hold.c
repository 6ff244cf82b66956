/* SPDX-License-Identifier: Apache-2.0 */
/* Answers go to a pipe in the place of the kernel's group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "guard/decide/hold.h"

static int pipe_ends[2];

static int
open_pipe(void **state)
{
	(void)state;
	return pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK);
}

static int
close_pipe(void **state)
{
	(void)state;
	return close(pipe_ends[0]) + close(pipe_ends[1]);
}

/* The next answer: the descriptor, negative when denied; 0: none. */
static int
answered(void)
{
	struct fanotify_response r;

	if (read(pipe_ends[0], &r, sizeof(r)) != sizeof(r))
		return 0;
	return r.response == FAN_ALLOW ? r.fd : -r.fd;
}

static void
test_one_answer_each(void **state)
{
	struct ward_holds *h = ward_holds_new(4);
	uint32_t slot;

	(void)state;
	assert_true(ward_holds_add(h, pipe_ends[1], 100, false, 50, &slot));
	assert_int_equal(ward_holds_fd(h, slot), 100);
	assert_int_equal(ward_holds_count(h), 1);
	assert_true(ward_holds_answer(h, slot, false));
	assert_false(ward_holds_answer(h, slot, true));
	assert_int_equal(ward_holds_expire(h, 1000), UINT64_MAX);
	assert_int_equal(answered(), -100);
	assert_int_equal(answered(), 0);
	ward_holds_release(h, slot, false);
	assert_int_equal(ward_holds_count(h), 0);
	(void)ward_holds_free(h);
}

static void
test_what_is_due_gets_the_fail_mode(void **state)
{
	struct ward_holds *h = ward_holds_new(4);
	uint32_t open, exec, later;

	(void)state;
	ward_holds_set(h, 1000, true, false);
	assert_int_equal(ward_holds_wait(h), 1000);
	assert_true(ward_holds_add(h, pipe_ends[1], 100, false, 50, &open));
	assert_true(ward_holds_add(h, pipe_ends[1], 101, true, 50, &exec));
	assert_true(ward_holds_add(h, pipe_ends[1], 102, false, 80, &later));
	assert_int_equal(ward_holds_expire(h, 49), 50);
	assert_int_equal(answered(), 0);
	assert_int_equal(ward_holds_expire(h, 50), 80);
	assert_int_equal(answered(), 100);
	assert_int_equal(answered(), -101);
	assert_int_equal(ward_holds_expired(h), 2);
	/* Who decides now is told that it is too late; its place is its own until it gives it back. */
	assert_false(ward_holds_answer(h, open, false));
	assert_int_equal(ward_holds_count(h), 3);
	ward_holds_release(h, open, false);
	assert_true(ward_holds_answer(h, later, true));
	assert_int_equal(answered(), 102);
	assert_int_equal(answered(), 0);
	(void)ward_holds_free(h);
}

static void
test_places_have_an_end(void **state)
{
	struct ward_holds *h = ward_holds_new(2);
	uint32_t a, b, c = 77;

	(void)state;
	assert_true(ward_holds_add(h, pipe_ends[1], 100, false, 50, &a));
	assert_true(ward_holds_add(h, pipe_ends[1], 101, false, 50, &b));
	assert_false(ward_holds_add(h, pipe_ends[1], 102, false, 50, &c));
	assert_int_equal(c, 77);
	assert_true(ward_holds_answer(h, b, true));
	ward_holds_release(h, b, false);
	assert_true(ward_holds_add(h, pipe_ends[1], 102, false, 50, &c));
	assert_int_equal(c, b);
	assert_int_equal(answered(), 101);
	(void)ward_holds_free(h);
}

static void
test_holding_again_has_an_end(void **state)
{
	struct ward_holds *h = ward_holds_new(2);
	uint32_t slot;

	(void)state;
	assert_true(ward_holds_add(h, pipe_ends[1], 100, false, 50, &slot));
	ward_holds_extend(h, slot, 90, 100);
	assert_int_equal(ward_holds_expire(h, 60), 90);
	ward_holds_extend(h, slot, 80, 100); /* never shorter */
	assert_int_equal(ward_holds_expire(h, 60), 90);
	ward_holds_extend(h, slot, 500, 100);
	assert_int_equal(ward_holds_expire(h, 60), 150);
	assert_int_equal(ward_holds_expire(h, 150), UINT64_MAX);
	assert_int_equal(answered(), 100);
	ward_holds_release(h, slot, false);
	(void)ward_holds_free(h);
}

/* --- a decider and a watchdog, as fast as they can --- */

enum { ROUNDS = 200000 };
static _Atomic bool done;

static void *
expire_always(void *h)
{
	while (!atomic_load(&done))
		(void)ward_holds_expire(h, UINT64_MAX - 1);
	return NULL;
}

static void
test_two_threads_never_answer_twice(void **state)
{
	struct ward_holds *h = ward_holds_new(8);
	uint64_t by_us = 0, seen = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, expire_always, h), 0);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t slot;

		assert_true(ward_holds_add(h, pipe_ends[1], 1000 + i, false, 2, &slot));
		by_us += ward_holds_answer(h, slot, true);
		/* When the place is free, its answer is out. */
		ward_holds_release(h, slot, false);
		assert_int_equal(answered(), 1000 + i);
		seen++;
	}
	atomic_store(&done, true);
	(void)pthread_join(thread, NULL);
	assert_int_equal(answered(), 0);
	assert_int_equal(by_us + ward_holds_expired(h), ROUNDS);
	assert_int_equal(seen, ROUNDS);
	(void)ward_holds_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_answer_each, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(test_what_is_due_gets_the_fail_mode, open_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(test_places_have_an_end, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(test_holding_again_has_an_end, open_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(test_two_threads_never_answer_twice, open_pipe,
						close_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

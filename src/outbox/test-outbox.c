/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/outbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sys/fd.h"

static char base[64], path[96], service[96];

static int
make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-outbox-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/outbox.db", base);
	(void)snprintf(service, sizeof(service), "%s/service", base);
	return 0;
}

static void
remove_files(void)
{
	static const char *const names[] = {"", "-wal", "-shm", ".damaged", ".damaged-wal"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
		(void)unlink(name);
	}
	(void)unlink(service);
}

static int
remove_base(void **state)
{
	(void)state;
	remove_files();
	return rmdir(base);
}

static struct ward_outbox *
open_outbox(uint64_t rows, uint64_t bytes)
{
	struct ward_outbox_options options = {path, rows, bytes};
	struct ward_outbox *o = NULL;
	bool aside = true;

	assert_int_equal(ward_outbox_open(&options, &o, &aside), WARD_OK);
	assert_false(aside);
	return o;
}

static struct ward_outbox_event
event(uint32_t number, enum ward_outbox_worth worth)
{
	struct ward_outbox_event e = {.worth = worth, .body = ward_span_str("0123456789")};

	memcpy(e.id, &number, sizeof(number));
	return e;
}

static enum ward_rc
put(struct ward_outbox *o, uint32_t number, enum ward_outbox_worth worth)
{
	struct ward_outbox_event e = event(number, worth);

	return ward_outbox_put(o, &e, 1);
}

struct taken {
	uint32_t numbers[64];
	uint8_t ids[64][WARD_OUTBOX_ID];
	size_t count;
};

static enum ward_rc
take(void *ctx, const struct ward_outbox_event *e)
{
	struct taken *t = ctx;

	assert_true(t->count < 64);
	assert_int_equal(e->body.len, 10);
	assert_true(e->since_ms > 0);
	memcpy(&t->numbers[t->count], e->id, 4);
	memcpy(t->ids[t->count], e->id, WARD_OUTBOX_ID);
	t->count++;
	return WARD_OK;
}

static struct ward_outbox_totals
totals(struct ward_outbox *o)
{
	struct ward_outbox_totals t = {0};

	assert_int_equal(ward_outbox_totals(o, &t), WARD_OK);
	return t;
}

static void
test_order_and_acknowledgement(void **state)
{
	struct ward_outbox *o = open_outbox(0, 0);
	struct taken t = {0};

	(void)state;
	assert_int_equal(put(o, 1, WARD_OUTBOX_LOW), WARD_OK);
	assert_int_equal(put(o, 2, WARD_OUTBOX_HIGH), WARD_OK);
	assert_int_equal(put(o, 3, WARD_OUTBOX_NORMAL), WARD_OK);
	assert_int_equal(put(o, 4, WARD_OUTBOX_HIGH), WARD_OK);
	assert_int_equal(put(o, 2, WARD_OUTBOX_HIGH), WARD_OK); /* the same one */
	assert_int_equal(totals(o).rows, 4);
	assert_int_equal(totals(o).bytes, 40);
	assert_int_equal(ward_outbox_peek(o, 3, 1000, take, &t), WARD_OK);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.numbers[0], 2);
	assert_int_equal(t.numbers[1], 4);
	assert_int_equal(t.numbers[2], 3);
	assert_int_equal(ward_outbox_acknowledge(o, t.ids, 2), WARD_OK);
	assert_int_equal(ward_outbox_acknowledge(o, t.ids, 2), WARD_OK);
	assert_int_equal(totals(o).rows, 2);
	/* Bytes bound a batch, but one always comes. */
	t.count = 0;
	assert_int_equal(ward_outbox_peek(o, 10, 1, take, &t), WARD_OK);
	assert_int_equal(t.count, 1);
	ward_outbox_freep(&o);
	o = open_outbox(0, 0);
	assert_int_equal(totals(o).rows, 2);
	assert_int_equal(totals(o).dropped, 0);
	ward_outbox_freep(&o);
	remove_files();
}

static void
test_the_least_worth_goes_first(void **state)
{
	struct ward_outbox *o = open_outbox(3, 0);
	struct taken t = {0};

	(void)state;
	assert_int_equal(put(o, 1, WARD_OUTBOX_NORMAL), WARD_OK);
	assert_int_equal(put(o, 2, WARD_OUTBOX_LOW), WARD_OK);
	assert_int_equal(put(o, 3, WARD_OUTBOX_LOW), WARD_OK);
	assert_int_equal(put(o, 4, WARD_OUTBOX_LOW), WARD_OK);	/* pushes 2 out */
	assert_int_equal(put(o, 5, WARD_OUTBOX_HIGH), WARD_OK); /* 3 */
	assert_int_equal(put(o, 6, WARD_OUTBOX_HIGH), WARD_OK); /* 4 */
	assert_int_equal(put(o, 7, WARD_OUTBOX_LOW), WARD_E_LIMIT);
	assert_int_equal(totals(o).dropped, 4);
	assert_int_equal(ward_outbox_peek(o, 10, 1000, take, &t), WARD_OK);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.numbers[0], 5);
	assert_int_equal(t.numbers[1], 6);
	assert_int_equal(t.numbers[2], 1);
	ward_outbox_freep(&o);
	remove_files();
	o = open_outbox(0, 25);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(put(o, i, WARD_OUTBOX_NORMAL), WARD_OK);
	assert_int_equal(totals(o).rows, 2);
	assert_int_equal(totals(o).bytes, 20);
	ward_outbox_freep(&o);
	remove_files();
}

static void
test_all_or_none(void **state)
{
	struct ward_outbox *o = open_outbox(0, 0);
	struct ward_outbox_event events[2] = {event(1, WARD_OUTBOX_HIGH),
					      event(2, WARD_OUTBOX_HIGH)};

	(void)state;
	events[1].body = ward_span_of(NULL, 0);
	assert_int_equal(ward_outbox_put(o, events, 2), WARD_E_LIMIT);
	assert_int_equal(totals(o).rows, 0);
	assert_int_equal(totals(o).dropped, 2);
	ward_outbox_freep(&o);
	remove_files();
}

/* --- under kill -9 --- */

/* Puts numbers from `from` on, and says so after each; killed at some moment. */
static uint32_t
put_until_killed(uint32_t from, unsigned usec)
{
	uint32_t accepted = from, number;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct ward_outbox *o = open_outbox(0, 0);

		for (uint32_t i = from;; i++) {
			if (put(o, i, (enum ward_outbox_worth)(i % 3)) != WARD_OK)
				_exit(1);
			(void)!write(ends[1], &i, 4);
		}
	}
	close(ends[1]);
	if (read(ends[0], &number, 4) == 4)
		accepted = number + 1;
	usleep(usec);
	kill(child, SIGKILL);
	while (read(ends[0], &number, 4) == 4)
		accepted = number + 1;
	waitpid(child, NULL, 0);
	close(ends[0]);
	return accepted;
}

/* Sends to a file that stands for the service (what was written to it is there whoever is killed),
 * and acknowledges, until it is killed or all is sent. */
static bool
deliver_until_killed(unsigned usec)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct ward_outbox *o = open_outbox(0, 0);
		int fd = open(service, O_WRONLY | O_CREAT | O_APPEND, 0600);
		struct taken t = {0};

		do {
			t.count = 0;
			if (ward_outbox_peek(o, 7, 1000, take, &t) != WARD_OK)
				_exit(1);
			(void)!write(fd, t.numbers, t.count * 4);
			if (ward_outbox_acknowledge(o, t.ids, t.count) != WARD_OK)
				_exit(1);
		} while (t.count > 0);
		_exit(0);
	}
	usleep(usec);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFEXITED(status);
}

static void
test_exactly_once_in_effect(void **state)
{
	uint32_t accepted = 0, all;
	struct ward_buf arrived;
	uint8_t *seen;
	int fd = -1;

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		accepted = put_until_killed(accepted, round * 137 % 4000);
		(void)deliver_until_killed(2000 + round * 211 % 6000);
	}
	while (!deliver_until_killed(500000))
		;
	fd = open(service, O_RDONLY);
	ward_buf_init(&arrived, 1 << 24, NULL);
	assert_int_equal(ward_fd_read_all(fd, &arrived), WARD_OK);
	close(fd);
	/* Every accepted one arrived; each counts once by its id, however often it came. */
	all = accepted + 64;
	seen = calloc(all, 1);
	for (size_t at = 0; at + 4 <= arrived.len; at += 4) {
		uint32_t number;

		memcpy(&number, arrived.data + at, 4);
		assert_true(number < all);
		seen[number] = 1;
	}
	assert_true(accepted >= 30);
	for (uint32_t i = 0; i < accepted; i++)
		assert_int_equal(seen[i], 1);
	free(seen);
	ward_buf_done(&arrived);
	remove_files();
}

static void
test_damage_does_not_stop_it(void **state)
{
	struct ward_outbox_options options = {path, 0, 0};
	struct ward_outbox *o = open_outbox(0, 0);
	bool aside = false;
	int fd;

	(void)state;
	assert_int_equal(put(o, 1, WARD_OUTBOX_HIGH), WARD_OK);
	ward_outbox_freep(&o);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "this is no database any more", 28, 0), 28);
	close(fd);
	assert_int_equal(ward_outbox_open(&options, &o, &aside), WARD_OK);
	assert_true(aside);
	assert_int_equal(totals(o).rows, 0);
	assert_int_equal(put(o, 1, WARD_OUTBOX_HIGH), WARD_OK);
	ward_outbox_freep(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_acknowledgement),
		cmocka_unit_test(test_the_least_worth_goes_first),
		cmocka_unit_test(test_all_or_none),
		cmocka_unit_test(test_exactly_once_in_effect),
		cmocka_unit_test(test_damage_does_not_stop_it),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}

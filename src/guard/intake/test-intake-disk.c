/* SPDX-License-Identifier: Apache-2.0 */
/* What was taken stays: restarts, disks that are full, crashes at each step, damage. */
#include "guard/intake/testing.h"

/* --- the disk --- */

static void
test_a_restart_keeps_all(void **state)
{
	struct ward_trust_record r = test_record(1);

	(void)state;
	publish(3);
	r.of.file = digest(4);
	r.expiry.kind = WARD_EXPIRY_DURATION;
	r.expiry.value = 1000;
	publish_one(r);
	serve();
	online = false;
	reopen();
	ward_intake_turn(intake);
	assert_int_equal(state_of().last_number, 4);
	assert_int_equal(says(3), WARD_OVERLAY_BLOCKS);
	assert_int_equal(says(4), WARD_OVERLAY_BLOCKS);
	/* Since it was taken, not since the start. */
	now_ms += 1000;
	assert_int_equal(says(4), WARD_OVERLAY_NOTHING);
	assert_int_equal(says(3), WARD_OVERLAY_BLOCKS);
	assert_false(state_of().silent);
	online = true;
	publish(1);
	push(4, 5);
	assert_int_equal(says(5), WARD_OVERLAY_BLOCKS);
}

struct listed {
	uint64_t numbers[8];
	size_t count;
};

static void
list(void *ctx, const struct ward_trust_record *record, uint64_t taken_ms, bool mine)
{
	struct listed *l = ctx;

	assert_true(mine);
	assert_int_equal(taken_ms, TEST_NOW_MS);
	assert_string_equal(record->author, "tier 2");
	l->numbers[l->count++] = record->number;
}

static void
test_records_are_listed(void **state)
{
	struct listed l = {.count = 0};

	(void)state;
	publish(5);
	serve();
	assert_int_equal(ward_intake_records(intake, 3, list, &l), WARD_OK);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.numbers[0], 5);
	assert_int_equal(l.numbers[2], 3);
	reopen();
	l.count = 0;
	assert_int_equal(ward_intake_records(intake, 100, list, &l), WARD_OK);
	assert_int_equal(l.count, 5);
	assert_int_equal(l.numbers[4], 1);
}

/* What the disk refuses is in force all the same, and comes again after a restart. */
static void
test_a_full_disk(void **state)
{
	(void)state;
	publish(2);
	serve();
	publish(1);
	fail_from = step + 1;
	push(2, 3);
	assert_int_equal(says(3), WARD_OVERLAY_BLOCKS);
	assert_true(told("records-unsaved"));
	assert_true(state_of().unsaved);
	intake = ward_intake_free(intake);
	fail_from = 0;
	reopen();
	online = false;
	ward_intake_turn(intake);
	assert_int_equal(state_of().last_number, 2);
	online = true;
	ward_intake_online(intake);
	serve();
	assert_int_equal(says(3), WARD_OVERLAY_BLOCKS);
}

static void
test_a_full_disk_for_a_while(void **state)
{
	(void)state;
	publish(1);
	serve();
	publish(1);
	fail_from = step + 1;
	push(1, 2);
	assert_true(state_of().unsaved);
	fail_from = 0;
	publish(1);
	push(2, 3);
	assert_false(state_of().unsaved);
	online = false;
	reopen();
	ward_intake_turn(intake);
	assert_int_equal(state_of().last_number, 3);
	assert_int_equal(says(2), WARD_OVERLAY_BLOCKS);
}

/* All that there is, in force, and nothing else, whatever step it died at. */
static void
after_crash(void)
{
	uint64_t last;

	online = false;
	reopen();
	ward_intake_turn(intake);
	last = state_of().last_number;
	assert_true(last == 0 || last == 2 || last == 5);
	for (uint64_t n = 1; n <= 5; n++)
		assert_int_equal(says(n), n <= last ? WARD_OVERLAY_BLOCKS : WARD_OVERLAY_NOTHING);
	assert_false(told("records-damaged"));
	online = true;
	ward_intake_online(intake);
	serve();
	assert_int_equal(state_of().last_number, 5);
	assert_int_equal(says(5), WARD_OVERLAY_BLOCKS);
}

static void
test_dies_at_each_step(void **state)
{
	unsigned died = 0;
	int how = 0;

	for (unsigned at = 1; at < 100; at++) {
		pid_t child;

		publish(2);
		serve();
		publish(3);
		child = fork();
		if (child == 0) {
			step = 0;
			die_at = at;
			push(2, 5);
			_exit(0);
		}
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &how, 0), child);
		if (WEXITSTATUS(how) == 0)
			break;
		assert_int_equal(WEXITSTATUS(how), 9);
		died++;
		after_crash();
		(void)teardown(state);
		(void)setup(state);
	}
	/* records: written, synced; the state: written, synced, renamed, its directory synced */
	assert_in_range(died, 5, 20);
	assert_int_equal(WEXITSTATUS(how), 0);
}

static void
damage(const char *name, off_t at)
{
	char path[160];
	uint8_t byte;
	int fd;

	path_of(store, name, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static void
recovers(const char *word)
{
	online = false;
	reopen();
	assert_true(told(word));
	ward_intake_turn(intake);
	assert_int_equal(state_of().last_number, 0);
	online = true;
	ward_intake_online(intake);
	serve();
	assert_int_equal(state_of().last_number, 4);
	assert_int_equal(state_of().overlay.blocks, 4);
	event_count = 0;
	reopen();
	assert_int_equal(event_count, 0);
	assert_int_equal(says(4), WARD_OVERLAY_BLOCKS);
}

static void
test_damage(void **state)
{
	(void)state;
	publish(4);
	serve();
	damage("records", 0); /* no file of ours */
	recovers("records-damaged");
	damage("records", 12); /* a check sum */
	recovers("records-damaged");
	damage("records", 200); /* somewhere */
	recovers("records-damaged");
	damage("state", 40);
	recovers("state-damaged");
	drop(store, "records");
	recovers("records-damaged");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_restart_keeps_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_disk_for_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dies_at_each_step, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

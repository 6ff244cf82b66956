/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/serve/mode.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

static char dir[64], keys[128];
static struct ward_policy policy;

/* The guard met the enrolment `seconds` after 1970. */
static void
enrolled(long seconds, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
	int fd = open(keys, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

static void
test_the_first_day_only_reports(void **state)
{
	uint64_t until = 7, start = 1000000 * 1000;

	(void)state;
	policy = *ward_policy_default();
	/* nobody asked for it */
	enrolled(1000000, "key");
	assert_int_equal(ward_mode_now(&policy, dir, start, &until), WARD_POLICY_MODE_BLOCK);
	assert_int_equal(until, 0);
	policy.realtime.audit_first = DAY_MS;
	assert_int_equal(ward_mode_now(&policy, dir, start, &until), WARD_POLICY_MODE_AUDIT);
	assert_true(until == start + DAY_MS);
	assert_int_equal(ward_mode_now(&policy, dir, start + DAY_MS - 1, &until),
			 WARD_POLICY_MODE_AUDIT);
	assert_int_equal(ward_mode_now(&policy, dir, start + DAY_MS, &until),
			 WARD_POLICY_MODE_BLOCK);
	assert_int_equal(until, 0);
	/* a clock that was set back does not begin it anew */
	assert_int_equal(ward_mode_now(&policy, dir, start - 1, &until), WARD_POLICY_MODE_BLOCK);
	/* it weakens nothing but block */
	policy.realtime.mode = WARD_POLICY_MODE_PASSIVE;
	assert_int_equal(ward_mode_now(&policy, dir, start, &until), WARD_POLICY_MODE_PASSIVE);
	policy.realtime.mode = WARD_POLICY_MODE_BLOCK;
	/* not enrolled, or no longer */
	enrolled(1000000, "");
	assert_int_equal(ward_mode_now(&policy, dir, start, &until), WARD_POLICY_MODE_BLOCK);
	assert_int_equal(unlink(keys), 0);
	assert_int_equal(ward_mode_now(&policy, dir, start, &until), WARD_POLICY_MODE_BLOCK);
}

static void
test_which_modes_look(void **state)
{
	(void)state;
	assert_true(ward_mode_in_real_time(WARD_POLICY_MODE_BLOCK));
	assert_true(ward_mode_in_real_time(WARD_POLICY_MODE_AUDIT));
	assert_false(ward_mode_in_real_time(WARD_POLICY_MODE_ON_DEMAND));
	assert_false(ward_mode_in_real_time(WARD_POLICY_MODE_PASSIVE));
}

static int
make_directory(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ward-test-mode-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(keys, sizeof(keys), "%s/keys", dir);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	(void)unlink(keys);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_day_only_reports),
		cmocka_unit_test(test_which_modes_look),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

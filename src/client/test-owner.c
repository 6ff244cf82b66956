/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the state directory is, as root and not. */
#include "client/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64], dir[80];

static const char *
in_dir(const char *name)
{
	static char paths[2][128];
	static unsigned next;
	char *path = paths[next++ % 2];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void
put(const char *name)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str("{}")), WARD_OK);
	ward_fd_close(&fd);
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-state-XXXXXX");
	if (!mkdtemp(base) || chmod(base, 0711) != 0)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/state", base);
	return mkdir(dir, 0700);
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"enrolment.json", "device.pem", "lock", "other",
					    "contact.json"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(in_dir(names[i]));
	return rmdir(dir) == 0 && rmdir(base) == 0 ? 0 : -1;
}

static uint32_t
owner_of(const char *path)
{
	struct ward_fd_stat st;

	assert_int_equal(ward_fd_stat_at(-1, path, false, &st), WARD_OK);
	return st.uid;
}

static void
test_root_hands_it_over_and_goes_on_as_its_owner(void **state)
{
	struct ward_state s;
	uint32_t uid = 0, gid = 0, wanted_uid, wanted_gid;

	(void)state;
	if (geteuid() != 0)
		skip();
	put("enrolment.json");
	put("device.pem");
	ward_state_owner(&wanted_uid, &wanted_gid);
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_OK);
	assert_int_equal(uid, wanted_uid);
	assert_int_equal(gid, wanted_gid);
	assert_int_not_equal(uid, 0);
	assert_int_equal(owner_of(dir), uid);
	assert_int_equal(owner_of(in_dir("device.pem")), uid);
	/* again: it is his already */
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_OK);
	assert_int_equal(uid, wanted_uid);
	/* what root writes now is his too, and root is root afterwards */
	ward_state_init(&s);
	(void)snprintf(s.server, sizeof(s.server), "localhost:1");
	assert_int_equal(ward_buf_str(&s.ca, "x"), WARD_OK);
	assert_int_equal(ward_buf_str(&s.identity, "y"), WARD_OK);
	assert_int_equal(ward_state_save(dir, &s), WARD_OK);
	assert_int_equal(owner_of(in_dir("enrolment.json")), uid);
	assert_int_equal(access("/etc/shadow", R_OK), 0);
	assert_int_equal(ward_state_clear(dir), WARD_OK);
	ward_state_done(&s);
}

static void
test_a_directory_with_something_else_in_it_is_not_given_away(void **state)
{
	uint32_t uid = 7, gid = 7;

	(void)state;
	if (geteuid() != 0)
		skip();
	put("other");
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_E_PERM);
	assert_int_equal(uid, 7);
	assert_int_equal(owner_of(dir), 0);
	assert_int_equal(unlink(in_dir("other")), 0);
	assert_int_equal(symlink("/etc/hostname", in_dir("device.pem")), 0);
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_E_PERM);
	assert_int_equal(unlink(in_dir("device.pem")), 0);
	put("lock");
	assert_int_equal(link(in_dir("lock"), in_dir("contact.json")), 0);
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_E_PERM);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(unlink(in_dir("contact.json")), 0);
	assert_int_equal(ward_state_hand_over(dir, &uid, &gid), WARD_E_PERM);
}

static void
test_a_directory_of_others_proves_nothing(void **state)
{
	struct ward_state s;
	const char *why = NULL;

	(void)state;
	assert_int_equal(ward_state_load(dir, &s, &why), WARD_E_NOENT);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(ward_state_load(dir, &s, &why), WARD_E_FORMAT);
	assert_non_null(why);
	assert_int_equal(chmod(dir, 0700), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root_hands_it_over_and_goes_on_as_its_owner,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_directory_with_something_else_in_it_is_not_given_away, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_a_directory_of_others_proves_nothing, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/settings.h"
#include "policy/value.h"

static void
actions_follow_the_verdict(void **state)
{
	struct ward_policy p = *ward_policy_default();

	(void)state;
	assert_int_equal(ward_policy_action(&p, WARD_CLEAN, WARD_REASON_NONE, false, false),
			 WARD_POLICY_ACTION_ALLOW);
	assert_int_equal(ward_policy_action(&p, WARD_UNKNOWN, WARD_REASON_NONE, false, true),
			 WARD_POLICY_ACTION_ALLOW);
	assert_int_equal(ward_policy_action(&p, WARD_MALICIOUS, WARD_REASON_NONE, false, false),
			 WARD_POLICY_ACTION_QUARANTINE);
	assert_int_equal(ward_policy_action(&p, WARD_MALICIOUS, WARD_REASON_NONE, true, false),
			 WARD_POLICY_ACTION_AUDIT);
	assert_int_equal(ward_policy_action(&p, WARD_SUSPICIOUS, WARD_REASON_NONE, false, false),
			 WARD_POLICY_ACTION_AUDIT);
	assert_int_equal(ward_policy_action(&p, WARD_SUSPICIOUS, WARD_REASON_NONE, false, true),
			 WARD_POLICY_ACTION_BLOCK);
	p.actions.suspicious = WARD_POLICY_ACTION_KILL; /* what the cloud says does not weaken it */
	assert_int_equal(ward_policy_action(&p, WARD_SUSPICIOUS, WARD_REASON_NONE, false, true),
			 WARD_POLICY_ACTION_KILL);
}

static void
what_was_not_scanned_has_an_action_by_reason(void **state)
{
	struct ward_policy p = *ward_policy_default();

	(void)state;
	p.actions.encrypted = WARD_POLICY_ACTION_BLOCK;
	p.actions.bomb = WARD_POLICY_ACTION_QUARANTINE;
	p.actions.unsupported = WARD_POLICY_ACTION_KILL;
	p.actions.size = WARD_POLICY_ACTION_ALLOW;
	p.actions.failed = WARD_POLICY_ACTION_AUDIT;
	for (int reason = WARD_REASON_NONE; reason < WARD_REASON_COUNT; reason++) {
		enum ward_policy_action want = WARD_POLICY_ACTION_AUDIT;

		if (reason == WARD_REASON_ENCRYPTED)
			want = WARD_POLICY_ACTION_BLOCK;
		else if (reason >= WARD_REASON_BYTES && reason <= WARD_REASON_RATIO)
			want = WARD_POLICY_ACTION_QUARANTINE;
		else if (reason == WARD_REASON_UNSUPPORTED || reason == WARD_REASON_CORRUPT)
			want = WARD_POLICY_ACTION_KILL;
		else if (reason == WARD_REASON_SIZE)
			want = WARD_POLICY_ACTION_ALLOW;
		assert_int_equal(ward_policy_action(&p, WARD_NOT_SCANNED, (enum ward_reason)reason,
						    false, false),
				 want);
	}
}

static void
fail_modes_add_up(void **state)
{
	struct ward_policy p = *ward_policy_default();

	(void)state;
	assert_int_equal(ward_policy_fail(&p, true, true), WARD_POLICY_FAIL_OPEN);
	p.fail.network = WARD_POLICY_FAIL_CLOSED;
	assert_int_equal(ward_policy_fail(&p, true, false), WARD_POLICY_FAIL_OPEN);
	assert_int_equal(ward_policy_fail(&p, false, true), WARD_POLICY_FAIL_CLOSED);
	p.fail.network = WARD_POLICY_FAIL_OPEN;
	p.fail.exec = WARD_POLICY_FAIL_CLOSED;
	assert_int_equal(ward_policy_fail(&p, true, true), WARD_POLICY_FAIL_CLOSED);
	assert_int_equal(ward_policy_fail(&p, false, true), WARD_POLICY_FAIL_OPEN);
}

static void
file_systems_are_chosen_by_type(void **state)
{
	static const char *const all[] = {"local", "network", "fuse", "proc"}, *const ext4[] = {
										       "ext4"};
	struct ward_policy p = *ward_policy_default();

	(void)state;
	assert_true(ward_policy_watches(&p, "ext4"));
	assert_true(ward_policy_watches(&p, "btrfs"));
	assert_true(ward_policy_watches(&p, "tmpfs"));
	assert_true(ward_policy_watches(&p, "overlay"));
	assert_false(ward_policy_watches(&p, "nfs4"));
	assert_false(ward_policy_watches(&p, "fuse.sshfs"));
	assert_false(ward_policy_watches(&p, "proc"));
	assert_false(ward_policy_watches(&p, "cgroup2"));
	assert_false(ward_policy_watches(&p, "ramfs"));
	p.realtime.filesystems = (struct ward_policy_list){all, 4};
	p.realtime.filesystems_excluded = (struct ward_policy_list){ext4, 1};
	assert_false(ward_policy_watches(&p, "ext4"));
	assert_true(ward_policy_watches(&p, "xfs"));
	assert_true(ward_policy_watches(&p, "nfs4"));
	assert_true(ward_policy_watches(&p, "fuse.sshfs"));
	assert_true(ward_policy_watches(&p, "fuseblk"));
	assert_false(ward_policy_watches(&p, "tmpfs"));
	assert_false(ward_policy_watches(&p, "proc")); /* whatever is said */
}

static void
scans_enter_what_holds_files(void **state)
{
	struct ward_policy p = *ward_policy_default();

	(void)state;
	assert_true(ward_policy_enters(&p, "ext4"));
	assert_true(ward_policy_enters(&p, "a-new-one"));
	assert_true(ward_policy_enters(&p, "fuseblk"));
	assert_false(ward_policy_enters(&p, "nfs4"));
	assert_false(ward_policy_enters(&p, "fuse.sshfs"));
	assert_false(ward_policy_enters(&p, "proc"));
	p.scan.network_filesystems = true;
	assert_true(ward_policy_enters(&p, "nfs4"));
	assert_true(ward_policy_enters(&p, "fuse.sshfs"));
	assert_false(ward_policy_enters(&p, "proc"));
}

static bool
stronger(const char *path, const struct ward_policy *a, const struct ward_policy *b)
{
	const struct ward_setting *s = ward_setting_find(path);

	assert_non_null(s);
	return ward_setting_as_strong(s, a, b) && !ward_setting_as_strong(s, b, a);
}

static void
strength_has_a_direction(void **state)
{
	static const char *const two[] = {"ext4", "xfs"}, *const one[] = {"ext4"},
				 *const other[] = {"jfs"};
	struct ward_policy a = *ward_policy_default(), b = a;
	const struct ward_setting *list = ward_setting_find("realtime.filesystems");

	(void)state;
	b.cloud.enabled = false;
	b.realtime.trust_packages = false;
	b.cloud.level = WARD_POLICY_LEVEL_MODERATE; /* after normal in the list, and weaker */
	b.cloud.hold = 5000;
	b.hold.origin = 1u << WARD_POLICY_ORIGIN_NETWORK;
	assert_true(stronger("cloud.enabled", &a, &b));
	assert_true(stronger("realtime.trust_packages", &b, &a));
	assert_true(stronger("cloud.level", &a, &b));
	assert_true(stronger("cloud.hold", &a, &b));
	assert_true(stronger("hold.origin", &a, &b));
	a.realtime.filesystems = (struct ward_policy_list){two, 2};
	b.realtime.filesystems = (struct ward_policy_list){one, 1};
	assert_true(stronger("realtime.filesystems", &a, &b));
	b.realtime.filesystems = (struct ward_policy_list){other, 1};
	assert_false(ward_setting_as_strong(list, &a, &b));
	assert_false(ward_setting_as_strong(list, &b, &a));
	a.cloud.samples = WARD_POLICY_SAMPLES_ALL; /* consent has no order: neither way */
	assert_false(ward_setting_as_strong(ward_setting_find("cloud.samples"), &a, &b));
	assert_false(ward_setting_as_strong(ward_setting_find("cloud.samples"), &b, &a));
}

static void
the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < ward_setting_count; i++) {
		const struct ward_setting *s = &ward_settings[i];
		const uint64_t *number = ward_setting_at(s, ward_policy_default());

		assert_ptr_equal(ward_setting_find(s->path), s);
		assert_true(strlen(s->help) > 10);
		assert_true(s->offset < sizeof(struct ward_policy));
		if (s->kind == WARD_SETTING_NUMBER || s->kind == WARD_SETTING_SIZE ||
		    s->kind == WARD_SETTING_TIME || s->kind == WARD_SETTING_CLOCK)
			assert_in_range(*number, s->low, s->high);
		for (size_t j = 0; j < s->word_count; j++)
			for (size_t k = 0; k < j; k++)
				assert_string_not_equal(s->words[j].word, s->words[k].word);
	}
}

static void
sizes_and_times_have_units(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(ward_value_size(ward_span_str("64M"), &n) && n == 64u << 20);
	assert_true(ward_value_size(ward_span_str("12"), &n) && n == 12);
	assert_true(ward_value_time(ward_span_str("90d"), &n) && n == UINT64_C(7776000000));
	assert_true(ward_value_time(ward_span_str("5ms"), &n) && n == 5);
	assert_true(ward_value_time(ward_span_str("0"), &n) && n == 0);
	assert_true(ward_value_clock(ward_span_str("00:00"), &n) && n == 0);
	n = 7;
	assert_false(ward_value_time(ward_span_str("10"), &n));
	assert_false(ward_value_time(ward_span_str("s"), &n));
	assert_false(ward_value_time(ward_span_str("-1s"), &n));
	assert_false(ward_value_time(ward_span_str("1 s"), &n));
	assert_false(ward_value_size(ward_span_str("99999999999999999999T"), &n));
	assert_false(ward_value_size(ward_span_str("18446744073709551615T"), &n));
	assert_false(ward_value_size(ward_span_str("1m"), &n));
	assert_false(ward_value_clock(ward_span_str("24:00"), &n));
	assert_false(ward_value_clock(ward_span_str("12:60"), &n));
	assert_false(ward_value_clock(ward_span_str("1:00"), &n));
	assert_int_equal(n, 7);
}

static void
texts_have_forms(void **state)
{
	static const struct {
		enum ward_setting_check check;
		const char *text;
		bool good;
	} cases[] = {
		{WARD_CHECK_SERVER, "a.example:7443", true},
		{WARD_CHECK_SERVER, "[::1]:1", true},
		{WARD_CHECK_SERVER, "a.example", false},
		{WARD_CHECK_SERVER, "a.example:0", false},
		{WARD_CHECK_SERVER, "a.example:65536", false},
		{WARD_CHECK_SERVER, "a b:1", false},
		{WARD_CHECK_SERVER, ":1", false},
		{WARD_CHECK_PROXY, "socks5h://h:1080", true},
		{WARD_CHECK_PROXY, "ftp://h:21", false},
		{WARD_CHECK_PROXY, "http://h:1/x", false},
		{WARD_CHECK_PATH, "/a/b", true},
		{WARD_CHECK_PATH, "/a/../b", false},
		{WARD_CHECK_PATH, "/a//b", false},
		{WARD_CHECK_PATH, "/a/", false},
		{WARD_CHECK_PATH, "a", false},
		{WARD_CHECK_SETTING, "cloud.*", true},
		{WARD_CHECK_SETTING, "cloud", false},
		{WARD_CHECK_SETTING, "local.*", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ward_value_check(cases[i].check, ward_span_str(cases[i].text)) ==
					 NULL,
				 cases[i].good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_follow_the_verdict),
		cmocka_unit_test(what_was_not_scanned_has_an_action_by_reason),
		cmocka_unit_test(fail_modes_add_up),
		cmocka_unit_test(file_systems_are_chosen_by_type),
		cmocka_unit_test(scans_enter_what_holds_files),
		cmocka_unit_test(strength_has_a_direction),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(sizes_and_times_have_units),
		cmocka_unit_test(texts_have_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/policy/held.h"
#include "guard/policy/organisation.h"
#include "policy/envelope.h"
#include "sys/fd.h"

static char base[64], local[128], enrolment[128], kept[128];
static struct ward_policy_places places;
static struct ward_buf why;
static uint8_t secret[WARD_SIGN_SECRET], public_key[WARD_SIGN_PUBLIC];

static void
put(const char *directory, const char *name, struct ward_span bytes)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(ward_fd_write_atomic(path, bytes, 0600), WARD_OK);
}

static void
put_envelope(uint64_t version, const char *document)
{
	struct ward_buf out;

	ward_buf_init(&out, WARD_ENVELOPE_MAX, NULL);
	assert_int_equal(ward_envelope_seal(secret, version, 1, ward_span_str(document), &out),
			 WARD_OK);
	put(enrolment, "policy.envelope", ward_buf_span(&out));
	ward_buf_done(&out);
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-policy-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	(void)snprintf(local, sizeof(local), "%s/policy.json", base);
	(void)snprintf(enrolment, sizeof(enrolment), "%s/enrolment", base);
	(void)snprintf(kept, sizeof(kept), "%s/kept", base);
	places = (struct ward_policy_places){local, enrolment, kept};
	ward_buf_init(&why, 4096, NULL);
	put(base, "policy.json", ward_span_str("{}"));
	return mkdir(enrolment, 0700) || ward_sign_secret_new(secret) ||
	       ward_sign_public(secret, public_key);
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"policy.json", "enrolment/policy.keys",
					    "enrolment/policy.envelope", "kept/keys",
					    "kept/envelope"};
	char path[256];

	(void)state;
	ward_buf_done(&why);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", base, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(enrolment);
	(void)rmdir(kept);
	return rmdir(base);
}

static enum ward_rc
take(void)
{
	uint64_t version = 0;

	ward_buf_clear(&why);
	return ward_organisation_take(&places, &why, &version);
}

static void
enrol(void)
{
	put(enrolment, "policy.keys", ward_span_of(public_key, sizeof(public_key)));
}

/* What the setting is, by both documents. */
static struct ward_policy_effective *
read_both(void)
{
	struct ward_policy_effective *e = NULL;

	ward_buf_clear(&why);
	assert_int_equal(ward_policy_source_read(&places, &why, &e), WARD_OK);
	return e;
}

static enum ward_policy_level
level(void)
{
	struct ward_policy_effective *e = read_both();
	enum ward_policy_level l = e->policy.cloud.level;

	(void)ward_policy_effective_free(e);
	return l;
}

/* --- the machine's own --- */

static void
test_no_file_is_the_defaults(void **state)
{
	struct ward_policy_effective *e;

	(void)state;
	assert_int_equal(take(), WARD_OK);
	e = read_both();
	assert_true(e->policy.cloud.enabled);
	assert_null(e->organisation);
	(void)ward_policy_effective_free(e);
	/* One that was named must be there; the standard one need not. */
	assert_int_equal(unlink(local), 0);
	assert_int_equal(ward_policy_source_read(&places, &why, &e), WARD_E_NOENT);
}

static void
test_a_mistake_has_its_place(void **state)
{
	struct ward_policy_effective *e = NULL;

	(void)state;
	put(base, "policy.json", ward_span_str("{\"cloud\":\n  {\"level\": \"hihg\"}}"));
	assert_int_equal(ward_policy_source_read(&places, &why, &e), WARD_E_FORMAT);
	assert_null(e);
	(void)!ward_buf_byte(&why, 0);
	assert_non_null(strstr((const char *)why.data, "policy.json:2:13: cloud.level"));
}

/* --- the organisation's --- */

static void
test_old_local_policy_does_not_switch_the_cloud_off(void **state)
{
	struct ward_policy_effective *e;

	(void)state;
	put(base, "policy.json", ward_span_str("{\"cloud\": {\"enabled\": false}}"));
	e = read_both();
	assert_false(e->policy.cloud.enabled);
	(void)ward_policy_effective_free(e);
	enrol();
	put_envelope(1, "{\"cloud\": {\"enabled\": true}}");
	assert_int_equal(take(), WARD_OK);
	e = read_both();
	assert_true(e->policy.cloud.enabled);
	assert_int_equal(e->refusal_count, 1);
	(void)ward_policy_effective_free(e);
}

static void
test_only_newer_ones_are_taken(void **state)
{
	(void)state;
	enrol();
	put_envelope(7, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_OK);
	assert_int_equal(level(), WARD_POLICY_LEVEL_HIGH);
	assert_int_equal(take(), WARD_OK); /* nothing new */
	put_envelope(6, "{\"cloud\": {\"level\": \"normal\"}}");
	assert_int_equal(take(), WARD_E_PERM);
	put_envelope(7, "{\"cloud\": {\"level\": \"normal\"}}");
	assert_int_equal(take(), WARD_E_PERM);
	assert_int_equal(level(), WARD_POLICY_LEVEL_HIGH);
	put_envelope(8, "{\"cloud\": {\"level\": \"zero_tolerance\"}}");
	assert_int_equal(take(), WARD_OK);
	assert_int_equal(level(), WARD_POLICY_LEVEL_ZERO_TOLERANCE);
}

static void
test_what_is_deleted_stays(void **state)
{
	char path[256];

	(void)state;
	enrol();
	put_envelope(1, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_OK);
	(void)snprintf(path, sizeof(path), "%s/policy.envelope", enrolment);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/policy.keys", enrolment);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(take(), WARD_OK);
	assert_int_equal(level(), WARD_POLICY_LEVEL_HIGH);
}

static void
test_mistakes_and_strangers_change_nothing(void **state)
{
	uint8_t own[WARD_SIGN_SECRET];
	struct ward_policy_effective *e;

	(void)state;
	/* no keys at all */
	put_envelope(1, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_E_FORMAT);
	enrol();
	put_envelope(2, "{\"cloud\": {\"level\": \"hihg\"}}");
	assert_int_equal(take(), WARD_E_FORMAT);
	assert_true(why.len > 0);
	memcpy(own, secret, sizeof(own));
	assert_int_equal(ward_sign_secret_new(secret), WARD_OK);
	put_envelope(3, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_E_FORMAT);
	put(enrolment, "policy.envelope", ward_span_str("WARDPOL1 and nothing more"));
	assert_int_equal(take(), WARD_E_FORMAT);
	e = read_both();
	assert_null(e->organisation);
	(void)ward_policy_effective_free(e);
	memcpy(secret, own, sizeof(own));
	put_envelope(1, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_OK);
}

/* Keys that others could have put there do not count; root's new enrolment does. */
static void
test_keys_are_roots(void **state)
{
	char path[256];
	uint8_t former[WARD_SIGN_PUBLIC];

	(void)state;
	enrol();
	put_envelope(5, "{\"cloud\": {\"level\": \"high\"}}");
	assert_int_equal(take(), WARD_OK);
	memcpy(former, public_key, sizeof(former));
	assert_int_equal(ward_sign_secret_new(secret), WARD_OK);
	assert_int_equal(ward_sign_public(secret, public_key), WARD_OK);
	enrol();
	(void)snprintf(path, sizeof(path), "%s/policy.keys", enrolment);
	assert_int_equal(chmod(path, 0666), 0);
	put_envelope(6, "{\"cloud\": {\"level\": \"normal\"}}");
	assert_int_equal(take(), WARD_E_FORMAT);
	assert_int_equal(level(), WARD_POLICY_LEVEL_HIGH);
	if (geteuid() == 0) {
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(chown(path, 65533, 65533), 0);
		assert_int_equal(take(), WARD_E_FORMAT);
		assert_int_equal(level(), WARD_POLICY_LEVEL_HIGH);
	}
	/* root has ended the enrolment */
	put(enrolment, "policy.keys", ward_span_of("", 0));
	(void)snprintf(path, sizeof(path), "%s/policy.envelope", enrolment);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(take(), WARD_OK);
	assert_int_equal(level(), WARD_POLICY_LEVEL_NORMAL);
	/* another organisation, whose versions begin anew */
	enrol();
	put_envelope(1, "{\"cloud\": {\"level\": \"moderate\"}}");
	assert_int_equal(take(), WARD_OK);
	assert_int_equal(level(), WARD_POLICY_LEVEL_MODERATE);
}

/* --- held --- */

static void
test_who_reads_keeps_what_he_has(void **state)
{
	struct ward_policy_effective *first, *second;
	struct ward_held *h;
	struct ward_held_ref *old, *now;

	(void)state;
	first = read_both();
	put(base, "policy.json", ward_span_str("{\"cloud\": {\"level\": \"high\"}}"));
	second = read_both();
	h = ward_held_new(first);
	assert_non_null(h);
	old = ward_held_take(h);
	assert_int_equal(ward_held_set(h, second), WARD_OK);
	now = ward_held_take(h);
	assert_ptr_equal(old->effective, first);
	assert_int_equal(old->effective->policy.cloud.level, WARD_POLICY_LEVEL_NORMAL);
	assert_ptr_equal(now->effective, second);
	ward_held_give(h, old);
	ward_held_give(h, now);
	(void)ward_held_free(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_file_is_the_defaults),
		TEST(test_a_mistake_has_its_place),
		TEST(test_old_local_policy_does_not_switch_the_cloud_off),
		TEST(test_only_newer_ones_are_taken),
		TEST(test_what_is_deleted_stays),
		TEST(test_mistakes_and_strangers_change_nothing),
		TEST(test_keys_are_roots),
		TEST(test_who_reads_keeps_what_he_has),
	};

	return cmocka_run_group_tests_name("guard-policy", tests, NULL, NULL);
}

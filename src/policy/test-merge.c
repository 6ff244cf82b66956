/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "policy/merge.h"
#include <cmocka.h>

static struct ward_policy_document *
document(enum ward_policy_author author, const char *text)
{
	struct ward_policy_document *d = NULL;
	struct ward_buf why;

	if (!text)
		return NULL;
	ward_buf_init(&why, 1 << 16, NULL);
	if (ward_policy_document_read(ward_span_str(text), "p", author, &why, &d) != WARD_OK)
		fail_msg("%.*s", (int)why.len, (const char *)why.data);
	ward_buf_done(&why);
	return d;
}

static struct ward_policy_effective *
merged(const char *local, const char *organisation)
{
	struct ward_policy_effective *e = NULL;

	assert_int_equal(ward_policy_merge(document(WARD_POLICY_LOCAL, local),
					   document(WARD_POLICY_ORGANISATION, organisation), &e),
			 WARD_OK);
	return e;
}

static enum ward_policy_source
source(const struct ward_policy_effective *e, const char *path)
{
	return e->source[ward_setting_find(path) - ward_settings];
}

static const char *
refusal(const struct ward_policy_effective *e, const char *what)
{
	for (size_t i = 0; i < e->refusal_count; i++)
		if (strcmp(e->refusals[i].what, what) == 0)
			return e->refusals[i].why;
	return "";
}

static void
nothing_is_all_defaults(void **state)
{
	struct ward_policy_effective *e = merged(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < ward_setting_count; i++) {
		assert_int_equal(e->source[i], WARD_POLICY_FROM_DEFAULT);
		assert_true(
			ward_setting_same(&ward_settings[i], &e->policy, ward_policy_default()));
	}
	assert_int_equal(e->refusal_count, 0);
	assert_int_equal(ward_exclusions_count(e->exclusions), 0);
	ward_policy_effective_free(e);
}

static void
the_local_policy_sets_what_is_free(void **state)
{
	struct ward_policy_effective *e =
		merged("{\"cloud\": {\"enabled\": false}, \"scan\": {\"threads\": 8}}",
		       "{\"cloud\": {\"level\": \"high\"}}");

	(void)state;
	assert_false(e->policy.cloud.enabled);
	assert_int_equal(source(e, "cloud.enabled"), WARD_POLICY_FROM_LOCAL);
	assert_int_equal(e->policy.scan.threads, 8);
	assert_int_equal(e->policy.cloud.level, WARD_POLICY_LEVEL_HIGH);
	assert_int_equal(source(e, "cloud.level"), WARD_POLICY_FROM_ORGANISATION);
	assert_int_equal(source(e, "cloud.hold"), WARD_POLICY_FROM_DEFAULT);
	assert_int_equal(e->refusal_count, 0);
	ward_policy_effective_free(e);
}

static void
the_cloud_comes_back_when_the_organisation_says_so(void **state)
{
	struct ward_policy_effective *e =
		merged("{\n\"cloud\": {\"enabled\": false}}", "{\"cloud\": {\"enabled\": true}}");

	(void)state;
	assert_true(e->policy.cloud.enabled);
	assert_int_equal(source(e, "cloud.enabled"), WARD_POLICY_FROM_ORGANISATION);
	assert_int_equal(e->refusal_count, 1);
	assert_string_equal(refusal(e, "cloud.enabled"),
			    "the organisation sets it to true; a local policy may only make it "
			    "stronger, and false is not");
	assert_int_equal(e->refusals[0].line, 2);
	ward_policy_effective_free(e);
}

static void
stronger_counts_and_weaker_does_not(void **state)
{
	struct ward_policy_effective *e = merged(
		"{\"cloud\": {\"hold\": \"30s\", \"level\": \"moderate\", \"samples\": \"none\"},"
		" \"realtime\": {\"trust_packages\": false, \"audit_first\": \"2d\"},"
		" \"actions\": {\"malicious\": \"kill\", \"pua\": \"allow\"}}",
		"{\"cloud\": {\"hold\": \"20s\", \"level\": \"normal\", \"samples\": \"safe\"},"
		" \"realtime\": {\"trust_packages\": true, \"audit_first\": \"1d\"},"
		" \"actions\": {\"malicious\": \"quarantine\", \"pua\": \"audit\"}}");

	(void)state;
	assert_int_equal(e->policy.cloud.hold, 30000);
	assert_int_equal(source(e, "cloud.hold"), WARD_POLICY_FROM_LOCAL);
	assert_int_equal(e->policy.cloud.level, WARD_POLICY_LEVEL_NORMAL);
	assert_int_equal(e->policy.cloud.samples, WARD_POLICY_SAMPLES_SAFE);
	assert_string_equal(refusal(e, "cloud.samples"),
			    "the organisation sets it to \"safe\"; a local policy may not make it "
			    "\"none\"");
	assert_false(e->policy.realtime.trust_packages);
	assert_int_equal(e->policy.realtime.audit_first, 86400000);
	assert_int_equal(e->policy.actions.malicious, WARD_POLICY_ACTION_KILL);
	assert_int_equal(e->policy.actions.pua, WARD_POLICY_ACTION_AUDIT);
	assert_int_equal(e->refusal_count, 4);
	ward_policy_effective_free(e);
}

static void
what_may_be_changed_may_be_weakened(void **state)
{
	struct ward_policy_effective *e =
		merged("{\"cloud\": {\"hold\": \"1s\"}, \"scan\": {\"archives\": false},"
		       " \"actions\": {\"pua\": \"allow\"}}",
		       "{\"cloud\": {\"hold\": \"20s\"}, \"scan\": {\"archives\": true},"
		       " \"actions\": {\"pua\": \"block\"},"
		       " \"local\": {\"may_change\": [\"cloud.hold\", \"scan.*\"]}}");

	(void)state;
	assert_int_equal(e->policy.cloud.hold, 1000);
	assert_false(e->policy.scan.archives);
	assert_int_equal(e->policy.actions.pua, WARD_POLICY_ACTION_BLOCK);
	assert_int_equal(e->refusal_count, 1);
	ward_policy_effective_free(e);
}

static void
lists_that_get_stronger_are_united(void **state)
{
	static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			  b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	char local[300], organisation[300];
	struct ward_policy_effective *e;

	(void)state;
	(void)snprintf(local, sizeof(local),
		       "{\"blocked\": {\"hashes\": [\"%s\", \"%s\"]},"
		       " \"hold\": {\"origin\": [\"any\"]},"
		       " \"realtime\": {\"filesystems_excluded\": [\"xfs\"]}}",
		       a, b);
	(void)snprintf(
		organisation, sizeof(organisation),
		"{\"blocked\": {\"hashes\": [\"%s\"]}, \"hold\": {\"origin\": [\"network\"]},"
		" \"realtime\": {\"filesystems_excluded\": []}}",
		b);
	e = merged(local, organisation);
	assert_int_equal(e->policy.blocked.hashes.count, 2);
	assert_string_equal(e->policy.blocked.hashes.items[0], b);
	assert_string_equal(e->policy.blocked.hashes.items[1], a);
	assert_int_equal(source(e, "blocked.hashes"), WARD_POLICY_FROM_LOCAL);
	for (size_t i = 0; i < 2; i++) {
		uint8_t digest[32];

		assert_true(ward_text_unhex(ward_span_str(i ? a : b), digest, sizeof(digest)));
		assert_true(ward_policy_blocks(e, digest));
		digest[31] ^= 1;
		assert_false(ward_policy_blocks(e, digest));
	}
	assert_int_equal(e->policy.hold.origin,
			 1u << WARD_POLICY_ORIGIN_ANY | 1u << WARD_POLICY_ORIGIN_NETWORK);
	/* leaving out more is weaker: there is no union */
	assert_int_equal(e->policy.realtime.filesystems_excluded.count, 0);
	assert_int_equal(e->refusal_count, 1);
	ward_policy_effective_free(e);
}

#define LOCAL_EXCLUSIONS "{\"exclusions\": [{\"path\": \"/srv/a\"}, {\"threat\": \"Test-*\"}]}"

static void
exclusions_add_up(void **state)
{
	struct ward_policy_effective *e =
		merged(LOCAL_EXCLUSIONS, "{\"exclusions\": [{\"path\": \"/srv/b\"}]}");

	(void)state;
	assert_int_equal(e->policy.exclusion_count, 3);
	assert_string_equal(e->policy.exclusions[0].value, "/srv/b");
	assert_true(e->policy.exclusions[0].managed);
	assert_false(e->policy.exclusions[1].managed);
	ward_policy_effective_free(e);
	e = merged(LOCAL_EXCLUSIONS, "{\"exclusions\": [{\"path\": \"/srv/b\"}],"
				     " \"local\": {\"exclusions\": \"admin_only\"}}");
	assert_int_equal(e->policy.exclusion_count, 1);
	assert_string_equal(refusal(e, "exclusions"), "the organisation's exclusions count only");
	ward_policy_effective_free(e);
	e = merged(LOCAL_EXCLUSIONS, "{\"local\": {\"allow_threats\": false}}");
	assert_int_equal(e->policy.exclusion_count, 1);
	assert_string_equal(e->policy.exclusions[0].value, "/srv/a");
	assert_int_equal(e->refusal_count, 1);
	ward_policy_effective_free(e);
}

static void
a_change_is_judged_before_it_is_made(void **state)
{
	struct ward_policy_document *d =
		document(WARD_POLICY_ORGANISATION, "{\"cloud\": {\"hold\": \"20s\"}}");
	struct ward_policy wanted = *ward_policy_default();
	struct ward_budget budget = {.cap = 1 << 16};
	struct ward_arena *arena = ward_arena_new(&budget);
	const struct ward_setting *hold = ward_setting_find("cloud.hold");
	const char *why = NULL;

	(void)state;
	assert_non_null(arena);
	wanted.cloud.hold = 30000;
	assert_int_equal(ward_policy_may_set(d, hold, &wanted, arena, &why), WARD_OK);
	wanted.cloud.hold = 10000;
	assert_int_equal(ward_policy_may_set(d, hold, &wanted, arena, &why), WARD_E_PERM);
	assert_non_null(why);
	assert_int_equal(ward_policy_may_set(NULL, hold, &wanted, arena, &why), WARD_OK);
	assert_int_equal(
		ward_policy_may_set(NULL, ward_setting_find("local.restore"), &wanted, arena, &why),
		WARD_E_PERM);
	ward_arena_free(arena);
	ward_policy_document_free(d);
}

/* Whatever both say, the result protects as much as the organisation wanted. */
static void
no_local_value_of_any_setting_weakens(void **state)
{
	struct ward_policy_document *local = NULL, *organisation = NULL;
	struct ward_policy_effective *e = NULL;

	(void)state;
	assert_int_equal(ward_policy_document_new(WARD_POLICY_LOCAL, &local), WARD_OK);
	assert_int_equal(ward_policy_document_new(WARD_POLICY_ORGANISATION, &organisation),
			 WARD_OK);
	for (size_t i = 0; i < ward_setting_count; i++) {
		const struct ward_setting *s = &ward_settings[i];
		char *at = (char *)&local->policy + s->offset;

		local->set[i] = organisation->set[i] = true;
		if (s->kind == WARD_SETTING_BOOL)
			*(bool *)(void *)at = !*(bool *)(void *)at;
		else if (s->kind == WARD_SETTING_WORD || s->kind == WARD_SETTING_SET)
			*(unsigned *)(void *)at = 0;
		else if (s->kind == WARD_SETTING_TEXT)
			*(const char **)(void *)at = "other";
		else if (s->kind == WARD_SETTING_LIST)
			*(struct ward_policy_list *)(void *)at = (struct ward_policy_list){NULL, 0};
		else
			*(uint64_t *)(void *)at =
				s->strength == WARD_STRENGTH_LESS ? s->high : s->low;
	}
	assert_int_equal(ward_policy_merge(local, organisation, &e), WARD_OK);
	for (size_t i = 0; i < ward_setting_count; i++)
		assert_true(ward_setting_as_strong(&ward_settings[i], &e->policy,
						   &organisation->policy));
	assert_true(e->refusal_count > ward_setting_count / 3);
	ward_policy_effective_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_all_defaults),
		cmocka_unit_test(the_local_policy_sets_what_is_free),
		cmocka_unit_test(the_cloud_comes_back_when_the_organisation_says_so),
		cmocka_unit_test(stronger_counts_and_weaker_does_not),
		cmocka_unit_test(what_may_be_changed_may_be_weakened),
		cmocka_unit_test(lists_that_get_stronger_are_united),
		cmocka_unit_test(exclusions_add_up),
		cmocka_unit_test(a_change_is_judged_before_it_is_made),
		cmocka_unit_test(no_local_value_of_any_setting_weakens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

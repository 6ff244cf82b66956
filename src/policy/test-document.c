/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/document.h"
#include "policy/exclude/read.h"

struct read {
	struct ward_policy_document *d;
	struct ward_buf why;
	enum ward_rc rc;
};

static struct read
read_as(enum ward_policy_author author, const char *text)
{
	struct read r = {.d = NULL};

	ward_buf_init(&r.why, 1 << 20, NULL);
	r.rc = ward_policy_document_read(ward_span_str(text), "p.json", author, &r.why, &r.d);
	assert_int_equal(ward_buf_byte(&r.why, 0), WARD_OK);
	return r;
}

static void
done(struct read *r)
{
	r->d = ward_policy_document_free(r->d);
	ward_buf_done(&r->why);
}

/* The document is refused, and this is all that is said. */
static void
refuses(const char *text, const char *said)
{
	struct read r = read_as(WARD_POLICY_LOCAL, text);

	assert_string_equal((const char *)r.why.data, said);
	assert_int_equal(r.rc, WARD_E_FORMAT);
	assert_null(r.d);
	done(&r);
}

static void
an_empty_document_is_all_defaults(void **state)
{
	struct read r = read_as(WARD_POLICY_LOCAL, "{}");

	(void)state;
	assert_int_equal(r.rc, WARD_OK);
	for (size_t i = 0; i < ward_setting_count; i++) {
		assert_true(
			ward_setting_same(&ward_settings[i], &r.d->policy, ward_policy_default()));
		assert_false(r.d->set[i]);
	}
	assert_true(r.d->policy.cloud.enabled);
	assert_int_equal(r.d->policy.cloud.hold, 10000);
	assert_int_equal(r.d->policy.realtime.mode, WARD_POLICY_MODE_BLOCK);
	assert_int_equal(r.d->policy.exclusion_count, 0);
	done(&r);
}

static void
reads_every_kind_of_value(void **state)
{
	struct read r = read_as(
		WARD_POLICY_LOCAL,
		"{\"$schema\": \"policy.schema.json\", \"name\": \"lab\",\n"
		"\"cloud\": {\"enabled\": false, \"level\": \"high_plus\", \"hold\": \"1m\",\n"
		"  \"proxy\": \"http://[::1]:3128\"},\n"
		"\"realtime\": {\"file_max\": \"1G\", \"filesystems\": [\"local\", \"nfs4\"]},\n"
		"\"hold\": {\"content\": [\"script\", \"executable\"]},\n"
		"\"scan\": {\"threads\": 64}, \"schedule\": {\"full_at\": \"23:59\"},\n"
		"\"exclusions\": [{\"path\": \"//srv//data/\", \"expires\": \"2026-12-31\",\n"
		"  \"scope\": \"on_demand\", \"comment\": \"c\", \"author\": \"a\"},\n"
		" {\"extension\": \".iso\"}]}");
	const struct ward_policy *p;

	(void)state;
	assert_string_equal((const char *)r.why.data, "");
	assert_int_equal(r.rc, WARD_OK);
	p = &r.d->policy;
	assert_string_equal(r.d->name, "lab");
	assert_false(p->cloud.enabled);
	assert_int_equal(p->cloud.level, WARD_POLICY_LEVEL_HIGH_PLUS);
	assert_int_equal(p->cloud.hold, 60000);
	assert_string_equal(p->cloud.proxy, "http://[::1]:3128");
	assert_int_equal(p->realtime.file_max, 1u << 30);
	assert_int_equal(p->realtime.filesystems.count, 2);
	assert_string_equal(p->realtime.filesystems.items[1], "nfs4");
	assert_int_equal(p->hold.content,
			 1u << WARD_POLICY_CONTENT_SCRIPT | 1u << WARD_POLICY_CONTENT_EXECUTABLE);
	assert_int_equal(p->scan.threads, 64);
	assert_int_equal(p->schedule.full_at, 23 * 60 + 59);
	assert_int_equal(p->exclusion_count, 2);
	assert_string_equal(p->exclusions[0].value, "/srv/data");
	assert_int_equal(p->exclusions[0].expires_s, 1798761600);
	assert_int_equal(p->exclusions[0].scope, WARD_EXCLUDE_ON_DEMAND);
	assert_int_equal(p->exclusions[0].line, 7);
	assert_string_equal(p->exclusions[1].value, "iso");
	assert_int_equal(p->exclusions[1].line, 9);
	assert_true(r.d->set[ward_setting_find("cloud.level") - ward_settings]);
	assert_int_equal(r.d->line[ward_setting_find("cloud.proxy") - ward_settings], 3);
	assert_false(r.d->set[ward_setting_find("cloud.samples") - ward_settings]);
	done(&r);
}

static void
tells_all_mistakes_at_once(void **state)
{
	(void)state;
	refuses("{\n"
		"  \"cluod\": {},\n"
		"  \"cloud\": {\n"
		"    \"enabled\": \"yes\",\n"
		"    \"lvel\": \"high\",\n"
		"    \"level\": \"hihg\",\n"
		"    \"hold\": \"61s\",\n"
		"    \"hold\": \"5s\"\n"
		"  },\n"
		"  \"scan\": {\"threads\": 65, \"cpu_percent\": 12.5},\n"
		"  \"realtime\": [],\n"
		"  \"mode\": \"audit\",\n"
		"  \"local\": {\"restore\": false}\n"
		"}\n",
		"p.json:2:3: no section \"cluod\"; did you mean \"cloud\"?\n"
		"p.json:4:16: cloud.enabled: expected true or false, found \"yes\"\n"
		"p.json:5:5: cloud: no setting \"lvel\"; did you mean \"level\"?\n"
		"p.json:6:14: cloud.level: no such word \"hihg\"; did you mean \"high\"?\n"
		"p.json:7:13: cloud.hold: expected a time like \"10s\", from 0 to 1m, found "
		"\"61s\"\n"
		"p.json:8:5: cloud.hold: is set twice\n"
		"p.json:10:23: scan.threads: expected a whole number from 0 to 64, found 65\n"
		"p.json:10:42: scan.cpu_percent: expected a whole number from 5 to 100, found "
		"12.5\n"
		"p.json:11:15: realtime: expected an object, found an array\n"
		"p.json:12:3: no section \"mode\"; \"mode\" belongs into \"realtime\"\n"
		"p.json:13:13: local.restore: only the organisation's policy may say this\n");
}

static void
tells_where_syntax_ends(void **state)
{
	(void)state;
	refuses("{\n \"cloud\": {\"enabled\": true,}\n}",
		"p.json:2:28: expected a name in quotes\n");
	refuses("", "p.json:1:1: the document ends early\n");
	refuses("[]", "p.json:1:1: expected an object, found an array\n");
}

static void
checks_lists_and_texts(void **state)
{
	(void)state;
	refuses("{\"realtime\": {\"filesystems\": [\"local\", \"proc\", 7, \"EXT4\"]},\n"
		" \"hold\": {\"origin\": [\"any\", \"any\", \"netwoork\"]},\n"
		" \"cloud\": {\"server\": \"host\", \"proxy\": \"http://u:p@h:1\"},\n"
		" \"blocked\": {\"hashes\": [\"abc\"]}}",
		"p.json:1:40: realtime.filesystems: proc is never watched\n"
		"p.json:1:48: realtime.filesystems: expected a list of at most 64, each a type of "
		"file "
		"system, or one of local, network and fuse, found 7\n"
		"p.json:1:51: realtime.filesystems: expected a list of at most 64, each a type of "
		"file "
		"system, or one of local, network and fuse, found \"EXT4\"\n"
		"p.json:2:29: hold.origin: \"any\" stands there twice\n"
		"p.json:2:36: hold.origin: no such word \"netwoork\"; did you mean \"network\"?\n"
		"p.json:3:22: cloud.server: expected a host and port, like cloud.example.org:7443, "
		"or "
		"\"\", found \"host\"\n"
		"p.json:3:39: cloud.proxy: expected a URL like http://proxy.example.org:3128, or "
		"\"\", "
		"found \"http://u:p@h:1\"\n"
		"p.json:4:25: blocked.hashes: expected a list of at most 10000, each 64 hex "
		"digits, in "
		"lower case, found \"abc\"\n");
}

static void
checks_exclusions(void **state)
{
	(void)state;
	refuses("{\"exclusions\": [\n"
		" {\"path\": \"srv\"},\n"
		" {\"pathh\": \"/srv/x\"},\n"
		" {\"path\": \"/srv/x\", \"glob\": \"*.x\"},\n"
		" {\"glob\": \"/a/[b\"},\n"
		" {\"path\": \"/usr/\"},\n"
		" {\"process\": \"/usr/bin/python3.11\"},\n"
		" {\"path\": \"/tmp/x\", \"force\": \" \"},\n"
		" {\"hash\": 5},\n"
		" {\"path\": \"/srv/y\", \"expires\": \"2026-02-30\", \"scope\": \"never\"},\n"
		" 1, {}]}",
		"p.json:2:11: exclusions[0].path: not an absolute path\n"
		"p.json:3:3: exclusions[1]: no \"pathh\" in an exclusion; did you mean \"path\"?\n"
		"p.json:4:21: exclusions[2].glob: an exclusion has one of path, glob, extension, "
		"process, hash and threat\n"
		"p.json:5:11: exclusions[3].glob: a [ without its ]\n"
		"p.json:6:11: exclusions[4].path: too dangerous: it leaves out a directory that "
		"programs "
		"are run from or that holds most files; if it must be, say why with \"force\": "
		"\"the "
		"reason\"\n"
		"p.json:7:14: exclusions[5].process: too dangerous: it leaves out a program that "
		"opens "
		"whatever its user tells it to; if it must be, say why with \"force\": \"the "
		"reason\"\n"
		"p.json:8:30: exclusions[6].force: expected the reason why it is needed\n"
		"p.json:9:11: exclusions[7].hash: expected a text, found a number\n"
		"p.json:10:32: exclusions[8].expires: expected a time in UTC like 2026-12-31 or "
		"2026-12-31T12:00:00Z\n"
		"p.json:10:55: exclusions[8].scope: expected realtime, on_demand or both\n"
		"p.json:11:2: exclusions[9]: expected an object like {\"path\": \"/srv/data\"}\n"
		"p.json:11:5: exclusions[10]: what is left out? One of path, glob, extension, "
		"process, "
		"hash, threat\n");
}

static void
a_reason_forces_a_dangerous_one(void **state)
{
	struct read r =
		read_as(WARD_POLICY_LOCAL,
			"{\"exclusions\": [{\"path\": \"/tmp/build\", \"force\": \"CI\"}]}");

	(void)state;
	assert_int_equal(r.rc, WARD_OK);
	assert_string_equal(r.d->policy.exclusions[0].force, "CI");
	done(&r);
}

static void
the_organisation_may_say_more(void **state)
{
	struct read r = read_as(WARD_POLICY_ORGANISATION,
				"{\"local\": {\"may_change\": [\"cloud.hold\", \"scan.*\"],"
				" \"exclusions\": \"admin_only\"}}");

	(void)state;
	assert_int_equal(r.rc, WARD_OK);
	assert_int_equal(r.d->policy.local.may_change.count, 2);
	assert_int_equal(r.d->policy.local.exclusions, WARD_POLICY_MERGE_ADMIN_ONLY);
	done(&r);
	r = read_as(WARD_POLICY_ORGANISATION,
		    "{\"local\": {\"may_change\": [\"cloud.holds\", \"local.restore\"]}}");
	assert_int_equal(r.rc, WARD_E_FORMAT);
	done(&r);
}

static void
too_large_is_refused(void **state)
{
	struct ward_buf why;
	struct ward_policy_document *d = NULL;
	uint8_t *big = calloc(1, WARD_POLICY_TEXT_MAX + 1);

	(void)state;
	assert_non_null(big);
	ward_buf_init(&why, 4096, NULL);
	assert_int_equal(ward_policy_document_read(ward_span_of(big, WARD_POLICY_TEXT_MAX + 1), "p",
						   WARD_POLICY_LOCAL, &why, &d),
			 WARD_E_LIMIT);
	assert_null(d);
	assert_true(why.len > 0);
	ward_buf_done(&why);
	free(big);
}

/* Every setting, written and read again: the table, the printer and the reader agree. */
static void
what_is_written_reads_back(void **state)
{
	struct read r = read_as(WARD_POLICY_ORGANISATION,
				"{\"name\": \"a\\\"b\", \"exclusions\": [{\"glob\": \"/x/*.y\","
				" \"expires\": \"2024-02-29T01:02:03Z\", \"scope\": \"realtime\","
				" \"comment\": \"\\u00e4\"}]}");
	struct ward_policy_document *again = NULL;
	struct ward_buf out;

	(void)state;
	assert_int_equal(r.rc, WARD_OK);
	for (size_t i = 0; i < ward_setting_count; i++)
		r.d->set[i] = true;
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_policy_document_write(r.d, &out), WARD_OK);
	ward_buf_clear(&r.why);
	assert_int_equal(
		ward_policy_document_read(ward_buf_span(&out), "w", r.d->author, &r.why, &again),
		WARD_OK);
	for (size_t i = 0; i < ward_setting_count; i++) {
		assert_true(again->set[i]);
		assert_true(ward_setting_same(&ward_settings[i], &again->policy, &r.d->policy));
	}
	assert_string_equal(again->name, "a\"b");
	assert_int_equal(again->policy.exclusions[0].expires_s,
			 r.d->policy.exclusions[0].expires_s);
	assert_string_equal(again->policy.exclusions[0].comment, "ä");
	again = ward_policy_document_free(again);
	ward_buf_done(&out);
	done(&r);
}

static void
times_have_calendars(void **state)
{
	static const struct {
		const char *text;
		uint64_t s; /* 0: refused */
	} cases[] = {{"1970-01-01T00:00:01Z", 1},
		     {"1970-01-01", 86400},
		     {"2000-02-29T00:00:00Z", 951782400},
		     {"2026-11-25T12:34:56Z", 1795610096},
		     {"2100-02-29", 0},
		     {"2023-13-01", 0},
		     {"2023-00-01", 0},
		     {"2023-04-31", 0},
		     {"2023-04-30T24:00:00Z", 0},
		     {"2023-04-30T00:00:00", 0},
		     {"2023-4-30", 0},
		     {"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t s = 0;
		bool good = ward_exclusion_time(ward_span_str(cases[i].text), &s);

		assert_int_equal(good, cases[i].s != 0);
		assert_int_equal(s, cases[i].s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_document_is_all_defaults),
		cmocka_unit_test(reads_every_kind_of_value),
		cmocka_unit_test(tells_all_mistakes_at_once),
		cmocka_unit_test(tells_where_syntax_ends),
		cmocka_unit_test(checks_lists_and_texts),
		cmocka_unit_test(checks_exclusions),
		cmocka_unit_test(a_reason_forces_a_dangerous_one),
		cmocka_unit_test(the_organisation_may_say_more),
		cmocka_unit_test(too_large_is_refused),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(times_have_calendars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

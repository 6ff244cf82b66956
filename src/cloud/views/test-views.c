/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/log/file.h"
#include "cloud/log/record.h"
#include "cloud/views/applier.h"

/* protobuf-c's initialisers take const away from its empty string; clang looks into them. */
#pragma GCC diagnostic ignored "-Wcast-qual"

static char root[] = "/tmp/ward-views-XXXXXX";
static const uint64_t hour = 3600 * 1000, noon = UINT64_C(1764000000000);

static struct ward_log *
open_log(const char *name)
{
	char path[256], why[512] = "";
	struct ward_log_file_options options = {.directory = path};
	struct ward_log *log = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s.log", root, name);
	assert_int_equal(ward_log_open_file(&options, &log, why), WARD_OK);
	return log;
}

static struct ward_views *
open_views(const char *name, uint64_t overlay)
{
	char path[256], why[512] = "";
	struct ward_views_options options = {
		.directory = path, .overlay_max = overlay, .cache_bytes = 8 << 20};
	struct ward_views *views = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(ward_views_open(&options, &views, why), WARD_OK);
	return views;
}

static void
digest(uint32_t number, uint8_t ret[32])
{
	for (uint32_t i = 0; i < 32; i++)
		ret[i] = (uint8_t)((number * UINT32_C(2654435761)) >> (i % 4 * 8)) ^
			 (uint8_t)(i * 7);
	memcpy(ret + 4, &number, 4);
}

static ProtobufCBinaryData
bytes(uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){len, data};
}

static Ward__Log__V1__Record
record(uint64_t time_ms)
{
	Ward__Log__V1__Record r = WARD__LOG__V1__RECORD__INIT;

	r.time_ms = time_ms;
	return r;
}

static void
say(struct ward_log *log, uint32_t file, int source, int verdict, uint8_t *scope, uint64_t expires,
    uint64_t time_ms)
{
	Ward__Log__V1__Record r = record(time_ms);
	Ward__Log__V1__Verdict v = WARD__LOG__V1__VERDICT__INIT;
	char threat[] = "A.Threat";
	uint8_t sha256[32];

	digest(file, sha256);
	v.sha256 = bytes(sha256, 32);
	v.source = (Ward__Log__V1__Source)source;
	v.verdict = (Ward__V1__Verdict)verdict;
	v.threat = threat;
	v.expires_ms = expires;
	if (scope)
		v.scope = bytes(scope, 16);
	r.fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	r.verdict = &v;
	assert_int_equal(ward_record_append_wait(log, &r, NULL), WARD_OK);
}

static void
saw(struct ward_log *log, uint32_t event, uint32_t device, uint32_t file, uint64_t time_ms)
{
	Ward__Log__V1__Record r = record(time_ms);
	Ward__V1__Event e = WARD__V1__EVENT__INIT;
	Ward__V1__Sighting s = WARD__V1__SIGHTING__INIT;
	Ward__V1__FileQuery q = WARD__V1__FILE_QUERY__INIT;
	Ward__V1__Context c = WARD__V1__CONTEXT__INIT;
	uint8_t id[16] = {1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80}, from[16] = {0}, sha256[32];
	char name[32];

	memcpy(id + 12, &event, 4);
	memcpy(from, &device, 4);
	digest(file, sha256);
	(void)snprintf(name, sizeof(name), "name-%u", event % 11);
	c.name = name;
	c.path_class = (Ward__V1__PathClass)(1 + event % 5);
	q.sha256 = bytes(sha256, 32);
	q.context = &c;
	s.file = &q;
	e.id = bytes(id, 16);
	e.what_case = WARD__V1__EVENT__WHAT_SIGHTING;
	e.sighting = &s;
	r.device = bytes(from, 16);
	r.fact_case = WARD__LOG__V1__RECORD__FACT_EVENT;
	r.event = &e;
	assert_int_equal(ward_record_append_wait(log, &r, NULL), WARD_OK);
}

static void
apply(struct ward_log *log, struct ward_views *views)
{
	uint64_t records;

	assert_int_equal(ward_applier_run(log, views, NULL, 0, &records), WARD_OK);
}

static struct ward_view_verdict
verdict(struct ward_views *views, uint32_t file, const uint8_t *device, uint64_t now_ms)
{
	uint8_t sha256[1][32];
	struct ward_view_verdict v;

	digest(file, sha256[0]);
	assert_int_equal(
		ward_views_verdicts(views, (const uint8_t(*)[32])sha256, 1, device, now_ms, &v),
		WARD_OK);
	return v;
}

enum { ANALYST = 1, SAMPLE = 3, CLEAN = 1, BAD = 5 };

static void
test_verdicts(void **state)
{
	struct ward_log *log = open_log("verdicts");
	struct ward_views *views = open_views("verdicts", 0);
	uint8_t device[16] = {7}, other[16] = {8};

	(void)state;
	assert_int_equal(verdict(views, 1, NULL, noon).source, 0);
	say(log, 1, SAMPLE, BAD, NULL, 0, noon);
	say(log, 2, SAMPLE, BAD, NULL, 0, noon);
	say(log, 2, ANALYST, CLEAN, device, 0, noon);
	say(log, 3, ANALYST, CLEAN, NULL, noon + hour, noon);
	say(log, 3, SAMPLE, BAD, NULL, 0, noon);
	apply(log, views);
	assert_int_equal(verdict(views, 1, device, noon).verdict, WARD_MALICIOUS);
	assert_string_equal(verdict(views, 1, NULL, noon).threat, "A.Threat");
	assert_int_equal(verdict(views, 2, device, noon).verdict, WARD_CLEAN);
	assert_int_equal(verdict(views, 2, other, noon).verdict, WARD_MALICIOUS);
	assert_int_equal(verdict(views, 3, NULL, noon).verdict, WARD_CLEAN);
	assert_int_equal(verdict(views, 3, NULL, noon + hour).verdict, WARD_MALICIOUS);
	say(log, 1, SAMPLE, 0, NULL, 0, noon + 1); /* withdrawn */
	apply(log, views);
	assert_int_equal(verdict(views, 1, NULL, noon).source, 0);
	ward_views_close(views);
	views = open_views("verdicts", 0);
	assert_int_equal(verdict(views, 3, NULL, noon).verdict, WARD_CLEAN);
	assert_int_equal(verdict(views, 1, NULL, noon).source, 0);
	ward_views_close(views);
	ward_log_close(log);
}

/* Others append while a replay runs: what came later is left alone, and applied by the next one. */
static void
test_a_replay_ends_where_it_was_told(void **state)
{
	struct ward_log *log = open_log("until");
	struct ward_views *views = open_views("until", 0);
	struct ward_log_position ends[WARD_LOG_ENDS];
	uint64_t records;
	size_t count;

	(void)state;
	say(log, 1, SAMPLE, BAD, NULL, 0, noon);
	say(log, 2, SAMPLE, BAD, NULL, 0, noon);
	assert_int_equal(ward_log_ends(log, ends, &count), WARD_OK);
	say(log, 3, SAMPLE, BAD, NULL, 0, noon);
	assert_int_equal(ward_applier_run(log, views, ends, count, &records), WARD_OK);
	assert_int_equal(records, 2);
	assert_int_equal(verdict(views, 2, NULL, noon).verdict, WARD_MALICIOUS);
	assert_int_equal(verdict(views, 3, NULL, noon).source, 0);
	assert_int_equal(ward_applier_run(log, views, NULL, 0, &records), WARD_OK);
	assert_int_equal(records, 1);
	assert_int_equal(verdict(views, 3, NULL, noon).verdict, WARD_MALICIOUS);
	ward_views_close(views);
	ward_log_close(log);
}

/* Many more verdicts than the overlay takes: tables are built, reopened, and miss nothing. */
static void
test_tables(void **state)
{
	struct ward_log *log = open_log("tables");
	struct ward_views *views = open_views("tables", 100);
	struct ward_views_size size;
	uint8_t prefix[32], found[64][32];
	struct ward_view_verdict verdicts[64];
	size_t count;
	bool more;

	(void)state;
	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 200; i++)
			say(log, round * 150 + i, SAMPLE, i % 2 ? BAD : 3, NULL, 0, noon + round);
		apply(log, views);
	}
	ward_views_size(views, &size);
	assert_true(size.table_builds > 0);
	for (unsigned again = 0; again < 2; again++) {
		for (uint32_t i = 0; i < 600; i++)
			assert_int_equal(verdict(views, i, NULL, noon).source, SAMPLE);
		assert_int_equal(verdict(views, 9999, NULL, noon).source, 0);
		digest(77, prefix);
		assert_int_equal(ward_views_prefix(views, ward_span_of(prefix, 4), noon, 64, found,
						   verdicts, &count, &more),
				 WARD_OK);
		assert_int_equal(count, 1);
		assert_memory_equal(found[0], prefix, 32);
		ward_views_close(views);
		views = open_views("tables", 100);
	}
	ward_views_close(views);
	ward_log_close(log);
}

static void
test_each_event_counts_once(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_log *log = open_log("events");
	struct ward_views *views = open_views("events", 0);
	struct ward_view_file file;
	uint8_t sha256[32];
	uint64_t sum;

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		saw(log, i, i % 100, 5, noon + i);
		saw(log, i, i % 100, 5, noon + i); /* again */
	}
	apply(log, views);
	digest(5, sha256);
	assert_int_equal(ward_views_file(views, sha256, arena, &file), WARD_OK);
	assert_int_equal(file.sightings, 300);
	assert_false(file.prevalence_exact);
	assert_in_range(file.prevalence, 95, 105);
	assert_int_equal(file.first_seen_ms, noon);
	assert_int_equal(file.last_seen_ms, noon + 299);
	assert_int_equal(file.name_count, 8);
	assert_int_equal(ward_views_stat(views, WARD_STAT_SIGHTINGS, 0, UINT64_MAX, &sum), WARD_OK);
	assert_int_equal(sum, 300);
	for (uint32_t i = 0; i < 200;
	     i++) /* more hours than are summed up before they are written */
		saw(log, 1000 + i, 1, 6, noon + (1 + i % 100) * hour);
	apply(log, views);
	assert_int_equal(ward_views_stat(views, WARD_STAT_SIGHTINGS, 0, UINT64_MAX, &sum), WARD_OK);
	assert_int_equal(sum, 500);
	for (uint32_t i = 1; i <= 100; i++) {
		uint64_t at = noon / hour + i;

		assert_int_equal(ward_views_stat(views, WARD_STAT_SIGHTINGS, at, at + 1, &sum),
				 WARD_OK);
		assert_int_equal(sum, 2);
	}
	ward_views_close(views);
	ward_log_close(log);
}

static void
enroll(struct ward_log *log, uint8_t number, uint8_t *token, uint64_t time_ms)
{
	Ward__Log__V1__Record r = record(time_ms);
	Ward__Log__V1__Enrollment e = WARD__LOG__V1__ENROLLMENT__INIT;
	uint8_t device[16] = {number};

	e.device = bytes(device, 16);
	e.token = bytes(token, 8);
	r.fact_case = WARD__LOG__V1__RECORD__FACT_ENROLLMENT;
	r.enrollment = &e;
	assert_int_equal(ward_record_append_wait(log, &r, NULL), WARD_OK);
}

static void
test_the_log_decides_who_is_in_time(void **state)
{
	struct ward_log *log = open_log("tokens");
	struct ward_views *views = open_views("tokens", 0);
	Ward__Log__V1__Record r = record(noon);
	Ward__Log__V1__Token t = WARD__LOG__V1__TOKEN__INIT;
	uint8_t token[8] = {1}, other[8] = {2}, secret[32] = {3};

	(void)state;
	t.id = bytes(token, 8);
	t.secret_sha256 = bytes(secret, 32);
	t.uses = 2;
	t.expires_ms = noon + hour;
	r.fact_case = WARD__LOG__V1__RECORD__FACT_TOKEN;
	r.token = &t;
	enroll(log, 1, token, noon); /* before there is such a token */
	assert_int_equal(ward_record_append_wait(log, &r, NULL), WARD_OK);
	enroll(log, 2, token, noon);
	enroll(log, 3, other, noon);
	enroll(log, 4, token, noon + hour); /* too late */
	enroll(log, 5, token, noon);
	enroll(log, 6, token, noon); /* the third */
	apply(log, views);
	for (uint8_t i = 1; i <= 6; i++) {
		uint8_t device[16] = {i};

		assert_int_equal(ward_views_device_state(views, device),
				 i == 2 || i == 5 ? WARD_DEVICE_ACTIVE : WARD_DEVICE_REFUSED);
	}
	ward_views_close(views);
	ward_log_close(log);
}

/* However the applier's work is cut into batches and runs, the views are the same. */
static void
test_replay_is_equal(void **state)
{
	struct ward_log *log = open_log("replay");
	struct ward_views *live = open_views("replay.a", 50), *again = open_views("replay.b", 0);
	uint64_t records = 0, different = 1;
	uint8_t device[16] = {2};
	char why[1024];

	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		saw(log, i % 350, i % 90, i % 7, noon + i * 1000);
		say(log, i % 20, (int)(1 + i % 5), (int)(i % 6), i % 3 ? NULL : device,
		    i % 4 ? 0 : noon + i, noon + i);
		if (i % 37 == 0)
			apply(log, live);
		if (i % 100 == 99) { /* closed and opened in the middle */
			ward_views_close(live);
			live = open_views("replay.a", 50);
		}
	}
	apply(log, live);
	apply(log, again);
	assert_int_equal(ward_views_compare(live, again, &records, &different, why), WARD_OK);
	assert_string_equal(why, "");
	assert_int_equal(different, 0);
	assert_true(records > 400);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(verdict(live, i, device, noon).verdict,
				 verdict(again, i, device, noon).verdict);
	say(log, 1, ANALYST, BAD, NULL, 0, noon * 2);
	apply(log, live);
	assert_int_equal(ward_views_compare(live, again, &records, &different, why), WARD_OK);
	assert_true(different > 0);
	ward_views_close(live);
	ward_views_close(again);
	ward_log_close(log);
}

/* Events whose ids are older than anything the service still takes are forgotten once the log is
 * applied, all others are not; what they counted stays. */
static void
test_old_events_are_forgotten(void **state)
{
	struct ward_log *log = open_log("sweep");
	struct ward_views *live = open_views("sweep.a", 0), *again = open_views("sweep.b", 0);
	struct ward_applier *applier = NULL;
	uint64_t records, different = 1, made = UINT64_C(0x019300000000);
	uint8_t id[16] = {1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80}, device[16] = {0};
	char why[1024];

	(void)state;
	for (uint32_t i = 0; i < 2500; i++)
		saw(log, i, i % 3, 5, made);
	assert_int_equal(ward_applier_start(log, live, NULL, &applier), WARD_OK);
	for (unsigned i = 0; i < 500 && ward_applier_lag(applier) > 0; i++)
		usleep(10000);
	usleep(50000);
	assert_true(ward_views_event_known(live, device, id));
	saw(log, 6000, 0, 5, made + 33 * 24 * hour);
	for (unsigned i = 0; i < 1000 && ward_views_event_known(live, device, id); i++)
		usleep(10000);
	assert_false(ward_views_event_known(live, device, id));
	ward_applier_stop(applier);
	apply(log, again);
	assert_true(ward_views_event_known(again, device, id));
	assert_int_equal(ward_views_compare(live, again, &records, &different, why), WARD_OK);
	assert_string_equal(why, "");
	ward_views_close(live);
	ward_views_close(again);
	ward_log_close(log);
}

static void
test_snapshot_is_whole(void **state)
{
	struct ward_log *log = open_log("snapshot");
	struct ward_views *views = open_views("snapshot.a", 100), *restored;
	uint64_t records, different = 1;
	char path[256], why[1024];

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		say(log, i, SAMPLE, BAD, NULL, 0, noon + i);
	apply(log, views);
	say(log, 7, ANALYST, CLEAN, NULL, 0, noon);
	apply(log, views);
	(void)snprintf(path, sizeof(path), "%s/snapshot.b", root);
	assert_int_equal(ward_views_snapshot(views, path), WARD_OK);
	assert_int_equal(ward_views_snapshot(views, path), WARD_E_INVAL); /* there already */
	restored = open_views("snapshot.b", 100);
	assert_int_equal(ward_views_compare(views, restored, &records, &different, why), WARD_OK);
	assert_int_equal(different, 0);
	assert_int_equal(verdict(restored, 7, NULL, noon).verdict, WARD_CLEAN);
	assert_int_equal(verdict(restored, 8, NULL, noon).verdict, WARD_MALICIOUS);
	say(log, 8, ANALYST, CLEAN, NULL, 0, noon);
	apply(log, restored); /* goes on where the snapshot stands */
	assert_int_equal(verdict(restored, 8, NULL, noon).verdict, WARD_CLEAN);
	ward_views_close(views);
	ward_views_close(restored);
	ward_log_close(log);
}

/* However many devices have a verdict of their own on a file. */
static void
test_many_scopes(void **state)
{
	struct ward_log *log = open_log("scopes");
	struct ward_views *views = open_views("scopes", 0);
	uint8_t device[16] = {0};
	uint64_t records;

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		memcpy(device, &i, 4);
		say(log, 1, ANALYST, i % 2 ? BAD : CLEAN, device, 0, noon + i);
	}
	assert_int_equal(ward_applier_run(log, views, NULL, 0, &records), WARD_OK);
	assert_int_equal(verdict(views, 1, NULL, noon).source, 0);
	assert_int_equal(verdict(views, 1, device, noon).verdict, WARD_MALICIOUS);
	device[0]--;
	assert_int_equal(verdict(views, 1, device, noon).verdict, WARD_CLEAN);
	ward_views_close(views);
	ward_log_close(log);
}

static int
clean_up(void **state)
{
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, root, NULL};
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_a_replay_ends_where_it_was_told),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_each_event_counts_once),
		cmocka_unit_test(test_the_log_decides_who_is_in_time),
		cmocka_unit_test(test_replay_is_equal),
		cmocka_unit_test(test_old_events_are_forgotten),
		cmocka_unit_test(test_snapshot_is_whole),
		cmocka_unit_test(test_many_scopes),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

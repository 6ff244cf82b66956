/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/history/history.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64], path[96];

#define DAY (UINT64_C(24) * 3600 * 1000)
#define NOW (UINT64_C(20000) * DAY)

static void
remove_files(void)
{
	static const char *const names[] = {"", "-wal", "-shm", ".damaged", ".damaged-wal"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
		(void)unlink(name);
	}
}

static int
make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/ward-test-history-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/history.db", base);
	return 0;
}

static int
remove_base(void **state)
{
	(void)state;
	remove_files();
	return rmdir(base);
}

static struct ward_history *
open_history(uint32_t days, uint32_t items)
{
	struct ward_history_options options = {path, days, items};
	struct ward_history *h = NULL;
	bool aside = true;

	assert_int_equal(ward_history_open(&options, &h, &aside), WARD_OK);
	assert_false(aside);
	return h;
}

static uint8_t digest[32] = {1, 2, 3};

static struct ward_threat
threat(const char *file, uint64_t at_ms)
{
	return (struct ward_threat){
		.status = WARD_THREAT_BLOCKED,
		.verdict = WARD_MALICIOUS,
		.layer = WARD_LAYER_YARA,
		.name = ward_span_str("Linux.Test"),
		.category = ward_span_str("malware"),
		.path = ward_span_str(file),
		.sha256 = ward_span_of(digest, sizeof(digest)),
		.evidence = ward_span_str("{\"rule\":\"x\"}"),
		.reason = ward_span_str("exec"),
		.program = ward_span_str("/bin/sh"),
		.actor_pid = 7,
		.actor_uid = 1000,
		.owner_uid = 1001,
		.last_ms = at_ms,
	};
}

struct page {
	struct ward_threat last;
	uint8_t id[WARD_HISTORY_ID];
	unsigned count;
	uint64_t times[2000];
	char path[64], note[64];
};

static enum ward_rc
take(void *ctx, const struct ward_threat *t)
{
	struct page *p = ctx;

	memset(p->path, 0, sizeof(p->path));
	memset(p->note, 0, sizeof(p->note));
	memcpy(p->path, t->path.data, t->path.len < 63 ? t->path.len : 63);
	memcpy(p->note, t->note.data, t->note.len < 63 ? t->note.len : 63);
	p->last = *t;
	memcpy(p->id, t->id, sizeof(p->id));
	p->times[p->count++ % 2000] = t->last_ms;
	return WARD_OK;
}

static struct ward_history_totals
totals(struct ward_history *h)
{
	struct ward_history_totals t = {0};

	assert_int_equal(ward_history_totals(h, &t), WARD_OK);
	return t;
}

static void
test_threats_are_remembered(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_threat t = threat("/tmp/a\xff\nb", NOW);
	uint8_t id[WARD_HISTORY_ID], again[WARD_HISTORY_ID], item[WARD_HISTORY_ID] = {9};
	static struct page p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
	t.last_ms = NOW + 5;
	assert_int_equal(ward_history_threat_add(h, &t, again), WARD_OK);
	assert_memory_equal(id, again, sizeof(id));
	ward_history_freep(&h);
	h = open_history(0, 0);
	assert_int_equal(ward_history_threat_show(h, id, take, &p), WARD_OK);
	assert_string_equal(p.path, "/tmp/a\xff\nb");
	assert_int_equal(p.last.count, 2);
	assert_int_equal(p.last.first_ms, NOW);
	assert_int_equal(p.last.last_ms, NOW + 5);
	assert_int_equal(p.last.verdict, WARD_MALICIOUS);
	assert_int_equal(p.last.layer, WARD_LAYER_YARA);
	assert_int_equal(p.last.owner_uid, 1001);
	assert_int_equal(p.last.quarantine.len, 0);
	assert_int_equal(ward_history_threat_update(h, id, WARD_THREAT_QUARANTINED,
						    ward_span_of(item, sizeof(item)),
						    ward_span_str("why")),
			 WARD_OK);
	assert_int_equal(ward_history_threat_update(h, id, WARD_THREAT_RESTORED,
						    ward_span_of(NULL, 0), ward_span_of(NULL, 0)),
			 WARD_OK);
	assert_int_equal(ward_history_threat_show(h, id, take, &p), WARD_OK);
	assert_int_equal(p.last.status, WARD_THREAT_RESTORED);
	assert_int_equal(p.last.quarantine.len, 16);
	assert_string_equal(p.note, "why");
	/* Met again after that: an entry of its own. */
	assert_int_equal(ward_history_threat_add(h, &t, again), WARD_OK);
	assert_memory_not_equal(id, again, sizeof(id));
	assert_int_equal(ward_history_threat_update(h, item, WARD_THREAT_DELETED,
						    ward_span_of(NULL, 0), ward_span_of(NULL, 0)),
			 WARD_E_NOENT);
	assert_int_equal(ward_history_threat_show(h, item, take, &p), WARD_E_NOENT);
	assert_int_equal(totals(h).detections, 3);
	assert_int_equal(totals(h).threats[WARD_THREAT_RESTORED], 1);
	assert_int_equal(totals(h).threats[WARD_THREAT_BLOCKED], 1);
	ward_history_freep(&h);
	remove_files();
}

static void
test_what_makes_no_sense_is_refused(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_threat t = threat("/x", NOW);
	uint8_t id[WARD_HISTORY_ID];

	(void)state;
	t.sha256.len = 31;
	assert_int_equal(ward_history_threat_add(h, &t, id), WARD_E_INVAL);
	t = threat("/x", NOW);
	t.status = WARD_THREAT_STATUSES;
	assert_int_equal(ward_history_threat_add(h, &t, id), WARD_E_INVAL);
	assert_int_equal(totals(h).detections, 0);
	ward_history_freep(&h);
	remove_files();
}

static void
test_texts_are_bounded(void **state)
{
	static char text[WARD_HISTORY_EVIDENCE_MAX + 1];
	struct ward_history *h = open_history(0, 0);
	struct ward_threat t = threat("/x", NOW);
	uint8_t id[WARD_HISTORY_ID];
	static struct page p;

	(void)state;
	memset(&p, 0, sizeof(p));
	memset(text, 'x', sizeof(text));
	t.path = t.name = ward_span_of(text, sizeof(text));
	t.evidence = ward_span_of(text, sizeof(text));
	assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
	assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
	assert_int_equal(ward_history_threat_show(h, id, take, &p), WARD_OK);
	assert_int_equal(p.last.name.len, WARD_HISTORY_TEXT_MAX);
	assert_int_equal(p.last.evidence.len, 0);
	assert_int_equal(p.last.count, 2); /* the cut ones are the same ones */
	ward_history_freep(&h);
	remove_files();
}

static void
test_pages(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_threat_query query = {.limit = 7};
	static struct page p;
	uint8_t id[WARD_HISTORY_ID];
	unsigned before;

	(void)state;
	memset(&p, 0, sizeof(p));
	for (unsigned i = 0; i < 50; i++) {
		struct ward_threat t;
		char name[32];

		(void)snprintf(name, sizeof(name), "/file/%u", i);
		t = threat(name, NOW + i / 4); /* several at one moment */
		t.status = i % 2 ? WARD_THREAT_BLOCKED : WARD_THREAT_FAILED;
		assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
	}
	do {
		before = p.count;
		assert_int_equal(ward_history_threat_list(h, &query, take, &p), WARD_OK);
		assert_true(p.count - before <= 7);
		query.before_ms = p.last.last_ms;
		memcpy(id, p.id, sizeof(id));
		query.before = id;
	} while (p.count > before);
	assert_int_equal(p.count, 50);
	for (unsigned i = 1; i < 50; i++)
		assert_true(p.times[i] <= p.times[i - 1]);
	memset(&p, 0, sizeof(p));
	query = (struct ward_threat_query){.statuses = 1u << WARD_THREAT_FAILED};
	assert_int_equal(ward_history_threat_list(h, &query, take, &p), WARD_OK);
	assert_int_equal(p.count, 25);
	query.name = ward_span_str("' OR 1 = 1 --");
	assert_int_equal(ward_history_threat_list(h, &query, take, &p), WARD_OK);
	assert_int_equal(p.count, 25);
	ward_history_freep(&h);
	remove_files();
}

static void
test_retention(void **state)
{
	struct ward_history *h = open_history(10, 5);
	uint64_t forgotten = 0;
	uint8_t id[WARD_HISTORY_ID];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct ward_event e = {.at_ms = NOW - i * DAY, .kind = ward_span_str("x")};
		struct ward_threat t;
		char name[32];

		(void)snprintf(name, sizeof(name), "/file/%u", i);
		t = threat(name, NOW - i * DAY);
		assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
		assert_int_equal(ward_history_event_add(h, &e), WARD_OK);
	}
	assert_int_equal(ward_history_retain(h, NOW, &forgotten), WARD_OK);
	assert_int_equal(totals(h).threats[WARD_THREAT_BLOCKED], 5);
	assert_int_equal(totals(h).events, 5);
	assert_int_equal(forgotten, 30);
	assert_int_equal(totals(h).detections, 20);
	assert_int_equal(ward_history_retain(h, NOW + 8 * DAY, &forgotten), WARD_OK);
	assert_int_equal(totals(h).threats[WARD_THREAT_BLOCKED], 3);
	ward_history_freep(&h);
	remove_files();
}

struct runs {
	struct ward_run items[4];
	char place[64], after[64], source[16];
	size_t count;
};

static enum ward_rc
take_run(void *ctx, const struct ward_run *run)
{
	struct runs *r = ctx;

	(void)snprintf(r->place, sizeof(r->place), "%.*s", (int)run->place.len, run->place.data);
	(void)snprintf(r->after, sizeof(r->after), "%.*s", (int)run->after.len, run->after.data);
	(void)snprintf(r->source, sizeof(r->source), "%.*s", (int)run->source.len,
		       run->source.data);
	r->items[r->count++] = *run;
	return WARD_OK;
}

static void
test_runs(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_run run = {.kind = ward_span_str("full"),
			       .source = ward_span_str("schedule"),
			       .uid = 3,
			       .begin_ms = NOW};
	struct ward_history_totals totals;
	struct runs got = {.count = 0};
	int64_t first = 0, second = 0;

	(void)state;
	assert_int_equal(ward_history_run_begin(h, &run, &first), WARD_OK);
	run.begin_ms = NOW + 1;
	run.kind = ward_span_str("quick");
	assert_int_equal(ward_history_run_begin(h, &run, &second), WARD_OK);
	assert_true(second > first);
	run = (struct ward_run){
		.id = second, .outcome = WARD_RUN_DONE, .end_ms = NOW + 9, .files = 4};
	assert_int_equal(ward_history_run_save(h, &run), WARD_OK);
	run.id = 999;
	assert_int_equal(ward_history_run_save(h, &run), WARD_E_NOENT);
	ward_history_freep(&h);
	h = open_history(0, 0); /* the guard was restarted */
	assert_int_equal(ward_history_run_list(h, ward_span_str(""), 0, 0, take_run, &got),
			 WARD_OK);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.items[0].id, second);
	assert_int_equal(got.items[0].outcome, WARD_RUN_DONE);
	assert_int_equal(got.items[0].files, 4);
	assert_int_equal(got.items[1].outcome, WARD_RUN_INTERRUPTED);
	assert_int_equal(got.items[1].uid, 3);
	assert_string_equal(got.source, "schedule");
	got.count = 0;
	assert_int_equal(ward_history_run_list(h, ward_span_str(""), second, 0, take_run, &got),
			 WARD_OK);
	assert_int_equal(got.count, 1);
	got.count = 0;
	assert_int_equal(ward_history_run_list(h, ward_span_str("full"), 0, 0, take_run, &got),
			 WARD_OK);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.items[0].id, first);
	assert_int_equal(ward_history_totals(h, &totals), WARD_OK);
	assert_int_equal(totals.runs, 2);
	assert_true(totals.begun_ms > NOW);
	ward_history_freep(&h);
	remove_files();
}

/* Where it was, and what was counted until then, is there after a kill. */
static void
test_a_run_goes_on(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_run run = {.kind = ward_span_str("full"), .begin_ms = NOW};
	struct runs got = {.count = 0};
	char large[WARD_HISTORY_TEXT_MAX + 100];

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_int_equal(ward_history_run_begin(h, &run, &run.id), WARD_OK);
	run.place = ward_span_str("/srv");
	run.after = ward_span_str("/srv/a\nb\xff/c");
	run.files = 7;
	run.used_ms = 1234;
	run.reasons[WARD_REASON_ENCRYPTED] = 3;
	run.reasons[WARD_REASON_COUNT - 1] = UINT64_MAX;
	assert_int_equal(ward_history_run_save(h, &run), WARD_OK);
	ward_history_freep(&h);
	h = open_history(0, 0);
	assert_int_equal(ward_history_run_list(h, run.kind, 0, 1, take_run, &got), WARD_OK);
	assert_int_equal(got.items[0].outcome, WARD_RUN_INTERRUPTED);
	assert_int_equal(got.items[0].files, 7);
	assert_int_equal(got.items[0].used_ms, 1234);
	assert_string_equal(got.place, "/srv");
	assert_string_equal(got.after, "/srv/a\nb\xff/c");
	assert_int_equal(got.items[0].reasons[WARD_REASON_ENCRYPTED], 3);
	assert_int_equal(got.items[0].reasons[WARD_REASON_SIZE], 0);
	assert_true(got.items[0].reasons[WARD_REASON_COUNT - 1] == UINT64_MAX);
	run.after = ward_span_of(large, sizeof(large));
	assert_int_equal(ward_history_run_save(h, &run), WARD_OK);
	assert_string_equal(ward_run_outcome_name(WARD_RUN_INTERRUPTED), "interrupted");
	ward_history_freep(&h);
	remove_files();
}

static enum ward_rc
count_event(void *ctx, const struct ward_event *e)
{
	(*(unsigned *)ctx)++;
	assert_true(ward_span_eq(e->text,
				 ward_span_str("real-time protection cannot be switched off")));
	return WARD_OK;
}

static void
test_events(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_event e = {.at_ms = NOW,
			       .kind = ward_span_str("tamper-refused"),
			       .text = ward_span_str("real-time protection cannot be switched off"),
			       .uid = 1000};
	unsigned count = 0;

	(void)state;
	assert_int_equal(ward_history_event_add(h, &e), WARD_OK);
	e.kind = ward_span_str("service-stopped");
	assert_int_equal(ward_history_event_add(h, &e), WARD_OK);
	assert_int_equal(
		ward_history_event_list(h, ward_span_of(NULL, 0), 0, 0, count_event, &count),
		WARD_OK);
	assert_int_equal(count, 2);
	assert_int_equal(ward_history_event_list(h, e.kind, 0, 0, count_event, &count), WARD_OK);
	assert_int_equal(count, 3);
	assert_int_equal(ward_history_event_list(h, e.kind, 2, 0, count_event, &count), WARD_OK);
	assert_int_equal(count, 3);
	ward_history_freep(&h);
	remove_files();
}

static enum ward_rc
count_allow(void *ctx, const struct ward_allow *a)
{
	(*(unsigned *)ctx)++;
	assert_true(a->why.len > 0);
	return WARD_OK;
}

static unsigned
allowed_at(struct ward_history *h, uint64_t now)
{
	unsigned count = 0;

	assert_int_equal(ward_history_allowed(h, now, count_allow, &count), WARD_OK);
	return count;
}

static void
test_allowances(void **state)
{
	struct ward_history *h = open_history(0, 0);
	struct ward_allow a = {.kind = WARD_ALLOW_THREAT,
			       .value = ward_span_str("Linux.Test"),
			       .why = ward_span_str("our own tool"),
			       .since_ms = NOW};

	(void)state;
	assert_int_equal(ward_history_allow(h, &a), WARD_OK);
	assert_int_equal(ward_history_allow(h, &a), WARD_OK);
	a.kind = WARD_ALLOW_SHA256;
	assert_int_equal(ward_history_allow(h, &a), WARD_E_INVAL);
	a.value = ward_span_of(digest, sizeof(digest));
	a.until_ms = NOW + 100;
	assert_int_equal(ward_history_allow(h, &a), WARD_OK);
	assert_int_equal(allowed_at(h, NOW), 2);
	assert_int_equal(allowed_at(h, NOW + 100), 1);
	assert_int_equal(ward_history_retain(h, NOW + 100, NULL), WARD_OK);
	assert_int_equal(totals(h).allowances, 1);
	assert_int_equal(ward_history_disallow(h, WARD_ALLOW_THREAT, ward_span_str("Linux.Test")),
			 WARD_OK);
	assert_int_equal(ward_history_disallow(h, WARD_ALLOW_THREAT, ward_span_str("Linux.Test")),
			 WARD_E_NOENT);
	assert_int_equal(allowed_at(h, NOW), 0);
	ward_history_freep(&h);
	remove_files();
}

static void
test_damage_never_keeps_it_closed(void **state)
{
	struct ward_history_options options = {path, 0, 0};
	struct ward_history *h = open_history(0, 0);
	bool aside = false;
	int fd;

	(void)state;
	ward_history_freep(&h);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "this is no database any more", 28, 0), 28);
	close(fd);
	assert_int_equal(ward_history_open(&options, &h, &aside), WARD_OK);
	assert_true(aside);
	assert_int_equal(totals(h).detections, 0);
	ward_history_freep(&h);
	remove_files();
}

/* --- under load --- */

static void *
write_many(void *arg)
{
	struct ward_history *h = arg;
	uint8_t id[WARD_HISTORY_ID];

	for (unsigned i = 0; i < 40; i++) {
		struct ward_threat t = threat("/one", NOW + i);
		struct ward_threat_query query = {.limit = 3};
		static _Thread_local struct page p;

		assert_int_equal(ward_history_threat_add(h, &t, id), WARD_OK);
		assert_int_equal(ward_history_threat_list(h, &query, take, &p), WARD_OK);
	}
	return NULL;
}

static void
test_several_threads(void **state)
{
	struct ward_history *h = open_history(0, 0);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, h), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(totals(h).detections, 160);
	assert_int_equal(totals(h).threats[WARD_THREAT_BLOCKED], 1);
	ward_history_freep(&h);
	remove_files();
}

/* What was acknowledged is there after kill -9. */
static void
test_killed_while_writing(void **state)
{
	uint32_t done = 0;

	(void)state;
	for (unsigned round = 0; round < 15; round++) {
		struct ward_history *h;
		uint32_t number;
		int ends[2];
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0) {
			h = open_history(0, 0);
			for (uint32_t i = 0;; i++) {
				struct ward_threat t = threat("/one", NOW + i);
				uint8_t id[WARD_HISTORY_ID];

				if (ward_history_threat_add(h, &t, id) != WARD_OK)
					_exit(1);
				(void)!write(ends[1], &i, 4);
			}
		}
		close(ends[1]);
		done += read(ends[0], &number, 4) == 4;
		usleep(round * 131 % 3000);
		kill(child, SIGKILL);
		while (read(ends[0], &number, 4) == 4)
			done++;
		waitpid(child, NULL, 0);
		close(ends[0]);
		h = open_history(0, 0);
		assert_true(totals(h).detections >= done);
		done = (uint32_t)totals(h).detections;
		ward_history_freep(&h);
	}
	assert_true(done >= 15);
	remove_files();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threats_are_remembered),
		cmocka_unit_test(test_what_makes_no_sense_is_refused),
		cmocka_unit_test(test_texts_are_bounded),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_retention),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_a_run_goes_on),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_allowances),
		cmocka_unit_test(test_damage_never_keeps_it_closed),
		cmocka_unit_test(test_several_threads),
		cmocka_unit_test(test_killed_while_writing),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}

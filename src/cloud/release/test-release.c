/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher with real keys, log, views and applier; what it lets out is taken by an endpoint. */
#include "cloud/release/release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/keys/directory.h"
#include "cloud/keys/keyfile.h"
#include "cloud/log/file.h"
#include "cloud/log/record.h"
#include "sys/clock.h"
#include "trust/testing.h"

#pragma GCC diagnostic ignored "-Wcast-qual"

enum { WAIT_MS = 60000, MANY = 300, MEMORY = 256 << 20 };

#define HOUR UINT64_C(3600000)

struct world {
	char directory[64];
	struct test_publisher *p;
	struct ward_authority *authority;
	struct ward_log *log;
	struct ward_views *views;
	struct ward_applier *applier;
	struct ward_metrics *metrics;
	struct ward_release *_Atomic release;
	struct ward_budget budget;
	struct ward_arena *arena;
};

static uint64_t
now_ms(void)
{
	return ward_clock_wall() / 1000;
}

static void
on_update(void *context, uint64_t position, const Ward__V1__VerdictChange *change, uint64_t time_ms)
{
	struct world *w = context;

	(void)position;
	(void)time_ms;
	if (change && w->release)
		ward_release_verdict(w->release, change->sha256.data);
}

static void
open_views(struct world *w)
{
	const struct ward_applier_events events = {.context = w, .update = on_update};
	char path[128], why[512] = "";
	struct ward_views_options options = {.directory = path, .cache_bytes = 8 << 20};

	(void)snprintf(path, sizeof(path), "%s/views", w->directory);
	assert_int_equal(ward_views_open(&options, &w->views, why), WARD_OK);
	assert_int_equal(ward_applier_start(w->log, w->views, &events, &w->applier), WARD_OK);
}

static struct ward_release *
start(struct world *w)
{
	const struct ward_release_options options = {
		.log = w->log,
		.views = w->views,
		.applier = w->applier,
		.authority = w->authority,
		.metrics = w->metrics,
		.policy = {.convictions = true,
			   .confidence = 900,
			   .gate_devices = 3,
			   .gate_share = 10,
			   .gate_age_ms = HOUR},
	};
	struct ward_release *release = NULL;

	assert_int_equal(ward_release_start(&options, &release), WARD_OK);
	return release;
}

/* The directory of keys and metadata, as the ceremony leaves it. */
static void
found(struct world *w)
{
	static const struct {
		const char *name;
		enum test_key key;
	} keys[] = {{"snapshot", TEST_SNAPSHOT},
		    {"timestamp", TEST_TIMESTAMP},
		    {"service", TEST_CONVICTIONS}};
	struct ward_refusal why = {.text = ""};
	char trust[96], ring[112];

	(void)snprintf(trust, sizeof(trust), "%s/trust", w->directory);
	(void)snprintf(ring, sizeof(ring), "%s/keys", trust);
	assert_int_equal(mkdir(trust, 0700), 0);
	assert_int_equal(mkdir(ring, 0700), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint8_t secret[WARD_SIGN_SECRET];

		test_secret(keys[i].key, secret);
		assert_int_equal(ward_key_file_write(ring, keys[i].name, secret,
						     ward_span_of(NULL, 0), &why),
				 WARD_OK);
	}
	w->p->delegations[0].name = "service";
	w->p->delegations[1].name = "the-rules";
	w->p->root.expires_ms = w->p->targets.expires_ms = now_ms() + 9000 * HOUR;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	test_sign_all(w->p);
	assert_int_equal(ward_trust_file_write(trust, WARD_DSSE_ROOT, 1,
					       w->p->envelopes[WARD_DSSE_ROOT], &why),
			 WARD_OK);
	assert_int_equal(ward_trust_file_write(trust, WARD_DSSE_TARGETS, 1,
					       w->p->envelopes[WARD_DSSE_TARGETS], &why),
			 WARD_OK);
	assert_int_equal(ward_authority_open(trust, now_ms(), &w->authority, &why), WARD_OK);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[128], why[512] = "";
	struct ward_log_file_options options = {.directory = path};

	assert_non_null(w);
	(void)snprintf(w->directory, sizeof(w->directory), "/tmp/ward-release-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	w->budget.cap = MEMORY;
	w->arena = ward_arena_new(&w->budget);
	w->p = test_publisher_new();
	w->metrics = ward_metrics_new();
	found(w);
	(void)snprintf(path, sizeof(path), "%s/log", w->directory);
	assert_int_equal(ward_log_open_file(&options, &w->log, why), WARD_OK);
	open_views(w);
	w->release = start(w);
	*state = w;
	return 0;
}

static void
stop(struct world *w)
{
	struct ward_release *release = w->release;

	ward_release_stop(release);
	w->applier = ward_applier_stop(w->applier);
	w->release = ward_release_free(release);
	w->views = ward_views_close(w->views);
}

static int
tear_down(void **state)
{
	struct world *w = *state;
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, w->directory, NULL};
	pid_t child;

	stop(w);
	w->log = ward_log_close(w->log);
	ward_authority_closep(&w->authority);
	ward_metrics_free(w->metrics);
	test_publisher_free(w->p);
	ward_arena_free(w->arena);
	child = fork();
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	free(w);
	return 0;
}

/* --- an endpoint --- */

static enum ward_rc
count_one(void *context, uint64_t number, struct ward_span envelope)
{
	struct ward_trust_batch *b = context;
	struct world *w = (struct world *)(uintptr_t)b->now_ms;
	struct ward_span *records = (struct ward_span *)(uintptr_t)b->records;
	char *copy = ward_arena_strdup(w->arena, envelope);

	assert_int_equal(number, b->count + 1);
	assert_non_null(copy);
	records[b->count++] = ward_span_of(copy, envelope.len);
	return WARD_OK;
}

static struct ward_view_ledger
ledger_of(struct world *w)
{
	struct ward_view_ledger ledger;

	assert_int_equal(ward_views_ledger(w->views, w->p->root.log, w->arena, &ledger), WARD_OK);
	return ledger;
}

/* Takes all there is, as an endpoint that was never here before. */
static const struct ward_trust_accepted *
take_all(struct world *w, size_t *ret_count)
{
	struct ward_view_ledger ledger = ledger_of(w);
	struct ward_trust_self self = {.ring = ""};
	struct ward_span *records =
		ward_arena_array(w->arena, ledger.frontier.size + 1, sizeof(*records));
	struct ward_trust_batch b = {.records = records, .now_ms = (uint64_t)(uintptr_t)w};
	const struct ward_trust_accepted *accepted = NULL;
	struct ward_refusal why = {.text = ""};
	struct ward_trust *t = NULL;
	struct ward_buf out;

	assert_int_equal(ward_views_records(w->views, w->p->root.log, 0, count_one, &b), WARD_OK);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(ward_authority_envelope(w->authority, WARD_DSSE_SNAPSHOT, 0, &out),
			 WARD_OK);
	assert_int_equal(ward_trust_new(w->p->envelopes[WARD_DSSE_ROOT], &t, &why), WARD_OK);
	assert_int_equal(ward_trust_take_timestamp(t, ledger.timestamp, now_ms(), &why), WARD_OK);
	assert_int_equal(ward_trust_take_snapshot(t, ward_buf_span(&out), now_ms(), &why), WARD_OK);
	assert_int_equal(
		ward_trust_take_targets(t, w->p->envelopes[WARD_DSSE_TARGETS], now_ms(), &why),
		WARD_OK);
	b.now_ms = now_ms();
	assert_int_equal(ward_trust_accept(t, &b, &self, w->arena, &accepted, &why), WARD_OK);
	assert_int_equal(ward_trust_frontier(t)->size, ledger.frontier.size);
	ward_trust_free(t);
	ward_buf_done(&out);
	*ret_count = b.count;
	return accepted;
}

/* --- asking --- */

static struct ward_trust_record
block(uint8_t which, uint8_t digest[32])
{
	struct ward_trust_record r = test_record(1);

	memset(digest, which, 32);
	memset(r.id, 0, sizeof(r.id));
	r.of.file = ward_span_of(digest, 32);
	return r;
}

static const struct ward_release_author analyst = {"uid:0", NULL};

static uint64_t
publish(struct world *w, const struct ward_trust_record *r)
{
	struct ward_refusal why = {.text = ""};
	uint64_t number = 0;

	assert_int_equal(ward_release_wait(w->release, r, &analyst, WAIT_MS, &number, &why),
			 WARD_OK);
	assert_string_equal(why.text, "");
	return number;
}

static void
test_one_after_the_other(void **state)
{
	struct world *w = *state;
	const struct ward_trust_accepted *accepted;
	uint8_t digest[32];
	size_t count = 0;

	for (uint8_t i = 1; i <= 10; i++) {
		struct ward_trust_record r = block(i, digest);

		assert_int_equal(publish(w, &r), i);
		accepted = take_all(w, &count);
		assert_int_equal(count, i);
		assert_true(accepted[i - 1].mine);
		assert_memory_equal(accepted[i - 1].record.of.file.data, digest, 32);
		assert_string_equal(accepted[i - 1].record.role, "service");
	}
}

struct tally {
	_Atomic unsigned done;
	_Atomic bool number[2 * MANY + 1];
};

static void
on_released(void *context, enum ward_rc rc, const struct ward_released *released)
{
	struct tally *t = context;

	assert_int_equal(rc, WARD_OK);
	assert_in_range(released->number, 1, 2 * MANY);
	assert_false(t->number[released->number]);
	t->number[released->number] = true;
	assert_true(released->envelope.len > 0);
	t->done++;
}

static void
submit_many(struct ward_release *release, struct tally *t, uint8_t which)
{
	for (unsigned i = 0; i < MANY; i++) {
		struct ward_refusal why = {.text = ""};
		uint8_t digest[32];
		struct ward_trust_record r = block(which, digest);

		memcpy(digest, &i, sizeof(i));
		assert_int_equal(ward_release_submit(release, &r, &analyst, on_released, t, &why),
				 WARD_OK);
	}
}

static void
wait_for(struct tally *t, unsigned count)
{
	uint64_t end = ward_clock_monotonic() + WAIT_MS * UINT64_C(1000);

	while (t->done < count && ward_clock_monotonic() < end)
		(void)usleep(1000);
	assert_int_equal(t->done, count);
}

/* Two publishers over one log: no number is lost, none is there twice, and fewer timestamps than records. */
static void
test_two_publishers(void **state)
{
	struct world *w = *state;
	static struct tally t;
	struct ward_release *other = start(w);
	size_t count = 0;

	submit_many(w->release, &t, 1);
	submit_many(other, &t, 2);
	wait_for(&t, 2 * MANY);
	(void)take_all(w, &count);
	assert_int_equal(count, 2 * MANY);
	assert_true(ledger_of(w).version < 2 * MANY);
	ward_release_stop(other);
	ward_release_free(other);
}

/* A process ends between record and timestamp: the next one covers it. */
static void
test_covers_what_was_left(void **state)
{
	struct world *w = *state;
	uint64_t end = ward_clock_monotonic() + WAIT_MS * UINT64_C(1000);
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Published published = WARD__LOG__V1__PUBLISHED__INIT;
	struct ward_trust_record r = test_record(1);
	struct ward_span envelope;
	size_t count = 0;

	r.role = "service";
	envelope = test_seal(w->p, &r, TEST_CONVICTIONS);
	published.log = (ProtobufCBinaryData){WARD_LOG_ID, w->p->root.log};
	published.number = 1;
	published.envelope =
		(ProtobufCBinaryData){envelope.len, (uint8_t *)(uintptr_t)envelope.data};
	record.fact_case = WARD__LOG__V1__RECORD__FACT_PUBLISHED;
	record.published = &published;
	assert_int_equal(ward_record_append_wait(w->log, &record, NULL), WARD_OK);
	while (ledger_of(w).covered < 1 && ward_clock_monotonic() < end)
		(void)usleep(10000);
	(void)take_all(w, &count);
	assert_int_equal(count, 1);
}

static void
test_restarts(void **state)
{
	struct world *w = *state;
	uint8_t digest[32];
	size_t count = 0;

	for (uint8_t i = 1; i <= 5; i++) {
		struct ward_trust_record r = block(i, digest);

		assert_int_equal(publish(w, &r), i);
		stop(w);
		open_views(w);
		w->release = start(w);
	}
	(void)take_all(w, &count);
	assert_int_equal(count, 5);
}

static void
test_refused(void **state)
{
	struct world *w = *state;
	struct ward_refusal why = {.text = ""};
	uint8_t digest[32];
	struct ward_trust_record r = block(1, digest);
	uint64_t number = 0;

	r.kind = WARD_KIND_ALLOW_FILE; /* not the service's to say */
	assert_int_equal(ward_release_wait(w->release, &r, &analyst, WAIT_MS, &number, &why),
			 WARD_E_PERM);
	assert_string_equal(ward_refusal_word(why.code), "kind-not-allowed");
	r = block(1, digest);
	r.of.file.len = 31;
	assert_int_equal(ward_release_wait(w->release, &r, &analyst, WAIT_MS, &number, &why),
			 WARD_E_PERM);
	assert_string_equal(ward_refusal_word(why.code), "bad-field");
	assert_int_equal(ledger_of(w).frontier.size, 0);
}

/* --- convictions --- */

static void
say(struct world *w, uint8_t *sha256, int source, int verdict, uint64_t time_ms)
{
	Ward__Log__V1__Record records[2] = {WARD__LOG__V1__RECORD__INIT,
					    WARD__LOG__V1__RECORD__INIT};
	Ward__Log__V1__Verdict v = WARD__LOG__V1__VERDICT__INIT;
	Ward__V1__VerdictChange change = WARD__V1__VERDICT_CHANGE__INIT;
	char threat[] = "A.Threat", reason[] = "seen it";
	struct ward_log_position position;

	v.sha256 = change.sha256 = (ProtobufCBinaryData){32, sha256};
	v.source = (Ward__Log__V1__Source)source;
	v.verdict = change.verdict = (Ward__V1__Verdict)verdict;
	v.confidence = 950;
	v.threat = change.threat = threat;
	v.reason = reason;
	v.time_ms = records[0].time_ms = records[1].time_ms = time_ms;
	records[0].fact_case = WARD__LOG__V1__RECORD__FACT_VERDICT;
	records[0].verdict = &v;
	records[1].fact_case = WARD__LOG__V1__RECORD__FACT_CHANGE;
	records[1].change = &change;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ward_record_append_wait(w->log, &records[i], &position), WARD_OK);
	assert_int_equal(ward_applier_wait(w->applier, &position, 1, WAIT_MS), WARD_OK);
}

static void
wait_size(struct world *w, uint64_t size)
{
	uint64_t end = ward_clock_monotonic() + WAIT_MS * UINT64_C(1000);

	while (ledger_of(w).covered < size && ward_clock_monotonic() < end)
		(void)usleep(2000);
	assert_int_equal(ledger_of(w).covered, size);
}

struct answer {
	_Atomic bool here;
	enum ward_rc rc;
	uint64_t number;
};

static void
on_answer(void *context, enum ward_rc rc, const struct ward_released *released)
{
	struct answer *a = context;

	a->rc = rc;
	a->number = released->number;
	a->here = true;
}

static struct answer
ask(struct world *w, const uint8_t *sha256, unsigned timeout_ms)
{
	uint64_t end = ward_clock_monotonic() + WAIT_MS * UINT64_C(1000);
	struct answer a = {.rc = WARD_OK};

	assert_int_equal(ward_release_when(w->release, sha256, timeout_ms, on_answer, &a), WARD_OK);
	while (!a.here && ward_clock_monotonic() < end)
		(void)usleep(1000);
	assert_true(a.here);
	return a;
}

static void
test_conviction_and_back(void **state)
{
	struct world *w = *state;
	const struct ward_trust_accepted *accepted;
	uint8_t sha256[32] = {7};
	struct answer a;
	size_t count = 0;

	say(w, sha256, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms());
	a = ask(w, sha256, WAIT_MS);
	assert_int_equal(a.rc, WARD_OK);
	assert_int_equal(a.number, 1);
	assert_int_equal(ledger_of(w).covered, 1);
	assert_int_equal(ledger_of(w).frontier.size, 1); /* asked for twice, there once */
	accepted = take_all(w, &count);
	assert_int_equal(accepted[0].record.kind, WARD_KIND_BLOCK_FILE);
	assert_int_equal(accepted[0].record.tier, 3);
	assert_int_equal(accepted[0].record.confidence, 95);
	assert_string_equal(accepted[0].record.threat, "A.Threat");
	say(w, sha256, WARD__LOG__V1__SOURCE__SOURCE_ANALYST, WARD__V1__VERDICT__VERDICT_CLEAN,
	    now_ms());
	wait_size(w, 2);
	accepted = take_all(w, &count);
	assert_int_equal(accepted[1].record.kind, WARD_KIND_DISABLE);
	assert_int_equal(accepted[1].record.of.disable.record, 1);
	assert_string_equal(accepted[1].record.reason, "seen it");
}

/* What was convicted while nobody published, of late, is published at the next start, once. */
static void
test_catches_up(void **state)
{
	struct world *w = *state;
	uint8_t late[32] = {1}, old[32] = {2};
	size_t count = 0;

	ward_release_stop(w->release);
	say(w, late, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms());
	say(w, old, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms() - 48 * HOUR);
	w->release = ward_release_free(w->release);
	w->release = start(w);
	wait_size(w, 1);
	stop(w);
	open_views(w);
	w->release = start(w);
	assert_int_equal(ask(w, late, WAIT_MS).number, 1);
	(void)take_all(w, &count);
	assert_int_equal(count, 1);
}

/* --- gates --- */

static void
meet(struct world *w, uint8_t *sha256, unsigned devices, uint64_t time_ms)
{
	struct ward_log_position position;

	for (unsigned i = 0; i < devices; i++) {
		Ward__Log__V1__Record r = WARD__LOG__V1__RECORD__INIT;
		Ward__Log__V1__Seen seen = WARD__LOG__V1__SEEN__INIT;
		Ward__V1__FileQuery file = WARD__V1__FILE_QUERY__INIT;
		uint8_t device[16] = {1, (uint8_t)i};

		file.sha256 = (ProtobufCBinaryData){32, sha256};
		seen.file = &file;
		r.time_ms = time_ms;
		r.device = (ProtobufCBinaryData){16, device};
		r.fact_case = WARD__LOG__V1__RECORD__FACT_SEEN;
		r.seen = &seen;
		assert_int_equal(ward_record_append_wait(w->log, &r, &position), WARD_OK);
	}
	assert_int_equal(ward_applier_wait(w->applier, &position, 1, WAIT_MS), WARD_OK);
}

static void
list_as_clean(struct world *w, uint8_t *sha256)
{
	Ward__Log__V1__Record r = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Reputation list = WARD__LOG__V1__REPUTATION__INIT;
	char name[] = "packages";
	struct ward_log_position position;

	list.list = name;
	list.kind = WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	list.verdict = WARD__V1__VERDICT__VERDICT_CLEAN;
	list.digests = (ProtobufCBinaryData){32, sha256};
	r.time_ms = list.time_ms = now_ms();
	r.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	r.reputation = &list;
	assert_int_equal(ward_record_append_wait(w->log, &r, &position), WARD_OK);
	assert_int_equal(ward_applier_wait(w->applier, &position, 1, WAIT_MS), WARD_OK);
}

static void
test_gates(void **state)
{
	struct world *w = *state;
	uint8_t common[32] = {3}, outbreak[32] = {4}, good[32] = {5};
	struct ward_release_author forcing = {"uid:0", "it is a worm"};
	struct ward_refusal why = {.text = ""};
	struct ward_release_status status;
	struct ward_trust_record r;
	uint8_t digest[32];
	uint64_t number = 0;

	meet(w, common, 3, now_ms() - 2 * HOUR);
	meet(w, outbreak, 40, now_ms());
	list_as_clean(w, good);
	say(w, common, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms());
	say(w, good, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms());
	assert_int_equal(ask(w, common, WAIT_MS).number, 0);
	assert_int_equal(ask(w, good, WAIT_MS).number, 0);
	say(w, outbreak, WARD__LOG__V1__SOURCE__SOURCE_SAMPLE, WARD__V1__VERDICT__VERDICT_MALICIOUS,
	    now_ms());
	assert_int_equal(ask(w, outbreak, WAIT_MS).number, 1);
	ward_release_status(w->release, &status);
	assert_int_equal(status.held_count, 2);
	assert_memory_equal(status.held[0].sha256, good, 32);
	assert_string_equal(status.held[0].why, "the list packages says that this file is good");
	assert_string_equal(status.held[1].why,
			    "3 devices have this file, the first one for 2 hours");
	r = block(0, digest);
	memcpy(digest, common, 32);
	assert_int_equal(ward_release_wait(w->release, &r, &analyst, WAIT_MS, &number, &why),
			 WARD_E_PERM);
	assert_int_equal(ward_release_wait(w->release, &r, &forcing, WAIT_MS, &number, &why),
			 WARD_OK);
	assert_int_equal(number, 2);
}

/* Nobody knows the file: who waits is told when his time is up. */
static void
test_nothing_comes(void **state)
{
	uint8_t sha256[32] = {9};
	struct answer a = ask(*state, sha256, 50);

	assert_int_equal(a.rc, WARD_E_TIMEOUT);
	assert_int_equal(a.number, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_one_after_the_other),
		TEST(test_two_publishers),
		TEST(test_covers_what_was_left),
		TEST(test_restarts),
		TEST(test_refused),
		TEST(test_conviction_and_back),
		TEST(test_catches_up),
		TEST(test_gates),
		TEST(test_nothing_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

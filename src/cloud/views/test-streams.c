/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of every kind of record, made from a number: applied in any interleaving of partitions, cut
 * anywhere into batches, and by a process that is killed again and again, they give the same views.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/log/record.h"
#include "cloud/views/applier.h"
#include "cloud/views/views-priv.h"

enum { RECORDS = 4000, PARTITIONS = 3, LANES = 2 * PARTITIONS + 1, KILLS = 20 };

static char root[] = "/tmp/ward-streams-XXXXXX";
static char self[] = "/proc/self/exe";
static const uint64_t noon = UINT64_C(1764000000000);

static uint64_t
pick(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

/* --- the stream: one lane a partition --- */

struct lane {
	struct ward_log_entry entries[RECORDS];
	size_t count;
};

static struct ward_budget budget = {.cap = 256 << 20};
static struct ward_arena *arena;
static struct lane lanes[LANES];

static ProtobufCBinaryData
bytes(uint64_t number, size_t len)
{
	uint8_t *data = ward_arena_alloc(arena, len);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(((number + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> (i % 8 * 8));
	data[len - 1] = (uint8_t)number;
	return (ProtobufCBinaryData){len, data};
}

static char *
text(const char *what, uint64_t number)
{
	char *made = ward_arena_printf(arena, "%s-%llu", what, (unsigned long long)number);

	assert_non_null(made);
	return made;
}

#define NEW(type, init)                                                                            \
	type *x = ward_arena_alloc(arena, sizeof(*x));                                             \
	assert_non_null(x);                                                                        \
	init(x)

static Ward__V1__FileQuery *
a_file(uint64_t *s)
{
	NEW(Ward__V1__FileQuery, ward__v1__file_query__init);
	x->sha256 = bytes(pick(s, 40), 32);
	x->size = pick(s, 3);
	x->type = pick(s, 2) ? "pe" : "elf";
	x->context = ward_arena_alloc(arena, sizeof(*x->context));
	assert_non_null(x->context);
	ward__v1__context__init(x->context);
	x->context->path_class = (Ward__V1__PathClass)pick(s, 11);
	x->context->downloaded = pick(s, 2) == 1;
	x->context->name = text("name", pick(s, 20));
	if (pick(s, 2))
		x->context->origin_host = text("host", pick(s, 5));
	return x;
}

static void
an_event(uint64_t *s, Ward__Log__V1__Record *r)
{
	uint64_t number = pick(s, RECORDS / 2),
		 again = number + 1; /* the same number, the same event */
	NEW(Ward__V1__Event, ward__v1__event__init);

	r->device = bytes(pick(&again, 150), 16);
	x->id = bytes(number, 16);
	memcpy(x->id.data, "\x01\x9a\xb0\x5c\xaa\x00\x70\x00\x80", 9);
	memcpy(x->id.data + 12, &number, 4);
	x->what_case = (Ward__V1__Event__WhatCase)(10 + pick(&again, 4));
	if (x->what_case == WARD__V1__EVENT__WHAT_SIGHTING) {
		x->sighting = ward_arena_alloc(arena, sizeof(*x->sighting));
		ward__v1__sighting__init(x->sighting);
		x->sighting->file = a_file(&again);
	} else if (x->what_case == WARD__V1__EVENT__WHAT_DETECTION) {
		x->detection = ward_arena_alloc(arena, sizeof(*x->detection));
		ward__v1__detection__init(x->detection);
		x->detection->file = a_file(&again);
		x->detection->verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS;
	} else if (x->what_case == WARD__V1__EVENT__WHAT_TAMPER) {
		x->tamper = ward_arena_alloc(arena, sizeof(*x->tamper));
		ward__v1__tamper__init(x->tamper);
		x->tamper->kind = (Ward__V1__TamperKind)(1 + pick(&again, 3));
		x->tamper->setting = text("cloud.level", pick(&again, 4));
	} else {
		x->health = ward_arena_alloc(arena, sizeof(*x->health));
		ward__v1__health__init(x->health);
		x->health->outbox = (uint32_t)pick(&again, 9);
	}
	r->event = x;
}

static void
a_verdict(uint64_t *s, Ward__Log__V1__Record *r)
{
	NEW(Ward__Log__V1__Verdict, ward__log__v1__verdict__init);
	x->sha256 = bytes(pick(s, 40), 32);
	x->source = (Ward__Log__V1__Source)(1 + pick(s, 5));
	x->verdict = (Ward__V1__Verdict)pick(s, 6);
	x->confidence = (uint32_t)pick(s, 1001);
	x->threat = text("Threat", pick(s, 6));
	if (pick(s, 4) == 0)
		x->scope = bytes(pick(s, 4), 16);
	if (pick(s, 4) == 0)
		x->expires_ms = noon + pick(s, 1000000);
	r->verdict = x;
}

static void
a_list(uint64_t *s, Ward__Log__V1__Record *r)
{
	bool weak = pick(s, 4) == 0;
	size_t width = weak ? 16 : 32;
	uint64_t first = pick(s, 40);
	NEW(Ward__Log__V1__Reputation, ward__log__v1__reputation__init);

	x->list = text("list", pick(s, 3));
	x->kind = weak ? WARD__LOG__V1__DIGEST__DIGEST_MD5 : WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	x->verdict = pick(s, 2) ? WARD__V1__VERDICT__VERDICT_CLEAN
				: WARD__V1__VERDICT__VERDICT_MALICIOUS;
	x->withdrawn = pick(s, 5) == 0;
	/* the route is the first digest: one each, so that a file's lists stay in its partition */
	x->digests = bytes(first, width);
	r->reputation = x;
}

static void
an_identity(uint64_t *s, Ward__Log__V1__Record *r)
{
	uint64_t device = pick(s, 150);

	if (r->fact_case == WARD__LOG__V1__RECORD__FACT_TOKEN) {
		NEW(Ward__Log__V1__Token, ward__log__v1__token__init);
		x->id = bytes(pick(s, 4), 8);
		x->secret_sha256 = bytes(1, 32);
		x->name = text("token", pick(s, 3));
		x->uses = (uint32_t)pick(s, 30);
		x->revoked = pick(s, 4) == 0;
		r->token = x;
	} else if (r->fact_case == WARD__LOG__V1__RECORD__FACT_ENROLLMENT) {
		NEW(Ward__Log__V1__Enrollment, ward__log__v1__enrollment__init);
		x->device = bytes(device, 16);
		x->token = bytes(pick(s, 4), 8);
		r->enrollment = x;
	} else if (r->fact_case == WARD__LOG__V1__RECORD__FACT_CERTIFICATE) {
		NEW(Ward__Log__V1__Certificate, ward__log__v1__certificate__init);
		x->device = bytes(device, 16);
		x->serial = bytes(7, 16);
		x->not_after_ms = noon + pick(s, 1000);
		r->certificate = x;
	} else {
		NEW(Ward__Log__V1__Revocation, ward__log__v1__revocation__init);
		x->device = bytes(device, 16);
		x->reason = "lost";
		x->withdrawn = pick(s, 3) == 0;
		r->revocation = x;
	}
}

static void
a_thing_about_a_file(uint64_t *s, Ward__Log__V1__Record *r)
{
	if (r->fact_case == WARD__LOG__V1__RECORD__FACT_SAMPLE) {
		NEW(Ward__Log__V1__Sample, ward__log__v1__sample__init);
		x->sha256 = bytes(pick(s, 40), 32);
		x->size = pick(s, 5);
		x->type = "zip";
		if (pick(s, 2))
			x->parent = bytes(pick(s, 40), 32);
		r->sample = x;
	} else if (r->fact_case == WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE) {
		NEW(Ward__Log__V1__SampleGone, ward__log__v1__sample_gone__init);
		x->sha256 = bytes(pick(s, 40), 32);
		r->sample_gone = x;
	} else if (r->fact_case == WARD__LOG__V1__RECORD__FACT_NOTE) {
		NEW(Ward__Log__V1__Note, ward__log__v1__note__init);
		x->sha256 = bytes(pick(s, 40), 32);
		x->text = text("note", pick(s, 9));
		r->note = x;
	} else {
		NEW(Ward__Log__V1__Seen, ward__log__v1__seen__init);
		r->device = bytes(pick(s, 150), 16);
		x->file = a_file(s);
		r->seen = x;
	}
}

static void
a_record(uint64_t *s, uint64_t number, Ward__Log__V1__Record *r)
{
	static const int facts[] = {10, 10, 10, 10, 11, 12, 12, 12, 13,
				    14, 15, 16, 16, 17, 18, 21, 22};
	int fact = facts[pick(s, sizeof(facts) / sizeof(*facts))];

	ward__log__v1__record__init(r);
	r->time_ms = noon + number * 977;
	r->fact_case = (Ward__Log__V1__Record__FactCase)fact;
	if (fact == 10)
		an_event(s, r);
	else if (fact == 12)
		a_verdict(s, r);
	else if (fact == 13)
		a_list(s, r);
	else if (fact >= 15 && fact <= 18)
		an_identity(s, r);
	else
		a_thing_about_a_file(s, r);
}

/* As the log's backends do (cloud/log/log.h). */
static uint32_t
partition_of(struct ward_span route)
{
	uint32_t first = 0;

	for (size_t i = 0; i < 4 && route.len >= 4; i++)
		first = first << 8 | route.data[i];
	return first % PARTITIONS;
}

static void
make_stream(uint64_t seed)
{
	arena = ward_arena_new(&budget);
	assert_non_null(arena);
	for (size_t i = 0; i < LANES; i++)
		lanes[i].count = 0;
	for (uint64_t i = 0; i < RECORDS; i++) {
		Ward__Log__V1__Record r;
		struct ward_log_item item;
		struct ward_log_entry *e;
		uint32_t partition;
		struct lane *lane;

		a_record(&seed, i, &r);
		assert_int_equal(ward_record_item(&r, arena, &item), WARD_OK);
		partition = partition_of(item.route);
		lane = &lanes[item.channel == WARD_LOG_EVENTS ? partition : PARTITIONS + partition];
		e = &lane->entries[lane->count];
		*e = (struct ward_log_entry){
			{item.channel, partition, lane->count}, item.key, item.body};
		lane->count++;
	}
}

static void
end_stream(void)
{
	arena = ward_arena_free(arena);
}

/* --- applying it --- */

static struct ward_views *
open_views(const char *directory, uint64_t overlay)
{
	struct ward_views_options options = {
		.directory = directory, .overlay_max = overlay, .cache_bytes = 1 << 20};
	struct ward_views *views = NULL;
	char why[512];
	enum ward_rc rc = ward_views_open(&options, &views, why);

	if (rc)
		print_message("%s\n", why);
	assert_int_equal(rc, WARD_OK);
	return views;
}

static void
starts(struct ward_views *views, size_t ret_next[LANES])
{
	struct ward_log_position at[LANES];
	size_t count;

	memset(ret_next, 0, LANES * sizeof(*ret_next));
	assert_int_equal(ward_views_positions(views, at, LANES, &count), WARD_OK);
	for (size_t i = 0; i < count; i++)
		ret_next[at[i].partition + (at[i].channel == WARD_LOG_EVENTS ? 0 : PARTITIONS)] =
			at[i].offset;
}

/* Lanes in an order that `seed` decides, in batches of up to `batch`; sometimes everything is brought
 * to disk, so that a killed process does not begin from the beginning. */
static void
apply(struct ward_views *views, uint64_t seed, uint64_t batch, uint64_t flush)
{
	const struct ward_apply_news *news;
	struct ward_apply *a = NULL;
	size_t next[LANES], left = 0;

	starts(views, next);
	for (size_t i = 0; i < LANES; i++)
		left += lanes[i].count - next[i];
	assert_int_equal(ward_apply_new(views, &a), WARD_OK);
	while (left > 0) {
		size_t i = pick(&seed, LANES);
		bool full = false;

		if (next[i] == lanes[i].count)
			continue;
		assert_int_equal(ward_apply_add(a, &lanes[i].entries[next[i]++], &full), WARD_OK);
		left--;
		if (!full && pick(&seed, batch) != 0 && left > 0)
			continue;
		assert_int_equal(ward_apply_commit(a, &news), WARD_OK);
		if (flush && pick(&seed, flush) == 0)
			ward_store_flush(&views->store);
	}
	ward_apply_free(a);
}

static void
assert_equal(struct ward_views *a, struct ward_views *b)
{
	uint64_t records, different = 1;
	uint8_t digests[40][32];
	struct ward_view_verdict x[40], y[40];
	char why[1024];

	assert_int_equal(ward_views_compare(a, b, &records, &different, why), WARD_OK);
	assert_string_equal(why, "");
	assert_int_equal(different, 0);
	assert_true(records > 1000);
	for (uint64_t i = 0; i < 40; i++)
		memcpy(digests[i], bytes(i, 32).data, 32);
	assert_int_equal(ward_views_verdicts(a, (const uint8_t(*)[32])digests, 40,
					     bytes(1, 16).data, noon + 500000, x),
			 WARD_OK);
	assert_int_equal(ward_views_verdicts(b, (const uint8_t(*)[32])digests, 40,
					     bytes(1, 16).data, noon + 500000, y),
			 WARD_OK);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(x[i].verdict, y[i].verdict);
		assert_int_equal(x[i].source, y[i].source);
		assert_int_equal(x[i].confidence, y[i].confidence);
		assert_string_equal(x[i].threat, y[i].threat);
		assert_string_equal(x[i].list, y[i].list);
	}
	for (uint64_t i = 0; i < 150; i++)
		assert_int_equal(ward_views_device_state(a, bytes(i, 16).data),
				 ward_views_device_state(b, bytes(i, 16).data));
}

static void
test_any_interleaving(void **state)
{
	char path[256];

	(void)state;
	for (uint64_t round = 0; round < 4; round++) {
		struct ward_views *views[3];

		make_stream(round * 7919 + 1);
		for (unsigned i = 0; i < 3; i++) {
			(void)snprintf(path, sizeof(path), "%s/way-%u-%u", root, (unsigned)round,
				       i);
			views[i] = open_views(path, i == 1 ? 7 : 0);
			apply(views[i], round * 31 + i, i == 0 ? 1 : i == 1 ? 50 : 3000, 0);
		}
		assert_equal(views[0], views[1]);
		assert_equal(views[0], views[2]);
		for (unsigned i = 0; i < 3; i++)
			ward_views_close(views[i]);
		end_stream();
	}
}

/* --- killed --- */

static void
be_killed(const char *directory, uint64_t seed)
{
	struct ward_views *views;

	make_stream(99);
	views = open_views(directory, 5);
	(void)!write(STDOUT_FILENO, "x", 1); /* begun */
	apply(views, seed, 10, 3);
	for (;;)
		pause();
}

/* Runs this program on the views and kills it some time after it began to apply. */
static void
kill_one(char *directory, unsigned number, long after_us)
{
	struct timespec some = {0, after_us * 1000};
	char text_of[24], mode[] = "be-killed", byte;
	char *const argv[] = {self, mode, directory, text_of, NULL};
	int ends[2];
	pid_t child;

	(void)snprintf(text_of, sizeof(text_of), "%u", number);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(self, argv);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	nanosleep(&some, NULL);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
}

static size_t
applied(struct ward_views *views)
{
	size_t next[LANES], done = 0;

	starts(views, next);
	for (size_t i = 0; i < LANES; i++)
		done += next[i];
	return done;
}

/* Views that were killed so often, and in which something stayed: on a busy machine a child may be
 * killed before it brought anything to disk, so the last ones get more and more time. */
static struct ward_views *
killed_often(char *path)
{
	uint64_t seed = 5;
	struct ward_views *views;
	long patience_us = 15000;
	unsigned kills = 0;

	for (; kills < KILLS; kills++)
		kill_one(path, kills, (long)pick(&seed, 15000));
	views = open_views(path, 5);
	for (; applied(views) == 0 && kills < 2 * KILLS; kills++) {
		ward_views_close(views);
		patience_us = patience_us < 400000 ? 2 * patience_us : patience_us;
		kill_one(path, kills, patience_us);
		views = open_views(path, 5);
	}
	print_message("killed %u times, %zu of %d records stayed applied\n", kills, applied(views),
		      RECORDS);
	return views;
}

static void
test_killed_again_and_again(void **state)
{
	char path[256];
	struct ward_views *killed, *fresh;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/killed", root);
	make_stream(99);
	killed = killed_often(path);
	assert_true(applied(killed) > 0);
	apply(killed, 1, 100, 0);
	(void)snprintf(path, sizeof(path), "%s/fresh", root);
	fresh = open_views(path, 0);
	apply(fresh, 2, 1000, 0);
	assert_equal(killed, fresh);
	ward_views_close(killed);
	ward_views_close(fresh);
	end_stream();
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
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_again_and_again),
		cmocka_unit_test(test_any_interleaving),
	};

	if (argc == 4 && strcmp(argv[1], "be-killed") == 0)
		be_killed(argv[2], strtoull(argv[3], NULL, 10));
	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

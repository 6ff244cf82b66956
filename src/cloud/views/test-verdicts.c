/* SPDX-License-Identifier: Apache-2.0 */
/* The look-up path alone: what readers see while verdicts change, freeze and become tables. */
#include "cloud/views/verdicts.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/views/pins.h"

enum { FILES = 3000, ROUNDS = 12, READERS = 3, BATCH = 100, CLUSTER = 500, SORTED = 256 * 200 };

static char directory[] = "/tmp/ward-verdicts-XXXXXX";

static void
digest(uint32_t number, uint8_t ret[32])
{
	for (uint32_t i = 0; i < 32; i++)
		ret[i] = (uint8_t)((number * UINT32_C(2654435761)) >> (i % 4 * 8));
	memcpy(ret + 8, &number, 4);
}

static struct ward_verdict_value
value(uint32_t number, uint16_t round)
{
	return (struct ward_verdict_value){.verdict = 4,
					   .source = 3,
					   .confidence = round,
					   .expires_ms = number * 1000 + round};
}

static struct ward_verdicts *
verdicts_at(const char *name, struct ward_names *names, bool *ret_missing)
{
	char path[128];
	struct ward_verdicts *v = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(ward_verdicts_new(path, names, &v, ret_missing), WARD_OK);
	return v;
}

static void
set(struct ward_verdicts *v, uint32_t number, uint16_t round)
{
	struct ward_verdict_value fresh = value(number, round);
	uint8_t sha256[32];

	digest(number, sha256);
	assert_int_equal(ward_verdicts_set(v, sha256, &fresh), WARD_OK);
}

/* --- one thread --- */

static uint16_t
confidence(struct ward_verdicts *v, uint32_t number)
{
	uint8_t sha256[1][32];
	struct ward_verdict_value found;
	bool have;

	digest(number, sha256[0]);
	ward_verdicts_find(v, (const uint8_t(*)[32])sha256, 1, &found, &have);
	return have ? found.confidence : UINT16_MAX;
}

static void
test_newest_layer_holds(void **state)
{
	struct ward_names *names = ward_names_new();
	bool missing = false;
	struct ward_verdicts *v = verdicts_at("layers", names, &missing);

	(void)state;
	assert_true(missing);
	assert_int_equal(confidence(v, 1), UINT16_MAX);
	set(v, 1, 10);
	set(v, 2, 10);
	set(v, 3, 10);
	assert_true(ward_verdicts_freeze(v));
	assert_false(ward_verdicts_freeze(v));
	assert_int_equal(ward_verdicts_build(v), WARD_OK);
	assert_int_equal(ward_verdicts_build(v), WARD_E_INVAL); /* nothing is frozen */
	assert_int_equal(ward_verdicts_changes(v), 0);
	set(v, 2, 20);
	set(v, 3, 20);
	assert_true(ward_verdicts_freeze(v));
	set(v, 3, 30);
	assert_int_equal(confidence(v, 1), 10);
	assert_int_equal(confidence(v, 2), 20);
	assert_int_equal(confidence(v, 3), 30);
	assert_int_equal(ward_verdicts_build(v), WARD_OK);
	assert_int_equal(confidence(v, 2), 20);
	assert_int_equal(confidence(v, 3), 30);
	assert_int_equal(ward_verdicts_changes(v), 1);
	ward_verdicts_free(v);
	v = verdicts_at("layers", names, &missing);
	assert_false(missing);
	assert_int_equal(confidence(v, 2), 20);
	assert_int_equal(confidence(v, 3), 20); /* what was not in the table is gone */
	ward_verdicts_free(v);
	ward_names_free(names);
}

/* Digests that begin alike, in the table, frozen and new, some of them twice. */
static void
test_prefix_is_whole(void **state)
{
	struct ward_names *names = ward_names_new();
	bool missing, more;
	struct ward_verdicts *v = verdicts_at("prefix", names, &missing);
	static uint8_t found[CLUSTER][32];
	static struct ward_verdict_value values[CLUSTER];
	uint8_t sha256[32];
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < CLUSTER * 3; i++) {
		struct ward_verdict_value fresh = value(i, 1);
		uint32_t low = i * UINT32_C(2654435761);

		if (i == CLUSTER || i == 2 * CLUSTER) {
			assert_true(ward_verdicts_freeze(v));
			if (i == CLUSTER)
				assert_int_equal(ward_verdicts_build(v), WARD_OK);
		}
		digest(i, sha256);
		if (i % 2) /* half of them under one prefix, at the end of all slots */
			memset(sha256, 0xff, 3);
		else
			memset(sha256, (int)(low & 0x7f), 3);
		assert_int_equal(ward_verdicts_set(v, sha256, &fresh), WARD_OK);
		if (i % 10 == 9) { /* and one that stands in the layer below */
			digest(i - 8, sha256);
			memset(sha256, 0xff, 3);
			assert_int_equal(ward_verdicts_set(v, sha256, &fresh), WARD_OK);
		}
	}
	memset(sha256, 0xff, 3);
	count = ward_verdicts_prefix(v, ward_span_of(sha256, 3), CLUSTER, found, values, &more);
	assert_int_equal(count, CLUSTER);
	assert_true(more);
	memset(sha256, 0xff, 4);
	count = ward_verdicts_prefix(v, ward_span_of(sha256, 3), CLUSTER - 1, found, values, &more);
	assert_int_equal(count, CLUSTER - 1);
	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(found[i], sha256, 3);
		assert_true(i == 0 || memcmp(found[i - 1], found[i], 32) < 0);
	}
	for (int byte = 0, all = 0; byte < 0x80; byte++) {
		memset(sha256, byte, 3);
		all += (int)ward_verdicts_prefix(v, ward_span_of(sha256, 3), CLUSTER, found, values,
						 &more);
		assert_false(more);
		if (byte == 0x7f)
			assert_int_equal(all, CLUSTER * 3 / 2);
	}
	ward_verdicts_free(v);
	ward_names_free(names);
}

/* As lists come: first all that begin with 00, and so on. */
static void
test_sorted_list(void **state)
{
	struct ward_names *names = ward_names_new();
	bool missing, more;
	struct ward_verdicts *v = verdicts_at("sorted", names, &missing);
	static uint8_t found[SORTED / 256 + 1][32];
	static struct ward_verdict_value values[SORTED / 256 + 1];
	uint8_t sha256[32] = {0};

	(void)state;
	for (uint32_t i = 0; i < SORTED; i++) {
		struct ward_verdict_value fresh = value(i, 1);

		digest(i, sha256);
		sha256[0] = (uint8_t)(i / (SORTED / 256));
		sha256[1] = (uint8_t)(i % (SORTED / 256));
		assert_int_equal(ward_verdicts_set(v, sha256, &fresh), WARD_OK);
	}
	assert_int_equal(ward_verdicts_changes(v), SORTED);
	for (unsigned byte = 0; byte < 256; byte++) {
		sha256[0] = (uint8_t)byte;
		assert_int_equal(ward_verdicts_prefix(v, ward_span_of(sha256, 1), SORTED / 256 + 1,
						      found, values, &more),
				 SORTED / 256);
		assert_false(more);
		for (uint32_t i = 0; i < SORTED / 256; i++)
			assert_int_equal(values[i].expires_ms,
					 (byte * (SORTED / 256) + i) * 1000 + 1);
	}
	ward_verdicts_free(v);
	ward_names_free(names);
}

/* --- many --- */

struct shared {
	struct ward_verdicts *v;
	_Atomic bool stop;
	_Atomic unsigned wrong;
	_Atomic uint64_t looked;
};

/* A file's verdict never goes back, is never torn and never vanishes. */
static void *
read_on(void *context)
{
	struct shared *s = context;
	static _Thread_local uint16_t last[FILES];
	static _Thread_local uint8_t digests[BATCH][32];
	static _Thread_local struct ward_verdict_value values[BATCH];
	static _Thread_local bool found[BATCH];
	uint32_t first = 0;
	bool more;

	while (!atomic_load(&s->stop)) {
		for (uint32_t i = 0; i < BATCH; i++)
			digest((first + i) % FILES, digests[i]);
		ward_verdicts_find(s->v, (const uint8_t(*)[32])digests, BATCH, values, found);
		for (uint32_t i = 0; i < BATCH; i++) {
			uint32_t number = (first + i) % FILES;
			uint16_t now = values[i].confidence;

			if (!found[i] && last[number] == 0)
				continue;
			if (!found[i] || now < last[number] ||
			    values[i].expires_ms != number * 1000 + now)
				atomic_fetch_add(&s->wrong, 1);
			last[number] = now;
		}
		(void)ward_verdicts_prefix(s->v, ward_span_of(digests[0], 1), BATCH, digests,
					   values, &more);
		atomic_fetch_add(&s->looked, BATCH);
		first += BATCH - 1;
	}
	return NULL;
}

static void *
build(void *context)
{
	struct ward_verdicts *v = context;

	return ward_verdicts_build(v) == WARD_OK ? v : NULL;
}

static void
test_readers_never_notice(void **state)
{
	struct ward_names *names = ward_names_new();
	bool missing;
	struct shared s = {.v = verdicts_at("many", names, &missing)};
	pthread_t readers[READERS], builder;

	(void)state;
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &s), 0);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		void *done = NULL;

		for (uint32_t i = 0; i < FILES; i++)
			set(s.v, i, (uint16_t)(round * 2));
		assert_true(ward_verdicts_freeze(s.v));
		assert_int_equal(pthread_create(&builder, NULL, build, s.v), 0);
		for (uint32_t i = 0; i < FILES; i += 2)
			set(s.v, i, (uint16_t)(round * 2 + 1));
		assert_int_equal(pthread_join(builder, &done), 0);
		assert_non_null(done);
	}
	atomic_store(&s.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(atomic_load(&s.wrong), 0);
	assert_true(atomic_load(&s.looked) > 0);
	ward_verdicts_free(s.v);
	ward_names_free(names);
}

/* --- pins --- */

struct waiting {
	struct ward_pins pins;
	_Atomic bool done;
};

static void *
wait_for_readers(void *context)
{
	struct waiting *w = context;

	ward_pins_wait(&w->pins);
	atomic_store(&w->done, true);
	return NULL;
}

static void
test_who_waits_waits_for_all_before(void **state)
{
	static struct waiting w;
	unsigned before = ward_pins_enter(&w.pins), nested = ward_pins_enter(&w.pins);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_readers, &w), 0);
	ward_pins_leave(&w.pins, nested);
	usleep(20000);
	assert_false(atomic_load(&w.done));
	ward_pins_leave(&w.pins, before);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&w.done));
}

static int
clean_up(void **state)
{
	static const char *const names[] = {"layers", "prefix", "many", "prefix.new"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void)unlink(path);
	}
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_layer_holds),
		cmocka_unit_test(test_prefix_is_whole),
		cmocka_unit_test(test_sorted_list),
		cmocka_unit_test(test_readers_never_notice),
		cmocka_unit_test(test_who_waits_waits_for_all_before),
	};

	if (!mkdtemp(directory))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

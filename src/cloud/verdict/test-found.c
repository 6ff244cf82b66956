/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/verdict/found.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef Ward__Log__V1__Record Record;

enum { ROOM = 16 * 1024 * 1024 };

static const uint8_t whole[32] = {1};
static struct ward_budget budget = {.cap = ROOM};
static struct ward_arena *arena;
static struct ward_result *r;
static struct ward_log_item items[WARD_FOUND_ITEMS_MAX];
static size_t count;

static int
set_up(void **state)
{
	(void)state;
	arena = ward_arena_new(&budget);
	r = ward_result_new();
	return arena && r ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	r = ward_result_free(r);
	return 0;
}

static void
add(uint8_t digest, enum ward_verdict verdict, const char *path)
{
	struct ward_inner inner = {{digest}, 10, WARD_TYPE_ELF, verdict, "", path};
	const struct ward_match_hit hit = {WARD_LAYER_YARA, verdict, "Test.Threat",
					   "rule",	    "s.yar", "detail"};

	if (verdict >= WARD_SUSPICIOUS) {
		inner.threat = hit.threat;
		ward_result_add_hit(r, &hit, path);
	}
	ward_result_add_inner(r, &inner);
}

static void
make_items(void)
{
	const struct ward_found found = {whole, r, "1.2", 77};
	Ward__Log__V1__Verdict verdict;

	ward_result_conclude(r, true);
	ward_found_verdict(&found, arena, &verdict);
	assert_int_equal(ward_found_items(&found, &verdict, arena, items, &count), WARD_OK);
}

static Record *
read_item(size_t i)
{
	Record *one = NULL;

	assert_int_equal(ward_wire_decode(&ward__log__v1__record__descriptor, items[i].body, arena,
					  &one, NULL),
			 WARD_OK);
	return one;
}

static const ProtobufCBinaryData *
digest_of(const Record *one)
{
	if (one->fact_case == WARD__LOG__V1__RECORD__FACT_VERDICT)
		return &one->verdict->sha256;
	if (one->fact_case == WARD__LOG__V1__RECORD__FACT_CHANGE)
		return &one->change->sha256;
	return &one->sample->sha256;
}

/* Records of a kind about a digest; *ret_last may be NULL. */
static size_t
records(int kind, uint8_t digest, Record **ret_last)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		Record *one = read_item(i);

		if ((int)one->fact_case != kind || digest_of(one)->data[0] != digest)
			continue;
		n++;
		if (ret_last)
			*ret_last = one;
	}
	return n;
}

static void
test_nothing_found_is_one_record(void **state)
{
	(void)state;
	make_items();
	assert_int_equal(count, 1);
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_VERDICT, 1, NULL), 1);
}

static void
test_what_is_inside_gets_records(void **state)
{
	Record *last;
	const Ward__Log__V1__Verdict *v;

	(void)state;
	add(2, WARD_MALICIOUS, "a.zip!/evil");
	add(3, WARD_UNKNOWN, "b");
	add(1, WARD_MALICIOUS, "itself"); /* a quine: the sample's own verdict stands */
	make_items();
	last = read_item(0);
	for (uint8_t digest = 1; digest <= 2; digest++) {
		assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_VERDICT, digest, NULL), 1);
		assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_CHANGE, digest, NULL), 1);
	}
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_SAMPLE, 1, NULL), 0);
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_SAMPLE, 2, NULL), 1);
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_SAMPLE, 3, NULL), 1);
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_VERDICT, 3, NULL), 0);
	assert_int_equal(records(WARD__LOG__V1__RECORD__FACT_VERDICT, 2, &last), 1);
	v = last->verdict;
	assert_string_equal(v->threat, "Test.Threat");
	assert_int_equal(v->n_evidence, 1);
	assert_string_equal(v->evidence[0]->path, "a.zip!/evil");
}

/* As many and as large as they come: it fits. */
static void
test_the_fullest_result_fits(void **state)
{
	char *path = malloc(2001);

	(void)state;
	assert_non_null(path);
	memset(path, '\xff', 2000); /* escaped: four times as long */
	path[2000] = '\0';
	for (unsigned i = 0; i < WARD_INNERS_MAX; i++)
		add((uint8_t)i, WARD_MALICIOUS, path);
	make_items();
	assert_int_equal(count, 2 + 3 * (WARD_INNERS_MAX - 1));
	free(path);
}

static void
test_without_room_it_says_so(void **state)
{
	struct ward_budget little = {.cap = 16 * 1024};
	WARD_AUTO(ward_arena_freep) struct ward_arena *small = ward_arena_new(&little);
	const struct ward_found found = {whole, r, "", 1};
	Ward__Log__V1__Verdict verdict;

	(void)state;
	for (unsigned i = 0; i < WARD_INNERS_MAX; i++)
		add((uint8_t)i, WARD_MALICIOUS, "x");
	ward_result_conclude(r, true);
	ward_found_verdict(&found, small, &verdict);
	assert_int_equal(ward_found_items(&found, &verdict, small, items, &count), WARD_E_NOMEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_found_is_one_record, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_inside_gets_records, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_the_fullest_result_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_room_it_says_so, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

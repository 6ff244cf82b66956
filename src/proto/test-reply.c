/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/scan.h"

static struct ward_budget budget = {.cap = WARD_PROTO_ARENA};
static struct ward_arena *arena;
static struct ward_buf out;
static struct ward_result *r;

static int
set_up(void **state)
{
	(void)state;
	arena = ward_arena_new(&budget);
	r = ward_result_new();
	ward_buf_init(&out, WARD_PROTO_MESSAGE_MAX, NULL);
	return arena && r ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	arena = ward_arena_free(arena);
	r = ward_result_free(r);
	ward_buf_done(&out);
	return 0;
}

static void
add_hit(enum ward_verdict verdict, const char *rule, const char *detail)
{
	const struct ward_match_hit hit = {
		.layer = WARD_LAYER_YARA,
		.verdict = verdict,
		.threat = "Test.Threat",
		.rule = rule,
		.source = "test.yar",
		.detail = detail,
	};

	ward_result_add_hit(r, &hit, "a.zip!/b");
	ward_result_conclude(r, true);
}

static enum ward_rc
encode(void)
{
	const struct ward_proto_reply reply = {.id = 9, .usec = 77, .result = r};

	return ward_proto_reply_encode(&reply, arena, &out);
}

static struct ward_proto_reply
there_and_back(void)
{
	struct ward_proto_reply back = {0};

	assert_int_equal(encode(), WARD_OK);
	assert_true(out.len <= WARD_PROTO_MESSAGE_MAX);
	assert_int_equal(ward_proto_reply_decode(ward_buf_span(&out), arena, &back), WARD_OK);
	return back;
}

static void
test_round_trip(void **state)
{
	struct ward_proto_reply back;

	(void)state;
	r->type = WARD_TYPE_ZIP;
	r->size = UINT64_MAX;
	memset(r->sha256, 0xab, sizeof(r->sha256));
	r->traits = 5;
	r->active = true;
	r->objects = 3;
	r->unpacked_bytes = 1u << 31;
	r->memory_peak = 4096;
	ward_result_add_gap(r, WARD_REASON_ENCRYPTED, "x\xff");
	ward_result_add_gap(r, WARD_REASON_ENCRYPTED, "y");
	ward_result_add_fact(r, "", "zip.entries", "3");
	add_hit(WARD_SUSPICIOUS, "r1", "");
	add_hit(WARD_MALICIOUS, "r2", "$a at 0x40");
	ward_result_add_inner(r, &(struct ward_inner){{1}, 7, WARD_TYPE_ELF, WARD_CLEAN, "", "a"});
	ward_result_add_inner(
		r, &(struct ward_inner){{2}, 8, WARD_TYPE_PE, WARD_MALICIOUS, "Test.Threat", "b"});
	back = there_and_back();
	assert_int_equal(back.result->inner_count, 2);
	assert_string_equal(back.result->inners[0].threat, "Test.Threat");
	assert_int_equal(back.result->inners[0].sha256[0], 2);
	assert_int_equal(back.result->inners[1].type, WARD_TYPE_ELF);
	assert_int_equal(back.result->inners[1].size, 7);
	assert_int_equal(back.id, 9);
	assert_int_equal(back.usec, 77);
	assert_int_equal(back.strings_cut, 0);
	assert_int_equal(back.result->verdict, WARD_MALICIOUS);
	assert_int_equal(back.result->type, WARD_TYPE_ZIP);
	assert_true(back.result->size == UINT64_MAX);
	assert_memory_equal(back.result->sha256, r->sha256, sizeof(r->sha256));
	assert_true(back.result->active);
	assert_false(back.result->known_good);
	assert_int_equal(back.result->objects, 3);
	/* The worst comes first. */
	assert_int_equal(back.result->finding_count, 2);
	assert_string_equal(back.result->findings[0].rule, "r2");
	assert_string_equal(back.result->findings[0].detail, "$a at 0x40");
	assert_string_equal(back.result->findings[1].path, "a.zip!/b");
	assert_int_equal(back.result->gap_count, 1);
	assert_int_equal(back.result->gaps[0].count, 2);
	assert_string_equal(back.result->gaps[0].path, "x\xff");
	assert_int_equal(back.result->fact_count, 1);
	assert_string_equal(back.result->facts[0].key, "zip.entries");
	(void)ward_result_free(back.result);
}

static void
test_row(void **state)
{
	float values[WARD_RESULT_ROW_MAX] = {1.5f, NAN, -3};
	struct ward_result_row row = {7, 0x0123456789abcdefull, values, 3};
	struct ward_proto_reply back;

	(void)state;
	back = there_and_back();
	assert_int_equal(back.result->row.schema, 0);
	(void)ward_result_free(back.result);
	ward_result_set_row(r, &row);
	ward_buf_clear(&out);
	back = there_and_back();
	assert_int_equal(back.result->row.schema, 7);
	assert_true(back.result->row.version == row.version);
	assert_int_equal(back.result->row.count, 3);
	assert_memory_equal(back.result->row.values, values, 3 * sizeof(float));
	(void)ward_result_free(back.result);
	row.count = WARD_RESULT_ROW_MAX + 1; /* not taken */
	ward_result_set_row(r, &row);
	assert_int_equal(r->row.count, 3);
	r->row = row; /* what a taken-over scanner might say */
	r->row.count = 0;
	ward_buf_clear(&out);
	assert_int_equal(encode(), WARD_OK);
	assert_int_equal(ward_proto_reply_decode(ward_buf_span(&out), arena, &back), WARD_E_PROTO);
}

/* All lists full of texts that are too long: it fits, the verdict keeps its evidence, and what was
   left out is counted. */
static void
test_too_much_is_cut_and_counted(void **state)
{
	char *text = malloc(5001);
	struct ward_proto_reply back;
	char rule[16];

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 5000);
	text[5000] = 0;
	for (unsigned i = 0; i < WARD_FINDINGS_MAX; i++) {
		(void)snprintf(rule, sizeof(rule), "rule%u", i);
		add_hit(i == WARD_FINDINGS_MAX - 1 ? WARD_MALICIOUS : WARD_SUSPICIOUS, rule, text);
	}
	for (int i = WARD_REASON_NONE + 1; i < WARD_REASON_COUNT; i++)
		ward_result_add_gap(r, (enum ward_reason)i, "some/path");
	for (unsigned i = 0; i < WARD_FACTS_MAX + 10; i++)
		ward_result_add_fact(r, "", "key", "value");
	back = there_and_back();
	assert_int_equal(back.result->verdict, WARD_MALICIOUS);
	assert_string_equal(back.result->findings[0].rule, "rule127");
	assert_int_equal(back.result->finding_count + back.result->findings_dropped,
			 WARD_FINDINGS_MAX);
	assert_true(back.result->findings_dropped > 0);
	assert_int_equal(back.result->gap_count, WARD_REASON_COUNT - 1);
	assert_int_equal(back.result->fact_count + back.result->facts_dropped, WARD_FACTS_MAX + 10);
	assert_true(back.strings_cut >= back.result->finding_count);
	(void)ward_result_free(back.result);
	free(text);
}

static void
refuse(void)
{
	struct ward_proto_reply back;

	ward_buf_clear(&out);
	assert_int_equal(encode(), WARD_OK);
	assert_int_equal(ward_proto_reply_decode(ward_buf_span(&out), arena, &back), WARD_E_PROTO);
}

/* The one rule of the product, held against a scanner that lies. */
static void
test_a_verdict_needs_its_evidence(void **state)
{
	(void)state;
	ward_result_add_gap(r, WARD_REASON_TIMEOUT, "");
	r->verdict = WARD_CLEAN;
	refuse();
	r->verdict = WARD_UNKNOWN;
	refuse();
	r->verdict = WARD_MALICIOUS;
	refuse();
	add_hit(WARD_SUSPICIOUS, "r", "");
	r->verdict = WARD_NOT_SCANNED;
	refuse();
	r->verdict = WARD_SUSPICIOUS;
	ward_buf_clear(&out);
	(void)ward_result_free(there_and_back().result);
}

static void
test_values_out_of_range_are_refused(void **state)
{
	(void)state;
	r->verdict = (enum ward_verdict)5;
	refuse();
	r->verdict = WARD_CLEAN;
	r->type = WARD_TYPE_COUNT;
	refuse();
	r->type = WARD_TYPE_DATA;
	r->verdict = WARD_NOT_SCANNED;
	r->gaps[0] = (struct ward_gap){WARD_REASON_COUNT, "", 1};
	r->gap_count = 1;
	refuse();
	r->gaps[0].reason = WARD_REASON_NONE;
	refuse();
	r->gaps[0] = (struct ward_gap){WARD_REASON_IO, "", 0};
	refuse();
	r->gaps[0] = r->gaps[1] = (struct ward_gap){WARD_REASON_IO, "", 1};
	r->gap_count = 2;
	refuse();
	r->gap_count = 0;
	r->verdict = WARD_CLEAN;
	r->inners[0] = (struct ward_inner){{1}, 1, WARD_TYPE_ELF, WARD_UNKNOWN, "", ""};
	r->inner_count = 1; /* worse than what it is in */
	refuse();
	r->inners[0].verdict = WARD_CLEAN;
	r->inners[0].type = WARD_TYPE_COUNT;
	refuse();
	r->inner_count = 0;
	r->verdict = WARD_MALICIOUS;
	r->finding_count = 1;
	r->findings[0] =
		(struct ward_finding){WARD_LAYER_COUNT, WARD_MALICIOUS, "t", "r", "s", "d", "p"};
	refuse();
}

static void
test_garbage_is_refused(void **state)
{
	/* 32,000 empty facts: each two bytes here and a structure there. */
	static uint8_t bomb[64000];
	struct ward_proto_reply back;

	(void)state;
	assert_int_equal(ward_proto_reply_decode(ward_span_of(NULL, 0), arena, &back),
			 WARD_E_PROTO);
	for (size_t i = 0; i < sizeof(bomb); i += 2)
		bomb[i] = 9 << 3 | 2;
	assert_int_equal(ward_proto_reply_decode(ward_span_of(bomb, sizeof(bomb)), arena, &back),
			 WARD_E_PROTO);
	memset(bomb, 0xff, sizeof(bomb));
	assert_int_equal(ward_proto_reply_decode(ward_span_of(bomb, sizeof(bomb)), arena, &back),
			 WARD_E_PROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_much_is_cut_and_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_verdict_needs_its_evidence, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_values_out_of_range_are_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_garbage_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

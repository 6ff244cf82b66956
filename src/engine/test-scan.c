/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recursion against a toy container: text in which each balanced "(…)" is a child named by its
 * number. "E" inside makes the reader say encrypted, "Z" unpacks a bomb, "M" eats all memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/engine.h"
#include "ml/features/feature.h"

static enum ward_rc
toy_bomb(const struct ward_sink *sink)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK)
		rc = ward_sink_charge(sink, 65536, 0);
	return rc;
}

static size_t
toy_close(struct ward_span in, size_t open)
{
	int level = 0;

	for (size_t i = open; i < in.len; i++) {
		level += in.data[i] == '(';
		level -= in.data[i] == ')';
		if (level == 0)
			return i;
	}
	return in.len;
}

static enum ward_rc
toy_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	enum ward_rc rc = WARD_OK;
	char name[16];
	int n = 0;

	ward_sink_fact(sink, "toy.size", "%zu", in.len);
	for (size_t i = 0; rc == WARD_OK && i < in.len; i++) {
		size_t end;

		if (in.data[i] == 'E')
			return WARD_E_ENCRYPTED;
		if (in.data[i] == 'Z')
			return toy_bomb(sink);
		if (in.data[i] == 'M')
			return ward_arena_alloc(arena, 1u << 30) ? WARD_OK : WARD_E_LIMIT;
		if (in.data[i] != '(')
			continue;
		end = toy_close(in, i);
		(void)snprintf(name, sizeof(name), "%d", n++);
		rc = ward_sink_object(sink, name, ward_span_cut(in, i + 1, end - i - 1));
		i = end;
	}
	return rc;
}

static const struct ward_format toy_formats[] = {
	{WARD_TYPE_TEXT, toy_read, NULL},
	{WARD_TYPE_DATA, NULL, NULL},
};

/* Convicts objects that hold "evil" outside of any bracket, allows those that start with "good". */
static enum ward_rc
toy_match(const struct ward_matcher *m, const struct ward_match_object *object,
	  ward_match_report report, void *ctx)
{
	struct ward_span own = object->bytes;
	size_t open = ward_text_find(own, ward_span_str("("), 0);
	struct ward_match_hit hit = {.layer = WARD_LAYER_YARA,
				     .verdict = WARD_MALICIOUS,
				     .threat = "Toy.Evil",
				     .rule = "evil"};

	(void)m;
	if (open != SIZE_MAX)
		own.len = open;
	if (ward_span_starts(own, "good", 4))
		hit.verdict = WARD_CLEAN;
	else if (ward_text_find(own, ward_span_str("evil"), 0) == SIZE_MAX)
		return WARD_OK;
	return report(ctx, &hit) ? WARD_OK : WARD_E_STOPPED;
}

static struct ward_matcher toy_matcher = {.name = "toy", .wants_bytes = true, .scan = toy_match};

static bool
expired_after_some(void *ctx)
{
	int *left = ctx;

	return left && (*left)-- <= 0;
}

static struct ward_scan_request
request_of(const char *text)
{
	struct ward_scan_request request = {
		.bytes = ward_span_str(text),
		.origin = {"f", "/f", "", ""},
		.all_matches = true,
		.want_facts = true,
	};

	ward_limits_default(&request.limits);
	return request;
}

static struct ward_result *
run(const struct ward_scan_request *request)
{
	struct ward_matcher *matchers[] = {&toy_matcher};
	struct ward_engine *engine = NULL;
	struct ward_result *result = NULL;

	assert_int_equal(ward_engine_new(matchers, 1, toy_formats, &engine), WARD_OK);
	assert_int_equal(ward_engine_scan(engine, request, &result), WARD_OK);
	(void)ward_engine_free(engine);
	return result;
}

static struct ward_result *
run_text(const char *text)
{
	struct ward_scan_request request = request_of(text);

	return run(&request);
}

static void
test_paths_lead_to_the_finding(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = run_text("a(b)(c(evil)(x))(evil)");

	(void)state;
	assert_int_equal(r->verdict, WARD_MALICIOUS);
	assert_int_equal(r->finding_count, 2);
	assert_string_equal(r->findings[0].path, "1!/0");
	assert_string_equal(r->findings[1].path, "2");
	assert_int_equal(r->objects, 6);
	/* four of any file, then one of the toy format for each object */
	assert_int_equal(r->fact_count, 4 + 6);
	assert_string_equal(r->facts[4].path, "");
	assert_string_equal(r->facts[9].path, "2");
}

static void
test_first_match_stops_unless_all_are_wanted(void **state)
{
	struct ward_scan_request request = request_of("a(evil)(evil)");
	struct ward_result *r;

	(void)state;
	request.all_matches = false;
	r = run(&request);
	assert_int_equal(r->finding_count, 1);
	assert_int_equal(r->objects, 2);
	assert_int_equal(r->gap_count, 0);
	(void)ward_result_free(r);
}

static void
test_known_good_is_left_alone(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = run_text("good(evil)");

	(void)state;
	assert_int_equal(r->verdict, WARD_CLEAN);
	assert_true(r->known_good);
	assert_int_equal(r->objects, 1);
}

static void
check_limit(struct ward_scan_request *request, enum ward_reason reason)
{
	struct ward_result *r = run(request);

	if (!ward_result_has_gap(r, reason))
		fail_msg("no gap %s", ward_reason_name(reason));
	assert_int_equal(r->verdict, WARD_NOT_SCANNED);
	(void)ward_result_free(r);
}

static void
test_every_limit_says_so(void **state)
{
	struct ward_scan_request request = request_of("((((((((x))))))))");
	int left = 2;

	(void)state;
	request.limits.max_depth = 3;
	check_limit(&request, WARD_REASON_DEPTH);
	request = request_of("(a)(b)(c)(d)");
	request.limits.max_files = 2;
	check_limit(&request, WARD_REASON_FILES);
	request = request_of("(Z)");
	request.limits.max_ratio = 100;
	check_limit(&request, WARD_REASON_RATIO);
	request.limits.max_ratio = 1u << 31;
	check_limit(&request, WARD_REASON_BYTES);
	request = request_of("(M)");
	check_limit(&request, WARD_REASON_MEMORY);
	request = request_of("(a)(b)(c)(d)");
	request.expired = expired_after_some;
	request.ctx = &left;
	check_limit(&request, WARD_REASON_TIMEOUT);
	request = request_of("(E)");
	check_limit(&request, WARD_REASON_ENCRYPTED);
}

static void
test_a_bomb_does_not_hide_its_neighbour(void **state)
{
	WARD_AUTO(ward_result_freep) struct ward_result *r = NULL;
	struct ward_scan_request request = request_of("(Z)(M)(E)(evil)");

	(void)state;
	request.limits.max_ratio = 10;
	r = run(&request);
	assert_int_equal(r->verdict, WARD_MALICIOUS);
	assert_string_equal(r->findings[0].path, "3");
	assert_int_equal(r->gap_count, 3);
	assert_string_equal(r->gaps[0].path, "0");
}

static void
test_no_intelligence_is_not_clean(void **state)
{
	struct ward_scan_request request = request_of("text");
	struct ward_engine *engine = NULL;
	struct ward_result *r = NULL;

	(void)state;
	assert_int_equal(ward_engine_new(NULL, 0, toy_formats, &engine), WARD_OK);
	assert_int_equal(ward_engine_scan(engine, &request, &r), WARD_OK);
	assert_int_equal(r->verdict, WARD_UNKNOWN);
	(void)ward_result_free(r);
	(void)ward_engine_free(engine);
}

static const struct ward_inner *
inner_at(const struct ward_result *r, const char *path)
{
	size_t i = 0;

	while (i < r->inner_count && strcmp(r->inners[i].path, path) != 0)
		i++;
	assert_true(i < r->inner_count);
	return &r->inners[i];
}

/* Each object inside has the verdict of what is in it, and only of that. */
static void
test_objects_inside_have_verdicts(void **state)
{
	struct ward_scan_request request = request_of("a(b)(c(evil)(x))(good evil)");
	WARD_AUTO(ward_result_freep) struct ward_result *r = NULL;
	struct ward_span evil = ward_span_str("evil");
	uint8_t digest[WARD_DIGEST_MAX];

	(void)state;
	request.want_inners = true;
	r = run(&request);
	assert_int_equal(r->inner_count, 5);
	assert_int_equal(inner_at(r, "0")->verdict, WARD_CLEAN);
	assert_int_equal(inner_at(r, "1")->verdict, WARD_MALICIOUS);
	assert_string_equal(inner_at(r, "1")->threat, "Toy.Evil");
	assert_int_equal(inner_at(r, "1!/1")->verdict, WARD_CLEAN);
	assert_int_equal(inner_at(r, "2")->verdict, WARD_CLEAN);
	assert_int_equal(inner_at(r, "1!/0")->size, evil.len);
	assert_int_equal(ward_digest(WARD_SHA256, evil, digest), WARD_OK);
	assert_memory_equal(inner_at(r, "1!/0")->sha256, digest, WARD_SHA256_LEN);
}

static void
test_what_is_cut_off_inside_is_not_scanned(void **state)
{
	struct ward_scan_request request = request_of("a(b)(c(d(e(evil))))");
	WARD_AUTO(ward_result_freep) struct ward_result *r = NULL;

	(void)state;
	request.want_inners = true;
	request.limits.max_depth = 2;
	r = run(&request);
	assert_int_equal(inner_at(r, "0")->verdict, WARD_CLEAN);
	assert_int_equal(inner_at(r, "1")->verdict, WARD_NOT_SCANNED);
	assert_int_equal(inner_at(r, "1!/0")->verdict, WARD_NOT_SCANNED);
}

/* Rows are of the file itself, only when asked for, and cost the scan no memory afterwards. */
static void
test_rows(void **state)
{
	struct ward_scan_request request = request_of("#!/bin/sh\necho \"$1\"\n");
	WARD_AUTO(ward_result_freep) struct ward_result *with = NULL;
	WARD_AUTO(ward_result_freep) struct ward_result *without = run(&request);
	WARD_AUTO(ward_result_freep) struct ward_result *poor = NULL;
	uint64_t version;

	(void)state;
	assert_int_equal(without->row.schema, 0);
	request.want_row = true;
	with = run(&request);
	assert_int_equal(with->row.schema, WARD_SCHEMA_SCRIPT);
	assert_int_equal(with->row.count, ward_schema_get(WARD_SCHEMA_SCRIPT)->columns);
	assert_int_equal(ward_schema_version(ward_schema_get(WARD_SCHEMA_SCRIPT), &version),
			 WARD_OK);
	assert_true(with->row.version == version);
	assert_true(with->row.values[0] == (float)request.bytes.len); /* size */
	request.limits.max_memory = 64 * 1024; /* too little for a row, enough for the scan */
	poor = run(&request);
	assert_int_equal(poor->row.schema, 0);
	assert_int_equal(poor->verdict, without->verdict);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_lead_to_the_finding),
		cmocka_unit_test(test_first_match_stops_unless_all_are_wanted),
		cmocka_unit_test(test_known_good_is_left_alone),
		cmocka_unit_test(test_every_limit_says_so),
		cmocka_unit_test(test_a_bomb_does_not_hide_its_neighbour),
		cmocka_unit_test(test_no_intelligence_is_not_clean),
		cmocka_unit_test(test_objects_inside_have_verdicts),
		cmocka_unit_test(test_what_is_cut_off_inside_is_not_scanned),
		cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

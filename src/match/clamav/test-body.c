/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "match/clamav/body.h"

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	unsigned *hits = ctx;

	assert_int_equal(hit->layer, WARD_LAYER_SIGNATURE);
	assert_non_null(hit->threat);
	(*hits)++;
	return true;
}

static void
add_line(struct ward_body_builder *b, const char *line)
{
	struct ward_body_signature sig;
	struct ward_buf code;
	enum ward_rc rc;
	const char *wrong;

	ward_buf_init(&code, 1 << 20, NULL);
	wrong = ward_body_parse(ward_span_str(line), &code, &sig, &rc);
	if (wrong)
		fail_msg("%s: %s", line, wrong);
	sig.source = ward_span_str("test.ndb");
	assert_int_equal(ward_body_builder_add(b, &sig), WARD_OK);
	ward_buf_done(&code);
}

static struct ward_match_object
text(struct ward_span bytes)
{
	return (struct ward_match_object){.bytes = bytes, .type = WARD_TYPE_TEXT};
}

/* Hits of the lines (NULL at the end) on the object. */
static unsigned
hits_of(const char *const *lines, const struct ward_match_object *object, enum ward_rc want)
{
	struct ward_body_builder *b;
	struct ward_matcher *m;
	struct ward_buf table;
	unsigned hits = 0;

	assert_int_equal(ward_body_builder_new(&b), WARD_OK);
	for (; *lines; lines++)
		add_line(b, *lines);
	ward_buf_init(&table, 1 << 24, NULL);
	assert_int_equal(ward_body_builder_finish(b, &table), WARD_OK);
	ward_body_builder_free(b);
	assert_int_equal(ward_body_matcher_new(ward_buf_span(&table), &m), WARD_OK);
	assert_int_equal(ward_matcher_scan(m, object, on_hit, &hits), want);
	ward_matcher_free(m);
	ward_buf_done(&table);
	return hits;
}

/* Does `hex` at `place` match the text? */
static unsigned
one(const char *place, const char *hex, const char *content)
{
	struct ward_match_object o = text(ward_span_str(content));
	const char *lines[] = {NULL, NULL};
	char line[1000];

	(void)snprintf(line, sizeof(line), "T:0:%s:%s", place, hex);
	lines[0] = line;
	return hits_of(lines, &o, WARD_OK);
}

/* "abcdef" is 616263646566. */
static void
test_plain_and_wildcards(void **state)
{
	(void)state;
	assert_int_equal(one("*", "61626364", "xxabcdxx"), 1);
	assert_int_equal(one("*", "61626364", "xxabcexx"), 0);
	assert_int_equal(one("*", "61626364", "abcd"), 1);
	assert_int_equal(one("*", "6162", "xxab"), 1);
	assert_int_equal(one("*", "616263", "xxabc"), 1);
	assert_int_equal(one("*", "616263", "xxab"), 0);
	assert_int_equal(one("*", "6162??64", "abXd"), 1);
	assert_int_equal(one("*", "6162??", "ab"), 0);
	assert_int_equal(one("*", "61626?6465", "xabcde"), 1);
	assert_int_equal(one("*", "6162?36465", "xabcde"), 1);
	assert_int_equal(one("*", "6162?46465", "xabcde"), 0);
	assert_int_equal(one("*", "61626364", ""), 0);
}

static void
test_gaps(void **state)
{
	(void)state;
	assert_int_equal(one("*", "6162*6566", "ab....ef"), 1);
	assert_int_equal(one("*", "6162*6566", "ef....ab"), 0);
	assert_int_equal(one("*", "6162*6566", "abef"), 1);
	assert_int_equal(one("*", "6162*6263", "abc"), 0);
	assert_int_equal(one("*", "6162{2}6566", "ab..ef"), 1);
	assert_int_equal(one("*", "6162{2}6566", "ab...ef"), 0);
	assert_int_equal(one("*", "6162{-2}6566", "abef"), 1);
	assert_int_equal(one("*", "6162{-2}6566", "ab..ef"), 1);
	assert_int_equal(one("*", "6162{-2}6566", "ab...ef"), 0);
	assert_int_equal(one("*", "6162{2-}6566", "ab.ef.ef"), 1);
	assert_int_equal(one("*", "6162{2-}6566", "ab.ef"), 0);
	assert_int_equal(one("*", "6162{1-3}6566", "ab...ef"), 1);
	assert_int_equal(one("*", "6162{1-3}6566", "ab....ef"), 0);
	assert_int_equal(one("*", "6162[1-3]65", "ab..e"), 1);
	assert_int_equal(one("*", "6162{-9}6364{-9}6566", "ab.cd.cd..ef"), 1);
	assert_int_equal(one("*", "6162*6364*6566", "ab cd ab ef"), 1);
	assert_int_equal(one("*", "6162*6364*6566", "ab ef cd"), 0);
	/* The first start fails, the second holds. */
	assert_int_equal(one("*", "6162{2}6364*6566", "ab.cd ab..cd ef"), 1);
}

static void
test_groups(void **state)
{
	(void)state;
	assert_int_equal(one("*", "6162(63|64)65", "abde"), 1);
	assert_int_equal(one("*", "6162(63|64)65", "abee"), 0);
	assert_int_equal(one("*", "6162(6363|64)65", "abde"), 1);
	assert_int_equal(one("*", "6162(6363|64)65", "abcce"), 1);
	assert_int_equal(one("*", "6162(63|6363)6365", "abccce"), 1);
	assert_int_equal(one("*", "6162(63??|6464)65", "abcxe"), 1);
	assert_int_equal(one("*", "6162!(63|64)65", "abxe"), 1);
	assert_int_equal(one("*", "6162!(63|64)65", "abce"), 0);
	assert_int_equal(one("*", "(61|62)(63|64)656667", "adefg"), 1);
	assert_int_equal(one("*", "(616161|62)656667", "aaaefg"), 1);
	assert_int_equal(one("*", "(616161|62)656667", "befg"), 1);
}

static void
test_places(void **state)
{
	(void)state;
	assert_int_equal(one("0", "61626364", "abcd"), 1);
	assert_int_equal(one("0", "61626364", ".abcd"), 0);
	assert_int_equal(one("1", "61626364", ".abcd"), 1);
	assert_int_equal(one("1,2", "61626364", "...abcd"), 1);
	assert_int_equal(one("1,2", "61626364", "....abcd"), 0);
	assert_int_equal(one("EOF-4", "61626364", "..abcd"), 1);
	assert_int_equal(one("EOF-4", "61626364", "..abcd."), 0);
	assert_int_equal(one("EOF-6,2", "61626364", "..abcd."), 1);
	assert_int_equal(one("EOF-9", "61626364", "abcd"), 0);
	assert_int_equal(one("0", "61??62", "axb"), 1); /* too short to look for */
	assert_int_equal(one("0", "61??62", ".axb"), 0);
	assert_int_equal(one("EP+0", "61626364", "abcd"), 0); /* not a program */
}

static unsigned
in_program(const char *place, const char *content)
{
	static const struct ward_layout_section sections[] = {{.offset = 4, .size = 4},
							      {.offset = 8, .size = 6},
							      {.offset = UINT64_MAX, .size = 9}};
	static const struct ward_layout layout = {
		.has_entry = true, .entry = 6, .sections = sections, .section_count = 2};
	struct ward_match_object o = {
		.bytes = ward_span_str(content), .type = WARD_TYPE_PE, .layout = &layout};
	const char *lines[] = {NULL, NULL};
	char line[100];

	(void)snprintf(line, sizeof(line), "T:1:%s:61626364", place);
	lines[0] = line;
	return hits_of(lines, &o, WARD_OK);
}

static void
test_places_of_programs(void **state)
{
	(void)state;
	assert_int_equal(in_program("EP+0", "......abcd"), 1);
	assert_int_equal(in_program("EP+1", "......abcd"), 0);
	assert_int_equal(in_program("EP-2", "....abcd"), 1);
	assert_int_equal(in_program("EP-7", "....abcd"), 0);
	assert_int_equal(in_program("S0+0", "....abcd"), 1);
	assert_int_equal(in_program("S1+2", "..........abcd"), 1);
	assert_int_equal(in_program("S2+0", "..........abcd"), 0);
	assert_int_equal(in_program("SL+1,1", "..........abcd"), 1);
	assert_int_equal(in_program("SE1", "..........abcd"), 1);
	assert_int_equal(in_program("SE0", "..........abcd"), 0);
}

static void
test_targets(void **state)
{
	const char *const lines[] = {"A:1:*:61626364", "B:6:*:61626364", "C:7:*:61626364",
				     "D:0:*:61626364", "E:3:*:61626364", NULL};
	struct ward_match_object o = text(ward_span_str("abcd"));

	(void)state;
	assert_int_equal(hits_of(lines, &o, WARD_OK), 2);
	o.type = WARD_TYPE_ELF;
	assert_int_equal(hits_of(lines, &o, WARD_OK), 2);
	o.type = WARD_TYPE_HTML;
	o.derived = true;
	assert_int_equal(hits_of(lines, &o, WARD_OK), 2);
}

static void
check_bad(const char *line, enum ward_rc want)
{
	struct ward_body_signature sig;
	struct ward_buf code;
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&code, 1 << 20, NULL);
	if (!ward_body_parse(ward_span_str(line), &code, &sig, &rc) || rc != want)
		fail_msg("%s: %d", line, rc);
	ward_buf_done(&code);
}

static void
test_bad_lines(void **state)
{
	static const char *const bad[] = {
		"T",
		"T:0:*",
		"T:0:*:",
		":0:*:6162",
		"T:x:*:6162",
		"T:0:x:6162",
		"T:0:EP:6162",
		"T:0:EP+:6162",
		"T:0:S+1:6162",
		"T:0:SE:6162",
		"T:0:*:616",
		"T:0:*:61zz",
		"T:0:*:6162{}",
		"T:0:*:6162{1",
		"T:0:*:6162{a}",
		"T:0:*:61(62",
		"T:0:*:61()",
		"T:0:*:61(62|)",
		"T:0:*:61!(62|6363)",
		"T:0:*:61!62",
		"T:0:*:61{3-2}62",
		"T:0:0,x:6162",
		"T:0:*:6162)",
		"T:0:EOF+1:6162",
		"T:-1:*:6162",
		"T:0:*:61{9999999999}62",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i], WARD_E_FORMAT);
	check_bad("T:11:*:6162", WARD_E_UNSUPPORTED);
	check_bad("T:1:VI:6162", WARD_E_UNSUPPORTED);
	check_bad("T:0:*:6162(B)", WARD_E_UNSUPPORTED);
	check_bad("T:0:*:6162(61(62|63)|64)", WARD_E_UNSUPPORTED);
}

static void
test_no_anchor_no_place(void **state)
{
	struct ward_body_builder *b;
	struct ward_body_signature sig;
	struct ward_buf code;
	enum ward_rc rc;

	(void)state;
	ward_buf_init(&code, 1000, NULL);
	assert_int_equal(ward_body_builder_new(&b), WARD_OK);
	assert_null(ward_body_parse(ward_span_str("T:0:*:61??62"), &code, &sig, &rc));
	sig.source = ward_span_str("");
	assert_int_equal(ward_body_builder_add(b, &sig), WARD_E_UNSUPPORTED);
	ward_body_builder_free(b);
	ward_buf_done(&code);
}

/* Every combination would take (10^5)^4 steps; the scan ends at its cap and says so. */
static void
test_backtracking_is_capped(void **state)
{
	const char *const lines[] = {
		"T:0:*:61616161{-90000}6161{-90000}6161{-90000}6161{-90000}6262", NULL};
	struct ward_match_object o;
	size_t n = 200000;
	char *a = malloc(n);

	(void)state;
	memset(a, 'a', n);
	o = text(ward_span_of(a, n));
	assert_int_equal(hits_of(lines, &o, WARD_E_LIMIT), 0);
	free(a);
}

/* Stars alone never come near the cap, however often their parts occur. */
static void
test_stars_cost_one_pass_each(void **state)
{
	const char *const lines[] = {"T:0:*:61616161*6161*6161*6161*6161*6161*6262", NULL};
	struct ward_match_object o;
	size_t n = 1000000;
	char *a = malloc(n);

	(void)state;
	memset(a, 'a', n);
	o = text(ward_span_of(a, n));
	assert_int_equal(hits_of(lines, &o, WARD_OK), 0);
	a[n - 1] = a[n - 2] = 'b';
	assert_int_equal(hits_of(lines, &o, WARD_OK), 1);
	free(a);
}

static bool
always(void *ctx)
{
	(void)ctx;
	return true;
}

static void
test_time_is_up(void **state)
{
	const char *const lines[] = {"T:0:*:61626364", NULL};
	struct ward_match_object o = text(ward_span_str("....."));

	(void)state;
	o.expired = always;
	assert_int_equal(hits_of(lines, &o, WARD_E_TIMEOUT), 0);
}

/* Thousands at once: each is found, and only it. */
static void
test_many(void **state)
{
	enum { N = 3000 };
	struct ward_body_builder *b;
	struct ward_body_table t;
	struct ward_matcher *m;
	struct ward_buf table;

	(void)state;
	assert_int_equal(ward_body_builder_new(&b), WARD_OK);
	for (unsigned i = 0; i < N; i++) {
		char line[100];

		(void)snprintf(line, sizeof(line), "S%u:0:*:2323%08x*4040%08x", i, i * 2654435761u,
			       i * 40503u);
		add_line(b, line);
	}
	assert_int_equal(ward_body_builder_ignore(b, ward_span_str("S7")), WARD_OK);
	ward_buf_init(&table, 1 << 24, NULL);
	assert_int_equal(ward_body_builder_finish(b, &table), WARD_OK);
	ward_body_builder_free(b);
	assert_int_equal(ward_body_table_open(ward_buf_span(&table), &t), WARD_OK);
	assert_int_equal(t.count, N - 1);
	assert_int_equal(ward_body_matcher_new(ward_buf_span(&table), &m), WARD_OK);
	for (unsigned i = 0; i < N; i += 3) {
		uint8_t body[40] = {0};
		struct ward_match_object o = text(ward_span_of(body, sizeof(body)));
		unsigned hits = 0;

		for (unsigned k = 0; k < 4; k++) {
			body[5 + k] = (uint8_t)((i * 2654435761u) >> (24 - 8 * k));
			body[25 + k] = (uint8_t)((i * 40503u) >> (24 - 8 * k));
		}
		body[3] = body[4] = '#';
		body[23] = body[24] = '@';
		assert_int_equal(ward_matcher_scan(m, &o, on_hit, &hits), WARD_OK);
		assert_int_equal(hits, i != 7);
	}
	ward_matcher_free(m);
	ward_buf_done(&table);
}

static void
test_damage(void **state)
{
	static const char content[] = "abcd..abef..cdef..abxxef";
	struct ward_match_object o = text(ward_span_str(content));
	struct ward_body_builder *b;
	struct ward_buf table;

	(void)state;
	assert_int_equal(ward_body_builder_new(&b), WARD_OK);
	add_line(b, "A:0:*:6162*6566");
	add_line(b, "B:0:0:61626364{-9}6566");
	add_line(b, "C:0:*:6364(65|66)66");
	add_line(b, "D:0:0:61??63");
	ward_buf_init(&table, 1 << 24, NULL);
	assert_int_equal(ward_body_builder_finish(b, &table), WARD_OK);
	ward_body_builder_free(b);
	for (size_t at = 0; at < table.len; at += at < 600 ? 1 : 37) {
		uint8_t was = table.data[at];

		for (unsigned v = 0; v < 3; v++) {
			struct ward_matcher *m;
			unsigned hits = 0;

			table.data[at] = (uint8_t[]){0, 0x7f, 0xff}[v];
			if (ward_body_matcher_new(ward_buf_span(&table), &m) != WARD_OK)
				continue;
			(void)!ward_matcher_scan(m, &o, on_hit, &hits);
			ward_matcher_free(m);
		}
		table.data[at] = was;
	}
	ward_buf_done(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_and_wildcards),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_places_of_programs),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_no_anchor_no_place),
		cmocka_unit_test(test_backtracking_is_capped),
		cmocka_unit_test(test_stars_cost_one_pass_each),
		cmocka_unit_test(test_time_is_up),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "match/yara/yara.h"

enum { BLOCK_MAX = 16 << 20 };

struct notes {
	int bad, other;
	char text[4096];
};

static void
note(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	struct notes *n = ctx;
	size_t used = strlen(n->text);

	*(bad ? &n->bad : &n->other) += 1;
	snprintf(n->text + used, sizeof(n->text) - used, "%s:%u:%s\n", file, line, text);
}

static enum ward_rc
include_memory(void *ctx, const char *name, const char *from, struct ward_buf *out)
{
	int *calls = ctx;

	++*calls;
	if (strcmp(name, "common.yar") == 0) {
		assert_string_equal(from, "main.yar");
		return ward_buf_str(out,
				    "private rule base { strings: $x = \"alpha\" condition: $x }");
	}
	if (strcmp(name, "a.yar") == 0)
		return ward_buf_str(out, "include \"b.yar\"\n");
	if (strcmp(name, "b.yar") == 0)
		return ward_buf_str(out, "include \"a.yar\"\n");
	if (strncmp(name, "deep", 4) == 0)
		return ward_buf_printf(out, "include \"deep%d\"\n", *calls);
	return WARD_E_NOENT;
}

struct build {
	struct notes notes;
	struct ward_yara_counts counts;
	struct ward_buf block;
	enum ward_rc rc;
	int includes;
};

static void
build(struct build *t, bool lenient, const char *const *files, size_t count)
{
	struct ward_yara_config config = {include_memory, &t->includes, note, &t->notes, lenient};
	struct ward_yara_builder *b = ward_yara_builder_new(&config);

	assert_non_null(b);
	ward_buf_init(&t->block, BLOCK_MAX, NULL);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ward_yara_builder_add_source(
					 b, files[2 * i], ward_span_str(files[2 * i + 1]), NULL),
				 WARD_OK);
	t->rc = ward_yara_builder_finish(b, &t->block, &t->counts);
	assert_null(ward_yara_builder_free(b));
}

struct hits {
	int count, stop_after;
	enum ward_verdict verdict;
	char names[1024]; /* "rule:threat:detail;" each */
	char source[64];
};

static bool
hit(void *ctx, const struct ward_match_hit *h)
{
	struct hits *hits = ctx;
	size_t used = strlen(hits->names);

	assert_int_equal(h->layer, WARD_LAYER_YARA);
	hits->count++;
	hits->verdict = h->verdict;
	snprintf(hits->source, sizeof(hits->source), "%s", h->source);
	snprintf(hits->names + used, sizeof(hits->names) - used, "%s:%s:%s;", h->rule, h->threat,
		 h->detail ? h->detail : "");
	return hits->count != hits->stop_after;
}

static const struct ward_match_origin origin = {
	.filename = "shell.php",
	.filepath = "/srv/www/shell.php",
	.extension = ".php",
	.owner = "www-data",
};

static enum ward_rc
scan_bytes(const struct ward_matcher *m, struct ward_span bytes, enum ward_type type,
	   struct hits *hits)
{
	struct ward_match_object object = {.bytes = bytes, .type = type, .origin = &origin};

	return ward_matcher_scan(m, &object, hit, hits);
}

static struct ward_matcher *
matcher(struct build *t)
{
	struct ward_matcher *m;

	assert_int_equal(t->rc, WARD_OK);
	assert_int_equal(ward_yara_matcher_new(ward_buf_span(&t->block), NULL, note, &t->notes, &m),
			 WARD_OK);
	ward_buf_done(&t->block);
	return m;
}

/* One source, one text: the rules that match. */
static struct hits
run(const char *rules, const char *text, enum ward_type type)
{
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;

	build(&t, false, (const char *[]){"main.yar", rules}, 1);
	m = matcher(&t);
	assert_int_equal(scan_bytes(m, ward_span_str(text), type, &hits), WARD_OK);
	/* The scanner is used again: same answer. */
	hits = (struct hits){.count = 0};
	assert_int_equal(scan_bytes(m, ward_span_str(text), type, &hits), WARD_OK);
	ward_matcher_free(m);
	return hits;
}

static void
test_match_with_evidence(void **state)
{
	struct hits h;

	(void)state;
	h = run("rule r { strings: $a = \"beta\" $b = \"alpha\" $c = \"none\" "
		"condition: any of them }",
		"..alpha beta", WARD_TYPE_TEXT);
	assert_int_equal(h.count, 1);
	assert_string_equal(h.names, "r:r:$a at 0x8, $b at 0x2;");
	assert_string_equal(h.source, "main.yar");
	assert_int_equal(h.verdict, WARD_MALICIOUS);
	assert_int_equal(run("rule r { strings: $a = \"beta\" condition: $a }", "", 0).count, 0);
	h = run("rule r { strings: $a = \"1\" $b = \"2\" $c = \"3\" $d = \"4\" "
		"condition: all of them }",
		"1234", WARD_TYPE_TEXT);
	assert_string_equal(h.names, "r:r:$a at 0x0, $b at 0x1, $c at 0x2;");
}

static enum ward_verdict
verdict_of(const char *head)
{
	char rule[512];
	struct hits h;

	snprintf(rule, sizeof(rule), "rule r%s condition: true }", head);
	h = run(rule, "x", WARD_TYPE_TEXT);
	assert_int_equal(h.count, 1);
	return h.verdict;
}

static void
test_verdict_from_metadata(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(" {"), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" : pua {"), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: pua = true score = 100"), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: pua = false"), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: score = 75"), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: score = 74"), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: score = \"80\""), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: score = 40 severity = \"high\""), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = \"High\""), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = \"CRITICAL\""), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = \"medium\""), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = 8"), WARD_MALICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = 7"), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = 50"), WARD_SUSPICIOUS);
	assert_int_equal(verdict_of(" { meta: severity = 100"), WARD_MALICIOUS);
}

static void
test_threat_name_from_metadata(void **state)
{
	(void)state;
	assert_string_equal(
		run("rule r { meta: malware = \"B\" threat_name = \"A\" condition: true }", "x", 0)
			.names,
		"r:A:;");
	assert_string_equal(
		run("rule r { meta: malware = \"B\" threat = \"C\" condition: true }", "x", 0)
			.names,
		"r:B:;");
	assert_string_equal(
		run("rule r { meta: threat_name = \"\" threat = 5 condition: true }", "x", 0).names,
		"r:r:;");
}

static void
test_externals(void **state)
{
	static const char rules[] =
		"rule name { condition: filename == \"shell.php\" and file_name == filename }\n"
		"rule path { condition: filepath contains \"/www/\" }\n"
		"rule ext { condition: extension == \".php\" and owner == \"www-data\" }\n"
		"rule php { condition: filetype == \"PHP\" and file_type == filetype }\n"
		"rule exe { condition: filetype == \"EXE\" }\n";

	(void)state;
	assert_string_equal(run(rules, "x", WARD_TYPE_PHP).names, "name:name:;path:path:;ext:ext:;"
								  "php:php:;");
	assert_int_equal(run(rules, "x", WARD_TYPE_PE).count, 4);
	assert_string_equal(ward_yara_filetype(WARD_TYPE_MACHO), "MACH-O");
	assert_string_equal(ward_yara_filetype(WARD_TYPE_DATA), "");
	assert_string_equal(ward_yara_filetype(WARD_TYPE_COUNT), "");
}

static void
test_includes_private_and_global(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;

	(void)state;
	build(&t, false,
	      (const char *[]){
		      "main.yar",
		      "include \"common.yar\"\nglobal rule small { condition: filesize < 20 }\n"
		      "rule r { condition: base }",
		      "other.yar", "rule other { condition: true }"},
	      2);
	assert_int_equal(t.includes, 1);
	m = matcher(&t);
	assert_int_equal(ward_yara_matcher_rules(m), 4);
	assert_int_equal(scan_bytes(m, ward_span_str("alpha"), WARD_TYPE_TEXT, &hits), WARD_OK);
	assert_string_equal(hits.names, "small:small:;r:r:;other:other:;");
	ward_matcher_free(m);
}

static void
fails(const char *source, const char *expected)
{
	struct build t = {.rc = WARD_OK};

	build(&t, false, (const char *[]){"bad.yar", source}, 1);
	assert_int_equal(t.rc, WARD_E_FORMAT);
	assert_int_equal(t.block.len, 0);
	assert_true(t.notes.bad > 0);
	if (!strstr(t.notes.text, expected))
		fail_msg("no \"%s\" in \"%s\"", expected, t.notes.text);
	ward_buf_done(&t.block);
}

static void
test_broken_sources_are_named(void **state)
{
	(void)state;
	fails("rule a {\n condition:\n nothing }", "bad.yar:3:rule a: undefined identifier");
	fails("rule a { condition: true }\n\nrule b {", "bad.yar:3:");
	fails("import \"nosuch\"\nrule a { condition: true }", "bad.yar:1:unknown module");
	fails("import \"nosuch\"\nprivate rule a { condition: true }\n  rule b_2 { condition: a }",
	      "not loaded: 2 rules (a, b_2)");
	fails("\nimport  \"magic\"\nrule a { condition: true }", "bad.yar:2:module \"magic\"");
	fails("include \"a.yar\"", "circular");
	fails("include \"deep0\"", "depth");
	fails("\ninclude \"missing.yar\"", "bad.yar:2:");
}

static void
test_source_with_nul(void **state)
{
	struct notes notes = {.bad = 0};
	struct ward_yara_config config = {.notice = note, .notice_ctx = &notes};
	struct ward_yara_builder *b = ward_yara_builder_new(&config);
	struct ward_yara_counts counts;
	struct ward_buf block;

	(void)state;
	ward_buf_init(&block, BLOCK_MAX, NULL);
	assert_int_equal(
		ward_yara_builder_add_source(b, "utf16.yar", ward_span_of("r\0u\0\n\0", 6), NULL),
		WARD_OK);
	assert_int_equal(ward_yara_builder_finish(b, &block, &counts), WARD_E_FORMAT);
	assert_non_null(strstr(notes.text, "utf16.yar:1:a NUL byte"));
	ward_yara_builder_freep(&b);
	ward_buf_done(&block);
}

static const char *const mixed[] = {
	"1.yar", "\xef\xbb\xbfrule one { strings: $a = \"alpha\" condition: $a }",
	"2.yar", "rule two { oops }\nrule lost { condition: true }",
	"3.yar", "rule three { condition: filesize > 2 }",
	"4.yar", "rule four { condition: nothing }",
	"5.yar", "import \"nosuch\" rule five { condition: true }",
};

static void
test_lenient_leaves_out_broken_files(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;

	(void)state;
	build(&t, true, mixed, 5);
	assert_int_equal(t.notes.bad, 0);
	assert_int_equal(t.counts.sources, 5);
	assert_int_equal(t.counts.sources_skipped, 3);
	assert_int_equal(t.counts.rules, 2);
	assert_int_equal(t.counts.rules_skipped, 3);
	assert_non_null(strstr(t.notes.text, "2.yar:1:"));
	assert_non_null(strstr(t.notes.text, "4.yar:1:rule four: undefined"));
	m = matcher(&t);
	assert_int_equal(scan_bytes(m, ward_span_str("alpha"), WARD_TYPE_TEXT, &hits), WARD_OK);
	assert_int_equal(hits.count, 2);
	ward_matcher_free(m);
}

static void
test_strict_names_all_broken_files(void **state)
{
	struct build t = {.rc = WARD_OK};

	(void)state;
	build(&t, false, mixed, 5);
	assert_int_equal(t.rc, WARD_E_FORMAT);
	assert_non_null(strstr(t.notes.text, "2.yar:1:"));
	assert_non_null(strstr(t.notes.text, "5.yar:1:unknown module"));
	ward_buf_done(&t.block);
}

static void
test_nothing_to_build(void **state)
{
	struct build t = {.rc = WARD_OK};

	(void)state;
	build(&t, false, NULL, 0);
	assert_int_equal(t.rc, WARD_E_FORMAT);
	ward_buf_done(&t.block);
	build(&t, false, (const char *[]){"empty.yar", "/* nothing */"}, 1);
	assert_int_equal(t.rc, WARD_E_FORMAT);
	ward_buf_done(&t.block);
}

static void
test_warnings_are_counted(void **state)
{
	struct build t = {.rc = WARD_OK};

	(void)state;
	build(&t, false,
	      (const char *[]){"slow.yar", "\nrule slow { strings: $a = /a.*/ condition: $a }"}, 1);
	assert_int_equal(t.rc, WARD_OK);
	assert_int_equal(t.notes.bad, 0);
	assert_int_equal(t.counts.warnings, t.notes.other);
	assert_true(t.counts.warnings > 0);
	assert_non_null(strstr(t.notes.text, "slow.yar:2:rule slow: "));
	ward_buf_done(&t.block);
}

/* A set as yarac writes it: the part of a block behind its header. */
static void
test_compiled_sets(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct notes notes = {.bad = 0};
	struct ward_yara_config config = {.notice = note, .notice_ctx = &notes};
	struct ward_yara_builder *b = ward_yara_builder_new(&config);
	struct hits hits = {.count = 0};
	struct ward_matcher *m;

	(void)state;
	build(&t, false, (const char *[]){"c.yar", "rule c { condition: true }"}, 1);
	assert_int_equal(ward_yara_builder_add_compiled(
				 b, "c.yarc", ward_span_cut(ward_buf_span(&t.block), 24, SIZE_MAX)),
			 WARD_OK);
	assert_int_equal(ward_yara_builder_add_compiled(b, "junk", ward_span_str("junk")),
			 WARD_E_FORMAT);
	assert_int_equal(notes.bad, 1);
	assert_int_equal(ward_yara_builder_add_source(
				 b, "s.yar", ward_span_str("rule s { condition: true }"), "ns"),
			 WARD_OK);
	ward_buf_clear(&t.block);
	t.rc = ward_yara_builder_finish(b, &t.block, &t.counts);
	assert_int_equal(t.counts.sets, 2);
	assert_int_equal(t.counts.rules, 2);
	ward_yara_builder_freep(&b);
	m = matcher(&t);
	assert_int_equal(scan_bytes(m, ward_span_str("x"), WARD_TYPE_TEXT, &hits), WARD_OK);
	assert_string_equal(hits.names, "s:s:;c:c:;");
	ward_matcher_free(m);
}

static void
test_damaged_blocks_are_refused(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct ward_matcher *m = NULL;

	(void)state;
	build(&t, false, (const char *[]){"c.yar", "rule c { condition: true }"}, 1);
	assert_int_equal(t.rc, WARD_OK);
	for (size_t len = 0; len < t.block.len; len += len < 64 ? 1 : 997)
		assert_int_equal(
			ward_yara_matcher_new(ward_span_cut(ward_buf_span(&t.block), 0, len), NULL,
					      note, &t.notes, &m),
			WARD_E_FORMAT);
	assert_true(t.notes.bad > 0);
	t.block.data[8] = 2; /* version */
	assert_int_equal(ward_yara_matcher_new(ward_buf_span(&t.block), NULL, NULL, NULL, &m),
			 WARD_E_UNSUPPORTED);
	assert_null(m);
	ward_buf_done(&t.block);
}

static void
test_receiver_stops(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.stop_after = 1};
	struct ward_matcher *m;

	(void)state;
	build(&t, false,
	      (const char *[]){"c.yar", "rule a { condition: true } rule b { condition: true }"},
	      1);
	m = matcher(&t);
	assert_int_equal(scan_bytes(m, ward_span_str("x"), WARD_TYPE_TEXT, &hits), WARD_E_STOPPED);
	assert_int_equal(hits.count, 1);
	ward_matcher_free(m);
}

static bool
after_two(void *ctx)
{
	return ++*(int *)ctx > 2;
}

static void
test_expired(void **state)
{
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;
	int calls = 0;
	struct ward_match_object object = {.bytes = ward_span_str("x"),
					   .origin = &origin,
					   .expired = after_two,
					   .ctx = &calls};

	(void)state;
	build(&t, false,
	      (const char *[]){"c.yar", "rule a { condition: true } rule b { condition: true } "
					"rule c { condition: true }"},
	      1);
	m = matcher(&t);
	assert_int_equal(ward_matcher_scan(m, &object, hit, &hits), WARD_E_TIMEOUT);
	assert_int_equal(hits.count, 2);
	assert_int_equal(ward_matcher_scan(m, &object, hit, &hits), WARD_E_TIMEOUT);
	assert_int_equal(hits.count, 2);
	ward_matcher_free(m);
}

/* A million and one matches of one string: said, and the other rules still speak. */
static void
test_too_many_matches(void **state)
{
	enum { SIZE = 1100000 };
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;
	char *zeros = calloc(1, SIZE);

	(void)state;
	assert_non_null(zeros);
	build(&t, false,
	      (const char *[]){"c.yar",
			       "rule many { strings: $a = { 00 00 } condition: #a > 5000000 }"
			       " rule size { condition: filesize > 1000000 }"},
	      1);
	m = matcher(&t);
	assert_int_equal(scan_bytes(m, ward_span_of(zeros, SIZE), WARD_TYPE_DATA, &hits),
			 WARD_E_LIMIT);
	assert_string_equal(hits.names, "size:size:;");
	/* The same matcher goes on with the next object. */
	hits = (struct hits){.count = 0};
	assert_int_equal(scan_bytes(m, ward_span_str("x"), WARD_TYPE_DATA, &hits), WARD_OK);
	assert_int_equal(hits.count, 0);
	free(zeros);
	ward_matcher_free(m);
}

static void
test_scan_timeout(void **state)
{
	enum { SIZE = 24 << 20 };
	static const char rule[] = "rule loop { condition: for any i in (0..filesize) : "
				   "(for any j in (0..filesize) : (uint8(i) + uint8(j) == 700)) }";
	struct build t = {.rc = WARD_OK};
	struct hits hits = {.count = 0};
	struct ward_matcher *m;
	char *zeros = calloc(1, SIZE);

	(void)state;
	assert_non_null(zeros);
	build(&t, false, (const char *[]){"slow.yar", rule}, 1);
	assert_int_equal(t.rc, WARD_OK);
	assert_int_equal(ward_yara_matcher_new(ward_buf_span(&t.block),
					       &(struct ward_yara_options){.seconds = 1}, NULL,
					       NULL, &m),
			 WARD_OK);
	assert_int_equal(scan_bytes(m, ward_span_of(zeros, SIZE), WARD_TYPE_DATA, &hits),
			 WARD_E_TIMEOUT);
	free(zeros);
	ward_buf_done(&t.block);
	ward_matcher_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_with_evidence),
		cmocka_unit_test(test_verdict_from_metadata),
		cmocka_unit_test(test_threat_name_from_metadata),
		cmocka_unit_test(test_externals),
		cmocka_unit_test(test_includes_private_and_global),
		cmocka_unit_test(test_broken_sources_are_named),
		cmocka_unit_test(test_source_with_nul),
		cmocka_unit_test(test_lenient_leaves_out_broken_files),
		cmocka_unit_test(test_strict_names_all_broken_files),
		cmocka_unit_test(test_nothing_to_build),
		cmocka_unit_test(test_warnings_are_counted),
		cmocka_unit_test(test_compiled_sets),
		cmocka_unit_test(test_damaged_blocks_are_refused),
		cmocka_unit_test(test_receiver_stops),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_too_many_matches),
		cmocka_unit_test(test_scan_timeout),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

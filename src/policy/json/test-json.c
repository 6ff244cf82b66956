/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <jansson.h>

#include "policy/json/mistake.h"

struct world {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_json *root;
	struct ward_json_error error;
};

static enum ward_rc
parse(struct world *w, const char *text, size_t len)
{
	*w = (struct world){.budget = {.cap = 1 << 20}};
	w->arena = ward_arena_new(&w->budget);
	assert_non_null(w->arena);
	return ward_json_parse(ward_span_of(text, len), w->arena, &w->root, &w->error);
}

static void
done(struct world *w)
{
	w->arena = ward_arena_free(w->arena);
	assert_int_equal(w->budget.used, 0);
}

/* Whether a library that everybody uses takes it. */
static bool
jansson_takes(const char *text, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_DECODE_ANY, &error);
	bool good = root != NULL;

	json_decref(root);
	return good;
}

static const char *const good[] = {
	"null",
	" true ",
	"\n[false]\r\n\t",
	"0",
	"-0",
	"-12.50e+3",
	"1E5",
	"\"\"",
	"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"",
	"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
	"{}",
	"[]",
	"{\"a\":1,\"b\":[1,2,{\"c\":null}]}",
	"{ \"\" : \"x\" }",
	"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
};

static const char *const bad[] = {
	"",
	" ",
	"nul",
	"True",
	"01",
	"-",
	"1.",
	".5",
	"1e",
	"+1",
	"0x10",
	"NaN",
	"'a'",
	"\"a",
	"\"a\nb\"",
	"\"\\x\"",
	"\"\\u12\"",
	"\"\\u12g4\"",
	"\"\\u0000\"",
	"\"\\ud800\"",
	"\"\\ud800\\u0041\"",
	"\"\\udc00\"",
	"\"\xff\"",
	"\"\xc0\xaf\"",
	"\"\xed\xa0\x80\"",
	"[1,]",
	"[,1]",
	"[1 2]",
	"[1",
	"]",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\":1,}",
	"{a:1}",
	"{1:2}",
	"{\"a\" 1}",
	"{\"a\":1",
	"1 2",
	"{} x",
	"\xef\xbb\xbf{}",
	"// c\n1",
};

static void
agrees_with_jansson(void **state)
{
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(jansson_takes(good[i], strlen(good[i])));
		assert_int_equal(parse(&w, good[i], strlen(good[i])), WARD_OK);
		done(&w);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(jansson_takes(bad[i], strlen(bad[i])));
		assert_int_equal(parse(&w, bad[i], strlen(bad[i])), WARD_E_FORMAT);
		assert_non_null(w.error.text);
		assert_in_range(w.error.offset, 0, strlen(bad[i]));
		done(&w);
	}
}

static void
decodes_texts(void **state)
{
	static const char text[] = "\"\\u00e4\\ud83d\\ude00\\n\\/\xe2\x82\xac\"";
	struct world w;

	(void)state;
	assert_int_equal(parse(&w, text, sizeof(text) - 1), WARD_OK);
	assert_int_equal(w.root->kind, WARD_JSON_STRING);
	assert_string_equal((const char *)w.root->text.data, "ä😀\n/€");
	done(&w);
}

static void
knows_places(void **state)
{
	static const char text[] = "{\n  \"ä\": 1,\n  \"b\": [true,\n null]\n}";
	struct world w;
	struct ward_json_place place;
	const struct ward_json *b;

	(void)state;
	assert_int_equal(parse(&w, text, sizeof(text) - 1), WARD_OK);
	place = ward_json_place(ward_span_str(text), w.root->first->offset);
	assert_int_equal(place.line, 2);
	assert_int_equal(place.column, 8); /* characters, not bytes */
	b = w.root->first->next;
	assert_string_equal(b->name, "b");
	place = ward_json_place(ward_span_str(text), b->name_offset);
	assert_int_equal(place.line, 3);
	assert_int_equal(place.column, 3);
	place = ward_json_place(ward_span_str(text), b->first->next->offset);
	assert_int_equal(place.line, 4);
	assert_int_equal(place.column, 2);
	done(&w);
}

static void
keeps_repeated_names(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(parse(&w, "{\"a\":1,\"a\":2}", 13), WARD_OK);
	assert_string_equal(w.root->first->name, w.root->first->next->name);
	done(&w);
}

static void
has_limits(void **state)
{
	char deep[WARD_JSON_DEPTH + 1];
	struct world w;
	struct ward_budget budget = {.cap = 64};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_json *root = NULL;
	struct ward_json_error error = {1, "x"};

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_int_equal(parse(&w, deep, sizeof(deep)), WARD_E_LIMIT);
	assert_string_equal(w.error.text, "nested too deeply");
	assert_int_equal(w.error.offset, WARD_JSON_DEPTH);
	done(&w);
	if (arena) {
		assert_int_equal(
			ward_json_parse(ward_span_str("[1,2,3,4,5,6,7,8]"), arena, &root, &error),
			WARD_E_LIMIT);
		assert_null(error.text);
	}
	assert_null(root);
	ward_arena_free(arena);
}

static void
quotes_what_reads_back(void **state)
{
	static const char nasty[] = "a\"\\\n\x01\x7f\xc3\xa4\xff/";
	struct ward_buf out;
	struct world w;

	(void)state;
	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_json_quote(&out, ward_span_str(nasty)), WARD_OK);
	assert_int_equal(parse(&w, (const char *)out.data, out.len), WARD_OK);
	assert_string_equal((const char *)w.root->text.data,
			    "a\"\\\n\x01\x7f\xc3\xa4\xef\xbf\xbd/");
	done(&w);
	ward_buf_done(&out);
}

static void
finds_near_words(void **state)
{
	static const char *const words[] = {"enabled", "level", "hold", "samples",
					    "private_lookup"};
	static const struct {
		const char *said, *meant;
	} cases[] = {{"enabeld", "enabled"},
		     {"enable", "enabled"},
		     {"lvel", "level"},
		     {"holds", "hold"},
		     {"privateLookup", "private_lookup"},
		     {"wholly-other", NULL},
		     {"", NULL},
		     {"x", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = ward_mistake_nearest(cases[i].said, words, 5);

		if (cases[i].meant)
			assert_string_equal(near, cases[i].meant);
		else
			assert_null(near);
	}
}

static void
tells_mistakes_in_order_and_safely(void **state)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_mistakes *m = calloc(1, sizeof(*m));
	struct ward_buf out;

	(void)state;
	assert_non_null(m);
	m->text = ward_span_str("ab\ncd");
	m->arena = ward_arena_new(&budget);
	ward_mistakes_add(m, 4, "x.y", "found %s", "\x1b[31mred\n");
	ward_mistakes_add(m, 0, "", "first");
	ward_mistakes_sort(m);
	ward_buf_init(&out, 4096, NULL);
	assert_int_equal(ward_mistakes_print(m, "f", &out), WARD_OK);
	assert_int_equal(ward_buf_byte(&out, 0), WARD_OK);
	assert_string_equal((const char *)out.data,
			    "f:1:1: first\nf:2:2: x.y: found \\x1b[31mred\\n\n");
	for (unsigned i = 0; i <= WARD_MISTAKES_MAX; i++)
		ward_mistakes_add(m, 0, "", "again");
	assert_int_equal(m->count, WARD_MISTAKES_MAX);
	assert_true(m->more);
	ward_buf_done(&out);
	ward_arena_free(m->arena);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_jansson),
		cmocka_unit_test(decodes_texts),
		cmocka_unit_test(knows_places),
		cmocka_unit_test(keeps_repeated_names),
		cmocka_unit_test(has_limits),
		cmocka_unit_test(quotes_what_reads_back),
		cmocka_unit_test(finds_near_words),
		cmocka_unit_test(tells_mistakes_in_order_and_safely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

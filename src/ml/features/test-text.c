/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ml/features/text.h"

static struct ward_text_row row;

static void
make(const char *text)
{
	ward_text_row_make(ward_span_str(text), &row);
}

static void
assert_near(float value, double expected)
{
	if (isnan(value) || fabs((double)value - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", (double)value, expected);
}

static void
test_lines(void **state)
{
	(void)state;
	make("# comment\n\n  \t\nrem x\nlast");
	assert_near(row.lines[0], 5);
	assert_near(row.line_mean[0], (9 + 0 + 3 + 5 + 4) / 5.0);
	assert_near(row.line_longest[0], 9);
	assert_near(row.lines_blank_share[0], 2.0 / 5);
	assert_near(row.lines_comment_share[0], 2.0 / 5);
	make("");
	assert_near(row.lines[0], 0);
	assert_near(row.letters_share[0], 0);
}

static void
test_characters(void **state)
{
	(void)state;
	make("aB3 \x01\xff!~");
	assert_near(row.text_size[0], 8);
	assert_near(row.text_entropy[0], 3);
	assert_near(row.letters_share[0], 2.0 / 8);
	assert_near(row.upper_share[0], 1.0 / 2);
	assert_near(row.vowels_share[0], 1.0 / 2);
	assert_near(row.digits_share[0], 1.0 / 8);
	assert_near(row.space_share[0], 1.0 / 8);
	assert_near(row.control_share[0], 1.0 / 8);
	assert_near(row.other_share[0], 1.0 / 8);
	assert_near(row.punctuation[0], 1.0 / 8);
	assert_near(row.punctuation[31], 1.0 / 8);
	make("[`:");
	assert_near(row.punctuation[15], 1.0 / 3);
	assert_near(row.punctuation[22], 1.0 / 3);
	assert_near(row.punctuation[27], 1.0 / 3);
}

static void
test_words(void **state)
{
	(void)state;
	make("eval EVAL a1 _x9 42;socket");
	assert_near(row.words[0], 6);
	assert_near(row.word_mean[0], (4 + 4 + 2 + 3 + 2 + 6) / 6.0);
	assert_near(row.word_longest[0], 6);
	assert_near(row.words_unique_share[0], 5.0 / 6);
	assert_near(row.words_mixed_share[0], 2.0 / 6);
	assert_near(row.words_short_share[0], 2.0 / 6);
	assert_near(row.word_groups[WARD_WORD_decode], 2);
	assert_near(row.word_groups[WARD_WORD_network], 1);
}

static void
test_literals(void **state)
{
	(void)state;
	make("x = 'ab' + \"c\\\"d\" & 'e';\ndon't \"fg\"\n'open\n\"\"");
	/* ab, c\"d, e, fg, and the empty one; the apostrophe and the open one are none */
	assert_near(row.literals[0], 5);
	assert_near(row.literal_longest[0], 4);
	assert_near(row.literals_joined[0], 2);
	assert_near(row.literals_share[0], (2 + 4 + 1 + 2) / (double)row.text_size[0]);
}

static void
test_hidden_text(void **state)
{
	char long_hex[65], text[200];

	(void)state;
	make("\\x41\\u0042\\103%44%zz\\q");
	assert_near(row.escapes_share[0], (4 + 6 + 4 + 3) / (double)row.text_size[0]);
	memset(long_hex, 'a', 64);
	long_hex[64] = 0;
	(void)snprintf(text, sizeof(text), "(%s)", long_hex);
	make(text);
	assert_near(row.hex_share[0], 64.0 / 66);
	assert_near(row.base64_share[0], 64.0 / 66);
	long_hex[31] = 0;
	make(long_hex);
	assert_near(row.hex_share[0], 0);
	make("f(1,2, 3,0x4f,5,6,7,8); g(1,2,3,4,5,6,7)");
	assert_near(row.number_lists[0], 1);
}

static void
test_places(void **state)
{
	(void)state;
	make("http://a HTTPS://b xhttp:/ 10.0.0.1 256.1.1.1 1.2.3 1.2.3.4.5 v1.2.3.4 9.9.9.9");
	assert_near(row.urls[0], 2);
	assert_near(row.addresses[0], 2);
}

/* Every quote opens and none closes: still one look a line. */
static void
test_time_is_linear(void **state)
{
	size_t len = 8u << 20, i;
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	for (i = 0; i < len; i += 2) {
		text[i] = '\\';
		text[i + 1] = '\'';
	}
	text[len] = 0;
	text[0] = '\'';
	text[1] = ' ';
	make(text);
	assert_near(row.literals[0], 0);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	       cmocka_unit_test(test_characters),
		cmocka_unit_test(test_words),	       cmocka_unit_test(test_literals),
		cmocka_unit_test(test_hidden_text),    cmocka_unit_test(test_places),
		cmocka_unit_test(test_time_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ml/features/words.h"

enum {
	PUTS_BUCKET = 64, /* "puts" of 128, computed apart */
};

/* bsearch needs them in order. */
static void
test_order(void **state)
{
	static const char *const words[] = {
#define WARD_WORD(text, group) #text,
#include "ml/features/words.def"
#undef WARD_WORD
	};
	size_t i;

	(void)state;
	for (i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i - 1], words[i]) >= 0)
			fail_msg("%s does not belong before %s", words[i - 1], words[i]);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_not_equal(ward_word_group_of(ward_span_str(words[i])), WARD_WORD_GROUPS);
}

static void
test_groups(void **state)
{
	(void)state;
	assert_int_equal(ward_word_group_of(ward_span_str("SOCKET")), WARD_WORD_network);
	assert_int_equal(ward_word_group_of(ward_span_str("_socket")), WARD_WORD_GROUPS);
	assert_int_equal(ward_word_group_of(ward_span_str("")), WARD_WORD_GROUPS);
	assert_int_equal(ward_word_group_of_function(ward_span_str("__socket")), WARD_WORD_network);
	assert_int_equal(ward_word_group_of_function(ward_span_str("WinExec")), WARD_WORD_process);
	assert_int_equal(ward_word_group_of_function(ward_span_str("CreateFileW")), WARD_WORD_file);
	assert_int_equal(ward_word_group_of_function(ward_span_str("CreateFileX")),
			 WARD_WORD_GROUPS);
	assert_int_equal(ward_word_group_of_function(ward_span_str("_")), WARD_WORD_GROUPS);
	assert_int_equal(
		ward_word_group_of(ward_span_str("a_word_longer_than_all_that_are_in_the_table")),
		WARD_WORD_GROUPS);
}

static void
test_buckets(void **state)
{
	uint8_t longer[300];

	(void)state;
	/* FNV-1a of "" is its offset basis 0x811c9dc5; 0x9dc5 ^ 0x811c = 0x1cd9 */
	assert_int_equal(ward_word_bucket(ward_span_str(""), 256), 0xd9);
	assert_int_equal(ward_word_bucket(ward_span_str("Puts"), 128), PUTS_BUCKET);
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(ward_word_bucket(ward_span_of(longer, 256), 1000),
			 ward_word_bucket(ward_span_of(longer, 300), 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

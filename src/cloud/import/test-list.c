/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C32 "cccccccccccccccccccccccccccccccc"

struct seen {
	size_t batches, digests, named;
	char first_name[64];
	uint8_t last[32];
};

static enum ward_rc
note(void *context, Ward__Log__V1__Reputation *b)
{
	struct seen *s = context;
	size_t width = b->kind == WARD__LOG__V1__DIGEST__DIGEST_SHA256 ? 32 : 16;

	s->batches++;
	for (size_t i = 0; i < b->digests.len / width; i++) {
		const char *name = b->n_threat ? b->threats[b->threat[i]] : "";

		if (i > 0)
			assert_true(memcmp(b->digests.data + (i - 1) * width,
					   b->digests.data + i * width, width) < 0);
		s->digests++;
		s->named += name[0] != 0;
		if (name[0] && !s->first_name[0])
			(void)snprintf(s->first_name, sizeof(s->first_name), "%s", name);
	}
	return WARD_OK;
}

static void
test_lines(void **state)
{
	static const char text[] = "# a list\n" B64 "\n" A64 " Threat.Name,more\n\nnonsense\n" A64
				   "\n" C32 "\t\n" B64 "x\n" A64 "a";
	struct ward_import_figures figures;
	struct seen seen = {0};

	(void)state;
	assert_int_equal(ward_import_list(ward_span_str(text), note, &seen, &figures), WARD_OK);
	assert_int_equal(figures.taken, 3);
	assert_int_equal(figures.duplicates, 1);
	assert_int_equal(figures.bad, 3);
	assert_int_equal(figures.first_bad, 5);
	assert_int_equal(seen.digests, 3);
	assert_int_equal(seen.batches, 2);
}

static void
test_many(void **state)
{
	enum { COUNT = 10000 };
	char *text = malloc((size_t)COUNT * 80), *at = text;
	struct ward_import_figures figures;
	struct seen seen = {0};

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		at += snprintf(at, 80, "%08x%056x Family.%u\n", i * 2654435761U, i, i % 3);
	assert_int_equal(
		ward_import_list(ward_span_of(text, (size_t)(at - text)), note, &seen, &figures),
		WARD_OK);
	assert_int_equal(figures.taken, COUNT);
	assert_int_equal(seen.named, COUNT);
	assert_int_equal(seen.batches, 3);
	assert_memory_equal(seen.first_name, "Family.", 7);
	free(text);
}

static enum ward_rc
refuse(void *context, Ward__Log__V1__Reputation *b)
{
	(void)context;
	(void)b;
	return WARD_E_IO;
}

static void
test_a_failure_ends_it(void **state)
{
	struct ward_import_figures figures;

	(void)state;
	assert_int_equal(ward_import_list(ward_span_str(A64 "\n"), refuse, NULL, &figures),
			 WARD_E_IO);
	assert_int_equal(ward_import_list(ward_span_str(""), refuse, NULL, &figures), WARD_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_a_failure_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

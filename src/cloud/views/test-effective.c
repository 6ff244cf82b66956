/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/views/effective.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "record.pb-c.h"

enum {
	ANALYST = WARD__LOG__V1__SOURCE__SOURCE_ANALYST,
	DETONATION = WARD__LOG__V1__SOURCE__SOURCE_DETONATION,
	SAMPLE = WARD__LOG__V1__SOURCE__SOURCE_SAMPLE,
	IMPORT = WARD__LOG__V1__SOURCE__SOURCE_IMPORT,
	GRAPH = WARD__LOG__V1__SOURCE__SOURCE_GRAPH,
};

static struct ward_said
said(int source, enum ward_verdict verdict, bool scoped)
{
	return (struct ward_said){
		.source = source, .verdict = verdict, .scoped = scoped, .threat = "", .list = ""};
}

/* Each outweighs all below it. */
static void
test_order(void **state)
{
	const struct ward_said order[] = {
		said(ANALYST, WARD_CLEAN, true),	  said(ANALYST, WARD_MALICIOUS, false),
		said(DETONATION, WARD_SUSPICIOUS, false), said(SAMPLE, WARD_MALICIOUS, false),
		said(IMPORT, WARD_CLEAN, false),	  said(IMPORT, WARD_MALICIOUS, false),
		said(IMPORT, WARD_SUSPICIOUS, false),	  said(DETONATION, WARD_UNKNOWN, false),
		said(SAMPLE, WARD_NOT_SCANNED, false),	  said(GRAPH, WARD_MALICIOUS, false),
	};
	const size_t count = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			assert_int_equal(ward_said_outweighs(&order[i], &order[k]), i < k);
}

static void
test_equals(void **state)
{
	struct ward_said a = said(IMPORT, WARD_MALICIOUS, false), b = a;

	(void)state;
	assert_false(ward_said_outweighs(&a, &b));
	b.time_ms = 1;
	assert_true(ward_said_outweighs(&b, &a));
	a.time_ms = 1;
	a.list = "z";
	assert_true(ward_said_outweighs(&a, &b));
	b.confidence = 1;
	assert_true(ward_said_outweighs(&b, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/scope.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool
holds(const struct ward_policy *p, enum ward_type type, bool network, bool written)
{
	const struct ward_scope_origin o = {
		.network = network,
		.written = written,
		.place = WARD__V1__PATH_CLASS__PATH_CLASS_OTHER,
	};

	return ward_scope_holds(p, type, &o);
}

static void
test_the_standard_policy(void **state)
{
	const struct ward_policy *p = ward_policy_default();

	(void)state;
	assert_true(holds(p, WARD_TYPE_ELF, false, true));
	assert_true(holds(p, WARD_TYPE_SHELL, true, false));
	assert_true(holds(p, WARD_TYPE_OOXML, true, false));
	assert_true(holds(p, WARD_TYPE_ZIP, true, false));
	/* what lay there before and came from nowhere in particular is not held */
	assert_false(holds(p, WARD_TYPE_ELF, false, false));
	assert_false(holds(p, WARD_TYPE_TEXT, true, true));
	assert_false(holds(p, WARD_TYPE_IMAGE, true, true));
}

static void
test_what_the_policy_says(void **state)
{
	struct ward_policy p = *ward_policy_default();
	struct ward_scope_origin o = {.place = WARD__V1__PATH_CLASS__PATH_CLASS_REMOVABLE};

	(void)state;
	p.hold.content = 1u << WARD_POLICY_CONTENT_OTHER;
	assert_false(holds(&p, WARD_TYPE_ELF, true, true));
	assert_true(holds(&p, WARD_TYPE_TEXT, true, false));
	p.hold.origin = 1u << WARD_POLICY_ORIGIN_REMOVABLE;
	assert_false(holds(&p, WARD_TYPE_TEXT, true, true));
	assert_true(ward_scope_holds(&p, WARD_TYPE_TEXT, &o));
	p.hold.origin = 1u << WARD_POLICY_ORIGIN_ANY;
	assert_true(holds(&p, WARD_TYPE_TEXT, false, false));
	p.hold.origin = 0;
	assert_false(holds(&p, WARD_TYPE_TEXT, true, true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_standard_policy),
		cmocka_unit_test(test_what_the_policy_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

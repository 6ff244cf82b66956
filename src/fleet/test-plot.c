/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "fleet/outbreak-options.h"
#include "fleet/plot.h"
#include "fleet/report.h"
#include "fleet/svg.h"

static bool
has(const struct ward_buf *b, const char *text)
{
	return ward_text_find(ward_buf_span(b), ward_span_str(text), 0) != SIZE_MAX;
}

static void
test_svg_escapes(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct fleet_svg svg;

	(void)state;
	ward_buf_init(&out, 1 << 16, NULL);
	fleet_svg_begin(&svg, &out, (struct fleet_point){10, 20}, "a<b>&\"c\"");
	fleet_svg_text(&svg, FLEET_SVG_INK, (struct fleet_point){1, 2}, FLEET_SVG_END,
		       "</text><script>\x01\n\xff");
	fleet_svg_heading(&svg, (struct fleet_point){1, 2}, "<&");
	assert_int_equal(fleet_svg_end(&svg), WARD_OK);
	assert_true(has(&out, "<title>a&lt;b&gt;&amp;&quot;c&quot;</title>"));
	assert_true(has(&out, "text-anchor=\"end\">&lt;/text&gt;&lt;script&gt;?"
			      "?"
			      "?</text>"));
	assert_true(has(&out, ">&lt;&amp;</text>"));
	assert_false(has(&out, "<script"));
}

static void
test_svg_tells_what_did_not_fit(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct fleet_svg svg;

	(void)state;
	ward_buf_init(&out, 100, NULL);
	fleet_svg_begin(&svg, &out, (struct fleet_point){10, 20}, "title");
	assert_int_equal(fleet_svg_end(&svg), WARD_E_LIMIT);
}

/* A run in which devices were infected one a second. */
static void
make(struct fleet_tally *t, enum fleet_mode mode, unsigned infected)
{
	*t = (struct fleet_tally){.mode = mode, .first_sight = 1000, .first_conviction = 3000};
	for (unsigned i = infected; i > 0; i--)
		fleet_series_add(&t->infections, (uint64_t)i * 1000000);
	t->conviction.since = 3000;
	t->conviction.online = 4;
	for (unsigned i = 0; i < 3; i++)
		fleet_series_add(&t->conviction.there, 30000 - 10000 * i);
	fleet_series_add(&t->device_bytes, 500);
	t->copies = infected;
}

static void
start(struct fleet_outbreak_options *o, struct fleet_tally t[FLEET_MODES])
{
	fleet_outbreak_standard(o);
	o->plan.devices = 100;
	assert_int_equal(fleet_outbreak_set(o, "modes", "hold,hash-push"), WARD_OK);
	make(&t[FLEET_HOLD], FLEET_HOLD, 0);
	make(&t[FLEET_HASH_PUSH], FLEET_HASH_PUSH, 42);
}

static void
test_plots(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct fleet_tally t[FLEET_MODES] = {0};
	struct fleet_outbreak_options o;

	(void)state;
	start(&o, t);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(fleet_plot_infected(&o, t, &out), WARD_OK);
	assert_true(has(&out, ">held at first sight: 0</text>"));
	assert_true(has(&out, ">not held, hashes pushed: 42</text>"));
	assert_true(has(&out, "simulated time, minutes"));
	assert_false(has(&out, "definitions"));
	ward_buf_clear(&out);
	assert_int_equal(fleet_plot_reach(&o, t, &out), WARD_OK);
	assert_true(has(&out, ">held at first sight: 30 ms</text>"));
	assert_true(has(&out, ">100 ms</text>"));
	ward_buf_clear(&out);
	assert_int_equal(fleet_plot_bars(&o, t, &out), WARD_OK);
	assert_true(has(&out, ">42</text>"));
	assert_false(has(&out, "nan"));
	for (unsigned m = 0; m < FLEET_MODES; m++)
		fleet_tally_done(&t[m]);
}

static void
test_reports(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct fleet_tally t[FLEET_MODES] = {0};
	struct fleet_outbreak_options o;

	(void)state;
	start(&o, t);
	ward_buf_init(&out, 1 << 20, NULL);
	assert_int_equal(fleet_report_text(&o, t, &out), WARD_OK);
	assert_true(has(&out, "infected devices"));
	assert_true(has(&out, " 42"));
	assert_true(has(&out, "> run (3)")); /* one of four never had it */
	assert_true(has(&out, "20 ms"));
	ward_buf_clear(&out);
	assert_int_equal(fleet_report_json(&o, t, &out), WARD_OK);
	assert_true(has(&out, "\"infected\":42"));
	assert_true(has(&out, "\"times\":[10000,20000,30000]"));
	for (unsigned m = 0; m < FLEET_MODES; m++)
		fleet_tally_done(&t[m]);
}

static void
test_series(void **state)
{
	struct fleet_series s = {0};

	(void)state;
	assert_int_equal(fleet_series_quantiles(&s).max, 0);
	for (uint64_t i = 1000; i > 0; i--)
		fleet_series_add(&s, i);
	assert_int_equal(s.count, 1000);
	assert_int_equal(fleet_series_quantiles(&s).p99, 990);
	assert_int_equal(s.values[0], 1);
	fleet_series_done(&s);
	assert_int_equal(s.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_svg_escapes),
		cmocka_unit_test(test_svg_tells_what_did_not_fit),
		cmocka_unit_test(test_plots),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

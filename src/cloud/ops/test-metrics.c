/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ops/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static double
forty_two(void *context)
{
	(void)context;
	return 42;
}

static const char *
text_of(struct ward_metrics *metrics)
{
	static char text[65536];
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, sizeof(text) - 1, NULL);
	assert_int_equal(ward_metrics_write(metrics, &out), WARD_OK);
	memset(text, 0, sizeof(text));
	memcpy(text, out.data, out.len);
	return text;
}

static void
test_text(void **state)
{
	struct ward_metrics *m = ward_metrics_new();
	const char *text;

	(void)state;
	ward_counter_add(ward_metrics_counter(m, "a_total", "A.", "x=\"1\""), 3);
	ward_metrics_gauge(m, "b", "B.", NULL, forty_two, NULL);
	ward_counter_add(ward_metrics_counter(m, "a_total", "A.", "x=\"2\""), 5);
	ward_counter_add(ward_metrics_counter(m, "a_total", "A.", "x=\"1\""), 1);
	assert_string_equal(text_of(m), "# HELP a_total A.\n# TYPE a_total counter\n"
					"a_total{x=\"1\"} 4\na_total{x=\"2\"} 5\n"
					"# HELP b B.\n# TYPE b gauge\nb 42\n");
	ward_histogram_add(ward_metrics_histogram(m, "h", "H.", "m=\"l\""), 1);
	ward_histogram_add(ward_metrics_histogram(m, "h", "H.", "m=\"l\""), 1001);
	ward_histogram_add(ward_metrics_histogram(m, "h", "H.", "m=\"l\""), UINT64_C(1) << 40);
	text = text_of(m);
	assert_non_null(strstr(text, "h_bucket{m=\"l\",le=\"1e-06\"} 1\n"));
	assert_non_null(strstr(text, "h_bucket{m=\"l\",le=\"0.001\"} 1\n"));
	assert_non_null(strstr(text, "h_bucket{m=\"l\",le=\"0.0018\"} 2\n"));
	assert_non_null(strstr(text, "h_bucket{m=\"l\",le=\"60\"} 2\n"));
	assert_non_null(strstr(text, "h_bucket{m=\"l\",le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(text, "h_count{m=\"l\"} 3\n"));
	ward_metrics_free(m);
}

static void *
add_many(void *counter)
{
	for (unsigned i = 0; i < 10000; i++)
		ward_counter_add(counter, 1);
	return NULL;
}

static void
test_threads(void **state)
{
	struct ward_metrics *m = ward_metrics_new();
	struct ward_counter *counter = ward_metrics_counter(m, "c", "C.", NULL);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, counter), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(ward_counter_value(counter), 40000);
	ward_metrics_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

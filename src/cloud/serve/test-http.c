/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <curl/curl.h>

static bool well = true;

static bool
health(void *context, char why[256])
{
	(void)context;
	(void)snprintf(why, 256, "the log is full\n");
	return well;
}

static size_t
collect(char *data, size_t size, size_t n, void *into)
{
	return ward_buf_append(into, data, size * n) ? 0 : n;
}

/* Status of a request; the body in `out`. */
static long
fetch(const struct ward_http *http, const char *path, const char *method, struct ward_buf *out)
{
	CURL *curl = curl_easy_init();
	char url[128];
	long status = 0;

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", ward_http_port(http), path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return status;
}

static void
test_answers(void **state)
{
	struct ward_metrics *metrics = ward_metrics_new();
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_http *http = NULL;

	(void)state;
	ward_counter_add(ward_metrics_counter(metrics, "a", "A.", NULL), 7);
	ward_buf_init(&out, 65536, NULL);
	assert_int_equal(ward_http_start("127.0.0.1:0", metrics, health, NULL, &http), WARD_OK);
	assert_int_equal(fetch(http, "/metrics", "GET", &out), 200);
	assert_true(ward_span_eq(ward_buf_span(&out),
				 ward_span_str("# HELP a A.\n# TYPE a counter\na 7\n")));
	ward_buf_clear(&out);
	assert_int_equal(fetch(http, "/healthz", "GET", &out), 200);
	well = false;
	ward_buf_clear(&out);
	assert_int_equal(fetch(http, "/healthz", "GET", &out), 503);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str("the log is full\n")));
	assert_int_equal(fetch(http, "/metrics", "DELETE", &out), 405);
	assert_int_equal(fetch(http, "/other", "GET", &out), 404);
	ward_http_stop(http);
	ward_metrics_free(metrics);
}

static void
test_addresses(void **state)
{
	static const char *const bad[] = {
		"", "127.0.0.1", "127.0.0.1:", "x:1", "127.0.0.1:65536", "[::1:1", "127.0.0.1:1x"};
	struct ward_http *http = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_http_start(bad[i], NULL, health, NULL, &http), WARD_E_INVAL);
	assert_null(http);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ops/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "cloud/ops/config-priv.h"

static struct ward_config config;

/* Reads the text over the defaults; what it complains of, as a string. */
static const char *
complaint(const char *text)
{
	static char said[2048];
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, sizeof(said) - 1, NULL);
	ward_config_default(&config);
	rc = ward_config_read(&config, "f", ward_span_str(text), &why);
	assert_true((rc == WARD_OK) == (why.len == 0));
	memset(said, 0, sizeof(said));
	if (why.len > 0)
		memcpy(said, why.data, why.len);
	return said;
}

static void
test_reads(void **state)
{
	(void)state;
	assert_string_equal(complaint("# a comment\n\n[edge]\n listen = 127.0.0.1:1 \nthreads=2\n"
				      "idle = 5m\n[log]\nsegment = 2G\n"
				      "[service]\ndebug = yes"),
			    "");
	assert_string_equal(config.edge.listen, "127.0.0.1:1");
	assert_int_equal(config.edge.threads, 2);
	assert_int_equal(config.edge.idle_ms, 300000);
	assert_int_equal(config.log.segment_bytes, UINT64_C(2) << 30);
	assert_true(config.service.debug);
}

static void
test_names_every_mistake_with_its_line(void **state)
{
	(void)state;
	assert_string_equal(complaint("a = 1\n[edge]\nthreads = x\n\nthreads = 3\nnope = 1\n"
				      "idle = 5\n[what]\nstall\n"),
			    "f:1: a: stands before the first [section]\n"
			    "f:3: threads: not a number\n"
			    "f:5: threads: set twice\n"
			    "f:6: nope: no such key in this section\n"
			    "f:7: idle: not a time (a number with ms, s, m, h or d)\n"
			    "f:8: [what]: no such section\n"
			    "f:9: stall: expected \"key = value\"\n");
}

static void
test_ranges(void **state)
{
	(void)state;
	assert_string_equal(complaint("[edge]\nthreads = 0\n"), "");
	assert_string_equal(complaint("[edge]\nthreads = 257\n"), "f:2: threads: out of range\n");
	assert_string_equal(complaint("[edge]\nstreams = 0\n"), "f:2: streams: out of range\n");
	assert_string_equal(complaint("[log]\nsegment = 99999999999T\n"),
			    "f:2: segment: not a size (a number, perhaps with K, M, G or T)\n");
	assert_string_equal(complaint("[edge]\nthreads = 99999999999999999999\n"),
			    "f:2: threads: not a number\n");
	assert_string_equal(complaint("[service]\norganisation = a\033[2Jb\n"),
			    "f:2: organisation: control character\n");
}

static void
test_writes_what_reads_back(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	struct ward_config first, again;

	(void)state;
	ward_buf_init(&out, 1 << 16, NULL);
	ward_buf_init(&why, 1024, NULL);
	assert_string_equal(complaint("[edge]\nidle = 90s\nthreads = 3\n[objects]\n"
				      "quota = 1536M\n[limits]\nenrol = 1\n"),
			    "");
	first = config;
	assert_int_equal(ward_config_write(&first, &out), WARD_OK);
	ward_config_default(&again);
	assert_int_equal(ward_config_read(&again, "f", ward_buf_span(&out), &why), WARD_OK);
	assert_memory_equal(&again, &first, sizeof(first));
}

static void
test_defaults_are_valid(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};

	(void)state;
	ward_buf_init(&why, 1024, NULL);
	ward_config_default(&config);
	for (size_t i = 0; i < ward_config_key_count; i++) {
		char line[512];

		(void)snprintf(line, sizeof(line), "%s.%s=%s", ward_config_keys[i].section,
			       ward_config_keys[i].name, ward_config_keys[i].standard);
		assert_int_equal(ward_config_set(&config, line, &why), WARD_OK);
	}
	assert_int_equal(ward_config_check(&config, &why), WARD_OK);
	assert_int_equal(ward_config_set(&config, "edge", &why), WARD_E_FORMAT);
	assert_int_equal(ward_config_set(&config, "service.directory=x", &why), WARD_OK);
	assert_int_equal(ward_config_check(&config, &why), WARD_E_FORMAT);
}

/* What must be said besides, or cannot be. */
static void
expect_complaint(const char *const *sets, const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};

	ward_buf_init(&why, 1024, NULL);
	ward_config_default(&config);
	for (; *sets; sets++)
		assert_int_equal(ward_config_set(&config, *sets, &why), WARD_OK);
	assert_int_equal(ward_config_check(&config, &why), text[0] ? WARD_E_FORMAT : WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&why), ward_span_str(text)));
}

static void
test_kafka(void **state)
{
	static const char on[] = "log.backend=kafka", at[] = "kafka.brokers=a:9092,b:9092";

	(void)state;
	expect_complaint((const char *[]){"log.backend=tape", NULL},
			 "log.backend: must be file or kafka\n");
	expect_complaint((const char *[]){on, NULL},
			 "kafka.brokers: is needed for log.backend = kafka\n");
	expect_complaint((const char *[]){on, at, NULL}, "");
	expect_complaint((const char *[]){on, at, "kafka.replicas=1", NULL},
			 "kafka.min-insync: must not exceed kafka.replicas\n");
	expect_complaint((const char *[]){on, at, "kafka.security=ssl", NULL},
			 "kafka.security: must be plaintext, tls or sasl-tls\n");
	expect_complaint((const char *[]){on, at, "kafka.security=sasl-tls", NULL},
			 "kafka.user, kafka.password-file: are needed for sasl-tls\n");
	expect_complaint((const char *[]){on, at, "kafka.mechanism=GSSAPI", NULL},
			 "kafka.mechanism: must be SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN\n");
	expect_complaint((const char *[]){on, at, "kafka.key=k.pem", NULL},
			 "kafka.certificate, kafka.key: go together\n");
}

static void
test_paths(void **state)
{
	ward_config_text path;
	char longer[WARD_CONFIG_TEXT + 2];

	(void)state;
	ward_config_default(&config);
	assert_true(ward_config_path(&config, "pki/ca.pem", path));
	assert_string_equal(path, "/var/lib/wardcloud/pki/ca.pem");
	assert_true(ward_config_path(&config, "/etc/x", path));
	assert_string_equal(path, "/etc/x");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_false(ward_config_path(&config, longer, path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_names_every_mistake_with_its_line),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_writes_what_reads_back),
		cmocka_unit_test(test_defaults_are_valid),
		cmocka_unit_test(test_kafka),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

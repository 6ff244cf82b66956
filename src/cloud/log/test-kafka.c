/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kafka backend on a real cluster, which tests/kafka/kafka.bats starts: WARD_KAFKA names brokers.
 * Without it everything is skipped.
 */
#include "cloud/log/kafka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/log/conform.h"
#include "cloud/log/kafka-priv.h"
#include "sys/clock.h"

enum { PATIENCE_MS = 30 * 1000 };

static char root[] = "/tmp/ward-kafka-XXXXXX";

static const char *
brokers(void)
{
	const char *list = getenv("WARD_KAFKA");

	if (!list)
		skip();
	return list;
}

static enum ward_rc
open_with(const char *name, struct ward_log_kafka_options *o, struct ward_log **ret, char why[512])
{
	char path[256], prefix[64];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	/* a cluster may live through several runs */
	(void)snprintf(prefix, sizeof(prefix), "%s-%d", name, (int)getpid());
	o->brokers = o->brokers ? o->brokers : brokers();
	o->prefix = prefix;
	o->directory = path;
	o->partitions = o->partitions ? o->partitions : 3;
	o->replicas = o->replicas ? o->replicas : 3;
	o->min_insync = o->min_insync ? o->min_insync : 2;
	return ward_log_open_kafka(o, ret, why);
}

static struct ward_log *
open_log(const char *name)
{
	struct ward_log_kafka_options o = {.brokers = NULL};
	struct ward_log *log = NULL;
	char why[512] = "";
	enum ward_rc rc = open_with(name, &o, &log, why);

	if (rc)
		print_message("%s: %s\n", name, why);
	assert_int_equal(rc, WARD_OK);
	return log;
}

static void
test_conformance(void **state)
{
	static const struct ward_log_conform backend = {open_log, NULL, true};

	(void)state;
	(void)brokers();
	ward_log_conform(&backend);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformance),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

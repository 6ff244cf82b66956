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
#include <sys/wait.h>
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
open_with(const char *name, const struct ward_log_kafka_options *options, struct ward_log **ret,
	  char why[512])
{
	struct ward_log_kafka_options o = *options;
	char path[256], prefix[64];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	/* a cluster may live through several runs */
	(void)snprintf(prefix, sizeof(prefix), "%s-%d", name, (int)getpid());
	o.brokers = o.brokers ? o.brokers : brokers();
	o.prefix = prefix;
	o.directory = path;
	o.partitions = o.partitions ? o.partitions : 3;
	o.replicas = o.replicas ? o.replicas : 3;
	o.min_insync = o.min_insync ? o.min_insync : 2;
	return ward_log_open_kafka(&o, ret, why);
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

/* --- without a cluster --- */

static void
test_options(void **state)
{
	struct ward_log_kafka_options good = {.brokers = "127.0.0.1:1",
					      .prefix = "x",
					      .directory = root,
					      .partitions = 1,
					      .replicas = 1,
					      .min_insync = 1};
	struct ward_log_kafka_options bad;
	struct ward_log *log = NULL;

	(void)state;
	bad = good;
	bad.prefix = "a/b";
	assert_int_equal(ward_log_open_kafka(&bad, &log, NULL), WARD_E_INVAL);
	bad = good;
	bad.min_insync = 2;
	assert_int_equal(ward_log_open_kafka(&bad, &log, NULL), WARD_E_INVAL);
	bad = good;
	bad.partitions = WARD_LOG_PARTITIONS_MAX + 1;
	assert_int_equal(ward_log_open_kafka(&bad, &log, NULL), WARD_E_INVAL);
	bad = good;
	bad.mechanism = "PLAIN"; /* a password in clear */
	bad.user = bad.password_file = "x";
	assert_int_equal(ward_log_open_kafka(&bad, &log, NULL), WARD_E_INVAL);
}

static void
test_nobody_answers(void **state)
{
	struct ward_log_kafka_options o = {.brokers = "127.0.0.1:1", .open_ms = 300};
	struct ward_log *log = NULL;
	char why[512] = "";

	(void)state;
	assert_int_equal(open_with("nobody", &o, &log, why), WARD_E_TIMEOUT);
	assert_non_null(strstr(why, "brokers 127.0.0.1:1: "));
}

/* --- topics --- */

struct config {
	const char *name, *value;
};

static const struct config good_topic[] = {{"min.insync.replicas", "2"},
					   {"unclean.leader.election.enable", "false"},
					   {"retention.ms", "-1"},
					   {"retention.bytes", "-1"},
					   {NULL, NULL}};

static rd_kafka_conf_t *
plain_conf(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", brokers(), why, sizeof(why)),
			 RD_KAFKA_CONF_OK);
	rd_kafka_conf_set_log_cb(conf, NULL);
	return conf;
}

/* As an administrator would make it. */
static void
make_topic(const char *name, const char *channel, const struct config *configs)
{
	char topic[128], why[512];
	rd_kafka_t *client;
	rd_kafka_NewTopic_t *request;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;

	(void)snprintf(topic, sizeof(topic), "%s-%d-%s", name, (int)getpid(), channel);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, plain_conf(), why, sizeof(why));
	assert_non_null(client);
	request = rd_kafka_NewTopic_new(topic, strcmp(channel, "updates") == 0 ? 1 : 3, 3, why,
					sizeof(why));
	for (int set = 0; set < 2; set++)
		for (const struct config *c = set ? configs : good_topic; c->name; c++)
			(void)rd_kafka_NewTopic_set_config(request, c->name, c->value);
	queue = rd_kafka_queue_new(client);
	rd_kafka_CreateTopics(client, &request, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, PATIENCE_MS);
	assert_non_null(event);
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(request);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(client);
}

static void
expect_refused(const char *name, const char *text)
{
	struct ward_log_kafka_options o = {.brokers = NULL};
	struct ward_log *log = NULL;
	char why[512] = "";

	assert_int_equal(open_with(name, &o, &log, why), WARD_E_INVAL);
	if (!strstr(why, text))
		print_message("%s\n", why);
	assert_non_null(strstr(why, text));
}

static void
test_topics_that_lose_records_are_refused(void **state)
{
	static const struct config forgets[] = {{"retention.ms", "86400000"}, {NULL, NULL}};
	static const struct config alone[] = {{"min.insync.replicas", "1"}, {NULL, NULL}};
	static const struct config unclean[] = {{"unclean.leader.election.enable", "true"},
						{NULL, NULL}};
	static const struct config nothing[] = {{NULL, NULL}};

	(void)state;
	(void)brokers();
	make_topic("forgets", "events", forgets);
	expect_refused("forgets", "retention.ms is 86400000, and must be -1");
	make_topic("alone", "events", alone);
	expect_refused("alone", "min.insync.replicas is 1, and must be at least 2");
	make_topic("unclean", "updates", unclean);
	expect_refused("unclean", "unclean.leader.election.enable is true, and must be false");
	make_topic("policy", "state", nothing);
	expect_refused("policy", "cleanup.policy is delete, and must be compact");
}

static void
test_partitions_never_change(void **state)
{
	struct ward_log_kafka_options o = {.partitions = 4};
	struct ward_log *log = open_log("partitions"), *second = NULL;
	char why[512] = "";

	(void)state;
	assert_int_equal(ward_log_partitions(log, WARD_LOG_STATE), 3);
	ward_log_close(log);
	assert_int_equal(open_with("partitions", &o, &second, why), WARD_E_INVAL);
	assert_non_null(strstr(why, "it has 3 partitions, not 4"));
}

static void
test_a_directory_has_one_log(void **state)
{
	struct ward_log *log = open_log("one"), *second = NULL;
	struct ward_log_kafka_options o = {.brokers = NULL};
	char why[512] = "", path[256];

	(void)state;
	assert_int_equal(open_with("one", &o, &second, why), WARD_E_PERM);
	assert_non_null(strstr(why, "in use"));
	ward_log_close(log);
	(void)snprintf(path, sizeof(path), "%s/one", root);
	o = (struct ward_log_kafka_options){.brokers = brokers(),
					    .prefix = "other",
					    .directory = path,
					    .partitions = 1,
					    .replicas = 3,
					    .min_insync = 2};
	assert_int_equal(ward_log_open_kafka(&o, &second, why), WARD_E_INVAL);
	assert_non_null(strstr(why, "another cluster or prefix"));
}

/* --- holes --- */

static struct ward_log_position
append_text(struct ward_log *log, enum ward_log_channel channel, const char *key, const char *text)
{
	struct ward_log_item one = {channel, {NULL, 0}, ward_span_str(key), ward_span_str(text)};
	struct ward_log_position position = {channel, 0, 0};

	assert_int_equal(ward_log_append_wait(log, &one, 1, &position), WARD_OK);
	return position;
}

/* A stranger's transaction: its mark takes an offset. */
static void
append_in_transaction(const char *topic, const char *text)
{
	rd_kafka_conf_t *conf = plain_conf();
	char why[512];
	rd_kafka_t *client;

	assert_int_equal(rd_kafka_conf_set(conf, "transactional.id", topic, why, sizeof(why)),
			 RD_KAFKA_CONF_OK);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	assert_non_null(client);
	assert_null(rd_kafka_init_transactions(client, 2 * PATIENCE_MS));
	assert_null(rd_kafka_begin_transaction(client));
	assert_int_equal(rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic),
					   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					   RD_KAFKA_V_VALUE((void *)(uintptr_t)text, strlen(text)),
					   RD_KAFKA_V_END),
			 RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_null(rd_kafka_commit_transaction(client, PATIENCE_MS));
	rd_kafka_destroy(client);
}

static void
test_marks_are_no_records(void **state)
{
	struct ward_log *log = open_log("marks");
	struct ward_kafka_log *kafka = (struct ward_kafka_log *)log;
	struct ward_log_position from = {WARD_LOG_UPDATES, 0, 0};
	struct ward_log_reader *reader = NULL;
	struct ward_log_entry entry;
	uint64_t first, next;

	(void)state;
	append_text(log, WARD_LOG_UPDATES, "", "ours");
	append_in_transaction(kafka->topics[WARD_LOG_UPDATES], "theirs");
	assert_int_equal(ward_log_reader_new(log, &from, 1, &reader), WARD_OK);
	for (uint64_t i = 0; i < 2; i++) {
		assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
		assert_int_equal(entry.position.offset, i);
	}
	assert_int_equal(ward_log_reader_next(reader, 1500, &entry), WARD_E_TIMEOUT);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_UPDATES, 0, &first, &next), WARD_OK);
	assert_int_equal(next, 2); /* not 3: nobody will ever read offset 2 */
	assert_int_equal(append_text(log, WARD_LOG_UPDATES, "", "again").offset, 3);
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
	assert_int_equal(entry.position.offset, 3);
	assert_int_equal(ward_log_bounds(log, WARD_LOG_UPDATES, 0, &first, &next), WARD_OK);
	assert_int_equal(next, 4);
	ward_log_reader_free(reader);
	ward_log_close(log);
}

enum { WRITES = 40 };

/* Reads the partition from the beginning; returns how many, checks that the last of each key is
 * there. */
static unsigned
read_state(struct ward_log *log, uint64_t last)
{
	struct ward_log_position from = {WARD_LOG_STATE, 0, 0};
	struct ward_log_reader *reader = NULL;
	struct ward_log_entry entry = {.position = {WARD_LOG_STATE, 0, 0}};
	unsigned count = 0;
	uint64_t before = 0;

	assert_int_equal(ward_log_reader_new(log, &from, 1, &reader), WARD_OK);
	while (count == 0 || entry.position.offset < last) {
		assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_OK);
		assert_true(count == 0 || entry.position.offset > before);
		before = entry.position.offset;
		count++;
	}
	ward_log_reader_free(reader);
	return count;
}

static void
test_compacted_partitions_have_holes(void **state)
{
	static const struct config quick[] = {{"cleanup.policy", "compact"},
					      {"segment.ms", "100"},
					      {"min.cleanable.dirty.ratio", "0.01"},
					      {NULL, NULL}};
	struct ward_log_position last = {WARD_LOG_STATE, 0, 0};
	uint64_t until = ward_clock_monotonic() + UINT64_C(60) * 1000 * 1000;
	struct ward_log *log;
	unsigned count;

	(void)state;
	(void)brokers();
	make_topic("compact", "state", quick);
	log = open_log("compact");
	for (unsigned i = 0; i < WRITES; i++) {
		last = append_text(log, WARD_LOG_STATE, i % 2 ? "odd" : "even", "value");
		if (i % 8 == 7)
			(void)usleep(150 * 1000); /* so that segments are closed */
	}
	assert_int_equal(last.offset, WRITES - 1);
	while ((count = read_state(log, last.offset)) == WRITES && ward_clock_monotonic() < until)
		(void)usleep(200 * 1000);
	assert_in_range(count, 2, WRITES - 1);
	ward_log_close(log);
}

/* --- failures --- */

static void
test_a_position_past_the_log_is_damage(void **state)
{
	struct ward_log *log = open_log("past");
	struct ward_log_position from = {WARD_LOG_EVENTS, 0, 1000};
	struct ward_log_reader *reader = NULL;
	struct ward_log_entry entry;

	(void)state;
	assert_int_equal(ward_log_reader_new(log, &from, 1, &reader), WARD_OK);
	assert_int_equal(ward_log_reader_next(reader, PATIENCE_MS, &entry), WARD_E_FORMAT);
	assert_int_equal(ward_log_reader_next(reader, 0, &entry), WARD_E_FORMAT);
	ward_log_reader_free(reader);
	ward_log_close(log);
}

static void
test_a_producer_that_ends_is_replaced(void **state)
{
	struct ward_log *log = open_log("fatal");
	struct ward_kafka_log *kafka = (struct ward_kafka_log *)log;
	struct ward_log_item one = {WARD_LOG_EVENTS, {NULL, 0}, {NULL, 0}, ward_span_str("x")};
	uint64_t until = ward_clock_monotonic() + UINT64_C(30) * 1000 * 1000;
	struct ward_log_stats stats;
	enum ward_rc rc;

	(void)state;
	append_text(log, WARD_LOG_EVENTS, "", "before");
	assert_int_equal(rd_kafka_test_fatal_error(kafka->producer,
						   RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
						   "a test"),
			 RD_KAFKA_RESP_ERR_NO_ERROR);
	do /* the one that ended takes nothing any more: it is another that does */
		rc = ward_log_append_wait(log, &one, 1, NULL);
	while (rc && ward_clock_monotonic() < until);
	assert_int_equal(rc, WARD_OK);
	ward_log_stats(log, &stats);
	assert_int_equal(stats.waiting, 0);
	ward_log_close(log);
}

static void
nothing_done(void *context, enum ward_rc rc, const struct ward_log_position *positions,
	     size_t count)
{
	(void)positions;
	(void)count;
	if (rc)
		atomic_fetch_add((_Atomic unsigned *)context, 1);
}

static void
test_too_much_waiting_is_refused(void **state)
{
	static uint8_t big[90 * 1024];
	struct ward_log_kafka_options o = {.waiting_max = 100 * 1024};
	struct ward_log_item one = {
		WARD_LOG_EVENTS, {NULL, 0}, {NULL, 0}, ward_span_of(big, sizeof(big))};
	_Atomic unsigned failed = 0;
	struct ward_log *log = NULL;
	struct ward_log_stats stats;
	char why[512] = "";
	unsigned refused = 0;

	(void)state;
	assert_int_equal(open_with("waiting", &o, &log, why), WARD_OK);
	for (unsigned i = 0; i < 100; i++)
		refused += ward_log_append(log, &one, 1, nothing_done, &failed) == WARD_E_LIMIT;
	assert_true(refused > 0);
	assert_true(refused < 100);
	ward_log_stats(log, &stats);
	assert_int_equal(stats.refused, refused);
	ward_log_close(log);
	assert_int_equal(failed, 0); /* what was taken was acknowledged */
}

static int
clean_up(void **state)
{
	char command[] = "rm", flag[] = "-rf";
	char *const argv[] = {command, flag, root, NULL};
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_conformance),
		cmocka_unit_test(test_topics_that_lose_records_are_refused),
		cmocka_unit_test(test_partitions_never_change),
		cmocka_unit_test(test_a_directory_has_one_log),
		cmocka_unit_test(test_marks_are_no_records),
		cmocka_unit_test(test_compacted_partitions_have_holes),
		cmocka_unit_test(test_a_position_past_the_log_is_damage),
		cmocka_unit_test(test_a_producer_that_ends_is_replaced),
		cmocka_unit_test(test_too_much_waiting_is_refused),
	};

	if (!mkdtemp(root))
		return 1;
	return cmocka_run_group_tests(tests, NULL, clean_up);
}

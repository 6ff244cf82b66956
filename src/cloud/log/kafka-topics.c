/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topics. What is asked of them, whoever made them:
 *
 *	partitions			as configured: a route must lead to the same one for ever
 *	replicas, min.insync.replicas	at least min_insync: else "acknowledged" says less than it should
 *	unclean.leader.election.enable	false: it throws acknowledged records away
 *	cleanup.policy			compact for state, delete for the others
 *	retention.ms, retention.bytes	-1: the service lets go itself, of what a snapshot covers
 *	max.message.bytes		at least what a batch may have
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloud/log/kafka-priv.h"
#include "sys/clock.h"

enum { REQUEST_MS = 3000, PAUSE_US = 200 * 1000, BATCH_MAX = 1048576, NUMBER = 24 };

/* Everything one opening needs. */
struct opening {
	struct ward_kafka_log *log;
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	uint64_t until; /* monotonic */
	char *why;
};

static enum ward_rc say(struct opening *o, enum ward_rc rc, const char *what,
			const char *detail) WARD_MUST_CHECK;

static enum ward_rc
say(struct opening *o, enum ward_rc rc, const char *what, const char *detail)
{
	(void)snprintf(o->why, WARD_KAFKA_WHY, "%s: %s", what, detail);
	return rc;
}

/* The cluster has not answered: with what librdkafka complained of meanwhile. */
static enum ward_rc
no_answer(struct opening *o, rd_kafka_resp_err_t error)
{
	struct ward_kafka_log *log = o->log;
	enum ward_rc rc = ward_kafka_rc(error);

	(void)rd_kafka_poll(o->client, 0);
	pthread_mutex_lock(&log->lock);
	(void)snprintf(o->why, WARD_KAFKA_WHY, "brokers %.128s: %.300s", log->o.brokers,
		       log->trouble[0] ? log->trouble : rd_kafka_err2str(error));
	pthread_mutex_unlock(&log->lock);
	return rc == WARD_E_PERM ? rc : WARD_E_TIMEOUT;
}

static bool
time_left(const struct opening *o)
{
	return ward_clock_monotonic() < o->until;
}

/* --- requests to the admin API: one event each --- */

static rd_kafka_AdminOptions_t *
patience(struct opening *o, rd_kafka_admin_op_t operation)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(o->client, operation);
	char detail[128];

	(void)rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, detail,
							sizeof(detail));
	return options;
}

/* NULL after saying why. */
static rd_kafka_event_t *
result_of(struct opening *o, const char *what, enum ward_rc *ret_rc)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(o->queue, 2 * REQUEST_MS);

	if (event && !rd_kafka_event_error(event))
		return event;
	*ret_rc = ward_kafka_rc(event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT);
	*ret_rc = say(o, *ret_rc, what,
		      event ? rd_kafka_event_error_string(event) : "no answer from the brokers");
	if (event)
		rd_kafka_event_destroy(event);
	return NULL;
}

/* --- making --- */

static const char *
policy_of(int channel)
{
	return channel == WARD_LOG_STATE ? "compact" : "delete";
}

static uint32_t
wanted_partitions(const struct ward_kafka_log *log, int channel)
{
	return channel == WARD_LOG_UPDATES ? 1 : log->o.partitions;
}

static rd_kafka_NewTopic_t *
describe_new(struct opening *o, int channel)
{
	struct ward_kafka_log *log = o->log;
	char insync[NUMBER];
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(log->topics[channel], (int)wanted_partitions(log, channel),
				      (int)log->o.replicas, o->why, WARD_KAFKA_WHY);

	if (!topic)
		return NULL;
	(void)snprintf(insync, sizeof(insync), "%u", log->o.min_insync);
	(void)rd_kafka_NewTopic_set_config(topic, "min.insync.replicas", insync);
	(void)rd_kafka_NewTopic_set_config(topic, "unclean.leader.election.enable", "false");
	(void)rd_kafka_NewTopic_set_config(topic, "cleanup.policy", policy_of(channel));
	(void)rd_kafka_NewTopic_set_config(topic, "retention.ms", "-1");
	(void)rd_kafka_NewTopic_set_config(topic, "retention.bytes", "-1");
	(void)rd_kafka_NewTopic_set_config(topic, "max.message.bytes", "1048588");
	return topic;
}

/* Another node may have been faster: then it is there, and checked like any other. */
static enum ward_rc
create_result(struct opening *o, const rd_kafka_event_t *event)
{
	const rd_kafka_CreateTopics_result_t *result =
		rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)(uintptr_t)event);
	size_t count = 0;
	const rd_kafka_topic_result_t **topics =
		rd_kafka_CreateTopics_result_topics(result, &count);
	rd_kafka_resp_err_t error =
		count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
	const char *text = count == 1 ? rd_kafka_topic_result_error_string(topics[0]) : NULL;

	if (!error || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return WARD_OK;
	/* brokers that have just come may not be counted yet */
	if (error == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR)
		return say(o, WARD_E_TIMEOUT, "the topics cannot be made",
			   text ? text : rd_kafka_err2str(error));
	return say(o, ward_kafka_rc(error), "the topics cannot be made",
		   text ? text : rd_kafka_err2str(error));
}

static enum ward_rc
create(struct opening *o, int channel)
{
	rd_kafka_NewTopic_t *topic = describe_new(o, channel);
	rd_kafka_AdminOptions_t *options;
	rd_kafka_event_t *event;
	enum ward_rc rc = WARD_OK;

	if (!topic)
		return WARD_E_INVAL;
	options = patience(o, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_CreateTopics(o->client, &topic, 1, options, o->queue);
	event = result_of(o, "the topics cannot be made", &rc);
	if (event)
		rc = create_result(o, event);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(topic);
	return rc;
}

/* --- looking --- */

static enum ward_rc
check_partitions(struct opening *o, int channel, const rd_kafka_metadata_topic_t *t)
{
	struct ward_kafka_log *log = o->log;
	uint32_t wanted = wanted_partitions(log, channel);
	char detail[128];

	if (t->partition_cnt != (int)wanted) {
		(void)snprintf(detail, sizeof(detail), "it has %d partitions, not %u",
			       t->partition_cnt, wanted);
		return say(o, WARD_E_INVAL, log->topics[channel], detail);
	}
	for (int p = 0; p < t->partition_cnt; p++)
		if (t->partitions[p].leader < 0)
			return say(o, WARD_E_TIMEOUT, log->topics[channel],
				   "partitions have no leader");
		else if (t->partitions[p].replica_cnt < (int)log->o.min_insync)
			return say(o, WARD_E_INVAL, log->topics[channel],
				   "it has fewer replicas than are to be in sync");
	log->partitions[channel] = wanted;
	return WARD_OK;
}

/* WARD_E_NOENT: it is not there; WARD_E_TIMEOUT: not ready, or nobody answers. */
static enum ward_rc
look(struct opening *o, int channel, rd_kafka_topic_t *topic)
{
	const rd_kafka_metadata_t *metadata = NULL;
	rd_kafka_resp_err_t error = rd_kafka_metadata(o->client, 0, topic, &metadata, REQUEST_MS);
	enum ward_rc rc;

	if (error)
		return no_answer(o, error);
	error = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__BAD_MSG;
	if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		rc = WARD_E_NOENT;
	else if (error)
		rc = no_answer(o, error);
	else
		rc = check_partitions(o, channel, &metadata->topics[0]);
	rd_kafka_metadata_destroy(metadata);
	return rc;
}

static enum ward_rc
have_topic(struct opening *o, int channel)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(o->client, o->log->topics[channel], NULL);
	enum ward_rc rc;

	if (!topic)
		return WARD_E_NOMEM;
	for (;;) {
		rc = look(o, channel, topic);
		if (rc == WARD_E_NOENT)
			rc = create(o, channel);
		else if (!rc)
			break;
		if ((rc && rc != WARD_E_TIMEOUT) || !time_left(o))
			break;
		(void)usleep(PAUSE_US);
	}
	rd_kafka_topic_destroy(topic);
	return rc;
}

/* --- checking the settings --- */

static enum ward_rc
refuse(struct opening *o, int channel, const char *name, const char *value, const char *wanted)
{
	(void)snprintf(o->why, WARD_KAFKA_WHY, "%s: %s is %s, and must be %s",
		       o->log->topics[channel], name, value, wanted);
	return WARD_E_INVAL;
}

static enum ward_rc
check_text(struct opening *o, int channel, const char *name, const char *value, const char *wanted)
{
	return strcmp(value, wanted) == 0 ? WARD_OK : refuse(o, channel, name, value, wanted);
}

static enum ward_rc
check_least(struct opening *o, int channel, const char *name, const char *value, unsigned least)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "at least %u", least);
	return strtoul(value, NULL, 10) >= least ? WARD_OK
						 : refuse(o, channel, name, value, wanted);
}

static enum ward_rc
check_setting(struct opening *o, int channel, const char *name, const char *value)
{
	if (strcmp(name, "min.insync.replicas") == 0)
		return check_least(o, channel, name, value, o->log->o.min_insync);
	if (strcmp(name, "max.message.bytes") == 0)
		return check_least(o, channel, name, value, BATCH_MAX);
	if (strcmp(name, "unclean.leader.election.enable") == 0)
		return check_text(o, channel, name, value, "false");
	if (strcmp(name, "cleanup.policy") == 0)
		return check_text(o, channel, name, value, policy_of(channel));
	if (channel != WARD_LOG_STATE &&
	    (strcmp(name, "retention.ms") == 0 || strcmp(name, "retention.bytes") == 0))
		return check_text(o, channel, name, value, "-1");
	return WARD_OK;
}

static enum ward_rc
check_resource(struct opening *o, int channel, const rd_kafka_ConfigResource_t *resource)
{
	size_t count = 0;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
	rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(resource);
	enum ward_rc rc = WARD_OK;

	if (error) /* the broker asked may not have heard of a new topic yet */
		return say(o,
			   error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? WARD_E_TIMEOUT
									    : ward_kafka_rc(error),
			   o->log->topics[channel], rd_kafka_err2str(error));
	if (count == 0)
		return say(o, WARD_E_PERM, o->log->topics[channel], "its settings are not told");
	for (size_t i = 0; i < count && !rc; i++)
		if (rd_kafka_ConfigEntry_value(entries[i]))
			rc = check_setting(o, channel, rd_kafka_ConfigEntry_name(entries[i]),
					   rd_kafka_ConfigEntry_value(entries[i]));
	return rc;
}

static enum ward_rc
ask_settings(struct opening *o, int channel)
{
	rd_kafka_ConfigResource_t *asked =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, o->log->topics[channel]);
	rd_kafka_AdminOptions_t *options = patience(o, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_event_t *event;
	enum ward_rc rc = WARD_OK;

	rd_kafka_DescribeConfigs(o->client, &asked, 1, options, o->queue);
	event = result_of(o, "the topics' settings cannot be read", &rc);
	if (event) {
		size_t count = 0;
		const rd_kafka_ConfigResource_t **told = rd_kafka_DescribeConfigs_result_resources(
			rd_kafka_event_DescribeConfigs_result(event), &count);

		rc = count == 1 ? check_resource(o, channel, told[0])
				: say(o, WARD_E_PROTO, o->log->topics[channel], "no settings told");
		rd_kafka_event_destroy(event);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_ConfigResource_destroy(asked);
	return rc;
}

/* Whom to ask the client learns from metadata: perhaps a broker that is no more. */
static void
learn_brokers(struct opening *o)
{
	const rd_kafka_metadata_t *metadata = NULL;

	if (!rd_kafka_metadata(o->client, 1, NULL, &metadata, REQUEST_MS))
		rd_kafka_metadata_destroy(metadata);
}

static enum ward_rc
check_settings(struct opening *o, int channel)
{
	enum ward_rc rc = ask_settings(o, channel);

	while (rc == WARD_E_TIMEOUT && time_left(o)) {
		(void)usleep(PAUSE_US);
		learn_brokers(o);
		rc = ask_settings(o, channel);
	}
	return rc;
}

/* --- where the partitions end --- */

static void
note_ends(struct ward_kafka_log *log, const struct ward_log_position *of, uint64_t first,
	  uint64_t next)
{
	struct ward_kafka_ends *e = &log->ends[of->channel][of->partition];

	pthread_mutex_lock(&log->lock);
	e->first = first;
	if (e->next < next)
		e->next = next;
	pthread_mutex_unlock(&log->lock);
}

/* rd_kafka_query_watermark_offsets (2.0) heeds no time-out while a leader is dead; this does. */
static rd_kafka_resp_err_t
ask_offset(rd_kafka_t *client, const char *topic, const struct ward_log_position *of, int64_t what,
	   int64_t *ret_offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *one =
		rd_kafka_topic_partition_list_add(list, topic, (int32_t)of->partition);
	rd_kafka_resp_err_t error;

	one->offset = what; /* in place of a time: the protocol's own marks */
	error = rd_kafka_offsets_for_times(client, list, REQUEST_MS);
	if (!error)
		error = one->err;
	if (!error)
		*ret_offset = one->offset;
	rd_kafka_topic_partition_list_destroy(list);
	return error;
}

enum ward_rc
ward_kafka_query(struct ward_kafka_log *log, rd_kafka_t *client, const struct ward_log_position *of,
		 uint64_t until, struct ward_kafka_ends *ret_ends)
{
	const char *topic = log->topics[of->channel];
	rd_kafka_resp_err_t error;
	int64_t low = 0, high = 0;

	/* a leader that has just changed says so; soon the client knows the new one */
	while ((error = ask_offset(client, topic, of, RD_KAFKA_OFFSET_BEGINNING, &low)) != 0 ||
	       (error = ask_offset(client, topic, of, RD_KAFKA_OFFSET_END, &high)) != 0) {
		if (ward_kafka_rc(error) == WARD_E_PERM || ward_clock_monotonic() >= until)
			break;
		(void)usleep(PAUSE_US);
	}
	if (error)
		return ward_kafka_rc(error) == WARD_E_PERM ? WARD_E_PERM : WARD_E_TIMEOUT;
	if (low < 0 || high < low)
		return WARD_E_PROTO;
	note_ends(log, of, (uint64_t)low, (uint64_t)high);
	*ret_ends = (struct ward_kafka_ends){(uint64_t)low, (uint64_t)high, 0, 0};
	return WARD_OK;
}

static enum ward_rc
learn_ends(struct opening *o, int channel)
{
	struct ward_kafka_log *log = o->log;
	struct ward_log_position of = {(enum ward_log_channel)channel, 0, 0};
	struct ward_kafka_ends ends;
	enum ward_rc rc = WARD_OK;

	log->ends[channel] = calloc(log->partitions[channel], sizeof(*log->ends[channel]));
	if (!log->ends[channel])
		return WARD_E_NOMEM;
	for (; of.partition < log->partitions[channel] && !rc; of.partition++)
		rc = ward_kafka_query(log, o->client, &of, o->until, &ends);
	return rc ? say(o, rc, log->topics[channel], "where it ends cannot be learned") : WARD_OK;
}

/* Waits until brokers answer; nothing is made in a cluster that is not this node's. */
static enum ward_rc
find_cluster(struct opening *o)
{
	const rd_kafka_metadata_t *metadata = NULL;
	rd_kafka_resp_err_t error;
	enum ward_rc rc;

	while ((error = rd_kafka_metadata(o->client, 0, NULL, &metadata, REQUEST_MS)) != 0) {
		rc = no_answer(o, error);
		if (rc != WARD_E_TIMEOUT || !time_left(o))
			return rc;
		(void)usleep(PAUSE_US);
	}
	rd_kafka_metadata_destroy(metadata);
	rc = ward_kafka_same_cluster(o->log, o->client, false, o->why);
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

enum ward_rc
ward_kafka_topics_open(struct ward_kafka_log *log, char why[WARD_KAFKA_WHY])
{
	struct opening o = {.log = log, .why = why};
	enum ward_rc rc = ward_kafka_client(log, NULL, &o.client, why);

	if (rc)
		return rc;
	o.queue = rd_kafka_queue_new(o.client);
	o.until = ward_clock_monotonic() + UINT64_C(1000) * log->o.open_ms;
	rc = find_cluster(&o);
	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++)
		rc = have_topic(&o, c);
	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++)
		rc = check_settings(&o, c);
	for (int c = 0; c < WARD_LOG_CHANNELS && !rc; c++)
		rc = learn_ends(&o, c);
	if (!rc)
		rc = ward_kafka_same_cluster(log, o.client, true, why);
	rd_kafka_queue_destroy(o.queue);
	rd_kafka_destroy(o.client);
	return rc;
}

/* --- letting go --- */

static enum ward_rc
delete_result(struct ward_kafka_log *log, const struct ward_log_position *position,
	      rd_kafka_event_t *event)
{
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
	struct ward_kafka_ends *e = &log->ends[position->channel][position->partition];

	if (list->cnt != 1)
		return WARD_E_PROTO;
	if (list->elems[0].err)
		return ward_kafka_rc(list->elems[0].err);
	pthread_mutex_lock(&log->lock);
	if (list->elems[0].offset >= 0 && e->first < (uint64_t)list->elems[0].offset)
		e->first = (uint64_t)list->elems[0].offset;
	pthread_mutex_unlock(&log->lock);
	return WARD_OK;
}

static enum ward_rc
delete_before(struct opening *o, const struct ward_log_position *position)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_AdminOptions_t *options = patience(o, RD_KAFKA_ADMIN_OP_DELETERECORDS);
	rd_kafka_DeleteRecords_t *request;
	rd_kafka_event_t *event;
	enum ward_rc rc = WARD_OK;

	rd_kafka_topic_partition_list_add(list, o->log->topics[position->channel],
					  (int32_t)position->partition)
		->offset = (int64_t)position->offset;
	request = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(o->client, &request, 1, options, o->queue);
	event = result_of(o, "records cannot be let go", &rc);
	if (event) {
		rc = delete_result(o->log, position, event);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_DeleteRecords_destroy(request);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

enum ward_rc
ward_kafka_truncate(struct ward_log *base, const struct ward_log_position *position)
{
	struct ward_kafka_log *log = (struct ward_kafka_log *)base;
	char why[WARD_KAFKA_WHY];
	struct opening o = {.log = log, .why = why};
	enum ward_rc rc;

	if (position->channel == WARD_LOG_STATE)
		return WARD_OK; /* compaction drops what no longer holds */
	rc = ward_kafka_client(log, NULL, &o.client, why);
	if (rc)
		return rc;
	o.queue = rd_kafka_queue_new(o.client);
	rc = delete_before(&o, position);
	rd_kafka_queue_destroy(o.queue);
	rd_kafka_destroy(o.client);
	return rc;
}

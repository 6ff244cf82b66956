/* SPDX-License-Identifier: Apache-2.0 */
/* Between the Kafka backend's files: kafka.c appends and closes, kafka-client.c configures librdkafka,
 * kafka-topics.c makes and checks the topics, kafka-reader.c reads. */
#ifndef WARD_CLOUD_LOG_KAFKA_PRIV_H
#define WARD_CLOUD_LOG_KAFKA_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "base/buf.h"
#include "cloud/log/kafka.h"
#include "cloud/log/log-priv.h"

enum { WARD_KAFKA_TOPIC = 80, WARD_KAFKA_WHY = 512 };

/* What is known of a partition. */
struct ward_kafka_ends {
	uint64_t first, next;
	uint64_t hole, hole_end; /* [hole, hole_end) holds no records, only marks; none if equal */
};

struct ward_kafka_log {
	struct ward_log base;
	struct ward_log_kafka_options o; /* its texts live in `texts` */
	char *texts;
	char topics[WARD_LOG_CHANNELS][WARD_KAFKA_TOPIC];
	uint32_t partitions[WARD_LOG_CHANNELS];
	int lock_fd;
	pthread_t poller;
	bool polling; /* it runs */

	pthread_mutex_t lock; /* of what follows */
	rd_kafka_t *producer;
	rd_kafka_topic_t *handles[WARD_LOG_CHANNELS]; /* the producer's */
	_Atomic bool fatal;			      /* librdkafka gave this producer up */
	bool broken;				      /* another one could not be made */
	bool closing;
	uint64_t waiting;
	struct ward_log_stats stats;
	struct ward_kafka_ends *ends[WARD_LOG_CHANNELS];
	char trouble[WARD_KAFKA_WHY]; /* the last thing librdkafka complained of */
};

/* --- kafka-client.c --- */

/* A producer (with the log as its opaque, delivery reports to `delivered`) or, when `delivered` is
 * NULL, a consumer. */
enum ward_rc ward_kafka_client(struct ward_kafka_log *log,
			       void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
			       rd_kafka_t **ret, char why[WARD_KAFKA_WHY]) WARD_MUST_CHECK;
/* What librdkafka's code means to callers of the log. */
enum ward_rc ward_kafka_rc(rd_kafka_resp_err_t error) WARD_MUST_CHECK;

/* --- kafka-topics.c --- */

/* Waits for the cluster, makes the topics, checks them, and learns where their partitions end. */
enum ward_rc ward_kafka_topics_open(struct ward_kafka_log *log,
				    char why[WARD_KAFKA_WHY]) WARD_MUST_CHECK;
enum ward_rc ward_kafka_truncate(struct ward_log *base,
				 const struct ward_log_position *position) WARD_MUST_CHECK;
/* Asks the brokers through `client` where a partition begins and ends, until (monotonic) they answer,
 * and notes it in the log. */
enum ward_rc ward_kafka_query(struct ward_kafka_log *log, rd_kafka_t *client,
			      const struct ward_log_position *of, uint64_t until,
			      struct ward_kafka_ends *ret_ends) WARD_MUST_CHECK;

/* --- kafka.c --- */

/* Does the directory belong to this cluster and prefix? WARD_E_INVAL: to another. WARD_E_NOENT: to
 * none yet; with `claim` it does from now on. */
enum ward_rc ward_kafka_same_cluster(struct ward_kafka_log *log, rd_kafka_t *client, bool claim,
				     char why[WARD_KAFKA_WHY]) WARD_MUST_CHECK;

/* The partition goes at least to `next`. Takes the lock. */
void ward_kafka_grown(struct ward_kafka_log *log, enum ward_log_channel channel, uint32_t partition,
		      uint64_t next);

/* --- kafka-reader.c --- */
enum ward_rc ward_kafka_reader_new(struct ward_log *base, const struct ward_log_position *from,
				   size_t count, struct ward_log_reader **ret) WARD_MUST_CHECK;
void ward_kafka_reader_free(struct ward_log_reader *base);
enum ward_rc ward_kafka_reader_next(struct ward_log_reader *base, int timeout_ms,
				    struct ward_log_entry *ret_entry) WARD_MUST_CHECK;
void ward_kafka_reader_wake(struct ward_log_reader *base);

#endif

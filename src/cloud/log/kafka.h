/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log on a Kafka cluster (any that speaks its protocol), through librdkafka: idempotent
 * producer, acks=all; topics "<prefix>.events", "<prefix>.state" (compacted) and "<prefix>.updates"
 * (one partition), made by _open when they are not there, with min.insync.replicas as configured.
 *
 * With 3 replicas and min.insync.replicas=2 an acknowledged record survives: any one broker lost
 * with its disk; all brokers killed at once, if one that has it comes back with its disk (Kafka does
 * not wait for fsync, so a power failure of all replicas at the same moment may lose the last
 * records); the service killed at any moment. With two brokers down appends are refused, reading
 * goes on.
 */
#ifndef WARD_CLOUD_LOG_KAFKA_H
#define WARD_CLOUD_LOG_KAFKA_H

#include "cloud/log/log.h"

struct ward_log_kafka_options {
	const char *brokers; /* "host:port,host:port" */
	const char *prefix;  /* of the topics; "ward" */
	const char *node;    /* group.instance.id: this service's name, stable over restarts */
	uint32_t event_partitions, state_partitions; /* when topics are made; 0: 12 and 6 */
	uint32_t replication;			     /* 0: 3 */
	uint32_t min_insync;			     /* 0: 2 */
	uint64_t retention_ms;			     /* of events and updates; 0: for ever */
	uint64_t waiting_max;	  /* bytes taken and not yet durable; 0: 64 MiB */
	uint32_t timeout_ms;	  /* until an append that is not acknowledged fails; 0: 30,000 */
	const char *const *extra; /* more librdkafka settings, name and value in turn, then NULL
				     (security.protocol, sasl.*, ssl.*); may be NULL */
};

/* WARD_E_TIMEOUT: no broker answered in timeout_ms; WARD_E_INVAL: a setting, see `why`. */
enum ward_rc ward_log_open_kafka(const struct ward_log_kafka_options *options,
				 struct ward_log **ret, char why[512]) WARD_MUST_CHECK;

#endif
